/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * GetQuote from the request page to a quote that OpenSSL verifies up to a root made here, the
 * refusals of the quoting service, and the faults.
 */
#include "fake_td.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/bytes.h"

#define INVALID_OPERAND 0x8000000000000000ull
#define STATUS_ERROR 0x8000000000000000ull
#define STATUS_UNAVAILABLE 0x8000000000000001ull
#define STATUS_IN_FLIGHT UINT64_MAX
#define BUFFER_BYTES 0x4000u

static struct fake_platform platform;
static struct fake_td td;
static char pki[] = "/tmp/tdhost-pki-XXXXXX";
static EVP_PKEY *root_key;
static X509 *root;

/* ---------------------------------------------------------------------- a PKI by OpenSSL */

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509 *certify(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *by, bool ca)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), rand());
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const void *)name, -1, -1, 0);
	X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(cert, key);
	extend(cert, issuer ? issuer : cert, NID_basic_constraints,
		ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	assert_true(X509_sign(cert, by, EVP_sha256()) > 0);
	return cert;
}

static FILE *open_in_pki(const char *name, const char *mode)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", pki, name);
	file = fopen(path, mode);
	assert_non_null(file);
	return file;
}

static void write_values(const char *svn2)
{
	FILE *file = open_in_pki("platform.json", "w");

	fprintf(file, "{\"fmspc\":\"50806f000000\",\"pceid\":\"0000\",\"pcesvn\":11,"
		      "\"cpusvn\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,255],"
		      "\"tee_tcb_svn\":[5,1,2,0,0,0,0,0,0,0,0,0,0,0,0,0],%s"
		      "\"qe_isvsvn\":4,\"qe_isvprodid\":2,"
		      "\"qe_mrsigner\":\"dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5\","
		      "\"qe_id\":\"000102030405060708090a0b0c0d0e0f\",\"mrseam\":\"", svn2);
	for (unsigned i = 0; i < 48; i++)
		fprintf(file, "5e");
	fprintf(file, "\"}");
	fclose(file);
}

static void make_pki(void)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256");
	EVP_PKEY *pck_key = EVP_EC_gen("P-256");
	X509 *ca;
	X509 *pck;
	FILE *file;

	assert_non_null(mkdtemp(pki));
	root_key = EVP_EC_gen("P-256");
	root = certify(root_key, "Intel SGX Root CA", NULL, root_key, true);
	ca = certify(ca_key, "Intel SGX PCK Platform CA", root, root_key, true);
	pck = certify(pck_key, "Intel SGX PCK Certificate", ca, ca_key, false);
	file = open_in_pki("pck_chain.pem", "w");
	PEM_write_X509(file, pck);
	PEM_write_X509(file, ca);
	PEM_write_X509(file, root);
	fclose(file);
	file = open_in_pki("pck.key", "w");
	PEM_write_PrivateKey(file, pck_key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
	write_values("");
	X509_free(pck);
	X509_free(ca);
	EVP_PKEY_free(pck_key);
	EVP_PKEY_free(ca_key);
}

static void begin(const char *fault)
{
	const char *options[] = {"--pki", pki, fault ? "--fault" : NULL, fault, NULL};

	platform_start(&platform, options);
	fake_attach(&td, &platform, 7, NULL);
	fake_share(&td);
}

static int start(void **state)
{
	(void)state;
	make_pki();
	begin(NULL);
	return 0;
}

static int stop(void **state)
{
	static const char *const names[] = {"platform.json", "pck.key", "pck_chain.pem"};
	char path[64];

	(void)state;
	fake_detach(&td);
	platform_stop(&platform);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", pki, names[i]);
		unlink(path);
	}
	X509_free(root);
	EVP_PKEY_free(root_key);
	return rmdir(pki);
}

static void restart(const char *fault)
{
	fake_detach(&td);
	platform_stop(&platform);
	begin(fault);
}

/* ------------------------------------------------------------------------------- request */

