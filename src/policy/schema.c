/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/schema.h"

enum type { STRING, U16, U32, OBJECT, OBJECTS, REFERENCE };

#define MANDATORY 1u
#define NULLABLE 2u

struct row {
	const char *name;
	uint8_t type;
	uint8_t node;		/* of OBJECT and OBJECTS */
	uint8_t flags;
	uint8_t member;
};

/* Rows: name, type, node, flags, member. */
static const struct row envelope[] = {
	{"policyData", OBJECT, NODE_DATA, MANDATORY, MEMBER_POLICY_DATA},
	{"signature", STRING, 0, MANDATORY, MEMBER_DATA_SIGNATURE},
};

static const struct row data[] = {
	{"id", STRING, 0, MANDATORY, MEMBER_ID},
	{"version", STRING, 0, MANDATORY, MEMBER_VERSION},
	{"policySvn", U32, 0, MANDATORY, MEMBER_POLICY_SVN},
	{"policy", OBJECTS, NODE_BLOCK, NULLABLE, MEMBER_POLICY},
	{"forwardPolicy", OBJECTS, NODE_BLOCK, NULLABLE, MEMBER_FORWARD_POLICY},
	{"backwardPolicy", OBJECTS, NODE_BLOCK, NULLABLE, MEMBER_BACKWARD_POLICY},
	{"collaterals", OBJECT, NODE_COLLATERALS, MANDATORY, MEMBER_COLLATERALS},
	{"servtdCollateral", OBJECT, NODE_SERVTD_COLLATERAL, MANDATORY, MEMBER_OTHER},
};

static const struct row block[] = {
	{"global", OBJECT, NODE_GLOBAL, 0, MEMBER_OTHER},
	{"servtd", OBJECT, NODE_SERVTD, 0, MEMBER_OTHER},
};

static const struct row global[] = {
	{"tcb", OBJECT, NODE_TCB, NULLABLE, MEMBER_OTHER},
	{"platform", OBJECT, NODE_PLATFORM, NULLABLE, MEMBER_OTHER},
	{"crl", OBJECT, NODE_CRL, NULLABLE, MEMBER_OTHER},
};

static const struct row tcb[] = {
	{"tcbDate", OBJECT, NODE_PROPERTY, NULLABLE, MEMBER_TCB_DATE},
	{"tcbStatusAccepted", OBJECT, NODE_PROPERTY, NULLABLE, MEMBER_TCB_STATUS},
	{"tcbEvaluationDataNumber", OBJECT, NODE_PROPERTY, NULLABLE, MEMBER_TCB_EVALUATION_NUMBER},
};

static const struct row platform[] = {
	{"fmspc", OBJECT, NODE_PROPERTY, NULLABLE, MEMBER_FMSPC},
};

static const struct row crl[] = {
	{"pckCrlNum", OBJECT, NODE_PROPERTY, NULLABLE, MEMBER_PCK_CRL_NUMBER},
	{"rootCaCrlNum", OBJECT, NODE_PROPERTY, NULLABLE, MEMBER_ROOT_CRL_NUMBER},
};

static const struct row servtd[] = {
	{"migtdIdentity", OBJECT, NODE_MIGTD, MANDATORY, MEMBER_OTHER},
};

static const struct row migtd[] = {
	{"isvsvn", OBJECT, NODE_PROPERTY, NULLABLE, MEMBER_MIGTD_SVN},
	{"tcbDate", OBJECT, NODE_PROPERTY, NULLABLE, MEMBER_MIGTD_DATE},
	{"tcbStatusAccepted", OBJECT, NODE_PROPERTY, NULLABLE, MEMBER_MIGTD_STATUS},
};

static const struct row property[] = {
	{"operation", STRING, 0, MANDATORY, MEMBER_OPERATION},
	{"reference", REFERENCE, 0, MANDATORY, MEMBER_REFERENCE},
};

