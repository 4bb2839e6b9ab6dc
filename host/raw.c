/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/raw.h"

#include <stdlib.h>
#include <string.h>

#include "host/bytes.h"

#define API_VERSION 1u
enum { WAIT_FOR_REQUEST = 1, REPORT_STATUS, SEND, RECEIVE };
#define START_MIGRATION 1

#define INFO_BYTES 56
#define SIGNAL_AGAIN_MS 2

/* What a client asked for. */
struct raw_operation {
	struct raw_operation *next;
	struct client *client;
	uint64_t id;		/* the payload's first eight bytes */
	uint8_t operation;
	uint8_t vmm;		/* byte 0 of the data status */
	bool handed_out;
	uint32_t size;
	uint8_t payload[];
};

/* ----------------------------------------------------------------------------- completions */

/* Interrupts merge: a TD whose socket is full of them could not be answered any more. */
static void notify(struct raw_host *host, uint8_t vector)
{
	if (vector < 32)
		return;
	if (!host->signals[vector]) {
		host->signals[vector] = 1;
		host->td->deliver(host->td, vector);
		return;
	}
	host->more[vector] = true;
	if (!host->signal_again.armed)
		timer_set(&host->td->platform->loop, &host->signal_again, SIGNAL_AGAIN_MS);
}

static void signal_again(struct timer *timer)
{
	struct raw_host *host = CONTAINER_OF(timer, struct raw_host, signal_again);

	for (unsigned i = 0; i < sizeof(host->more); i++) {
		if (!host->more[i] || host->signals[i] >= RAW_SIGNALS_MAX)
			continue;
		host->more[i] = false;
		host->signals[i]++;
		host->td->deliver(host->td, (uint8_t)i);
	}
}

void raw_complete(struct raw_host *host, struct raw_buffer *buffer, uint64_t status,
	const void *payload, uint32_t n, uint32_t length)
{
	uint8_t bytes[8];
	bool ok = !n || vmm_write(host->td, buffer->gpa + RAW_HEADER, payload, n);

	buffer->pending = false;
	store32(bytes, length);
	ok = ok && vmm_write(host->td, buffer->gpa + 8, bytes, 4);
	/* The status comes last. */
	store64(bytes, status);
	ok = ok && vmm_write(host->td, buffer->gpa, bytes, 8);
	if (!ok)
		report("Migration TD %ld: a buffer is no longer shared", (long)host->td->pid);
	notify(host, buffer->vector);
}

/* -------------------------------------------------------------------------------- requests */

static uint32_t write_request(const struct user_td *td, uint8_t data[INFO_BYTES + TDINFO_BYTES])
{
	memset(data, 0, INFO_BYTES);
	store64(data, td->id);
	data[8] = !td->incoming;
	data[9] = td->has_init_tdinfo;
	for (unsigned i = 0; i < 4; i++)
		store64(data + 16 + 8 * i, td->uuid[i]);
	store64(data + 48, servtd_handle(td));
	if (!td->has_init_tdinfo)
		return INFO_BYTES;
	memcpy(data + INFO_BYTES, td->init_tdinfo, TDINFO_BYTES);
	return INFO_BYTES + TDINFO_BYTES;
}

static void hand_out_migration(struct raw_host *host)
{
	struct migtd *td = host->td;
	struct user_td *request = td->again ? td->again : servtd_request_take(td);
	uint8_t data[INFO_BYTES + TDINFO_BYTES];
	uint32_t n = write_request(request, data);
	bool first = !td->again;

	td->again = first && fault_spends(&td->platform->faults, FAULT_REQUEST_TWICE) ? request :
		NULL;
	if (first && !raw_stream_open(host, request)) {
		servtd_request_end(request, RESULT_CODE_VMM_INTERNAL, "out of memory");
		return;
	}
	raw_complete(host, &host->wait, RAW_DONE | START_MIGRATION << 8, data, n, n);
}

static struct raw_operation *next_operation(const struct raw_host *host)
{
	struct raw_operation *o = host->operations;

	while (o && o->handed_out)
		o = o->next;
	return o;
}

