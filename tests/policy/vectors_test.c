/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Upstream's public policy files, with the expectations of policy spec 2.16 and 9. */
#include "bench.h"

static char *read_or_skip(const char *name)
{
	size_t n;
	char *text = kit_file(name, &n);

	if (text == NULL)
		skip();
	return text;
}

#define UNIT "src/policy/test/policy_v2/"

static void check_hex(const uint8_t *bytes, size_t n, const char *hex)
{
	for (size_t i = 0; i < n; i++) {
		char digits[3];
		snprintf(digits, sizeof(digits), "%02x", bytes[i]);
		assert_memory_equal(digits, hex + 2 * i, 2);
	}
}

static void the_template_policy_verifies_with_its_reference_values(void **state)
{
	char *policy = read_or_skip("config/templates/policy_v2_signed.json");
	char *chain = read_or_skip("config/templates/policy_issuer_chain.pem");

	(void)state;
	assert_int_equal(bench_open(policy, chain), STATUS_OK);
	const struct policy_record *r = &bench.own.record;
	check_hex(r->policy_digest, 48, "0d34a7d87028d030a778df7974e0eeb1b12b9aeab5079d5c6f6815f96f71c3df"
		"764879142678ee066b25fd5030109f94");
	check_hex(r->chain_digest, 48, "5659237a99a9cb1b8b9633ff6d000e5b3f80125445b569c35dddbf0723c94874"
		"4edcb485d859976628646d241fb14d9d");
	check_hex(r->blob_digest, 48, "f31bc5f68cc660ce62297242cc4de553b43d929e02a687827beeb322a132418d"
		"0b3e8f668cbc1a5c2e5897ef3793df76");
	check_hex(bench.own.signer_digest, 48, "bcdc571fdc9720a5660f42e0030a56cfdf4c336879851a6d9d5c7ce2"
		"76b33ca74415d0f25fa0d478af4d34306f343110");
	assert_int_equal(policy_own_blob_size(&bench.own), 174699);
	assert_int_equal(r->policy_svn, 1);
	assert_int_equal(r->mapping_count, 1);
	assert_int_equal(r->level_count, 1);
	assert_int_equal(r->level[0].status, TCB_UP_TO_DATE);
	assert_int_equal(bench.own.index.collaterals.end - bench.own.index.collaterals.begin, 163022);
	assert_memory_equal(bench.policy + bench.own.index.common.begin, "[{\"global\":", 11);
	assert_int_equal(bench.own.index.forward.end, 0);
	free(chain);
}

static void the_unit_test_policy_verifies_and_a_peer_of_its_chain_is_no_ca(void **state)
{
	char *policy = read_or_skip(UNIT "policy_v2.json");
	char *chain = read_or_skip(UNIT "cert_chain/policy_issuer_chain.pem");
	char *spaced = kit_format("%s ", policy);

	(void)state;
	assert_int_equal(bench_open(policy, chain), STATUS_OK);
	check_hex(bench.own.signer_digest, 48, "1eb9ef4565ce85bfac654035836218fa0c0e5f5ede13484e9f2fd03d"
		"065ed5ba91cae4ee808b5130873169d95fed9613");
	/* Its intermediate has no BasicConstraints (2.16, last line), the very same blob or not. */
	assert_int_equal(bench_peer(spaced, chain), ERR_POLICY_CHAIN);
	assert_int_equal(bench_peer(policy, chain), ERR_POLICY_CHAIN);
	free(spaced);
	free(chain);
}

/* collaterals.json is the collateral of that policy. */
static void the_unit_test_collateral_has_its_platforms_and_numbers(void **state)
{
	static const uint8_t known[2][6] = {{0x00, 0xc0, 0x6f}, {0x20, 0xc0, 0x6f}};
	char *policy = read_or_skip(UNIT "policy_v2.json");
	char *chain = read_or_skip(UNIT "cert_chain/policy_issuer_chain.pem");
	char *collaterals = read_or_skip(UNIT "collaterals.json");
	uint32_t number;

	(void)state;
	assert_non_null(strstr(policy, collaterals));
	assert_int_equal(bench_open(policy, chain), STATUS_OK);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(collateral_evaluation_number(&bench.own.collateral, known[i], &number),
			STATUS_OK);
	assert_int_equal(number, 5);
	assert_int_equal(collateral_evaluation_number(&bench.own.collateral,
		(const uint8_t *)"\x30\xc0\x6f\0\0", &number), ERR_COLLATERAL_PLATFORM);
	free(collaterals);
	free(chain);
}

