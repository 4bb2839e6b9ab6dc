/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * DER, certificates and CRLs by the thousand, judged here and by OpenSSL: made to the profile, and
 * the same changed, some of them signed anew so that only what they say decides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/asn1.h>
#include <openssl/err.h>

#include "attest/crl.h"
#include "attest/x509.h"
#include "oracle.h"

#define DER_MAX 4096

static EVP_PKEY *key256, *key384;

struct bytes {
	uint8_t at[DER_MAX];
	size_t n;
};

struct tally {
	size_t cases, made, both, there_alone;
};

static void print_tally(const char *what, const struct tally *t)
{
	print_message("# %s: %zu cases, %zu made to the profile, %zu accepted by both, %zu by "
		"OpenSSL alone\n", what, t->cases, t->made, t->both, t->there_alone);
	assert_true(3 * t->made >= t->cases);
	assert_true(t->both >= t->made);
}

/* Made ones are accepted by both; what is accepted here is accepted there. */
static void count(struct tally *t, bool made, bool here, bool there)
{
	t->cases++;
	t->made += made;
	t->both += here && there;
	t->there_alone += there && !here;
	assert_true(!here || there);
	assert_true(!made || here);
}

static uint8_t *exact(const struct bytes *b)
{
	uint8_t *copy = malloc(b->n == 0 ? 1 : b->n);

	assert_non_null(copy);
	memcpy(copy, b->at, b->n);
	return copy;
}

/* --- changes -------------------------------------------------------------------------------- */

static void remove_at(struct bytes *b, size_t at)
{
	memmove(b->at + at, b->at + at + 1, b->n - at - 1);
	b->n--;
}

static void insert_at(struct bytes *b, size_t at, uint8_t byte)
{
	assert_true(b->n < DER_MAX);
	memmove(b->at + at + 1, b->at + at, b->n - at);
	b->at[at] = byte;
	b->n++;
}

/* One change between `from` and the end. */
static void change_once(struct bytes *b, size_t from)
{
	const size_t at = from + oracle_random((uint32_t)(b->n - from));

	switch (oracle_random(8)) {
	case 0:
		b->at[at] = (uint8_t)oracle_random(256);
		break;
	case 1:
		remove_at(b, at);
		break;
	case 2:
		insert_at(b, at, (uint8_t)oracle_random(256));
		break;
	case 3:
		b->at[at]++;
		break;
	case 4:
		b->at[at] = b->at[from + oracle_random((uint32_t)(b->n - from))];
		break;
	case 5:
		b->n = at > 0 ? at : 1;
		break;
	default:
		b->at[at] ^= (uint8_t)(1u << oracle_random(8));
		break;
	}
}

static void put_header(struct bytes *b, uint8_t tag, size_t n)
{
	const uint8_t header[] = {tag, 0x82, (uint8_t)(n >> 8), (uint8_t)n};
	const uint8_t middle[] = {tag, 0x81, (uint8_t)n};
	const uint8_t small[] = {tag, (uint8_t)n};
	const uint8_t *from = n < 0x80 ? small : n < 0x100 ? middle : header;
	const size_t size = n < 0x80 ? 2 : n < 0x100 ? 3 : 4;

	memcpy(b->at + b->n, from, size);
	b->n += size;
}

/* What a certificate or CRL signs, signed anew: SEQUENCE { tbs, ecdsa-with-SHA256, BIT STRING }. */
static void sign_anew(struct bytes *b, const uint8_t *tbs, size_t n)
{
	static const uint8_t algorithm[] = {0x30, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t signature[80], copy[DER_MAX];
	size_t size = sizeof(signature);

	memcpy(copy, tbs, n);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key256), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &size, copy, n), 1);
	EVP_MD_CTX_free(ctx);
	b->n = 0;
	put_header(b, 0x30, n + sizeof(algorithm) + 3 + size);
	memcpy(b->at + b->n, copy, n);
	b->n += n;
	memcpy(b->at + b->n, algorithm, sizeof(algorithm));
	b->n += sizeof(algorithm);
	put_header(b, 0x03, size + 1);
	b->at[b->n++] = 0;
	memcpy(b->at + b->n, signature, size);
	b->n += size;
}

/* Changes the signed part, mends its length when the change moved it, and signs it. */
static void change_signed(struct bytes *b)
{
	struct reader outer = reader_of(b->at, b->n);
	struct reader r = der_enter(&outer, DER_SEQUENCE);
	const struct span content = der_content(&r, DER_SEQUENCE);
	struct bytes inner = {.n = content.n}, tbs = {.n = 0};

	assert_true(reader_ok(&r));
	memcpy(inner.at, content.at, content.n);
	change_once(&inner, 0);
	put_header(&tbs, DER_SEQUENCE, inner.n);
	memcpy(tbs.at + tbs.n, inner.at, inner.n);
	tbs.n += inner.n;
	sign_anew(b, tbs.at, tbs.n);
}

