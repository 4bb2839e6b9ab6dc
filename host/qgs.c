/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * GetQuote and the quoting service behind it (attestation.md 2): a request is taken, its buffer
 * says "in flight", and some time later the answer, the status and the notify vector come.
 * Both payload forms are served: QGS messages, and a bare TDREPORT for a bare quote.
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
#define QGS_RESPONSE 24
enum { QGS_GET_QUOTE_REQUEST, QGS_GET_QUOTE_RESPONSE };
#define QGS_ERROR_UNEXPECTED 0x00012001u
#define QGS_ERROR_INVALID_PARAMETER 0x00012003u
#define QGS_ERROR_INVALID_VERSION 0x00012004u
#define QGS_ERROR_INVALID_TYPE 0x00012005u
#define QGS_ERROR_INVALID_SIZE 0x00012006u

struct request {
	struct timer timer;
	struct request *next;
	struct migtd *td;
	uint64_t gpa;
	size_t room;		/* of the payload */
	size_t size;
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
	uint8_t payload[4 + QGS_RESPONSE + QUOTE_MAX];
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
	n = qe_quote(&quoting->qe, copy, quote, QUOTE_MAX);
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
	if (load16(m) != 1)
		return QGS_ERROR_INVALID_VERSION;
	if (load32(m + 4) != QGS_GET_QUOTE_REQUEST)
		return QGS_ERROR_INVALID_TYPE;
	if (n < QGS_HEADER + 8 || load32(m + 16) != TDREPORT_BYTES ||
		n != QGS_HEADER + 8ull + TDREPORT_BYTES + load32(m + 20))
		return QGS_ERROR_INVALID_PARAMETER;
	return 0;
}

static void answer_message(struct quoting *quoting, const uint8_t *message, size_t n,
	struct answer *answer)
{
	uint32_t error = check_message(message, n);
	uint8_t *m = answer->payload + 4;
	size_t quote = 0;

	if (!error) {
		quote = make_quote(quoting, message + QGS_HEADER + 8, m + QGS_RESPONSE);
		error = quote ? 0 : QGS_ERROR_UNEXPECTED;
	}
	store32_be(answer->payload, (uint32_t)(QGS_RESPONSE + quote));
	store16(m, 1);
	store16(m + 2, 1);
	store32(m + 4, QGS_GET_QUOTE_RESPONSE);
	store32(m + 8, (uint32_t)(QGS_RESPONSE + quote));
	store32(m + 12, error);
	store32(m + 16, 0);
	store32(m + 20, (uint32_t)quote);
	answer->size = 4 + QGS_RESPONSE + quote;
}

static void answer_request(struct quoting *quoting, const struct request *r, struct answer *answer)
{
	struct faults *faults = &quoting->platform->faults;

	answer->status = STATUS_OK;
	answer->size = 0;
	if (fault_spends(faults, FAULT_QUOTE_UNAVAILABLE)) {
		answer->status = STATUS_UNAVAILABLE;
	} else if (fault_fires(faults, FAULT_QUOTE_ERROR)) {
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
	if (answer->size && fault_fires(faults, FAULT_QUOTE_GARBAGE))
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
		migtd_send_vector(td, td->notify_vector);
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
			vmm_read(td, gpa + HEADER, r->payload, r->size))
			return r;
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
	if (td->quotes_in_flight >= IN_FLIGHT_MAX || fault_spends(faults, FAULT_QUOTE_BUSY))
		return VMCALL_RETRY;
	r = take(td, gpa, size);
	if (!r)
		return VMCALL_INVALID_OPERAND;
	put64(td, gpa + 8, STATUS_IN_FLIGHT);
	td->quotes_in_flight++;
	r->next = quoting->requests;
	quoting->requests = r;
	if (fault_fires(faults, FAULT_QUOTE_NEVER))
		return VMCALL_SUCCESS;
	timer_set(&td->platform->loop, &r->timer,
		fault_fires(faults, FAULT_QUOTE_LATE) ? faults->of[FAULT_QUOTE_LATE].arg : 0);
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
