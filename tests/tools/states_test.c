/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * `pki --describe` and `pki quote`: each TCB state there is can be described, and a quote made in
 * it is judged to be in it (attestation spec 3.7 to 3.10, 5).
 */
#define _GNU_SOURCE
#include "program.h"

#include <time.h>

#include "common/key.h"
#include "host/bytes.h"
#include "pki/pki.h"

#define LEVEL_DATE "2025-05-14T00:00:00Z"
#define QE_DATE "2025-02-12T00:00:00Z"
#define MRTD "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

static char *in(const char *folder, const char *name)
{
	return tool_text("%s/%s", folder, name);
}

/* A hierarchy with this description in a folder of that name. */
static char *make_pki(const char *name, const char *description)
{
	AUTO_TEXT file = tool_text("%s/%s.json", temp_folder, name);
	char *folder = temp_path(name);
	AUTO_RUN r = {0};

	assert_int_equal(file_write_text(file, description), TOOL_OK);
	run(&r, "pki", "--describe", file, "--platforms", "24", "--out", folder, NULL);
	if (r.code != 0)
		fail_msg("%s", (const char *)r.errors.data);
	return folder;
}

/* A quote of that host, made with up to two more arguments. */
static char *make_quote(const char *pki, const char *host, const char *option, const char *value)
{
	char *path = temp_path("quote");
	AUTO_RUN r = {0};

	run(&r, "pki", "quote", "--pki", pki, "--host", host, "--out", path, "--mrtd", MRTD, option,
		value, NULL);
	if (r.code != 0)
		fail_msg("%s", (const char *)r.errors.data);
	return path;
}

static json_t *judge(struct run *r, const char *pki, const char *host)
{
	AUTO_TEXT quote = make_quote(pki, host, NULL, NULL);
	AUTO_TEXT collateral = in(pki, "collateral.json");

	return verify(r, quote, collateral);
}

/* --- the table of 3.10 --------------------------------------------------------------------- */

static const char *const level_status[] = {"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded",
	"ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded",
	"Revoked"};
static const char *const beside_status[] = {"UpToDate", "OutOfDate", "Revoked"};
#define LEVELS COUNT_OF(level_status)
#define BESIDES COUNT_OF(beside_status)

enum { UP, OUT, REVOKED };

/* Rows as the specification prints them, by index into level_status. */
static size_t combined(size_t level, size_t beside)
{
	static const size_t with_out_of_date[LEVELS] = {4, 4, 5, 5, 4, 5, 6};

	return beside == UP ? level : beside == OUT ? with_out_of_date[level] : 6;
}

/* Hosts l0m0 .. l6m2: a level's status and a module's.  The QE's is that of the hierarchy. */
static char *matrix_description(size_t qe)
{
	AUTO_BLOB text = {0};
	const char *comma = "";

	blob_format(&text, "{\"qe_levels\":[{\"isvsvn\":8,\"status\":\"%s\",\"date\":\"" QE_DATE
			   "\",\"advisories\":[\"QE-1\"]}],\"hosts\":[", beside_status[qe]);
	for (size_t l = 0; l < LEVELS; l++)
		for (size_t m = 0; m < BESIDES; m++, comma = ",")
			blob_format(&text,
				"%s{\"name\":\"l%zum%zu\",\"fmspc\":\"%02zX%02zXA0B0C0D0\","
				"\"levels\":[{\"sgx\":[5,5,2,2],\"tdx\":[5,0,5],\"pcesvn\":13,"
				"\"status\":\"%s\",\"date\":\"" LEVEL_DATE
				"\",\"advisories\":[\"P-1\",\"M-1\"]}],"
				"\"modules\":[{\"major\":1,\"levels\":[{\"isvsvn\":5,"
				"\"status\":\"%s\",\"advisories\":[\"M-1\",\"M-2\"]}]}]}",
				comma, l, m, l, m, level_status[l], beside_status[m]);
	blob_add_text(&text, "]}");
	return tool_text("%s", (const char *)text.data);
}

static void add_date(uint8_t *at, const char *date)
{
	struct tm tm = {0};

	assert_non_null(strptime(date, "%Y-%m-%dT%H:%M:%SZ", &tm));
	store64(at, (uint64_t)timegm(&tm));
}

