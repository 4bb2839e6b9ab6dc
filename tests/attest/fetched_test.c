/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Quotes judged with the collateral that a VMM hands over; the rules: rules.h. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fetched.h"
#include "vectors.h"
#include "world.h"

static struct collateral collateral;
static struct attest_scratch scratch;
static uint8_t buffer[ANSWER_MAX];

/* --- same verdict --------------------------------------------------------------------------- */

static enum status bundle_verdict(const struct vector *v, struct quote_result *result)
{
	TRY(collateral_open(&collateral, &scratch, v->bundle.bytes, v->bundle.n));
	return verify_quote(&collateral, &scratch, v->quote.bytes, v->quote.n, result);
}

static void check_vectors(const char *kind, size_t at_least)
{
	struct quote_result expected, result;
	size_t n = 0, accepted = 0, wrong = 0;
	struct vector v;

	need_vectors();
	for (; read_vector(kind, n, &v); n++) {
		const enum status want = bundle_verdict(&v, &expected);
		const enum status got = fetched_verdict(v.bundle.bytes, v.bundle.n, v.quote.bytes,
			v.quote.n, &result);

		if ((want == STATUS_OK) != (got == STATUS_OK)) {
			print_error("%s: %s, with the bundle %s\n", v.name, status_name(got),
				status_name(want));
			wrong++;
		} else if (want == STATUS_OK) {
			assert_memory_equal(result.bytes, expected.bytes, QUOTE_RESULT_SIZE);
			assert_memory_equal(result.bytes, v.result.bytes, QUOTE_RESULT_SIZE);
			accepted++;
		}
		free_vector(&v);
	}
	assert_int_equal(wrong, 0);
	assert_true(n >= at_least && accepted >= at_least / 3);
}

static void real_quotes_get_the_verdict_of_the_bundle(void **state)
{
	(void)state;
	check_vectors("real", 13);
}

static void synthetic_quotes_get_the_verdict_of_the_bundle(void **state)
{
	(void)state;
	check_vectors("synthetic", 38);
}

/* Real quote and answer, anchored in the real root. */
struct real {
	struct vector v;
	struct fetched f;
	struct trust_anchor anchor;
	struct quote_result good;
};

static void open_real(struct real *r)
{
	struct collateral_request request;

	need_vectors();
	read_named_vector("real/trustee_az__migtd_prod", &r->v);
	assert_int_equal(quote_collateral_request(&scratch, r->v.quote.bytes, r->v.quote.n,
		&request), STATUS_OK);
	assert_true(fetched_take(&r->f, r->v.bundle.bytes, r->v.bundle.n, request.fmspc));
	assert_int_equal(trust_anchor_open(&r->anchor, r->f.root, r->f.root_n), STATUS_OK);
	memcpy(r->good.bytes, r->v.result.bytes, QUOTE_RESULT_SIZE);
}

static void close_real(struct real *r)
{
	fetched_free(&r->f);
	free_vector(&r->v);
}

static enum status judge_buffer(struct real *r, struct quote_result *result)
{
	return fetched_judge_answer(&r->f, &r->anchor, buffer, r->v.quote.bytes, r->v.quote.n,
		result);
}

static enum status judge_real(struct real *r, struct quote_result *result)
{
	fetched_answer(&r->f, buffer);
	return judge_buffer(r, result);
}

static void recorded_answers_serve_their_quote(void **state)
{
	static const char *const names[] = {"wire/getcollateral_response_v1_1.bin",
		"wire/getcollateral_response_v1_0.bin"};
	struct quote_result result;
	struct real r;

	(void)state;
	open_real(&r);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct file answer = read_file(names[i]);

		assert_non_null(answer.bytes);
		memset(buffer, 0, sizeof(buffer));
		memcpy(buffer, answer.bytes, answer.n);
		assert_int_equal(judge_buffer(&r, &result), STATUS_OK);
		assert_memory_equal(result.bytes, r.good.bytes, QUOTE_RESULT_SIZE);
		free_file(&answer);
	}
	close_real(&r);
}

/* --- request -------------------------------------------------------------------------------- */

