/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "fuzz.h"

#include "attest/sgx_extension.h"

static void inside(const uint8_t *bytes, size_t n, struct span s)
{
	HOLDS(fuzz_inside(bytes, n, s.at, s.n));
}

static void check_name(struct span name)
{
	const struct span cn = x509_name_attribute(name, X509_CN);

	HOLDS(x509_name_matches(name, name));
	HOLDS(cn.at == NULL || fuzz_inside(name.at, name.n, cn.at, cn.n));
	HOLDS(!x509_cn_contains(name, "CA") || cn.n >= 2);
}

static void check_signature(const struct x509 *cert)
{
	struct x509_key key;
	struct x509_signature signature;

	const bool has_key = x509_key(cert, &key) == STATUS_OK;
	const bool has_signature = x509_signature(cert, &signature) == STATUS_OK;
	HOLDS(!has_key || key.curve == X509_P256 || key.curve == X509_P384);
	HOLDS(!has_signature || signature.algorithm == X509_ECDSA_SHA256 ||
		signature.algorithm == X509_ECDSA_SHA384);
	if (!has_key)
		return;
	const bool self_signed = x509_verify(cert, &key) == STATUS_OK;
	HOLDS(!self_signed || has_signature);
	if (!self_signed)
		return;
	/* It is good for this key and these bytes only. */
	key.point[0] ^= 1;
	HOLDS(x509_verify(cert, &key) != STATUS_OK);
	key.point[0] ^= 1;
	signature.digest[0] ^= 1;
	HOLDS(x509_signature_verify(&signature, &key) != STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const uint8_t basic_constraints[] = {0x55, 0x1d, 0x13};
	struct x509 cert;
	struct sgx_extension sgx;

	fuzz_start_crypto();
	if (x509_parse(&cert, bytes, n) != STATUS_OK)
		return 0;
	ACCEPTED();
	inside(bytes, n, cert.tbs);
	inside(cert.tbs.at, cert.tbs.n, cert.serial);
	inside(cert.tbs.at, cert.tbs.n, cert.issuer);
	inside(cert.tbs.at, cert.tbs.n, cert.subject);
	inside(cert.tbs.at, cert.tbs.n, cert.key_bits);
	inside(bytes, n, cert.signature);
	HOLDS(cert.serial.n > 0 && cert.serial.at[0] != 0);
	check_name(cert.issuer);
	check_name(cert.subject);
	check_signature(&cert);
	const struct span value = x509_extension(&cert, basic_constraints, 3);
	HOLDS((value.at != NULL) == ((cert.has & X509_HAS_BASIC_CONSTRAINTS) != 0));
	HOLDS(value.at != NULL || !cert.is_ca);
	if (sgx_extension_read(&cert, &sgx) == STATUS_OK)
		HOLDS(cert.extensions.n > 100);
	return 0;
}