/* --- certificates --------------------------------------------------------------------------- */

static struct x509_key key_of(EVP_PKEY *pkey)
{
	const struct oracle_certificate what = {.subject_cn = "s", .issuer_cn = "i", .key = pkey,
		.signer = key256, .md = EVP_sha256(), .serial = 1};
	static uint8_t der[DER_MAX];
	struct x509 x;
	struct x509_key key;

	const size_t n = oracle_issue(&what, der, sizeof(der));
	assert_int_equal(x509_parse(&x, der, n), STATUS_OK);
	assert_int_equal(x509_key(&x, &key), STATUS_OK);
	return key;
}

static const char *random_name(char *name, size_t room)
{
	static const char *const letters[] = {"a", "B", " ", "7", "SGX", "CA", "\xc3\xa9", "*", "@"};

	name[0] = '\0';
	for (size_t n = 1 + oracle_random(12); n > 0; n--)
		strncat(name, letters[oracle_random(ARRAY_SIZE(letters))],
			room - strlen(name) - 1);
	return name;
}

static void make_certificate(struct bytes *b, bool p384)
{
	static const int nids[] = {0, 0, 0, NID_key_usage, NID_basic_constraints,
		NID_subject_key_identifier};
	char subject[64], issuer[64];
	uint8_t sgx[512];

	for (size_t i = 0; i < sizeof(sgx); i++)
		sgx[i] = (uint8_t)oracle_random(256);
	const struct oracle_certificate what = {.subject_cn = random_name(subject, sizeof(subject)),
		.issuer_cn = random_name(issuer, sizeof(issuer)),
		.key = oracle_random(2) == 0 ? key256 : key384, .signer = p384 ? key384 : key256,
		.md = p384 ? EVP_sha384() : EVP_sha256(),
		.serial = 1 + (uint64_t)oracle_random(UINT32_MAX) * oracle_random(UINT32_MAX),
		.is_ca = oracle_random(2) == 0, .bare = oracle_random(10) == 0,
		.without = nids[oracle_random(ARRAY_SIZE(nids))],
		.sgx = oracle_random(2) == 0 ? sgx : NULL, .sgx_n = oracle_random(sizeof(sgx))};
	b->n = oracle_issue(&what, b->at, sizeof(b->at));
}

static void judge_certificate(const struct bytes *b, bool p384, const struct x509_key *key,
	bool made, struct tally *t)
{
	uint8_t *copy = exact(b);
	struct x509 x;
	const bool parses = x509_parse(&x, copy, b->n) == STATUS_OK;
	const bool here = parses && x509_verify(&x, key) == STATUS_OK;

	if (parses)
		assert_true(oracle_parses_certificate(copy, b->n));
	count(t, made, here, oracle_verifies(copy, b->n, p384 ? key384 : key256));
	free(copy);
}

static void certificates_are_judged_as_by_openssl(void **state)
{
	const struct x509_key k256 = key_of(key256), k384 = key_of(key384);
	struct tally t = {0};
	struct bytes good, b;

	(void)state;
	for (int i = 0; i < 2200; i++) {
		const bool p384 = i % 4 == 0;
		const struct x509_key *key = p384 ? &k384 : &k256;
		make_certificate(&good, p384);
		judge_certificate(&good, p384, key, true, &t);
		b = good;
		change_once(&b, 0);
		judge_certificate(&b, p384, key, false, &t);
		b = good;
		change_signed(&b);
		judge_certificate(&b, false, &k256, false, &t);
	}
	print_tally("certificates", &t);
	assert_true(t.cases >= 5000);
}

/* --- CRLs ----------------------------------------------------------------------------------- */

static uint8_t issuer[256];
static size_t issuer_n;

static void make_crl(struct bytes *b)
{
	uint64_t serials[30];
	char number[16];

	for (size_t i = 0; i < ARRAY_SIZE(serials); i++)
		serials[i] = (uint64_t)oracle_random(UINT32_MAX) << oracle_random(32);
	snprintf(number, sizeof(number), "%u", oracle_random(UINT32_MAX));
	const struct oracle_crl what = {.issuer_cn = "issuer", .signer = key256,
		.identified = key256, .serials = serials, .serial_count = oracle_random(30),
		.number = number, .with_reasons = oracle_random(2) == 0};
	b->n = oracle_crl(&what, b->at, sizeof(b->at));
}