static void the_request_names_the_platform_of_the_quote(void **state)
{
	struct collateral_request request;
	struct vector v;

	(void)state;
	need_vectors();
	read_named_vector("synthetic/processor-ca", &v);
	assert_int_equal(quote_collateral_request(&scratch, v.quote.bytes, v.quote.n, &request),
		STATUS_OK);
	assert_int_equal(request.ca, COLLATERAL_CA_PROCESSOR);
	free_vector(&v);
	read_named_vector("real/trustee_az__migtd_prod", &v);
	assert_int_equal(quote_collateral_request(&scratch, v.quote.bytes, v.quote.n, &request),
		STATUS_OK);
	assert_int_equal(request.ca, COLLATERAL_CA_PLATFORM);
	assert_memory_equal(request.fmspc, "\x00\x80\x6f\x05\x00\x00", 6);
	/* Of what is cut or no quote at all, nothing is asked. */
	for (size_t n = 0; n < 4936; n += n < 1200 ? 100 : 1) {
		uint8_t *cut = exact_copy(v.quote.bytes, n);
		assert_int_equal(quote_collateral_request(&scratch, cut, n, &request),
			ERR_QUOTE_FORMAT);
		free(cut);
	}
	free_vector(&v);
}

static void a_generated_quote_asks_for_its_platform(void **state)
{
	static const char *const cas[] = {"Intel SGX PCK Platform CA", "Intel SGX PCK Processor CA",
		"Intel SGX PCK Client CA"};
	struct collateral_request request;
	struct world w;
	size_t n;

	(void)state;
	world_create(&w);
	for (size_t i = 0; i < ARRAY_SIZE(cas); i++) {
		w.pck.issuer_cn = cas[i];
		w.sgx_members = i == 1 ? 5 : 7;
		world_issue(&w);
		const uint8_t *quote = world_quote(&w, &n);
		const enum status status = quote_collateral_request(&scratch, quote, n, &request);
		assert_int_equal(status, i == 2 ? ERR_X509_CHAIN : STATUS_OK);
		assert_memory_equal(request.fmspc, w.fmspc, 6);
		assert_true(i == 2 || request.ca == (i == 1 ? COLLATERAL_CA_PROCESSOR :
			COLLATERAL_CA_PLATFORM));
	}
	world_free(&w);
}

/* --- reading -------------------------------------------------------------------------------- */

static void fetched_world(struct world *w, struct fetched *f)
{
	world_issue(w);
	assert_int_equal(world_open(w, &collateral), STATUS_OK);
	assert_true(fetched_take(f, (const uint8_t *)world_bundle(w), strlen(world_bundle(w)),
		w->fmspc));
}

/* The buffer is overwritten behind each read (fetched.h). */
static void each_byte_is_read_once_and_every_one_is(void **state)
{
	struct quote_result result;
	struct fetched f;
	struct world w;
	size_t n, sum = 0;

	(void)state;
	world_create(&w);
	fetched_world(&w, &f);
	const uint8_t *quote = world_quote(&w, &n);
	assert_int_equal(world_verify(&w, &collateral), STATUS_OK);
	assert_int_equal(fetched_judge(&f, quote, n, &result), STATUS_OK);
	assert_memory_equal(result.bytes, w.result.bytes, QUOTE_RESULT_SIZE);
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++)
		sum += f.n[i];
	assert_int_equal(f.bytes, sum);
	fetched_free(&f);
	world_free(&w);
}

static void nothing_is_read_for_a_quote_that_is_not_good(void **state)
{
	struct quote_result result;
	struct fetched f;
	struct world w;
	size_t n;

	(void)state;
	world_create(&w);
	fetched_world(&w, &f);
	uint8_t *quote = world_quote(&w, &n);
	/* But for the NUL behind the chain. */
	for (size_t at = 0; at < n - 1; at += at % 97 == 0 ? 7 : 13) {
		quote[at] ^= 1;
		assert_int_not_equal(fetched_judge(&f, quote, n, &result), STATUS_OK);
		assert_int_equal(f.reads, 0);
		quote[at] ^= 1;
	}
	assert_int_equal(fetched_judge(&f, quote, n, &result), STATUS_OK);
	fetched_free(&f);
	world_free(&w);
}

