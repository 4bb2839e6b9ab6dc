/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "crypto/library.h"

#include "crypto/internal.h"

/* Lies in front of every block. */
struct block {
	uint32_t size;		/* bytes of the block with this header */
	uint32_t previous;	/* offset of the block below */
	uint32_t free;
	uint32_t pad;
};
_Static_assert(sizeof(struct block) == ARENA_ALIGN, "blocks stay aligned");

static struct {
	uint8_t *base;
	size_t size;
	size_t limit;		/* what the running operation has reserved */
	size_t used;
	size_t peak;
	uint32_t top;		/* offset of the highest block, if any is in use */
} arena;

static size_t block_size(size_t n)
{
	return sizeof(struct block) + ((n + ARENA_ALIGN - 1) & -(size_t)ARENA_ALIGN);
}

static struct block *block_at(size_t offset)
{
	return (struct block *)(void *)(arena.base + offset);
}

void *arena_take(size_t n)
{
	/* Our own fault, never a peer's: n depends on the curve only. */
	if (n > CRYPTO_ARENA_SIZE || block_size(n) > arena.limit - arena.used)
		__builtin_trap();

	struct block *block = block_at(arena.used);
	*block = (struct block){.size = (uint32_t)block_size(n), .previous = arena.top};
	arena.top = (uint32_t)arena.used;
	arena.used += block->size;
	if (arena.peak < arena.used)
		arena.peak = arena.used;
	return block + 1;
}

void arena_give(void *at, size_t n)
{
	struct block *block = (struct block *)at - 1;
	if (block->free != 0 || block->size != block_size(n))
		__builtin_trap();
	wipe(at, block->size - sizeof(*block));
	block->free = 1;

	while (arena.used > 0 && block_at(arena.top)->free != 0) {
		struct block *top = block_at(arena.top);
		arena.used = arena.top;
		arena.top = top->previous;
		wipe(top, sizeof(*top));
	}
}

static void *hook_allocate(size_t n)
{
	return arena_take(n);
}

static void *hook_reallocate(void *at, size_t old_size, size_t new_size)
{
	void *moved = arena_take(new_size);
	memcpy(moved, at, old_size < new_size ? old_size : new_size);
	arena_give(at, old_size);
	return moved;
}

static void hook_free(void *at, size_t n)
{
	arena_give(at, n);
}

void arena_init(uint8_t *base, size_t size)
{
	if (base == NULL || (uintptr_t)base % ARENA_ALIGN != 0 || size < CRYPTO_ARENA_SIZE
	    || size > UINT32_MAX)
		__builtin_trap();
	wipe(base, size);
	arena.base = base;
	arena.size = size;
	arena.limit = 0;
	arena.used = 0;
	arena.peak = 0;
	arena.top = 0;
	mp_set_memory_functions(hook_allocate, hook_reallocate, hook_free);
}

void arena_begin(size_t limit)
{
	if (arena.base == NULL || arena.used != 0 || limit > arena.size)
		__builtin_trap();
	arena.limit = limit;
}

size_t crypto_arena_peak(void)
{
	return arena.peak;
}

size_t crypto_arena_used(void)
{
	return arena.used;
}
