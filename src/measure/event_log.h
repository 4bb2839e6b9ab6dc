/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The CCEL event log (policy spec section 3): the own one, built at start-up and generated piece
 * by piece as it is sent (event data stay where they are, in the volume); the peer's, replayed and
 * classified as it streams by.
 */
#ifndef MEASURE_EVENT_LOG_H
#define MEASURE_EVENT_LOG_H

#include "crypto/crypto.h"

#define EVENT_LOG_EVENTS_MAX 8

enum event_tag { EVENT_TAG_POLICY = 1, EVENT_TAG_ROOT_CA = 2, EVENT_TAG_ISSUER_CHAIN = 3 };

struct event {
	uint32_t mr_index;	/* RTMR index plus one */
	uint32_t type;
	uint8_t digest[SHA384_SIZE];
	uint8_t head[8];	/* first bytes of the event data (tag and length), head_size of them */
	uint32_t head_size;
	const uint8_t *data;	/* the rest, in place */
	uint32_t data_size;
};

struct event_log {
	uint32_t count;
	struct event event[EVENT_LOG_EVENTS_MAX];
};

/* RTMR = SHA-384(RTMR || digest), as the TDX module extends it. */
void rtmr_extend(uint8_t rtmr[SHA384_SIZE], const uint8_t digest[SHA384_SIZE]);

/* Starts the log with the Spec ID record. */
void event_log_init(struct event_log *log);
/*
 * The separator event of td-shim (four zero bytes) for an RTMR.  These two only log: the caller
 * extends the RTMR with the event's digest.  ERR_INTERNAL: the log is full, or no such RTMR.
 */
enum status event_log_add_separator(struct event_log *log, unsigned rtmr) MUST_CHECK;
/* A tagged event: the digest covers `measured`, the log carries `data`, which must stay. */
enum status event_log_add_tagged(struct event_log *log, unsigned rtmr, enum event_tag tag,
	const uint8_t *measured, size_t measured_size, const uint8_t *data, size_t data_size)
	MUST_CHECK;

/* Size as sent: all records and the one trailing zero byte, for readers that need it (3.5). */
size_t event_log_size(const struct event_log *log);
/* Bytes [offset, offset + n) as sent. */
void event_log_read(const struct event_log *log, size_t offset, uint8_t *to, size_t n);

/* What policies can ask of a log (policy spec 3.8). */
enum event_class {
	EVENT_SECURE_BOOT_KEY,
	EVENT_MIGTD_CORE,
	EVENT_MIGTD_CORE_SVN,
	EVENT_POLICY,
	EVENT_SGX_ROOT_KEY,
	EVENT_POLICY_SIGNER,
	EVENT_CLASSES
};

/* The payload SVN is a 64-bit number. */
#define EVENT_SVN_MAX 8

/*
 * The classified events of one log.  Stricter than upstream, as every genuine log satisfies it:
 *  - a class counts in the RTMR that MigTD or its shim extends with it, and in no other;
 *  - an SVN event is there only if its digest covers its data and it has at most EVENT_SVN_MAX
 *    bytes of them: data are not replayed, and the SVN is judged by its data.
 */
struct event_digests {
	uint8_t digest[EVENT_CLASSES][SHA384_SIZE];
	uint8_t present;	/* bit c: the log has an event of class c */
	uint8_t svn_size;	/* bytes of the SVN event's data */
	uint8_t svn[EVENT_SVN_MAX];
};

/* Digest of the last event of a class, or NULL when the log has none. */
const uint8_t *event_digest(const struct event_digests *digests, enum event_class class);

/*
 * A peer's log, pushed in pieces of any size.  A record that ends where the log ends counts; what
 * does not fit any more is filler, and the log ends there.  Of several events of a class the last
 * one counts.
 */
struct event_log_reader {
	uint8_t rtmr[4][SHA384_SIZE];
	struct event_digests digests;
	bool stopped;		/* filler reached: the rest is ignored */
	enum status error;	/* ERR_EVENT_LOG: malformed, told at the end */
	uint64_t size;		/* announced */
	uint64_t taken;
	uint64_t in_record;	/* bytes of the record at hand taken so far */
	uint32_t data_size;
	uint8_t header[66];
	uint8_t head[28];	/* first data bytes, for classification */
};

_Static_assert(sizeof(struct event_log_reader) <= 640, "lies in every work slot");

void event_log_reader_begin(struct event_log_reader *r, uint64_t size);
void event_log_reader_feed(struct event_log_reader *r, const uint8_t *from, size_t n);
/*
 * ERR_EVENT_LOG for a log that cannot be iterated or classified, or is shorter or longer than
 * announced.  Only after STATUS_OK do rtmr and the digests mean anything, and only once rtmr has
 * been compared with the RTMRs of a verified quote.
 */
enum status event_log_reader_end(struct event_log_reader *r) MUST_CHECK;

/* The same for the own log, by the same rules. */
enum status event_log_digests(const struct event_log *log, struct event_digests *digests) MUST_CHECK;

#endif
