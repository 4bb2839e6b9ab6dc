/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What ops 0x05 and 0x06 carry: the Migration Session Keys and the version ranges, and their
 * reading from and writing to the target TD (platform spec 3.1 to 3.5).
 */
#include "core/td.h"
#include "tdx/fields.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define KEY_WORDS 4

/* Reading element 0 draws a fresh key: all four are read in order, once in a session. */
static enum status read_own_key(struct session *s)
{
	struct exchange *x = &s->stage.exchange;
	struct writer w = writer_of(x->own_key, sizeof(x->own_key));
	enum status status = STATUS_OK;
	uint64_t word = 0;

	for (unsigned i = 0; i < KEY_WORDS && status == STATUS_OK; i++) {
		status = tdg_servtd_rd(&s->td->tdx, &s->target, FIELD_MIG_ENC_KEY + i, &word);
		writer_u64(&w, word);
	}
	wipe(&word, sizeof(word));
	return status;
}

static enum status read_version(struct tdx *tdx, uint64_t field, struct writer *w)
{
	uint64_t value;

	TRY(tdg_sys_rd(tdx, field, &value));
	if (value > UINT16_MAX)
		return ERR_VERSION_RANGE;
	writer_u16(w, (uint16_t)value);
	return STATUS_OK;
}

static enum status read_own(struct session *s)
{
	struct exchange *x = &s->stage.exchange;
	struct writer w = writer_of(x->own_version, sizeof(x->own_version));
	struct tdx *tdx = &s->td->tdx;

	TRY(read_own_key(s));
	TRY(read_version(tdx,
		s->is_source ? FIELD_MIN_EXPORT_VERSION : FIELD_MIN_IMPORT_VERSION, &w));
	return read_version(
		tdx, s->is_source ? FIELD_MAX_EXPORT_VERSION : FIELD_MAX_IMPORT_VERSION, &w);
}

/* The highest version in both ranges. */
static enum status common_version(const struct exchange *x, uint16_t *version)
{
	struct reader own = reader_of(x->own_version, sizeof(x->own_version));
	struct reader peer = reader_of(x->peer_version, sizeof(x->peer_version));
	const uint16_t own_min = reader_u16(&own), own_max = reader_u16(&own);
	const uint16_t peer_min = reader_u16(&peer), peer_max = reader_u16(&peer);

	if (own_min > own_max || peer_min > peer_max || own_max < peer_min || peer_max < own_min)
		return ERR_VERSION_RANGE;
	*version = own_max < peer_max ? own_max : peer_max;
	return STATUS_OK;
}

static enum status check_attr(struct session *s)
{
	uint64_t attr;

	TRY(tdg_servtd_rd(&s->td->tdx, &s->target, FIELD_SERVTD_ATTR, &attr));
	return attr == 0 ? STATUS_OK : ERR_SERVTD_ATTR;
}

static enum status write_words(struct session *s, const uint8_t *from, unsigned words,
	enum status (*write)(struct session *s, unsigned i, uint64_t word))
{
	struct reader r = reader_of(from, (size_t)words * 8);
	enum status status = STATUS_OK;

	for (unsigned i = 0; i < words && status == STATUS_OK; i++)
		status = write(s, i, reader_u64(&r));
	return status;
}

static enum status write_dec_key(struct session *s, unsigned i, uint64_t word)
{
	return tdg_servtd_wr(&s->td->tdx, &s->target, FIELD_MIG_DEC_KEY + i, word);
}

static enum status write_ext_hash(struct session *s, unsigned i, uint64_t word)
{
	return tdg_vm_wr(&s->td->tdx, FIELD_ACCEPT_SERVTD_EXT_HASH + i, word);
}

static enum status write_peer_key(struct session *s)
{
	struct exchange *x = &s->stage.exchange;
	uint16_t version;

	TRY(check_attr(s));
	TRY(common_version(x, &version));
	TRY(tdg_servtd_wr(&s->td->tdx, &s->target, FIELD_MIG_VERSION, version));
	TRY(write_words(s, x->peer_key, KEY_WORDS, write_dec_key));
	/* Only policy v2 judges SERVTD_EXT. */
	if (!s->is_source && s->td->v1 == NULL)
		TRY(write_words(s, x->ext_hash, SHA384_SIZE / 8, write_ext_hash));
	return STATUS_OK;
}

enum status migration_info_ready(struct session *s, enum vdm_op op, bool outgoing)
{
	/* The source reads its key as late as possible: immediately before op 0x05. */
	if (outgoing && op == VDM_MIGRATION_INFO_REQ)
		return read_own(s);
	return STATUS_OK;
}

enum status migration_info_received(struct session *s, enum vdm_op op)
{
	enum status status;

	if (op == VDM_MIGRATION_INFO_REQ)
		TRY(read_own(s));
	status = write_peer_key(s);
	wipe(s->stage.exchange.peer_key, sizeof(s->stage.exchange.peer_key));
	TRY(status);
	s->keys_written = true;
	return STATUS_OK;
}

uint8_t *migration_info_field(struct session *s, enum vdm_element type, bool outgoing,
	uint32_t *size)
{
	struct exchange *x = &s->stage.exchange;

	switch (type) {
	case ELEMENT_EXPORT_VERSION:
	case ELEMENT_IMPORT_VERSION:
		*size = sizeof(x->own_version);
		return outgoing ? x->own_version : x->peer_version;
	case ELEMENT_FORWARD_KEY:
	case ELEMENT_BACKWARD_KEY:
		*size = sizeof(x->own_key);
		return outgoing ? x->own_key : x->peer_key;
	default:
		return NULL;
	}
}
