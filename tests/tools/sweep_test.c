/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The equations, and that regions sized by them hold exactly as many sessions as they say. */
#include "migmem_run.h"

#include "../ports/sizing.h"
#include "migmem/sweep.h"

static const char *planted;	/* folder of Migration TDs with a fault each */

/* --- fitting ------------------------------------------------------------------------------- */

static void points_on_a_line_are_fitted_without_residual(void **state)
{
	const int64_t sessions[] = {1, 2, 4, 8, 1024}, bytes[] = {1107, 1214, 1428, 1856, 110568};
	const struct equation e = equation_fit(sessions, bytes, COUNT_OF(sessions));

	(void)state;
	assert_int_equal(e.fixed, 1000);
	assert_int_equal(e.per_session, 107);
	assert_int_equal(e.max_residual, 0);
	assert_int_equal(e.n, 5);
}

static void a_point_off_the_line_shows_and_is_covered(void **state)
{
	const int64_t sessions[] = {1, 2, 3, 4}, bytes[] = {100, 200, 390, 400};
	const struct equation e = equation_fit(sessions, bytes, COUNT_OF(sessions));

	(void)state;
	assert_true(e.max_residual >= 40);
	for (size_t i = 0; i < COUNT_OF(sessions); i++)
		assert_true(equation_bytes(&e, sessions[i]) >= bytes[i]);
}

static void what_does_not_grow_is_fixed(void **state)
{
	const int64_t sessions[] = {1, 7}, bytes[] = {5888, 5888};
	const struct equation e = equation_fit(sessions, bytes, COUNT_OF(sessions));

	(void)state;
	assert_int_equal(e.fixed, 5888);
	assert_int_equal(e.per_session, 0);
}

static void no_point_lies_above_the_envelope(void **state)
{
	const int64_t sessions[] = {1, 2, 4, 8, 16, 64};
	const int64_t bytes[] = {89584, 93664, 101824, 118144, 150800, 346800};
	const struct equation e = equation_fit(sessions, bytes, COUNT_OF(sessions));
	int64_t least = INT64_MAX;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sessions); i++) {
		const int64_t room = equation_bytes(&e, sessions[i]) - bytes[i];
		assert_true(room >= 0);
		least = room < least ? room : least;
	}
	/* It touches a point, and is no higher than the line lifted by its residual. */
	assert_int_equal(least, 0);
	assert_true(equation_bytes(&e, 64) <=
		    e.fixed + e.per_session * 64 + e.max_residual);
}

static void an_envelope_never_falls(void **state)
{
	const int64_t sessions[] = {1, 2, 4}, bytes[] = {500, 400, 300};
	const struct equation e = equation_fit(sessions, bytes, COUNT_OF(sessions));

	(void)state;
	assert_int_equal(e.envelope_per_session, 0);
	assert_int_equal(e.envelope_fixed, 500);
}

/* --- on real runs -------------------------------------------------------------------------- */

/* One sweep with distinct policies for all tests that follow. */
static const char *swept(void)
{
	static char *path;

	if (path == NULL) {
		path = temp_path("sweep.json");
		assert_int_equal(MIGMEM("sweep", "--sessions", "1,2,4", "--policies", "distinct",
					 "--init-tdinfo", "--json", path),
			0);
		assert_output("Heap Size = 0x");
	}
	return path;
}

static void read_equations(struct equation e[QUANTITY_COUNT])
{
	AUTO_JSON sweep = json_read_file(swept());
	assert_int_equal(equations_read("sweep", sweep, e), TOOL_OK);
}

static void memory_is_linear_in_the_number_of_sessions(void **state)
{
	struct equation e[QUANTITY_COUNT];

	(void)state;
	read_equations(e);
	assert_int_equal(e[QUANTITY_STACK].per_session, 0);
	assert_true(e[QUANTITY_HEAP].per_session > 0);
	/* Blocks are aligned to 16 bytes. */
	assert_true(e[QUANTITY_HEAP].max_residual < 16);
	assert_int_equal(e[QUANTITY_HEAP].n, 3);
	AUTO_JSON sweep = json_read_file(swept());
	assert_int_equal(json_array_size(json_object_get(sweep, "runs")), 3);
	assert_nothing_is_left();
}

