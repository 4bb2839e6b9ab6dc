/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "attest/pem.h"
#include "fetched.h"
#include "vectors.h"

#define MESSAGE 28	/* GetQuote header and length prefix */
#define SIZES (MESSAGE + 20)
#define HEADERS (SIZES + 4 * COLLATERAL_BLOBS)

static struct attest_scratch scratch;

/* --- content -------------------------------------------------------------------------------- */

void fetched_set(struct fetched *f, enum collateral_blob blob, const uint8_t *text, size_t n)
{
	uint8_t *copy = exact_copy(text, n);

	free(f->text[blob]);
	f->text[blob] = copy;
	f->n[blob] = n;
}

static void set_member(struct fetched *f, enum collateral_blob blob, const json_t *object,
	const char *name)
{
	const json_t *text = json_object_get(object, name);

	if (json_string_value(text) != NULL)
		fetched_set(f, blob, (const uint8_t *)json_string_value(text),
			json_string_length(text));
	else
		fetched_set(f, blob, (const uint8_t *)"-", 1);
}

/* The first section of a text, decoded; its size. */
static size_t der_of(const uint8_t *text, size_t n, uint8_t *der, size_t room)
{
	struct pem_reader pem;
	enum pem_event event;
	size_t size;

	pem_open(&pem, text_plain(text, n));
	if (pem_next(&pem, der, room, &size, &event) != STATUS_OK || event == PEM_MORE)
		return 0;
	return size;
}

static const json_t *platform_of(const json_t *bundle, const uint8_t fmspc[6])
{
	const json_t *list = json_object_get(bundle, "platforms"), *platform;
	char name[13];
	size_t i;

	for (i = 0; i < 6; i++)
		snprintf(name + 2 * i, 3, "%02X", fmspc[i]);
	json_array_foreach(list, i, platform) {
		const char *its = json_string_value(json_object_get(platform, "fmspc"));
		if (its != NULL && strcmp(its, name) == 0)
			return platform;
	}
	return NULL;
}

bool fetched_take(struct fetched *f, const uint8_t *bundle, size_t n, const uint8_t fmspc[6])
{
	json_t *all = json_loadb((const char *)bundle, n, 0, NULL);
	const json_t *root = json_object_get(all, "rootCa"), *platform = platform_of(all, fmspc);

	memset(f, 0, sizeof(*f));
	if (all == NULL)
		return false;
	f->major = (uint16_t)json_integer_value(json_object_get(all, "majorVersion"));
	f->minor = (uint16_t)json_integer_value(json_object_get(all, "minorVersion"));
	if (json_string_value(root) != NULL)
		f->root_n = der_of((const uint8_t *)json_string_value(root),
			json_string_length(root), f->root, sizeof(f->root));
	set_member(f, COLLATERAL_PCK_CRL_CHAIN, all, "pckCrlIssuerChain");
	set_member(f, COLLATERAL_ROOT_CRL, all, "rootCaCrl");
	set_member(f, COLLATERAL_PCK_CRL, all, "pckCrl");
	set_member(f, COLLATERAL_TCB_INFO_CHAIN, platform, "tcbInfoIssuerChain");
	set_member(f, COLLATERAL_TCB_INFO, platform, "tcbInfo");
	set_member(f, COLLATERAL_QE_IDENTITY_CHAIN, all, "qeIdentityIssuerChain");
	set_member(f, COLLATERAL_QE_IDENTITY, all, "qeIdentity");
	json_decref(all);
	return true;
}

void fetched_free(struct fetched *f)
{
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++)
		free(f->text[i]);
	memset(f, 0, sizeof(*f));
}

void fetched_set_der(struct fetched *f, enum collateral_blob blob)
{
	static uint8_t der[ANSWER_MAX];
	const size_t n = der_of(f->text[blob], f->n[blob], der, sizeof(der));

	assert_true(n > 0);
	fetched_set(f, blob, der, n);
}

/* --- answer --------------------------------------------------------------------------------- */

