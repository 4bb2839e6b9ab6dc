/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Requester and responder talk to each other, over streams of all kinds. */
#include "support.h"

#include <string.h>

#define ANNEX_B_QUOTE 5006
#define ANNEX_B_LOG 3001

static int seed(void **state)
{
	(void)state;
	random_seed(1);
	return 0;
}

static void assert_got(const struct owner *from, const struct owner *to, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++) {
		const struct element *e = &from->out[i];
		const struct element *got = owner_got(to, e->type);

		assert_non_null(got);
		assert_int_equal(got->size, e->size);
		assert_memory_equal(got->bytes, e->bytes, e->size);
	}
}

static void assert_complete(const struct pair *p)
{
	assert_int_equal(p->requester_status, STATUS_OK);
	assert_int_equal(p->responder_status, STATUS_OK);
	assert_int_equal(spdm_phase(&p->requester), SPDM_PHASE_DONE);
	assert_int_equal(spdm_phase(&p->responder), SPDM_PHASE_DONE);
	assert_got(&p->source, &p->destination, 0, p->source.out_count);
	assert_got(&p->destination, &p->source, 0, p->destination.out_count);
}

static void both_ends_complete(void **state)
{
	struct pair *p = pair_new(ANNEX_B_QUOTE, ANNEX_B_LOG);

	(void)state;
	pair_run(p);
	assert_complete(p);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(both_ends_complete, seed),
	};

	support_init();
	print_message("sizeof(struct spdm) = %zu\n", sizeof(struct spdm));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
