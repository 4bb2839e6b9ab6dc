/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Policy spec section 1, written down as plainly as a tree of JSON values in memory allows. */
#include <ctype.h>
#include <errno.h>

#include <jansson.h>

#include "v1_bench.h"

struct bytes {
	uint8_t at[48];
	size_t n;
	bool there;
};

/* --- schema (1.2) -------------------------------------------------------------------------- */

static bool text_is(const json_t *value, const char *text)
{
	return json_is_string(value) && json_string_length(value) == strlen(text) &&
		strcmp(json_string_value(value), text) == 0;
}

static bool is_operation(const json_t *value)
{
	static const char *const names[] = {"equal", "greater-or-equal", "subset", "in-range",
		"in-time-range", "array-equal", "array-greater-or-equal"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (text_is(value, names[i]))
			return true;
	return false;
}

static bool is_reference(const json_t *value)
{
	if (json_is_integer(value))
		return json_integer_value(value) >= 0;
	if (!json_is_array(value))
		return json_is_string(value);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *one = json_array_get(value, i);
		if (!json_is_integer(one) || json_integer_value(one) < 0 || json_integer_value(one) > 255)
			return false;
	}
	return true;
}

static bool is_list(json_t *value)
{
	const char *name;
	json_t *property;

	if (!json_is_object(value))
		return false;
	json_object_foreach(value, name, property)
		if (!is_operation(json_object_get(property, "operation")) ||
		    !is_reference(json_object_get(property, "reference")))
			return false;
	return true;
}

static json_t *member(const json_t *block, const char *part, const char *list)
{
	return json_object_get(json_object_get(block, part), list);
}

/* 'P', 'T', 'Q', 'M', or 0. */
static char kind_of(const json_t *block)
{
	json_t *events = member(block, "MigTD", "EventLog");

	if (json_is_string(json_object_get(block, "fmspc")) &&
	    is_list(member(block, "Platform", "TcbInfo")))
		return 'P';
	if (is_list(member(block, "QE", "QeIdentity")))
		return 'Q';
	if (is_list(member(block, "TDXModule", "TDXModule_Identity")))
		return 'T';
	if (is_list(member(block, "MigTD", "TDINFO")) &&
	    (events == NULL || json_is_null(events) || is_list(events)))
		return 'M';
	return 0;
}

static bool is_guid(const json_t *id)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	const char *text = json_string_value(id);

	if (text == NULL || json_string_length(id) != strlen(form))
		return false;
	for (size_t i = 0; i < strlen(form); i++)
		if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

static bool is_policy(const json_t *root)
{
	const json_t *blocks = json_object_get(root, "policy");

	if (!is_guid(json_object_get(root, "id")) || !json_is_array(blocks))
		return false;
	for (size_t i = 0; i < json_array_size(blocks); i++)
		if (kind_of(json_array_get(blocks, i)) == 0)
			return false;
	return true;
}

/* --- operations (1.3, 1.4) ----------------------------------------------------------------- */

static uint64_t number(const struct bytes *b)
{
	uint64_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n |= (uint64_t)b->at[i] << 8 * i;
	return n;
}

static bool bound(const char *from, const char *to, uint64_t empty, uint64_t *value)
{
	char digits[256];

	*value = empty;
	if (from == to)
		return true;
	if (*from == '+')
		from++;
	if (from == to || (size_t)(to - from) >= sizeof(digits))
		return false;
	for (const char *at = from; at < to; at++)
		if (*at < '0' || *at > '9')
			return false;
	memcpy(digits, from, (size_t)(to - from));
	digits[to - from] = 0;
	errno = 0;
	*value = strtoull(digits, NULL, 10);
	return errno == 0;
}

static bool range(const json_t *reference, uint64_t *from, uint64_t *to)
{
	const char *text = json_string_value(reference);
	const char *end = text + json_string_length(reference);
	const char *dots = strstr(text, "..");

	return strlen(text) == json_string_length(reference) && dots != NULL &&
		strstr(dots + 2, "..") == NULL && bound(text, dots, 0, from) &&
		bound(dots + 2, end, UINT64_MAX, to);
}

static bool at_least(const struct bytes *a, const struct bytes *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->at[i] < b->at[i])
			return false;
	return true;
}

static bool self_holds(const char *op, const struct bytes *l, const struct bytes *p, bool is_source)
{
	if (l->n != p->n)
		return false;
	if (strcmp(op, "equal") == 0 || strcmp(op, "array-equal") == 0)
		return memcmp(l->at, p->at, l->n) == 0;
	if (strcmp(op, "greater-or-equal") == 0 && l->n <= 8)
		return is_source ? number(p) >= number(l) : number(l) >= number(p);
	if (strcmp(op, "array-greater-or-equal") == 0)
		return is_source ? at_least(p, l) : at_least(l, p);
	return false;
}

