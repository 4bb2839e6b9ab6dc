/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* migmem as a user meets it: real Migration TDs, emulated hosts, and every way a run can end. */
#include "temp.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "pki/pki.h"

static const char *program;
static char *private_tmp;	/* TMPDIR of every run: nothing may stay in it */
static char *output;		/* stdout and stderr of the last run */

#define ARGS_MAX 24
#define LIMIT_S 120

static int make_folders(void **state)
{
	if (temp_make(state) != 0)
		return 1;
	private_tmp = temp_path("t");
	output = temp_path("output");
	return folder_make(private_tmp);
}

static int remove_folders(void **state)
{
	free(private_tmp);
	free(output);
	return temp_remove(state);
}

static pid_t start(const char *const *args)
{
	const char *argv[ARGS_MAX] = {program, "run"};
	size_t n = 2;

	for (size_t i = 0; args[i] != NULL; i++) {
		assert_true(n + 1 < ARGS_MAX);
		argv[n++] = args[i];
	}
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		setenv("TMPDIR", private_tmp, 1);
		execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid;
}

static int finish(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define RUN(...) finish(start((const char *const[]){__VA_ARGS__, NULL}))

static bool output_has(const char *text)
{
	AUTO_BLOB all = {0};

	if (access(output, R_OK) != 0)
		return false;
	read_into(output, &all);
	return strstr((const char *)all.data, text) != NULL;
}

static void assert_output(const char *text)
{
	AUTO_BLOB all = {0};

	read_into(output, &all);
	if (strstr((const char *)all.data, text) == NULL)
		fail_msg("no '%s' in:\n%s", text, (const char *)all.data);
}

/* Pids of processes whose command line has our TMPDIR in it, other than `except`. */
static size_t processes(const char *named, pid_t except, pid_t *first)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	size_t n = 0;

	while ((entry = readdir(proc)) != NULL) {
		char text[4096];
		AUTO_TEXT path = tool_text("/proc/%s/cmdline", entry->d_name);
		if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == except)
			continue;
		const int fd = open(path, O_RDONLY);
		const ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
		if (fd >= 0)
			close(fd);
		for (ssize_t i = 0; i < size; i++)
			if (text[i] == '\0')
				text[i] = ' ';
		text[size > 0 ? size : 0] = '\0';
		if (strstr(text, private_tmp) == NULL || strstr(text, named) == NULL)
			continue;
		n++;
		if (first != NULL)
			*first = atoi(entry->d_name);
	}
	closedir(proc);
	return n;
}

static size_t entries_of(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void assert_nothing_is_left(void)
{
	assert_int_equal(processes("", 0, NULL), 0);
	assert_int_equal(entries_of(private_tmp), 0);
}

static void pause_a_little(void)
{
	poll(NULL, 0, 10);
}

static void wait_for_output(const char *text)
{
	const time_t until = time(NULL) + LIMIT_S;

	while (!output_has(text)) {
		if (time(NULL) > until)
			assert_output(text);
		pause_a_little();
	}
}

static json_t *read_result(const char *name)
{
	AUTO_TEXT path = temp_path(name);
	json_t *result = json_read_file(path);

	assert_non_null(result);
	return result;
}

static json_int_t number_at(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value))
		fail_msg("%s is not a number", name);
	return json_integer_value(value);
}

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
		assert_non_null(json_object_get(role, "stack_static_bound"));
		/* Both were held at the same moment, each with memory of its own. */
		const json_t *sessions = json_object_get(role, "by_session");
		assert_int_equal(json_array_size(sessions), 2);
		for (size_t i = 0; i < 2; i++) {
			assert_true(json_is_true(json_object_get(json_array_get(sessions, i), "held")));
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
	assert_int_equal(RUN("--sessions", "3", "--rounds", "3", "--seed", "7", "--json", three), 0);
	for (size_t i = 0; i < 2; i++) {
		AUTO_JSON result = read_result(i == 0 ? "one.json" : "three.json");
		heap[i] = number_at(json_object_get(json_object_get(result, "roles"), "dst"), "heap_peak");
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
		assert_true(
			number_at(json_object_get(json_object_get(result, "roles"), roles[r]), "heap_peak") >
			number_at(json_object_get(json_object_get(same, "roles"), roles[r]), "heap_peak"));
	/* Both passes' sessions are listed, each with the role it was measured for. */
	const json_t *sessions = json_object_get(result, "sessions");
	assert_int_equal(json_array_size(sessions), 4);
	assert_string_equal(json_string_value(json_object_get(json_array_get(sessions, 3), "measured")),
		"dst");
	assert_nothing_is_left();
}

static void a_given_hierarchy_and_policy_are_used(void **state)
{
	const struct pki_options options = {
		.platforms = 8, .host_count = 2, .hosts = {{"a", NULL, false}, {"b", NULL, false}},
	};
	AUTO_TEXT pki = temp_path("given");
	AUTO_TEXT json = temp_path("given.json");

	(void)state;
	assert_int_equal(pki_generate(&options, pki), TOOL_OK);
	assert_int_equal(RUN("--sessions", "1", "--pki", pki, "--policy-size", "100000", "--json", json), 0);
	AUTO_JSON result = read_result("given.json");
	assert_int_equal(number_at(json_object_get(result, "config"), "policy_bytes"), 100000);
}

/* --- runs that fail ------------------------------------------------------------------------ */

static void a_revoked_peer_fails_with_its_result_and_reason(void **state)
{
	const struct pki_options options = {
		.platforms = 32, .host_count = 2, .hosts = {{"a", NULL, false}, {"b", NULL, true}},
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
	assert_int_equal(RUN("--sessions", "40", "--heap", "128K"), 1);
	assert_output("FAILED");
	assert_nothing_is_left();
}

static void wrong_usage_exits_2(void **state)
{
	(void)state;
	assert_int_equal(RUN("--sessions", "0"), 2);
	assert_int_equal(RUN("--sessions", "x"), 2);
	assert_int_equal(RUN("--hold", "nowhere"), 2);
	assert_int_equal(RUN("--hold", "report"), 2);
	assert_int_equal(RUN("--policy", "v1"), 2);
	assert_int_equal(RUN("--policy-file", "x"), 2);
	assert_int_equal(RUN("--migtd", "/nowhere/migtd"), 2);
	assert_output("/nowhere/migtd");
	assert_nothing_is_left();
}

/* --- runs that are ended from outside ------------------------------------------------------ */

/* Long enough under way to be interrupted: its quotes never come. */
static pid_t start_endless(void)
{
	unlink(output);
	const pid_t pid = start((const char *const[]){"--sessions", "2", "--fault", "quote-never", NULL});
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
