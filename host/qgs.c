/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * GetQuote and the quoting service behind it (attestation.md 2): a request is taken, its buffer
 * says "in flight", and some time later the answer, the status and the notify vector come.
 * Both payload forms are served: QGS messages for quotes and collateral, and a bare TDREPORT for a
 * bare quote.
 */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "host/bytes.h"
#include "host/platform.h"
#include "host/quote.h"

#define HEADER 24
#define BUFFER_MAX 0x20000u
#define IN_FLIGHT_MAX 16
#define REQUEST_MAX 4096

#define STATUS_OK 0ull
#define STATUS_IN_FLIGHT 0xFFFFFFFFFFFFFFFFull
#define STATUS_ERROR 0x8000000000000000ull
#define STATUS_UNAVAILABLE 0x8000000000000001ull

#define QGS_HEADER 16
#define QGS_COLLATERAL_FIXED 32	/* version, seven sizes */
#define QGS_SIZES 8	/* two sizes in front of either request's data */
#define QGS_MINOR_0_UNUSED 4
#define FMSPC_BYTES 6
enum {
	QGS_GET_QUOTE_REQUEST,
	QGS_GET_QUOTE_RESPONSE,
	QGS_GET_COLLATERAL_REQUEST,
	QGS_GET_COLLATERAL_RESPONSE,
};
#define QGS_ERROR_UNEXPECTED 0x00012001u
#define QGS_ERROR_INVALID_PARAMETER 0x00012003u
#define QGS_ERROR_INVALID_VERSION 0x00012004u
#define QGS_ERROR_INVALID_TYPE 0x00012005u
#define QGS_ERROR_INVALID_SIZE 0x00012006u

/* Faults of the service, for requests of one kind. */
struct service_faults {
	enum fault_id late, busy, unavailable, error, garbage, never;
};

static const struct service_faults quote_faults = {FAULT_QUOTE_LATE, FAULT_QUOTE_BUSY,
	FAULT_QUOTE_UNAVAILABLE, FAULT_QUOTE_ERROR, FAULT_QUOTE_GARBAGE, FAULT_QUOTE_NEVER};
static const struct service_faults collateral_faults = {FAULT_COLLATERAL_LATE,
	FAULT_COLLATERAL_BUSY, FAULT_COLLATERAL_UNAVAILABLE, FAULT_COLLATERAL_ERROR,
	FAULT_COLLATERAL_GARBAGE, FAULT_COLLATERAL_NEVER};

struct request {
	struct timer timer;
	struct request *next;
	struct migtd *td;
	uint64_t gpa;
	size_t room;		/* of the payload */
	size_t size;
	const struct service_faults *faults;
	uint8_t payload[REQUEST_MAX];
};

struct quoting {
	struct platform *platform;
	struct quoting_enclave qe;
	struct request *requests;
	uint8_t first[QUOTE_MAX];	/* for FAULT_QUOTE_REPLAY */
	size_t first_size;
};

/* An answer of the service: payload for the buffer, and the status beside it. */
struct answer {
	uint64_t status;
	size_t size;
	uint8_t payload[BUFFER_MAX];
};

/* -------------------------------------------------------------------------------- quotes */

static void spoil(struct faults *faults, uint8_t *quote, size_t *n)
{
	uint64_t offset = faults->of[FAULT_QUOTE_FLIP].arg;

	if (faults->of[FAULT_QUOTE_FLIP].set && offset < *n &&
		fault_fires(faults, FAULT_QUOTE_FLIP))
		quote[offset] ^= 0xff;
	if (fault_fires(faults, FAULT_QUOTE_TRUNCATED))
		*n /= 2;
}

