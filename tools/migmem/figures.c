/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/figures.h"

#include <stdarg.h>
#include <string.h>

#include "mem/heap.h"
#include "migmem/compare.h"

bool result_is_sweep(const json_t *result)
{
	return json_object_get(result, "runs") != NULL;
}

const json_t *result_run(const json_t *result, size_t index)
{
	if (result_is_sweep(result))
		return json_array_get(json_object_get(result, "runs"), index);
	return index == 0 ? result : NULL;
}

int64_t run_sessions(const json_t *run)
{
	return number_in(run, "config", "sessions", NULL);
}

const json_t *result_largest(const json_t *result)
{
	const json_t *largest = result_run(result, 0), *run;

	for (size_t i = 1; (run = result_run(result, i)) != NULL; i++)
		if (run_sessions(run) > run_sessions(largest))
			largest = run;
	return largest;
}

const char *role_title(const json_t *run, size_t role)
{
	static const char *const apart[] = {"source", "destination"}, *const both[] = {
										"host a", "host b"};

	return strcmp(result_roles(run), "both") == 0 ? both[role] : apart[role];
}

const json_t *run_role(const json_t *run, const char *role)
{
	return json_object_get(json_object_get(run, "roles"), role);
}

int64_t number_in(const json_t *object, ...)
{
	const char *name;
	va_list names;

	va_start(names, object);
	while ((name = va_arg(names, const char *)) != NULL)
		object = json_object_get(object, name);
	va_end(names);
	return json_integer_value(object);
}

const char *text_in(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

struct limits_today run_limits(const json_t *run)
{
	const json_t *dst = run_role(run, "dst");

	const json_t *facts = json_object_get(run, "facts");

	return (struct limits_today){
		.policy_levels = number_in(facts, "policy_levels", NULL),
		.policy_mappings = number_in(facts, "policy_mappings", NULL),
		.certificate_links = number_in(facts, "certificate_links", NULL),
		.certificate_der = number_in(facts, "certificate_der", NULL),
		.platforms = number_in(facts, "platforms", NULL),
		.tcb_levels = number_in(facts, "tcb_levels", NULL),
		.quote_bytes = number_in(facts, "quote_bytes", NULL),
		.pck_chain_der = number_in(facts, "pck_chain_der", NULL),
		.events = number_in(facts, "events", NULL),
		.event_log_bytes = number_in(facts, "event_log_bytes", NULL),
		.policy_bytes = number_in(run, "config", "policy_bytes", NULL),
		.bignum_peak = number_in(dst, "counters", "bignum_peak", NULL),
		.stack_bound = number_in(dst, "stack_static_bound", NULL),
		.stack_size = number_in(dst, "stack_size", NULL),
	};
}

const char *tag_text(const char *tag)
{
	for (int i = 0; i < MEM_TAG_COUNT; i++)
		if (strcmp(mem_tag_name((enum mem_tag)i), tag) == 0)
			return mem_tag_text((enum mem_tag)i);
	return tag;
}
