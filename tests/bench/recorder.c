/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "recorder.h"

#include <stdlib.h>
#include <string.h>

#include "common/tool.h"
#include "crypto/crypto.h"
#include "measure.h"
#include "policy/window.h"

#include "../wrapped.h"

#define RUNNING_MAX 4096	/* hashes under way at once */
#define GROUPS_MAX 128
#define MESSAGE_MAX (1u << 20)

enum primitive {
	P384_GENERATE,
	P384_ECDH,
	P384_SIGN,
	P384_VERIFY,
	P256_VERIFY,
	AEAD_SEAL,
	AEAD_OPEN,
	HMAC,
	HKDF_EXPAND,
	HASH384,
	HASH256,
};

static const char *const primitive_name[] = {
	[P384_GENERATE] = "P-384 key generation",
	[P384_ECDH] = "P-384 ECDH",
	[P384_SIGN] = "P-384 signature",
	[P384_VERIFY] = "P-384 verification",
	[P256_VERIFY] = "P-256 verification",
	[AEAD_SEAL] = "AES-256-GCM seal",
	[AEAD_OPEN] = "AES-256-GCM open",
	[HMAC] = "HMAC-SHA-384",
	[HKDF_EXPAND] = "HKDF-Expand",
	[HASH384] = "SHA-384",
	[HASH256] = "SHA-256",
};

struct entry {
	enum primitive what;
	const uint8_t *caller;
	size_t n;	/* bytes of text */
	size_t more;	/* bytes of AAD or key; digests taken of a running hash */
};

/* A hash under way: where its state lies, and which entry it is. */
struct running {
	const void *at;
	size_t entry;
};

struct trace {
	struct entry *entry;
	size_t count, room;
	struct running running[RUNNING_MAX];
	size_t n_running;
};

static struct trace *recorder;

/* A real signature to be verified again. */
static struct {
	uint8_t point[P256_POINT_SIZE], digest[SHA256_SIZE], signature[P256_SIGNATURE_SIZE];
} p256;

struct trace *trace_create(void)
{
	return tool_alloc(sizeof(struct trace));
}

void trace_free(struct trace *t)
{
	free(t->entry);
	free(t);
}

struct trace *trace_select(struct trace *t)
{
	struct trace *const before = recorder;

	recorder = t;
	return before;
}

__attribute__((noinline)) void recorder_anchor(void)
{
	__asm__ volatile("");
}

/* --- recording ----------------------------------------------------------------------------- */

static size_t add(enum primitive what, const void *caller, size_t n, size_t more)
{
	struct trace *t = recorder;

	if (t->count == t->room) {
		t->room = t->room * 2 + 64;
		t->entry = realloc(t->entry, t->room * sizeof(*t->entry));
		must(t->entry != NULL, "out of memory");
	}
	t->entry[t->count] = (struct entry){what, caller, n, more};
	return t->count++;
}

static struct running *find(const void *at)
{
	for (size_t i = recorder->n_running; i-- > 0;)
		if (recorder->running[i].at == at)
			return &recorder->running[i];
	return NULL;
}

static void bind(const void *at, size_t entry)
{
	struct running *r = find(at);

	if (r == NULL) {
		must(recorder->n_running < RUNNING_MAX, "too many hashes at once");
		r = &recorder->running[recorder->n_running++];
	}
	*r = (struct running){at, entry};
}

/* A state that was moved, or begun before the recording, counts from here on. */
static struct entry *entry_of(const void *at, enum primitive what, const void *caller)
{
	const struct running *r = find(at);

	if (r != NULL)
		return &recorder->entry[r->entry];
	const size_t entry = add(what, caller, 0, 0);
	bind(at, entry);
	return &recorder->entry[entry];
}

static void end(const void *at)
{
	struct running *r = find(at);

	if (r != NULL)
		*r = recorder->running[--recorder->n_running];
}

/* What a primitive calls is a part of it. */
#define ALONE(call)                                   \
	do {                                          \
		struct trace *const selected = recorder; \
		recorder = NULL;                      \
		call;                                 \
		recorder = selected;                  \
	} while (0)