static void forget_operation(struct raw_host *host, struct raw_operation *o)
{
	struct raw_operation **at = &host->operations;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	free(o);
}

void raw_host_kick(struct raw_host *host)
{
	struct raw_operation *o = next_operation(host);

	if (!host->wait.pending)
		return;
	if (o) {
		o->handed_out = true;
		raw_complete(host, &host->wait, o->vmm | (uint64_t)o->operation << 8, o->payload,
			o->size, o->size);
	} else if (host->td->again || host->td->waiting) {
		hand_out_migration(host);
	}
}

bool raw_host_ask(struct raw_host *host, struct client *client, uint8_t operation, uint8_t vmm,
	const uint8_t *payload, size_t n)
{
	struct raw_operation *o = calloc(1, sizeof(*o) + n);
	struct raw_operation **at = &host->operations;

	if (!o)
		return false;
	o->client = client;
	o->operation = operation;
	o->vmm = vmm;
	o->size = (uint32_t)n;
	memcpy(o->payload, payload, n);
	if (n >= 8)
		o->id = load64(payload);
	while (*at)
		at = &(*at)->next;
	*at = o;
	raw_host_kick(host);
	return true;
}

void raw_host_forget_client(struct raw_host *host, const struct client *client)
{
	for (struct raw_operation *o = host->operations; o; o = o->next) {
		if (o->client == client)
			o->client = NULL;
	}
}

static uint64_t wait_for_request(struct raw_host *host, const struct raw_buffer *buffer)
{
	if (host->wait.pending || buffer->size < RAW_HEADER + INFO_BYTES + TDINFO_BYTES)
		return VMCALL_INVALID_OPERAND;
	host->wait = *buffer;
	host->wait.pending = true;
	host->td->ready = true;
	raw_host_kick(host);
	return VMCALL_SUCCESS;
}

/* --------------------------------------------------------------------------------- reports */

struct raw_report {
	uint64_t id;
	unsigned result;	/* 0, or the code */
	uint32_t size;
	uint8_t data[GUEST_PAGE];
};

static bool report_operation(struct raw_host *host, const struct raw_report *r)
{
	struct raw_operation *o = host->operations;
	char text[2 * GUEST_PAGE + 1];

	while (o && (!o->handed_out || o->size < 8 || o->id != r->id))
		o = o->next;
	if (!o)
		return false;
	hex_encode(r->data, r->size, text);
	if (o->client)
		o->client->send(o->client, json_pack("{s:s, s:I, s:i, s:i, s:s}", "event", "request-done",
			"request", (json_int_t)r->id, "operation", o->operation, "status",
			(int)r->result, "data", text));
	forget_operation(host, o);
	return true;
}

/* The text that comes with a failure, for people. */
static void reason_of(const struct raw_report *r, char text[256])
{
	size_t n = r->size < 255 ? r->size : 255;

	for (size_t i = 0; i < n; i++)
		text[i] = r->data[i] >= ' ' && r->data[i] < 127 ? (char)r->data[i] : '?';
	text[n] = 0;
}

static bool report_migration(struct raw_host *host, const struct raw_report *r)
{
	struct user_td *request = user_td_find(host->td->platform, r->id);
	struct raw_stream *s = raw_stream_find(host, r->id);
	char reason[256];

	/* A user TD may have gone, or been unbound, meanwhile. */
	if (s)
		raw_stream_end(s);
	if (!request || request->migtd != host->td || request->state != SLOT_PROGRESS)
		return s;
	reason_of(r, reason);
	servtd_request_end(request, r->result, r->result && *reason ? reason : NULL);
	return true;
}

static bool read_report(struct raw_host *host, uint64_t id, uint64_t word,
	const struct raw_buffer *buffer, struct raw_report *r)
{
	uint8_t header[RAW_HEADER];

	if (!vmm_read(host->td, buffer->gpa, header, sizeof(header)) || load64(header) ||
		word >> 16 || (word & 0xff) > 1)
		return false;
	r->id = id;
	r->result = (unsigned)(word >> 8);
	r->size = load32(header + 8);
	/* The buffer is whole pages, of which the data need not fill the last. */
	return (word & 1) == (r->result != 0) && r->size <= buffer->size - RAW_HEADER &&
	       r->size <= sizeof(r->data) &&
	       (!r->size || vmm_read(host->td, buffer->gpa + RAW_HEADER, r->data, r->size));
}