static uint8_t *buffer(void)
{
	return td.ram + QUOTE_GPA;
}

static void make_report(uint8_t report[1024])
{
	uint64_t reg[REGS] = {[RAX] = 4, [RCX] = 0x3000, [RDX] = 0x2000};

	for (unsigned i = 0; i < 64; i++)
		td.ram[0x2000 + i] = (uint8_t)(i + 1);
	assert_int_equal(tdcall(&td, reg), 0);
	memcpy(report, td.ram + 0x3000, 1024);
}

static void fill_header(uint32_t in_length)
{
	memset(buffer(), 0, BUFFER_BYTES);
	store64(buffer(), 1);
	store32(buffer() + 16, in_length);
}

static void fill_framed(const uint8_t report[1024])
{
	uint8_t *m = buffer() + 28;

	fill_header(1052);
	store32_be(m - 4, 1048);
	store16(m, 1);
	store16(m + 2, 1);
	store32(m + 8, 1048);
	store32(m + 16, 1024);
	memcpy(m + 24, report, 1024);
}

static uint64_t get_quote(void)
{
	return vmcall(&td, 0x10002, SHARED | QUOTE_GPA, BUFFER_BYTES, 0);
}

/* Status once it is no longer in flight. */
static uint64_t complete(void)
{
	for (int ms = 0; load64(buffer() + 8) == STATUS_IN_FLIGHT; ms += 5) {
		assert_true(ms < 5000);
		poll(NULL, 0, 5);
	}
	return load64(buffer() + 8);
}

/* A framed quote of a fresh report; its size, and where it lies in *quote. */
static uint32_t quote_framed(uint8_t report[1024], const uint8_t **quote)
{
	const uint8_t *m = buffer() + 28;

	make_report(report);
	fill_framed(report);
	assert_int_equal(get_quote(), 0);
	assert_int_equal(complete(), 0);
	assert_int_equal(load32(buffer() + 20), 4 + load32_be(m - 4));
	assert_int_equal(load16(m), 1);
	assert_int_equal(load32(m + 4), 1);
	assert_int_equal(load32(m + 8), load32_be(m - 4));
	assert_int_equal(load32(m + 12), 0);
	assert_int_equal(load32(m + 16), 0);
	assert_int_equal(load32(m + 20), load32(m + 8) - 24);
	*quote = m + 24;
	return load32(m + 20);
}

/* -------------------------------------------------------------------- verify by OpenSSL */

static EVP_PKEY *key_of(const uint8_t xy[64])
{
	uint8_t point[65] = {4};
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *parameters;
	EVP_PKEY *key = NULL;

	memcpy(point + 1, xy, 64);
	OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
	OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
	parameters = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_fromdata_init(ctx);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool verifies(EVP_PKEY *key, const uint8_t rs[64], const uint8_t *data, size_t n)
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	int size;
	bool ok;

	ECDSA_SIG_set0(signature, BN_bin2bn(rs, 32, NULL), BN_bin2bn(rs + 32, 32, NULL));
	size = i2d_ECDSA_SIG(signature, &der);
	ok = EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
	     EVP_DigestVerify(md, der, (size_t)size, data, n) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(md);
	ECDSA_SIG_free(signature);
	return ok;
}

/* The PCK certificate of the chain in a quote, if it leads to our root. */
static X509 *chain_of(const uint8_t *pem, size_t n)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)n);
	X509 *pck = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509 *last = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *between = sk_X509_new_null();

	assert_int_equal(X509_cmp(last, root), 0);
	X509_STORE_add_cert(store, root);
	sk_X509_push(between, ca);
	X509_STORE_CTX_init(ctx, store, pck, between);
	assert_int_equal(X509_verify_cert(ctx), 1);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(between);
	X509_free(ca);
	X509_free(last);
	BIO_free(bio);
	return pck;
}

