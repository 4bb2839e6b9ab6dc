/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * One endpoint of ours on a TCP socket of this host, for runs against another implementation:
 *
 *	test-spdm-interop-peer --role requester|responder --port PORT --own-key KEY.pem
 *		--peer-key KEY.der [--profile standard|migtd] [--quote-size N]
 *
 * A requester connects, a responder listens and serves one session.  In the standard profile the
 * keys are those given; in MigTD's they are fresh and travel in ops 0x01 and 0x02, and --own-key
 * and --peer-key are not needed.  The frames are MigTD's.  The elements sent are filler and those
 * received are NOT VERIFIED: this judges the engine, not an attestation.
 * Exit status 0: the session ended as it should.
 */
#include "spdm/engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

struct options {
	enum spdm_role role;
	uint16_t port;
	const char *own_key;
	const char *peer_key;
	bool migtd;
	uint32_t quote_size;
};

struct endpoint {
	int fd;
	bool closed;
	uint32_t quote_size;
};

__attribute__((noreturn))
static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, errno != 0 ? strerror(errno) : "failed");
	exit(2);
}

/* --- the engine's surroundings ------------------------------------------------------------- */

static uint8_t arena[CRYPTO_ARENA_SIZE] __attribute__((aligned(16)));

static void fill_random(void *ctx, uint8_t *to, size_t n)
{
	(void)ctx;
	if (getrandom(to, n, 0) != (ssize_t)n)
		die("getrandom");
}

static size_t socket_rx(void *ctx, uint8_t *to, size_t n)
{
	struct endpoint *e = ctx;
	const ssize_t got = recv(e->fd, to, n, 0);

	if (got == 0 || (got < 0 && errno != EAGAIN))
		e->closed = true;
	return got > 0 ? (size_t)got : 0;
}

static size_t socket_room(void *ctx)
{
	struct endpoint *e = ctx;
	struct pollfd p = {.fd = e->fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0 ? 512 : 0;
}

/* The room told is a guess for TCP; what does not fit is waited for. */
static enum status socket_tx(void *ctx, const uint8_t *from, size_t n)
{
	struct endpoint *e = ctx;

	while (n > 0) {
		const ssize_t sent = send(e->fd, from, n, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			return ERR_TRANSPORT_CLOSED;
		if (sent > 0) {
			from += sent;
			n -= (size_t)sent;
		}
	}
	return STATUS_OK;
}

static const struct stream_ops socket_ops = {
	.rx = socket_rx, .tx_room = socket_room, .tx = socket_tx};

static enum status ready(void *owner, enum vdm_op op, bool outgoing)
{
	(void)owner;
	printf("op %d %s\n", op, outgoing ? "out" : "in");
	return STATUS_OK;
}

static uint32_t element_size(void *owner, enum vdm_op op, enum vdm_element type)
{
	const struct endpoint *e = owner;

	(void)op;
	switch (type) {
	case ELEMENT_QUOTE:
		return e->quote_size;
	case ELEMENT_POLICY_HASH:
		return 48;
	case ELEMENT_SERVTD_EXT:
		return 272;
	case ELEMENT_INIT_TDINFO:
		return 512;
	case ELEMENT_EXPORT_VERSION:
	case ELEMENT_IMPORT_VERSION:
		return 4;
	case ELEMENT_FORWARD_KEY:
	case ELEMENT_BACKWARD_KEY:
		return 32;
	default:
		return 100;
	}
}

static enum status element_read(void *owner, enum vdm_element type, uint32_t offset, uint8_t *to,
	size_t n)
{
	(void)owner;
	(void)offset;
	memset(to, (int)type, n);
	return STATUS_OK;
}

static void sent(void *owner, enum vdm_op op)
{
	(void)owner;
	printf("op %d sent\n", op);
}

static enum status element_begin(void *owner, enum vdm_element type, uint32_t size)
{
	(void)owner;
	printf("  element %04x, %u bytes\n", type, size);
	return STATUS_OK;
}

static enum status element_write(void *owner, enum vdm_element type, uint32_t offset,
	const uint8_t *from, size_t n)
{
	(void)owner;
	(void)type;
	(void)offset;
	(void)from;
	(void)n;
	return STATUS_OK;
}

static enum status received(void *owner, enum vdm_op op)
{
	(void)owner;
	printf("op %d received, not verified\n", op);
	return STATUS_OK;
}

static const struct spdm_owner_ops owner_ops = {
	.ready = ready,
	.element_size = element_size,
	.element_read = element_read,
	.sent = sent,
	.element_begin = element_begin,
	.element_write = element_write,
	.received = received,
};

/* --- keys and socket ----------------------------------------------------------------------- */

static void read_own_key(const char *path, uint8_t *scalar, uint8_t *point)
{
	uint8_t uncompressed[1 + P384_POINT_SIZE];
	size_t n;
	BIGNUM *d = NULL;
	FILE *f = fopen(path, "rb");
	EVP_PKEY *key = f != NULL ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

	if (key == NULL || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) != 1 ||
		BN_bn2binpad(d, scalar, P384_SCALAR_SIZE) != P384_SCALAR_SIZE ||
		EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, uncompressed,
			sizeof(uncompressed), &n) != 1 || n != sizeof(uncompressed))
		die(path);
	memcpy(point, uncompressed + 1, P384_POINT_SIZE);
	BN_clear_free(d);
	EVP_PKEY_free(key);
	fclose(f);
}

