/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Policies of version 1: one that is composed of collateral, and each property alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../policy/kit.h"
#include "../../tools/policy/policy.h"
#include "seeds.h"

#define ID "\"id\":\"D3FFCE43-36EF-4908-B0E4-50A457D6A2AA\""
#define SELF "{\"operation\":\"equal\",\"reference\":\"self\"}"
#define PLATFORM "{\"fmspc\":\"self\",\"Platform\":{\"TcbInfo\":{\"fmspc\":" SELF "}}}"

/* How the peer differs: fuzz_policy_v1.c. */
enum { ALIKE, OTHER_BYTES, OTHER_FMSPC, OTHER_BOTH, NO_EVENTS = 0xfc };

static void save(int peer, const char *blocks)
{
	char *text = kit_format("{" ID ",\"policy\":[%s]}", blocks);

	seeds_save_text("policy_v1", peer, text);
	free(text);
}

static void composed(void)
{
	const struct policy_v1_options options = {.pre_production = true};
	AUTO_BLOB text = {0};
	struct world w;

	seeds_begin(&w);
	const char *bundle = seeds_bundle_of(&w);
	seeds_save_fixed("plain.json", bundle, strlen(bundle));
	seeds_need(policy_v1_compose(&options, seeds_path("plain.json"), &text) == TOOL_OK,
		"compose a policy");
	world_free(&w);
	seeds_save("policy_v1", ALIKE, text.data, text.size);
	seeds_save("policy_v1", OTHER_BYTES, text.data, text.size);
}

static void properties(void)
{
	static const struct {
		const char *frame;	/* %s is the property */
		const char *const names[4];
	} lists[] = {
		{"{\"fmspc\":\"10C06F000000\",\"Platform\":{\"TcbInfo\":{%s}}}",
			{"fmspc", "pcesvn", "sgxtcbcomponents", "unknown"}},
		{PLATFORM ",{\"QE\":{\"QeIdentity\":{%s}}}", {"ISVSVN", "MRSIGNER", "ATTRIBUTES"}},
		{PLATFORM ",{\"TDXModule\":{\"TDXModule_Identity\":{%s}}}",
			{"TDXModuleMajorVersion", "MRSEAM", "zzz"}},
		{PLATFORM ",{\"MigTD\":{\"TDINFO\":{%s}}}", {"ATTRIBUTES", "XFAM", "RTMR3"}},
		{PLATFORM ",{\"MigTD\":{\"TDINFO\":{},\"EventLog\":{%s}}}",
			{"Digest.MigTdCoreSvn", "Digest.MigTdPolicy", "Digest.TdShim", "Digest"}},
	};
	static const char *const values[] = {
		"\"operation\":\"equal\",\"reference\":\"self\"",
		"\"operation\":\"greater-or-equal\",\"reference\":\"self\"",
		"\"operation\":\"array-greater-or-equal\",\"reference\":\"self\"",
		"\"operation\":\"subset\",\"reference\":\"self\"",
		"\"operation\":\"equal\",\"reference\":\"10C06F000000\"",
		"\"operation\":\"equal\",\"reference\":3",
		"\"operation\":\"greater-or-equal\",\"reference\":3",
		"\"operation\":\"in-range\",\"reference\":\"+1..20\"",
		"\"operation\":\"in-time-range\",\"reference\":\"1..\"",
		"\"operation\":\"array-equal\",\"reference\":[16,64,111,0,0,0]",
		"\"operation\":\"array-greater-or-equal\",\"reference\":[0,0,0,0,0,0,0,0]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(lists[i].names) && lists[i].names[k] != NULL; k++) {
			for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
				char *property = kit_format("\"%s\":{%s}", lists[i].names[k], values[v]);
				char *blocks = kit_replace(lists[i].frame, "%s", property);
				save((int)((k + v) % 4), blocks);
				save(NO_EVENTS, blocks);
				free(blocks);
				free(property);
			}
		}
	}
}

static void forms(void)
{
	static const char *const blocks[] = {
		"", PLATFORM, PLATFORM "," PLATFORM, "{}", "[]", "{\"fmspc\":1}",
		"{\"fmspc\":\"self\"," PLATFORM "}",
		"{\"fmspc\":\"000000000000\",\"Platform\":{\"TcbInfo\":{}}}",
		"{\"fmspc\":\"self\",\"fmspc\":\"self\",\"Platform\":{\"TcbInfo\":{}}}",
		"{\"fmspc\":\"self\",\"Platform\":{\"TcbInfo\":{},\"TcbInfo\":{}}}",
		"{\"fmspc\":\"self\",\"Platform\":{}}",
		"{\"MigTD\":{\"TDINFO\":{},\"EventLog\":null,\"other\":[{}]},\"other\":{\"a\":[1]}}",
		("{\"QE\":{\"QeIdentity\":{\"ISVSVN\":{\"operation\":\"equal\"}}},"
			"\"MigTD\":{\"TDINFO\":{}}}"),
		"{\"QE\":{\"QeIdentity\":{\"ISVSVN\":1}}}",
		"{\"QE\":{\"QeIdentity\":{\"ISVSVN\":{\"operation\":\"other\",\"reference\":1}}}}",
		"{\"QE\":{\"QeIdentity\":{\"ISVSVN\":{\"operation\":\"equal\",\"reference\":[256]}}}}",
		"{\"QE\":{\"QeIdentity\":{\"ISVSVN\":{\"operation\":\"equal\",\"reference\":{}}}}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		save(OTHER_FMSPC * (i % 2 == 0), blocks[i]);
	seeds_save_text("policy_v1", ALIKE, "{\"id\":\"D3FFCE43\",\"policy\":[]}");
	seeds_save_text("policy_v1", ALIKE, "{" ID "," ID ",\"policy\":[]}");
	seeds_save_text("policy_v1", ALIKE, "{" ID ",\"policy\":{}}");
	seeds_save_text("policy_v1", ALIKE, "{\"other\":1,\"policy\":[]}");
	seeds_save_text("policy_v1", ALIKE, "[]");
}

void seeds_policies_v1(void)
{
	composed();
	properties();
	forms();
}
