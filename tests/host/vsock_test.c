/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vhost-vsock against real Unix sockets and a real socat: credit, order, ends and resets. */
#include "fake_td.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/bytes.h"

#define CID 7
#define HOST_WINDOW 65536
#define ANY UINT64_MAX

enum { REQUEST = 1, RESPONSE, RST, SHUTDOWN, RW, CREDIT_UPDATE, CREDIT_REQUEST };

struct packet {
	uint64_t src_cid;
	uint64_t dst_cid;
	uint32_t src_port;
	uint32_t dst_port;
	uint32_t size;
	uint16_t type;
	uint16_t op;
	uint32_t flags;
	uint32_t buf_alloc;
	uint32_t fwd_cnt;
	uint8_t data[PAGE];
};

static struct fake_platform platform;
static struct fake_td td;

static int start(void **state)
{
	(void)state;
	platform_start(&platform, NULL);
	fake_attach(&td, &platform, CID, NULL);
	fake_share(&td);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_detach(&td);
	platform_stop(&platform);
	return 0;
}

/* ------------------------------------------------------------------------------- packets */

static void put(const struct packet *p, uint64_t request_id)
{
	static uint8_t command[PAGE];
	uint8_t answer[PAGE];
	uint32_t status;
	size_t size;
	uint8_t *h = command + 12;

	memset(command, 0, sizeof(command));
	command[1] = 3;
	store64(command + 4, request_id);
	store64(h, p->src_cid);
	store64(h + 8, p->dst_cid);
	store32(h + 16, p->src_port);
	store32(h + 20, p->dst_port);
	store32(h + 24, p->size);
	store16(h + 28, p->type);
	store16(h + 30, p->op);
	store32(h + 32, p->flags);
	store32(h + 36, p->buf_alloc);
	store32(h + 40, p->fwd_cnt);
	memcpy(h + 44, p->data, p->size);
	assert_int_equal(service(&td, guid_migtd, command, 56 + p->size, answer, &size, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(size, 12);
	assert_int_equal(load64(answer + 4), request_id);
}

static struct packet packet_of(uint32_t from, uint32_t to, uint16_t op)
{
	return (struct packet){.src_cid = CID, .dst_cid = 2, .src_port = from, .dst_port = to,
		.type = 1, .op = op, .buf_alloc = 512};
}

static bool get_of(struct packet *p, uint64_t request_id)
{
	uint8_t command[12] = {0, 4};
	uint8_t answer[PAGE];
	const uint8_t *h = answer + 12;
	uint32_t status;
	size_t size;

	store64(command + 4, request_id);
	assert_int_equal(service(&td, guid_migtd, command, 12, answer, &size, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(answer[1], 4);
	assert_int_equal(load64(answer + 4), request_id);
	if (size == 12)
		return false;
	assert_true(size >= 56);
	*p = (struct packet){load64(h), load64(h + 8), load32(h + 16), load32(h + 20),
		load32(h + 24), load16(h + 28), load16(h + 30), load32(h + 32), load32(h + 36),
		load32(h + 40), {0}};
	assert_int_equal(size, 56 + p->size);
	assert_int_equal(p->src_cid, 2);
	assert_int_equal(p->dst_cid, CID);
	assert_int_equal(p->type, 1);
	memcpy(p->data, h + 44, p->size);
	return true;
}

/* The next packet, waited for by interrupt. */
static struct packet get(void)
{
	struct packet p;

	for (int tries = 0; !get_of(&p, ANY); tries++) {
		assert_true(tries < 20);
		assert_true(take_interrupts(&td, 2000) > 0);
	}
	return p;
}

static void expect_nothing(void)
{
	struct packet p;

	take_interrupts(&td, 150);
	assert_false(get_of(&p, ANY));
}

static struct packet expect(uint32_t guest_port, uint32_t host_port, uint16_t op)
{
	struct packet p = get();

	assert_int_equal(p.op, op);
	assert_int_equal(p.dst_port, guest_port);
	assert_int_equal(p.src_port, host_port);
	return p;
}

/* ----------------------------------------------------------------------------- host side */

static int listen_on(unsigned port)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s_%u", platform.prefix, port);
	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void unlisten(int fd, unsigned port)
{
	char path[128];

	close(fd);
	snprintf(path, sizeof(path), "%s_%u", platform.prefix, port);
	unlink(path);
}

/* An open connection; the host's end. */
static int connect_to(int listener, uint32_t from, uint32_t to, uint32_t window)
{
	struct packet p = packet_of(from, to, REQUEST);
	int fd;

	p.buf_alloc = window;
	put(&p, 1);
	p = expect(from, to, RESPONSE);
	assert_int_equal(p.buf_alloc, HOST_WINDOW);
	assert_int_equal(p.fwd_cnt, 0);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	return fd;
}

static void close_both(int fd, uint32_t from, uint32_t to)
{
	struct packet p = packet_of(from, to, RST);

	put(&p, 1);
	close(fd);
	expect_nothing();
}

static void a_port_without_listener_is_refused(void **state)
{
	struct packet p = packet_of(40001, 9, REQUEST);

	(void)state;
	put(&p, 1);
	expect(40001, 9, RST);
	expect_nothing();
}

static void the_window_of_the_guest_is_never_exceeded(void **state)
{
	int listener = listen_on(10);
	int fd = connect_to(listener, 40002, 10, 512);
	struct packet update = packet_of(40002, 10, CREDIT_UPDATE);
	uint8_t sent[5000];
	size_t got = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 31 >> 3);
	assert_int_equal(send(fd, sent, sizeof(sent), 0), sizeof(sent));
	while (got < sizeof(sent)) {
		/* In each round the guest takes other amounts: what it gets is what it has room for. */
		uint32_t room = update.buf_alloc - (uint32_t)(got - update.fwd_cnt);
		uint32_t before = (uint32_t)got;

		while (got - before < room && got < sizeof(sent)) {
			struct packet p = expect(40002, 10, RW);

			assert_memory_equal(p.data, sent + got, p.size);
			got += p.size;
			assert_true(got - before <= room);
		}
		if (got < sizeof(sent))
			expect_nothing();
		update.fwd_cnt = (uint32_t)got - (uint32_t)(got % 7);
		update.buf_alloc = 100 + (uint32_t)(got % 400);
		put(&update, 1);
	}
	expect_nothing();
	close_both(fd, 40002, 10);
	unlisten(listener, 10);
}

static void a_guest_that_claims_more_than_it_got_is_reset(void **state)
{
	int listener = listen_on(11);
	int fd = connect_to(listener, 40003, 11, 512);
	struct packet p = packet_of(40003, 11, CREDIT_UPDATE);

	(void)state;
	p.fwd_cnt = 1;
	put(&p, 1);
	expect(40003, 11, RST);
	assert_int_equal(recv(fd, &p, 1, 0), 0);
	close(fd);
	unlisten(listener, 11);
}

static void guest_bytes_wait_for_the_host_and_no_longer_than_the_window(void **state)
{
	int listener = listen_on(12);
	int fd = connect_to(listener, 40004, 12, 512);
	struct packet p = packet_of(40004, 12, RW);
	struct packet last = {0};
	uint64_t sent = 0;
	uint64_t got = 0;
	uint8_t buffer[65536];

	(void)state;
	p.size = 4000;
	/* The host does not read: at some point nothing is forwarded any more. */
	while (sent - last.fwd_cnt + p.size <= HOST_WINDOW) {
		struct packet update;

		for (unsigned i = 0; i < p.size; i++)
			p.data[i] = (uint8_t)((sent + i) % 251);
		put(&p, 1);
		sent += p.size;
		while (get_of(&update, ANY)) {
			assert_int_equal(update.op, CREDIT_UPDATE);
			last = update;
		}
	}
	assert_true(sent > HOST_WINDOW);
	while (got < sent) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buffer[i], (got + (uint64_t)i) % 251);
		got += (uint64_t)n;
	}
	/* Everything has gone out: so say the credit updates, asked for or not. */
	p = packet_of(40004, 12, CREDIT_REQUEST);
	put(&p, 1);
	do {
		last = expect(40004, 12, CREDIT_UPDATE);
	} while (last.fwd_cnt != sent);
	close_both(fd, 40004, 12);
	unlisten(listener, 12);
}

/* Its own bytes stuck, a guest tells its window with the next of them and with nothing else. */
static void a_window_told_by_data_counts_even_if_the_data_wait(void **state)
{
	int listener = listen_on(23);
	int fd = connect_to(listener, 40023, 23, 512);
	struct packet p = packet_of(40023, 23, RW);
	struct packet update;
	uint8_t bytes[1024] = {0};
	uint32_t sent = 0, forwarded = 0;

	(void)state;
	assert_int_equal(send(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(expect(40023, 23, RW).size, 512);
	expect_nothing();
	for (p.size = 4000; sent - forwarded + p.size < HOST_WINDOW; sent += p.size) {
		put(&p, 1);
		while (get_of(&update, ANY))
			forwarded = update.fwd_cnt;
	}
	p.size = 1;
	p.fwd_cnt = 512;
	put(&p, 1);
	assert_int_equal(expect(40023, 23, RW).size, 512);
	close_both(fd, 40023, 23);
	unlisten(listener, 23);
}

static void a_guest_that_ignores_our_window_is_reset(void **state)
{
	int listener = listen_on(13);
	int fd = connect_to(listener, 40005, 13, 512);
	struct packet p = packet_of(40005, 13, RW);
	struct packet answer = {0};

	(void)state;
	p.size = 4000;
	for (unsigned i = 0; i < 1000 && answer.op != RST; i++) {
		put(&p, 1);
		get_of(&answer, ANY);
	}
	assert_int_equal(answer.op, RST);
	close(fd);
	expect_nothing();
	unlisten(listener, 13);
}

static void the_end_of_the_host_side_comes_after_its_bytes(void **state)
{
	int listener = listen_on(14);
	int fd = connect_to(listener, 40006, 14, 4);
	struct packet update = packet_of(40006, 14, CREDIT_UPDATE);
	struct packet p;

	(void)state;
	assert_int_equal(send(fd, "farewell", 8, 0), 8);
	close(fd);
	p = expect(40006, 14, RW);
	assert_int_equal(p.size, 4);
	expect_nothing();
	update.fwd_cnt = 4;
	update.buf_alloc = 512;
	put(&update, 1);
	p = expect(40006, 14, RW);
	assert_memory_equal(p.data, "well", 4);
	p = expect(40006, 14, SHUTDOWN);
	assert_int_equal(p.flags, 3);
	update.op = SHUTDOWN;
	update.flags = 3;
	update.fwd_cnt = 8;
	put(&update, 1);
	expect(40006, 14, RST);
	expect_nothing();
	unlisten(listener, 14);
}

static void a_half_closed_side_still_takes_bytes(void **state)
{
	int listener = listen_on(15);
	int fd = connect_to(listener, 40007, 15, 512);
	struct packet p;
	char byte;

	(void)state;
	shutdown(fd, SHUT_WR);
	p = expect(40007, 15, SHUTDOWN);
	assert_int_equal(p.flags, 2);
	p = packet_of(40007, 15, RW);
	p.size = 1;
	p.data[0] = 'x';
	put(&p, 1);
	assert_int_equal(recv(fd, &byte, 1, 0), 1);
	assert_int_equal(byte, 'x');
	p.op = SHUTDOWN;
	p.size = 0;
	p.flags = 2;
	put(&p, 1);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close_both(fd, 40007, 15);
	unlisten(listener, 15);
}

static void packets_for_no_connection_are_reset_but_resets_are_not(void **state)
{
	static const uint16_t ops[] = {RESPONSE, SHUTDOWN, RW, CREDIT_UPDATE, CREDIT_REQUEST, 99};
	struct packet p;

	(void)state;
	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		p = packet_of(5, 6, ops[i]);
		put(&p, 1);
		expect(5, 6, RST);
	}
	p = packet_of(5, 6, RST);
	put(&p, 1);
	expect_nothing();
	/* Another CID than its own, or a length that is not the packet's, is dropped. */
	p = packet_of(5, 6, RW);
	p.src_cid = CID + 1;
	put(&p, 1);
	expect_nothing();
	/* Datagrams and other hosts are not served. */
	p = packet_of(5, 6, REQUEST);
	p.type = 2;
	put(&p, 1);
	expect(5, 6, RST);
	p.type = 1;
	p.dst_cid = 3;
	put(&p, 1);
	expect(5, 6, RST);
}

static void a_session_gets_only_its_own_packets(void **state)
{
	int listener = listen_on(16);
	struct packet p = packet_of(100, 16, REQUEST);
	struct packet q = packet_of(200, 16, REQUEST);

	(void)state;
	put(&p, 11);
	put(&q, 22);
	take_interrupts(&td, 300);
	assert_false(get_of(&p, 33));
	assert_true(get_of(&p, 22));
	assert_int_equal(p.dst_port, 200);
	assert_false(get_of(&p, 22));
	assert_true(get_of(&p, 11));
	assert_int_equal(p.dst_port, 100);
	p = packet_of(100, 16, RST);
	put(&p, 11);
	p = packet_of(200, 16, RST);
	put(&p, 22);
	unlisten(listener, 16);
}

static void wait_for_listener(unsigned port)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s_%u", platform.prefix, port);
	for (int ms = 0; connect(fd, (void *)&address, sizeof(address)) != 0; ms += 10) {
		assert_true(ms < PATIENCE_MS);
		poll(NULL, 0, 10);
	}
	close(fd);
}

static void many_connections_at_once_do_not_mix(void **state)
{
	enum { MANY = 300 };
	static unsigned turns[MANY];
	struct packet p;
	pid_t echo = fork();
	unsigned done = 0;

	(void)state;
	if (!echo) {
		char address[128];

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(address, sizeof(address), "UNIX-LISTEN:%s_17,fork,backlog=5", platform.prefix);
		execlp("socat", "socat", address, "EXEC:cat", (char *)NULL);
		_exit(127);
	}
	wait_for_listener(17);
	for (unsigned i = 0; i < MANY; i++) {
		p = packet_of(1000 + i, 17, REQUEST);
		put(&p, i);
	}
	while (done < MANY) {
		struct packet answer = get();
		unsigned i = answer.dst_port - 1000;
		char text[32];
		int n = snprintf(text, sizeof(text), "connection %u", i);

		assert_true(i < MANY);
		p = packet_of(answer.dst_port, 17, RW);
		if (answer.op == RESPONSE) {
			p.size = (uint32_t)n;
			memcpy(p.data, text, (size_t)n);
			put(&p, i);
			continue;
		}
		assert_int_equal(answer.op, RW);
		assert_int_equal(answer.size, n);
		assert_memory_equal(answer.data, text, (size_t)n);
		assert_int_equal(turns[i]++, 0);
		p.op = RST;
		put(&p, i);
		done++;
	}
	kill(echo, SIGTERM);
	waitpid(echo, NULL, 0);
	unlisten(-1, 17);
}

static void the_reset_fault_ends_a_connection_after_so_many_bytes(void **state)
{
	int listener = listen_on(18);
	int fd = connect_to(listener, 40010, 18, 512);
	struct packet p = packet_of(40010, 18, RW);

	(void)state;
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set",
		"vsock-reset-after=20"), NULL);
	p.size = 10;
	put(&p, 1);
	expect_nothing();
	put(&p, 1);
	expect(40010, 18, RST);
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "none"), NULL);
	assert_true(platform_said(&platform, "fault: vsock-reset-after"));
	close(fd);
	unlisten(listener, 18);
}

