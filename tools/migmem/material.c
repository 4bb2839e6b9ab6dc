/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/material.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/measure.h"
#include "pki/pki.h"

/* --- programs ------------------------------------------------------------------------------ */

static void own_path(char path[PATH_MAX])
{
	const ssize_t size = readlink("/proc/self/exe", path, PATH_MAX - 1);

	path[size > 0 ? size : 0] = '\0';
}

/* Beside our own executable: installed in one folder, or in a build tree.  NULL: not there. */
static char *look_beside(const char *const *places, size_t n)
{
	char own[PATH_MAX];

	own_path(own);
	const char *folder = dirname(own);
	for (size_t i = 0; i < n; i++) {
		AUTO_TEXT path = tool_text("%s/%s", folder, places[i]);
		if (access(path, X_OK) == 0)
			return tool_text("%s", path);
	}
	return NULL;
}

static char *find_program(const char *given, const char *const *places, size_t n)
{
	if (given != NULL) {
		if (access(given, X_OK) == 0)
			return tool_text("%s", given);
		tool_fail(TOOL_USAGE, "%s: is not an executable program", given);
		return NULL;
	}
	char *found = look_beside(places, n);
	if (found == NULL)
		tool_fail(TOOL_USAGE, "%s was not found beside migmem; name it with an option",
			places[0]);
	return found;
}

static int find_programs(const struct run_options *o, struct material *m)
{
	static const char *const migtd[] = {"migtd-measure", "../ports/linux/migtd-measure"};
	static const char *const tdhost[] = {"tdhost", "../host/tdhost"};

	if (strcmp(o->target, "inproc") == 0) {
		/* What runs is this program; it is measured as the other would be, if that is there. */
		char own[PATH_MAX];
		own_path(own);
		m->migtd = o->migtd != NULL ? find_program(o->migtd, migtd, COUNT_OF(migtd))
					    : look_beside(migtd, COUNT_OF(migtd));
		if (m->migtd == NULL && o->migtd == NULL)
			m->migtd = tool_text("%s", own);
		return m->migtd != NULL ? TOOL_OK : TOOL_USAGE;
	}
	m->migtd = find_program(o->migtd, migtd, COUNT_OF(migtd));
	m->tdhost = find_program(o->tdhost, tdhost, COUNT_OF(tdhost));
	return m->migtd != NULL && m->tdhost != NULL ? TOOL_OK : TOOL_USAGE;
}

/* --- policies ------------------------------------------------------------------------------ */

static int read_launch(const char *folder, struct launch *l)
{
	AUTO_TEXT path = tool_text("%s/launch.json", folder);
	AUTO_JSON values = json_read_file(path);
	AUTO_BLOB policy = {0};

	if (values == NULL)
		return TOOL_USAGE;
	l->policy = tool_text("%s/policy.json", folder);
	l->chain = tool_text("%s/policy_issuer_chain.pem", folder);
	l->mrowner = tool_text("%s", json_string_value(json_object_get(values, "mrowner")));
	l->mrownerconfig =
		tool_text("%s", json_string_value(json_object_get(values, "mrownerconfig")));
	TOOL_TRY(file_read(l->policy, &policy));
	l->policy_size = policy.size;
	return TOOL_OK;
}

/* Where peers have other policies, each must let that pass. */
static int generate_v1(
	const struct run_options *o, const char *pki, const char *salt, const char *folder,
	struct launch *l)
{
	const struct policy_v1_options options = {
		.size = o->policy_size,
		.pre_production = true,
		.salt = o->distinct ? salt : NULL,
		.other_policies = o->distinct,
	};
	AUTO_BLOB policy = {0};

	TOOL_TRY(policy_v1_generate(&options, pki, folder));
	l->policy = tool_text("%s/policy.json", folder);
	l->root_ca = tool_text("%s/root_ca.der", folder);
	TOOL_TRY(file_read(l->policy, &policy));
	l->policy_size = policy.size;
	return TOOL_OK;
}

static int generate(struct stage *s, const struct run_options *o, struct material *m, size_t i)
{
	AUTO_TEXT name = tool_text("policy-%zu", i);
	AUTO_TEXT folder = stage_path(s, name);
	AUTO_TEXT salt = tool_text("migmem seed %llu policy %zu", (unsigned long long)o->seed, i);
	struct policy_options options = {
		.pki = m->pki,
		.images = 1,
		.size = o->policy_size,
		.svn = 1,
		.salt = salt,
	};

	if (o->v1)
		return generate_v1(o, m->pki, salt, folder, &m->launches[i]);
	TOOL_TRY(image_mrtd(m->migtd, options.mrtd[0]));
	TOOL_TRY(policy_generate(&options, folder));
	return read_launch(folder, &m->launches[i]);
}

