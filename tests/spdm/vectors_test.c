/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Transcripts recorded between two libspdm endpoints: messages, hashes, signatures, MACs and keys
 * of ours against theirs, with MigTD's identities in the transcript and with the standard's.
 */
#include "trace.h"

#include <string.h>

static struct spdm engine(enum spdm_role role, const struct spdm_profile *profile)
{
	struct spdm s;

	spdm_begin(&s, role, profile, &owner_ops, NULL);
	return s;
}

static void add(struct spdm *s, struct bytes b)
{
	spdm_transcript_add(s, b.at, b.n);
}

static struct bytes part(struct bytes b, size_t at, size_t n)
{
	assert_true(at + n <= b.n);
	return (struct bytes){b.at + at, n};
}

static void add_hash(struct spdm *s, struct bytes b)
{
	uint8_t digest[SHA384_SIZE];

	sha384(b.at, b.n, digest);
	spdm_transcript_add(s, digest, sizeof(digest));
}

static void assert_digest(const struct spdm *s, struct bytes expected)
{
	uint8_t digest[SHA384_SIZE];

	spdm_transcript_digest(s, digest);
	assert_memory_equal(digest, expected.at + expected.n - SHA384_SIZE, SHA384_SIZE);
}

static void assert_out(const uint8_t *is, const struct transcript *t, const char *field, size_t i,
	size_t n)
{
	const struct bytes b = transcript_note(t, field, i);

	assert_int_equal(b.n, n);
	assert_memory_equal(is, b.at, n);
}

static struct bytes public_point(const char *name, uint8_t der[SPKI_SIZE])
{
	struct reader r = reader_of(der, SPKI_SIZE);
	static uint8_t point[2][P384_POINT_SIZE];
	static size_t which;
	uint8_t *to = point[which++ % 2];

	assert_int_equal(vector_file(name, der, SPKI_SIZE).n, SPKI_SIZE);
	assert_int_equal(spdm_spki_read(&r, to), STATUS_OK);
	return (struct bytes){to, P384_POINT_SIZE};
}

/* Opens a recorded secured message (after its frame header) with the engine's data keys. */
static size_t open_recorded(struct spdm *s, struct bytes frame, const uint8_t **message)
{
	memcpy(s->frame, frame.at, frame.n);
	s->message_size = (uint16_t)(frame.n - SPDM_FRAME_HEADER_SIZE);
	assert_int_equal(spdm_open(s), STATUS_OK);
	*message = s->frame + s->message_at;
	return s->message_size;
}

static void migtd_transcript_rule_agrees_with_libspdm(void **state)
{
	struct transcript *t = transcript_open("migtd_flavour.txt");
	struct spdm s = engine(SPDM_RESPONDER, &spdm_profile_migtd);
	const struct bytes rsp = transcript_message(t, 9);
	const struct bytes finish = transcript_message(t, 12);
	uint8_t der[SPKI_SIZE];
	const uint8_t *message;
	uint8_t mac[SHA384_SIZE];

	(void)state;
	for (size_t i = 0; i < 6; i++)
		add(&s, transcript_message(t, i));
	add_hash(&s, transcript_message(t, 6));
	add_hash(&s, transcript_message(t, 7));
	add(&s, transcript_message(t, 8));
	add(&s, part(rsp, 0, 150));
	memcpy(s.peer_key, public_point("rsp.pub.der", der).at, P384_POINT_SIZE);
	assert_int_equal(
		spdm_verify(&s, "responder-key_exchange_rsp signing", rsp.at + 150), STATUS_OK);
	add(&s, part(rsp, 150, 96));
	assert_digest(&s, transcript_note(t, "info", 0));	/* TH1, behind the label */
	spdm_handshake_secrets(&s, transcript_note(t, "ikm", 0).at);
	assert_out(s.secrets.handshake.request_finished, t, "out", 2, SHA384_SIZE);
	assert_out(s.secrets.handshake.response_finished, t, "out", 3, SHA384_SIZE);
	assert_out(s.secrets.handshake.master, t, "prk", 11, SHA384_SIZE);

	add_hash(&s, transcript_message(t, 10));
	add_hash(&s, transcript_message(t, 11));
	add(&s, part(finish, 0, 4));
	memcpy(s.peer_key, public_point("req.pub.der", der).at, P384_POINT_SIZE);
	assert_int_equal(spdm_verify(&s, "requester-finish signing", finish.at + 4), STATUS_OK);
	add(&s, part(finish, 4, 96));
	assert_digest(&s, transcript_note(t, "data", 0));
	spdm_verify_data(&s, s.secrets.handshake.request_finished, mac);
	assert_memory_equal(mac, finish.at + 100, SHA384_SIZE);
	add(&s, part(finish, 100, 48));
	add(&s, part(transcript_message(t, 13), 0, 4));
	spdm_verify_data(&s, s.secrets.handshake.response_finished, mac);
	assert_memory_equal(mac, transcript_message(t, 13).at + 4, SHA384_SIZE);
	add(&s, part(transcript_message(t, 13), 4, 48));
	spdm_data_keys(&s);
	assert_out(s.secrets.data.request.key, t, "out", 12, 32);
	assert_out(s.secrets.data.request.iv, t, "out", 13, 12);
	assert_out(s.secrets.data.response.key, t, "out", 14, 32);
	assert_out(s.secrets.data.response.iv, t, "out", 15, 12);

	s.session_id = 0xFFFFFFFF;
	assert_int_equal(open_recorded(&s, transcript_frame(t, 14), &message), 77);
	assert_int_equal(message[1], 0xFE);
	assert_int_equal(open_recorded(&s, transcript_frame(t, 16), &message), 4);
	assert_memory_equal(message, "\x12\xEC\0\0", 4);
	s.role = SPDM_REQUESTER;
	assert_int_equal(open_recorded(&s, transcript_frame(t, 15), &message), 77);
	assert_int_equal(message[1], 0x7E);
	assert_int_equal(open_recorded(&s, transcript_frame(t, 17), &message), 4);
	assert_memory_equal(message, "\x12\x6C\0\0", 4);
	transcript_close(t);
}

