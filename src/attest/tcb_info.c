/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/tcb_info.h"

#include "attest/date.h"

enum {
	ID = SIGNED_FIRST_ID,
	VERSION,
	DATE,
	FMSPC,
	PCE_ID,
	TCB_TYPE,
	EVALUATION_NUMBER,
	MODULE,
	MODULE_SIGNER,
	MODULE_ATTRIBUTES,
	MODULE_ATTRIBUTES_MASK,
	IDENTITIES,
	IDENTITY,
	IDENTITY_ID,
	IDENTITY_LEVELS,
	IDENTITY_LEVEL,
	IDENTITY_TCB,
	IDENTITY_SVN,
	IDENTITY_DATE,
	IDENTITY_STATUS,
	LEVELS,
	LEVEL,
	LEVEL_TCB,
	LEVEL_SGX,
	LEVEL_SGX_COMPONENT,
	LEVEL_SGX_SVN,
	LEVEL_PCESVN,
	LEVEL_TDX,
	LEVEL_TDX_COMPONENT,
	LEVEL_TDX_SVN,
	LEVEL_DATE,
	LEVEL_STATUS,
};

#define OBJECT(object_members, object_id) \
	{.members = object_members, .count = ARRAY_SIZE(object_members), .id = object_id}

static const struct schema_member module_members[] = {
	{"mrsigner", MODULE_SIGNER, SCHEMA_STRING, false, NULL},
	{"attributes", MODULE_ATTRIBUTES, SCHEMA_STRING, false, NULL},
	{"attributesMask", MODULE_ATTRIBUTES_MASK, SCHEMA_STRING, false, NULL},
};
static const struct schema_object module_object = OBJECT(module_members, MODULE);

static const struct schema_member identity_tcb_members[] = {
	{"isvsvn", IDENTITY_SVN, SCHEMA_INTEGER, false, NULL},
};
static const struct schema_object identity_tcb = OBJECT(identity_tcb_members, IDENTITY_TCB);

static const struct schema_member identity_level_members[] = {
	{"tcb", IDENTITY_TCB, SCHEMA_OBJECT, false, &identity_tcb},
	{"tcbDate", IDENTITY_DATE, SCHEMA_STRING, false, NULL},
	{"tcbStatus", IDENTITY_STATUS, SCHEMA_STRING, false, NULL},
};
static const struct schema_object identity_level = OBJECT(identity_level_members, IDENTITY_LEVEL);

static const struct schema_member identity_members[] = {
	{"id", IDENTITY_ID, SCHEMA_STRING, false, NULL},
	{"mrsigner", MODULE_SIGNER, SCHEMA_STRING, false, NULL},
	{"attributes", MODULE_ATTRIBUTES, SCHEMA_STRING, false, NULL},
	{"attributesMask", MODULE_ATTRIBUTES_MASK, SCHEMA_STRING, false, NULL},
	{"tcbLevels", IDENTITY_LEVELS, SCHEMA_ARRAY, false, &identity_level},
};
static const struct schema_object identity = OBJECT(identity_members, IDENTITY);

static const struct schema_member sgx_component_members[] = {
	{"svn", LEVEL_SGX_SVN, SCHEMA_INTEGER, false, NULL},
};
static const struct schema_object sgx_component =
	OBJECT(sgx_component_members, LEVEL_SGX_COMPONENT);

static const struct schema_member tdx_component_members[] = {
	{"svn", LEVEL_TDX_SVN, SCHEMA_INTEGER, false, NULL},
};
static const struct schema_object tdx_component =
	OBJECT(tdx_component_members, LEVEL_TDX_COMPONENT);

static const struct schema_member level_tcb_members[] = {
	{"sgxtcbcomponents", LEVEL_SGX, SCHEMA_ARRAY, false, &sgx_component},
	{"pcesvn", LEVEL_PCESVN, SCHEMA_INTEGER, false, NULL},
	{"tdxtcbcomponents", LEVEL_TDX, SCHEMA_ARRAY, false, &tdx_component},
};
static const struct schema_object level_tcb = OBJECT(level_tcb_members, LEVEL_TCB);

static const struct schema_member level_members[] = {
	{"tcb", LEVEL_TCB, SCHEMA_OBJECT, false, &level_tcb},
	{"tcbDate", LEVEL_DATE, SCHEMA_STRING, false, NULL},
	{"tcbStatus", LEVEL_STATUS, SCHEMA_STRING, false, NULL},
};
static const struct schema_object level = OBJECT(level_members, LEVEL);

static const struct schema_member body_members[] = {
	{"id", ID, SCHEMA_STRING, false, NULL},
	{"version", VERSION, SCHEMA_INTEGER, false, NULL},
	{"issueDate", DATE, SCHEMA_STRING, false, NULL},
	{"nextUpdate", DATE, SCHEMA_STRING, false, NULL},
	{"fmspc", FMSPC, SCHEMA_STRING, false, NULL},
	{"pceId", PCE_ID, SCHEMA_STRING, false, NULL},
	{"tcbType", TCB_TYPE, SCHEMA_INTEGER, false, NULL},
	{"tcbEvaluationDataNumber", EVALUATION_NUMBER, SCHEMA_INTEGER, false, NULL},
	{"tdxModule", MODULE, SCHEMA_OBJECT, false, &module_object},
	{"tdxModuleIdentities", IDENTITIES, SCHEMA_ARRAY, true, &identity},
	{"tcbLevels", LEVELS, SCHEMA_ARRAY, false, &level},
};
static const struct schema_object body = OBJECT(body_members, SIGNED_BODY);

