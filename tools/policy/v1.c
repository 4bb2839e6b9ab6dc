/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Policies of version 1 from the provisioning service's answers (policy spec 1.2, 5.3). */
#define _GNU_SOURCE
#include "policy/policy.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "quote/quote.h"

#define COMPONENTS 16

static json_t *made(json_t *value)
{
	if (value == NULL)
		exit(tool_fail(TOOL_USAGE, "out of memory"));
	return value;
}

/* --- sources ------------------------------------------------------------------------------- */

struct sources {
	const char *name;	/* for error lines */
	json_t *tcb_infos;	/* bodies of the TDX TCB infos, in their order */
	json_t *qe_identity;	/* body */
};

static void cleanup_sources(struct sources *s)
{
	json_decref(s->tcb_infos);
	json_decref(s->qe_identity);
}

/* Takes over the document; one of another kind, for SGX say, is passed over. */
static void keep_document(struct sources *s, json_t *document)
{
	json_t *info = json_object_get(document, "tcbInfo");
	json_t *identity = json_object_get(document, "enclaveIdentity");
	const char *id = json_string_value(json_object_get(info != NULL ? info : identity, "id"));

	if (info != NULL && id != NULL && strcmp(id, "TDX") == 0)
		json_array_append(s->tcb_infos, info);
	else if (identity != NULL && id != NULL && strcmp(id, "TD_QE") == 0 &&
		s->qe_identity == NULL)
		s->qe_identity = json_incref(identity);
	json_decref(document);
}

/* A document that is a string member of a bundle. */
static int keep_member(struct sources *s, const json_t *object, const char *field)
{
	const json_t *text = json_member(s->name, object, field, JSON_STRING);
	AUTO_TEXT name = tool_text("%s: %s", s->name, field);
	AUTO_BLOB document = {0};

	if (text == NULL)
		return TOOL_USAGE;
	blob_add(&document, json_string_value(text), json_string_length(text));
	json_t *tree = json_read_text(name, &document);
	if (tree == NULL)
		return TOOL_USAGE;
	keep_document(s, tree);
	return TOOL_OK;
}

static int read_bundle(struct sources *s)
{
	AUTO_JSON bundle = json_read_file(s->name);
	const json_t *platform;
	size_t i;

	if (bundle == NULL)
		return TOOL_USAGE;
	const json_t *platforms = json_member(s->name, bundle, "platforms", JSON_ARRAY);
	if (platforms == NULL)
		return TOOL_USAGE;
	json_array_foreach(platforms, i, platform)
		TOOL_TRY(keep_member(s, platform, "tcbInfo"));
	return keep_member(s, bundle, "qeIdentity");
}

static int is_json(const struct dirent *entry)
{
	const size_t n = strlen(entry->d_name);

	return n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0;
}

static int read_folder(struct sources *s)
{
	struct dirent **entry;
	const int n = scandir(s->name, &entry, is_json, alphasort);
	int code = TOOL_OK;

	if (n < 0)
		return tool_fail(TOOL_USAGE, "%s: cannot list the folder", s->name);
	for (int i = 0; i < n; i++) {
		AUTO_TEXT path = tool_text("%s/%s", s->name, entry[i]->d_name);
		json_t *document = code == TOOL_OK ? json_read_file(path) : NULL;
		if (code == TOOL_OK && document == NULL)
			code = TOOL_USAGE;
		if (document != NULL)
			keep_document(s, document);
		free(entry[i]);
	}
	free(entry);
	return code;
}

static int read_sources(struct sources *s)
{
	struct stat st;

	s->tcb_infos = made(json_array());
	TOOL_TRY(stat(s->name, &st) == 0 && S_ISDIR(st.st_mode) ? read_folder(s) : read_bundle(s));
	if (json_array_size(s->tcb_infos) == 0)
		return tool_fail(TOOL_USAGE, "%s: has no TCB info for TDX", s->name);
	if (s->qe_identity == NULL)
		return tool_fail(TOOL_USAGE, "%s: has no QE identity for TDX", s->name);
	return TOOL_OK;
}

/* --- properties ---------------------------------------------------------------------------- */

static void add_property(json_t *props, const char *name, const char *operation, json_t *reference)
{
	json_object_set_new(props, name,
		made(json_pack("{s:s, s:o}", "operation", operation, "reference", reference)));
}

/* Hexadecimal is compared as upper-case text (1.4). */
static int add_hex(const char *file, json_t *props, const char *name, const json_t *from,
	const char *field, size_t n)
{
	uint8_t bytes[DIGEST_SHA384_SIZE];

	TOOL_TRY(json_member_hex(file, from, field, bytes, n));
	AUTO_TEXT hex = hex_upper(bytes, n);
	add_property(props, name, "equal", made(json_string(hex)));
	return TOOL_OK;
}

static int add_number(const char *file, json_t *props, const char *name, const char *operation,
	const json_t *from, const char *field)
{
	const json_t *number = json_member(file, from, field, JSON_INTEGER);

	if (number == NULL)
		return TOOL_USAGE;
	if (json_integer_value(number) < 0)
		return tool_fail(TOOL_USAGE, "%s: member %s is negative", file, field);
	add_property(props, name, operation, made(json_integer(json_integer_value(number))));
	return TOOL_OK;
}

