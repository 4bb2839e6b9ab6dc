/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Annex A, a recorded exchange of two upstream MigTDs: each role of ours in turn is given the
 * recorded randomness and the recorded messages of its peer, and must say, byte for byte, what
 * upstream said.  Signatures cannot be reproduced; instead of ours the recorded one goes out, after
 * it was found good for the digest that our engine asked to sign.
 */
#include "trace.h"

#include <string.h>

struct line {
	bool from_requester;
	bool secured;
	const char *heading;
};

static const struct line script[] = {
	{true, false, "GET_VERSION (4"},
	{false, false, "VERSION (8"},
	{true, false, "GET_CAPABILITIES (20"},
	{false, false, "CAPABILITIES (20"},
	{true, false, "NEGOTIATE_ALGORITHMS (48"},
	{false, false, "ALGORITHMS (52"},
	{true, false, "VDM op 01 request"},
	{false, false, "VDM op 02 response"},
	{true, false, "KEY_EXCHANGE (154"},
	{false, false, "KEY_EXCHANGE_RSP (246"},
	{true, false, "VDM op 03 request"},
	{false, false, "VDM op 04 response"},
	{true, false, "FINISH (148"},
	{false, false, "FINISH_RSP (52"},
	{true, true, "op 05 request, seq 0 (requester) - secured"},
	{false, true, "op 06 response, seq 0 (responder) - secured"},
	{true, true, "END_SESSION, seq 1 (requester) - secured"},
	{false, true, "END_SESSION_ACK, seq 1 (responder) - secured"},
};

static size_t frame_of(const struct line *l, uint8_t *to)
{
	const struct bytes m = annex_a(l->heading);
	const uint8_t header[12] = {0x53, 0x50, 0x44, 0x4D, 0, 1, l->secured ? 2 : 1, 0,
		(uint8_t)m.n, (uint8_t)(m.n >> 8), 0, 0};

	memcpy(to, header, 12);
	memcpy(to + 12, m.at, m.n);
	return 12 + m.n;
}

static void assert_value(const char *heading, const uint8_t *is, size_t n)
{
	const struct bytes b = annex_a(heading);

	assert_int_equal(b.n, n);
	assert_memory_equal(is, b.at, n);
}

static void set_recorded(struct owner *o, enum vdm_element type, struct bytes message, size_t at,
	uint32_t size)
{
	assert_true(at + size <= message.n);
	owner_set(o, type, message.at + at, size);
}

/* What each owner sent: its elements cut out of the messages. */
static void set_owners(struct pair *p)
{
	const struct bytes op3 = annex_a("VDM op 03 request");
	const struct bytes op4 = annex_a("VDM op 04 response");
	const struct bytes op5 = annex_a("op 05 request, seq 0 (requester) - plaintext");
	const struct bytes op6 = annex_a("op 06 response, seq 0 (responder) - plaintext");

	set_recorded(&p->source, ELEMENT_QUOTE, op3, 23, 100);
	set_recorded(&p->source, ELEMENT_EVENT_LOG, op3, 129, 40);
	set_recorded(&p->source, ELEMENT_POLICY_HASH, op3, 175, 48);
	set_recorded(&p->source, ELEMENT_SERVTD_EXT, op3, 229, 272);
	set_recorded(&p->source, ELEMENT_INIT_TDINFO, op3, 507, 512);
	set_recorded(&p->destination, ELEMENT_QUOTE, op4, 23, 100);
	set_recorded(&p->destination, ELEMENT_EVENT_LOG, op4, 129, 40);
	set_recorded(&p->destination, ELEMENT_POLICY_HASH, op4, 175, 48);
	set_recorded(&p->source, ELEMENT_EXPORT_VERSION, op5, 25, 4);
	set_recorded(&p->source, ELEMENT_FORWARD_KEY, op5, 35, 32);
	set_recorded(&p->destination, ELEMENT_IMPORT_VERSION, op6, 25, 4);
	set_recorded(&p->destination, ELEMENT_BACKWARD_KEY, op6, 35, 32);
}

