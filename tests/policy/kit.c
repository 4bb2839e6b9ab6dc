/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* Right by the schema; no collateral that verifies. */
const char kit_collaterals[] =
	"{\"majorVersion\":1,\"minorVersion\":0,\"teeType\":129,\"rootCa\":\"\","
	"\"pckCrlIssuerChain\":\"\",\"rootCaCrl\":\"\",\"pckCrl\":\"\",\"qeIdentityIssuerChain\":\"\","
	"\"qeIdentity\":\"\",\"platforms\":[{\"fmspc\":\"00C06F000000\",\"tcbInfoIssuerChain\":\"\","
	"\"tcbInfo\":\"{\\\"tcbInfo\\\":{}}\"}]}";

static char *format(const char *text, va_list args)
{
	char *made = NULL;

	assert_true(vasprintf(&made, text, args) >= 0);
	return made;
}

char *kit_format(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	char *made = format(text, args);
	va_end(args);
	return made;
}

char *kit_replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (at == NULL)
		fail_msg("no %s in the text", from);
	return kit_format("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* --- certificates -------------------------------------------------------------------------- */

static void add_extension(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void set_name(X509_NAME *name, const char *common_name)
{
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
		(const unsigned char *)"Policy tests", -1, -1, 0), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		(const unsigned char *)common_name, -1, -1, 0), 1);
}

EVP_PKEY *(*kit_make_key)(int i);

static EVP_PKEY *make_key(int i, unsigned flags)
{
	if (kit_make_key != NULL && (flags & KIT_P256) == 0)
		return kit_make_key(i);
	return EVP_EC_gen((flags & KIT_P256) != 0 ? "P-256" : "P-384");
}

static void fill(struct kit_certificate *c, const char *name, unsigned serial, int i, int leaf,
	unsigned flags)
{
	c->key = make_key(i, flags);
	c->x509 = X509_new();
	assert_non_null(c->key);
	X509_set_version(c->x509, (flags & KIT_VERSION_1) != 0 ? 0 : 2);
	ASN1_INTEGER_set_int64(X509_get_serialNumber(c->x509),
		(flags & KIT_NEGATIVE_SERIAL) != 0 ? -5 : (int64_t)serial);
	X509_gmtime_adj(X509_getm_notBefore(c->x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(c->x509), 86400);
	set_name(X509_get_subject_name(c->x509), name);
	X509_set_pubkey(c->x509, c->key);
	if ((flags & KIT_VERSION_1) != 0)
		return;
	add_extension(c->x509, NID_key_usage, leaf ? "critical,digitalSignature" :
		"critical,keyCertSign,cRLSign");
	if (!leaf && (flags & KIT_NOT_CA) == 0)
		add_extension(c->x509, NID_basic_constraints, "critical,CA:TRUE");
	if ((flags & KIT_LARGE) != 0) {
		char comment[5001];
		memset(comment, 'x', 5000);
		comment[5000] = 0;
		add_extension(c->x509, NID_netscape_comment, comment);
	}
}

static void sign(struct kit_chain *chain, size_t i, unsigned flags)
{
	const struct kit_certificate *issuer =
		&chain->certificate[i + 1 < chain->count ? i + 1 : i];
	struct kit_certificate *c = &chain->certificate[i];

	X509_set_issuer_name(c->x509, X509_get_subject_name(issuer->x509));
	assert_true(X509_sign(c->x509, issuer->key,
		(flags & KIT_SHA256) != 0 ? EVP_sha256() : EVP_sha384()) > 0);
}

void kit_chain_pem(struct kit_chain *chain)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;

	for (size_t i = 0; i < chain->count; i++)
		assert_int_equal(PEM_write_bio_X509(bio, chain->certificate[i].x509), 1);
	const long n = BIO_get_mem_data(bio, &text);
	free(chain->pem);
	chain->pem = kit_format("%.*s", (int)n, text);
	BIO_free(bio);
}

