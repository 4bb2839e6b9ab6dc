/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "mem/heap.h"
#include "mem/shared.h"
#include "mem/stack_mark.h"

#define REGION 65536u

/* A region of `size` bytes with a guard on either side that no function may touch. */
struct region {
	uint8_t *base;
	size_t size;
};

static struct region region_new(size_t size)
{
	uint8_t *all = aligned_alloc(4096, 2 * 4096 + ((size + 4095) & ~(size_t)4095));
	assert_non_null(all);
	memset(all, 0xa5, 2 * 4096 + ((size + 4095) & ~(size_t)4095));
	return (struct region){.base = all + 4096, .size = size};
}

static void region_free(struct region r)
{
	for (size_t i = 1; i <= 4096; i++) {
		assert_int_equal(r.base[-(ptrdiff_t)i], 0xa5);
		assert_int_equal(r.base[r.size + i - 1], 0xa5);
	}
	free(r.base - 4096);
}

static bool is_zero(const uint8_t *at, size_t n)
{
	uint8_t any = 0;
	for (size_t i = 0; i < n; i++)
		any |= at[i];
	return any == 0;
}

/* A small generator of our own, so that a failure can be repeated. */
static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void every_tag_has_a_name_and_a_text(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MEM_TAG_COUNT; i++) {
		assert_memory_equal(mem_tag_name((enum mem_tag)i), "MEM_", 4);
		assert_true(strlen(mem_tag_text((enum mem_tag)i)) > 4);
		assert_int_equal(mem_tag_per_session((enum mem_tag)i),
			i == MEM_SESSION || i == MEM_RECORD || i == MEM_TDINFO);
	}
	assert_string_equal(mem_tag_name(MEM_SESSION), "MEM_SESSION");
	assert_string_equal(mem_tag_text(MEM_BIGNUM), "bignum arena");
	assert_string_equal(mem_tag_name(MEM_TAG_COUNT), "?");
}

static void fixed_blocks_are_zero_aligned_and_counted(void **state)
{
	(void)state;
	struct region r = region_new(REGION);
	struct heap h;
	heap_init(&h, r.base, r.size);
	assert_true(is_zero(r.base, r.size));

	uint8_t *a = heap_fixed(&h, MEM_TD, 100, 8);
	uint8_t *b = heap_fixed(&h, MEM_SLOTS, 5000, 4096);
	uint8_t *c = heap_fixed(&h, MEM_TD, 1, 1);
	uint8_t *d = heap_fixed(&h, MEM_TD, 8, 16);
	assert_ptr_equal(a, r.base);
	assert_ptr_equal(b, r.base + 4096);
	assert_ptr_equal(c, r.base + 9096);
	assert_ptr_equal(d, r.base + 9104);
	assert_int_equal(h.fixed, 9112);
	assert_int_equal(h.used, 100 + 5000 + 1 + 8);
	assert_int_equal(h.by_tag[MEM_SLOTS].reserved, 3996 + 5000);
	assert_int_equal(h.by_tag[MEM_SLOTS].used, 5000);
	assert_int_equal(h.by_tag[MEM_TD].used, 109);
	assert_int_equal(h.by_tag[MEM_TD].extent, 100 + 1 + 7 + 8);
	assert_int_equal(heap_extent_peak(&h), 9112);
	region_free(r);
}

static void a_block_that_does_not_fit_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	struct region r = region_new(10000);
	struct heap h;
	heap_init(&h, r.base, r.size);
	assert_non_null(heap_fixed(&h, MEM_TD, 9000, 16));
	const struct heap before = h;
	assert_null(heap_fixed(&h, MEM_TD, 1001, 1));
	assert_null(heap_fixed(&h, MEM_TD, 1, 4096));
	assert_null(heap_fixed(&h, MEM_TD, SIZE_MAX, 1));
	assert_null(heap_fixed(&h, MEM_TD, SIZE_MAX - 9000, 16));
	assert_memory_equal(&h, &before, sizeof(h));
	assert_non_null(heap_fixed(&h, MEM_TD, 1000, 1));
	assert_null(heap_fixed(&h, MEM_TD, 1, 1));
	region_free(r);
}

