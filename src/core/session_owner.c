/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The SPDM engine's owner: routes ops 0x03/0x04 and 0x05/0x06 to the files that know them. */
#include "core/td.h"

static bool is_attest(enum vdm_op op)
{
	return op == VDM_ATTEST_REQ || op == VDM_ATTEST_RSP;
}

static enum status owner_ready(void *owner, enum vdm_op op, bool outgoing)
{
	return is_attest(op) ? attest_ready(owner, op, outgoing) :
			       migration_info_ready(owner, op, outgoing);
}

static uint32_t owner_element_size(void *owner, enum vdm_op op, enum vdm_element type)
{
	uint32_t size = 0;

	if (is_attest(op))
		return attest_element_size(owner, type);
	(void)migration_info_field(owner, type, true, &size);
	return size;
}

static enum status owner_element_read(void *owner, enum vdm_element type, uint32_t offset,
	uint8_t *to, size_t n)
{
	uint32_t size = 0;
	const uint8_t *field = migration_info_field(owner, type, true, &size);

	if (field == NULL)
		return attest_element_read(owner, type, offset, to, n);
	if (offset > size || n > size - offset)
		return ERR_INTERNAL;
	memcpy(to, field + offset, n);
	return STATUS_OK;
}

static void owner_sent(void *owner, enum vdm_op op)
{
	struct session *s = owner;

	if (is_attest(op))
		own_quote_end(s);
	else
		wipe(s->stage.exchange.own_key, sizeof(s->stage.exchange.own_key));
}

static enum status owner_element_begin(void *owner, enum vdm_element type, uint32_t size)
{
	uint32_t room = 0;

	if (migration_info_field(owner, type, false, &room) == NULL)
		return attest_element_begin(owner, type, size);
	return size == room ? STATUS_OK : ERR_SPDM_VDM;
}

static enum status owner_element_write(void *owner, enum vdm_element type, uint32_t offset,
	const uint8_t *from, size_t n)
{
	uint32_t room = 0;
	uint8_t *field = migration_info_field(owner, type, false, &room);

	if (field == NULL)
		return attest_element_write(owner, type, offset, from, n);
	if (offset > room || n > room - offset)
		return ERR_INTERNAL;
	memcpy(field + offset, from, n);
	return STATUS_OK;
}

static enum status owner_received(void *owner, enum vdm_op op)
{
	return is_attest(op) ? attest_received(owner, op) : migration_info_received(owner, op);
}

const struct spdm_owner_ops session_owner_ops = {
	.ready = owner_ready,
	.element_size = owner_element_size,
	.element_read = owner_element_read,
	.sent = owner_sent,
	.element_begin = owner_element_begin,
	.element_write = owner_element_write,
	.received = owner_received,
};
