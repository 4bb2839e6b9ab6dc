/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Ops 0x05 and 0x06: versions and migration session keys (spec 3.7), always sealed and small. */
#include "spdm/engine.h"

const struct vdm_schema vdm_migration_info_req = {
	.code = SPDM_VENDOR_DEFINED,
	.op = VDM_MIGRATION_INFO_REQ,
	.count = 2,
	.elements = {{ELEMENT_EXPORT_VERSION, 4}, {ELEMENT_FORWARD_KEY, 32}},
};

const struct vdm_schema vdm_migration_info_rsp = {
	.code = SPDM_RESPONSE(SPDM_VENDOR_DEFINED),
	.op = VDM_MIGRATION_INFO_RSP,
	.next_state = SPDM_STATE_END,
	.count = 2,
	.elements = {{ELEMENT_IMPORT_VERSION, 4}, {ELEMENT_BACKWARD_KEY, 32}},
};

static enum status send(struct spdm *s, const struct vdm_schema *schema, enum spdm_state next)
{
	struct writer w = spdm_message_begin(s);
	uint8_t *message;

	TRY(vdm_send_begin(s, schema));
	message = writer_claim(&w, s->vdm.size);
	if (message == NULL)
		return ERR_INTERNAL;
	TRY(vdm_send(s, message, s->vdm.size));
	return spdm_message_send(s, &w, 0, next);
}

enum status spdm_migration_info_req_build(struct spdm *s)
{
	return send(s, &vdm_migration_info_req, SPDM_STATE_MIGRATION_INFO);
}

enum status spdm_migration_info_rsp_build(struct spdm *s)
{
	return send(s, &vdm_migration_info_rsp, SPDM_STATE_END);
}

enum status spdm_migration_info_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	const struct vdm_schema *schema = s->role == SPDM_RESPONDER ? &vdm_migration_info_req
								    : &vdm_migration_info_rsp;

	if (s->vdm.schema != schema)
		TRY(vdm_receive_begin(s, schema, (uint32_t)n));
	TRY(vdm_ready(s, false));
	TRY(vdm_receive(s, message, n));
	TRY(vdm_receive_end(s));
	wipe(s->frame, sizeof(s->frame));	/* the peer's key was in it */
	s->task = SPDM_TASK_JUDGE;
	return STATUS_OK;
}
