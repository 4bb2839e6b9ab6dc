/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* migmem header: region sizes for the build. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"
#include "migmem/sizing.h"

/* --- header -------------------------------------------------------------------------------- */

struct sizes {
	struct equation all[QUANTITY_COUNT], vsock[QUANTITY_COUNT];
	int64_t static_bytes;	/* 0: not known */
};

static const char *const macro[QUANTITY_COUNT] = {"STACK", "HEAP", "SHARED"};

static void write_terms(const char *prefix, const struct equation e[QUANTITY_COUNT], size_t first,
	struct blob *out)
{
	for (size_t q = first; q < QUANTITY_COUNT; q++) {
		blob_format(out, "#define MIGTD_%s%s_FIXED %" PRId64 "u\n", prefix, macro[q],
			e[q].envelope_fixed);
		blob_format(out, "#define MIGTD_%s%s_PER_SESSION %" PRId64 "u\n", prefix, macro[q],
			e[q].envelope_per_session);
	}
}

static void write_macros(const struct sizes *s, struct blob *out)
{
	const struct equation *e = s->all;

	blob_add_text(out, "/* Bytes: a fixed part, and so many for each session held at once. */\n");
	write_terms("", e, 0, out);
	blob_add_text(out, "/* The same where nothing but vsock is spoken. */\n");
	write_terms("VSOCK_", s->vsock, QUANTITY_HEAP, out);
	blob_add_text(out,
		"\n/* Whole pages. */\n#define MIGTD_PAGES(bytes) (((bytes) + 4095u) / 4096u * "
		"4096u)\n");
	for (size_t q = 0; q < QUANTITY_COUNT; q++)
		blob_format(out,
			"#define MIGTD_%s_SIZE(sessions) \\\n\tMIGTD_PAGES(MIGTD_%s_FIXED + "
			"MIGTD_%s_PER_SESSION * (sessions))\n",
			macro[q], macro[q], macro[q]);
}

/* Of a baseline, or of a single sweep with different policies. */
static int read_header(const char *path, struct sizes *s)
{
	AUTO_JSON result = json_read_file(path);

	*s = (struct sizes){0};
	if (result == NULL)
		return TOOL_USAGE;
	if (json_object_get(result, "sweeps") == NULL) {
		AUTO_JSON sweep = NULL;
		TOOL_TRY(sizing_read(path, &sweep, s->all));
		memcpy(s->vsock, s->all, sizeof(s->vsock));
		return TOOL_OK;
	}
	s->static_bytes = sizing_static(result);
	TOOL_TRY(sizing_of(path, result, NULL, s->all));
	return sizing_of(path, result, "vsock", s->vsock);
}

int command_header(int argc, char **argv)
{
	const char *output = NULL;
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"output", 'o', OPTION_TEXT, &output, "FILE", "header to write", true},
	};
	struct sizes sizes;
	AUTO_BLOB out = {0};

	TOOL_TRY(options_parse(
		argc, argv, "migmem header FILE.json -o sizing.h", specs, COUNT_OF(specs), &files));
	if (files.n != 1)
		return tool_fail(TOOL_USAGE,
			"one result of 'migmem baseline' or 'migmem sweep --json' is needed");
	TOOL_TRY(read_header(files.item[0], &sizes));
	blob_add_text(&out,
		"/* SPDX-License-Identifier: BSD-2-Clause-Patent */\n"
		"/*\n * Measured sizes of a Migration TD's regions, written by 'migmem header' "
		"(MEMORY.md): the lowest\n * lines that no measured point lies above, the larger of "
		"all kinds of run.  The stack is the static\n * bound.\n */\n"
		"#ifndef MIGTD_SIZING_H\n#define MIGTD_SIZING_H\n\n");
	write_macros(&sizes, &out);
	if (sizes.static_bytes > 0)
		blob_format(&out,
			"\n/* Everything else the process port can write to. */\n"
			"#define MIGTD_STATIC_BYTES %" PRId64 "u\n",
			sizes.static_bytes);
	blob_add_text(&out, "\n#endif\n");
	return file_write(output, out.data, out.size);
}
