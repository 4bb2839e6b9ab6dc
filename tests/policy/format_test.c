/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The schema, the signatures and the limits of a policy: each row is re-signed and must get its verdict. */
#include "bench.h"

static struct kit_chain chain;
static char *own_text;

#define H48 "0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20" \
	"2122232425262728292A2B2C2D2E2F30"
#define LEVEL "{\"tcb\":{\"isvsvn\":1},\"tcbDate\":\"2024-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}"
#define MAPPING "{\"tdMeasurements\":{\"mrtd\":\"" H48 "\",\"rtmr0\":\"" H48 "\",\"rtmr1\":\"" H48 \
	"\"},\"isvsvn\":7}"
#define IDENTITY "{\"id\":\"A\",\"version\":1,\"issueDate\":\"d\",\"nextUpdate\":\"d\"," \
	"\"tcbEvaluationNumber\":1,\"xfam\":\"\",\"attributes\":\"\",\"mrConfigId\":\"\"," \
	"\"mrOwner\":\"\",\"mrOwnerConfig\":\"\",\"mrsigner\":\"\",\"isvProdId\":1,\"tcbLevels\":[" \
	LEVEL "]}"
#define MAPPINGS "{\"id\":\"B\",\"issueDate\":\"d\",\"isvProdId\":1,\"mrSigner\":\"\"," \
	"\"nextUpdate\":\"d\",\"svnMappings\":[" MAPPING "],\"version\":1}"
#define BLOCKS "[{\"global\":{\"tcb\":{\"tcbDate\":{\"operation\":\"equal\",\"reference\":\"x\"}," \
	"\"tcbStatusAccepted\":null},\"platform\":{\"fmspc\":{\"operation\":\"any\"," \
	"\"reference\":[\"a\",\"b\"]}},\"crl\":null}},{\"servtd\":{\"migtdIdentity\":{\"isvsvn\":" \
	"{\"operation\":\"equal\",\"reference\":4294967295}}}},{\"global\":{}}]"
#define DATA "{\"id\":\"I\",\"version\":\"2.0\",\"policySvn\":1,\"policy\":" BLOCKS \
	",\"forwardPolicy\":null,\"backwardPolicy\":[],\"collaterals\":{\"majorVersion\":1," \
	"\"minorVersion\":0,\"teeType\":129,\"rootCa\":\"\",\"pckCrlIssuerChain\":\"\"," \
	"\"rootCaCrl\":\"\",\"pckCrl\":\"\",\"qeIdentityIssuerChain\":\"\",\"qeIdentity\":\"\"," \
	"\"platforms\":[{\"fmspc\":\"00C06F000000\",\"tcbInfoIssuerChain\":\"\",\"tcbInfo\":\"\"}]}," \
	"\"servtdCollateral\":%s}"

static int setup(void **state)
{
	bench_setup(state);
	chain = kit_chain(3, "Policy signer", NULL);
	const struct kit_policy p = kit_defaults(&chain);
	own_text = kit_policy(&p);
	assert_int_equal(bench_open(kit_format("%s", own_text), chain.pem), STATUS_OK);
	return 0;
}

/* The verdict on a policy as the own one and as a peer's must be the same. */
static enum status verdict(const char *text)
{
	const enum status own = bench_own(text, chain.pem);
	const enum status peer = bench_peer(text, chain.pem);

	if (own != peer)
		fail_msg("own %s, peer %s", status_name(own), status_name(peer));
	return own;
}

static enum status policy_verdict(const struct kit_policy *p)
{
	char *text = kit_policy(p);
	const enum status status = verdict(text);

	free(text);
	return status;
}

/* One replacement in one of the texts. */
struct row {
	const char *from, *to;
	enum status status;
};

static void judge_rows(const struct row *rows, size_t n, const char *text, size_t member_offset)
{
	for (size_t i = 0; i < n; i++) {
		struct kit_policy p = kit_defaults(&chain);
		char *changed = kit_replace(text, rows[i].from, rows[i].to);
		*(const char **)((char *)&p + member_offset) = changed;
		const enum status status = policy_verdict(&p);
		if (status != rows[i].status)
			fail_msg("%s -> %s: %s", rows[i].from, rows[i].to, status_name(status));
		free(changed);
	}
}

#define FORMAT ERR_POLICY_FORMAT

