/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Text in place, fetched, and as the content of a JSON string, read in pieces of any size (by the
 * first byte).  What the JSON reader takes as a string is the same text.
 */
#include "fuzz.h"

#include "attest/text.h"
#include "json/json.h"

#define TEXT_MAX 4096

struct text {
	size_t n;
	uint8_t bytes[TEXT_MAX];
};

/* Text that is fetched, and whose last byte may be bad. */
struct fetched {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static size_t fetch(void *ctx, enum collateral_blob blob, uint8_t *to, size_t n, bool *failed)
{
	struct fetched *f = ctx;

	HOLDS(blob == COLLATERAL_TCB_INFO);
	n = n < f->left ? n : f->left;
	if (f->bad && n == f->left) {
		*failed = true;
		return 0;
	}
	memcpy(to, f->at, n);
	f->at += n;
	f->left -= n;
	return n;
}

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

/* The beginning is looked at before all of it is read. */
static void check_fetched(const uint8_t *bytes, size_t n, size_t piece, bool bad)
{
	static struct text text;
	struct fetched f = {bytes, n, bad};
	const struct collateral_source source = {.read = fetch, .ctx = &f};
	struct text_reader r = text_fetched(&source, COLLATERAL_TCB_INFO);
	uint8_t first[TEXT_PEEK_MAX];

	const size_t peeked = text_peek(&r, first, sizeof(first));
	HOLDS(peeked <= n && memcmp(first, bytes, peeked) == 0);
	HOLDS(bad || peeked == (n < sizeof(first) ? n : sizeof(first)));
	HOLDS(read_all(r, piece, &text) == !bad);
	HOLDS(bad || (text.n == n && memcmp(text.bytes, bytes, n) == 0));
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
	check_fetched(bytes, n, piece, false);
	check_fetched(bytes, n, piece, true);
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
