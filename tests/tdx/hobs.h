/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* GUIDs of the Service interface, and the HOBs in which KVM describes a request. */
#ifndef TESTS_TDX_HOBS_H
#define TESTS_TDX_HOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "migtd/base.h"
#include "mem/shared.h"

static const uint8_t guid_common[16] = {0xe1, 0xc5, 0x6f, 0xfb, 0x78, 0x33, 0xcb, 0x4a,
	0x89, 0x64, 0xfa, 0x5e, 0xe4, 0x3b, 0x9c, 0x8a};
static const uint8_t guid_migtd[16] = {0x30, 0x63, 0x0e, 0xe6, 0x09, 0x1e, 0x87, 0x43,
	0xa4, 0x44, 0x8f, 0x32, 0xb8, 0xd6, 0x11, 0xe5};
static const uint8_t guid_info[16] = {0x98, 0xe3, 0xb5, 0x42, 0x99, 0xa1, 0x30, 0x4d,
	0xbe, 0xfc, 0xc7, 0x5a, 0xc3, 0xda, 0x5d, 0x7c};
static const uint8_t guid_socket[16] = {0x9d, 0x3b, 0x10, 0x7a, 0x2b, 0x55, 0x5f, 0x48,
	0xbb, 0x4c, 0x2f, 0x3d, 0x2e, 0x8b, 0x1e, 0x0e};
static const uint8_t guid_policy[16] = {0x1a, 0x77, 0x4f, 0xd6, 0xc9, 0xf0, 0x33, 0x4d,
	0x99, 0x8b, 0x0e, 0x3d, 0x8b, 0x94, 0x0a, 0x61};

static inline void store(uint8_t *at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static inline uint64_t load(const uint8_t *at, size_t n)
{
	uint64_t value = 0;

	for (size_t i = n; i > 0; i--)
		value = value << 8 | at[i - 1];
	return value;
}

struct hobs {
	uint8_t bytes[PAGE_SIZE];
	size_t n;
};

static inline uint8_t *add_hob(struct hobs *h, uint16_t type, const uint8_t *guid, size_t payload)
{
	uint8_t *at = h->bytes + h->n;

	store(at, type, 2);
	store(at + 2, 24 + payload, 2);
	memcpy(at + 8, guid, 16);
	h->n += (24 + payload + 7) & ~(size_t)7;
	return at + 24;
}

static inline void add_info(struct hobs *h, bool init)
{
	uint8_t *p = add_hob(h, 4, guid_info, init ? 584 : 72);

	store(p, 0x1122334455667788ull, 8);
	p[8] = 1;
	p[9] = init;
	store(p + 12, 0x000806f8, 4); /* KVM's CPU version */
	for (unsigned i = 0; i < 4; i++)
		store(p + 16 + 8 * i, 0xa0 + i, 8);
	store(p + 48, 0xb0b1b2b3b4b5b6b7ull, 8);
	if (init)
		memset(p + 72, 0x77, 512);
}

static inline void add_socket(struct hobs *h)
{
	uint8_t *p = add_hob(h, 4, guid_socket, 24);

	store(p + 8, 2, 8);
	store(p + 16, 1234, 4);
}

static inline void add_policy(struct hobs *h)
{
	store(add_hob(h, 4, guid_policy, 16), 1234, 8);
}

/* What KVM emits: three HOBs and zeroes. */
static inline void kvm_hobs(struct hobs *h, bool init)
{
	memset(h, 0, sizeof(*h));
	add_info(h, init);
	add_socket(h);
	add_policy(h);
}

#endif
