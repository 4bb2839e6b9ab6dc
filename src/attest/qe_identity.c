/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/qe_identity.h"

#include "attest/date.h"
#include "attest/quote.h"

enum {
	ID = SIGNED_FIRST_ID,
	VERSION,
	DATE,
	EVALUATION_NUMBER,
	MISCSELECT,
	MISCSELECT_MASK,
	ATTRIBUTES,
	ATTRIBUTES_MASK,
	MR_SIGNER,
	ISV_PROD_ID,
	LEVELS,
	LEVEL,
	LEVEL_TCB,
	LEVEL_SVN,
	LEVEL_DATE,
	LEVEL_STATUS,
};

#define OBJECT(object_members, object_id) \
	{.members = object_members, .count = ARRAY_SIZE(object_members), .id = object_id}

static const struct schema_member tcb_members[] = {
	{"isvsvn", LEVEL_SVN, SCHEMA_INTEGER, false, NULL},
};
static const struct schema_object tcb = OBJECT(tcb_members, LEVEL_TCB);

static const struct schema_member level_members[] = {
	{"tcb", LEVEL_TCB, SCHEMA_OBJECT, false, &tcb},
	{"tcbDate", LEVEL_DATE, SCHEMA_STRING, false, NULL},
	{"tcbStatus", LEVEL_STATUS, SCHEMA_STRING, false, NULL},
};
static const struct schema_object level = OBJECT(level_members, LEVEL);

static const struct schema_member body_members[] = {
	{"id", ID, SCHEMA_STRING, false, NULL},
	{"version", VERSION, SCHEMA_INTEGER, false, NULL},
	{"issueDate", DATE, SCHEMA_STRING, false, NULL},
	{"nextUpdate", DATE, SCHEMA_STRING, false, NULL},
	{"tcbEvaluationDataNumber", EVALUATION_NUMBER, SCHEMA_INTEGER, false, NULL},
	{"miscselect", MISCSELECT, SCHEMA_STRING, false, NULL},
	{"miscselectMask", MISCSELECT_MASK, SCHEMA_STRING, false, NULL},
	{"attributes", ATTRIBUTES, SCHEMA_STRING, false, NULL},
	{"attributesMask", ATTRIBUTES_MASK, SCHEMA_STRING, false, NULL},
	{"mrsigner", MR_SIGNER, SCHEMA_STRING, false, NULL},
	{"isvprodid", ISV_PROD_ID, SCHEMA_INTEGER, false, NULL},
	{"tcbLevels", LEVELS, SCHEMA_ARRAY, false, &level},
};
static const struct schema_object body = OBJECT(body_members, SIGNED_BODY);

static const struct schema_member document_members[] = SIGNED_MEMBERS("enclaveIdentity", &body);
static const struct schema_object document = OBJECT(document_members, SIGNED_DOCUMENT);

/* The first level in the order of the file counts. */
static void level_end(struct qe_identity *qe)
{
	if (qe->level_found || qe->now_isvsvn > qe->isvsvn)
		return;
	qe->level_found = true;
	qe->level_isvsvn = qe->now_isvsvn;
	qe->level_status = qe->now_status;
	qe->level_date = qe->now_date;
}

static bool number_is_valid(struct qe_identity *qe, uint8_t id, uint64_t number)
{
	switch (id) {
	case VERSION:
		return number == 2;
	case EVALUATION_NUMBER:
		return number <= UINT32_MAX;
	case ISV_PROD_ID:
		qe->isv_prod_id = (uint16_t)number;
		return number <= UINT16_MAX;
	case LEVEL_SVN:
		qe->now_isvsvn = (uint16_t)number;
		return number <= UINT16_MAX;
	default:
		return false;
	}
}

static bool status_is_valid(struct qe_identity *qe, const struct schema_event *event)
{
	const enum level_status status = level_status_of(event->text, event->n);

	qe->now_status = (uint8_t)status;
	return status == LEVEL_UP_TO_DATE || status == LEVEL_CONFIGURATION_NEEDED ||
		status == LEVEL_OUT_OF_DATE || status == LEVEL_OUT_OF_DATE_CONFIGURATION_NEEDED ||
		status == LEVEL_REVOKED;
}

static bool text_is_valid(struct qe_identity *qe, const struct schema_event *event)
{
	int64_t date;

	switch (event->id) {
	case ID:
		return schema_text_is(event, "TD_QE");
	case DATE:
		return date_parse(event->text, event->n, &date) && date_is_given(date);
	case MISCSELECT:
		return schema_hex(event, qe->miscselect, sizeof(qe->miscselect));
	case MISCSELECT_MASK:
		return schema_hex(event, qe->miscselect_mask, sizeof(qe->miscselect_mask));
	case ATTRIBUTES:
		return schema_hex(event, qe->attributes, sizeof(qe->attributes));
	case ATTRIBUTES_MASK:
		return schema_hex(event, qe->attributes_mask, sizeof(qe->attributes_mask));
	case MR_SIGNER:
		return schema_hex(event, qe->mr_signer, sizeof(qe->mr_signer));
	case LEVEL_DATE:
		return date_parse(event->text, event->n, &qe->now_date);
	case LEVEL_STATUS:
		return status_is_valid(qe, event);
	default:
		return false;
	}
}

static enum status on_event(void *ctx, const struct schema_event *event)
{
	struct qe_identity *qe = ctx;

	if (event->what == SCHEMA_BEGIN)
		return STATUS_OK;
	if (event->what == SCHEMA_END) {
		if (event->id == LEVEL)
			level_end(qe);
		return event->id == LEVELS && event->number == 0 ? ERR_COLLATERAL : STATUS_OK;
	}
	const bool valid = event->text != NULL ? text_is_valid(qe, event) :
		number_is_valid(qe, event->id, event->number);
	return valid ? STATUS_OK : ERR_COLLATERAL;
}

enum status qe_identity_read(struct qe_identity *qe, struct signed_json *s,
	struct text_reader text)
{
	return signed_json_read(s, text, qe->verified, &document, on_event, qe);
}

static bool masked_equal(const uint8_t *report, const uint8_t *mask, const uint8_t *expected,
	size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((report[i] & mask[i]) != expected[i])
			return false;
	}
	return true;
}

enum status qe_identity_match(const struct qe_identity *qe, const uint8_t *report)
{
	struct reader prod_id = reader_of(report + QE_REPORT_ISV_PROD_ID, 2);

	if (!masked_equal(report + QE_REPORT_MISCSELECT, qe->miscselect_mask, qe->miscselect,
		sizeof(qe->miscselect)) ||
		!masked_equal(report + QE_REPORT_ATTRIBUTES, qe->attributes_mask, qe->attributes,
		sizeof(qe->attributes)) ||
		memcmp(report + QE_REPORT_MR_SIGNER, qe->mr_signer, sizeof(qe->mr_signer)) != 0 ||
		reader_u16(&prod_id) != qe->isv_prod_id)
		return ERR_QE_IDENTITY;
	return STATUS_OK;
}