static const struct schema_member document_members[] = SIGNED_MEMBERS("tcbInfo", &body);
static const struct schema_object document = OBJECT(document_members, SIGNED_DOCUMENT);

/* --- TDX module identities ------------------------------------------------------------------ */

/* "TDX_" in either case and two hexadecimal digits; other ids are identities of nothing we know. */
static enum status identity_id(struct tcb_info *info, const struct schema_event *event)
{
	static const char prefix[] = "TDX_";
	struct schema_event digits = *event;

	info->identity_version = 0;
	if (event->n != 6)
		return STATUS_OK;
	for (size_t i = 0; i < 4; i++) {
		const uint8_t c = event->text[i];
		const uint8_t upper = c >= 'a' && c <= 'z' ? (uint8_t)(c - 0x20) : c;
		if (upper != (uint8_t)prefix[i])
			return STATUS_OK;
	}
	digits.text += 4;
	digits.n = 2;
	if (!schema_hex(&digits, &info->identity_version, 1))
		info->identity_version = 0;
	return STATUS_OK;
}

/* Two identities of one version would leave the choice to their order. */
static enum status identity_is_new(struct tcb_info *info)
{
	const uint8_t version = info->identity_version;
	struct tcb_info_seen *seen = info->seen;

	if (info->identity_count == TCB_MODULE_LEVELS_MAX)
		return ERR_COLLATERAL;
	for (uint8_t i = 0; seen != NULL && i < info->identity_count; i++) {
		if (version != 0 && seen->module_version[i] == version)
			return ERR_COLLATERAL;
	}
	if (seen != NULL)
		seen->module_version[info->identity_count] = version;
	info->identity_count++;
	return STATUS_OK;
}

static enum status identity_end(struct tcb_info *info)
{
	const uint8_t version = info->identity_version;

	TRY(identity_is_new(info));
	if (info->platform == NULL || version == 0)
		return STATUS_OK;
	if (version == info->platform->tdx[1] && !info->module.found) {
		info->module = info->identity;
		info->module.found = true;
		info->module_level = info->identity_level;
	}
	if (info->tee_tcb_svn2 != NULL && version == info->tee_tcb_svn2[1] &&
		!info->module2_found) {
		info->module2_found = true;
		info->module2_top = info->identity_top;
	}
	return STATUS_OK;
}

static void identity_begin(struct tcb_info *info)
{
	info->identity = (struct tdx_module){0};
	info->identity_level = (struct tdx_module_level){0};
	info->identity_top = 0;
	info->identity_version = 0;
	info->identity_level_count = 0;
}

/* Keeps the level with the highest isvsvn that the platform's module reaches. */
static enum status identity_level_end(struct tcb_info *info)
{
	const struct tdx_module_level now = info->identity_now;
	struct tcb_info_seen *seen = info->seen;

	if (info->identity_level_count == TCB_MODULE_LEVELS_MAX)
		return ERR_COLLATERAL;
	for (uint16_t i = 0; seen != NULL && i < info->identity_level_count; i++) {
		if (seen->module_level[i] == now.isvsvn)
			return ERR_COLLATERAL;
	}
	if (seen != NULL)
		seen->module_level[info->identity_level_count] = now.isvsvn;
	info->identity_level_count++;

	if (now.isvsvn > info->identity_top)
		info->identity_top = now.isvsvn;
	if (info->platform != NULL && now.isvsvn <= info->platform->tdx[0] &&
		(!info->identity_level.found || now.isvsvn > info->identity_level.isvsvn)) {
		info->identity_level = now;
		info->identity_level.found = true;
	}
	return STATUS_OK;
}

/* --- TCB levels ----------------------------------------------------------------------------- */

static enum status level_end(struct tcb_info *info)
{
	const struct tcb_svns *svns = &info->level.svns;
	struct tcb_info_seen *seen = info->seen;

	if (info->level_count == TCB_LEVELS_MAX)
		return ERR_COLLATERAL;
	for (uint16_t i = 0; seen != NULL && i < info->level_count; i++) {
		if (tcb_svns_compare(&seen->level[i], svns) == 0)
			return ERR_COLLATERAL;
	}
	if (seen != NULL)
		seen->level[info->level_count] = *svns;
	if (info->level_count == 0 || tcb_svns_compare(svns, &info->top) > 0)
		info->top = *svns;
	info->level_count++;