static uint64_t whole_pages(int64_t bytes)
{
	return ((uint64_t)bytes + 4095) / 4096 * 4096;
}

/* The heap holds a byte for each shared page: the equation is about regions that belong together. */
static int run_with(uint64_t heap, uint64_t shared, const char *sessions)
{
	AUTO_TEXT heap_size = tool_text("%llu", (unsigned long long)heap);
	AUTO_TEXT shared_size = tool_text("%llu", (unsigned long long)shared);
	return RUN("--sessions", sessions, "--policies", "distinct", "--heap", heap_size,
		"--shared", shared_size, "--wait", "5");
}

static void a_heap_of_the_equation_holds_that_many_and_a_page_less_does_not(void **state)
{
	struct equation e[QUANTITY_COUNT];

	(void)state;
	/* Not one of the sizes the equation was fitted to. */
	read_equations(e);
	const uint64_t heap = whole_pages(equation_bytes(&e[QUANTITY_HEAP], 6));
	const uint64_t shared = whole_pages(equation_bytes(&e[QUANTITY_SHARED], 6));
	assert_int_equal(run_with(heap, shared, "6"), 0);
	assert_int_equal(run_with(heap - 4096, shared, "6"), 1);
	assert_nothing_is_left();
}

static void the_header_has_the_measured_numbers(void **state)
{
	AUTO_TEXT path = temp_path("sizing.h");
	struct equation e[QUANTITY_COUNT];
	AUTO_BLOB header = {0};

	(void)state;
	read_equations(e);
	assert_int_equal(MIGMEM("header", swept(), "-o", path), 0);
	read_into(path, &header);
	AUTO_TEXT line = tool_text(
		"#define MIGTD_HEAP_PER_SESSION %lldu\n", (long long)e[QUANTITY_HEAP].per_session);
	assert_non_null(strstr((const char *)header.data, line));
}

static void fits_in_says_what_runs_out_first(void **state)
{
	struct equation e[QUANTITY_COUNT];

	(void)state;
	read_equations(e);
	AUTO_TEXT heap = tool_text("%lld", (long long)equation_bytes(&e[QUANTITY_HEAP], 9) + 1);
	assert_int_equal(MIGMEM("fits-in", "32M", "--from", swept(), "--heap", heap), 0);
	assert_output("9 sessions fit");
	assert_output("heap runs out first");
	assert_int_equal(MIGMEM("fits-in", "32M", "--from", swept(), "--json"), 0);
	assert_output("\"first\":\"memory\"");
	assert_int_equal(MIGMEM("fits-in", "4K", "--from", swept()), 1);
	/* Without a sweep: the equations that the build was made with. */
	assert_int_equal(MIGMEM("fits-in", "4K"), 1);
	assert_int_equal(MIGMEM("fits-in", "32M"), 0);
	assert_output("memory runs out first");
	assert_int_equal(MIGMEM("fits-in"), 2);
	assert_int_equal(MIGMEM("fits-in", "32Q"), 2);
	assert_output("'32Q' is not a SIZE");
}

static void what_fits_is_proved_by_running_it_and_one_more(void **state)
{
	(void)state;
	assert_int_equal(MIGMEM("fits-in", "2200K", "--prove"), 0);
	assert_output("sessions run at once with a heap of ");
	assert_output("1 is refused with OutOfResource (3)");
	assert_output("PROVED");
	assert_false(output_has("NOT PROVED"));
	assert_nothing_is_left();
}

/* Regions are whole pages: here those of 135 sessions hold one more, and the next is refused. */
static void a_session_that_fits_by_rounding_is_no_failed_proof(void **state)
{
	(void)state;
	assert_int_equal(MIGMEM("fits-in", "2652K", "--prove", "--target", "inproc"), 0);
	assert_output("1 is refused with OutOfResource (3)");
	assert_false(output_has("NOT PROVED"));
	assert_nothing_is_left();
}