/* Signature part of a quote whose signed part has `n` bytes; the bytes it has in all. */
static size_t verify_signatures(const uint8_t *quote, size_t n)
{
	const uint8_t *auth = quote + n + 4;
	const uint8_t *qe = auth + 134;
	uint32_t outer = load32(auth + 130);
	uint8_t bound[96];
	uint8_t hash[32];
	EVP_PKEY *key = key_of(auth + 64);
	X509 *pck;

	assert_int_equal(load32(quote + n), 134 + outer);
	assert_int_equal(load16(auth + 128), 6);
	assert_true(verifies(key, auth, quote, n));
	EVP_PKEY_free(key);
	/* QE report: the key in it, its signature by the PCK, the chain behind. */
	assert_int_equal(load16(qe + 448), 32);
	memcpy(bound, auth + 64, 64);
	memcpy(bound + 64, qe + 450, 32);
	SHA256(bound, sizeof(bound), hash);
	assert_memory_equal(qe + 320, hash, 32);
	memset(hash, 0, 32);
	assert_memory_equal(qe + 352, hash, 32);
	assert_int_equal(load16(qe + 256), 2);
	assert_int_equal(load16(qe + 258), 4);
	assert_int_equal(load16(qe + 482), 5);
	assert_int_equal(456 + 32 + load32(qe + 484), outer);
	assert_int_equal(qe[outer - 1], 0);
	assert_int_equal(qe[outer - 2], '\n');
	pck = chain_of(qe + 488, load32(qe + 484) - 1);
	assert_true(verifies(X509_get0_pubkey(pck), qe + 384, qe, 384));
	X509_free(pck);
	return n + 4 + 134 + outer;
}

static void expect_body(const uint8_t *body, const uint8_t report[1024])
{
	assert_memory_equal(body, report + 264, 16);
	assert_memory_equal(body + 16, report + 280, 48);
	assert_memory_equal(body + 120, report + 512, 400);
	assert_memory_equal(body + 520, report + 128, 64);
}

static void a_quote_verifies_up_to_the_root(void **state)
{
	uint8_t report[1024];
	const uint8_t *quote;
	unsigned padded = 0;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		uint32_t n = quote_framed(report, &quote);
		size_t used;

		assert_int_equal(load16(quote), 4);
		assert_int_equal(load16(quote + 2), 2);
		assert_int_equal(load32(quote + 4), 0x81);
		expect_body(quote + 48, report);
		used = verify_signatures(quote, 632);
		assert_true(n == used || n == used + 70);
		padded += n != used;
	}
	assert_int_equal(padded, 2);
}

static void every_quote_is_fresh(void **state)
{
	uint8_t report[1024];
	const uint8_t *quote;
	uint8_t first[64];

	(void)state;
	quote_framed(report, &quote);
	memcpy(first, quote + 636, 64);
	quote_framed(report, &quote);
	assert_memory_not_equal(first, quote + 636, 64);
}

static void completion_comes_by_the_notify_vector(void **state)
{
	uint8_t report[1024];
	const uint8_t *quote;

	(void)state;
	memset(td.interrupts, 0, sizeof(td.interrupts));
	quote_framed(report, &quote);
	assert_int_equal(take_interrupts(&td, 100), 0);
	assert_int_equal(vmcall(&td, 0x10004, 0x51, 0, 0), 0);
	quote_framed(report, &quote);
	take_interrupts(&td, 1000);
	assert_int_equal(td.interrupts[0x51], 1);
}

static void a_bare_report_gets_a_bare_quote(void **state)
{
	uint8_t report[1024];

	(void)state;
	make_report(report);
	fill_header(1024);
	memcpy(buffer() + 24, report, 1024);
	assert_int_equal(get_quote(), 0);
	assert_int_equal(complete(), 0);
	assert_int_equal(load16(buffer() + 24), 4);
	verify_signatures(buffer() + 24, 632);
}

