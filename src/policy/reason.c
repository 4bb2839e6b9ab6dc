/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/reason.h"

void reason_text_n(struct reason_text *to, const uint8_t *text, size_t n)
{
	if (n > sizeof(to->text) - to->n) {
		n = sizeof(to->text) - to->n;
		to->cut = true;
	}
	memcpy(to->text + to->n, text, n);
	to->n = (uint8_t)(to->n + n);
}

void reason_text(struct reason_text *to, const char *text)
{
	reason_text_n(to, (const uint8_t *)text, strlen(text));
}

void reason_dec(struct reason_text *to, uint64_t value)
{
	uint8_t digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (uint8_t)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	reason_text_n(to, digits + at, sizeof(digits) - at);
}

void reason_hex(struct reason_text *to, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		const uint8_t pair[2] = {(uint8_t)digits[bytes[i] >> 4],
			(uint8_t)digits[bytes[i] & 15]};
		reason_text_n(to, pair, sizeof(pair));
	}
}
