/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The quote, tdreport and collateral commands, against the attestation vectors. */
#define _GNU_SOURCE
#include "program.h"

#include <dirent.h>

#include <openssl/pem.h>

#define VECTORS "vectors/attestation/"
static char *case_file(const char *name, const char *file)
{
	AUTO_TEXT path = tool_text(VECTORS "%s/%s", name, file);

	return shared_path(path);
}

static json_t *json_of(const char *path)
{
	json_t *tree = json_load_file(path, 0, NULL);

	assert_non_null(tree);
	return tree;
}

static void write_bytes(const char *path, const void *from, size_t n)
{
	assert_int_equal(file_write(path, from, n), TOOL_OK);
}

/* --- vectors ------------------------------------------------------------------------------- */

/* Ours where the vectors leave the choice; attest.h gives the reasons. */
static const char *verdict_of(const char *name, const json_t *expected)
{
	return strcmp(name, "synthetic/c-json-space") == 0 ? "reject"
							   : text_in(expected, "verdict");
}

static void judge_case(const char *name)
{
	AUTO_TEXT quote = case_file(name, "quote.bin");
	AUTO_TEXT collateral = case_file(name, "collateral.json");
	AUTO_TEXT expected_path = case_file(name, "expected.json");
	AUTO_JSON expected = json_of(expected_path);
	AUTO_RUN r = {0};
	AUTO_JSON got = verify(&r, quote, collateral);
	const char *verdict = verdict_of(name, expected);

	print_message("%s\n", name);
	assert_string_equal(text_in(got, "verdict"), verdict);
	assert_true(json_is_array(json_object_get(got, "advisories")));
	if (strcmp(verdict, "reject") == 0) {
		assert_int_equal(r.code, 1);
		assert_one_line_naming(&r, quote);
		assert_true(text_in(got, "reject_stage")[0] != '\0');
		assert_true(text_in(got, "reject_reason")[0] != '\0');
		assert_true(json_is_null(json_object_get(got, "supplemental_sha256")));
		return;
	}
	const json_t *suppl = json_object_get(expected, "suppl");
	assert_int_equal(r.code, 0);
	assert_int_equal(r.errors.size, 0);
	assert_string_equal(
		text_in(got, "supplemental_sha256"), text_in(expected, "suppl_sha256"));
	assert_string_equal(
		text_in(got, "converged_status"), text_in(expected, "converged_status"));
	assert_string_equal(text_in(got, "fmspc"), text_in(expected, "fmspc"));
	assert_string_equal(text_in(got, "tcb_status"), text_in(suppl, "tcb_status"));
	assert_string_equal(text_in(got, "tcb_date"), text_in(suppl, "tcb_date"));
	assert_true(json_is_null(json_object_get(got, "reject_stage")));
	assert_true(json_is_null(json_object_get(got, "reject_reason")));
}

static int is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strchr(entry->d_name, '.') == NULL;
}

static void every_vector_gets_its_verdict_status_and_result(void **state)
{
	static const char *const kind[] = {"real", "synthetic"};
	size_t cases = 0;

	(void)state;
	for (size_t k = 0; k < COUNT_OF(kind); k++) {
		AUTO_TEXT below = tool_text(VECTORS "%s", kind[k]);
		AUTO_TEXT folder = shared_path(below);
		struct dirent **entry;
		const int n = scandir(folder, &entry, is_case, alphasort);
		assert_true(n > 0);
		for (int i = 0; i < n; i++, cases++) {
			AUTO_TEXT name = tool_text("%s/%s", kind[k], entry[i]->d_name);
			judge_case(name);
			free(entry[i]);
		}
		free(entry);
	}
	assert_true(cases >= 50);
}

