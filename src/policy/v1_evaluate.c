/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The verdict under a v1 policy (policy spec 1.5, 1.6), in one pass over the blocks.  Upstream
 * judges the platform, then the TDX module, then the other blocks, and in a block by the order of
 * names; here the first fault of each is kept, and the first of those in upstream's order told.
 */
#include "json/json.h"
#include "policy/v1_property.h"
#include "policy/v1_schema.h"

/* --- names and values (1.5) ---------------------------------------------------------------- */

#define MASKED_SIZE 8

/* A property: where its value lies in the quote's result, or which event has it. */
struct name {
	const char *text;
	uint16_t at;
	uint8_t n;
	const uint8_t *mask;	/* of MASKED_SIZE bytes, or NULL */
};

/* DEBUG and the other lower bits, SEPT_VE_DISABLE, MIGRATABLE, TPA. */
static const uint8_t attributes_mask[MASKED_SIZE] = {0xff, 0xff, 0, 0x30, 0, 0, 0, 0x40};
/* x87, SSE and CET. */
static const uint8_t xfam_mask[MASKED_SIZE] = {0x03, 0x18, 0, 0, 0, 0, 0, 0};

/* Ascending: the order in which they are judged. */
static const struct name tcb_info[] = {
	{"fmspc", RESULT_FMSPC, 6, NULL},
	{"pcesvn", RESULT_PCESVN, 2, NULL},
	{"sgxtcbcomponents", RESULT_SGX_COMPONENTS, 16, NULL},
	{"tdxtcbcomponents", RESULT_TDX_COMPONENTS, 16, NULL},
};

static const struct name qe_identity[] = {
	{"ATTRIBUTES", RESULT_QE_ATTRIBUTES, 16, NULL},
	{"ISVPRODID", RESULT_QE_ISVPRODID, 2, NULL},
	{"ISVSVN", RESULT_QE_ISVSVN, 2, NULL},
	{"MISCSELECT", RESULT_QE_MISCSELECT, 4, NULL},
	{"MRSIGNER", RESULT_QE_MRSIGNER, 32, NULL},
};

static const struct name module_identity[] = {
	{"ATTRIBUTES", RESULT_SEAM_ATTRIBUTES, 8, NULL},
	{"MRSEAM", RESULT_MRSEAM, 48, NULL},
	{"MRSIGNERSEAM", RESULT_MRSIGNERSEAM, 48, NULL},
	{"TDXModuleMajorVersion", RESULT_MODULE_MAJOR, 1, NULL},
	{"TDXModuleSVN", RESULT_MODULE_SVN, 1, NULL},
};

static const struct name tdinfo[] = {
	{"ATTRIBUTES", RESULT_TD_ATTRIBUTES, MASKED_SIZE, attributes_mask},
	{"MRCONFIGID", RESULT_MRCONFIGID, 48, NULL},
	{"MROWNER", RESULT_MROWNER, 48, NULL},
	{"MROWNERCONFIG", RESULT_MROWNERCONFIG, 48, NULL},
	{"MRTD", RESULT_MRTD, 48, NULL},
	{"RTMR0", RESULT_RTMR0, 48, NULL},
	{"RTMR1", RESULT_RTMR0 + 48, 48, NULL},
	{"RTMR2", RESULT_RTMR0 + 96, 48, NULL},
	{"RTMR3", RESULT_RTMR0 + 144, 48, NULL},
	{"XFAM", RESULT_XFAM, MASKED_SIZE, xfam_mask},
};

/* `at` is the enum event_class; no log has an event of the last one. */
static const struct name event_log[] = {
	{"Digest.MigTdCore", EVENT_MIGTD_CORE, 0, NULL},
	{"Digest.MigTdCoreSvn", EVENT_MIGTD_CORE_SVN, 0, NULL},
	{"Digest.MigTdPolicy", EVENT_POLICY, 0, NULL},
	{"Digest.MigTdSgxRootKey", EVENT_SGX_ROOT_KEY, 0, NULL},
	{"Digest.SecureBootKey", EVENT_SECURE_BOOT_KEY, 0, NULL},
	{"Digest.TdShim", EVENT_CLASSES, 0, NULL},
};

