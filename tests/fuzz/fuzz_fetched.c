/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A quote with the collateral fetched for it.  Both are always the same (verify/), but for the
 * texts that the input puts in their place: fetched.h.  The verdict is that of a bundle with the
 * same content, whatever has been judged before; a source that fails is never accepted.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "fetched.h"

#include "attest/attest.h"
#include "attest/quote.h"
#include "attest/text.h"

#define BUNDLE_MAX 262144

static struct attest_scratch scratch;
static struct trust_anchor opened, judging;
static uint8_t root_ca[4096];	/* the JSON string, without its quotes */
static size_t root_ca_n;

/* --- the content that is always the same ---------------------------------------------------- */

static struct fuzz_text unescaped(const uint8_t *bundle, struct collateral_string s)
{
	static uint8_t room[65536];
	static size_t used;
	struct text_reader reader = text_escaped(bundle + s.offset, s.n);
	struct fuzz_text text = {room + used, text_read(&reader, room + used, sizeof(room) - used)};

	HOLDS(!reader.failed && text.n > 0);
	used += text.n;
	return text;
}

static struct fuzz_text always[FETCHED_TEXTS];

static void start(void)
{
	static uint8_t bundle[65536], quote[QUOTE_MAX + 1];
	static struct collateral c;
	const size_t n = fuzz_load("verify/collateral.json", bundle, sizeof(bundle));

	fuzz_start_crypto();
	HOLDS(collateral_open(&c, &scratch, bundle, n) == STATUS_OK);
	opened = judging = c.anchor;
	HOLDS(c.root_ca.n <= sizeof(root_ca));
	root_ca_n = c.root_ca.n;
	memcpy(root_ca, bundle + c.root_ca.offset, root_ca_n);
	always[COLLATERAL_PCK_CRL_CHAIN] = unescaped(bundle, c.pck_crl_chain);
	always[COLLATERAL_ROOT_CRL] = unescaped(bundle, c.root_crl);
	always[COLLATERAL_PCK_CRL] = unescaped(bundle, c.pck_crl);
	always[COLLATERAL_TCB_INFO_CHAIN] = unescaped(bundle, c.platform[0].tcb_info_chain);
	always[COLLATERAL_TCB_INFO] = unescaped(bundle, c.platform[0].tcb_info);
	always[COLLATERAL_QE_IDENTITY_CHAIN] = unescaped(bundle, c.qe_identity_chain);
	always[COLLATERAL_QE_IDENTITY] = unescaped(bundle, c.qe_identity);
	always[FETCHED_QUOTE] = (struct fuzz_text){quote,
		fuzz_load("verify/quote.bin", quote, sizeof(quote))};
}

/* --- fetched -------------------------------------------------------------------------------- */

struct source {
	const struct fuzz_text *text;
	size_t at[COLLATERAL_BLOBS];
	size_t fails_after;	/* bytes */
	bool failed;
};

static size_t read_source(void *ctx, enum collateral_blob blob, uint8_t *to, size_t n, bool *failed)
{
	struct source *s = ctx;
	const size_t left = s->text[blob].n - s->at[blob];

	n = n < left ? n : left;
	if (n > s->fails_after) {
		s->failed = *failed = true;
		return 0;
	}
	s->fails_after -= n;
	memcpy(to, s->text[blob].at + s->at[blob], n);
	s->at[blob] += n;
	return n;
}

static enum status judge(struct trust_anchor *anchor, const struct fetched_input *in,
	struct source *s, struct quote_result *result)
{
	const struct collateral_source source = {read_source, s, in->major, in->minor};

	*s = (struct source){.text = in->text, .fails_after = in->fails_after};
	memset(result, 0xa5, sizeof(*result));
	const enum status status = verify_quote_fetched(anchor, &scratch, &source,
		in->text[FETCHED_QUOTE].at, in->text[FETCHED_QUOTE].n, result);
	HOLDS(!s->failed || status != STATUS_OK);
	for (size_t i = 0; i < sizeof(scratch.words) / sizeof(scratch.words[0]); i++)
		HOLDS(scratch.words[i] == 0);
	for (size_t i = 0; status != STATUS_OK && i < sizeof(result->bytes); i++)
		HOLDS(result->bytes[i] == 0);
	return status;
}

/* --- the same in a bundle ------------------------------------------------------------------- */

struct bundle {
	uint8_t text[BUNDLE_MAX];
	size_t n;
};

static void add(struct bundle *b, const void *from, size_t n)
{
	HOLDS(n <= sizeof(b->text) - b->n);
	memcpy(b->text + b->n, from, n);
	b->n += n;
}

