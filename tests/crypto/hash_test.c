/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Hashes, HMAC, HKDF, AES-256-GCM and the constant-time helpers. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "support.h"

enum { BUFFER = 2048 };

static uint8_t input[BUFFER];

static void fill(uint8_t *to, size_t n)
{
	test_random_fill(&test_random, to, n);
}

/* --- hashes -------------------------------------------------------------------------------- */

static void hashes_give_the_published_digests(void **state)
{
	uint8_t digest[SHA384_SIZE], digest256[SHA256_SIZE];
	struct sha256 h;

	(void)state;
	sha384((const uint8_t *)"abc", 3, digest);
	assert_bytes_are(digest, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
		"1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
	sha384(NULL, 0, digest);
	assert_bytes_are(digest, "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743"
		"4c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b");
	sha256_init(&h);
	sha256_update(&h, (const uint8_t *)"abc", 3);
	sha256_final(&h, digest256);
	assert_bytes_are(digest256,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void any_split_of_the_input_gives_the_digest_openssl_gives(void **state)
{
	uint8_t ours[EVP_MAX_MD_SIZE], theirs[EVP_MAX_MD_SIZE];

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		const size_t n = round < 300 ? round : test_random_below(BUFFER);
		struct sha384 h384;
		struct sha256 h256;
		fill(input, n);
		sha384_init(&h384);
		sha256_init(&h256);
		for (size_t done = 0, part; done < n; done += part) {
			part = 1 + test_random_below(200);
			part = part < n - done ? part : n - done;
			sha384_update(&h384, input + done, part);
			sha256_update(&h256, input + done, part);
		}
		sha384_update(&h384, NULL, 0);
		sha256_update(&h256, NULL, 0);
		sha384_final(&h384, ours);
		assert_int_equal(EVP_Digest(input, n, theirs, NULL, EVP_sha384(), NULL), 1);
		assert_memory_equal(ours, theirs, SHA384_SIZE);
		sha256_final(&h256, ours);
		assert_int_equal(EVP_Digest(input, n, theirs, NULL, EVP_sha256(), NULL), 1);
		assert_memory_equal(ours, theirs, SHA256_SIZE);
	}
}

static void a_peek_leaves_the_running_hash_alone(void **state)
{
	uint8_t peeked[SHA384_SIZE], whole[SHA384_SIZE], prefix[SHA384_SIZE];
	struct sha384 h;

	(void)state;
	fill(input, 400);
	sha384_init(&h);
	for (size_t n = 0; n < 400; n++) {
		sha384_peek(&h, peeked);
		sha384(input, n, prefix);
		assert_memory_equal(peeked, prefix, SHA384_SIZE);
		sha384_update(&h, input + n, 1);
	}
	sha384_final(&h, peeked);
	sha384(input, 400, whole);
	assert_memory_equal(peeked, whole, SHA384_SIZE);
}

static void a_final_wipes_the_running_hash(void **state)
{
	static const struct sha384 zero384;
	static const struct sha256 zero256;
	uint8_t digest[SHA384_SIZE];
	struct sha384 h384;
	struct sha256 h256;

	(void)state;
	sha384_init(&h384);
	sha384_final(&h384, digest);
	assert_memory_equal(&h384, &zero384, sizeof(h384));
	sha256_init(&h256);
	sha256_final(&h256, digest);
	assert_memory_equal(&h256, &zero256, sizeof(h256));
}

static void sha384_counts_its_bytes(void **state)
{
	uint8_t digest[SHA384_SIZE];

	(void)state;
	const uint64_t before = crypto_counters()->sha384_bytes;
	sha384(input, 1000, digest);
	assert_int_equal(crypto_counters()->sha384_bytes - before, 1000);
}

/* --- HMAC and HKDF ------------------------------------------------------------------------- */

static void hmac_gives_the_values_of_rfc_4231(void **state)
{
	uint8_t key[131], mac[SHA384_SIZE];

	(void)state;
	memset(key, 0x0b, 20);
	hmac_sha384(key, 20, (const uint8_t *)"Hi There", 8, mac);
	assert_bytes_are(mac, "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec6"
		"82aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6");
	memset(key, 0xaa, 131);
	hmac_sha384(key, 131,
		(const uint8_t *)"Test Using Larger Than Block-Size Key - Hash Key First", 54, mac);
	assert_bytes_are(mac, "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f"
		"3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952");
}

static void hmac_agrees_with_openssl_for_every_key_size(void **state)
{
	uint8_t key[300], mac[SHA384_SIZE], theirs[EVP_MAX_MD_SIZE];

	(void)state;
	for (unsigned key_size = 0; key_size <= 300; key_size++) {
		const size_t n = test_random_below(500);
		fill(key, key_size);
		fill(input, n);
		hmac_sha384(key, key_size, input, n, mac);
		assert_non_null(HMAC(EVP_sha384(), key, (int)key_size, input, n, theirs, NULL));
		assert_memory_equal(mac, theirs, SHA384_SIZE);
	}
	hmac_sha384(NULL, 0, NULL, 0, mac);
	assert_non_null(HMAC(EVP_sha384(), "", 0, input, 0, theirs, NULL));
	assert_memory_equal(mac, theirs, SHA384_SIZE);
}

static void openssl_hkdf(const char *mode, const uint8_t *key, size_t key_size, const uint8_t *salt,
	size_t salt_size, const uint8_t *info, size_t info_size, uint8_t *out, size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	char digest[] = "SHA384";
	char mode_text[16];
	memcpy(mode_text, mode, strlen(mode) + 1);
	union { const uint8_t *in; void *out; } k = {key}, s = {salt}, i = {info};
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, mode_text, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, k.out, key_size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, s.out, salt_size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, i.out, info_size),
		OSSL_PARAM_construct_end(),
	};
	assert_int_equal(EVP_KDF_derive(ctx, out, n, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void hkdf_agrees_with_openssl(void **state)
{
	uint8_t salt[64], info[128], prk[SHA384_SIZE], out[SHA384_SIZE], theirs[SHA384_SIZE];

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		const size_t salt_size = 1 + test_random_below(64);
		const size_t info_size = 1 + test_random_below(128);
		const size_t n = 1 + test_random_below(100);
		const size_t out_size = 1 + round % SHA384_SIZE;
		fill(salt, salt_size);
		fill(info, info_size);
		fill(input, n);
		hkdf_sha384_extract(salt, salt_size, input, n, prk);
		openssl_hkdf("EXTRACT_ONLY", input, n, salt, salt_size, info, info_size, theirs,
			SHA384_SIZE);
		assert_memory_equal(prk, theirs, SHA384_SIZE);

		memset(out, 0xee, sizeof(out));
		hkdf_sha384_expand(prk, info, info_size, out, out_size);
		openssl_hkdf("EXPAND_ONLY", prk, SHA384_SIZE, salt, salt_size, info, info_size,
			theirs, out_size);
		assert_memory_equal(out, theirs, out_size);
		for (size_t i = out_size; i < sizeof(out); i++)
			assert_int_equal(out[i], 0xee);
	}
}

/* The key schedule of the recorded migration, from Z to both data keys. */
static void the_key_schedule_gives_the_recorded_secrets(void **state)
{
	static const uint8_t zeros[SHA384_SIZE];
	uint8_t z[48], th[48], secret[48], salt[48], master[48], data[48], finished[48], mac[48];
	uint8_t key[32], iv[12], info[128];

	(void)state;
	HEX(z, "a979608c487d81b7e3b18c59880eebf879a931cc7caa59db883002aed1cfaf96"
		"323f6f369a3cd79372ced5ff531cf179");
	hkdf_sha384_extract(zeros, sizeof(zeros), z, sizeof(z), secret);
	assert_bytes_are(secret, "02b1e7dcaca2b286a902f25da8a1d385f0a329d1895a892ddf57cc8e04b0315d"
		"007e9d387b802c55c93fef78a368c583");
	hkdf_sha384_expand(secret, (const uint8_t *)"\x30\0spdm1.2 derived", 17, salt, 48);
	assert_bytes_are(salt, "67292730c12917267db9b68459126c533d5de43ac4f1800b6e3c226d1a2236d2"
		"3f10073b07bd72fc95cda2fda5f3ab81");
	hkdf_sha384_extract(salt, sizeof(salt), zeros, sizeof(zeros), master);
	assert_bytes_are(master, "f4883caf338fbcbe2eb611b5ab4255bb1bb32cfd8242968287deb2e414e8a854"
		"57de7c41159a10bf62e8ce73a3c9ed09");

	HEX(th, "e233e7de4d3b8aa8ecd7fd0d8043d41baf62c7311ce9ef30abd247c3e092582a"
		"88b351a62c34a7ac13dbe0162b82fd0b");
	memcpy(info, "\x30\0spdm1.2 req hs data", 21);
	memcpy(info + 21, th, 48);
	hkdf_sha384_expand(secret, info, 69, data, 48);
	assert_bytes_are(data, "80a7834d9e7155f74eb8b9b12b4593a50c18b77edc522060a3b0318d186224e6"
		"da0df41d4109b99abff7ecf35ee26a2c");
	hkdf_sha384_expand(data, (const uint8_t *)"\x30\0spdm1.2 finished", 18, finished, 48);
	assert_bytes_are(finished, "115822c6074fd126721188854d2275d1a13de78d7f8b06eb5f3e8f1eba183edc"
		"1c51c2b0188d95f36f84e23d043b32bc");

	HEX(th, "8644201a250201510f42bd6c7615637e7c92b6bd5a5b40a6abdb07b31364b951"
		"5e215e73649f7c8d76515d52671c7195");
	hmac_sha384(finished, 48, th, 48, mac);
	assert_bytes_are(mac, "7b98edf6db8df1ba7b8583a0f1c2f4902a712eedacc49962d973574444a24a5e"
		"2f253bc1b561bc2ca085d9212326a6fd");

	HEX(th, "4690a602af13978f0ce396b3a1f939572ba82398c0f182e836e9aaff334e3cd3"
		"e11be86ea66e4bd513597c07647b7aef");
	memcpy(info, "\x30\0spdm1.2 req app data", 22);
	memcpy(info + 22, th, 48);
	hkdf_sha384_expand(master, info, 70, data, 48);
	assert_bytes_are(data, "9fd633537f73fd2c59a8d6b9b4f5c389b8985fd20e831e112b1ff39aab92a16a"
		"9af43b9ccb9d2ec290f5c76d0c50d36d");
	hkdf_sha384_expand(data, (const uint8_t *)"\x20\0spdm1.2 key", 13, key, sizeof(key));
	assert_bytes_are(key, "147fe9eb8f0d263bdc8fbb2ce750402f82cdbb4b5013229911d88053c820c1a0");
	hkdf_sha384_expand(data, (const uint8_t *)"\x0c\0spdm1.2 iv", 12, iv, sizeof(iv));
	assert_bytes_are(iv, "845f60288afa2e640b9ec0ec");
}

/* --- AES-256-GCM --------------------------------------------------------------------------- */

static void gcm_gives_the_values_of_its_specification(void **state)
{
	uint8_t key[32] = {0}, iv[12] = {0}, zeros[16] = {0}, cipher[16], tag[16];
	uint8_t plain60[60], cipher60[60], aad[20];

	(void)state;
	aes256gcm_seal(key, iv, NULL, 0, NULL, 0, NULL, tag);
	assert_bytes_are(tag, "530f8afbc74536b9a963b4f1c4cb738b");
	aes256gcm_seal(key, iv, NULL, 0, zeros, 16, cipher, tag);
	assert_bytes_are(cipher, "cea7403d4d606b6e074ec5d3baf39d18");
	assert_bytes_are(tag, "d0d1c8a799996bf0265b98b5d48ab919");

	HEX(key, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
	HEX(iv, "cafebabefacedbaddecaf888");
	HEX(aad, "feedfacedeadbeeffeedfacedeadbeefabaddad2");
	HEX(plain60, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
	aes256gcm_seal(key, iv, aad, sizeof(aad), plain60, sizeof(plain60), cipher60, tag);
	assert_bytes_are(cipher60, "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662");
	assert_bytes_are(tag, "76fc6ece0f4e1768cddf8853bb2d551b");
}

/* One of the recorded secured messages: seal and open must both reproduce it. */
static void check_record(const char *key_text, const char *iv_text, uint8_t sequence,
	const char *plain_text, const char *wire_text, size_t plain_size)
{
	uint8_t key[32], iv[12], plain[128], wire[160], cipher[128], tag[16], opened[128];
	HEX(key, key_text);
	HEX(iv, iv_text);
	hex(plain, plain_size, plain_text);
	hex(wire, 14 + plain_size + 16, wire_text);
	iv[0] ^= sequence;
	aes256gcm_seal(key, iv, wire, 14, plain, plain_size, cipher, tag);
	assert_memory_equal(cipher, wire + 14, plain_size);
	assert_memory_equal(tag, wire + 14 + plain_size, 16);
	assert_int_equal(aes256gcm_open(key, iv, wire, 14, cipher, plain_size, tag, opened),
		STATUS_OK);
	assert_memory_equal(opened, plain, plain_size);
}

static void the_recorded_secured_messages_seal_and_open(void **state)
{
	static const char request_key[] =
		"147fe9eb8f0d263bdc8fbb2ce750402f82cdbb4b5013229911d88053c820c1a0";
	static const char response_key[] =
		"845c456baafde1ae72105c2d409c384117a84f6659a328c302dbe22deab05fd4";
	static const char request_iv[] = "845f60288afa2e640b9ec0ec";
	static const char response_iv[] = "f63abaaf9b5293d14b46965e";

	(void)state;
	check_record(request_key, request_iv, 0,
		"410012fe00000400045701000034000000050281000400000001000302830020"
		"000000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		"fdfffdff00000000000000005300e492f4378030a0309f61982751c80fd378c4"
		"a8688d8acf79c9026e7cc6a4387dd7a9dc0008d6bab8bbb60dc783e1a33668d8"
		"aafbe21439443247a8f2b519a165c1e2dc16ed38607ca23f82f1e232b4223da734", 67);
	check_record(response_key, response_iv, 0,
		"4100127e00000400045701000034000000060282000400000002000401840020"
		"000000202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
		"fdfffdff000000000000000053000c355fb3524632b7014833f08062028ec8a7"
		"ea40fe1da177e7c39b0df35d162412b4be8af5356e00fee87701a76412fd8172"
		"f6f1307d1a8e74b9780359179fd38c3c5c7cb80a42ae12ba0de8afebc675185594", 67);
	check_record(request_key, request_iv, 1, "040012ec0000",
		"fdfffdff010000000000000016005dc72a3c251ae473374ac5af10cf615eed155060ad02", 6);
	check_record(response_key, response_iv, 1, "0400126c0000",
		"fdfffdff01000000000000001600ebb9b2892c0f6d5f38066ae429e786d4eea0e9c95183", 6);
}

static void openssl_gcm_seal(const uint8_t *key, const uint8_t *iv, const uint8_t *aad,
	size_t aad_size, const uint8_t *plain, size_t n, uint8_t *cipher, uint8_t *tag)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int written;
	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &written, aad, (int)aad_size), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, cipher, &written, plain, (int)n), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, cipher + n, &written), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, tag), 1);
	EVP_CIPHER_CTX_free(ctx);
}

