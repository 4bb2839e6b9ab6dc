/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "generated.h"

#include <stdlib.h>
#include <string.h>

#include "host/bytes.h"
#include "host/quote.h"
#include "pki/pki.h"

#define HOST "peer"
#define TDREPORT_SIZE 1024

/* TDREPORT of a TD on this platform, TDX 1.0 (attestation spec 1.1). */
static void fill_tdreport(const struct pki *pki, uint8_t r[TDREPORT_SIZE])
{
	memset(r, 0, TDREPORT_SIZE);
	r[0] = 0x81;
	store64(r + 256, 0x1ff);
	memcpy(r + 264, pki->tee_tcb_svn, sizeof(pki->tee_tcb_svn));
	memcpy(r + 280, pki->mrseam, sizeof(pki->mrseam));
	memset(r + 528, 0x5a, 48);	/* MRTD */
	memset(r + 720, 0xa5, 192);	/* RTMRs */
	memset(r + 128, 0x3c, 48);	/* REPORTDATA */
}

static int make_quote(const char *folder, struct blob *quote)
{
	AUTO_TEXT host = tool_text("%s/hosts/" HOST, folder);
	struct quoting_enclave qe = {0};
	uint8_t tdreport[TDREPORT_SIZE], bytes[QUOTE_MAX];
	struct pki pki;
	char why[256] = "";
	size_t n = 0;

	if (pki_load(&pki, host, why, sizeof(why)) == 0 && qe_init(&qe, &pki)) {
		fill_tdreport(&pki, tdreport);
		n = qe_quote(&qe, tdreport, bytes, sizeof(bytes));
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