static void a_changed_report_gets_no_quote(void **state)
{
	static const uint16_t places[] = {0, 2, 16, 40, 90, 130, 200, 230, 256, 264, 300, 400, 480, 520,
		530, 800, 900, 1000};
	uint8_t report[1024];

	(void)state;
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		make_report(report);
		report[places[i]] ^= 1;
		fill_framed(report);
		assert_int_equal(get_quote(), 0);
		assert_int_equal(complete(), 0);
		assert_int_equal(load32(buffer() + 28 + 12), 0x00012001);
		assert_int_equal(load32(buffer() + 20), 28);
	}
}

static void malformed_messages_are_named(void **state)
{
	static const struct {
		uint8_t at;
		uint8_t value;
		uint32_t error;
	} cases[] = {{0, 2, 0x12004}, {4, 4, 0x12005}, {8, 1, 0x12006}, {16, 1, 0x12003},
		{20, 1, 0x12003}};
	uint8_t report[1024];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_report(report);
		fill_framed(report);
		buffer()[28 + cases[i].at] = cases[i].value;
		assert_int_equal(get_quote(), 0);
		assert_int_equal(complete(), 0);
		assert_int_equal(load32(buffer() + 28 + 12), cases[i].error);
	}
	make_report(report);
	fill_framed(report);
	buffer()[27]++;
	assert_int_equal(get_quote(), 0);
	assert_int_equal(complete(), STATUS_ERROR);
}

static void the_buffer_is_checked(void **state)
{
	uint8_t report[1024];

	(void)state;
	make_report(report);
	fill_framed(report);
	assert_int_equal(vmcall(&td, 0x10002, QUOTE_GPA, BUFFER_BYTES, 0), INVALID_OPERAND);
	assert_int_equal(vmcall(&td, 0x10002, SHARED | 0x1000, PAGE, 0), INVALID_OPERAND);
	assert_int_equal(vmcall(&td, 0x10002, SHARED | QUOTE_GPA, 0x20000 + PAGE, 0), INVALID_OPERAND);
	assert_int_equal(vmcall(&td, 0x10002, SHARED | (QUOTE_GPA + 8), PAGE, 0), 0x8000000000000002);
	assert_int_equal(vmcall(&td, 0x10002, SHARED | QUOTE_GPA, 100, 0), 0x8000000000000002);
	store64(buffer(), 2);
	assert_int_equal(get_quote(), INVALID_OPERAND);
	store64(buffer(), 1);
	store32(buffer() + 20, 8192);
	assert_int_equal(get_quote(), INVALID_OPERAND);
	store32(buffer() + 20, 0);
	store32(buffer() + 16, BUFFER_BYTES);
	assert_int_equal(get_quote(), INVALID_OPERAND);
}

static void a_buffer_taken_back_meanwhile_is_not_written(void **state)
{
	uint8_t report[1024];

	(void)state;
	restart("quote-late=200");
	make_report(report);
	fill_framed(report);
	assert_int_equal(get_quote(), 0);
	assert_int_equal(load64(buffer() + 8), STATUS_IN_FLIGHT);
	assert_int_equal(vmcall(&td, 0x10001, QUOTE_GPA, BUFFER_BYTES, 0), 0);
	poll(NULL, 0, 500);
	for (unsigned i = 0; i < BUFFER_BYTES; i++)
		assert_int_equal(buffer()[i], 0);
	assert_true(platform_said(&platform, "no longer shared"));
}

static void a_td_that_dies_with_quotes_in_flight_is_forgotten(void **state)
{
	uint8_t report[1024];

	(void)state;
	restart("quote-late=100");
	make_report(report);
	fill_framed(report);
	assert_int_equal(get_quote(), 0);
	fake_detach(&td);
	fake_attach(&td, &platform, 8, NULL);
	fake_share(&td);
	poll(NULL, 0, 300);
	make_report(report);
}

static void at_most_16_requests_are_in_flight(void **state)
{
	uint8_t report[1024];

	(void)state;
	restart("quote-never");
	for (unsigned i = 0; i < 17; i++) {
		make_report(report);
		fill_framed(report);
		assert_int_equal(get_quote(), i == 16);
	}
}