/* The most sessions that fit, found by counting up. */
static uint32_t capacity_oracle(size_t size, size_t fixed, size_t each)
{
	uint32_t n = 0;
	const size_t first = (fixed + 15) / 16 * 16;
	for (;;) {
		const size_t with_one_more = first + (3 * ((size_t)n + 1) + 15) / 16 * 16
			+ (n + 1) * each;
		if (with_one_more > size / 16 * 16)
			return n;
		n++;
	}
}

static void as_many_sessions_as_fit_are_divided_and_none_more(void **state)
{
	(void)state;
	static const size_t sessions[] = {16, 48, 2048, 4096};
	static const size_t records[] = {16, 272};
	uint32_t reached = 0;
	for (size_t size = 0; size < 20000; size += size < 300 ? 1 : 509) {
		for (unsigned k = 0; k < 16; k++) {
			const size_t fixed = k % 2 == 0 ? 0 : 117;
			const size_t session = sessions[k / 2 % 4];
			const size_t tdinfo = k < 8 ? 512 : 16;
			const size_t record = records[k % 2];
			struct region r = region_new(size);
			struct heap h;
			heap_init(&h, r.base, r.size);
			if (heap_fixed(&h, MEM_TD, fixed, 1) != NULL) {
				const uint32_t n = heap_divide(&h, session, record, tdinfo, UINT32_MAX);
				assert_int_equal(n, capacity_oracle(size, fixed,
					session + record + tdinfo));
				for (uint32_t i = 0; i < n; i++) {
					uint8_t *s = pool_take(&h, &h.sessions);
					uint8_t *q = pool_take(&h, &h.records);
					uint8_t *t = pool_take(&h, &h.tdinfos);
					assert_true(s >= r.base + fixed && s + session <= t);
					assert_true(t + tdinfo <= q && q + record <= r.base + size);
					memset(s, 1, session);
					memset(q, 2, record);
					memset(t, 3, tdinfo);
				}
				assert_null(pool_take(&h, &h.sessions));
				assert_null(pool_take(&h, &h.records));
				assert_null(pool_take(&h, &h.tdinfos));
				assert_true(heap_extent_peak(&h) <= size);
				reached += n;
			}
			region_free(r);
		}
	}
	assert_true(reached > 1000);
}

static void division_respects_the_limit_and_happens_once(void **state)
{
	(void)state;
	struct region r = region_new(REGION);
	struct heap h;
	heap_init(&h, r.base, r.size);
	assert_int_equal(heap_divide(&h, 0, 16, 0, 3), 0);
	assert_int_equal(heap_divide(&h, SIZE_MAX, 16, 0, 3), 0);
	assert_int_equal(heap_divide(&h, 16, SIZE_MAX - 40, 0, 3), 0);
	assert_int_equal(heap_divide(&h, SIZE_MAX / 2, SIZE_MAX / 2 + 2, 0, 3), 0);
	assert_int_equal(heap_divide(&h, 16, 16, SIZE_MAX, 3), 0);
	assert_int_equal(heap_divide(&h, 16, 16, SIZE_MAX - 40, 3), 0);
	assert_int_equal(heap_divide(&h, 16, 16, 0, 0), 0);
	assert_int_equal(heap_divide(&h, REGION, 16, 0, 3), 0);
	assert_int_equal(h.used, 0);
	assert_int_equal(heap_divide(&h, 1000, 100, 0, 3), 3);
	assert_int_equal(h.sessions.size, 1008);
	assert_int_equal(h.records.size, 112);
	assert_int_equal(heap_divide(&h, 1000, 100, 0, 3), 0);
	assert_null(heap_fixed(&h, MEM_TD, 1, 1));
	region_free(r);
}

