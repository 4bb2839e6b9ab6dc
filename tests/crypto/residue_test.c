/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What an operation takes and what it leaves behind: the bignum arena's peak, the stack's depth,
 * and that neither they nor the vector registers hold anything afterwards.
 */
#include "crypto/library.h"

#include <stdio.h>
#include <ucontext.h>

#include "crypto/aes_key.h"
#include "crypto/internal.h"
#include "mem/stack_mark.h"
#include "support.h"

#define STACK_SIZE 16384u
/* The public function's own frame and what its last calls left right below it. */
#define FRAME_MAX 160u

static uint8_t scalar[48], point[96], peer[96], digest[48], signature[96], z[48];
static uint8_t point256[64], digest256[32], signature256[64];
static uint8_t key[32], iv[12], aad[14], text[1500], cipher[1500], tag[16], prk[48], okm[48];

static enum status verdict;

static void do_point(void) { verdict = p384_point_valid(peer) ? STATUS_OK : ERR_CRYPTO; }
static void do_point256(void) { verdict = p256_point_valid(point256) ? STATUS_OK : ERR_CRYPTO; }
static void do_generate(void) { verdict = p384_generate(scalar, point); }
static void do_ecdh(void) { verdict = p384_ecdh(scalar, peer, z); }
static void do_sign(void) { verdict = p384_sign(scalar, digest, signature); }
static void do_verify(void) { verdict = p384_verify(point, digest, signature); }
static void do_verify256(void) { verdict = p256_verify(point256, digest256, signature256); }

static void do_seal(void)
{
	aes256gcm_seal(key, iv, aad, sizeof(aad), text, sizeof(text), cipher, tag);
	verdict = STATUS_OK;
}

static void do_open(void)
{
	verdict = aes256gcm_open(key, iv, aad, sizeof(aad), cipher, sizeof(cipher), tag, text);
}

static void do_hmac(void)
{
	hmac_sha384(key, sizeof(key), text, sizeof(text), prk);
	verdict = STATUS_OK;
}

static void do_extract(void)
{
	hkdf_sha384_extract(key, sizeof(key), z, sizeof(z), prk);
	verdict = STATUS_OK;
}

static void do_expand(void)
{
	hkdf_sha384_expand(prk, digest, sizeof(digest), okm, sizeof(okm));
	verdict = STATUS_OK;
}

static const struct operation {
	const char *name;
	void (*run)(void);
	size_t arena;		/* what is reserved */
	size_t stack;		/* what is wiped below the public function; 0 for public inputs */
} operations[] = {
	{"p384_point_valid", do_point, ARENA_P384_POINT, 0},
	{"p256_point_valid", do_point256, ARENA_P256_POINT, 0},
	{"p384_generate", do_generate, ARENA_P384_GENERATE, STACK_CURVE},
	{"p384_ecdh", do_ecdh, ARENA_P384_ECDH, STACK_CURVE},
	{"p384_sign", do_sign, ARENA_P384_SIGN, STACK_CURVE},
	{"p384_verify", do_verify, ARENA_P384_VERIFY, 0},
	{"p256_verify", do_verify256, ARENA_P256_VERIFY, 0},
	{"aes256gcm_seal", do_seal, ARENA_GCM, STACK_HASH},
	{"aes256gcm_open", do_open, ARENA_GCM, STACK_HASH},
	{"hmac_sha384", do_hmac, 0, STACK_HASH},
	{"hkdf_sha384_extract", do_extract, 0, STACK_HASH},
	{"hkdf_sha384_expand", do_expand, 0, STACK_HASH},
};