static const struct row collaterals[] = {
	{"majorVersion", U16, 0, MANDATORY, MEMBER_OTHER},
	{"minorVersion", U16, 0, MANDATORY, MEMBER_OTHER},
	{"teeType", U32, 0, MANDATORY, MEMBER_OTHER},
	{"rootCa", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"pckCrlIssuerChain", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"rootCaCrl", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"pckCrl", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"qeIdentityIssuerChain", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"qeIdentity", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"platforms", OBJECTS, NODE_COLLATERALS_PLATFORM, MANDATORY, MEMBER_OTHER},
};

static const struct row collaterals_platform[] = {
	{"fmspc", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"tcbInfoIssuerChain", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"tcbInfo", STRING, 0, MANDATORY, MEMBER_OTHER},
};

static const struct row servtd_collateral[] = {
	{"majorVersion", U32, 0, MANDATORY, MEMBER_OTHER},
	{"minorVersion", U32, 0, MANDATORY, MEMBER_OTHER},
	{"servtdIdentityIssuerChain", STRING, 0, MANDATORY, MEMBER_IDENTITY_CHAIN},
	{"servtdIdentity", OBJECT, NODE_SIGNED_IDENTITY, MANDATORY, MEMBER_OTHER},
	{"servtdTcbMappingIssuerChain", STRING, 0, MANDATORY, MEMBER_MAPPING_CHAIN},
	{"servtdTcbMapping", OBJECT, NODE_SIGNED_MAPPING, MANDATORY, MEMBER_OTHER},
};

static const struct row signed_identity[] = {
	{"tdIdentity", OBJECT, NODE_IDENTITY, MANDATORY, MEMBER_IDENTITY},
	{"signature", STRING, 0, MANDATORY, MEMBER_IDENTITY_SIGNATURE},
};

static const struct row signed_mapping[] = {
	{"tdTcbMapping", OBJECT, NODE_MAPPING, MANDATORY, MEMBER_MAPPING},
	{"signature", STRING, 0, MANDATORY, MEMBER_MAPPING_SIGNATURE},
};

static const struct row identity[] = {
	{"id", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"version", U32, 0, MANDATORY, MEMBER_OTHER},
	{"issueDate", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"nextUpdate", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"tcbEvaluationNumber", U32, 0, MANDATORY, MEMBER_OTHER},
	{"xfam", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"attributes", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"mrConfigId", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"mrOwner", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"mrOwnerConfig", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"mrsigner", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"isvProdId", U16, 0, MANDATORY, MEMBER_OTHER},
	{"tcbLevels", OBJECTS, NODE_LEVEL, MANDATORY, MEMBER_LEVELS},
};

static const struct row level[] = {
	{"tcb", OBJECT, NODE_LEVEL_TCB, MANDATORY, MEMBER_OTHER},
	{"tcbDate", STRING, 0, MANDATORY, MEMBER_LEVEL_DATE},
	{"tcbStatus", STRING, 0, MANDATORY, MEMBER_LEVEL_STATUS},
};

static const struct row level_tcb[] = {
	{"isvsvn", U16, 0, MANDATORY, MEMBER_LEVEL_SVN},
};

static const struct row mapping[] = {
	{"id", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"version", U32, 0, MANDATORY, MEMBER_OTHER},
	{"issueDate", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"nextUpdate", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"mrSigner", STRING, 0, MANDATORY, MEMBER_OTHER},
	{"isvProdId", U16, 0, MANDATORY, MEMBER_OTHER},
	{"svnMappings", OBJECTS, NODE_SVN_MAPPING, MANDATORY, MEMBER_SVN_MAPPINGS},
};

static const struct row svn_mapping[] = {
	{"tdMeasurements", OBJECT, NODE_MEASUREMENTS, MANDATORY, MEMBER_OTHER},
	{"isvsvn", U16, 0, MANDATORY, MEMBER_MAPPING_SVN},
};

static const struct row measurements[] = {
	{"mrtd", STRING, 0, MANDATORY, MEMBER_MRTD},
	{"rtmr0", STRING, 0, MANDATORY, MEMBER_RTMR0},
	{"rtmr1", STRING, 0, MANDATORY, MEMBER_RTMR1},
	{"rtmr2", STRING, 0, NULLABLE, MEMBER_RTMR2},
	{"rtmr3", STRING, 0, NULLABLE, MEMBER_RTMR3},
};

