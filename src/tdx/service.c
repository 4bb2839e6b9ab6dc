/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tdx/service.h"

#include "mem/copy_once.h"
#include "tdx/service_internal.h"
#include "wire/reader.h"
#include "wire/writer.h"

/* Both pages begin with GUID, length and a word that is reserved here and a status there. */
#define PAGE_HEADER 24

#define COMMAND_QUERY 0
#define COMMAND_WAIT_FOR_REQUEST 1
#define COMMAND_REPORT_STATUS 2
#define COMMAND_SEND 3
#define COMMAND_RECEIVE 4

#define OPERATION_NONE 0
#define OPERATION_START_MIGRATION 1

#define RESPONSE_RETURNED 0u
#define RESPONSE_OUT_OF_RESOURCE 8u
/* What the response says until the VMM has answered. */
#define RESPONSE_UNTOUCHED 0xffffffffu

/* Where the length of the payload stands in a vsock header. */
#define VSOCK_LENGTH_OFFSET 24

/* FB6FC5E1-3378-4ACB-8964-FA5EE43B9C8A */
static const uint8_t guid_common[GUID_SIZE] = {0xe1, 0xc5, 0x6f, 0xfb, 0x78, 0x33, 0xcb, 0x4a,
	0x89, 0x64, 0xfa, 0x5e, 0xe4, 0x3b, 0x9c, 0x8a};
/* E60E6330-1E09-4387-A444-8F32B8D611E5 */
static const uint8_t guid_migtd[GUID_SIZE] = {0x30, 0x63, 0x0e, 0xe6, 0x09, 0x1e, 0x87, 0x43,
	0xa4, 0x44, 0x8f, 0x32, 0xb8, 0xd6, 0x11, 0xe5};

enum status service_init(struct service *s, struct tdx *tdx, struct shared *shared, uint8_t *copy)
{
	*s = (struct service){.tdx = tdx, .copy = copy};
	s->command = shared_take(shared, SHARED_SERVICE, 1);
	s->response = shared_take(shared, SHARED_SERVICE, 1);
	return s->command != NULL && s->response != NULL ? STATUS_OK : ERR_OUT_OF_RESOURCE;
}

static void page_header(uint8_t *page, const uint8_t guid[GUID_SIZE], size_t size, uint32_t word)
{
	struct writer w = writer_of(page, PAGE_HEADER);

	writer_bytes(&w, guid, GUID_SIZE);
	writer_u32(&w, (uint32_t)size);
	writer_u32(&w, word);
}

/* In the empty command page; the writer stands behind the first four data bytes. */
static struct writer command_begin(struct service *s, uint8_t command, uint8_t operation,
	uint8_t status)
{
	struct writer w = writer_of(s->command, PAGE_SIZE);
	writer_zero(&w, PAGE_HEADER);
	writer_u8(&w, 0);
	writer_u8(&w, command);
	writer_u8(&w, operation);
	writer_u8(&w, status);
	return w;
}

/* What every response to a command says first. */
struct response {
	uint32_t status;	/* of the page */
	uint8_t version;
	uint8_t command;
	uint8_t byte[2];	/* operation or status, by command */
	struct reader data;	/* what follows them */
};

/* Takes the private copy of the response, as much as it says to be, and clears the page again. */
static enum status take_response(struct service *s, const uint8_t guid[GUID_SIZE],
	struct response *response)
{
	copy_once(s->copy, s->response, PAGE_HEADER);

	struct reader r = reader_of(s->copy, PAGE_HEADER);
	const uint8_t *answered = reader_bytes(&r, GUID_SIZE);
	const uint32_t size = reader_u32(&r);
	response->status = reader_u32(&r);
	if (memcmp(answered, guid, GUID_SIZE) != 0 || size < PAGE_HEADER || size > PAGE_SIZE) {
		memset(s->response, 0, PAGE_SIZE);
		return ERR_VMCALL;
	}

	copy_once(s->copy + PAGE_HEADER, s->response + PAGE_HEADER, size - PAGE_HEADER);
	memset(s->response, 0, size);
	r = reader_of(s->copy + PAGE_HEADER, size - PAGE_HEADER);
	response->version = reader_u8(&r);
	response->command = reader_u8(&r);
	response->byte[0] = reader_u8(&r);
	response->byte[1] = reader_u8(&r);
	response->data = r;
	return STATUS_OK;
}

/* Sends the command laid out in w and takes the response. */
static enum status exchange(struct service *s, const uint8_t guid[GUID_SIZE],
	const struct writer *w, uint32_t preset, struct response *response)
{
	if (!writer_ok(w)) {
		memset(s->command, 0, PAGE_SIZE);
		return ERR_INTERNAL;
	}
	page_header(s->command, guid, writer_size(w), 0);
	page_header(s->response, guid, PAGE_SIZE, preset);
	const enum status called = tdvmcall_service(s->tdx, s->command, s->response, 0, 0);
	memset(s->command, 0, writer_size(w));
	if (called == STATUS_OK)
		return take_response(s, guid, response);
	memset(s->response, 0, PAGE_SIZE);
	return called;
}

