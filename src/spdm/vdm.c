/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Vendor-defined messages (spec 4): envelope, payload header, and a stream of elements from and to
 * the owner.  Of a message in transit nothing is kept but the header being crossed.
 */
#include "spdm/engine.h"

#define STANDARD_ID_IANA 0x0004
#define VENDOR_ID_INTEL 343

void vdm_header_write(struct writer *w, uint8_t code, uint8_t op, uint8_t count,
	size_t payload_size)
{
	writer_u8(w, SPDM_VERSION_12);
	writer_u8(w, code);
	writer_zero(w, 2);
	writer_u16(w, STANDARD_ID_IANA);
	writer_u8(w, 4);
	writer_u32(w, VENDOR_ID_INTEL);
	writer_u16(w, (uint16_t)payload_size);
	writer_zero(w, 2);	/* version 0.0 */
	writer_u8(w, op);
	writer_u8(w, count);
}

enum status vdm_header_read(struct reader *r, uint8_t code, uint8_t op, uint8_t count,
	size_t payload_size)
{
	bool is = reader_u8(r) == SPDM_VERSION_12;

	is &= reader_u8(r) == code;
	reader_zero(r, 2);
	is &= reader_u16(r) == STANDARD_ID_IANA;
	is &= reader_u8(r) == 4;
	is &= reader_u32(r) == VENDOR_ID_INTEL;
	is &= reader_u16(r) == payload_size;
	reader_zero(r, 2);
	is &= reader_u8(r) == op;
	is &= reader_u8(r) == count;
	return is && reader_ok(r) ? STATUS_OK : ERR_SPDM_VDM;
}

enum status vdm_ready(struct spdm *s, bool outgoing)
{
	struct spdm_vdm *v = &s->vdm;

	if (!v->ready)
		TRY(spdm_owner_says(s, s->ops->ready(s->owner, v->schema->op, outgoing)));
	v->ready = true;
	return STATUS_OK;
}

static void begin(struct spdm_vdm *v, const struct vdm_schema *schema)
{
	wipe(v, sizeof(*v));
	v->schema = schema;
	sha384_init(&v->hash);
}

static void hash_message(struct spdm_vdm *v, const uint8_t *bytes, size_t n)
{
	if (v->schema->clear)
		sha384_update(&v->hash, bytes, n);
}

static void hash_to_transcript(struct spdm *s)
{
	uint8_t digest[SHA384_SIZE];

	if (!s->vdm.schema->clear)
		return;
	sha384_final(&s->vdm.hash, digest);
	spdm_transcript_add(s, digest, sizeof(digest));
}

/* Crossing the header or the element at hand is complete: what comes behind it. */
static void next_element(struct spdm_vdm *v)
{
	v->in_element = false;
	v->head_at = 0;
	v->head_size = VDM_ELEMENT_HEADER_SIZE;
}

static bool elements_done(const struct spdm_vdm *v)
{
	return v->element == v->schema->count;
}

/* The element at hand has all its bytes; at once, when it has none. */
static bool element_done(struct spdm_vdm *v)
{
	if (v->element_at < v->element_size)
		return false;
	v->element++;
	next_element(v);
	return true;
}

/* --- incoming ------------------------------------------------------------------------------ */

enum status vdm_receive_begin(struct spdm *s, const struct vdm_schema *schema, uint32_t size)
{
	if (size < VDM_HEADER_SIZE || size > VDM_ENVELOPE_SIZE + VDM_PAYLOAD_MAX)
		return ERR_SPDM_VDM;
	begin(&s->vdm, schema);
	s->vdm.size = size;
	s->vdm.head_size = VDM_HEADER_SIZE;
	return STATUS_OK;
}

static enum status element_begin(struct spdm *s)
{
	struct spdm_vdm *v = &s->vdm;
	struct reader r = reader_of(v->head, VDM_ELEMENT_HEADER_SIZE);
	const uint16_t type = reader_u16(&r);
	const uint32_t size = reader_u32(&r);
	const uint16_t fixed = v->schema->elements[v->element].size;

	if (type != v->schema->elements[v->element].type || size > v->size - v->at)
		return ERR_SPDM_VDM;
	if (fixed != 0 && size != fixed)
		return ERR_SPDM_VDM;
	v->element_size = size;
	v->element_at = 0;
	v->in_element = true;
	TRY(spdm_owner_must(s, s->ops->element_begin(s->owner, (enum vdm_element)type, size)));
	(void)element_done(v);
	return STATUS_OK;
}

/* Gathers the header at hand; the number of bytes taken. */
static enum status head_receive(struct spdm *s, const uint8_t *from, size_t n, size_t *taken)
{
	struct spdm_vdm *v = &s->vdm;
	const size_t left = (size_t)(v->head_size - v->head_at);
	struct reader r = reader_of(v->head, VDM_HEADER_SIZE);

	*taken = n < left ? n : left;
	memcpy(v->head + v->head_at, from, *taken);
	v->head_at = (uint8_t)(v->head_at + *taken);
	v->at += (uint32_t)*taken;
	if (v->head_at < v->head_size)
		return STATUS_OK;
	if (v->head_size == VDM_ELEMENT_HEADER_SIZE)
		return element_begin(s);
	next_element(v);
	return vdm_header_read(&r, v->schema->code, v->schema->op, v->schema->count,
		v->size - VDM_ENVELOPE_SIZE);
}

static enum status element_receive(struct spdm *s, const uint8_t *from, size_t n, size_t *taken)
{
	struct spdm_vdm *v = &s->vdm;
	const enum vdm_element type = (enum vdm_element)v->schema->elements[v->element].type;
	const size_t left = v->element_size - v->element_at;