static int residue_setup(void **state)
{
	crypto_setup(state);
	test_random_fill(&test_random, key, sizeof(key));
	test_random_fill(&test_random, iv, sizeof(iv));
	test_random_fill(&test_random, text, sizeof(text));
	/* RFC 6979, A.2.5: P-256 with SHA-256 over "sample" */
	HEX(point256, "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
		"7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
	HEX(signature256, "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
		"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
	struct sha256 h;
	sha256_init(&h);
	sha256_update(&h, (const uint8_t *)"sample", 6);
	sha256_final(&h, digest256);
	return p384_generate(z, peer) == STATUS_OK ? 0 : -1;
}

/* --- running on a painted stack ------------------------------------------------------------ */

static ucontext_t tester, runner;
static _Alignas(4096) uint8_t stack[STACK_SIZE];
static uint8_t left[STACK_SIZE];	/* the stack as the operation left it */
static void (*to_run)(void);
static uint8_t *frame;

/* What FXSAVE writes; XMM0 to XMM15 lie in it. */
static _Alignas(16) uint8_t fx[512];
#define XMM_AT 160
#define XMM_SIZE 256

static void run_on_stack(void)
{
	frame = __builtin_frame_address(0);
	to_run();
	__asm__ volatile("fxsave %0" : "=m"(fx));
	/* Copied here and by volatile accesses: any call would overwrite what was left. */
	for (size_t i = 0; i < STACK_SIZE; i += 8)
		*(volatile uint64_t *)(void *)(left + i) = *(volatile uint64_t *)(void *)(stack + i);
}

/* Returns the bytes of stack the operation used below its caller. */
static size_t run(const struct operation *o)
{
	stack_paint(stack, stack + STACK_SIZE);
	to_run = o->run;
	getcontext(&runner);
	runner.uc_stack.ss_sp = stack;
	runner.uc_stack.ss_size = STACK_SIZE;
	runner.uc_link = &tester;
	makecontext(&runner, run_on_stack, 0);
	assert_int_equal(swapcontext(&tester, &runner), 0);
	assert_int_equal(verdict, STATUS_OK);
	return stack_peak(left, left + STACK_SIZE) - (size_t)(stack + STACK_SIZE - frame);
}

static bool sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
	return __has_feature(address_sanitizer);
#else
	return false;
#endif
}

static void each_operation_stays_within_what_is_reserved_for_it(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
		const struct operation *o = &operations[i];
		crypto_init(test_arena, sizeof(test_arena), test_random_fill, &test_random);
		o->run();
		assert_int_equal(verdict, STATUS_OK);
		const size_t peak = crypto_arena_peak();
		printf("%-20s arena %4zu of %4zu\n", o->name, peak, o->arena);
		assert_true(peak <= o->arena);
		assert_true((peak == 0) == (o->arena == 0));
		/* A figure that no longer says anything about the operation is wrong too. */
		assert_true(o->arena <= peak + peak / 4 + 128);
	}
}

static void the_worst_operation_leaves_a_quarter_of_the_arena_free(void **state)
{
	(void)state;
	crypto_init(test_arena, sizeof(test_arena), test_random_fill, &test_random);
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++)
		operations[i].run();
	assert_true(crypto_arena_peak() <= CRYPTO_ARENA_SIZE - CRYPTO_ARENA_SIZE / 4);
	assert_true(crypto_arena_peak() > CRYPTO_ARENA_SIZE / 2);
}

static void the_arena_is_empty_and_zero_after_each_operation(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
		operations[i].run();
		assert_int_equal(crypto_arena_used(), 0);
		for (size_t k = CRYPTO_STATE_SIZE; k < sizeof(test_arena); k++)
			assert_int_equal(test_arena[k], 0);
	}
}

static void failing_operations_leave_the_arena_empty_and_zero_too(void **state)
{
	uint8_t bad_point[96] = {0}, bad_scalar[48] = {0}, bad_tag[16] = {0}, out[1500];

	(void)state;
	for (unsigned i = 0; i < 7; i++) {
		enum status s = STATUS_OK;
		test_random.stuck = i == 0 ? 2 : 0;
		switch (i) {
		case 0: s = p384_generate(out, out + 48); break;
		case 1: s = p384_ecdh(scalar, bad_point, out); break;
		case 2: s = p384_ecdh(bad_scalar, peer, out); break;
		case 3: s = p384_sign(bad_scalar, digest, out); break;
		case 4: s = p384_verify(bad_point, digest, signature); break;
		case 5: s = p256_verify(point256, digest, signature256); break;
		case 6: s = aes256gcm_open(key, iv, aad, sizeof(aad), cipher, sizeof(cipher),
			bad_tag, out); break;
		}
		assert_int_not_equal(s, STATUS_OK);
		assert_int_equal(crypto_arena_used(), 0);
		for (size_t k = CRYPTO_STATE_SIZE; k < sizeof(test_arena); k++)
			assert_int_equal(test_arena[k], 0);
	}
}

