/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fetched.h"

/* The same content, fetched: accepted or refused, and with the same result. */
static bool fetched_agrees(const struct world *w, enum status verdict)
{
	struct quote_result result;
	size_t n;
	const uint8_t *quote = world_quote(w, &n);
	const enum status fetched = fetched_verdict((const uint8_t *)world_bundle(w),
		strlen(world_bundle(w)), quote, n, &result);

	if (verdict == STATUS_OK)
		return fetched == STATUS_OK &&
			memcmp(result.bytes, w->result.bytes, QUOTE_RESULT_SIZE) == 0;
	return fetched != STATUS_OK;
}

void check_rules(const struct rule *rules, size_t n)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
		struct world w;

		world_create(&w);
		rules[i].change(&w);
		const enum status verdict = world_judge(&w);
		const char *text = (const char *)w.result.bytes + RESULT_TCB_STATUS;
		if (verdict != rules[i].verdict) {
			print_error("%s: %s, expected %s\n", rules[i].what, status_name(verdict),
				status_name(rules[i].verdict));
			wrong++;
		} else if (verdict == STATUS_OK && rules[i].text != NULL &&
			strcmp(text, rules[i].text) != 0) {
			print_error("%s: status %s, expected %s\n", rules[i].what, text,
				rules[i].text);
			wrong++;
		} else if (!fetched_agrees(&w, verdict)) {
			print_error("%s: another verdict when fetched\n", rules[i].what);
			wrong++;
		}
		world_free(&w);
	}
	assert_int_equal(wrong, 0);
}
