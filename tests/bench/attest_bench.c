/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * attest-bench [QUOTE COLLATERAL]: what it takes to open a bundle and to verify a quote of an
 * unknown and of a known platform; the same by the reference; and the primitives alone, that is
 * the very P-256 verifications of ours again, and a hash over each byte that must be hashed.
 *
 * Alone it measures CPU time, under callgrind it writes one dump a case.  Prints one JSON object.
 * Linked with --wrap=p256_verify.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <jansson.h>

#include "attest/attest.h"
#include "common/json_text.h"
#include "core/work_slot.h"
#include "generated.h"
#include "measure.h"
#include "reference.h"

#include "../wrapped.h"

#define PLATFORMS 32	/* as in the public bundle for pre-production */
#define CHECKS_MAX 128
#define HASHES_MAX 128

static struct blob quote, bundle;
static struct collateral collateral;
static struct attest_scratch scratch;
static struct quote_result result;
static struct reference *reference;

/* --- P-256 verifications made, to be made again --------------------------------------------- */

struct check {
	uint8_t point[P256_POINT_SIZE], digest[SHA256_SIZE], signature[P256_SIGNATURE_SIZE];
};

struct checks {
	struct check check[CHECKS_MAX];
	size_t count;
};

static struct checks *recorder;

WRAPPED(enum status, p256_verify, const uint8_t *point, const uint8_t *digest, const uint8_t *signature)
{
	if (recorder != NULL) {
		must(recorder->count < CHECKS_MAX, "too many P-256 verifications");
		struct check *c = &recorder->check[recorder->count++];
		memcpy(c->point, point, sizeof(c->point));
		memcpy(c->digest, digest, sizeof(c->digest));
		memcpy(c->signature, signature, sizeof(c->signature));
	}
	return __real_p256_verify(point, digest, signature);
}

/* --- what must be hashed -------------------------------------------------------------------- */

struct hash {
	const char *name;
	size_t n;
	bool is_sha384;
};

struct hashes {
	struct hash hash[HASHES_MAX];
	size_t count;
};

static void must_hash(struct hashes *h, const char *name, size_t n, bool is_sha384)
{
	must(h->count < HASHES_MAX, "too much to hash");
	h->hash[h->count++] = (struct hash){name, n, is_sha384};
}

/* Size of the DER in the first PEM section of a text; *next is what follows it. */
static size_t der_size(const char *text, const char **next)
{
	const char *begin = strstr(text, "-----BEGIN "), *end = strstr(text, "-----END ");
	size_t digits = 0, padding = 0;

	must(begin != NULL && end != NULL, "no PEM section where one is expected");
	for (const char *c = strchr(begin, '\n'); c < end; c++) {
		digits += *c != '\n' && *c != '\r';
		padding += *c == '=';
	}
	if (next != NULL)
		*next = end + 1;
	return digits * 3 / 4 - padding;
}

/* Role, anchor and issuer before the bytes that are looked up. */
#define ACCEPT_PREFIX (1 + 2 * P256_POINT_SIZE)
/* What is around the signed part of a certificate: headers, algorithm, signature. */
#define DER_AROUND 92
/* {"tcbInfo":...,"signature":"..."} around the body; the QE identity's is a little longer. */
#define JSON_AROUND (11 + 14 + 128 + 2)

static void hashes_of_start(struct hashes *h)
{
	AUTO_JSON root = json_read_text("bundle", &bundle);
	const char *next;
	json_t *platform;
	size_t i;

	must(root != NULL, "the bundle is not JSON");
	const char *chain = json_string_value(json_object_get(root, "pckCrlIssuerChain"));
	must_hash(h, "certificates", der_size(chain, &next) - DER_AROUND, false);
	must_hash(h, "certificates", der_size(next, NULL) - DER_AROUND, false);
	chain = json_string_value(json_object_get(root, "qeIdentityIssuerChain"));
	must_hash(h, "certificates", der_size(chain, NULL) - DER_AROUND, false);
	must_hash(h, "CRLs", der_size(json_string_value(json_object_get(root, "rootCaCrl")), NULL) -
		DER_AROUND, false);
	must_hash(h, "CRLs", der_size(json_string_value(json_object_get(root, "pckCrl")), NULL) -
		DER_AROUND, false);
	must_hash(h, "QE identity", json_string_length(json_object_get(root, "qeIdentity")) -
		JSON_AROUND, false);
	json_array_foreach(json_object_get(root, "platforms"), i, platform)
		must_hash(h, "TCB infos", json_string_length(json_object_get(platform, "tcbInfo")) -
			JSON_AROUND, false);
}

