/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* TDREPORT and its MAC (attestation.md 1.1). */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "host/bytes.h"
#include "host/platform.h"

#define MAC_STRUCT_BYTES 256
#define MACED_BYTES 224
#define TCB_INFO 256
#define TCB_INFO_BYTES 239
#define TDINFO 512
#define REPORTTYPE_TDX 0x81
/* TEE_TCB_INFO.VALID with TEE_TCB_SVN2. */
#define VALID 0x301FF

void sha384(const void *data, size_t n, uint8_t hash[HASH_BYTES])
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
	const struct pki *pki = &td->platform->pki;

	memset(tdreport, 0, TDREPORT_BYTES);
	tdreport[0] = REPORTTYPE_TDX;
	memcpy(tdreport + 16, pki->cpusvn, sizeof(pki->cpusvn));
	store64(tdreport + TCB_INFO, VALID);
	memcpy(tdreport + TCB_INFO + 8, pki->tee_tcb_svn, sizeof(pki->tee_tcb_svn));
	memcpy(tdreport + TCB_INFO + 24, pki->mrseam, sizeof(pki->mrseam));
	memcpy(tdreport + TCB_INFO + 128, pki->tee_tcb_svn2, sizeof(pki->tee_tcb_svn2));
	memcpy(tdreport + TDINFO, td->tdinfo, TDINFO_BYTES);
	sha384(tdreport + TCB_INFO, TCB_INFO_BYTES, tdreport + 32);
	sha384(tdreport + TDINFO, TDINFO_BYTES, tdreport + 80);
	memcpy(tdreport + 128, reportdata, 64);
	compute_mac(td->platform, tdreport, tdreport + MACED_BYTES);
}

uint64_t report_verify_mac(const struct platform *platform, const uint8_t mac_struct[MAC_STRUCT_BYTES])
{
	uint8_t mac[32];

	if (mac_struct[0] != REPORTTYPE_TDX)
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
	uint8_t hash[HASH_BYTES];

	if (report_verify_mac(platform, tdreport) != TDX_SUCCESS)
		return false;
	sha384(tdreport + TCB_INFO, TCB_INFO_BYTES, hash);
	if (memcmp(hash, tdreport + 32, sizeof(hash)))
		return false;
	sha384(tdreport + TDINFO, TDINFO_BYTES, hash);
	return !memcmp(hash, tdreport + 80, sizeof(hash));
}
