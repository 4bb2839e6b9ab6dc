/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/summary.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/key.h"

#define CHAIN_MOST 16
#define HEX_SHOWN 16 /* characters of a digest that tell two apart for a reader */

static json_t *made(json_t *value)
{
	if (value == NULL)
		exit(tool_fail(TOOL_USAGE, "out of memory"));
	return value;
}

/* Names that come twice get a number: nothing of a policy may vanish from its summary. */
static void set_unique(json_t *object, const char *name, json_t *value)
{
	AUTO_TEXT key = tool_text("%s", name);

	for (unsigned i = 2; json_object_get(object, key) != NULL; i++) {
		cleanup_text(&key);
		key = tool_text("%s #%u", name, i);
	}
	json_object_set_new(object, key, made(value));
}

/* --- rules ---------------------------------------------------------------------------------- */

static json_t *rule_text(const json_t *property)
{
	const char *operation = json_string_value(json_object_get(property, "operation"));
	const json_t *reference = json_object_get(property, "reference");
	AUTO_TEXT value = reference != NULL ? json_compact(reference) : tool_text("(none)");
	AUTO_TEXT text = tool_text("%s %s", operation != NULL ? operation : "(none)", value);

	return json_string(text);
}

static bool is_property(const json_t *value)
{
	return json_object_get(value, "operation") != NULL ||
	       json_object_get(value, "reference") != NULL;
}

/* Every property below `value`, by its path. */
static void add_rules(json_t *rules, const char *place, const char *path, const json_t *value)
{
	const char *name;
	json_t *inner;

	json_object_foreach((json_t *)(uintptr_t)value, name, inner)
	{
		AUTO_TEXT below = tool_text("%s%s%s", path, path[0] != '\0' ? "." : "", name);
		AUTO_TEXT key = tool_text("%s%s%s", place, place[0] != '\0' ? " " : "", below);
		if (is_property(inner))
			set_unique(rules, key, rule_text(inner));
		else if (json_is_object(inner))
			add_rules(rules, place, below, inner);
		else
			set_unique(rules, key, json_incref(inner));
	}
}

/* --- certificates and CRLs ------------------------------------------------------------------ */

/* "CN=... of key 0123abcd...", leaf first. */
static json_t *chain_summary(const char *name, const json_t *pem)
{
	X509 *certificate[CHAIN_MOST];
	json_t *list = made(json_array());
	AUTO_BLOB text = {0};
	size_t n = 0;
	const bool was_quiet = tool_quiet;

	blob_add(&text, "", 0);
	if (json_is_string(pem))
		blob_add(&text, json_string_value(pem), json_string_length(pem));
	tool_quiet = true;
	const int code = certificates_read(name, &text, certificate, CHAIN_MOST, &n);
	tool_quiet = was_quiet;
	if (code != TOOL_OK)
		json_array_append_new(list, json_string("(malformed)"));
	for (size_t i = 0; i < n; i++) {
		uint8_t digest[DIGEST_SHA384_SIZE];
		AUTO_BLOB der = {0};
		char cn[128] = "";
		X509_NAME_get_text_by_NID(X509_get_subject_name(certificate[i]), NID_commonName,
			cn, sizeof(cn));
		certificate_der(certificate[i], &der);
		digest_sha384(der.data, der.size, digest);
		AUTO_TEXT hex = hex_lower(digest, sizeof(digest));
		AUTO_TEXT line = tool_text("%s, SHA-384 %.*s", cn, HEX_SHOWN, hex);
		/* A name need not be UTF-8. */
		json_t *told = json_string(line);
		json_array_append_new(list, told != NULL ? told : made(json_string(hex)));
		X509_free(certificate[i]);
	}
	return list;
}

static X509_CRL *crl_read(const json_t *text)
{
	const char *at = json_string_value(text);
	AUTO_BLOB der = {0};
	X509_CRL *crl = NULL;

	if (at == NULL)
		return NULL;
	if (hex_read_blob(at, json_string_length(text), &der)) {
		const uint8_t *bytes = der.data;
		crl = d2i_X509_CRL(NULL, &bytes, (long)der.size);
	} else {
		BIO *bio = BIO_new_mem_buf(at, (int)json_string_length(text));
		if (bio == NULL)
			openssl_died("BIO_new");
		crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
		BIO_free(bio);
	}
	ERR_clear_error();
	return crl;
}