static void gcm_agrees_with_openssl_at_every_size_and_in_place(void **state)
{
	static uint8_t ours[BUFFER], theirs[BUFFER + 16], aad[64];
	uint8_t key[32], iv[12], tag[16], their_tag[16];

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		const size_t n = round < 300 ? round : test_random_below(BUFFER);
		const size_t aad_size = test_random_below(sizeof(aad));
		fill(key, sizeof(key));
		fill(iv, sizeof(iv));
		fill(aad, aad_size);
		fill(input, n);
		openssl_gcm_seal(key, iv, aad, aad_size, input, n, theirs, their_tag);

		aes256gcm_seal(key, iv, aad, aad_size, input, n, ours, tag);
		assert_memory_equal(ours, theirs, n);
		assert_memory_equal(tag, their_tag, 16);
		memcpy(ours, input, n);
		aes256gcm_seal(key, iv, aad, aad_size, ours, n, ours, tag);
		assert_memory_equal(ours, theirs, n);
		assert_memory_equal(tag, their_tag, 16);
		assert_int_equal(aes256gcm_open(key, iv, aad, aad_size, ours, n, tag, ours),
			STATUS_OK);
		assert_memory_equal(ours, input, n);
	}
}

/* Every byte of key, IV, AAD, ciphertext and tag, one bit each. */
static void a_flipped_bit_opens_to_zeros_only(void **state)
{
	enum { N = 50, AAD = 14 };
	static const uint8_t zeros[N];
	uint8_t all[32 + 12 + AAD + N + 16], plain[N], opened[N];
	uint8_t *key = all, *iv = key + 32, *aad = iv + 12, *cipher = aad + AAD, *tag = cipher + N;

	(void)state;
	fill(all, sizeof(all));
	fill(plain, N);
	aes256gcm_seal(key, iv, aad, AAD, plain, N, cipher, tag);
	for (size_t i = 0; i < sizeof(all); i++) {
		const uint8_t bit = (uint8_t)(1u << i % 8);
		all[i] ^= bit;
		memset(opened, 0xee, N);
		assert_int_equal(aes256gcm_open(key, iv, aad, AAD, cipher, N, tag, opened),
			ERR_CRYPTO_TAG);
		assert_memory_equal(opened, zeros, N);
		all[i] ^= bit;
	}
	for (size_t cut = 1; cut <= N; cut++)
		assert_int_equal(aes256gcm_open(key, iv, aad, AAD, cipher, N - cut, tag, opened),
			ERR_CRYPTO_TAG);
	for (size_t cut = 1; cut <= AAD; cut++)
		assert_int_equal(aes256gcm_open(key, iv, aad, AAD - cut, cipher, N, tag, opened),
			ERR_CRYPTO_TAG);
	assert_int_equal(aes256gcm_open(key, iv, aad, AAD, cipher, N, tag, opened), STATUS_OK);
	assert_memory_equal(opened, plain, N);
	assert_int_equal(aes256gcm_open(key, iv, aad, AAD, NULL, 0, tag, NULL), ERR_CRYPTO_TAG);
}