static void add_name(struct bundle *b, const char *name)
{
	add(b, name, strlen(name));
}

static void add_string(struct bundle *b, const char *name, const struct fuzz_text *text)
{
	add_name(b, name);
	for (size_t i = 0; i < text->n; i++) {
		char escape[7];
		snprintf(escape, sizeof(escape), "\\u%04x", text->at[i]);
		if (text->at[i] < ' ' || text->at[i] == '"' || text->at[i] == '\\')
			add_name(b, escape);
		else
			add(b, text->at + i, 1);
	}
	add_name(b, "\"");
}

/* A bundle is text, and a CRL in it may be hexadecimal, which is not fetched. */
static bool can_be_bundled(const struct fetched_input *in)
{
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++)
		for (size_t k = 0; k < in->text[i].n; k++)
			if (in->text[i].at[k] == 0 || in->text[i].at[k] > 0x7e)
				return false;
	return memchr(in->text[COLLATERAL_ROOT_CRL].at, '-', in->text[COLLATERAL_ROOT_CRL].n) &&
		memchr(in->text[COLLATERAL_PCK_CRL].at, '-', in->text[COLLATERAL_PCK_CRL].n);
}

static void make_bundle(struct bundle *b, const struct fetched_input *in,
	const struct collateral_request *request)
{
	char head[100];

	b->n = 0;
	snprintf(head, sizeof(head), "{\"majorVersion\":%u,\"minorVersion\":%u,\"teeType\":129,"
		"\"rootCa\":\"", in->major, in->minor);
	add_name(b, head);
	add(b, root_ca, root_ca_n);
	add_string(b, "\",\"pckCrlIssuerChain\":\"", &in->text[COLLATERAL_PCK_CRL_CHAIN]);
	add_string(b, ",\"rootCaCrl\":\"", &in->text[COLLATERAL_ROOT_CRL]);
	add_string(b, ",\"pckCrl\":\"", &in->text[COLLATERAL_PCK_CRL]);
	add_string(b, ",\"qeIdentityIssuerChain\":\"", &in->text[COLLATERAL_QE_IDENTITY_CHAIN]);
	add_string(b, ",\"qeIdentity\":\"", &in->text[COLLATERAL_QE_IDENTITY]);
	snprintf(head, sizeof(head), ",\"platforms\":[{\"fmspc\":\"%02X%02X%02X%02X%02X%02X\"",
		request->fmspc[0], request->fmspc[1], request->fmspc[2], request->fmspc[3],
		request->fmspc[4], request->fmspc[5]);
	add_name(b, head);
	add_string(b, ",\"tcbInfoIssuerChain\":\"", &in->text[COLLATERAL_TCB_INFO_CHAIN]);
	add_string(b, ",\"tcbInfo\":\"", &in->text[COLLATERAL_TCB_INFO]);
	add_name(b, "}]}");
}

static void check_bundle(const struct fetched_input *in, enum status fetched,
	const struct quote_result *result)
{
	static struct collateral c;
	static struct bundle bundle;
	const struct fuzz_text *quote = &in->text[FETCHED_QUOTE];
	struct collateral_request request;
	struct quote_result other;

	/* Both verdicts ask for more than is needed to know the platform. */
	if (quote_collateral_request(&scratch, quote->at, quote->n, &request) != STATUS_OK)
		return;
	make_bundle(&bundle, in, &request);
	enum status status = collateral_open(&c, &scratch, bundle.text, bundle.n);
	if (status == STATUS_OK)
		status = verify_quote(&c, &scratch, quote->at, quote->n, &other);
	HOLDS((status == STATUS_OK) == (fetched == STATUS_OK));
	HOLDS(status != STATUS_OK || memcmp(&other, result, sizeof(other)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct quote_result result, again;
	struct fetched_input in;
	struct source source;

	if (always[FETCHED_QUOTE].n == 0)
		start();
	if (!fetched_input_read(&in, always, bytes, n))
		return 0;
	struct trust_anchor fresh = opened;
	const enum status status = judge(&fresh, &in, &source, &result);
	HOLDS(judge(&judging, &in, &source, &again) == status);
	HOLDS(memcmp(&result, &again, sizeof(result)) == 0);
	if (status == STATUS_OK) {
		ACCEPTED();
		for (unsigned i = 0; i < COLLATERAL_BLOBS; i++)
			HOLDS(source.at[i] == in.text[i].n);
	}
	if (!source.failed && can_be_bundled(&in))
		check_bundle(&in, status, &result);
	return 0;
}