/* The level is found by its date here, not by its SVNs. */
static void advisories_are_those_of_the_matched_levels(void **state)
{
	AUTO_TEXT quote = case_file("real/trustee_az__migtd_prod", "quote.bin");
	AUTO_TEXT collateral = case_file("real/trustee_az__migtd_prod", "collateral.json");
	AUTO_TEXT expected_path = case_file("real/trustee_az__migtd_prod", "expected.json");
	AUTO_JSON expected = json_of(expected_path);
	AUTO_JSON bundle = json_of(collateral);
	AUTO_RUN r = {0};
	AUTO_JSON got = verify(&r, quote, collateral);
	const json_t *list = json_object_get(got, "advisories"), *platform, *level, *id, *other;
	const char *date = text_in(json_object_get(expected, "suppl"), "platform_tcb_date");
	size_t i, k, m, wanted = 0;

	(void)state;
	json_array_foreach(json_object_get(bundle, "platforms"), i, platform)
	{
		if (strcmp(text_in(platform, "fmspc"), text_in(got, "fmspc")) != 0)
			continue;
		AUTO_JSON document = json_loads(text_in(platform, "tcbInfo"), 0, NULL);
		const json_t *info = json_object_get(document, "tcbInfo");
		json_array_foreach(json_object_get(info, "tcbLevels"), k, level)
		{
			if (strcmp(text_in(level, "tcbDate"), date) != 0)
				continue;
			json_array_foreach(json_object_get(level, "advisoryIDs"), m, id)
			{
				bool there = false;
				size_t j;
				json_array_foreach(list, j, other) there =
					there || json_equal(id, other);
				assert_true(there);
				wanted++;
			}
		}
	}
	assert_true(wanted > 0);
}

/* --- forms of collateral ------------------------------------------------------------------- */

static void packed_collateral_gives_the_result_of_its_bundle(void **state)
{
	AUTO_TEXT quote = case_file("real/migtd_az__migtd_packed", "quote.bin");
	AUTO_TEXT collateral = case_file("real/migtd_az__migtd_packed", "collateral.json");
	AUTO_TEXT packed = shared_path(VECTORS "bundles/collateral_packed_90c06f000000.bin");
	AUTO_TEXT damaged = temp_path("packed");
	AUTO_BLOB bytes = {0};
	AUTO_RUN r = {0};
	AUTO_JSON one = verify(&r, quote, collateral);
	AUTO_JSON other = verify(&r, quote, packed);

	(void)state;
	assert_string_equal(text_in(one, "verdict"), "accept");
	assert_true(json_equal(one, other));
	read_into(packed, &bytes);
	for (size_t n = 4; n < bytes.size; n += n < 40 ? 1 : 997) {
		write_bytes(damaged, bytes.data, n);
		json_decref(verify(&r, quote, damaged));
		assert_int_equal(r.code, 2);
		assert_one_line_naming(&r, damaged);
		assert_one_line_naming(&r, "(byte ");
	}
}

static void write_member(const char *folder, const char *file, const json_t *object,
	const char *name)
{
	AUTO_TEXT path = tool_text("%s/%s", folder, file);

	assert_int_equal(file_write_text(path, text_in(object, name)), TOOL_OK);
}

/* The bundle's parts as files of their own. */
static void scatter(const char *collateral, const char *folder)
{
	AUTO_JSON bundle = json_of(collateral);
	const json_t *platform;
	size_t i;

	assert_int_equal(folder_make(folder), TOOL_OK);
	write_member(folder, "root.pem", bundle, "rootCa");
	write_member(folder, "pckCrlIssuerChain.pem", bundle, "pckCrlIssuerChain");
	write_member(folder, "rootCaCrl.pem", bundle, "rootCaCrl");
	write_member(folder, "pckCrl.pem", bundle, "pckCrl");
	write_member(folder, "qeIdentityIssuerChain.pem", bundle, "qeIdentityIssuerChain");
	write_member(folder, "qeIdentity.json", bundle, "qeIdentity");
	json_array_foreach(json_object_get(bundle, "platforms"), i, platform)
	{
		AUTO_TEXT name = tool_text("tcbInfo_%s.json", text_in(platform, "fmspc"));
		write_member(folder, name, platform, "tcbInfo");
	}
}