/* MROWNERCONFIG of a policy that was not made here. */
static int owner_config(const struct named_text *policy, char **hex)
{
	AUTO_JSON tree = json_read_text(policy->name, &policy->text);
	const json_t *svn = json_object_get(json_object_get(tree, "policyData"), "policySvn");
	uint8_t config[DIGEST_SHA384_SIZE] = {0};

	if (!json_is_integer(svn) || json_integer_value(svn) < 0 ||
		json_integer_value(svn) > UINT32_MAX)
		return tool_fail(TOOL_USAGE, "%s: policyData.policySvn is not a 32-bit number",
			policy->name);
	for (size_t i = 0; i < 4; i++)
		config[i] = (uint8_t)(json_integer_value(svn) >> 8 * i);
	*hex = hex_lower(config, sizeof(config));
	return TOOL_OK;
}

static int take_v1(const struct run_options *o, const char *path, struct launch *l)
{
	AUTO_BLOB policy = {0};

	TOOL_TRY(file_read(path, &policy));
	l->policy = tool_text("%s", path);
	l->root_ca = tool_text("%s/root.der", o->pki);
	l->policy_size = policy.size;
	return TOOL_OK;
}

static int take(const struct run_options *o, size_t i, struct launch *l)
{
	if (o->v1)
		return take_v1(o, o->policy_files.item[i % o->policy_files.n], l);

	struct named_text policy = {.name = o->policy_files.item[i % o->policy_files.n]};
	struct named_text chain = {.name = o->policy_issuer_chain};
	uint8_t mrowner[DIGEST_SHA384_SIZE];
	int code = file_read(policy.name, &policy.text);

	if (code == TOOL_OK)
		code = file_read(chain.name, &chain.text);
	if (code == TOOL_OK)
		code = policy_mrowner(&chain, mrowner);
	if (code == TOOL_OK)
		code = owner_config(&policy, &l->mrownerconfig);
	if (code == TOOL_OK) {
		l->policy = tool_text("%s", policy.name);
		l->chain = tool_text("%s", chain.name);
		l->mrowner = hex_lower(mrowner, sizeof(mrowner));
		l->policy_size = policy.text.size;
	}
	cleanup_blob(&policy.text);
	cleanup_blob(&chain.text);
	return code;
}

static int make_pki(struct stage *s, const struct run_options *o, struct material *m)
{
	const struct pki_options options = {
		.platforms = 32,
		.host_count = 2,
		.hosts = {{.name = "a", .quote_bytes = (uint16_t)o->quote_size},
			{.name = "b", .quote_bytes = (uint16_t)o->quote_size}},
	};

	if (o->pki != NULL) {
		m->pki = tool_text("%s", o->pki);
		return TOOL_OK;
	}
	m->pki = stage_path(s, "pki");
	return pki_generate(&options, m->pki);
}

/* What goes with policies that were not made here. */
static int check_given(const struct run_options *o)
{
	if (o->v1 && o->policy_issuer_chain != NULL)
		return tool_fail(TOOL_USAGE, "--policy-issuer-chain is for policies of version 2");
	if (o->policy_files.n == 0 || (o->pki != NULL && (o->v1 || o->policy_issuer_chain != NULL)))
		return TOOL_OK;
	if (o->v1)
		return tool_fail(TOOL_USAGE, "--policy-file needs --pki, the hierarchy it names");
	return tool_fail(TOOL_USAGE,
		"--policy-file needs --policy-issuer-chain and --pki, the "
		"hierarchy behind its collateral");
}

int material_prepare(struct stage *s, const struct run_options *o, struct material *m)
{
	*m = (struct material){0};
	TOOL_TRY(check_given(o));
	if (o->distinct && o->policy_files.n != 0 && o->policy_files.n != o->sessions + 1)
		return tool_fail(TOOL_USAGE,
			"--policies distinct needs %llu different --policy-file, the "
			"measured side's first",
			(unsigned long long)o->sessions + 1);
	TOOL_TRY(find_programs(o, m));
	TOOL_TRY(make_pki(s, o, m));
	m->n = o->distinct ? o->sessions + 1 : 1;
	m->launches = tool_alloc(m->n * sizeof(*m->launches));
	for (size_t i = 0; i < m->n; i++)
		TOOL_TRY(o->policy_files.n != 0 ? take(o, i, &m->launches[i])
						: generate(s, o, m, i));
	return TOOL_OK;
}

void material_release(struct material *m)
{
	for (size_t i = 0; m->launches != NULL && i < m->n; i++) {
		free(m->launches[i].policy);
		free(m->launches[i].chain);
		free(m->launches[i].root_ca);
		free(m->launches[i].mrowner);
		free(m->launches[i].mrownerconfig);
	}
	free(m->launches);
	free(m->migtd);
	free(m->tdhost);
	free(m->pki);
	*m = (struct material){0};
}
