/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Hashes of parts of one stream.  What a running SHA-384 holds back of the block at hand are the
 * stream's last bytes, so several hashes keep them once: a session runs four of them for 72 bytes
 * each.
 */
#ifndef POLICY_WINDOW_H
#define POLICY_WINDOW_H

#include "crypto/crypto.h"

/* The last bytes of a stream; byte i of the stream lies at [i % SHA384_BLOCK]. */
struct stream_window {
	uint32_t size;		/* bytes of the stream so far */
	uint8_t byte[SHA384_BLOCK];
};

struct window_hash {
	union {
		uint64_t state[SHA384_STATE_WORDS];
		uint8_t digest[SHA384_SIZE];	/* once ended with window_hash_end() */
	};
	uint32_t begin;		/* offset in the stream of the first byte hashed */
};

/* A hash that begins at an offset in the piece at hand, or later. */
void window_hash_begin(struct window_hash *h, uint32_t begin);
/*
 * Both take the stream up to offset `end`, the bytes from window->size on being at `piece`; for
 * each piece one of them is called once, before window_pass().
 */
void window_hash_update(struct window_hash *h, const struct stream_window *w,
	const uint8_t *piece, uint32_t end);
void window_hash_end(struct window_hash *h, const struct stream_window *w, const uint8_t *piece,
	uint32_t end);
/* The piece is done with. */
void window_pass(struct stream_window *w, const uint8_t *piece, size_t n);
/* The last n bytes of the stream; n is at most SHA384_BLOCK. */
void window_last(const struct stream_window *w, uint8_t *to, size_t n);

#endif
