/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* migmem as a user meets it: real Migration TDs, emulated hosts, and every way a run can end. */
#include "migmem_run.h"

#include "pki/pki.h"

/* --- runs that pass ------------------------------------------------------------------------ */

static void two_sessions_pass_with_all_fields_of_the_contract(void **state)
{
	static const char *const numbers[] = {"stack_peak", "stack_size", "heap_peak",
		"heap_requested_peak", "heap_size", "shared_peak", "shared_size", "private_copies",
		"static_data", "config_bytes"};
	static const char *const roles[] = {"src", "dst"};
	AUTO_TEXT json = temp_path("two.json");

	(void)state;
	assert_int_equal(RUN("--sessions", "2", "--json", json), 0);
	AUTO_JSON result = read_result("two.json");
	const json_t *config = json_object_get(result, "config");
	assert_string_equal(json_string_value(json_object_get(result, "schema")), "migmem-1");
	assert_true(json_is_string(json_object_get(result, "git")));
	assert_true(json_is_string(json_object_get(result, "compiler")));
	assert_int_equal(number_at(config, "sessions"), 2);
	assert_int_equal(number_at(config, "policy_bytes"), 172021);
	assert_string_equal(json_string_value(json_object_get(config, "attestation")), "spdm");
	for (size_t r = 0; r < 2; r++) {
		const json_t *role = json_object_get(json_object_get(result, "roles"), roles[r]);
		for (size_t i = 0; i < COUNT_OF(numbers); i++)
			assert_true(number_at(role, numbers[i]) > 0);
		assert_true(number_at(role, "stack_peak") < number_at(role, "stack_size"));
		assert_true(number_at(role, "heap_peak") < number_at(role, "heap_size"));
		assert_true(json_object_size(json_object_get(role, "by_tag")) > 0);
		assert_true(json_object_size(json_object_get(role, "by_phase")) > 0);
		/* The build knows the bound when gcc tells its call graph. */
		const json_t *bound = json_object_get(role, "stack_static_bound");
		assert_non_null(bound);
		if (!json_is_null(bound)) {
			assert_true(json_integer_value(json_object_get(role, "stack_peak")) <=
				json_integer_value(bound));
			assert_true(json_integer_value(bound) <=
				json_integer_value(json_object_get(role, "stack_size")));
		}
		/* Both were held at the same moment, each with memory of its own. */
		const json_t *sessions = json_object_get(role, "by_session");
		assert_int_equal(json_array_size(sessions), 2);
		for (size_t i = 0; i < 2; i++) {
			assert_true(
				json_is_true(json_object_get(json_array_get(sessions, i), "held")));
			assert_true(number_at(json_array_get(sessions, i), "heap") > 0);
		}
	}
	const json_t *sessions = json_object_get(result, "sessions");
	assert_int_equal(json_array_size(sessions), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *s = json_array_get(sessions, i);
		assert_int_equal(number_at(s, "id"), i + 1);
		assert_int_equal(number_at(s, "src_status"), 0);
		assert_int_equal(number_at(s, "dst_status"), 0);
		assert_true(json_is_true(json_object_get(s, "msk_match")));
		assert_true(number_at(s, "ms") > 0);
	}
	assert_output("MSK exchange completed: 2 times");
	assert_output("max stack usage: ");
	assert_output("max heap usage: ");
	assert_nothing_is_left();
}

static void more_sessions_need_more_heap_and_rounds_need_none(void **state)
{
	AUTO_TEXT one = temp_path("one.json");
	AUTO_TEXT three = temp_path("three.json");
	json_int_t heap[2];

	(void)state;
	assert_int_equal(RUN("--sessions", "1", "--json", one), 0);
	assert_int_equal(
		RUN("--sessions", "3", "--rounds", "3", "--seed", "7", "--json", three), 0);
	for (size_t i = 0; i < 2; i++) {
		AUTO_JSON result = read_result(i == 0 ? "one.json" : "three.json");
		heap[i] = number_at(
			json_object_get(json_object_get(result, "roles"), "dst"), "heap_peak");
		assert_int_equal(number_at(result, "growth"), 0);
		assert_int_equal(number_at(result, "leaked"), 0);
	}
	assert_true(heap[1] > heap[0]);
	assert_nothing_is_left();
}

static void every_phase_can_hold_all_sessions(void **state)
{
	(void)state;
	assert_int_equal(RUN("--sessions", "2", "--hold", "all"), 0);
	assert_output("barrier after connect: src 2 held, 0 queued; dst 2 held, 0 queued");
	assert_output("barrier after end:");
	assert_nothing_is_left();
}

