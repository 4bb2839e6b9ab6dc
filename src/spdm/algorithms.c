/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * NEGOTIATE_ALGORITHMS and ALGORITHMS (spec 2.3).  There is one suite: a responder takes any offer
 * that contains it, a requester no selection but it.
 */
#include "spdm/engine.h"

#define REQUEST_SIZE 48
#define RESPONSE_SIZE 52
#define OPAQUE_DATA_FMT1 0x02
#define ASYM_ECDSA_P384 0x00000080
#define HASH_SHA384 0x00000002
#define STRUCTURE_COUNT_BYTE 0x20	/* two bytes of fixed, none of external algorithms */

static const struct {
	uint8_t type;
	uint16_t algorithm;
} structures[] = {
	{0x02, 0x0010},	/* DHE: secp384r1 */
	{0x03, 0x0002},	/* AEAD: AES-256-GCM */
	{0x04, 0x0080},	/* requester's signature: ECDSA P-384 */
	{0x05, 0x0001},	/* key schedule: SPDM */
};

static void structures_write(struct writer *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(structures); i++) {
		writer_u8(w, structures[i].type);
		writer_u8(w, STRUCTURE_COUNT_BYTE);
		writer_u16(w, structures[i].algorithm);
	}
}

/* All of ALGORITHMS behind the four bytes every message has. */
static void response_write(struct writer *w)
{
	writer_u16(w, RESPONSE_SIZE);
	writer_u8(w, 0);
	writer_u8(w, OPAQUE_DATA_FMT1);
	writer_u32(w, 0);
	writer_u32(w, ASYM_ECDSA_P384);
	writer_u32(w, HASH_SHA384);
	writer_zero(w, 16);
	structures_write(w);
}

enum status spdm_negotiate_algorithms_build(struct spdm *s)
{
	struct writer w = spdm_message_of(s, SPDM_NEGOTIATE_ALGORITHMS, ARRAY_SIZE(structures), 0);

	writer_u16(&w, REQUEST_SIZE);
	writer_u8(&w, 0);
	writer_u8(&w, OPAQUE_DATA_FMT1);
	writer_u32(&w, ASYM_ECDSA_P384);
	writer_u32(&w, HASH_SHA384);
	writer_zero(&w, 16);
	structures_write(&w);
	spdm_transcript_add(s, w.base, writer_size(&w));
	return spdm_message_send(s, &w, 0, SPDM_STATE_ALGORITHMS);
}

static bool offers_structures(struct reader *r)
{
	bool offered = true;

	for (size_t i = 0; i < ARRAY_SIZE(structures); i++) {
		offered &= reader_u8(r) == structures[i].type;
		offered &= reader_u8(r) == STRUCTURE_COUNT_BYTE;
		offered &= (reader_u16(r) & structures[i].algorithm) != 0;
	}
	return offered;
}

static enum status offer_read(const uint8_t *message, size_t n)
{
	struct reader r = reader_of(message + 2, n - 2);
	bool well_formed = reader_u8(&r) == ARRAY_SIZE(structures);
	bool offered;

	reader_zero(&r, 1);
	well_formed &= reader_u16(&r) == REQUEST_SIZE;
	reader_zero(&r, 1);	/* measurements: neither side has that capability */
	offered = (reader_u8(&r) & OPAQUE_DATA_FMT1) != 0;
	offered &= (reader_u32(&r) & ASYM_ECDSA_P384) != 0;
	offered &= (reader_u32(&r) & HASH_SHA384) != 0;
	reader_zero(&r, 16);	/* reserved, and no external algorithms */
	offered &= offers_structures(&r);
	if (!well_formed || !reader_done(&r))
		return ERR_SPDM_MESSAGE;
	return offered ? STATUS_OK : ERR_SPDM_ALGORITHMS;
}

enum status spdm_negotiate_algorithms_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	struct writer w;

	TRY(offer_read(message, n));
	spdm_transcript_add(s, message, n);
	w = spdm_message_of(s, SPDM_RESPONSE(SPDM_NEGOTIATE_ALGORITHMS), ARRAY_SIZE(structures), 0);
	response_write(&w);
	spdm_transcript_add(s, w.base, writer_size(&w));
	return spdm_message_send(s, &w, 0,
		s->profile->keys == NULL ? SPDM_STATE_PUB_KEY : SPDM_STATE_KEY_EXCHANGE);
}

enum status spdm_algorithms_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	uint8_t expected[RESPONSE_SIZE - 4];
	struct writer w = writer_of(expected, sizeof(expected));
	struct reader r = reader_of(message + 2, n - 2);
	const uint8_t count = reader_u8(&r);
	const uint8_t param2 = reader_u8(&r);
	const uint8_t *selection = reader_bytes(&r, sizeof(expected));

	response_write(&w);
	if (!reader_done(&r) || !writer_ok(&w))
		return ERR_SPDM_MESSAGE;
	if (count != ARRAY_SIZE(structures) || param2 != 0 ||
		memcmp(selection, expected, sizeof(expected)) != 0)
		return ERR_SPDM_ALGORITHMS;
	spdm_transcript_add(s, message, n);
	spdm_proceed(s, s->profile->keys == NULL ? SPDM_STATE_PUB_KEY : SPDM_STATE_KEY_EXCHANGE);
	return STATUS_OK;
}
