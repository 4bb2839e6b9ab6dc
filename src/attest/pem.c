/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/pem.h"

#include "wire/bytes.h"

enum pem_state {
	IN_TEXT,	/* outside of sections */
	LINE_START,	/* in a section, at the beginning of a line */
	IN_LINE,	/* in a line of base64 */
	AFTER_CR,	/* a carriage return was read; a newline must follow */
	IN_END,		/* in the line that ends the section */
	AFTER_END,	/* behind it */
	AFTER_END_CR,
};

static const struct {
	const char *begin;
	const char *end;
	enum pem_event event;
} boundaries[] = {
	{"-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", PEM_CERTIFICATE},
	{"-----BEGIN X509 CRL-----", "-----END X509 CRL-----", PEM_CRL},
};

void pem_begin(struct pem_decoder *d, uint8_t *to, size_t room)
{
	*d = (struct pem_decoder){.to = to, .room = room, .state = IN_TEXT};
}

static bool line_is(const struct pem_decoder *d, const char *text)
{
	const size_t n = strlen(text);
	return d->line_n == n && memcmp(d->line, text, n) == 0;
}

/* A line of text is complete: does it open a section? */
static enum status text_line(struct pem_decoder *d)
{
	if (d->line_n > 0 && d->line_n <= sizeof(d->line) && d->line[d->line_n - 1] == '\r')
		d->line_n--;
	for (uint8_t i = 0; i < ARRAY_SIZE(boundaries); i++) {
		if (line_is(d, boundaries[i].end))
			return ERR_PEM;
		if (line_is(d, boundaries[i].begin)) {
			d->kind = i;
			d->state = LINE_START;
			d->n = 0;
			d->bits = 0;
			d->quantum = 0;
			d->padding = 0;
		}
	}
	d->line_n = 0;
	return STATUS_OK;
}

static enum status text_byte(struct pem_decoder *d, uint8_t c)
{
	if (c == '\n')
		return text_line(d);
	/* Longer lines are no boundary: line_n stops one past what fits. */
	if (d->line_n < sizeof(d->line))
		d->line[d->line_n] = c;
	if (d->line_n <= sizeof(d->line))
		d->line_n++;
	return STATUS_OK;
}

/* Not a digit: the only value with the top bit set. */
#define NO_DIGIT 0xff

static uint8_t base64_digit(uint8_t c)
{
	/* From '+' to 'z'. */
	static const uint8_t digits[] = {
		62, 255, 255, 255, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 255,
		255, 255, 255, 255, 255, 255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
		10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
		255, 255, 255, 255, 255, 255, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
		36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
	};

	return c >= '+' && c <= 'z' ? digits[c - '+'] : NO_DIGIT;
}

/* Whether taking this character yields a byte, for which there must be room. */
static bool yields_byte(const struct pem_decoder *d, uint8_t c)
{
	return (d->state == LINE_START || d->state == IN_LINE) && d->quantum > 0 &&
		d->padding == 0 && base64_digit(c) != NO_DIGIT;
}

/* One character of base64.  The first digit of a quantum yields no byte, the others one each. */
static enum status base64_byte(struct pem_decoder *d, uint8_t c)
{
	if (c == '=') {
		/* Two or three digits came before; the bits that make no byte must be zero. */
		if (d->quantum < 2 || (d->bits & (d->quantum == 2 ? 0x0fu : 0x03u)) != 0)
			return ERR_PEM;
		d->padding++;
		d->quantum = (d->quantum + 1) % 4;
		d->bits = 0;
		return STATUS_OK;
	}
	const uint8_t digit = base64_digit(c);
	if (digit == NO_DIGIT || d->padding > 0)
		return ERR_PEM;
	d->bits = d->bits << 6 | digit;
	if (d->quantum > 0)
		d->to[d->n++] = (uint8_t)(d->bits >> (6 - 2 * d->quantum));
	d->quantum = (d->quantum + 1) % 4;
	return STATUS_OK;
}

/* Takes whole quanta of four digits while there is room; returns the characters taken. */
static size_t take_quanta(struct pem_decoder *d, const uint8_t *from, size_t n)
{
	const uint8_t *const to_end = d->to + d->room;
	uint8_t *to = d->to + d->n;
	size_t at;

	if ((d->state != LINE_START && d->state != IN_LINE) || d->quantum != 0 || d->padding > 0)
		return 0;
	for (at = 0; n - at >= 4 && to_end - to >= 3; at += 4) {
		const uint8_t a = base64_digit(from[at]), b = base64_digit(from[at + 1]);
		const uint8_t c = base64_digit(from[at + 2]), e = base64_digit(from[at + 3]);

		if (((a | b | c | e) & 0x80) != 0)
			break;
		to[0] = (uint8_t)(a << 2 | b >> 4);
		to[1] = (uint8_t)(b << 4 | c >> 2);
		to[2] = (uint8_t)(c << 6 | e);
		to += 3;
	}
	if (at > 0)
		d->state = IN_LINE;
	d->n = (size_t)(to - d->to);
	return at;
}