static void folder_of_answers_gives_the_result_of_the_bundle(void **state)
{
	static const char *const part[] = {"root.pem", "pckCrlIssuerChain.pem", "rootCaCrl.pem",
		"pckCrl.pem", "qeIdentityIssuerChain.pem", "qeIdentity.json"};
	AUTO_TEXT quote = case_file("real/trustee_az__migtd_prod", "quote.bin");
	AUTO_TEXT collateral = case_file("real/trustee_az__migtd_prod", "collateral.json");
	AUTO_TEXT folder = temp_path("answers");
	AUTO_RUN r = {0};
	AUTO_JSON one = verify(&r, quote, collateral);

	(void)state;
	scatter(collateral, folder);
	AUTO_JSON other = verify(&r, quote, folder);
	assert_string_equal(text_in(one, "verdict"), "accept");
	assert_true(json_equal(one, other));
	/* Any of them malformed: unusable, naming the file. */
	for (size_t i = 0; i < COUNT_OF(part); i++) {
		AUTO_TEXT path = tool_text("%s/%s", folder, part[i]);
		AUTO_BLOB whole = {0};
		read_into(path, &whole);
		write_bytes(path, whole.data, whole.size / 3);
		json_decref(verify(&r, quote, folder));
		assert_int_equal(r.code, 2);
		assert_one_line_naming(&r, path);
		write_bytes(path, whole.data, whole.size);
	}
	/* Any of those that are nowhere else missing: unusable, naming the folder. */
	for (size_t i = 2; i < COUNT_OF(part); i++) {
		AUTO_TEXT path = tool_text("%s/%s", folder, part[i]);
		AUTO_TEXT away = temp_path("away");
		assert_int_equal(rename(path, away), 0);
		json_decref(verify(&r, quote, folder));
		assert_int_equal(r.code, 2);
		assert_one_line_naming(&r, folder);
		assert_int_equal(rename(away, path), 0);
	}
}

/* The service's bodies as stored publicly, with the two chains that came in its headers. */
static void recorded_answers_serve_once_their_chains_are_there(void **state)
{
	static const char *const body[] = {"tcbInfo_50806f000000.json", "qeIdentity.json",
		"pckcrl.der", "rootcrl.der"};
	AUTO_TEXT quote = case_file("real/gotdx_spr_e4__gotdx", "quote.bin");
	AUTO_TEXT collateral = case_file("real/gotdx_spr_e4__gotdx", "collateral.json");
	AUTO_TEXT other = case_file("real/trustee4__migtd_thim", "quote.bin");
	AUTO_TEXT folder = temp_path("recorded");
	AUTO_JSON bundle = json_of(collateral);
	AUTO_RUN r = {0};

	(void)state;
	assert_int_equal(folder_make(folder), TOOL_OK);
	for (size_t i = 0; i < COUNT_OF(body); i++) {
		AUTO_TEXT from = case_file("pcs_raw", body[i]);
		AUTO_TEXT to = tool_text("%s/%s", folder, body[i]);
		AUTO_BLOB bytes = {0};
		read_into(from, &bytes);
		write_bytes(to, bytes.data, bytes.size);
	}
	run(&r, "collateral", "check", folder, NULL);
	assert_int_equal(r.code, 2);
	assert_one_line_naming(&r, "root certificate");
	write_member(folder, "pckCrlIssuerChain.pem", bundle, "pckCrlIssuerChain");
	write_member(folder, "tcbInfoIssuerChain.pem",
		json_array_get(json_object_get(bundle, "platforms"), 0), "tcbInfoIssuerChain");
	run(&r, "collateral", "check", folder, NULL);
	assert_int_equal(r.code, 0);
	AUTO_JSON got = verify(&r, quote, folder);
	assert_string_equal(text_in(got, "verdict"), "reject");
	assert_string_equal(text_in(got, "reject_stage"), "tcb_status");
	AUTO_JSON accepted = verify(&r, other, folder);
	assert_string_equal(text_in(accepted, "verdict"), "accept");
	assert_string_equal(text_in(accepted, "fmspc"), "50806F000000");
}

