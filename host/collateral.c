/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/collateral.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host/bytes.h"

#define VERSION_MAJOR 3
#define FIXED_BYTES 32	/* two version numbers, seven sizes */

/* The texts in the message's order; those of the platform are found in its entry of the list. */
static const struct {
	const char *name;
	bool of_platform;
} texts[] = {
	{"pckCrlIssuerChain", false},
	{"rootCaCrl", false},
	{"pckCrl", false},
	{"tcbInfoIssuerChain", true},
	{"tcbInfo", true},
	{"qeIdentityIssuerChain", false},
	{"qeIdentity", false},
};
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static const char *find_text(const json_t *bundle, const json_t *platform, size_t i)
{
	return json_string_value(
		json_object_get(texts[i].of_platform ? platform : bundle, texts[i].name));
}

/* By the common name of the chain's first certificate, as a PCK certificate's issuer is told. */
static const char *ca_of(const char *chain)
{
	char name[256] = "";
	BIO *bio = BIO_new_mem_buf(chain, -1);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	if (certificate)
		X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
			sizeof(name));
	X509_free(certificate);
	BIO_free(bio);
	if (strstr(name, "Platform"))
		return "platform";
	return strstr(name, "Processor") ? "processor" : NULL;
}

/* The name of what is missing, or NULL. */
static const char *check(struct collateral *c)
{
	for (size_t i = 0; i < TEXTS; i++)
		if (!texts[i].of_platform && !find_text(c->bundle, NULL, i))
			return texts[i].name;
	if (!json_is_array(json_object_get(c->bundle, "platforms")))
		return "platforms";
	c->ca = ca_of(find_text(c->bundle, NULL, 0));
	return c->ca ? NULL : texts[0].name;
}

int collateral_load(struct collateral *c, const char *path, char *why, size_t why_size)
{
	json_error_t error;
	const char *bad;

	*c = (struct collateral){.bundle = json_load_file(path, JSON_REJECT_DUPLICATES, &error)};
	if (!c->bundle) {
		snprintf(why, why_size, "%s: %s", path, error.text);
		return -1;
	}
	bad = check(c);
	if (bad) {
		snprintf(why, why_size, "%s: '%s' is missing or malformed", path, bad);
		return -1;
	}
	return 0;
}

void collateral_free(struct collateral *c)
{
	json_decref(c->bundle);
	*c = (struct collateral){0};
}

static const json_t *find_platform(const json_t *bundle, const uint8_t fmspc[6])
{
	const json_t *platform;
	size_t i;

	json_array_foreach(json_object_get(bundle, "platforms"), i, platform) {
		uint8_t its[6];

		if (hex_decode(json_string_value(json_object_get(platform, "fmspc")), its,
			    sizeof(its)) &&
			!memcmp(its, fmspc, sizeof(its)))
			return platform;
	}
	return NULL;
}

size_t collateral_body(const struct collateral *c, const uint8_t fmspc[6], const char *ca,
	uint8_t *to, size_t room)
{
	const json_t *platform = find_platform(c->bundle, fmspc);
	size_t at = FIXED_BYTES;

	if (!platform || strcmp(ca, c->ca) || room < FIXED_BYTES)
		return 0;
	store16(to, VERSION_MAJOR);
	store16(to + 2, 0);
	for (size_t i = 0; i < TEXTS; i++) {
		const char *text = find_text(c->bundle, platform, i);
		size_t n = text ? strlen(text) + 1 : 0;

		if (!n || n > room - at)
			return 0;
		store32(to + 4 + 4 * i, (uint32_t)n);
		memcpy(to + at, text, n);
		at += n;
	}
	return at;
}
