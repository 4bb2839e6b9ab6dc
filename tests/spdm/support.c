/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- randomness ---------------------------------------------------------------------------- */

static uint8_t arena[CRYPTO_ARENA_SIZE] __attribute__((aligned(16)));
static uint64_t generator;
static uint8_t dictated[1024];
static size_t dictated_size, dictated_at;

static uint64_t next(void)
{
	/* splitmix64 */
	uint64_t z = generator += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static void fill(void *ctx, uint8_t *to, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		if (dictated_at < dictated_size)
			to[i] = dictated[dictated_at++];
		else
			to[i] = (uint8_t)next();
	}
}

void support_init(void)
{
	crypto_init(arena, sizeof(arena), fill, NULL);
}

void random_seed(uint64_t seed)
{
	generator = seed;
	dictated_size = 0;
	dictated_at = 0;
}

void random_dictate(const uint8_t *bytes, size_t n)
{
	assert_true(dictated_size + n <= sizeof(dictated));
	memcpy(dictated + dictated_size, bytes, n);
	dictated_size += n;
}

int seed(void **state)
{
	(void)state;
	random_seed(1);
	return 0;
}

uint32_t draw(uint32_t below)
{
	return (uint32_t)(next() % below);
}

/* --- owner --------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3)))
static void note(struct owner *o, const char *format, ...)
{
	va_list list;

	assert_true(o->event_count < EVENTS_MAX);
	va_start(list, format);
	vsnprintf(o->events[o->event_count++], sizeof(o->events[0]), format, list);
	va_end(list);
}

static enum status maybe_pending(struct owner *o, enum vdm_op op)
{
	if (o->pending_op != op) {
		o->pending_op = op;
		o->pending_left = o->pending;
	}
	if (o->pending_left == 0)
		return STATUS_OK;
	o->pending_left--;
	return STATUS_PENDING;
}

static enum status ready(void *owner, enum vdm_op op, bool outgoing)
{
	struct owner *o = owner;

	TRY(maybe_pending(o, op));
	note(o, "ready %d %s", op, outgoing ? "out" : "in");
	return STATUS_OK;
}

static struct element *find(struct element *list, size_t count, enum vdm_element type)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].type == type)
			return &list[i];
	}
	return NULL;
}

static uint32_t element_size(void *owner, enum vdm_op op, enum vdm_element type)
{
	struct owner *o = owner;
	const struct element *e = find(o->out, o->out_count, type);

	(void)op;
	assert_non_null(e);
	return e->size;
}

static enum status element_read(void *owner, enum vdm_element type, uint32_t offset, uint8_t *to,
	size_t n)
{
	struct owner *o = owner;
	const struct element *e = find(o->out, o->out_count, type);

	assert_true(n > 0 && offset + n <= e->size);
	if (o->fault != STATUS_OK && o->fault_type == type)
		return o->fault;
	memcpy(to, e->bytes + offset, n);
	return STATUS_OK;
}

static void sent(void *owner, enum vdm_op op)
{
	note(owner, "sent %d", op);
}

static enum status element_begin(void *owner, enum vdm_element type, uint32_t size)
{
	struct owner *o = owner;
	struct element *e = &o->in[o->in_count];

	assert_true(o->in_count < ELEMENTS_MAX);
	if (o->fault != STATUS_OK && o->fault_type == type && size > 0 && draw(2) == 0)
		return o->fault;
	*e = (struct element){type, 0, malloc(size + 1)};
	o->in_count++;
	note(o, "begin %x %u", type, size);
	return STATUS_OK;
}

static enum status element_write(void *owner, enum vdm_element type, uint32_t offset,
	const uint8_t *from, size_t n)
{
	struct owner *o = owner;
	struct element *e = find(o->in, o->in_count, type);

	assert_non_null(e);
	assert_true(n > 0);
	assert_int_equal(e->size, offset);
	if (o->fault != STATUS_OK && o->fault_type == type)
		return o->fault;
	memcpy(e->bytes + offset, from, n);
	e->size += (uint32_t)n;
	return STATUS_OK;
}

static enum status received(void *owner, enum vdm_op op)
{
	struct owner *o = owner;

	note(o, "received %d", op);
	return o->verdict_op == op ? o->verdict : STATUS_OK;
}

const struct spdm_owner_ops owner_ops = {
	.ready = ready,
	.element_size = element_size,
	.element_read = element_read,
	.sent = sent,
	.element_begin = element_begin,
	.element_write = element_write,
	.received = received,
};

void owner_set(struct owner *o, enum vdm_element type, const uint8_t *bytes, uint32_t size)
{
	struct element *e = find(o->out, o->out_count, type);

	if (e == NULL) {
		assert_true(o->out_count < ELEMENTS_MAX);
		e = &o->out[o->out_count++];
	} else {
		free(e->bytes);
	}
	*e = (struct element){type, size, malloc(size + 1)};
	for (uint32_t i = 0; i < size; i++)
		e->bytes[i] = bytes != NULL ? bytes[i] : (uint8_t)next();
}

/* An owner with elements of the given sizes, contents drawn from the role. */
static void owner_init(struct owner *o, enum spdm_role role, uint32_t quote_size, uint32_t log_size)
{
	memset(o, 0, sizeof(*o));
	owner_set(o, ELEMENT_QUOTE, NULL, quote_size);
	owner_set(o, ELEMENT_EVENT_LOG, NULL, log_size);
	owner_set(o, ELEMENT_POLICY_HASH, NULL, 48);
	if (role == SPDM_REQUESTER) {
		owner_set(o, ELEMENT_SERVTD_EXT, NULL, 272);
		owner_set(o, ELEMENT_INIT_TDINFO, NULL, 512);
		owner_set(o, ELEMENT_EXPORT_VERSION, NULL, 4);
		owner_set(o, ELEMENT_FORWARD_KEY, NULL, 32);
	} else {
		owner_set(o, ELEMENT_IMPORT_VERSION, NULL, 4);
		owner_set(o, ELEMENT_BACKWARD_KEY, NULL, 32);
	}
}