/* Chain and QE report are recognised by digests; what is unknown is hashed to be verified. */
static void hashes_of_quote(struct hashes *h, bool known)
{
	const bool version4 = quote.data[0] == 4;
	const size_t signed_n = version4 ? 632 : 702;
	const char *next = memmem(quote.data, quote.size, "-----BEGIN ", 11);

	must(next != NULL, "the quote has no chain");
	const size_t pck = der_size(next, &next);
	must_hash(h, "quote", signed_n, false);
	must_hash(h, "attestation key", 96, false);
	must_hash(h, "CA to recognise", der_size(next, &next), false);
	must_hash(h, "root to recognise", der_size(next, &next), false);
	must_hash(h, "PCK to recognise", ACCEPT_PREFIX + pck, true);
	must_hash(h, "QE report to recognise", ACCEPT_PREFIX + 384 + 64, true);
	if (!known) {
		must_hash(h, "PCK to verify", pck - DER_AROUND, false);
		must_hash(h, "QE report to verify", 384, false);
	}
}

/* --- cases ---------------------------------------------------------------------------------- */

struct primitives {
	struct checks checks;
	struct hashes hashes;
};

static struct primitives start, unknown, known;

static void ours_start(void)
{
	must(collateral_open(&collateral, &scratch, bundle.data, bundle.size) == STATUS_OK,
		"the bundle is refused");
}

static void ours_known(void)
{
	must(verify_quote(&collateral, &scratch, quote.data, quote.size, &result) == STATUS_OK,
		"the quote is refused");
}

static void ours_unknown(void)
{
	collateral.anchor.accepted.count = 0;
	ours_known();
}

static void reference_start(void)
{
	reference_close(reference);
	reference = reference_open(bundle.data, bundle.size);
	must(reference != NULL, "the reference refuses the bundle");
}

static void reference_known(void)
{
	must(reference_verify(reference, quote.data, quote.size) != NULL,
		"the reference refuses the quote");
}

static void reference_unknown(void)
{
	reference_forget(reference);
	reference_known();
}

static void primitives_of(const struct primitives *p)
{
	static const uint8_t zeros[16384];
	uint8_t digest[SHA384_SIZE];
	struct sha256 h;

	for (size_t i = 0; i < p->checks.count; i++) {
		const struct check *c = &p->checks.check[i];
		must(__real_p256_verify(c->point, c->digest, c->signature) == STATUS_OK, "replay");
	}
	for (size_t i = 0; i < p->hashes.count; i++) {
		must(p->hashes.hash[i].n <= sizeof(zeros), "a document is too large");
		if (p->hashes.hash[i].is_sha384) {
			sha384(zeros, p->hashes.hash[i].n, digest);
		} else {
			sha256_init(&h);
			sha256_update(&h, zeros, p->hashes.hash[i].n);
			sha256_final(&h, digest);
		}
	}
}

static void primitives_start(void)
{
	primitives_of(&start);
}

static void primitives_unknown(void)
{
	primitives_of(&unknown);
}

static void primitives_known(void)
{
	primitives_of(&known);
}

/* --- measuring ------------------------------------------------------------------------------ */

static void record(struct primitives *p, void (*run)(void))
{
	recorder = &p->checks;
	run();
	recorder = NULL;
}

static json_t *measure_all(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
		struct repeats repeats;
	} cases[] = {
		{"ours start", ours_start, {3, 1}},
		{"ours unknown", ours_unknown, {100, 3}},
		{"ours known", ours_known, {200, 5}},
		{"primitives start", primitives_start, {3, 1}},
		{"primitives unknown", primitives_unknown, {100, 3}},
		{"primitives known", primitives_known, {200, 5}},
		{"reference start", reference_start, {3, 1}},
		{"reference unknown", reference_unknown, {100, 3}},
		{"reference known", reference_known, {200, 5}},
	};
	json_t *all = json_object();

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		json_object_set_new(all, cases[i].name, measure(cases[i].name, cases[i].run,
			cases[i].repeats));
	return all;
}

