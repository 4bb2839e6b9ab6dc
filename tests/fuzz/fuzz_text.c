/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The content of a JSON string, its escapes undone in pieces of any size (by the first byte).
 * What the JSON reader takes as a string is the same text.
 */
#include "fuzz.h"

#include "attest/text.h"
#include "json/json.h"

#define TEXT_MAX 4096

struct text {
	size_t n;
	uint8_t bytes[TEXT_MAX];
};

static bool read_all(struct text_reader r, size_t piece, struct text *to)
{
	size_t got;

	to->n = 0;
	while ((got = text_read(&r, to->bytes + to->n, piece)) > 0) {
		HOLDS(got <= piece);
		to->n += got;
	}
	return !r.failed;
}

static enum status on_event(void *ctx, const struct json_event *event)
{
	struct text *to = ctx;

	if (event->n > 0)
		memcpy(to->bytes + to->n, event->text, event->n);
	to->n += event->n;
	return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct text whole, cut, json;
	struct json_reader r;

	if (n < 1 || n > TEXT_MAX / 2)
		return 0;
	const size_t piece = 1 + bytes[0] % 16u;
	bytes++;
	n--;
	HOLDS(read_all(text_plain(bytes, n), piece, &cut));
	HOLDS(cut.n == n && memcmp(cut.bytes, bytes, n) == 0);
	const bool ok = read_all(text_escaped(bytes, n), TEXT_MAX / 2, &whole);
	HOLDS(ok == read_all(text_escaped(bytes, n), piece, &cut));
	HOLDS(whole.n <= n);
	if (ok) {
		HOLDS(whole.n == cut.n && memcmp(whole.bytes, cut.bytes, cut.n) == 0);
		ACCEPTED();
	}

	json.n = 0;
	json_begin(&r, on_event, &json);
	/* A quote that is not escaped ends the string early; then the last one is too many. */
	if (json_feed(&r, (const uint8_t *)"\"", 1) == STATUS_OK &&
		json_feed(&r, bytes, n) == STATUS_OK &&
		json_feed(&r, (const uint8_t *)"\"", 1) == STATUS_OK && json_end(&r) == STATUS_OK)
		HOLDS(ok && whole.n == json.n && memcmp(whole.bytes, json.bytes, json.n) == 0);
	return 0;
}
