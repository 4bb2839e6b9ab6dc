/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What is to be made: descriptions in JSON (pki.h), and names in options. */
#include "pki/pki.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 64
#define MAJOR_MAX 255

/* --- members of an object ------------------------------------------------------------------ */

enum kind {
	TEXT,	/* const char * */
	STATUS,	/* the same, a warning if it is no known one */
	DATE,	/* the same, "YYYY-MM-DDThh:mm:ssZ" */
	CA,	/* bool: whether it is the Processor CA */
	U16,
	U32,
	HEX,	/* bytes, exactly `size` */
	SVNS,	/* bytes, at most COMPONENTS */
	LIST,	/* const json_t *, looked at by the caller */
};

struct member {
	const char *name;
	enum kind kind;
	void *to;
	size_t size;
};

/* An object of the description and how it is called in error lines. */
struct place {
	const char *file;
	const char *where;	/* "" or "hosts[0]." */
	const json_t *object;
};

static int wrong(const struct place *place, const char *name, const char *what)
{
	return tool_fail(TOOL_USAGE, "%s: %s%s: %s", place->file, place->where, name, what);
}

/* False unless the value is an integer from 0 to `most`. */
static bool number_of(const json_t *value, uint32_t most, uint32_t *number)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		json_integer_value(value) > (json_int_t)most)
		return false;
	*number = (uint32_t)json_integer_value(value);
	return true;
}

static bool svns_of(const json_t *value, uint8_t svn[COMPONENTS])
{
	const size_t n = json_array_size(value);
	uint32_t number;

	if (!json_is_array(value) || n > COMPONENTS)
		return false;
	memset(svn, 0, COMPONENTS);
	for (size_t i = 0; i < n; i++) {
		if (!number_of(json_array_get(value, i), UINT8_MAX, &number))
			return false;
		svn[i] = (uint8_t)number;
	}
	return true;
}

static bool is_date(const char *text)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
	size_t i = 0;

	for (; shape[i] != '\0'; i++)
		if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
			return false;
	return text[i] == '\0';
}

static int read_text(const struct place *place, const struct member *m, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL || json_string_length(value) > TEXT_MAX || strlen(text) == 0)
		return wrong(place, m->name, "is not a short text");
	if (m->kind == DATE && !is_date(text))
		return wrong(place, m->name, "is not a date as 2024-03-13T00:00:00Z");
	if (m->kind == STATUS) {
		AUTO_TEXT what = tool_text("%s: %s%s", place->file, place->where, m->name);
		pki_check_status(what, text);
	}
	*(const char **)m->to = text;
	return TOOL_OK;
}

static int read_ca(const struct place *place, const struct member *m, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL || (strcmp(text, "platform") != 0 && strcmp(text, "processor") != 0))
		return wrong(place, m->name, "is neither \"platform\" nor \"processor\"");
	*(bool *)m->to = strcmp(text, "processor") == 0;
	return TOOL_OK;
}

static int read_value(const struct place *place, const struct member *m, const json_t *value)
{
	const char *text = json_string_value(value);
	uint32_t number;

	switch (m->kind) {
	case TEXT:
	case STATUS:
	case DATE:
		return read_text(place, m, value);
	case CA:
		return read_ca(place, m, value);
	case U16:
		if (!number_of(value, UINT16_MAX, &number))
			return wrong(place, m->name, "is not a number of 16 bits");
		*(uint16_t *)m->to = (uint16_t)number;
		break;
	case U32:
		if (!number_of(value, UINT32_MAX, m->to))
			return wrong(place, m->name, "is not a number of 32 bits");
		break;
	case HEX:
		if (text == NULL || !hex_read(text, m->to, m->size))
			return tool_fail(TOOL_USAGE, "%s: %s%s: is not %zu hexadecimal digits",
				place->file, place->where, m->name, 2 * m->size);
		break;
	case SVNS:
		if (!svns_of(value, m->to))
			return wrong(place, m->name, "is not a list of at most 16 SVNs");
		break;
	case LIST:
		if (!json_is_array(value))
			return wrong(place, m->name, "is not an array");
		*(const json_t **)m->to = value;
		break;
	}
	return TOOL_OK;
}

/* What the object does not have stays as it is. */
static int read_members(const struct place *place, const struct member *members, size_t n)
{
	const char *name;
	json_t *value;

	if (!json_is_object(place->object))
		return tool_fail(TOOL_USAGE, "%s: %sis not an object", place->file, place->where);
	json_object_foreach((json_t *)(uintptr_t)place->object, name, value)
	{
		size_t i = 0;
		while (i < n && strcmp(members[i].name, name) != 0)
			i++;
		if (i == n)
			return wrong(place, name, "no such member; see migtd-tool pki --help");
		TOOL_TRY(read_value(place, &members[i], value));
	}
	return TOOL_OK;
}