/* The 822 bytes of section 5, from the quote and from what was described. */
static char *expected_result(const char *quote_path, const char *host, size_t level, size_t qe_status)
{
	static const uint8_t sgx[16] = {5, 5, 2, 2}, tdx[16] = {5, 0, 5};
	AUTO_BLOB quote = {0};
	uint8_t r[822] = {0}, digest[DIGEST_SHA256_SIZE];

	read_into(quote_path, &quote);
	const uint8_t *qe = quote.data + 770;
	memcpy(r, quote.data + 48, 584);
	assert_true(hex_read("A0B0C0D0", r + 586, 4));
	r[584] = (uint8_t)(host[1] - '0');
	r[585] = (uint8_t)(host[3] - '0');
	memcpy(r + 590, tdx, 16);
	store16(r + 606, 13);
	memcpy(r + 608, sgx, 16);
	r[624] = 1;
	r[625] = 5;
	memcpy(r + 626, qe + 16, 4);
	memset(r + 630, 0xff, 4);
	memcpy(r + 634, qe + 48, 16);
	r[650] = 0xfb;
	memset(r + 651, 0xff, 7);
	for (size_t i = 0; i < 16; i++)
		r[634 + i] &= r[650 + i];
	memcpy(r + 666, qe + 64, 32);
	memcpy(r + 698, qe + 128, 32);
	store16(r + 730, 2);
	store16(r + 732, 8);
	add_date(r + 734, QE_DATE);
	memcpy(r + 742, level_status[level], strlen(level_status[level]));
	add_date(r + 774, LEVEL_DATE);
	add_date(r + 782, QE_DATE);
	memcpy(r + 790, beside_status[qe_status], strlen(beside_status[qe_status]));
	digest_sha256(r, sizeof(r), digest);
	return hex_lower(digest, sizeof(digest));
}

static void assert_advisories(const json_t *verdict, const char *wanted)
{
	AUTO_TEXT text = json_compact(json_object_get(verdict, "advisories"));

	assert_string_equal(text, wanted);
}

static void judge_state(const char *pki, size_t level, size_t module, size_t qe)
{
	const size_t status = combined(combined(level, module), qe);
	AUTO_TEXT host = tool_text("l%zum%zu", level, module);
	AUTO_TEXT fmspc = tool_text("%02zX%02zXA0B0C0D0", level, module);
	AUTO_RUN r = {0};
	AUTO_JSON got = judge(&r, pki, host);

	assert_string_equal(text_in(got, "fmspc"), fmspc);
	/* The result has no room for the longest status (attest.h). */
	if (status == 6 || level == 3) {
		assert_int_equal(r.code, 1);
		assert_string_equal(text_in(got, "verdict"), "reject");
		assert_string_equal(
			text_in(got, "reject_stage"), status == 6 ? "tcb_status" : "result");
		assert_true(text_in(got, "reject_reason")[0] != '\0');
		assert_true(json_is_null(json_object_get(got, "supplemental_sha256")));
		assert_advisories(got, "[]");
		return;
	}
	AUTO_TEXT quote = temp_path("quote");
	AUTO_TEXT result = expected_result(quote, host, level, qe);
	assert_int_equal(r.code, 0);
	assert_string_equal(text_in(got, "verdict"), "accept");
	assert_string_equal(text_in(got, "tcb_status"), level_status[level]);
	assert_string_equal(text_in(got, "converged_status"), level_status[status]);
	assert_string_equal(text_in(got, "tcb_date"), QE_DATE);
	assert_string_equal(text_in(got, "supplemental_sha256"), result);
	assert_advisories(got, "[\"P-1\",\"M-1\",\"M-2\",\"QE-1\"]");
}

static void every_combination_of_statuses_is_judged_by_the_table(void **state)
{
	(void)state;
	for (size_t qe = 0; qe < BESIDES; qe++) {
		AUTO_TEXT name = tool_text("matrix%zu", qe);
		AUTO_TEXT description = matrix_description(qe);
		AUTO_TEXT pki = make_pki(name, description);
		for (size_t l = 0; l < LEVELS; l++)
			for (size_t m = 0; m < BESIDES; m++)
				judge_state(pki, l, m, qe);
	}
}