static const struct table {
	const struct row *row;
	uint8_t rows;
} tables[NODE_COUNT] = {
#define TABLE(rows) {rows, ARRAY_SIZE(rows)}
	[NODE_ENVELOPE] = TABLE(envelope),
	[NODE_DATA] = TABLE(data),
	[NODE_BLOCK] = TABLE(block),
	[NODE_GLOBAL] = TABLE(global),
	[NODE_TCB] = TABLE(tcb),
	[NODE_PLATFORM] = TABLE(platform),
	[NODE_CRL] = TABLE(crl),
	[NODE_SERVTD] = TABLE(servtd),
	[NODE_MIGTD] = TABLE(migtd),
	[NODE_PROPERTY] = TABLE(property),
	[NODE_COLLATERALS] = TABLE(collaterals),
	[NODE_COLLATERALS_PLATFORM] = TABLE(collaterals_platform),
	[NODE_SERVTD_COLLATERAL] = TABLE(servtd_collateral),
	[NODE_SIGNED_IDENTITY] = TABLE(signed_identity),
	[NODE_SIGNED_MAPPING] = TABLE(signed_mapping),
	[NODE_IDENTITY] = TABLE(identity),
	[NODE_LEVEL] = TABLE(level),
	[NODE_LEVEL_TCB] = TABLE(level_tcb),
	[NODE_MAPPING] = TABLE(mapping),
	[NODE_SVN_MAPPING] = TABLE(svn_mapping),
	[NODE_MEASUREMENTS] = TABLE(measurements),
#undef TABLE
};

/* Frames of arrays stand in `seen`; no table has that many rows. */
#define ARRAY_OF_OBJECTS 0x8000u
#define REFERENCE_LIST 0x4000u
#define REFERENCE_INTEGERS 1u
#define REFERENCE_STRINGS 2u

#define NO_ROW UINT8_MAX

void policy_schema_begin(struct policy_schema *s, enum policy_node root, bool root_is_array)
{
	memset(s, 0, sizeof(*s));
	s->root = (uint8_t)root;
	s->root_is_array = root_is_array;
	s->row = NO_ROW;
}

static enum status push(struct policy_schema *s, uint8_t node, uint8_t member, uint16_t seen)
{
	if (s->depth == SCHEMA_DEPTH)
		return ERR_INTERNAL;	/* the tables nest deeper than SCHEMA_DEPTH */
	s->frame[s->depth++] = (struct policy_frame){.node = node, .member = member, .seen = seen};
	s->row = NO_ROW;
	return STATUS_OK;
}

static struct policy_frame *top(struct policy_schema *s)
{
	return &s->frame[s->depth - 1];
}

static bool name_is(const struct json_event *e, const char *name)
{
	return !e->cut && strlen(name) == e->n && memcmp(e->text, name, e->n) == 0;
}

static enum status take_name(struct policy_schema *s, const struct json_event *e)
{
	struct policy_frame *f = top(s);
	const struct table *t = &tables[f->node];

	for (uint8_t i = 0; i < t->rows; i++) {
		if (!name_is(e, t->row[i].name))
			continue;
		if ((f->seen >> i & 1) != 0)
			return ERR_POLICY_FORMAT;
		f->seen = (uint16_t)(f->seen | 1u << i);
		s->row = i;
		return STATUS_OK;
	}
	/* A block has one member and no other. */
	if (f->node == NODE_BLOCK)
		return ERR_POLICY_FORMAT;
	s->row = NO_ROW;
	s->skip = (uint8_t)(e->depth + 1);
	return STATUS_OK;
}

static enum status end_object(struct policy_schema *s)
{
	const struct policy_frame *f = top(s);
	const struct table *t = &tables[f->node];

	for (uint8_t i = 0; i < t->rows; i++)
		if ((t->row[i].flags & MANDATORY) != 0 && (f->seen >> i & 1) == 0)
			return ERR_POLICY_FORMAT;
	if (f->node == NODE_BLOCK && f->seen != 1 && f->seen != 2)
		return ERR_POLICY_FORMAT;
	s->depth--;
	return STATUS_OK;
}

static bool integer_within(const struct json_event *e, uint64_t most)
{
	return e->kind == JSON_NUMBER && !e->cut && !e->negative && e->value <= most;
}

