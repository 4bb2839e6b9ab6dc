/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What becomes of a request of any length over either transport: a session, an answer, a refusal
 * with the result that the VMM is told, or nothing when there is no id to answer under.
 */
#include "../tdx/fake_td.h"
#include "../tdx/hobs.h"

#include "core/td.h"

#define ID 0x1122334455667788ull
#define HEAP_SIZE (2 * PAGE_SIZE)
/* Of TDCALL; of TDG.VP.VMCALL the sub-function of vmcall-raw, what is not is of the service. */
#define LEAF_MR_REPORT 4
#define MIGTD_CALL 0x10006
#define MIGTD_WAIT 0x10001
#define MIGTD_REPORT 0x10002
#define COMMAND_WAIT 1
#define REQUEST_PAGES 2

/* What the VMM asks and what it was told. */
struct vmm {
	uint8_t operation;
	const uint8_t *payload;
	uint32_t size;		/* of the payload, as the VMM says */
	bool asked;
	unsigned reports;
	uint64_t id;
	unsigned result;
	size_t data;		/* bytes that came with a success */
};

static struct fake_td fake;
static struct migtd td;
static struct vmm vmm;
static struct own_v1 v1;
static uint8_t *waiting;	/* vmcall-raw: page of a WaitForRequest in flight */
static _Alignas(4096) uint8_t heap_region[HEAP_SIZE];
static _Alignas(4096) uint8_t private_page[PAGE_SIZE];

/* --- the VMM -------------------------------------------------------------------------------- */

/* Completes the WaitForRequest at hand with the request that has not been handed over yet. */
static void hand_over(void)
{
	if (vmm.asked || waiting == NULL)
		return;
	vmm.asked = true;
	waiting[1] = vmm.operation;
	store(waiting + 8, vmm.size, 4);
	memcpy(waiting + 12, vmm.payload, vmm.size < PAGE_SIZE - 12 ? vmm.size : PAGE_SIZE - 12);
	waiting[0] = 1;
	waiting = NULL;
}

static void answer_migtd_call(const struct tdcall_regs *regs)
{
	if (regs->r12 == MIGTD_WAIT) {
		waiting = fake_shared_page(&fake, regs->r14);
		hand_over();
		return;
	}
	assert_int_equal(regs->r12, MIGTD_REPORT);
	uint8_t *page = fake_shared_page(&fake, regs->rbx);
	vmm.reports++;
	vmm.id = regs->r13;
	vmm.result = (unsigned)regs->r14 >> 8;
	vmm.data = regs->r14 == 0 ? load(page + 8, 4) : 0;
	page[0] = 1;
}

static void answer_service(const struct tdcall_regs *regs)
{
	const uint8_t *command = fake_shared_page(&fake, regs->r12) + 24;
	uint8_t *response = fake_shared_page(&fake, regs->r13);

	memcpy(response, guid_migtd, 16);
	store(response + 16, 24 + 4, 4);
	store(response + 20, 0, 4);
	memcpy(response + 24, command, 2);
	if (command[1] != COMMAND_WAIT) {
		vmm.reports++;
		vmm.result = command[3];
		vmm.id = load(command + 4, 8);
		return;
	}
	response[26] = !vmm.asked;
	response[27] = 0;
	if (vmm.asked)
		return;
	vmm.asked = true;
	store(response + 16, 24 + 4 + vmm.size, 4);
	memcpy(response + 28, vmm.payload, vmm.size < PAGE_SIZE - 28 ? vmm.size : PAGE_SIZE - 28);
}

static void answer(struct fake_td *f, struct tdcall_regs *regs)
{
	(void)f;
	if (regs->rax == LEAF_MR_REPORT) {
		regs->rax = 0;
		return;
	}
	if (regs->r11 == MIGTD_CALL)
		answer_migtd_call(regs);
	else
		answer_service(regs);
	*regs = (struct tdcall_regs){0};
}

/* --- one request ---------------------------------------------------------------------------- */

enum outcome { DROPPED, SESSION, ANSWERED, REFUSED };

static void console(void *ctx, const char *line, size_t n)
{
	(void)ctx;
	(void)line;
	assert_true(n > 0);
}

static void td_begin(enum migtd_transport transport, bool is_v1)
{
	memset(&td, 0, sizeof(td));
	waiting = NULL;
	fake_td_init(&fake);
	fake.answer = answer;
	td.config.transport = transport;
	td.tdx = fake.tdx;
	td.tdcall = (struct tdcall_scratch *)fake.ram;
	td.v1 = is_v1 ? &v1 : NULL;
	td.hold = PHASE_COUNT;
	td.log = (struct log){.level = LOG_TRACE, .console = console};
	shared_init(&td.shared, fake.shared.base, FAKE_PAGES / 2 * PAGE_SIZE, fake.owner);
	heap_init(&td.heap, heap_region, sizeof(heap_region));
	assert_int_equal(heap_divide(&td.heap, sizeof(struct session), 0, is_v1 ? 0 : TDINFO_SIZE, 1), 1);
	if (transport == MIGTD_VSOCK) {
		assert_int_equal(service_init(&td.service, &td.tdx, &td.shared, private_page),
			STATUS_OK);
		return;
	}
	assert_int_equal(raw_requests_init(&td), STATUS_OK);
	log_area_init(&td.log_area, private_page, LOG_INFO);
}

