/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Changes a part of a peer-data blob as the fuzzer likes (all of it, a signed value, the issuer
 * chain), then mostly signs the documents again with the key of every seed's leaves and makes the
 * lengths right, so that what lies behind form and signatures is reached.
 */
#define _GNU_SOURCE
#include <string.h>

#include "fuzz.h"
#include "keys.h"

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned seed);

#define TEXT_MAX 65536
/* Grows by at most this when three signatures are renewed. */
#define SIGNATURES 1024

/* Before the blob. */
#define PREFIX 1

/* The two texts of the blob. */
struct parts {
	size_t policy_n, chain_n;
	uint8_t policy[TEXT_MAX], chain[TEXT_MAX];
};

struct range {
	uint8_t *at;
	size_t n;
};

/* --- JSON, as far as it can be trusted ------------------------------------------------------ */

/* The object that is the value of a member; nothing if there is none. */
static struct range object_of(const struct range *text, const char *member)
{
	uint8_t *at = memmem(text->at, text->n, member, strlen(member));
	uint8_t *const end = text->at + text->n;
	size_t depth = 0;
	bool in_string = false;

	at = at == NULL ? NULL : memchr(at, '{', (size_t)(end - at));
	for (uint8_t *c = at; c != NULL && c < end; c++) {
		if (in_string && *c == '\\')
			c++;
		else if (*c == '"')
			in_string = !in_string;
		else if (!in_string && *c == '{')
			depth++;
		else if (!in_string && *c == '}' && --depth == 0)
			return (struct range){at, (size_t)(c + 1 - at)};
	}
	return (struct range){NULL, 0};
}

/* n bytes in the place of a range of the policy. */
static struct range put(struct parts *p, struct range old, const void *from, size_t n)
{
	uint8_t *const end = p->policy + p->policy_n;

	if (p->policy_n - old.n + n > sizeof(p->policy))
		return old;
	memmove(old.at + n, old.at + old.n, (size_t)(end - (old.at + old.n)));
	memcpy(old.at, from, n);
	p->policy_n = p->policy_n - old.n + n;
	return (struct range){old.at, n};
}

static void sign_again(struct parts *p, const char *member)
{
	static const char name[] = "\"signature\":\"";
	static EVP_PKEY *key;
	const struct range policy = {p->policy, p->policy_n};
	const struct range value = object_of(&policy, member);
	char hex[2 * FUZZ_DER_MAX + 1];

	if (key == NULL)
		key = fuzz_key_p384(0);
	if (value.at == NULL)
		return;
	/* Behind the value, as kit_policy() puts it; of the policy itself it is the last one. */
	uint8_t *const end = p->policy + p->policy_n, *behind = value.at + value.n;
	uint8_t *at = memmem(behind, (size_t)(end - behind), name, strlen(name));
	if (at == NULL)
		return;
	at += strlen(name);
	const uint8_t *quote = memchr(at, '"', (size_t)(end - at));
	fuzz_sign_hex(key, value.at, value.n, hex);
	if (quote != NULL)
		put(p, (struct range){at, (size_t)(quote - at)}, hex, strlen(hex));
}

/* --- the blob ------------------------------------------------------------------------------- */

static size_t load(const uint8_t *at)
{
	return at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
}

static void store(uint8_t *at, size_t value)
{
	for (size_t i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static bool take_apart(struct parts *p, const uint8_t *bytes, size_t n)
{
	if (n < PREFIX + 8 || n > TEXT_MAX)
		return false;
	p->policy_n = load(bytes + PREFIX);
	if (p->policy_n > n - PREFIX - 8)
		return false;
	p->chain_n = n - PREFIX - 8 - p->policy_n;
	memcpy(p->policy, bytes + PREFIX + 4, p->policy_n);
	memcpy(p->chain, bytes + n - p->chain_n, p->chain_n);
	return true;
}

static size_t put_together(const struct parts *p, uint8_t *bytes)
{
	uint8_t *to = bytes + PREFIX;

	store(to, p->policy_n);
	memcpy(to + 4, p->policy, p->policy_n);
	to += 4 + p->policy_n;
	store(to, p->chain_n);
	memcpy(to + 4, p->chain, p->chain_n);
	return PREFIX + 8 + p->policy_n + p->chain_n;
}

static void change_range(struct parts *p, const struct range *range, size_t room)
{
	static uint8_t copy[TEXT_MAX];

	if (range->at == NULL || range->n + room > sizeof(copy))
		return;
	memcpy(copy, range->at, range->n);
	put(p, *range, copy, LLVMFuzzerMutate(copy, range->n, range->n + room));
}

static void change(struct parts *p, unsigned which, size_t room)
{
	static const char *const members[] = {"\"tdIdentity\"", "\"tdTcbMapping\"",
		"\"policyData\"", "\"collaterals\""};
	const struct range policy = {p->policy, p->policy_n};
	struct range range = policy;

	if (which == 4) {
		if (p->chain_n + room < sizeof(p->chain))
			p->chain_n = LLVMFuzzerMutate(p->chain, p->chain_n, p->chain_n + room);
		return;
	}
	if (which < 4)
		range = object_of(&policy, members[which]);
	change_range(p, &range, room);
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned seed)
{
	static struct parts p;

	if ((seed & 15) == 0 || !take_apart(&p, bytes, n) || n + SIGNATURES >= most)
		return LLVMFuzzerMutate(bytes, n, most);
	change(&p, (seed >> 4) % 6, most - n - SIGNATURES);
	/* What encloses others comes last. */
	if ((seed & 0xf00) != 0)
		sign_again(&p, "\"tdIdentity\"");
	if ((seed & 0xf000) != 0)
		sign_again(&p, "\"tdTcbMapping\"");
	if ((seed & 0xf0000) != 0)
		sign_again(&p, "\"policyData\"");
	return put_together(&p, bytes);
}
