/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migtd/migtd.h"
#include "td_memory.h"
#include "transport/vmcall_raw.h"

#define REGION_MAX (1ull << 40)
#define PROCESS_NAME_MAX 15	/* the kernel keeps that much */

static const char usage[] =
	"usage: migtd --platform unix:PATH --name NAME CONFIGURATION [options]\n"
	"\n"
	"A Migration TD as a Linux process on an emulated TDX platform (tdhost platform).\n"
	"\n"
	"CONFIGURATION is one of\n"
	"  --config VOLUME.fv              a configuration volume (migtd-tool enroll)\n"
	"  --policy F --policy-v2 --policy-issuer-chain F\n"
	"  --policy F --root-ca F          policy v1; the root CA is a DER certificate\n"
	"\n"
	"launch values, as QEMU's tdx-guest properties (hexadecimal, default zeros)\n"
	"  --mrowner HEX --mrownerconfig HEX --mrconfigid HEX --attributes HEX\n"
	"\n"
	"options\n"
	"  --cid N               own vsock CID (default 18)\n"
	"  --transport vsock|vmcall-raw\n"
	"                        how the VMM is talked to (vsock)\n"
	"  --rx-pages N          vmcall-raw: shared pages of one Receive, 1 to 16 (1)\n"
	"  --memory SIZE         the TD's memory (32M)\n"
	"  --stack SIZE --heap SIZE --shared SIZE\n"
	"                        its regions (16K; heap and shared region for 256 sessions);\n"
	"                        sizes take K, M and 0x\n"
	"  --timeout SECONDS     limit of the pre-session and of the SPDM phase, each (60)\n"
	"  --sessions-max N      most sessions at once (as many as the heap holds)\n"
	"  -l, --log-level L     error, warn, info, debug, trace (info)\n"
	"  --control unix:PATH   holds and counters (measuring build only)\n"
	"  --slow-clock N        all time limits N times as long (measuring build only)\n"
	"  --help, --version\n"
	"\n"
	"Ends with 0 on SIGTERM, 1 when the platform goes away, 2 when an option or a file is wrong.\n";

void die(int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("migtd: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(code);
}

/* A number with an optional K or M: decimal, or hexadecimal with 0x. */
static uint64_t number(const char *option, const char *text, bool size, uint64_t least,
	uint64_t most)
{
	char *end;
	uint64_t value;
	unsigned shift = 0;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (!isdigit((unsigned char)text[0]) || errno != 0)
		die(EXIT_USAGE, "--%s %s: not a number", option, text);
	if (size && (*end == 'K' || *end == 'k'))
		shift = 10;
	else if (size && (*end == 'M' || *end == 'm'))
		shift = 20;
	if (shift > 0)
		end++;
	if (*end != '\0')
		die(EXIT_USAGE, "--%s %s: unexpected \"%s\" behind the number", option, text, end);
	if (value > most >> shift || value << shift < least)
		die(EXIT_USAGE, "--%s %s: must be between %llu and %llu", option, text,
			(unsigned long long)least, (unsigned long long)most);
	return value << shift;
}

static uint64_t region(const char *option, const char *text)
{
	const uint64_t size = number(option, text, true, PAGE_SIZE, REGION_MAX);

	if (size % PAGE_SIZE != 0)
		die(EXIT_USAGE, "--%s %s: must be a multiple of %u bytes", option, text, PAGE_SIZE);
	return size;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void hex(const char *option, const char *text, uint8_t *to, size_t n)
{
	const size_t length = strlen(text);

	if (length != 2 * n)
		die(EXIT_USAGE, "--%s: %zu hexadecimal digits given, %zu needed (%zu bytes in memory order)",
			option, length, 2 * n, n);
	for (size_t i = 0; i < n; i++) {
		const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			die(EXIT_USAGE, "--%s: digit %zu is not hexadecimal", option,
				2 * i + (high < 0 ? 1 : 2));
		to[i] = (uint8_t)(high << 4 | low);
	}
}

static int level(const char *text)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info",
		[LOG_DEBUG] = "debug", [LOG_TRACE] = "trace"};

	for (int l = LOG_ERROR; l <= LOG_TRACE; l++)
		if (strcmp(text, names[l]) == 0)
			return l;
	die(EXIT_USAGE, "--log-level %s: must be error, warn, info, debug or trace", text);
}

