/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Selection of levels against the plain way of attestation spec 3.7 (sort, then take the first),
 * and the table of 3.10 as it is printed there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "attest/tcb_info.h"
#include "oracle.h"

#define LEVELS 12

struct plain_level {
	uint8_t sgx[16], tdx[16];
	unsigned pcesvn;
	int date;
};

static int descending(const void *a, const void *b)
{
	const struct plain_level *x = a, *y = b;
	int order = memcmp(y->sgx, x->sgx, 16);

	if (order == 0)
		order = (int)y->pcesvn - (int)x->pcesvn;
	return order != 0 ? order : memcmp(y->tdx, x->tdx, 16);
}

static bool is_met(const uint8_t *have, const uint8_t *need, int from)
{
	for (int i = from; i < 16; i++)
		if (have[i] < need[i])
			return false;
	return true;
}

/* Indexes into the sorted levels, -1 for none. */
static void select_plainly(const struct plain_level *sorted, int n, const struct tcb_svns *have,
	int *sgx, int *tdx)
{
	*sgx = *tdx = -1;
	for (int i = 0; i < n; i++) {
		if (have->pcesvn < sorted[i].pcesvn || !is_met(have->sgx, sorted[i].sgx, 0))
			continue;
		if (*sgx < 0)
			*sgx = i;
		if (*tdx < 0 && is_met(have->tdx, sorted[i].tdx, have->tdx[1] > 0 ? 2 : 0))
			*tdx = i;
	}
}

