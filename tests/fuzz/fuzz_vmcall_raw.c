/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A VMM that completes the calls of a stream of vmcall-raw as the input says, in any order, and with
 * any headers, while a session reads and writes; requests and the log area beside it.  Nothing is asked
 * for twice, no byte comes from outside the buffer, and every page comes back.
 */
#include "fuzz.h"

#include "log/area.h"
#include "mem/shared.h"
#include "tdx/migtd_request.h"
#include "transport/vmcall_raw.h"
#include "wire/reader.h"

#define PAGES 16
#define SHARED_BIT (UINT64_C(1) << 47)

enum step { READ, WRITE, FLUSH, LISTEN, RECEIVED, SENT, CLOSE, REQUEST, LOG, STEPS };

static _Alignas(4096) uint8_t ram[PAGES * PAGE_SIZE];
static uint8_t owner[PAGES];
static struct tdx tdx;
static struct shared shared;
static struct vmcall_raw raw;
static struct vmcall_raw_stream stream;
static struct reader script;

static void tdcall(void *ctx, struct tdcall_regs *regs)
{
	const uint64_t gpa = regs->r15 & ~SHARED_BIT;

	(void)ctx;
	HOLDS(regs->r11 == 0x10006 && (regs->r15 & SHARED_BIT) && gpa % PAGE_SIZE == 0);
	HOLDS(gpa < sizeof(ram) && regs->r14 > MIGTD_CALL_HEADER && regs->r14 <= sizeof(ram) - gpa);
	/* A buffer that the VMM has is not given to it again. */
	HOLDS(!(regs->r12 == 0x10003 ? stream.sending : stream.receiving));
	*regs = (struct tdcall_regs){.r10 = reader_u8(&script) == 0xff ? 1 : 0};
}

static void complete(uint8_t *buffer, size_t room)
{
	const size_t n = reader_u8(&script) % 16u;

	for (size_t i = 0; i < n && i < room; i++)
		buffer[i] = reader_u8(&script);
	(void)vmcall_raw_poll(&stream);
}

static void read_some(void)
{
	uint8_t bytes[256];
	const uint32_t at = stream.rx_at;
	const size_t n = vmcall_raw_stream_ops.rx(&stream, bytes, 1u + reader_u8(&script));

	HOLDS(n <= sizeof(bytes) && stream.rx_at <= stream.rx_size);
	HOLDS(stream.rx_size <= raw.rx_pages * PAGE_SIZE - MIGTD_CALL_HEADER);
	HOLDS(n == 0 || memcmp(bytes, stream.rx + MIGTD_CALL_HEADER + at, n) == 0);
	if (n > 0)
		ACCEPTED();
}

static void write_some(void)
{
	static const uint8_t bytes[PAGE_SIZE];
	const size_t room = vmcall_raw_stream_ops.tx_room(&stream);
	size_t n = (size_t)reader_u8(&script) * 17;

	HOLDS(room <= VMCALL_RAW_TX_MAX);
	n = n < room ? n : room;
	const enum status status = vmcall_raw_stream_ops.tx(&stream, bytes, n);
	HOLDS(status == vmcall_raw_status(&stream));
}

static void open_stream(void)
{
	vmcall_raw_close(&stream);
	vmcall_raw_reclaim(&raw);
	HOLDS(shared.used == vmcall_raw_abandoned(&raw));
	if (vmcall_raw_open(&raw, &stream, 1) == STATUS_OK)
		return;
	/* The VMM has kept everything: it completes it now. */
	memset(ram, 1, sizeof(ram));
	vmcall_raw_reclaim(&raw);
	HOLDS(shared.used == 0);
	HOLDS(vmcall_raw_open(&raw, &stream, 1) == STATUS_OK);
}

static void request(void)
{
	struct migtd_request r;
	const uint8_t operation = reader_u8(&script);
	const bool v1 = reader_u8(&script) & 1;
	const size_t left = reader_left(&script);
	const size_t n = left < MIGTD_REQUEST_MAX ? left : MIGTD_REQUEST_MAX;

	if (migtd_request_read(operation, script.at, n, v1, &r) == STATUS_OK) {
		HOLDS(r.has_id && operation >= 1 && operation <= 5 && operation != 2);
		HOLDS(!v1 || !r.migration.has_init_tdinfo);
		ACCEPTED();
	}
}

static void log_line(struct log_area *area, uint8_t *visible)
{
	static const char text[LOG_AREA_SIZE] = "";
	const size_t n = reader_u16(&script) % LOG_AREA_SIZE;

	memset(visible, reader_u8(&script), 64);
	log_area_add(area, LOG_INFO, 1, text, n);
	HOLDS(area->start >= LOG_AREA_HEADER && area->start < LOG_AREA_SIZE);
	HOLDS(area->end >= LOG_AREA_HEADER && area->end <= LOG_AREA_SIZE);
}

static void step(struct log_area *area, uint8_t *visible)
{
	switch ((enum step)(reader_u8(&script) % STEPS)) {
	case READ:
		read_some();
		break;
	case WRITE:
		write_some();
		break;
	case FLUSH:
		vmcall_raw_flush(&stream);
		break;
	case LISTEN:
		vmcall_raw_listen(&stream);
		break;
	case RECEIVED:
		complete(stream.rx, raw.rx_pages * PAGE_SIZE);
		break;
	case SENT:
		complete(stream.tx, PAGE_SIZE);
		break;
	case CLOSE:
		open_stream();
		break;
	case REQUEST:
		request();
		break;
	default:
		log_line(area, visible);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static uint8_t page[LOG_AREA_SIZE], visible[LOG_AREA_SIZE];
	struct log_area area;

	script = reader_of(bytes, n);
	tdx = (struct tdx){
		.tdcall = tdcall, .ram = ram, .ram_size = sizeof(ram), .shared_bit = SHARED_BIT};
	shared_init(&shared, ram, sizeof(ram), owner);
	vmcall_raw_init(&raw, &tdx, &shared, 1u + reader_u8(&script) % 4u, 0x52);
	stream = (struct vmcall_raw_stream){.raw = NULL};
	log_area_init(&area, page, LOG_INFO);
	log_area_enable(&area, visible, LOG_INFO);
	open_stream();
	while (reader_left(&script) > 0)
		step(&area, visible);
	vmcall_raw_close(&stream);
	memset(ram, 1, sizeof(ram));
	vmcall_raw_reclaim(&raw);
	HOLDS(shared.used == 0 && shared.refused == 0);
	return 0;
}
