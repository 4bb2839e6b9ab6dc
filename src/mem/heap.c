/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "mem/heap.h"

#define ELEMENT_ALIGN 16u

static const struct {
	const char *name;
	const char *text;
	bool per_session;
} tags[MEM_TAG_COUNT] = {
#define FIXED false
#define SESSION true
#define MEM_TAG(name, kind, text) [name] = {#name, text, kind},
#include "mem/heap_tags.def"
#undef MEM_TAG
#undef SESSION
#undef FIXED
};

const char *mem_tag_name(enum mem_tag tag)
{
	return (unsigned)tag < MEM_TAG_COUNT ? tags[tag].name : "?";
}

const char *mem_tag_text(enum mem_tag tag)
{
	return (unsigned)tag < MEM_TAG_COUNT ? tags[tag].text : "?";
}

bool mem_tag_per_session(enum mem_tag tag)
{
	return (unsigned)tag < MEM_TAG_COUNT && tags[tag].per_session;
}

void heap_init(struct heap *h, uint8_t *base, size_t size)
{
	*h = (struct heap){.base = base, .size = size};
	memset(base, 0, size);
}

static void count_taken(struct heap *h, enum mem_tag tag, size_t n)
{
	struct mem_usage *usage = &h->by_tag[tag];
	usage->used += n;
	if (usage->peak < usage->used)
		usage->peak = usage->used;
	h->used += n;
	if (h->peak < h->used)
		h->peak = h->used;
}

static void count_given(struct heap *h, enum mem_tag tag, size_t n)
{
	h->by_tag[tag].used -= n;
	h->used -= n;
}

void *heap_fixed(struct heap *h, enum mem_tag tag, size_t size, size_t align)
{
	const size_t padding = -h->fixed & (align - 1);
	const size_t room = h->size - h->fixed;
	if (h->sessions.capacity != 0 || padding > room || size > room - padding)
		return NULL;

	uint8_t *block = h->base + h->fixed + padding;
	h->fixed += padding + size;
	h->by_tag[tag].reserved += padding + size;
	h->by_tag[tag].extent += padding + size;
	count_taken(h, tag, size);
	return block;
}

/* n rounded up to ELEMENT_ALIGN; 0 when it is 0 or would wrap. */
static size_t element_size(size_t n)
{
	return (n + ELEMENT_ALIGN - 1) & -(size_t)ELEMENT_ALIGN;
}

/* Pools, each with a byte of live map for each session. */
#define POOLS 3u

static size_t map_size(size_t sessions)
{
	return element_size(POOLS * sessions);
}

/* `each`: bytes of one session in all pools. */
static uint32_t sessions_that_fit(size_t room, size_t each, uint32_t most)
{
	const size_t fit = room / (each + POOLS);
	size_t n = fit < most ? fit : most;

	/* Rounding the live map up takes at most 15 bytes, less than one session. */
	if (map_size(n) + n * each > room)
		n--;
	return (uint32_t)n;
}

/* n elements, from `first` on; none when they have no size. */
static void pool_init(struct heap *h, struct pool *p, enum mem_tag tag, size_t size, uint32_t n,
	uint8_t *first, bool downward, uint8_t *map)
{
	*p = (struct pool){
		.base = downward ? first - size : first,
		.step = downward ? -(ptrdiff_t)size : (ptrdiff_t)size,
		.size = size,
		.capacity = size != 0 ? n : 0,
		.live_map = map,
		.tag = tag,
	};
	h->by_tag[tag].reserved = size * p->capacity;
}