static const struct list {
	const struct name *name;
	uint8_t names;
	enum status fails;	/* a property does not hold */
	enum status unknown;	/* a name that is none of these */
} lists[V1_LISTS] = {
#define NAMES(names) names, ARRAY_SIZE(names)
	[V1_TCB_INFO] = {NAMES(tcb_info), ERR_POLICY_TCB, ERR_POLICY_NAME},
	[V1_QE_IDENTITY] = {NAMES(qe_identity), ERR_POLICY_QE, ERR_POLICY_NAME},
	[V1_MODULE_IDENTITY] = {NAMES(module_identity), ERR_POLICY_MODULE, ERR_POLICY_NAME},
	[V1_TDINFO] = {NAMES(tdinfo), ERR_POLICY_MIGTD, ERR_POLICY_NAME},
	[V1_EVENT_LOG] = {NAMES(event_log), ERR_POLICY_MIGTD, ERR_POLICY_EVENT},
#undef NAMES
};

/* What is known about one of the two MigTDs. */
struct side {
	const struct quote_result *result;
	const struct event_digests *events;
	uint8_t masked[MASKED_SIZE];
};

static struct v1_value event_value(const struct event_digests *events, unsigned class)
{
	const uint8_t *digest = class < EVENT_CLASSES ?
		event_digest(events, (enum event_class)class) : NULL;

	if (digest != NULL && class == EVENT_MIGTD_CORE_SVN)
		return (struct v1_value){.at = events->svn, .n = events->svn_size};
	return (struct v1_value){.at = digest, .n = digest != NULL ? SHA384_SIZE : 0};
}

static struct v1_value value_of(struct side *side, uint8_t list, const struct name *name)
{
	if (list == V1_EVENT_LOG)
		return event_value(side->events, name->at);
	const uint8_t *at = side->result->bytes + name->at;
	if (name->mask != NULL) {
		for (size_t i = 0; i < MASKED_SIZE; i++)
			side->masked[i] = at[i] & name->mask[i];
		at = side->masked;
	}
	return (struct v1_value){.at = at, .n = name->n};
}

/* --- one list of properties ---------------------------------------------------------------- */

#define NO_ROW UINT8_MAX

/* The first fault of a list, in the order of names. */
struct fault {
	enum status status;
	uint8_t list;		/* enum v1_list */
	uint8_t index;		/* of the block */
	uint8_t row;		/* of the property, or the least that an unknown name precedes */
	bool unknown;		/* it is the name that is at fault */
	struct v1_span span;
};

struct evaluation {
	const struct policy_v1 *policy;
	bool is_source;
	struct side local;
	struct side peer;
	/* the list at hand */
	uint8_t list;
	uint8_t row;		/* of the property at hand */
	bool known;
	uint16_t failing;	/* bit: the last property of this name does not hold */
	uint8_t unknown_row;	/* least row that an unknown name precedes, or NO_ROW */
	struct v1_property property;
	/* when a fault is being explained */
	const struct fault *fault;
	struct policy_reason *reason;
};

_Static_assert(ARRAY_SIZE(tdinfo) <= 16, "bits of `failing`");

static int compare_name(const struct name *name, const struct json_event *e)
{
	const size_t n = strlen(name->text);
	const int order = memcmp(name->text, e->text, n < e->n ? n : e->n);

	if (order != 0)
		return order;
	return n == e->n ? 0 : n < e->n ? -1 : 1;
}