/* The string member with the text of another. */
static char *with_member_of(const char *text, const char *member, const char *other)
{
	const char *from = strstr(text, member), *to = strstr(text, other);

	assert_true(from != NULL && to != NULL);
	from = strchr(from, ':') + 2;
	to = strchr(to, ':') + 2;
	return kit_format("%.*s%.*s%s", (int)(from - text), text, (int)strcspn(to, "\""), to,
		from + strcspn(from, "\""));
}

/* Both inner signatures verify with the mapping chain (2.16). */
static void the_unit_test_servtd_collateral_verifies_with_its_mapping_chain(void **state)
{
	struct kit_chain issuer = kit_chain(2, "Policy signer", NULL);
	struct kit_policy p = kit_defaults(&issuer);
	char *collaterals = read_or_skip(UNIT "collaterals.json");
	char *servtd = read_or_skip(UNIT "servtd_collateral.json");
	char *one_chain = with_member_of(servtd, "servtdIdentityIssuerChain",
		"servtdTcbMappingIssuerChain");
	char *forged = kit_replace(one_chain, "\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"OutOfDate\"");
	const char *const texts[] = {servtd, one_chain, forged};
	static const enum status wanted[] = {STATUS_OK, STATUS_OK, ERR_POLICY_SIGNATURE};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char *data = kit_format("{\"id\":\"I\",\"version\":\"2.0\",\"policySvn\":1,\"collaterals\":"
			"%s,\"servtdCollateral\":%s,\"other\":%%s}", collaterals, texts[i]);
		p.data = data;
		char *policy = kit_policy(&p);
		assert_int_equal(bench_own(policy, issuer.pem), wanted[i]);
		free(policy);
		free(data);
	}
	free(forged);
	free(one_chain);
	free(servtd);
	free(collaterals);
	kit_chain_free(&issuer);
}

/* One policy as the own one, the other as a peer's. */
static void a_policy_of_another_signer_verifies_but_is_refused(void **state)
{
	char *template = read_or_skip("config/templates/policy_v2_signed.json");
	char *template_chain = read_or_skip("config/templates/policy_issuer_chain.pem");
	char *unit = read_or_skip(UNIT "policy_v2.json");
	char *unit_chain = read_or_skip(UNIT "cert_chain/policy_issuer_chain.pem");
	enum status status;
	size_t n;

	(void)state;
	assert_int_equal(bench_open(unit, unit_chain), STATUS_OK);
	uint8_t *blob = kit_blob(template, template_chain, &n);
	const struct policy_record *record = bench_feed(blob, n, 700, &status);
	assert_non_null(record);
	assert_int_equal(record->format, STATUS_OK);
	assert_int_equal(record->signature, STATUS_OK);
	assert_int_equal(record->chain, ERR_POLICY_CHAIN);
	assert_int_equal(record->standing, POLICY_PRIVATE);
	policy_record_drop(&bench.store, record);
	free(blob);
	free(template);
	free(template_chain);
	free(unit_chain);
}

/* A peer with the template policy and a space more: the blob differs, all else is the same. */
static void the_template_policy_is_read_as_a_peers_in_any_split(void **state)
{
	char *policy = read_or_skip("config/templates/policy_v2_signed.json");
	char *chain = read_or_skip("config/templates/policy_issuer_chain.pem");
	char *spaced = kit_format("%s\n", policy);
	size_t n;
	uint8_t *blob = kit_blob(spaced, chain, &n);

	(void)state;
	assert_int_equal(bench_open(policy, chain), STATUS_OK);
	for (uint32_t most = 16; most < 400000; most *= 23) {
		enum status status;
		const struct policy_record *record = bench_feed(blob, n, most, &status);
		assert_non_null(record);
		assert_int_equal(record->format, STATUS_OK);
		assert_int_equal(record->signature, STATUS_OK);
		assert_int_equal(record->chain, STATUS_OK);
		assert_int_equal(record->policy_svn, bench.own.record.policy_svn);
		assert_memory_equal(record->mapping, bench.own.record.mapping, sizeof(record->mapping));
		assert_memory_equal(record->level, bench.own.record.level, sizeof(record->level));
		policy_record_drop(&bench.store, record);
	}
	free(blob);
	free(spaced);
	free(chain);
}

