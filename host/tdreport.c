/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/tdreport.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "host/bytes.h"

#define HASH_BYTES 48
#define TCB_INFO_HASH 32
#define INFO_HASH 80
#define REPORTDATA 128
#define TCB_INFO 256
#define TCB_INFO_BYTES 239
#define TDINFO 512
/* TEE_TCB_INFO.VALID with TEE_TCB_SVN2. */
#define VALID 0x301FF

static void hash_of(const uint8_t *data, size_t n, uint8_t hash[HASH_BYTES])
{
	if (!EVP_Digest(data, n, hash, NULL, EVP_sha384(), NULL))
		abort();
}

void tdreport_fill(const struct pki *pki, const uint8_t tdinfo[TDINFO_BYTES],
	const uint8_t reportdata[64], uint8_t tdreport[TDREPORT_BYTES])
{
	memset(tdreport, 0, TDREPORT_BYTES);
	tdreport[0] = TDREPORT_TYPE_TDX;
	memcpy(tdreport + 16, pki->cpusvn, sizeof(pki->cpusvn));
	memcpy(tdreport + REPORTDATA, reportdata, 64);
	store64(tdreport + TCB_INFO, VALID);
	memcpy(tdreport + TCB_INFO + 8, pki->tee_tcb_svn, sizeof(pki->tee_tcb_svn));
	memcpy(tdreport + TCB_INFO + 24, pki->mrseam, sizeof(pki->mrseam));
	memcpy(tdreport + TCB_INFO + 128, pki->tee_tcb_svn2, sizeof(pki->tee_tcb_svn2));
	memcpy(tdreport + TDINFO, tdinfo, TDINFO_BYTES);
	hash_of(tdreport + TCB_INFO, TCB_INFO_BYTES, tdreport + TCB_INFO_HASH);
	hash_of(tdreport + TDINFO, TDINFO_BYTES, tdreport + INFO_HASH);
}

bool tdreport_hashes_hold(const uint8_t tdreport[TDREPORT_BYTES])
{
	uint8_t tcb_info[HASH_BYTES];
	uint8_t info[HASH_BYTES];

	hash_of(tdreport + TCB_INFO, TCB_INFO_BYTES, tcb_info);
	hash_of(tdreport + TDINFO, TDINFO_BYTES, info);
	return !memcmp(tcb_info, tdreport + TCB_INFO_HASH, HASH_BYTES) &&
	       !memcmp(info, tdreport + INFO_HASH, HASH_BYTES);
}