static void judge_crl(const struct bytes *b, const struct x509_key *key, bool made,
	struct tally *t)
{
	static struct crl_work work;
	static char pem[2 * DER_MAX];
	const size_t n = oracle_pem("X509 CRL", b->at, b->n, true, pem, sizeof(pem));
	const struct span nothing = {NULL, SIZE_MAX};
	struct crl crl;
	const bool here = crl_read(&work, text_plain((const uint8_t *)pem, n),
		(struct span){issuer, issuer_n}, nothing, &crl) == STATUS_OK &&
		crl_verify(&crl, key->point) == STATUS_OK;

	count(t, made, here, oracle_crl_verifies(b->at, b->n, key256));
}

static void crls_are_judged_as_by_openssl(void **state)
{
	const struct x509_key key = key_of(key256);
	struct tally t = {0};
	struct bytes good, b;

	(void)state;
	for (int i = 0; i < 1800; i++) {
		make_crl(&good);
		judge_crl(&good, &key, true, &t);
		b = good;
		change_once(&b, 0);
		judge_crl(&b, &key, false, &t);
		b = good;
		change_signed(&b);
		judge_crl(&b, &key, false, &t);
	}
	print_tally("CRLs", &t);
	assert_true(t.cases >= 5000);
}

/* --- DER ------------------------------------------------------------------------------------ */

/* An element of this tag with random content; one in four has a header that is not its own. */
static void draw_element(struct bytes *b, uint8_t tag, size_t most)
{
	static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0x81, 0xff};
	const size_t n = oracle_random((uint32_t)most + 1);

	b->n = 0;
	put_header(b, tag, n);
	for (size_t i = 0; i < n; i++)
		b->at[b->n++] = (uint8_t)(oracle_random(2) == 0 ? oracle_random(256) :
			edges[oracle_random(sizeof(edges))]);
	if (oracle_random(4) == 0)
		change_once(b, 0);
}

/* OpenSSL's reading, if it writes the same bytes again. */
static ASN1_TYPE *canonical(const struct bytes *b, int type)
{
	const uint8_t *at = b->at;
	ASN1_TYPE *value = d2i_ASN1_TYPE(NULL, &at, (long)b->n);
	uint8_t *again = NULL;

	if (value != NULL) {
		const int n = i2d_ASN1_TYPE(value, &again);
		if (at != b->at + b->n || value->type != type || n != (int)b->n ||
			memcmp(again, b->at, b->n) != 0) {
			ASN1_TYPE_free(value);
			value = NULL;
		}
		OPENSSL_free(again);
	}
	ERR_clear_error();
	return value;
}

/* Both say the same of an element and of its value; the second is a fact we demand beyond DER. */
static void check_same(struct tally *t, bool here, bool there)
{
	t->cases++;
	t->both += here && there;
	assert_int_equal(here, there);
}

static void judge_integer(struct tally *t, uint8_t tag, int type)
{
	struct bytes b;

	draw_element(&b, tag, 9);
	ASN1_TYPE *value = canonical(&b, type);
	const bool there = value != NULL && (value->value.integer->type & V_ASN1_NEG) == 0;
	uint8_t *copy = exact(&b);
	struct reader r = reader_of(copy, b.n);
	struct reader again = r;
	const uint32_t number = der_u32(&again, tag);
	const bool small = there && (value->value.integer->length <= 4);

	assert_int_equal(reader_done(&again), small);
	if (small) {
		int64_t expected = 0;
		if (type == V_ASN1_INTEGER)
			ASN1_INTEGER_get_int64(&expected, value->value.integer);
		else
			ASN1_ENUMERATED_get_int64(&expected, value->value.enumerated);
		assert_int_equal(number, expected);
	}
	if (type == V_ASN1_INTEGER) {
		const struct span magnitude = der_unsigned(&r);
		assert_int_equal(reader_done(&r), there);
		/* OpenSSL keeps one octet for zero. */
		if (there && magnitude.n > 0)
			assert_true(span_equal(magnitude, (struct span){value->value.integer->data,
				(size_t)value->value.integer->length}));
	}
	check_same(t, reader_done(&again), small);
	ASN1_TYPE_free(value);
	free(copy);
}

static void judge_oid(struct tally *t)
{
	struct bytes b;

	draw_element(&b, DER_OID, 6);
	ASN1_TYPE *value = canonical(&b, V_ASN1_OBJECT);
	uint8_t *copy = exact(&b);
	struct reader r = reader_of(copy, b.n);
	const struct span oid = der_oid(&r);

	if (value != NULL)
		assert_true(span_equal(oid, (struct span){OBJ_get0_data(value->value.object),
			OBJ_length(value->value.object)}));
	check_same(t, reader_done(&r), value != NULL);
	ASN1_TYPE_free(value);
	free(copy);
}

