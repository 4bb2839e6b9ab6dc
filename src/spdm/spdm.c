/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The loop of tasks that carries messages between the stream and the tables of the two roles. */
#include "spdm/engine.h"

/* Bytes of a large message that are on the stack at once. */
#define PIECE_SIZE 512
/* Version, code and two parameters: every message has them. */
#define MESSAGE_MIN 4

const struct spdm_rule spdm_refuse_unexpected = {.refuse = ERR_SPDM_UNEXPECTED};
const struct spdm_rule spdm_refuse_unsupported = {.refuse = ERR_SPDM_UNSUPPORTED};

static const struct {
	enum spdm_phase phase;
	bool secured;
} states[SPDM_STATE_COUNT + 1] = {
	[SPDM_STATE_VERSION] = {SPDM_PHASE_VERSION, false},
	[SPDM_STATE_CAPABILITIES] = {SPDM_PHASE_CAPABILITIES, false},
	[SPDM_STATE_ALGORITHMS] = {SPDM_PHASE_ALGORITHMS, false},
	[SPDM_STATE_PUB_KEY] = {SPDM_PHASE_PUB_KEY, false},
	[SPDM_STATE_KEY_EXCHANGE] = {SPDM_PHASE_KEY_EXCHANGE, false},
	[SPDM_STATE_ATTEST] = {SPDM_PHASE_ATTEST, false},
	[SPDM_STATE_CHUNK_IN] = {SPDM_PHASE_ATTEST, false},
	[SPDM_STATE_CHUNK_OUT] = {SPDM_PHASE_ATTEST, false},
	[SPDM_STATE_CHUNK_LAST] = {SPDM_PHASE_ATTEST, false},
	[SPDM_STATE_FINISH] = {SPDM_PHASE_FINISH, false},
	[SPDM_STATE_MIGRATION_INFO] = {SPDM_PHASE_MIGRATION_INFO, true},
	[SPDM_STATE_END] = {SPDM_PHASE_END, true},
	[SPDM_STATE_ENDED] = {SPDM_PHASE_DONE, false},
};

static const struct {
	uint8_t request;
	enum spdm_kind kind;
} kinds[] = {
	{SPDM_GET_VERSION, SPDM_KIND_VERSION},
	{SPDM_GET_CAPABILITIES, SPDM_KIND_CAPABILITIES},
	{SPDM_NEGOTIATE_ALGORITHMS, SPDM_KIND_ALGORITHMS},
	{SPDM_VENDOR_DEFINED, SPDM_KIND_VENDOR_DEFINED},
	{SPDM_KEY_EXCHANGE, SPDM_KIND_KEY_EXCHANGE},
	{SPDM_FINISH, SPDM_KIND_FINISH},
	{SPDM_END_SESSION, SPDM_KIND_END_SESSION},
	{SPDM_CHUNK_SEND, SPDM_KIND_CHUNK_SEND},
	{SPDM_CHUNK_GET, SPDM_KIND_CHUNK_GET},
};

static enum spdm_kind kind_of(enum spdm_role role, uint8_t code)
{
	if (role == SPDM_REQUESTER && code == SPDM_ERROR)
		return SPDM_KIND_ERROR;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const uint8_t request = kinds[i].request;

		if (code == (role == SPDM_RESPONDER ? request : SPDM_RESPONSE(request)))
			return kinds[i].kind;
	}
	return SPDM_KIND_OTHER;
}

static const struct spdm_role_tables *tables_of(const struct spdm *s)
{
	return s->role == SPDM_REQUESTER ? &spdm_requester_tables : &spdm_responder_tables;
}

static void enter(struct spdm *s, enum spdm_state state, enum spdm_task task)
{
	s->state = (uint8_t)state;
	s->phase = states[state].phase;
	s->task = (uint8_t)task;
}