#define CALLER __builtin_return_address(0)

/* Both hashes are recorded alike. */
#define RECORDED_HASH(name, hash)                                                      \
	WRAPPED(void, name##_init, struct name *h)                                     \
	{                                                                              \
		__real_##name##_init(h);                                               \
		if (recorder != NULL)                                                  \
			bind(h, add(hash, CALLER, 0, 0));                              \
	}                                                                              \
	WRAPPED(void, name##_update, struct name *h, const uint8_t *from, size_t n)    \
	{                                                                              \
		__real_##name##_update(h, from, n);                                    \
		if (recorder != NULL)                                                  \
			entry_of(h, hash, CALLER)->n += n;                             \
	}                                                                              \
	WRAPPED(void, name##_final, struct name *h, uint8_t *digest)                   \
	{                                                                              \
		__real_##name##_final(h, digest);                                      \
		if (recorder == NULL)                                                  \
			return;                                                        \
		entry_of(h, hash, CALLER)->more++;                                     \
		end(h);                                                                \
	}

RECORDED_HASH(sha384, HASH384)
RECORDED_HASH(sha256, HASH256)

WRAPPED(void, sha384_peek, const struct sha384 *h, uint8_t *digest)
{
	__real_sha384_peek(h, digest);
	if (recorder != NULL)
		entry_of(h, HASH384, CALLER)->more++;
}

WRAPPED(void, sha384_save, const struct sha384 *h, uint64_t *state)
{
	__real_sha384_save(h, state);
	if (recorder == NULL)
		return;
	entry_of(h, HASH384, CALLER);
	bind(state, find(h)->entry);
	end(h);
}

WRAPPED(void, sha384_restore, struct sha384 *h, const uint64_t *state, uint64_t size,
	const uint8_t *tail)
{
	__real_sha384_restore(h, state, size, tail);
	if (recorder == NULL)
		return;
	entry_of(state, HASH384, CALLER);
	bind(h, find(state)->entry);
}

WRAPPED(void, window_hash_begin, struct window_hash *h, uint32_t begin)
{
	__real_window_hash_begin(h, begin);
	if (recorder != NULL)
		entry_of(h->state, HASH384, CALLER)->caller = CALLER;
}

WRAPPED(void, sha384, const uint8_t *from, size_t n, uint8_t *digest)
{
	__real_sha384(from, n, digest);
	if (recorder != NULL)
		add(HASH384, CALLER, n, 1);
}

WRAPPED(void, hmac_sha384, const uint8_t *key, size_t key_size, const uint8_t *from, size_t n,
	uint8_t *mac)
{
	ALONE(__real_hmac_sha384(key, key_size, from, n, mac));
	if (recorder != NULL)
		add(HMAC, CALLER, n, key_size);
}

WRAPPED(void, hkdf_sha384_extract, const uint8_t *salt, size_t salt_size, const uint8_t *ikm,
	size_t n, uint8_t *prk)
{
	ALONE(__real_hkdf_sha384_extract(salt, salt_size, ikm, n, prk));
	if (recorder != NULL)
		add(HMAC, CALLER, n, salt_size);
}

WRAPPED(void, hkdf_sha384_expand, const uint8_t *prk, const uint8_t *info, size_t info_size,
	uint8_t *out, size_t out_size)
{
	ALONE(__real_hkdf_sha384_expand(prk, info, info_size, out, out_size));
	if (recorder != NULL)
		add(HKDF_EXPAND, CALLER, info_size, out_size);
}

WRAPPED(enum status, p384_generate, uint8_t *scalar, uint8_t *point)
{
	enum status status;

	ALONE(status = __real_p384_generate(scalar, point));
	if (recorder != NULL)
		add(P384_GENERATE, CALLER, 0, 0);
	return status;
}

WRAPPED(enum status, p384_ecdh, const uint8_t *scalar, const uint8_t *peer, uint8_t *z)
{
	enum status status;

	ALONE(status = __real_p384_ecdh(scalar, peer, z));
	if (recorder != NULL)
		add(P384_ECDH, CALLER, 0, 0);
	return status;
}

WRAPPED(enum status, p384_sign, const uint8_t *scalar, const uint8_t *digest, uint8_t *signature)
{
	enum status status;

	ALONE(status = __real_p384_sign(scalar, digest, signature));
	if (recorder != NULL)
		add(P384_SIGN, CALLER, 0, 0);
	return status;
}

WRAPPED(enum status, p384_verify, const uint8_t *point, const uint8_t *digest,
	const uint8_t *signature)
{
	enum status status;

	ALONE(status = __real_p384_verify(point, digest, signature));
	if (recorder != NULL)
		add(P384_VERIFY, CALLER, 0, 0);
	return status;
}

WRAPPED(enum status, p256_verify, const uint8_t *point, const uint8_t *digest,
	const uint8_t *signature)
{
	enum status status;

	ALONE(status = __real_p256_verify(point, digest, signature));
	if (recorder != NULL) {
		add(P256_VERIFY, CALLER, 0, 0);
		memcpy(p256.point, point, sizeof(p256.point));
		memcpy(p256.digest, digest, sizeof(p256.digest));
		memcpy(p256.signature, signature, sizeof(p256.signature));
	}
	return status;
}

WRAPPED(void, aes256gcm_seal, const uint8_t *key, const uint8_t *iv, const uint8_t *aad,
	size_t aad_size, const uint8_t *plain, size_t n, uint8_t *cipher, uint8_t *tag)
{
	ALONE(__real_aes256gcm_seal(key, iv, aad, aad_size, plain, n, cipher, tag));
	if (recorder != NULL)
		add(AEAD_SEAL, CALLER, n, aad_size);
}

WRAPPED(enum status, aes256gcm_open, const uint8_t *key, const uint8_t *iv, const uint8_t *aad,
	size_t aad_size, const uint8_t *cipher, size_t n, const uint8_t *tag, uint8_t *plain)
{
	enum status status;

	ALONE(status = __real_aes256gcm_open(key, iv, aad, aad_size, cipher, n, tag, plain));
	if (recorder != NULL)
		add(AEAD_OPEN, CALLER, n, aad_size);
	return status;
}

/* --- replaying ----------------------------------------------------------------------------- */

/* The calls of one primitive and one caller. */
struct group {
	enum primitive what;
	const uint8_t *caller;
	size_t calls, bytes;
};

static const struct trace *replayed;
static const struct group *replayed_group;
static uint8_t message[MESSAGE_MAX], cipher[MESSAGE_MAX];
static uint8_t (*tags)[GCM_TAG_SIZE];

/* Of a key pair made for the purpose. */
static struct {
	uint8_t scalar[P384_SCALAR_SIZE], point[P384_POINT_SIZE];
	uint8_t digest[SHA384_SIZE], signature[P384_SIGNATURE_SIZE];
} p384;

static void replay_hash384(const struct entry *e)
{
	uint8_t digest[SHA384_SIZE];
	struct sha384 h;

	__real_sha384_init(&h);
	__real_sha384_update(&h, message, e->n);
	for (size_t i = 1; i < e->more; i++)
		__real_sha384_peek(&h, digest);
	__real_sha384_final(&h, digest);
}

static void replay_hash256(const struct entry *e)
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 h;

	__real_sha256_init(&h);
	__real_sha256_update(&h, message, e->n);
	__real_sha256_final(&h, digest);
}

static void replay_entry(const struct entry *e, const uint8_t *tag)
{
	uint8_t bytes[P384_POINT_SIZE], scalar[P384_SCALAR_SIZE], made[GCM_TAG_SIZE];
	enum status status = STATUS_OK;

	switch (e->what) {
	case P384_GENERATE:
		status = __real_p384_generate(scalar, bytes);
		break;
	case P384_ECDH:
		status = __real_p384_ecdh(p384.scalar, p384.point, scalar);
		break;
	case P384_SIGN:
		status = __real_p384_sign(p384.scalar, p384.digest, bytes);
		break;
	case P384_VERIFY:
		status = __real_p384_verify(p384.point, p384.digest, p384.signature);
		break;
	case P256_VERIFY:
		status = __real_p256_verify(p256.point, p256.digest, p256.signature);
		break;
	case AEAD_SEAL:
		__real_aes256gcm_seal(p384.scalar, p384.point, message, e->more, message, e->n,
			cipher, made);
		break;
	case AEAD_OPEN:
		status = __real_aes256gcm_open(p384.scalar, p384.point, message, e->more, message,
			e->n, tag, cipher);
		break;
	case HMAC:
		__real_hmac_sha384(message, e->more, message, e->n, scalar);
		break;
	case HKDF_EXPAND:
		__real_hkdf_sha384_expand(message, message, e->n, scalar, e->more);
		break;
	case HASH384:
		replay_hash384(e);
		break;
	case HASH256:
		replay_hash256(e);
		break;
	}
	must(status == STATUS_OK, "a call recorded cannot be made again");
}

static bool is_of(const struct entry *e, const struct group *g)
{
	return e->what == g->what && e->caller == g->caller;
}

static void replay_group(void)
{
	for (size_t i = 0; i < replayed->count; i++)
		if (is_of(&replayed->entry[i], replayed_group))
			replay_entry(&replayed->entry[i], tags[i]);
}

/* What is opened is what would be sealed to all zeros; its tag. */
static void prepare_tags(const struct trace *t)
{
	tags = tool_alloc((t->count + 1) * sizeof(*tags));
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = &t->entry[i];
		must(e->n <= MESSAGE_MAX && e->more <= MESSAGE_MAX, "a message is too large");
		if (e->what != AEAD_OPEN)
			continue;
		/* Counter mode: sealing the zeros twice gives them back. */
		__real_aes256gcm_seal(p384.scalar, p384.point, message, e->more, message, e->n,
			cipher, tags[i]);
		__real_aes256gcm_seal(p384.scalar, p384.point, message, e->more, cipher, e->n,
			cipher, tags[i]);
	}
}

static size_t find_groups(const struct trace *t, struct group *g)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = &t->entry[i];
		size_t k = 0;
		while (k < n && !is_of(e, &g[k]))
			k++;
		if (k == n) {
			must(n < GROUPS_MAX, "too many callers");
			g[n++] = (struct group){.what = e->what, .caller = e->caller};
		}
		g[k].calls++;
		g[k].bytes += e->n;
	}
	return n;
}

