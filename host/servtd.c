/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * User TDs, their binding to a service TD, and TDG.SERVTD.RD/WR with the rules of the TDX module
 * in its order (tdx-platform.md 1.3, 3.1).
 *
 * A cross-TD trap goes to the host on hardware and the calling TD does not learn the cause.  Here
 * the host logs it and resumes the TD, which sees OPERAND_INVALID for the handle.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "host/bytes.h"
#include "host/fields.h"
#include "host/platform.h"

#define ATTR_ALLOWED 0x000007FF00000001ull
#define ATTR_IGNORE_SHIFT 32
/* Service TD slots of a TD in module 1.5. */
#define SLOT_LIMIT 1
#define TDR_PAGES (1ull << 40)

enum {
	MIG_DEC_KEY,
	MIG_ENC_KEY,
	MIG_VERSION,
	INIT_SERVTD_INFO_HASH,
	INIT_SERVTD_ATTR,
	INIT_CPUSVN,
	INIT_TEE_TCB_SVN,
	INIT_TEE_MODEL,
	SERVTD_INFO_HASH,
	SERVTD_ATTR,
	FIELD_COUNT
};

static const struct field target_fields[FIELD_COUNT] = {
	[MIG_DEC_KEY] = {0x9810000300000010, 4, 8, true, true, false},
	[MIG_ENC_KEY] = {0x9810000300000018, 4, 8, true, false, false},
	[MIG_VERSION] = {0x9810000100000020, 1, 2, true, true, false},
	[INIT_SERVTD_INFO_HASH] = {0x191000030000020E, 6, 8, true, false, true},
	[INIT_SERVTD_ATTR] = {0x191000030000020D, 1, 8, true, false, true},
	[INIT_CPUSVN] = {0x1110000300000060, 2, 8, true, false, true},
	[INIT_TEE_TCB_SVN] = {0x1110000300000062, 2, 8, true, false, true},
	[INIT_TEE_MODEL] = {0x1110000200000064, 3, 4, true, false, true},
	[SERVTD_INFO_HASH] = {0x1910000300000207, 6, 8, true, false, true},
	[SERVTD_ATTR] = {0x1910000300000202, 1, 8, true, false, true},
};
static const struct field_table target_table = {target_fields, FIELD_COUNT};

/* ------------------------------------------------------------------------------ user TDs */

struct user_td *user_td_create(struct platform *platform, struct client *client)
{
	struct user_td *td;

	if (platform->user_td_count == platform->user_td_size) {
		uint32_t size = platform->user_td_size ? 2 * platform->user_td_size : 64;
		struct user_td **grown = realloc(platform->user_tds, size * sizeof(struct user_td *));

		if (!grown)
			return NULL;
		platform->user_tds = grown;
		platform->user_td_size = size;
	}
	td = calloc(1, sizeof(*td));
	if (!td)
		return NULL;
	td->platform = platform;
	td->client = client;
	/* Identifiers start at 1 and are never used again. */
	platform->user_tds[platform->user_td_count++] = td;
	td->id = platform->user_td_count;
	platform_random(td->uuid, sizeof(td->uuid));
	platform_random(td->enc_key, sizeof(td->enc_key));
	return td;
}

struct user_td *user_td_find(const struct platform *platform, uint64_t id)
{
	return id && id <= platform->user_td_count ? platform->user_tds[id - 1] : NULL;
}

static void unqueue(struct user_td *td)
{
	struct migtd *migtd = td->migtd;
	struct user_td *before = NULL;

	for (struct user_td *at = migtd->waiting; at != td; at = at->next_waiting)
		before = at;
	if (before)
		before->next_waiting = td->next_waiting;
	else
		migtd->waiting = td->next_waiting;
	if (migtd->waiting_last == td)
		migtd->waiting_last = before;
	td->next_waiting = NULL;
}