/* Other files lie in the folder, and names end in nothing that tells what a file is. */
static void content_tells_what_a_name_does_not(void **state)
{
	static const char *const name[] = {"root.pem", "pckCrlIssuerChain.pem", "rootCaCrl.pem",
		"pckCrl.pem", "qeIdentityIssuerChain.pem", "qeIdentity.json", "tcbInfo_00806F050000.json"};
	AUTO_TEXT quote = case_file("real/trustee_az__migtd_prod", "quote.bin");
	AUTO_TEXT collateral = case_file("real/trustee_az__migtd_prod", "collateral.json");
	AUTO_TEXT folder = temp_path("unnamed");
	AUTO_TEXT below = tool_text("%s/below", folder);
	AUTO_TEXT note = tool_text("%s/note", folder);
	AUTO_TEXT copy = tool_text("%s/quote.bin", folder);
	AUTO_BLOB bytes = {0};
	AUTO_RUN r = {0};
	AUTO_JSON one = verify(&r, quote, collateral);

	(void)state;
	scatter(collateral, folder);
	for (size_t i = 0; i < COUNT_OF(name); i++) {
		AUTO_TEXT from = tool_text("%s/%s", folder, name[i]);
		AUTO_TEXT to = tool_text("%s/answer-%zu", folder, i);
		assert_int_equal(rename(from, to), 0);
	}
	assert_int_equal(folder_make(below), TOOL_OK);
	write_bytes(note, "{", 1);
	read_into(quote, &bytes);
	write_bytes(copy, bytes.data, bytes.size);
	AUTO_JSON other = verify(&r, quote, folder);
	assert_true(json_equal(one, other));
}

/* Writes the first block of a PEM file as `to`, in DER or in hexadecimal, in place of it. */
static void recode(const char *folder, const char *pem, const char *to, bool hex)
{
	AUTO_TEXT from_path = tool_text("%s/%s", folder, pem);
	AUTO_TEXT to_path = tool_text("%s/%s", folder, to);
	char *label, *header;
	unsigned char *der;
	long n;
	FILE *in = fopen(from_path, "r");

	assert_non_null(in);
	assert_int_equal(PEM_read(in, &label, &header, &der, &n), 1);
	fclose(in);
	assert_int_equal(unlink(from_path), 0);
	AUTO_TEXT digits = hex_lower(der, (size_t)n);
	write_bytes(to_path, hex ? (const void *)digits : der, (size_t)n * (hex ? 2 : 1));
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(der);
}

/* As the service sends chains in its headers. */
static void percent_encode(const char *folder, const char *name)
{
	AUTO_TEXT path = tool_text("%s/%s", folder, name);
	AUTO_BLOB text = {0};
	AUTO_BLOB encoded = {0};

	read_into(path, &text);
	for (size_t i = 0; i < text.size; i++)
		if (strchr("\n +/=", text.data[i]) != NULL)
			blob_format(&encoded, "%%%02X", text.data[i]);
		else
			blob_add_byte(&encoded, text.data[i]);
	write_bytes(path, encoded.data, encoded.size);
}

static void answers_are_read_in_every_encoding_of_the_service(void **state)
{
	AUTO_TEXT quote = case_file("real/trustee_az__migtd_prod", "quote.bin");
	AUTO_TEXT collateral = case_file("real/trustee_az__migtd_prod", "collateral.json");
	AUTO_TEXT folder = temp_path("encodings");
	AUTO_RUN r = {0};
	AUTO_JSON one = verify(&r, quote, collateral);

	(void)state;
	scatter(collateral, folder);
	recode(folder, "root.pem", "root.cer", false);
	recode(folder, "rootCaCrl.pem", "rootCaCrl.der", false);
	recode(folder, "pckCrl.pem", "pckCrl.crl", true);
	percent_encode(folder, "pckCrlIssuerChain.pem");
	percent_encode(folder, "qeIdentityIssuerChain.pem");
	AUTO_JSON other = verify(&r, quote, folder);
	assert_string_equal(text_in(one, "verdict"), "accept");
	assert_true(json_equal(one, other));
}