static void a_known_platform_costs_one_check(void **state)
{
	struct quote_result result;
	struct trust_anchor anchor;
	struct fetched f;
	struct world w;
	size_t n;

	(void)state;
	world_create(&w);
	fetched_world(&w, &f);
	const uint8_t *quote = world_quote(&w, &n);
	assert_int_equal(trust_anchor_open(&anchor, f.root, f.root_n), STATUS_OK);
	for (int i = 0; i < 2; i++) {
		fetched_answer(&f, buffer);
		assert_int_equal(fetched_judge_answer(&f, &anchor, buffer, quote, n, &result),
			STATUS_OK);
		assert_int_equal(f.checks, i == 0 ? 10 : 1);
	}
	/* A revocation is noticed all the same. */
	static const uint64_t serials[] = {4};
	w.root_crl.serials = serials;
	w.root_crl.serial_count = 1;
	assert_int_equal(world_open(&w, &collateral), ERR_REVOKED);
	json_t *now = json_loads(world_bundle(&w), 0, NULL);
	const char *crl = json_string_value(json_object_get(now, "rootCaCrl"));
	fetched_set(&f, COLLATERAL_ROOT_CRL, (const uint8_t *)crl, strlen(crl));
	fetched_answer(&f, buffer);
	assert_int_equal(fetched_judge_answer(&f, &anchor, buffer, quote, n, &result), ERR_REVOKED);
	json_decref(now);
	fetched_free(&f);
	world_free(&w);
}

static void revoked_serials_are_found_in_lists_of_any_length(void **state)
{
	static uint64_t serials[150];
	struct quote_result result;
	struct fetched f;
	struct world w;
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(serials); i++)
		serials[i] = 1000 + i;
	world_create(&w);
	w.root_crl.serials = serials;
	w.root_crl.serial_count = ARRAY_SIZE(serials);
	fetched_world(&w, &f);
	const uint8_t *quote = world_quote(&w, &n);
	assert_int_equal(fetched_judge(&f, quote, n, &result), STATUS_OK);
	fetched_free(&f);
	world_free(&w);

	/* CA and TCB signing certificate, last in the list. */
	for (uint64_t serial = 2; serial <= 4; serial += 2) {
		serials[ARRAY_SIZE(serials) - 1] = serial;
		world_create(&w);
		w.root_crl.serials = serials;
		w.root_crl.serial_count = ARRAY_SIZE(serials);
		world_issue(&w);
		assert_int_equal(world_judge(&w), ERR_REVOKED);
		quote = world_quote(&w, &n);
		assert_int_equal(fetched_verdict((const uint8_t *)world_bundle(&w),
			strlen(world_bundle(&w)), quote, n, &result), ERR_REVOKED);
		world_free(&w);
	}
}

/* --- CRLs in DER ---------------------------------------------------------------------------- */

static void crls_may_be_der(void **state)
{
	struct quote_result result;
	struct fetched f;
	struct world w;
	size_t n;

	(void)state;
	world_create(&w);
	fetched_world(&w, &f);
	const uint8_t *quote = world_quote(&w, &n);
	for (enum collateral_blob blob = COLLATERAL_ROOT_CRL; blob <= COLLATERAL_PCK_CRL; blob++) {
		fetched_set_der(&f, blob);
		assert_int_equal(fetched_judge(&f, quote, n, &result), STATUS_OK);
		for (size_t at = 0; at < f.n[blob]; at++) {
			f.text[blob][at] ^= 0x10;
			assert_int_not_equal(fetched_judge(&f, quote, n, &result), STATUS_OK);
			f.text[blob][at] ^= 0x10;
		}
		/* A byte more, or fewer. */
		const size_t size = f.n[blob];
		uint8_t *longer = calloc(1, size + 1);
		memcpy(longer, f.text[blob], size);
		fetched_set(&f, blob, longer, size + 1);
		assert_int_equal(fetched_judge(&f, quote, n, &result), ERR_CRL);
		for (f.n[blob] = 1; f.n[blob] < size; f.n[blob]++)
			assert_int_not_equal(fetched_judge(&f, quote, n, &result), STATUS_OK);
		assert_int_equal(fetched_judge(&f, quote, n, &result), STATUS_OK);
		free(longer);
	}
	fetched_free(&f);
	world_free(&w);
}

/* --- changed answers ------------------------------------------------------------------------ */

/* The blob a byte of the buffer lies in; COLLATERAL_BLOBS for the headers. */
static unsigned blob_at(const struct fetched *f, size_t at)
{
	size_t end = 48 + 28;

	if (at < end)
		return COLLATERAL_BLOBS;
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++) {
		end += f->n[i] + 1;
		if (at < end)
			return i;
	}
	return COLLATERAL_BLOBS;
}

