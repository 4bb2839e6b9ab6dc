/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Event loop: descriptors (epoll) and timers.  Single-threaded; a callback may remove and bury any
 * watch or timer, its own included.
 */
#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop;

/* Embedded in its owner.  fd -1: not watched. */
struct watch {
	struct loop *loop;
	int fd;
	void (*ready)(struct watch *watch, uint32_t events);
};

struct timer {
	struct timer *next;
	uint64_t at;		/* ms, monotonic */
	bool armed;
	void (*expired)(struct timer *timer);
};

struct loop {
	int epoll;
	const uint64_t *clock;	/* ms, virtual; NULL: the machine's */
	bool stop;
	struct timer *timers;	/* soonest first */
	void **buried;
	unsigned buried_count;
	unsigned buried_size;
};

/* 0, or -1 with errno. */
int loop_init(struct loop *loop);
void loop_fini(struct loop *loop);
/* Until loop->stop. */
void loop_run(struct loop *loop);

/*
 * A loop without descriptors, whose time is what *clock says; its owner runs what is due and moves
 * the clock.
 */
void loop_init_virtual(struct loop *loop, const uint64_t *clock);
/* Runs the timers that are due; false when none was. */
bool loop_step(struct loop *loop);
/* When the next timer is due, UINT64_MAX if none is set. */
uint64_t loop_next(const struct loop *loop);

/* Watches fd for `events` and takes it over.  0, or -1 with errno: fd is still the caller's. */
int watch_add(struct loop *loop, struct watch *watch, int fd, uint32_t events);
void watch_events(struct watch *watch, uint32_t events);
/* Closes the descriptor; harmless when there is none. */
void watch_remove(struct watch *watch);

void timer_set(struct loop *loop, struct timer *timer, uint64_t ms);
void timer_cancel(struct loop *loop, struct timer *timer);

/* Frees `p` once no event of the running batch can mean it any more. */
void loop_bury(struct loop *loop, void *p);

uint64_t loop_now(const struct loop *loop);
/* The machine's monotonic clock. */
uint64_t now_ms(void);

#define CONTAINER_OF(p, type, member) ((type *)(void *)((char *)(p) - offsetof(type, member)))

#endif