static void given_root_is_the_anchor(void **state)
{
	AUTO_TEXT quote = case_file("real/phala_tdx__phala", "quote.bin");
	AUTO_TEXT collateral = case_file("real/phala_tdx__phala", "collateral.json");
	AUTO_TEXT intel =
		shared_path(VECTORS "bundles/Intel_SGX_Provisioning_Certification_RootCA.cer");
	AUTO_TEXT other = shared_path(VECTORS "synthetic/root_ca.der");
	AUTO_TEXT made = case_file("synthetic/v4-uptodate", "quote.bin");
	AUTO_TEXT made_collateral = case_file("synthetic/v4-uptodate", "collateral.json");
	const struct {
		const char *quote, *collateral, *root;
		int code;
	} rows[] = {
		{quote, collateral, intel, 0},
		{quote, collateral, other, 1},
		{made, made_collateral, other, 0},
		{made, made_collateral, intel, 1},
		{quote, collateral, quote, 2},
		{quote, collateral, "/nonexistent", 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_RUN r = {0};
		run(&r, "quote", "verify", "--quote", rows[i].quote, "--collateral",
			rows[i].collateral, "--root", rows[i].root, "--json", NULL);
		assert_int_equal(r.code, rows[i].code);
		if (rows[i].code == 2)
			assert_one_line_naming(&r, rows[i].root);
	}
}

/* --- damage -------------------------------------------------------------------------------- */

static void unusable_input_ends_with_2(void **state)
{
	AUTO_TEXT quote = case_file("real/phala_tdx__phala", "quote.bin");
	AUTO_TEXT collateral = case_file("real/phala_tdx__phala", "collateral.json");
	AUTO_TEXT damaged = temp_path("damaged.json");
	AUTO_TEXT empty = temp_path("empty");
	AUTO_BLOB bytes = {0};
	AUTO_RUN r = {0};

	(void)state;
	assert_int_equal(folder_make(empty), TOOL_OK);
	json_decref(verify(&r, "/nonexistent", collateral));
	assert_int_equal(r.code, 2);
	assert_one_line_naming(&r, "/nonexistent");
	json_decref(verify(&r, quote, "/nonexistent"));
	assert_int_equal(r.code, 2);
	assert_one_line_naming(&r, "/nonexistent");
	json_decref(verify(&r, quote, empty));
	assert_int_equal(r.code, 2);
	assert_one_line_naming(&r, empty);
	json_decref(verify(&r, quote, quote));
	assert_int_equal(r.code, 2);
	assert_one_line_naming(&r, quote);
	/* A quote of any length is a quote. */
	json_decref(verify(&r, "/dev/zero", collateral));
	assert_int_equal(r.code, 1);
	assert_one_line_naming(&r, "/dev/zero");
	read_into(collateral, &bytes);
	for (size_t n = 0; n < bytes.size; n += bytes.size / 29) {
		write_bytes(damaged, bytes.data, n);
		json_decref(verify(&r, quote, damaged));
		assert_int_equal(r.code, 2);
		assert_int_equal(r.out.size, 0);
		assert_one_line_naming(&r, damaged);
		assert_one_line_naming(&r, "(byte ");
	}
	assert_int_equal(file_write_text(damaged, "{\"majorVersion\":1}"), TOOL_OK);
	json_decref(verify(&r, quote, damaged));
	assert_int_equal(r.code, 2);
	assert_one_line_naming(&r, "minorVersion");
}

static void malformed_quotes_are_rejected_with_1(void **state)
{
	AUTO_TEXT quote = case_file("real/trustee4__migtd_thim", "quote.bin");
	AUTO_TEXT collateral = case_file("real/trustee4__migtd_thim", "collateral.json");
	AUTO_TEXT damaged = temp_path("damaged.bin");
	AUTO_BLOB bytes = {0};
	AUTO_RUN r = {0};

	(void)state;
	read_into(quote, &bytes);
	for (size_t n = 0; n < bytes.size; n += bytes.size / 37) {
		write_bytes(damaged, bytes.data, n);
		AUTO_JSON got = verify(&r, damaged, collateral);
		assert_int_equal(r.code, 1);
		assert_string_equal(text_in(got, "verdict"), "reject");
		assert_string_equal(text_in(got, "reject_stage"), "quote");
		run(&r, "quote", "show", damaged, NULL);
		assert_int_equal(r.code, 1);
		assert_one_line_naming(&r, damaged);
		assert_one_line_naming(&r, "(byte ");
	}
	/* Up to the end of the QE's authentication data everything counts. */
	for (size_t at = 0; at < 1250; at += 31) {
		bytes.data[at] ^= 0x10;
		write_bytes(damaged, bytes.data, bytes.size);
		bytes.data[at] ^= 0x10;
		json_decref(verify(&r, damaged, collateral));
		assert_int_equal(r.code, 1);
	}
}

/* A bit of collateral changed: judged or refused, never accepted with another result, no crash. */
static void damaged_collateral_never_crashes(void **state)
{
	AUTO_TEXT quote = case_file("synthetic/v4-uptodate", "quote.bin");
	AUTO_TEXT collateral = case_file("synthetic/v4-uptodate", "collateral.json");
	AUTO_TEXT damaged = temp_path("flipped.json");
	AUTO_BLOB bytes = {0};
	AUTO_RUN r = {0};
	AUTO_JSON sound = verify(&r, quote, collateral);
	size_t seen[3] = {0};

	(void)state;
	read_into(collateral, &bytes);
	for (size_t at = 0; at < bytes.size; at += bytes.size / 97) {
		bytes.data[at] ^= 0x04;
		write_bytes(damaged, bytes.data, bytes.size);
		bytes.data[at] ^= 0x04;
		AUTO_JSON got = verify(&r, quote, damaged);
		assert_in_range(r.code, 0, 2);
		seen[r.code]++;
		if (r.code == 0)
			assert_true(json_equal(got, sound));
		else
			assert_true(r.errors.size > 0);
	}
	assert_true(seen[1] > 0);
}

/* --- collateral check, show ---------------------------------------------------------------- */

static void collateral_check_tells_platforms_and_crl_numbers(void **state)
{
	AUTO_TEXT bundle = shared_path(VECTORS "bundles/collateral_production_fmspc.json");
	AUTO_TEXT edited = case_file("synthetic/x-tcbinfo-edited", "collateral.json");
	AUTO_TEXT forged = case_file("synthetic/x-pckcrl-wrongkey", "collateral.json");
	AUTO_RUN r = {0};

	(void)state;
	run(&r, "collateral", "check", bundle, "--json", NULL);
	assert_int_equal(r.code, 0);
	AUTO_JSON report = json_loadb((const char *)r.out.data, r.out.size, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(report, "platforms")), 13);
	assert_true(json_is_integer(json_object_get(report, "pck_crl_number")));
	assert_true(json_is_true(json_object_get(report, "pck_crl_verified")));
	/* Whether the PCK CRL is signed by the CA in a quote is for the quote to show. */
	run(&r, "collateral", "check", forged, "--json", NULL);
	AUTO_JSON open = json_loadb((const char *)r.out.data, r.out.size, 0, NULL);
	assert_true(json_is_false(json_object_get(open, "pck_crl_verified")));
	run(&r, "collateral", "check", edited, NULL);
	assert_int_equal(r.code, 1);
	assert_one_line_naming(&r, edited);
	run(&r, "collateral", "check", "/nonexistent", NULL);
	assert_int_equal(r.code, 2);
	run(&r, "collateral", "check", NULL);
	assert_int_equal(r.code, 2);
}

