/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* P-384 and P-256 against published values and OpenSSL, with good and with stuck randomness. */
#include <openssl/hmac.h>

#include "curves.h"

/* Public values of the recorded migration: points x | y, signatures r | s. */
#define REQUESTER_KEY \
	"89f42516dcc56ba6c5c6c6d9a0e5a5115c302a78c11bd69baa58c9f627291186" \
	"549ca4c41ca2e6de6359ecbeb13088306de82cbb3a76f1425c30a9f02d9e4675" \
	"4ac9a374340229ae09b16238170393aa88de16fb33a2e241c7b30883916da571"
#define RESPONDER_KEY \
	"1e8f8fa8f4f6e0706245151ad6045ba8b0aae5ffd33f0f58708bd05d705094a3" \
	"7ca933027a34276d55c73387135d09524a01b6446c2c3aaec3c3f478bf9a1cbb" \
	"d000b24c9a2a22107eb758aedcd984bdcea14384edc47a5aa6d2d7586beb2949"
#define REQUESTER_SHARE \
	"2042877579155137fea9e2ac2dec6bf3f46c0e7605302cccd8e2b686dd7c2426" \
	"3cd353caa2b6b26a469de15c5fb4304477aaa917fec3d52ee2942ec1fbc1fcf2" \
	"b7c3a5fde36afd226da2ad7e791cd7eaf64f83ea212a75eca40b5f6e3f4f6fa3"
#define RESPONDER_SHARE \
	"1b956d21035a4e5acfbe4d963418be799adb925d67af86894033d2cab0e966c0" \
	"147e7584e0b5213e8d7f84b3b5c1fe5ffaa260cea47038c708d7404c16c51753" \
	"0a1afaf0f190e4ff08d8b694e333e3d85847d11040a64b81826cd3fe94746217"
#define KEY_EXCHANGE_SIGNATURE \
	"0f5df6365522d67b76251490b822e7fb404052f6d6322cacfaa09ef0a11ec5ac" \
	"23ff6e8c00accc2bbd615658a7a9d03ac34968982a81ee548d02b4cadade9df2" \
	"b0049ed25fae2315532fa977b72ef04bb5d79848d422df34769735d32383acec"
#define FINISH_SIGNATURE \
	"3bb3d01920029fa9420688ed0d1bbfa2360f5ff8ffc1eacf100bfec274ac80db" \
	"af6b9896ad9bf66b69e82aaf65113a89f681c46b675548298209fe68045f8e07" \
	"c80cd0d20e05e770bb7949bcc47d2d401e6ede36e3f9a41cc317309c74794549"

/* --- published values ---------------------------------------------------------------------- */

static void ecdh_gives_the_nist_vector(void **state)
{
	uint8_t scalar[48], peer[96], z[48];

	(void)state;
	HEX(scalar, "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774"
		"ad463b205da88cf699ab4d43c9cf98a1");
	HEX(peer, "a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272"
		"734466b400091adbf2d68c58e0c50066ac68f19f2e1cb879aed43a9969b91a08"
		"39c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc8437a");
	assert_int_equal(p384_ecdh(scalar, peer, z), STATUS_OK);
	assert_bytes_are(z, "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457"
		"e5621e766c40a2e3d4d6a04b25e533f1");
}

static void the_recorded_migration_gives_its_shared_secret_on_both_sides(void **state)
{
	uint8_t scalar[48], peer[96], z[48];
	static const char secret[] = "a979608c487d81b7e3b18c59880eebf879a931cc7caa59db"
		"883002aed1cfaf96323f6f369a3cd79372ced5ff531cf179";

	(void)state;
	HEX(scalar, "00d4b875555929563ce2d6b609ea25aea42f8475ef492d1d6fa45936f9bdb89a"
		"9e533a88c72231dfd1238a4c78d66d20");
	HEX(peer, RESPONDER_SHARE);
	assert_int_equal(p384_ecdh(scalar, peer, z), STATUS_OK);
	assert_bytes_are(z, secret);
	HEX(scalar, "006b014bc5bcd82fd3981c1a29427bd93b9db1a2485a7e23fbe9fea0a4182d0f"
		"7e3ac15c4deb021846218eae624de4e6");
	HEX(peer, REQUESTER_SHARE);
	assert_int_equal(p384_ecdh(scalar, peer, z), STATUS_OK);
	assert_bytes_are(z, secret);
}

