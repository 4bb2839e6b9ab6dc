/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* migmem report: what --report writes, of a result on file. */
#include "common/options.h"
#include "migmem/report_page.h"
#include "migmem/sweep.h"

int command_report(int argc, char **argv)
{
	const char *folder = NULL;
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"output", 'o', OPTION_TEXT, &folder, "DIR", "where the two files go", true},
	};

	TOOL_TRY(options_parse(
		argc, argv, "migmem report FILE.json -o DIR", specs, COUNT_OF(specs), &files));
	if (files.n != 1)
		return tool_fail(TOOL_USAGE, "one result of 'migmem run' or 'migmem sweep' is needed");
	AUTO_JSON result = json_read_file(files.item[0]);
	if (result == NULL || json_member(files.item[0], result, "config", JSON_OBJECT) == NULL)
		return TOOL_USAGE;
	return report_page_write(result, folder);
}