static void read_peer_key(const char *path, uint8_t *point)
{
	uint8_t der[SPKI_SIZE + 1];
	FILE *f = fopen(path, "rb");
	const size_t n = f != NULL ? fread(der, 1, sizeof(der), f) : 0;
	struct reader r = reader_of(der, n);

	if (n != SPKI_SIZE || spdm_spki_read(&r, point) != STATUS_OK)
		die(path);
	fclose(f);
}

static int open_socket(const struct options *o)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(o->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int s = socket(AF_INET, SOCK_STREAM, 0);
	const int one = 1;
	int fd = s;

	if (o->role == SPDM_RESPONDER) {
		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(s, (const struct sockaddr *)&at, sizeof(at)) != 0 || listen(s, 1) != 0)
			die("listen");
		fd = accept(s, NULL, NULL);
		close(s);
	} else if (connect(s, (const struct sockaddr *)&at, sizeof(at)) != 0) {
		die("connect");
	}
	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		die("socket");
	return fd;
}

static enum status run(struct spdm *s, struct endpoint *e)
{
	const struct stream io = {&socket_ops, e};
	enum status status;

	while ((status = spdm_step(s, &io)) == STATUS_PENDING) {
		struct pollfd p = {.fd = e->fd,
			.events = s->wait == SPDM_WAIT_TX ? POLLOUT : POLLIN};

		if (s->wait == SPDM_WAIT_NONE) {
			printf("phase %d\n", spdm_phase(s));
			continue;
		}
		if (e->closed)
			return ERR_TRANSPORT_CLOSED;
		if (poll(&p, 1, 10000) <= 0)
			return ERR_TIMEOUT;
	}
	return status;
}

static struct options parse(int argc, char **argv)
{
	static const struct option longs[] = {{"role", 1, 0, 'r'}, {"port", 1, 0, 'p'},
		{"own-key", 1, 0, 'o'}, {"peer-key", 1, 0, 'k'}, {"profile", 1, 0, 'f'},
		{"quote-size", 1, 0, 'q'}, {0, 0, 0, 0}};
	struct options o = {.role = SPDM_REQUESTER, .port = 4194, .quote_size = 5006};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'r')
			o.role = strcmp(optarg, "responder") == 0 ? SPDM_RESPONDER : SPDM_REQUESTER;
		else if (c == 'p')
			o.port = (uint16_t)atoi(optarg);
		else if (c == 'o')
			o.own_key = optarg;
		else if (c == 'k')
			o.peer_key = optarg;
		else if (c == 'f')
			o.migtd = strcmp(optarg, "migtd") == 0;
		else if (c == 'q')
			o.quote_size = (uint32_t)atoi(optarg);
		else
			exit(2);
	}
	if (!o.migtd && (o.own_key == NULL || o.peer_key == NULL)) {
		fprintf(stderr, "the standard profile needs --own-key and --peer-key\n");
		exit(2);
	}
	return o;
}

int main(int argc, char **argv)
{
	const struct options o = parse(argc, argv);
	uint8_t scalar[P384_SCALAR_SIZE], point[P384_POINT_SIZE], peer[P384_POINT_SIZE];
	const struct spdm_raw_keys keys = {scalar, point, peer};
	const struct spdm_profile profile = {o.migtd ? NULL : &keys, true};
	struct endpoint e = {.quote_size = o.quote_size};
	struct spdm s;
	enum status status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	crypto_init(arena, sizeof(arena), fill_random, NULL);
	if (!o.migtd) {
		read_own_key(o.own_key, scalar, point);
		read_peer_key(o.peer_key, peer);
	}
	e.fd = open_socket(&o);
	spdm_begin(&s, o.role, &profile, &owner_ops, &e);
	status = run(&s, &e);
	printf("%s in phase %d: %s\n", status_name(status), spdm_phase(&s), status_text(status));
	close(e.fd);
	return status == STATUS_OK ? 0 : 1;
}
