/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "fake_td.h"

#include "tdx/service.h"
#include "tdx/service_internal.h"

static const uint8_t common[16] = {0xe1, 0xc5, 0x6f, 0xfb, 0x78, 0x33, 0xcb, 0x4a,
	0x89, 0x64, 0xfa, 0x5e, 0xe4, 0x3b, 0x9c, 0x8a};
static const uint8_t migtd[16] = {0x30, 0x63, 0x0e, 0xe6, 0x09, 0x1e, 0x87, 0x43,
	0xa4, 0x44, 0x8f, 0x32, 0xb8, 0xd6, 0x11, 0xe5};
static const uint8_t info_guid[16] = {0x98, 0xe3, 0xb5, 0x42, 0x99, 0xa1, 0x30, 0x4d,
	0xbe, 0xfc, 0xc7, 0x5a, 0xc3, 0xda, 0x5d, 0x7c};
static const uint8_t socket_guid[16] = {0x9d, 0x3b, 0x10, 0x7a, 0x2b, 0x55, 0x5f, 0x48,
	0xbb, 0x4c, 0x2f, 0x3d, 0x2e, 0x8b, 0x1e, 0x0e};
static const uint8_t policy_guid[16] = {0x1a, 0x77, 0x4f, 0xd6, 0xc9, 0xf0, 0x33, 0x4d,
	0x99, 0x8b, 0x0e, 0x3d, 0x8b, 0x94, 0x0a, 0x61};

/* The VMM: keeps the command it saw and answers with `data` behind a page header. */
struct vmm {
	uint8_t command[PAGE_SIZE];
	uint8_t preset[24];	/* the response's header as the TD left it */
	uint64_t r10;
	uint8_t guid[16];
	uint32_t size;		/* in the response's header */
	uint32_t status;
	uint8_t data[PAGE_SIZE - 24];
	bool wrote_past;	/* data behind that size, which the TD leaves as they are */
};

