/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/accept_cache.h"

/* All but the last part have a fixed size, so no two inputs look alike. */
void accept_key_of(struct accept_key *key, enum accept_role role,
	const uint8_t anchor[P256_POINT_SIZE], const uint8_t issuer[P256_POINT_SIZE],
	const uint8_t *bytes, size_t n)
{
	const uint8_t first = (uint8_t)role;
	struct sha384 h;

	sha384_init(&h);
	sha384_update(&h, &first, sizeof(first));
	sha384_update(&h, anchor, P256_POINT_SIZE);
	sha384_update(&h, issuer, P256_POINT_SIZE);
	sha384_update(&h, bytes, n);
	sha384_final(&h, key->digest);
}

/* Puts the key first and moves the `before` entries that stood before it. */
static void put_first(struct accept_cache *cache, const struct accept_key *key, uint32_t before)
{
	memmove(&cache->entry[1], &cache->entry[0], before * sizeof(cache->entry[0]));
	cache->entry[0] = *key;
}

bool accept_cache_find(struct accept_cache *cache, const struct accept_key *key)
{
	for (uint32_t i = 0; i < cache->count; i++) {
		if (memcmp(cache->entry[i].digest, key->digest, sizeof(key->digest)) == 0) {
			put_first(cache, key, i);
			return true;
		}
	}
	return false;
}

void accept_cache_store(struct accept_cache *cache, const struct accept_key *key)
{
	if (cache->count < ACCEPT_CACHE_ENTRIES)
		cache->count++;
	put_first(cache, key, cache->count - 1);
}
