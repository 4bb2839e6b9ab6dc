/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Issuer chains (policy spec 2.8): the walk of one chain, and a peer's chain against the own. */
#include <openssl/pem.h>

#include "attest/x509.h"
#include "bench.h"

static struct kit_chain chain;

static int setup(void **state)
{
	bench_setup(state);
	chain = kit_chain(3, "Policy signer", NULL);
	const struct kit_policy p = kit_defaults(&chain);
	assert_int_equal(bench_open(kit_policy(&p), chain.pem), STATUS_OK);
	return 0;
}

static enum status own(const struct kit_chain *c)
{
	const struct kit_policy p = kit_defaults(c);
	char *text = kit_policy(&p);
	const enum status status = bench_own(text, c->pem);

	free(text);
	return status;
}

/* One of the three chains of a peer is `c`, the others are the own ones. */
static enum status peer(const struct kit_chain *c, enum policy_document document)
{
	struct kit_policy p = kit_defaults(&chain);

	p.svn = 2;
	p.issuer = document == DOCUMENT_POLICY ? c : &chain;
	p.identity = document == DOCUMENT_IDENTITY ? c : &chain;
	p.mapping = document == DOCUMENT_MAPPING ? c : &chain;
	char *text = kit_policy(&p);
	const enum status status = bench_peer(text, p.issuer->pem);
	free(text);
	return status;
}

static void judge(struct kit_chain c, enum status as_own, enum status as_peer)
{
	assert_int_equal(own(&c), as_own);
	for (unsigned i = 0; i < DOCUMENT_COUNT; i++)
		assert_int_equal(peer(&c, (enum policy_document)i), as_peer);
	kit_chain_free(&c);
}

static void chains_of_the_own_root_and_subject_are_taken(void **state)
{
	(void)state;
	judge(kit_chain_under(&chain, 3, "Policy signer", NULL), STATUS_OK, STATUS_OK);
	judge(kit_chain_under(&chain, 2, "Policy signer", NULL), STATUS_OK, STATUS_OK);
	judge(kit_chain_under(&chain, 4, "Policy signer", NULL), STATUS_OK, STATUS_OK);
}

static void another_root_is_refused(void **state)
{
	(void)state;
	judge(kit_chain(3, "Policy signer", NULL), STATUS_OK, ERR_POLICY_CHAIN);
	judge(kit_chain(2, "Policy signer", NULL), STATUS_OK, ERR_POLICY_CHAIN);
	judge(kit_chain(1, "Policy signer", NULL), STATUS_OK, ERR_POLICY_CHAIN);
}

static void another_leaf_subject_is_refused(void **state)
{
	(void)state;
	judge(kit_chain_under(&chain, 3, "Policy signes", NULL), STATUS_OK, ERR_POLICY_CHAIN);
	judge(kit_chain_under(&chain, 3, "Policy signer ", NULL), STATUS_OK, ERR_POLICY_CHAIN);
}

static void the_root_alone_is_refused(void **state)
{
	struct kit_chain root = {.count = 1, .certificate = {chain.certificate[2]}};

	(void)state;
	EVP_PKEY_up_ref(root.certificate[0].key);
	X509_up_ref(root.certificate[0].x509);
	kit_chain_pem(&root);
	judge(root, STATUS_OK, ERR_POLICY_CHAIN);
}

static void an_intermediate_that_is_no_ca_passes_the_walk_but_not_the_peer_check(void **state)
{
	static const unsigned flags[3] = {0, KIT_NOT_CA, 0};

	(void)state;
	judge(kit_chain_under(&chain, 3, "Policy signer", flags), STATUS_OK, ERR_POLICY_CHAIN);
}