static const struct element *owner_got(const struct owner *o, enum vdm_element type)
{
	return find(((struct owner *)(uintptr_t)o)->in, o->in_count, type);
}

bool owner_had(const struct owner *o, const char *event)
{
	for (size_t i = 0; i < o->event_count; i++) {
		if (strcmp(o->events[i], event) == 0)
			return true;
	}
	return false;
}

static void owner_free(struct owner *o)
{
	for (size_t i = 0; i < o->out_count; i++)
		free(o->out[i].bytes);
	for (size_t i = 0; i < o->in_count; i++)
		free(o->in[i].bytes);
	memset(o, 0, sizeof(*o));
}

/* --- stream -------------------------------------------------------------------------------- */

static size_t limit(const struct end *e, size_t n, uint32_t max)
{
	if (max != 0 && n > max)
		n = max;
	if (e->weather->random && n > 1)
		n = draw((uint32_t)n + 1);
	return n;
}

static size_t end_rx(void *ctx, uint8_t *to, size_t n)
{
	struct end *e = ctx;
	const size_t there = e->in->written - e->in->taken;

	n = limit(e, n < there ? n : there, e->weather->rx_max);
	memcpy(to, e->in->bytes + e->in->taken, n);
	e->in->taken += n;
	return n;
}

static size_t end_room(void *ctx)
{
	struct end *e = ctx;
	const size_t flight = e->out->written - e->out->taken;
	size_t room = PIPE_SIZE - e->out->written;

	if (e->weather->in_flight_max != 0)
		room = flight < e->weather->in_flight_max ? e->weather->in_flight_max - flight : 0;
	return limit(e, room, e->weather->tx_room_max);
}

static enum status end_tx(void *ctx, const uint8_t *from, size_t n)
{
	struct end *e = ctx;

	assert_true(n > 0);
	if (e->tx_answer != STATUS_OK)
		return e->tx_answer;
	pipe_put(e->out, from, n);
	return STATUS_OK;
}

const struct stream_ops end_ops = {.rx = end_rx, .tx_room = end_room, .tx = end_tx};

void pipe_put(struct pipe *p, const uint8_t *bytes, size_t n)
{
	assert_true(p->written + n <= PIPE_SIZE);
	memcpy(p->bytes + p->written, bytes, n);
	p->written += n;
}