	*taken = n < left ? n : left;
	if (*taken > 0)
		TRY(spdm_owner_must(s,
			s->ops->element_write(s->owner, type, v->element_at, from, *taken)));
	v->element_at += (uint32_t)*taken;
	v->at += (uint32_t)*taken;
	(void)element_done(v);
	return STATUS_OK;
}

enum status vdm_receive(struct spdm *s, const uint8_t *from, size_t n)
{
	struct spdm_vdm *v = &s->vdm;

	if (n > v->size - v->at)
		return ERR_INTERNAL;
	hash_message(v, from, n);
	while (n > 0) {
		size_t taken;

		if (elements_done(v))
			return ERR_SPDM_VDM;	/* bytes behind the last element */
		if (v->in_element)
			TRY(element_receive(s, from, n, &taken));
		else
			TRY(head_receive(s, from, n, &taken));
		from += taken;
		n -= taken;
	}
	return STATUS_OK;
}

enum status vdm_receive_end(struct spdm *s)
{
	const struct spdm_vdm *v = &s->vdm;

	if (v->at != v->size || !elements_done(v))
		return ERR_SPDM_VDM;
	hash_to_transcript(s);
	return STATUS_OK;
}

/* --- outgoing ------------------------------------------------------------------------------ */

static uint32_t owner_size(const struct spdm *s, size_t element)
{
	const struct vdm_schema *schema = s->vdm.schema;

	return s->ops->element_size(s->owner, (enum vdm_op)schema->op,
		(enum vdm_element)schema->elements[element].type);
}

/* The payload's size; the owner's sizes must be those that the profile fixes. */
static enum status payload_size(const struct spdm *s, uint32_t *size)
{
	const struct vdm_schema *schema = s->vdm.schema;
	uint32_t sum = VDM_HEADER_SIZE - VDM_ENVELOPE_SIZE;

	for (size_t i = 0; i < schema->count; i++) {
		const uint32_t element = owner_size(s, i);

		if (schema->elements[i].size != 0 && element != schema->elements[i].size)
			return ERR_INTERNAL;
		if (element > VDM_PAYLOAD_MAX)
			return ERR_SPDM_TOO_LARGE;
		sum += VDM_ELEMENT_HEADER_SIZE + element;
	}
	*size = sum;
	return sum <= VDM_PAYLOAD_MAX ? STATUS_OK : ERR_SPDM_TOO_LARGE;
}

enum status vdm_send_begin(struct spdm *s, const struct vdm_schema *schema)
{
	struct spdm_vdm *v = &s->vdm;
	struct writer w = writer_of(v->head, VDM_HEADER_SIZE);
	uint32_t size;

	if (v->schema != schema)
		begin(v, schema);
	TRY(vdm_ready(s, true));
	TRY(payload_size(s, &size));
	vdm_header_write(&w, schema->code, schema->op, schema->count, size);
	v->head_size = VDM_HEADER_SIZE;
	v->size = VDM_ENVELOPE_SIZE + size;
	v->outgoing = true;
	return STATUS_OK;
}

/* The header at hand is out, or the element: goes on to the next. */
static void element_start(struct spdm *s)
{
	struct spdm_vdm *v = &s->vdm;
	struct writer w = writer_of(v->head, VDM_ELEMENT_HEADER_SIZE);

	next_element(v);
	if (elements_done(v))
		return;
	v->element_size = owner_size(s, v->element);
	v->element_at = 0;
	writer_u16(&w, v->schema->elements[v->element].type);
	writer_u32(&w, v->element_size);
}

static void head_send(struct spdm *s, uint8_t *to, size_t n, size_t *given)
{
	struct spdm_vdm *v = &s->vdm;
	const size_t left = (size_t)(v->head_size - v->head_at);

	*given = n < left ? n : left;
	memcpy(to, v->head + v->head_at, *given);
	v->head_at = (uint8_t)(v->head_at + *given);
	if (v->head_at < v->head_size)
		return;
	v->in_element = v->head_size != VDM_HEADER_SIZE;
	if (!v->in_element || element_done(v))
		element_start(s);
}

static enum status element_send(struct spdm *s, uint8_t *to, size_t n, size_t *given)
{
	struct spdm_vdm *v = &s->vdm;
	const enum vdm_element type = (enum vdm_element)v->schema->elements[v->element].type;
	const size_t left = v->element_size - v->element_at;

	*given = n < left ? n : left;
	if (*given > 0)
		TRY(spdm_owner_must(s,
			s->ops->element_read(s->owner, type, v->element_at, to, *given)));
	v->element_at += (uint32_t)*given;
	if (element_done(v))
		element_start(s);
	return STATUS_OK;
}

enum status vdm_send(struct spdm *s, uint8_t *to, size_t n)
{
	struct spdm_vdm *v = &s->vdm;
	uint8_t *const all = to;
	const size_t all_size = n;

	while (n > 0) {
		size_t given;

		/* The owner changed its mind about a size. */
		if (elements_done(v))
			return ERR_INTERNAL;
		if (v->in_element)
			TRY(element_send(s, to, n, &given));
		else
			head_send(s, to, n, &given);
		to += given;
		n -= given;
	}
	v->at += (uint32_t)all_size;
	hash_message(v, all, all_size);
	return STATUS_OK;
}

enum status vdm_send_end(struct spdm *s)
{
	struct spdm_vdm *v = &s->vdm;

	if (!v->outgoing || v->at < v->size)
		return STATUS_OK;
	if (!elements_done(v))
		return ERR_INTERNAL;
	hash_to_transcript(s);
	s->ops->sent(s->owner, (enum vdm_op)v->schema->op);
	v->schema = NULL;
	v->outgoing = false;
	return STATUS_OK;
}