void user_td_destroy(struct user_td *td)
{
	if (td->state == SLOT_WAIT)
		unqueue(td);
	if (td->state == SLOT_PROGRESS && td->migtd && !raw_host_cancel(td->migtd->raw, td->id))
		vsock_host_reset(td->migtd->vsock, td->id);
	if (td->migtd && td->migtd->again == td)
		td->migtd->again = NULL;
	td->platform->user_tds[td->id - 1] = NULL;
	OPENSSL_cleanse(td, sizeof(*td));
	free(td);
}

bool servtd_request(struct user_td *td, uint32_t port)
{
	struct migtd *migtd = td->migtd;

	if (!migtd || (td->state != SLOT_BOUND && td->state != SLOT_DONE))
		return false;
	td->port = port;
	td->state = SLOT_WAIT;
	td->working = false;
	if (migtd->waiting_last)
		migtd->waiting_last->next_waiting = td;
	else
		migtd->waiting = td;
	migtd->waiting_last = td;
	migtd_interrupt(migtd, INTERRUPT_SERVICE);
	raw_host_kick(migtd->raw);
	return true;
}

struct user_td *servtd_request_take(struct migtd *migtd)
{
	struct user_td *td = migtd->waiting;

	if (td) {
		unqueue(td);
		td->state = SLOT_PROGRESS;
	}
	return td;
}

void servtd_request_end(struct user_td *td, unsigned status, const char *reason)
{
	json_t *event = json_pack("{s:s, s:I, s:I}", "event", "premig-done", "td",
		(json_int_t)td->id, "status", (json_int_t)status);

	if (td->state == SLOT_WAIT)
		unqueue(td);
	td->state = status ? SLOT_BOUND : SLOT_DONE;
	if (reason)
		json_object_set_new(event, "reason", json_string(reason));
	td->client->send(td->client, event);
}

void servtd_forget(struct migtd *migtd)
{
	struct platform *platform = migtd->platform;

	for (uint32_t i = 0; i < platform->user_td_count; i++) {
		struct user_td *td = platform->user_tds[i];

		if (!td || td->migtd != migtd)
			continue;
		if (td->state == SLOT_WAIT || td->state == SLOT_PROGRESS)
			servtd_request_end(td, RESULT_CODE_VMM_INTERNAL, "the Migration TD went away");
		td->migtd = NULL;
	}
}

/* ------------------------------------------------------------------------------- binding */

bool servtd_attr_valid(uint64_t attr)
{
	return !(attr & ~ATTR_ALLOWED);
}

/* SERVTD_INFO_HASH: TDINFO with the fields that attr names ignored. */
static void servtd_info_hash(
	const uint8_t tdinfo[TDINFO_BYTES], uint64_t attr, uint8_t hash[HASH_BYTES])
{
	static const struct {
		uint16_t offset;
		uint16_t bytes;
	} ignorable[] = {
		{TDINFO_ATTRIBUTES, 8},
		{TDINFO_XFAM, 8},
		{TDINFO_MRTD, 48},
		{TDINFO_MRCONFIGID, 48},
		{TDINFO_MROWNER, 48},
		{TDINFO_MROWNERCONFIG, 48},
		{TDINFO_RTMR, 48},
		{TDINFO_RTMR + 48, 48},
		{TDINFO_RTMR + 96, 48},
		{TDINFO_RTMR + 144, 48},
		{TDINFO_SERVTD_HASH, 48},
	};
	uint8_t masked[TDINFO_BYTES];

	memcpy(masked, tdinfo, sizeof(masked));
	for (unsigned i = 0; i < sizeof(ignorable) / sizeof(ignorable[0]); i++) {
		if (attr >> (ATTR_IGNORE_SHIFT + i) & 1)
			memset(masked + ignorable[i].offset, 0, ignorable[i].bytes);
	}
	host_sha384(masked, sizeof(masked), hash);
}