/* Signatures accepted before stay known: they help nothing that was changed. */
static void a_changed_byte_never_changes_an_accepted_result(void **state)
{
	struct quote_result result;
	size_t tried = 0, accepted = 0;
	struct real r;

	(void)state;
	open_real(&r);
	const size_t size = fetched_answer(&r.f, buffer);
	assert_int_equal(judge_buffer(&r, &result), STATUS_OK);
	for (size_t i = 0; i < size; i += 3, tried++) {
		fetched_answer(&r.f, buffer);
		buffer[i] ^= (uint8_t)(1u << i % 8);
		const enum status verdict = judge_buffer(&r, &result);
		if (verdict != STATUS_OK)
			continue;
		assert_memory_equal(result.bytes, r.good.bytes, QUOTE_RESULT_SIZE);
		/* Of this chain only that it is one counts. */
		accepted += blob_at(&r.f, i) != COLLATERAL_PCK_CRL_CHAIN;
	}
	/* Else only what GetQuote's header repeats, versions, and line ends. */
	assert_true(accepted < tried / 100);
	close_real(&r);
}

static void a_nul_in_a_text_is_refused(void **state)
{
	struct quote_result result;
	struct real r;

	(void)state;
	open_real(&r);
	for (unsigned blob = 0; blob < COLLATERAL_BLOBS; blob++) {
		for (size_t i = 0; i < r.f.n[blob]; i += i < 70 || i + 70 > r.f.n[blob] ? 1 : 29) {
			const uint8_t before = r.f.text[blob][i];
			r.f.text[blob][i] = 0;
			assert_int_not_equal(judge_real(&r, &result), STATUS_OK);
			r.f.text[blob][i] = before;
		}
	}
	assert_int_equal(judge_real(&r, &result), STATUS_OK);
	close_real(&r);
}

/* Cut behind its first certificate, the PCK CRL's issuer chain is a shorter one (3.4 g). */
static bool is_shorter_chain(const struct fetched *f, unsigned blob)
{
	static const char end[] = "-----END CERTIFICATE-----", begin[] = "\n-----BEGIN CERTIFICATE-----";
	const uint8_t *first = memmem(f->text[blob], f->n[blob], end, strlen(end));

	if (blob != COLLATERAL_PCK_CRL_CHAIN || first == NULL)
		return false;
	return f->n[blob] < (size_t)(first - f->text[blob]) + strlen(end) + strlen(begin);
}

static void a_text_that_is_cut_or_goes_on_is_refused(void **state)
{
	struct quote_result result;
	struct real r;

	(void)state;
	open_real(&r);
	for (unsigned blob = 0; blob < COLLATERAL_BLOBS; blob++) {
		const size_t whole = r.f.n[blob];
		const size_t lf = r.f.text[blob][whole - 1] == '\n';

		for (r.f.n[blob] = 1; r.f.n[blob] < whole - lf; r.f.n[blob] +=
			r.f.n[blob] + 40 > whole ? 1 : 23)
			assert_int_equal(judge_real(&r, &result) == STATUS_OK,
				is_shorter_chain(&r.f, blob));
		r.f.n[blob] = whole;
	}
	/* A third certificate, another CRL, another document. */
	for (unsigned blob = 0; blob < COLLATERAL_BLOBS; blob++) {
		const size_t n = r.f.n[blob];
		uint8_t *twice = malloc(2 * n + 1), *once = exact_copy(r.f.text[blob], n);
		memcpy(twice, once, n);
		twice[n] = '\n';
		memcpy(twice + n + 1, once, n);
		fetched_set(&r.f, (enum collateral_blob)blob, twice, 2 * n + 1);
		assert_int_equal(judge_real(&r, &result) == STATUS_OK,
			blob == COLLATERAL_PCK_CRL_CHAIN);
		fetched_set(&r.f, (enum collateral_blob)blob, once, n);
		free(twice);
		free(once);
	}
	assert_int_equal(judge_real(&r, &result), STATUS_OK);
	close_real(&r);
}

