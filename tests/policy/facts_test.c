/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Facts, dates, mappings and owner checks (policy spec 2.6, 2.12, 2.15). */
#include "bench.h"
#include "measure/tdinfo.h"
#include "policy/dates.h"
#include "policy/mapping.h"

static void seconds_become_dates(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00Z"}, {1704067200, "2024-01-01T00:00:00Z"},
		{951782400, "2000-02-29T00:00:00Z"}, {951868799, "2000-02-29T23:59:59Z"},
		{4107542400, "2100-03-01T00:00:00Z"}, {4107542399, "2100-02-28T23:59:59Z"},
		{253402300799, "9999-12-31T23:59:59Z"},
	};
	struct policy_date date;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(policy_date_of(rows[i].seconds, &date), STATUS_OK);
		assert_int_equal(date.n, 20);
		assert_memory_equal(date.text, rows[i].text, 20);
	}
	assert_int_equal(policy_date_of(253402300800, &date), ERR_POLICY_TCB);
	assert_int_equal(policy_date_of(UINT64_MAX, &date), ERR_POLICY_TCB);
	/* Against the C library. */
	for (unsigned i = 0; i < 20000; i++) {
		const time_t at = (time_t)((uint64_t)draw(UINT32_MAX) * 59 + draw(60));
		char text[64];
		struct tm tm;
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
		assert_int_equal(policy_date_of((uint64_t)at, &date), STATUS_OK);
		assert_memory_equal(date.text, text, 20);
	}
}

static void packed_dates_are_the_same_texts_again(void **state)
{
	static const char symbols[] = "-.0123456789:TZ";
	struct policy_date date;
	struct packed_date packed;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		uint8_t text[POLICY_DATE_MAX + 1];
		const size_t n = draw(POLICY_DATE_MAX + 1);
		for (size_t j = 0; j < sizeof(text); j++)
			text[j] = (uint8_t)symbols[draw(sizeof(symbols) - 1)];
		assert_int_equal(policy_date_pack(text, n, &packed), STATUS_OK);
		policy_date_unpack(&packed, &date);
		assert_int_equal(date.n, n);
		assert_memory_equal(date.text, text, n);
		assert_int_equal(policy_date_pack(text, sizeof(text), &packed), ERR_POLICY_LIMIT);
	}
	for (unsigned c = 0; c < 256; c++) {
		const uint8_t text = (uint8_t)c;
		assert_int_equal(policy_date_pack(&text, 1, &packed),
			c != 0 && strchr(symbols, (int)c) != NULL ? STATUS_OK : ERR_POLICY_LIMIT);
	}
}

static struct quote_result good_result(void)
{
	struct quote_result r = {0};
	static const uint8_t fmspc[6] = {0x10, 0xc0, 0x6f, 0, 0, 0};

	for (size_t i = 0; i < 48; i++) {
		r.bytes[RESULT_MRTD + i] = 1;
		for (size_t j = 0; j < 4; j++)
			r.bytes[RESULT_RTMR0 + 48 * j + i] = (uint8_t)(2 + j);
	}
	memcpy(r.bytes + RESULT_FMSPC, fmspc, 6);
	memcpy(r.bytes + RESULT_TCB_STATUS, "UpToDate", 8);
	memcpy(r.bytes + RESULT_TCB_DATE, "\x80\x00\x92\x65", 4);	/* 1704067200 */
	return r;
}

/* Hex of 48 equal bytes. */
static const char *hex48(unsigned byte, bool lower)
{
	static char text[8][97];
	static unsigned turn;
	char *at = text[turn++ % 8];

	for (size_t i = 0; i < 48; i++)
		sprintf(at + 2 * i, lower ? "%02x" : "%02X", byte);
	return at;
}

static char *mapping(unsigned first, const char *rtmr2, const char *rtmr3, unsigned svn)
{
	return kit_format("{\"isvsvn\":%u,\"tdMeasurements\":{%s%s\"rtmr1\":\"%s\",\"mrtd\":\"%s\","
		"\"rtmr0\":\"%s\"}}", svn, rtmr2, rtmr3, hex48(first + 2, false), hex48(first, true),
		hex48(first + 1, false));
}

static struct kit_chain chain;

static const struct policy_record *record_of(const char *mappings, const char *levels)
{
	struct kit_policy p = kit_defaults(&chain);

	p.mappings = mappings;
	if (levels != NULL)
		p.levels = levels;
	assert_int_equal(bench_open(kit_policy(&p), chain.pem), STATUS_OK);
	return &bench.own.record;
}