void pipe_put_message(struct pipe *p, const uint8_t *message, size_t n)
{
	const uint8_t header[12] = {0x53, 0x50, 0x44, 0x4D, 0, 1, 1, 0, (uint8_t)n,
		(uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};

	pipe_put(p, header, sizeof(header));
	pipe_put(p, message, n);
}

const uint8_t *pipe_frame(const struct pipe *p, size_t index, size_t *size)
{
	for (size_t at = 0; at + 12 <= p->written;) {
		const uint8_t *f = p->bytes + at;

		*size = 12 + ((size_t)f[8] | (size_t)f[9] << 8 | (size_t)f[10] << 16);
		if (at + *size > p->written)
			return NULL;
		if (index-- == 0)
			return f;
		at += *size;
	}
	return NULL;
}

size_t pipe_frames(const struct pipe *p)
{
	size_t size;
	size_t n = 0;

	while (pipe_frame(p, n, &size) != NULL)
		n++;
	return n;
}

void assert_code(const struct pipe *p, size_t index, uint8_t code)
{
	size_t size;
	const uint8_t *f = pipe_frame(p, index, &size);

	assert_non_null(f);
	assert_int_equal(f[13], code);
}

/* --- a pair -------------------------------------------------------------------------------- */

struct pair *pair_new(uint32_t quote_size, uint32_t log_size)
{
	struct pair *p = calloc(1, sizeof(*p));

	owner_init(&p->source, SPDM_REQUESTER, quote_size, log_size);
	owner_init(&p->destination, SPDM_RESPONDER, quote_size, log_size);
	p->requester_end = (struct end){&p->to_requester, &p->to_responder, &p->weather, STATUS_OK};
	p->responder_end = (struct end){&p->to_responder, &p->to_requester, &p->weather, STATUS_OK};
	p->requester_io = (struct stream){&end_ops, &p->requester_end};
	p->responder_io = (struct stream){&end_ops, &p->responder_end};
	p->requester_status = STATUS_PENDING;
	p->responder_status = STATUS_PENDING;
	pair_profiles(p, &spdm_profile_migtd, &spdm_profile_migtd);
	return p;
}

void pair_profiles(struct pair *p, const struct spdm_profile *requester,
	const struct spdm_profile *responder)
{
	spdm_begin(&p->requester, SPDM_REQUESTER, requester, &owner_ops, &p->source);
	spdm_begin(&p->responder, SPDM_RESPONDER, responder, &owner_ops, &p->destination);
}

void pair_free(struct pair *p)
{
	owner_free(&p->source);
	owner_free(&p->destination);
	free(p);
}

void step_both(struct pair *p)
{
	assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
	assert_int_equal(spdm_step(&p->responder, &p->responder_io), STATUS_PENDING);
}

void assert_wiped(const struct spdm *s)
{
	struct spdm rest = *s;
	const uint8_t *bytes = (const uint8_t *)&rest;

	assert_int_equal(s->state, SPDM_STATE_ENDED);
	rest.role = 0;
	rest.phase = 0;
	rest.state = 0;
	rest.status = 0;
	for (size_t i = 0; i < sizeof(rest); i++)
		assert_int_equal(bytes[i], 0);
}

enum status step_until_stuck(struct spdm *s, const struct stream *io)
{
	enum status status;

	do {
		status = spdm_step(s, io);
	} while (status == STATUS_PENDING &&
		(s->wait == SPDM_WAIT_NONE || s->wait == SPDM_WAIT_OWNER));
	return status;
}

void pair_run(struct pair *p)
{
	size_t idle = 0;

	/* Random weather gives nothing now and then: stuck is no progress for long. */
	while (idle < 200) {
		const size_t before = p->to_responder.written + p->to_responder.taken +
			p->to_requester.written + p->to_requester.taken;

		p->requester_status = step_until_stuck(&p->requester, &p->requester_io);
		p->responder_status = step_until_stuck(&p->responder, &p->responder_io);
		if (p->requester_status != STATUS_PENDING && p->responder_status != STATUS_PENDING)
			return;
		if (before != p->to_responder.written + p->to_responder.taken +
				p->to_requester.written + p->to_requester.taken)
			idle = 0;
		else
			idle++;
	}
}

static void assert_got(const struct owner *from, const struct owner *to)
{
	for (size_t i = 0; i < from->out_count; i++) {
		const struct element *e = &from->out[i];
		const struct element *got = owner_got(to, e->type);

		assert_non_null(got);
		assert_int_equal(got->size, e->size);
		assert_memory_equal(got->bytes, e->bytes, e->size);
	}
}

void assert_complete(const struct pair *p)
{
	assert_int_equal(p->requester_status, STATUS_OK);
	assert_int_equal(p->responder_status, STATUS_OK);
	assert_int_equal(spdm_phase(&p->requester), SPDM_PHASE_DONE);
	assert_int_equal(spdm_phase(&p->responder), SPDM_PHASE_DONE);
	assert_got(&p->source, &p->destination);
	assert_got(&p->destination, &p->source);
}

/* --- files --------------------------------------------------------------------------------- */

uint8_t *file_read(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes;

	if (f == NULL)
		return NULL;
	bytes = malloc(1 << 20);
	*size = fread(bytes, 1, (1 << 20) - 1, f);
	bytes[*size] = 0;
	fclose(f);
	return bytes;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t from_hex(const char *text, uint8_t *to, size_t max)
{
	size_t n = 0;

	for (; n < max && digit(text[0]) >= 0 && digit(text[1]) >= 0; text += 2)
		to[n++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
	return n;
}