static void policy_data_is_held_to_its_schema(void **state)
{
	static const struct row rows[] = {
		{"\"id\"", "\"id\"", STATUS_OK},
		{"\"id\":\"I\"", "\"id\":\"\"", FORMAT},
		{"\"id\":\"I\",", "", FORMAT},
		{"\"id\":\"I\"", "\"id\":null", FORMAT},
		{"\"id\":\"I\"", "\"id\":1", FORMAT},
		{"\"id\":\"I\"", "\"id\":\"I\",\"id\":\"I\"", FORMAT},
		{"\"id\":\"I\"", "\"id\":\"I\",\"i\\u0064\":\"I\"", FORMAT},
		{"\"id\":\"I\"", "\"\\u0069d\":\"I\"", STATUS_OK},
		{"\"id\":\"I\"", "\"id\":\"I\",\"ID\":1,\"ID\":{\"id\":[{}]}", STATUS_OK},
		{"\"id\":\"I\"", "\"id\":\"I\",\"x\":[[1,{\"a\":null}],true]", STATUS_OK},
		{"\"2.0\"", "\"2.1\"", FORMAT},
		{"\"2.0\"", "\"2.00\"", FORMAT},
		{"\"2.0\"", "\"\"", FORMAT},
		{"\"2.0\"", "2.0", FORMAT},
		{"\"policySvn\":1", "\"policySvn\":4294967295", STATUS_OK},
		{"\"policySvn\":1", "\"policySvn\":4294967296", FORMAT},
		{"\"policySvn\":1", "\"policySvn\":18446744073709551617", FORMAT},
		{"\"policySvn\":1", "\"policySvn\":-1", FORMAT},
		{"\"policySvn\":1", "\"policySvn\":-0", FORMAT},
		{"\"policySvn\":1", "\"policySvn\":1.0", FORMAT},
		{"\"policySvn\":1", "\"policySvn\":\"1\"", FORMAT},
		{"\"policySvn\":1", "\"policySvn\":1,\"policySvn\":2", FORMAT},
		{"\"policySvn\":1,", "", FORMAT},
		{"\"forwardPolicy\":null,", "", STATUS_OK},
		{"\"forwardPolicy\":null", "\"forwardPolicy\":{}", FORMAT},
		{"\"forwardPolicy\":null", "\"forwardPolicy\":[null]", FORMAT},
		{"\"forwardPolicy\":null", "\"forwardPolicy\":[[]]", FORMAT},
		{"\"forwardPolicy\":null", "\"forwardPolicy\":[{}]", FORMAT},
		{"\"forwardPolicy\":null", "\"forwardPolicy\":[{\"local\":{}}]", FORMAT},
		{"\"forwardPolicy\":null", "\"forwardPolicy\":null,\"forwardPolicy\":[]", FORMAT},
		{"{\"global\":{}}", "{\"global\":null}", FORMAT},
		{"{\"global\":{}}", "{\"global\":{},\"x\":1}", FORMAT},
		{"{\"global\":{}}", "{\"global\":{},\"servtd\":{\"migtdIdentity\":{}}}", FORMAT},
		{"{\"global\":{}}", "{\"global\":{\"x\":1}}", STATUS_OK},
		{"{\"global\":{}}", "{\"servtd\":{\"migtdIdentity\":{}}}", STATUS_OK},
		{"{\"global\":{}}", "{\"servtd\":{}}", FORMAT},
		{"{\"global\":{}}", "{\"servtd\":{\"migtdIdentity\":null}}", FORMAT},
		{"\"tcbStatusAccepted\":null", "\"tcbDate\":null", FORMAT},
		{"\"crl\":null", "\"crl\":null,\"crl\":null", FORMAT},
		{"\"crl\":null", "\"crl\":{\"pckCrlNum\":{\"operation\":\"o\"}}", FORMAT},
		{"\"crl\":null", "\"crl\":{\"pckCrlNum\":{\"reference\":1}}", FORMAT},
		{"\"crl\":null", "\"crl\":{\"pckCrlNum\":{}}", FORMAT},
		{"\"crl\":null", "\"crl\":{\"pckCrlNum\":{\"operation\":null,\"reference\":1}}", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":null", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":true", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":{}", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":-1", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":1.5", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":4294967296", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":4294967295", STATUS_OK},
		{"\"reference\":\"x\"", "\"reference\":[]", STATUS_OK},
		{"\"reference\":\"x\"", "\"reference\":[1,2]", STATUS_OK},
		{"\"reference\":\"x\"", "\"reference\":[1,\"2\"]", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":[\"1\",2]", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":[4294967296]", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":[null]", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":[[1]]", FORMAT},
		{"\"reference\":\"x\"", "\"reference\":1,\"reference\":1", FORMAT},
		{"\"collaterals\"", "\"collateral\"", FORMAT},
		{"\"majorVersion\":1", "\"majorVersion\":65536", FORMAT},
		{"\"majorVersion\":1", "\"majorVersion\":65535", STATUS_OK},
		{"\"teeType\":129,", "", FORMAT},
		{"\"qeIdentity\":\"\"", "\"qeIdentity\":{}", FORMAT},
		{"\"rootCa\":\"\",", "", FORMAT},
		{"\"tcbInfo\":\"\"", "\"tcbInfo\":null", FORMAT},
		{"\"fmspc\":\"00C06F000000\",", "", FORMAT},
		{"\"platforms\":[", "\"platforms\":[1,", FORMAT},
		{"\"servtdCollateral\":%s", "\"servtdCollateral\":null,\"other\":%s", FORMAT},
		{"\"servtdCollateral\":%s", "\"servtdCollateral\":%s,\"servtdCollateral\":{}", FORMAT},
		{DATA, "[%s]", FORMAT},
		{"\"id\":\"I\"", "\"id\":\"I\",\"deep\":[[[[[[[[[[[[[[1]]]]]]]]]]]]]]", STATUS_OK},
		{"\"id\":\"I\"", "\"id\":\"I\",\"deep\":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]", ERR_JSON_DEPTH},
		{"\"id\":\"I\"", "\"id\":\"I\xff\"", ERR_JSON},
		{"\"id\":\"I\"", "\"id\":\"I\",", ERR_JSON},
	};

	(void)state;
	judge_rows(rows, ARRAY_SIZE(rows), DATA, offsetof(struct kit_policy, data));
}