static struct kit_chain make(const struct kit_certificate *root, size_t count,
	const char *leaf_name, const unsigned *flags)
{
	static unsigned serial = 1;
	struct kit_chain chain = {.count = count};

	assert_true(count <= KIT_CERTIFICATES_MAX);
	for (size_t i = 0; i < count; i++) {
		char *name = i == 0 ? kit_format("%s", leaf_name) : kit_format("CA %zu", i);
		if (i + 1 == count && root != NULL) {
			chain.certificate[i] = *root;
			EVP_PKEY_up_ref(root->key);
			X509_up_ref(root->x509);
		} else {
			fill(&chain.certificate[i], name, ++serial, (int)i, i == 0 && count > 1,
				flags == NULL ? 0 : flags[i]);
		}
		free(name);
	}
	for (size_t i = 0; i < count; i++)
		if (i + 1 < count || root == NULL)
			sign(&chain, i, flags == NULL ? 0 : flags[i]);
	kit_chain_pem(&chain);
	return chain;
}

struct kit_chain kit_chain(size_t count, const char *leaf_name, const unsigned *flags)
{
	return make(NULL, count, leaf_name, flags);
}

struct kit_chain kit_chain_under(const struct kit_chain *other, size_t count,
	const char *leaf_name, const unsigned *flags)
{
	return make(&other->certificate[other->count - 1], count, leaf_name, flags);
}

void kit_chain_free(struct kit_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		EVP_PKEY_free(chain->certificate[i].key);
		X509_free(chain->certificate[i].x509);
	}
	free(chain->pem);
	memset(chain, 0, sizeof(*chain));
}

/* --- policies ------------------------------------------------------------------------------ */

/* DER signature in hex. */
static char *sign_text(EVP_PKEY *key, const char *text)
{
	unsigned char der[128];
	size_t n = sizeof(der);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &n, (const unsigned char *)text, strlen(text)), 1);
	EVP_MD_CTX_free(ctx);
	char *hex = malloc(2 * n + 1);
	for (size_t i = 0; i < n; i++)
		sprintf(hex + 2 * i, "%02X", der[i]);
	return hex;
}

/* The text as a JSON string. */
static char *quote(const char *text)
{
	char *quoted = malloc(2 * strlen(text) + 3), *to = quoted;

	*to++ = '"';
	for (; *text != 0; text++) {
		if (*text == '\n') {
			*to++ = '\\';
			*to++ = 'n';
		} else {
			*to++ = *text;
		}
	}
	*to++ = '"';
	*to = 0;
	return quoted;
}

static char *signed_document(const struct kit_policy *p, const char *name, const char *value,
	const struct kit_chain *chain)
{
	char *signature = sign_text(chain->certificate[0].key, value);
	const char *space = p->spaces ? " \n\t" : "";

	for (char *c = signature; p->lower_case && *c != 0; c++)
		*c = *c >= 'A' && *c <= 'F' ? (char)(*c + 32) : *c;
	char *made = p->chains_first ?
		kit_format("{%s\"signature\"%s:%s\"%s\"%s,\"%s\"%s:%s%s%s}", space, space, space,
			signature, space, name, space, space, value, space) :
		kit_format("{%s\"%s\"%s:%s%s%s,%s\"signature\":\"%s\"%s}", space, name, space, space,
			value, space, space, signature, space);
	free(signature);
	return made;
}

struct kit_policy kit_defaults(const struct kit_chain *chain)
{
	return (struct kit_policy){
		.issuer = chain,
		.identity = chain,
		.mapping = chain,
		.svn = 1,
		.blocks = "",
		.collaterals = kit_collaterals,
		.levels = "{\"tcb\":{\"isvsvn\":1},\"tcbDate\":\"2024-01-01T00:00:00Z\","
			"\"tcbStatus\":\"UpToDate\"}",
		.mappings = "",
	};
}

