/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Stack use of a function on a thread whose stack was painted before.  Include after cmocka. */
#ifndef TESTS_PAINTED_STACK_H
#define TESTS_PAINTED_STACK_H

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define STACK_SIZE (256 * 1024)
#define PAINT 0xa5

/* Bytes of a painted stack that the function changed. */
static inline size_t stack_of(void *(*run)(void *))
{
	pthread_attr_t attr;
	pthread_t thread;
	uint8_t *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t untouched = 0;

	assert_ptr_not_equal(stack, MAP_FAILED);
	memset(stack, PAINT, STACK_SIZE);
	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstack(&attr, stack, STACK_SIZE), 0);
	assert_int_equal(pthread_create(&thread, &attr, run, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attr);
	while (untouched < STACK_SIZE && stack[untouched] == PAINT)
		untouched++;
	munmap(stack, STACK_SIZE);
	return STACK_SIZE - untouched;
}

#endif
