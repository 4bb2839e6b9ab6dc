/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What the files of src/spdm share.  A message has one file with up to four functions:
 *
 *   spdm_X_build()	the requester lays X out and sends it
 *   spdm_X_handle()	the side that receives X checks it; a responder's function lays out the
 *			answer and sends it, a requester's enters the next state
 *
 * Handlers see the message from SPDMVersion on, n bytes of it (all, or the `head` of its rule); its
 * version and code are checked, and its announced size lies in the bounds of the rule.  The answer
 * is laid out where the request lay: what is needed of the request must be taken first.
 */
#ifndef SPDM_ENGINE_H
#define SPDM_ENGINE_H

#include "spdm/profile.h"
#include "spdm/spdm.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define SPDM_VERSION_10 0x10	/* GET_VERSION and VERSION */
#define SPDM_VERSION_12 0x12	/* all others */

/* Request codes; the response to one has bit 7 clear. */
enum spdm_code {
	SPDM_GET_VERSION = 0x84,
	SPDM_CHUNK_SEND = 0x85,
	SPDM_CHUNK_GET = 0x86,
	SPDM_GET_CAPABILITIES = 0xE1,
	SPDM_NEGOTIATE_ALGORITHMS = 0xE3,
	SPDM_KEY_EXCHANGE = 0xE4,
	SPDM_FINISH = 0xE5,
	SPDM_END_SESSION = 0xEC,
	SPDM_VENDOR_DEFINED = 0xFE,
};
#define SPDM_RESPONSE(request) ((request) & 0x7F)
#define SPDM_ERROR 0x7F		/* a response without request */

/* Columns of the state tables: a request and its response share one. */
enum spdm_kind {
	SPDM_KIND_VERSION,
	SPDM_KIND_CAPABILITIES,
	SPDM_KIND_ALGORITHMS,
	SPDM_KIND_VENDOR_DEFINED,
	SPDM_KIND_KEY_EXCHANGE,
	SPDM_KIND_FINISH,
	SPDM_KIND_END_SESSION,
	SPDM_KIND_CHUNK_SEND,
	SPDM_KIND_CHUNK_GET,
	SPDM_KIND_ERROR,
	SPDM_KIND_OTHER,
	SPDM_KIND_COUNT,
};

/* What is done with one kind of message in one state. */
struct spdm_rule {
	enum status refuse;	/* STATUS_OK: take it */
	uint16_t min;		/* size of the message */
	uint16_t max;
	uint16_t head;		/* bytes to gather before handle(), or all of a shorter message */
	enum status (*handle)(struct spdm *s, const uint8_t *message, size_t n);
};
extern const struct spdm_rule spdm_refuse_unexpected;
extern const struct spdm_rule spdm_refuse_unsupported;

typedef enum status spdm_build_fn(struct spdm *s);

/* A role is two tables. */
struct spdm_role_tables {
	const struct spdm_rule *rules[SPDM_STATE_COUNT][SPDM_KIND_COUNT];
	spdm_build_fn *build[SPDM_STATE_COUNT];	/* NULL: nothing is built in that state */
};
extern const struct spdm_role_tables spdm_requester_tables;
extern const struct spdm_role_tables spdm_responder_tables;

/* --- spdm.c -------------------------------------------------------------------------------- */

/* The requester goes on to build the request of that state. */
void spdm_proceed(struct spdm *s, enum spdm_state state);
/* Passes `left` bytes on to the vendor-defined message, from frame[at] on. */
void spdm_take_body(struct spdm *s, size_t at, size_t left);
/* Notes what an owner callback answered: its errors go to the peer, STATUS_PENDING waits for it. */
enum status spdm_owner_says(struct spdm *s, enum status answer) MUST_CHECK;
/* The same for callbacks that may not ask to wait. */
enum status spdm_owner_must(struct spdm *s, enum status answer) MUST_CHECK;
/* Messages of this state are secured ones. */
bool spdm_is_secured(const struct spdm *s);

/* --- frame.c ------------------------------------------------------------------------------- */

#define SPDM_FRAME_LENGTH_MAX 4084
#define SPDM_DATA_TRANSFER_SIZE 4032
#define SPDM_MAX_MESSAGE_SIZE 65536

/* Room for one message of ours in the frame buffer. */
struct writer spdm_message_begin(struct spdm *s);
/* A message that starts with SPDMVersion 1.2, `code` and the two parameters. */
struct writer spdm_message_of(struct spdm *s, uint8_t code, uint8_t param1, uint8_t param2);
/*
 * Frames the message (sealing it when the state is secured), to be followed by `body` bytes of the
 * vendor-defined message going out; the state is `next` once all is sent.
 */
