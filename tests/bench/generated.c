/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "generated.h"

#include <stdlib.h>
#include <string.h>

#include "host/quote.h"
#include "host/tdreport.h"
#include "pki/pki.h"

#define HOST "peer"

/* Of a TD that runs on this platform. */
static void fill_tdreport(const struct pki *pki, uint8_t tdreport[TDREPORT_BYTES])
{
	uint8_t tdinfo[TDINFO_BYTES] = {0}, reportdata[64] = {0};

	memset(tdinfo + 16, 0x5a, 48);		/* MRTD */
	memset(tdinfo + 208, 0xa5, 192);	/* RTMRs */
	memset(reportdata, 0x3c, 48);
	tdreport_fill(pki, tdinfo, reportdata, tdreport);
}

static int make_quote(const char *folder, struct blob *quote)
{
	AUTO_TEXT host = tool_text("%s/hosts/" HOST, folder);
	struct quoting_enclave qe = {0};
	uint8_t tdreport[TDREPORT_BYTES], bytes[QUOTE_MAX];
	struct pki pki;
	char why[256] = "";
	size_t n = 0;

	if (pki_load(&pki, host, why, sizeof(why)) == 0 && qe_init(&qe, &pki)) {
		fill_tdreport(&pki, tdreport);
		n = qe_quote(&qe, tdreport, QUOTE_AS_RULED, bytes, sizeof(bytes));
	}
	qe_fini(&qe);
	pki_free(&pki);
	if (n == 0)
		return tool_fail(TOOL_USAGE, "cannot make a quote: %s", why);
	blob_add(quote, bytes, n);
	return TOOL_OK;
}

static int make_in(const char *folder, size_t platforms, struct blob *quote, struct blob *bundle)
{
	const struct pki_options options = {.platforms = platforms, .hosts = {{.name = HOST}},
		.host_count = 1};
	AUTO_TEXT collateral = tool_text("%s/collateral.json", folder);

	TOOL_TRY(pki_generate(&options, folder));
	TOOL_TRY(make_quote(folder, quote));
	return file_read(collateral, bundle);
}

int generated_make(size_t platforms, struct blob *quote, struct blob *bundle)
{
	char folder[] = "/tmp/migtd-bench.XXXXXX";

	if (mkdtemp(folder) == NULL)
		return tool_fail(TOOL_USAGE, "cannot make a folder like %s", folder);
	const int code = make_in(folder, platforms, quote, bundle);
	folder_remove(folder);
	return code;
}
