/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What certificates, chains and CRLs have to be (attestation spec 1.6, 3.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rules.h"

/* --- certificates --------------------------------------------------------------------------- */

CHANGE(nothing, (void)w)
CHANGE(v5_type2, w->version = 5)
CHANGE(v5_type3, w->version = 5; w->body_type = 3)
CHANGE(order_prc, w->quote_order = "prc")
CHANGE(order_cpr, w->quote_order = "cpr")
CHANGE(order_rcp, w->quote_order = "rcp")
CHANGE(chain_pc, w->quote_order = "pc")
CHANGE(chain_pcrr, w->quote_order = "pcrr")
CHANGE(chain_pcc, w->quote_order = "pcc")
CHANGE(chain_prr, w->quote_order = "prr")
CHANGE(chain_crlf, w->line_end = "\r\n")
CHANGE(pair_rl, w->pair_order = "rl")
CHANGE(pair_l, w->pair_order = "l")
CHANGE(pair_lrr, w->pair_order = "lrr")
CHANGE(pair_rr, w->pair_order = "rr")
CHANGE(pair_ll, w->pair_order = "ll")
CHANGE(root_name, w->root.subject_cn = w->root.issuer_cn = w->ca.issuer_cn =
	w->signing.issuer_cn = w->root_crl.issuer_cn = "Intel Root CA")
CHANGE(root_no_ca, w->root.is_ca = false)
CHANGE(ca_no_ca, w->ca.is_ca = false)
CHANGE(pck_is_ca, w->pck.is_ca = true)
CHANGE(signing_is_ca, w->signing.is_ca = true)
CHANGE(pck_no_key_usage, w->pck.without = NID_key_usage)
CHANGE(ca_no_crl_point, w->ca.without = NID_crl_distribution_points)
CHANGE(signing_no_ski, w->signing.without = NID_subject_key_identifier)
CHANGE(pck_serial20, w->pck.serial_n = 20)
CHANGE(pck_serial21, w->pck.serial_n = 21)
CHANGE(signing_serial20, w->signing.serial_n = 20)
CHANGE(signing_serial21, w->signing.serial_n = 21)
CHANGE(pck_bare, w->pck.bare = true)
CHANGE(root_bad_self, w->root.signer = w->key[OTHER])
CHANGE(ca_bad_signer, w->ca.signer = w->key[OTHER])
CHANGE(pck_bad_signer, w->pck.signer = w->key[OTHER])
CHANGE(pck_by_root, w->pck.signer = w->key[ROOT])
CHANGE(signing_bad_signer, w->signing.signer = w->key[OTHER])
CHANGE(signing_by_ca, w->signing.signer = w->key[CA]; w->signing.issuer_cn = w->ca.subject_cn)
CHANGE(signing_name, w->signing.subject_cn = "Intel SGX PCK Certificate")
CHANGE(pck_name, w->pck.subject_cn = "Intel SGX TCB Signing")
CHANGE(pck_issuer_name, w->pck.issuer_cn = "Intel SGX PCK Platform CB")
CHANGE(ca_other_kind, w->ca.subject_cn = w->pck.issuer_cn = w->pck_crl.issuer_cn =
	w->quote_ca.subject_cn = "Intel SGX PCK Client CA")
CHANGE(pck_sha384, w->pck.md = EVP_sha384())
CHANGE(anchor_same_key, w->own_anchor = true; w->anchor.serial = 88;
	w->anchor.subject_cn = w->anchor.issuer_cn = "any")
CHANGE(anchor_other_key, w->own_anchor = true; w->anchor.key = w->anchor.signer = w->key[OTHER])
CHANGE(anchor_p384, EVP_PKEY *key = oracle_key("P-384"); EVP_PKEY_free(w->key[OTHER]);
	w->key[OTHER] = key; w->own_anchor = true; w->anchor.key = w->anchor.signer = key;
	w->anchor.md = EVP_sha384())
CHANGE(crl_chain_other, w->own_crl_ca = true; w->crl_ca.key = w->key[OTHER];
	w->crl_ca.subject_cn = "Intel SGX PCK Processor CA")
CHANGE(crl_chain_forged, w->own_crl_ca = true; w->crl_ca.signer = w->key[OTHER])
CHANGE(crl_chain_other_crl, crl_chain_other(w); w->pck_crl.signer = w->key[OTHER])
CHANGE(crl_chain_signing, w->own_crl_ca = true; w->crl_ca = w->signing)
CHANGE(crl_chain_same_name, w->own_crl_ca = true; w->crl_ca.key = w->key[OTHER])
CHANGE(crl_chain_same_name_crl, crl_chain_same_name(w); w->pck_crl.signer = w->key[OTHER])
CHANGE(crl_chain_bare, w->own_crl_ca = true; w->crl_ca.bare = true)
CHANGE(crl_chain_no_ski, w->own_crl_ca = true; w->crl_ca.without = NID_subject_key_identifier)
CHANGE(crl_chain_rl, w->crl_pair_order = "rl")
CHANGE(crl_chain_l, w->crl_pair_order = "l")
CHANGE(crl_chain_llr, w->crl_pair_order = "llr")
CHANGE(crl_chain_none, w->crl_pair_order = "")
CHANGE(crl_chain_l_crl, crl_chain_l(w); w->pck_crl.signer = w->key[OTHER])
CHANGE(pck_issuer_reversed, w->pck.issuer_reversed = true)
CHANGE(ca_issuer_reversed, w->ca.issuer_reversed = true; w->quote_ca.issuer_reversed = true)
CHANGE(signing_issuer_reversed, w->signing.issuer_reversed = true)
CHANGE(quote_root_other, w->own_quote_root = true; w->quote_root.serial = 77)
CHANGE(quote_ca_again, w->own_quote_ca = true; w->quote_ca.serial = 22)
CHANGE(quote_ca_other_key, w->own_quote_ca = true; w->quote_ca.key = w->pck.signer = w->key[OTHER])
CHANGE(quote_ca_forged, w->own_quote_ca = true; w->quote_ca.signer = w->key[OTHER])
CHANGE(quote_ca_no_ca, w->own_quote_ca = true; w->quote_ca.is_ca = false)
CHANGE(members5, w->sgx_members = 5)
CHANGE(members6, w->sgx_members = 6)
CHANGE(members4, w->sgx_members = 4)
CHANGE(member_twice, w->sgx_twice = true)

static void certificates_are_what_their_roles_demand(void **state)
{
	static const struct rule rules[] = {
		{"unchanged", nothing, STATUS_OK, "UpToDate"},
		{"v5 type 2", v5_type2, STATUS_OK, "UpToDate"},
		{"v5 type 3", v5_type3, STATUS_OK, "UpToDate"},
		{"PCK, root, CA", order_prc, STATUS_OK, NULL},
		{"CA first", order_cpr, ERR_X509_CHAIN, NULL},
		{"root first", order_rcp, ERR_X509_CHAIN, NULL},
		{"two certificates", chain_pc, ERR_X509_CHAIN, NULL},
		{"four certificates", chain_pcrr, ERR_X509_CHAIN, NULL},
		{"no root", chain_pcc, ERR_X509_ROOT, NULL},
		{"no CA", chain_prr, ERR_X509_CHAIN, NULL},
		{"CRLF in the quote", chain_crlf, ERR_PEM, NULL},
		{"root before leaf in the bundle", pair_rl, STATUS_OK, NULL},
		{"leaf alone", pair_l, ERR_X509_CHAIN, NULL},
		{"leaf, root, root", pair_lrr, ERR_X509_CHAIN, NULL},
		{"two roots", pair_rr, ERR_X509_EXTENSION, NULL},
		{"two leaves", pair_ll, ERR_X509_ROOT, NULL},
		{"root's name", root_name, ERR_X509_ROOT, NULL},
		{"root is no CA", root_no_ca, ERR_X509_EXTENSION, NULL},
		{"CA is no CA", ca_no_ca, ERR_X509_EXTENSION, NULL},
		{"PCK is a CA", pck_is_ca, ERR_X509_EXTENSION, NULL},
		{"TCB signing is a CA", signing_is_ca, ERR_X509_EXTENSION, NULL},
		{"PCK without keyUsage", pck_no_key_usage, ERR_X509_EXTENSION, NULL},
		{"CA without CRL point", ca_no_crl_point, ERR_X509_EXTENSION, NULL},
		{"signing without key id", signing_no_ski, ERR_X509_EXTENSION, NULL},
		{"PCK with a serial number of 20 bytes", pck_serial20, STATUS_OK, NULL},
		{"PCK's of 21", pck_serial21, ERR_X509, NULL},
		{"signing with a serial number of 20 bytes", signing_serial20, STATUS_OK, NULL},
		{"signing's of 21", signing_serial21, ERR_X509, NULL},
		{"PCK without extensions", pck_bare, ERR_X509_EXTENSION, NULL},
		{"root's own signature", root_bad_self, ERR_X509_SIGNATURE, NULL},
		{"CA's signature", ca_bad_signer, ERR_X509_SIGNATURE, NULL},
		{"PCK's signature", pck_bad_signer, ERR_X509_SIGNATURE, NULL},
		{"PCK signed by the root", pck_by_root, ERR_X509_SIGNATURE, NULL},
		{"signing's signature", signing_bad_signer, ERR_X509_SIGNATURE, NULL},
		{"signing under the CA", signing_by_ca, ERR_X509_CHAIN, NULL},
		{"signing's name", signing_name, ERR_X509_CHAIN, NULL},
		{"PCK's name", pck_name, ERR_X509_CHAIN, NULL},
		{"PCK's issuer name", pck_issuer_name, ERR_X509_CHAIN, NULL},
		{"neither Platform nor Processor", ca_other_kind, ERR_X509_CHAIN, NULL},
		{"SHA-384", pck_sha384, ERR_X509, NULL},
		{"anchor of the root's key", anchor_same_key, STATUS_OK, "UpToDate"},
		{"anchor of another key", anchor_other_key, ERR_X509_ROOT, NULL},
		{"anchor of another curve", anchor_p384, ERR_X509_ROOT, NULL},
		{"PCK CRL with another CA's chain", crl_chain_other, STATUS_OK, "UpToDate"},
		{"PCK CRL with a forged chain", crl_chain_forged, STATUS_OK, "UpToDate"},
		{"PCK CRL by that other CA", crl_chain_other_crl, ERR_CRL_SIGNATURE, NULL},
		{"PCK CRL with a leaf's chain", crl_chain_signing, STATUS_OK, "UpToDate"},
		{"its chain, of a CA of that name", crl_chain_same_name, STATUS_OK, "UpToDate"},
		{"which signed it", crl_chain_same_name_crl, ERR_CRL_SIGNATURE, NULL},
		{"without extensions", crl_chain_bare, ERR_X509_EXTENSION, NULL},
		{"without one of them", crl_chain_no_ski, ERR_X509_EXTENSION, NULL},
		{"root first", crl_chain_rl, STATUS_OK, "UpToDate"},
		{"without root", crl_chain_l, STATUS_OK, "UpToDate"},
		{"of three", crl_chain_llr, STATUS_OK, "UpToDate"},
		{"of none", crl_chain_none, ERR_X509_CHAIN, NULL},
		{"without root, other CRL", crl_chain_l_crl, ERR_CRL_SIGNATURE, NULL},
		{"PCK's issuer in another order", pck_issuer_reversed, ERR_X509_CHAIN, NULL},
		{"CA's issuer in another order", ca_issuer_reversed, STATUS_OK, "UpToDate"},
		{"signing's issuer in another order", signing_issuer_reversed, STATUS_OK, "UpToDate"},
		{"another root certificate", quote_root_other, ERR_X509_ROOT, NULL},
		{"CA certified again", quote_ca_again, STATUS_OK, NULL},
		{"CA with another key", quote_ca_other_key, ERR_CRL_SIGNATURE, NULL},
		{"CA not by the root", quote_ca_forged, ERR_X509_SIGNATURE, NULL},
		{"another CA that is none", quote_ca_no_ca, ERR_X509_EXTENSION, NULL},
		{"SGX extension of 5", members5, STATUS_OK, NULL},
		{"SGX extension of 6", members6, ERR_X509_EXTENSION, NULL},
		{"SGX extension of 4", members4, ERR_X509_EXTENSION, NULL},
		{"a member twice", member_twice, ERR_X509_EXTENSION, NULL},
	};

	(void)state;
	check_rules(rules, ARRAY_SIZE(rules));
}

/* --- revocation ----------------------------------------------------------------------------- */

static const uint64_t serials[] = {2, 3, 4, 22, 1};

CHANGE(ca_revoked, w->root_crl.serials = &serials[0]; w->root_crl.serial_count = 1)
CHANGE(pck_revoked, w->pck_crl.serials = &serials[1]; w->pck_crl.serial_count = 1)
CHANGE(signing_revoked, w->root_crl.serials = &serials[2]; w->root_crl.serial_count = 1)
CHANGE(new_ca_revoked, quote_ca_again(w); w->root_crl.serials = &serials[3];
	w->root_crl.serial_count = 1)
CHANGE(old_ca_revoked, quote_ca_again(w); ca_revoked(w))
CHANGE(root_revoked, w->root_crl.serials = &serials[4]; w->root_crl.serial_count = 1)
CHANGE(crl_chain_l_revoked, crl_chain_l(w); pck_revoked(w))
CHANGE(unverified_crl_lists_pck, crl_chain_other(w); pck_revoked(w))
CHANGE(others_revoked, w->root_crl.serials = &serials[1]; w->root_crl.serial_count = 1;
	w->pck_crl.serials = &serials[2]; w->pck_crl.serial_count = 2)
CHANGE(root_crl_signer, w->root_crl.signer = w->key[OTHER])
CHANGE(pck_crl_by_root, w->pck_crl.signer = w->key[ROOT])
CHANGE(crls_no_number, w->pck_crl.number = NULL)
CHANGE(crl_large_number, w->root_crl.number = "4294967296")
CHANGE(pck_crl_issuer, w->pck_crl.issuer_cn = "Intel SGX PCK Processor CA")

static void revoked_certificates_are_refused(void **state)
{
	static const struct rule rules[] = {
		{"CA", ca_revoked, ERR_REVOKED, NULL},
		{"PCK", pck_revoked, ERR_REVOKED, NULL},
		{"TCB signing", signing_revoked, ERR_REVOKED, NULL},
		{"the quote's CA", new_ca_revoked, ERR_REVOKED, NULL},
		{"the bundle's CA only", old_ca_revoked, STATUS_OK, NULL},
		{"other serials", others_revoked, STATUS_OK, NULL},
		{"the root itself", root_revoked, STATUS_OK, NULL},
		{"PCK, CRL with another CA's chain", unverified_crl_lists_pck, ERR_REVOKED, NULL},
		{"PCK, CRL's chain without root", crl_chain_l_revoked, ERR_REVOKED, NULL},
		{"root CRL by another", root_crl_signer, ERR_CRL_SIGNATURE, NULL},
		{"PCK CRL by the root", pck_crl_by_root, ERR_CRL_SIGNATURE, NULL},
		{"CRL without number", crls_no_number, ERR_CRL, NULL},
		{"CRL number of 33 bits", crl_large_number, ERR_COLLATERAL, NULL},
		{"PCK CRL of another issuer", pck_crl_issuer, ERR_CRL, NULL},
	};

	(void)state;
	check_rules(rules, ARRAY_SIZE(rules));
}

static void a_ca_certificate_that_is_not_the_bundles_costs_one_check_more(void **state)
{
	struct world w;

	(void)state;
	world_create(&w);
	assert_int_equal(world_judge(&w), STATUS_OK);
	assert_int_equal(w.open_checks, 7);
	assert_int_equal(w.quote_checks, 3);
	quote_ca_again(&w);
	assert_int_equal(world_judge(&w), STATUS_OK);
	assert_int_equal(w.quote_checks, 4);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_are_what_their_roles_demand),
		cmocka_unit_test(revoked_certificates_are_refused),
		cmocka_unit_test(a_ca_certificate_that_is_not_the_bundles_costs_one_check_more),
	};

	oracle_start_crypto();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