static void take_name(struct evaluation *v, const struct json_event *e)
{
	const struct list *list = &lists[v->list];
	int order = -1;

	v->row = 0;
	while (v->row < list->names && (order = compare_name(&list->name[v->row], e)) < 0)
		v->row++;
	v->known = order == 0;
	if (v->known)
		return;
	if (v->row < v->unknown_row)
		v->unknown_row = v->row;
	if (v->fault != NULL && v->fault->unknown && v->fault->row == v->row) {
		v->reason->actual = (struct reason_text){.cut = e->cut};
		reason_text_n(&v->reason->actual, e->text, e->n);
	}
}

static bool explains(const struct evaluation *v)
{
	return v->fault != NULL && !v->fault->unknown && v->fault->row == v->row;
}

static void begin_property(struct evaluation *v)
{
	const struct name *name = &lists[v->list].name[v->row];
	const struct v1_value local = value_of(&v->local, v->list, name);
	const struct v1_value peer = value_of(&v->peer, v->list, name);

	v->property.text = NULL;
	if (explains(v)) {
		v->reason->expected = (struct reason_text){.n = 0};
		v->property.text = &v->reason->expected;
	}
	v1_property_begin(&v->property, &local, &peer);
}

static void end_property(struct evaluation *v)
{
	const uint16_t bit = (uint16_t)(1u << v->row);

	/* Of several properties of one name the last one counts. */
	v->failing = (uint16_t)(v->failing & ~bit);
	if (!v1_property_holds(&v->property, v->is_source))
		v->failing = (uint16_t)(v->failing | bit);
	if (explains(v))
		v1_property_reason(&v->property, v->is_source, v->reason);
}

static enum status take_event(void *ctx, const struct json_event *e)
{
	struct evaluation *v = ctx;

	if (e->depth == 0)
		return STATUS_OK;
	if (e->depth == 1 && e->kind == JSON_NAME)
		take_name(v, e);
	else if (!v->known)
		return STATUS_OK;
	else if (e->depth > 1)
		v1_property_event(&v->property, e, 2);
	else if (e->kind == JSON_OBJECT_BEGIN)
		begin_property(v);
	else if (e->kind == JSON_OBJECT_END)
		end_property(v);
	return STATUS_OK;
}

static enum status read_list(struct evaluation *v, uint8_t list, const struct v1_span *span)
{
	v->list = list;
	v->failing = 0;
	v->unknown_row = NO_ROW;
	return json_parse(v->policy->text + span->begin, span->end - span->begin, take_event, v);
}

static struct fault judge(struct evaluation *v, const struct v1_block *block, uint8_t list,
	uint8_t index)
{
	struct fault fault = {.list = list, .index = index, .span = block->list[list]};

	fault.status = read_list(v, list, &fault.span);
	if (fault.status != STATUS_OK)
		return fault;
	for (fault.row = 0; fault.row < lists[list].names; fault.row++)
		if ((v->failing >> fault.row & 1) != 0)
			break;
	if (v->unknown_row <= fault.row) {
		fault.row = v->unknown_row;
		fault.unknown = true;
		fault.status = lists[list].unknown;
	} else if (v->failing != 0) {
		fault.status = lists[list].fails;
	}
	return fault;
}

/* Reads the list of the fault again, for the texts. */
static enum status explain(struct evaluation *v, const struct fault *fault,
	struct policy_reason *reason)
{
	reason->place.block = v1_list_name[fault->list];
	reason->place.index = fault->index;
	reason->place.property = "(unknown name)";
	if (fault->unknown)
		reason_text(&reason->expected, "only names that a policy of version 1 can judge");
	else
		reason->place.property = lists[fault->list].name[fault->row].text;
	v->fault = fault;
	v->reason = reason;
	TRY(read_list(v, fault->list, &fault->span));
	return fault->status;
}

/* --- all blocks ---------------------------------------------------------------------------- */

struct verdict {
	bool platform_found;
	bool module_passed;
	struct fault platform;
	struct fault module;
	struct fault other;
};

