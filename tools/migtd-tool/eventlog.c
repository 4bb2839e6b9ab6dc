/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "eventlog/eventlog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/json_text.h"
#include "common/options.h"
#include "quote/quote.h"

/* --- show ----------------------------------------------------------------------------------- */

static const char *text_of(const json_t *record, const char *field)
{
	const char *text = json_string_value(json_object_get(record, field));

	return text != NULL ? text : "";
}

static void print_records(const json_t *told)
{
	const json_t *record;
	size_t i;

	json_array_foreach(json_object_get(told, "records"), i, record)
	{
		const json_t *tag = json_object_get(record, "tag");
		printf("%6" JSON_INTEGER_FORMAT "  RTMR%" JSON_INTEGER_FORMAT
		       "  %-30s %6" JSON_INTEGER_FORMAT " bytes  %s",
			json_integer_value(json_object_get(record, "offset")),
			json_integer_value(json_object_get(record, "rtmr")),
			json_is_string(json_object_get(record, "type_name")) ?
				text_of(record, "type_name") :
				text_of(record, "type"),
			json_integer_value(json_object_get(record, "size")),
			text_of(record, "class"));
		if (json_is_integer(tag))
			printf(" tag %" JSON_INTEGER_FORMAT, json_integer_value(tag));
		printf(" %s\n        digest %s\n        data   %s\n", text_of(record, "name"),
			text_of(record, "digest"), text_of(record, "data"));
	}
	if (json_object_get(told, "trailing") != NULL)
		printf("%" JSON_INTEGER_FORMAT " bytes after the last record\n",
			json_integer_value(json_object_get(told, "trailing")));
}

static int show(int argc, char **argv)
{
	bool json = false;
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"json", 0, OPTION_FLAG, &json, NULL, "print one JSON object", false},
	};
	AUTO_BLOB log = {0};
	AUTO_JSON told = NULL;

	TOOL_TRY(options_parse(argc, argv, "migtd-tool eventlog show FILE [--json]", specs,
		COUNT_OF(specs), &files));
	if (files.n != 1)
		return tool_fail(TOOL_USAGE, "one file is needed; see --help");
	TOOL_TRY(file_read(files.item[0], &log));
	const int code = eventlog_show(files.item[0], &log, &told);
	if (told == NULL)
		return code;
	if (json)
		print_fields(told, true);
	else
		print_records(told);
	return code;
}

/* --- replay --------------------------------------------------------------------------------- */

struct expected {
	const char *from;	/* a file, or "--rtmr"; NULL: nothing to compare with */
	bool given[EVENTLOG_RTMRS];
	uint8_t rtmr[EVENTLOG_RTMRS][48];
};

static int expect_fields(const char *path, const json_t *fields, struct expected *e)
{
	e->from = path;
	for (size_t i = 0; i < EVENTLOG_RTMRS; i++) {
		AUTO_TEXT name = tool_text("rtmr%zu", i);
		TOOL_TRY(json_member_hex(path, fields, name, e->rtmr[i], 48));
		e->given[i] = true;
	}
	return TOOL_OK;
}

/* Nothing of a quote or report is verified here: it is just the register values' source. */
static int expect_file(const char *path,
	int (*fields_of)(const char *name, const struct blob *file, json_t **fields),
	struct expected *e)
{
	AUTO_BLOB file = {0};
	AUTO_JSON fields = NULL;

	TOOL_TRY(file_read(path, &file));
	if (fields_of(path, &file, &fields) != TOOL_OK)
		return TOOL_USAGE;
	return expect_fields(path, fields, e);
}

/* INDEX=HEX */
static int expect_values(const struct option_list *values, struct expected *e)
{
	for (size_t k = 0; k < values->n; k++) {
		const char *text = values->item[k];
		const unsigned i = (unsigned)(text[0] - '0');
		if (i >= EVENTLOG_RTMRS || text[1] != '=' || !hex_read(text + 2, e->rtmr[i], 48))
			return tool_fail(TOOL_USAGE,
				"--rtmr: '%s' is not 0 to 3, '=' and 96 hexadecimal digits", text);
		e->given[i] = true;
		e->from = "--rtmr";
	}
	return TOOL_OK;
}

static int tell(const char *name, const uint8_t rtmr[EVENTLOG_RTMRS][48], const struct expected *e,
	bool json)
{
	AUTO_JSON told = json_object();
	int differs = -1;

	for (int i = 0; i < EVENTLOG_RTMRS; i++) {
		AUTO_TEXT hex = hex_lower(rtmr[i], 48);
		AUTO_TEXT field = tool_text("rtmr%d", i);
		json_object_set_new(told, field, json_string(hex));
		if (e->given[i] && memcmp(rtmr[i], e->rtmr[i], 48) != 0 && differs < 0)
			differs = i;
	}
	if (e->from != NULL)
		json_object_set_new(told, "matches", json_boolean(differs < 0));
	print_fields(told, json);
	if (differs < 0)
		return TOOL_OK;
	return tool_fail(TOOL_REJECT, "%s: RTMR%d is not that of %s", name, differs, e->from);
}

