/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Verdict, cause and status against the vectors and against a second opinion on random platforms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "judge.h"
#include "vectors.h"
#include "world.h"

static struct collateral collateral;
static struct attest_scratch scratch;

static enum status judge_ours(const void *bundle, size_t bundle_n, const void *quote,
	size_t quote_n, struct quote_result *result, struct quote_details *details)
{
	*details = (struct quote_details){.stage = "collateral"};
	TRY(collateral_open(&collateral, &scratch, bundle, bundle_n));
	return verify_quote_in_detail(&collateral, &scratch, quote, quote_n, result, details);
}

/* --- vectors -------------------------------------------------------------------------------- */

/* What we say to the upstream library's reason, or to its stage where there is no reason. */
static const struct {
	const char *text;
	enum status ours;
} causes[] = {
	{"STATUS_TCB_NOT_SUPPORTED", ERR_TCB_UNSUPPORTED},
	{"STATUS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED", ERR_TCB_RESULT},
	{"STATUS_TCB_REVOKED", ERR_TCB_REVOKED},
	{"STATUS_INVALID_QUOTE_SIGNATURE", ERR_QUOTE_SIGNATURE},
	/* In both an entry of the bundle contradicts its own TCB info. */
	{"STATUS_TCB_INFO_MISMATCH", ERR_COLLATERAL},
	{"lookup", ERR_COLLATERAL},
	{"STATUS_SGX_INTERMEDIATE_CA_INVALID_ISSUER", ERR_X509_SIGNATURE},
	{"STATUS_SGX_INTERMEDIATE_CA_REVOKED", ERR_REVOKED},
	{"STATUS_SGX_PCK_REVOKED", ERR_REVOKED},
	{"STATUS_SGX_TCB_SIGNING_CERT_REVOKED", ERR_REVOKED},
	{"STATUS_SGX_CRL_INVALID_SIGNATURE", ERR_CRL_SIGNATURE},
	{"STATUS_TDX_MODULE_MISMATCH", ERR_TCB_MODULE},
	{"STATUS_UNSUPPORTED_QUOTE_FORMAT", ERR_QUOTE_FORMAT},
	{"STATUS_QE_IDENTITY_MISMATCH", ERR_QE_IDENTITY},
	{"STATUS_INVALID_QE_REPORT_SIGNATURE", ERR_QE_REPORT},
	{"STATUS_INVALID_QE_REPORT_DATA", ERR_QE_REPORT},
	{"STATUS_SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE", ERR_COLLATERAL_SIGNATURE},
	{"STATUS_TCB_INFO_INVALID_SIGNATURE", ERR_COLLATERAL_SIGNATURE},
	/* An SGX quote; its collateral is for SGX as well and does not open. */
	{"suppl_tee", ERR_COLLATERAL},
	{"chain_parse", ERR_X509_CHAIN},
	{"tcbinfo_parse", ERR_COLLATERAL},
	{"root_key", ERR_X509_ROOT},
};

static const char *text_in(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));
	return text != NULL ? text : "";
}

/* The cause itself, with nothing but the library's number behind it. */
static bool is_cause(const char *found, const char *text)
{
	const size_t n = strlen(text);
	return strncmp(found, text, n) == 0 && (found[n] == '\0' || found[n] == '(');
}

static enum status expected_cause(const json_t *expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		if (is_cause(text_in(expected, "reject_reason"), causes[i].text) ||
			is_cause(text_in(expected, "reject_stage"), causes[i].text))
			return causes[i].ours;
	}
	return STATUS_OK;
}

static void judge_vector(const struct vector *v)
{
	struct quote_result result;
	struct quote_details details;
	struct judgement j;
	const enum status verdict = judge_ours(v->bundle.bytes, v->bundle.n, v->quote.bytes,
		v->quote.n, &result, &details);
	const bool accept = strcmp(text_in(v->expected, "verdict"), "accept") == 0;

	judge_plainly(v->bundle.bytes, v->bundle.n, v->quote.bytes, v->quote.n, &j);
	assert_int_equal(j.accept, accept);
	if (accept) {
		assert_memory_equal(j.result, v->result.bytes, JUDGE_RESULT_SIZE);
		assert_string_equal(j.converged, text_in(v->expected, "converged_status"));
	} else {
		assert_int_equal(verdict, expected_cause(v->expected));
	}
	if (verdict == STATUS_OK)
		assert_string_equal(details.converged_status,
			text_in(v->expected, "converged_status"));
}

