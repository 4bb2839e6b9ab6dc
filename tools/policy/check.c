/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/check.h"

#include <stdlib.h>
#include <string.h>

#include "common/core.h"
#include "measure/event_log.h"
#include "measure/tdinfo.h"
/* By its whole path: policy/policy.h is the tools' own. */
#include "src/policy/policy.h"

#define INIT_TDINFO_SIZE 512
#define SERVTD_EXT_SIZE 272

/* What a Migration TD would keep for one session with this peer. */
struct judge {
	const struct check_input *in;
	struct check_verdict *v;
	struct attest_scratch scratch;
	struct heap heap;
	struct policy_store store;
	struct policy_own own;
	const struct policy_record *peer;
	struct quote_result result;
	struct event_log_reader log;
	struct policy_facts facts, local;	/* of the peer, of the own side */
};

static _Alignas(4096) uint8_t heap_region[16 * 1024];

static bool judge_begin(struct judge *j)
{
	core_begin();
	heap_init(&j->heap, heap_region, sizeof(heap_region));
	policy_store_init(&j->store, &j->heap);
	return heap_divide(&j->heap, 64, sizeof(struct policy_record), 1) == 1;
}

/* --- steps, in order ------------------------------------------------------------------------ */

static enum status own_policy(struct judge *j)
{
	const struct check_input *in = j->in;

	TRY(policy_own_open(&j->own, &j->scratch, in->policy.data, in->policy.size,
		in->issuer_chain.data, in->issuer_chain.size));
	if (in->collateral.size == 0)
		return STATUS_OK;
	return collateral_open(
		&j->own.collateral, &j->scratch, in->collateral.data, in->collateral.size);
}

static enum status own_side(struct judge *j)
{
	const struct blob *quote = &j->in->own_quote;
	struct quote_result result;

	if (quote->size == 0)
		return STATUS_OK;
	TRY(verify_quote(
		&j->own.collateral, &j->scratch, quote->data, quote->size, &result));
	return policy_facts_of(&j->own, &j->own.record, &result, &j->local);
}

static enum status peer_quote(struct judge *j)
{
	const struct blob *quote = &j->in->quote;
	struct quote_details details = {0};
	const enum status status = verify_quote_in_detail(&j->own.collateral, &j->scratch,
		quote->data, quote->size, &j->result, &details);

	j->v->quote_stage = details.stage;
	return status;
}

static enum status not_debug(struct judge *j)
{
	return (j->result.bytes[RESULT_TD_ATTRIBUTES] & TDINFO_ATTRIBUTE_DEBUG) == 0 ?
		       STATUS_OK :
		       ERR_DEBUG_TD;
}

static void add_part(struct blob *to, const struct blob *part)
{
	for (size_t i = 0; i < 4; i++)
		blob_add_byte(to, (uint8_t)(part->size >> 8 * i));
	blob_add(to, part->data, part->size);
}

/* Both texts as the peer sends them (policy spec 2.10). */
static enum status peer_policy(struct judge *j)
{
	const bool own = j->in->peer_policy.size == 0;
	struct peer_policy_reader reader;
	AUTO_BLOB sent = {0};

	add_part(&sent, own ? &j->in->policy : &j->in->peer_policy);
	add_part(&sent, own ? &j->in->issuer_chain : &j->in->peer_chain);
	if (sent.size > POLICY_BLOB_MAX)
		return ERR_POLICY_LIMIT;
	peer_policy_begin(&reader, &j->own, &j->store, (uint32_t)sent.size);
	enum status status = peer_policy_feed(&reader, sent.data, sent.size);
	if (status == STATUS_OK)
		status = peer_policy_end(&reader, &j->peer);
	if (status != STATUS_OK)
		peer_policy_abort(&reader);
	return status == STATUS_OK ? j->peer->format : status;
}

static enum status event_log(struct judge *j)
{
	event_log_reader_begin(&j->log, j->in->event_log.size);
	event_log_reader_feed(&j->log, j->in->event_log.data, j->in->event_log.size);
	TRY(event_log_reader_end(&j->log));
	if (memcmp(j->log.rtmr, j->result.bytes + RESULT_RTMR0, sizeof(j->log.rtmr)) != 0)
		return ERR_EVENT_LOG_RTMR;
	return STATUS_OK;
}

static enum status peer_signatures(struct judge *j)
{
	return j->peer->signature;
}

static enum status peer_chains(struct judge *j)
{
	return j->peer->chain;
}

