/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * migmem --target inproc: the same twice, as the processes are where both can be had, and as
 * strict.  Sanitizer builds run it too, without processes and without a stack of the MigTD's own.
 */
#include "migmem_run.h"

#include "pki/pki.h"

#define STACK_OF_THE_PORT 128

static bool has_processes;
static char *pki;

static const char *const roles[] = {"src", "dst"};

static int make_hierarchy(void **state)
{
	const struct pki_options options = {
		.platforms = 32,
		.host_count = 2,
		.hosts = {{.name = "a"}, {.name = "b"}},
	};

	if (make_folders(state) != 0)
		return 1;
	pki = temp_path("pki");
	return pki_generate(&options, pki);
}

static int remove_hierarchy(void **state)
{
	free(pki);
	return remove_folders(state);
}

#define INPROC(...) RUN("--target", "inproc", "--pki", pki, __VA_ARGS__)

static const json_t *role_of(const json_t *result, size_t role)
{
	return json_object_get(json_object_get(result, "roles"), roles[role]);
}

/* --- the same twice ------------------------------------------------------------------------ */

static void assert_same_bytes(const char *a, const char *b, bool same)
{
	AUTO_TEXT path_a = temp_path(a);
	AUTO_TEXT path_b = temp_path(b);
	AUTO_BLOB one = {0};
	AUTO_BLOB other = {0};

	assert_int_equal(file_read(path_a, &one), TOOL_OK);
	assert_int_equal(file_read(path_b, &other), TOOL_OK);
	assert_int_equal(one.size == other.size && memcmp(one.data, other.data, one.size) == 0,
		same);
}

static void two_runs_with_one_seed_give_the_same_bytes(void **state)
{
	static const char *const names[] = {"seven.json", "again.json", "eight.json"};
	static const char *const seeds[] = {"7", "7", "8"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		AUTO_TEXT json = temp_path(names[i]);
		assert_int_equal(INPROC("--sessions", "8", "--hold", "all", "--seed", seeds[i],
					 "--json", json),
			0);
	}
	assert_same_bytes("seven.json", "again.json", true);
	assert_same_bytes("seven.json", "eight.json", false);
	AUTO_JSON result = read_result("again.json");
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(result, "config"), "target")),
		"inproc");
	assert_nothing_is_left();
}

static void distinct_policies_and_rounds_are_the_same_twice_too(void **state)
{
	static const char *const names[] = {"first.json", "second.json"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		AUTO_TEXT json = temp_path(names[i]);
		assert_int_equal(INPROC("--sessions", "3", "--policies", "distinct", "--rounds",
					 "3", "--seed", "3", "--json", json),
			0);
	}
	assert_same_bytes("first.json", "second.json", true);
	AUTO_JSON result = read_result("first.json");
	assert_int_equal(number_at(result, "growth"), 0);
	assert_int_equal(number_at(result, "leaked"), 0);
	assert_nothing_is_left();
}

/* --- as the processes ---------------------------------------------------------------------- */

static void assert_same_memory(const json_t *host, const json_t *inproc)
{
	static const char *const same[] = {"heap_peak", "heap_requested_peak", "heap_size",
		"shared_peak", "shared_size", "private_copies", "static_data", "stack_size", "by_tag"};

	for (size_t r = 0; r < COUNT_OF(roles); r++) {
		const json_t *a = role_of(host, r), *b = role_of(inproc, r);
		for (size_t i = 0; i < COUNT_OF(same); i++)
			if (!json_equal(json_object_get(a, same[i]), json_object_get(b, same[i])))
				fail_msg("%s differs in %s", roles[r], same[i]);
		if (!has_processes)
			continue;
		const json_int_t apart = number_at(a, "stack_peak") - number_at(b, "stack_peak");
		assert_true(apart >= -STACK_OF_THE_PORT && apart <= STACK_OF_THE_PORT);
	}
}