static void session_drop(struct session *s)
{
	session_end(s, ERR_CANCELED);
	session_unrun(s);
	pool_give(&td.heap, &td.heap.sessions, s);
}

/* Asks once, and once more until nothing comes. */
static enum outcome ask(uint8_t operation, const uint8_t *payload, size_t n)
{
	const uint32_t blocks = td.heap.tdinfos.live;

	vmm = (struct vmm){.operation = operation, .payload = payload, .size = (uint32_t)n};
	hand_over();
	while (requests_poll(&td)) {}
	/* Pages of reports come back, and no byte of a request is kept. */
	assert_int_equal(td.shared.used_by_tag[SHARED_REPORT], 0);
	if (td.config.transport == MIGTD_VMCALL_RAW)
		assert_true(all_zero((const uint8_t *)&td.requests.request,
			sizeof(td.requests.request)));
	assert_true(all_zero((const uint8_t *)&td.request, sizeof(td.request)));
	assert_true(vmm.reports + td.heap.sessions.live <= 1);
	if (td.heap.sessions.live == 1) {
		struct session *s = pool_at(&td.heap, &td.heap.sessions, 0);
		assert_true(s->request_id == ID && s->runnable && s->phase == PHASE_CONNECT);
		assert_int_equal(td.heap.tdinfos.live, blocks + (s->init_tdinfo != NULL));
		session_drop(s);
		assert_int_equal(td.heap.tdinfos.live, blocks);
		assert_int_equal(td.heap.tdinfos.refused, 0);
		assert_int_equal(heap_residue(&td.heap), 0);
		return SESSION;
	}
	if (vmm.reports == 0)
		return DROPPED;
	assert_true(vmm.id == ID);
	return vmm.result == RESULT_SUCCESS ? ANSWERED : REFUSED;
}

/* --- vmcall-raw ----------------------------------------------------------------------------- */

/* As the platform specification has it (2.1, 2.3). */
static enum outcome wanted_raw(uint8_t operation, size_t n, bool init, bool is_v1,
	unsigned *result, size_t *data)
{
	*result = RESULT_INVALID_PARAMETER;
	*data = 0;
	if (n < 8)
		return DROPPED;
	switch (operation) {
	case OPERATION_START_MIGRATION:
		return n == (init ? 568 : 56) && !(init && is_v1) ? SESSION : REFUSED;
	case OPERATION_ENABLE_LOG_AREA:
		*data = 24;
		return n == 16 ? ANSWERED : REFUSED;
	case OPERATION_GET_TD_REPORT:
		*data = 1024;
		return n == 8 || n == 72 ? ANSWERED : REFUSED;
	case OPERATION_GET_MIGTD_DATA:
		*data = 512;
		if (!is_v1)
			return n == 8 || n == 72 ? ANSWERED : REFUSED;
		break;
	default:
		break;
	}
	*result = RESULT_UNSUPPORTED_OPERATION;
	return REFUSED;
}

static void check_raw(uint8_t operation, uint8_t *payload, size_t n, bool init, bool is_v1)
{
	unsigned result;
	size_t data;
	const enum outcome wanted = wanted_raw(operation, n, init, is_v1, &result, &data);
	const enum outcome found = ask(operation, payload, n);

	if (found != wanted)
		fail_msg("operation %u of %zu bytes: %u", operation, n, found);
	if (found == REFUSED && vmm.result != result)
		fail_msg("operation %u of %zu bytes: result %u", operation, n, vmm.result);
	if (found == ANSWERED)
		assert_int_equal(vmm.data, data);
}

static void make_raw(uint8_t operation, uint8_t payload[PAGE_SIZE], bool init)
{
	memset(payload, 0x61, PAGE_SIZE);
	store(payload, ID, 8);
	if (operation == OPERATION_START_MIGRATION) {
		store(payload + 8, 0, 8);
		payload[8] = 1;
		payload[9] = init;
	} else if (operation == OPERATION_ENABLE_LOG_AREA) {
		store(payload + 8, LOG_DEBUG, 8);
	}
}