/* The digest of SPDM's 148 octets: prefix, context, transcript hash. */
static void spdm_digest(const char *context, const char *transcript_hash, uint8_t *digest)
{
	uint8_t octets[148] = {0};
	for (unsigned i = 0; i < 4; i++)
		memcpy(octets + 16 * i, "dmtf-spdm-v1.2.*", 16);
	memcpy(octets + 100 - strlen(context), context, strlen(context));
	hex(octets + 100, 48, transcript_hash);
	sha384(octets, sizeof(octets), digest);
}

static void the_recorded_migration_signatures_verify(void **state)
{
	uint8_t point[96], digest[48], signature[96];

	(void)state;
	HEX(point, RESPONDER_KEY);
	HEX(signature, KEY_EXCHANGE_SIGNATURE);
	spdm_digest("responder-key_exchange_rsp signing",
		"36d4cb004e8bddbd0b3a9f47cc8b21ed9a0703dbbd60687a68ed3b29504129dc"
		"bec25df19e3c5e69293e7c8031b6ae40", digest);
	assert_int_equal(p384_verify(point, digest, signature), STATUS_OK);
	HEX(point, REQUESTER_KEY);
	assert_int_equal(p384_verify(point, digest, signature), ERR_CRYPTO_SIGNATURE);
	HEX(signature, FINISH_SIGNATURE);
	spdm_digest("requester-finish signing",
		"3ec3390edfa4c90e692a73fe9d976c34b45db9b2f9179819575cad9059aa9754"
		"3d6e06b367d7cf51cae77222266fc5e4", digest);
	assert_int_equal(p384_verify(point, digest, signature), STATUS_OK);
}

static void the_signatures_of_rfc_6979_verify(void **state)
{
	uint8_t scalar[48], point[96], digest[48], signature[96];
	uint8_t point256[64], digest256[32], signature256[64];
	struct sha256 h;

	(void)state;
	HEX(scalar, "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8"
		"96d5724e4c70a825f872c9ea60d2edf5");
	BIGNUM *d = number(scalar, 48);
	public_of(p384, d, point);
	BN_free(d);
	sha384((const uint8_t *)"sample", 6, digest);
	HEX(signature, "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
		"81a648152e44acf96e36dd1e80fabe4699ef4aeb15f178cea1fe40db2603138f"
		"130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8");
	assert_int_equal(p384_verify(point, digest, signature), STATUS_OK);

	HEX(point256, "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
		"7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
	sha256_init(&h);
	sha256_update(&h, (const uint8_t *)"sample", 6);
	sha256_final(&h, digest256);
	HEX(signature256, "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
		"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
	assert_int_equal(p256_verify(point256, digest256, signature256), STATUS_OK);
}

/* --- beside OpenSSL ------------------------------------------------------------------------ */

static void generated_keys_are_what_openssl_computes(void **state)
{
	uint8_t scalar[48], point[96], theirs[96];

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		assert_int_equal(p384_generate(scalar, point), STATUS_OK);
		BIGNUM *d = number(scalar, 48);
		assert_true(!BN_is_zero(d) && BN_cmp(d, p384->n) < 0);
		public_of(p384, d, theirs);
		assert_memory_equal(point, theirs, 96);
		assert_true(p384_point_valid(point));
		BN_free(d);
	}
}

static void shared_secrets_are_what_openssl_computes(void **state)
{
	uint8_t scalar[48], point[96], peer[96], z[48], theirs[48];

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		BIGNUM *d = random_scalar(p384);
		public_of(p384, d, peer);
		assert_int_equal(p384_generate(scalar, point), STATUS_OK);
		assert_int_equal(p384_ecdh(scalar, peer, z), STATUS_OK);

		EC_KEY *key = EC_KEY_new();
		EC_POINT *q = point_in(p384, point);
		EC_KEY_set_group(key, p384->group);
		EC_KEY_set_private_key(key, d);
		assert_int_equal(ECDH_compute_key(theirs, 48, q, key, NULL), 48);
		assert_memory_equal(z, theirs, 48);
		EC_POINT_free(q);
		EC_KEY_free(key);
		BN_free(d);
	}
}

static void signatures_verify_both_ways(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct signed_digest s;
		uint8_t scalar[48];
		assert_int_equal(p384_generate(scalar, s.point), STATUS_OK);
		test_random_fill(&test_random, s.digest, 48);
		assert_int_equal(p384_sign(scalar, s.digest, s.signature), STATUS_OK);
		assert_int_equal(verify(p384, &s), STATUS_OK);
		assert_true(openssl_verifies(p384, s.point, s.digest, s.signature));
		for (unsigned k = 0; k < 2; k++) {
			s = random_signed(&curves[k]);
			assert_int_equal(verify(&curves[k], &s), STATUS_OK);
		}
	}
}