static void processes_need_exactly_the_same_memory(void **state)
{
	static const char *const sessions[] = {"2", "8"}, *const policies[] = {"same", "distinct"};

	(void)state;
	if (!has_processes)
		skip();
	AUTO_TEXT host = temp_path("host.json");
	AUTO_TEXT inproc = temp_path("inproc.json");
	for (size_t i = 0; i < 4; i++) {
		const char *n = sessions[i % 2], *p = policies[i / 2];
		assert_int_equal(RUN("--pki", pki, "--sessions", n, "--policies", p, "--hold",
					 "all", "--json", host),
			0);
		assert_int_equal(INPROC("--sessions", n, "--policies", p, "--hold", "all", "--json",
					 inproc),
			0);
		AUTO_JSON a = read_result("host.json");
		AUTO_JSON b = read_result("inproc.json");
		assert_same_memory(a, b);
		for (size_t r = 0; r < COUNT_OF(roles); r++)
			assert_int_equal(number_at(role_of(a, r), "config_bytes"),
				number_at(role_of(b, r), "config_bytes"));
	}
	assert_nothing_is_left();
}

/* --- both roles at once --------------------------------------------------------------------- */

static void assert_no_more_than(const json_t *apart, const json_t *both)
{
	static const char *const peaks[] = {"stack_peak", "heap_peak", "shared_peak"};

	for (size_t i = 0; i < COUNT_OF(peaks); i++)
		for (size_t r = 0; r < COUNT_OF(roles); r++) {
			const json_int_t src =
				json_integer_value(json_object_get(role_of(apart, 0), peaks[i]));
			const json_int_t dst =
				json_integer_value(json_object_get(role_of(apart, 1), peaks[i]));
			const json_int_t is =
				json_integer_value(json_object_get(role_of(both, r), peaks[i]));
			assert_true(is <= (src > dst ? src : dst));
		}
}

/* Sessions that a Migration TD held as a source. */
static size_t sources_of(const json_t *result, size_t role)
{
	const json_t *sessions = json_object_get(role_of(result, role), "by_session"), *s;
	size_t i, n = 0;

	json_array_foreach(sessions, i, s)
		n += json_is_true(json_object_get(s, "is_source"));
	return n;
}

static void both_roles_at_once_need_no_more_than_one(void **state)
{
	static const char *const policies[] = {"same", "distinct"};
	static const char *const transports[] = {"vsock", "vmcall-raw"};
	AUTO_TEXT apart = temp_path("apart.json");
	AUTO_TEXT both = temp_path("both.json");

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const char *p = policies[i % 2], *t = transports[i / 2];
		assert_int_equal(INPROC("--sessions", "6", "--hold", "all", "--rounds", "2",
					 "--policies", p, "--transport", t, "--json", apart),
			0);
		assert_int_equal(INPROC("--sessions", "6", "--hold", "all", "--rounds", "2",
					 "--policies", p, "--transport", t, "--roles", "both",
					 "--json", both),
			0);
		assert_output("MSK exchange completed: 12 times");
		AUTO_JSON one = read_result("apart.json");
		AUTO_JSON all = read_result("both.json");
		assert_no_more_than(one, all);
		assert_string_equal(json_string_value(json_object_get(
					    json_object_get(all, "config"), "roles")),
			"both");
		for (size_t r = 0; r < COUNT_OF(roles); r++) {
			assert_int_equal(sources_of(one, r), r == 0 ? 6 : 0);
			assert_int_equal(sources_of(all, r), 3);
			assert_int_equal(number_at(json_object_get(role_of(all, r), "counters"),
						 "sessions_peak"),
				6);
		}
	}
	assert_nothing_is_left();
}

/* Many more than there are work slots, and no barrier that would set them in order. */
static void sessions_in_both_directions_do_not_lock_each_other_out(void **state)
{
	static const char *const seeds[] = {"0", "1", "2"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(seeds); i++) {
		assert_int_equal(INPROC("--sessions", "64", "--hold", "none", "--roles", "both",
					 "--seed", seeds[i]),
			0);
		assert_output("64 source and 64 destination sessions completed");
	}
	assert_int_equal(INPROC("--sessions", "16", "--hold", "none", "--roles", "both",
				 "--policy", "v1"),
		0);
	assert_nothing_is_left();
}

/* --- what it can --------------------------------------------------------------------------- */