static void distinct_policies_cost_a_record_for_each_session(void **state)
{
	AUTO_TEXT json = temp_path("distinct.json");
	AUTO_TEXT same_json = temp_path("same.json");

	(void)state;
	assert_int_equal(RUN("--sessions", "2", "--policies", "distinct", "--json", json), 0);
	assert_int_equal(RUN("--sessions", "2", "--policies", "same", "--json", same_json), 0);
	AUTO_JSON result = read_result("distinct.json");
	AUTO_JSON same = read_result("same.json");
	static const char *const roles[] = {"src", "dst"};
	for (size_t r = 0; r < 2; r++)
		assert_true(number_at(json_object_get(json_object_get(result, "roles"), roles[r]),
				    "heap_peak") >
			    number_at(json_object_get(json_object_get(same, "roles"), roles[r]),
				    "heap_peak"));
	/* Both passes' sessions are listed, each with the role it was measured for. */
	const json_t *sessions = json_object_get(result, "sessions");
	assert_int_equal(json_array_size(sessions), 4);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(sessions, 3), "measured")), "dst");
	assert_nothing_is_left();
}

static void migration_tds_are_source_and_destination_at_once(void **state)
{
	static const char *const transports[] = {"vsock", "vmcall-raw"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(transports); i++) {
		assert_int_equal(RUN("--roles", "both", "--sessions", "5", "--hold", "all",
					 "--transport", transports[i]),
			0);
		assert_output("barrier after connect: a 5 held, 0 queued; b 5 held, 0 queued");
		/* More than there are work slots, and nothing that sets them in order. */
		assert_int_equal(RUN("--roles", "both", "--sessions", "32", "--hold", "none",
					 "--transport", transports[i]),
			0);
		assert_output("32 source and 32 destination sessions completed");
		assert_nothing_is_left();
	}
}

static void both_roles_have_a_peer_for_each_different_policy(void **state)
{
	AUTO_TEXT json = temp_path("both.json");

	(void)state;
	assert_int_equal(RUN("--roles", "both", "--sessions", "3", "--policies", "distinct",
				 "--json", json),
		0);
	AUTO_JSON result = read_result("both.json");
	const json_t *sessions = json_object_get(result, "sessions");
	assert_int_equal(json_array_size(sessions), 6);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(sessions, 5), "measured")), "b");
	assert_nothing_is_left();
}

static void policy_v1_runs_without_records(void **state)
{
	static const char *const policies[] = {"same", "distinct"}, *const roles[] = {"src", "dst"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(policies); i++) {
		AUTO_TEXT json = temp_path("v1.json");
		assert_int_equal(RUN("--policy", "v1", "--policies", policies[i], "--json", json), 0);
		AUTO_JSON result = read_result("v1.json");
		const json_t *config = json_object_get(result, "config");
		assert_string_equal(json_string_value(json_object_get(config, "policy")), "v1");
		assert_int_equal(number_at(config, "policy_bytes"), 48893);
		for (size_t r = 0; r < 2; r++) {
			const json_t *role =
				json_object_get(json_object_get(result, "roles"), roles[r]);
			const json_t *records = json_object_get(
				json_object_get(role, "by_tag"), "MEM_RECORD");
			assert_int_equal(number_at(records, "reserved"), 0);
		}
	}
	assert_nothing_is_left();
}

static void a_given_hierarchy_and_policy_are_used(void **state)
{
	const struct pki_options options = {
		.platforms = 8,
		.host_count = 2,
		.hosts = {{.name = "a"}, {.name = "b"}},
	};
	AUTO_TEXT pki = temp_path("given");
	AUTO_TEXT json = temp_path("given.json");

	(void)state;
	assert_int_equal(pki_generate(&options, pki), TOOL_OK);
	assert_int_equal(
		RUN("--sessions", "1", "--pki", pki, "--policy-size", "100000", "--json", json), 0);
	AUTO_JSON result = read_result("given.json");
	assert_int_equal(number_at(json_object_get(result, "config"), "policy_bytes"), 100000);
}

/* --- runs that fail ------------------------------------------------------------------------ */

static void a_revoked_peer_fails_with_its_result_and_reason(void **state)
{
	const struct pki_options options = {
		.platforms = 32,
		.host_count = 2,
		.hosts = {{.name = "a"}, {.name = "b", .revoked = true}},
	};
	AUTO_TEXT pki = temp_path("revoked");
	AUTO_TEXT json = temp_path("revoked.json");

	(void)state;
	assert_int_equal(pki_generate(&options, pki), TOOL_OK);
	assert_int_equal(RUN("--sessions", "1", "--pki", pki, "--json", json), 1);
	AUTO_JSON result = read_result("revoked.json");
	const json_t *s = json_array_get(json_object_get(result, "sessions"), 0);
	assert_int_not_equal(number_at(s, "src_status"), 0);
	assert_false(json_is_true(json_object_get(s, "msk_match")));
	assert_true(json_is_false(json_object_get(result, "passed")));
	assert_output("session 1: src ended with result");
	assert_output("FAILED");
	assert_nothing_is_left();
}

static void quotes_that_are_garbage_fail_every_session(void **state)
{
	(void)state;
	assert_int_equal(RUN("--sessions", "2", "--fault", "quote-garbage"), 1);
	assert_output("session 1: src ended with result 7");
	assert_output("session 2: src ended with result 7");
	assert_nothing_is_left();
}

