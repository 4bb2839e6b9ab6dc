/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "core/collateral_fetch.h"

#include "core/td.h"

_Static_assert(COLLATERAL_FETCHES_MAX == 2 * WORK_SLOTS + 1, "one for each who may ask");
_Static_assert(COLLATERAL_WAIT_MS + WORK_SLOT_PEER_MS < SLOT_QUEUE_MS,
	"whoever queues for the slot gets it in time");

static uint32_t minus(uint32_t left, uint64_t elapsed)
{
	return elapsed < left ? left - (uint32_t)elapsed : 0;
}

void collateral_fetch_clock(struct collateral_fetch *f, uint64_t elapsed_ms)
{
	f->left_ms = minus(f->left_ms, elapsed_ms);
	f->pause_ms = minus(f->pause_ms, elapsed_ms);
}

static enum status start(struct migtd *td, struct collateral_fetch *f, const uint8_t *quote,
	size_t n)
{
	struct collateral_request request;

	TRY(quote_collateral_request(td->scratch, quote, n, &request));
	return get_collateral_start(&f->request, &td->quoting, &request);
}

/* One try: STATUS_PENDING while it is under way. */
static enum status attempt(struct migtd *td, struct collateral_fetch *f, const uint8_t *quote,
	size_t n)
{
	if (f->request.buffer == NULL) {
		if (f->pause_ms > 0)
			return STATUS_PENDING;
		TRY(start(td, f, quote, n));
	}
	return get_collateral_poll(&f->request);
}

/* Busy: pause and try again, or give up. */
static enum status try_again(struct migtd *td, struct collateral_fetch *f)
{
	get_collateral_end(&f->request, &td->quoting);
	if (f->tries + 1 >= COLLATERAL_TRIES)
		return ERR_GET_QUOTE_BUSY;
	f->tries++;
	f->pause_ms = own_quote_pause_ms(f->tries);
	return STATUS_PENDING;
}

enum status collateral_fetch_step(struct migtd *td, struct collateral_fetch *f,
	const uint8_t *quote, size_t n)
{
	enum status status;

	if (!f->begun)
		*f = (struct collateral_fetch){.begun = true, .left_ms = COLLATERAL_WAIT_MS};
	status = attempt(td, f, quote, n);
	if (status == ERR_GET_QUOTE_BUSY)
		status = try_again(td, f);
	if (status == STATUS_PENDING && f->left_ms == 0)
		status = ERR_GET_QUOTE_TIMEOUT;
	if (status != STATUS_OK && status != STATUS_PENDING)
		collateral_fetch_end(td, f);
	return status;
}

enum status collateral_fetch_verify(struct migtd *td, struct collateral_fetch *f,
	const uint8_t *quote, size_t n, struct quote_result *result)
{
	const struct collateral_source source = get_collateral_source(&f->request);
	const enum status status =
		verify_quote_fetched(&td->v1->anchor, td->scratch, &source, quote, n, result);

	collateral_fetch_end(td, f);
	return status;
}

void collateral_fetch_end(struct migtd *td, struct collateral_fetch *f)
{
	get_collateral_end(&f->request, &td->quoting);
	*f = (struct collateral_fetch){.begun = false};
}
