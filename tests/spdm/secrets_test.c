/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Where secrets lie, and that they do not: struct spdm at each phase, after the end and after each
 * failure, and the stack a step has used.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

/* Any eight bytes of the secret: what is left of one that was wiped in part shows too. */
static bool holds(const void *where, size_t size, const uint8_t *secret, size_t n)
{
	for (size_t i = 0; i + 8 <= n; i++) {
		for (size_t j = 0; j + 8 <= size; j++) {
			if (memcmp((const uint8_t *)where + j, secret + i, 8) == 0)
				return true;
		}
	}
	return false;
}

static void assert_gone(const struct spdm *s, const void *secret, size_t n)
{
	assert_false(holds(s, sizeof(*s), secret, n));
}

struct secrets {
	uint8_t signing[2][P384_SCALAR_SIZE];
	uint8_t ecdhe[P384_SCALAR_SIZE];
	uint8_t finished[2][SHA384_SIZE];
	uint8_t master[SHA384_SIZE];
	uint8_t data[2][AES256_KEY_SIZE];
};

/* Steps both until each is in this phase. */
static void run_to_phase(struct pair *p, enum spdm_phase phase)
{
	while (spdm_phase(&p->requester) != phase || spdm_phase(&p->responder) != phase) {
		enum status status = STATUS_PENDING;

		if (spdm_phase(&p->requester) != phase)
			status = spdm_step(&p->requester, &p->requester_io);
		assert_int_equal(status, STATUS_PENDING);
		if (spdm_phase(&p->responder) != phase)
			status = spdm_step(&p->responder, &p->responder_io);
		assert_int_equal(status, STATUS_PENDING);
	}
}

static void secrets_go_as_soon_as_they_can(void **state)
{
	struct pair *p = pair_new(100, 100);
	struct secrets x;

	(void)state;
	do {
		assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
		if (spdm_phase(&p->requester) == SPDM_PHASE_KEY_EXCHANGE &&
			p->requester.wait == SPDM_WAIT_RX)
			break;
		assert_int_equal(spdm_step(&p->responder, &p->responder_io), STATUS_PENDING);
	} while (true);
	memcpy(x.ecdhe, p->requester.secrets.ecdhe_scalar, sizeof(x.ecdhe));
	memcpy(x.signing[0], p->requester.signing_scalar, sizeof(x.signing[0]));
	memcpy(x.signing[1], p->responder.signing_scalar, sizeof(x.signing[1]));
	assert_true(holds(&p->requester, sizeof(p->requester), x.ecdhe, sizeof(x.ecdhe)));

	run_to_phase(p, SPDM_PHASE_ATTEST);
	assert_gone(&p->requester, x.ecdhe, sizeof(x.ecdhe));
	assert_gone(&p->responder, x.signing[1], sizeof(x.signing[1]));
	memcpy(x.finished[0], p->requester.secrets.handshake.request_finished, SHA384_SIZE);
	memcpy(x.finished[1], p->requester.secrets.handshake.response_finished, SHA384_SIZE);
	memcpy(x.master, p->requester.secrets.handshake.master, SHA384_SIZE);
	assert_memory_equal(&p->requester.secrets.handshake, &p->responder.secrets.handshake,
		sizeof(p->requester.secrets.handshake));

	run_to_phase(p, SPDM_PHASE_MIGRATION_INFO);
	assert_gone(&p->requester, x.signing[0], sizeof(x.signing[0]));
	for (int i = 0; i < 2; i++) {
		const struct spdm *s = i == 0 ? &p->requester : &p->responder;

		assert_gone(s, x.finished[0], SHA384_SIZE);
		assert_gone(s, x.finished[1], SHA384_SIZE);
		assert_gone(s, x.master, SHA384_SIZE);
	}
	memcpy(x.data[0], p->requester.secrets.data.request.key, AES256_KEY_SIZE);
	memcpy(x.data[1], p->requester.secrets.data.response.key, AES256_KEY_SIZE);

	run_to_phase(p, SPDM_PHASE_END);
	for (size_t i = 0; i < ELEMENTS_MAX; i++) {
		if (p->source.out[i].type == ELEMENT_FORWARD_KEY)
			assert_gone(&p->responder, p->source.out[i].bytes, 32);
		if (p->source.out[i].type == ELEMENT_FORWARD_KEY)
			assert_gone(&p->requester, p->source.out[i].bytes, 32);
		if (p->destination.out[i].type == ELEMENT_BACKWARD_KEY)
			assert_gone(&p->responder, p->destination.out[i].bytes, 32);
		if (p->destination.out[i].type == ELEMENT_BACKWARD_KEY)
			assert_gone(&p->requester, p->destination.out[i].bytes, 32);
	}
	pair_run(p);
	assert_int_equal(p->requester_status, STATUS_OK);
	assert_gone(&p->requester, x.data[0], AES256_KEY_SIZE);
	assert_gone(&p->requester, x.data[1], AES256_KEY_SIZE);
	pair_free(p);
}

/* --- failures ------------------------------------------------------------------------------ */

static void aborted_at_any_step_nothing_is_left(void **state)
{
	(void)state;
	for (int requester = 0; requester < 2; requester++) {
		for (unsigned steps = 0; steps < 1000; steps += 7) {
			struct pair *p = pair_new(600, 100);
			struct spdm *s = requester ? &p->requester : &p->responder;
			bool done = false;

			p->weather = (struct weather){.rx_max = 50, .tx_room_max = 50,
				.in_flight_max = 60};
			for (unsigned i = 0; i < steps && !done; i++) {
				done = spdm_step(&p->requester, &p->requester_io) == STATUS_OK;
				done &= spdm_step(&p->responder, &p->responder_io) == STATUS_OK;
			}
			spdm_abort(s, requester ? &p->requester_io : &p->responder_io, ERR_TIMEOUT);
			assert_wiped(s);
			assert_true(s->status == ERR_TIMEOUT || s->status == STATUS_OK);
			pair_free(p);
			if (done)
				break;
		}
	}
}