static void vectors_get_their_cause_and_status_from_both(void **state)
{
	static const char *const kinds[] = {"real", "synthetic"};
	struct vector v;
	size_t cases = 0;

	(void)state;
	need_vectors();
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (size_t n = 0; read_vector(kinds[k], n, &v); n++, cases++) {
			print_message("# %s\n", v.name);
			judge_vector(&v);
			free_vector(&v);
		}
	}
	assert_true(cases >= 51);
}

/* --- random platforms ----------------------------------------------------------------------- */

static const char *const statuses[] = {"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded",
	"ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded", "Revoked",
	"Uptodate"};

static unsigned draw(unsigned below)
{
	return oracle_random(below);
}

/* Mostly one of the first n. */
static const char *draw_status(unsigned n)
{
	return statuses[draw(60) == 0 ? draw(ARRAY_SIZE(statuses)) : draw(n)];
}

static const char *draw_date(void)
{
	static char text[16];

	snprintf(text, sizeof(text), "%u-%02u-%02u", 2019 + draw(8), 1 + draw(12), 1 + draw(28));
	return draw(400) == 0 ? "2023-02-29" : text;
}

static void vary_component(json_t *level, const char *name)
{
	json_t *list = json_object_get(json_object_get(level, "tcb"), name);

	json_object_set_new(json_array_get(list, draw(16)), "svn",
		json_integer(draw(800) == 0 ? 256 : draw(2)));
}

static json_t *random_level(void)
{
	json_t *level = world_level(draw(4), draw(8), draw(4), draw(3), draw_status(7), draw_date());

	vary_component(level, "sgxtcbcomponents");
	vary_component(level, "tdxtcbcomponents");
	return level;
}

/* In no order, and now and then one twice. */
static json_t *svn_levels(unsigned most, bool of_qe)
{
	static const char *const of_modules[] = {"UpToDate", "OutOfDate", "Revoked"};
	json_t *list = json_array();

	for (unsigned n = 1 + draw(most); n > 0; n--)
		json_array_insert_new(list, draw((unsigned)json_array_size(list) + 1),
			world_svn_level(draw(80) == 0 ? 2 : 2 * n - draw(2), of_qe ? draw_status(7) : draw(60) == 0 ? "Strange" :
			of_modules[draw(10) == 0 ? 2 : draw(2)], draw_date()));
	return list;
}

static json_t *random_modules(void)
{
	json_t *list = json_array();
	const unsigned n = draw(60) == 0 ? 0 : draw(4) == 0 ? 1 : 3, first = draw(3);

	for (unsigned i = 0; i < n; i++) {
		char id[8];
		snprintf(id, sizeof(id), draw(2) == 0 ? "TDX_%02X" : "tdx_%02x",
			(first + i) % 3 + 1);
		json_array_append_new(list, world_module(id, svn_levels(3, false)));
	}
	return list;
}

static void random_documents(struct world *w)
{
	json_t *levels = json_object_get(w->tcb, "tcbLevels");
	json_t *qe_levels = svn_levels(3, true), *level;
	size_t i;

	json_array_clear(levels);
	for (unsigned n = 1 + draw(5); n > 0; n--)
		json_array_append_new(levels, random_level());
	json_object_del(w->tcb, "tdxModuleIdentities");
	if (draw(8) > 0)
		json_object_set_new(w->tcb, "tdxModuleIdentities", random_modules());
	/* "SW..." is no status of a QE; leave it in now and then. */
	json_array_foreach(qe_levels, i, level) {
		if (strstr(text_in(level, "tcbStatus"), "SW") != NULL && draw(20) > 0)
			json_object_set_new(level, "tcbStatus", json_string("UpToDate"));
		else if (draw(2) == 0)
			json_object_set_new(level, "tcbStatus", json_string("UpToDate"));
	}
	json_object_set_new(w->qe, "tcbLevels", qe_levels);
}

/* Mostly above the levels' numbers. */
static uint8_t high(unsigned below)
{
	return (uint8_t)(draw(20) > 0 ? below + draw(3) : draw(below));
}

