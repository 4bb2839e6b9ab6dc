/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What ops 0x03 and 0x04 carry: the own elements straight from where they lie (quote in a shared
 * buffer, event log generated from the volume), the peer's into the session's work slot.
 */
#include "core/td.h"

static enum status ready_to_send(struct session *s, enum vdm_op op)
{
	/* A source has it already. */
	TRY(own_quote_step(s));
	TRY(attest_size_check(&s->td->event_log, own_quote_size(s)));
	if (op != VDM_ATTEST_REQ)
		return STATUS_OK;
	return servtd_ext_begin(s);
}

enum status attest_size_check(const struct event_log *log, size_t quote_size)
{
	return event_log_size(log) <= ATTEST_VARIABLE_MAX - quote_size ? STATUS_OK :
		ERR_ATTEST_SIZE;
}

static enum status ready_to_receive(struct session *s)
{
	const bool waited = s->wait == SESSION_WAIT_REFERENCE;
	enum status status;

	if (s->slot != NULL)
		return STATUS_OK;
	status = local_reference_ready(s->td, s->stage.exchange.tee_tcb_svn, waited);
	if (status == STATUS_PENDING)
		s->wait = SESSION_WAIT_REFERENCE;
	TRY(status);
	status = work_slot_take(session_slots(s), s);
	if (status == STATUS_PENDING)
		s->wait = SESSION_WAIT_SLOT;
	return status;
}

enum status attest_ready(struct session *s, enum vdm_op op, bool outgoing)
{
	return outgoing ? ready_to_send(s, op) : ready_to_receive(s);
}

uint32_t attest_element_size(const struct session *s, enum vdm_element type)
{
	switch (type) {
	case ELEMENT_QUOTE:
		return own_quote_size(s);
	case ELEMENT_EVENT_LOG:
		return (uint32_t)event_log_size(&s->td->event_log);
	case ELEMENT_POLICY_HASH:
		return SHA384_SIZE;
	case ELEMENT_SERVTD_EXT:
		return SERVTD_EXT_SIZE;
	case ELEMENT_INIT_TDINFO:
		return TDINFO_SIZE;
	default:
		return 0;
	}
}

/* The initial MigTD's TDINFO: the VMM's when it gave one, else the own. */
static const uint8_t *init_tdinfo(const struct session *s)
{
	return s->init_tdinfo != NULL ? s->init_tdinfo : s->td->tdinfo;
}

enum status attest_element_read(struct session *s, enum vdm_element type, uint32_t offset,
	uint8_t *to, size_t n)
{
	const uint8_t *from;

	if (offset > attest_element_size(s, type) || n > attest_element_size(s, type) - offset)
		return ERR_INTERNAL;
	switch (type) {
	case ELEMENT_QUOTE:
		if (s->quote == NULL)
			return ERR_INTERNAL;
		/* Shared memory: each byte is copied once, hashed and sent from the copy. */
		own_quote_read(s, offset, to, n);
		return STATUS_OK;
	case ELEMENT_EVENT_LOG:
		event_log_read(&s->td->event_log, offset, to, n);
		return STATUS_OK;
	case ELEMENT_POLICY_HASH:
		from = s->td->v1 != NULL ? s->td->v1->policy_digest :
					   s->td->own->record.blob_digest;
		break;
	case ELEMENT_SERVTD_EXT:
		return servtd_ext_piece(s, offset, to, n);
	case ELEMENT_INIT_TDINFO:
		from = init_tdinfo(s);
		break;
	default:
		return ERR_INTERNAL;
	}
	memcpy(to, from + offset, n);
	return STATUS_OK;
}

/* Where an element of fixed size goes, or NULL. */
static uint8_t *slot_field(struct work_slot *slot, enum vdm_element type, uint32_t *size)
{
	switch (type) {
	case ELEMENT_QUOTE:
		*size = PEER_QUOTE_MAX;
		return slot->quote;
	case ELEMENT_POLICY_HASH:
		*size = sizeof(slot->policy_hash);
		return slot->policy_hash;
	case ELEMENT_SERVTD_EXT:
		*size = sizeof(slot->servtd_ext);
		return slot->servtd_ext;
	case ELEMENT_INIT_TDINFO:
		*size = sizeof(slot->init_tdinfo);
		return slot->init_tdinfo;
	default:
		return NULL;
	}
}

/* Under policy v1 what goes with quote and event log must be there, whatever it is. */
static bool is_ignored(const struct session *s, enum vdm_element type)
{
	return s->td->v1 != NULL && type != ELEMENT_QUOTE && type != ELEMENT_EVENT_LOG;
}

enum status attest_element_begin(struct session *s, enum vdm_element type, uint32_t size)
{
	uint32_t room = 0;

	if (s->slot == NULL)
		return ERR_INTERNAL;
	if (type == ELEMENT_EVENT_LOG) {
		event_log_reader_begin(&s->slot->event_log, size);
		return STATUS_OK;
	}
	if (slot_field(s->slot, type, &room) == NULL)
		return ERR_SPDM_VDM;
	if (is_ignored(s, type))
		return STATUS_OK;
	if (type == ELEMENT_QUOTE) {
		s->slot->quote_size = size;
		return size <= room ? STATUS_OK : ERR_QUOTE_FORMAT;
	}
	return size == room ? STATUS_OK : ERR_SPDM_VDM;
}

enum status attest_element_write(struct session *s, enum vdm_element type, uint32_t offset,
	const uint8_t *from, size_t n)
{
	uint32_t room = 0;
	uint8_t *field;

	if (s->slot == NULL)
		return ERR_INTERNAL;
	if (type == ELEMENT_EVENT_LOG) {
		event_log_reader_feed(&s->slot->event_log, from, n);
		return STATUS_OK;
	}
	if (is_ignored(s, type))
		return STATUS_OK;
	field = slot_field(s->slot, type, &room);
	if (field == NULL || offset > room || n > room - offset)
		return ERR_INTERNAL;
	memcpy(field + offset, from, n);
	return STATUS_OK;
}

static enum status judge_v1(struct session *s)
{
	struct work_slot *slot = s->slot;
	const enum status status =
		collateral_fetch_step(s->td, &slot->fetch, slot->quote, slot->quote_size);

	if (status == STATUS_PENDING)
		s->wait = SESSION_WAIT_COLLATERAL;
	TRY(status);
	return verdict_v1(s);
}

enum status attest_received(struct session *s, enum vdm_op op)
{
	enum status status;

	if (s->slot == NULL)
		return ERR_INTERNAL;
	status = s->td->v1 != NULL ? judge_v1(s) : verdict(s);
	if (status == STATUS_PENDING)
		return status;
	if (status == STATUS_OK && op == VDM_ATTEST_REQ && s->td->v1 == NULL)
		servtd_ext_approved_hash(s->slot->servtd_ext, s->stage.exchange.ext_hash);
	work_slot_give(session_slots(s), s);
	return status;
}
