/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/facts.h"

#include <string.h>

#include "common/json_text.h"
#include "common/key.h"
#include "eventlog/eventlog.h"
#include "host/quote.h"
#include "migmem/run.h"

/* Certificates of a chain that is looked at. */
#define CHAIN_MOST 16

static void set(json_t *facts, const char *name, size_t value)
{
	json_object_set_new(facts, name, json_integer((json_int_t)value));
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* --- certificates ------------------------------------------------------------------------------ */

struct chain_facts {
	size_t links;	/* signatures of one certificate by the next */
	size_t der;	/* of all certificates */
	size_t largest;	/* of them */
};

static int look_at_chain(const char *name, const struct blob *pem, struct chain_facts *c)
{
	X509 *certificates[CHAIN_MOST];
	size_t n = 0;

	TOOL_TRY(certificates_read(name, pem, certificates, CHAIN_MOST, &n));
	for (size_t i = 0; i < n; i++) {
		AUTO_BLOB der = {0};
		certificate_der(certificates[i], &der);
		c->der += der.size;
		c->largest = larger(c->largest, der.size);
		X509_free(certificates[i]);
	}
	c->links += n > 0 ? n - 1 : 0;
	return TOOL_OK;
}

static int look_at_text(const char *name, const json_t *text, struct chain_facts *c)
{
	AUTO_BLOB pem = {0};

	if (!json_is_string(text))
		return TOOL_OK;
	blob_add_text(&pem, json_string_value(text));
	return look_at_chain(name, &pem, c);
}

/* --- hosts ------------------------------------------------------------------------------------- */

static int look_at_host(const char *folder, size_t *quote, size_t *der)
{
	AUTO_TEXT path = tool_text("%s/pck_chain.pem", folder);
	AUTO_BLOB pem = {0};
	struct chain_facts chain = {0};
	struct pki pki;
	char why[512];

	if (pki_load(&pki, folder, why, sizeof(why)) != 0) {
		pki_free(&pki);
		return tool_fail(TOOL_USAGE, "%s", why);
	}
	*quote = larger(*quote, quote_most(pki.pck_chain_size, pki.qe_auth_bytes));
	pki_free(&pki);
	TOOL_TRY(file_read(path, &pem));
	TOOL_TRY(look_at_chain(path, &pem, &chain));
	*der = larger(*der, chain.der);
	return TOOL_OK;
}

static int hosts_facts(const struct material *m, json_t *facts)
{
	size_t quote = 0, der = 0;

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		AUTO_TEXT folder = tool_text("%s/hosts/%s", m->pki, host_name[side]);
		TOOL_TRY(look_at_host(folder, &quote, &der));
	}
	set(facts, "quote_bytes", quote);
	set(facts, "pck_chain_der", der);
	return TOOL_OK;
}

/* --- collateral -------------------------------------------------------------------------------- */

static int collateral_facts(const struct material *m, json_t *facts)
{
	AUTO_TEXT path = tool_text("%s/collateral.json", m->pki);
	AUTO_JSON bundle = json_read_file(path);
	const json_t *platforms = json_object_get(bundle, "platforms"), *one;
	size_t i, levels = 0;

	if (bundle == NULL)
		return TOOL_USAGE;
	json_array_foreach(platforms, i, one)
	{
		const char *text = json_string_value(json_object_get(one, "tcbInfo"));
		AUTO_JSON info = text != NULL ? json_loads(text, 0, NULL) : NULL;
		const json_t *body = json_object_get(info, "tcbInfo");
		levels = larger(levels, json_array_size(json_object_get(body, "tcbLevels")));
	}
	set(facts, "platforms", json_array_size(platforms));
	set(facts, "tcb_levels", levels);
	return TOOL_OK;
}

/* --- policy and event log ---------------------------------------------------------------------- */

static int policy_facts(const struct launch *l, json_t *facts)
{
	AUTO_JSON policy = json_read_file(l->policy);
	AUTO_BLOB issuers = {0};
	struct chain_facts chain = {0};

	if (policy == NULL)
		return TOOL_USAGE;
	const json_t *servtd = json_object_get(
		json_object_get(policy, "policyData"), "servtdCollateral");
	const json_t *identity = json_object_get(
		json_object_get(servtd, "servtdIdentity"), "tdIdentity");
	const json_t *mapping = json_object_get(
		json_object_get(servtd, "servtdTcbMapping"), "tdTcbMapping");
	set(facts, "policy_levels", json_array_size(json_object_get(identity, "tcbLevels")));
	set(facts, "policy_mappings", json_array_size(json_object_get(mapping, "svnMappings")));
	TOOL_TRY(file_read(l->chain, &issuers));
	TOOL_TRY(look_at_chain(l->chain, &issuers, &chain));
	TOOL_TRY(look_at_text(
		l->policy, json_object_get(servtd, "servtdIdentityIssuerChain"), &chain));
	TOOL_TRY(look_at_text(
		l->policy, json_object_get(servtd, "servtdTcbMappingIssuerChain"), &chain));
	set(facts, "certificate_links", chain.links);
	set(facts, "certificate_der", chain.largest);
	return TOOL_OK;
}

static int log_facts(const struct launch *l, json_t *facts)
{
	AUTO_BLOB policy = {0};
	AUTO_BLOB issuer = {0};
	AUTO_BLOB log = {0};
	AUTO_JSON told = NULL;
	const struct measured_files files = {
		.policy = &policy,
		.issuer_chain = l->chain != NULL ? &issuer : NULL,
		.root_ca = l->chain == NULL ? &issuer : NULL,
	};

	TOOL_TRY(file_read(l->policy, &policy));
	TOOL_TRY(file_read(l->chain != NULL ? l->chain : l->root_ca, &issuer));
	TOOL_TRY(eventlog_generate(&files, &log));
	TOOL_TRY(eventlog_show(l->policy, &log, &told));
	set(facts, "events", json_array_size(json_object_get(told, "records")));
	set(facts, "event_log_bytes", log.size);
	return TOOL_OK;
}

int facts_gather(const struct material *m, json_t **facts)
{
	const struct launch *l = &m->launches[0];

	*facts = json_object();
	TOOL_TRY(hosts_facts(m, *facts));
	TOOL_TRY(collateral_facts(m, *facts));
	TOOL_TRY(log_facts(l, *facts));
	return l->chain != NULL ? policy_facts(l, *facts) : TOOL_OK;
}