static json_t *crl_summary(const json_t *text)
{
	X509_CRL *crl = crl_read(text);

	if (crl == NULL)
		return json_string("(malformed)");
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	const int revoked = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
	int64_t value = 0;
	/* Real ones may have 20 bytes; those that matter to policies fit 32 bits. */
	const bool fits = number != NULL && ASN1_INTEGER_get_int64(&value, number) == 1;
	json_t *told = json_pack("{s:o, s:i}", "number",
		fits	       ? json_integer(value) :
		number != NULL ? json_string("(larger than 64 bits)") :
				 json_null(),
		"revoked", revoked > 0 ? revoked : 0);
	ASN1_INTEGER_free(number);
	X509_CRL_free(crl);
	return told;
}

/* --- TCB info and QE identity --------------------------------------------------------------- */

/* Components as "2.2.2.2.4", a number as it is. */
static void add_svn(struct blob *line, const char *name, const json_t *svn)
{
	const json_t *component;
	size_t i;

	if (svn == NULL)
		return;
	blob_format(line, " %s ", name);
	if (json_is_integer(svn))
		blob_format(line, "%" JSON_INTEGER_FORMAT, json_integer_value(svn));
	json_array_foreach(svn, i, component)
		blob_format(line, "%s%" JSON_INTEGER_FORMAT, i > 0 ? "." : "",
			json_integer_value(json_object_get(component, "svn")));
}

static json_t *level_text(const json_t *level)
{
	const json_t *tcb = json_object_get(level, "tcb");
	static const char *const svns[][2] = {{"sgx", "sgxtcbcomponents"}, {"pce", "pcesvn"},
		{"tdx", "tdxtcbcomponents"}, {"isvsvn", "isvsvn"}};
	const char *status = json_string_value(json_object_get(level, "tcbStatus"));
	const char *date = json_string_value(json_object_get(level, "tcbDate"));
	AUTO_BLOB line = {0};

	blob_format(&line, "%s of %s:", status != NULL ? status : "(none)",
		date != NULL ? date : "(none)");
	for (size_t i = 0; i < COUNT_OF(svns); i++)
		add_svn(&line, svns[i][0], json_object_get(tcb, svns[i][1]));
	return json_string((const char *)line.data);
}

static json_t *level_list(const json_t *levels)
{
	json_t *list = made(json_array());
	const json_t *level;
	size_t i;

	json_array_foreach(levels, i, level)
		json_array_append_new(list, made(level_text(level)));
	return list;
}

static void copy(json_t *to, const json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);

	if (value != NULL)
		json_object_set(to, name, value);
}

/* `text` holds {"tcbInfo": ...} or {"enclaveIdentity": ...}. */
static int document_summary(const char *name, const json_t *text, const char *body_name,
	json_t **summary)
{
	AUTO_BLOB document = {0};

	if (!json_is_string(text))
		return tool_fail(TOOL_USAGE, "%s: is not a text", name);
	blob_add(&document, json_string_value(text), json_string_length(text));
	AUTO_JSON tree = json_read_text(name, &document);
	if (tree == NULL)
		return TOOL_USAGE;
	const json_t *body = json_member(name, tree, body_name, JSON_OBJECT), *module;
	if (body == NULL)
		return TOOL_USAGE;
	*summary = made(json_object());
	copy(*summary, body, "tcbEvaluationDataNumber");
	copy(*summary, body, "issueDate");
	copy(*summary, body, "nextUpdate");
	json_object_set_new(*summary, "levels", level_list(json_object_get(body, "tcbLevels")));
	size_t i;
	json_array_foreach(json_object_get(body, "tdxModuleIdentities"), i, module)
	{
		const char *id = json_string_value(json_object_get(module, "id"));
		set_unique(*summary, id != NULL ? id : "(module)",
			level_list(json_object_get(module, "tcbLevels")));
	}
	return TOOL_OK;
}

/* --- version 2 ------------------------------------------------------------------------------ */

static int add_platforms(const char *name, const json_t *list, json_t *platforms)
{
	const json_t *platform;
	size_t i;

	json_array_foreach(list, i, platform)
	{
		AUTO_TEXT place = tool_text("%s: platforms[%zu]", name, i);
		const json_t *fmspc = json_member(place, platform, "fmspc", JSON_STRING);
		AUTO_TEXT info = tool_text("%s.tcbInfo", place);
		json_t *summary = NULL;
		if (fmspc == NULL)
			return TOOL_USAGE;
		TOOL_TRY(document_summary(
			info, json_object_get(platform, "tcbInfo"), "tcbInfo", &summary));
		set_unique(platforms, json_string_value(fmspc), summary);
	}
	return TOOL_OK;
}

