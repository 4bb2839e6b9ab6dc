/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

static void pair(FILE *answer, const char *name, unsigned long long value)
{
	fprintf(answer, ",\"%s\":%llu", name, value);
}

static void by_phase(FILE *answer, const char *name, const size_t values[PHASE_COUNT])
{
	fprintf(answer, ",\"%s\":{", name);
	for (unsigned p = 0; p < PHASE_COUNT; p++)
		fprintf(answer, "%s\"%s\":%zu", p > 0 ? "," : "", phase_word((enum phase)p),
			values[p]);
	fputc('}', answer);
}

static void by_tag(FILE *answer, const struct mem_usage usage[MEM_TAG_COUNT])
{
	fputs(",\"by_tag\":{", answer);
	for (unsigned t = 0; t < MEM_TAG_COUNT; t++)
		fprintf(answer,
			"%s\"%s\":{\"reserved\":%zu,\"used\":%zu,\"peak\":%zu,\"extent\":%zu}",
			t > 0 ? "," : "", mem_tag_name((enum mem_tag)t), usage[t].reserved,
			usage[t].used, usage[t].peak, usage[t].extent);
	fputc('}', answer);
}

static void answer_counters(FILE *answer, struct migtd *td)
{
	struct migtd_counters c;

	migtd_counters(td, &c);
	fputs("{\"ok\":true", answer);
	pair(answer, "stack_size", c.stack_size);
	pair(answer, "stack_peak", c.stack_peak);
	pair(answer, "heap_size", c.heap_size);
	pair(answer, "heap_used", c.heap_used);
	pair(answer, "heap_extent_peak", c.heap_extent_peak);
	pair(answer, "heap_requested_peak", c.heap_requested_peak);
	pair(answer, "residue", c.residue);
	pair(answer, "shared_size", c.shared_size);
	pair(answer, "shared_used", c.shared_used);
	pair(answer, "shared_abandoned", c.shared_abandoned);
	pair(answer, "shared_extent_peak", c.shared_extent_peak);
	pair(answer, "shared_peak", c.shared_peak);
	pair(answer, "private_copies", c.private_copies);
	pair(answer, "config_bytes", c.config_bytes);
	pair(answer, "bignum_peak", c.bignum_peak);
	by_tag(answer, c.by_tag);
	by_phase(answer, "heap_by_phase", c.heap_by_phase);
	by_phase(answer, "shared_by_phase", c.shared_by_phase);
	pair(answer, "session_size", c.session_size);
	pair(answer, "record_size", c.record_size);
	pair(answer, "tdinfo_size", c.tdinfo_size);
	pair(answer, "sessions_max", c.sessions_max);
	pair(answer, "sessions_live", c.sessions_live);
	pair(answer, "sessions_peak", c.sessions_peak);
	pair(answer, "held", c.held);
	pair(answer, "queued", c.queued);
	pair(answer, "completed", c.completed);
	pair(answer, "failed", c.failed);
	fputc('}', answer);
}

static bool answer_sessions(FILE *answer, struct migtd *td)
{
	const uint32_t n = migtd_sessions(td, NULL, 0);
	struct migtd_session_info *info = calloc(n > 0 ? n : 1, sizeof(*info));

	if (info == NULL)
		return false;
	migtd_sessions(td, info, n);
	fputs("{\"ok\":true,\"sessions\":[", answer);
	for (uint32_t i = 0; i < n; i++)
		fprintf(answer,
			"%s{\"request_id\":%llu,\"phase\":\"%s\",\"is_source\":%s,\"held\":%s,"
			"\"queued\":%s,\"heap\":%zu,\"shared\":%zu}",
			i > 0 ? "," : "", (unsigned long long)info[i].request_id,
			phase_word(info[i].phase), info[i].is_source ? "true" : "false",
			info[i].held ? "true" : "false", info[i].queued ? "true" : "false",
			info[i].heap, info[i].shared);
	fputs("]}", answer);
	free(info);
	return true;
}

static void hold(FILE *answer, struct migtd *td, const char *word)
{
	for (unsigned p = 0; p < PHASE_COUNT; p++) {
		if (strcmp(word, phase_word((enum phase)p)) == 0) {
			migtd_hold(td, (enum phase)p);
			fputs("{\"ok\":true}", answer);
			return;
		}
	}
	fputs("{\"ok\":false,\"error\":\"no such phase\"}", answer);
}

bool answer_command(FILE *answer, struct migtd *td, const char *command)
{
	if (strncmp(command, "hold ", 5) == 0) {
		hold(answer, td, command + 5);
	} else if (strcmp(command, "release") == 0) {
		migtd_hold(td, PHASE_COUNT);
		fputs("{\"ok\":true}", answer);
	} else if (strcmp(command, "counters") == 0) {
		answer_counters(answer, td);
	} else if (strcmp(command, "sessions") == 0) {
		return answer_sessions(answer, td);
	} else {
		fputs("{\"ok\":false,\"error\":\"unknown command\"}", answer);
	}
	return true;
}
