/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Changes one text of an input, then mostly signs TCB info and QE identity again with the key of the
 * seeds' world.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "fetched.h"
#include "keys.h"

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned seed);

#define TEXT_MAX 16384

struct part {
	unsigned which;
	size_t n;
	uint8_t bytes[TEXT_MAX];
};

/* {"tcbInfo":{...},"signature":"..."}: what is signed ends before the last member. */
static void sign_again(struct part *part)
{
	static const char behind[] = ",\"signature\":\"";
	static EVP_PKEY *key;
	uint8_t rs[64];
	char hex[3];

	uint8_t *body = memchr(part->bytes, ':', part->n);
	uint8_t *end = memmem(part->bytes, part->n, behind, strlen(behind));
	if (key == NULL)
		key = fuzz_key(FUZZ_KEY_SIGNING);
	if (body == NULL || end == NULL || ++body >= end)
		return;
	uint8_t *digits = end + strlen(behind);
	if ((size_t)(part->bytes + part->n - digits) < 2 * sizeof(rs))
		return;
	fuzz_sign(key, body, (size_t)(end - body), rs);
	for (size_t i = 0; i < sizeof(rs); i++) {
		snprintf(hex, sizeof(hex), "%02x", rs[i]);
		memcpy(digits + 2 * i, hex, 2);
	}
}

/* Replaces the part that lies in the input at `at`. */
static size_t put(uint8_t *bytes, size_t n, size_t most, size_t at, size_t old,
	const struct part *part)
{
	if (n - old + part->n > most)
		return n;
	uint8_t *text = bytes + at + FETCHED_TEXT_HEADER;
	memmove(text + part->n, text + old, n - at - FETCHED_TEXT_HEADER - old);
	memcpy(text, part->bytes, part->n);
	text[-2] = (uint8_t)part->n;
	text[-1] = (uint8_t)(part->n >> 8);
	return n - old + part->n;
}

static size_t change(uint8_t *bytes, size_t n, size_t most, unsigned seed)
{
	static struct part part;
	const uint8_t *at = bytes + FETCHED_HEADER;
	size_t left = n - FETCHED_HEADER, count = 0, begin = FETCHED_HEADER;
	struct fuzz_text text;

	while (fetched_text_next(&at, &left, &part.which, &text))
		count++;
	if (count == 0)
		return LLVMFuzzerMutate(bytes, n, most);
	at = bytes + FETCHED_HEADER;
	left = n - FETCHED_HEADER;
	for (size_t i = 0; i <= (seed >> 8) % count; i++) {
		begin = (size_t)(at - bytes);
		(void)fetched_text_next(&at, &left, &part.which, &text);
	}
	if (text.n > sizeof(part.bytes))
		return n;
	memcpy(part.bytes, text.at, text.n);
	const size_t room = most - n + text.n;
	part.n = LLVMFuzzerMutate(part.bytes, text.n, room < TEXT_MAX ? room : TEXT_MAX);
	if ((part.which == COLLATERAL_TCB_INFO || part.which == COLLATERAL_QE_IDENTITY) &&
	    (seed & 0x70) != 0)
		sign_again(&part);
	return put(bytes, n, most, begin, text.n, &part);
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned seed)
{
	if ((seed & 7) == 0 || n < FETCHED_HEADER)
		return LLVMFuzzerMutate(bytes, n, most);
	return change(bytes, n, most, seed);
}