static void blocks_given_back_in_any_order_are_wiped_and_return(void **state)
{
	uint8_t *block[5];

	(void)state;
	arena_begin(CRYPTO_ARENA_SIZE - CRYPTO_STATE_SIZE);
	for (unsigned order = 0; order < 120; order++) {
		bool given[5] = {false};
		unsigned rest = order;
		for (unsigned i = 0; i < 5; i++) {
			block[i] = arena_take(40 * i + 1);
			assert_int_equal((uintptr_t)block[i] % ARENA_ALIGN, 0);
			memset(block[i], 0xee, 40 * i + 1);
		}
		for (unsigned left_over = 5; left_over > 0; left_over--) {
			unsigned pick = rest % left_over, i = 0;
			rest /= left_over;
			for (;; i++) {
				if (!given[i] && pick-- == 0)
					break;
			}
			assert_int_equal(block[i][40 * i], 0xee);
			arena_give(block[i], 40 * i + 1);
			given[i] = true;
			assert_int_equal(block[i][0] | block[i][40 * i], 0);
		}
		assert_int_equal(crypto_arena_used(), 0);
	}
}

static void every_operation_is_counted(void **state)
{
	(void)state;
	crypto_init(test_arena, sizeof(test_arena), test_random_fill, &test_random);
	const struct crypto_counters *c = crypto_counters();
	assert_int_equal(c->p384_generate | c->p384_ecdh | c->p384_sign | c->p384_verify
		| c->p256_verify | c->aead_bytes | c->sha384_bytes, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++)
		operations[i].run();
	assert_int_equal(c->p384_generate, 1);
	assert_int_equal(c->p384_ecdh, 1);
	assert_int_equal(c->p384_sign, 1);
	assert_int_equal(c->p384_verify, 1);
	assert_int_equal(c->p256_verify, 1);
	assert_int_equal(c->aead_bytes, 2 * sizeof(text));
	assert_true(c->sha384_bytes > sizeof(text));
}

static void two_states_know_nothing_of_each_other(void **state)
{
	static _Alignas(16) uint8_t others[CRYPTO_ARENA_SIZE];
	struct test_random random = {.seed = 1};
	uint8_t drawn[2][16];

	(void)state;
	struct crypto *const first =
		crypto_init(test_arena, sizeof(test_arena), test_random_fill, &test_random);
	struct crypto *const second = crypto_init(others, sizeof(others), test_random_fill, &random);
	crypto_random(drawn[0], sizeof(drawn[0]));
	assert_int_equal(random.calls, 1);
	crypto_select(first);
	operations[0].run();
	const size_t peak = crypto_arena_peak();
	assert_int_not_equal(peak, 0);
	crypto_select(second);
	assert_int_equal(crypto_arena_peak(), 0);
	crypto_random(drawn[1], sizeof(drawn[1]));
	assert_int_equal(random.calls, 2);
	assert_memory_not_equal(drawn[0], drawn[1], sizeof(drawn[0]));
	crypto_select(first);
	assert_int_equal(crypto_arena_peak(), peak);
}

/* Words between the deepest byte of the stack and `gap` bytes below the caller's frame. */
static size_t words_left(size_t gap)
{
	size_t words = 0;
	for (const uint8_t *at = left; at < left + (frame - stack) - gap; at += 8) {
		const uint64_t word = *(const uint64_t *)(const void *)at;
		words += word != 0 && word != STACK_MARK;
	}
	return words;
}

