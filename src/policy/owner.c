/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The owner fields MROWNER and MROWNERCONFIG, and the initial MigTD (policy spec 2.9, 2.15). */
#include "measure/tdinfo.h"
#include "policy/mapping.h"
#include "policy/policy.h"
#include "wire/reader.h"

#define TDINFO_BYTES 512u

/* MROWNERCONFIG is u32 policySvn and 44 zero bytes. */
static bool owner_svn(const uint8_t config[SHA384_SIZE], uint32_t *svn)
{
	struct reader r = reader_of(config, SHA384_SIZE);

	*svn = reader_u32(&r);
	reader_zero(&r, SHA384_SIZE - 4);
	return reader_done(&r);
}

enum status policy_own_check_tdinfo(const struct policy_own *own, const uint8_t tdinfo[512])
{
	uint32_t svn;

	if (!owner_svn(tdinfo + TDINFO_MROWNERCONFIG, &svn) || svn != own->record.policy_svn)
		return ERR_TDINFO_OWNER;
	if (memcmp(tdinfo + TDINFO_MROWNER, own->signer_digest, SHA384_SIZE) != 0)
		return ERR_TDINFO_OWNER;
	return STATUS_OK;
}

enum status policy_check_init_tdinfo(const struct policy_own *own, const uint8_t init[512])
{
	uint32_t svn;

	if (memcmp(init + TDINFO_MROWNER, own->signer_digest, SHA384_SIZE) != 0)
		return ERR_POLICY_OWNER;
	if (!owner_svn(init + TDINFO_MROWNERCONFIG, &svn))
		return ERR_POLICY_OWNER;
	return svn <= own->record.policy_svn ? STATUS_OK : ERR_POLICY_SVN;
}

/* The reason of a refusal by these checks; the caller adds what is expected and what is there. */
static enum status refuse(struct policy_reason *reason, enum status status, const char *property,
	const char *operation)
{
	*reason = (struct policy_reason){
		.place = {.block = "initial", .property = property},
		.operation = operation,
	};
	return status;
}

/* 2.15 B */
static enum status check_owner(const struct quote_result *peer, const uint8_t init[TDINFO_BYTES],
	struct policy_reason *reason)
{
	const uint8_t *owner = init + TDINFO_MROWNER, *wanted = peer->bytes + RESULT_MROWNER;
	const uint8_t *init_config = init + TDINFO_MROWNERCONFIG;
	const uint8_t *peer_config = peer->bytes + RESULT_MROWNERCONFIG;
	uint32_t init_svn, peer_svn;
	enum status status;

	if (memcmp(owner, wanted, SHA384_SIZE) != 0) {
		status = refuse(reason, ERR_POLICY_OWNER, "MROWNER", "equal");
		reason_hex(&reason->expected, wanted, SHA384_SIZE);
		reason_hex(&reason->actual, owner, SHA384_SIZE);
		return status;
	}
	const bool init_is_svn = owner_svn(init_config, &init_svn);
	if (!owner_svn(peer_config, &peer_svn) || !init_is_svn) {
		status = refuse(reason, ERR_POLICY_OWNER, "MROWNERCONFIG", NULL);
		reason_text(&reason->expected, "a policySvn and 44 zero bytes, of it and of the peer");
		reason_hex(&reason->actual, init_is_svn ? peer_config : init_config, SHA384_SIZE);
		return status;
	}
	if (init_svn <= peer_svn)
		return STATUS_OK;
	status = refuse(reason, ERR_POLICY_SVN, "policySvn", NULL);
	reason_text(&reason->expected, "at most the peer's, ");
	reason_dec(&reason->expected, peer_svn);
	reason_dec(&reason->actual, init_svn);
	return status;
}

/* 2.15 C; leaves the masked TDINFO in `masked`. */
static enum status check_servtd_ext(const uint8_t init[TDINFO_BYTES],
	const uint8_t servtd_ext[272], uint8_t masked[TDINFO_BYTES], struct policy_reason *reason)
{
	struct reader ext = reader_of(servtd_ext, 272);
	const uint8_t *wanted = reader_bytes(&ext, SHA384_SIZE);
	uint8_t hash[SHA384_SIZE];

	memcpy(masked, init, TDINFO_BYTES);
	tdinfo_mask(masked, reader_u64(&ext));
	tdinfo_hash(masked, hash);
	if (memcmp(hash, wanted, SHA384_SIZE) == 0)
		return STATUS_OK;
	const enum status status = refuse(reason, ERR_INIT_TDINFO, "SERVTD_INFO_HASH", "equal");
	reason_hex(&reason->expected, wanted, SHA384_SIZE);
	reason_hex(&reason->actual, hash, SHA384_SIZE);
	return status;
}

static bool svn_known(const struct policy_own *own, const uint8_t *mrtd, const uint8_t *rtmr,
	uint16_t *svn)
{
	const struct measurements m = {.mrtd = mrtd, .rtmr = rtmr};

	return policy_svn_of(&own->record, &m, svn);
}

/*
 * 2.15 D: the peer is not older than the initial MigTD, both by the own mapping.  A peer of a new
 * policy signing key has another RTMR1: the mapping must know that, too.
 */
static enum status check_engine(const struct policy_own *own, const struct quote_result *peer,
	const uint8_t init[TDINFO_BYTES], struct policy_reason *reason)
{
	uint16_t peer_svn, init_svn;
	enum status status;

	const bool peer_known =
		svn_known(own, peer->bytes + RESULT_MRTD, peer->bytes + RESULT_RTMR0, &peer_svn);
	if (!peer_known || !svn_known(own, init + TDINFO_MRTD, init + TDINFO_RTMR0, &init_svn)) {
		status = refuse(reason, ERR_POLICY_SVN, peer_known ? "isvsvn" : "peer's isvsvn", NULL);
		reason_text(&reason->expected, "MRTD, RTMR0 and RTMR1 that the own svnMappings know");
		reason_text(&reason->actual, "(unknown)");
		return status;
	}
	if (peer_svn >= init_svn)
		return STATUS_OK;
	status = refuse(reason, ERR_POLICY_SVN, "isvsvn", NULL);
	reason_text(&reason->expected, "at most the peer's, ");
	reason_dec(&reason->expected, peer_svn);
	reason_dec(&reason->actual, init_svn);
	return status;
}

enum status policy_check_initial(const struct policy_own *own, const struct quote_result *peer,
	const uint8_t init_tdinfo[512], const uint8_t servtd_ext[272], struct policy_reason *reason)
{
	uint8_t masked[TDINFO_BYTES];

	TRY(check_owner(peer, init_tdinfo, reason));
	TRY(check_servtd_ext(init_tdinfo, servtd_ext, masked, reason));
	return check_engine(own, peer, masked, reason);
}