static void each_text_in_anothers_place_is_refused(void **state)
{
	struct quote_result result;
	struct real r;

	(void)state;
	open_real(&r);
	for (unsigned a = 0; a < COLLATERAL_BLOBS; a++) {
		for (unsigned b = 0; b < COLLATERAL_BLOBS; b++) {
			uint8_t *text = r.f.text[a];
			const size_t n = r.f.n[a];
			/* Any certificates are a PCK CRL issuer chain; both signers are one. */
			const bool fits = b == COLLATERAL_PCK_CRL_CHAIN ||
				b == COLLATERAL_TCB_INFO_CHAIN || b == COLLATERAL_QE_IDENTITY_CHAIN;
			const bool same = a == b || (fits && (a == COLLATERAL_PCK_CRL_CHAIN ||
				((a == COLLATERAL_TCB_INFO_CHAIN || a == COLLATERAL_QE_IDENTITY_CHAIN)
				&& b != COLLATERAL_PCK_CRL_CHAIN)));

			r.f.text[a] = r.f.text[b];
			r.f.n[a] = r.f.n[b];
			assert_int_equal(judge_real(&r, &result) == STATUS_OK, same);
			r.f.text[a] = text;
			r.f.n[a] = n;
		}
	}
	close_real(&r);
}

static void versions_are_those_a_bundle_may_have(void **state)
{
	struct quote_result result;
	struct fetched f;
	struct world w;
	size_t n;

	(void)state;
	world_create(&w);
	fetched_world(&w, &f);
	const uint8_t *quote = world_quote(&w, &n);
	for (f.major = 0; f.major < 6; f.major++) {
		for (f.minor = 0; f.minor < 3; f.minor++) {
			const bool known = (f.minor == 0 && (f.major == 1 || f.major == 3 ||
				f.major == 4)) || (f.major == 3 && f.minor == 1);
			assert_int_equal(fetched_judge(&f, quote, n, &result),
				known ? STATUS_OK : ERR_COLLATERAL);
		}
	}
	fetched_free(&f);
	world_free(&w);
}

/* --- anchor --------------------------------------------------------------------------------- */

static void the_anchor_is_a_certificate_of_p256(void **state)
{
	struct trust_anchor anchor;
	struct quote_result result;
	struct fetched f;
	struct world w, other;
	size_t n;

	(void)state;
	world_create(&w);
	world_create(&other);
	fetched_world(&other, &f);
	const struct fetched theirs = f;
	fetched_world(&w, &f);
	const uint8_t *quote = world_quote(&w, &n);
	assert_int_equal(fetched_judge(&f, quote, n, &result), STATUS_OK);
	for (size_t size = 0; size < f.root_n; size++) {
		uint8_t *cut = exact_copy(f.root, size);
		assert_int_equal(trust_anchor_open(&anchor, cut, size), ERR_X509);
		free(cut);
	}
	assert_int_equal(trust_anchor_open(&anchor, f.root, f.root_n + 1), ERR_X509);
	memcpy(f.root, theirs.root, theirs.root_n);
	f.root_n = theirs.root_n;
	assert_int_equal(fetched_judge(&f, quote, n, &result), ERR_X509_ROOT);
	assert_int_equal(f.reads, 0);

	struct fetched copy = theirs;
	fetched_free(&copy);
	fetched_free(&f);
	world_free(&w);
	world_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_quotes_get_the_verdict_of_the_bundle),
		cmocka_unit_test(synthetic_quotes_get_the_verdict_of_the_bundle),
		cmocka_unit_test(recorded_answers_serve_their_quote),
		cmocka_unit_test(the_request_names_the_platform_of_the_quote),
		cmocka_unit_test(a_generated_quote_asks_for_its_platform),
		cmocka_unit_test(each_byte_is_read_once_and_every_one_is),
		cmocka_unit_test(nothing_is_read_for_a_quote_that_is_not_good),
		cmocka_unit_test(a_known_platform_costs_one_check),
		cmocka_unit_test(revoked_serials_are_found_in_lists_of_any_length),
		cmocka_unit_test(crls_may_be_der),
		cmocka_unit_test(a_changed_byte_never_changes_an_accepted_result),
		cmocka_unit_test(a_nul_in_a_text_is_refused),
		cmocka_unit_test(a_text_that_is_cut_or_goes_on_is_refused),
		cmocka_unit_test(each_text_in_anothers_place_is_refused),
		cmocka_unit_test(versions_are_those_a_bundle_may_have),
		cmocka_unit_test(the_anchor_is_a_certificate_of_p256),
	};

	oracle_start_crypto();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
