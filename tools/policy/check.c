/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "policy/check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/core.h"
#include "core/peer_checks.h"
#include "policy/reader.h"
#include "policy/v1_schema.h"
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
	struct policy_own own;			/* v1: its collateral alone */
	struct policy_v1 own_v1;
	const struct policy_record *peer;
	struct quote_result result, own_result;	/* of the peer, of the own side */
	struct event_log_reader log, own_log;
	struct policy_facts facts, own_facts;
};

static _Alignas(4096) uint8_t heap_region[16 * 1024];

static bool judge_begin(struct judge *j)
{
	core_begin();
	heap_init(&j->heap, heap_region, sizeof(heap_region));
	policy_store_init(&j->store, &j->heap);
	return heap_divide(&j->heap, 64, sizeof(struct policy_record), 0, 1) == 1;
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

	TRY(verify_quote(
		&j->own.collateral, &j->scratch, quote->data, quote->size, &j->own_result));
	return policy_facts_of(&j->own, &j->own.record, &j->own_result, &j->own_facts);
}

static enum status quote(struct judge *j)
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
	return peer_check_not_debug(&j->result);
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

static enum status replay(
	struct event_log_reader *log, const struct blob *sent, const struct quote_result *result)
{
	event_log_reader_begin(log, sent->size);
	event_log_reader_feed(log, sent->data, sent->size);
	return peer_check_event_log(log, result);
}

static enum status event_log(struct judge *j)
{
	return replay(&j->log, &j->in->event_log, &j->result);
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
	return peer_check_measured_policy(&j->log.digests, j->peer);
}

