/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Escaped text against jansson, PEM against OpenSSL, dates against the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <jansson.h>
#include <openssl/pem.h>

#include "attest/date.h"
#include "attest/pem.h"
#include "oracle.h"

/* Reads all of an escaped text in pieces of this size; SIZE_MAX when it is malformed. */
static size_t unescape(const char *text, size_t n, size_t piece, uint8_t *to)
{
	uint8_t *copy = malloc(n == 0 ? 1 : n);
	size_t all = 0, got;

	memcpy(copy, text, n);
	struct text_reader t = text_escaped(copy, n);
	while ((got = text_read(&t, to + all, piece)) > 0)
		all += got;
	free(copy);
	return t.failed ? SIZE_MAX : all;
}

static void peeking_takes_nothing(void **state)
{
	static const char *const texts[] = {"", "a", "ab", "abc", "\\ud83d\\ude00\\ud83d\\ude00",
		"a\\ud83d\\ude00", "\\n\\u20ac"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const uint8_t *text = (const uint8_t *)texts[i];
		const size_t n = strlen(texts[i]);
		for (size_t look = 0; look < 8; look++) {
			struct text_reader t = look & 4 ? text_plain(text, n) : text_escaped(text, n);
			struct text_reader u = t;
			uint8_t all[64], same[64], first[4];
			const size_t size = text_read(&t, all, sizeof(all));
			const size_t seen = text_peek(&u, first, look & 3);

			assert_int_equal(seen, size < 2 && size < (look & 3) ? size :
				(look & 3) < 2 ? (look & 3) : 2);
			assert_memory_equal(first, all, seen);
			assert_int_equal(text_peek(&u, first, look & 3), seen);
			assert_int_equal(text_read(&u, same, 1), size > 0);
			assert_int_equal(text_read(&u, same + 1, sizeof(same) - 1), size == 0 ? 0 :
				size - 1);
			assert_memory_equal(same, all, size);
		}
	}
}

/* Jansson judges the same text between quotes. */
static void judge_text(const char *text, size_t n)
{
	char document[512];
	uint8_t bytes[512];

	snprintf(document, sizeof(document), "[\"%.*s\"]", (int)n, text);
	json_t *value = json_loadb(document, n + 4, JSON_ALLOW_NUL, NULL);
	const char *expected = value == NULL ? NULL : json_string_value(json_array_get(value, 0));
	for (size_t piece = 1; piece < 8; piece += 2) {
		const size_t got = unescape(text, n, piece, bytes);
		if (expected == NULL || json_array_size(value) != 1) {
			/* A bad code point is the JSON reader's to find. */
			assert_true(got == SIZE_MAX || memchr(text, 0x80, n) != NULL);
			continue;
		}
		assert_int_equal(got, json_string_length(json_array_get(value, 0)));
		assert_memory_equal(bytes, expected, got);
	}
	json_decref(value);
}

static void escapes_are_undone_as_jansson_does(void **state)
{
	static const char *const texts[] = {
		"", "plain", "a\\nb", "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\\u0041\\u00e9\\u20ac",
		"\\ud83d\\ude00", "x\\ud83d\\ude00y", "\\uFFFF", "\\u0000", "\\ud83d", "\\ud83dx",
		"\\ude00", "\\ud83d\\ud83d", "\\ud83d\\n", "\\u12", "\\u12g4", "\\", "\\x", "\\N",
		"a\"b", "a\nb", "\xc3\xa9", "\\ud83d\\u", "\\ud83d\\u0041",
	};
	static const char alphabet[] = "\\\\\\\\unrtud83dDdE00e9aF\"/ x";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		judge_text(texts[i], strlen(texts[i]));
	for (int i = 0; i < 20000; i++) {
		char text[32];
		const size_t n = oracle_random(sizeof(text));
		for (size_t k = 0; k < n; k++)
			text[k] = alphabet[oracle_random(sizeof(alphabet) - 1)];
		judge_text(text, n);
	}
}

/* --- PEM ------------------------------------------------------------------------------------ */

