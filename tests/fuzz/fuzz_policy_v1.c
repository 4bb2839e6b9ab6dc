/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A v1 policy; the first byte says what kind of a peer is judged and which events it has. */
#include <string.h>

#include "fuzz.h"

#include "policy/v1.h"

/* A page of NULs on either side is what a file may have around it. */
#define TEXT_MAX 65536

static struct quote_result local, peer;
static struct event_digests events, peer_events;

static enum status evaluate(const struct policy_v1 *policy, bool is_source,
	struct policy_reason *reason)
{
	memset(reason, 0, sizeof(*reason));
	const enum status status = policy_v1_evaluate(policy, is_source, &local, &events, &peer,
		&peer_events, reason);

	/* What was checked once is found again, and every refusal can be told. */
	HOLDS(status != ERR_JSON && status != ERR_JSON_DEPTH && status != ERR_POLICY_FORMAT);
	HOLDS(reason->place.block != NULL && reason->place.property != NULL);
	HOLDS((reason->place.block[0] == 0) == (status == STATUS_OK));
	HOLDS(reason->expected.n <= REASON_TEXT_MAX && reason->actual.n <= REASON_TEXT_MAX);
	return status;
}

static void check_reasons(const struct policy_reason *a, const struct policy_reason *b)
{
	HOLDS(strcmp(a->place.block, b->place.block) == 0);
	HOLDS(strcmp(a->place.property, b->place.property) == 0);
	HOLDS(a->place.index == b->place.index);
	HOLDS(a->expected.n == b->expected.n && a->actual.n == b->actual.n);
	HOLDS(memcmp(a->expected.text, b->expected.text, a->expected.n) == 0);
	HOLDS(memcmp(a->actual.text, b->actual.text, a->actual.n) == 0);
}

/* FMSPC 000000000000, or that of the seeds' platform; other bytes are alike or all one more. */
static void choose_peer(uint8_t choice)
{
	static const uint8_t fmspc[6] = {0x10, 0xc0, 0x6f, 0, 0, 0};

	for (size_t i = 0; i < QUOTE_RESULT_SIZE; i++)
		local.bytes[i] = (uint8_t)(i * 7 & 0x7f);
	memcpy(local.bytes + RESULT_FMSPC, fmspc, 6);
	peer = local;
	for (size_t i = 0; (choice & 1) != 0 && i < QUOTE_RESULT_SIZE; i++)
		peer.bytes[i] = (uint8_t)(peer.bytes[i] + 1);
	if ((choice & 2) != 0)
		memset(peer.bytes + RESULT_FMSPC, 0, 6);
	events.present = (uint8_t)((1u << EVENT_CLASSES) - 1);
	events.svn_size = EVENT_SVN_MAX;
	peer_events = events;
	peer_events.present &= (uint8_t)~(choice >> 2);
	if ((choice & 3) == 3)
		peer_events.svn_size = 2;
}

/* NULs around the text are no part of it. */
static void check_padding(const struct policy_v1 *policy, const uint8_t *text, size_t n,
	enum status status)
{
	static uint8_t padded[TEXT_MAX + 3];
	struct policy_v1 other;

	memset(padded, 0, n + 3);
	memcpy(padded + 2, text, n);
	HOLDS(policy_v1_open(&other, padded, n + 3) == status);
	HOLDS(status != STATUS_OK || (other.size == policy->size && other.blocks == policy->blocks &&
		other.self_only == policy->self_only));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct policy_reason reason, again;
	struct policy_v1 policy;

	if (n < 1 || n > TEXT_MAX)
		return 0;
	const uint8_t choice = *bytes++;
	n--;
	choose_peer(choice);
	const enum status status = policy_v1_open(&policy, bytes, n);
	check_padding(&policy, bytes, n, status);
	if (status != STATUS_OK) {
		HOLDS(status == ERR_JSON || status == ERR_JSON_DEPTH || status == ERR_POLICY_FORMAT);
		return 0;
	}
	HOLDS(fuzz_inside(bytes, n, policy.text, policy.size) && policy.blocks <= policy.size);
	const enum status source = evaluate(&policy, true, &reason);
	HOLDS(source == evaluate(&policy, true, &again));
	check_reasons(&reason, &again);
	if (source == STATUS_OK)
		ACCEPTED();
	/* Between MigTDs that are alike it does not matter who is the source. */
	const enum status destination = evaluate(&policy, false, &again);
	if (choice == 0)
		HOLDS(source == destination);
	return 0;
}
