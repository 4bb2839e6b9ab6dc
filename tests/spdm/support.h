/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What the SPDM tests share: randomness that can be dictated, a stream whose splits and room are
 * drawn from a seed, an owner that sends given elements and keeps what it gets, and a pair of
 * engines that talk to each other through two such streams.
 */
#ifndef TESTS_SPDM_SUPPORT_H
#define TESTS_SPDM_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spdm/engine.h"

/* --- randomness ---------------------------------------------------------------------------- */

/* crypto_init() over a static arena; to be called once. */
void support_init(void);
/* The bytes crypto_random() gives next, in order; when they are used up a generator goes on. */
void random_seed(uint64_t seed);
void random_dictate(const uint8_t *bytes, size_t n);
uint32_t draw(uint32_t below);

/* Setup of a test: the same randomness for each. */
int seed(void **state);

/* --- owner --------------------------------------------------------------------------------- */

#define ELEMENTS_MAX 8
#define EVENTS_MAX 64

struct element {
	enum vdm_element type;
	uint32_t size;
	uint8_t *bytes;
};

struct owner {
	struct element out[ELEMENTS_MAX];
	struct element in[ELEMENTS_MAX];
	size_t out_count, in_count;
	/* ready() and received() answer STATUS_PENDING this many times for each op. */
	unsigned pending;
	unsigned pending_left;
	enum vdm_op pending_op;
	/* received(op) of this op answers `verdict`. */
	enum vdm_op verdict_op;
	enum status verdict;
	/* element_begin(), element_write() and element_read() of this type answer `fault`. */
	enum vdm_element fault_type;
	enum status fault;
	/* "ready 3 out", "sent 3", "received 4": in order. */
	char events[EVENTS_MAX][24];
	size_t event_count;
};

extern const struct spdm_owner_ops owner_ops;
void owner_set(struct owner *o, enum vdm_element type, const uint8_t *bytes, uint32_t size);
bool owner_had(const struct owner *o, const char *event);

/* --- stream -------------------------------------------------------------------------------- */

#define PIPE_SIZE (1 << 18)

/* One direction.  Kept whole, so that a test can look at what was said. */
struct pipe {
	uint8_t bytes[PIPE_SIZE];
	size_t written, taken;
	size_t visible;	/* of the written bytes, those that have arrived */
};

/* How a pair of pipes behaves: 0 = unlimited. */
struct weather {
	uint32_t rx_max;	/* bytes that one rx() gives at most */
	uint32_t tx_room_max;	/* room that tx_room() tells at most */
	bool random;		/* draws what is given and told, up to those */
	uint32_t in_flight_max;	/* written and not taken: 0 = no limit */
};

struct end {
	struct pipe *in, *out;
	const struct weather *weather;
	enum status tx_answer;
};

extern const struct stream_ops end_ops;

/* --- a pair -------------------------------------------------------------------------------- */

struct pair {
	struct spdm requester, responder;
	struct owner source, destination;
	struct pipe to_responder, to_requester;
	struct end requester_end, responder_end;
	struct stream requester_io, responder_io;
	struct weather weather;
	enum status requester_status, responder_status;
};

/* Sizes as in Annex B when 0. */
struct pair *pair_new(uint32_t quote_size, uint32_t log_size);
void pair_free(struct pair *p);
void pair_profiles(struct pair *p, const struct spdm_profile *requester,
	const struct spdm_profile *responder);
/* Steps both until neither gets on. */
void pair_run(struct pair *p);
/* One step of each, which must leave both under way. */
void step_both(struct pair *p);
/* Both ended well, and each owner has what the other sent. */
void assert_complete(const struct pair *p);
/* Whatever ended the engine, nothing is left in it but what says so. */
void assert_wiped(const struct spdm *s);
/* Steps one until it ends or waits for anything but the owner. */
enum status step_until_stuck(struct spdm *s, const struct stream *io);

/* The n-th frame in a pipe, header included; NULL when there are not so many. */
const uint8_t *pipe_frame(const struct pipe *p, size_t index, size_t *size);
size_t pipe_frames(const struct pipe *p);
/* The n-th frame is a message of this code. */
void assert_code(const struct pipe *p, size_t index, uint8_t code);
void pipe_put(struct pipe *p, const uint8_t *bytes, size_t n);
/* Frames a plain message. */
void pipe_put_message(struct pipe *p, const uint8_t *message, size_t n);

/* --- files --------------------------------------------------------------------------------- */

uint8_t *file_read(const char *path, size_t *size);
size_t from_hex(const char *text, uint8_t *to, size_t max);

#endif
