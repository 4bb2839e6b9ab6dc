/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The heap: one region of exactly the configured size.  Fixed blocks are carved from its bottom
 * at start-up; what is left belongs to three pools: session arenas growing upward from there, policy
 * records growing downward from the top, and below the last of these, also downward, initial TDINFOs.
 * One of each is reserved for each session, so that a session that was admitted can never lack one.
 * There is no other allocation.
 *
 * Accounting: `extent` of a tag is the span ever touched (what a smaller region would lack);
 * `requested` is the sum of live bytes, as upstream's heap test counts.
 */
#ifndef MEM_HEAP_H
#define MEM_HEAP_H

#include "migtd/base.h"

/* Every user of the heap; the table of names and of fixed or per-session kind is heap_tags.def. */
enum mem_tag {
#define MEM_TAG(name, kind, text) name,
#include "mem/heap_tags.def"
#undef MEM_TAG
	MEM_TAG_COUNT
};

struct mem_usage {
	size_t reserved;	/* bytes set aside, alignment included */
	size_t used;		/* bytes live now, as requested */
	size_t peak;		/* most bytes live at once */
	size_t extent;		/* span ever touched, alignment included */
};

struct pool {
	uint8_t *base;		/* element 0; element i lies at base + i * step */
	ptrdiff_t step;
	size_t size;		/* bytes of one element, a multiple of 16 */
	uint32_t capacity;
	uint32_t live;
	uint32_t touched;	/* highest index ever used, plus one */
	uint32_t first_free;	/* lowest index that may be free */
	uint32_t refused;	/* pool_give() calls that named no live element */
	uint8_t *live_map;	/* one byte per element: 1 when it is live */
	enum mem_tag tag;
};

struct heap {
	uint8_t *base;
	size_t size;
	size_t fixed;		/* bytes carved from the bottom */
	struct pool sessions;
	struct pool records;
	struct pool tdinfos;
	struct mem_usage by_tag[MEM_TAG_COUNT];
	size_t used;
	size_t peak;
};

/* base must be 4096-aligned.  The region is zeroed. */
void heap_init(struct heap *h, uint8_t *base, size_t size);

/* A fixed block, zeroed, aligned to `align` (a power of two, at most 4096); NULL if none fits. */
void *heap_fixed(struct heap *h, enum mem_tag tag, size_t size, size_t align);

/*
 * Divides the rest of the region, once: the number of sessions is what fits with one arena, one
 * record, one TDINFO and three bytes of live map (under MEM_TD) each, but at most `most`.  Sizes are
 * rounded up to 16; a size of 0 means that there are no records, or no TDINFOs.  Returns that number;
 * 0 when not even one fits, and nothing changes.  No fixed block can be had afterwards.
 */
uint32_t heap_divide(struct heap *h, size_t session_size, size_t record_size, size_t tdinfo_size,
	uint32_t most);

/* Lowest free element, zeroed; NULL when all are live. */
void *pool_take(struct heap *h, struct pool *p);
/*
 * Wipes the element and gives it back.  A pointer that is no live element of this pool (given
 * twice, another pool's, inside an element) changes nothing and is counted in `refused`.
 */
void pool_give(struct heap *h, struct pool *p, void *element);
/* POOL_NO_INDEX when the pointer is not the start of an element, live or free. */
#define POOL_NO_INDEX UINT32_MAX
uint32_t pool_index(const struct pool *p, const void *element);
/* Element i if it is live, else NULL. */
void *pool_at(const struct heap *h, const struct pool *p, uint32_t i);

/*
 * Bytes of free elements that are not zero: what ended sessions left behind.  0, or a wipe was
 * skipped.  Reads every free element that was ever used.
 */
size_t heap_residue(const struct heap *h);

/* Bytes from the region's start to the last one touched from below plus those from above. */
size_t heap_extent_peak(const struct heap *h);

/* Name of the enumerator ("MEM_SESSION"), what the tag holds, and whether it grows per session. */
const char *mem_tag_name(enum mem_tag tag);
const char *mem_tag_text(enum mem_tag tag);
bool mem_tag_per_session(enum mem_tag tag);

#endif