static void store(uint8_t *at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t load(const uint8_t *at, size_t n)
{
	uint64_t value = 0;

	for (size_t i = n; i > 0; i--)
		value = value << 8 | at[i - 1];
	return value;
}

static void answer(struct fake_td *td, struct tdcall_regs *regs)
{
	struct vmm *vmm = td->answer_ctx;
	uint8_t *command = fake_shared_page(td, regs->r12);
	uint8_t *response = fake_shared_page(td, regs->r13);

	assert_int_equal(regs->r11, 0x10005);
	assert_int_equal(regs->r14, 0);
	assert_int_equal(regs->r15, 0);
	memcpy(vmm->command, command, PAGE_SIZE);
	memcpy(vmm->preset, response, 24);
	assert_true(vmm->wrote_past || all_zero(response + 24, PAGE_SIZE - 24));
	memcpy(response, vmm->guid, 16);
	store(response + 16, vmm->size, 4);
	store(response + 20, vmm->status, 4);
	memcpy(response + 24, vmm->data, sizeof(vmm->data));
	vmm->wrote_past = vmm->size >= 24 && vmm->size < PAGE_SIZE &&
		!all_zero(vmm->data + vmm->size - 24, PAGE_SIZE - vmm->size);
	*regs = (struct tdcall_regs){.r10 = vmm->r10};
}

struct bench {
	struct fake_td td;
	struct vmm vmm;
	struct service service;
};

static void bench_init(struct bench *b, const uint8_t guid[16], uint32_t data_size)
{
	uint8_t *copy = malloc(PAGE_SIZE);

	fake_td_init(&b->td);
	memset(&b->vmm, 0, sizeof(b->vmm));
	b->td.answer = answer;
	b->td.answer_ctx = &b->vmm;
	memcpy(b->vmm.guid, guid, 16);
	b->vmm.size = 24 + data_size;
	assert_int_equal(service_init(&b->service, &b->td.tdx, &b->td.shared, copy), STATUS_OK);
	assert_int_equal(b->td.shared.used_by_tag[SHARED_SERVICE], 2);
}

static void bench_free(struct bench *b)
{
	free(b->service.copy);
	fake_td_free(&b->td);
}

/* The command page is this header, these data and zeroes. */
static void assert_command(const struct vmm *vmm, const uint8_t guid[16], const uint8_t *data,
	size_t n, uint32_t preset)
{
	assert_memory_equal(vmm->command, guid, 16);
	assert_int_equal(load(vmm->command + 16, 4), 24 + n);
	assert_int_equal(load(vmm->command + 20, 4), 0);
	assert_memory_equal(vmm->command + 24, data, n);
	assert_true(all_zero(vmm->command + 24 + n, PAGE_SIZE - 24 - n));
	assert_memory_equal(vmm->preset, guid, 16);
	assert_int_equal(load(vmm->preset + 16, 4), PAGE_SIZE);
	assert_int_equal(load(vmm->preset + 20, 4), preset);
}

static void no_pages_no_service(void **state)
{
	struct fake_td td;
	struct service s;
	uint8_t copy[PAGE_SIZE];

	(void)state;
	fake_td_init(&td);
	assert_non_null(shared_take(&td.shared, SHARED_GET_QUOTE, FAKE_PAGES / 2 - 1));
	assert_int_equal(service_init(&s, &td.tdx, &td.shared, copy), ERR_OUT_OF_RESOURCE);
	fake_td_free(&td);
}

static void query_asks_for_the_migtd_service(void **state)
{
	struct bench b;
	uint8_t asked[20] = {0};

	(void)state;
	bench_init(&b, common, 20);
	memcpy(b.vmm.data + 4, migtd, 16);
	memcpy(asked + 4, migtd, 16);
	assert_int_equal(service_query(&b.service), STATUS_OK);
	assert_command(&b.vmm, common, asked, sizeof(asked), 0);
	bench_free(&b);
}

static void any_other_answer_to_query_is_unsupported(void **state)
{
	(void)state;
	for (size_t at = 0; at < 24 + 20; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct bench b;
			bench_init(&b, common, 20);
			memcpy(b.vmm.data + 4, migtd, 16);
			uint8_t *byte = at < 16 ? &b.vmm.guid[at] :
				at < 20 ? (uint8_t *)&b.vmm.size + (at - 16) :
				at < 24 ? (uint8_t *)&b.vmm.status + (at - 20) : &b.vmm.data[at - 24];
			*byte ^= (uint8_t)(1u << bit);
			/* Version and reserved byte are not looked at; a longer page holds the answer. */
			const bool ok = at == 24 || at == 27 ||
				(b.vmm.size > 44 && b.vmm.size <= PAGE_SIZE);
			assert_int_equal(service_query(&b.service), ok ? STATUS_OK : ERR_VMM_UNSUPPORTED);
			bench_free(&b);
		}
	}
	for (uint32_t size = 0; size < 44; size++) {
		struct bench b;
		bench_init(&b, common, 20);
		memcpy(b.vmm.data + 4, migtd, 16);
		b.vmm.size = size;
		assert_int_equal(service_query(&b.service), ERR_VMM_UNSUPPORTED);
		bench_free(&b);
	}
	struct bench b;
	bench_init(&b, common, 20);
	b.vmm.r10 = 1;
	assert_int_equal(service_query(&b.service), ERR_VMM_UNSUPPORTED);
	bench_free(&b);
}

static void report_status_carries_id_and_result(void **state)
{
	static const uint8_t asked[12] = {0, 2, 1, 8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11};
	struct bench b;

	(void)state;
	bench_init(&b, migtd, 4);
	b.vmm.data[1] = 2;
	assert_int_equal(service_report_status(&b.service, 0x1122334455667788ull,
		RESULT_POLICY_UNSATISFIED), STATUS_OK);
	assert_command(&b.vmm, migtd, asked, sizeof(asked), 0);
	b.vmm.data[1] = 1;
	assert_int_equal(service_report_status(&b.service, 1, RESULT_SUCCESS), ERR_VMCALL);
	b.vmm.data[1] = 2;
	b.vmm.status = 4;
	assert_int_equal(service_report_status(&b.service, 1, RESULT_SUCCESS), ERR_VMCALL);
	b.vmm.status = 0;
	b.vmm.r10 = 1ull << 63;
	assert_int_equal(service_report_status(&b.service, 1, RESULT_SUCCESS), ERR_VMCALL);
	bench_free(&b);
}