static void judge_bits(struct tally *t)
{
	struct bytes b;

	draw_element(&b, DER_BIT_STRING, 5);
	if (b.n > 2 && oracle_random(2) == 0)
		b.at[2] = 0;
	ASN1_TYPE *value = canonical(&b, V_ASN1_BIT_STRING);
	const bool there = value != NULL && (value->value.bit_string->flags & 7) == 0;
	uint8_t *copy = exact(&b);
	struct reader r = reader_of(copy, b.n);
	const struct span bits = der_bits(&r);

	if (there)
		assert_true(span_equal(bits, (struct span){value->value.bit_string->data,
			(size_t)value->value.bit_string->length}));
	check_same(t, reader_done(&r), there);
	ASN1_TYPE_free(value);
	free(copy);
}

static void judge_boolean(struct tally *t)
{
	struct bytes b;

	draw_element(&b, DER_BOOLEAN, 2);
	ASN1_TYPE *value = canonical(&b, V_ASN1_BOOLEAN);
	/* OpenSSL keeps the octet, DER knows two of them. */
	const bool there = value != NULL && (b.at[2] == 0x00 || b.at[2] == 0xff);
	uint8_t *copy = exact(&b);
	struct reader r = reader_of(copy, b.n);
	const bool truth = der_boolean(&r);

	if (there)
		assert_int_equal(truth, value->value.boolean != 0);
	check_same(t, reader_done(&r), there);
	ASN1_TYPE_free(value);
	free(copy);
}

/* RFC 5280 has seconds and "Z"; OpenSSL takes other forms as well. */
static void judge_time(struct tally *t)
{
	const bool utc = oracle_random(2) == 0;
	struct bytes b = {.n = 0};
	char text[32];

	const int n = snprintf(text, sizeof(text), utc ? "%02u%02u%02u%02u%02u%02uZ" :
		"%04u%02u%02u%02u%02u%02uZ", oracle_random(utc ? 100 : 2400), oracle_random(14),
		oracle_random(33), oracle_random(25), oracle_random(61), oracle_random(61));
	put_header(&b, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, (size_t)n);
	memcpy(b.at + b.n, text, (size_t)n);
	b.n += (size_t)n;
	if (oracle_random(4) == 0)
		change_once(&b, 0);

	ASN1_TYPE *value = canonical(&b, b.at[0]);
	const bool is_time = value != NULL && (value->type == V_ASN1_UTCTIME ||
		value->type == V_ASN1_GENERALIZEDTIME);
	const size_t full = b.at[0] == DER_UTC_TIME ? 15 : 17;
	const bool there = is_time && b.n == full && b.at[b.n - 1] == 'Z' &&
		ASN1_TIME_check(value->value.asn1_string) == 1;
	uint8_t *copy = exact(&b);
	struct reader r = reader_of(copy, b.n);
	der_time(&r);
	check_same(t, reader_done(&r), there);
	ASN1_TYPE_free(value);
	free(copy);
}

static void elements_are_read_as_by_openssl(void **state)
{
	struct tally integers = {0}, oids = {0}, bits = {0}, booleans = {0}, times = {0};
	const struct {
		const char *name;
		const struct tally *tally;
	} rows[] = {{"INTEGER and ENUMERATED", &integers}, {"OBJECT IDENTIFIER", &oids},
		{"BIT STRING", &bits}, {"BOOLEAN", &booleans}, {"times", &times}};

	(void)state;
	for (int i = 0; i < 20000; i++) {
		judge_integer(&integers, DER_INTEGER, V_ASN1_INTEGER);
		judge_integer(&integers, DER_ENUMERATED, V_ASN1_ENUMERATED);
		judge_oid(&oids);
		judge_bits(&bits);
		judge_boolean(&booleans);
		judge_time(&times);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		print_message("# %s: %zu cases, %zu accepted by both\n", rows[i].name,
			rows[i].tally->cases, rows[i].tally->both);
		assert_true(40 * rows[i].tally->both > rows[i].tally->cases);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_are_read_as_by_openssl),
		cmocka_unit_test(certificates_are_judged_as_by_openssl),
		cmocka_unit_test(crls_are_judged_as_by_openssl),
	};

	oracle_start_crypto();
	oracle_seed();
	key256 = oracle_key("P-256");
	key384 = oracle_key("P-384");
	issuer_n = oracle_name("issuer", issuer, sizeof(issuer));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
