/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Metadata field identifiers (tdx-platform.md 1.4) and tables of the fields that exist. */
#ifndef HOST_FIELDS_H
#define HOST_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#define FIELD_NONE UINT64_MAX

struct field {
	uint64_t id;		/* of element 0 */
	uint8_t elements;
	uint8_t bytes;		/* of an element */
	bool readable;
	bool writable;
	bool newer;		/* unknown to module 1.5.01 */
};

struct field_table {
	const struct field *fields;
	unsigned count;
};

struct field_at {
	const struct field *field;
	unsigned element;
};

/* TDX_SUCCESS or TDX_FIELD_ID_INCORRECT. */
uint64_t field_find(const struct field_table *table, bool newer, uint64_t id, struct field_at *at);
/* The next readable element's identifier, or FIELD_NONE. */
uint64_t field_next(const struct field_table *table, bool newer, struct field_at at);
/* The first readable one. */
uint64_t field_first(const struct field_table *table, bool newer);

/*
 * The new value of an element for a value and a write mask: TDX_SUCCESS, TDX_FIELD_NOT_WRITABLE or
 * TDX_WR_MASK_NOT_VALID.
 */
uint64_t field_merge(struct field_at at, uint64_t old, uint64_t value, uint64_t mask, uint64_t *merged);

#endif
