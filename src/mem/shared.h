/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Shared pages: memory the VMM can read and write, made shared once at start-up.  Page-granular
 * first fit.  Whatever lies here is hostile: it is copied to private memory once, before the
 * first look.
 */
#ifndef MEM_SHARED_H
#define MEM_SHARED_H

#include "migtd/base.h"

#define PAGE_SIZE 4096u

/*
 * The abandoned ones are still the VMM's to write to (tdx/quote_service.h, tdx/migtd_call.h), and so
 * are reports, which have no owner from the start.
 */
enum shared_tag {
	SHARED_SERVICE,
	SHARED_GET_QUOTE_KEPT,	/* in no use now, but for nothing else */
	SHARED_GET_QUOTE,
	SHARED_GET_QUOTE_ABANDONED,
	SHARED_GET_COLLATERAL,
	SHARED_GET_COLLATERAL_ABANDONED,
	SHARED_REQUEST,
	SHARED_REPORT,
	SHARED_STREAM,
	SHARED_SEND_ABANDONED,
	SHARED_RECEIVE_ABANDONED,
	SHARED_LOG_AREA,
	SHARED_TAG_COUNT
};

struct shared {
	uint8_t *base;
	uint8_t *owner;		/* one byte per page: 0 free, else tag + 1 */
	uint32_t pages;
	uint32_t reserved_first;	/* pages that only `reserved_tag` may take */
	uint32_t reserved_pages;
	enum shared_tag reserved_tag;
	uint32_t used;
	uint32_t peak;
	uint32_t extent;	/* highest page ever used, plus one */
	uint32_t refused;	/* shared_give() calls that did not name pages in use */
	uint32_t peak_by_tag[SHARED_TAG_COUNT];
	uint32_t used_by_tag[SHARED_TAG_COUNT];
};

/* base is page aligned; `owner` is private memory, one byte for each whole page of the region. */
void shared_init(struct shared *s, uint8_t *base, size_t size, uint8_t *owner);

/*
 * Once: the lowest run of n free pages is for one tag from now on, which may take others too.  As
 * long as all that is taken under it has one size that divides n, n pages of it always fit.
 * ERR_OUT_OF_RESOURCE: no such run.
 */
enum status shared_reserve(struct shared *s, enum shared_tag tag, uint32_t pages) MUST_CHECK;
/* Free pages that a tag may take, in runs of whatever length. */
uint32_t shared_room(const struct shared *s, enum shared_tag tag);

/* Contiguous zeroed pages, or NULL. */
uint8_t *shared_take(struct shared *s, enum shared_tag tag, uint32_t pages);
/*
 * Zeroes the pages and gives them back; they may be part of what was taken.  Anything but pages
 * in use under one tag changes nothing and is counted in `refused`.
 */
void shared_give(struct shared *s, uint8_t *at, uint32_t pages);
/* Accounts pages in use under one tag to another from now on; anything else as shared_give(). */
void shared_retag(struct shared *s, uint8_t *at, uint32_t pages, enum shared_tag tag);
/*
 * The lowest run of n pages under the tag at or behind `from` (NULL: anywhere), or NULL.  To walk
 * runs that were all taken with the same n, go on behind the last: neighbours are not joined.
 */
uint8_t *shared_find(const struct shared *s, enum shared_tag tag, uint32_t pages,
	const uint8_t *from);

#endif
