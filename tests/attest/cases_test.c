/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Quotes and bundles that differ from a sound one in one thing that others may do differently:
 * each has the verdict that the spec gives it, and the second opinion agrees unless we are stricter
 * by choice (attest.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "judge.h"
#include "world.h"

struct quote {
	uint8_t at[8192];
	size_t n;
	size_t auth;	/* offset of auth_len */
};

struct odd_case {
	const char *what;
	void (*world)(struct world *w);
	void (*quote)(struct quote *q);
	enum status verdict;
	bool choice;	/* refused here, while the spec would take it */
};

static struct collateral collateral;
static struct attest_scratch scratch;

static void judge_case(const struct odd_case *c, size_t *wrong)
{
	struct quote_result result;
	struct judgement j;
	struct quote q;
	struct world w;

	world_create(&w);
	if (c->world != NULL)
		c->world(&w);
	world_issue(&w);
	memcpy(q.at, world_quote(&w, &q.n), sizeof(q.at));
	q.auth = w.version == 4 ? 632 : w.body_type == 2 ? 638 : 702;
	if (c->quote != NULL)
		c->quote(&q);
	enum status verdict = world_open(&w, &collateral);
	if (verdict == STATUS_OK)
		verdict = verify_quote(&collateral, &scratch, q.at, q.n, &result);
	judge_plainly(world_bundle(&w), strlen(world_bundle(&w)), q.at, q.n, &j);
	const bool there = verdict == STATUS_OK || c->choice;
	if (verdict != c->verdict || j.accept != there) {
		print_error("%s: %s, expected %s; second opinion: %s\n", c->what,
			status_name(verdict), status_name(c->verdict), j.accept ? "accept" : j.why);
		++*wrong;
	} else if (verdict == STATUS_OK) {
		assert_memory_equal(result.bytes, j.result, JUDGE_RESULT_SIZE);
	}
	world_free(&w);
}

static void judge_cases(const struct odd_case *cases, size_t n)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++)
		judge_case(&cases[i], &wrong);
	assert_int_equal(wrong, 0);
}

/* --- quotes --------------------------------------------------------------------------------- */

#define WORLD(name, ...) static void name(struct world *w) { __VA_ARGS__; }
#define QUOTE(name, ...) static void name(struct quote *q) { __VA_ARGS__; }

/* Offsets from auth_len. */
enum { OUTER_TYPE = 132, OUTER_SIZE = 134, INNER_TYPE = 620, INNER_SIZE = 622 };

static void add_to(struct quote *q, size_t at, int delta)
{
	const uint32_t value = (q->at[at] | (uint32_t)q->at[at + 1] << 8) + (uint32_t)delta;

	q->at[at] = (uint8_t)value;
	q->at[at + 1] = (uint8_t)(value >> 8);
}

/* Lengthens or shortens the last so many of: signature part, certification data, chain. */
static void grow(struct quote *q, int delta, int levels)
{
	if (delta > 0)
		memset(q->at + q->n, 0, (size_t)delta);
	q->n = (size_t)((int)q->n + delta);
	add_to(q, q->auth, delta);
	if (levels > 1)
		add_to(q, q->auth + OUTER_SIZE, delta);
	if (levels > 2)
		add_to(q, q->auth + INNER_SIZE, delta);
}

WORLD(v5_type2, w->version = 5)
WORLD(v5_type3, w->version = 5; w->body_type = 3)
WORLD(reserved, w->header_reserved = 0xa5)
QUOTE(version3, q->at[0] = 3)
QUOTE(version6, q->at[0] = 6)
QUOTE(key_type3, q->at[2] = 3)
QUOTE(tee_sgx, q->at[4] = 0)
QUOTE(vendor, q->at[12] ^= 1)
QUOTE(body_type1, q->at[48] = 1)
QUOTE(body_type4, q->at[48] = 4)
QUOTE(body_type3, q->at[48] = 3)
QUOTE(body_size, q->at[50]++)
QUOTE(body_size_high, q->at[53] = 1)
QUOTE(outer5, q->at[q->auth + OUTER_TYPE] = 5)
QUOTE(outer7, q->at[q->auth + OUTER_TYPE] = 7)
QUOTE(inner1, q->at[q->auth + INNER_TYPE] = 1)
QUOTE(inner4, q->at[q->auth + INNER_TYPE] = 4)
QUOTE(inner6, q->at[q->auth + INNER_TYPE] = 6)
QUOTE(inner_high, q->at[q->auth + INNER_TYPE + 1] = 1)
QUOTE(auth_longer, grow(q, 1, 1))
QUOTE(outer_longer, grow(q, 1, 2))
QUOTE(two_nuls, grow(q, 1, 3))
QUOTE(no_nul, grow(q, -1, 3))
QUOTE(no_newline, grow(q, -2, 3))
QUOTE(half_boundary, grow(q, -3, 3))
QUOTE(padding, memset(q->at + q->n, 0xa5, 70); q->n += 70)
QUOTE(auth_huge, memset(q->at + q->auth, 0xff, 4))
QUOTE(outer_huge, memset(q->at + q->auth + OUTER_SIZE, 0xff, 4))
QUOTE(inner_huge, memset(q->at + q->auth + INNER_SIZE, 0xff, 4))
QUOTE(auth_high, q->at[q->auth + 2] = 1)
QUOTE(key_zero, memset(q->at + q->auth + 68, 0, 64))

