/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "transport/vmcall_raw.h"

#include "mem/copy_once.h"

void vmcall_raw_init(struct vmcall_raw *raw, struct tdx *tdx, struct shared *shared,
	uint32_t rx_pages, uint8_t vector)
{
	*raw = (struct vmcall_raw){
		.tdx = tdx, .shared = shared, .rx_pages = rx_pages, .vector = vector};
}

void vmcall_raw_reclaim(struct vmcall_raw *raw)
{
	migtd_reclaim(raw->shared, SHARED_RECEIVE_ABANDONED, raw->rx_pages);
	migtd_reclaim(raw->shared, SHARED_SEND_ABANDONED, 1);
}

uint32_t vmcall_raw_abandoned(const struct vmcall_raw *raw)
{
	const uint32_t *used = raw->shared->used_by_tag;

	return used[SHARED_RECEIVE_ABANDONED] + used[SHARED_SEND_ABANDONED];
}

uint32_t vmcall_raw_pages(const struct vmcall_raw *raw)
{
	return raw->rx_pages + 1;
}

enum status vmcall_raw_open(struct vmcall_raw *raw, struct vmcall_raw_stream *s,
	uint64_t request_id)
{
	uint8_t *pages = shared_take(raw->shared, SHARED_STREAM, vmcall_raw_pages(raw));

	if (pages == NULL)
		return ERR_OUT_OF_RESOURCE;
	*s = (struct vmcall_raw_stream){
		.raw = raw,
		.rx = pages,
		.tx = pages + (size_t)raw->rx_pages * PAGE_SIZE,
		.request_id = request_id,
		.error = STATUS_OK,
	};
	return STATUS_OK;
}

/* The first cause stays. */
static void end(struct vmcall_raw_stream *s, enum status why)
{
	if (s->error == STATUS_OK)
		s->error = why;
}

static void poll_receive(struct vmcall_raw_stream *s)
{
	const uint32_t room = s->raw->rx_pages * PAGE_SIZE - MIGTD_CALL_HEADER;
	struct migtd_completion c;
	enum status status = migtd_completed(s->rx, &c);

	if (status == STATUS_PENDING)
		return;
	s->receiving = false;
	/* Success over nothing would be asked for again and again. */
	if (status == STATUS_OK && (c.detail != 0 || c.size == 0 || c.size > room))
		status = ERR_TRANSPORT_PROTOCOL;
	if (status != STATUS_OK) {
		end(s, status);
		return;
	}
	s->rx_at = 0;
	s->rx_size = c.size;
}

/* The length that a completed Send leaves in its header means nothing. */
static void poll_send(struct vmcall_raw_stream *s)
{
	struct migtd_completion c;
	enum status status = migtd_completed(s->tx, &c);

	if (status == STATUS_PENDING)
		return;
	s->sending = false;
	if (status == STATUS_OK && c.detail != 0)
		status = ERR_TRANSPORT_PROTOCOL;
	if (status != STATUS_OK)
		end(s, status);
}

bool vmcall_raw_poll(struct vmcall_raw_stream *s)
{
	const bool receiving = s->receiving, sending = s->sending;

	if (s->raw == NULL)
		return false;
	if (receiving)
		poll_receive(s);
	if (sending)
		poll_send(s);
	return s->receiving != receiving || s->sending != sending;
}

enum status vmcall_raw_status(const struct vmcall_raw_stream *s)
{
	return s->raw != NULL ? s->error : ERR_TRANSPORT_CLOSED;
}

bool vmcall_raw_rx_waiting(const struct vmcall_raw_stream *s)
{
	return s->rx_at < s->rx_size;
}

void vmcall_raw_flush(struct vmcall_raw_stream *s)
{
	if (s->raw == NULL || s->tx_size == 0 || s->error != STATUS_OK)
		return;
	const enum status status =
		migtd_send(s->raw->tdx, s->request_id, s->tx, s->tx_size, s->raw->vector);
	s->tx_size = 0;
	s->sending = status == STATUS_OK;
	if (status != STATUS_OK)
		end(s, status);
}

void vmcall_raw_listen(struct vmcall_raw_stream *s)
{
	if (s->raw == NULL || s->receiving || s->rx_at < s->rx_size || s->error != STATUS_OK)
		return;
	const enum status status = migtd_receive(
		s->raw->tdx, s->request_id, s->rx, s->raw->rx_pages, s->raw->vector);
	s->receiving = status == STATUS_OK;
	if (status != STATUS_OK)
		end(s, status);
}

bool vmcall_raw_unsent(const struct vmcall_raw_stream *s)
{
	return s->sending || s->tx_size > 0;
}

static void give(struct vmcall_raw_stream *s, uint8_t *pages, uint32_t n, bool in_flight,
	enum shared_tag abandoned)
{
	if (in_flight)
		migtd_abandon(s->raw->shared, pages, n, abandoned);
	else
		shared_give(s->raw->shared, pages, n);
}

void vmcall_raw_close(struct vmcall_raw_stream *s)
{
	if (s->raw == NULL)
		return;
	give(s, s->rx, s->raw->rx_pages, s->receiving, SHARED_RECEIVE_ABANDONED);
	give(s, s->tx, 1, s->sending, SHARED_SEND_ABANDONED);
	*s = (struct vmcall_raw_stream){.raw = NULL};
}

static size_t stream_rx_bytes(void *ctx, uint8_t *to, size_t n)
{
	struct vmcall_raw_stream *s = ctx;

	if (n == 0)
		return 0;
	if (s->rx_at == s->rx_size) {
		vmcall_raw_listen(s);
		return 0;
	}
	if (n > s->rx_size - s->rx_at)
		n = s->rx_size - s->rx_at;
	copy_once(to, s->rx + MIGTD_CALL_HEADER + s->rx_at, n);
	s->rx_at += (uint32_t)n;
	return n;
}

static size_t stream_room(void *ctx)
{
	const struct vmcall_raw_stream *s = ctx;

	if (s->error != STATUS_OK)
		return VMCALL_RAW_TX_MAX;
	return s->sending ? 0 : VMCALL_RAW_TX_MAX - s->tx_size;
}

static enum status stream_send(void *ctx, const uint8_t *from, size_t n)
{
	struct vmcall_raw_stream *s = ctx;

	if (s->error != STATUS_OK)
		return s->error;
	if (n > stream_room(s))
		return ERR_INTERNAL;
	if (n == 0)
		return STATUS_OK;
	memcpy(s->tx + MIGTD_CALL_HEADER + s->tx_size, from, n);
	s->tx_size = (uint16_t)(s->tx_size + n);
	if (s->tx_size == VMCALL_RAW_TX_MAX)
		vmcall_raw_flush(s);
	return s->error;
}

const struct stream_ops vmcall_raw_stream_ops = {
	.rx = stream_rx_bytes,
	.tx_room = stream_room,
	.tx = stream_send,
};
