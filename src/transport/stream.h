/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A reliable ordered byte stream as the session sees it.  No call blocks and no packet boundary
 * is visible.
 */
#ifndef TRANSPORT_STREAM_H
#define TRANSPORT_STREAM_H

#include "migtd/base.h"

struct stream_ops {
	/* Takes up to n received bytes; 0 when none are there now. */
	size_t (*rx)(void *ctx, uint8_t *to, size_t n);
	/* Bytes that tx() would take now. */
	size_t (*tx_room)(void *ctx);
	/* Sends n bytes, n at most tx_room(). */
	enum status (*tx)(void *ctx, const uint8_t *from, size_t n);
};

struct stream {
	const struct stream_ops *ops;
	void *ctx;
};

static inline size_t stream_rx(const struct stream *s, uint8_t *to, size_t n)
{
	return s->ops->rx(s->ctx, to, n);
}

static inline size_t stream_tx_room(const struct stream *s)
{
	return s->ops->tx_room(s->ctx);
}

MUST_CHECK static inline enum status stream_tx(const struct stream *s, const uint8_t *from,
	size_t n)
{
	return s->ops->tx(s->ctx, from, n);
}

#endif