struct sections {
	size_t count;
	size_t total;
	enum pem_event kind[8];
	size_t size[8];
	uint8_t bytes[4096];
};

/* Feeds the text in pieces of this size; false when it is malformed or a section too large. */
static bool decode(const char *text, size_t n, size_t piece, struct sections *out)
{
	struct pem_decoder d;
	size_t at = 0, taken;
	enum pem_event event;

	*out = (struct sections){0};
	pem_begin(&d, out->bytes, 1500);
	while (at < n) {
		const size_t size = n - at < piece ? n - at : piece;
		if (pem_feed(&d, (const uint8_t *)text + at, size, &taken, &event) != STATUS_OK ||
			event == PEM_FULL || out->count == 8)
			return false;
		at += taken;
		if (event == PEM_MORE) {
			assert_int_equal(taken, size);
			continue;
		}
		out->kind[out->count] = event;
		out->size[out->count++] = d.n;
		out->total += d.n;
		if (out->total > sizeof(out->bytes) - 1500)
			return false;
		d.to = out->bytes + out->total;
	}
	return pem_end(&d) == STATUS_OK;
}

static void sections_come_out_as_openssl_wrote_them_in_pieces_of_any_size(void **state)
{
	char text[8192] = "before\n";
	uint8_t der[3][700];
	struct sections s;
	const char *labels[] = {"CERTIFICATE", "EC PARAMETERS", "X509 CRL"};

	(void)state;
	for (size_t size = 1; size < 700; size += 1 + oracle_random(40)) {
		strcpy(text, "before\n");
		for (int i = 0; i < 3; i++) {
			for (size_t k = 0; k < size; k++)
				der[i][k] = (uint8_t)oracle_random(256);
			oracle_pem(labels[i], der[i], size, i < 2, text + strlen(text), 2048);
			if (i < 2)
				strcat(text, "between\n");
		}
		for (size_t piece = 1; piece < 5000; piece = piece * 3 + 1) {
			assert_true(decode(text, strlen(text), piece, &s));
			assert_int_equal(s.count, 2);
			assert_int_equal(s.kind[0], PEM_CERTIFICATE);
			assert_int_equal(s.kind[1], PEM_CRL);
			assert_int_equal(s.size[0], size);
			assert_int_equal(s.size[1], size);
			assert_memory_equal(s.bytes, der[0], size);
			assert_memory_equal(s.bytes + size, der[2], size);
		}
	}
}

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

static void malformed_text_is_refused(void **state)
{
	static const struct {
		const char *text;
		int sections;	/* -1: malformed */
	} cases[] = {
		{"", 0}, {"text", 0}, {"\n\n", 0}, {"-----BEGIN", 0},
		{BEGIN "\nQUJD\n" END, 1}, {BEGIN "\nQUJD\n" END "\n", 1},
		{BEGIN "\r\nQUJD\r\n" END "\r\n", 1}, {BEGIN "\nQU\nJD\n" END, 1},
		{BEGIN "\nQUI=\n" END, 1}, {BEGIN "\nQQ==\n" END, 1}, {BEGIN "\n\nQQ==\n\n" END, 1},
		{"x" BEGIN "\n", 0},			/* not at a line's beginning */
		{BEGIN "\nQUJD\n" END " \n", -1}, {BEGIN "\nQUJD\n" END "x", -1},
		{BEGIN "\nQUJD", -1}, {BEGIN "\nQUJD\n", -1}, {BEGIN "\n", -1}, {BEGIN, -1},
		{BEGIN "\nQUJD\n-----END", -1}, {BEGIN "\nQUJD\n-----END X509 CRL-----\n", -1},
		{BEGIN "\nQUJD" END "\n", -1},		/* END in the midst of a line */
		{BEGIN "\nQUJ\n" END, -1}, {BEGIN "\nQ\n" END, -1}, {BEGIN "\nQUI\n" END, -1},
		{BEGIN "\nQR==\n" END, -1}, {BEGIN "\nQUJ=\n" END, -1},	/* bits left over */
		{BEGIN "\nQQ=\n" END, -1}, {BEGIN "\nQQ===\n" END, -1}, {BEGIN "\n====\n" END, -1},
		{BEGIN "\nQQ==QUJD\n" END, -1}, {BEGIN "\nQQ=Q\n" END, -1},
		{BEGIN "\n=QQQ\n" END, -1},
		{BEGIN "\nQU JD\n" END, -1}, {BEGIN "\nQU-D\n" END, -1}, {BEGIN "\nQU_D\n" END, -1},
		{BEGIN "\nQUJD\r" END, -1}, {BEGIN "\nProc-Type: 4\n\nQUJD\n" END, -1},
		{BEGIN "\n" BEGIN "\nQUJD\n" END, -1}, {END "\n", -1}, {"x\n" END, -1},
		{BEGIN "\nQUJD\n" END "\n" END "\n", -1},
	};
	struct sections s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t piece = 1; piece < 100; piece = piece * 4 + 1) {
			const bool ok = decode(cases[i].text, strlen(cases[i].text), piece, &s);
			if (ok != (cases[i].sections >= 0))
				fail_msg("%s", cases[i].text);
			if (ok)
				assert_int_equal(s.count, cases[i].sections);
		}
	}
}

