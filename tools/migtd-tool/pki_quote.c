/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* `pki quote`: what the quoting service of an emulated host would answer, without the host. */
#include "pki/pki.h"

#include <string.h>

#include "commands.h"
#include "common/options.h"
#include "host/quote.h"
#include "host/tdreport.h"

#define REPORT_REPORTDATA 128
#define REPORT_TDINFO 512
#define REPORT_SERVTD_HASH 912

/* Parts of a TDREPORT that can be given one by one (attestation spec 1.1). */
static const struct {
	const char *name;
	size_t at, size;
	const char *help;
} fields[] = {
	{"reportdata", REPORT_REPORTDATA, 64, "64 bytes, as all that follows is zero when left out"},
	{"attributes", 512, 8, "8 bytes"},
	{"xfam", 520, 8, "8 bytes"},
	{"mrtd", 528, 48, "48 bytes, as those below"},
	{"mrconfigid", 576, 48, ""},
	{"mrowner", 624, 48, ""},
	{"mrownerconfig", 672, 48, ""},
	{"rtmr0", 720, 48, ""},
	{"rtmr1", 768, 48, ""},
	{"rtmr2", 816, 48, ""},
	{"rtmr3", 864, 48, ""},
	{"servtd-hash", REPORT_SERVTD_HASH, 48, "of a TD that has a service TD bound"},
};
#define FIELDS COUNT_OF(fields)

static int read_tdinfo(const char *path, uint8_t tdinfo[TDINFO_BYTES])
{
	AUTO_BLOB file = {0};

	TOOL_TRY(file_read(path, &file));
	if (file.size != TDINFO_BYTES)
		return tool_fail(TOOL_REJECT, "%s: is %zu bytes long, a TDINFO has %d", path,
			file.size, TDINFO_BYTES);
	memcpy(tdinfo, file.data, TDINFO_BYTES);
	return TOOL_OK;
}

/* What is given one by one stands over the TDINFO. */
static int compose(const struct pki *pki, const char *tdinfo, const char *const value[FIELDS],
	uint8_t tdreport[TDREPORT_BYTES])
{
	static const uint8_t none[48];
	uint8_t parts[TDREPORT_BYTES] = {0};

	if (tdinfo != NULL)
		TOOL_TRY(read_tdinfo(tdinfo, parts + REPORT_TDINFO));
	for (size_t i = 0; i < FIELDS; i++) {
		if (value[i] == NULL)
			continue;
		if (!hex_read(value[i], parts + fields[i].at, fields[i].size))
			return tool_fail(TOOL_USAGE, "--%s: '%s' is not %zu hexadecimal digits",
				fields[i].name, value[i], 2 * fields[i].size);
	}
	tdreport_fill(pki, parts + REPORT_TDINFO, parts + REPORT_REPORTDATA, tdreport);
	/* REPORTTYPE.version 1: SERVTD_HASH is used. */
	tdreport[2] = memcmp(parts + REPORT_SERVTD_HASH, none, sizeof(none)) != 0;
	return TOOL_OK;
}

static int read_report(const char *path, const char *tdinfo, const char *const value[FIELDS],
	uint8_t tdreport[TDREPORT_BYTES])
{
	AUTO_BLOB file = {0};

	if (tdinfo != NULL)
		return tool_fail(TOOL_USAGE, "--tdinfo: is in the TDREPORT already");
	for (size_t i = 0; i < FIELDS; i++)
		if (value[i] != NULL)
			return tool_fail(
				TOOL_USAGE, "--%s: is in the TDREPORT already", fields[i].name);
	TOOL_TRY(file_read(path, &file));
	if (file.size != TDREPORT_BYTES)
		return tool_fail(TOOL_REJECT, "%s: is %zu bytes long, a TDREPORT has %d", path,
			file.size, TDREPORT_BYTES);
	if (!tdreport_hashes_hold(file.data))
		return tool_fail(TOOL_REJECT, "%s: its hashes do not hold; see tdreport show", path);
	memcpy(tdreport, file.data, TDREPORT_BYTES);
	return TOOL_OK;
}