/* The quote of a TDREPORT; 0 when the QE refuses it. */
static size_t make_quote(struct quoting *quoting, const uint8_t *tdreport, uint8_t quote[QUOTE_MAX])
{
	struct faults *faults = &quoting->platform->faults;
	uint8_t copy[TDREPORT_BYTES];
	size_t n;

	if (!report_verify(quoting->platform, tdreport)) {
		report("quoting service: the TDREPORT's MAC or hashes are wrong");
		return 0;
	}
	memcpy(copy, tdreport, sizeof(copy));
	if (fault_fires(faults, FAULT_WRONG_REPORTDATA))
		copy[128] ^= 0xff;
	n = qe_quote(&quoting->qe, copy, QUOTE_AS_RULED, quote, QUOTE_MAX);
	if (n && !quoting->first_size) {
		memcpy(quoting->first, quote, n);
		quoting->first_size = n;
	}
	if (n && fault_fires(faults, FAULT_QUOTE_REPLAY)) {
		n = quoting->first_size;
		memcpy(quote, quoting->first, n);
	}
	if (n)
		spoil(faults, quote, &n);
	return n;
}

/* ------------------------------------------------------------------------------ messages */

static uint32_t check_message(const uint8_t *m, size_t n)
{
	if (n < QGS_HEADER || load32(m + 8) != n)
		return QGS_ERROR_INVALID_SIZE;
	return load16(m) == 1 ? 0 : QGS_ERROR_INVALID_VERSION;
}

static uint32_t check_quote_request(const uint8_t *m, size_t n)
{
	if (n < QGS_HEADER + QGS_SIZES || load32(m + 16) != TDREPORT_BYTES ||
		n != QGS_HEADER + QGS_SIZES + TDREPORT_BYTES + (uint64_t)load32(m + 20))
		return QGS_ERROR_INVALID_PARAMETER;
	return 0;
}

/* The CA's name ends with the message, and with a NUL. */
static uint32_t check_collateral_request(const uint8_t *m, size_t n)
{
	if (n <= QGS_HEADER + QGS_SIZES + FMSPC_BYTES || load32(m + 16) != FMSPC_BYTES ||
		n != QGS_HEADER + QGS_SIZES + FMSPC_BYTES + (uint64_t)load32(m + 20) || m[n - 1])
		return QGS_ERROR_INVALID_PARAMETER;
	return 0;
}

/* The header of the answer, whose `body` bytes are there. */
static void finish_message(struct answer *answer, uint16_t minor, uint32_t type, size_t body,
	uint32_t error)
{
	uint8_t *m = answer->payload + 4;

	store32_be(answer->payload, (uint32_t)(QGS_HEADER + body));
	store16(m, 1);
	store16(m + 2, minor);
	store32(m + 4, type);
	store32(m + 8, (uint32_t)(QGS_HEADER + body));
	store32(m + 12, error);
	answer->size = 4 + QGS_HEADER + body;
}

static void answer_quote(struct quoting *quoting, const uint8_t *message, size_t n, uint32_t error,
	struct answer *answer)
{
	uint8_t *body = answer->payload + 4 + QGS_HEADER;
	size_t quote = 0;

	if (!error)
		error = check_quote_request(message, n);
	if (!error) {
		quote = make_quote(quoting, message + QGS_HEADER + QGS_SIZES, body + QGS_SIZES);
		error = quote ? 0 : QGS_ERROR_UNEXPECTED;
	}
	store32(body, 0);
	store32(body + 4, (uint32_t)quote);
	finish_message(answer, 1, QGS_GET_QUOTE_RESPONSE, QGS_SIZES + quote, error);
}

/* An answer without collateral has seven sizes of 0. */
static size_t no_collateral(uint8_t *body)
{
	memset(body, 0, QGS_COLLATERAL_FIXED);
	return QGS_COLLATERAL_FIXED;
}

static void answer_collateral(struct quoting *quoting, const uint8_t *message, size_t n,
	struct answer *answer)
{
	struct faults *faults = &quoting->platform->faults;
	const uint8_t *fmspc = message + QGS_HEADER + QGS_SIZES;
	uint8_t *body = answer->payload + 4 + QGS_HEADER;
	const size_t room = sizeof(answer->payload) - 4 - QGS_HEADER - QGS_MINOR_0_UNUSED;
	const uint64_t flip = faults->of[FAULT_COLLATERAL_FLIP].arg;
	uint32_t error = check_collateral_request(message, n);
	uint16_t minor = 1;
	size_t size = 0;

