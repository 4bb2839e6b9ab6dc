/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Peer-data blobs with small policies, and block lists. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../policy/kit.h"
#include "keys.h"
#include "seeds.h"

#define MRTD "0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20" \
	"2122232425262728292A2B2C2D2E2F30"

/* Everything is read in pieces. */
#define SPLIT 99

static void save_blob(const struct kit_policy *p, const struct kit_chain *chain)
{
	size_t n;
	char *policy = kit_policy(p);
	uint8_t *blob = kit_blob(policy, chain->pem, &n);

	seeds_save("policy", SPLIT, blob, n);
	free(blob);
	free(policy);
}

static void blobs(void)
{
	static const unsigned flags[] = {0, KIT_NOT_CA};
	struct kit_chain chain = kit_chain(2, "Policy signer", NULL);
	struct kit_chain bad = kit_chain(2, "Policy signer", flags);
	struct kit_policy p = kit_defaults(&chain);

	save_blob(&p, &chain);
	p.mappings = "{\"tdMeasurements\":{\"mrtd\":\"" MRTD "\",\"rtmr0\":\"" MRTD "\",\"rtmr1\":\""
		MRTD "\",\"rtmr2\":\"" MRTD "\",\"rtmr3\":\"" MRTD "\"},\"isvsvn\":7}";
	p.spaces = p.chains_first = p.lower_case = 1;
	p.blocks = "\"policy\":[],\"forwardPolicy\":[],\"backwardPolicy\":[],";
	save_blob(&p, &chain);
	p.mapping = &bad;
	p.blocks = "\"policy\":[{\"global\":{\"tcb\":{\"tcbStatusAccepted\":{\"operation\":"
		"\"allow-list\",\"reference\":[\"UpToDate\",\"OutOfDate\"]},"
		"\"tcbEvaluationDataNumber\":{\"operation\":\"subset\",\"reference\":[1,15]}},"
		"\"crl\":{\"pckCrlNum\":{\"operation\":\"greater-or-equal\",\"reference\":3}}}},"
		"{\"servtd\":{\"migtdIdentity\":{\"isvsvn\":{\"operation\":\"equal\","
		"\"reference\":\"self\"}}}}],";
	p.mappings = "{\"tdMeasurements\":{\"mrtd\":\"01\",\"rtmr0\":\"\",\"rtmr1\":\"x\"},"
		"\"isvsvn\":7}";
	save_blob(&p, &bad);
	p.blocks = "\"policy\":[{\"global\":{\"tcb\":{\"tcbDate\":{\"operation\":"
		"\"equal\",\"reference\":[true]}}}}],";
	save_blob(&p, &chain);
	kit_chain_free(&chain);
	kit_chain_free(&bad);
}

/* A policy of the peer's with these chains; with `name`, also the own policy of every input. */
static void save_peer(const struct kit_policy *p, const char *name)
{
	size_t n;
	char *policy = kit_policy(p);
	uint8_t *blob = kit_blob(policy, p->issuer->pem, &n);

	seeds_save("peer", SPLIT, blob, n);
	if (name != NULL)
		seeds_save_fixed(name, blob, n);
	free(blob);
	free(policy);
}

/* Leaf, and the others as the flags say, below the own root. */
static void save_rotated(const struct kit_chain *own, size_t count, const char *leaf,
	const unsigned *flags)
{
	struct kit_chain chain = kit_chain_under(own, count, leaf, flags);
	struct kit_policy p = kit_defaults(own);

	p.mapping = &chain;
	save_peer(&p, NULL);
	kit_chain_free(&chain);
}

static void peers(void)
{
	static const unsigned not_ca[] = {0, KIT_NOT_CA, 0}, version_1[] = {KIT_VERSION_1, 0};
	struct kit_chain own = kit_chain(2, "Policy signer", NULL);
	struct kit_chain other = kit_chain(2, "Policy signer", NULL);
	struct kit_policy p = kit_defaults(&own);

	save_peer(&p, "own.blob");
	p.svn = 2;
	p.mappings = "{\"tdMeasurements\":{\"mrtd\":\"" MRTD "\",\"rtmr0\":\"" MRTD "\",\"rtmr1\":\""
		MRTD "\",\"rtmr2\":\"" MRTD "\"},\"isvsvn\":7}";
	save_peer(&p, NULL);
	p.chains_first = p.spaces = p.lower_case = 1;
	save_peer(&p, NULL);
	p = kit_defaults(&own);
	p.issuer = &other;
	save_peer(&p, NULL);
	save_rotated(&own, 2, "Policy signer", NULL);
	save_rotated(&own, 3, "Another signer", not_ca);
	save_rotated(&own, 2, "Policy signer", version_1);
	kit_chain_free(&own);
	kit_chain_free(&other);
}

static void blocks(void)
{
	static const struct {
		const char *group, *name;
	} properties[] = {
		{"tcb", "tcbDate"}, {"tcb", "tcbStatusAccepted"},
		{"tcb", "tcbEvaluationDataNumber"}, {"platform", "fmspc"}, {"crl", "pckCrlNum"},
		{"crl", "rootCaCrlNum"}, {"servtd", "svn"}, {"servtd", "status"},
		{"servtd", "date"}, {"servtd", "isvsvn"}, {"global", "other"},
	};
	static const char *const values[] = {
		"\"operation\":\"equal\",\"reference\":\"self\"",
		"\"operation\":\"greater-or-equal\",\"reference\":3",
		"\"operation\":\"greater-or-equal\",\"reference\":\"2025-01-01T00:00:00Z\"",
		"\"operation\":\"in-range\",\"reference\":\"1..20\"",
		"\"operation\":\"in-time-range\",\"reference\":\"2025-01-01..2026-01-01\"",
		"\"operation\":\"allow-list\",\"reference\":[\"UpToDate\",\"10C06F000000\"]",
		"\"operation\":\"deny-list\",\"reference\":[\"Revoked\",\"00C06F000000\"]",
		"\"operation\":\"subset\",\"reference\":[1,7,15]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
			const bool servtd = strcmp(properties[i].group, "servtd") == 0;
			char *text = kit_format("[{\"%s\":{\"%s\":{\"%s\":{%s}}}}]",
				servtd ? "servtd" : "global",
				servtd ? "migtdIdentity" : properties[i].group,
				properties[i].name, values[k]);
			seeds_save_text("blocks", -1, text);
			free(text);
		}
	}
}

void seeds_policies(void)
{
	kit_make_key = fuzz_key_p384;
	blobs();
	peers();
	kit_make_key = NULL;
	blocks();
}