static void dictate_role(bool requester)
{
	const struct bytes key = annex_a(requester ? "Requester ECDSA" : "Responder ECDSA");
	const struct bytes ecdhe = annex_a(requester ? "Requester ECDHE" : "Responder ECDHE");
	const struct bytes m = annex_a(requester ? "KEY_EXCHANGE (154" : "KEY_EXCHANGE_RSP (246");

	random_seed(1);
	random_dictate(key.at, key.n);
	/* The requester draws RandomData before its ephemeral key, the responder after. */
	if (requester)
		random_dictate(m.at + 8, 32);
	random_dictate(ecdhe.at, ecdhe.n);
	if (!requester)
		random_dictate(m.at + 8, 32);
}

static void assert_report_data(const char *label, const char *heading, const uint8_t *th1)
{
	uint8_t text[8 + SHA384_SIZE];
	uint8_t digest[SHA384_SIZE];

	memcpy(text, label, 8);
	memcpy(text + 8, th1, SHA384_SIZE);
	sha384(text, sizeof(text), digest);
	assert_value(heading, digest, sizeof(digest));
}

/* The derived values that a phase begins with. */
static void assert_derived(const struct spdm *s)
{
	if (spdm_phase(s) == SPDM_PHASE_PUB_KEY) {
		uint8_t digest[SHA384_SIZE];

		spdm_transcript_digest(s, digest);
		assert_value("SHA384(VCA)", digest, sizeof(digest));
	}
	if (spdm_phase(s) == SPDM_PHASE_ATTEST) {
		assert_value("TH1", spdm_th1(s), SHA384_SIZE);
		assert_report_data("MigTDReq", "REPORTDATA[0..48] of requester", spdm_th1(s));
		assert_report_data("MigTDRsp", "REPORTDATA[0..48] of responder", spdm_th1(s));
		assert_value("MasterSecret", s->secrets.handshake.master, SHA384_SIZE);
		assert_value("request finished", s->secrets.handshake.request_finished,
			SHA384_SIZE);
		assert_value("response finished", s->secrets.handshake.response_finished,
			SHA384_SIZE);
	}
	if (spdm_phase(s) == SPDM_PHASE_MIGRATION_INFO) {
		assert_value("request data key", s->secrets.data.request.key, 32);
		assert_value("request data IV", s->secrets.data.request.iv, 12);
		assert_value("response data key", s->secrets.data.response.key, 32);
		assert_value("response data IV", s->secrets.data.response.iv, 12);
	}
}

/* Steps the engine until it waits for the peer; what it has said since is compared. */
static enum status step_and_check(struct spdm *s, const struct stream *io)
{
	enum status status;

	do {
		status = spdm_step(s, io);
		if (status == STATUS_PENDING && s->wait == SPDM_WAIT_NONE)
			assert_derived(s);
	} while (status == STATUS_PENDING && s->wait == SPDM_WAIT_NONE);
	return status;
}

static void replay(bool requester)
{
	/* These skip the test when there is no trace: nothing may be held before. */
	const struct bytes key = annex_a(requester ? "VDM op 01" : "VDM op 02");
	const struct bytes signed_by = annex_a(requester ? "FINISH (148" : "KEY_EXCHANGE_RSP");
	struct pair *p = pair_new(100, 40);
	struct spdm *s = requester ? &p->requester : &p->responder;
	struct stream *io = requester ? &p->requester_io : &p->responder_io;
	struct pipe *out = requester ? &p->to_responder : &p->to_requester;
	struct pipe *in = requester ? &p->to_requester : &p->to_responder;
	enum status status = STATUS_PENDING;
	uint8_t frame[2048];
	size_t said = 0;

	set_owners(p);
	dictate_role(requester);
	sign_as_recorded(key.at + 47, signed_by.at + (requester ? 4 : 150));
	for (size_t i = 0; i < ARRAY_SIZE(script); i++) {
		const size_t n = frame_of(&script[i], frame);

		if (script[i].from_requester != requester) {
			pipe_put(in, frame, n);
			continue;
		}
		assert_int_equal(status, STATUS_PENDING);
		status = step_and_check(s, io);
		assert_int_equal(out->written, said + n);
		assert_memory_equal(out->bytes + said, frame, n);
		said += n;
	}
	if (requester)
		status = step_and_check(s, io);
	assert_int_equal(status, STATUS_OK);
	pair_free(p);
	annex_close();
}

static void requester_says_what_upstream_said(void **state)
{
	(void)state;
	replay(true);
}

static void responder_says_what_upstream_said(void **state)
{
	(void)state;
	replay(false);
}