/* --- other states -------------------------------------------------------------------------- */

#define HOST "\"name\":\"a\""
#define OLD_MODULE \
	"\"modules\":[{\"major\":1,\"levels\":[{\"isvsvn\":6},{\"isvsvn\":4,\"status\":\"OutOfDate\"}]}]"
#define NEEDS_CONFIGURATION "\"tcb_status\":\"ConfigurationNeeded\""

static const struct {
	const char *what, *description;
	int code;
	const char *status, *converged;	/* of an accept */
	const char *stage, *reason;	/* of a reject: reject_code */
} cases[] = {
	{"nothing but a name", "{\"hosts\":[{" HOST "}]}", 0, "UpToDate", "UpToDate", NULL, NULL},
	{"a newer module is loaded: only a relaunch is missing",
		"{\"hosts\":[{" HOST ",\"tee_tcb_svn2\":[6,1,5]," OLD_MODULE "}]}", 0, "UpToDate",
		"TDRelaunchAdvised", NULL, NULL},
	{"the same where configuration is needed too",
		"{\"hosts\":[{" HOST ",\"tee_tcb_svn2\":[6,1,5]," NEEDS_CONFIGURATION "," OLD_MODULE
		"}]}", 0, "ConfigurationNeeded", "TDRelaunchAdvisedConfigurationNeeded", NULL, NULL},
	{"the module loaded now is old too",
		"{\"hosts\":[{" HOST ",\"tee_tcb_svn2\":[5,1,6]," OLD_MODULE "}]}", 0, "UpToDate",
		"OutOfDate", NULL, NULL},
	{"the same without a module update", "{\"hosts\":[{" HOST "," OLD_MODULE "}]}", 0,
		"UpToDate", "OutOfDate", NULL, NULL},
	{"a QE that is out of date keeps advice away",
		"{\"qe_status\":\"OutOfDate\",\"hosts\":[{" HOST ",\"tee_tcb_svn2\":[6,1,5],"
		OLD_MODULE "}]}", 0, "UpToDate", "OutOfDate", NULL, NULL},
	{"the module loaded now is of an unknown major version",
		"{\"hosts\":[{" HOST ",\"tee_tcb_svn2\":[6,9,5]," OLD_MODULE "}]}", 1, NULL, NULL,
		"tcb_status", "ERR_TCB_MODULE"},
	{"a module of an unknown major version", "{\"hosts\":[{" HOST ",\"modules\":[]}]}", 1, NULL,
		NULL, "tcb_info", "ERR_TCB_MODULE"},
	{"a module older than any level", "{\"hosts\":[{" HOST ",\"tee_tcb_svn\":[1,1,5]}]}", 1,
		NULL, NULL, "tcb_status", "ERR_TCB_UNSUPPORTED"},
	{"a module without a version", "{\"hosts\":[{" HOST ",\"tee_tcb_svn\":[5,0,5]}]}", 0,
		"UpToDate", "UpToDate", NULL, NULL},
	{"a QE older than any level", "{\"hosts\":[{" HOST ",\"qe_isvsvn\":3}]}", 1, NULL, NULL,
		"tcb_status", "ERR_TCB_UNSUPPORTED"},
	{"a platform older than any level", "{\"hosts\":[{" HOST ",\"cpusvn\":[1]}]}", 1, NULL, NULL,
		"tcb_status", "ERR_TCB_UNSUPPORTED"},
	{"a PCESVN older than any level", "{\"hosts\":[{" HOST ",\"pcesvn\":4}]}", 1, NULL, NULL,
		"tcb_status", "ERR_TCB_UNSUPPORTED"},
	{"a platform that reaches the older level",
		"{\"hosts\":[{" HOST ",\"cpusvn\":[2,2,2,2,3,1,0,3]}]}", 0, "OutOfDate", "OutOfDate",
		NULL, NULL},
	{"an older platform of another one's model",
		"{\"hosts\":[{\"name\":\"b\",\"fmspc\":\"00A06F000000\"},{" HOST
		",\"fmspc\":\"00a06f000000\",\"pcesvn\":5}]}", 0, "OutOfDate", "OutOfDate", NULL, NULL},
	{"a status that nobody knows", "{\"hosts\":[{" HOST ",\"tcb_status\":\"Fine\"}]}", 1, NULL,
		NULL, "collateral", "ERR_COLLATERAL"},
	{"the Processor CA", "{\"ca\":\"processor\",\"hosts\":[{" HOST "}]}", 0, "UpToDate",
		"UpToDate", NULL, NULL},
	{"the Processor CA with the Platform CA's CRL",
		"{\"hosts\":[{" HOST ",\"ca\":\"processor\"}]}", 1, NULL, NULL, "pck_chain", "ERR_CRL"},
	{"a revoked PCK", "{\"revoke\":[\"pck:a\"],\"hosts\":[{" HOST "}]}", 1, NULL, NULL, "pck_chain",
		"ERR_REVOKED"},
	{"a revoked PCK of the Processor CA",
		"{\"ca\":\"processor\",\"revoke\":[\"pck:a\"],\"hosts\":[{" HOST "}]}", 1, NULL, NULL,
		"pck_chain", "ERR_REVOKED"},
	{"somebody else's revoked PCK",
		"{\"revoke\":[\"pck:b\"],\"hosts\":[{" HOST "},{\"name\":\"b\"}]}", 0, "UpToDate",
		"UpToDate", NULL, NULL},
	{"a revoked Platform CA", "{\"revoke\":[\"platform-ca\"],\"hosts\":[{" HOST "}]}", 1, NULL,
		NULL, "pck_chain", "ERR_REVOKED"},
	{"a revoked Processor CA",
		"{\"ca\":\"processor\",\"revoke\":[\"processor-ca\"],\"hosts\":[{" HOST "}]}", 1, NULL,
		NULL, "pck_chain", "ERR_REVOKED"},
	{"the other CA revoked", "{\"revoke\":[\"processor-ca\"],\"hosts\":[{" HOST "}]}", 0,
		"UpToDate", "UpToDate", NULL, NULL},
	{"revoked TCB signing", "{\"revoke\":[\"tcb-signing\"],\"hosts\":[{" HOST "}]}", 1, NULL, NULL,
		"collateral", "ERR_REVOKED"},
};