static bool array_holds(const char *op, const json_t *array, const struct bytes *p)
{
	struct bytes r = {.n = json_array_size(array)};

	if (r.n != p->n)
		return false;
	for (size_t i = 0; i < r.n; i++)
		r.at[i] = (uint8_t)json_integer_value(json_array_get(array, i));
	if (strcmp(op, "array-equal") == 0)
		return memcmp(p->at, r.at, r.n) == 0;
	return strcmp(op, "array-greater-or-equal") == 0 && at_least(p, &r);
}

static bool string_holds(const char *op, const json_t *reference, const struct bytes *p)
{
	uint64_t from, to;
	char hex[97] = "";

	if (range(reference, &from, &to)) {
		if (strcmp(op, "in-range") != 0 && strcmp(op, "in-time-range") != 0)
			return false;
		return p->n <= 8 && number(p) >= from && number(p) < to;
	}
	for (size_t i = 0; i < p->n; i++)
		snprintf(hex + 2 * i, 3, "%02X", p->at[i]);
	return strcmp(op, "equal") == 0 && text_is(reference, hex);
}

static bool holds(const json_t *property, const struct bytes *l, const struct bytes *p,
	bool is_source)
{
	const char *op = json_string_value(json_object_get(property, "operation"));
	const json_t *reference = json_object_get(property, "reference");

	if (json_is_array(reference))
		return array_holds(op, reference, p);
	if (text_is(reference, "self"))
		return self_holds(op, l, p, is_source);
	if (json_is_string(reference))
		return string_holds(op, reference, p);
	const uint64_t n = (uint64_t)json_integer_value(reference);
	if (strcmp(op, "equal") == 0)
		return p->n <= 8 && number(p) == n;
	return strcmp(op, "greater-or-equal") == 0 && p->n <= 8 && number(p) >= n;
}

/* --- names and values (1.5) ---------------------------------------------------------------- */

struct field {
	const char *list;
	const char *name;
	size_t from;
	size_t to;
	const char *mask;
};

static const struct field fields[] = {
	{"TcbInfo", "fmspc", 584, 590, NULL},
	{"TcbInfo", "sgxtcbcomponents", 608, 624, NULL},
	{"TcbInfo", "pcesvn", 606, 608, NULL},
	{"TcbInfo", "tdxtcbcomponents", 590, 606, NULL},
	{"QeIdentity", "MISCSELECT", 626, 630, NULL},
	{"QeIdentity", "ATTRIBUTES", 634, 650, NULL},
	{"QeIdentity", "MRSIGNER", 698, 730, NULL},
	{"QeIdentity", "ISVPRODID", 730, 732, NULL},
	{"QeIdentity", "ISVSVN", 732, 734, NULL},
	{"TDXModule_Identity", "TDXModuleMajorVersion", 624, 625, NULL},
	{"TDXModule_Identity", "TDXModuleSVN", 625, 626, NULL},
	{"TDXModule_Identity", "MRSEAM", 16, 64, NULL},
	{"TDXModule_Identity", "MRSIGNERSEAM", 64, 112, NULL},
	{"TDXModule_Identity", "ATTRIBUTES", 112, 120, NULL},
	{"TDINFO", "ATTRIBUTES", 120, 128, "\xff\xff\x00\x30\x00\x00\x00\x40"},
	{"TDINFO", "XFAM", 128, 136, "\x03\x18\x00\x00\x00\x00\x00\x00"},
	{"TDINFO", "MRTD", 136, 184, NULL},
	{"TDINFO", "MRCONFIGID", 184, 232, NULL},
	{"TDINFO", "MROWNER", 232, 280, NULL},
	{"TDINFO", "MROWNERCONFIG", 280, 328, NULL},
	{"TDINFO", "RTMR0", 328, 376, NULL},
	{"TDINFO", "RTMR1", 376, 424, NULL},
	{"TDINFO", "RTMR2", 424, 472, NULL},
	{"TDINFO", "RTMR3", 472, 520, NULL},
};

static const char *const event_name[] = {
	[EVENT_SECURE_BOOT_KEY] = "Digest.SecureBootKey",
	[EVENT_MIGTD_CORE] = "Digest.MigTdCore",
	[EVENT_MIGTD_CORE_SVN] = "Digest.MigTdCoreSvn",
	[EVENT_POLICY] = "Digest.MigTdPolicy",
	[EVENT_SGX_ROOT_KEY] = "Digest.MigTdSgxRootKey",
};

static struct bytes event_of(const struct event_digests *events, const char *name)
{
	struct bytes b = {.n = 0};

	for (unsigned i = 0; i < ARRAY_SIZE(event_name); i++) {
		if (strcmp(name, event_name[i]) != 0)
			continue;
		const bool svn = i == EVENT_MIGTD_CORE_SVN;
		b.there = (events->present & 1u << i) != 0;
		b.n = svn ? events->svn_size : 48;
		memcpy(b.at, svn ? events->svn : events->digest[i], b.n);
	}
	return b;
}