/* Both say the same of the quote, and of the quote with one bit of each signature changed. */
static void compare_verdicts(void)
{
	const size_t auth = 4 + (quote.data[0] == 4 ? 632u : 702u);
	const size_t places[] = {auth + 20, auth + 90, auth + 134 + 330, auth + 134 + 384 + 20,
		auth + 134 + 1000, 300};

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		quote.data[places[i]] ^= 1;
		must(verify_quote(&collateral, &scratch, quote.data, quote.size, &result) !=
			STATUS_OK, "a changed quote is accepted");
		must(reference_verify(reference, quote.data, quote.size) == NULL,
			"the reference accepts a changed quote");
		quote.data[places[i]] ^= 1;
	}
	ours_known();
	const char *status = reference_verify(reference, quote.data, quote.size);
	must(status != NULL && strcmp(status, (char *)result.bytes + RESULT_TCB_STATUS) == 0,
		"the reference finds another TCB level");
}

/* --- report --------------------------------------------------------------------------------- */

static json_t *primitives_json(const struct primitives *p, size_t floor)
{
	json_t *hashed = json_object();

	for (size_t i = 0; i < p->hashes.count; i++) {
		const struct hash *h = &p->hashes.hash[i];
		const json_int_t before = json_integer_value(json_object_get(hashed, h->name));
		json_object_set_new(hashed, h->name, json_integer(before + (json_int_t)h->n));
	}
	return json_pack("{s:i,s:i,s:o}", "p256", (int)p->checks.count, "floor", (int)floor,
		"hashed", hashed);
}

static void random_bytes(void *ctx, uint8_t *to, size_t n)
{
	(void)ctx;
	must(getrandom(to, n, 0) == (ssize_t)n, "no randomness");
}

int main(int argc, char **argv)
{
	static _Alignas(16) uint8_t arena[CRYPTO_ARENA_SIZE];

	tool_name = "attest-bench";
	if (argc != 1 && argc != 3)
		return tool_fail(TOOL_USAGE, "usage: attest-bench [QUOTE COLLATERAL]");
	if (argc == 1)
		TOOL_TRY(generated_make(PLATFORMS, &quote, &bundle));
	for (int i = 1; i < argc; i++)
		TOOL_TRY(file_read(argv[i], i == 1 ? &quote : &bundle));
	crypto_init(arena, sizeof(arena), random_bytes, NULL);

	record(&start, ours_start);
	record(&unknown, ours_unknown);
	record(&known, ours_known);
	hashes_of_start(&start.hashes);
	hashes_of_quote(&unknown.hashes, false);
	hashes_of_quote(&known.hashes, true);
	reference = reference_open(bundle.data, bundle.size);
	must(reference != NULL, "the reference refuses the bundle");
	compare_verdicts();

	/* Root, CA and TCB signing certificate, two CRLs, QE identity, each TCB info; the quote's
	   PCK certificate, QE report and own signature. */
	AUTO_JSON all = json_pack("{s:i,s:i,s:i,s:o,s:o,s:o,s:o,s:{s:i,s:i,s:i,s:i}}",
		"platforms", (int)collateral.platform_count, "quote_bytes", (int)quote.size,
		"bundle_bytes", (int)bundle.size, "cases", measure_all(),
		"start", primitives_json(&start, 6 + collateral.platform_count),
		"unknown", primitives_json(&unknown, 3), "known", primitives_json(&known, 1),
		"sizes", "work slot", (int)sizeof(struct work_slot), "scratch",
		(int)sizeof(struct attest_scratch), "collateral index", (int)sizeof(struct collateral),
		"cache of accepted signatures, in the index", (int)sizeof(struct accept_cache));
	must(all != NULL && json_dumpf(all, stdout, JSON_INDENT(1)) == 0, "cannot print");
	reference_close(reference);
	cleanup_blob(&quote);
	cleanup_blob(&bundle);
	return 0;
}
