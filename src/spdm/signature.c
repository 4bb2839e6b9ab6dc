/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* SPDM 1.2 signatures: prefix, context and transcript hash are hashed once more (spec 6.3). */
#include "spdm/engine.h"

#define PREFIX_SIZE 64
#define CONTEXT_SIZE 36

/* What is signed; the context is right-aligned behind zeros. */
static void digest_to_sign(const struct spdm *s, const char *context, uint8_t digest[SHA384_SIZE])
{
	static const char version[] = "dmtf-spdm-v1.2.*";
	const size_t n = strlen(context);
	uint8_t message[PREFIX_SIZE + CONTEXT_SIZE + SHA384_SIZE];
	struct writer w = writer_of(message, sizeof(message));
	uint8_t hash[SHA384_SIZE];

	spdm_transcript_digest(s, hash);
	for (size_t i = 0; i < PREFIX_SIZE; i += strlen(version))
		writer_bytes(&w, (const uint8_t *)version, strlen(version));
	writer_zero(&w, CONTEXT_SIZE - n);
	writer_bytes(&w, (const uint8_t *)context, n);
	writer_bytes(&w, hash, sizeof(hash));
	sha384(message, sizeof(message), digest);
}

enum status spdm_sign(const struct spdm *s, const char *context,
	uint8_t signature[P384_SIGNATURE_SIZE])
{
	const struct spdm_raw_keys *keys = s->profile->keys;
	uint8_t digest[SHA384_SIZE];

	digest_to_sign(s, context, digest);
	return p384_sign(keys != NULL ? keys->own_scalar : s->signing_scalar, digest, signature);
}

enum status spdm_verify(const struct spdm *s, const char *context,
	const uint8_t signature[P384_SIGNATURE_SIZE])
{
	const struct spdm_raw_keys *keys = s->profile->keys;
	const uint8_t *point = keys != NULL ? keys->peer_point : s->peer_key;
	uint8_t digest[SHA384_SIZE];

	digest_to_sign(s, context, digest);
	if (p384_verify(point, digest, signature) != STATUS_OK)
		return ERR_SPDM_SIGNATURE;
	return STATUS_OK;
}
