/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "mem/stack_mark.h"

void stack_paint(uint8_t *low, uint8_t *high)
{
	/* Volatile stores: a call to memset would push into what is being painted. */
	for (volatile uint64_t *word = (volatile uint64_t *)(void *)low;
	     word < (volatile uint64_t *)(void *)high; word++)
		*word = STACK_MARK;
}

size_t stack_peak(const uint8_t *low, const uint8_t *high)
{
	const uint8_t *at = low;
	while (at < high && *(const volatile uint64_t *)(const void *)at == STACK_MARK)
		at += sizeof(uint64_t);
	return (size_t)(high - at);
}