static void sent_packets_lie_behind_the_request_id(void **state)
{
	struct bench b;
	uint8_t asked[12 + 44 + SERVICE_VSOCK_PAYLOAD] = {0, 3, 0, 0, 7};
	uint8_t payload[SERVICE_VSOCK_PAYLOAD + 1];

	(void)state;
	bench_init(&b, migtd, 12);
	store(b.vmm.data, 0x300, 2);
	store(b.vmm.data + 4, 7, 8);
	memset(asked + 12, 0x11, 44);
	memset(asked + 56, 0x22, SERVICE_VSOCK_PAYLOAD);
	memset(payload, 0x22, sizeof(payload));
	assert_int_equal(service_send(&b.service, 7, asked + 12, payload, 100), STATUS_OK);
	assert_command(&b.vmm, migtd, asked, 12 + 44 + 100, 0xffffffff);
	assert_int_equal(service_send(&b.service, 7, asked + 12, NULL, 0), STATUS_OK);
	assert_command(&b.vmm, migtd, asked, 12 + 44, 0xffffffff);
	assert_int_equal(service_send(&b.service, 7, asked + 12, payload, SERVICE_VSOCK_PAYLOAD),
		STATUS_OK);
	assert_command(&b.vmm, migtd, asked, sizeof(asked), 0xffffffff);

	const unsigned calls = b.td.calls;
	assert_int_equal(service_send(&b.service, 7, asked + 12, payload, sizeof(payload)),
		ERR_INTERNAL);
	assert_int_equal(b.td.calls, calls);

	b.vmm.status = 8;
	assert_int_equal(service_send(&b.service, 7, asked + 12, payload, 1), STATUS_PENDING);
	b.vmm.status = 0xffffffff;
	assert_int_equal(service_send(&b.service, 7, asked + 12, payload, 1), ERR_VMCALL);
	bench_free(&b);
}

static void the_echo_of_send_is_checked(void **state)
{
	const uint8_t header[44] = {0};

	(void)state;
	for (size_t at = 0; at < 12; at++) {
		struct bench b;
		bench_init(&b, migtd, 12);
		store(b.vmm.data, 0x300, 2);
		store(b.vmm.data + 4, 7, 8);
		b.vmm.data[at] ^= 0x10;
		assert_int_equal(service_send(&b.service, 7, header, NULL, 0),
			at == 2 || at == 3 ? STATUS_OK : ERR_VMCALL);
		bench_free(&b);
	}
	for (uint32_t size = 0; size < 24 + 12; size++) {
		struct bench b;
		bench_init(&b, migtd, 12);
		store(b.vmm.data, 0x300, 2);
		store(b.vmm.data + 4, 7, 8);
		b.vmm.size = size;
		assert_int_equal(service_send(&b.service, 7, header, NULL, 0), ERR_VMCALL);
		bench_free(&b);
	}
}

static void receiving(struct bench *b, size_t packet_size, uint32_t payload_size)
{
	bench_init(b, migtd, (uint32_t)(12 + packet_size));
	store(b->vmm.data, 0x400, 2);
	store(b->vmm.data + 4, SERVICE_ANY_REQUEST, 8);
	memset(b->vmm.data + 12, 0x33, sizeof(b->vmm.data) - 12);
	store(b->vmm.data + 12 + 24, payload_size, 4);
}

static void receive_hands_over_the_packet_as_long_as_it_is(void **state)
{
	static const struct {
		size_t answered;
		uint32_t payload;
		size_t n;
	} row[] = {
		{44 + 100, 100, 144}, {44 + 100, 99, 143}, {44 + 100, 0, 44}, {44, 0, 44},
		{44 + SERVICE_VSOCK_PAYLOAD, SERVICE_VSOCK_PAYLOAD, 44 + SERVICE_VSOCK_PAYLOAD},
		/* shorter than they say, or than a header: for vsock to judge */
		{44 + 100, 101, 144}, {44 + 100, 0xffffffff, 144}, {44, 1, 44}, {43, 0, 43}, {1, 0, 1},
	};
	static const uint8_t asked[12] = {
		0, 4, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct bench b;
		const uint8_t *packet;
		size_t n;
		receiving(&b, row[i].answered, row[i].payload);
		assert_int_equal(service_receive(&b.service, &packet, &n), STATUS_OK);
		assert_int_equal(n, row[i].n);
		assert_ptr_equal(packet, b.service.copy + 36);
		assert_memory_equal(packet, b.vmm.data + 12, n);
		assert_command(&b.vmm, migtd, asked, sizeof(asked), 0xffffffff);
		bench_free(&b);
	}
}

