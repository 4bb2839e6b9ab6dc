/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The result of a verified quote names the levels that matched by their SVNs, and the collateral
 * was verified with it; here the levels are looked up again for their advisories.
 */
#include "quote/quote.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/json_text.h"

#define COMPONENTS 16

static json_t *document(const json_t *text)
{
	return json_loadb(json_string_value(text), json_string_length(text), 0, NULL);
}

static bool number_is(const json_t *object, const char *name, unsigned value)
{
	const json_t *number = json_object_get(object, name);

	return json_is_integer(number) && json_integer_value(number) == (json_int_t)value;
}

static bool components_are(const json_t *list, const uint8_t svn[COMPONENTS])
{
	if (json_array_size(list) != COMPONENTS)
		return false;
	for (size_t i = 0; i < COMPONENTS; i++)
		if (!number_is(json_array_get(list, i), "svn", svn[i]))
			return false;
	return true;
}

static unsigned u16_at(const uint8_t *at)
{
	return at[0] | (unsigned)at[1] << 8;
}

static bool is_platform_level(const json_t *tcb, const uint8_t *result)
{
	return number_is(tcb, "pcesvn", u16_at(result + RESULT_PCESVN)) &&
	       components_are(json_object_get(tcb, "sgxtcbcomponents"),
		       result + RESULT_SGX_COMPONENTS) &&
	       components_are(json_object_get(tcb, "tdxtcbcomponents"),
		       result + RESULT_TDX_COMPONENTS);
}

static void add_level(json_t *advisories, const json_t *level)
{
	const json_t *one, *known;
	size_t i, k;

	json_array_foreach(json_object_get(level, "advisoryIDs"), i, one)
	{
		bool is_new = json_is_string(one);
		json_array_foreach(advisories, k, known) is_new = is_new && !json_equal(one, known);
		if (is_new)
			json_array_append(advisories, (json_t *)(uintptr_t)one);
	}
}

/* The first level with this ISVSVN. */
static void add_isvsvn_level(json_t *advisories, const json_t *levels, unsigned isvsvn)
{
	const json_t *level;
	size_t i;

	json_array_foreach(levels, i, level)
	{
		if (!number_is(json_object_get(level, "tcb"), "isvsvn", isvsvn))
			continue;
		add_level(advisories, level);
		return;
	}
}

static void add_platform(json_t *advisories, const json_t *info, const uint8_t *result)
{
	const json_t *level, *identity;
	size_t i;

	json_array_foreach(json_object_get(info, "tcbLevels"), i, level)
	{
		if (is_platform_level(json_object_get(level, "tcb"), result))
			add_level(advisories, level);
	}
	if (result[RESULT_MODULE_MAJOR] == 0)
		return;
	AUTO_TEXT module = tool_text("TDX_%02X", result[RESULT_MODULE_MAJOR]);
	json_array_foreach(json_object_get(info, "tdxModuleIdentities"), i, identity)
	{
		const char *id = json_string_value(json_object_get(identity, "id"));
		if (id != NULL && strcasecmp(id, module) == 0)
			add_isvsvn_level(advisories, json_object_get(identity, "tcbLevels"),
				result[RESULT_MODULE_SVN]);
	}
}

json_t *quote_advisories(const struct blob *bundle, const struct quote_result *result)
{
	AUTO_JSON tree = json_loadb((const char *)bundle->data, bundle->size, 0, NULL);
	AUTO_JSON qe = document(json_object_get(tree, "qeIdentity"));
	AUTO_TEXT fmspc = hex_upper(result->bytes + RESULT_FMSPC, 6);
	json_t *advisories = json_array();
	const json_t *platform;
	size_t i;

	json_array_foreach(json_object_get(tree, "platforms"), i, platform)
	{
		const char *text = json_string_value(json_object_get(platform, "fmspc"));
		if (text == NULL || strcmp(text, fmspc) != 0)
			continue;
		AUTO_JSON info = document(json_object_get(platform, "tcbInfo"));
		add_platform(advisories, json_object_get(info, "tcbInfo"), result->bytes);
		break;
	}
	add_isvsvn_level(advisories,
		json_object_get(json_object_get(qe, "enclaveIdentity"), "tcbLevels"),
		u16_at(result->bytes + RESULT_QE_ISVSVN));
	return advisories;
}