static void measurements_map_to_the_first_mapping_that_matches(void **state)
{
	char rtmr2[128], rtmr2_bad[128], rtmr3[128], rtmr3_short[] = "\"rtmr3\":\"00\",";
	snprintf(rtmr2, sizeof(rtmr2), "\"rtmr2\":\"%s\",", hex48(4, false));
	snprintf(rtmr2_bad, sizeof(rtmr2_bad), "\"rtmr2\":\"%s\",", hex48(9, false));
	snprintf(rtmr3, sizeof(rtmr3), "\"rtmr3\":\"%s\",", hex48(5, false));
	char *rows[] = {
		mapping(6, "", "", 1), mapping(1, rtmr2_bad, "", 2), mapping(1, rtmr3_short, "", 3),
		mapping(1, rtmr2, rtmr3, 4), mapping(1, rtmr2, "", 5), mapping(1, "", rtmr3, 6),
		mapping(1, "\"rtmr2\":null,", "", 7), mapping(1, "", "", 8),
	};
	static const struct {
		size_t from;
		uint16_t in_quote, in_tdinfo;	/* 0: none */
	} wanted[] = {{0, 4, 7}, {3, 4, 7}, {4, 5, 7}, {5, 6, 7}, {6, 7, 7}, {7, 8, 8}};
	const struct quote_result r = good_result();
	struct measurements m = {.mrtd = r.bytes + RESULT_MRTD, .rtmr = r.bytes + RESULT_RTMR0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		char *list = kit_format("%s", rows[wanted[i].from]);
		for (size_t j = wanted[i].from + 1; j < ARRAY_SIZE(rows); j++) {
			char *longer = kit_format("%s,%s", list, rows[j]);
			free(list);
			list = longer;
		}
		const struct policy_record *record = record_of(list, NULL);
		uint16_t svn = 0;
		m.has_rtmr23 = true;
		assert_true(policy_svn_of(record, &m, &svn));
		assert_int_equal(svn, wanted[i].in_quote);
		m.has_rtmr23 = false;
		assert_true(policy_svn_of(record, &m, &svn));
		assert_int_equal(svn, wanted[i].in_tdinfo);
		free(list);
	}
	/* None of the first three matches. */
	char *list = kit_format("%s,%s,%s", rows[0], rows[1], rows[2]);
	uint16_t svn;
	m.has_rtmr23 = true;
	assert_false(policy_svn_of(record_of(list, NULL), &m, &svn));
	free(list);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		free(rows[i]);
}

/* tcb_mapping.json: rtmr3 is pinned to zeros; hex in either case (2.16). */
static void the_shipped_mapping_resolves_as_upstream_says(void **state)
{
	size_t n;
	char *text = kit_file("src/policy/test/policy_v2/tcb_mapping.json", &n);
	uint8_t measured[5 * 48] = {0};
	uint16_t svn = 0;

	(void)state;
	if (text == NULL)
		skip();
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = {"\"mrtd\":\"", "\"rtmr0\":\"", "\"rtmr1\":\""};
		const char *at = strstr(text, names[i]) + strlen(names[i]);
		for (size_t j = 0; j < 48; j++)
			assert_int_equal(sscanf(at + 2 * j, "%2hhx", &measured[48 * i + j]), 1);
	}
	for (int lower = 0; lower < 2; lower++) {
		struct kit_policy p = kit_defaults(&chain);
		p.mapping_text = text;
		assert_int_equal(bench_open(kit_policy(&p), chain.pem), STATUS_OK);
		struct measurements m = {.mrtd = measured, .rtmr = measured + 48, .has_rtmr23 = true};
		assert_true(policy_svn_of(&bench.own.record, &m, &svn));
		assert_int_equal(svn, 1);
		m.has_rtmr23 = false;
		assert_false(policy_svn_of(&bench.own.record, &m, &svn));
		m.has_rtmr23 = true;
		measured[4 * 48] = 1;
		assert_false(policy_svn_of(&bench.own.record, &m, &svn));
		measured[4 * 48] = 0;
		measured[0] ^= 1;
		assert_false(policy_svn_of(&bench.own.record, &m, &svn));
		measured[0] ^= 1;
		for (char *c = strstr(text, "\"mrtd\":\"") + 8; *c != '"'; c++)
			*c = *c >= 'A' && *c <= 'F' ? (char)(*c + 32) : *c;
	}
	free(text);
}