static const char *unix_path(const char *option, const char *text)
{
	if (strncmp(text, "unix:", 5) != 0 || text[5] == '\0')
		die(EXIT_USAGE, "--%s %s: must be unix:PATH", option, text);
	return text + 5;
}

static const char *name(const char *text)
{
	const size_t n = strlen(text);

	if (n == 0 || n > PROCESS_NAME_MAX)
		die(EXIT_USAGE, "--name %s: must have 1 to %d characters, all that pgrep sees", text,
			PROCESS_NAME_MAX);
	return text;
}

enum option_id {
	OPT_PLATFORM = 256, OPT_NAME, OPT_CONFIG, OPT_POLICY, OPT_POLICY_V2, OPT_CHAIN, OPT_ROOT_CA,
	OPT_MROWNER, OPT_MROWNERCONFIG, OPT_MRCONFIGID, OPT_ATTRIBUTES, OPT_TRANSPORT, OPT_RX_PAGES,
	OPT_CID, OPT_MEMORY, OPT_STACK, OPT_HEAP, OPT_SHARED, OPT_TIMEOUT, OPT_SESSIONS,
	OPT_CONTROL, OPT_SLOW_CLOCK, OPT_HELP, OPT_VERSION,
};

static const struct option long_options[] = {
	{"platform", required_argument, NULL, OPT_PLATFORM},
	{"name", required_argument, NULL, OPT_NAME},
	{"config", required_argument, NULL, OPT_CONFIG},
	{"policy", required_argument, NULL, OPT_POLICY},
	{"policy-v2", no_argument, NULL, OPT_POLICY_V2},
	{"policy-issuer-chain", required_argument, NULL, OPT_CHAIN},
	{"root-ca", required_argument, NULL, OPT_ROOT_CA},
	{"mrowner", required_argument, NULL, OPT_MROWNER},
	{"mrownerconfig", required_argument, NULL, OPT_MROWNERCONFIG},
	{"mrconfigid", required_argument, NULL, OPT_MRCONFIGID},
	{"attributes", required_argument, NULL, OPT_ATTRIBUTES},
	{"transport", required_argument, NULL, OPT_TRANSPORT},
	{"rx-pages", required_argument, NULL, OPT_RX_PAGES},
	{"cid", required_argument, NULL, OPT_CID},
	{"memory", required_argument, NULL, OPT_MEMORY},
	{"stack", required_argument, NULL, OPT_STACK},
	{"heap", required_argument, NULL, OPT_HEAP},
	{"shared", required_argument, NULL, OPT_SHARED},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"sessions-max", required_argument, NULL, OPT_SESSIONS},
	{"control", required_argument, NULL, OPT_CONTROL},
	{"slow-clock", required_argument, NULL, OPT_SLOW_CLOCK},
	{"log-level", required_argument, NULL, 'l'},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static void launch_option(struct options *o, int id, const char *text)
{
	switch (id) {
	case OPT_MROWNER:
		hex("mrowner", text, o->mrowner, sizeof(o->mrowner));
		break;
	case OPT_MROWNERCONFIG:
		hex("mrownerconfig", text, o->mrownerconfig, sizeof(o->mrownerconfig));
		break;
	case OPT_MRCONFIGID:
		hex("mrconfigid", text, o->mrconfigid, sizeof(o->mrconfigid));
		break;
	default:
		hex("attributes", text, o->attributes, sizeof(o->attributes));
		break;
	}
}

static void size_option(struct options *o, int id, const char *text)
{
	switch (id) {
	case OPT_MEMORY:
		o->memory = region("memory", text);
		break;
	case OPT_STACK:
		o->stack = region("stack", text);
		break;
	case OPT_HEAP:
		o->heap = region("heap", text);
		break;
	default:
		o->shared = region("shared", text);
		break;
	}
}

static enum migtd_transport transport(const char *text)
{
	if (strcmp(text, "vsock") == 0)
		return MIGTD_VSOCK;
	if (strcmp(text, "vmcall-raw") == 0)
		return MIGTD_VMCALL_RAW;
	die(EXIT_USAGE, "--transport %s: must be vsock or vmcall-raw", text);
}