static enum status check(const struct response *response, uint8_t command)
{
	const bool ok = response->status == RESPONSE_RETURNED && reader_ok(&response->data) &&
		response->command == command;
	return ok ? STATUS_OK : ERR_VMCALL;
}

/* Send and Receive answer with version 0 and the request id they were given, too. */
static enum status check_vsock(struct response *response, uint8_t command, uint64_t request_id)
{
	TRY(check(response, command));
	const uint64_t answered = reader_u64(&response->data);
	if (!reader_ok(&response->data) || response->version != 0 || answered != request_id)
		return ERR_VMCALL;
	return STATUS_OK;
}

enum status service_query(struct service *s)
{
	struct response response;
	struct writer w = command_begin(s, COMMAND_QUERY, 0, 0);

	writer_bytes(&w, guid_migtd, GUID_SIZE);
	const enum status asked = exchange(s, guid_common, &w, RESPONSE_RETURNED, &response);
	if (asked == ERR_TDCALL || asked == ERR_INTERNAL)
		return asked;
	if (asked != STATUS_OK || check(&response, COMMAND_QUERY) != STATUS_OK)
		return ERR_VMM_UNSUPPORTED;

	const uint8_t supported = response.byte[0];
	const uint8_t *guid = reader_bytes(&response.data, GUID_SIZE);
	if (supported != 0 || guid == NULL || memcmp(guid, guid_migtd, GUID_SIZE) != 0)
		return ERR_VMM_UNSUPPORTED;
	return STATUS_OK;
}

enum status service_wait_for_request(struct service *s, struct migration_request *request)
{
	struct response response;
	const struct writer w = command_begin(s, COMMAND_WAIT_FOR_REQUEST, 0, 0);

	memset(request, 0, sizeof(*request));
	TRY(exchange(s, guid_migtd, &w, RESPONSE_RETURNED, &response));
	TRY(check(&response, COMMAND_WAIT_FOR_REQUEST));
	if (response.byte[0] == OPERATION_NONE)
		return STATUS_PENDING;
	if (response.byte[0] != OPERATION_START_MIGRATION)
		return ERR_REQUEST;
	return service_parse_hobs(response.data.at, reader_left(&response.data), request);
}

enum status service_report_status(struct service *s, uint64_t request_id,
	enum migration_result result)
{
	struct response response;
	struct writer w = command_begin(s, COMMAND_REPORT_STATUS, OPERATION_START_MIGRATION,
		(uint8_t)result);

	writer_u64(&w, request_id);
	TRY(exchange(s, guid_migtd, &w, RESPONSE_RETURNED, &response));
	return check(&response, COMMAND_REPORT_STATUS);
}

enum status service_send(struct service *s, uint64_t request_id,
	const uint8_t header[SERVICE_VSOCK_HEADER], const uint8_t *payload, size_t n)
{
	struct response response;
	struct writer w = command_begin(s, COMMAND_SEND, 0, 0);

	writer_u64(&w, request_id);
	writer_bytes(&w, header, SERVICE_VSOCK_HEADER);
	if (n > 0)
		writer_bytes(&w, payload, n);
	TRY(exchange(s, guid_migtd, &w, RESPONSE_UNTOUCHED, &response));
	if (response.status == RESPONSE_OUT_OF_RESOURCE)
		return STATUS_PENDING;
	return check_vsock(&response, COMMAND_SEND, request_id);
}

enum status service_receive(struct service *s, const uint8_t **packet, size_t *n)
{
	struct response response;
	struct writer w = command_begin(s, COMMAND_RECEIVE, 0, 0);

	*packet = NULL;
	*n = 0;
	writer_u64(&w, SERVICE_ANY_REQUEST);
	TRY(exchange(s, guid_migtd, &w, RESPONSE_UNTOUCHED, &response));
	TRY(check_vsock(&response, COMMAND_RECEIVE, SERVICE_ANY_REQUEST));

	const size_t answered = reader_left(&response.data);
	if (answered == 0)
		return STATUS_PENDING;
	*packet = response.data.at;
	*n = answered;

	struct reader r = response.data;
	(void)reader_bytes(&r, VSOCK_LENGTH_OFFSET);
	const uint32_t payload = reader_u32(&r);
	if (reader_ok(&r) && answered >= SERVICE_VSOCK_HEADER &&
		payload < answered - SERVICE_VSOCK_HEADER)
		*n = SERVICE_VSOCK_HEADER + (size_t)payload;
	return STATUS_OK;
}