static void quotes_of_other_forms(void **state)
{
	static const struct odd_case cases[] = {
		{"sound", NULL, NULL, STATUS_OK, false},
		{"version 3", NULL, version3, ERR_QUOTE_FORMAT, false},
		{"version 6", NULL, version6, ERR_QUOTE_FORMAT, false},
		{"P-384 key", NULL, key_type3, ERR_QUOTE_FORMAT, false},
		{"SGX", NULL, tee_sgx, ERR_QUOTE_FORMAT, false},
		{"another vendor", NULL, vendor, ERR_QUOTE_FORMAT, false},
		{"reserved bytes used", reserved, NULL, STATUS_OK, false},
		{"SGX body", v5_type2, body_type1, ERR_QUOTE_FORMAT, false},
		{"body type 4", v5_type3, body_type4, ERR_QUOTE_FORMAT, false},
		{"body type 3 of size 584", v5_type2, body_type3, ERR_QUOTE_FORMAT, false},
		{"body of 585 bytes", v5_type2, body_size, ERR_QUOTE_FORMAT, false},
		{"body of 649 bytes", v5_type3, body_size, ERR_QUOTE_FORMAT, false},
		{"body of 16 MiB and more", v5_type3, body_size_high, ERR_QUOTE_FORMAT, false},
		{"outer type 5", NULL, outer5, ERR_QUOTE_FORMAT, false},
		{"outer type 7", NULL, outer7, ERR_QUOTE_FORMAT, false},
		{"inner type 1", NULL, inner1, ERR_QUOTE_FORMAT, false},
		{"inner type 4", NULL, inner4, ERR_QUOTE_FORMAT, false},
		{"inner type 6", v5_type3, inner6, ERR_QUOTE_FORMAT, false},
		{"inner type 0x105", NULL, inner_high, ERR_QUOTE_FORMAT, false},
		{"a byte behind the certification", NULL, auth_longer, ERR_QUOTE_FORMAT, true},
		{"a byte behind the chain", NULL, outer_longer, ERR_QUOTE_FORMAT, false},
		{"two NULs", NULL, two_nuls, ERR_PEM, true},
		{"no NUL", NULL, no_nul, STATUS_OK, false},
		{"no newline either", NULL, no_newline, STATUS_OK, false},
		{"half a boundary", NULL, half_boundary, ERR_PEM, false},
		{"padding that is not zero", v5_type3, padding, STATUS_OK, false},
		{"signature part of 4 GiB", NULL, auth_huge, ERR_QUOTE_FORMAT, false},
		{"certification of 4 GiB", NULL, outer_huge, ERR_QUOTE_FORMAT, false},
		{"chain of 4 GiB", NULL, inner_huge, ERR_QUOTE_FORMAT, false},
		{"signature part of 64 KiB more", NULL, auth_high, ERR_QUOTE_FORMAT, false},
		{"attestation key zero", NULL, key_zero, ERR_QE_REPORT, false},
	};

	(void)state;
	judge_cases(cases, ARRAY_SIZE(cases));
}

/* --- certificates and CRLs ------------------------------------------------------------------ */

WORLD(members_reversed, w->sgx_reversed = true)
WORLD(five_reversed, w->sgx_reversed = true; w->sgx_members = 5)
WORLD(six_members, w->sgx_members = 6)
WORLD(pcesvn_padded, w->sgx_padded = true)
WORLD(svns_large, memset(w->sgx_components, 200, 16); w->pcesvn = 40000)
WORLD(processor_platform_crl, w->own_quote_ca = true;
	w->quote_ca.subject_cn = w->pck.issuer_cn = "Intel SGX PCK Processor CA")
WORLD(crl_no_number, w->root_crl.number = NULL)
WORLD(crl_no_key_id, w->pck_crl.identified = NULL)
WORLD(crl_critical, w->pck_crl.critical = true)
WORLD(serial_large, w->pck.serial = UINT64_MAX)