static char *level(unsigned svn, const char *date, const char *status)
{
	return kit_format("{\"tcbStatus\":\"%s\",\"tcb\":{\"isvsvn\":%u},\"tcbDate\":\"%s\"}", status,
		svn, date);
}

static void the_level_is_the_greatest_not_above_the_svn(void **state)
{
	char *levels[] = {level(5, "2025-05", "UpToDate"), level(2, "2022", "Revoked"),
		level(3, "2023", "OutOfDate"), level(3, "2023-01-01T00:00:00Z", "UpToDate"),
		level(8, "", "Strange")};
	char *list = kit_format("%s,%s,%s,%s,%s", levels[0], levels[1], levels[2], levels[3], levels[4]);
	static const struct {
		uint16_t svn;
		const char *date;
		uint8_t status;
	} wanted[] = {{1, "", TCB_UNKNOWN}, {2, "2022", TCB_REVOKED}, {3, "2023-01-01T00:00:00Z", TCB_UP_TO_DATE},
		{4, "2023-01-01T00:00:00Z", TCB_UP_TO_DATE}, {5, "2025-05", TCB_UP_TO_DATE}, {7, "2025-05", TCB_UP_TO_DATE},
		{8, "", TCB_UNRECOGNISED}, {65535, "", TCB_UNRECOGNISED}};
	const struct quote_result r = good_result();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct policy_facts f;
		char *m = mapping(1, "", "", wanted[i].svn);
		const struct policy_record *record = record_of(m, list);
		assert_int_equal(policy_facts_of(&bench.own, record, &r, &f), STATUS_OK);
		assert_true(f.migtd_known);
		assert_int_equal(f.isvsvn, wanted[i].svn);
		assert_int_equal(f.migtd_status, wanted[i].status);
		assert_int_equal(f.migtd_date.n, strlen(wanted[i].date));
		assert_memory_equal(f.migtd_date.text, wanted[i].date, f.migtd_date.n);
		free(m);
	}
	free(list);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		free(levels[i]);
}

static void facts_come_from_the_quote_and_the_own_collateral(void **state)
{
	char *m = mapping(1, "", "", 1);
	struct quote_result r = good_result();
	struct policy_facts f;

	(void)state;
	const struct policy_record *record = record_of(m, NULL);
	assert_int_equal(policy_facts_of(&bench.own, record, &r, &f), STATUS_OK);
	assert_true(f.platform_known && f.migtd_known);
	assert_memory_equal(f.tcb_date.text, "2024-01-01T00:00:00Z", 20);
	assert_int_equal(f.tcb_status, TCB_UP_TO_DATE);
	assert_int_equal(f.tcb_evaluation_number, 15);
	assert_int_equal(f.pck_crl_number, 3);
	assert_int_equal(f.root_crl_number, 4);
	assert_memory_equal(f.fmspc, r.bytes + RESULT_FMSPC, 6);
	/* 32 of the 33 characters of the longest status are no status (trap 28). */
	memcpy(r.bytes + RESULT_TCB_STATUS, "ConfigurationAndSWHardeningNeede", 32);
	assert_int_equal(policy_facts_of(&bench.own, record, &r, &f), STATUS_OK);
	assert_int_equal(f.tcb_status, TCB_UNRECOGNISED);
	r.bytes[RESULT_MRTD] ^= 1;
	assert_int_equal(policy_facts_of(&bench.own, record, &r, &f), STATUS_OK);
	assert_false(f.migtd_known);
	r.bytes[RESULT_FMSPC] ^= 1;
	assert_int_equal(policy_facts_of(&bench.own, record, &r, &f), ERR_COLLATERAL_PLATFORM);
	r = good_result();
	r.bytes[RESULT_TCB_DATE + 7] = 1;
	assert_int_equal(policy_facts_of(&bench.own, record, &r, &f), ERR_POLICY_TCB);
	free(m);
}

/* --- owner fields -------------------------------------------------------------------------- */