static void a_heap_without_records_is_all_sessions(void **state)
{
	(void)state;
	struct region r = region_new(REGION);
	struct heap h;
	heap_init(&h, r.base, r.size);
	const uint32_t n = heap_divide(&h, 1024, 0, 0, UINT32_MAX);
	assert_int_equal(n, (REGION - 16) / 1027);
	assert_null(pool_take(&h, &h.records));
	assert_int_equal(pool_index(&h.records, r.base + REGION), POOL_NO_INDEX);
	for (uint32_t i = 0; i < n; i++)
		assert_non_null(pool_take(&h, &h.sessions));
	assert_null(pool_take(&h, &h.sessions));
	assert_int_equal(heap_extent_peak(&h), h.fixed + n * 1024);
	assert_int_equal(h.by_tag[MEM_RECORD].reserved, 0);
	region_free(r);
}

static void extents_grow_from_both_ends_by_exact_figures(void **state)
{
	(void)state;
	struct region r = region_new(REGION);
	struct heap h;
	heap_init(&h, r.base, r.size);
	assert_non_null(heap_fixed(&h, MEM_TD, 512, 16));
	assert_int_equal(heap_divide(&h, 1024, 256, 0, 10), 10);
	assert_int_equal(h.fixed, 512 + 32);
	assert_int_equal(heap_extent_peak(&h), 544);

	void *s0 = pool_take(&h, &h.sessions);
	void *s1 = pool_take(&h, &h.sessions);
	void *q0 = pool_take(&h, &h.records);
	assert_ptr_equal(s0, r.base + 544);
	assert_ptr_equal(s1, r.base + 544 + 1024);
	assert_ptr_equal(q0, r.base + REGION - 256);
	assert_int_equal(heap_extent_peak(&h), 544 + 2 * 1024 + 256);
	assert_int_equal(h.used, 544 + 2 * 1024 + 256);
	assert_int_equal(h.by_tag[MEM_SESSION].reserved, 10240);
	assert_int_equal(h.by_tag[MEM_RECORD].reserved, 2560);

	pool_give(&h, &h.sessions, s0);
	assert_int_equal(h.by_tag[MEM_SESSION].used, 1024);
	assert_int_equal(h.by_tag[MEM_SESSION].extent, 2048);
	assert_ptr_equal(pool_take(&h, &h.sessions), s0);
	pool_give(&h, &h.sessions, s1);
	pool_give(&h, &h.sessions, s0);
	pool_give(&h, &h.records, q0);
	assert_int_equal(h.used, 544);
	assert_int_equal(h.peak, 544 + 2 * 1024 + 256);
	assert_int_equal(h.by_tag[MEM_SESSION].peak, 2048);
	assert_int_equal(heap_extent_peak(&h), 544 + 2 * 1024 + 256);
	region_free(r);
}

static void what_lies_in_free_elements_is_residue(void **state)
{
	(void)state;
	struct region r = region_new(8192);
	struct heap h;
	heap_init(&h, r.base, r.size);
	assert_true(heap_divide(&h, 1024, 256, 0, 2) == 2);
	uint8_t *session = pool_take(&h, &h.sessions);
	uint8_t *record = pool_take(&h, &h.records);
	memset(session, 0xa5, 1024);
	assert_int_equal(heap_residue(&h), 0);
	pool_give(&h, &h.sessions, session);
	pool_give(&h, &h.records, record);
	assert_int_equal(heap_residue(&h), 0);
	session[0] = session[1023] = 1;
	record[255] = 1;
	assert_int_equal(heap_residue(&h), 3);
	region_free(r);
}