/* Sets off to gather the next frame. */
static void await_frame(struct spdm *s)
{
	s->filled = 0;
	s->need = SPDM_FRAME_HEADER_SIZE;
	s->request_open = false;
	s->task = SPDM_TASK_FRAME;
}

void spdm_proceed(struct spdm *s, enum spdm_state state)
{
	enter(s, state, SPDM_TASK_BUILD);
}

void spdm_take_body(struct spdm *s, size_t at, size_t left)
{
	s->body_at = (uint16_t)at;
	s->body_left = (uint16_t)left;
	s->task = SPDM_TASK_BODY;
}

enum status spdm_owner_says(struct spdm *s, enum status answer)
{
	if (answer == STATUS_PENDING)
		s->wait = SPDM_WAIT_OWNER;
	else if (answer != STATUS_OK)
		s->owner_failed = true;
	return answer;
}

enum status spdm_owner_must(struct spdm *s, enum status answer)
{
	return spdm_owner_says(s, answer == STATUS_PENDING ? ERR_INTERNAL : answer);
}

bool spdm_is_secured(const struct spdm *s)
{
	return states[s->state].secured;
}

/* Wipes all but role, phase and outcome. */
static void conclude(struct spdm *s, enum status outcome)
{
	const uint8_t role = s->role;
	const enum spdm_phase phase = s->phase;

	wipe(s, sizeof(*s));
	s->role = role;
	s->phase = phase;
	s->state = SPDM_STATE_ENDED;
	s->status = outcome;
}

/* --- tasks --------------------------------------------------------------------------------- */

static enum status wait_for(struct spdm *s, enum spdm_wait wait)
{
	s->wait = wait;
	return STATUS_PENDING;
}

static enum status gather(struct spdm *s, const struct stream *io)
{
	while (s->filled < s->need) {
		const size_t n = stream_rx(io, s->frame + s->filled, (size_t)(s->need - s->filled));

		if (n == 0)
			return wait_for(s, SPDM_WAIT_RX);
		s->filled = (uint16_t)(s->filled + n);
		s->request_open = true;
	}
	return STATUS_OK;
}

static void gather_more(struct spdm *s, enum spdm_task task, size_t message_bytes)
{
	s->need = (uint16_t)(SPDM_FRAME_HEADER_SIZE + message_bytes);
	s->task = (uint8_t)task;
}

static enum status task_frame(struct spdm *s, const struct stream *io)
{
	uint32_t length;

	TRY(gather(s, io));
	TRY(spdm_frame_header(s, &length));
	s->message_at = SPDM_FRAME_HEADER_SIZE;
	s->message_size = (uint16_t)length;
	if (spdm_is_secured(s)) {
		if (length < SECURED_OVERHEAD + MESSAGE_MIN || length > SPDM_MESSAGE_MAX)
			return ERR_SPDM_SECURED;
		gather_more(s, SPDM_TASK_SECURED, length);
		return STATUS_OK;
	}
	if (length < MESSAGE_MIN)
		return ERR_SPDM_MESSAGE;
	gather_more(s, SPDM_TASK_CODE, MESSAGE_MIN);
	return STATUS_OK;
}

static bool version_ok(enum spdm_kind kind, uint8_t version)
{
	switch (kind) {
	case SPDM_KIND_VERSION:
		return version == SPDM_VERSION_10;
	case SPDM_KIND_ERROR:
		return version == SPDM_VERSION_10 || version == SPDM_VERSION_12;
	case SPDM_KIND_OTHER:
		return true;	/* refused for its code */
	default:
		return version == SPDM_VERSION_12;
	}
}

/* What the tables say of the message whose first bytes are there. */
static enum status choose_rule(struct spdm *s)
{
	struct reader r = reader_of(s->frame + s->message_at, MESSAGE_MIN);
	const uint8_t version = reader_u8(&r);
	const enum spdm_kind kind = kind_of((enum spdm_role)s->role, reader_u8(&r));