static void certificates_and_crls_of_other_forms(void **state)
{
	static const struct odd_case cases[] = {
		{"SGX extension in another order", members_reversed, NULL, STATUS_OK, false},
		{"the five in another order", five_reversed, NULL, STATUS_OK, false},
		{"six members", six_members, NULL, ERR_X509_EXTENSION, false},
		{"PCESVN with an octet too many", pcesvn_padded, NULL, ERR_X509_EXTENSION, false},
		{"SVNs above 127", svns_large, NULL, STATUS_OK, false},
		{"Processor CA, Platform CRL", processor_platform_crl, NULL, ERR_CRL, false},
		{"root CRL without number", crl_no_number, NULL, ERR_CRL, false},
		{"PCK CRL without key id", crl_no_key_id, NULL, ERR_CRL, false},
		{"critical CRL extension", crl_critical, NULL, ERR_CRL, true},
		{"serial of 64 bits", serial_large, NULL, STATUS_OK, false},
	};

	(void)state;
	judge_cases(cases, ARRAY_SIZE(cases));
}

/* --- bundles -------------------------------------------------------------------------------- */

#define BUNDLE(name, ...)                                             \
	static void name##_change(json_t *bundle) { __VA_ARGS__; }    \
	static void name(struct world *w) { w->change_bundle = name##_change; }

static void set(json_t *o, const char *name, int value)
{
	json_object_set_new(o, name, json_integer(value));
}

/* Puts text before and behind a member's. */
static void wrap(json_t *o, const char *name, const char *before, const char *behind)
{
	const char *text = json_string_value(json_object_get(o, name));
	char *all = malloc(strlen(before) + strlen(text) + strlen(behind) + 1);

	sprintf(all, "%s%s%s", before, text, behind);
	json_object_set_new(o, name, json_string(all));
	free(all);
}

static json_t *platform_of(json_t *bundle)
{
	return json_array_get(json_object_get(bundle, "platforms"), 0);
}

static void carriage_returns(json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));
	char *all = malloc(2 * strlen(text) + 1), *to = all;

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			*to++ = '\r';
		*to++ = *text;
	}
	*to = '\0';
	json_object_set_new(o, name, json_string(all));
	free(all);
}

static void put_nul(json_t *bundle)
{
	const char *text = json_string_value(json_object_get(bundle, "rootCa"));

	json_object_set_new(bundle, "rootCa", json_stringn(text, strlen(text) + 1));
}

/* A platform of another name behind or before the right one. */
static void add_platform(json_t *bundle, size_t at, const char *fmspc)
{
	json_t *other = json_deep_copy(platform_of(bundle));

	json_object_set_new(other, "fmspc", json_string(fmspc));
	json_array_insert_new(json_object_get(bundle, "platforms"), at, other);
}

BUNDLE(v3_0, set(bundle, "majorVersion", 3))
BUNDLE(v3_1, set(bundle, "majorVersion", 3); set(bundle, "minorVersion", 1))
BUNDLE(v4_0, set(bundle, "majorVersion", 4))
BUNDLE(v2_0, set(bundle, "majorVersion", 2))
BUNDLE(v1_1, set(bundle, "minorVersion", 1))
BUNDLE(v_wide, set(bundle, "majorVersion", 65537))
BUNDLE(tee_type, set(bundle, "teeType", 0))
BUNDLE(unknown, json_object_set_new(bundle, "x", json_pack("[[{s:[]}]]", "rootCa")))
BUNDLE(root_crlf, carriage_returns(bundle, "rootCa"))
BUNDLE(crl_crlf, carriage_returns(bundle, "pckCrl"))
BUNDLE(root_nul, put_nul(bundle))
BUNDLE(tcb_newline, wrap(platform_of(bundle), "tcbInfo", "", "\n"))
BUNDLE(tcb_indented, wrap(platform_of(bundle), "tcbInfo", " \n", ""))
BUNDLE(tcb_more, wrap(platform_of(bundle), "tcbInfo", "", "{}"))
BUNDLE(qe_newline, wrap(bundle, "qeIdentity", "", "\r\n"))
BUNDLE(chain_text, wrap(bundle, "qeIdentityIssuerChain", "Issuer chain\n", ""))
BUNDLE(no_platforms, json_array_clear(json_object_get(bundle, "platforms")))
BUNDLE(same_twice, add_platform(bundle, 1, "00A06F0000D1"))
BUNDLE(bad_beside, add_platform(bundle, 1, "00A06F0000D2"))
BUNDLE(crl_bare, json_object_set_new(bundle, "pckCrl", json_string("MIIBITCByAIBATAK")))
BUNDLE(crl_empty, json_object_set_new(bundle, "rootCaCrl", json_string("")))
WORLD(numbers_differ, json_object_set_new(w->qe, "tcbEvaluationDataNumber", json_integer(3)))
WORLD(leap_day, json_object_set_new(json_array_get(json_object_get(w->tcb, "tcbLevels"), 0),
	"tcbDate", json_string("2024-02-29T23:59:59Z")))