/* The own chain starts the TD, yet a peer with the very same one is refused like any other. */
static void a_peer_with_the_own_blob_is_judged_by_the_same_rules(void **state)
{
	static const unsigned flags[3] = {0, KIT_NOT_CA, 0};
	struct kit_chain odd = kit_chain(3, "Policy signer", flags);
	const struct kit_policy of_odd = kit_defaults(&odd), of_good = kit_defaults(&chain);
	char *text = kit_policy(&of_odd), *good = kit_policy(&of_good);

	(void)state;
	bench_close();
	assert_int_equal(bench_open(kit_format("%s", text), odd.pem), STATUS_OK);
	assert_int_equal(bench_peer(text, odd.pem), ERR_POLICY_CHAIN);
	bench_close();
	assert_int_equal(bench_open(kit_format("%s", good), chain.pem), STATUS_OK);
	assert_int_equal(bench_peer(good, chain.pem), STATUS_OK);
	free(text);
	free(good);
	kit_chain_free(&odd);
}

/* A real leaf must not act as a CA for another one. */
static void a_leaf_that_signs_a_leaf_is_refused(void **state)
{
	struct kit_chain c = kit_chain_under(&chain, 3, "Policy signer", NULL);
	const struct kit_certificate signer = chain.certificate[0];

	(void)state;
	c.count = 4;
	EVP_PKEY_free(c.certificate[1].key);
	X509_free(c.certificate[1].x509);
	c.certificate[3] = c.certificate[2];
	c.certificate[1] = signer;
	c.certificate[2] = chain.certificate[1];
	for (size_t i = 1; i < 3; i++) {
		EVP_PKEY_up_ref(c.certificate[i].key);
		X509_up_ref(c.certificate[i].x509);
	}
	X509_set_issuer_name(c.certificate[0].x509, X509_get_subject_name(signer.x509));
	assert_true(X509_sign(c.certificate[0].x509, signer.key, EVP_sha384()) > 0);
	kit_chain_pem(&c);
	assert_int_equal(peer(&c, DOCUMENT_POLICY), ERR_POLICY_CHAIN);
	assert_int_equal(peer(&c, DOCUMENT_IDENTITY), ERR_POLICY_CHAIN);
	kit_chain_free(&c);
}

static void a_broken_link_is_refused_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct kit_chain c = kit_chain_under(&chain, 3, "Policy signer", NULL);
		struct kit_chain wrong = kit_chain(1, "Nobody", NULL);
		assert_true(X509_sign(c.certificate[i].x509, wrong.certificate[0].key, EVP_sha384()) > 0);
		kit_chain_pem(&c);
		judge(c, ERR_POLICY_SIGNATURE, ERR_POLICY_SIGNATURE);
		kit_chain_free(&wrong);
	}
	/* In the wrong order. */
	struct kit_chain c = kit_chain_under(&chain, 3, "Policy signer", NULL);
	const struct kit_certificate swap = c.certificate[1];
	c.certificate[1] = c.certificate[2];
	c.certificate[2] = swap;
	kit_chain_pem(&c);
	judge(c, ERR_POLICY_SIGNATURE, ERR_POLICY_SIGNATURE);
}