/* True if any eight bytes in a row of the secret lie on the stack, in either byte order. */
static bool secret_left(const uint8_t *secret, size_t n)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		uint64_t part, word;
		memcpy(&part, secret + i, 8);
		for (size_t at = 0; at + 8 <= STACK_SIZE; at++) {
			memcpy(&word, left + at, 8);
			if (word == part || word == __builtin_bswap64(part))
				return true;
		}
	}
	return false;
}

static void the_stack_below_a_secret_operation_is_wiped(void **state)
{
	(void)state;
	if (sanitized())
		skip();
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++)
		operations[i].run();	/* fill the inputs, and let the library choose its code */
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
		const struct operation *o = &operations[i];
		const size_t used = run(o);
		const size_t words = words_left(FRAME_MAX);
		printf("%-20s stack %4zu, words left %zu\n", o->name, used, words);
		assert_true(used <= STACK_CURVE + FRAME_MAX);
		if (o->stack == 0) {
			/* Public inputs: nothing is wiped, so what the test looks for is there. */
			assert_int_not_equal(words, 0);
			continue;
		}
		assert_true(used >= o->stack);
		assert_int_equal(words, 0);
		assert_false(secret_left(scalar, sizeof(scalar)));
		assert_false(secret_left(z, sizeof(z)));
		assert_false(secret_left(key, sizeof(key)));
		assert_false(secret_left(prk, sizeof(prk)));
		assert_false(secret_left(okm, sizeof(okm)));
	}
}

static void leaky(void)
{
	uint8_t copy[48];
	memcpy(copy, z, sizeof(z));
	__asm__ volatile("" : : "r"(copy) : "memory");
	verdict = STATUS_OK;
}

static void a_secret_left_on_the_stack_would_be_found(void **state)
{
	const struct operation o = {.name = "leaky", .run = leaky};

	(void)state;
	if (sanitized())
		skip();
	run(&o);
	assert_true(secret_left(z, sizeof(z)));
}

static void the_vector_registers_are_zero_after_a_secret_operation(void **state)
{
	(void)state;
	if (sanitized())
		skip();
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
		if (operations[i].stack == 0)
			continue;
		run(&operations[i]);
		for (unsigned k = 0; k < XMM_SIZE; k++)
			if (fx[XMM_AT + k] != 0)
				fail_msg("%s leaves XMM%u", operations[i].name, k / 16);
	}
}

static struct aes256_ctx round_keys;

static void encrypt(void)
{
	aes256_expand_key(&round_keys, key);
	nettle_aes256_encrypt(&round_keys, 16, cipher, text);
	verdict = STATUS_OK;
}

static void a_round_key_left_in_a_register_would_be_found(void **state)
{
	const struct operation o = {.name = "encrypt", .run = encrypt};
	const uint8_t *last = (const uint8_t *)round_keys.keys + sizeof(round_keys.keys) - 16;
	bool found = false;

	(void)state;
	if (sanitized())
		skip();
	run(&o);
	for (unsigned i = 0; i < XMM_SIZE; i += 16)
		found |= memcmp(fx + XMM_AT + i, last, 16) == 0;
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operation_stays_within_what_is_reserved_for_it),
		cmocka_unit_test(the_worst_operation_leaves_a_quarter_of_the_arena_free),
		cmocka_unit_test(the_arena_is_empty_and_zero_after_each_operation),
		cmocka_unit_test(failing_operations_leave_the_arena_empty_and_zero_too),
		cmocka_unit_test(blocks_given_back_in_any_order_are_wiped_and_return),
		cmocka_unit_test(every_operation_is_counted),
		cmocka_unit_test(two_states_know_nothing_of_each_other),
		cmocka_unit_test(the_stack_below_a_secret_operation_is_wiped),
		cmocka_unit_test(a_secret_left_on_the_stack_would_be_found),
		cmocka_unit_test(the_vector_registers_are_zero_after_a_secret_operation),
		cmocka_unit_test(a_round_key_left_in_a_register_would_be_found),
	};
	return cmocka_run_group_tests(tests, residue_setup, NULL);
}