static void key_schedule_gives_the_recorded_values(void **state)
{
	const struct bytes z = annex_a("ECDHE shared secret Z");
	const struct bytes th1 = annex_a("TH1");
	const struct bytes th2 = annex_a("TH2");
	const struct bytes master = annex_a("MasterSecret");
	uint8_t zeros[SHA384_SIZE] = {0};
	uint8_t handshake[SHA384_SIZE];
	uint8_t out[SHA384_SIZE];

	(void)state;
	hkdf_sha384_extract(zeros, sizeof(zeros), z.at, z.n, handshake);
	assert_value("HandshakeSecret", handshake, SHA384_SIZE);
	spdm_expand(handshake, "derived", NULL, out, sizeof(out));
	assert_value("Salt_1", out, sizeof(out));
	spdm_expand(handshake, "req hs data", th1.at, out, sizeof(out));
	assert_value("request-direction handshake secret", out, sizeof(out));
	spdm_expand(handshake, "rsp hs data", th1.at, out, sizeof(out));
	assert_value("response-direction handshake secret", out, sizeof(out));
	spdm_expand(master.at, "req app data", th2.at, out, sizeof(out));
	assert_value("request data secret", out, sizeof(out));
	spdm_expand(master.at, "rsp app data", th2.at, out, sizeof(out));
	assert_value("response data secret", out, sizeof(out));
	annex_close();
}

/* --- Annex B: the shape of a chunked exchange ---------------------------------------------- */

struct shape {
	bool from_requester;
	uint8_t bytes[28];
	size_t fixed, data;
};

static const struct shape annex_b[] = {
	{true, {0x12, 0x85, 0, 1, 0, 0, 0, 0, 0xb0, 0x0f, 0, 0, 0xb6, 0x22, 0, 0}, 16, 4016},
	{false, {0x12, 0x05, 0, 1, 0, 0}, 6, 0},
	{true, {0x12, 0x85, 0, 1, 1, 0, 0, 0, 0xb4, 0x0f, 0, 0}, 12, 4020},
	{false, {0x12, 0x05, 0, 1, 1, 0}, 6, 0},
	{true, {0x12, 0x85, 1, 1, 2, 0, 0, 0, 0x52, 0x03, 0, 0}, 12, 850},
	{false, {0x12, 0x7f, 0x0f, 0, 1}, 5, 0},
	{true, {0x12, 0x86, 0, 1, 0, 0}, 6, 0},
	{false, {0x12, 0x06, 0, 1, 0, 0, 0, 0, 0xb0, 0x0f, 0, 0, 0x9a, 0x1f, 0, 0}, 16, 4016},
	{true, {0x12, 0x86, 0, 1, 1, 0}, 6, 0},
	{false, {0x12, 0x06, 0, 1, 1, 0, 0, 0, 0xb4, 0x0f, 0, 0}, 12, 4020},
	{true, {0x12, 0x86, 0, 1, 2, 0}, 6, 0},
	{false, {0x12, 0x06, 1, 1, 2, 0, 0, 0, 0x36, 0, 0, 0}, 12, 54},
};

static void chunks_have_the_shape_of_annex_b(void **state)
{
	/* Upstream's 8886 and 8090 bytes: the quote 5006, the rest of each its event log. */
	struct pair *p = pair_new(5006, 3001);
	size_t requests = 5, responses = 5;

	(void)state;
	random_seed(2);
	pair_run(p);
	assert_int_equal(p->requester_status, STATUS_OK);
	for (size_t i = 0; i < ARRAY_SIZE(annex_b); i++) {
		const struct shape *b = &annex_b[i];
		const struct pipe *pipe = b->from_requester ? &p->to_responder : &p->to_requester;
		size_t size;
		const uint8_t *f =
			pipe_frame(pipe, b->from_requester ? requests++ : responses++, &size);

		assert_non_null(f);
		assert_int_equal(size, 12 + b->fixed + b->data);
		assert_memory_equal(f + 12, b->bytes, b->fixed);
	}
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requester_says_what_upstream_said),
		cmocka_unit_test(responder_says_what_upstream_said),
		cmocka_unit_test(key_schedule_gives_the_recorded_values),
		cmocka_unit_test(chunks_have_the_shape_of_annex_b),
	};

	support_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
