/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/x509.h"

#include "json/utf8.h"

/* Contents of the object identifiers. */
static const uint8_t oid_ec_public_key[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
static const uint8_t oid_p256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t oid_p384[] = {0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t oid_ecdsa_sha256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t oid_ecdsa_sha384[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};

static const struct {
	uint8_t oid[3];
	uint8_t bit;
} known_extensions[] = {
	{{0x55, 0x1d, 0x0e}, X509_HAS_SUBJECT_KEY_ID},
	{{0x55, 0x1d, 0x0f}, X509_HAS_KEY_USAGE},
	{{0x55, 0x1d, 0x13}, X509_HAS_BASIC_CONSTRAINTS},
	{{0x55, 0x1d, 0x1f}, X509_HAS_CRL_DISTRIBUTION_POINTS},
	{{0x55, 0x1d, 0x23}, X509_HAS_AUTHORITY_KEY_ID},
};

/*
 * AlgorithmIdentifier ::= SEQUENCE { OID, parameters ANY OPTIONAL }, where the parameters of every
 * algorithm of X.509 are an OID, NULL, or a SEQUENCE.
 */
static bool algorithm_is_formed(struct span element)
{
	struct reader outer = span_reader(element);
	struct reader r = der_enter(&outer, DER_SEQUENCE);

	der_oid(&r);
	const uint8_t tag = der_peek(&r);
	if (tag == DER_OID)
		der_oid(&r);
	else if (tag == DER_NULL && der_content(&r, tag).n > 0)
		r.failed = true;
	else if (tag != DER_NULL && reader_left(&r) > 0)
		der_content(&r, DER_SEQUENCE);
	der_leave(&outer, &r);
	return reader_done(&outer);
}

/* ECDSA has no parameters; anything else is an algorithm we do not know. */
enum x509_algorithm x509_algorithm_of(struct span element)
{
	struct reader outer = span_reader(element);
	struct reader r = der_enter(&outer, DER_SEQUENCE);
	const struct span oid = der_oid(&r);

	if (!reader_done(&r))
		return X509_ALGORITHM_OTHER;
	if (der_oid_is(oid, oid_ecdsa_sha256, sizeof(oid_ecdsa_sha256)))
		return X509_ECDSA_SHA256;
	if (der_oid_is(oid, oid_ecdsa_sha384, sizeof(oid_ecdsa_sha384)))
		return X509_ECDSA_SHA384;
	return X509_ALGORITHM_OTHER;
}

static enum x509_curve curve_of(struct reader *algorithm)
{
	if (!der_oid_is(der_oid(algorithm), oid_ec_public_key,
		sizeof(oid_ec_public_key)) || der_peek(algorithm) != DER_OID)
		return X509_CURVE_OTHER;
	const struct span curve = der_oid(algorithm);
	if (!reader_done(algorithm))
		return X509_CURVE_OTHER;
	if (der_oid_is(curve, oid_p256, sizeof(oid_p256)))
		return X509_P256;
	if (der_oid_is(curve, oid_p384, sizeof(oid_p384)))
		return X509_P384;
	return X509_CURVE_OTHER;
}

static void read_key(struct x509 *cert, struct reader *tbs)
{
	struct reader info = der_enter(tbs, DER_SEQUENCE);
	const struct span identifier = der_element(&info, DER_SEQUENCE);
	struct reader element = span_reader(identifier);
	struct reader algorithm = der_enter(&element, DER_SEQUENCE);

	if (!algorithm_is_formed(identifier))
		tbs->failed = true;
	cert->curve = (uint8_t)curve_of(&algorithm);
	cert->key_bits = der_bits(&info);
	der_leave(tbs, &info);
}

/* One Extension; *value is the content of its extnValue, the result that of its OID. */
static struct span read_extension(struct reader *list, struct span *value)
{
	struct reader r = der_enter(list, DER_SEQUENCE);
	const struct span oid = der_oid(&r);

	if (der_peek(&r) == DER_BOOLEAN)
		der_boolean(&r);
	*value = der_content(&r, DER_OCTET_STRING);
	der_leave(list, &r);
	return oid;
}

/* BasicConstraints.  A FALSE written out is tolerated, as every reader of certificates does. */
static bool read_basic_constraints(struct span value, bool *is_ca)
{
	struct reader outer = span_reader(value);
	struct reader r = der_enter(&outer, DER_SEQUENCE);

	*is_ca = false;
	if (der_peek(&r) == DER_BOOLEAN)
		*is_ca = der_boolean(&r);
	if (der_peek(&r) == DER_INTEGER)
		der_unsigned(&r);
	der_leave(&outer, &r);
	return reader_done(&outer);
}

/* Bit of an extension we know, else 0. */
static uint8_t extension_bit(struct span oid)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_extensions); i++) {
		if (der_oid_is(oid, known_extensions[i].oid, sizeof(known_extensions[i].oid)))
			return known_extensions[i].bit;
	}
	return 0;
}