static void every_other_state_can_be_described_and_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_TEXT name = tool_text("state%zu", i);
		AUTO_TEXT pki = make_pki(name, cases[i].description);
		AUTO_RUN r = {0};
		AUTO_JSON got = judge(&r, pki, "a");

		print_message("%s\n", cases[i].what);
		assert_int_equal(r.code, cases[i].code);
		if (cases[i].code == 0) {
			assert_string_equal(text_in(got, "tcb_status"), cases[i].status);
			assert_string_equal(text_in(got, "converged_status"), cases[i].converged);
			continue;
		}
		assert_string_equal(text_in(got, "reject_stage"), cases[i].stage);
		assert_string_equal(text_in(got, "reject_code"), cases[i].reason);
	}
}

/* --- quotes -------------------------------------------------------------------------------- */

static void every_form_of_a_quote_is_judged_alike(void **state)
{
	static const struct {
		const char *option, *value;
		size_t signed_size;
		unsigned version, body_type;
	} forms[] = {
		{NULL, NULL, 632, 4, 0},
		{"--version", "4", 632, 4, 0},
		{"--version", "5", 702, 5, 3},
		{"--body-type", "2", 638, 5, 2},
		{"--body-type", "3", 702, 5, 3},
	};
	AUTO_TEXT pki = make_pki("forms", "{\"hosts\":[{" HOST "}]}");
	AUTO_TEXT collateral = in(pki, "collateral.json");
	AUTO_RUN r = {0};
	AUTO_JSON first = judge(&r, pki, "a");

	(void)state;
	assert_int_equal(r.code, 0);
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		AUTO_TEXT path = make_quote(pki, "a", forms[i].option, forms[i].value);
		AUTO_BLOB quote = {0};
		AUTO_JSON got = verify(&r, path, collateral);
		read_into(path, &quote);
		assert_int_equal(load16(quote.data), forms[i].version);
		if (forms[i].body_type != 0)
			assert_int_equal(load16(quote.data + 48), forms[i].body_type);
		assert_int_equal(load32(quote.data + forms[i].signed_size),
			quote.size - forms[i].signed_size - 4);
		assert_string_equal(text_in(got, "verdict"), "accept");
		assert_true(json_equal(got, first));
	}
}