/* The same platform's TDREPORT and quote tell the same (attestation spec 1.4). */
static void tdreport_and_its_quote_show_the_same_fields(void **state)
{
	static const char *const same[] = {"tee_tcb_svn", "mrseam", "xfam", "mrtd", "mrconfigid",
		"mrowner", "mrownerconfig", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "reportdata"};
	AUTO_TEXT path = shared_path(VECTORS "tdreport/azure_tdreport_a.bin");
	AUTO_TEXT quote_path = case_file("real/trustee_az__migtd_prod", "quote.bin");
	AUTO_RUN r = {0};

	(void)state;
	run(&r, "tdreport", "show", path, "--json", NULL);
	assert_int_equal(r.code, 0);
	AUTO_JSON report = json_loadb((const char *)r.out.data, r.out.size, 0, NULL);
	run(&r, "quote", "show", quote_path, "--json", NULL);
	assert_int_equal(r.code, 0);
	AUTO_JSON quote = json_loadb((const char *)r.out.data, r.out.size, 0, NULL);
	for (size_t i = 0; i < COUNT_OF(same); i++) {
		assert_true(text_in(report, same[i])[0] != '\0');
		assert_string_equal(text_in(report, same[i]), text_in(quote, same[i]));
	}
	assert_string_equal(text_in(quote, "fmspc"), "00806F050000");
}