static void many_sessions_are_held_at_once(void **state)
{
	AUTO_TEXT json = temp_path("many.json");

	(void)state;
	assert_int_equal(INPROC("--sessions", "64", "--json", json), 0);
	assert_output("barrier after key-exchange: src 64 held, 0 queued; dst 64 held, 0 queued");
	AUTO_JSON result = read_result("many.json");
	for (size_t r = 0; r < COUNT_OF(roles); r++) {
		const json_t *stack = json_object_get(role_of(result, r), "stack_peak");
		assert_int_equal(json_array_size(json_object_get(role_of(result, r), "by_session")),
			64);
		assert_true(has_processes ? json_integer_value(stack) > 0 : json_is_null(stack));
	}
	const json_t *sessions = json_object_get(result, "sessions");
	for (size_t i = 0; i < 64; i++)
		assert_true(json_is_true(
			json_object_get(json_array_get(sessions, i), "msk_match")));
	assert_nothing_is_left();
}

#define MANY 300

/* All of them, after the same phase. */
static void assert_all_are_held(const json_t *result, const char *at)
{
	for (size_t r = 0; r < COUNT_OF(roles); r++) {
		const json_t *sessions = json_object_get(role_of(result, r), "by_session"), *s;
		size_t i;

		assert_int_equal(json_array_size(sessions), MANY);
		json_array_foreach(sessions, i, s)
		{
			assert_true(json_is_true(json_object_get(s, "held")));
			assert_string_equal(json_string_value(json_object_get(s, "phase")), at);
		}
	}
}

/*
 * A quoting service that takes a second for each quote: the last of them queue longer than a
 * Migration TD lets them, but for the holds.
 */
static void sessions_may_queue_for_long_while_a_hold_is_set(void **state)
{
	(void)state;
	if (!has_processes)
		skip();
	AUTO_TEXT json = temp_path("slow.json");
	assert_int_equal(
		INPROC("--sessions", "300", "--fault", "quote-late=1000", "--json", json), 0);
	assert_output("barrier after key-exchange: src 300 held, 0 queued; dst 300 held, 0 queued");
	assert_output("barrier after attest: src 300 held, 0 queued; dst 300 held, 0 queued");
	AUTO_JSON result = read_result("slow.json");
	assert_all_are_held(result, "quote");
	assert_int_equal(INPROC("--sessions", "300", "--fault", "quote-late=1000", "--hold", "none"),
		1);
	assert_output("ERR_QUOTE_BUFFER_TIMEOUT");
	assert_nothing_is_left();
}

static void policies_of_version_1_run_as_well(void **state)
{
	(void)state;
	assert_int_equal(INPROC("--sessions", "2", "--policy", "v1", "--hold", "all"), 0);
	assert_output("MSK exchange completed: 2 times");
	assert_nothing_is_left();
}

/* --- what comes from outside ------------------------------------------------------------------ */

#define OWN_QUOTE_MOST 8140
#define PADDING 70

static json_int_t fact_of(const json_t *result, const char *name)
{
	return number_at(json_object_get(result, "facts"), name);
}

/* Every fourth quote of a host is the largest: three sessions and the reference. */
static void quotes_of_any_size_need_the_same_memory(void **state)
{
	static const char *const sizes[] = {"5006", "8140"}, *const names[] = {"small", "large"};
	json_int_t bytes[2];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		AUTO_TEXT json = temp_path(names[i]);
		assert_int_equal(RUN("--target", "inproc", "--sessions", "3", "--hold", "all",
					 "--quote-size", sizes[i], "--json", json),
			0);
		AUTO_JSON result = read_result(names[i]);
		bytes[i] = fact_of(result, "quote_bytes");
	}
	assert_int_equal(bytes[0], 5006);
	assert_int_equal(bytes[1], OWN_QUOTE_MOST);
	AUTO_JSON small = read_result("small");
	AUTO_JSON large = read_result("large");
	assert_same_memory(small, large);
	assert_int_equal(RUN("--target", "inproc", "--quote-size", "8141"), 2);
	assert_output("quotes of 8140 bytes at most");
	assert_int_equal(INPROC("--quote-size", "8000"), 2);
	assert_nothing_is_left();
}

/*
 * The facts are counted from files; that they are what is sent shows at the limit of a message,
 * which a log of just that size meets and one of a byte more does not.
 */