/* --- stack --------------------------------------------------------------------------------- */

#define STACK_SIZE 65536
#define STACK_LOOK 8192	/* more than a step needs */
#define PAINT 0xA5

static uint8_t stack[2][STACK_SIZE] __attribute__((aligned(64)));
static ucontext_t here, there;
static struct {
	struct spdm *s;
	const struct stream *io;
	enum status status;
} step_args;

static void step_on_stack(void)
{
	step_args.status = spdm_step(step_args.s, step_args.io);
}

static enum status step_painted(struct spdm *s, const struct stream *io, uint8_t *on)
{
	step_args.s = s;
	step_args.io = io;
	getcontext(&there);
	there.uc_stack.ss_sp = on;
	there.uc_stack.ss_size = STACK_SIZE;
	there.uc_link = &here;
	makecontext(&there, step_on_stack, 0);
	swapcontext(&here, &there);
	return step_args.status;
}

static size_t painted_peak(const uint8_t *on)
{
	size_t clean = 0;

	while (clean < STACK_SIZE && on[clean] == PAINT)
		clean++;
	return STACK_SIZE - clean;
}

/* All secrets that either engine had after any step, and the keys that were exchanged. */
struct kept {
	uint8_t bytes[200][16];
	size_t count;
};

static void keep(struct kept *k, const uint8_t *secret, size_t n)
{
	static const uint8_t zeros[16];

	for (size_t i = 0; i + 16 <= n; i += 16) {
		bool known = memcmp(secret + i, zeros, 16) == 0;

		for (size_t j = 0; j < k->count && !known; j++)
			known = memcmp(k->bytes[j], secret + i, 16) == 0;
		if (known)
			continue;
		assert_true(k->count < ARRAY_SIZE(k->bytes));
		memcpy(k->bytes[k->count++], secret + i, 16);
	}
}

static void keep_all(struct kept *k, const struct spdm *s)
{
	keep(k, s->signing_scalar, sizeof(s->signing_scalar));
	if (spdm_phase(s) >= SPDM_PHASE_MIGRATION_INFO && spdm_phase(s) < SPDM_PHASE_DONE) {
		keep(k, s->secrets.data.request.key, AES256_KEY_SIZE);
		keep(k, s->secrets.data.response.key, AES256_KEY_SIZE);
	} else {
		keep(k, (const uint8_t *)&s->secrets, sizeof(s->secrets.handshake));
	}
}

static const uint8_t *element_bytes(const struct owner *o, enum vdm_element type)
{
	for (size_t i = 0; i < o->out_count; i++) {
		if (o->out[i].type == type)
			return o->out[i].bytes;
	}
	fail();
	return NULL;
}

static void assert_clean(const struct kept *k, const uint8_t *on, const struct spdm *s)
{
	for (size_t i = 0; i < k->count; i++) {
		if (holds(on + STACK_SIZE - STACK_LOOK, STACK_LOOK, k->bytes[i], 16))
			fail_msg("the stack holds secret %zu in phase %d", i, spdm_phase(s));
	}
}

static void no_secret_stays_on_the_stack(void **state)
{
	struct pair *p = pair_new(600, 100);
	struct kept kept = {.count = 0};
	enum status requester, responder;

	(void)state;
	memset(stack, PAINT, sizeof(stack));
	keep(&kept, element_bytes(&p->source, ELEMENT_FORWARD_KEY), 32);
	keep(&kept, element_bytes(&p->destination, ELEMENT_BACKWARD_KEY), 32);
	do {
		requester = step_painted(&p->requester, &p->requester_io, stack[0]);
		keep_all(&kept, &p->requester);
		assert_clean(&kept, stack[0], &p->requester);
		responder = step_painted(&p->responder, &p->responder_io, stack[1]);
		keep_all(&kept, &p->responder);
		assert_clean(&kept, stack[1], &p->responder);
	} while (requester == STATUS_PENDING || responder == STATUS_PENDING);
	assert_int_equal(requester, STATUS_OK);
	assert_true(kept.count >= 20);
	pair_free(p);
}

/* Crypto of the library included; what the design allows the whole TD is 16 KiB. */
static void the_stack_of_a_step_is_small(void **state)
{
	struct pair *p = pair_new(5006, 3001);
	enum status requester, responder;

	(void)state;
	memset(stack, PAINT, sizeof(stack));
	do {
		requester = step_painted(&p->requester, &p->requester_io, stack[0]);
		responder = step_painted(&p->responder, &p->responder_io, stack[1]);
	} while (requester == STATUS_PENDING || responder == STATUS_PENDING);
	assert_int_equal(requester, STATUS_OK);
	assert_int_equal(responder, STATUS_OK);
	print_message("sizeof(struct spdm) = %zu; stack of a step: requester %zu, responder %zu\n",
		sizeof(struct spdm), painted_peak(stack[0]), painted_peak(stack[1]));
	assert_true(painted_peak(stack[0]) < 8192);
	assert_true(painted_peak(stack[1]) < 8192);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(secrets_go_as_soon_as_they_can, seed),
		cmocka_unit_test_setup(aborted_at_any_step_nothing_is_left, seed),
		cmocka_unit_test_setup(no_secret_stays_on_the_stack, seed),
		cmocka_unit_test_setup(the_stack_of_a_step_is_small, seed),
	};

	support_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