static void a_sweep_with_policy_v1_sizes_runs_with_it(void **state)
{
	AUTO_TEXT json = temp_path("v1.json");

	(void)state;
	assert_int_equal(MIGMEM("sweep", "--policy", "v1", "--target", "inproc", "--sessions", "1,2,4",
				 "--hold", "all", "--brief", "--json", json),
		0);
	assert_int_equal(
		MIGMEM("fits-in", "2400K", "--from", json, "--prove", "--target", "inproc"), 0);
	assert_output("1 is refused with OutOfResource (3)");
	assert_false(output_has("NOT PROVED"));
	assert_nothing_is_left();
}

/* Of a TD's size follow regions of just what so many sessions need. */
static void a_td_of_a_given_size_has_the_regions_of_the_equations(void **state)
{
	static const char *const targets[] = {"host", "inproc"}, *const roles[] = {"src", "dst"};
	AUTO_TEXT json = temp_path("sized.json");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		assert_int_equal(RUN("--sessions", "9", "--memory", "3M", "--target", targets[i],
					 "--json", json),
			0);
		AUTO_JSON result = read_result("sized.json");
		for (size_t r = 0; r < COUNT_OF(roles); r++) {
			const json_t *role =
				json_object_get(json_object_get(result, "roles"), roles[r]);
			assert_int_equal(number_at(role, "heap_size"),
				MIGTD_PAGES(MIGTD_VSOCK_HEAP_FIXED +
					    9 * MIGTD_VSOCK_HEAP_PER_SESSION));
			assert_int_equal(number_at(role, "shared_size"),
				MIGTD_PAGES(MIGTD_VSOCK_SHARED_FIXED +
					    9 * MIGTD_VSOCK_SHARED_PER_SESSION));
		}
	}
	assert_int_equal(RUN("--sessions", "9", "--memory", "3M", "--transport", "vmcall-raw",
				 "--rx-pages", "4", "--target", "inproc", "--json", json),
		0);
	AUTO_JSON result = read_result("sized.json");
	const json_t *role = json_object_get(json_object_get(result, "roles"), "src");
	assert_int_equal(number_at(role, "shared_size"),
		MIGTD_SHARED_SIZE(9) + 9 * 3 * 4096);
	/* What the user sizes stays. */
	assert_int_equal(RUN("--sessions", "2", "--memory", "3M", "--heap", "400K", "--target",
				 "inproc", "--json", json),
		0);
	AUTO_JSON given = read_result("sized.json");
	assert_int_equal(number_at(json_object_get(json_object_get(given, "roles"), "dst"),
				 "heap_size"),
		400 * 1024);
	assert_nothing_is_left();
}

/* A run needs what a sweep says. */
static void a_run_and_a_sweep_measure_the_same(void **state)
{
	static const char *const figures[] = {"heap_peak", "shared_peak", "heap_size"};
	AUTO_TEXT json = temp_path("alone.json");

	(void)state;
	AUTO_JSON sweep = json_read_file(swept());
	assert_int_equal(RUN("--sessions", "4", "--policies", "distinct", "--init-tdinfo", "--json",
				 json), 0);
	AUTO_JSON alone = read_result("alone.json");
	const json_t *last = json_array_get(json_object_get(sweep, "runs"), 2);
	for (size_t i = 0; i < COUNT_OF(figures); i++) {
		const json_t *a = json_object_get(json_object_get(alone, "roles"), "dst");
		const json_t *b = json_object_get(json_object_get(last, "roles"), "dst");
		assert_int_equal(number_at(a, figures[i]), number_at(b, figures[i]));
	}
}