/* Sealing is the inverse of what libspdm sealed: same key, same sequence, same bytes. */
static void sealing_agrees_with_libspdm(void **state)
{
	struct transcript *t = transcript_open("migtd_flavour.txt");
	struct spdm s = engine(SPDM_REQUESTER, &spdm_profile_migtd);
	struct writer w;

	(void)state;
	s.session_id = 0xFFFFFFFF;
	s.state = SPDM_STATE_END;
	memcpy(s.secrets.data.request.key, transcript_note(t, "out", 12).at, 32);
	memcpy(s.secrets.data.request.iv, transcript_note(t, "out", 13).at, 12);
	s.secrets.data.request.sequence = 1;
	w = spdm_message_of(&s, SPDM_END_SESSION, 0, 0);
	assert_int_equal(spdm_message_send(&s, &w, 0, SPDM_STATE_END), STATUS_OK);
	assert_int_equal(s.need, transcript_frame(t, 16).n);
	assert_memory_equal(s.frame, transcript_frame(t, 16).at, s.need);
	transcript_close(t);
}

/* A recorded record of the TCP binding: no sequence number, and a transport header inside. */
static size_t open_tcp(struct bytes frame, const uint8_t *secret, uint8_t *text)
{
	const size_t header = 4 + 6;
	const size_t n = frame.n - header - GCM_TAG_SIZE;
	uint8_t key[32];
	uint8_t iv[12];

	spdm_expand(secret, "key", NULL, key, sizeof(key));
	spdm_expand(secret, "iv", NULL, iv, sizeof(iv));
	assert_int_equal(aes256gcm_open(key, iv, frame.at + 4, 6, frame.at + header, n,
				 frame.at + header + n, text), STATUS_OK);
	assert_true((size_t)(text[0] | text[1] << 8) + 2 <= n);
	return (size_t)(text[0] | text[1] << 8);
}

/*
 * The encrypted handshake is not ours; but its transcript has the same parts but for the verify
 * data of KEY_EXCHANGE_RSP, so the identities, signatures and secrets can be told from it.
 */
