/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a session that waits learns of its link over vsock, and that it is the cause. */
#include <string.h>

#include "../transport/scripted_carrier.h"
#include "core/td.h"

#define REMOTE_CID 2
#define REMOTE_PORT 1234

static struct migtd td;
static struct session s;
static struct carrier *carrier;

static void deliver(uint16_t op, uint32_t flags, const char *payload)
{
	struct vsock_connection *touched;
	struct vsock_header h = from_peer(&s.link.vsock, op, (uint32_t)strlen(payload));

	h.flags = flags;
	carrier_queue(carrier, &h, (const uint8_t *)payload);
	assert_int_equal(vsock_poll(&td.vsock, &touched), STATUS_OK);
	assert_ptr_equal(touched, &s.link.vsock);
}

static int open_link(void **state)
{
	(void)state;
	memset(&td, 0, sizeof(td));
	memset(&s, 0, sizeof(s));
	td.config.transport = MIGTD_VSOCK;
	carrier = carrier_new(&td.vsock);
	s.td = &td;
	s.link.vsock.remote_cid = REMOTE_CID;
	s.link.vsock.remote_port = REMOTE_PORT;
	assert_false(link_is_open(&s));
	assert_int_equal(link_open(&s), STATUS_OK);
	assert_int_equal(link_status(&s), STATUS_PENDING);
	deliver(OP_RESPONSE, 0, "");
	assert_int_equal(link_check(&s), STATUS_OK);
	return 0;
}

static int close_link(void **state)
{
	(void)state;
	link_close(&s);
	assert_false(link_is_open(&s));
	carrier_free(carrier);
	return 0;
}

static size_t read_all(void)
{
	const struct stream io = link_stream(&s);
	uint8_t bytes[64];

	return stream_rx(&io, bytes, sizeof(bytes));
}

static void a_goodbye_counts_when_all_has_been_read(void **state)
{
	(void)state;
	deliver(OP_RW, 0, "last words");
	deliver(OP_SHUTDOWN, SHUTDOWN_BOTH, "");
	assert_true(link_rx_waiting(&s));
	assert_int_equal(link_check(&s), STATUS_OK);
	assert_int_equal(read_all(), 10);
	assert_false(link_rx_waiting(&s));
	assert_int_equal(link_check(&s), ERR_TRANSPORT_CLOSED);
}

static void a_reset_counts_at_once(void **state)
{
	(void)state;
	deliver(OP_RW, 0, "last words");
	deliver(OP_RST, 0, "");
	assert_int_equal(link_check(&s), ERR_TRANSPORT_CLOSED);
}

static void what_broke_the_protocol_is_said_so(void **state)
{
	(void)state;
	deliver(99, 0, "");
	assert_int_equal(link_check(&s), ERR_TRANSPORT_PROTOCOL);
}

static void what_the_carrier_refuses_is_its_fault(void **state)
{
	static char much[VSOCK_WINDOW / 2 + 1];

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	deliver(OP_RW, 0, much);
	while (read_all() > 0)
		;
	carrier->failure = ERR_VMCALL;
	link_flush(&s);
	assert_int_equal(link_check(&s), ERR_VMCALL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_link, close_link)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_goodbye_counts_when_all_has_been_read),
		TEST(a_reset_counts_at_once),
		TEST(what_broke_the_protocol_is_said_so),
		TEST(what_the_carrier_refuses_is_its_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