/* Heap for three, while the figures promise more than there is. */
static void a_promise_that_does_not_hold_is_not_proved(void **state)
{
	AUTO_TEXT path = temp_path("promise.json");
	AUTO_JSON sweep = json_read_file(swept());
	json_t *heap = json_object_get(json_object_get(sweep, "equations"), "heap");
	json_t *envelope = json_object_get(heap, "envelope");

	(void)state;
	json_object_set_new(envelope, "per_session",
		json_integer(number_at(envelope, "per_session") / 2));
	AUTO_TEXT text = json_compact(sweep);
	assert_int_equal(file_write_text(path, text), TOOL_OK);
	assert_int_equal(MIGMEM("fits-in", "2200K", "--from", path, "--prove"), 1);
	assert_output("NOT PROVED");
	assert_nothing_is_left();
}

/* Ctrl-C in the second run: the first one's figures are on file, nothing else is left. */
static void an_interrupted_sweep_keeps_the_finished_runs(void **state)
{
	static const char *const targets[] = {"host", "inproc"}, *const most[] = {"1,64", "1,4096"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		AUTO_TEXT path = tool_text("%s/interrupted-%s.json", temp_folder, targets[i]);
		AUTO_TEXT begun = tool_text("round 1 of 1: %s sessions", most[i] + 2);
		unlink(output);
		const pid_t pid = start((const char *const[]){"sweep", "--sessions", "1,2", "--rounds",
			"100000", "--target", targets[i], "--json", path, NULL});
		wait_for_output("round 2 of 100000");
		kill(pid, SIGINT);
		assert_int_equal(finish(pid), 1);
		assert_int_not_equal(access(path, F_OK), 0);
		assert_nothing_is_left();
		unlink(output);
		const pid_t second = start((const char *const[]){"sweep", "--sessions", most[i],
			"--target", targets[i], "--json", path, NULL});
		wait_for_output(begun);
		kill(second, SIGINT);
		assert_int_equal(finish(second), 1);
		assert_output("the 1 finished runs are kept");
		AUTO_JSON kept = json_read_file(path);
		assert_non_null(kept);
		assert_int_equal(json_array_size(json_object_get(kept, "runs")), 1);
		assert_true(json_is_false(json_object_get(kept, "complete")));
		assert_true(json_is_false(json_object_get(kept, "passed")));
		assert_nothing_is_left();
	}
}

static void an_interrupted_proof_leaves_nothing_behind(void **state)
{
	static const char *const targets[] = {"host", "inproc"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		unlink(output);
		const pid_t pid = start((const char *const[]){
			"fits-in", "32M", "--prove", "--target", targets[i], NULL});
		wait_for_output("a session");
		kill(pid, SIGTERM);
		assert_int_equal(finish(pid), 1);
		assert_output("NOT PROVED");
		assert_nothing_is_left();
	}
}

/* A copy of the sweep with one figure changed. */
static char *altered(const char *section, const char *field, json_int_t change)
{
	char *path = temp_path("altered.json");
	AUTO_JSON sweep = json_read_file(swept());
	json_t *object = json_object_get(json_object_get(sweep, section), "heap");

	if (object == NULL)
		object = json_object_get(sweep, section);
	json_object_set_new(object, field, json_integer(number_at(object, field) + change));
	AUTO_TEXT text = json_compact(sweep);
	assert_int_equal(file_write_text(path, text), TOOL_OK);
	return path;
}

static void compare_lets_no_growth_pass(void **state)
{
	(void)state;
	assert_int_equal(MIGMEM("compare", swept(), swept()), 0);
	AUTO_TEXT more = altered("equations", "per_session", 1);
	assert_int_equal(MIGMEM("compare", swept(), more), 1);
	assert_output("grown");
	assert_int_equal(MIGMEM("compare", more, swept()), 0);
	assert_int_equal(MIGMEM("compare", swept(), more, "--tolerance", "1"), 0);
	AUTO_TEXT other = altered("config", "policy_bytes", 1);
	assert_int_equal(MIGMEM("compare", swept(), other), 2);
	assert_output("policy_bytes");
}

