/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The VMM's quoting service (attestation spec 2): which form of request it takes, and the shared
 * buffers that lie with it.
 *
 * A buffer is the VMM's from the call until its status leaves "in flight".  Whoever does not want
 * to wait that long abandons it: the pages stay in use, under a tag of their own, until the VMM
 * has answered.  So a late answer never lands in pages that belong to someone else.  A VMM that
 * never answers keeps them for ever; what it can keep is bounded, and when that is used up new
 * requests fail with ERR_OUT_OF_RESOURCE.
 *
 * The buffers of quotes are taken once, at start-up, and serve whoever asks for one.
 */
#ifndef TDX_QUOTE_SERVICE_H
#define TDX_QUOTE_SERVICE_H

#include "mem/shared.h"
#include "tdx/tdx.h"

/*
 * FRAMED: messages of the quoting service behind a big-endian length, which the VMM passes on as
 * they are (Intel's QEMU branches).  RAW: the bare TDREPORT for a bare quote (mainline QEMU,
 * Azure).
 */
enum quote_form { QUOTE_FORM_UNKNOWN, QUOTE_FORM_FRAMED, QUOTE_FORM_RAW };

struct quote_service {
	struct tdx *tdx;
	struct shared *shared;
	enum quote_form form;	/* the one that has brought a quote */
};

void quote_service_init(struct quote_service *service, struct tdx *tdx, struct shared *shared);
/* Takes, once, the pages of all quotes that can be asked for or looked at at the same time. */
enum status quote_service_keep(struct quote_service *service, uint32_t buffers) MUST_CHECK;
/* How many of them are in no use. */
uint32_t quote_service_free(const struct quote_service *service);
/* Gives back the pages of abandoned requests that the VMM has answered. */
void quote_service_reclaim(struct quote_service *service);
/* Pages of abandoned requests that it has not. */
uint32_t quote_service_abandoned(const struct quote_service *service);

#endif
