/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The AES-256 key schedule (FIPS 197, 5.2) without tables.  nettle's own looks the S-box up in
 * memory by bytes of the key, which a host that watches the cache can see; its encryption and
 * GHASH proper run on AES-NI and PCLMULQDQ, which every processor with TDX has.
 *
 * Four bytes are worked on at once in a word; the arithmetic is that of GF(2^8).
 */
#include "crypto/library.h"

#include "crypto/aes_key.h"

#define KEY_WORDS 8u
#define BYTES(b) ((b) * 0x01010101u)

static uint32_t gf_double(uint32_t a)
{
	return (a & BYTES(0x7fu)) << 1 ^ (a >> 7 & BYTES(1u)) * 0x1b;
}

static uint32_t gf_multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;
	for (unsigned bit = 0; bit < 8; bit++) {
		product ^= a & (b >> bit & BYTES(1u)) * 0xff;
		a = gf_double(a);
	}
	return product;
}

/* a^254: the inverse, and 0 for 0. */
static uint32_t gf_invert(uint32_t a)
{
	const uint32_t a2 = gf_multiply(a, a);
	const uint32_t a3 = gf_multiply(a2, a);
	const uint32_t a6 = gf_multiply(a3, a3);
	const uint32_t a12 = gf_multiply(a6, a6);
	uint32_t power = gf_multiply(a12, a3);	/* 15 */
	for (unsigned i = 0; i < 4; i++)
		power = gf_multiply(power, power);	/* 30, 60, 120, 240 */
	power = gf_multiply(power, a12);	/* 252 */
	return gf_multiply(power, a2);
}

/* Each byte rotated left by n bits. */
static uint32_t rotate_bytes(uint32_t a, unsigned n)
{
	const uint32_t low = BYTES((1u << n) - 1);
	return (a << n & ~low) | (a >> (8 - n) & low);
}

static uint32_t sub_word(uint32_t a)
{
	const uint32_t i = gf_invert(a);
	return i ^ rotate_bytes(i, 1) ^ rotate_bytes(i, 2) ^ rotate_bytes(i, 3)
		^ rotate_bytes(i, 4) ^ BYTES(0x63u);
}

void aes256_expand_key(struct aes256_ctx *aes, const uint8_t key[AES256_KEY_SIZE])
{
	/* Words are little-endian in the library, so RotWord turns right. */
	uint32_t *w = aes->keys;
	uint32_t round_constant = 1;
	memcpy(w, key, AES256_KEY_SIZE);
	for (size_t i = KEY_WORDS; i < ARRAY_SIZE(aes->keys); i++) {
		uint32_t t = w[i - 1];
		if (i % KEY_WORDS == 0) {
			t = sub_word(t >> 8 | t << 24) ^ round_constant;
			round_constant = gf_double(round_constant);
		} else if (i % KEY_WORDS == 4) {
			t = sub_word(t);
		}
		w[i] = w[i - KEY_WORDS] ^ t;
	}
}
