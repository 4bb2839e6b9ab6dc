/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "mem/shared.h"

void shared_init(struct shared *s, uint8_t *base, size_t size, uint8_t *owner)
{
	*s = (struct shared){
		.base = base, .owner = owner, .pages = (uint32_t)(size / PAGE_SIZE)};
	memset(owner, 0, s->pages);
}

static bool may_take(const struct shared *s, enum shared_tag tag, uint32_t page)
{
	return s->owner[page] == 0 &&
	       (tag == s->reserved_tag || page - s->reserved_first >= s->reserved_pages);
}

uint32_t shared_room(const struct shared *s, enum shared_tag tag)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->pages; i++)
		n += may_take(s, tag, i);
	return n;
}

/* First page of the lowest run of n free pages, or s->pages. */
static uint32_t find_free_run(const struct shared *s, enum shared_tag tag, uint32_t n)
{
	uint32_t run = 0;
	for (uint32_t i = 0; i < s->pages; i++) {
		run = may_take(s, tag, i) ? run + 1 : 0;
		if (run == n)
			return i + 1 - n;
	}
	return s->pages;
}

static void set_owner(struct shared *s, size_t first, uint32_t pages, enum shared_tag tag)
{
	memset(s->owner + first, (int)tag + 1, pages);
	s->used_by_tag[tag] += pages;
	if (s->peak_by_tag[tag] < s->used_by_tag[tag])
		s->peak_by_tag[tag] = s->used_by_tag[tag];
}

enum status shared_reserve(struct shared *s, enum shared_tag tag, uint32_t pages)
{
	const uint32_t first = pages == 0 ? s->pages : find_free_run(s, tag, pages);

	if (first == s->pages || s->reserved_pages != 0)
		return ERR_OUT_OF_RESOURCE;
	s->reserved_first = first;
	s->reserved_pages = pages;
	s->reserved_tag = tag;
	return STATUS_OK;
}

uint8_t *shared_take(struct shared *s, enum shared_tag tag, uint32_t pages)
{
	const uint32_t first = pages == 0 ? s->pages : find_free_run(s, tag, pages);
	if (first == s->pages)
		return NULL;

	set_owner(s, first, pages, tag);
	s->used += pages;
	if (s->peak < s->used)
		s->peak = s->used;
	if (s->extent < first + pages)
		s->extent = first + pages;

	/* The VMM can write to free pages too, so what was zeroed when given may not be zero. */
	uint8_t *at = s->base + (size_t)first * PAGE_SIZE;
	memset(at, 0, (size_t)pages * PAGE_SIZE);
	return at;
}

/* True if the n pages from `first` are in use under one tag. */
static bool owned_by_one(const struct shared *s, size_t first, uint32_t n)
{
	if (n == 0 || first >= s->pages || n > s->pages - first || s->owner[first] == 0)
		return false;
	for (uint32_t i = 1; i < n; i++) {
		if (s->owner[first + i] != s->owner[first])
			return false;
	}
	return true;
}

/* First of the n pages at `at` if they are in use under one tag, else counts a refusal. */
static bool used_pages(struct shared *s, const uint8_t *at, uint32_t n, size_t *first)
{
	const uintptr_t distance = (uintptr_t)at - (uintptr_t)s->base;

	*first = distance / PAGE_SIZE;
	if (distance % PAGE_SIZE == 0 && owned_by_one(s, *first, n))
		return true;
	s->refused++;
	return false;
}

void shared_give(struct shared *s, uint8_t *at, uint32_t pages)
{
	size_t first;

	if (!used_pages(s, at, pages, &first))
		return;
	s->used -= pages;
	s->used_by_tag[s->owner[first] - 1] -= pages;
	memset(s->owner + first, 0, pages);
	memset(at, 0, (size_t)pages * PAGE_SIZE);
}

void shared_retag(struct shared *s, uint8_t *at, uint32_t pages, enum shared_tag tag)
{
	size_t first;

	if (!used_pages(s, at, pages, &first))
		return;
	s->used_by_tag[s->owner[first] - 1] -= pages;
	set_owner(s, first, pages, tag);
}

uint8_t *shared_find(const struct shared *s, enum shared_tag tag, uint32_t pages,
	const uint8_t *from)
{
	const size_t first = from == NULL ? 0 : (size_t)(from - s->base) / PAGE_SIZE;
	uint32_t run = 0;

	for (size_t i = first; i < s->pages; i++) {
		run = s->owner[i] == tag + 1 ? run + 1 : 0;
		if (run == pages)
			return s->base + (i + 1 - pages) * PAGE_SIZE;
	}
	return NULL;
}