static void the_largest_event_log_fills_a_message_and_a_byte_more_is_refused(void **state)
{
	static const json_int_t room = 65523 - 4 - 5 * 6 - 48 - 272 - 512;
	AUTO_TEXT json = temp_path("log.json");

	(void)state;
	assert_int_equal(
		INPROC("--sessions", "1", "--policy", "v1", "--hold", "all", "--json", json), 0);
	AUTO_JSON result = read_result("log.json");
	assert_int_equal(fact_of(result, "events"), 4);
	const json_int_t policy = number_at(json_object_get(result, "config"), "policy_bytes");
	const json_int_t rest = fact_of(result, "event_log_bytes") - policy;
	const json_int_t quote = fact_of(result, "quote_bytes") - PADDING;
	for (int i = 0; i < 2; i++) {
		AUTO_TEXT size = tool_text("%lld", (long long)(room - quote - rest + i));
		assert_int_equal(INPROC("--sessions", "1", "--policy", "v1", "--hold", "all",
					 "--policy-size", size, "--json", json),
			i);
		AUTO_JSON full = read_result("log.json");
		assert_int_equal(fact_of(full, "event_log_bytes"), room - quote + i);
		if (i == 0)
			assert_same_memory(result, full);
	}
	assert_output("ERR_ATTEST_SIZE");
	assert_nothing_is_left();
}

/* --- as strict ----------------------------------------------------------------------------- */

static void a_quote_that_never_comes_ends_in_virtual_time(void **state)
{
	AUTO_TEXT json = temp_path("never.json");

	(void)state;
	assert_int_equal(INPROC("--sessions", "1", "--fault", "quote-never", "--json", json), 1);
	assert_output("session 1: src ended with result");
	AUTO_JSON result = read_result("never.json");
	const json_t *s = json_array_get(json_object_get(result, "sessions"), 0);
	assert_true(number_at(s, "ms") >= 1000);
	assert_false(json_is_true(json_object_get(s, "msk_match")));
	assert_nothing_is_left();
}

static void garbage_and_debug_are_refused(void **state)
{
	(void)state;
	assert_int_equal(INPROC("--sessions", "2", "--fault", "quote-garbage"), 1);
	assert_output("session 2: src ended with result 7");
	assert_int_equal(INPROC("--fault", "debug-attributes"), 1);
	assert_output("0-migtd-src did not start");
	assert_int_equal(INPROC("--fault", "nonsense"), 2);
	assert_int_equal(INPROC("--heap", "1000"), 2);
	assert_int_equal(INPROC("--log-level", "loud"), 2);
	assert_nothing_is_left();
}

static void a_stack_that_does_not_suffice_is_named(void **state)
{
	(void)state;
	if (!has_processes)
		skip();
	assert_int_equal(INPROC("--sessions", "1", "--stack", "4K"), 1);
	assert_output("0-migtd-src");
	assert_output("the stack is too small: enlarge --stack");
	assert_nothing_is_left();
}

static void an_interrupted_run_leaves_nothing_behind(void **state)
{
	(void)state;
	const pid_t pid = start((const char *const[]){"run", "--target", "inproc", "--sessions",
		"4096", "--pki", pki, NULL});
	wait_for_output("round 1 of 1");
	kill(pid, SIGINT);
	assert_int_equal(finish(pid), 1);
	assert_output("interrupted");
	assert_nothing_is_left();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_runs_with_one_seed_give_the_same_bytes),
		cmocka_unit_test(distinct_policies_and_rounds_are_the_same_twice_too),
		cmocka_unit_test(processes_need_exactly_the_same_memory),
		cmocka_unit_test(both_roles_at_once_need_no_more_than_one),
		cmocka_unit_test(sessions_in_both_directions_do_not_lock_each_other_out),
		cmocka_unit_test(many_sessions_are_held_at_once),
		cmocka_unit_test(sessions_may_queue_for_long_while_a_hold_is_set),
		cmocka_unit_test(policies_of_version_1_run_as_well),
		cmocka_unit_test(quotes_of_any_size_need_the_same_memory),
		cmocka_unit_test(the_largest_event_log_fills_a_message_and_a_byte_more_is_refused),
		cmocka_unit_test(a_quote_that_never_comes_ends_in_virtual_time),
		cmocka_unit_test(garbage_and_debug_are_refused),
		cmocka_unit_test(a_stack_that_does_not_suffice_is_named),
		cmocka_unit_test(an_interrupted_run_leaves_nothing_behind),
	};

	if (argc != 3)
		return 2;
	program = argv[1];
	has_processes = strcmp(argv[2], "processes") == 0;
	return cmocka_run_group_tests(tests, make_hierarchy, remove_hierarchy);
}