static uint64_t report_status(struct raw_host *host, uint64_t id, uint64_t word,
	const struct raw_buffer *buffer)
{
	struct faults *faults = &host->td->platform->faults;
	struct raw_buffer done = *buffer;
	struct raw_report r;

	if (fault_fires(faults, FAULT_REPORT_STATUS_FAIL) ||
		!read_report(host, id, word, buffer, &r) ||
		(!report_operation(host, &r) && !report_migration(host, &r)))
		return VMCALL_INVALID_OPERAND;
	if (!fault_fires(faults, FAULT_RAW_REPORT_NEVER))
		raw_complete(host, &done, RAW_DONE, NULL, 0, 0);
	return VMCALL_SUCCESS;
}

/* ------------------------------------------------------------------------------------ calls */

static uint64_t check_buffer(const struct raw_host *host, struct raw_buffer *buffer, uint64_t gpa,
	uint64_t size, uint64_t vector)
{
	*buffer = (struct raw_buffer){.gpa = gpa, .size = size, .vector = (uint8_t)vector};
	if (gpa % GUEST_PAGE)
		return VMCALL_ALIGN_ERROR;
	if ((vector && vector < 32) || vector > 255 || size < RAW_HEADER ||
		!vmm_shared(host->td, gpa, size))
		return VMCALL_INVALID_OPERAND;
	return VMCALL_SUCCESS;
}

static uint64_t data_call(struct raw_host *host, const uint64_t reg[REG_COUNT], bool send)
{
	struct raw_stream *s = raw_stream_find(host, reg[R13]);
	struct raw_buffer buffer;
	uint64_t r10 = check_buffer(host, &buffer, reg[R15], reg[R14], reg[RBX]);

	if (r10)
		return r10;
	if (!s)
		return VMCALL_INVALID_OPERAND;
	return send ? raw_stream_send(s, &buffer) : raw_stream_receive(s, &buffer);
}

uint64_t raw_call(struct migtd *td, const uint64_t reg[REG_COUNT])
{
	struct raw_host *host = td->raw;
	struct raw_buffer buffer;
	uint64_t r10;

	memset(host->signals, 0, sizeof(host->signals));
	if (reg[R12] >> 16 != API_VERSION)
		return VMCALL_INVALID_OPERAND;
	switch (reg[R12] & 0xffff) {
	case WAIT_FOR_REQUEST:
		r10 = check_buffer(host, &buffer, reg[R14], reg[R13], reg[R15]);
		return r10 ? r10 : wait_for_request(host, &buffer);
	case REPORT_STATUS:
		r10 = check_buffer(host, &buffer, reg[RBX], reg[R15], reg[RDI]);
		return r10 ? r10 : report_status(host, reg[R13], reg[R14], &buffer);
	case SEND:
		return data_call(host, reg, true);
	case RECEIVE:
		return data_call(host, reg, false);
	default:
		return VMCALL_INVALID_OPERAND;
	}
}

bool raw_host_cancel(struct raw_host *host, uint64_t request_id)
{
	struct raw_stream *s = raw_stream_find(host, request_id);

	if (s)
		raw_stream_cancel(s);
	return s;
}

struct raw_host *raw_host_create(struct migtd *td)
{
	struct raw_host *host = calloc(1, sizeof(*host));

	if (host) {
		host->td = td;
		host->signal_again.expired = signal_again;
	}
	return host;
}

void raw_host_destroy(struct raw_host *host)
{
	if (!host)
		return;
	while (host->streams)
		raw_stream_end(host->streams);
	while (host->operations)
		forget_operation(host, host->operations);
	timer_cancel(&host->td->platform->loop, &host->signal_again);
	free(host);
}
