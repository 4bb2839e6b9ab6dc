/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The TDREPORTs of this platform: their MAC, made and checked (attestation.md 1.1). */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "host/platform.h"

#define MAC_STRUCT_BYTES 256
#define MACED_BYTES 224

void host_sha384(const void *data, size_t n, uint8_t hash[HASH_BYTES])
{
	if (!EVP_Digest(data, n, hash, NULL, EVP_sha384(), NULL))
		abort();
}

static void compute_mac(const struct platform *platform, const uint8_t *mac_struct, uint8_t mac[32])
{
	if (!HMAC(EVP_sha256(), platform->mac_key, sizeof(platform->mac_key), mac_struct, MACED_BYTES,
		    mac, NULL))
		abort();
}

void report_create(const struct migtd *td, const uint8_t reportdata[64],
	uint8_t tdreport[TDREPORT_BYTES])
{
	tdreport_fill(&td->platform->pki, td->tdinfo, reportdata, tdreport);
	compute_mac(td->platform, tdreport, tdreport + MACED_BYTES);
}

uint64_t report_verify_mac(const struct platform *platform, const uint8_t mac_struct[MAC_STRUCT_BYTES])
{
	uint8_t mac[32];

	if (mac_struct[0] != TDREPORT_TYPE_TDX)
		return TDX_INVALID_REPORTMACSTRUCT;
	if (memcmp(mac_struct + 16, platform->pki.cpusvn, 16))
		return TDX_INVALID_CPUSVN;
	compute_mac(platform, mac_struct, mac);
	if (CRYPTO_memcmp(mac, mac_struct + MACED_BYTES, sizeof(mac)))
		return TDX_INVALID_REPORTMACSTRUCT;
	return TDX_SUCCESS;
}

bool report_verify(const struct platform *platform, const uint8_t tdreport[TDREPORT_BYTES])
{
	return report_verify_mac(platform, tdreport) == TDX_SUCCESS &&
	       tdreport_hashes_hold(tdreport);
}