	/* First in descending order is the greatest of those that match. */
	info->level.found = true;
	if (info->platform == NULL || !tcb_sgx_matches(info->platform, svns))
		return STATUS_OK;
	if (!info->sgx_level.found || tcb_svns_compare(svns, &info->sgx_level.svns) > 0)
		info->sgx_level = info->level;
	if (!tcb_tdx_matches(info->platform, svns))
		return STATUS_OK;
	if (!info->tdx_level.found || tcb_svns_compare(svns, &info->tdx_level.svns) > 0)
		info->tdx_level = info->level;
	return STATUS_OK;
}

static enum status component_svn(struct tcb_info *info, uint8_t *components, uint64_t svn)
{
	if (info->component == TCB_COMPONENTS || svn > UINT8_MAX)
		return ERR_COLLATERAL;
	components[info->component++] = (uint8_t)svn;
	return STATUS_OK;
}

/* --- events --------------------------------------------------------------------------------- */

static enum status on_begin(struct tcb_info *info, uint8_t id)
{
	if (id == IDENTITY)
		identity_begin(info);
	if (id == IDENTITY_LEVEL)
		info->identity_now = (struct tdx_module_level){0};
	if (id == LEVEL)
		info->level = (struct tcb_level){0};
	if (id == LEVEL_SGX || id == LEVEL_TDX)
		info->component = 0;
	return STATUS_OK;
}

static enum status on_end(struct tcb_info *info, uint8_t id, uint64_t count)
{
	switch (id) {
	case IDENTITIES:
	case IDENTITY_LEVELS:
	case LEVELS:
		return count > 0 ? STATUS_OK : ERR_COLLATERAL;
	case LEVEL_SGX:
	case LEVEL_TDX:
		return count == TCB_COMPONENTS ? STATUS_OK : ERR_COLLATERAL;
	case IDENTITY_LEVEL:
		return identity_level_end(info);
	case IDENTITY:
		return identity_end(info);
	case LEVEL:
		return level_end(info);
	case MODULE:
		if (info->platform != NULL && info->platform->tdx[1] == 0) {
			info->module = info->identity;
			info->module.found = true;
		}
		return STATUS_OK;
	default:
		return STATUS_OK;
	}
}

static bool number_is_valid(struct tcb_info *info, uint8_t id, uint64_t number)
{
	switch (id) {
	case VERSION:
		return number == 3;
	case TCB_TYPE:
		return number == 0;
	case EVALUATION_NUMBER:
		info->evaluation_number = (uint32_t)number;
		return number <= UINT32_MAX;
	case IDENTITY_SVN:
		info->identity_now.isvsvn = (uint16_t)number;
		return number <= UINT16_MAX;
	case LEVEL_PCESVN:
		info->level.svns.pcesvn = (uint16_t)number;
		return number <= UINT16_MAX;
	case LEVEL_SGX_SVN:
		return component_svn(info, info->level.svns.sgx, number) == STATUS_OK;
	case LEVEL_TDX_SVN:
		return component_svn(info, info->level.svns.tdx, number) == STATUS_OK;
	default:
		return false;
	}
}

static bool text_is_valid(struct tcb_info *info, const struct schema_event *event)
{
	int64_t date;

	switch (event->id) {
	case ID:
		return schema_text_is(event, "TDX");
	case DATE:
		return date_parse(event->text, event->n, &date) && date_is_given(date);
	case IDENTITY_DATE:
		return date_parse(event->text, event->n, &date);
	case FMSPC:
		return schema_hex(event, info->fmspc, sizeof(info->fmspc));
	case PCE_ID:
		return schema_hex(event, info->pce_id, sizeof(info->pce_id));
	case MODULE_SIGNER:
		return schema_hex(event, info->identity.mr_signer,
			sizeof(info->identity.mr_signer));
	case MODULE_ATTRIBUTES_MASK:
		/* Has to be there, but is not applied. */
		return schema_hex(event, (uint8_t[8]){0}, 8);
	case MODULE_ATTRIBUTES:
		return schema_hex(event, info->identity.attributes,
			sizeof(info->identity.attributes));
	case IDENTITY_ID:
		return identity_id(info, event) == STATUS_OK;
	case IDENTITY_STATUS:
		info->identity_now.status = (uint8_t)level_status_of(event->text, event->n);
		return true;
	case LEVEL_DATE:
		return date_parse(event->text, event->n, &info->level.date);
	case LEVEL_STATUS:
		info->level.status = (uint8_t)level_status_of(event->text, event->n);
		return info->level.status != LEVEL_UNKNOWN;
	default:
		return false;
	}
}

static enum status on_event(void *ctx, const struct schema_event *event)
{
	struct tcb_info *info = ctx;

	if (event->what == SCHEMA_BEGIN)
		return on_begin(info, event->id);
	if (event->what == SCHEMA_END)
		return on_end(info, event->id, event->number);
	const bool valid = event->text != NULL ? text_is_valid(info, event) :
		number_is_valid(info, event->id, event->number);
	return valid ? STATUS_OK : ERR_COLLATERAL;
}

enum status tcb_info_read(struct tcb_info *info, struct signed_json *s, struct text_reader text)
{
	return signed_json_read(s, text, info->verified, &document, on_event, info);
}
