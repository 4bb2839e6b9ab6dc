/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The SPDM 1.2 engine: requester and responder of one session, without I/O of its own.
 *
 * spdm_step() moves the exchange on as far as the bytes at hand, the room to send and the owner
 * allow, and returns at the latest when the phase changes.  Large vendor-defined messages are
 * streamed both ways: nothing is held but the bytes of one small message.  Spec: SPDM DSP0274 1.2,
 * DSP0277 1.2, and the MigTD profile.
 *
 * One failure ends the session.  A responder says why in an ERROR; a requester, as upstream's, says
 * nothing.  A peer must take 256 bytes at once (DataTransferSize), so that only ops 0x03 and 0x04
 * ever go in chunks.
 */
#ifndef SPDM_SPDM_H
#define SPDM_SPDM_H

#include "crypto/crypto.h"
#include "transport/stream.h"

enum spdm_role { SPDM_REQUESTER, SPDM_RESPONDER };

/* What the exchange is at; both roles pass through these in order. */
enum spdm_phase {
	SPDM_PHASE_VERSION,
	SPDM_PHASE_CAPABILITIES,
	SPDM_PHASE_ALGORITHMS,
	SPDM_PHASE_PUB_KEY,
	SPDM_PHASE_KEY_EXCHANGE,
	SPDM_PHASE_ATTEST,	/* begins right after KEY_EXCHANGE_RSP was sent or accepted */
	SPDM_PHASE_FINISH,
	SPDM_PHASE_MIGRATION_INFO,
	SPDM_PHASE_END,
	SPDM_PHASE_DONE,
};

/* What spdm_step() waits for when it returns STATUS_PENDING. */
enum spdm_wait {
	SPDM_WAIT_NONE,		/* nothing: call again (the phase has changed) */
	SPDM_WAIT_RX,
	SPDM_WAIT_TX,
	SPDM_WAIT_OWNER,	/* an owner callback answered STATUS_PENDING */
};

enum vdm_op {
	VDM_PUB_KEY_REQ = 0x01,
	VDM_PUB_KEY_RSP = 0x02,
	VDM_ATTEST_REQ = 0x03,
	VDM_ATTEST_RSP = 0x04,
	VDM_MIGRATION_INFO_REQ = 0x05,
	VDM_MIGRATION_INFO_RSP = 0x06,
};

enum vdm_element {
	ELEMENT_PUB_KEY = 0x0001,
	ELEMENT_QUOTE = 0x0003,
	ELEMENT_EVENT_LOG = 0x0004,
	ELEMENT_POLICY_HASH = 0x0005,
	ELEMENT_SERVTD_EXT = 0x0010,
	ELEMENT_INIT_TDINFO = 0x0012,
	ELEMENT_EXPORT_VERSION = 0x0081,
	ELEMENT_IMPORT_VERSION = 0x0082,
	ELEMENT_FORWARD_KEY = 0x0083,
	ELEMENT_BACKWARD_KEY = 0x0084,
};

/*
 * What the exchange carries (ops 0x03 to 0x06) belongs to the owner.  Element order, count and
 * framing are the engine's; the lengths of op 0x05 and 0x06 (4, 32) are checked by it before
 * element_begin(), those of op 0x03 and 0x04 by the owner in it.
 */
struct spdm_owner_ops {
	/*
	 * Asked before the first byte of `op` is sent (outgoing) or before the first byte of its
	 * payload is taken (incoming).  STATUS_PENDING: ask again at the next step; no byte is
	 * acknowledged meanwhile.
	 */
	enum status (*ready)(void *owner, enum vdm_op op, bool outgoing);

	/* Outgoing: the size of an element, then its bytes once each, in order. */
	uint32_t (*element_size)(void *owner, enum vdm_op op, enum vdm_element type);
	enum status (*element_read)(void *owner, enum vdm_element type, uint32_t offset,
		uint8_t *to, size_t n);
	/* The last byte of op was handed to the stream. */
	void (*sent)(void *owner, enum vdm_op op);

	/* Incoming: begin, its bytes in order in pieces, and at the end of the message received. */
	enum status (*element_begin)(void *owner, enum vdm_element type, uint32_t size);
	enum status (*element_write)(void *owner, enum vdm_element type, uint32_t offset,
		const uint8_t *from, size_t n);
	/*
	 * The whole message came.  Judges it; any error ends the session and goes to the peer.
	 * STATUS_PENDING: ask again at the next step.
	 */
	enum status (*received)(void *owner, enum vdm_op op);
};

/* What differs between MigTD's profile and standard SPDM with raw public keys. */
struct spdm_profile;
extern const struct spdm_profile spdm_profile_migtd;

#include "spdm/state.h"	/* struct spdm, whose size is the session's cost */

void spdm_begin(struct spdm *s, enum spdm_role role, const struct spdm_profile *profile,
	const struct spdm_owner_ops *ops, void *owner);

/*
 * STATUS_OK: the session ended as it should (END_SESSION acknowledged).  STATUS_PENDING: see
 * s->wait.  Anything else: the session failed; a responder has handed the ERROR message to the
 * stream if there was room for it.
 */
enum status spdm_step(struct spdm *s, const struct stream *io) MUST_CHECK;

/*
 * The owner ends the session from outside (time-out, cancel): tells the peer if an ERROR message
 * may be sent now, and wipes.
 */
void spdm_abort(struct spdm *s, const struct stream *io, enum status why);

/*
 * Of an ended session, the phase it ended in.  SPDM_PHASE_END: ops 0x05 and 0x06 are through, and
 * the keys written, whatever becomes of END_SESSION; a responder has them since received(0x05).
 */
enum spdm_phase spdm_phase(const struct spdm *s);

/* TH1, valid from SPDM_PHASE_ATTEST until the session has ended. */
const uint8_t *spdm_th1(const struct spdm *s);

#endif
