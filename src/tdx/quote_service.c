/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tdx/quote_service_internal.h"

#include "mem/copy_once.h"
#include "tdx/get_collateral.h"
#include "tdx/get_quote.h"

#define BUFFER_VERSION 1
#define STATUS_OFFSET 8

#define STATUS_IN_FLIGHT 0xffffffffffffffffull
#define STATUS_UNAVAILABLE 0x8000000000000001ull

#define QGS_MAJOR 1
#define QGS_MINOR 1

const struct quote_buffer_kind quote_buffer_quote = {
	.tag = SHARED_GET_QUOTE,
	.abandoned = SHARED_GET_QUOTE_ABANDONED,
	.kept = SHARED_GET_QUOTE_KEPT,
	.pages = GET_QUOTE_PAGES,
};

const struct quote_buffer_kind quote_buffer_collateral = {
	.tag = SHARED_GET_COLLATERAL,
	.abandoned = SHARED_GET_COLLATERAL_ABANDONED,
	.kept = SHARED_TAG_COUNT,
	.pages = GET_COLLATERAL_PAGES,
};

void quote_service_init(struct quote_service *service, struct tdx *tdx, struct shared *shared)
{
	*service = (struct quote_service){
		.tdx = tdx, .shared = shared, .form = QUOTE_FORM_UNKNOWN};
}

enum status quote_service_keep(struct quote_service *service, uint32_t buffers)
{
	return shared_take(service->shared, SHARED_GET_QUOTE_KEPT, buffers * GET_QUOTE_PAGES) != NULL ?
		STATUS_OK :
		ERR_OUT_OF_RESOURCE;
}

uint32_t quote_service_free(const struct quote_service *service)
{
	return service->shared->used_by_tag[SHARED_GET_QUOTE_KEPT] / GET_QUOTE_PAGES;
}

static void give(struct shared *shared, const struct quote_buffer_kind *kind, uint8_t *buffer)
{
	if (kind->kept == SHARED_TAG_COUNT) {
		shared_give(shared, buffer, kind->pages);
		return;
	}
	shared_retag(shared, buffer, kind->pages, kind->kept);
	memset(buffer, 0, (size_t)kind->pages * PAGE_SIZE);
}

static void reclaim(struct shared *shared, const struct quote_buffer_kind *kind)
{
	uint8_t *buffer = NULL;

	if (shared->used_by_tag[kind->abandoned] == 0)
		return;
	while ((buffer = shared_find(shared, kind->abandoned, kind->pages, buffer)) != NULL) {
		if (!quote_buffer_in_flight(buffer))
			give(shared, kind, buffer);
		buffer += kind->pages * PAGE_SIZE;
	}
}

void quote_service_reclaim(struct quote_service *service)
{
	reclaim(service->shared, &quote_buffer_quote);
	reclaim(service->shared, &quote_buffer_collateral);
}

uint32_t quote_service_abandoned(const struct quote_service *service)
{
	const uint32_t *used = service->shared->used_by_tag;

	return used[SHARED_GET_QUOTE_ABANDONED] + used[SHARED_GET_COLLATERAL_ABANDONED];
}

uint8_t *quote_buffer_take(struct quote_service *service, const struct quote_buffer_kind *kind)
{
	struct shared *shared = service->shared;

	if (kind->kept == SHARED_TAG_COUNT)
		return shared_take(shared, kind->tag, kind->pages);
	uint8_t *buffer = shared_find(shared, kind->kept, kind->pages, NULL);
	if (buffer == NULL)
		return NULL;
	shared_retag(shared, buffer, kind->pages, kind->tag);
	/* The VMM can write to idle pages too, so what was zeroed when given back may not be zero. */
	memset(buffer, 0, (size_t)kind->pages * PAGE_SIZE);
	return buffer;
}

struct writer quote_buffer_request(uint8_t *buffer, uint32_t size)
{
	struct writer w = writer_of(buffer, GET_QUOTE_HEADER + (size_t)size);

	writer_u64(&w, BUFFER_VERSION);
	writer_u64(&w, 0);
	writer_u32(&w, size);
	/* Upstream's raw form has its buffer's size here; a VMM may insist on the GHCI's zero. */
	writer_u32(&w, 0);
	return w;
}

struct writer quote_buffer_message(uint8_t *buffer, enum qgs_type type, uint32_t body)
{
	struct writer w = quote_buffer_request(buffer, QGS_PREFIX + QGS_HEADER + body);

	writer_u32_be(&w, QGS_HEADER + body);
	writer_u16(&w, QGS_MAJOR);
	writer_u16(&w, QGS_MINOR);
	writer_u32(&w, type);
	writer_u32(&w, QGS_HEADER + body);
	writer_u32(&w, 0);
	return w;
}

enum status quote_buffer_ask(struct quote_service *service, const struct quote_buffer_kind *kind,
	uint8_t *buffer)
{
	const enum status status =
		tdvmcall_get_quote(service->tdx, buffer, (size_t)kind->pages * PAGE_SIZE);

	if (status != STATUS_OK)
		give(service->shared, kind, buffer);
	return status;
}

/* The status is read alone and first: the rest is written before it. */
bool quote_buffer_in_flight(const uint8_t *buffer)
{
	uint8_t bytes[8];

	copy_once(bytes, buffer + STATUS_OFFSET, sizeof(bytes));
	struct reader r = reader_of(bytes, sizeof(bytes));
	return reader_u64(&r) == STATUS_IN_FLIGHT;
}

void quote_buffer_end(struct quote_service *service, const struct quote_buffer_kind *kind,
	uint8_t *buffer)
{
	if (quote_buffer_in_flight(buffer))
		shared_retag(service->shared, buffer, kind->pages, kind->abandoned);
	else
		give(service->shared, kind, buffer);
}

struct quote_answer quote_answer_read(struct reader *r)
{
	struct quote_answer answer;

	(void)reader_u64(r); /* version: ours */
	answer.status = reader_u64(r);
	(void)reader_u32(r); /* length of the request: ours */
	answer.size = reader_u32(r);
	return answer;
}

enum status quote_answer_status(const struct quote_answer *answer)
{
	switch (answer->status) {
	case 0:
		return STATUS_OK;
	case QUOTE_STATUS_ERROR:
	case STATUS_UNAVAILABLE:
		return ERR_GET_QUOTE_BUSY;
	default:
		return ERR_GET_QUOTE;
	}
}

bool qgs_message_read(struct reader *r, const struct quote_answer *answer,
	const struct quote_buffer_kind *kind, enum qgs_type type, struct qgs_message *message)
{
	const uint64_t length = reader_u32_be(r);
	const uint16_t major = reader_u16(r);

	message->minor = reader_u16(r);
	const uint32_t its_type = reader_u32(r);
	message->size = reader_u32(r);
	const uint32_t error = reader_u32(r);

	return reader_ok(r) && answer->size <= kind->pages * PAGE_SIZE - GET_QUOTE_HEADER &&
	       answer->size == QGS_PREFIX + length && message->size == length &&
	       major == QGS_MAJOR && its_type == type && error == 0;
}