uint32_t heap_divide(struct heap *h, size_t session_size, size_t record_size, size_t tdinfo_size,
	uint32_t most)
{
	const size_t bottom = element_size(h->fixed);
	const size_t top = h->size & -(size_t)ELEMENT_ALIGN;
	const size_t room = bottom < top ? top - bottom : 0;

	/* None larger than the room, so that their sum does not wrap. */
	if (h->sessions.capacity != 0 || session_size == 0 || session_size > room ||
		record_size > room || tdinfo_size > room)
		return 0;
	session_size = element_size(session_size);
	record_size = element_size(record_size);
	tdinfo_size = element_size(tdinfo_size);
	const uint32_t n =
		sessions_that_fit(room, session_size + record_size + tdinfo_size, most);
	if (n == 0)
		return 0;
	uint8_t *map = heap_fixed(h, MEM_TD, map_size(n), ELEMENT_ALIGN);
	if (map == NULL)
		return 0;

	uint8_t *records = h->base + top;
	uint8_t *tdinfos = records - n * record_size;
	pool_init(h, &h->sessions, MEM_SESSION, session_size, n, h->base + h->fixed, false, map);
	pool_init(h, &h->records, MEM_RECORD, record_size, n, records, true, map + n);
	pool_init(h, &h->tdinfos, MEM_TDINFO, tdinfo_size, n, tdinfos, true, map + 2 * (size_t)n);
	return n;
}

static uint8_t *element_at(const struct pool *p, uint32_t i)
{
	return p->base + (ptrdiff_t)i * p->step;
}

void *pool_take(struct heap *h, struct pool *p)
{
	uint32_t i = p->first_free;
	while (i < p->capacity && p->live_map[i] != 0)
		i++;
	p->first_free = i;
	if (i == p->capacity)
		return NULL;

	p->live_map[i] = 1;
	p->live++;
	p->first_free = i + 1;
	if (p->touched <= i) {
		p->touched = i + 1;
		h->by_tag[p->tag].extent = p->size * p->touched;
	}
	count_taken(h, p->tag, p->size);
	return element_at(p, i);
}

void pool_give(struct heap *h, struct pool *p, void *element)
{
	const uint32_t i = pool_index(p, element);
	if (i == POOL_NO_INDEX || p->live_map[i] == 0) {
		p->refused++;
		return;
	}
	/* Free elements are zero at all times: that is what pool_take() hands out. */
	memset(element, 0, p->size);
	p->live_map[i] = 0;
	p->live--;
	if (p->first_free > i)
		p->first_free = i;
	count_given(h, p->tag, p->size);
}

uint32_t pool_index(const struct pool *p, const void *element)
{
	/* Addresses as integers: a foreign pointer may not be subtracted or compared. */
	const uintptr_t first = (uintptr_t)p->base;
	const uintptr_t at = (uintptr_t)element;
	const uintptr_t distance = p->step > 0 ? at - first : first - at;
	if (p->capacity == 0 || distance % p->size != 0 || distance / p->size >= p->capacity)
		return POOL_NO_INDEX;
	return (uint32_t)(distance / p->size);
}

void *pool_at(const struct heap *h, const struct pool *p, uint32_t i)
{
	(void)h;
	return i < p->capacity && p->live_map[i] != 0 ? element_at(p, i) : NULL;
}

static size_t pool_residue(const struct pool *p)
{
	size_t n = 0;

	for (uint32_t i = 0; i < p->touched; i++) {
		const uint8_t *element = element_at(p, i);

		for (size_t at = 0; p->live_map[i] == 0 && at < p->size; at++)
			n += element[at] != 0;
	}
	return n;
}

size_t heap_residue(const struct heap *h)
{
	return pool_residue(&h->sessions) + pool_residue(&h->records) +
	       pool_residue(&h->tdinfos);
}

size_t heap_extent_peak(const struct heap *h)
{
	if (h->sessions.capacity == 0)
		return h->fixed;
	const size_t from_below = h->fixed + h->sessions.touched * h->sessions.size;
	const size_t records_top = (size_t)(h->records.base - h->base) + h->records.size;
	const size_t from_above = h->records.touched == 0 ? 0
		: h->size - records_top + h->records.touched * h->records.size;
	return from_below + from_above + h->tdinfos.touched * h->tdinfos.size;
}