static void cancelling_a_running_request_resets_its_connections(void **state)
{
	int listener = listen_on(19);
	uint8_t answer[PAGE];
	uint32_t status;
	size_t size;
	struct packet p = packet_of(40011, 19, REQUEST);
	json_int_t id = ask_ok(platform.control, json_pack("{s:s, s:i}", "do", "td-create", "migtd_pid",
		(int)getpid()), "td");

	(void)state;
	ask_ok(platform.control, json_pack("{s:s, s:I, s:i}", "do", "premig", "td", id, "port", 19),
		NULL);
	assert_int_equal(service(&td, guid_migtd, "\0\1\0\0", 4, answer, &size, &status), 0);
	put(&p, (uint64_t)id);
	expect(40011, 19, RESPONSE);
	ask_ok(platform.control, json_pack("{s:s, s:I}", "do", "cancel", "td", id), NULL);
	expect(40011, 19, RST);
	unlisten(listener, 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_without_listener_is_refused),
		cmocka_unit_test(the_window_of_the_guest_is_never_exceeded),
		cmocka_unit_test(a_guest_that_claims_more_than_it_got_is_reset),
		cmocka_unit_test(guest_bytes_wait_for_the_host_and_no_longer_than_the_window),
		cmocka_unit_test(a_window_told_by_data_counts_even_if_the_data_wait),
		cmocka_unit_test(a_guest_that_ignores_our_window_is_reset),
		cmocka_unit_test(the_end_of_the_host_side_comes_after_its_bytes),
		cmocka_unit_test(a_half_closed_side_still_takes_bytes),
		cmocka_unit_test(packets_for_no_connection_are_reset_but_resets_are_not),
		cmocka_unit_test(a_session_gets_only_its_own_packets),
		cmocka_unit_test(many_connections_at_once_do_not_mix),
		cmocka_unit_test(the_reset_fault_ends_a_connection_after_so_many_bytes),
		cmocka_unit_test(cancelling_a_running_request_resets_its_connections),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