static enum status measured_policy(struct judge *j)
{
	const uint8_t *policy = event_digest(&j->log.digests, EVENT_POLICY);
	const uint8_t *signer = event_digest(&j->log.digests, EVENT_POLICY_SIGNER);

	if (policy == NULL || memcmp(policy, j->peer->policy_digest, SHA384_SIZE) != 0 ||
		signer == NULL || memcmp(signer, j->peer->chain_digest, SHA384_SIZE) != 0)
		return ERR_EVENT_LOG_POLICY;
	return STATUS_OK;
}

/*
 * A rule that compares with the own side fails when that side is unknown.  Whether this one did is
 * seen by giving it something to compare with.
 */
static void note_undecided(struct judge *j, enum status status)
{
	struct policy_reason reason;

	if (status != ERR_POLICY_REFERENCE || j->in->own_quote.size != 0)
		return;
	j->v->undecided = policy_evaluate(&j->own, j->in->is_source, j->peer, &j->facts, &j->facts,
				  &reason) != status ||
			  memcmp(&reason.place, &j->v->reason.place, sizeof(reason.place)) != 0;
}

static void tell_date(const struct policy_date *date, char to[24])
{
	memcpy(to, date->text, date->n);
	to[date->n] = '\0';
}

static void tell_facts(const struct policy_facts *f, struct check_facts *to)
{
	memcpy(to->fmspc, f->fmspc, sizeof(to->fmspc));
	tell_date(&f->tcb_date, to->tcb_date);
	to->tcb_status = tcb_status_name((enum tcb_status)f->tcb_status);
	to->tcb_evaluation_number = f->tcb_evaluation_number;
	to->pck_crl_number = f->pck_crl_number;
	to->root_crl_number = f->root_crl_number;
	to->migtd_known = f->migtd_known;
	to->isvsvn = f->isvsvn;
	tell_date(&f->migtd_date, to->migtd_date);
	to->migtd_status = tcb_status_name((enum tcb_status)f->migtd_status);
}

static enum status rules(struct judge *j)
{
	struct check_verdict *v = j->v;

	TRY(policy_facts_of(&j->own, j->peer, &j->result, &j->facts));
	v->has_facts = true;
	tell_facts(&j->facts, &v->facts);
	const enum status status = policy_evaluate(
		&j->own, j->in->is_source, j->peer, &j->facts, &j->local, &v->reason);
	note_undecided(j, status);
	if (status == STATUS_OK)
		v->reason = (struct policy_reason){0};
	return status;
}

static enum status initial(struct judge *j)
{
	const struct blob *tdinfo = &j->in->init_tdinfo, *ext = &j->in->servtd_ext;

	if (j->in->is_source || tdinfo->size == 0)
		return STATUS_OK;
	if (tdinfo->size != INIT_TDINFO_SIZE || ext->size != SERVTD_EXT_SIZE)
		return ERR_INIT_TDINFO;
	return policy_check_initial(&j->own, &j->result, tdinfo->data, ext->data);
}

static enum status (*const steps[CHECK_STEPS])(struct judge *j) = {
	[CHECK_OWN_POLICY] = own_policy,
	[CHECK_OWN_SIDE] = own_side,
	[CHECK_QUOTE] = peer_quote,
	[CHECK_NOT_DEBUG] = not_debug,
	[CHECK_PEER_POLICY] = peer_policy,
	[CHECK_EVENT_LOG] = event_log,
	[CHECK_PEER_SIGNATURES] = peer_signatures,
	[CHECK_PEER_CHAINS] = peer_chains,
	[CHECK_MEASURED_POLICY] = measured_policy,
	[CHECK_RULES] = rules,
	[CHECK_INITIAL] = initial,
};

void policy_check_v2(const struct check_input *in, struct check_verdict *v)
{
	struct judge *j = tool_alloc(sizeof(*j));

	*v = (struct check_verdict){.status = ERR_INTERNAL, .step = CHECK_OWN_POLICY};
	*j = (struct judge){.in = in, .v = v};
	if (judge_begin(j))
		v->status = STATUS_OK;
	for (v->step = 0; v->status == STATUS_OK && v->step < CHECK_STEPS; v->step++) {
		v->status = steps[v->step](j);
		v->done[v->step] = v->status == STATUS_OK;
		if (v->status != STATUS_OK)
			break;
	}
	if (j->peer != NULL)
		policy_record_drop(&j->store, j->peer);
	free(j);
}