static void random_platform(struct world *w)
{
	static const unsigned forms[3][2] = {{4, 2}, {5, 2}, {5, 3}};
	const unsigned form = draw(5) > 2 ? 2 : draw(3);

	w->version = forms[form][0];
	w->body_type = forms[form][1];
	for (size_t i = 0; i < 16; i++) {
		w->sgx_components[i] = high(i == 0 ? 4 : 1);
		w->tee_tcb_svn[i] = high(i == 0 ? 4 : i == 2 ? 3 : 1);
		w->tee_tcb_svn2[i] = high(i == 0 ? 5 : i == 2 ? 3 : 1);
	}
	w->tee_tcb_svn[1] = (uint8_t)(draw(3) > 0 ? 1 + draw(3) : 0);
	w->tee_tcb_svn2[1] = (uint8_t)(draw(3) > 0 ? 1 + draw(3) : 0);
	w->pcesvn = high(8);
	w->qe_isvsvn = high(6);
}

struct tally {
	size_t accepted, of_form[3], of_status[10], refused;
};

static size_t status_index(const char *converged)
{
	for (size_t i = 0; i < 7; i++) {
		if (strcmp(converged, statuses[i]) == 0)
			return i;
	}
	return strcmp(converged, "TDRelaunchAdvised") == 0 ? 7 : 8;
}

static void judge_random(struct world *w, enum status opened, struct tally *t)
{
	struct quote_result result;
	struct quote_details details;
	struct judgement j;
	size_t quote_n;

	random_platform(w);
	world_issue(w);
	const uint8_t *quote = world_quote(w, &quote_n);
	const char *bundle = world_bundle(w);
	const enum status verdict = opened != STATUS_OK ? opened : verify_quote_in_detail(
		&collateral, &scratch, quote, quote_n, &result, &details);

	judge_plainly(bundle, strlen(bundle), quote, quote_n, &j);
	if ((verdict == STATUS_OK) != j.accept)
		fail_msg("%s here, %s there:\n%s", status_name(verdict),
			j.accept ? "accepted" : j.why, bundle);
	if (!j.accept) {
		t->refused++;
		return;
	}
	assert_memory_equal(result.bytes, j.result, JUDGE_RESULT_SIZE);
	assert_string_equal(details.converged_status, j.converged);
	t->accepted++;
	t->of_form[w->version == 4 ? 0 : w->body_type - 1]++;
	t->of_status[status_index(j.converged)]++;
}

/* Each of the documents meets some platforms; fewer where every step costs ten times as much. */
#if defined(__SANITIZE_ADDRESS__)
#define DOCUMENTS 200
#else
#define DOCUMENTS 500
#endif
#define PLATFORMS 5
#define RANDOM_CASES (DOCUMENTS * PLATFORMS)

static void random_platforms_get_the_same_verdict_status_and_result(void **state)
{
	struct tally t = {0};
	struct world w;

	(void)state;
	oracle_seed();
	world_create(&w);
	world_issue(&w);
	/* Only the PCK certificate depends on the platform. */
	w.kept = 1 << ROOT | 1 << CA | 1 << SIGNING;
	for (int i = 0; i < DOCUMENTS; i++) {
		random_documents(&w);
		const enum status opened = world_open(&w, &collateral);
		for (int k = 0; k < PLATFORMS; k++)
			judge_random(&w, opened, &t);
	}
	world_free(&w);
	print_message("# %d platforms: %zu accepted by both (v4 %zu, v5 type 2 %zu, type 3 %zu), "
		"%zu refused by both\n", RANDOM_CASES, t.accepted, t.of_form[0], t.of_form[1],
		t.of_form[2], t.refused);
	for (size_t i = 0; i < 9; i++)
		print_message("# %s: %zu\n", i < 7 ? statuses[i] : i == 7 ? "TDRelaunchAdvised" :
			"TDRelaunchAdvisedConfigurationNeeded", t.of_status[i]);
	assert_true(t.accepted > RANDOM_CASES / 4);
	for (size_t i = 0; i < 3; i++)
		assert_true(t.of_form[i] > 0);
	/* Each but the one that the result cannot hold, and Revoked. */
	for (size_t i = 0; i < 9; i++)
		assert_true(i == 3 || i == 6 || t.of_status[i] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_cause_and_status_from_both),
		cmocka_unit_test(random_platforms_get_the_same_verdict_status_and_result),
	};

	oracle_start_crypto();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
