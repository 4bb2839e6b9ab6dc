/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * TDG.VP.VMCALL<Service>: Query, WaitForRequest, ReportStatus, vsock Send and Receive (GHCI;
 * tdx-platform.md 1.7, 2.2).  Everything completes before the call returns.
 */
#include <string.h>

#include "host/bytes.h"
#include "host/platform.h"

#define HEADER 24
#define PACKET_AT (HEADER + 12)

enum { STATUS_RETURNED = 0, STATUS_BAD_COMMAND = 4, STATUS_OUT_OF_RESOURCE = 8 };
#define STATUS_UNSUPPORTED 0xFFFFFFFEu

enum { COMMAND_SHUTDOWN, COMMAND_WAIT, COMMAND_REPORT_STATUS, COMMAND_SEND, COMMAND_RECEIVE };
enum { OPERATION_NONE, OPERATION_START_MIGRATION };

static const uint8_t guid_common[16] = {0xe1, 0xc5, 0x6f, 0xfb, 0x78, 0x33, 0xcb, 0x4a, 0x89, 0x64,
	0xfa, 0x5e, 0xe4, 0x3b, 0x9c, 0x8a};
static const uint8_t guid_migtd[16] = {0x30, 0x63, 0x0e, 0xe6, 0x09, 0x1e, 0x87, 0x43, 0xa4, 0x44,
	0x8f, 0x32, 0xb8, 0xd6, 0x11, 0xe5};
static const uint8_t guid_info_hob[16] = {0x98, 0xe3, 0xb5, 0x42, 0x99, 0xa1, 0x30, 0x4d, 0xbe,
	0xfc, 0xc7, 0x5a, 0xc3, 0xda, 0x5d, 0x7c};
static const uint8_t guid_socket_hob[16] = {0x9d, 0x3b, 0x10, 0x7a, 0x2b, 0x55, 0x5f, 0x48, 0xbb,
	0x4c, 0x2f, 0x3d, 0x2e, 0x8b, 0x1e, 0x0e};
static const uint8_t guid_policy_hob[16] = {0x1a, 0x77, 0x4f, 0xd6, 0xc9, 0xf0, 0x33, 0x4d, 0x99,
	0x8b, 0x0e, 0x3d, 0x8b, 0x94, 0x0a, 0x61};

#define HOB_GUID_EXTENSION 4
#define HOB_HEADER 24
#define INFO_BYTES 72
#define HOST_CID 2
/* What KVM leaves in reserved bytes of the migration information: CPUID(1).EAX. */
#define CPU_VERSION 0x000806F8u

struct service_page {
	uint8_t bytes[GUEST_PAGE];
	size_t size;		/* of the command; of the response what it will be */
};

static uint8_t *add_hob(uint8_t *at, const uint8_t guid[16], size_t payload)
{
	store16(at, HOB_GUID_EXTENSION);
	store16(at + 2, (uint16_t)(HOB_HEADER + payload));
	memcpy(at + 8, guid, 16);
	return at + HOB_HEADER;
}

/* The HOBs of one migration request, as KVM emits them; returns their end. */
static uint8_t *add_request(uint8_t *at, const struct user_td *td)
{
	size_t payload = INFO_BYTES + (td->has_init_tdinfo ? TDINFO_BYTES : 0);
	uint8_t *data = add_hob(at, guid_info_hob, payload);

	store64(data, td->id);
	data[8] = !td->incoming;
	data[9] = td->has_init_tdinfo;
	store32(data + 12, CPU_VERSION);
	for (unsigned i = 0; i < 4; i++)
		store64(data + 16 + 8 * i, td->uuid[i]);
	store64(data + 48, servtd_handle(td));
	if (td->has_init_tdinfo)
		memcpy(data + INFO_BYTES, td->init_tdinfo, TDINFO_BYTES);

	data = add_hob(data + payload, guid_socket_hob, 24);
	store64(data + 8, HOST_CID);
	store32(data + 16, td->port);

	data = add_hob(data + 24, guid_policy_hob, 16);
	store64(data, td->port);
	return data + 16;
}

static uint32_t query(const struct service_page *command, struct service_page *response)
{
	const uint8_t *data = command->bytes + HEADER;
	uint8_t *answer = response->bytes + HEADER;

	if (command->size < HEADER + 20 || data[0] || data[1])
		return STATUS_BAD_COMMAND;
	response->size = HEADER + 20;
	memcpy(answer + 4, data + 4, 16);
	/* status: 0 supported */
	answer[2] = memcmp(data + 4, guid_migtd, sizeof(guid_migtd)) != 0;
	return STATUS_RETURNED;
}

static uint32_t wait_for_request(struct migtd *td, struct service_page *response)
{
	struct user_td *request = td->again ? td->again : servtd_request_take(td);
	uint8_t *answer = response->bytes + HEADER;
	uint8_t *end = answer + 4;

	td->again = !td->again && request &&
			fault_spends(&td->platform->faults, FAULT_REQUEST_TWICE) ? request : NULL;
	td->ready = true;
	td->outstanding[INTERRUPT_SERVICE] = false;
	answer[1] = COMMAND_WAIT;
	answer[2] = OPERATION_NONE;
	if (request) {
		answer[2] = OPERATION_START_MIGRATION;
		end = add_request(end, request);
	}
	response->size = (size_t)(end - response->bytes);
	if (td->waiting || td->again)
		migtd_interrupt(td, INTERRUPT_SERVICE);
	return STATUS_RETURNED;
}