static void store(uint8_t *at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

size_t fetched_answer(const struct fetched *f, uint8_t buffer[ANSWER_MAX])
{
	size_t end = HEADERS;

	memset(buffer, 0, ANSWER_MAX);
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++) {
		assert_true(end + f->n[i] < ANSWER_MAX);
		store(buffer + SIZES + 4 * i, f->n[i] + 1, 4);
		memcpy(buffer + end, f->text[i], f->n[i]);
		end += f->n[i] + 1;
	}
	const uint32_t size = (uint32_t)(end - MESSAGE);
	store(buffer, 1, 8);
	store(buffer + 20, size + 4, 4);
	store(buffer + 24, __builtin_bswap32(size), 4);
	store(buffer + MESSAGE, 1, 2);
	store(buffer + MESSAGE + 2, 1, 2);
	store(buffer + MESSAGE + 4, 3, 4);
	store(buffer + MESSAGE + 8, size, 4);
	store(buffer + MESSAGE + 16, f->major, 2);
	store(buffer + MESSAGE + 18, f->minor, 2);
	return end;
}

/* --- verdict -------------------------------------------------------------------------------- */

struct hostile {
	struct collateral_source inner;
	struct get_collateral *q;
	struct fetched *f;
};

static size_t hostile_read(void *ctx, enum collateral_blob blob, uint8_t *to, size_t n, bool *failed)
{
	struct hostile *h = ctx;
	uint8_t *at = h->q->buffer + h->q->offset[blob];
	const size_t got = h->inner.read(h->inner.ctx, blob, to, n, failed);

	/* With the NUL, when it was looked at. */
	memset(at, 0xa5, got + (got > 0 && h->q->left[blob] == 0));
	h->f->reads++;
	h->f->bytes += got;
	return got;
}

enum status fetched_judge_answer(struct fetched *f, struct trust_anchor *anchor,
	uint8_t buffer[ANSWER_MAX], const uint8_t *quote, size_t quote_n,
	struct quote_result *result)
{
	struct get_collateral q = {.buffer = buffer};
	const uint64_t before = crypto_counters()->p256_verify;
	uint8_t *copy = exact_copy(quote, quote_n);

	f->reads = f->bytes = 0;
	enum status verdict = get_collateral_poll(&q);
	if (verdict == STATUS_OK) {
		struct hostile h = {get_collateral_source(&q), &q, f};
		const struct collateral_source source = {hostile_read, &h, h.inner.major,
			h.inner.minor};

		memset(buffer, 0xa5, HEADERS);
		verdict = verify_quote_fetched(anchor, &scratch, &source, copy, quote_n, result);
		for (size_t i = 0; i < ARRAY_SIZE(scratch.words); i++)
			assert_int_equal(scratch.words[i], 0);
		for (size_t i = 0; verdict != STATUS_OK && i < QUOTE_RESULT_SIZE; i++)
			assert_int_equal(result->bytes[i], 0);
	}
	f->checks = crypto_counters()->p256_verify - before;
	free(copy);
	return verdict;
}

enum status fetched_judge(struct fetched *f, const uint8_t *quote, size_t quote_n,
	struct quote_result *result)
{
	static uint8_t buffer[ANSWER_MAX];
	struct trust_anchor anchor;
	uint8_t *root = exact_copy(f->root, f->root_n);
	enum status verdict = trust_anchor_open(&anchor, root, f->root_n);

	free(root);
	if (verdict != STATUS_OK)
		return verdict;
	fetched_answer(f, buffer);
	return fetched_judge_answer(f, &anchor, buffer, quote, quote_n, result);
}

enum status fetched_verdict(const uint8_t *bundle, size_t n, const uint8_t *quote, size_t quote_n,
	struct quote_result *result)
{
	struct collateral_request request;
	struct fetched f;

	TRY(quote_collateral_request(&scratch, quote, quote_n, &request));
	assert_true(fetched_take(&f, bundle, n, request.fmspc));
	const enum status verdict = fetched_judge(&f, quote, quote_n, result);
	fetched_free(&f);
	return verdict;
}