enum status spdm_message_send(struct spdm *s, const struct writer *message, size_t body,
	enum spdm_state next) MUST_CHECK;
/* Checks the gathered frame header; its Length. */
enum status spdm_frame_header(struct spdm *s, uint32_t *length) MUST_CHECK;

/* --- secured.c ----------------------------------------------------------------------------- */

/* Session id, sequence number, length; then, encrypted, the length of the message. */
#define SECURED_HEADER_SIZE 14
#define SECURED_OVERHEAD (SECURED_HEADER_SIZE + 2 + GCM_TAG_SIZE)
#define SECURED_MESSAGE_AT (SPDM_FRAME_HEADER_SIZE + SECURED_HEADER_SIZE + 2)

/* Seals the n bytes at SECURED_MESSAGE_AT in place. */
void spdm_seal(struct spdm *s, size_t n);
/* Opens the gathered secured message in place; sets message_at and message_size. */
enum status spdm_open(struct spdm *s) MUST_CHECK;

/* --- transcript.c, signature.c, key_schedule.c --------------------------------------------- */

void spdm_transcript_add(struct spdm *s, const uint8_t *bytes, size_t n);
void spdm_transcript_digest(const struct spdm *s, uint8_t digest[SHA384_SIZE]);
/* Standard profile: the hash of a side's public key.  MigTD's identities come with ops 1 to 4. */
void spdm_transcript_responder_identity(struct spdm *s);
void spdm_transcript_requester_identity(struct spdm *s);

/* Over the transcript so far, with the own scalar; the peer's, with its public key. */
enum status spdm_sign(const struct spdm *s, const char *context,
	uint8_t signature[P384_SIGNATURE_SIZE]) MUST_CHECK;
enum status spdm_verify(const struct spdm *s, const char *context,
	const uint8_t signature[P384_SIGNATURE_SIZE]) MUST_CHECK;

/* HKDF-Expand with SPDM 1.2's info; context SHA384_SIZE bytes or NULL. */
void spdm_expand(const uint8_t prk[SHA384_SIZE], const char *label, const uint8_t *context,
	uint8_t *out, size_t out_size);
/* TH1 and, from Z, the handshake secrets. */
void spdm_handshake_secrets(struct spdm *s, const uint8_t z[P384_SCALAR_SIZE]);
/* TH2 and the data keys, which take the place of the handshake secrets. */
void spdm_data_keys(struct spdm *s);
/* HMAC of the transcript so far. */
void spdm_verify_data(const struct spdm *s, const uint8_t finished_key[SHA384_SIZE],
	uint8_t mac[SHA384_SIZE]);

/* --- raw_key.c ----------------------------------------------------------------------------- */

#define SPKI_PREFIX_SIZE 24
#define SPKI_SIZE (SPKI_PREFIX_SIZE + P384_POINT_SIZE)

void spdm_spki_write(struct writer *w, const uint8_t point[P384_POINT_SIZE]);
/* The exact prefix and a point of the curve, else ERR_SPDM_KEY. */
enum status spdm_spki_read(struct reader *r, uint8_t point[P384_POINT_SIZE]) MUST_CHECK;

/* --- messages ------------------------------------------------------------------------------ */

spdm_build_fn spdm_get_version_build;
enum status spdm_get_version_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_version_handle(struct spdm *s, const uint8_t *message, size_t n);

spdm_build_fn spdm_get_capabilities_build;
enum status spdm_get_capabilities_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_capabilities_handle(struct spdm *s, const uint8_t *message, size_t n);

spdm_build_fn spdm_negotiate_algorithms_build;
enum status spdm_negotiate_algorithms_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_algorithms_handle(struct spdm *s, const uint8_t *message, size_t n);

spdm_build_fn spdm_pub_key_build;
enum status spdm_pub_key_req_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_pub_key_rsp_handle(struct spdm *s, const uint8_t *message, size_t n);

spdm_build_fn spdm_key_exchange_build;
enum status spdm_key_exchange_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_key_exchange_rsp_handle(struct spdm *s, const uint8_t *message, size_t n);

spdm_build_fn spdm_attest_req_build;
spdm_build_fn spdm_attest_rsp_build;
enum status spdm_attest_req_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_attest_rsp_handle(struct spdm *s, const uint8_t *message, size_t n);
/* A requester's op 0x03 is answered by an ERROR: LargeResponse announces op 0x04. */
enum status spdm_attest_error_handle(struct spdm *s, const uint8_t *message, size_t n);