static void a_newer_module_makes_version_5_quotes(void **state)
{
	uint8_t report[1024];
	const uint8_t *quote;

	(void)state;
	write_values("\"tee_tcb_svn2\":[6,1,2,0,0,0,0,0,0,0,0,0,0,0,0,0],");
	restart(NULL);
	quote_framed(report, &quote);
	assert_int_equal(load16(quote), 5);
	assert_int_equal(load16(quote + 48), 3);
	assert_int_equal(load32(quote + 50), 648);
	expect_body(quote + 54, report);
	assert_int_equal(quote[54 + 584], 6);
	verify_signatures(quote, 702);
	write_values("");
}

static void without_a_pki_the_service_is_unavailable(void **state)
{
	uint8_t report[1024];

	(void)state;
	fake_detach(&td);
	platform_stop(&platform);
	platform_start(&platform, NULL);
	fake_attach(&td, &platform, 7, NULL);
	fake_share(&td);
	assert_int_equal(vmcall(&td, 0x10004, 0x51, 0, 0), 0);
	make_report(report);
	fill_framed(report);
	assert_int_equal(get_quote(), 0);
	assert_int_equal(load64(buffer() + 8), STATUS_UNAVAILABLE);
	assert_int_equal(take_interrupts(&td, 100), 0);
}

static void faults_do_what_they_say(void **state)
{
	uint8_t report[1024];
	uint8_t first[8192];
	const uint8_t *quote;
	uint32_t n;

	(void)state;
	restart("quote-busy=2,quote-unavailable=1");
	make_report(report);
	fill_framed(report);
	assert_int_equal(get_quote(), 1);
	assert_int_equal(get_quote(), 1);
	assert_int_equal(get_quote(), 0);
	assert_int_equal(complete(), STATUS_UNAVAILABLE);
	n = quote_framed(report, &quote);
	memcpy(first, quote, n);

	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "quote-flip=600"), NULL);
	n = quote_framed(report, &quote);
	assert_int_equal(quote[600], (uint8_t)~report[128 + 32]);
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set",
		"none,wrong-reportdata"), NULL);
	n = quote_framed(report, &quote);
	assert_memory_not_equal(quote + 568, report + 128, 64);
	verify_signatures(quote, 632);
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "none,quote-replay"),
		NULL);
	n = quote_framed(report, &quote);
	assert_memory_equal(quote, first, n);
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set",
		"none,quote-truncated"), NULL);
	assert_true(quote_framed(report, &quote) <= (n + 70) / 2);
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "none,quote-error"),
		NULL);
	fill_framed(report);
	assert_int_equal(get_quote(), 0);
	assert_int_equal(complete(), STATUS_ERROR);
	assert_true(platform_said(&platform, "fault: quote-replay"));
	assert_true(platform_said(&platform, "fault: quote-flip"));
}

static void debug_attributes_are_in_the_report(void **state)
{
	uint8_t report[1024];

	(void)state;
	restart("debug-attributes");
	make_report(report);
	assert_int_equal(load64(report + 512), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quote_verifies_up_to_the_root),
		cmocka_unit_test(every_quote_is_fresh),
		cmocka_unit_test(completion_comes_by_the_notify_vector),
		cmocka_unit_test(a_bare_report_gets_a_bare_quote),
		cmocka_unit_test(a_changed_report_gets_no_quote),
		cmocka_unit_test(malformed_messages_are_named),
		cmocka_unit_test(the_buffer_is_checked),
		cmocka_unit_test(a_buffer_taken_back_meanwhile_is_not_written),
		cmocka_unit_test(a_td_that_dies_with_quotes_in_flight_is_forgotten),
		cmocka_unit_test(at_most_16_requests_are_in_flight),
		cmocka_unit_test(a_newer_module_makes_version_5_quotes),
		cmocka_unit_test(without_a_pki_the_service_is_unavailable),
		cmocka_unit_test(faults_do_what_they_say),
		cmocka_unit_test(debug_attributes_are_in_the_report),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