static int not_both(const struct place *place, const char *one, const char *other)
{
	if (json_object_get(place->object, one) == NULL ||
		json_object_get(place->object, other) == NULL)
		return TOOL_OK;
	AUTO_TEXT what = tool_text("cannot be given together with %s", other);
	return wrong(place, one, what);
}

/* --- levels -------------------------------------------------------------------------------- */

static int check_advisories(const struct place *place, const json_t *advisories)
{
	const json_t *one;
	size_t i;

	json_array_foreach(advisories, i, one)
		if (!json_is_string(one))
			return wrong(place, "advisories", "is not a list of texts");
	return TOOL_OK;
}

static int read_level(const struct place *place, bool platform, json_t **level)
{
	struct pki_level l = {.status = "UpToDate"};
	const struct member members[] = {
		{platform ? "pcesvn" : "isvsvn", U16, &l.svn, 0},
		{"status", STATUS, &l.status, 0},
		{"date", DATE, &l.date, 0},
		{"advisories", LIST, &l.advisories, 0},
		{"sgx", SVNS, l.sgx, 0},
		{"tdx", SVNS, l.tdx, 0},
	};

	TOOL_TRY(read_members(place, members, COUNT_OF(members) - (platform ? 0 : 2)));
	TOOL_TRY(check_advisories(place, l.advisories));
	*level = platform ? platform_level(&l) : isvsvn_level(&l);
	return TOOL_OK;
}

/* A new list as served; the caller's, whatever is returned. */
static int read_levels(const struct place *place, const json_t *list, bool platform, json_t **levels)
{
	const json_t *one;
	json_t *level;
	size_t i;

	*levels = json_array();
	if (json_array_size(list) == 0)
		return wrong(place, "levels", "is empty");
	json_array_foreach(list, i, one)
	{
		AUTO_TEXT where = tool_text("%slevels[%zu].", place->where, i);
		const struct place at = {place->file, where, one};
		TOOL_TRY(read_level(&at, platform, &level));
		json_array_append_new(*levels, level);
	}
	return TOOL_OK;
}

static int read_module(const struct place *place, json_t *modules)
{
	const json_t *list = NULL;
	uint16_t major = 0;
	json_t *levels;
	const struct member members[] = {
		{"major", U16, &major, 0},
		{"levels", LIST, &list, 0},
	};

	TOOL_TRY(read_members(place, members, COUNT_OF(members)));
	if (major == 0 || major > MAJOR_MAX)
		return wrong(place, "major", "is not a number from 1 to 255");
	const int code = read_levels(place, list, false, &levels);
	if (code == TOOL_OK)
		json_array_append_new(modules, module_identity(major, levels));
	else
		json_decref(levels);
	return code;
}

/* --- hosts --------------------------------------------------------------------------------- */

/* Keeps the list until the options are cleaned up. */
static json_t *own(struct pki_options *options, json_t *list)
{
	json_array_append_new(options->owned, list);
	return list;
}

static int read_host_lists(const struct place *place, const json_t *levels, const json_t *modules,
	struct pki_options *options, struct pki_host *host)
{
	const json_t *one;
	json_t *list;
	size_t i;

	if (levels != NULL) {
		const int code = read_levels(place, levels, true, &list);
		host->levels = own(options, list);
		TOOL_TRY(code);
	}
	if (modules == NULL)
		return TOOL_OK;
	host->modules = own(options, json_array());
	json_array_foreach(modules, i, one)
	{
		AUTO_TEXT where = tool_text("%smodules[%zu].", place->where, i);
		const struct place at = {place->file, where, one};
		TOOL_TRY(read_module(&at, host->modules));
	}
	return TOOL_OK;
}