static void a_flipped_bit_in_any_byte_is_rejected(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		const struct curve *c = &curves[k];
		struct signed_digest s = random_signed(c);
		for (size_t i = 0; i < 5 * c->bytes; i++) {
			uint8_t *byte = i < 2 * c->bytes ? &s.point[i]
				: i < 3 * c->bytes ? &s.digest[i - 2 * c->bytes]
				: &s.signature[i - 3 * c->bytes];
			const uint8_t bit = (uint8_t)(1u << i % 8);
			*byte ^= bit;
			assert_int_equal(verify(c, &s),
				i < 2 * c->bytes ? ERR_CRYPTO_POINT : ERR_CRYPTO_SIGNATURE);
			*byte ^= bit;
		}
		assert_int_equal(verify(c, &s), STATUS_OK);
	}
}

/* --- randomness ---------------------------------------------------------------------------- */

static void generation_draws_again_and_gives_up_on_a_broken_source(void **state)
{
	static const uint8_t zeros[96];
	uint8_t scalar[48], point[96];

	(void)state;
	for (unsigned kind = 0; kind < 2; kind++) {
		test_random.stuck_byte = kind == 0 ? 0 : 0xff;
		test_random.stuck = 1;
		test_random.calls = 0;
		assert_int_equal(p384_generate(scalar, point), STATUS_OK);
		assert_int_equal(test_random.calls, 2);
		assert_true(p384_point_valid(point));

		test_random.stuck = UINT32_MAX;
		assert_int_equal(p384_generate(scalar, point), ERR_CRYPTO);
		assert_memory_equal(scalar, zeros, 48);
		assert_memory_equal(point, zeros, 96);
		test_random.stuck = 0;
	}
}

static void a_nonce_is_hmac_of_randomness_over_scalar_and_digest(void **state)
{
	uint8_t scalar[48], point[96], digest[48], signature[96], input[96], nonce[48], R[96];

	(void)state;
	assert_int_equal(p384_generate(scalar, point), STATUS_OK);
	test_random_fill(&test_random, digest, 48);
	assert_int_equal(p384_sign(scalar, digest, signature), STATUS_OK);
	memcpy(input, scalar, 48);
	memcpy(input + 48, digest, 48);
	assert_non_null(HMAC(EVP_sha384(), test_random.last, 48, input, 96, nonce, NULL));
	BIGNUM *k = number(nonce, 48);
	public_of(p384, k, R);
	assert_memory_equal(signature, R, 48);
	BN_free(k);
}

static void a_stuck_source_repeats_no_nonce_for_another_digest_or_key(void **state)
{
	uint8_t scalar[2][48], point[2][96], digest[2][48], signature[4][96];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(p384_generate(scalar[i], point[i]), STATUS_OK);
		test_random_fill(&test_random, digest[i], 48);
	}
	test_random.stuck = UINT32_MAX;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(p384_sign(scalar[i / 2], digest[i % 2], signature[i]), STATUS_OK);
		assert_true(openssl_verifies(p384, point[i / 2], digest[i % 2], signature[i]));
		for (unsigned j = 0; j < i; j++)
			assert_memory_not_equal(signature[i], signature[j], 48);
	}
	test_random.stuck = 0;
	assert_int_equal(p384_sign(scalar[0], digest[0], signature[1]), STATUS_OK);
	assert_memory_not_equal(signature[0], signature[1], 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecdh_gives_the_nist_vector),
		cmocka_unit_test(the_recorded_migration_gives_its_shared_secret_on_both_sides),
		cmocka_unit_test(the_recorded_migration_signatures_verify),
		cmocka_unit_test(the_signatures_of_rfc_6979_verify),
		cmocka_unit_test(generated_keys_are_what_openssl_computes),
		cmocka_unit_test(shared_secrets_are_what_openssl_computes),
		cmocka_unit_test(signatures_verify_both_ways),
		cmocka_unit_test(a_flipped_bit_in_any_byte_is_rejected),
		cmocka_unit_test(generation_draws_again_and_gives_up_on_a_broken_source),
		cmocka_unit_test(a_nonce_is_hmac_of_randomness_over_scalar_and_digest),
		cmocka_unit_test(a_stuck_source_repeats_no_nonce_for_another_digest_or_key),
	};
	return cmocka_run_group_tests(tests, curves_setup, curves_teardown);
}