uint64_t servtd_bind(struct user_td *td, struct migtd *migtd)
{
	uint8_t hash[HASH_BYTES];

	if (!servtd_attr_valid(td->attr))
		return TDX_SERVTD_ATTR_MISMATCH;
	servtd_info_hash(migtd->tdinfo, td->attr, hash);
	if (td->state == SLOT_INIT)
		memcpy(td->info_hash, hash, sizeof(hash));
	else if (memcmp(td->info_hash, hash, sizeof(hash)))
		return TDX_SERVTD_INFO_HASH_MISMATCH;
	if (!td->init_set) {
		td->init_set = true;
		td->init_attr = td->attr;
		memcpy(td->init_info_hash, hash, sizeof(hash));
		if (td->has_init_tdinfo)
			servtd_info_hash(td->init_tdinfo, td->attr, td->init_info_hash);
	}
	td->state = SLOT_BOUND;
	td->migtd = migtd;
	memcpy(td->servtd_uuid, migtd->uuid, sizeof(td->servtd_uuid));
	return TDX_SUCCESS;
}

uint64_t servtd_handle(const struct user_td *td)
{
	return td->servtd_uuid[0] + ((TDR_PAGE_BASE + td->id) << 12);
}

const char *servtd_start_session(struct user_td *td)
{
	if (!td->dec_key_set)
		return td->working ? NULL : "MIGRATION_DECRYPTION_KEY_NOT_SET";
	if (!td->mig_version_set)
		return "MIGRATION_VERSION_NOT_SET";
	memcpy(td->working_enc_key, td->enc_key, sizeof(td->enc_key));
	memcpy(td->working_dec_key, td->dec_key, sizeof(td->dec_key));
	platform_random(td->enc_key, sizeof(td->enc_key));
	td->dec_key_set = false;
	td->working = true;
	return NULL;
}

/* --------------------------------------------------------------------- SERVTD.RD and WR */

/* Rule 3: what the host gets as a cross-TD trap, or TDX_SUCCESS. */
static uint64_t trap_cause(const struct user_td *td, const struct migtd *caller)
{
	uint8_t hash[HASH_BYTES];

	if (td->state == SLOT_INIT || td->state == SLOT_PREBOUND)
		return TDX_SERVTD_NOT_BOUND;
	if (memcmp(td->servtd_uuid, caller->uuid, sizeof(td->servtd_uuid)))
		return TDX_SERVTD_UUID_MISMATCH;
	servtd_info_hash(caller->tdinfo, td->attr, hash);
	if (memcmp(td->info_hash, hash, sizeof(hash)))
		return TDX_SERVTD_INFO_HASH_MISMATCH;
	return TDX_SUCCESS;
}

static const char *trap_name(uint64_t cause)
{
	if (cause == TDX_SERVTD_NOT_BOUND)
		return "SERVTD_NOT_BOUND";
	if (cause == TDX_SERVTD_UUID_MISMATCH)
		return "SERVTD_UUID_MISMATCH";
	return "SERVTD_INFO_HASH_MISMATCH";
}

/* Rules 1 to 3. */
static uint64_t find_target(struct migtd *caller, uint64_t reg[REG_COUNT], struct user_td **target)
{
	uint64_t place = reg[RCX] - caller->uuid[0];
	uint64_t tdr = place >> 12;
	struct user_td *td;
	uint64_t cause;

	if ((place & 0xfff) >= SLOT_LIMIT || tdr >= TDR_PAGES || tdr < TDR_PAGE_BASE)
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	td = user_td_find(caller->platform, tdr - TDR_PAGE_BASE);
	if (!td)
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	if (memcmp(&reg[R10], td->uuid, sizeof(td->uuid))) {
		if (!td->updated || memcmp(&reg[R10], td->old_uuid, sizeof(td->old_uuid)))
			return TDX_TARGET_UUID_MISMATCH;
		memcpy(&reg[R10], td->uuid, sizeof(td->uuid));
		return TDX_TARGET_UUID_UPDATED;
	}
	cause = trap_cause(td, caller);
	if (cause != TDX_SUCCESS) {
		td->traps++;
		report("cross-TD trap: %s: Migration TD %ld, user TD %u", trap_name(cause),
			(long)caller->pid, td->id);
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	}
	*target = td;
	return TDX_SUCCESS;
}

