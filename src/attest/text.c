/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/text.h"

#include "json/text.h"

struct text_reader text_plain(const uint8_t *at, size_t n)
{
	return (struct text_reader){.at = at, .end = at + n};
}

struct text_reader text_escaped(const uint8_t *at, size_t n)
{
	return (struct text_reader){.at = at, .end = at + n, .escaped = true};
}

struct text_reader text_fetched(const struct collateral_source *source, enum collateral_blob blob)
{
	return (struct text_reader){.source = source, .blob = (uint8_t)blob};
}

int text_hex_digit(uint8_t c)
{
	const uint8_t lower = c | 0x20;

	if (c >= '0' && c <= '9')
		return c - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Four hexadecimal digits, or a value no code unit has. */
#define NO_UNIT 0xffffffffu

static uint32_t code_unit(struct text_reader *t)
{
	uint32_t unit = 0;

	if (t->end - t->at < 4)
		return NO_UNIT;
	for (size_t i = 0; i < 4; i++) {
		const int digit = text_hex_digit(*t->at++);
		if (digit < 0)
			return NO_UNIT;
		unit = unit << 4 | (uint32_t)digit;
	}
	return unit;
}

/* What stands after \u: one code unit or a surrogate pair. */
static uint32_t code_point(struct text_reader *t)
{
	const uint32_t high = code_unit(t);
	if (high == NO_UNIT || high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || t->end - t->at < 6 || t->at[0] != '\\' || t->at[1] != 'u')
		return NO_UNIT;
	t->at += 2;
	const uint32_t low = code_unit(t);
	if (low < 0xdc00 || low > 0xdfff)
		return NO_UNIT;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* Keeps the UTF-8 of a code point, last byte first, until it is taken. */
static void keep_utf8(struct text_reader *t, uint32_t point)
{
	uint8_t n = 0;
	if (point < 0x80) {
		t->pending[n++] = (uint8_t)point;
	} else {
		const unsigned tails = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
		for (unsigned i = 0; i < tails; i++) {
			t->pending[n++] = (uint8_t)(0x80 | (point & 0x3f));
			point >>= 6;
		}
		t->pending[n++] = (uint8_t)((0xf80u >> tails & 0xff) | point);
	}
	t->pending_n = n;
}

/* Undoes the escape at hand: one byte or, of a code point, what is kept; returns the byte's count. */
static size_t escape(struct text_reader *t, uint8_t *to)
{
	t->at++;
	const uint8_t name = t->at < t->end ? *t->at++ : 0;
	if (name == 'u') {
		const uint32_t point = code_point(t);
		if (point == NO_UNIT)
			t->failed = true;
		else
			keep_utf8(t, point);
		return 0;
	}
	*to = json_escaped(name);
	t->failed = *to == 0;
	return t->failed ? 0 : 1;
}

/* Copies what stands for itself, at most n bytes. */
static size_t copy_plain(struct text_reader *t, uint8_t *to, size_t n)
{
	const size_t left = (size_t)(t->end - t->at), most = left < n ? left : n;
	size_t i = 0;

	for (; most - i >= 8; i += 8) {
		const uint64_t bytes = bytes_load(t->at + i), other = json_special(bytes);

		bytes_store(to + i, bytes);
		if (other != 0) {
			i += bytes_before(other);
			t->at += i;
			return i;
		}
	}
	for (; i < most && json_is_plain(t->at[i]); i++)
		to[i] = t->at[i];
	t->at += i;
	return i;
}

static size_t read_pending(struct text_reader *t, uint8_t *to, size_t n)
{
	size_t done = 0;

	while (done < n && t->pending_n > 0)
		to[done++] = t->pending[--t->pending_n];
	return done;
}

static size_t read_escaped(struct text_reader *t, uint8_t *to, size_t n)
{
	size_t done = 0;

	while (done < n && !t->failed) {
		if (t->pending_n > 0) {
			done += read_pending(t, to + done, n - done);
			continue;
		}
		done += copy_plain(t, to + done, n - done);
		if (done == n || t->at == t->end)
			break;
		if (*t->at == '\\')
			done += escape(t, to + done);
		else
			t->failed = true;
	}
	return t->failed ? 0 : done;
}

static size_t read_plain(struct text_reader *t, uint8_t *to, size_t n)
{
	const size_t left = (size_t)(t->end - t->at);
	const size_t taken = left < n ? left : n;
	if (taken > 0)
		memcpy(to, t->at, taken);
	t->at += taken;
	return taken;
}

size_t text_read(struct text_reader *t, uint8_t *to, size_t n)
{
	if (t->failed)
		return 0;
	if (t->escaped)
		return read_escaped(t, to, n);
	const size_t done = read_pending(t, to, n);
	if (done == n)
		return n;
	if (t->source == NULL)
		return done + read_plain(t, to + done, n - done);
	const size_t got = t->source->read(t->source->ctx, (enum collateral_blob)t->blob,
		to + done, n - done, &t->failed);
	return t->failed ? 0 : done + got;
}

size_t text_view(struct text_reader *t, uint8_t *to, size_t n, const uint8_t **from)
{
	*from = to;
	if (t->failed || t->escaped || t->source != NULL || t->pending_n > 0)
		return text_read(t, to, n);

	const size_t left = (size_t)(t->end - t->at);
	const size_t taken = left < TEXT_VIEW_MAX ? left : TEXT_VIEW_MAX;
	*from = t->at;
	t->at += taken;
	return taken;
}

size_t text_peek(struct text_reader *t, uint8_t *to, size_t n)
{
	const size_t got = text_read(t, to, n < TEXT_PEEK_MAX ? n : TEXT_PEEK_MAX);

	for (size_t i = got; i > 0; i--)
		t->pending[t->pending_n++] = to[i - 1];
	return got;
}
