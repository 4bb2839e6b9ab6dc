/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bytes.h"
#include "host/platform.h"

enum argument { ARG_NONE, ARG_NUMBER, ARG_CALL };

static const struct {
	const char *name;
	enum argument argument;
	const char *help;
} kinds[FAULT_COUNT] = {
	[FAULT_WRONG_REPORTDATA] = {"wrong-reportdata", ARG_NONE, "quotes carry another REPORTDATA"},
	[FAULT_QUOTE_FLIP] = {"quote-flip", ARG_NUMBER, "=OFFSET: invert that byte of each quote"},
	[FAULT_QUOTE_LATE] = {"quote-late", ARG_NUMBER, "=MS: quotes complete after MS"},
	[FAULT_QUOTE_BUSY] = {"quote-busy", ARG_NUMBER, "=N: the next N GetQuotes answer retry"},
	[FAULT_QUOTE_UNAVAILABLE] = {"quote-unavailable", ARG_NUMBER,
		"=N: the next N GetQuotes end as service unavailable"},
	[FAULT_QUOTE_ERROR] = {"quote-error", ARG_NONE, "quotes end with status error"},
	[FAULT_QUOTE_GARBAGE] = {"quote-garbage", ARG_NONE, "random bytes in place of the answer"},
	[FAULT_QUOTE_TRUNCATED] = {"quote-truncated", ARG_NONE, "half a quote, framed consistently"},
	[FAULT_QUOTE_NEVER] = {"quote-never", ARG_NONE, "quotes stay in flight"},
	[FAULT_QUOTE_REPLAY] = {"quote-replay", ARG_NONE, "the first quote made, again and again"},
	[FAULT_COLLATERAL_LATE] = {"collateral-late", ARG_NUMBER,
		"=MS: collateral comes after MS"},
	[FAULT_COLLATERAL_BUSY] = {"collateral-busy", ARG_NUMBER,
		"=N: the next N requests for collateral answer retry"},
	[FAULT_COLLATERAL_UNAVAILABLE] = {"collateral-unavailable", ARG_NUMBER,
		"=N: the next N end as service unavailable"},
	[FAULT_COLLATERAL_ERROR] = {"collateral-error", ARG_NONE,
		"requests for collateral end with status error"},
	[FAULT_COLLATERAL_GARBAGE] = {"collateral-garbage", ARG_NONE,
		"random bytes in place of collateral"},
	[FAULT_COLLATERAL_TRUNCATED] = {"collateral-truncated", ARG_NONE,
		"half the collateral, framed consistently"},
	[FAULT_COLLATERAL_NEVER] = {"collateral-never", ARG_NONE,
		"requests for collateral stay in flight"},
	[FAULT_COLLATERAL_FLIP] = {"collateral-flip", ARG_NUMBER,
		"=OFFSET: invert that byte of each message with collateral"},
	[FAULT_COLLATERAL_MINOR_0] = {"collateral-minor-0", ARG_NONE,
		"collateral as from a service of protocol 1.0"},
	[FAULT_TDCALL_FAIL] = {"tdcall-fail", ARG_CALL,
		"=LEAF[:N]: the N-th (1st) TDCALL of that leaf number, or of any, fails"},
	[FAULT_VMCALL_FAIL] = {"vmcall-fail", ARG_CALL,
		"=SUBFUNC[:N]: the N-th (1st) TDVMCALL of that sub-function, or of any, fails"},
	[FAULT_VSOCK_RESET_AFTER] = {"vsock-reset-after", ARG_NUMBER,
		"=BYTES: reset each connection after so many bytes"},
	[FAULT_REPORT_STATUS_FAIL] = {"report-status-fail", ARG_NONE, "ReportStatus is refused"},
	[FAULT_REQUEST_TWICE] = {"request-twice", ARG_NUMBER,
		"=N: the next N requests are handed out twice"},
	[FAULT_RAW_ZERO] = {"raw-zero", ARG_NONE, "vmcall-raw: Receives complete without a byte"},
	[FAULT_RAW_OVERSIZE] = {"raw-oversize", ARG_NONE,
		"Receives complete with more than their buffer"},
	[FAULT_RAW_STATUS] = {"raw-status", ARG_NUMBER,
		"=N: Receives complete with data status N"},
	[FAULT_RAW_NEVER] = {"raw-never", ARG_NONE, "Receives never complete"},
	[FAULT_RAW_SEND_NEVER] = {"raw-send-never", ARG_NONE, "Sends never complete"},
	[FAULT_RAW_LATE] = {"raw-late", ARG_NUMBER,
		"=MS: Sends and Receives complete MS later"},
	[FAULT_RAW_INJECT] = {"raw-inject", ARG_NONE,
		"a Receive completes with data when its request is over"},
	[FAULT_RAW_REPORT_NEVER] = {"raw-report-never", ARG_NONE,
		"ReportStatus of vmcall-raw never completes"},
	[FAULT_DEBUG_ATTRIBUTES] = {"debug-attributes", ARG_NONE,
		"TDs attach with ATTRIBUTES.DEBUG set"},
};