static int read_host(const struct place *place, size_t index, struct pki_options *options)
{
	struct pki_host *host = &options->hosts[options->host_count++];
	struct platform *p = &host->platform;
	const json_t *levels = NULL, *modules = NULL;
	const struct member members[] = {
		{"name", TEXT, &host->name, 0},
		{"fmspc", HEX, p->fmspc, sizeof(p->fmspc)},
		{"pceid", HEX, p->pceid, sizeof(p->pceid)},
		{"ca", CA, &p->processor_ca, 0},
		{"cpusvn", SVNS, p->cpusvn, 0},
		{"pcesvn", U16, &p->pcesvn, 0},
		{"tee_tcb_svn", SVNS, p->tee_tcb_svn, 0},
		{"tee_tcb_svn2", SVNS, p->tee_tcb_svn2, 0},
		{"qe_isvsvn", U16, &p->qe_isvsvn, 0},
		{"quote_bytes", U16, &host->quote_bytes, 0},
		{"tcb_status", STATUS, &host->tcb_status, 0},
		{"levels", LIST, &levels, 0},
		{"module_status", STATUS, &host->module_status, 0},
		{"modules", LIST, &modules, 0},
	};

	host->described = true;
	platform_describe(index, p);
	p->processor_ca = options->processor_ca;
	TOOL_TRY(read_members(place, members, COUNT_OF(members)));
	if (host->name == NULL)
		return wrong(place, "name", "is missing");
	if (json_object_get(place->object, "tee_tcb_svn2") == NULL)
		memcpy(p->tee_tcb_svn2, p->tee_tcb_svn, sizeof(p->tee_tcb_svn2));
	TOOL_TRY(not_both(place, "tcb_status", "levels"));
	TOOL_TRY(not_both(place, "module_status", "modules"));
	return read_host_lists(place, levels, modules, options, host);
}

static int read_hosts(const struct place *place, const json_t *hosts, struct pki_options *options)
{
	const json_t *one;
	size_t i;

	if (json_array_size(hosts) == 0 || json_array_size(hosts) > PKI_HOSTS_MAX) {
		AUTO_TEXT what = tool_text("1 to %d are needed", PKI_HOSTS_MAX);
		return wrong(place, "hosts", what);
	}
	json_array_foreach(hosts, i, one)
	{
		AUTO_TEXT where = tool_text("hosts[%zu].", i);
		const struct place at = {place->file, where, one};
		TOOL_TRY(read_host(&at, i, options));
	}
	return TOOL_OK;
}

static int read_revoked(const struct place *place, const json_t *list, struct pki_options *options)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		AUTO_TEXT name = tool_text("revoke[%zu]", i);
		if (!json_is_string(one) || !pki_revoke(options, json_string_value(one)))
			return wrong(place, name,
				"is none of pck:HOST, platform-ca, processor-ca, tcb-signing");
	}
	return TOOL_OK;
}

int pki_describe(const char *path, struct pki_options *options)
{
	const json_t *hosts = NULL, *revoked = NULL, *qe_levels = NULL;
	uint32_t platforms = 0;
	json_t *levels;
	const struct member members[] = {
		{"platforms", U32, &platforms, 0},
		{"ca", CA, &options->processor_ca, 0},
		{"tcb_evaluation_data_number", U32, &options->evaluation_number, 0},
		{"root_ca_crl_number", U32, &options->root_crl_number, 0},
		{"pck_crl_number", U32, &options->pck_crl_number, 0},
		{"revoke", LIST, &revoked, 0},
		{"qe_status", STATUS, &options->qe_status, 0},
		{"qe_levels", LIST, &qe_levels, 0},
		{"hosts", LIST, &hosts, 0},
	};
	json_t *tree = json_read_file(path);

	if (tree == NULL)
		return TOOL_USAGE;
	options->owned = json_array();
	const struct place place = {path, "", own(options, tree)};
	TOOL_TRY(read_members(&place, members, COUNT_OF(members)));
	TOOL_TRY(not_both(&place, "qe_status", "qe_levels"));
	if (json_object_get(tree, "platforms") != NULL)
		options->platforms = platforms;
	if (qe_levels != NULL) {
		const struct place qe = {path, "qe_", tree};
		const int code = read_levels(&qe, qe_levels, false, &levels);
		options->qe_levels = own(options, levels);
		TOOL_TRY(code);
	}
	TOOL_TRY(read_hosts(&place, hosts, options));
	return read_revoked(&place, revoked, options);
}

/* --- names --------------------------------------------------------------------------------- */

struct pki_host *pki_find_host(struct pki_options *options, const char *name)
{
	for (size_t i = 0; i < options->host_count; i++)
		if (strcmp(options->hosts[i].name, name) == 0)
			return &options->hosts[i];
	return NULL;
}

bool pki_revoke(struct pki_options *options, const char *what)
{
	struct pki_host *host =
		strncmp(what, "pck:", 4) == 0 ? pki_find_host(options, what + 4) : NULL;

	if (strcmp(what, "platform-ca") == 0)
		options->revoke_platform_ca = true;
	else if (strcmp(what, "processor-ca") == 0)
		options->revoke_processor_ca = true;
	else if (strcmp(what, "tcb-signing") == 0)
		options->revoke_tcb_signing = true;
	else if (host != NULL)
		host->revoked = true;
	else
		return false;
	return true;
}

void cleanup_pki_options(struct pki_options *options)
{
	json_decref(options->owned);
	options->owned = NULL;
}