static void damaged_tdreport_ends_with_1(void **state)
{
	AUTO_TEXT path = shared_path(VECTORS "tdreport/azure_tdreport_a.bin");
	AUTO_TEXT damaged = temp_path("tdreport");
	AUTO_BLOB bytes = {0};
	AUTO_RUN r = {0};

	(void)state;
	read_into(path, &bytes);
	for (size_t at = 0; at < 1024; at += 13) {
		/* CPUSVN, REPORTDATA, MAC and the other bytes of REPORTTYPE are under the MAC alone. */
		const bool under_mac = (at > 0 && at < 3) || (at >= 16 && at < 32) ||
				       (at >= 128 && at < 192) || (at >= 224 && at < 256);
		bytes.data[at] ^= 1;
		write_bytes(damaged, bytes.data, bytes.size);
		bytes.data[at] ^= 1;
		run(&r, "tdreport", "show", damaged, NULL);
		assert_int_equal(r.code, under_mac ? 0 : 1);
	}
	write_bytes(damaged, bytes.data, 1023);
	run(&r, "tdreport", "show", damaged, NULL);
	assert_int_equal(r.code, 1);
	assert_one_line_naming(&r, damaged);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_gets_its_verdict_status_and_result),
		cmocka_unit_test(advisories_are_those_of_the_matched_levels),
		cmocka_unit_test(packed_collateral_gives_the_result_of_its_bundle),
		cmocka_unit_test(folder_of_answers_gives_the_result_of_the_bundle),
		cmocka_unit_test(recorded_answers_serve_once_their_chains_are_there),
		cmocka_unit_test(content_tells_what_a_name_does_not),
		cmocka_unit_test(answers_are_read_in_every_encoding_of_the_service),
		cmocka_unit_test(given_root_is_the_anchor),
		cmocka_unit_test(unusable_input_ends_with_2),
		cmocka_unit_test(malformed_quotes_are_rejected_with_1),
		cmocka_unit_test(damaged_collateral_never_crashes),
		cmocka_unit_test(collateral_check_tells_platforms_and_crl_numbers),
		cmocka_unit_test(tdreport_and_its_quote_show_the_same_fields),
		cmocka_unit_test(damaged_tdreport_ends_with_1),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