/* An OID that another extension before `end` has as well. */
static bool seen_before(struct span extensions, const uint8_t *end, struct span oid)
{
	struct reader r = span_reader(extensions);
	struct span value;

	while (r.at < end) {
		if (span_equal(read_extension(&r, &value), oid))
			return true;
	}
	return false;
}

static void read_extensions(struct x509 *cert, struct reader *tbs)
{
	struct reader outer = der_enter(tbs, DER_CONTEXT_3);
	struct span value;

	cert->extensions = der_content(&outer, DER_SEQUENCE);
	der_leave(tbs, &outer);
	if (!reader_ok(tbs) || cert->extensions.n == 0) {
		tbs->failed = true;
		return;
	}
	struct reader r = span_reader(cert->extensions);
	while (reader_left(&r) > 0) {
		const uint8_t *begin = r.at;
		const struct span oid = read_extension(&r, &value);

		if (!reader_ok(&r) || seen_before(cert->extensions, begin, oid)) {
			tbs->failed = true;
			return;
		}
		const uint8_t bit = extension_bit(oid);
		cert->has |= bit;
		if (bit == X509_HAS_BASIC_CONSTRAINTS &&
			!read_basic_constraints(value, &cert->is_ca))
			tbs->failed = true;
	}
}

/* The strings that names are written in today, IA5String being for mail and domains. */
static bool text_is_formed(uint8_t tag, struct span text)
{
	struct utf8 u = {0};

	if (tag != DER_UTF8_STRING)
		return tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING;
	for (size_t i = 0; i < text.n; i++) {
		if (!utf8_take(&u, text.at[i]))
			return false;
	}
	return u.left == 0;
}

/* Name ::= SEQUENCE OF SET OF SEQUENCE { OID, value } */
static bool name_is_formed(struct span name)
{
	struct reader outer = span_reader(name);
	struct reader r = der_enter(&outer, DER_SEQUENCE);

	while (reader_left(&r) > 0) {
		struct reader set = der_enter(&r, DER_SET);
		if (reader_left(&set) == 0)
			return false;
		while (reader_left(&set) > 0) {
			struct reader pair = der_enter(&set, DER_SEQUENCE);
			struct span value;
			uint8_t tag;
			der_oid(&pair);
			der_any(&pair, &tag, &value);
			if (!text_is_formed(tag, value))
				return false;
			der_leave(&set, &pair);
		}
		der_leave(&r, &set);
	}
	der_leave(&outer, &r);
	return reader_done(&outer);
}

static void read_tbs(struct x509 *cert, struct reader *tbs, struct span *inner_algorithm)
{
	struct reader version = der_enter(tbs, DER_CONTEXT_0);
	if (der_u32(&version, DER_INTEGER) != 2)
		tbs->failed = true;
	der_leave(tbs, &version);

	cert->serial = der_unsigned(tbs);
	if (cert->serial.n == 0)
		tbs->failed = true;
	*inner_algorithm = der_element(tbs, DER_SEQUENCE);
	cert->issuer = der_element(tbs, DER_SEQUENCE);
	struct reader validity = der_enter(tbs, DER_SEQUENCE);
	der_time(&validity);
	der_time(&validity);
	der_leave(tbs, &validity);
	cert->subject = der_element(tbs, DER_SEQUENCE);
	read_key(cert, tbs);

	/* issuerUniqueID and subjectUniqueID, which nobody uses */
	for (uint8_t tag = 0x81; tag <= 0x82; tag++) {
		if (der_peek(tbs) == tag)
			der_content(tbs, tag);
	}
	if (reader_left(tbs) > 0)
		read_extensions(cert, tbs);
}

enum status x509_parse(struct x509 *cert, const uint8_t *der, size_t n)
{
	struct reader outer = reader_of(der, n);
	struct reader r = der_enter(&outer, DER_SEQUENCE);
	struct span inner_algorithm;

	*cert = (struct x509){.der = {der, n}};
	cert->tbs = der_element(&r, DER_SEQUENCE);
	struct reader element = span_reader(cert->tbs);
	struct reader tbs = der_enter(&element, DER_SEQUENCE);
	read_tbs(cert, &tbs, &inner_algorithm);
	const struct span algorithm = der_element(&r, DER_SEQUENCE);
	cert->signature = der_bits(&r);
	der_leave(&outer, &r);
	if (!reader_done(&tbs) || !reader_done(&outer) || cert->signature.n == 0)
		return ERR_X509;
	if (!algorithm_is_formed(algorithm) || !algorithm_is_formed(inner_algorithm) ||
		!name_is_formed(cert->issuer) || !name_is_formed(cert->subject))
		return ERR_X509;
	cert->algorithm = (uint8_t)x509_algorithm_of(algorithm);
	cert->algorithms_agree = span_equal(algorithm, inner_algorithm);
	return STATUS_OK;
}