	if (!error) {
		size = collateral_body(&quoting->platform->collateral, fmspc,
			(const char *)fmspc + FMSPC_BYTES, body, room);
		error = size ? 0 : QGS_ERROR_UNEXPECTED;
	}
	if (error) {
		size = no_collateral(body);
	} else {
		if (fault_fires(faults, FAULT_COLLATERAL_TRUNCATED))
			size /= 2;
		if (fault_fires(faults, FAULT_COLLATERAL_MINOR_0)) {
			minor = 0;
			memset(body + size, 0, QGS_MINOR_0_UNUSED);
			size += QGS_MINOR_0_UNUSED;
		}
	}
	finish_message(answer, minor, QGS_GET_COLLATERAL_RESPONSE, size, error);
	if (flip < QGS_HEADER + size && fault_fires(faults, FAULT_COLLATERAL_FLIP))
		answer->payload[4 + flip] ^= 0xff;
}

static bool asks_for_collateral(const uint8_t *message, size_t n)
{
	return n >= QGS_HEADER && load32(message + 4) == QGS_GET_COLLATERAL_REQUEST;
}

static void answer_message(struct quoting *quoting, const uint8_t *message, size_t n,
	struct answer *answer)
{
	uint32_t error = check_message(message, n);

	if (!error && asks_for_collateral(message, n)) {
		answer_collateral(quoting, message, n, answer);
		return;
	}
	if (!error && load32(message + 4) != QGS_GET_QUOTE_REQUEST)
		error = QGS_ERROR_INVALID_TYPE;
	answer_quote(quoting, message, n, error, answer);
}

static void answer_request(struct quoting *quoting, const struct request *r, struct answer *answer)
{
	struct faults *faults = &quoting->platform->faults;

	answer->status = STATUS_OK;
	answer->size = 0;
	if (fault_spends(faults, r->faults->unavailable)) {
		answer->status = STATUS_UNAVAILABLE;
	} else if (fault_fires(faults, r->faults->error)) {
		answer->status = STATUS_ERROR;
	} else if (r->size == TDREPORT_BYTES) {
		answer->size = make_quote(quoting, r->payload, answer->payload);
		answer->status = answer->size ? STATUS_OK : STATUS_ERROR;
	} else if (r->size > 4 && load32_be(r->payload) == r->size - 4) {
		answer_message(quoting, r->payload + 4, r->size - 4, answer);
	} else {
		/* The service closes the connection on a frame it does not understand. */
		answer->status = STATUS_ERROR;
	}
	if (answer->size && fault_fires(faults, r->faults->garbage))
		platform_random(answer->payload, answer->size);
	if (answer->size > r->room) {
		answer->status = STATUS_ERROR;
		answer->size = 0;
	}
}

/* -------------------------------------------------------------------------------- buffer */

static bool put32(struct migtd *td, uint64_t gpa, uint32_t value)
{
	uint8_t bytes[4];

	store32(bytes, value);
	return vmm_write(td, gpa, bytes, sizeof(bytes));
}

static bool put64(struct migtd *td, uint64_t gpa, uint64_t value)
{
	uint8_t bytes[8];

	store64(bytes, value);
	return vmm_write(td, gpa, bytes, sizeof(bytes));
}

static void drop(struct quoting *quoting, struct request *r)
{
	struct request **at = &quoting->requests;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	timer_cancel(&quoting->platform->loop, &r->timer);
	r->td->quotes_in_flight--;
	loop_bury(&quoting->platform->loop, r);
}

