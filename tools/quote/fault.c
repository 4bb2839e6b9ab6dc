/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Where a quote that cannot be parsed is at fault (attestation spec 1.3 to 1.5). */
#include "quote/quote.h"

#include <string.h>

#include "attest/quote.h"

#define TEE_TYPE_TDX 0x81
#define QUOTE_BODY_15_SIZE 648

/* A walk over the fields that ends at the first fault. */
struct walk {
	const uint8_t *data;
	size_t at, end;
	struct quote_fault fault;
};

static void fail(struct walk *w, const char *field, const char *why, size_t at)
{
	if (w->fault.field == NULL)
		w->fault = (struct quote_fault){field, why, at};
	w->end = w->at;
}

static const uint8_t *take(struct walk *w, size_t n, const char *field)
{
	const uint8_t *from = w->data + w->at;

	if (w->end - w->at < n) {
		fail(w, field, "is cut off", w->at);
		return NULL;
	}
	w->at += n;
	return from;
}

static uint32_t number(struct walk *w, size_t n, const char *field)
{
	const uint8_t *from = take(w, n, field);
	uint32_t value = 0;

	for (size_t i = n; from != NULL && i > 0; i--)
		value = value << 8 | from[i - 1];
	return value;
}

static void expect(struct walk *w, size_t n, uint32_t value, const char *field, const char *why)
{
	const size_t at = w->at;

	if (number(w, n, field) != value)
		fail(w, field, why, at);
}

/* What follows is as long as this says, and nothing lies behind it. */
static void fill(struct walk *w, const char *field)
{
	const size_t at = w->at;
	const uint32_t n = number(w, 4, field);

	if (n > w->end - w->at)
		fail(w, field, "is more than there is", at);
	else if (n < w->end - w->at)
		fail(w, field, "leaves bytes over", at);
}

static void walk_header(struct walk *w, uint32_t *version)
{
	static const uint8_t intel[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a,
		0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

	*version = number(w, 2, "version");
	if (*version != 4 && *version != 5)
		fail(w, "version", "is neither 4 nor 5", 0);
	expect(w, 2, 2, "attestation key type", "is not 2, ECDSA on P-256");
	expect(w, 4, TEE_TYPE_TDX, "TEE type", "is not 0x81, TDX");
	take(w, 4, "header");
	const size_t at = w->at;
	const uint8_t *vendor = take(w, sizeof(intel), "QE vendor");
	if (vendor != NULL && memcmp(vendor, intel, sizeof(intel)) != 0)
		fail(w, "QE vendor", "is not Intel's", at);
	take(w, 20, "header");
}

static void walk_body(struct walk *w, uint32_t version)
{
	size_t size = QUOTE_BODY_SIZE;

	if (version == 5) {
		const size_t at = w->at;
		const uint32_t type = number(w, 2, "body type");
		if (type != 2 && type != 3)
			fail(w, "body type", "is neither 2 nor 3, TD report 1.0 or 1.5", at);
		size = type == 2 ? QUOTE_BODY_SIZE : QUOTE_BODY_15_SIZE;
		expect(w, 4, (uint32_t)size, "body size", "is not that of the body type");
	}
	take(w, size, "TD report");
}

static void walk_signature(struct walk *w)
{
	size_t at = w->at;
	const uint32_t n = number(w, 4, "signature part's size");

	if (n > w->end - w->at)
		fail(w, "signature part's size", "is more than there is", at);
	else
		w->end = w->at + n;	/* padding may follow */
	take(w, P256_SIGNATURE_SIZE, "signature");
	take(w, P256_POINT_SIZE, "attestation key");
	expect(w, 2, 6, "certification data type", "is not 6, a QE report");
	fill(w, "certification data's size");
	take(w, QE_REPORT_SIZE, "QE report");
	take(w, P256_SIGNATURE_SIZE, "QE report's signature");
	take(w, number(w, 2, "QE authentication data's size"), "QE authentication data");
	expect(w, 2, 5, "QE certification data type", "is not 5, a PCK chain");
	fill(w, "PCK chain's size");
}

bool quote_find_fault(const struct blob *quote, struct quote_fault *fault)
{
	struct walk w = {.data = quote->data, .end = quote->size};
	uint32_t version;

	if (quote->size > QUOTE_MAX) {
		*fault = (struct quote_fault){"quote", "is larger than any may be", QUOTE_MAX};
		return true;
	}
	walk_header(&w, &version);
	walk_body(&w, version);
	walk_signature(&w);
	*fault = w.fault;
	return fault->field != NULL;
}

int quote_tell_fault(const char *name, const struct blob *quote)
{
	struct quote_fault fault;

	if (!quote_find_fault(quote, &fault))
		return tool_fail(TOOL_REJECT, "%s: %s", name, status_text(ERR_QUOTE_FORMAT));
	return tool_fail(TOOL_REJECT, "%s: is no quote: %s %s (byte %zu)", name, fault.field,
		fault.why, fault.at);
}