static uint64_t load_words(const uint8_t *bytes, struct field_at at)
{
	const uint8_t *p = bytes + at.element * at.field->bytes;

	return at.field->bytes == 8 ? load64(p) : load32(p);
}

static uint64_t read_element(struct user_td *td, struct field_at at)
{
	const struct pki *pki = &td->platform->pki;
	uint8_t model[12] = {0};

	switch (at.field - target_fields) {
	case MIG_DEC_KEY:
		return td->dec_key[at.element];
	case MIG_ENC_KEY:
		if (!at.element) {
			platform_random(td->enc_key, sizeof(td->enc_key));
			td->enc_key_reads++;
		}
		return td->enc_key[at.element];
	case MIG_VERSION:
		return td->mig_version;
	case INIT_SERVTD_INFO_HASH:
		return load_words(td->init_info_hash, at);
	case INIT_SERVTD_ATTR:
		return td->init_attr;
	case INIT_CPUSVN:
		return load_words(pki->cpusvn, at);
	case INIT_TEE_TCB_SVN:
		return load_words(pki->tee_tcb_svn, at);
	case INIT_TEE_MODEL:
		memcpy(model, pki->fmspc, sizeof(pki->fmspc));
		return load_words(model, at);
	case SERVTD_INFO_HASH:
		return load_words(td->info_hash, at);
	default:
		return td->attr;
	}
}

static bool in_range(struct servtd_range range, uint64_t value)
{
	return value >= range.min && value <= range.max;
}

/* The value that a write replaces. */
static uint64_t old_element(const struct user_td *td, struct field_at at)
{
	if (at.field == &target_fields[MIG_VERSION])
		return td->mig_version;
	if (at.field == &target_fields[MIG_DEC_KEY])
		return td->dec_key[at.element];
	return 0;
}

static uint64_t write_element(struct user_td *td, struct field_at at, uint64_t value, uint64_t mask)
{
	uint64_t merged;
	uint64_t status = field_merge(at, old_element(td, at), value, mask, &merged);

	if (status != TDX_SUCCESS)
		return status;
	if (at.field == &target_fields[MIG_DEC_KEY]) {
		td->dec_key[at.element] = merged;
		td->dec_key_set = true;
		td->dec_key_writes++;
		return TDX_SUCCESS;
	}
	if (!in_range(td->platform->export_version, merged) ||
		!in_range(td->platform->import_version, merged))
		return TDX_FIELD_VALUE_NOT_VALID;
	td->mig_version = (uint16_t)merged;
	td->mig_version_set = true;
	return TDX_SUCCESS;
}

static uint64_t read_field(struct user_td *td, uint64_t reg[REG_COUNT])
{
	bool newer = td->platform->servtd_ext;
	struct field_at at;
	uint64_t status;

	if (reg[RDX] == FIELD_NONE) {
		reg[RDX] = field_first(&target_table, newer);
		return TDX_FIRST_FIELD_ID_IN_CONTEXT;
	}
	status = field_find(&target_table, newer, reg[RDX], &at);
	if (status != TDX_SUCCESS) {
		reg[RDX] = FIELD_NONE;
		return status;
	}
	reg[R8] = read_element(td, at);
	reg[RDX] = field_next(&target_table, newer, at);
	return TDX_SUCCESS;
}

void servtd_access(struct migtd *caller, uint64_t reg[REG_COUNT], bool write)
{
	uint64_t value = reg[R8];
	struct user_td *td = NULL;
	struct field_at at;
	uint64_t old;

	reg[R8] = 0;
	reg[RAX] = find_target(caller, reg, &td);
	if (reg[RAX] != TDX_SUCCESS)
		return;
	if (!write) {
		reg[RAX] = read_field(td, reg);
		return;
	}
	reg[RAX] = field_find(&target_table, td->platform->servtd_ext, reg[RDX], &at);
	if (reg[RAX] != TDX_SUCCESS)
		return;
	old = old_element(td, at);
	reg[RAX] = write_element(td, at, value, reg[R9]);
	if (reg[RAX] == TDX_SUCCESS)
		reg[R8] = old;
}
