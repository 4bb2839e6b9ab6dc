/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/loop.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t loop_now(const struct loop *loop)
{
	return loop->clock ? *loop->clock : now_ms();
}

void loop_init_virtual(struct loop *loop, const uint64_t *clock)
{
	*loop = (struct loop){.epoll = -1, .clock = clock};
}

int loop_init(struct loop *loop)
{
	*loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
	return loop->epoll < 0 ? -1 : 0;
}

static void free_buried(struct loop *loop)
{
	while (loop->buried_count)
		free(loop->buried[--loop->buried_count]);
}

void loop_fini(struct loop *loop)
{
	free_buried(loop);
	free(loop->buried);
	loop->buried = NULL;
	if (loop->epoll >= 0)
		close(loop->epoll);
	loop->epoll = -1;
}

void loop_bury(struct loop *loop, void *p)
{
	if (loop->buried_count == loop->buried_size) {
		unsigned size = loop->buried_size ? 2 * loop->buried_size : 64;
		void **grown = realloc(loop->buried, size * sizeof(*grown));

		/* Leaking is the only safe answer: an event of this batch may still mean it. */
		if (!grown)
			return;
		loop->buried = grown;
		loop->buried_size = size;
	}
	loop->buried[loop->buried_count++] = p;
}

int watch_add(struct loop *loop, struct watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	watch->loop = loop;
	watch->fd = -1;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event))
		return -1;
	watch->fd = fd;
	return 0;
}

void watch_events(struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	epoll_ctl(watch->loop->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

void watch_remove(struct watch *watch)
{
	if (watch->fd < 0)
		return;
	epoll_ctl(watch->loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	close(watch->fd);
	watch->fd = -1;
}

void timer_cancel(struct loop *loop, struct timer *timer)
{
	struct timer **at = &loop->timers;

	if (!timer->armed)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->armed = false;
}

void timer_set(struct loop *loop, struct timer *timer, uint64_t ms)
{
	struct timer **at = &loop->timers;

	timer_cancel(loop, timer);
	timer->at = loop_now(loop) + ms;
	while (*at && (*at)->at <= timer->at)
		at = &(*at)->next;
	timer->next = *at;
	timer->armed = true;
	*at = timer;
}

static bool run_timer(struct loop *loop)
{
	struct timer *first = loop->timers;

	if (!first || first->at > loop_now(loop))
		return false;
	timer_cancel(loop, first);
	first->expired(first);
	return true;
}

uint64_t loop_next(const struct loop *loop)
{
	return loop->timers ? loop->timers->at : UINT64_MAX;
}

bool loop_step(struct loop *loop)
{
	bool ran = false;

	while (run_timer(loop))
		ran = true;
	free_buried(loop);
	return ran;
}

/* How long to wait for events; for ever is -1. */
static int patience(const struct loop *loop)
{
	uint64_t now = loop_now(loop);
	uint64_t next = loop_next(loop);

	if (next == UINT64_MAX)
		return -1;
	if (next <= now)
		return 0;
	return next - now > 60000 ? 60000 : (int)(next - now);
}

void loop_run(struct loop *loop)
{
	struct epoll_event events[BATCH];

	while (!loop->stop) {
		int n;

		/* A buried object has no watch and no timer left: nothing can mean it from here on. */
		loop_step(loop);
		if (loop->stop)
			break;
		n = epoll_wait(loop->epoll, events, BATCH, patience(loop));
		if (n < 0 && errno != EINTR)
			abort();
		for (int i = 0; i < n && !loop->stop; i++) {
			struct watch *watch = events[i].data.ptr;

			if (watch->fd >= 0)
				watch->ready(watch, events[i].events);
		}
	}
	free_buried(loop);
}