static int add_components(const char *file, json_t *props, const char *field, const json_t *tcb)
{
	const json_t *list = json_member(file, tcb, field, JSON_ARRAY), *component;
	AUTO_JSON svns = made(json_array());
	size_t i;

	if (list == NULL)
		return TOOL_USAGE;
	if (json_array_size(list) != COMPONENTS)
		return tool_fail(TOOL_USAGE, "%s: member %s has not %d components", file, field,
			COMPONENTS);
	json_array_foreach(list, i, component)
	{
		const json_t *svn = json_member(file, component, "svn", JSON_INTEGER);
		if (svn == NULL)
			return TOOL_USAGE;
		if (json_integer_value(svn) < 0 || json_integer_value(svn) > UINT8_MAX)
			return tool_fail(TOOL_USAGE, "%s: an SVN of %s is not a byte", file, field);
		json_array_append_new(svns, made(json_integer(json_integer_value(svn))));
	}
	add_property(props, field, "array-greater-or-equal", json_incref(svns));
	return TOOL_OK;
}

/* The `tcb` of the newest level. */
static const json_t *first_tcb(const char *file, const json_t *body)
{
	const json_t *levels = json_member(file, body, "tcbLevels", JSON_ARRAY);

	if (levels == NULL)
		return NULL;
	if (json_array_size(levels) == 0) {
		tool_fail(TOOL_USAGE, "%s: tcbLevels is empty", file);
		return NULL;
	}
	return json_member(file, json_array_get(levels, 0), "tcb", JSON_OBJECT);
}

/* --- blocks -------------------------------------------------------------------------------- */

static int add_platform(const char *file, json_t *blocks, const json_t *info)
{
	AUTO_JSON props = made(json_object());
	const json_t *tcb = first_tcb(file, info);
	uint8_t fmspc[6];

	if (tcb == NULL)
		return TOOL_USAGE;
	TOOL_TRY(json_member_hex(file, info, "fmspc", fmspc, sizeof(fmspc)));
	TOOL_TRY(add_components(file, props, "sgxtcbcomponents", tcb));
	TOOL_TRY(add_number(file, props, "pcesvn", "greater-or-equal", tcb, "pcesvn"));
	TOOL_TRY(add_components(file, props, "tdxtcbcomponents", tcb));
	AUTO_TEXT hex = hex_upper(fmspc, sizeof(fmspc));
	json_array_append_new(blocks,
		made(json_pack("{s:s, s:{s:O}}", "fmspc", hex, "Platform", "TcbInfo", props)));
	return TOOL_OK;
}

static int add_qe(const char *file, json_t *blocks, const json_t *identity)
{
	AUTO_JSON props = made(json_object());
	const json_t *tcb = first_tcb(file, identity);

	if (tcb == NULL)
		return TOOL_USAGE;
	TOOL_TRY(add_hex(file, props, "MISCSELECT", identity, "miscselect", 4));
	TOOL_TRY(add_hex(file, props, "ATTRIBUTES", identity, "attributes", 16));
	TOOL_TRY(add_hex(file, props, "MRSIGNER", identity, "mrsigner", 32));
	TOOL_TRY(add_number(file, props, "ISVPRODID", "equal", identity, "isvprodid"));
	TOOL_TRY(add_number(file, props, "ISVSVN", "greater-or-equal", tcb, "isvsvn"));
	json_array_append_new(
		blocks, made(json_pack("{s:{s:O}}", "QE", "QeIdentity", props)));
	return TOOL_OK;
}

static int module_major(const char *file, const json_t *identity, json_int_t *major)
{
	static const char *const known[] = {
		[1] = "TDX_01", [2] = "TDX_02", [3] = "TDX_03", [5] = "TDX_05"};
	const json_t *id = json_member(file, identity, "id", JSON_STRING);

	if (id == NULL)
		return TOOL_USAGE;
	for (size_t i = 1; i < COUNT_OF(known); i++)
		if (known[i] != NULL && strcmp(known[i], json_string_value(id)) == 0) {
			*major = (json_int_t)i;
			return TOOL_OK;
		}
	return tool_fail(TOOL_USAGE, "%s: TDX module identity %s is not known", file,
		json_string_value(id));
}

static int add_module(const char *file, json_t *blocks, const json_t *identity, json_int_t major)
{
	AUTO_JSON props = made(json_object());
	const json_t *tcb = first_tcb(file, identity);

	if (tcb == NULL)
		return TOOL_USAGE;
	add_property(props, "TDXModuleMajorVersion", "equal", made(json_integer(major)));
	TOOL_TRY(add_number(file, props, "TDXModuleSVN", "greater-or-equal", tcb, "isvsvn"));
	TOOL_TRY(add_hex(file, props, "MRSIGNERSEAM", identity, "mrsigner", 48));
	TOOL_TRY(add_hex(file, props, "ATTRIBUTES", identity, "attributes", 8));
	json_array_append_new(
		blocks, made(json_pack("{s:{s:O}}", "TDXModule", "TDXModule_Identity", props)));
	return TOOL_OK;
}

