/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "fuzz.h"

#include "attest/sgx_extension.h"

static void inside(const uint8_t *bytes, size_t n, struct span s)
{
	HOLDS(s.at >= bytes && s.n <= n && s.at + s.n <= bytes + n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct x509 cert;
	struct sgx_extension sgx;
	struct x509_key key;
	struct x509_signature signature;

	if (x509_parse(&cert, bytes, n) != STATUS_OK)
		return 0;
	inside(bytes, n, cert.tbs);
	inside(bytes, n, cert.serial);
	inside(bytes, n, cert.issuer);
	inside(bytes, n, cert.subject);
	inside(bytes, n, cert.key_bits);
	inside(bytes, n, cert.signature);
	HOLDS(x509_name_matches(cert.subject, cert.subject));
	if (x509_key(&cert, &key) == STATUS_OK)
		HOLDS(key.curve == X509_P256 || key.curve == X509_P384);
	if (x509_signature(&cert, &signature) == STATUS_OK)
		HOLDS(signature.algorithm != X509_ALGORITHM_OTHER);
	if (sgx_extension_read(&cert, &sgx) == STATUS_OK)
		HOLDS(cert.extensions.n > 100);
	return 0;
}