static uint32_t report_status(struct migtd *td, const struct service_page *command,
	struct service_page *response)
{
	const uint8_t *data = command->bytes + HEADER;
	struct user_td *request;

	if (command->size < HEADER + 12 || data[2] != OPERATION_START_MIGRATION)
		return STATUS_BAD_COMMAND;
	request = user_td_find(td->platform, load64(data + 4));
	if (!request || request->migtd != td || request->state != SLOT_PROGRESS)
		return STATUS_BAD_COMMAND;
	servtd_request_end(request, data[3], NULL);
	response->bytes[HEADER + 1] = COMMAND_REPORT_STATUS;
	response->size = HEADER + 4;
	return STATUS_RETURNED;
}

static uint32_t vsock_send(struct migtd *td, const struct service_page *command,
	struct service_page *response)
{
	uint8_t *answer = response->bytes + HEADER;

	if (command->size < PACKET_AT + VSOCK_HEADER)
		return STATUS_BAD_COMMAND;
	answer[1] = COMMAND_SEND;
	memcpy(answer + 4, command->bytes + HEADER + 4, 8);
	response->size = PACKET_AT;
	vsock_host_send(td->vsock, load64(command->bytes + HEADER + 4), command->bytes + PACKET_AT,
		command->size - PACKET_AT);
	return STATUS_RETURNED;
}

/* `room` is what the guest's response page holds: a packet never exceeds it. */
static uint32_t vsock_receive(struct migtd *td, const struct service_page *command,
	struct service_page *response, size_t room)
{
	uint8_t *answer = response->bytes + HEADER;

	if (command->size < PACKET_AT)
		return STATUS_BAD_COMMAND;
	if (room < PACKET_AT + VSOCK_HEADER + 1)
		return STATUS_OUT_OF_RESOURCE;
	td->outstanding[INTERRUPT_RX] = false;
	answer[1] = COMMAND_RECEIVE;
	memcpy(answer + 4, command->bytes + HEADER + 4, 8);
	response->size = PACKET_AT + vsock_host_receive(td->vsock,
		load64(command->bytes + HEADER + 4), response->bytes + PACKET_AT, room - PACKET_AT);
	if (vsock_host_waiting(td->vsock))
		migtd_interrupt(td, INTERRUPT_RX);
	return STATUS_RETURNED;
}

static uint32_t execute(struct migtd *td, const struct service_page *command,
	struct service_page *response, size_t room)
{
	const uint8_t *data = command->bytes + HEADER;

	if (!memcmp(command->bytes, guid_common, sizeof(guid_common)))
		return query(command, response);
	if (memcmp(command->bytes, guid_migtd, sizeof(guid_migtd)))
		return STATUS_UNSUPPORTED;
	if (command->size < HEADER + 4 || data[0])
		return STATUS_BAD_COMMAND;
	switch (data[1]) {
	case COMMAND_WAIT:
		return wait_for_request(td, response);
	case COMMAND_REPORT_STATUS:
		return report_status(td, command, response);
	case COMMAND_SEND:
		return vsock_send(td, command, response);
	case COMMAND_RECEIVE:
		return vsock_receive(td, command, response, room);
	default:
		return STATUS_UNSUPPORTED;
	}
}

static bool read_command(struct migtd *td, uint64_t gpa, struct service_page *command)
{
	if (!vmm_read(td, gpa, command->bytes, sizeof(command->bytes)))
		return false;
	command->size = load32(command->bytes + 16);
	return true;
}

static bool is_report_status(const struct service_page *command)
{
	return !memcmp(command->bytes, guid_migtd, sizeof(guid_migtd)) &&
	       command->bytes[HEADER + 1] == COMMAND_REPORT_STATUS;
}

uint64_t service_call(struct migtd *td, uint64_t command_gpa, uint64_t response_gpa,
	uint64_t vector)
{
	struct service_page command;
	struct service_page response = {0};
	uint8_t header[HEADER];
	uint32_t status;
	size_t room;

	if (command_gpa % GUEST_PAGE || response_gpa % GUEST_PAGE)
		return VMCALL_ALIGN_ERROR;
	if ((vector && vector < 32) || vector > 255 || !read_command(td, command_gpa, &command) ||
		!vmm_shared(td, response_gpa, GUEST_PAGE) ||
		!vmm_read(td, response_gpa, header, sizeof(header)))
		return VMCALL_INVALID_OPERAND;
	room = load32(header + 16);
	if (room < HEADER || room > GUEST_PAGE)
		return VMCALL_INVALID_OPERAND;
	if (is_report_status(&command) &&
		fault_fires(&td->platform->faults, FAULT_REPORT_STATUS_FAIL))
		return VMCALL_INVALID_OPERAND;
	response.size = HEADER;
	status = STATUS_BAD_COMMAND;
	if (command.size >= HEADER && command.size <= GUEST_PAGE && !load32(command.bytes + 20))
		status = execute(td, &command, &response, room);
	if (status != STATUS_RETURNED)
		response.size = HEADER;
	if (response.size > room) {
		response.size = HEADER;
		status = STATUS_OUT_OF_RESOURCE;
	}
	memcpy(response.bytes, command.bytes, 16);
	store32(response.bytes + 16, (uint32_t)response.size);
	store32(response.bytes + 20, status);
	if (!vmm_write(td, response_gpa, response.bytes, response.size))
		return VMCALL_INVALID_OPERAND;
	return VMCALL_SUCCESS;
}