static int add_collaterals(const char *name, const json_t *data, json_t *summary)
{
	const json_t *c = json_member(name, data, "collaterals", JSON_OBJECT);
	AUTO_TEXT qe = tool_text("%s: qeIdentity", name);
	json_t *platforms = made(json_object()), *identity = NULL;

	json_object_set_new(summary, "platforms", platforms);
	if (c == NULL)
		return TOOL_USAGE;
	TOOL_TRY(add_platforms(name, json_member(name, c, "platforms", JSON_ARRAY), platforms));
	TOOL_TRY(document_summary(
		qe, json_object_get(c, "qeIdentity"), "enclaveIdentity", &identity));
	json_object_set_new(summary, "collaterals",
		made(json_pack("{s:o, s:o, s:o, s:o}", "rootCa",
			chain_summary(name, json_object_get(c, "rootCa")), "rootCaCrl",
			crl_summary(json_object_get(c, "rootCaCrl")), "pckCrl",
			crl_summary(json_object_get(c, "pckCrl")), "qeIdentity", identity)));
	return TOOL_OK;
}

/* What a mapping names, in a fixed order. */
static char *measurements_text(const json_t *measurements)
{
	static const char *const names[] = {"mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3"};
	AUTO_BLOB line = {0};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *hex = json_string_value(json_object_get(measurements, names[i]));
		if (hex != NULL)
			blob_format(&line, "%s%s %s", line.size > 0 ? ", " : "", names[i], hex);
	}
	blob_add_byte(&line, '\0');
	return tool_text("%s", (const char *)line.data);
}

static int add_servtd(const char *name, const json_t *data, json_t *summary)
{
	const json_t *servtd = json_member(name, data, "servtdCollateral", JSON_OBJECT);
	json_t *identity = json_object_get(
		json_object_get(servtd, "servtdIdentity"), "tdIdentity");
	json_t *mapping = json_object_get(
		json_object_get(servtd, "servtdTcbMapping"), "tdTcbMapping");
	const json_t *list, *one;
	size_t i;

	if (servtd == NULL)
		return TOOL_USAGE;
	if (!json_is_object(identity) || !json_is_object(mapping))
		return tool_fail(
			TOOL_USAGE, "%s: servtdCollateral has no tdIdentity or tdTcbMapping", name);
	json_object_set_new(summary, "identity", level_list(json_object_get(identity, "tcbLevels")));
	json_t *mappings = made(json_object());
	json_object_set_new(summary, "mappings", mappings);
	list = json_member(name, mapping, "svnMappings", JSON_ARRAY);
	if (list == NULL)
		return TOOL_USAGE;
	json_array_foreach(list, i, one)
	{
		AUTO_TEXT key = measurements_text(json_object_get(one, "tdMeasurements"));
		json_t *svn = json_object_get(one, "isvsvn");
		set_unique(mappings, key, svn != NULL ? json_incref(svn) : json_null());
	}
	json_object_set_new(summary, "chains",
		made(json_pack("{s:o, s:o}", "identity",
			chain_summary(name, json_object_get(servtd, "servtdIdentityIssuerChain")),
			"mapping",
			chain_summary(name,
				json_object_get(servtd, "servtdTcbMappingIssuerChain")))));
	return TOOL_OK;
}

static void add_block_list(json_t *rules, const json_t *data, const char *list_name)
{
	const json_t *block, *value;
	const char *kind;
	size_t i;

	json_array_foreach(json_object_get(data, list_name), i, block)
	{
		AUTO_TEXT place = tool_text("%s[%zu]", list_name, i);
		json_object_foreach((json_t *)(uintptr_t)block, kind, value)
			add_rules(rules, place, "", value);
	}
}

static int summary_v2(const char *name, const json_t *data, bool is_signed, json_t *summary)
{
	json_t *rules = made(json_object());

	copy(summary, data, "version");
	copy(summary, data, "id");
	copy(summary, data, "policySvn");
	json_object_set_new(summary, "signed", json_boolean(is_signed));
	json_object_set_new(summary, "rules", rules);
	add_block_list(rules, data, "policy");
	add_block_list(rules, data, "forwardPolicy");
	add_block_list(rules, data, "backwardPolicy");
	/* A base object for `policy generate v2` has neither yet. */
	if (is_signed || json_object_get(data, "servtdCollateral") != NULL)
		TOOL_TRY(add_servtd(name, data, summary));
	if (is_signed || json_object_get(data, "collaterals") != NULL)
		return add_collaterals(name, data, summary);
	return TOOL_OK;
}

/* --- version 1 ------------------------------------------------------------------------------ */