static bool parse_call(char *text, struct fault *fault)
{
	char *colon = strchr(text, ':');

	fault->nth = 1;
	if (colon) {
		*colon = 0;
		if (!parse_number(colon + 1, UINT64_MAX, &fault->nth) || !fault->nth)
			return false;
	}
	if (!strcmp(text, "any")) {
		fault->arg = FAULT_ANY;
		return true;
	}
	return parse_number(text, UINT64_MAX - 1, &fault->arg);
}

static bool parse_one(struct faults *faults, char *text)
{
	char *argument = strchr(text, '=');

	if (argument)
		*argument++ = 0;
	for (int i = 0; i < FAULT_COUNT; i++) {
		struct fault fault = {.set = true};

		if (strcmp(text, kinds[i].name))
			continue;
		if (!argument != (kinds[i].argument == ARG_NONE))
			return false;
		if (kinds[i].argument == ARG_NUMBER && !parse_number(argument, UINT64_MAX, &fault.arg))
			return false;
		if (kinds[i].argument == ARG_CALL && !parse_call(argument, &fault))
			return false;
		faults->of[i] = fault;
		return true;
	}
	if (strcmp(text, "none") || argument)
		return false;
	*faults = (struct faults){0};
	return true;
}

int fault_parse(struct faults *faults, const char *text, char *why, size_t why_size)
{
	struct faults parsed = *faults;
	char *copy = strdup(text);
	char *rest = copy;
	int result = copy ? 0 : -1;

	while (!result && rest) {
		char *one = strsep(&rest, ",");
		char shown[80];

		snprintf(shown, sizeof(shown), "%s", one);
		if (!parse_one(&parsed, one)) {
			snprintf(why, why_size, "bad fault '%s'", shown);
			result = -1;
		}
	}
	free(copy);
	if (!result)
		*faults = parsed;
	return result;
}

static void announce(struct fault *fault, enum fault_id id)
{
	fault->fired++;
	report("fault: %s", kinds[id].name);
}

bool fault_fires(struct faults *faults, enum fault_id id)
{
	struct fault *fault = &faults->of[id];

	if (fault->set)
		announce(fault, id);
	return fault->set;
}

bool fault_spends(struct faults *faults, enum fault_id id)
{
	struct fault *fault = &faults->of[id];

	if (!fault->set || !fault->arg)
		return false;
	fault->arg--;
	announce(fault, id);
	return true;
}

bool fault_hits(struct faults *faults, enum fault_id id, uint64_t what)
{
	struct fault *fault = &faults->of[id];

	if (!fault->set || (fault->arg != what && fault->arg != FAULT_ANY))
		return false;
	if (++fault->seen != fault->nth)
		return false;
	announce(fault, id);
	return true;
}

json_t *fault_list(const struct faults *faults)
{
	json_t *list = json_array();

	for (int i = 0; i < FAULT_COUNT; i++) {
		const struct fault *fault = &faults->of[i];

		if (fault->set)
			json_array_append_new(list, json_pack("{s:s, s:I}", "name", kinds[i].name, "fired",
							    (json_int_t)fault->fired));
	}
	return list;
}

void fault_help(void)
{
	for (int i = 0; i < FAULT_COUNT; i++)
		printf("  %-22s %s\n", kinds[i].name, kinds[i].help);
}