static void receive_is_pending_without_a_packet_and_fails_on_less(void **state)
{
	(void)state;
	for (uint32_t size = 0; size <= 36; size++) {
		struct bench b;
		const uint8_t *packet;
		size_t n = 1;
		receiving(&b, 0, 0);
		b.vmm.size = size;
		assert_int_equal(service_receive(&b.service, &packet, &n),
			size == 36 ? STATUS_PENDING : ERR_VMCALL);
		assert_null(packet);
		assert_int_equal(n, 0);
		bench_free(&b);
	}
	struct bench b;
	const uint8_t *packet;
	size_t n;
	receiving(&b, 100, 56);
	b.vmm.size = PAGE_SIZE + 1;
	assert_int_equal(service_receive(&b.service, &packet, &n), ERR_VMCALL);
	b.vmm.size = 0xffffffff;
	assert_int_equal(service_receive(&b.service, &packet, &n), ERR_VMCALL);
	b.vmm.size = 0x80000040;
	assert_int_equal(service_receive(&b.service, &packet, &n), ERR_VMCALL);
	bench_free(&b);
}

/* --- the request --------------------------------------------------------------------------- */

struct hobs {
	uint8_t bytes[PAGE_SIZE];
	size_t n;
};

static uint8_t *add_hob(struct hobs *h, uint16_t type, const uint8_t *guid, size_t payload)
{
	uint8_t *at = h->bytes + h->n;

	store(at, type, 2);
	store(at + 2, 24 + payload, 2);
	memcpy(at + 8, guid, 16);
	h->n += (24 + payload + 7) & ~(size_t)7;
	return at + 24;
}

static void add_info(struct hobs *h, bool init)
{
	uint8_t *p = add_hob(h, 4, info_guid, init ? 584 : 72);

	store(p, 0x1122334455667788ull, 8);
	p[8] = 1;
	p[9] = init;
	store(p + 12, 0x000806f8, 4); /* KVM's CPU version */
	for (unsigned i = 0; i < 4; i++)
		store(p + 16 + 8 * i, 0xa0 + i, 8);
	store(p + 48, 0xb0b1b2b3b4b5b6b7ull, 8);
	if (init)
		memset(p + 72, 0x77, 512);
}

static void add_socket(struct hobs *h)
{
	uint8_t *p = add_hob(h, 4, socket_guid, 24);

	store(p + 8, 2, 8);
	store(p + 16, 1234, 4);
}

static void add_policy(struct hobs *h)
{
	store(add_hob(h, 4, policy_guid, 16), 1234, 8);
}

/* What KVM emits: three HOBs and zeroes. */
static void kvm_hobs(struct hobs *h, bool init)
{
	memset(h, 0, sizeof(*h));
	add_info(h, init);
	add_socket(h);
	add_policy(h);
}

/* From a block of exactly n bytes, so that a read beyond them is seen. */
static enum status parse(const struct hobs *h, size_t n, struct migration_request *request)
{
	uint8_t *exact = malloc(n > 0 ? n : 1);

	memcpy(exact, h->bytes, n);
	const enum status status = service_parse_hobs(exact, n, request);
	free(exact);
	if (status != STATUS_OK) {
		assert_int_equal(status, ERR_REQUEST);
		assert_true(all_zero((const uint8_t *)request, sizeof(*request)));
	}
	return status;
}

static void the_request_of_kvm_is_understood(void **state)
{
	struct hobs h;
	struct migration_request request;

	(void)state;
	for (int init = 0; init < 2; init++) {
		for (int padding = 0; padding < 2; padding++) {
			kvm_hobs(&h, init);
			assert_int_equal(parse(&h, padding ? PAGE_SIZE - 28 : h.n, &request), STATUS_OK);
			assert_int_equal(request.request_id, 0x1122334455667788ull);
			assert_true(request.is_source);
			assert_int_equal(request.has_init_tdinfo, init);
			assert_int_equal(request.target.handle, 0xb0b1b2b3b4b5b6b7ull);
			assert_int_equal(request.target.uuid[0], 0xa0);
			assert_int_equal(request.target.uuid[3], 0xa3);
			assert_int_equal(request.remote_cid, 2);
			assert_int_equal(request.port, 1234);
			assert_int_equal(request.init_tdinfo[0], init ? 0x77 : 0);
			assert_int_equal(request.init_tdinfo[511], init ? 0x77 : 0);
		}
	}
}

static void only_one_means_source(void **state)
{
	struct hobs h;
	struct migration_request request;

	(void)state;
	for (unsigned value = 0; value < 256; value++) {
		kvm_hobs(&h, false);
		h.bytes[24 + 8] = (uint8_t)value;
		assert_int_equal(parse(&h, h.n, &request), STATUS_OK);
		assert_int_equal(request.is_source, value == 1);
	}
}