static void the_identity_is_held_to_its_schema(void **state)
{
	static const struct row rows[] = {
		{"\"id\"", "\"id\"", STATUS_OK},
		{"\"id\":\"A\",", "", FORMAT},
		{"\"version\":1,", "", FORMAT},
		{"\"mrsigner\"", "\"mrSigner\"", FORMAT},
		{"\"isvProdId\":1", "\"isvProdId\":65536", FORMAT},
		{"\"xfam\":\"\"", "\"xfam\":0", FORMAT},
		{"\"tcbLevels\":[", "\"tcbLevels\":[1,", FORMAT},
		{"\"tcbLevels\":[" LEVEL "]", "\"tcbLevels\":[]", STATUS_OK},
		{"\"tcbLevels\":[" LEVEL "]", "\"tcbLevels\":null", FORMAT},
		{"\"isvsvn\":1", "\"isvsvn\":65535", STATUS_OK},
		{"\"isvsvn\":1", "\"isvsvn\":65536", FORMAT},
		{"\"isvsvn\":1", "\"isvsvn\":1,\"isvsvn\":1", FORMAT},
		{"{\"isvsvn\":1}", "{}", FORMAT},
		{"{\"isvsvn\":1}", "1", FORMAT},
		{",\"tcbStatus\":\"UpToDate\"", "", FORMAT},
		{"\"UpToDate\"", "\"Whatever\"", STATUS_OK},
		{"\"2024-01-01T00:00:00Z\"", "\"\"", STATUS_OK},
		{"\"2024-01-01T00:00:00Z\"", "\"2024-01-01T00:00:00ZZ\"", ERR_POLICY_LIMIT},
		{"\"issueDate\":\"d\"", "\"issueDate\":\"a date as long as one likes it to be\"", STATUS_OK},
	};

	(void)state;
	judge_rows(rows, ARRAY_SIZE(rows), IDENTITY, offsetof(struct kit_policy, identity_text));
}