static void nothing_but_a_live_element_can_be_given(void **state)
{
	(void)state;
	struct region r = region_new(REGION);
	struct heap h;
	uint8_t elsewhere[64] = {7};
	heap_init(&h, r.base, r.size);
	assert_int_equal(heap_divide(&h, 256, 64, 0, 4), 4);
	uint8_t *s0 = pool_take(&h, &h.sessions);
	uint8_t *s1 = pool_take(&h, &h.sessions);
	uint8_t *q0 = pool_take(&h, &h.records);
	memset(s0, 3, 256);
	pool_give(&h, &h.sessions, s1);

	void *const wrong[] = {NULL, elsewhere, s1, s1 + 256, s0 + 1, s0 + 16, s0 - 256, q0,
		s0 + 4 * 256, r.base, q0 + 64};
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++)
		pool_give(&h, &h.sessions, wrong[i]);
	assert_int_equal(h.sessions.refused, ARRAY_SIZE(wrong));
	void *const wrong_record[] = {q0 - 64, q0 + 64, q0 - 4 * 64, s0, NULL};
	for (unsigned i = 0; i < ARRAY_SIZE(wrong_record); i++)
		pool_give(&h, &h.records, wrong_record[i]);
	assert_int_equal(h.records.refused, ARRAY_SIZE(wrong_record));

	assert_int_equal(h.sessions.live, 1);
	assert_int_equal(h.records.live, 1);
	assert_int_equal(s0[0] & s0[255], 3);
	assert_int_equal(elsewhere[0], 7);
	assert_ptr_equal(pool_at(&h, &h.sessions, 0), s0);
	assert_null(pool_at(&h, &h.sessions, 1));
	assert_null(pool_at(&h, &h.sessions, 4));
	assert_ptr_equal(pool_at(&h, &h.records, 0), q0);
	assert_int_equal(pool_index(&h.sessions, s1), 1);
	assert_int_equal(pool_index(&h.sessions, s0 + 16), POOL_NO_INDEX);
	region_free(r);
}

/* Takes and gives at random beside a model that knows only a set of live indexes. */
static void pools_keep_to_a_model_over_many_steps(void **state)
{
	(void)state;
	enum { N = 37, STEPS = 20000 };
	struct region r = region_new(REGION);
	struct heap h;
	bool live[2][N] = {{false}};
	uint32_t count[2] = {0, 0}, most[2] = {0, 0}, touched[2] = {0, 0}, seed = 1;
	heap_init(&h, r.base, r.size);
	assert_int_equal(heap_divide(&h, 640, 96, 0, N), N);
	struct pool *const pools[2] = {&h.sessions, &h.records};

	for (unsigned step = 0; step < STEPS; step++) {
		const unsigned k = next_random(&seed) % 2;
		struct pool *p = pools[k];
		/* Long phases of growth and of decline, so that both ends are met. */
		if (next_random(&seed) % 8 < (step / 700 % 2 == 0 ? 6 : 2)) {
			uint32_t lowest = 0;
			while (lowest < N && live[k][lowest])
				lowest++;
			uint8_t *e = pool_take(&h, p);
			assert_int_equal(e == NULL, lowest == N);
			if (e == NULL)
				continue;
			assert_int_equal(pool_index(p, e), lowest);
			assert_true(is_zero(e, p->size));
			memset(e, 0xee, p->size);
			live[k][lowest] = true;
			count[k]++;
			most[k] = count[k] > most[k] ? count[k] : most[k];
			touched[k] = lowest + 1 > touched[k] ? lowest + 1 : touched[k];
		} else {
			const uint32_t i = next_random(&seed) % N;
			void *e = pool_at(&h, p, i);
			assert_int_equal(e != NULL, live[k][i]);
			if (e == NULL)
				continue;
			pool_give(&h, p, e);
			live[k][i] = false;
			count[k]--;
		}
		assert_int_equal(p->live, count[k]);
		assert_int_equal(h.by_tag[p->tag].used, count[k] * p->size);
		assert_int_equal(h.by_tag[p->tag].peak, most[k] * p->size);
		assert_int_equal(h.by_tag[p->tag].extent, touched[k] * p->size);
		assert_int_equal(h.used, h.fixed + count[0] * 640u + count[1] * 96u);
	}
	assert_int_equal(most[0], N);
	for (uint32_t i = 0; i < N; i++) {
		pool_give(&h, &h.sessions, pool_at(&h, &h.sessions, i));
		pool_give(&h, &h.records, pool_at(&h, &h.records, i));
	}
	assert_true(is_zero(r.base, r.size));
	region_free(r);
}

