/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "migmem/seeded.h"

#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "common/tool.h"
#include "host/bytes.h"

void seeded_init(struct seeded *s, uint64_t seed, const char *name)
{
	AUTO_TEXT text = tool_text("migmem %llu %s", (unsigned long long)seed, name);

	*s = (struct seeded){0};
	SHA256((const uint8_t *)text, strlen(text), s->key);
}

void seeded_fill(struct seeded *s, uint8_t *to, size_t n)
{
	uint8_t in[sizeof(s->key) + 8], out[SHA256_DIGEST_LENGTH];

	memcpy(in, s->key, sizeof(s->key));
	while (n > 0) {
		const size_t part = n < sizeof(out) ? n : sizeof(out);
		store64(in + sizeof(s->key), s->block++);
		SHA256(in, sizeof(in), out);
		memcpy(to, out, part);
		to += part;
		n -= part;
	}
}

size_t seeded_below(struct seeded *s, size_t n)
{
	uint8_t bytes[8];

	seeded_fill(s, bytes, sizeof(bytes));
	return (size_t)(load64(bytes) % n);
}

/* --- OpenSSL ------------------------------------------------------------------------------- */

static struct seeded source;

static int draw(unsigned char *to, int n)
{
	seeded_fill(&source, to, (size_t)n);
	return 1;
}

static int status(void)
{
	return 1;
}

void seeded_openssl_begin(uint64_t seed)
{
	static const RAND_METHOD method = {.bytes = draw, .pseudorand = draw, .status = status};

	seeded_init(&source, seed, "openssl");
	if (RAND_set_rand_method(&method) != 1)
		abort();
}

void seeded_openssl_end(void)
{
	RAND_set_rand_method(NULL);
}