/* Two verdicts are the same when they are for the same reason. */
static bool same_verdict(enum status a, const struct policy_reason *why_a, enum status b,
	const struct policy_reason *why_b)
{
	const struct policy_place *p = &why_a->place, *q = &why_b->place;

	if (a != b || a == STATUS_OK)
		return a == b;
	if (p->property == NULL || q->property == NULL)
		return p->property == q->property;
	return p->index == q->index && strcmp(p->block, q->block) == 0 &&
	       strcmp(p->property, q->property) == 0;
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
	const enum status other = policy_evaluate(
		&j->own, j->in->is_source, j->peer, &j->facts, &j->facts, &reason);
	j->v->undecided = !same_verdict(status, &j->v->reason, other, &reason);
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

static enum status rules_v2(struct judge *j)
{
	struct check_verdict *v = j->v;

	TRY(policy_facts_of(&j->own, j->peer, &j->result, &j->facts));
	v->has_facts = true;
	tell_facts(&j->facts, &v->facts);
	const enum status status = policy_evaluate(
		&j->own, j->in->is_source, j->peer, &j->facts, &j->own_facts, &v->reason);
	note_undecided(j, status);
	return status;
}

static enum status initial(struct judge *j)
{
	const struct blob *tdinfo = &j->in->init_tdinfo, *ext = &j->in->servtd_ext;

	if (tdinfo->size != INIT_TDINFO_SIZE || ext->size != SERVTD_EXT_SIZE)
		return ERR_INIT_TDINFO;
	return policy_check_initial(&j->own, &j->result, tdinfo->data, ext->data, &j->v->reason);
}

/* --- version 1 ------------------------------------------------------------------------------ */

static enum status own_policy_v1(struct judge *j)
{
	const struct check_input *in = j->in;

	TRY(policy_v1_open(&j->own_v1, in->policy.data, in->policy.size));
	return collateral_open(
		&j->own.collateral, &j->scratch, in->collateral.data, in->collateral.size);
}

static enum status own_side_v1(struct judge *j)
{
	const struct blob *quote = &j->in->own_quote;

	TRY(verify_quote(
		&j->own.collateral, &j->scratch, quote->data, quote->size, &j->own_result));
	/* No peer ever replays it, but a log of another TD would answer for this one. */
	return replay(&j->own_log, &j->in->own_event_log, &j->own_result);
}

static enum status judge_v1(struct judge *j, const struct quote_result *local,
	const struct event_digests *events, struct policy_reason *reason)
{
	*reason = (struct policy_reason){0};
	return policy_v1_evaluate(&j->own_v1, j->in->is_source, local, events, &j->result,
		&j->log.digests, reason);
}

/*
 * The own side is unknown.  Comparisons with it are for equality or order, so a verdict that is
 * the same for the least, the greatest and an equal one, with events and without, is the verdict.
 */
static enum status rules_without_own_side(struct judge *j)
{
	struct event_digests none = {0}, least = {.present = 0xff, .svn_size = EVENT_SVN_MAX}, most;
	struct quote_result zeros = {0}, ones;
	struct policy_reason reason;

	memset(&ones, 0xff, sizeof(ones));
	memset(&most, 0xff, sizeof(most));
	most.svn_size = EVENT_SVN_MAX;
	const struct {
		const struct quote_result *local;
		const struct event_digests *events;
	} sides[] = {{&zeros, &least}, {&ones, &most}, {&j->result, &none}};
	const enum status status =
		judge_v1(j, &j->result, &j->log.digests, &j->v->reason);
	for (size_t i = 0; i < COUNT_OF(sides) && !j->v->undecided; i++) {
		const enum status other = judge_v1(j, sides[i].local, sides[i].events, &reason);
		if (same_verdict(status, &j->v->reason, other, &reason))
			continue;
		j->v->undecided = true;
		/* The rule that depends on this side is the one that some side fails. */
		if (status == STATUS_OK)
			j->v->reason = reason;
	}
	return j->v->undecided && status == STATUS_OK ? ERR_POLICY_REFERENCE : status;
}

/* As far as they can be told without the policies' mapping. */
static void tell_platform(struct judge *j)
{
	const uint8_t *r = j->result.bytes;
	struct check_facts *to = &j->v->facts;
	uint64_t seconds = 0;

	for (size_t i = 8; i > 0; i--)
		seconds = seconds << 8 | r[RESULT_TCB_DATE + i - 1];
	const time_t when = (time_t)seconds;
	struct tm tm;
	if (gmtime_r(&when, &tm) != NULL)
		strftime(to->tcb_date, sizeof(to->tcb_date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	memcpy(to->fmspc, r + RESULT_FMSPC, sizeof(to->fmspc));
	const uint8_t *text = r + RESULT_TCB_STATUS, *end = memchr(text, 0, 32);
	to->tcb_status = tcb_status_name(
		tcb_status_of(text, end != NULL ? (size_t)(end - text) : 32));
	(void)!collateral_evaluation_number(
		&j->own.collateral, to->fmspc, &to->tcb_evaluation_number);
	to->pck_crl_number = collateral_pck_crl_number(&j->own.collateral);
	to->root_crl_number = collateral_root_crl_number(&j->own.collateral);
	j->v->has_facts = true;
}

static enum status rules_v1(struct judge *j)
{
	tell_platform(j);
	if (j->in->own_quote.size == 0)
		return rules_without_own_side(j);
	return judge_v1(j, &j->own_result, &j->own_log.digests, &j->v->reason);
}

/* --- both ----------------------------------------------------------------------------------- */

static enum status rules(struct judge *j)
{
	return j->in->v1 ? rules_v1(j) : rules_v2(j);
}

/* That the peer attests the policy it sent, and that the quote is for this session: not offline. */
bool check_is_offline(enum check_step step)
{
	return step != CHECK_POLICY_HASH && step != CHECK_BINDING;
}

static enum status policy_hash(struct judge *j)
{
	(void)j;
	return STATUS_OK;
}

static enum status binding(struct judge *j)
{
	(void)j;
	return STATUS_OK;
}

struct step {
	enum check_step step;
	enum status (*run)(struct judge *j);
};

static const struct step steps_v1[] = {
	{CHECK_OWN_POLICY, own_policy_v1},
	{CHECK_OWN_SIDE, own_side_v1},
#define VERDICT_STEP(NAME, name) {CHECK_##NAME, name},
#include "core/verdict_v1.def"
	{CHECK_STEPS, NULL},
};

static const struct step steps_v2[] = {
	{CHECK_OWN_POLICY, own_policy},
	{CHECK_OWN_SIDE, own_side},
#include "core/verdict_v2.def"
#undef VERDICT_STEP
	{CHECK_STEPS, NULL},
};

/* What was not given is not checked, and not told as if it were. */
static bool is_given(const struct check_input *in, enum check_step step)
{
	if (step == CHECK_OWN_SIDE)
		return in->own_quote.size > 0;
	if (step == CHECK_INITIAL)
		return !in->is_source && in->init_tdinfo.size > 0;
	return check_is_offline(step);
}

void policy_check(const struct check_input *in, struct check_verdict *v)
{
	const struct step *at = in->v1 ? steps_v1 : steps_v2;
	struct judge *j = tool_alloc(sizeof(*j));

	*v = (struct check_verdict){.status = ERR_INTERNAL, .step = CHECK_OWN_POLICY};
	*j = (struct judge){.in = in, .v = v};
	if (judge_begin(j))
		v->status = STATUS_OK;
	for (; v->status == STATUS_OK && at->run != NULL; at++) {
		if (!is_given(in, at->step))
			continue;
		v->step = at->step;
		v->status = at->run(j);
		v->done[at->step] = v->status == STATUS_OK;
	}
	if (v->status == STATUS_OK) {
		v->step = CHECK_STEPS;
		v->reason = (struct policy_reason){0};
	}
	if (j->peer != NULL)
		policy_record_drop(&j->store, j->peer);
	free(j);
}

enum status policy_v1_form(const struct blob *file, size_t *block)
{
	struct policy_v1 policy;
	struct v1_block next;
	const enum status status = policy_v1_open(&policy, file->data, file->size);

	*block = V1_FORM_ROOT;
	if (policy.blocks == 0)
		return status;
	*block = 0;
	for (size_t at = policy.blocks;
		v1_next_block(&policy, &at, &next) == STATUS_OK && next.kind != V1_NO_LIST;)
		++*block;
	return status;
}

/* Read byte by byte, to see where the reader gives it up. */
static size_t part_in_order(const struct blob *policy, const struct blob *chain)
{
	struct policy_reader *r = tool_alloc(sizeof(*r));
	struct policy_record record = {0};
	struct policy_index index = {0};
	AUTO_BLOB sent = {0};
	size_t at = 0;

	add_part(&sent, policy);
	add_part(&sent, chain);
	policy_reader_begin(r, &record, &index, NULL, (uint32_t)sent.size);
	while (at < sent.size && record.format == STATUS_OK &&
		policy_reader_feed(r, sent.data + at, 1) == STATUS_OK)
		at++;
	free(r);
	at -= at < 5 ? at : 5;	/* the length, and the byte that broke it */
	return at < policy->size ? at : policy->size;
}

enum status policy_v2_form(
	const struct blob *policy, const struct blob *chain, struct policy_v2_form *form)
{
	struct attest_scratch *scratch = tool_alloc(sizeof(*scratch));
	struct policy_own *own = tool_alloc(sizeof(*own));

	core_begin();
	const enum status status = policy_own_open(
		own, scratch, policy->data, policy->size, chain->data, chain->size);
	*form = (struct policy_v2_form){
		.policy_svn = own->record.policy_svn, .in_order = policy->size};
	if (own->record.format != STATUS_OK)
		form->in_order = part_in_order(policy, chain);
	free(own);
	free(scratch);
	return status;
}