static void foreign_algorithms_and_versions_are_refused(void **state)
{
	static const unsigned rows[][3] = {
		{KIT_VERSION_1, 0, 0}, {0, KIT_VERSION_1, 0}, {KIT_P256, 0, 0}, {0, KIT_P256, 0},
		{KIT_SHA256, 0, 0}, {0, KIT_SHA256, 0}, {KIT_NEGATIVE_SERIAL, 0, 0},
		{0, KIT_NEGATIVE_SERIAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		judge(kit_chain_under(&chain, 3, "Policy signer", rows[i]), ERR_POLICY_SIGNATURE,
			ERR_POLICY_SIGNATURE);
}

static void a_certificate_that_is_too_large_is_refused(void **state)
{
	static const unsigned flags[3] = {0, KIT_LARGE, 0};

	(void)state;
	judge(kit_chain_under(&chain, 3, "Policy signer", flags), ERR_POLICY_LIMIT, ERR_POLICY_LIMIT);
}

static void more_links_than_the_limit_are_refused_unverified(void **state)
{
	struct kit_chain c = kit_chain_under(&chain, 9, "Policy signer", NULL);
	const uint64_t before = bench_verifications();

	(void)state;
	assert_int_equal(peer(&c, DOCUMENT_POLICY), ERR_POLICY_LIMIT);
	assert_true(bench_verifications() - before <= POLICY_LINKS_MAX);
	kit_chain_free(&c);
}

static void text_around_the_certificates_is_passed_over(void **state)
{
	const struct kit_policy p = kit_defaults(&chain);
	char *text = kit_policy(&p);
	char *padded = kit_format("# chain \xc3\xa9\n%s\n-----BEGIN X509 CRL-----\nAAAA\n"
		"-----END X509 CRL-----\nend", chain.pem);
	char *crlf = malloc(2 * strlen(chain.pem)), *to = crlf;

	(void)state;
	for (const char *from = chain.pem; *from != 0; from++) {
		if (*from == '\n')
			*to++ = '\r';
		*to++ = *from;
	}
	*to = 0;
	assert_int_equal(bench_own(text, padded), STATUS_OK);
	assert_int_equal(bench_peer(text, padded), STATUS_OK);
	assert_int_equal(bench_peer(text, crlf), STATUS_OK);
	free(padded);
	free(crlf);
	free(text);
}

static void chain_texts_without_a_chain_are_refused(void **state)
{
	const struct kit_policy p = kit_defaults(&chain);
	char *text = kit_policy(&p);
	char *not_utf8 = kit_format("%s\xff\n", chain.pem);
	char *cut_utf8 = kit_format("%s\xc3", chain.pem);
	char *cut = kit_format("%.*s", (int)strlen(chain.pem) / 2, chain.pem);
	char *broken = kit_replace(chain.pem, "\nM", "\n!");

	(void)state;
	assert_int_equal(bench_peer(text, not_utf8), ERR_POLICY_FORMAT);
	assert_int_equal(bench_peer(text, cut_utf8), ERR_POLICY_FORMAT);
	assert_int_equal(bench_own(text, not_utf8), ERR_POLICY_FORMAT);
	assert_int_equal(bench_peer(text, "no certificate"), ERR_POLICY_SIGNATURE);
	assert_int_equal(bench_peer(text, cut), ERR_POLICY_SIGNATURE);
	assert_int_equal(bench_peer(text, broken), ERR_POLICY_SIGNATURE);
	free(not_utf8);
	free(cut_utf8);
	free(cut);
	free(broken);
	free(text);
}

/* --- the certificate reader against attest's, which has the certificate in memory ---------- */

struct facts {
	enum status status;
	struct certificate_reader reader;
	uint8_t tbs_digest[48], digest[48], signature[96], point[96];
	uint8_t subject[1024];
	size_t subject_n;
};

static void read_certificate(struct facts *f, const uint8_t *der, size_t n)
{
	memset(f, 0, sizeof(*f));
	certificate_begin(&f->reader);
	for (size_t at = 0; at < n && f->status == STATUS_OK;) {
		struct certificate_piece piece = {.tbs_digest = f->tbs_digest, .signature = f->signature};
		size_t taken, size = 1 + draw(200);
		size = size < n - at ? size : n - at;
		uint8_t *copy = malloc(size);
		memcpy(copy, der + at, size);
		f->status = certificate_feed(&f->reader, copy, size, &taken, &piece);
		if (f->status == STATUS_OK && piece.event == CERTIFICATE_SUBJECT) {
			assert_true(f->subject_n + piece.part_n <= sizeof(f->subject));
			memcpy(f->subject + f->subject_n, piece.part, piece.part_n);
			f->subject_n += piece.part_n;
		} else if (f->status == STATUS_OK && piece.event == CERTIFICATE_KEY) {
			memcpy(f->point, piece.point, sizeof(f->point));
		} else if (f->status == STATUS_OK && piece.event == CERTIFICATE_DONE) {
			memcpy(f->digest, piece.digest, sizeof(f->digest));
		}
		free(copy);
		at += taken;
	}
	if (f->status == STATUS_OK && !certificate_complete(&f->reader))
		f->status = ERR_X509;
}

/* True if both take the certificate; then they agree on every fact. */
static bool compare_certificate(const uint8_t *der, size_t n)
{
	static struct facts f;
	struct x509 cert;
	struct x509_key key;
	struct x509_signature signature;
	uint8_t digest[48];

	read_certificate(&f, der, n);
	const bool theirs = x509_parse(&cert, der, n) == STATUS_OK &&
		x509_key(&cert, &key) == STATUS_OK && key.curve == X509_P384;
	if (theirs && f.status != STATUS_OK)
		fail_msg("only attest/x509.h takes it");
	if (!theirs || f.status != STATUS_OK)
		return false;
	assert_memory_equal(f.point, key.point, sizeof(f.point));
	assert_int_equal(f.subject_n, cert.subject.n);
	assert_memory_equal(f.subject, cert.subject.at, f.subject_n);
	assert_int_equal(f.reader.is_ca, cert.is_ca);
	sha384(cert.tbs.at, cert.tbs.n, digest);
	assert_memory_equal(f.tbs_digest, digest, 48);
	sha384(cert.tbs.at, n - (size_t)(cert.tbs.at - der), digest);
	assert_memory_equal(f.digest, digest, 48);
	/* Policy chains do not compare the inner with the outer algorithm (policy spec 2.8). */
	cert.algorithms_agree = true;
	const bool usable = cert.algorithm == X509_ECDSA_SHA384 &&
		x509_signature(&cert, &signature) == STATUS_OK;
	assert_int_equal(f.reader.ecdsa_sha384, usable);
	if (usable)
		assert_memory_equal(f.signature, signature.signature, sizeof(f.signature));
	return true;
}

static void certificates_read_as_the_other_reader_reads_them(void **state)
{
	static const unsigned flags[] = {0, KIT_NOT_CA, KIT_SHA256, KIT_NOT_CA | KIT_SHA256};
	unsigned taken = 0, seen = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		const unsigned of_chain[3] = {flags[i], flags[i], flags[i]};
		struct kit_chain c = kit_chain(3, "Somebody", of_chain);
		for (size_t j = 0; j < c.count; j++) {
			unsigned char *der = NULL;
			const int n = i2d_X509(c.certificate[j].x509, &der);
			assert_true(compare_certificate(der, (size_t)n));
			for (int cut = 0; cut < n; cut += 1 + (int)draw(3)) {
				struct facts f;
				read_certificate(&f, der, (size_t)cut);
				assert_int_not_equal(f.status, STATUS_OK);
			}
			for (int at = 0; at < n; at++) {
				for (unsigned bit = 0; bit < 8; bit++) {
					der[at] ^= (unsigned char)(1u << bit);
					taken += compare_certificate(der, (size_t)n);
					seen++;
					der[at] ^= (unsigned char)(1u << bit);
				}
			}
			OPENSSL_free(der);
		}
		kit_chain_free(&c);
	}
	assert_true(taken > 1000 && taken < seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_of_the_own_root_and_subject_are_taken),
		cmocka_unit_test(another_root_is_refused),
		cmocka_unit_test(another_leaf_subject_is_refused),
		cmocka_unit_test(the_root_alone_is_refused),
		cmocka_unit_test(an_intermediate_that_is_no_ca_passes_the_walk_but_not_the_peer_check),
		cmocka_unit_test(a_peer_with_the_own_blob_is_judged_by_the_same_rules),
		cmocka_unit_test(a_leaf_that_signs_a_leaf_is_refused),
		cmocka_unit_test(a_broken_link_is_refused_anywhere),
		cmocka_unit_test(foreign_algorithms_and_versions_are_refused),
		cmocka_unit_test(a_certificate_that_is_too_large_is_refused),
		cmocka_unit_test(more_links_than_the_limit_are_refused_unverified),
		cmocka_unit_test(text_around_the_certificates_is_passed_over),
		cmocka_unit_test(chain_texts_without_a_chain_are_refused),
		cmocka_unit_test(certificates_read_as_the_other_reader_reads_them),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