static void shared_pages_are_first_fit_zeroed_and_counted(void **state)
{
	(void)state;
	struct region r = region_new(10 * PAGE_SIZE + 100);
	struct shared s;
	uint8_t owner[11];
	memset(owner, 0xcc, sizeof(owner));
	shared_init(&s, r.base, r.size, owner);
	assert_int_equal(s.pages, 10);
	assert_int_equal(owner[10], 0xcc);

	uint8_t *a = shared_take(&s, SHARED_SERVICE, 2);
	uint8_t *b = shared_take(&s, SHARED_GET_QUOTE, 3);
	uint8_t *c = shared_take(&s, SHARED_SERVICE, 4);
	assert_ptr_equal(a, r.base);
	assert_ptr_equal(b, r.base + 2 * PAGE_SIZE);
	assert_ptr_equal(c, r.base + 5 * PAGE_SIZE);
	assert_true(is_zero(a, 9 * PAGE_SIZE));
	assert_null(shared_take(&s, SHARED_SERVICE, 2));
	assert_null(shared_take(&s, SHARED_SERVICE, 0));
	assert_null(shared_take(&s, SHARED_SERVICE, UINT32_MAX));

	memset(b, 1, 3 * PAGE_SIZE);
	shared_give(&s, b, 3);
	assert_true(is_zero(b, 3 * PAGE_SIZE));
	memset(b, 0xff, 3 * PAGE_SIZE);	/* a hostile VMM */
	assert_ptr_equal(shared_take(&s, SHARED_GET_QUOTE, 1), b);
	assert_true(is_zero(b, PAGE_SIZE));
	assert_int_equal(s.used, 7);
	assert_int_equal(s.peak, 9);
	assert_int_equal(s.extent, 9);
	assert_int_equal(s.used_by_tag[SHARED_GET_QUOTE], 1);
	assert_int_equal(s.peak_by_tag[SHARED_GET_QUOTE], 3);
	assert_int_equal(s.peak_by_tag[SHARED_SERVICE], 6);
	region_free(r);
}

static void pages_change_their_tag_and_are_found_by_it(void **state)
{
	(void)state;
	struct region r = region_new(8 * PAGE_SIZE);
	struct shared s;
	uint8_t owner[8];
	shared_init(&s, r.base, r.size, owner);
	uint8_t *a = shared_take(&s, SHARED_GET_QUOTE, 2);
	uint8_t *b = shared_take(&s, SHARED_GET_QUOTE, 2);
	uint8_t *c = shared_take(&s, SHARED_SERVICE, 1);
	uint8_t *d = shared_take(&s, SHARED_GET_QUOTE, 2);
	const enum shared_tag other = SHARED_GET_QUOTE_ABANDONED;
	assert_null(shared_find(&s, other, 2, NULL));

	a[0] = 7;
	shared_retag(&s, a, 2, other);
	shared_retag(&s, b, 2, other);
	shared_retag(&s, d, 2, other);
	assert_int_equal(a[0], 7);
	assert_int_equal(s.used, 7);
	assert_int_equal(s.used_by_tag[SHARED_GET_QUOTE], 0);
	assert_int_equal(s.peak_by_tag[SHARED_GET_QUOTE], 6);
	assert_int_equal(s.used_by_tag[other], 6);
	assert_ptr_equal(shared_find(&s, other, 2, NULL), a);
	assert_ptr_equal(shared_find(&s, other, 2, a + 2 * PAGE_SIZE), b);
	assert_ptr_equal(shared_find(&s, other, 2, b + 2 * PAGE_SIZE), d);
	assert_null(shared_find(&s, other, 2, d + 2 * PAGE_SIZE));
	assert_null(shared_find(&s, other, 5, NULL));
	assert_null(shared_find(&s, other, 2, r.base + 8 * PAGE_SIZE));
	assert_ptr_equal(shared_find(&s, SHARED_SERVICE, 1, NULL), c);
	shared_give(&s, b, 2);
	assert_ptr_equal(shared_find(&s, other, 2, a + 2 * PAGE_SIZE), d);
	assert_int_equal(s.used_by_tag[other], 4);

	/* As for giving: only pages in use under one tag. */
	shared_retag(&s, c, 2, SHARED_GET_QUOTE);
	shared_retag(&s, b, 2, SHARED_GET_QUOTE);
	shared_retag(&s, a + 1, 1, SHARED_GET_QUOTE);
	assert_int_equal(s.refused, 3);
	assert_int_equal(s.used_by_tag[SHARED_GET_QUOTE], 0);
	region_free(r);
}