/* Of several platforms' identities of a module the first one counts. */
static int add_modules(const char *file, json_t *blocks, const json_t *infos)
{
	bool seen[8] = {false};
	const json_t *info, *identity;
	json_int_t major = 0;
	size_t i, k;

	json_array_foreach(infos, i, info)
	{
		json_array_foreach(json_object_get(info, "tdxModuleIdentities"), k, identity)
		{
			TOOL_TRY(module_major(file, identity, &major));
			if (!seen[major])
				TOOL_TRY(add_module(file, blocks, identity, major));
			seen[major] = true;
		}
	}
	return TOOL_OK;
}

static json_t *all_self(const char *const *names, size_t n)
{
	json_t *props = made(json_object());

	for (size_t i = 0; i < n; i++)
		if (names[i] != NULL)
			add_property(props, names[i], "equal", made(json_string("self")));
	return props;
}

static void add_migtd(json_t *blocks, bool other_policies)
{
	const char *const tdinfo[] = {"ATTRIBUTES", "MRCONFIGID", "MROWNER", "MROWNERCONFIG",
		"MRTD", "RTMR0", "RTMR1", other_policies ? NULL : "RTMR2", "RTMR3", "XFAM"};
	const char *const events[] = {
		other_policies ? NULL : "Digest.MigTdPolicy", "Digest.MigTdSgxRootKey"};

	json_array_append_new(blocks,
		made(json_pack("{s:{s:o, s:o}}", "MigTD", "TDINFO",
			all_self(tdinfo, COUNT_OF(tdinfo)), "EventLog",
			all_self(events, COUNT_OF(events)))));
}

/* --- the document -------------------------------------------------------------------------- */

#define ID_PRODUCTION "F65CD566-4D67-45EF-88E3-79963901B292"
#define ID_PRE_PRODUCTION "B87BFE45-9CC7-46F9-8F2C-A6CB55BF7101"
#define REMARK_MEMBER ",\n    \"remark\": \"\""

/* The first `platforms` of them, and `padding` characters of a member that all readers ignore. */
static int document_make(const struct policy_v1_options *o, const struct sources *s,
	size_t platforms, size_t padding, struct blob *out)
{
	AUTO_JSON blocks = made(json_array());
	AUTO_TEXT id = o->salt != NULL
			       ? policy_id(o->salt)
			       : tool_text("%s", o->pre_production ? ID_PRE_PRODUCTION
								   : ID_PRODUCTION);

	for (size_t i = 0; i < platforms; i++)
		TOOL_TRY(add_platform(s->name, blocks, json_array_get(s->tcb_infos, i)));
	TOOL_TRY(add_qe(s->name, blocks, s->qe_identity));
	TOOL_TRY(add_modules(s->name, blocks, s->tcb_infos));
	add_migtd(blocks, o->other_policies);
	AUTO_JSON document = made(json_pack("{s:s, s:O}", "id", id, "policy", blocks));
	if (padding != 0) {
		AUTO_TEXT text = tool_alloc(padding + 1);
		memset(text, '.', padding);
		json_object_set_new(document, "remark", made(json_string(text)));
	}
	AUTO_TEXT text = json_dumps(document, JSON_INDENT(4));
	if (text == NULL)
		return tool_fail(TOOL_USAGE, "out of memory");
	out->size = 0;
	blob_add_text(out, text);
	return TOOL_OK;
}

int policy_v1_compose(
	const struct policy_v1_options *o, const char *collaterals, struct blob *out)
{
	CLEANUP(cleanup_sources) struct sources s = {.name = collaterals};
	const size_t frame = strlen(REMARK_MEMBER) + 1;

	TOOL_TRY(read_sources(&s));
	for (size_t n = json_array_size(s.tcb_infos); n > 0; n--) {
		TOOL_TRY(document_make(o, &s, n, 0, out));
		if (o->size == 0 || out->size == o->size)
			return TOOL_OK;
		if (out->size + frame <= o->size)
			return document_make(o, &s, n, o->size - out->size - frame + 1, out);
	}
	const size_t least = out->size + frame;
	out->size = 0;
	return tool_fail(TOOL_USAGE, "--size %zu: a policy of one platform has %zu bytes or more",
		o->size, least);
}

int policy_v1_generate(
	const struct policy_v1_options *o, const char *pki, const char *folder)
{
	AUTO_TEXT bundle = tool_text("%s/collateral.json", pki);
	AUTO_TEXT root_from = tool_text("%s/root.der", pki);
	AUTO_TEXT root_to = tool_text("%s/root_ca.der", folder);
	AUTO_TEXT path = tool_text("%s/policy.json", folder);
	AUTO_BLOB policy = {0};
	AUTO_BLOB root = {0};

	TOOL_TRY(policy_v1_compose(o, bundle, &policy));
	TOOL_TRY(file_read(root_from, &root));
	TOOL_TRY(folder_make(folder));
	TOOL_TRY(file_write(root_to, root.data, root.size));
	return file_write(path, policy.data, policy.size);
}