static int add_block_v1(const char *name, const json_t *block, size_t index, size_t count[3],
	json_t *platforms, json_t *rules)
{
	static const char *const kind[][2] = {
		{"QE", "QeIdentity"}, {"TDXModule", "TDXModule_Identity"}, {"MigTD", NULL}};
	const json_t *fmspc = json_object_get(block, "fmspc");

	if (json_is_string(fmspc)) {
		json_t *props = made(json_object());
		add_rules(props, "", "",
			json_object_get(json_object_get(block, "Platform"), "TcbInfo"));
		set_unique(platforms, json_string_value(fmspc), props);
		return TOOL_OK;
	}
	for (size_t k = 0; k < COUNT_OF(kind); k++) {
		const json_t *value = json_object_get(block, kind[k][0]);
		if (!json_is_object(value))
			continue;
		const json_t *props = kind[k][1] != NULL ? json_object_get(value, kind[k][1]) : value;
		const json_t *major = json_object_get(
			json_object_get(props, "TDXModuleMajorVersion"), "reference");
		/* Module blocks are alternatives: the version tells which is which. */
		AUTO_TEXT place = json_is_integer(major) ?
			tool_text("%s[major %" JSON_INTEGER_FORMAT "]", kind[k][0],
				json_integer_value(major)) :
			tool_text("%s[%zu]", kind[k][0], count[k]++);
		add_rules(rules, place, "", props);
		return TOOL_OK;
	}
	return tool_fail(TOOL_USAGE, "%s: policy[%zu] is none of the four kinds of block", name,
		index);
}

static int summary_v1(const char *name, const json_t *policy, json_t *summary)
{
	const json_t *list = json_member(name, policy, "policy", JSON_ARRAY), *block;
	json_t *platforms = made(json_object()), *rules = made(json_object());
	size_t i, count[3] = {0};

	json_object_set_new(summary, "version", json_string("1"));
	copy(summary, policy, "id");
	json_object_set_new(summary, "platforms", platforms);
	json_object_set_new(summary, "rules", rules);
	if (list == NULL)
		return TOOL_USAGE;
	json_array_foreach(list, i, block)
		TOOL_TRY(add_block_v1(name, block, i, count, platforms, rules));
	return TOOL_OK;
}

/* --- either --------------------------------------------------------------------------------- */

int policy_summary(const char *name, const struct blob *text, json_t **summary)
{
	struct blob trimmed = *text;

	/* A policy v1 may be padded with NULs (policy spec 1.1). */
	while (trimmed.size > 0 && trimmed.data[trimmed.size - 1] == '\0')
		trimmed.size--;
	AUTO_JSON tree = json_read_text(name, &trimmed);
	if (tree == NULL)
		return TOOL_USAGE;
	const json_t *data = json_object_get(tree, "policyData");
	*summary = made(json_object());
	if (data != NULL)
		return summary_v2(name, data, true, *summary);
	if (json_is_string(json_object_get(tree, "version")))
		return summary_v2(name, tree, false, *summary);
	return summary_v1(name, tree, *summary);
}

/* Values by their paths; lists are values. */
static void flatten(const json_t *value, const char *path, json_t *flat)
{
	const char *name;
	json_t *inner;

	if (!json_is_object(value)) {
		json_object_set(flat, path, (json_t *)(uintptr_t)value);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)value, name, inner)
	{
		AUTO_TEXT below = tool_text("%s%s%s", path, path[0] != '\0' ? " / " : "", name);
		flatten(inner, below, flat);
	}
}

json_t *policy_compare(const json_t *from, const json_t *to)
{
	json_t *removed = made(json_object()), *added = made(json_object()),
	       *changed = made(json_object());
	AUTO_JSON a = made(json_object());
	AUTO_JSON b = made(json_object());
	const char *path;
	json_t *value;

	flatten(from, "", a);
	flatten(to, "", b);
	json_object_foreach(a, path, value)
	{
		json_t *other = json_object_get(b, path);
		if (other == NULL)
			json_object_set(removed, path, value);
		else if (!json_equal(value, other))
			json_object_set_new(changed, path,
				made(json_pack("{s:O, s:O}", "from", value, "to", other)));
	}
	json_object_foreach(b, path, value)
		if (json_object_get(a, path) == NULL)
			json_object_set(added, path, value);
	const bool equal = json_object_size(removed) + json_object_size(added) +
				   json_object_size(changed) == 0;
	return json_pack("{s:b, s:o, s:o, s:o}", "equal", equal, "removed", removed, "added", added,
		"changed", changed);
}