static void reserved_pages_are_for_one_tag_alone(void **state)
{
	(void)state;
	struct region r = region_new(10 * PAGE_SIZE);
	struct shared s;
	uint8_t owner[10];
	shared_init(&s, r.base, r.size, owner);
	uint8_t *service = shared_take(&s, SHARED_SERVICE, 1);
	assert_non_null(service);
	assert_int_equal(shared_reserve(&s, SHARED_GET_COLLATERAL, 0), ERR_OUT_OF_RESOURCE);
	assert_int_equal(shared_reserve(&s, SHARED_GET_COLLATERAL, 10), ERR_OUT_OF_RESOURCE);
	assert_int_equal(shared_reserve(&s, SHARED_GET_COLLATERAL, 4), STATUS_OK);
	assert_int_equal(shared_reserve(&s, SHARED_GET_COLLATERAL, 2), ERR_OUT_OF_RESOURCE);
	assert_int_equal(shared_room(&s, SHARED_GET_QUOTE), 5);
	assert_int_equal(shared_room(&s, SHARED_GET_COLLATERAL), 9);

	/* The others lie behind, whatever they need, and leave it alone when they need all. */
	uint8_t *quote = shared_take(&s, SHARED_GET_QUOTE, 2);
	assert_ptr_equal(quote, r.base + 5 * PAGE_SIZE);
	assert_non_null(shared_take(&s, SHARED_GET_QUOTE, 2));
	assert_null(shared_take(&s, SHARED_GET_QUOTE, 2));
	assert_int_equal(shared_room(&s, SHARED_GET_QUOTE), 1);
	uint8_t *first = shared_take(&s, SHARED_GET_COLLATERAL, 2);
	uint8_t *second = shared_take(&s, SHARED_GET_COLLATERAL, 2);
	assert_ptr_equal(first, r.base + PAGE_SIZE);
	assert_ptr_equal(second, r.base + 3 * PAGE_SIZE);
	assert_null(shared_take(&s, SHARED_GET_COLLATERAL, 2));

	/* Given back, they are still for that tag; while it lacks them it takes what is free. */
	shared_retag(&s, first, 2, SHARED_GET_COLLATERAL_ABANDONED);
	shared_give(&s, quote, 2);
	assert_ptr_equal(shared_take(&s, SHARED_GET_COLLATERAL, 2), quote);
	shared_give(&s, first, 2);
	assert_null(shared_take(&s, SHARED_GET_QUOTE, 2));
	assert_ptr_equal(shared_take(&s, SHARED_GET_COLLATERAL, 2), first);
	assert_int_equal(s.refused, 0);
	region_free(r);
}

