/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * One planted fault for `migmem selftest`, chosen by PLANT_... when this file is compiled; linked
 * into a measuring build of its own, never into a product.  Calls of the core reach the faults in
 * two ways: the linker's --wrap, and a main.c compiled with migtd_round renamed.
 */
#include <string.h>

#include "migtd/migtd.h"

#include "../wrapped.h"

/* main.c's migtd_round() is planted_round(); here it has its own name again. */
#undef migtd_round
uint64_t migtd_round(struct migtd *td);

#ifdef PLANT_SESSION	/* 1 KiB more in each session's arena */
WRAPPED(uint32_t, heap_divide, struct heap *h, size_t session, size_t record, size_t tdinfo,
	uint32_t most)
{
	return __real_heap_divide(h, session + 1024, record, tdinfo, most);
}
#endif

#ifdef PLANT_PAGE	/* one page more, once */
WRAPPED(uint32_t, heap_divide, struct heap *h, size_t session, size_t record, size_t tdinfo,
	uint32_t most)
{
	return heap_fixed(h, MEM_SCRATCH, 4096, 16) == NULL
		       ? 0
		       : __real_heap_divide(h, session, record, tdinfo, most);
}
#endif

#ifdef PLANT_LEAK	/* every other policy record is not given back */
WRAPPED(void, pool_give, struct heap *h, struct pool *p, void *element)
{
	static unsigned records;

	if (p != &h->records || records++ % 2 != 0)
		__real_pool_give(h, p, element);
}
#endif

#ifdef PLANT_SHARED	/* the last page of a quote's buffer is forgotten when that is given back */
WRAPPED(void, shared_retag, struct shared *s, uint8_t *at, uint32_t pages, enum shared_tag tag)
{
	__real_shared_retag(s, at, tag == SHARED_GET_QUOTE_KEPT ? pages - 1 : pages, tag);
}
#endif

#ifdef PLANT_WIPE	/* what a session ended with stays in its arena */
WRAPPED(void, pool_give, struct heap *h, struct pool *p, void *element)
{
	static uint8_t kept[8192];
	const size_t n = p->size < sizeof(kept) ? p->size : sizeof(kept);

	memcpy(kept, element, n);
	__real_pool_give(h, p, element);
	if (p == &h->sessions)
		memcpy(element, kept, n);
}
#endif

#ifdef PLANT_STATIC	/* 1 KiB a session outside the heap */
static volatile uint8_t planted_static[64][1024];
#endif

/* Written from its lowest byte up: the painted stack shows it. */
#ifdef PLANT_FRAME
static __attribute__((noinline)) void planted_frame(void)
{
	volatile uint8_t deep[9000];

	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = (uint8_t)i;
}
#endif

/* Only its highest byte is: no painted word tells, the compiler's report does. */
#ifdef PLANT_ARRAY
static __attribute__((noinline)) void planted_array(void)
{
	volatile uint8_t large[12000];

	large[sizeof(large) - 1] = 1;
}
#endif

uint64_t planted_round(struct migtd *td)
{
#ifdef PLANT_STATIC
	const uint32_t live = migtd_sessions(td, NULL, 0);

	for (uint32_t i = 0; i < live && i < 64; i++)
		planted_static[i][0]++;
#endif
#ifdef PLANT_FRAME
	planted_frame();
#endif
#ifdef PLANT_ARRAY
	planted_array();
#endif
	return migtd_round(td);
}