/* The rule of 1.4: another module loaded, or a service TD bound. */
static void a_quote_has_the_version_that_its_report_demands(void **state)
{
	AUTO_TEXT pki = make_pki("rule",
		"{\"hosts\":[{" HOST ",\"tee_tcb_svn2\":[6,1,5]},{\"name\":\"b\"}]}");
	AUTO_TEXT updated = make_quote(pki, "a", NULL, NULL);
	AUTO_BLOB of_updated = {0};
	AUTO_BLOB of_bound = {0};

	(void)state;
	read_into(updated, &of_updated);
	assert_int_equal(load16(of_updated.data), 5);
	assert_int_equal(of_updated.data[54 + 584], 6);
	AUTO_TEXT bound = make_quote(pki, "b", "--servtd-hash", MRTD);
	read_into(bound, &of_bound);
	assert_int_equal(load16(of_bound.data), 5);
	assert_memory_equal(of_bound.data + 54 + 600, of_bound.data + 54 + 136, 48);
}

static void a_quote_of_a_tdreport_says_what_the_report_says(void **state)
{
	static const char *const same[] = {"tee_tcb_svn", "mrseam", "xfam", "mrtd", "mrconfigid",
		"mrowner", "mrownerconfig", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "reportdata"};
	AUTO_TEXT report = shared_path("vectors/attestation/tdreport/azure_tdreport_a.bin");
	AUTO_TEXT pki = make_pki("report", "{\"hosts\":[{" HOST "}]}");
	AUTO_TEXT quote = temp_path("of_report");
	AUTO_TEXT damaged = temp_path("damaged");
	AUTO_BLOB bytes = {0};
	AUTO_RUN r = {0};

	(void)state;
	run(&r, "pki", "quote", "--pki", pki, "--host", "a", "--tdreport", report, "-o", quote, NULL);
	assert_int_equal(r.code, 0);
	run(&r, "quote", "show", quote, "--json", NULL);
	AUTO_JSON shown = json_loadb((const char *)r.out.data, r.out.size, 0, NULL);
	run(&r, "tdreport", "show", report, "--json", NULL);
	AUTO_JSON wanted = json_loadb((const char *)r.out.data, r.out.size, 0, NULL);
	for (size_t i = 0; i < COUNT_OF(same); i++) {
		assert_true(text_in(wanted, same[i])[0] != '\0');
		assert_string_equal(text_in(shown, same[i]), text_in(wanted, same[i]));
	}
	read_into(report, &bytes);
	bytes.data[600] ^= 1;
	assert_int_equal(file_write(damaged, bytes.data, bytes.size), TOOL_OK);
	run(&r, "pki", "quote", "--pki", pki, "--host", "a", "--tdreport", damaged, "-o", quote, NULL);
	assert_int_equal(r.code, 1);
	assert_one_line_naming(&r, damaged);
	assert_int_equal(file_write(damaged, bytes.data, 1000), TOOL_OK);
	run(&r, "pki", "quote", "--pki", pki, "--host", "a", "--tdreport", damaged, "-o", quote, NULL);
	assert_int_equal(r.code, 1);
	assert_one_line_naming(&r, damaged);
}

static void a_quote_of_another_hierarchy_is_rejected(void **state)
{
	AUTO_TEXT pki = make_pki("one", "{\"hosts\":[{" HOST "}]}");
	AUTO_TEXT other = make_pki("other", "{\"hosts\":[{" HOST "}]}");
	AUTO_TEXT quote = make_quote(other, "a", NULL, NULL);
	AUTO_TEXT collateral = in(pki, "collateral.json");
	AUTO_RUN r = {0};
	AUTO_JSON got = verify(&r, quote, collateral);

	(void)state;
	assert_int_equal(r.code, 1);
	assert_string_equal(text_in(got, "reject_stage"), "pck_chain");
}

