/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * make-quote PKI/hosts/NAME TDINFO QUOTE: a quote of a TD with this TDINFO (512 bytes), signed as
 * the emulated host of that name signs.
 */
#include <stdio.h>
#include <string.h>

#include "common/key.h"
#include "common/tool.h"
#include "host/pki.h"
#include "host/quote.h"

#define TCB_INFO 256
#define TCB_INFO_SIZE 239
#define TDINFO 512

static void report_make(const struct pki *pki, const struct blob *tdinfo, uint8_t report[1024])
{
	memset(report, 0, 1024);
	report[0] = 0x81;
	memcpy(report + 16, pki->cpusvn, 16);
	report[TCB_INFO] = 0xff;
	report[TCB_INFO + 1] = 1;
	memcpy(report + TCB_INFO + 8, pki->tee_tcb_svn, 16);
	memcpy(report + TCB_INFO + 24, pki->mrseam, 48);
	memcpy(report + TDINFO, tdinfo->data, 512);
	digest_sha384(report + TCB_INFO, TCB_INFO_SIZE, report + 32);
	digest_sha384(report + TDINFO, 512, report + 80);
}

int main(int argc, char **argv)
{
	struct quoting_enclave qe;
	struct pki pki;
	AUTO_BLOB tdinfo = {0};
	uint8_t report[1024], quote[QUOTE_MAX];
	char why[256] = "";

	tool_name = "make-quote";
	if (argc != 4)
		return tool_fail(TOOL_USAGE, "three arguments are needed");
	TOOL_TRY(file_read(argv[2], &tdinfo));
	if (tdinfo.size != 512)
		return tool_fail(TOOL_USAGE, "%s: is not 512 bytes", argv[2]);
	if (pki_load(&pki, argv[1], why, sizeof(why)) != 0)
		return tool_fail(TOOL_USAGE, "%s", why);
	if (!qe_init(&qe, &pki))
		return tool_fail(TOOL_USAGE, "no quoting enclave");
	report_make(&pki, &tdinfo, report);
	const size_t n = qe_quote(&qe, report, quote, sizeof(quote));
	qe_fini(&qe);
	pki_free(&pki);
	return n > 0 ? file_write(argv[3], quote, n) : tool_fail(TOOL_USAGE, "no quote");
}