/* Text of one document; its size suffices for LEVELS levels. */
struct document {
	char text[64 * 1024];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void add(struct document *d, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	d->n += (size_t)vsnprintf(d->text + d->n, sizeof(d->text) - d->n, format, args);
	va_end(args);
	assert_true(d->n < sizeof(d->text));
}

static void add_components(struct document *d, const char *name, const uint8_t *svn)
{
	add(d, "\"%s\":[", name);
	for (int i = 0; i < 16; i++)
		add(d, "%s{\"svn\":%u}", i > 0 ? "," : "", svn[i]);
	add(d, "],");
}

static void add_level(struct document *d, const struct plain_level *l)
{
	add(d, "{\"tcb\":{");
	add_components(d, "sgxtcbcomponents", l->sgx);
	add_components(d, "tdxtcbcomponents", l->tdx);
	add(d, "\"pcesvn\":%u},\"tcbDate\":\"%04d-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}",
		l->pcesvn, l->date);
}

static void add_head(struct document *d)
{
	d->n = 0;
	add(d, "{\"signature\":\"%0128d\",\"tcbInfo\":{\"id\":\"TDX\",\"version\":3,", 0);
	add(d, "\"issueDate\":\"2026-01-01T00:00:00Z\",\"nextUpdate\":\"2026-01-01T00:00:00Z\",");
	add(d, "\"fmspc\":\"00a06f0000d1\",\"pceId\":\"0000\",\"tcbType\":0,");
	add(d, "\"tcbEvaluationDataNumber\":1,\"tdxModule\":{\"mrsigner\":\"%096d\",", 0);
	add(d, "\"attributes\":\"%016d\",\"attributesMask\":\"%016d\"},\"tcbLevels\":[", 0, 0);
}

/* Small numbers in few places, so that levels match, tie and differ late. */
static void draw(uint8_t svn[16])
{
	memset(svn, 0, 16);
	svn[0] = (uint8_t)oracle_random(3);
	svn[1] = (uint8_t)oracle_random(2);
	svn[2] = (uint8_t)oracle_random(3);
	svn[15] = (uint8_t)oracle_random(2);
}

static bool is_new(const struct plain_level *levels, int n)
{
	for (int i = 0; i < n; i++)
		if (descending(&levels[i], &levels[n]) == 0)
			return false;
	return true;
}

static void check_level(const struct tcb_level *got, const struct plain_level *sorted, int expected)
{
	assert_int_equal(got->found, expected >= 0);
	if (expected < 0)
		return;
	assert_memory_equal(got->svns.sgx, sorted[expected].sgx, 16);
	assert_memory_equal(got->svns.tdx, sorted[expected].tdx, 16);
	assert_int_equal(got->svns.pcesvn, sorted[expected].pcesvn);
	assert_int_equal(got->date / 31536000 + 1970, sorted[expected].date);
}

static void one_round(size_t *selected)
{
	static struct document d;
	static struct signed_json s;
	struct plain_level levels[LEVELS];
	struct tcb_svns have;
	struct tcb_info info = {.platform = &have};
	const int n = 1 + (int)oracle_random(LEVELS);
	int count = 0, sgx, tdx;

	add_head(&d);
	for (int i = 0; i < n; i++) {
		draw(levels[count].sgx);
		draw(levels[count].tdx);
		levels[count].pcesvn = oracle_random(3);
		levels[count].date = 2000 + i;
		if (!is_new(levels, count))
			continue;
		add(&d, "%s", count > 0 ? "," : "");
		add_level(&d, &levels[count++]);
	}
	add(&d, "]}}");
	draw(have.sgx);
	draw(have.tdx);
	have.pcesvn = (uint16_t)oracle_random(4);
	qsort(levels, (size_t)count, sizeof(levels[0]), descending);
	select_plainly(levels, count, &have, &sgx, &tdx);
	*selected += tdx >= 0;

	assert_int_equal(tcb_info_read(&info, &s, text_plain((const uint8_t *)d.text, d.n)),
		STATUS_OK);
	check_level(&info.sgx_level, levels, sgx);
	check_level(&info.tdx_level, levels, tdx);
	assert_memory_equal(info.top.tdx, levels[0].tdx, 16);
}

static void levels_are_selected_as_from_a_sorted_list(void **state)
{
	size_t selected = 0;

	(void)state;
	for (int i = 0; i < 3000; i++)
		one_round(&selected);
	assert_true(selected > 300);
}

static void statuses_combine_as_the_table_says(void **state)
{
	enum { U = LEVEL_UP_TO_DATE, S = LEVEL_SW_HARDENING_NEEDED, C = LEVEL_CONFIGURATION_NEEDED,
		B = LEVEL_CONFIGURATION_AND_SW_HARDENING_NEEDED, O = LEVEL_OUT_OF_DATE,
		OC = LEVEL_OUT_OF_DATE_CONFIGURATION_NEEDED, R = LEVEL_REVOKED,
		A = LEVEL_RELAUNCH_ADVISED, AC = LEVEL_RELAUNCH_ADVISED_CONFIGURATION_NEEDED };
	static const uint8_t table[][4] = {
		{U, U, O, R}, {S, S, O, R}, {C, C, OC, R}, {B, B, OC, R}, {O, O, O, R},
		{OC, OC, OC, R}, {R, R, R, R}, {A, A, A, R}, {AC, AC, AC, R},
	};
	static const uint8_t beside[] = {U, O, R};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(level_status_combine((enum level_status)table[i][0],
				(enum level_status)beside[k]), table[i][k + 1]);
	assert_int_equal(level_status_combine(LEVEL_UP_TO_DATE, LEVEL_SW_HARDENING_NEEDED),
		LEVEL_UNKNOWN);
	assert_int_equal(level_status_combine(LEVEL_UNKNOWN, LEVEL_OUT_OF_DATE), LEVEL_UNKNOWN);
}

static void every_status_is_read_as_it_is_written(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= LEVEL_REVOKED; i++) {
		const char *text = level_status_text((enum level_status)i);
		assert_true(strlen(text) > 0);
		assert_int_equal(level_status_of((const uint8_t *)text, strlen(text)), i);
		assert_int_equal(level_status_of((const uint8_t *)text, strlen(text) - 1),
			LEVEL_UNKNOWN);
	}
	assert_int_equal(level_status_of((const uint8_t *)"TDRelaunchAdvised", 17), LEVEL_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_are_selected_as_from_a_sorted_list),
		cmocka_unit_test(statuses_combine_as_the_table_says),
		cmocka_unit_test(every_status_is_read_as_it_is_written),
	};

	oracle_start_crypto();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
