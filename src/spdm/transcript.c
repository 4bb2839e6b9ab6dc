/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * One running SHA-384 over the exchange (spec 6.2):
 *
 *	VCA | responder's identity | KEY_EXCHANGE | KEY_EXCHANGE_RSP without signature	-> signed
 *	| its signature									-> TH1
 *	| requester's identity | FINISH header						-> signed
 *	| its signature				-> HMAC for RequesterVerifyData
 *	| RequesterVerifyData | FINISH_RSP header	-> HMAC for ResponderVerifyData
 *	| ResponderVerifyData				-> TH2
 */
#include "spdm/engine.h"

void spdm_transcript_add(struct spdm *s, const uint8_t *bytes, size_t n)
{
	sha384_update(&s->transcript, bytes, n);
}

void spdm_transcript_digest(const struct spdm *s, uint8_t digest[SHA384_SIZE])
{
	sha384_peek(&s->transcript, digest);
}

static void add_key_hash(struct spdm *s, const uint8_t *point)
{
	uint8_t spki[SPKI_SIZE];
	uint8_t digest[SHA384_SIZE];
	struct writer w = writer_of(spki, sizeof(spki));

	spdm_spki_write(&w, point);
	sha384(spki, sizeof(spki), digest);
	spdm_transcript_add(s, digest, sizeof(digest));
}

static void add_identity(struct spdm *s, enum spdm_role of)
{
	const struct spdm_raw_keys *keys = s->profile->keys;

	if (keys != NULL)
		add_key_hash(s, s->role == of ? keys->own_point : keys->peer_point);
}

void spdm_transcript_responder_identity(struct spdm *s)
{
	add_identity(s, SPDM_RESPONDER);
}

void spdm_transcript_requester_identity(struct spdm *s)
{
	add_identity(s, SPDM_REQUESTER);
}