static void the_own_tdinfo_must_name_signer_and_svn(void **state)
{
	struct kit_policy p = kit_defaults(&chain);
	uint8_t tdinfo[512] = {0};

	(void)state;
	p.svn = 0x01020304;
	assert_int_equal(bench_open(kit_policy(&p), chain.pem), STATUS_OK);
	memcpy(tdinfo + TDINFO_MROWNER, bench.own.signer_digest, 48);
	memcpy(tdinfo + TDINFO_MROWNERCONFIG, "\4\3\2\1", 4);
	assert_int_equal(policy_own_check_tdinfo(&bench.own, tdinfo), STATUS_OK);
	assert_int_equal(policy_check_init_tdinfo(&bench.own, tdinfo), STATUS_OK);
	for (size_t i = 0; i < 512; i++) {
		const bool owner = i >= TDINFO_MROWNER && i < TDINFO_MROWNERCONFIG + 48;
		tdinfo[i] ^= 0x80;
		assert_int_equal(policy_own_check_tdinfo(&bench.own, tdinfo),
			owner ? ERR_TDINFO_OWNER : STATUS_OK);
		tdinfo[i] ^= 0x80;
	}
	/* An initial one may be older, not newer. */
	tdinfo[TDINFO_MROWNERCONFIG] = 3;
	assert_int_equal(policy_check_init_tdinfo(&bench.own, tdinfo), STATUS_OK);
	tdinfo[TDINFO_MROWNERCONFIG] = 5;
	assert_int_equal(policy_check_init_tdinfo(&bench.own, tdinfo), ERR_POLICY_SVN);
	tdinfo[TDINFO_MROWNERCONFIG + 47] = 1;
	assert_int_equal(policy_check_init_tdinfo(&bench.own, tdinfo), ERR_POLICY_OWNER);
	tdinfo[TDINFO_MROWNER] ^= 1;
	assert_int_equal(policy_check_init_tdinfo(&bench.own, tdinfo), ERR_POLICY_OWNER);
}

static void put_ext(uint8_t ext[272], const uint8_t tdinfo[512], uint64_t attr)
{
	uint8_t masked[512];

	memcpy(masked, tdinfo, 512);
	tdinfo_mask(masked, attr);
	memset(ext, 0, 272);
	sha384(masked, 512, ext);
	for (size_t i = 0; i < 8; i++)
		ext[48 + i] = (uint8_t)(attr >> 8 * i);
}

static struct policy_reason reason;

static enum status initial(const struct quote_result *peer, const uint8_t init[512],
	const uint8_t ext[272])
{
	const enum status status = policy_check_initial(&bench.own, peer, init, ext, &reason);

	if (status != STATUS_OK)
		assert_string_equal(reason.place.block, "initial");
	return status;
}

static void assert_told(const char *property, const char *expected, const char *actual)
{
	assert_string_equal(reason.place.property, property);
	assert_int_equal(reason.expected.n, strlen(expected));
	assert_memory_equal(reason.expected.text, expected, strlen(expected));
	assert_int_equal(reason.actual.n, strlen(actual));
	assert_memory_equal(reason.actual.text, actual, strlen(actual));
}