static void measuring_only(const char *option)
{
	if (!build_measures)
		die(EXIT_USAGE, "--%s: only the measuring build (migtd-measure) has it", option);
}

static void option(struct options *o, int id, const char *text)
{
	switch (id) {
	case OPT_PLATFORM:
		o->platform = unix_path("platform", text);
		break;
	case OPT_NAME:
		o->name = name(text);
		break;
	case OPT_CONFIG:
		o->volume = text;
		break;
	case OPT_POLICY:
		o->policy = text;
		break;
	case OPT_POLICY_V2:
		o->policy_v2 = true;
		break;
	case OPT_CHAIN:
		o->issuer_chain = text;
		break;
	case OPT_ROOT_CA:
		o->root_ca = text;
		break;
	case OPT_TRANSPORT:
		o->transport = transport(text);
		break;
	case OPT_RX_PAGES:
		o->rx_pages = number("rx-pages", text, false, 1, VMCALL_RAW_RX_PAGES_MAX);
		break;
	case OPT_CID:
		o->cid = number("cid", text, false, 3, UINT32_MAX - 1);
		break;
	case OPT_TIMEOUT:
		o->timeout_s = number("timeout", text, false, 1, 3600);
		break;
	case OPT_SESSIONS:
		o->sessions_max = number("sessions-max", text, false, 1, UINT32_MAX);
		break;
	case OPT_CONTROL:
		measuring_only("control");
		o->control = unix_path("control", text);
		break;
	case OPT_SLOW_CLOCK:
		measuring_only("slow-clock");
		o->slow_clock = number("slow-clock", text, false, 1, 1000);
		break;
	case 'l':
		o->log_level = level(text);
		break;
	case OPT_HELP:
		fputs(usage, stdout);
		exit(0);
	case OPT_VERSION:
		puts("migtd " MIGTD_VERSION);
		exit(0);
	case '?':
		/* getopt has said what is wrong with which option. */
		exit(EXIT_USAGE);
	default:
		if (id >= OPT_MEMORY && id <= OPT_SHARED)
			size_option(o, id, text);
		else
			launch_option(o, id, text);
		break;
	}
}

/* What lies beside the policy says which kind it is; --policy-v2 must agree. */
static void check_configuration(const struct options *o)
{
	if (o->volume != NULL) {
		if (o->policy != NULL || o->issuer_chain != NULL || o->root_ca != NULL)
			die(EXIT_USAGE, "--config already holds the policy: drop --policy, --policy-issuer-chain and --root-ca");
		return;
	}
	if (o->policy == NULL)
		die(EXIT_USAGE, "--policy F (or --config VOLUME.fv) is missing");
	if (o->root_ca != NULL && (o->policy_v2 || o->issuer_chain != NULL))
		die(EXIT_USAGE, "--root-ca is for policy v1, --policy-v2 and --policy-issuer-chain for policy v2: drop one or the other");
	if (o->root_ca == NULL && !o->policy_v2)
		die(EXIT_USAGE, "--policy-v2 is missing, or --root-ca F for policy v1");
	if (o->policy_v2 && o->issuer_chain == NULL)
		die(EXIT_USAGE, "--policy-issuer-chain F is missing");
}

static void check(const struct options *o)
{
	if (o->platform == NULL)
		die(EXIT_USAGE, "--platform unix:PATH is missing (the socket of tdhost platform)");
	if (o->name == NULL)
		die(EXIT_USAGE, "--name NAME is missing");
	check_configuration(o);
}

void options_parse(struct options *o, int argc, char **argv)
{
	const struct td_sizes sizes = TD_SIZES_DEFAULT;
	int id;

	*o = (struct options){.cid = 18, .memory = sizes.memory, .stack = sizes.stack,
		.heap = sizes.heap, .shared = sizes.shared, .timeout_s = 60, .slow_clock = 1,
		.log_level = LOG_INFO};
	while ((id = getopt_long(argc, argv, "l:", long_options, NULL)) != -1)
		option(o, id, optarg);
	if (optind < argc)
		die(EXIT_USAGE, "unexpected argument \"%s\"", argv[optind]);
	check(o);
}