static struct bytes field_of(const struct v1_party *party, const char *list, const char *name)
{
	struct bytes b = {.n = 0};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];
		if (strcmp(f->list, list) != 0 || strcmp(f->name, name) != 0)
			continue;
		b.there = true;
		b.n = f->to - f->from;
		for (size_t k = 0; k < b.n; k++)
			b.at[k] = party->result.bytes[f->from + k] &
				(f->mask != NULL ? (uint8_t)f->mask[k] : 0xff);
	}
	return b;
}

static bool is_event_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(event_name); i++)
		if (strcmp(name, event_name[i]) == 0)
			return true;
	return strcmp(name, "Digest.TdShim") == 0;
}

/* --- evaluation (1.6) ---------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum status judge_property(const struct v1_case *c, const char *list, const char *name,
	const json_t *property, enum status fails)
{
	const bool events = strcmp(list, "EventLog") == 0;
	const struct bytes l = events ? event_of(&c->local.events, name) :
		field_of(&c->local, list, name);
	const struct bytes p = events ? event_of(&c->peer.events, name) :
		field_of(&c->peer, list, name);

	if (events && !is_event_name(name))
		return ERR_POLICY_EVENT;
	if (!events && !l.there)
		return ERR_POLICY_NAME;
	return l.there && p.there && holds(property, &l, &p, c->is_source) ? STATUS_OK : fails;
}

static enum status judge_list(const struct v1_case *c, const char *list, json_t *properties,
	enum status fails)
{
	const size_t n = json_object_size(properties);
	const char **names = calloc(n + 1, sizeof(*names));
	const char *name;
	json_t *property;
	enum status status = STATUS_OK;
	size_t i = 0;

	json_object_foreach(properties, name, property)
		names[i++] = name;
	qsort(names, n, sizeof(*names), compare_names);
	for (i = 0; i < n && status == STATUS_OK; i++)
		status = judge_property(c, list, names[i], json_object_get(properties, names[i]), fails);
	free(names);
	return status;
}

static enum status judge_platform(const struct v1_case *c, const json_t *blocks)
{
	const uint8_t *local = c->local.result.bytes + 584, *peer = c->peer.result.bytes + 584;
	const json_t *only = NULL, *found = NULL;
	size_t platforms = 0;
	char fmspc[13];

	for (int i = 0; i < 6; i++)
		snprintf(fmspc + 2 * i, 3, "%02X", peer[i]);
	for (size_t i = 0; i < json_array_size(blocks); i++) {
		const json_t *block = json_array_get(blocks, i);
		if (kind_of(block) != 'P')
			continue;
		platforms++;
		only = block;
		if (found == NULL && text_is(json_object_get(block, "fmspc"), fmspc))
			found = block;
	}
	if (platforms == 1 && text_is(json_object_get(only, "fmspc"), "self")) {
		if (memcmp(local, peer, 6) != 0)
			return ERR_POLICY_PLATFORM;
		found = only;
	}
	if (found == NULL)
		return ERR_POLICY_PLATFORM_UNKNOWN;
	return judge_list(c, "TcbInfo", member(found, "Platform", "TcbInfo"), ERR_POLICY_TCB);
}

static enum status judge_modules(const struct v1_case *c, const json_t *blocks)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < json_array_size(blocks); i++) {
		const json_t *block = json_array_get(blocks, i);
		if (kind_of(block) != 'T')
			continue;
		status = judge_list(c, "TDXModule_Identity",
			member(block, "TDXModule", "TDXModule_Identity"), ERR_POLICY_MODULE);
		if (status != ERR_POLICY_MODULE)
			return status;
	}
	return status;
}

static enum status judge_others(const struct v1_case *c, const json_t *blocks)
{
	for (size_t i = 0; i < json_array_size(blocks); i++) {
		const json_t *block = json_array_get(blocks, i);
		json_t *events = member(block, "MigTD", "EventLog");
		if (kind_of(block) == 'Q')
			TRY(judge_list(c, "QeIdentity", member(block, "QE", "QeIdentity"), ERR_POLICY_QE));
		if (kind_of(block) != 'M')
			continue;
		TRY(judge_list(c, "TDINFO", member(block, "MigTD", "TDINFO"), ERR_POLICY_MIGTD));
		if (json_is_object(events))
			TRY(judge_list(c, "EventLog", events, ERR_POLICY_MIGTD));
	}
	return STATUS_OK;
}

static enum status evaluate(const struct v1_case *c, const json_t *blocks)
{
	TRY(judge_platform(c, blocks));
	TRY(judge_modules(c, blocks));
	return judge_others(c, blocks);
}

enum status v1_model(const struct v1_case *c, const char *text, size_t n, bool *judged)
{
	json_error_t error;

	while (n > 0 && text[0] == 0) {
		text++;
		n--;
	}
	while (n > 0 && text[n - 1] == 0)
		n--;
	json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	*judged = root != NULL || (json_error_code(&error) != json_error_duplicate_key &&
		json_error_code(&error) != json_error_numeric_overflow &&
		json_error_code(&error) != json_error_null_byte_in_key);
	const enum status status = !is_policy(root) ? ERR_JSON :
		evaluate(c, json_object_get(root, "policy"));
	json_decref(root);
	return status;
}