static void the_initial_migtd_must_be_older_and_bound_to_the_target(void **state)
{
	char *a = mapping(1, "", "", 1), *b = mapping(6, "", "", 2);
	char *list = kit_format("%s,%s", a, b);
	struct quote_result peer = good_result();
	uint8_t init[512] = {0}, ext[272];

	(void)state;
	record_of(list, NULL);
	memcpy(init + TDINFO_MRTD, peer.bytes + RESULT_MRTD, 48);
	memcpy(init + TDINFO_RTMR0, peer.bytes + RESULT_RTMR0, 4 * 48);
	put_ext(ext, init, 0);
	/* (peer A, initial A) and, below, (B, A), (A, B). */
	assert_int_equal(initial(&peer, init, ext), STATUS_OK);
	/* B: owner fields. */
	static const struct {
		uint8_t init_svn, peer_svn;
		enum status status;
	} svns[] = {{5, 5, STATUS_OK}, {3, 7, STATUS_OK}, {10, 5, ERR_POLICY_SVN}};
	for (size_t i = 0; i < ARRAY_SIZE(svns); i++) {
		init[TDINFO_MROWNERCONFIG] = svns[i].init_svn;
		peer.bytes[RESULT_MROWNERCONFIG] = svns[i].peer_svn;
		put_ext(ext, init, 0);
		assert_int_equal(initial(&peer, init, ext), svns[i].status);
	}
	assert_told("policySvn", "at most the peer's, 5", "10");
	init[TDINFO_MROWNERCONFIG] = 5;
	for (size_t i = 4; i < 48; i++) {
		init[TDINFO_MROWNERCONFIG + i] = 1;
		put_ext(ext, init, 0);
		assert_int_equal(initial(&peer, init, ext), ERR_POLICY_OWNER);
		init[TDINFO_MROWNERCONFIG + i] = 0;
		put_ext(ext, init, 0);
		peer.bytes[RESULT_MROWNERCONFIG + i] = 1;
		assert_int_equal(initial(&peer, init, ext), ERR_POLICY_OWNER);
		peer.bytes[RESULT_MROWNERCONFIG + i] = 0;
	}
	init[TDINFO_MROWNER] = 1;
	put_ext(ext, init, 0);
	assert_int_equal(initial(&peer, init, ext), ERR_POLICY_OWNER);
	assert_string_equal(reason.place.property, "MROWNER");
	assert_memory_equal(reason.expected.text, "0000", 4);
	assert_memory_equal(reason.actual.text, "0100", 4);
	init[TDINFO_MROWNER] = 0;
	/* C: the hash in SERVTD_EXT, with and without IGNORE bits. */
	put_ext(ext, init, 0);
	assert_int_equal(initial(&peer, init, ext), STATUS_OK);
	init[TDINFO_ATTRIBUTES] = 7;
	assert_int_equal(initial(&peer, init, ext), ERR_INIT_TDINFO);
	assert_string_equal(reason.place.property, "SERVTD_INFO_HASH");
	put_ext(ext, init, UINT64_C(1) << 32);
	assert_int_equal(initial(&peer, init, ext), STATUS_OK);
	init[TDINFO_ATTRIBUTES] = 8;
	assert_int_equal(initial(&peer, init, ext), STATUS_OK);
	ext[52] = 2;	/* another bit than the one that was hashed */
	assert_int_equal(initial(&peer, init, ext), ERR_INIT_TDINFO);
	/* D sees the masked TDINFO: without its MRTD the initial MigTD is unknown. */
	put_ext(ext, init, UINT64_C(1) << 34);
	assert_int_equal(initial(&peer, init, ext), ERR_POLICY_SVN);
	/* D: (peer A, initial B) fails, (B, A) holds, unknown ones fail. */
	memset(init + TDINFO_MRTD, 6, 48);
	memset(init + TDINFO_RTMR0, 7, 48);
	memset(init + TDINFO_RTMR0 + 48, 8, 48);
	put_ext(ext, init, 0);
	assert_int_equal(initial(&peer, init, ext), ERR_POLICY_SVN);
	assert_told("isvsvn", "at most the peer's, 1", "2");
	memcpy(init + TDINFO_MRTD, peer.bytes + RESULT_MRTD, 48);
	memcpy(init + TDINFO_RTMR0, peer.bytes + RESULT_RTMR0, 96);
	memset(peer.bytes + RESULT_MRTD, 6, 48);
	memset(peer.bytes + RESULT_RTMR0, 7, 48);
	memset(peer.bytes + RESULT_RTMR0 + 48, 8, 48);
	put_ext(ext, init, 0);
	assert_int_equal(initial(&peer, init, ext), STATUS_OK);
	peer.bytes[RESULT_MRTD] ^= 1;
	assert_int_equal(initial(&peer, init, ext), ERR_POLICY_SVN);
	assert_told("peer's isvsvn", "MRTD, RTMR0 and RTMR1 that the own svnMappings know", "(unknown)");
	peer.bytes[RESULT_MRTD] ^= 1;
	init[TDINFO_MRTD] ^= 1;
	put_ext(ext, init, 0);
	assert_int_equal(initial(&peer, init, ext), ERR_POLICY_SVN);
	assert_string_equal(reason.place.property, "isvsvn");
	free(a);
	free(b);
	free(list);
}

static int setup(void **state)
{
	bench_setup(state);
	chain = kit_chain(3, "Policy signer", NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seconds_become_dates),
		cmocka_unit_test(packed_dates_are_the_same_texts_again),
		cmocka_unit_test(measurements_map_to_the_first_mapping_that_matches),
		cmocka_unit_test(the_shipped_mapping_resolves_as_upstream_says),
		cmocka_unit_test(the_level_is_the_greatest_not_above_the_svn),
		cmocka_unit_test(facts_come_from_the_quote_and_the_own_collateral),
		cmocka_unit_test(the_own_tdinfo_must_name_signer_and_svn),
		cmocka_unit_test(the_initial_migtd_must_be_older_and_bound_to_the_target),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