static void equal_policies_size_nothing(void **state)
{
	AUTO_TEXT same = temp_path("same.json");
	AUTO_TEXT never = temp_path("never.h");

	(void)state;
	assert_int_equal(MIGMEM("sweep", "--sessions", "1,2", "--json", same), 0);
	assert_int_equal(MIGMEM("header", same, "-o", never), 2);
	assert_output("distinct");
	assert_int_not_equal(access(never, F_OK), 0);
}

static void sweeps_that_make_no_line_are_refused(void **state)
{
	(void)state;
	assert_int_equal(MIGMEM("sweep", "--sessions", "2"), 2);
	assert_int_equal(MIGMEM("sweep", "--sessions", "2,2"), 2);
	assert_int_equal(MIGMEM("sweep", "--sessions", "2,0"), 2);
	assert_int_equal(MIGMEM("sweep", "--sessions", "1,,2"), 2);
	assert_output("'' in '1,,2' is not a number");
	assert_int_equal(MIGMEM("sweep", "--quote-sizes", "5006,8141"), 2);
	assert_output("--quote-sizes: 8141 is more than 8140");
	assert_nothing_is_left();
}

static void a_sweep_with_a_failed_run_fails(void **state)
{
	(void)state;
	assert_int_equal(MIGMEM("sweep", "--sessions", "1,2", "--fault", "quote-garbage"), 1);
	assert_output("FAILED");
	assert_nothing_is_left();
}

static void the_selftest_notices_everything(void **state)
{
	(void)state;
	assert_int_equal(MIGMEM("selftest", "--planted", planted), 0);
	assert_output("ok           one byte that was not given back");
	assert_output("ok           planted: 1 KiB more a session; \"dst: heap of MEM_SESSION\"");
	assert_output("ok           planted: a large array that is not written");
	assert_false(output_has("not run"));
	assert_false(output_has("NOT NOTICED"));
	assert_nothing_is_left();
}

static void an_interrupted_selftest_does_not_pass(void **state)
{
	(void)state;
	const pid_t pid =
		start((const char *const[]){"selftest", "--fault", "quote-late=2000", NULL});
	wait_until_running("migtd-src", pid);
	kill(pid, SIGINT);
	assert_int_equal(finish(pid), 1);
	assert_nothing_is_left();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_on_a_line_are_fitted_without_residual),
		cmocka_unit_test(a_point_off_the_line_shows_and_is_covered),
		cmocka_unit_test(what_does_not_grow_is_fixed),
		cmocka_unit_test(no_point_lies_above_the_envelope),
		cmocka_unit_test(an_envelope_never_falls),
		cmocka_unit_test(memory_is_linear_in_the_number_of_sessions),
		cmocka_unit_test(a_heap_of_the_equation_holds_that_many_and_a_page_less_does_not),
		cmocka_unit_test(the_header_has_the_measured_numbers),
		cmocka_unit_test(fits_in_says_what_runs_out_first),
		cmocka_unit_test(what_fits_is_proved_by_running_it_and_one_more),
		cmocka_unit_test(a_session_that_fits_by_rounding_is_no_failed_proof),
		cmocka_unit_test(a_sweep_with_policy_v1_sizes_runs_with_it),
		cmocka_unit_test(a_promise_that_does_not_hold_is_not_proved),
		cmocka_unit_test(a_td_of_a_given_size_has_the_regions_of_the_equations),
		cmocka_unit_test(a_run_and_a_sweep_measure_the_same),
		cmocka_unit_test(an_interrupted_sweep_keeps_the_finished_runs),
		cmocka_unit_test(an_interrupted_proof_leaves_nothing_behind),
		cmocka_unit_test(compare_lets_no_growth_pass),
		cmocka_unit_test(equal_policies_size_nothing),
		cmocka_unit_test(sweeps_that_make_no_line_are_refused),
		cmocka_unit_test(a_sweep_with_a_failed_run_fails),
		cmocka_unit_test(the_selftest_notices_everything),
		cmocka_unit_test(an_interrupted_selftest_does_not_pass),
	};

	if (argc != 3)
		return 2;
	program = argv[1];
	planted = argv[2];
	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
