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

/* 2.15 B */
static enum status check_owner(const struct quote_result *peer, const uint8_t init[TDINFO_BYTES])
{
	uint32_t init_svn, peer_svn;

	if (memcmp(init + TDINFO_MROWNER, peer->bytes + RESULT_MROWNER, SHA384_SIZE) != 0)
		return ERR_POLICY_OWNER;
	if (!owner_svn(init + TDINFO_MROWNERCONFIG, &init_svn) ||
	    !owner_svn(peer->bytes + RESULT_MROWNERCONFIG, &peer_svn))
		return ERR_POLICY_OWNER;
	return init_svn <= peer_svn ? STATUS_OK : ERR_POLICY_SVN;
}

/* 2.15 C; leaves the masked TDINFO in `masked`. */
static enum status check_servtd_ext(const uint8_t init[TDINFO_BYTES],
	const uint8_t servtd_ext[272], uint8_t masked[TDINFO_BYTES])
{
	struct reader ext = reader_of(servtd_ext, 272);
	const uint8_t *wanted = reader_bytes(&ext, SHA384_SIZE);
	uint8_t hash[SHA384_SIZE];

	memcpy(masked, init, TDINFO_BYTES);
	tdinfo_mask(masked, reader_u64(&ext));
	tdinfo_hash(masked, hash);
	return memcmp(hash, wanted, SHA384_SIZE) == 0 ? STATUS_OK : ERR_INIT_TDINFO;
}

/* 2.15 D: the peer is not older than the initial MigTD, both by the own mapping. */
static enum status check_engine(const struct policy_own *own, const struct quote_result *peer,
	const uint8_t init[TDINFO_BYTES])
{
	const struct measurements of_peer = {
		.mrtd = peer->bytes + RESULT_MRTD,
		.rtmr = peer->bytes + RESULT_RTMR0,
	};
	const struct measurements of_init = {
		.mrtd = init + TDINFO_MRTD,
		.rtmr = init + TDINFO_RTMR0,
	};
	uint16_t peer_svn, init_svn;

	if (!policy_svn_of(&own->record, &of_peer, &peer_svn) ||
	    !policy_svn_of(&own->record, &of_init, &init_svn))
		return ERR_POLICY_SVN;
	return peer_svn >= init_svn ? STATUS_OK : ERR_POLICY_SVN;
}

enum status policy_check_initial(const struct policy_own *own, const struct quote_result *peer,
	const uint8_t init_tdinfo[512], const uint8_t servtd_ext[272])
{
	uint8_t masked[TDINFO_BYTES];

	TRY(check_owner(peer, init_tdinfo));
	TRY(check_servtd_ext(init_tdinfo, servtd_ext, masked));
	return check_engine(own, peer, masked);
}
