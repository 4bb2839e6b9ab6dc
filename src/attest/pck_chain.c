/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The certificates of a quote: attestation spec 3.4 a to e. */
#include "attest/steps.h"
#include "wire/bytes.h"

/* The PCK certificate comes first, for its FMSPC is looked for there; the others in any order. */
static enum status assign_roles(const struct attest_work *w, struct pck_chain *chain)
{
	const bool root_last = x509_is_self_issued(&w->cert[2]);

	chain->pck = &w->cert[0];
	chain->intermediate = &w->cert[root_last ? 1 : 2];
	chain->root = &w->cert[root_last ? 2 : 1];
	if (x509_is_self_issued(chain->intermediate) ||
		!x509_cn_contains(chain->intermediate->subject, "CA") ||
		!x509_cn_contains(chain->pck->subject, "SGX PCK Certificate"))
		return ERR_X509_CHAIN;
	if (!x509_cn_contains(chain->pck->issuer, "Platform") &&
		!x509_cn_contains(chain->pck->issuer, "Processor"))
		return ERR_X509_CHAIN;
	return STATUS_OK;
}

enum status pck_chain_read(struct attest_work *w, struct pck_chain *chain)
{
	const struct span text = w->quote.chain;

	/* The FMSPC is looked for between lines that end with LF alone. */
	if (bytes_contain(text.at, text.n, '\r'))
		return ERR_PEM;
	TRY(chain_read(w, 0, text_plain(text.at, text.n), 3));
	return assign_roles(w, chain);
}

enum status pck_chain_check(const struct pck_chain *chain, struct trust_anchor *anchor,
	const uint8_t *known_ca)
{
	TRY(chain_check_certificate(chain->intermediate, true));
	if (known_ca == NULL || !chain_is_certificate(chain->intermediate, known_ca))
		TRY(anchor_check_issued(anchor, ACCEPT_INTERMEDIATE, chain->intermediate,
			chain->root));
	TRY(chain_check_certificate(chain->pck, false));
	/* The CRL that lists PCK certificates names their issuer as the CA does, and so must they. */
	if (!span_equal(chain->pck->issuer, chain->intermediate->subject))
		return ERR_X509_CHAIN;
	return anchor_check_issued(anchor, ACCEPT_PCK, chain->pck, chain->intermediate);
}