/* --- wrong descriptions -------------------------------------------------------------------- */

#define ONE_LEVEL(level) "{\"hosts\":[{" HOST ",\"levels\":[" level "]}]}"

/* Both versions have one largest size; version 4 without padding is 70 bytes short of it. */
static void quotes_are_as_large_as_described(void **state)
{
	static const struct {
		unsigned quote_bytes;
		const char *version;
		size_t size;
	} large[] = {{5006, "4", 4936}, {8192, "4", 8122}, {8192, "5", 8192}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(large); i++) {
		AUTO_TEXT name = tool_text("large%zu", i);
		AUTO_TEXT description = tool_text(
			"{\"hosts\":[{" HOST ",\"quote_bytes\":%u}]}", large[i].quote_bytes);
		AUTO_TEXT pki = make_pki(name, description);
		AUTO_TEXT path = make_quote(pki, "a", "--version", large[i].version);
		AUTO_TEXT collateral = in(pki, "collateral.json");
		AUTO_BLOB quote = {0};
		AUTO_RUN r = {0};
		read_into(path, &quote);
		assert_int_equal(quote.size, large[i].size);
		AUTO_JSON verdict = verify(&r, path, collateral);
		assert_int_equal(r.code, 0);
		assert_non_null(verdict);
	}
}

static void wrong_descriptions_are_named_by_member(void **state)
{
	static const struct {
		const char *description, *named;
	} wrong[] = {
		{"{\"hosts\":[{" HOST, "(byte 21)"},
		{"[]", "is not an object"},
		{"{}", "hosts: "},
		{"{\"hosts\":[]}", "hosts: "},
		{"{\"hosts\":[1]}", "hosts[0]."},
		{"{\"hosts\":[{}]}", "hosts[0].name: "},
		{"{\"hosts\":[{\"name\":\"../a\"}]}", "../a"},
		{"{\"hosts\":[{" HOST "},{" HOST "}]}", "named twice"},
		{"{\"hosts\":[{" HOST ",\"tcb_staus\":\"OutOfDate\"}]}", "hosts[0].tcb_staus: "},
		{"{\"hosts\":[{" HOST "},{\"name\":\"b\",\"fmspc\":\"00\"}]}", "hosts[1].fmspc: "},
		{"{\"hosts\":[{" HOST ",\"ca\":\"root\"}]}", "hosts[0].ca: "},
		{"{\"hosts\":[{" HOST ",\"cpusvn\":[256]}]}", "hosts[0].cpusvn: "},
		{"{\"hosts\":[{" HOST ",\"tee_tcb_svn\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}]}",
			"hosts[0].tee_tcb_svn: "},
		{"{\"hosts\":[{" HOST ",\"pcesvn\":65536}]}", "hosts[0].pcesvn: "},
		{"{\"hosts\":[{" HOST ",\"levels\":[]}]}", "hosts[0].levels: "},
		{ONE_LEVEL("{\"isvsvn\":1}"), "hosts[0].levels[0].isvsvn: "},
		{ONE_LEVEL("{},{\"date\":\"yesterday\"}"), "hosts[0].levels[1].date: "},
		{ONE_LEVEL("{\"advisories\":[1]}"), "hosts[0].levels[0].advisories: "},
		{"{\"hosts\":[{" HOST ",\"modules\":[{\"levels\":[{}]}]}]}", "hosts[0].modules[0].major: "},
		{"{\"hosts\":[{" HOST ",\"modules\":[{\"major\":1,\"levels\":[{\"sgx\":[]}]}]}]}",
			"hosts[0].modules[0].levels[0].sgx: "},
		{"{\"hosts\":[{" HOST ",\"levels\":[{}],\"tcb_status\":\"Revoked\"}]}",
			"hosts[0].tcb_status: "},
		{"{\"hosts\":[{" HOST ",\"fmspc\":\"000000000000\"},"
		 "{\"name\":\"b\",\"fmspc\":\"000000000000\",\"tcb_status\":\"Revoked\"}]}", "host b: "},
		{"{\"qe_levels\":[{\"pcesvn\":1}],\"hosts\":[{" HOST "}]}", "qe_levels[0].pcesvn: "},
		{"{\"revoke\":[\"pck:b\"],\"hosts\":[{" HOST "}]}", "revoke[0]: "},
		{"{\"revoke\":[\"pck:a\"],\"hosts\":[{" HOST ",\"ca\":\"processor\"}]}", "host a: "},
		{"{\"hosts\":[{" HOST ",\"quote_bytes\":4000}]}", "host a: "},
		{"{\"hosts\":[{" HOST ",\"quote_bytes\":8193}]}", "host a: "},
		{"{\"hosts\":[{" HOST ",\"quote_bytes\":65536}]}", "quote_bytes: "},
		{"{\"platforms\":1,\"hosts\":[{" HOST "},{\"name\":\"b\"}]}", "1 platforms for 2 hosts"},
	};
	AUTO_TEXT file = temp_path("wrong.json");
	AUTO_TEXT folder = temp_path("never");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		AUTO_RUN r = {0};
		assert_int_equal(file_write_text(file, wrong[i].description), TOOL_OK);
		run(&r, "pki", "--describe", file, "--out", folder, NULL);
		assert_int_equal(r.code, 2);
		assert_one_line_naming(&r, wrong[i].named);
		assert_int_not_equal(access(folder, F_OK), 0);
	}
}