	if (!version_ok(kind, version))
		return ERR_SPDM_VERSION;
	s->rule = tables_of(s)->rules[s->state][kind];
	if (s->rule->refuse != STATUS_OK)
		return s->rule->refuse;
	if (s->message_size < s->rule->min || s->message_size > s->rule->max)
		return ERR_SPDM_MESSAGE;
	return STATUS_OK;
}

static enum status task_code(struct spdm *s, const struct stream *io)
{
	TRY(gather(s, io));
	TRY(choose_rule(s));
	gather_more(s, SPDM_TASK_HEAD,
		s->message_size < s->rule->head ? s->message_size : s->rule->head);
	return STATUS_OK;
}

static enum status task_head(struct spdm *s, const struct stream *io)
{
	TRY(gather(s, io));
	s->task = SPDM_TASK_HANDLE;
	return STATUS_OK;
}

static enum status task_secured(struct spdm *s, const struct stream *io)
{
	TRY(gather(s, io));
	TRY(spdm_open(s));
	if (s->message_size < MESSAGE_MIN)
		return ERR_SPDM_MESSAGE;
	TRY(choose_rule(s));
	s->filled = (uint16_t)(s->message_at + s->message_size);
	s->task = SPDM_TASK_HANDLE;
	return STATUS_OK;
}

static enum status task_handle(struct spdm *s, const struct stream *io)
{
	(void)io;
	return s->rule->handle(s, s->frame + s->message_at, (size_t)(s->filled - s->message_at));
}

/* All bytes of a frame went into the vendor-defined message: more chunks of it, or its end. */
static enum status body_end(struct spdm *s)
{
	if (s->vdm.at < s->vdm.size) {
		if (s->role == SPDM_RESPONDER)
			return spdm_chunk_ack_build(s);
		spdm_proceed(s, SPDM_STATE_CHUNK_IN);
		return STATUS_OK;
	}
	TRY(vdm_receive_end(s));
	s->task = SPDM_TASK_JUDGE;
	return STATUS_OK;
}

static enum status body_take(struct spdm *s, const uint8_t *from, size_t n)
{
	TRY(vdm_receive(s, from, n));
	s->body_left = (uint16_t)(s->body_left - n);
	return STATUS_OK;
}

static enum status task_body(struct spdm *s, const struct stream *io)
{
	uint8_t piece[PIECE_SIZE];

	TRY(vdm_ready(s, false));
	if (s->body_at < s->filled) {
		const size_t at = s->body_at;

		s->body_at = s->filled;
		TRY(body_take(s, s->frame + at, s->filled - at));
	}
	while (s->body_left > 0) {
		const size_t want = s->body_left < PIECE_SIZE ? s->body_left : PIECE_SIZE;
		const size_t n = stream_rx(io, piece, want);

		if (n == 0)
			return wait_for(s, SPDM_WAIT_RX);
		TRY(body_take(s, piece, n));
	}
	return body_end(s);
}

static enum status task_judge(struct spdm *s, const struct stream *io)
{
	const struct vdm_schema *schema = s->vdm.schema;

	(void)io;
	TRY(spdm_owner_says(s, s->ops->received(s->owner, (enum vdm_op)schema->op)));
	if (s->role == SPDM_RESPONDER)
		s->task = SPDM_TASK_BUILD;
	else
		spdm_proceed(s, (enum spdm_state)schema->next_state);
	return STATUS_OK;
}

static enum status task_build(struct spdm *s, const struct stream *io)
{
	spdm_build_fn *build = tables_of(s)->build[s->state];

	(void)io;
	return build != NULL ? build(s) : ERR_INTERNAL;
}

/* The next bytes of what is laid out in the frame buffer, then of the body behind it. */
static enum status send_piece(struct spdm *s, const struct stream *io, size_t room)
{
	uint8_t piece[PIECE_SIZE];
	const size_t max = room < sizeof(piece) ? room : sizeof(piece);
	const size_t left = (size_t)(s->need - s->filled);
	const size_t head = left < max ? left : max;
	const size_t body = s->body_left < max - head ? s->body_left : max - head;