static int replay(int argc, char **argv)
{
	const char *quote = NULL, *report = NULL;
	bool json = false;
	struct option_list files = {0}, values = {0};
	const struct option_spec specs[] = {
		{"quote", 'q', OPTION_TEXT, &quote, "FILE", "compare with the RTMRs of a quote",
			false},
		{"tdreport", 0, OPTION_TEXT, &report, "FILE", "or of a TDREPORT", false},
		{"rtmr", 0, OPTION_LIST, &values, "N=HEX", "or with one of these values", false},
		{"json", 0, OPTION_FLAG, &json, NULL, "print one JSON object", false},
	};
	AUTO_BLOB log = {0};
	struct expected e = {0};
	uint8_t rtmr[EVENTLOG_RTMRS][48];

	TOOL_TRY(options_parse(argc, argv, "migtd-tool eventlog replay FILE [options]", specs,
		COUNT_OF(specs), &files));
	if (files.n != 1)
		return tool_fail(TOOL_USAGE, "one file is needed; see --help");
	if ((quote != NULL) + (report != NULL) + (values.n != 0) > 1)
		return tool_fail(TOOL_USAGE, "--quote, --tdreport and --rtmr exclude each other");
	if (quote != NULL)
		TOOL_TRY(expect_file(quote, quote_fields, &e));
	if (report != NULL)
		TOOL_TRY(expect_file(report, tdreport_fields, &e));
	TOOL_TRY(expect_values(&values, &e));
	TOOL_TRY(file_read(files.item[0], &log));
	TOOL_TRY(eventlog_replay(files.item[0], &log, rtmr));
	return tell(files.item[0], (const uint8_t(*)[48])rtmr, &e, json);
}

/* --- generate ------------------------------------------------------------------------------- */

struct configuration {
	const char *config, *policy, *issuer_chain, *root_ca;
	struct blob policy_file, signer_file;	/* issuer chain or root CA */
	bool v1;
};

static int read_volume(struct configuration *c)
{
	AUTO_BLOB volume = {0};
	const uint8_t *file;
	size_t n;

	TOOL_TRY(file_read(c->config, &volume));
	c->v1 = cfv_find(volume.data, volume.size, cfv_guid_issuer_chain, &file, &n) != STATUS_OK;
	TOOL_TRY(volume_file(c->config, volume.data, volume.size, cfv_guid_policy, "policy",
		&c->policy_file));
	return volume_file(c->config, volume.data, volume.size,
		c->v1 ? cfv_guid_root_ca : cfv_guid_issuer_chain,
		"root CA and no issuer chain", &c->signer_file);
}

static int read_configuration(struct configuration *c)
{
	if ((c->config != NULL) == (c->policy != NULL))
		return tool_fail(TOOL_USAGE, "one of --config and --policy is needed");
	if (c->config != NULL && (c->issuer_chain != NULL || c->root_ca != NULL))
		return tool_fail(TOOL_USAGE, "--config already holds issuer chain or root CA");
	if (c->config != NULL)
		return read_volume(c);
	if ((c->issuer_chain != NULL) == (c->root_ca != NULL))
		return tool_fail(
			TOOL_USAGE, "one of --policy-issuer-chain and --root-ca is needed");
	c->v1 = c->root_ca != NULL;
	TOOL_TRY(file_read(c->policy, &c->policy_file));
	return file_read(c->v1 ? c->root_ca : c->issuer_chain, &c->signer_file);
}

static int generate(int argc, char **argv)
{
	struct configuration c = {0};
	const char *output = NULL;
	const struct option_spec specs[] = {
		{"config", 0, OPTION_TEXT, &c.config, "FILE", "configuration volume", false},
		{"policy", 'p', OPTION_TEXT, &c.policy, "FILE", "policy outside a volume", false},
		{"policy-issuer-chain", 'c', OPTION_TEXT, &c.issuer_chain, "FILE",
			"the same, policy v2", false},
		{"root-ca", 0, OPTION_TEXT, &c.root_ca, "FILE", "the same, DER, policy v1", false},
		{"output", 'o', OPTION_TEXT, &output, "FILE", "the event log", true},
	};
	AUTO_BLOB log = {0};

	int code = options_parse(argc, argv, "migtd-tool eventlog generate -o FILE [options]", specs,
		COUNT_OF(specs), NULL);
	if (code == TOOL_OK)
		code = read_configuration(&c);
	if (code == TOOL_OK) {
		const struct measured_files files = {.policy = &c.policy_file,
			.root_ca = c.v1 ? &c.signer_file : NULL,
			.issuer_chain = c.v1 ? NULL : &c.signer_file};
		code = eventlog_generate(&files, &log);
	}
	cleanup_blob(&c.policy_file);
	cleanup_blob(&c.signer_file);
	return code == TOOL_OK ? file_write(output, log.data, log.size) : code;
}

int command_eventlog(int argc, char **argv)
{
	const bool help = argc > 1 && strcmp(argv[1], "--help") == 0;

	if (argc > 1 && strcmp(argv[1], "show") == 0)
		return show(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "replay") == 0)
		return replay(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "generate") == 0)
		return generate(argc - 1, argv + 1);
	fprintf(help ? stdout : stderr,
		"Usage: migtd-tool eventlog show|replay FILE [options]\n"
		"       migtd-tool eventlog generate -o FILE [options]\n\n"
		"  show       tell the records and what a Migration TD takes them for\n"
		"  replay     compute RTMR0 to RTMR3, and compare them\n"
		"  generate   write the log that a Migration TD with this configuration sends\n");
	return help ? TOOL_OK : TOOL_USAGE;
}