static char *servtd_collateral(const struct kit_policy *p)
{
	char *identity_text = p->identity_text != NULL ? kit_format("%s", p->identity_text) :
		kit_format("{\"id\":\"A\",\"version\":1,\"issueDate\":\"d\",\"nextUpdate\":\"d\","
			"\"tcbEvaluationNumber\":1,\"xfam\":\"\",\"attributes\":\"\",\"mrConfigId\":\"\","
			"\"mrOwner\":\"\",\"mrOwnerConfig\":\"\",\"mrsigner\":\"\",\"isvProdId\":1,"
			"\"tcbLevels\":[%s]}", p->levels);
	char *mapping_text = p->mapping_text != NULL ? kit_format("%s", p->mapping_text) :
		kit_format("{\"id\":\"B\",\"issueDate\":\"d\",\"isvProdId\":1,\"mrSigner\":\"\","
			"\"nextUpdate\":\"d\",\"svnMappings\":[%s],\"version\":1}", p->mappings);
	char *identity = signed_document(p, "tdIdentity", identity_text, p->identity);
	char *mapping = signed_document(p, "tdTcbMapping", mapping_text, p->mapping);
	char *identity_chain = quote(p->identity->pem);
	char *mapping_chain = quote(p->mapping->pem);
	char *made = p->chains_first ?
		kit_format("{\"servtdTcbMappingIssuerChain\":%s,\"servtdIdentityIssuerChain\":%s,"
			"\"servtdTcbMapping\":%s,\"servtdIdentity\":%s,\"minorVersion\":0,"
			"\"majorVersion\":1}", mapping_chain, identity_chain, mapping, identity) :
		kit_format("{\"majorVersion\":1,\"minorVersion\":0,\"servtdIdentity\":%s,"
			"\"servtdIdentityIssuerChain\":%s,\"servtdTcbMapping\":%s,"
			"\"servtdTcbMappingIssuerChain\":%s}", identity, identity_chain, mapping,
			mapping_chain);
	free(identity_text);
	free(mapping_text);
	free(identity);
	free(mapping);
	free(identity_chain);
	free(mapping_chain);
	return made;
}

char *kit_policy(const struct kit_policy *p)
{
	char *servtd = servtd_collateral(p), *data;
	char *padding = malloc(p->padding + 1);

	memset(padding, 'p', p->padding);
	padding[p->padding] = 0;
	if (p->data != NULL)
		data = kit_replace(p->data, "%s", servtd);
	else
		data = kit_format("{\"id\":\"I\",\"version\":\"2.0\",\"policySvn\":%u,\"padding\":\"%s\","
			"%s\"collaterals\":%s,\"servtdCollateral\":%s}", p->svn, padding, p->blocks,
			p->collaterals, servtd);
	char *made = signed_document(p, "policyData", data, p->issuer);
	free(servtd);
	free(padding);
	free(data);
	return made;
}

uint8_t *kit_blob(const char *policy, const char *chain, size_t *n)
{
	const size_t sizes[] = {strlen(policy), strlen(chain)};
	const char *texts[] = {policy, chain};
	uint8_t *blob = malloc(8 + sizes[0] + sizes[1]), *to = blob;

	for (size_t i = 0; i < 2; i++) {
		for (int shift = 0; shift < 32; shift += 8)
			*to++ = (uint8_t)(sizes[i] >> shift);
		memcpy(to, texts[i], sizes[i]);
		to += sizes[i];
	}
	*n = (size_t)(to - blob);
	return blob;
}

char *kit_file(const char *name, size_t *n)
{
	char *path = kit_format("%s/vectors/policy/%s", SHARED_DIR, name);
	FILE *file = fopen(path, "rb");

	if (file == NULL) {
		fprintf(stderr, "SKIPPED: %s is absent\n", path);
		free(path);
		return NULL;
	}
	char *text = malloc(1 << 20);
	*n = fread(text, 1, (1 << 20) - 1, file);
	text[*n] = 0;
	fclose(file);
	free(path);
	return text;
}
