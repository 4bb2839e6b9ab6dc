/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tdx/migtd_call.h"

#include "mem/copy_once.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define VMM_IN_FLIGHT 0
#define VMM_DONE 1
#define VMM_NOT_COMPLETED 2
#define DETAIL_CANCELED 3

/* ReportStatus: bits 7:0 are 0 or 1, bits 15:8 the result. */
#define REPORT_FAILURE 1u
#define REPORT_RESULT_SHIFT 8

static void write_header(uint8_t *buffer, size_t n)
{
	struct writer w = writer_of(buffer, MIGTD_CALL_HEADER);

	writer_u64(&w, VMM_IN_FLIGHT);
	writer_u32(&w, (uint32_t)n);
}

enum status migtd_wait_for_request(struct tdx *tdx, uint8_t *page, uint8_t vector)
{
	memset(page, 0, PAGE_SIZE);
	return tdvmcall_migtd_wait(tdx, page, PAGE_SIZE, vector);
}

enum status migtd_send(struct tdx *tdx, uint64_t request_id, uint8_t *buffer, size_t n,
	uint8_t vector)
{
	if (n == 0 || n > MIGTD_CALL_MTU)
		return ERR_INTERNAL;
	write_header(buffer, n);
	return tdvmcall_migtd_data(
		tdx, MIGTD_SEND, request_id, buffer, MIGTD_CALL_HEADER + n, vector);
}

enum status migtd_receive(struct tdx *tdx, uint64_t request_id, uint8_t *buffer, uint32_t pages,
	uint8_t vector)
{
	if (pages == 0 || pages > (MIGTD_CALL_MTU + MIGTD_CALL_HEADER) / PAGE_SIZE)
		return ERR_INTERNAL;
	write_header(buffer, 0);
	return tdvmcall_migtd_data(
		tdx, MIGTD_RECEIVE, request_id, buffer, (size_t)pages * PAGE_SIZE, vector);
}

enum status migtd_report_status(struct tdx *tdx, struct shared *shared, uint64_t request_id,
	enum migration_result result, const uint8_t *data, size_t n, uint8_t vector)
{
	const uint64_t word = result == RESULT_SUCCESS ? 0 :
		REPORT_FAILURE | (uint64_t)result << REPORT_RESULT_SHIFT;

	if (n > PAGE_SIZE - MIGTD_CALL_HEADER)
		return ERR_INTERNAL;
	uint8_t *page = shared_take(shared, SHARED_REPORT, 1);
	if (page == NULL)
		return ERR_OUT_OF_RESOURCE;
	write_header(page, n);
	if (n > 0)
		memcpy(page + MIGTD_CALL_HEADER, data, n);
	const enum status status =
		tdvmcall_migtd_report(tdx, request_id, word, page, PAGE_SIZE, vector);
	if (status != STATUS_OK)
		shared_give(shared, page, 1);
	return status;
}

/* The status is read alone and first: the rest is written before it. */
static uint64_t data_status(const uint8_t *buffer)
{
	uint8_t bytes[8];

	copy_once(bytes, buffer, sizeof(bytes));
	struct reader r = reader_of(bytes, sizeof(bytes));
	return reader_u64(&r);
}

static uint32_t payload_size(const uint8_t *buffer)
{
	uint8_t bytes[4];

	copy_once(bytes, buffer + 8, sizeof(bytes));
	struct reader r = reader_of(bytes, sizeof(bytes));
	return reader_u32(&r);
}

enum status migtd_completed(const uint8_t *buffer, struct migtd_completion *completion)
{
	const uint64_t status = data_status(buffer);
	const uint8_t vmm = (uint8_t)status;

	if (vmm == VMM_IN_FLIGHT)
		return STATUS_PENDING;
	completion->detail = (uint8_t)(status >> 8);
	completion->size = payload_size(buffer);
	if (status >> 16 != 0)
		return ERR_TRANSPORT_PROTOCOL;
	switch (vmm) {
	case VMM_DONE:
		return STATUS_OK;
	case VMM_NOT_COMPLETED:
		return completion->detail == DETAIL_CANCELED ? ERR_CANCELED :
			ERR_TRANSPORT_CLOSED;
	default:
		return ERR_TRANSPORT_PROTOCOL;
	}
}

static bool in_flight(const uint8_t *buffer)
{
	return (uint8_t)data_status(buffer) == VMM_IN_FLIGHT;
}

void migtd_abandon(struct shared *shared, uint8_t *buffer, uint32_t pages, enum shared_tag abandoned)
{
	if (in_flight(buffer))
		shared_retag(shared, buffer, pages, abandoned);
	else
		shared_give(shared, buffer, pages);
}

void migtd_reclaim(struct shared *shared, enum shared_tag tag, uint32_t pages)
{
	uint8_t *buffer = NULL;

	if (shared->used_by_tag[tag] == 0)
		return;
	while ((buffer = shared_find(shared, tag, pages, buffer)) != NULL) {
		if (!in_flight(buffer))
			shared_give(shared, buffer, pages);
		buffer += pages * PAGE_SIZE;
	}
}