static void order_and_an_end_hob_do_not_matter(void **state)
{
	struct hobs h = {.n = 0};
	struct migration_request request;

	(void)state;
	add_policy(&h);
	add_socket(&h);
	add_info(&h, true);
	store(h.bytes + h.n, 0xffff, 2);
	store(h.bytes + h.n + 2, 8, 2);
	h.n += 8;
	memset(h.bytes + h.n, 0xee, 64); /* behind the end */
	assert_int_equal(parse(&h, h.n + 64, &request), STATUS_OK);

	/* The policy HOB is optional, and may hold a policy. */
	memset(&h, 0, sizeof(h));
	add_info(&h, false);
	add_socket(&h);
	assert_int_equal(parse(&h, h.n, &request), STATUS_OK);
	store(add_hob(&h, 4, policy_guid, 16 + 5) + 8, 5, 4);
	assert_int_equal(parse(&h, h.n, &request), STATUS_OK);

	/* A HOB begins on the next multiple of eight, whatever the length of the one before. */
	for (size_t policy = 0; policy < 20; policy++) {
		memset(&h, 0, sizeof(h));
		store(add_hob(&h, 4, policy_guid, 16 + policy) + 8, policy, 4);
		add_socket(&h);
		add_info(&h, false);
		assert_int_equal(parse(&h, h.n, &request), STATUS_OK);
		assert_int_equal(request.port, 1234);
	}
}

static void lists_that_break_a_rule_are_refused(void **state)
{
	struct hobs h;
	struct migration_request request;

	(void)state;
	/* nothing; info alone; socket alone */
	memset(&h, 0, sizeof(h));
	assert_int_equal(parse(&h, 0, &request), ERR_REQUEST);
	assert_int_equal(parse(&h, 64, &request), ERR_REQUEST);
	add_info(&h, false);
	assert_int_equal(parse(&h, h.n, &request), ERR_REQUEST);
	memset(&h, 0, sizeof(h));
	add_socket(&h);
	assert_int_equal(parse(&h, h.n, &request), ERR_REQUEST);
	/* each known GUID twice */
	kvm_hobs(&h, false);
	add_info(&h, false);
	assert_int_equal(parse(&h, h.n, &request), ERR_REQUEST);
	kvm_hobs(&h, false);
	add_socket(&h);
	assert_int_equal(parse(&h, h.n, &request), ERR_REQUEST);
	kvm_hobs(&h, false);
	add_policy(&h);
	assert_int_equal(parse(&h, h.n, &request), ERR_REQUEST);
	/* an unknown GUID; another type */
	kvm_hobs(&h, false);
	add_hob(&h, 4, common, 8);
	assert_int_equal(parse(&h, h.n, &request), ERR_REQUEST);
	kvm_hobs(&h, false);
	add_hob(&h, 3, policy_guid, 16);
	assert_int_equal(parse(&h, h.n, &request), ERR_REQUEST);
	/* a HOB too short for its GUID */
	kvm_hobs(&h, false);
	store(h.bytes + h.n, 4, 2);
	for (unsigned size = 1; size < 24; size++) {
		store(h.bytes + h.n + 2, size, 2);
		assert_int_equal(parse(&h, h.n + 24, &request), ERR_REQUEST);
	}
	/* a policy longer than its HOB */
	memset(&h, 0, sizeof(h));
	add_info(&h, false);
	add_socket(&h);
	store(add_hob(&h, 4, policy_guid, 16) + 8, 0xffffffff, 4);
	assert_int_equal(parse(&h, h.n, &request), ERR_REQUEST);
}

static void info_and_socket_have_exact_sizes(void **state)
{
	struct migration_request request;

	(void)state;
	for (unsigned has_init = 0; has_init < 4; has_init++) {
		for (size_t size = 0; size < 700; size++) {
			struct hobs h = {.n = 0};
			uint8_t *info = add_hob(&h, 4, info_guid, size);
			info[9] = (uint8_t)has_init;
			if (size < 10)
				h.n = 24 + 16;
			add_socket(&h);
			const bool ok = (has_init == 0 && size == 72) || (has_init == 1 && size == 584);
			assert_int_equal(parse(&h, h.n, &request), ok ? STATUS_OK : ERR_REQUEST);
		}
	}
	for (size_t size = 0; size < 64; size++) {
		struct hobs h = {.n = 0};
		add_info(&h, false);
		add_hob(&h, 4, socket_guid, size);
		assert_int_equal(parse(&h, h.n, &request), size == 24 ? STATUS_OK : ERR_REQUEST);
	}
}

