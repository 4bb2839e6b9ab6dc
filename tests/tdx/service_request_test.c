/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The HOBs in which a VMM describes a request, and waiting for one. */
#include "hobs.h"
#include "service_bench.h"

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
	store(add_hob(&h, 4, guid_policy, 16 + 5) + 8, 5, 4);
	assert_int_equal(parse(&h, h.n, &request), STATUS_OK);

	/* A HOB begins on the next multiple of eight, whatever the length of the one before. */
	for (size_t policy = 0; policy < 20; policy++) {
		memset(&h, 0, sizeof(h));
		store(add_hob(&h, 4, guid_policy, 16 + policy) + 8, policy, 4);
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
	add_hob(&h, 4, guid_common, 8);
	assert_int_equal(parse(&h, h.n, &request), ERR_REQUEST);
	kvm_hobs(&h, false);
	add_hob(&h, 3, guid_policy, 16);
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
	store(add_hob(&h, 4, guid_policy, 16) + 8, 0xffffffff, 4);
	assert_int_equal(parse(&h, h.n, &request), ERR_REQUEST);
}

static void info_and_socket_have_exact_sizes(void **state)
{
	struct migration_request request;

	(void)state;
	for (unsigned has_init = 0; has_init < 4; has_init++) {
		for (size_t size = 0; size < 700; size++) {
			struct hobs h = {.n = 0};
			uint8_t *info = add_hob(&h, 4, guid_info, size);
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
		add_hob(&h, 4, guid_socket, size);
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
	bench_init(&b, guid_migtd, (uint32_t)(4 + h.n));
	memcpy(b.vmm.data, "\x00\x01\x01\x00", 4);
	memcpy(b.vmm.data + 4, h.bytes, h.n);
	assert_int_equal(service_wait_for_request(&b.service, &request), STATUS_OK);
	assert_command(&b.vmm, guid_migtd, asked, sizeof(asked), 0);
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
		bench_init(&b, guid_migtd, 4);
		b.vmm.data[1] = 1;
		b.vmm.data[2] = (uint8_t)operation;
		assert_int_equal(service_wait_for_request(&b.service, &request),
			operation == 0 ? STATUS_PENDING : ERR_REQUEST);
		bench_free(&b);
	}
	struct bench b;
	struct migration_request request;
	bench_init(&b, guid_migtd, 4);
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