static void only_shared_pages_in_use_can_be_given(void **state)
{
	(void)state;
	struct region r = region_new(8 * PAGE_SIZE);
	struct shared s;
	uint8_t owner[8], elsewhere = 1;
	shared_init(&s, r.base, r.size, owner);
	uint8_t *a = shared_take(&s, SHARED_SERVICE, 2);
	uint8_t *b = shared_take(&s, SHARED_GET_QUOTE, 2);
	memset(a, 9, PAGE_SIZE);

	shared_give(&s, a, 0);
	shared_give(&s, a + 1, 1);
	shared_give(&s, a, 3);			/* crosses into another owner's pages */
	shared_give(&s, b, 3);			/* crosses into free pages */
	shared_give(&s, b + 2 * PAGE_SIZE, 1);	/* free */
	shared_give(&s, r.base - PAGE_SIZE, 1);
	shared_give(&s, r.base + 8 * PAGE_SIZE, 1);
	shared_give(&s, a, UINT32_MAX);
	shared_give(&s, &elsewhere, 1);
	shared_give(&s, NULL, 1);
	assert_int_equal(s.refused, 10);
	assert_int_equal(s.used, 4);
	assert_int_equal(a[0], 9);

	shared_give(&s, a + PAGE_SIZE, 1);
	shared_give(&s, a, 1);
	shared_give(&s, a, 1);
	assert_int_equal(s.refused, 11);
	shared_give(&s, b, 2);
	assert_int_equal(s.used, 0);
	assert_int_equal(s.used_by_tag[SHARED_SERVICE], 0);
	region_free(r);
}

static void an_empty_shared_region_gives_nothing(void **state)
{
	(void)state;
	struct shared s;
	uint8_t owner[1], page[1];
	shared_init(&s, page, PAGE_SIZE - 1, owner);
	assert_null(shared_take(&s, SHARED_SERVICE, 1));
	shared_give(&s, page, 1);
	assert_int_equal(s.refused, 1);
}

static void stack_peak_is_the_deepest_overwritten_word(void **state)
{
	(void)state;
	_Alignas(16) uint8_t stack[1024];
	uint8_t *high = stack + sizeof(stack);
	stack_paint(stack, high);
	assert_int_equal(stack_peak(stack, high), 0);
	for (size_t i = 1; i <= sizeof(stack); i++) {
		stack[sizeof(stack) - i] = 0;
		assert_int_equal(stack_peak(stack, high), (i + 7) / 8 * 8);
	}
	stack_paint(stack, high);
	stack[24] ^= 1;		/* one lone byte, far below the rest */
	assert_int_equal(stack_peak(stack, high), sizeof(stack) - 24);
	assert_int_equal(stack_peak(stack + 32, high), 0);
}

static void painting_stays_inside_its_bounds(void **state)
{
	(void)state;
	struct region r = region_new(512);
	stack_paint(r.base, r.base + 512);
	for (unsigned i = 0; i < 512; i++)
		assert_int_equal(r.base[i], 0x5a);
	region_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tag_has_a_name_and_a_text),
		cmocka_unit_test(fixed_blocks_are_zero_aligned_and_counted),
		cmocka_unit_test(a_block_that_does_not_fit_is_refused_and_changes_nothing),
		cmocka_unit_test(as_many_sessions_as_fit_are_divided_and_none_more),
		cmocka_unit_test(a_heap_without_records_is_all_sessions),
		cmocka_unit_test(division_respects_the_limit_and_happens_once),
		cmocka_unit_test(extents_grow_from_both_ends_by_exact_figures),
		cmocka_unit_test(what_lies_in_free_elements_is_residue),
		cmocka_unit_test(nothing_but_a_live_element_can_be_given),
		cmocka_unit_test(pools_keep_to_a_model_over_many_steps),
		cmocka_unit_test(shared_pages_are_first_fit_zeroed_and_counted),
		cmocka_unit_test(pages_change_their_tag_and_are_found_by_it),
		cmocka_unit_test(reserved_pages_are_for_one_tag_alone),
		cmocka_unit_test(only_shared_pages_in_use_can_be_given),
		cmocka_unit_test(an_empty_shared_region_gives_nothing),
		cmocka_unit_test(stack_peak_is_the_deepest_overwritten_word),
		cmocka_unit_test(painting_stays_inside_its_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
