/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* SPDM 1.2 key schedule (spec 6.4). */
#include "spdm/engine.h"

#define LABEL_MAX 12

void spdm_expand(const uint8_t prk[SHA384_SIZE], const char *label, const uint8_t *context,
	uint8_t *out, size_t out_size)
{
	uint8_t info[2 + 8 + LABEL_MAX + SHA384_SIZE];
	struct writer w = writer_of(info, sizeof(info));

	writer_u16(&w, (uint16_t)out_size);
	writer_bytes(&w, (const uint8_t *)"spdm1.2 ", 8);
	writer_bytes(&w, (const uint8_t *)label, strlen(label));
	if (context != NULL)
		writer_bytes(&w, context, SHA384_SIZE);
	hkdf_sha384_expand(prk, info, writer_size(&w), out, out_size);
}

static void finished_key(const uint8_t handshake[SHA384_SIZE], const char *label,
	const uint8_t th1[SHA384_SIZE], uint8_t key[SHA384_SIZE])
{
	uint8_t secret[SHA384_SIZE];

	spdm_expand(handshake, label, th1, secret, sizeof(secret));
	spdm_expand(secret, "finished", NULL, key, SHA384_SIZE);
	wipe(secret, sizeof(secret));
}

void spdm_handshake_secrets(struct spdm *s, const uint8_t z[P384_SCALAR_SIZE])
{
	static const uint8_t zeros[SHA384_SIZE];
	uint8_t handshake[SHA384_SIZE];
	uint8_t salt[SHA384_SIZE];

	spdm_transcript_digest(s, s->th1);
	wipe(&s->secrets, sizeof(s->secrets));
	hkdf_sha384_extract(zeros, sizeof(zeros), z, P384_SCALAR_SIZE, handshake);
	finished_key(handshake, "req hs data", s->th1, s->secrets.handshake.request_finished);
	finished_key(handshake, "rsp hs data", s->th1, s->secrets.handshake.response_finished);
	spdm_expand(handshake, "derived", NULL, salt, sizeof(salt));
	hkdf_sha384_extract(salt, sizeof(salt), zeros, sizeof(zeros), s->secrets.handshake.master);
	wipe(handshake, sizeof(handshake));
	wipe(salt, sizeof(salt));
}

static void direction_keys(const uint8_t master[SHA384_SIZE], const char *label,
	const uint8_t th2[SHA384_SIZE], struct spdm_direction *d)
{
	uint8_t secret[SHA384_SIZE];

	spdm_expand(master, label, th2, secret, sizeof(secret));
	spdm_expand(secret, "key", NULL, d->key, sizeof(d->key));
	spdm_expand(secret, "iv", NULL, d->iv, sizeof(d->iv));
	d->sequence = 0;
	wipe(secret, sizeof(secret));
}

void spdm_data_keys(struct spdm *s)
{
	uint8_t master[SHA384_SIZE];
	uint8_t th2[SHA384_SIZE];

	spdm_transcript_digest(s, th2);
	memcpy(master, s->secrets.handshake.master, sizeof(master));
	wipe(&s->secrets, sizeof(s->secrets));
	direction_keys(master, "req app data", th2, &s->secrets.data.request);
	direction_keys(master, "rsp app data", th2, &s->secrets.data.response);
	wipe(master, sizeof(master));
	wipe(&s->transcript, sizeof(s->transcript));
}

void spdm_verify_data(const struct spdm *s, const uint8_t finished_key_bytes[SHA384_SIZE],
	uint8_t mac[SHA384_SIZE])
{
	uint8_t hash[SHA384_SIZE];

	spdm_transcript_digest(s, hash);
	hmac_sha384(finished_key_bytes, SHA384_SIZE, hash, sizeof(hash), mac);
}