	memcpy(piece, s->frame + s->filled, head);
	if (body > 0)
		TRY(vdm_send(s, piece + head, body));
	TRY(stream_tx(io, piece, head + body));
	s->filled = (uint16_t)(s->filled + head);
	s->body_left = (uint16_t)(s->body_left - body);
	return STATUS_OK;
}

static enum status task_send(struct spdm *s, const struct stream *io)
{
	while (s->filled < s->need || s->body_left > 0) {
		const size_t room = stream_tx_room(io);

		if (room == 0)
			return wait_for(s, SPDM_WAIT_TX);
		TRY(send_piece(s, io, room));
	}
	TRY(vdm_send_end(s));
	enter(s, (enum spdm_state)s->next_state, SPDM_TASK_FRAME);
	await_frame(s);
	return STATUS_OK;
}

static enum status (*const tasks[SPDM_TASK_COUNT])(struct spdm *s, const struct stream *io) = {
	[SPDM_TASK_BUILD] = task_build,
	[SPDM_TASK_SEND] = task_send,
	[SPDM_TASK_FRAME] = task_frame,
	[SPDM_TASK_CODE] = task_code,
	[SPDM_TASK_HEAD] = task_head,
	[SPDM_TASK_SECURED] = task_secured,
	[SPDM_TASK_HANDLE] = task_handle,
	[SPDM_TASK_BODY] = task_body,
	[SPDM_TASK_JUDGE] = task_judge,
};

/* --- interface ----------------------------------------------------------------------------- */

/* A responder that owes an answer and has none under way says why it fails, if there is room. */
static void tell_peer(struct spdm *s, const struct stream *io, enum status why)
{
	if (s->role != SPDM_RESPONDER || !s->request_open || s->task == SPDM_TASK_SEND)
		return;
	if (!spdm_error_build(s, why) || stream_tx_room(io) < s->need)
		return;
	if (stream_tx(io, s->frame, s->need) != STATUS_OK)
		return;	/* `why` came first and is what is reported */
}

static enum status fail(struct spdm *s, const struct stream *io, enum status why)
{
	tell_peer(s, io, why);
	conclude(s, why);
	return why;
}

void spdm_begin(struct spdm *s, enum spdm_role role, const struct spdm_profile *profile,
	const struct spdm_owner_ops *ops, void *owner)
{
	memset(s, 0, sizeof(*s));
	s->profile = profile;
	s->ops = ops;
	s->owner = owner;
	s->role = (uint8_t)role;
	sha384_init(&s->transcript);
	await_frame(s);
	if (role == SPDM_REQUESTER)
		spdm_proceed(s, SPDM_STATE_VERSION);
}

enum status spdm_step(struct spdm *s, const struct stream *io)
{
	const enum spdm_phase phase = s->phase;

	if (s->state == SPDM_STATE_ENDED)
		return s->status;
	while (s->phase == phase) {
		const enum status status = tasks[s->task](s, io);

		if (status == STATUS_PENDING)
			return STATUS_PENDING;
		if (status != STATUS_OK)
			return fail(s, io, status);
	}
	if (s->state == SPDM_STATE_ENDED) {
		conclude(s, STATUS_OK);
		return STATUS_OK;
	}
	return wait_for(s, SPDM_WAIT_NONE);
}

void spdm_abort(struct spdm *s, const struct stream *io, enum status why)
{
	if (s->state == SPDM_STATE_ENDED)
		return;
	s->owner_failed = true;
	(void)fail(s, io, why);
}

enum spdm_phase spdm_phase(const struct spdm *s)
{
	return s->phase;
}

const uint8_t *spdm_th1(const struct spdm *s)
{
	return s->th1;
}