static void wrong_options_are_named(void **state)
{
	AUTO_TEXT pki = make_pki("options", "{\"hosts\":[{" HOST ",\"levels\":[{}]}]}");
	AUTO_TEXT description = temp_path("options.json");
	AUTO_TEXT never = temp_path("never");
	AUTO_RUN r = {0};
	const struct {
		const char *option, *value, *named;
	} wrong[] = {
		{"--host", "a/../../../a", "platform.json"},
		{"--version", "3", "--version"},
		{"--body-type", "1", "--body-type"},
		{"--mrtd", "00", "--mrtd"},
		{"--tdreport", "/nonexistent", "/nonexistent"},
		{"--tdinfo", "/nonexistent", "/nonexistent"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		const bool host = strcmp(wrong[i].option, "--host") == 0;
		run(&r, "pki", "quote", "--pki", pki, "-o", never, wrong[i].option, wrong[i].value,
			host ? NULL : "--host", "a", NULL);
		assert_int_equal(r.code, 2);
		assert_one_line_naming(&r, wrong[i].named);
		assert_int_not_equal(access(never, F_OK), 0);
	}
	run(&r, "pki", "--describe", description, "--hosts", "a", "-o", never, NULL);
	assert_int_equal(r.code, 2);
	assert_one_line_naming(&r, "--hosts");
	run(&r, "pki", "--describe", description, "--tcb-status", "a=Revoked", "-o", never, NULL);
	assert_int_equal(r.code, 2);
	assert_one_line_naming(&r, "--tcb-status");
	run(&r, "pki", "--describe", "/nonexistent", "-o", never, NULL);
	assert_int_equal(r.code, 2);
	assert_one_line_naming(&r, "/nonexistent");
	/* A status that nobody knows is made, with a warning. */
	run(&r, "pki", "--tcb-status", "a=Fine", "--platforms", "2", "-o", never, NULL);
	assert_int_equal(r.code, 0);
	assert_one_line_naming(&r, "Fine");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination_of_statuses_is_judged_by_the_table),
		cmocka_unit_test(every_other_state_can_be_described_and_is_judged),
		cmocka_unit_test(every_form_of_a_quote_is_judged_alike),
		cmocka_unit_test(a_quote_has_the_version_that_its_report_demands),
		cmocka_unit_test(a_quote_of_a_tdreport_says_what_the_report_says),
		cmocka_unit_test(a_quote_of_another_hierarchy_is_rejected),
		cmocka_unit_test(quotes_are_as_large_as_described),
		cmocka_unit_test(wrong_descriptions_are_named_by_member),
		cmocka_unit_test(wrong_options_are_named),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