static void prepare_keys(void)
{
	/* Of zeros, half of a verification could be left out. */
	memset(p384.digest, 0xa5, sizeof(p384.digest));
	must(__real_p384_generate(p384.scalar, p384.point) == STATUS_OK &&
		__real_p384_sign(p384.scalar, p384.digest, p384.signature) == STATUS_OK,
		"no key pair");
}

json_t *trace_replay(const struct trace *t, const char *name)
{
	static struct group groups[GROUPS_MAX];
	const size_t n = find_groups(t, groups);
	json_t *all = json_array();

	prepare_keys();
	prepare_tags(t);
	replayed = t;
	for (size_t i = 0; i < n; i++) {
		const struct group *g = replayed_group = &groups[i];
		AUTO_TEXT dump = tool_text("%s %zu", name, i);
		json_t *cost = measure(dump, replay_group, (struct repeats){10, 1});
		json_object_update_new(cost, json_pack("{s:s,s:I,s:I,s:I,s:s}", "primitive",
			primitive_name[g->what], "caller",
			(json_int_t)(g->caller - (const uint8_t *)(uintptr_t)recorder_anchor),
			"calls", (json_int_t)g->calls, "bytes", (json_int_t)g->bytes, "dump", dump));
		json_array_append_new(all, cost);
	}
	free(tags);
	return all;
}
