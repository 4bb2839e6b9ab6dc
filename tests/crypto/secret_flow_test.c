/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Runs under valgrind with every secret marked as undefined: a branch or an address that depends
 * on one is then reported as an error.  Only the symmetric operations: hogweed asserts on carries
 * that are always zero, which this method cannot tell from a leak.
 *
 * Prints what it found; exits 0 if only the deliberate leak was seen, 77 outside valgrind.
 */
#include <stdio.h>
#include <valgrind/memcheck.h>

#include "crypto/crypto.h"

static _Alignas(16) uint8_t arena[CRYPTO_ARENA_SIZE];
static uint8_t key[48], iv[12], aad[14], text[700], cipher[700], tag[16], mac[48];

static void hide(void *secret, size_t n)
{
	VALGRIND_MAKE_MEM_UNDEFINED(secret, n);
}

static void show(void *result, size_t n)
{
	VALGRIND_MAKE_MEM_DEFINED(result, n);
}

static void leak(void)
{
	if (key[0] == 7)
		printf("seven\n");
}

static void do_hmac(void)
{
	hide(text, sizeof(text));
	hmac_sha384(key, sizeof(key), text, sizeof(text), mac);
}

static void do_hkdf(void)
{
	uint8_t out[32];
	hkdf_sha384_extract(key, sizeof(key), text, 48, mac);
	hkdf_sha384_expand(mac, aad, sizeof(aad), out, sizeof(out));
}

static void do_gcm(void)
{
	hide(text, sizeof(text));
	aes256gcm_seal(key, iv, aad, sizeof(aad), text, sizeof(text), cipher, tag);
	show(cipher, sizeof(cipher));
	show(tag, sizeof(tag));
	tag[0] ^= 1;
	if (aes256gcm_open(key, iv, aad, sizeof(aad), cipher, sizeof(cipher), tag, text)
	    == STATUS_OK)
		printf("forged\n");
}

static void do_equal(void)
{
	uint8_t copy[48];
	memcpy(copy, key, sizeof(copy));
	volatile bool same = ct_equal(copy, key, sizeof(copy));
	(void)same;
}

static void no_random(void *ctx, uint8_t *to, size_t n)
{
	(void)ctx;
	memset(to, 0, n);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
		unsigned expected;
	} cases[] = {
		{"a deliberate leak", leak, 1},
		{"hmac_sha384", do_hmac, 0},
		{"hkdf_sha384", do_hkdf, 0},
		{"aes256gcm", do_gcm, 1},	/* the verdict itself */
		{"ct_equal", do_equal, 0},
	};
	bool good = true;
	if (!RUNNING_ON_VALGRIND) {
		printf("SKIPPED: not under valgrind\n");
		return 77;
	}
	crypto_init(arena, sizeof(arena), no_random, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const unsigned before = (unsigned)VALGRIND_COUNT_ERRORS;
		hide(key, sizeof(key));
		cases[i].run();
		show(key, sizeof(key));
		show(text, sizeof(text));
		show(mac, sizeof(mac));
		const unsigned found = (unsigned)VALGRIND_COUNT_ERRORS - before;
		printf("%-20s %u of %u\n", cases[i].name, found, cases[i].expected);
		good = good && found == cases[i].expected;
	}
	return good ? 0 : 1;
}