static void every_operation_of_every_length_over_vmcall_raw(void **state)
{
	/* Beyond what any request has: the rest of the page, more than it, more than anything. */
	static const uint32_t beyond[] = {4084, 4085, 65536, UINT32_MAX};
	static const uint8_t operations[] = {0, 1, 2, 3, 4, 5, 6, 255};
	static uint8_t payload[PAGE_SIZE];

	(void)state;
	for (unsigned way = 0; way < 4 * sizeof(operations); way++) {
		const uint8_t operation = operations[way / 4];
		const bool init = (way & 1) != 0, is_v1 = (way & 2) != 0;

		td_begin(MIGTD_VMCALL_RAW, is_v1);
		make_raw(operation, payload, init);
		for (size_t n = 0; n <= MIGTD_REQUEST_MAX + 8; n++)
			check_raw(operation, payload, n, init, is_v1);
		for (size_t i = 0; i < ARRAY_SIZE(beyond); i++)
			check_raw(operation, payload, beyond[i], init, is_v1);
		assert_int_equal(td.shared.used, REQUEST_PAGES);
		fake_td_free(&fake);
	}
}

/* --- vsock ---------------------------------------------------------------------------------- */

static void every_length_of_a_list_over_the_service_interface(void **state)
{
	struct hobs h;

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		const bool init = (way & 1) != 0, is_v1 = (way & 2) != 0;
		/* Complete with the socket HOB; without it there is no id to answer under. */
		const size_t enough = (init ? 608 : 96) + 48;

		td_begin(MIGTD_VSOCK, is_v1);
		kvm_hobs(&h, init);
		/* Up to the page's end, behind the HOBs zeroes. */
		for (size_t n = 0; n <= PAGE_SIZE - 28; n++) {
			const enum outcome found = ask(0, h.bytes, n);

			assert_int_equal(found, n < enough ? DROPPED : init && is_v1 ? REFUSED : SESSION);
			if (found == REFUSED)
				assert_int_equal(vmm.result, RESULT_INVALID_PARAMETER);
		}
		/* What says to be longer than its page is no answer. */
		assert_int_equal(ask(0, h.bytes, PAGE_SIZE - 27), DROPPED);
		assert_int_equal(ask(0, h.bytes, UINT32_MAX - 28), DROPPED);
		fake_td_free(&fake);
	}
}

/* --- both ----------------------------------------------------------------------------------- */

static enum outcome ask_for_a_session(bool init)
{
	static uint8_t payload[PAGE_SIZE];
	struct hobs h;

	if (td.config.transport == MIGTD_VMCALL_RAW) {
		make_raw(OPERATION_START_MIGRATION, payload, init);
		return ask(OPERATION_START_MIGRATION, payload, init ? 568 : 56);
	}
	kvm_hobs(&h, init);
	return ask(0, h.bytes, h.n);
}

static enum outcome ask_for_a_report(void)
{
	static uint8_t payload[PAGE_SIZE];

	make_raw(OPERATION_GET_TD_REPORT, payload, false);
	return ask(OPERATION_GET_TD_REPORT, payload, 8);
}

static void an_active_id_is_left_alone_and_without_memory_the_vmm_is_told(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		td_begin(i == 0 ? MIGTD_VSOCK : MIGTD_VMCALL_RAW, false);
		struct pool *pool = &td.heap.sessions;
		struct session *first = pool_take(&td.heap, pool);
		first->td = &td;
		first->request_id = ID - 1;
		pool->live = 0;		/* ask() counts those that it started */
		assert_int_equal(ask_for_a_session(false), REFUSED);
		assert_int_equal(vmm.result, RESULT_OUT_OF_RESOURCE);
		/* A report would be taken for the first one's. */
		first->request_id = ID;
		assert_int_equal(ask_for_a_session(false), DROPPED);
		if (i == 1)
			assert_int_equal(ask_for_a_report(), DROPPED);
		pool->live = 1;
		session_drop(first);
		assert_int_equal(ask_for_a_session(false), SESSION);
		fake_td_free(&fake);
	}
}

/* Each session has a block reserved; were there none left, no session would come of the request. */
static void without_a_block_for_its_tdinfo_a_request_is_refused(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		td_begin(i == 0 ? MIGTD_VSOCK : MIGTD_VMCALL_RAW, false);
		assert_int_equal(ask_for_a_session(true), SESSION);
		uint8_t *block = pool_take(&td.heap, &td.heap.tdinfos);
		assert_true(all_zero(block, TDINFO_SIZE));
		assert_int_equal(ask_for_a_session(true), REFUSED);
		assert_int_equal(vmm.result, RESULT_OUT_OF_RESOURCE);
		assert_int_equal(td.heap.sessions.live, 0);
		assert_int_equal(heap_residue(&td.heap), 0);
		assert_int_equal(ask_for_a_session(false), SESSION);
		pool_give(&td.heap, &td.heap.tdinfos, block);
		assert_int_equal(ask_for_a_session(true), SESSION);
		fake_td_free(&fake);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_of_every_length_over_vmcall_raw),
		cmocka_unit_test(every_length_of_a_list_over_the_service_interface),
		cmocka_unit_test(an_active_id_is_left_alone_and_without_memory_the_vmm_is_told),
		cmocka_unit_test(without_a_block_for_its_tdinfo_a_request_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