WORLD(no_leap_day, json_object_set_new(json_array_get(json_object_get(w->tcb, "tcbLevels"), 0),
	"tcbDate", json_string("2026-02-29T00:00:00Z")))
WORLD(fmspc_lower, json_object_set_new(w->tcb, "fmspc", json_string("00a06f0000d1")))

static void bundles_of_other_forms(void **state)
{
	static const struct odd_case cases[] = {
		{"version 3.0", v3_0, NULL, STATUS_OK, false},
		{"version 3.1", v3_1, NULL, STATUS_OK, false},
		{"version 4.0", v4_0, NULL, STATUS_OK, false},
		{"version 2.0", v2_0, NULL, ERR_COLLATERAL, false},
		{"version 1.1", v1_1, NULL, ERR_COLLATERAL, false},
		{"version of 17 bits", v_wide, NULL, ERR_COLLATERAL, false},
		{"collateral for SGX", tee_type, NULL, ERR_COLLATERAL, false},
		{"unknown member", unknown, NULL, STATUS_OK, false},
		{"CRLF in the root", root_crlf, NULL, STATUS_OK, false},
		{"CRLF in a CRL", crl_crlf, NULL, STATUS_OK, false},
		{"NUL in the root", root_nul, NULL, ERR_PEM, false},
		{"newline behind TCB info", tcb_newline, NULL, STATUS_OK, false},
		{"white space before TCB info", tcb_indented, NULL, STATUS_OK, false},
		{"an object behind TCB info", tcb_more, NULL, ERR_COLLATERAL, false},
		{"newline behind QE identity", qe_newline, NULL, STATUS_OK, false},
		{"text before a chain", chain_text, NULL, STATUS_OK, false},
		{"no platforms", no_platforms, NULL, ERR_COLLATERAL_PLATFORM, false},
		{"the same platform twice", same_twice, NULL, STATUS_OK, false},
		{"another entry is wrong", bad_beside, NULL, ERR_COLLATERAL, true},
		{"CRL in base64 alone", crl_bare, NULL, ERR_PEM, false},
		{"no CRL", crl_empty, NULL, ERR_PEM, false},
		{"evaluation numbers differ", numbers_differ, NULL, STATUS_OK, false},
		{"29 February 2024", leap_day, NULL, STATUS_OK, false},
		{"29 February 2026", no_leap_day, NULL, ERR_COLLATERAL, false},
		{"FMSPC of TCB info in lower case", fmspc_lower, NULL, STATUS_OK, false},
	};

	(void)state;
	judge_cases(cases, ARRAY_SIZE(cases));
}

/* Every letter of the bundle's strings as an escape: the same bundle. */
static void escapes_change_nothing(void **state)
{
	struct quote_result plain, escaped;
	struct world w;
	size_t n;

	(void)state;
	world_create(&w);
	assert_int_equal(world_judge(&w), STATUS_OK);
	plain = w.result;
	const char *bundle = world_bundle(&w);
	char *text = malloc(6 * strlen(bundle) + 1);
	size_t at = 0;
	bool in_string = false;
	for (size_t i = 0; bundle[i] != '\0'; i++) {
		if (bundle[i] == '\\') {
			text[at++] = bundle[i++];
			text[at++] = bundle[i];
			continue;
		}
		in_string ^= bundle[i] == '"';
		if (in_string && bundle[i] != '"' && oracle_random(3) == 0)
			at += (size_t)sprintf(text + at, "\\u%04x", (unsigned)bundle[i]);
		else
			text[at++] = bundle[i];
	}
	assert_int_equal(collateral_open(&collateral, &scratch, (uint8_t *)text, at), STATUS_OK);
	const uint8_t *quote = world_quote(&w, &n);
	assert_int_equal(verify_quote(&collateral, &scratch, quote, n, &escaped), STATUS_OK);
	assert_memory_equal(plain.bytes, escaped.bytes, sizeof(plain.bytes));
	free(text);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_of_other_forms),
		cmocka_unit_test(certificates_and_crls_of_other_forms),
		cmocka_unit_test(bundles_of_other_forms),
		cmocka_unit_test(escapes_change_nothing),
	};

	oracle_start_crypto();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
