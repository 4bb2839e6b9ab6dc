/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Calls of the Service interface and what the VMM may answer. */
#include "service_bench.h"

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
	bench_init(&b, guid_common, 20);
	memcpy(b.vmm.data + 4, guid_migtd, 16);
	memcpy(asked + 4, guid_migtd, 16);
	assert_int_equal(service_query(&b.service), STATUS_OK);
	assert_command(&b.vmm, guid_common, asked, sizeof(asked), 0);
	bench_free(&b);
}

static void any_other_answer_to_query_is_unsupported(void **state)
{
	(void)state;
	for (size_t at = 0; at < 24 + 20; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct bench b;
			bench_init(&b, guid_common, 20);
			memcpy(b.vmm.data + 4, guid_migtd, 16);
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
		bench_init(&b, guid_common, 20);
		memcpy(b.vmm.data + 4, guid_migtd, 16);
		b.vmm.size = size;
		assert_int_equal(service_query(&b.service), ERR_VMM_UNSUPPORTED);
		bench_free(&b);
	}
	struct bench b;
	bench_init(&b, guid_common, 20);
	b.vmm.r10 = 1;
	assert_int_equal(service_query(&b.service), ERR_VMM_UNSUPPORTED);
	bench_free(&b);
}

static void report_status_carries_id_and_result(void **state)
{
	static const uint8_t asked[12] = {0, 2, 1, 8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11};
	struct bench b;

	(void)state;
	bench_init(&b, guid_migtd, 4);
	b.vmm.data[1] = 2;
	assert_int_equal(service_report_status(&b.service, 0x1122334455667788ull,
		RESULT_POLICY_UNSATISFIED), STATUS_OK);
	assert_command(&b.vmm, guid_migtd, asked, sizeof(asked), 0);
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
	bench_init(&b, guid_migtd, 12);
	store(b.vmm.data, 0x300, 2);
	store(b.vmm.data + 4, 7, 8);
	memset(asked + 12, 0x11, 44);
	memset(asked + 56, 0x22, SERVICE_VSOCK_PAYLOAD);
	memset(payload, 0x22, sizeof(payload));
	assert_int_equal(service_send(&b.service, 7, asked + 12, payload, 100), STATUS_OK);
	assert_command(&b.vmm, guid_migtd, asked, 12 + 44 + 100, 0xffffffff);
	assert_int_equal(service_send(&b.service, 7, asked + 12, NULL, 0), STATUS_OK);
	assert_command(&b.vmm, guid_migtd, asked, 12 + 44, 0xffffffff);
	assert_int_equal(service_send(&b.service, 7, asked + 12, payload, SERVICE_VSOCK_PAYLOAD),
		STATUS_OK);
	assert_command(&b.vmm, guid_migtd, asked, sizeof(asked), 0xffffffff);

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
		bench_init(&b, guid_migtd, 12);
		store(b.vmm.data, 0x300, 2);
		store(b.vmm.data + 4, 7, 8);
		b.vmm.data[at] ^= 0x10;
		assert_int_equal(service_send(&b.service, 7, header, NULL, 0),
			at == 2 || at == 3 ? STATUS_OK : ERR_VMCALL);
		bench_free(&b);
	}
	for (uint32_t size = 0; size < 24 + 12; size++) {
		struct bench b;
		bench_init(&b, guid_migtd, 12);
		store(b.vmm.data, 0x300, 2);
		store(b.vmm.data + 4, 7, 8);
		b.vmm.size = size;
		assert_int_equal(service_send(&b.service, 7, header, NULL, 0), ERR_VMCALL);
		bench_free(&b);
	}
}

static void receiving(struct bench *b, size_t packet_size, uint32_t payload_size)
{
	bench_init(b, guid_migtd, (uint32_t)(12 + packet_size));
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
		assert_command(&b.vmm, guid_migtd, asked, sizeof(asked), 0xffffffff);
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