static bool is_of_platform(const struct evaluation *v, const struct v1_block *block)
{
	struct reason_text fmspc = {.n = 0};

	if (v->policy->self_only)
		return true;
	reason_hex(&fmspc, v->peer.result->bytes + RESULT_FMSPC, 6);
	return block->fmspc.n == fmspc.n && memcmp(block->fmspc.text, fmspc.text, fmspc.n) == 0;
}

/* One block that holds will do, but a name that is not known ends the search for it. */
static void take_module(struct evaluation *v, struct verdict *verdict,
	const struct v1_block *block, uint8_t index)
{
	const enum status so_far = verdict->module.status;

	if (verdict->module_passed || (so_far != STATUS_OK && so_far != ERR_POLICY_MODULE))
		return;
	const struct fault fault = judge(v, block, V1_MODULE_IDENTITY, index);
	verdict->module_passed = fault.status == STATUS_OK;
	if (so_far == STATUS_OK || fault.status != ERR_POLICY_MODULE)
		verdict->module = fault;
}

static void take_block(struct evaluation *v, struct verdict *verdict,
	const struct v1_block *block, uint8_t index)
{
	if (block->kind == V1_TCB_INFO) {
		if (verdict->platform_found || !is_of_platform(v, block))
			return;
		verdict->platform_found = true;
		verdict->platform = judge(v, block, V1_TCB_INFO, index);
	} else if (block->kind == V1_MODULE_IDENTITY) {
		take_module(v, verdict, block, index);
	} else if (verdict->other.status == STATUS_OK) {
		verdict->other = judge(v, block, block->kind, index);
		if (verdict->other.status == STATUS_OK && block->list[V1_EVENT_LOG].begin != 0)
			verdict->other = judge(v, block, V1_EVENT_LOG, index);
	}
}

static enum status check_fmspc(const struct evaluation *v, const struct verdict *verdict,
	struct policy_reason *reason)
{
	const uint8_t *local = v->local.result->bytes + RESULT_FMSPC;
	const uint8_t *peer = v->peer.result->bytes + RESULT_FMSPC;
	const bool alike = !v->policy->self_only || memcmp(local, peer, 6) == 0;

	if (verdict->platform_found && alike)
		return STATUS_OK;
	reason->place = (struct policy_place){.block = "fmspc", .property = "fmspc"};
	reason->operation = "equal";
	reason_hex(&reason->actual, peer, 6);
	if (!verdict->platform_found) {
		reason_text(&reason->expected, "the fmspc of a platform block");
		return ERR_POLICY_PLATFORM_UNKNOWN;
	}
	reason_text(&reason->expected, "self = ");
	reason_hex(&reason->expected, local, 6);
	return ERR_POLICY_PLATFORM;
}

static enum status first_fault(struct evaluation *v, const struct verdict *verdict,
	struct policy_reason *reason)
{
	const struct fault *order[] = {&verdict->platform, &verdict->module, &verdict->other};

	*reason = (struct policy_reason){.place = {.block = "", .property = ""}};
	TRY(check_fmspc(v, verdict, reason));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i]->status != STATUS_OK)
			return explain(v, order[i], reason);
	return STATUS_OK;
}

enum status policy_v1_evaluate(const struct policy_v1 *p, bool is_source,
	const struct quote_result *local, const struct event_digests *local_events,
	const struct quote_result *peer, const struct event_digests *peer_events,
	struct policy_reason *reason)
{
	struct evaluation v = {
		.policy = p,
		.is_source = is_source,
		.local = {.result = local, .events = local_events},
		.peer = {.result = peer, .events = peer_events},
	};
	struct verdict verdict = {0};
	struct v1_block block;
	size_t at = p->blocks;

	*reason = (struct policy_reason){.place = {.block = "", .property = ""}};
	for (uint8_t index = 0;;) {
		TRY(v1_next_block(p, &at, &block));
		if (block.kind == V1_NO_LIST)
			return first_fault(&v, &verdict, reason);
		take_block(&v, &verdict, &block, index);
		if (index < UINT8_MAX)
			index++;
	}
}