static void the_mapping_is_held_to_its_schema(void **state)
{
	static const struct row rows[] = {
		{"\"id\"", "\"id\"", STATUS_OK},
		{"\"id\":\"B\",", "", FORMAT},
		{"\"mrSigner\"", "\"mrsigner\"", FORMAT},
		{"\"svnMappings\":[" MAPPING "]", "\"svnMappings\":[]", STATUS_OK},
		{"\"svnMappings\":[", "\"svnMappings\":[null,", FORMAT},
		{"\"mrtd\":\"" H48 "\",", "", FORMAT},
		{"\"mrtd\":\"" H48 "\"", "\"mrtd\":null", FORMAT},
		{"\"mrtd\":\"" H48 "\"", "\"mrtd\":\"short\"", STATUS_OK},
		{"\"rtmr1\":\"", "\"rtmr2\":null,\"rtmr1\":\"", STATUS_OK},
		{"\"rtmr1\":\"", "\"rtmr2\":7,\"rtmr1\":\"", FORMAT},
		{"\"rtmr1\":\"", "\"rtmr3\":\"\",\"rtmr3\":null,\"rtmr1\":\"", FORMAT},
		{",\"isvsvn\":7", "", FORMAT},
		{"\"isvsvn\":7", "\"isvsvn\":70000", FORMAT},
	};

	(void)state;
	judge_rows(rows, ARRAY_SIZE(rows), MAPPINGS, offsetof(struct kit_policy, mapping_text));
}

static void the_envelope_is_held_to_its_schema(void **state)
{
	static const struct row rows[] = {
		{"{\"policyData\"", "{\"x\":{},\"policyData\"", STATUS_OK},
		{"{\"policyData\"", " \n{\"policyData\"", STATUS_OK},
		{"{\"policyData\"", "{\"policy\"", FORMAT},
		{"{\"policyData\"", "{\"signature\":\"30\",\"policyData\"", FORMAT},
		{"{\"policyData\"", "{\"policyData\":{},\"policyData\"", FORMAT},
		{"{\"policyData\"", "[\"policyData\"", ERR_POLICY_FORMAT},
		{"{\"policyData\"", "{,\"policyData\"", ERR_JSON},
		{"{\"policyData\"", "\xef\xbb\xbf{\"policyData\"", ERR_JSON},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *text = kit_replace(own_text, rows[i].from, rows[i].to);
		assert_int_equal(verdict(text), rows[i].status);
		free(text);
	}
	char *text = kit_format("%s \n", own_text);
	assert_int_equal(verdict(text), STATUS_OK);
	free(text);
	text = kit_format("%s{}", own_text);
	assert_int_equal(verdict(text), ERR_JSON);
	free(text);
	assert_int_equal(verdict("{}"), ERR_POLICY_FORMAT);
	assert_int_equal(verdict(" "), ERR_JSON);
}

/* A NUL behind the document is no white space (policy spec 2.2). */
static void a_trailing_nul_is_refused(void **state)
{
	const size_t n = strlen(own_text);
	struct policy_own *own = malloc(sizeof(*own));

	(void)state;
	assert_int_equal(policy_own_open(own, &bench.scratch, (uint8_t *)own_text, n + 1,
		(uint8_t *)chain.pem, strlen(chain.pem)), ERR_JSON);
	assert_int_equal(policy_own_open(own, &bench.scratch, (uint8_t *)own_text, 0,
		(uint8_t *)chain.pem, strlen(chain.pem)), ERR_POLICY_FORMAT);
	assert_int_equal(policy_own_open(own, &bench.scratch, (uint8_t *)own_text, n,
		(uint8_t *)chain.pem, 0), ERR_POLICY_FORMAT);
	assert_int_equal(policy_own_open(own, &bench.scratch, (uint8_t *)own_text, POLICY_BLOB_MAX,
		(uint8_t *)chain.pem, strlen(chain.pem)), ERR_POLICY_LIMIT);
	free(own);
}

static void member_order_and_white_space_do_not_matter(void **state)
{
	struct kit_policy p = kit_defaults(&chain);

	(void)state;
	p.mappings = MAPPING;
	for (unsigned i = 0; i < 8; i++) {
		p.chains_first = i & 1;
		p.spaces = i >> 1 & 1;
		p.lower_case = i >> 2 & 1;
		p.svn = 2 + i;
		assert_int_equal(policy_verdict(&p), STATUS_OK);
	}
}