static enum status section_byte(struct pem_decoder *d, uint8_t c)
{
	if (d->state == AFTER_CR && c != '\n')
		return ERR_PEM;
	if (c == '\n') {
		d->state = LINE_START;
		return STATUS_OK;
	}
	if (c == '\r') {
		d->state = AFTER_CR;
		return STATUS_OK;
	}
	if (c == '-' && d->state == LINE_START) {
		d->state = IN_END;
		d->line_n = 1;
		return STATUS_OK;
	}
	/* Once a quantum was padded there is no more base64. */
	if (d->padding > 0 && d->quantum == 0)
		return ERR_PEM;
	d->state = IN_LINE;
	return base64_byte(d, c);
}

/* Follows the END line; *complete when its last character is there. */
static enum status end_byte(struct pem_decoder *d, uint8_t c, bool *complete)
{
	const char *end = boundaries[d->kind].end;

	if (c != (uint8_t)end[d->line_n])
		return ERR_PEM;
	d->line_n++;
	if (end[d->line_n] != '\0')
		return STATUS_OK;
	if (d->quantum != 0)
		return ERR_PEM;
	d->state = AFTER_END;
	*complete = true;
	return STATUS_OK;
}

static enum status after_end_byte(struct pem_decoder *d, uint8_t c)
{
	if (c == '\r' && d->state == AFTER_END) {
		d->state = AFTER_END_CR;
		return STATUS_OK;
	}
	if (c != '\n')
		return ERR_PEM;
	d->state = IN_TEXT;
	d->line_n = 0;
	return STATUS_OK;
}

enum status pem_feed(struct pem_decoder *d, const uint8_t *from, size_t n, size_t *taken,
	enum pem_event *event)
{
	*event = PEM_MORE;
	for (*taken = 0; *taken < n; ++*taken) {
		bool complete = false;

		*taken += take_quanta(d, from + *taken, n - *taken);
		if (*taken == n)
			break;
		const uint8_t c = from[*taken];

		if (yields_byte(d, c) && d->n == d->room) {
			*event = PEM_FULL;
			return STATUS_OK;
		}
		switch ((enum pem_state)d->state) {
		case IN_TEXT:
			TRY(text_byte(d, c));
			break;
		case IN_END:
			TRY(end_byte(d, c, &complete));
			break;
		case AFTER_END:
		case AFTER_END_CR:
			TRY(after_end_byte(d, c));
			break;
		case LINE_START:
		case IN_LINE:
		case AFTER_CR:
			TRY(section_byte(d, c));
			break;
		default:
			return ERR_PEM;
		}
		if (complete) {
			++*taken;
			*event = boundaries[d->kind].event;
			return STATUS_OK;
		}
	}
	return STATUS_OK;
}

bool pem_in_certificate(const struct pem_decoder *d)
{
	return boundaries[d->kind].event == PEM_CERTIFICATE;
}

enum status pem_end(struct pem_decoder *d)
{
	/* A last line without its newline may be a boundary that comes too late. */
	if (d->state == IN_TEXT)
		TRY(text_line(d));
	if (d->state != IN_TEXT && d->state != AFTER_END && d->state != AFTER_END_CR)
		return ERR_PEM;
	return STATUS_OK;
}

void pem_open(struct pem_reader *p, struct text_reader text)
{
	pem_begin(&p->decoder, NULL, 0);
	p->text = text;
	p->at = 0;
	p->have = 0;
}

static enum status refill(struct pem_reader *p)
{
	p->at = 0;
	p->have = (uint16_t)text_view(&p->text, p->piece, sizeof(p->piece), &p->from);
	return p->text.failed || bytes_contain(p->from, p->have, '\0') ? ERR_PEM : STATUS_OK;
}

enum status pem_piece(struct pem_reader *p, uint8_t *to, size_t room, size_t *n,
	enum pem_event *event)
{
	size_t taken;

	p->decoder.to = to;
	p->decoder.room = room;
	p->decoder.n = 0;
	*n = 0;
	for (;;) {
		if (p->at == p->have)
			TRY(refill(p));
		if (p->have == 0) {
			*event = PEM_MORE;
			return pem_end(&p->decoder);
		}
		const size_t left = (size_t)(p->have - p->at);
		TRY(pem_feed(&p->decoder, p->from + p->at, left, &taken, event));
		p->at = (uint16_t)(p->at + taken);
		*n = p->decoder.n;
		if (*event != PEM_MORE)
			return STATUS_OK;
	}
}

enum status pem_next(struct pem_reader *p, uint8_t *to, size_t room, size_t *n,
	enum pem_event *event)
{
	TRY(pem_piece(p, to, room, n, event));
	return *event == PEM_FULL ? ERR_PEM : STATUS_OK;
}
