/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The first byte cuts the text: pieces of any size decode to the same sections, whole or through
 * a small window, and to those of a plain decoder that has the text before it.
 */
#include "fuzz.h"

#include "attest/pem.h"

#define ROOM 4096
#define SECTIONS_MAX 64

struct outcome {
	enum status status;
	size_t sections, n;
	uint8_t kind[SECTIONS_MAX];
	uint8_t bytes[ROOM];
};

static void end_section(struct outcome *o, enum pem_event event)
{
	HOLDS(event == PEM_CERTIFICATE || event == PEM_CRL);
	if (o->sections == SECTIONS_MAX)
		o->status = ERR_PEM;
	else
		o->kind[o->sections++] = (uint8_t)event;
}

static void decode(const uint8_t *text, size_t n, size_t piece, struct outcome *o)
{
	struct pem_decoder d;
	enum pem_event event;
	size_t taken;

	*o = (struct outcome){.status = STATUS_OK};
	pem_begin(&d, o->bytes, ROOM);
	for (size_t at = 0; at < n && o->status == STATUS_OK; at += taken) {
		const size_t size = n - at < piece ? n - at : piece;
		o->status = pem_feed(&d, text + at, size, &taken, &event);
		if (o->status != STATUS_OK)
			return;
		HOLDS(taken <= size && d.n <= d.room && d.to + d.n <= o->bytes + ROOM);
		if (event == PEM_MORE) {
			HOLDS(taken == size);
		} else if (event == PEM_FULL) {
			o->status = ERR_PEM;
		} else {
			HOLDS(pem_in_certificate(&d) == (event == PEM_CERTIFICATE));
			o->n += d.n;
			d.to = o->bytes + o->n;
			d.room = ROOM - o->n;
			end_section(o, event);
		}
	}
	if (o->status == STATUS_OK)
		o->status = pem_end(&d);
}

/* Section by section, or piece by piece through a window of `window` bytes. */
static void read_sections(const uint8_t *text, size_t n, size_t window, struct outcome *o)
{
	struct pem_reader p;
	enum pem_event event = PEM_FULL;
	size_t got;

	*o = (struct outcome){.status = STATUS_OK};
	pem_open(&p, text_plain(text, n));
	while (event != PEM_MORE && o->status == STATUS_OK) {
		const size_t room = ROOM - o->n;
		if (window == 0)
			o->status = pem_next(&p, o->bytes + o->n, room, &got, &event);
		else
			o->status = pem_piece(&p, o->bytes + o->n, room < window ? room : window,
				&got, &event);
		if (o->status != STATUS_OK)
			return;
		HOLDS(got <= room);
		o->n += got;
		if (event == PEM_FULL && o->n == ROOM)
			o->status = ERR_PEM;
		else if (event == PEM_CERTIFICATE || event == PEM_CRL)
			end_section(o, event);
	}
}

static int digit_of(uint8_t c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (int i = 0; i < 64; i++) {
		if ((uint8_t)digits[i] == c)
			return i;
	}
	return -1;
}

/* A line of the text from `at`, without its end; *next is where the following one begins. */
static size_t line_of(const uint8_t *text, size_t n, size_t at, size_t *next)
{
	size_t end = at;

	while (end < n && text[end] != '\n')
		end++;
	*next = end < n ? end + 1 : n;
	return end > at && text[end - 1] == '\r' ? end - 1 - at : end - at;
}

static bool line_is(const uint8_t *line, size_t n, const char *expected)
{
	return n == strlen(expected) && memcmp(line, expected, n) == 0;
}

/* Compares what was accepted with the text, without judging the text. */
static void check_plain(const uint8_t *text, size_t n, const struct outcome *o)
{
	size_t sections = 0, bytes = 0, next, held = 0;
	uint32_t bits = 0;
	bool inside = false;

	for (size_t at = 0; at < n; at = next) {
		const uint8_t *line = text + at;
		const size_t size = line_of(text, n, at, &next);
		const bool crl = line_is(line, size, "-----BEGIN X509 CRL-----");
		if (!inside && (crl || line_is(line, size, "-----BEGIN CERTIFICATE-----"))) {
			HOLDS(sections < o->sections);
			HOLDS(o->kind[sections] == (crl ? PEM_CRL : PEM_CERTIFICATE));
			inside = true;
			held = 0;
			bits = 0;
		} else if (inside && line_is(line, size, o->kind[sections] == PEM_CRL ?
			"-----END X509 CRL-----" : "-----END CERTIFICATE-----")) {
			HOLDS(bits == 0);
			inside = false;
			sections++;
		}
		else if (inside) {
			for (size_t i = 0; i < size && line[i] != '='; i++) {
				HOLDS(digit_of(line[i]) >= 0);
				bits = bits << 6 | (uint32_t)digit_of(line[i]);
				held += 6;
				if (held < 8)
					continue;
				held -= 8;
				HOLDS(bytes < o->n && o->bytes[bytes] == bits >> held);
				bytes++;
				bits &= (1u << held) - 1;
			}
		}
	}
	HOLDS(!inside && sections == o->sections && bytes == o->n);
}

static void same(const struct outcome *a, const struct outcome *b)
{
	HOLDS(a->sections == b->sections && a->n == b->n);
	HOLDS(memcmp(a->bytes, b->bytes, a->n) == 0);
	HOLDS(memcmp(a->kind, b->kind, a->sections) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct outcome whole, cut, sections, pieces;

	if (n < 1)
		return 0;
	const size_t piece = 1 + bytes[0] % 16u;
	bytes++;
	n--;
	decode(bytes, n, n + 1, &whole);
	decode(bytes, n, piece, &cut);
	read_sections(bytes, n, 0, &sections);
	read_sections(bytes, n, piece, &pieces);
	HOLDS(whole.status == cut.status && sections.status == pieces.status);
	/* A NUL is text to the decoder and a fault to the reader. */
	HOLDS(sections.status != STATUS_OK || whole.status == STATUS_OK);
	if (whole.status != STATUS_OK)
		return 0;
	same(&whole, &cut);
	check_plain(bytes, n, &whole);
	if (sections.status == STATUS_OK) {
		same(&whole, &sections);
		same(&whole, &pieces);
		if (whole.n > 0)
			ACCEPTED();
	}
	return 0;
}