static void each_signature_must_be_of_its_own_chain(void **state)
{
	struct kit_chain other = kit_chain_under(&chain, 3, "Policy signer", NULL);
	const struct kit_chain **signer[3];
	struct kit_policy p = kit_defaults(&chain);

	(void)state;
	signer[0] = &p.issuer;
	signer[1] = &p.identity;
	signer[2] = &p.mapping;
	/* Right keys, but the chain that comes with the value is another one. */
	struct kit_chain crossed = chain;
	crossed.certificate[0] = other.certificate[0];
	for (size_t i = 0; i < 3; i++) {
		*signer[i] = &crossed;
		assert_int_equal(policy_verdict(&p), ERR_POLICY_SIGNATURE);
		*signer[i] = &other;
		char *text = kit_policy(&p);
		assert_int_equal(bench_peer(text, i == 0 ? other.pem : chain.pem), STATUS_OK);
		free(text);
		*signer[i] = &chain;
	}
	kit_chain_free(&other);
}

static void signatures_that_are_no_hex_or_no_der_are_refused(void **state)
{
	static const char *const signatures[] = {
		"", "3", "30", "3000", "ZZ", "3006020101020101FF", "3006020100020101", "3006020101020100",
		"30060201FF020101", "300602010102010", "30070202000102010100", "3080020101020101",
		"\\u00333006020101020101",
	};
	const struct kit_policy p = kit_defaults(&chain);
	char *text = kit_policy(&p);

	(void)state;
	for (unsigned document = 0; document < 3; document++) {
		/* In the text: identity, mapping, envelope. */
		char *at = text;
		for (unsigned i = 0; i <= document; i++)
			at = strstr(at, "\"signature\":\"") + strlen("\"signature\":\"");
		for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
			char *changed = kit_format("%.*s%s%s", (int)(at - text), text, signatures[i],
				strchr(at, '"'));
			assert_int_equal(verdict(changed), ERR_POLICY_SIGNATURE);
			free(changed);
		}
		/* One digit more than the longest signature. */
		char *changed = kit_format("%.*s%0210d%s", (int)(at - text), text, 0, strchr(at, '"'));
		assert_int_equal(verdict(changed), ERR_POLICY_SIGNATURE);
		free(changed);
	}
	free(text);
}

static char *repeat(const char *element, unsigned n)
{
	char *list = kit_format("%s", element);

	for (unsigned i = 1; i < n; i++) {
		char *longer = kit_format("%s,%s", list, element);
		free(list);
		list = longer;
	}
	return list;
}

static void sixteen_levels_and_mappings_are_taken_and_no_more(void **state)
{
	(void)state;
	for (unsigned n = 16; n <= 17; n++) {
		const enum status wanted = n == 16 ? STATUS_OK : ERR_POLICY_LIMIT;
		struct kit_policy p = kit_defaults(&chain);
		char *list = repeat(MAPPING, n);
		p.mappings = list;
		assert_int_equal(policy_verdict(&p), wanted);
		free(list);
		p = kit_defaults(&chain);
		p.levels = list = repeat(LEVEL, n);
		assert_int_equal(policy_verdict(&p), wanted);
		free(list);
	}
}

static void malformed_policies_of_known_issuers_cost_no_verification(void **state)
{
	struct kit_policy p = kit_defaults(&chain);
	char *data = kit_replace(DATA, "\"version\":\"2.0\",", "");

	(void)state;
	p.data = data;
	char *text = kit_policy(&p);
	const uint64_t before = bench_verifications();
	assert_int_equal(bench_peer(text, chain.pem), ERR_POLICY_FORMAT);
	assert_int_equal(bench_verifications(), before);
	free(text);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_data_is_held_to_its_schema),
		cmocka_unit_test(the_identity_is_held_to_its_schema),
		cmocka_unit_test(the_mapping_is_held_to_its_schema),
		cmocka_unit_test(the_envelope_is_held_to_its_schema),
		cmocka_unit_test(a_trailing_nul_is_refused),
		cmocka_unit_test(member_order_and_white_space_do_not_matter),
		cmocka_unit_test(each_signature_must_be_of_its_own_chain),
		cmocka_unit_test(signatures_that_are_no_hex_or_no_der_are_refused),
		cmocka_unit_test(sixteen_levels_and_mappings_are_taken_and_no_more),
		cmocka_unit_test(malformed_policies_of_known_issuers_cost_no_verification),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