static size_t point_size(uint8_t curve)
{
	return curve == X509_P256 ? P256_POINT_SIZE : curve == X509_P384 ? P384_POINT_SIZE : 0;
}

enum status x509_key(const struct x509 *cert, struct x509_key *key)
{
	const size_t n = point_size(cert->curve);

	if (n == 0 || cert->key_bits.n != 1 + n || cert->key_bits.at[0] != 0x04)
		return ERR_X509;
	key->curve = cert->curve;
	memset(key->point, 0, sizeof(key->point));
	memcpy(key->point, cert->key_bits.at + 1, n);
	return STATUS_OK;
}

enum status x509_signature(const struct x509 *cert, struct x509_signature *s)
{
	size_t width = 0;

	memset(s, 0, sizeof(*s));
	s->algorithm = cert->algorithm;
	if (cert->algorithm == X509_ECDSA_SHA256) {
		struct sha256 h;
		sha256_init(&h);
		sha256_update(&h, cert->tbs.at, cert->tbs.n);
		sha256_final(&h, s->digest);
		width = 32;
	} else if (cert->algorithm == X509_ECDSA_SHA384) {
		sha384(cert->tbs.at, cert->tbs.n, s->digest);
		width = 48;
	}
	if (width == 0 || !cert->algorithms_agree ||
		!der_ecdsa_signature(cert->signature, width, s->signature))
		return ERR_X509_SIGNATURE;
	return STATUS_OK;
}

enum status x509_signature_verify(const struct x509_signature *s, const struct x509_key *issuer)
{
	enum status verdict = ERR_X509_SIGNATURE;

	if (s->algorithm == X509_ECDSA_SHA256 && issuer->curve == X509_P256)
		verdict = p256_verify(issuer->point, s->digest, s->signature);
	else if (s->algorithm == X509_ECDSA_SHA384 && issuer->curve == X509_P384)
		verdict = p384_verify(issuer->point, s->digest, s->signature);
	return verdict == STATUS_OK ? STATUS_OK : ERR_X509_SIGNATURE;
}

enum status x509_verify(const struct x509 *cert, const struct x509_key *issuer)
{
	struct x509_signature s;

	TRY(x509_signature(cert, &s));
	return x509_signature_verify(&s, issuer);
}

struct span x509_extension(const struct x509 *cert, const uint8_t *oid, size_t n)
{
	struct reader r = span_reader(cert->extensions);
	struct span value;

	while (reader_left(&r) > 0) {
		if (der_oid_is(read_extension(&r, &value), oid, n))
			return value;
	}
	return (struct span){NULL, 0};
}

struct span x509_name_attribute(struct span name, enum x509_name_type type)
{
	const uint8_t oid[] = {0x55, 0x04, (uint8_t)type};
	struct reader outer = span_reader(name);
	struct reader r = der_enter(&outer, DER_SEQUENCE);

	while (reader_left(&r) > 0) {
		struct reader set = der_enter(&r, DER_SET);
		while (reader_left(&set) > 0) {
			struct reader pair = der_enter(&set, DER_SEQUENCE);
			const struct span found = der_oid(&pair);
			struct span value;
			uint8_t tag;
			der_any(&pair, &tag, &value);
			if (reader_ok(&pair) && der_oid_is(found, oid, sizeof(oid)))
				return value;
		}
	}
	return (struct span){NULL, 0};
}

bool x509_name_matches(struct span a, struct span b)
{
	static const uint8_t types[] = {X509_CN, X509_C, X509_O, X509_L, X509_ST};

	for (size_t i = 0; i < sizeof(types); i++) {
		const struct span left = x509_name_attribute(a, (enum x509_name_type)types[i]);
		const struct span right = x509_name_attribute(b, (enum x509_name_type)types[i]);
		if (!span_equal(left, right))
			return false;
	}
	return true;
}

bool x509_is_self_issued(const struct x509 *cert)
{
	return x509_name_matches(cert->issuer, cert->subject);
}

bool x509_cn_contains(struct span name, const char *text)
{
	const struct span cn = x509_name_attribute(name, X509_CN);
	const size_t n = strlen(text);

	for (size_t i = 0; i + n <= cn.n; i++) {
		if (memcmp(cn.at + i, text, n) == 0)
			return true;
	}
	return false;
}
