/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* SERVTD_EXT of the target TD (SPDM spec 3.6). */
#include "core/td.h"
#include "tdx/fields.h"
#include "wire/writer.h"

#define CUR_FIELDS_OFFSET 112
#define CUR_FIELDS_SIZE 56 /* cur_servtd_info_hash and cur_servtd_attr */

/* Attribute value the target TD must be bound with. */
#define SERVTD_ATTR_EXPECTED 0

struct ext_field {
	uint64_t field;
	uint8_t offset;
	uint8_t element_size;
	uint8_t count;
};

static const struct ext_field ext_fields[] = {
	{FIELD_INIT_SERVTD_INFO_HASH, 0, 8, 6},
	{FIELD_INIT_SERVTD_ATTR, 48, 8, 1},
	{FIELD_INIT_CPUSVN, 64, 8, 2},
	{FIELD_INIT_TEE_TCB_SVN, 80, 8, 2},
	{FIELD_INIT_TEE_MODEL, 96, 4, 3},
	{FIELD_SERVTD_INFO_HASH, CUR_FIELDS_OFFSET, 8, 6},
	{FIELD_SERVTD_ATTR, CUR_FIELDS_OFFSET + 48, 8, 1},
};

enum status servtd_ext_read(struct tdx *tdx, struct servtd_binding *target,
	uint8_t ext[SERVTD_EXT_SIZE])
{
	uint64_t value = 0;

	memset(ext, 0, SERVTD_EXT_SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(ext_fields); i++) {
		const struct ext_field *f = &ext_fields[i];
		struct writer w =
			writer_of(ext + f->offset, (size_t)f->element_size * f->count);

		for (unsigned n = 0; n < f->count; n++) {
			TRY(tdg_servtd_rd(tdx, target, f->field + n, &value));
			if (f->element_size == 8)
				writer_u64(&w, value);
			else
				writer_u32(&w, (uint32_t)value);
		}
	}
	/* The last field read is cur_servtd_attr. */
	return value == SERVTD_ATTR_EXPECTED ? STATUS_OK : ERR_SERVTD_ATTR;
}

static enum status read_hashed(struct session *s, uint8_t ext[SERVTD_EXT_SIZE],
	uint8_t hash[SHA384_SIZE])
{
	struct sha384 h;

	TRY(servtd_ext_read(&s->td->tdx, &s->target, ext));
	sha384_init(&h);
	sha384_update(&h, ext, SERVTD_EXT_SIZE);
	sha384_final(&h, hash);
	return STATUS_OK;
}

enum status servtd_ext_begin(struct session *s)
{
	uint8_t ext[SERVTD_EXT_SIZE];

	return read_hashed(s, ext, s->stage.exchange.ext_hash);
}

enum status servtd_ext_piece(struct session *s, uint32_t offset, uint8_t *to, size_t n)
{
	uint8_t ext[SERVTD_EXT_SIZE], hash[SHA384_SIZE];

	if (offset > sizeof(ext) || n > sizeof(ext) - offset)
		return ERR_INTERNAL;
	TRY(read_hashed(s, ext, hash));
	if (memcmp(hash, s->stage.exchange.ext_hash, sizeof(hash)) != 0)
		return ERR_SERVTD_EXT;
	memcpy(to, ext + offset, n);
	return STATUS_OK;
}

void servtd_ext_approved_hash(const uint8_t ext[SERVTD_EXT_SIZE], uint8_t hash[SHA384_SIZE])
{
	static const uint8_t zero[CUR_FIELDS_SIZE];
	const size_t after = CUR_FIELDS_OFFSET + CUR_FIELDS_SIZE;
	struct sha384 h;

	sha384_init(&h);
	sha384_update(&h, ext, CUR_FIELDS_OFFSET);
	sha384_update(&h, zero, CUR_FIELDS_SIZE);
	sha384_update(&h, ext + after, SERVTD_EXT_SIZE - after);
	sha384_final(&h, hash);
}