static void complete(struct timer *timer)
{
	struct request *r = CONTAINER_OF(timer, struct request, timer);
	struct quoting *quoting = r->td->platform->quoting;
	struct migtd *td = r->td;
	static struct answer answer;
	uint64_t gpa = r->gpa;

	answer_request(quoting, r, &answer);
	drop(quoting, r);
	/* A guest that took its buffer back meanwhile gets nothing.  The status comes last. */
	if (!vmm_write(td, gpa + HEADER, answer.payload, answer.size ? answer.size : 1) ||
		!put32(td, gpa + 20, (uint32_t)answer.size) || !put64(td, gpa + 8, answer.status))
		report("Migration TD %ld: the quote buffer is no longer shared", (long)td->pid);
	if (td->notify_vector)
		td->deliver(td, td->notify_vector);
}

static struct request *take(struct migtd *td, uint64_t gpa, uint64_t size)
{
	struct request *r = calloc(1, sizeof(*r));
	uint8_t header[HEADER];

	if (!r)
		return NULL;
	r->td = td;
	r->gpa = gpa;
	r->room = size - HEADER;
	r->timer.expired = complete;
	if (vmm_read(td, gpa, header, sizeof(header)) && load64(header) == 1 &&
		!load64(header + 8) && !load32(header + 20)) {
		r->size = load32(header + 16);
		if (r->size && r->size <= REQUEST_MAX && r->size <= r->room &&
			vmm_read(td, gpa + HEADER, r->payload, r->size)) {
			r->faults = r->size > 4 && asks_for_collateral(r->payload + 4, r->size - 4) ?
				&collateral_faults : &quote_faults;
			return r;
		}
	}
	free(r);
	return NULL;
}

uint64_t quoting_request(struct migtd *td, uint64_t gpa, uint64_t size)
{
	struct quoting *quoting = td->platform->quoting;
	struct faults *faults = &td->platform->faults;
	struct request *r;

	if (gpa % GUEST_PAGE || size % GUEST_PAGE)
		return VMCALL_ALIGN_ERROR;
	if (!size || size > BUFFER_MAX || !vmm_shared(td, gpa, size))
		return VMCALL_INVALID_OPERAND;
	if (!quoting) {
		/* As QEMU without a quote generation socket: no interrupt. */
		put64(td, gpa + 8, STATUS_UNAVAILABLE);
		return VMCALL_SUCCESS;
	}
	if (td->quotes_in_flight >= IN_FLIGHT_MAX)
		return VMCALL_RETRY;
	r = take(td, gpa, size);
	if (!r)
		return VMCALL_INVALID_OPERAND;
	if (fault_spends(faults, r->faults->busy)) {
		free(r);
		return VMCALL_RETRY;
	}
	put64(td, gpa + 8, STATUS_IN_FLIGHT);
	td->quotes_in_flight++;
	r->next = quoting->requests;
	quoting->requests = r;
	if (fault_fires(faults, r->faults->never))
		return VMCALL_SUCCESS;
	timer_set(&td->platform->loop, &r->timer,
		fault_fires(faults, r->faults->late) ? faults->of[r->faults->late].arg : 0);
	return VMCALL_SUCCESS;
}

void quoting_forget(struct migtd *td)
{
	struct quoting *quoting = td->platform->quoting;
	struct request *r = quoting ? quoting->requests : NULL;

	while (r) {
		struct request *next = r->next;

		if (r->td == td)
			drop(quoting, r);
		r = next;
	}
}

struct quoting *quoting_create(struct platform *platform)
{
	struct quoting *quoting = calloc(1, sizeof(*quoting));

	if (quoting) {
		quoting->platform = platform;
		if (qe_init(&quoting->qe, &platform->pki))
			return quoting;
		quoting_destroy(quoting);
	}
	return NULL;
}

void quoting_destroy(struct quoting *quoting)
{
	if (!quoting)
		return;
	qe_fini(&quoting->qe);
	OPENSSL_cleanse(quoting, sizeof(*quoting));
	free(quoting);
}