static int layout_of(uint64_t version, uint64_t body_type, enum quote_layout *layout)
{
	static const struct {
		uint64_t version, body_type;
		enum quote_layout layout;
	} known[] = {
		{0, 0, QUOTE_AS_RULED},
		{4, 0, QUOTE_VERSION_4},
		{4, 2, QUOTE_VERSION_4},
		{5, 0, QUOTE_VERSION_5_TYPE_3},
		{5, 2, QUOTE_VERSION_5_TYPE_2},
		{0, 2, QUOTE_VERSION_5_TYPE_2},
		{5, 3, QUOTE_VERSION_5_TYPE_3},
		{0, 3, QUOTE_VERSION_5_TYPE_3},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i].version == version && known[i].body_type == body_type) {
			*layout = known[i].layout;
			return TOOL_OK;
		}
	return tool_fail(TOOL_USAGE,
		"--version, --body-type: a TD's quotes are of version 4, or 5 with body type 2 or 3");
}

/* An attestation key of its own each time; the PCK certifies it as it does a quoting enclave's. */
static int sign(const struct pki *pki, const uint8_t tdreport[TDREPORT_BYTES],
	enum quote_layout layout, const char *name, struct blob *quote)
{
	struct quoting_enclave qe;
	uint8_t bytes[QUOTE_MAX];

	if (!qe_init(&qe, pki))
		openssl_died("attestation key");
	const size_t n = qe_quote(&qe, tdreport, layout, bytes, sizeof(bytes));
	qe_fini(&qe);
	if (n == 0)
		return tool_fail(TOOL_REJECT,
			"%s: a quoting enclave takes no TDREPORT of this REPORTTYPE or VALID", name);
	blob_add(quote, bytes, n);
	return TOOL_OK;
}

struct request {
	const char *pki, *host, *tdreport, *tdinfo, *out;
	const char *value[FIELDS];
	uint64_t version, body_type;
	bool json;
};

static int make_quote(const struct request *r, const struct pki *pki, struct blob *quote)
{
	uint8_t tdreport[TDREPORT_BYTES];
	enum quote_layout layout = QUOTE_AS_RULED;

	TOOL_TRY(layout_of(r->version, r->body_type, &layout));
	if (r->tdreport != NULL)
		TOOL_TRY(read_report(r->tdreport, r->tdinfo, r->value, tdreport));
	else
		TOOL_TRY(compose(pki, r->tdinfo, r->value, tdreport));
	return sign(pki, tdreport, layout, r->tdreport != NULL ? r->tdreport : r->host, quote);
}

int pki_quote_command(int argc, char **argv)
{
	struct request r = {0};
	struct option_spec specs[8 + FIELDS] = {
		{"pki", 0, OPTION_TEXT, &r.pki, "DIR", "folder that 'migtd-tool pki' made", true},
		{"host", 0, OPTION_TEXT, &r.host, "NAME", "one of its hosts", true},
		{"out", 'o', OPTION_TEXT, &r.out, "FILE", "the quote", true},
		{"version", 0, OPTION_NUMBER, &r.version, "4|5", "as the TDREPORT demands", false},
		{"body-type", 0, OPTION_NUMBER, &r.body_type, "2|3", "of version 5 (3)", false},
		{"json", 0, OPTION_FLAG, &r.json, NULL, "tell what was written as JSON", false},
		{"tdreport", 0, OPTION_TEXT, &r.tdreport, "FILE",
			"1024 bytes, whose MAC is not checked; or parts:", false},
		{"tdinfo", 0, OPTION_TEXT, &r.tdinfo, "FILE", "512 bytes", false},
	};
	const size_t fixed = 8;
	struct pki pki;
	AUTO_BLOB quote = {0};
	char why[512];

	for (size_t i = 0; i < FIELDS; i++)
		specs[fixed + i] = (struct option_spec){fields[i].name, 0, OPTION_TEXT, &r.value[i],
			"HEX", fields[i].help, false};
	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool pki quote --pki DIR --host NAME --out FILE [options]\n\n"
		"A quote of a TD on an emulated host, signed as its quoting service would",
		specs, fixed + FIELDS, NULL));
	AUTO_TEXT folder = tool_text("%s/hosts/%s", r.pki, r.host);
	if (pki_load(&pki, folder, why, sizeof(why)) != 0) {
		pki_free(&pki);
		return tool_fail(TOOL_USAGE, "%s", why);
	}
	const int code = make_quote(&r, &pki, &quote);
	pki_free(&pki);
	TOOL_TRY(code);
	TOOL_TRY(file_write(r.out, quote.data, quote.size));
	print_written(r.out, quote.size, r.json);
	return TOOL_OK;
}