static void a_migration_td_that_does_not_start_is_named_with_its_words(void **state)
{
	(void)state;
	assert_int_equal(RUN("--fault", "debug-attributes"), 1);
	assert_output("0-migtd-src ended with status");
	assert_nothing_is_left();
}

static void a_wait_in_vain_ends_and_says_who_is_missing(void **state)
{
	(void)state;
	assert_int_equal(RUN("--sessions", "1", "--fault", "report-status-fail", "--wait", "1"), 1);
	assert_output("session 1: src did not end");
	assert_nothing_is_left();
}

static void a_heap_without_room_for_all_is_a_failure(void **state)
{
	(void)state;
	assert_int_equal(RUN("--sessions", "40", "--heap", "128K", "--wait", "5"), 1);
	assert_output("FAILED");
	assert_nothing_is_left();
}

static void wrong_usage_exits_2(void **state)
{
	(void)state;
	assert_int_equal(RUN("--sessions", "0"), 2);
	assert_int_equal(RUN("--sessions", "x"), 2);
	assert_int_equal(RUN("--hold", "nowhere"), 2);
	assert_output("--hold: 'nowhere' is not one of all, none, connect, ");
	assert_int_equal(RUN("--hold", "report"), 2);
	assert_int_equal(RUN("--policy", "v3"), 2);
	assert_output("--policy: 'v3' is not one of v1, v2");
	assert_int_equal(RUN("--roles", "neither"), 2);
	assert_int_equal(RUN("--policy", "v1", "--policy-file", "x"), 2);
	assert_int_equal(RUN("--policy", "v1", "--policy-issuer-chain", "x"), 2);
	assert_int_equal(RUN("--policy-file", "x"), 2);
	assert_int_equal(RUN("--migtd", "/nowhere/migtd"), 2);
	assert_output("/nowhere/migtd");
	assert_int_equal(RUN("--json", "/nowhere/run.json"), 2);
	assert_output("/nowhere/run.json: cannot write: No such file or directory");
	assert_int_equal(RUN("--report", "/dev/null/report"), 2);
	assert_output("/dev/null/report: cannot make the folder: Not a directory");
	assert_int_equal(RUN("--policies", "distinct", "--sessions", "257"), 2);
	assert_output("must be 1 to 256 with different policies");
	assert_nothing_is_left();
}

/* --- runs that are ended from outside ------------------------------------------------------ */

/* Long enough under way to be interrupted: its quotes never come. */
static pid_t start_endless(void)
{
	unlink(output);
	const pid_t pid = start(
		(const char *const[]){"run", "--sessions", "2", "--fault", "quote-never", NULL});
	wait_for_output("barrier after key-exchange");
	assert_int_equal(processes("migtd-src", pid, NULL), 1);
	return pid;
}

static void interrupted_runs_leave_nothing_behind(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(signals); i++) {
		const pid_t pid = start_endless();
		kill(pid, signals[i]);
		assert_int_equal(finish(pid), 1);
		assert_output("interrupted");
		assert_nothing_is_left();
	}
}

static void a_killed_migration_td_ends_the_run(void **state)
{
	pid_t victim = 0;

	(void)state;
	const pid_t pid = start_endless();
	assert_int_equal(processes("migtd-dst", pid, &victim), 1);
	kill(victim, SIGKILL);
	assert_int_equal(finish(pid), 1);
	assert_output("0-migtd-dst was ended by signal 9");
	assert_nothing_is_left();
}

static void children_die_with_a_migmem_that_was_killed(void **state)
{
	const time_t until = time(NULL) + LIMIT_S;
	int status;

	(void)state;
	const pid_t pid = start_endless();
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	while (processes("", 0, NULL) != 0) {
		assert_true(time(NULL) < until);
		pause_a_little();
	}
	folder_remove(private_tmp);
	assert_int_equal(folder_make(private_tmp), TOOL_OK);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_sessions_pass_with_all_fields_of_the_contract),
		cmocka_unit_test(more_sessions_need_more_heap_and_rounds_need_none),
		cmocka_unit_test(every_phase_can_hold_all_sessions),
		cmocka_unit_test(distinct_policies_cost_a_record_for_each_session),
		cmocka_unit_test(migration_tds_are_source_and_destination_at_once),
		cmocka_unit_test(both_roles_have_a_peer_for_each_different_policy),
		cmocka_unit_test(policy_v1_runs_without_records),
		cmocka_unit_test(a_given_hierarchy_and_policy_are_used),
		cmocka_unit_test(a_revoked_peer_fails_with_its_result_and_reason),
		cmocka_unit_test(quotes_that_are_garbage_fail_every_session),
		cmocka_unit_test(a_migration_td_that_does_not_start_is_named_with_its_words),
		cmocka_unit_test(a_wait_in_vain_ends_and_says_who_is_missing),
		cmocka_unit_test(a_heap_without_room_for_all_is_a_failure),
		cmocka_unit_test(wrong_usage_exits_2),
		cmocka_unit_test(interrupted_runs_leave_nothing_behind),
		cmocka_unit_test(a_killed_migration_td_ends_the_run),
		cmocka_unit_test(children_die_with_a_migmem_that_was_killed),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
