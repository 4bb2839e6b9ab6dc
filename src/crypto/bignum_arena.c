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

static size_t block_size(size_t n)
{
	return sizeof(struct block) + ((n + ARENA_ALIGN - 1) & -(size_t)ARENA_ALIGN);
}

static struct block *block_at(const struct arena *arena, size_t offset)
{
	return (struct block *)(void *)(arena->base + offset);
}

void *arena_take(size_t n)
{
	struct arena *arena = &crypto_state->arena;

	/* Our own fault, never a peer's: n depends on the curve only. */
	if (n > CRYPTO_ARENA_SIZE || block_size(n) > arena->limit - arena->used)
		__builtin_trap();

	struct block *block = block_at(arena, arena->used);
	*block = (struct block){.size = (uint32_t)block_size(n), .previous = arena->top};
	arena->top = (uint32_t)arena->used;
	arena->used += block->size;
	if (arena->peak < arena->used)
		arena->peak = arena->used;
	return block + 1;
}

void arena_give(void *at, size_t n)
{
	struct arena *arena = &crypto_state->arena;
	struct block *block = (struct block *)at - 1;

	if (block->free != 0 || block->size != block_size(n))
		__builtin_trap();
	wipe(at, block->size - sizeof(*block));
	block->free = 1;

	while (arena->used > 0 && block_at(arena, arena->top)->free != 0) {
		struct block *top = block_at(arena, arena->top);
		arena->used = arena->top;
		arena->top = top->previous;
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

void arena_init(struct arena *arena, uint8_t *base, size_t size)
{
	*arena = (struct arena){.base = base, .size = size};
	mp_set_memory_functions(hook_allocate, hook_reallocate, hook_free);
}

void arena_begin(size_t limit)
{
	struct arena *arena = &crypto_state->arena;

	if (arena->base == NULL || arena->used != 0 || limit > arena->size)
		__builtin_trap();
	arena->limit = limit;
}

size_t crypto_arena_peak(void)
{
	return crypto_state->arena.peak;
}

size_t crypto_arena_used(void)
{
	return crypto_state->arena.used;
}