/* --- constant time ------------------------------------------------------------------------- */

static void ct_equal_sees_a_difference_in_any_bit(void **state)
{
	uint8_t a[40], b[40];

	(void)state;
	fill(a, sizeof(a));
	memcpy(b, a, sizeof(a));
	for (size_t n = 0; n <= sizeof(a); n++)
		assert_true(ct_equal(a, b, n));
	for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(ct_equal(a, b, sizeof(a)));
		assert_true(ct_equal(a, b, bit / 8));
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	memset(a, 0, sizeof(a));
	memset(b, 0xff, sizeof(b));
	assert_false(ct_equal(a, b, sizeof(a)));
}

static void wipe_zeroes_exactly_its_range(void **state)
{
	uint8_t bytes[64];

	(void)state;
	memset(bytes, 7, sizeof(bytes));
	wipe(bytes + 8, 48);
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], i < 8 || i >= 56 ? 7 : 0);
	wipe(bytes, 0);
	assert_int_equal(bytes[0], 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_give_the_published_digests),
		cmocka_unit_test(any_split_of_the_input_gives_the_digest_openssl_gives),
		cmocka_unit_test(a_peek_leaves_the_running_hash_alone),
		cmocka_unit_test(a_final_wipes_the_running_hash),
		cmocka_unit_test(sha384_counts_its_bytes),
		cmocka_unit_test(hmac_gives_the_values_of_rfc_4231),
		cmocka_unit_test(hmac_agrees_with_openssl_for_every_key_size),
		cmocka_unit_test(hkdf_agrees_with_openssl),
		cmocka_unit_test(the_key_schedule_gives_the_recorded_secrets),
		cmocka_unit_test(gcm_gives_the_values_of_its_specification),
		cmocka_unit_test(the_recorded_secured_messages_seal_and_open),
		cmocka_unit_test(gcm_agrees_with_openssl_at_every_size_and_in_place),
		cmocka_unit_test(a_flipped_bit_opens_to_zeros_only),
		cmocka_unit_test(ct_equal_sees_a_difference_in_any_bit),
		cmocka_unit_test(wipe_zeroes_exactly_its_range),
	};
	return cmocka_run_group_tests(tests, crypto_setup, NULL);
}