static void standard_transcript_agrees_with_libspdm(void **state)
{
	struct transcript *t = transcript_open("standard_rawkey_tcp.txt");
	uint8_t der[SPKI_SIZE];
	const struct bytes rsp_key = public_point("rsp.pub.der", der);
	const struct bytes req_key = public_point("req.pub.der", der);
	const struct spdm_raw_keys keys = {NULL, rsp_key.at, req_key.at};
	const struct spdm_raw_keys mirrored = {NULL, req_key.at, rsp_key.at};
	const struct spdm_profile responder = {&keys, true};
	const struct spdm_profile requester = {&mirrored, true};
	struct spdm s = engine(SPDM_RESPONDER, &responder);
	const struct bytes rsp = transcript_message(t, 7);
	uint8_t finish[256];
	uint8_t mac[SHA384_SIZE];
	uint8_t ack[64];
	const uint8_t *f = finish + 2 + 4;	/* behind the length and the inner header */

	(void)state;
	for (size_t i = 0; i < 6; i++)
		add(&s, transcript_message(t, i));
	spdm_transcript_responder_identity(&s);
	add(&s, transcript_message(t, 6));
	add(&s, part(rsp, 0, 150));
	s.profile = &requester;
	assert_int_equal(
		spdm_verify(&s, "responder-key_exchange_rsp signing", rsp.at + 150), STATUS_OK);
	s.profile = &responder;
	add(&s, part(rsp, 150, 96));
	assert_digest(&s, transcript_note(t, "info", 0));
	spdm_handshake_secrets(&s, transcript_note(t, "ikm", 0).at);
	assert_out(s.secrets.handshake.request_finished, t, "out", 2, SHA384_SIZE);
	assert_out(s.secrets.handshake.response_finished, t, "out", 3, SHA384_SIZE);
	spdm_verify_data(&s, s.secrets.handshake.response_finished, mac);
	assert_memory_equal(mac, rsp.at + 246, SHA384_SIZE);
	add(&s, part(rsp, 246, 48));

	assert_int_equal(open_tcp(transcript_frame(t, 8), transcript_note(t, "out", 0).at, finish),
		4 + 148);
	spdm_transcript_requester_identity(&s);
	spdm_transcript_add(&s, f, 4);
	assert_int_equal(spdm_verify(&s, "requester-finish signing", f + 4), STATUS_OK);
	spdm_transcript_add(&s, f + 4, 96);
	assert_digest(&s, transcript_note(t, "data", 1));
	spdm_verify_data(&s, s.secrets.handshake.request_finished, mac);
	assert_memory_equal(mac, f + 100, SHA384_SIZE);
	spdm_transcript_add(&s, f + 100, 48);
	assert_int_equal(open_tcp(transcript_frame(t, 9), transcript_note(t, "out", 1).at, ack),
		4 + 4);
	spdm_transcript_add(&s, ack + 2 + 4, 4);
	spdm_data_keys(&s);
	assert_out(s.secrets.data.request.key, t, "out", 12, 32);
	assert_out(s.secrets.data.request.iv, t, "out", 13, 12);
	assert_out(s.secrets.data.response.key, t, "out", 14, 32);
	assert_out(s.secrets.data.response.iv, t, "out", 15, 12);
	transcript_close(t);
}

/* The messages before KEY_EXCHANGE that libspdm says are taken, or said, by ours. */
static void libspdm_messages_are_taken(void **state)
{
	static const uint8_t scalar[P384_SCALAR_SIZE] = {1};
	struct transcript *t = transcript_open("migtd_flavour.txt");
	struct pair *p = pair_new(1, 1);
	uint8_t der[SPKI_SIZE];
	const struct bytes key = public_point("req.pub.der", der);
	const struct spdm_raw_keys keys = {scalar, key.at, key.at};
	const struct spdm_profile standard = {&keys, true};

	(void)state;
	pair_profiles(p, &standard, &standard);
	for (size_t i = 0; i < 6; i += 2) {
		const struct bytes request = transcript_frame(t, i);
		const struct bytes response = transcript_frame(t, i + 1);

		pipe_put(&p->to_responder, request.at, request.n);
		assert_int_equal(step_until_stuck(&p->responder, &p->responder_io), STATUS_PENDING);
		if (i != 2)	/* CAPABILITIES: ours has CHUNK_CAP and other sizes */
			assert_memory_equal(p->to_requester.bytes + p->to_requester.written -
				response.n, response.at, response.n);
	}
	assert_int_equal(spdm_phase(&p->responder), SPDM_PHASE_KEY_EXCHANGE);
	p->to_requester.written = 0;
	for (size_t i = 1; i < 6; i += 2) {
		const struct bytes response = transcript_frame(t, i);

		assert_int_equal(step_until_stuck(&p->requester, &p->requester_io), STATUS_PENDING);
		pipe_put(&p->to_requester, response.at, response.n);
	}
	assert_int_equal(step_until_stuck(&p->requester, &p->requester_io), STATUS_PENDING);
	assert_int_equal(spdm_phase(&p->requester), SPDM_PHASE_KEY_EXCHANGE);
	/* Its KEY_EXCHANGE is answered, with another half of the session id. */
	p->to_responder.written = p->to_responder.taken;
	pipe_put(&p->to_responder, transcript_frame(t, 8).at, transcript_frame(t, 8).n);
	assert_int_equal(step_until_stuck(&p->responder, &p->responder_io), STATUS_PENDING);
	assert_int_equal(spdm_phase(&p->responder), SPDM_PHASE_FINISH);
	assert_int_equal(p->responder.session_id, 0xFFFDFFFF);
	pair_free(p);
	transcript_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migtd_transcript_rule_agrees_with_libspdm),
		cmocka_unit_test(sealing_agrees_with_libspdm),
		cmocka_unit_test(standard_transcript_agrees_with_libspdm),
		cmocka_unit_test(libspdm_messages_are_taken),
	};

	support_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