static void a_buffer_may_be_emptied_as_it_fills(void **state)
{
	uint8_t der[500], piece[7], all[600];
	char text[1024];
	struct pem_reader p;
	size_t n, total = 0;
	enum pem_event event;

	(void)state;
	for (size_t k = 0; k < sizeof(der); k++)
		der[k] = (uint8_t)oracle_random(256);
	const size_t size = oracle_pem("X509 CRL", der, sizeof(der), true, text, sizeof(text));
	pem_open(&p, text_plain((const uint8_t *)text, size));
	do {
		assert_int_equal(pem_piece(&p, piece, sizeof(piece), &n, &event), STATUS_OK);
		memcpy(all + total, piece, n);
		total += n;
	} while (event == PEM_FULL);
	assert_int_equal(event, PEM_CRL);
	assert_int_equal(total, sizeof(der));
	assert_memory_equal(all, der, sizeof(der));
	assert_int_equal(pem_piece(&p, piece, sizeof(piece), &n, &event), STATUS_OK);
	assert_int_equal(event, PEM_MORE);

	pem_open(&p, text_plain((const uint8_t *)text, size));
	assert_int_equal(pem_next(&p, all, sizeof(der) - 1, &n, &event), ERR_PEM);
	text[3] = '\0';
	pem_open(&p, text_plain((const uint8_t *)text, size));
	assert_int_equal(pem_next(&p, all, sizeof(der), &n, &event), ERR_PEM);
}

/* --- dates ---------------------------------------------------------------------------------- */

static void dates_are_those_of_the_c_library(void **state)
{
	char text[64];
	int64_t seconds;

	(void)state;
	for (time_t t = -2208988800; t < 7000000000; t += 86400 * 5 + 3723) {
		struct tm tm;
		gmtime_r(&t, &tm);
		const size_t n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_true(date_parse((const uint8_t *)text, n, &seconds));
		assert_int_equal(seconds, t);
	}
	static const char *const bad[] = {"", "2025-01-01T00:00:00", "2025-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z",
		"2025-01-00T00:00:00Z", "2025-04-31T00:00:00Z", "2025-01-01T24:00:00Z",
		"2025-01-01T00:60:00Z", "2025-01-01T00:00:60Z", "1899-12-31T00:00:00Z",
		"2025-01-01 00:00:00Z", "2025-01-01T00:00:00z", "2025-01-01T00:00:0 Z",
		"+025-01-01T00:00:00Z", "2025-01-01T00:00:00Z "};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(date_parse((const uint8_t *)bad[i], strlen(bad[i]), &seconds));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peeking_takes_nothing),
		cmocka_unit_test(escapes_are_undone_as_jansson_does),
		cmocka_unit_test(sections_come_out_as_openssl_wrote_them_in_pieces_of_any_size),
		cmocka_unit_test(malformed_text_is_refused),
		cmocka_unit_test(a_buffer_may_be_emptied_as_it_fills),
		cmocka_unit_test(dates_are_those_of_the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