static void a_list_cut_anywhere_is_parsed_inside_its_bytes(void **state)
{
	struct hobs h;
	struct migration_request request;

	(void)state;
	kvm_hobs(&h, true);
	for (size_t n = 0; n <= h.n; n++)
		/* Complete with the socket HOB; what is cut of the policy HOB is not missed. */
		assert_int_equal(parse(&h, n, &request), n >= 608 + 48 ? STATUS_OK : ERR_REQUEST);
}

static void a_list_with_any_byte_changed_is_parsed_or_refused(void **state)
{
	static const uint8_t flip[] = {0x01, 0x04, 0x10, 0x80, 0xff};
	struct hobs h;
	struct migration_request request;
	unsigned refused = 0;

	(void)state;
	kvm_hobs(&h, true);
	for (size_t at = 0; at < h.n; at++) {
		for (size_t i = 0; i < sizeof(flip); i++) {
			h.bytes[at] ^= flip[i];
			if (parse(&h, h.n, &request) != STATUS_OK)
				refused++;
			h.bytes[at] ^= flip[i];
		}
	}
	/* The type, the length and the GUID of info and socket are 20 bytes each. */
	assert_true(refused >= 2 * 20 * sizeof(flip));
}

static void wait_for_request_hands_over_what_the_hobs_say(void **state)
{
	static const uint8_t asked[4] = {0, 1, 0, 0};
	struct bench b;
	struct hobs h;
	struct migration_request request;

	(void)state;
	kvm_hobs(&h, false);
	bench_init(&b, migtd, (uint32_t)(4 + h.n));
	memcpy(b.vmm.data, "\x00\x01\x01\x00", 4);
	memcpy(b.vmm.data + 4, h.bytes, h.n);
	assert_int_equal(service_wait_for_request(&b.service, &request), STATUS_OK);
	assert_command(&b.vmm, migtd, asked, sizeof(asked), 0);
	assert_int_equal(request.port, 1234);
	/* The length bounds the list, though the page has more. */
	b.vmm.size = 24 + 4 + 96 + 47;
	assert_int_equal(service_wait_for_request(&b.service, &request), ERR_REQUEST);
	b.vmm.size = PAGE_SIZE;
	assert_int_equal(service_wait_for_request(&b.service, &request), STATUS_OK);
	bench_free(&b);
}

static void wait_for_request_is_pending_on_operation_none_only(void **state)
{
	(void)state;
	for (unsigned operation = 0; operation < 256; operation++) {
		struct bench b;
		struct migration_request request;
		bench_init(&b, migtd, 4);
		b.vmm.data[1] = 1;
		b.vmm.data[2] = (uint8_t)operation;
		assert_int_equal(service_wait_for_request(&b.service, &request),
			operation == 0 ? STATUS_PENDING : ERR_REQUEST);
		bench_free(&b);
	}
	struct bench b;
	struct migration_request request;
	bench_init(&b, migtd, 4);
	b.vmm.data[1] = 2; /* the answer to another command */
	assert_int_equal(service_wait_for_request(&b.service, &request), ERR_VMCALL);
	b.vmm.data[1] = 1;
	b.vmm.size = 24 + 3;
	assert_int_equal(service_wait_for_request(&b.service, &request), ERR_VMCALL);
	b.vmm.size = 24 + 4;
	b.vmm.status = 0xfffffffe;
	assert_int_equal(service_wait_for_request(&b.service, &request), ERR_VMCALL);
	bench_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_pages_no_service),
		cmocka_unit_test(query_asks_for_the_migtd_service),
		cmocka_unit_test(any_other_answer_to_query_is_unsupported),
		cmocka_unit_test(report_status_carries_id_and_result),
		cmocka_unit_test(sent_packets_lie_behind_the_request_id),
		cmocka_unit_test(the_echo_of_send_is_checked),
		cmocka_unit_test(receive_hands_over_the_packet_as_long_as_it_is),
		cmocka_unit_test(receive_is_pending_without_a_packet_and_fails_on_less),
		cmocka_unit_test(the_request_of_kvm_is_understood),
		cmocka_unit_test(only_one_means_source),
		cmocka_unit_test(order_and_an_end_hob_do_not_matter),
		cmocka_unit_test(lists_that_break_a_rule_are_refused),
		cmocka_unit_test(info_and_socket_have_exact_sizes),
		cmocka_unit_test(a_list_cut_anywhere_is_parsed_inside_its_bytes),
		cmocka_unit_test(a_list_with_any_byte_changed_is_parsed_or_refused),
		cmocka_unit_test(wait_for_request_hands_over_what_the_hobs_say),
		cmocka_unit_test(wait_for_request_is_pending_on_operation_none_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