spdm_build_fn spdm_finish_build;
enum status spdm_finish_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_finish_rsp_handle(struct spdm *s, const uint8_t *message, size_t n);

spdm_build_fn spdm_migration_info_req_build;
spdm_build_fn spdm_migration_info_rsp_build;
enum status spdm_migration_info_handle(struct spdm *s, const uint8_t *message, size_t n);

spdm_build_fn spdm_end_session_build;
enum status spdm_end_session_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_end_session_ack_handle(struct spdm *s, const uint8_t *message, size_t n);

/* --- chunk.c ------------------------------------------------------------------------------- */

#define CHUNK_HEADER_SIZE 12
#define CHUNK_FIRST_HEADER_SIZE 16
#define CHUNK_ACK_SIZE 6
#define CHUNK_GET_SIZE 6

/* The peer can take a message of this size in chunks. */
enum status spdm_chunks_allowed(const struct spdm *s, uint32_t size) MUST_CHECK;
spdm_build_fn spdm_chunk_send_build;
spdm_build_fn spdm_chunk_get_build;
/* A responder acknowledges a chunk that is not the last. */
spdm_build_fn spdm_chunk_ack_build;
void spdm_chunk_ack_header(const struct spdm *s, struct writer *w);
enum status spdm_chunk_send_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_chunk_send_ack_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_chunk_send_last_ack_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_chunk_get_handle(struct spdm *s, const uint8_t *message, size_t n);
enum status spdm_chunk_response_handle(struct spdm *s, const uint8_t *message, size_t n);

/* --- error.c ------------------------------------------------------------------------------- */

#define ERROR_SIZE 4
#define ERROR_LARGE_RESPONSE_SIZE 5
#define ERROR_LARGE_RESPONSE 0x0F

/* Lays out and frames the ERROR that a failure deserves; false when it deserves none. */
bool spdm_error_build(struct spdm *s, enum status why);
/* The ERROR that sends the requester to fetch a large response. */
enum status spdm_large_response_build(struct spdm *s) MUST_CHECK;
/* What an ERROR received means; never STATUS_OK. */
enum status spdm_error_handle(struct spdm *s, const uint8_t *message, size_t n);

/* --- vdm.c --------------------------------------------------------------------------------- */

#define VDM_ENVELOPE_SIZE 13
#define VDM_ELEMENT_HEADER_SIZE 6
#define VDM_PAYLOAD_MAX 65523

struct vdm_schema {
	uint8_t code;
	uint8_t op;
	bool clear;	/* sent in clear, and hashed into the transcript */
	uint8_t next_state;	/* of a requester that received it, a responder that sent it */
	uint8_t count;
	struct {
		uint16_t type;
		uint16_t size;	/* 0: any; the last element's is fixed, so that a byte ends it */
	} elements[5];
};
extern const struct vdm_schema vdm_attest_req;
extern const struct vdm_schema vdm_attest_rsp;
extern const struct vdm_schema vdm_migration_info_req;
extern const struct vdm_schema vdm_migration_info_rsp;

/* Envelope and payload header: the VDM_HEADER_SIZE bytes before the first element. */
void vdm_header_write(struct writer *w, uint8_t code, uint8_t op, uint8_t count,
	size_t payload_size);
enum status vdm_header_read(struct reader *r, uint8_t code, uint8_t op, uint8_t count,
	size_t payload_size) MUST_CHECK;

/* Asks the owner once whether the message at hand may go on. */
enum status vdm_ready(struct spdm *s, bool outgoing) MUST_CHECK;

/* A message of `size` bytes comes in: its bytes in order, in pieces of any size, then its end. */
enum status vdm_receive_begin(struct spdm *s, const struct vdm_schema *schema, uint32_t size)
	MUST_CHECK;
enum status vdm_receive(struct spdm *s, const uint8_t *from, size_t n) MUST_CHECK;
enum status vdm_receive_end(struct spdm *s) MUST_CHECK;

/* A message goes out, once the owner is ready; s->vdm.size is known from then on. */
enum status vdm_send_begin(struct spdm *s, const struct vdm_schema *schema) MUST_CHECK;
/* Its next n bytes. */
enum status vdm_send(struct spdm *s, uint8_t *to, size_t n) MUST_CHECK;
/* All was handed to the stream: no-op unless the message at hand has gone out whole. */
enum status vdm_send_end(struct spdm *s) MUST_CHECK;

#endif