/* policyData is the verbatim text of policy_data.json; every byte of it is under the signature. */
static void sampled_flips_of_the_template_policy_are_seen(void **state)
{
	char *policy = read_or_skip("config/templates/policy_v2_signed.json");
	char *chain = read_or_skip("config/templates/policy_issuer_chain.pem");
	char *spaced = kit_format("%s\n", policy);
	const size_t policy_size = strlen(spaced);
	const char *end = spaced;
	size_t n;
	uint8_t *blob = kit_blob(spaced, chain, &n);

	(void)state;
	for (const char *at = spaced; (at = strstr(at, ",\"signature\":")) != NULL; at++)
		end = at;
	assert_int_equal(bench_open(policy, chain), STATUS_OK);
	for (size_t at = 0; at < policy_size; at += 1 + draw(3000)) {
		const uint8_t bit = (uint8_t)(1u << draw(8));
		blob[4 + at] ^= bit;
		const enum status status = bench_verdict(blob, n);
		if (at >= strlen("{\"policyData\":") && spaced + at < end && status == STATUS_OK)
			fail_msg("byte %zu is not covered", at);
		blob[4 + at] ^= bit;
	}
	free(blob);
	free(spaced);
	free(chain);
}

static enum status ignore_data(void *ctx, const struct json_event *e)
{
	enum policy_member member;

	return policy_schema_event(ctx, e, &member);
}

static void the_shipped_parts_fit_the_schema(void **state)
{
	static const struct {
		const char *name;
		enum policy_node node;
		enum status status;
	} rows[] = {
		{UNIT "policy_data.json", NODE_DATA, STATUS_OK},
		{UNIT "policy_v2.json", NODE_ENVELOPE, STATUS_OK},
		{UNIT "collaterals.json", NODE_COLLATERALS, STATUS_OK},
		{UNIT "servtd_collateral.json", NODE_SERVTD_COLLATERAL, STATUS_OK},
		{UNIT "tcb_mapping.json", NODE_MAPPING, STATUS_OK},
		{UNIT "global.json", NODE_GLOBAL, STATUS_OK},
		{"config/templates/policy_v2.json", NODE_DATA, STATUS_OK},
		{"config/templates/servtd_collateral.json", NODE_SERVTD_COLLATERAL, STATUS_OK},
		{"config/templates/td_identity.json", NODE_IDENTITY, STATUS_OK},
		{"config/templates/td_identity_signed.json", NODE_SIGNED_IDENTITY, STATUS_OK},
		{"config/templates/tcb_mapping_signed.json", NODE_SIGNED_MAPPING, STATUS_OK},
		{"config/AzCVMEmu/td_identity.json", NODE_IDENTITY, STATUS_OK},
		{"config/policy.json", NODE_DATA, ERR_POLICY_FORMAT},
		{UNIT "tcb_mapping.json", NODE_IDENTITY, ERR_POLICY_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy_schema schema;
		char *text = read_or_skip(rows[i].name);
		policy_schema_begin(&schema, rows[i].node, false);
		const enum status status = json_parse((uint8_t *)text, strlen(text), ignore_data, &schema);
		if (status != rows[i].status)
			fail_msg("%s: %s", rows[i].name, status_name(status));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_template_policy_verifies_with_its_reference_values),
		cmocka_unit_test(the_unit_test_policy_verifies_and_a_peer_of_its_chain_is_no_ca),
		cmocka_unit_test(the_unit_test_collateral_has_its_platforms_and_numbers),
		cmocka_unit_test(the_unit_test_servtd_collateral_verifies_with_its_mapping_chain),
		cmocka_unit_test(a_policy_of_another_signer_verifies_but_is_refused),
		cmocka_unit_test(the_template_policy_is_read_as_a_peers_in_any_split),
		cmocka_unit_test(sampled_flips_of_the_template_policy_are_seen),
		cmocka_unit_test(the_shipped_parts_fit_the_schema),
	};

	return cmocka_run_group_tests(tests, bench_setup, NULL);
}
