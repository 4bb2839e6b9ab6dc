/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * struct spdm, the whole cost of one SPDM exchange; included by spdm/spdm.h only.
 *
 * Owners read `wait` and nothing else.  The exchange is half duplex, so one small buffer serves
 * both directions; what does not fit in it (ops 0x03 and 0x04) streams through.  Of the library
 * only running hashes are kept; of the keys only those still needed.
 */
#ifndef SPDM_STATE_H
#define SPDM_STATE_H

#define SPDM_FRAME_HEADER_SIZE 12
/* KEY_EXCHANGE_RSP, the largest message that is ever held whole. */
#define SPDM_MESSAGE_MAX 246
#define SPDM_FRAME_SIZE (SPDM_FRAME_HEADER_SIZE + SPDM_MESSAGE_MAX)

/*
 * Which message the exchange awaits (a responder the request, a requester the response, its own
 * request included).
 */
enum spdm_state {
	SPDM_STATE_VERSION,
	SPDM_STATE_CAPABILITIES,
	SPDM_STATE_ALGORITHMS,
	SPDM_STATE_PUB_KEY,
	SPDM_STATE_KEY_EXCHANGE,
	SPDM_STATE_ATTEST,
	SPDM_STATE_CHUNK_IN,	/* the next piece of a large message coming in */
	SPDM_STATE_CHUNK_OUT,	/* the acknowledgement of, or request for, a piece going out */
	SPDM_STATE_CHUNK_LAST,	/* requester: the answer to the last piece of its large request */
	SPDM_STATE_FINISH,
	SPDM_STATE_MIGRATION_INFO,
	SPDM_STATE_END,
	SPDM_STATE_COUNT,
	SPDM_STATE_ENDED = SPDM_STATE_COUNT,
};

/* What spdm_step() does next. */
enum spdm_task {
	SPDM_TASK_BUILD,	/* lay out the next message of ours */
	SPDM_TASK_SEND,		/* hand it to the stream */
	SPDM_TASK_FRAME,	/* gather a frame header */
	SPDM_TASK_CODE,		/* gather as much of a plain message as names its rule */
	SPDM_TASK_HEAD,		/* gather what the rule wants to see at once */
	SPDM_TASK_SECURED,	/* gather a secured message and open it */
	SPDM_TASK_HANDLE,
	SPDM_TASK_BODY,		/* pass on the bytes of a vendor-defined message as they come */
	SPDM_TASK_JUDGE,	/* ask the owner what it thinks of the message */
	SPDM_TASK_COUNT,
};

/* Envelope and payload header of a vendor-defined message, the longest header within it. */
#define VDM_HEADER_SIZE 17

struct vdm_schema;

/* One vendor-defined message on its way in or out, ops 0x03 to 0x06. */
struct spdm_vdm {
	const struct vdm_schema *schema;
	struct sha384 hash;	/* of the message, for the transcript; ops 0x03 and 0x04 */
	uint32_t size;		/* of the message, envelope included */
	uint32_t at;
	uint32_t element_size;
	uint32_t element_at;
	uint8_t element;	/* index into the schema */
	bool in_element;	/* element_size is known: its bytes are next */
	bool ready;		/* the owner said so */
	bool outgoing;		/* `at` counts bytes given, not taken */
	uint8_t head_size;	/* of the header at hand */
	uint8_t head_at;
	uint8_t head[VDM_HEADER_SIZE];
};

/* AEAD keys of one direction. */
struct spdm_direction {
	uint64_t sequence;
	uint8_t key[AES256_KEY_SIZE];
	uint8_t iv[GCM_IV_SIZE];
};

/* Each stage's secrets take the place of those before. */
union spdm_secrets {
	uint8_t ecdhe_scalar[P384_SCALAR_SIZE];	/* requester, until KEY_EXCHANGE_RSP */
	struct {
		uint8_t request_finished[SHA384_SIZE];
		uint8_t response_finished[SHA384_SIZE];
		uint8_t master[SHA384_SIZE];
	} handshake;
	struct {
		struct spdm_direction request;
		struct spdm_direction response;
	} data;
};

struct spdm {
	const struct spdm_profile *profile;
	const struct spdm_owner_ops *ops;
	void *owner;
	const struct spdm_rule *rule;	/* of the message at hand */

	enum status status;		/* once ended */
	uint8_t wait;			/* enum spdm_wait */
	uint8_t phase;			/* enum spdm_phase */
	uint8_t role;			/* enum spdm_role */
	uint8_t state;			/* enum spdm_state */
	uint8_t next_state;		/* once the message at hand was sent */
	uint8_t task;			/* enum spdm_task */
	bool owner_failed;		/* the error is the owner's */
	bool request_open;		/* a responder owes an answer */

	bool peer_chunks;		/* the peer has CHUNK_CAP */
	bool chunked_request;		/* op 0x03 came in chunks */
	bool chunk_last;		/* its last chunk came: the answer goes into the ACK */
	uint8_t chunk_handle;
	uint32_t peer_max;		/* the peer's MaxSPDMmsgSize */
	uint32_t session_id;

	uint16_t peer_limit;		/* largest message to send whole */
	uint16_t chunk_sequence;	/* of the next chunk */
	uint16_t message_at;		/* place of the message in `frame` */
	uint16_t message_size;		/* as announced; may be more than the frame holds */
	uint16_t need;			/* bytes of the frame to gather, or to send */
	uint16_t filled;		/* bytes of the frame gathered, or sent */
	uint16_t body_at;		/* first gathered byte that belongs to the body */
	uint16_t body_left;		/* bytes of the body still to pass on */

	struct sha384 transcript;
	struct spdm_vdm vdm;
	union spdm_secrets secrets;
	uint8_t th1[SHA384_SIZE];
	uint8_t signing_scalar[P384_SCALAR_SIZE];
	uint8_t peer_key[P384_POINT_SIZE];
	uint8_t frame[SPDM_FRAME_SIZE];
};

_Static_assert(sizeof(struct spdm) <= 1152, "a session's memory holds one of these");

#endif
