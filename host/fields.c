/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/fields.h"

#include "host/platform.h"

/* Class, field code and the non-architectural bit select a field. */
#define SELECTING 0xBF00000000FFFFFFull
/* Reserved bits, last element in field, last field in sequence: must be 0. */
#define MUST_BE_ZERO 0x4083FFFCFF000000ull

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

uint64_t field_find(const struct field_table *table, bool newer, uint64_t id, struct field_at *at)
{
	if (id & MUST_BE_ZERO)
		return TDX_FIELD_ID_INCORRECT;
	for (unsigned i = 0; i < table->count; i++) {
		const struct field *f = &table->fields[i];
		uint64_t element = (id & SELECTING) - (f->id & SELECTING);

		if (element < f->elements && (newer || !f->newer)) {
			*at = (struct field_at){f, (unsigned)element};
			return TDX_SUCCESS;
		}
	}
	return TDX_FIELD_ID_INCORRECT;
}

static uint64_t first_from(const struct field_table *table, bool newer, unsigned i)
{
	for (; i < table->count; i++) {
		const struct field *f = &table->fields[i];

		if (f->readable && (newer || !f->newer))
			return f->id;
	}
	return FIELD_NONE;
}

uint64_t field_next(const struct field_table *table, bool newer, struct field_at at)
{
	if (at.field->readable && at.element + 1 < at.field->elements)
		return at.field->id + at.element + 1;
	return first_from(table, newer, (unsigned)(at.field - table->fields) + 1);
}

uint64_t field_first(const struct field_table *table, bool newer)
{
	return first_from(table, newer, 0);
}

uint64_t field_merge(struct field_at at, uint64_t old, uint64_t value, uint64_t mask, uint64_t *merged)
{
	uint64_t width = at.field->bytes == 8 ? UINT64_MAX : (1ull << 8 * at.field->bytes) - 1;

	if (!at.field->writable)
		return TDX_FIELD_NOT_WRITABLE;
	if (!(mask & width))
		return TDX_WR_MASK_NOT_VALID;
	/* Bits of the value beyond the element are kept: no such value is in any range. */
	*merged = (old & ~mask) | (value & mask);
	return TDX_SUCCESS;
}

/* ------------------------------------------------------------------ TDG.VM.RD/WR, own TD */

enum { ACCEPT_SERVTD_EXT_HASH, REBIND_ACCEPT_TOKEN, REBIND_ATTR };

static const struct field own_fields[] = {
	[ACCEPT_SERVTD_EXT_HASH] = {0x1910000300000214, 6, 8, true, true, true},
	[REBIND_ACCEPT_TOKEN] = {0x191000030000021E, 4, 8, false, true, true},
	[REBIND_ATTR] = {0x1910000300000222, 1, 8, true, true, true},
};
static const struct field_table own_table = {own_fields, ARRAY_COUNT(own_fields)};

static uint64_t *own_value(struct migtd *td, struct field_at at)
{
	switch (at.field - own_fields) {
	case ACCEPT_SERVTD_EXT_HASH:
		return &td->accept_servtd_ext_hash[at.element];
	case REBIND_ACCEPT_TOKEN:
		return &td->rebind_accept_token[at.element];
	default:
		return &td->rebind_attr;
	}
}

void vm_read(struct migtd *td, uint64_t reg[REG_COUNT])
{
	bool newer = td->platform->servtd_ext;
	struct field_at at;

	reg[R8] = 0;
	if (reg[RDX] == FIELD_NONE) {
		reg[RDX] = field_first(&own_table, newer);
		reg[RAX] = TDX_FIRST_FIELD_ID_IN_CONTEXT;
		return;
	}
	reg[RAX] = field_find(&own_table, newer, reg[RDX], &at);
	if (reg[RAX] == TDX_SUCCESS && !at.field->readable)
		reg[RAX] = TDX_FIELD_NOT_READABLE;
	if (reg[RAX] != TDX_SUCCESS) {
		reg[RDX] = FIELD_NONE;
		return;
	}
	reg[R8] = *own_value(td, at);
	reg[RDX] = field_next(&own_table, newer, at);
}

void vm_write(struct migtd *td, uint64_t reg[REG_COUNT])
{
	uint64_t value = reg[R8];
	struct field_at at;
	uint64_t *element;
	uint64_t old;

	reg[R8] = 0;
	reg[RAX] = field_find(&own_table, td->platform->servtd_ext, reg[RDX], &at);
	if (reg[RAX] != TDX_SUCCESS)
		return;
	element = own_value(td, at);
	old = *element;
	reg[RAX] = field_merge(at, old, value, reg[R9], element);
	if (reg[RAX] == TDX_SUCCESS && at.field->readable)
		reg[R8] = old;
}

/* -------------------------------------------------------------------------- TDG.SYS.RD */

static const struct field system_fields[] = {
	{0x2000000100000001, 1, 2, true, false, false},	/* MIN_EXPORT_VERSION */
	{0x2000000100000002, 1, 2, true, false, false},	/* MAX_EXPORT_VERSION */
	{0x2000000100000003, 1, 2, true, false, false},	/* MIN_IMPORT_VERSION */
	{0x2000000100000004, 1, 2, true, false, false},	/* MAX_IMPORT_VERSION */
};
static const struct field_table system_table = {system_fields, ARRAY_COUNT(system_fields)};

void sys_read(struct migtd *td, uint64_t reg[REG_COUNT])
{
	const struct platform *p = td->platform;
	const uint16_t values[] = {p->export_version.min, p->export_version.max,
		p->import_version.min, p->import_version.max};
	struct field_at at;

	reg[R8] = 0;
	if (reg[RDX] == FIELD_NONE) {
		reg[RDX] = field_first(&system_table, true);
		reg[RAX] = TDX_FIRST_FIELD_ID_IN_CONTEXT;
		return;
	}
	reg[RAX] = field_find(&system_table, true, reg[RDX], &at);
	if (reg[RAX] != TDX_SUCCESS) {
		reg[RDX] = FIELD_NONE;
		return;
	}
	reg[R8] = values[at.field - system_fields];
	reg[RDX] = field_next(&system_table, true, at);
}