static enum status reference_element(struct policy_frame *f, const struct json_event *e)
{
	uint16_t kind = REFERENCE_STRINGS;

	if (e->kind != JSON_STRING) {
		if (!integer_within(e, UINT32_MAX))
			return ERR_POLICY_FORMAT;
		kind = REFERENCE_INTEGERS;
	}
	f->seen |= kind;
	return f->seen == (REFERENCE_LIST | kind) ? STATUS_OK : ERR_POLICY_FORMAT;
}

/* The value of the member named last. */
static enum status member_value(struct policy_schema *s, const struct json_event *e, const struct row *row)
{
	if (e->kind == JSON_NULL && (row->flags & NULLABLE) != 0)
		return STATUS_OK;
	switch ((enum type)row->type) {
	case STRING:
		return e->kind == JSON_STRING ? STATUS_OK : ERR_POLICY_FORMAT;
	case U16:
		return integer_within(e, UINT16_MAX) ? STATUS_OK : ERR_POLICY_FORMAT;
	case U32:
		return integer_within(e, UINT32_MAX) ? STATUS_OK : ERR_POLICY_FORMAT;
	case OBJECT:
		if (e->kind != JSON_OBJECT_BEGIN)
			return ERR_POLICY_FORMAT;
		return push(s, row->node, row->member, 0);
	case OBJECTS:
		if (e->kind != JSON_ARRAY_BEGIN)
			return ERR_POLICY_FORMAT;
		return push(s, row->node, row->member, ARRAY_OF_OBJECTS);
	case REFERENCE:
		if (e->kind == JSON_ARRAY_BEGIN)
			return push(s, 0, row->member, REFERENCE_LIST);
		if (e->kind == JSON_STRING || integer_within(e, UINT32_MAX))
			return STATUS_OK;
		return ERR_POLICY_FORMAT;
	}
	return ERR_INTERNAL;
}

/* An event directly inside of the innermost known container. */
static enum status inner_event(struct policy_schema *s, const struct json_event *e,
	enum policy_member *member)
{
	struct policy_frame *f = top(s);

	*member = (enum policy_member)f->member;
	if (e->kind == JSON_ARRAY_END) {
		s->depth--;
		return STATUS_OK;
	}
	if ((f->seen & ARRAY_OF_OBJECTS) != 0) {
		if (e->kind != JSON_OBJECT_BEGIN)
			return ERR_POLICY_FORMAT;
		return push(s, f->node, f->member, 0);
	}
	if ((f->seen & REFERENCE_LIST) != 0)
		return reference_element(f, e);
	if (e->kind == JSON_OBJECT_END)
		return end_object(s);
	if (e->kind == JSON_NAME) {
		*member = MEMBER_OTHER;
		return take_name(s, e);
	}
	if (s->row >= tables[f->node].rows)
		return ERR_INTERNAL;	/* a value without a name: the JSON reader lets none pass */
	const struct row *row = &tables[f->node].row[s->row];
	*member = (enum policy_member)row->member;
	return member_value(s, e, row);
}

/* Passes over the value of an unknown member; false once it has ended. */
static bool skipping(struct policy_schema *s, const struct json_event *e)
{
	if (s->skip == 0)
		return false;
	/* The value's own events have the depth of its name; what it contains lies deeper. */
	if (e->depth + 1u == s->skip && e->kind != JSON_OBJECT_BEGIN && e->kind != JSON_ARRAY_BEGIN &&
	    (e->kind != JSON_STRING || e->last))
		s->skip = 0;
	return true;
}

enum status policy_schema_event(struct policy_schema *s, const struct json_event *e, enum policy_member *member)
{
	*member = MEMBER_OTHER;
	if (skipping(s, e))
		return STATUS_OK;
	if (s->depth > 0)
		return inner_event(s, e, member);
	if (e->kind != (s->root_is_array ? JSON_ARRAY_BEGIN : JSON_OBJECT_BEGIN))
		return ERR_POLICY_FORMAT;
	return push(s, s->root, MEMBER_OTHER, s->root_is_array ? ARRAY_OF_OBJECTS : 0);
}
