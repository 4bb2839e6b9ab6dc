/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* tdhost: one emulated TDX host, or user TDs on one. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bytes.h"
#include "host/platform.h"
#include "host/td.h"
#include "host/vsock_end.h"

#define EXIT_USAGE 2

static int usage_error(const char *text, const char *subject)
{
	fprintf(stderr, "tdhost: %s%s (see tdhost --help)\n", text, subject);
	return EXIT_USAGE;
}

static int number_error(const char *option, const char *value)
{
	fprintf(stderr, "tdhost: --%s: not a number in range: %s (see tdhost --help)\n", option,
		value);
	return EXIT_USAGE;
}

static void help(void)
{
	puts("tdhost platform --listen unix:PATH --vsock unix:PREFIX|vsock [options]\n"
	     "  One emulated TDX host: TDX module, VMM, vhost-vsock and quoting service.\n"
	     "  --listen unix:PATH     where Migration TDs and clients connect\n"
	     "  --vsock unix:PREFIX    a guest's connection to CID 2 port P goes to PREFIX_P\n"
	     "  --vsock vsock          ... or to the host's AF_VSOCK port P\n"
	     "  --raw tcp:HOST         vmcall-raw without a relay: for port P a source connects to HOST:P,\n"
	     "                         a destination listens at port P; as intel/MigTD's emulation does\n"
	     "  --raw unix:PREFIX      ... at the Unix socket PREFIX_P\n"
	     "  --raw-bind ADDRESS     where destinations listen, for tcp (127.0.0.1)\n"
	     "  --pki DIR              platform directory of `migtd-tool pki`; without it GetQuote\n"
	     "                         answers that no quoting service is available\n"
	     "  --collateral FILE      bundle that GET_COLLATERAL is answered from (collateral.json\n"
	     "                         of the folder that --pki lies in, when there is one)\n"
	     "  --servtd-ext on|off    whether the fields of newer TDX modules exist (on)\n"
	     "  --export-version A-B   range of MIG_VERSION for export (0-0)\n"
	     "  --import-version A-B   range of MIG_VERSION for import (0-0)\n"
	     "  --fault NAME[=ARG],... faults to commit, repeatable; see below\n"
	     "\n"
	     "tdhost td --platform unix:PATH --monitor unix:PATH,server,nowait [options]\n"
	     "  User TDs on such a host, each with an HMP monitor that takes\n"
	     "  `qom-set /objects/tdx0/ vsockport PORT` and `qom-set /objects/tdx0/ migtd-pid PID`.\n"
	     "  --migtd-pid PID        the Migration TD to bind to\n"
	     "  --migtd-hash HEX       pre-bind by SERVTD_INFO_HASH\n"
	     "  --migtd-attr N         SERVTD_ATTR of the binding (0)\n"
	     "  --init-tdinfo FILE     TDINFO of the initial Migration TD, 512 bytes, goes along with\n"
	     "                         each request\n"
	     "  --incoming             destination of a migration\n"
	     "  --count N              N user TDs (1); further monitors are PATH-2, PATH-3, ...\n"
	     "  --monitor-idle SECONDS close a monitor connection that stays silent (never)\n"
	     "  --wait SECONDS         how long the Migration TD may take to attach and to become\n"
	     "                         ready (10)\n"
	     "\n"
	     "Faults:");
	fault_help();
}

static bool parse_range(const char *text, struct servtd_range *range)
{
	char copy[32];
	char *dash;
	uint64_t min;
	uint64_t max;

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	dash = strchr(copy, '-');
	if (dash)
		*dash = 0;
	if (!parse_number(copy, UINT16_MAX, &min) ||
		!parse_number(dash ? dash + 1 : copy, UINT16_MAX, &max) || min > max)
		return false;
	*range = (struct servtd_range){(uint16_t)min, (uint16_t)max};
	return true;
}

enum {
	OPTION_HELP = 256,
	OPTION_LISTEN,
	OPTION_VSOCK,
	OPTION_RAW,
	OPTION_RAW_BIND,
	OPTION_PKI,
	OPTION_COLLATERAL,
	OPTION_SERVTD_EXT,
	OPTION_EXPORT_VERSION,
	OPTION_IMPORT_VERSION,
	OPTION_FAULT,
	OPTION_PLATFORM,
	OPTION_MIGTD_PID,
	OPTION_MONITOR,
	OPTION_COUNT,
	OPTION_MIGTD_HASH,
	OPTION_MIGTD_ATTR,
	OPTION_INIT_TDINFO,
	OPTION_INCOMING,
	OPTION_MONITOR_IDLE,
	OPTION_WAIT,
};

static int platform_main(int argc, char **argv)
{
	static const struct option table[] = {
		{"help", no_argument, NULL, OPTION_HELP},
		{"listen", required_argument, NULL, OPTION_LISTEN},
		{"vsock", required_argument, NULL, OPTION_VSOCK},
		{"raw", required_argument, NULL, OPTION_RAW},
		{"raw-bind", required_argument, NULL, OPTION_RAW_BIND},
		{"pki", required_argument, NULL, OPTION_PKI},
		{"collateral", required_argument, NULL, OPTION_COLLATERAL},
		{"servtd-ext", required_argument, NULL, OPTION_SERVTD_EXT},
		{"export-version", required_argument, NULL, OPTION_EXPORT_VERSION},
		{"import-version", required_argument, NULL, OPTION_IMPORT_VERSION},
		{"fault", required_argument, NULL, OPTION_FAULT},
		{0},
	};
	struct serve_options options = {.platform.servtd_ext = true, .raw_bind = "127.0.0.1"};
	struct faults faults = {0};
	char why[128];
	int c;

	while ((c = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		switch (c) {
		case OPTION_HELP:
			help();
			return 0;
		case OPTION_LISTEN:
			options.listen = optarg;
			break;
		case OPTION_VSOCK:
			options.vsock = optarg;
			break;
		case OPTION_RAW:
			if (!raw_address_ok(optarg))
				return usage_error("--raw takes tcp:HOST or unix:PREFIX, not ", optarg);
			options.raw = optarg;
			break;
		case OPTION_RAW_BIND:
			options.raw_bind = optarg;
			break;
		case OPTION_PKI:
			options.platform.pki = optarg;
			break;
		case OPTION_COLLATERAL:
			options.platform.collateral = optarg;
			break;
		case OPTION_SERVTD_EXT:
			if (strcmp(optarg, "on") && strcmp(optarg, "off"))
				return usage_error("--servtd-ext takes on or off, not ", optarg);
			options.platform.servtd_ext = !strcmp(optarg, "on");
			break;
		case OPTION_EXPORT_VERSION:
			if (!parse_range(optarg, &options.platform.export_version))
				return usage_error("--export-version: not a range: ", optarg);
			break;
		case OPTION_IMPORT_VERSION:
			if (!parse_range(optarg, &options.platform.import_version))
				return usage_error("--import-version: not a range: ", optarg);
			break;
		case OPTION_FAULT:
			if (fault_parse(&faults, optarg, why, sizeof(why)))
				return usage_error("--fault: ", why);
			break;
		default:
			return usage_error(c == ':' ? "no value for " : "unknown option ",
				argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage_error("unexpected argument ", argv[optind]);
	if (!options.listen || !options.vsock)
		return usage_error("--listen and --vsock are needed", "");
	if (options.platform.collateral && !options.platform.pki)
		return usage_error("--collateral needs --pki, the quoting service", "");
	if (strcmp(options.vsock, "vsock") &&
		(strncmp(options.vsock, "unix:", 5) || !options.vsock[5]))
		return usage_error("--vsock takes unix:PREFIX or vsock, not ", options.vsock);
	return serve(&options, &faults);
}

static int td_main(int argc, char **argv)
{
	static const struct option table[] = {
		{"help", no_argument, NULL, OPTION_HELP},
		{"platform", required_argument, NULL, OPTION_PLATFORM},
		{"migtd-pid", required_argument, NULL, OPTION_MIGTD_PID},
		{"monitor", required_argument, NULL, OPTION_MONITOR},
		{"count", required_argument, NULL, OPTION_COUNT},
		{"migtd-hash", required_argument, NULL, OPTION_MIGTD_HASH},
		{"migtd-attr", required_argument, NULL, OPTION_MIGTD_ATTR},
		{"init-tdinfo", required_argument, NULL, OPTION_INIT_TDINFO},
		{"incoming", no_argument, NULL, OPTION_INCOMING},
		{"monitor-idle", required_argument, NULL, OPTION_MONITOR_IDLE},
		{"wait", required_argument, NULL, OPTION_WAIT},
		{0},
	};
	struct td_options options = {.count = 1, .wait_s = 10};
	uint8_t hash[HASH_BYTES];
	int at = 0;
	int c;

	while ((c = getopt_long(argc, argv, ":", table, &at)) != -1) {
		uint64_t number = 0;
		bool ok = true;

		switch (c) {
		case OPTION_HELP:
			help();
			return 0;
		case OPTION_PLATFORM:
			options.platform = optarg;
			break;
		case OPTION_MONITOR:
			options.monitor = optarg;
			break;
		case OPTION_MIGTD_HASH:
			if (!hex_decode(optarg, hash, sizeof(hash)))
				return usage_error("--migtd-hash: not 96 hexadecimal digits: ", optarg);
			options.migtd_hash = optarg;
			break;
		case OPTION_INIT_TDINFO:
			options.init_tdinfo = optarg;
			break;
		case OPTION_INCOMING:
			options.incoming = true;
			break;
		case OPTION_MIGTD_PID:
			ok = parse_number(optarg, INT32_MAX, &number) && number;
			options.migtd_pid = number;
			break;
		case OPTION_COUNT:
			ok = parse_number(optarg, 65536, &number) && number;
			options.count = (unsigned)number;
			break;
		case OPTION_MIGTD_ATTR:
			ok = parse_number(optarg, INT64_MAX, &options.migtd_attr);
			if (ok && !servtd_attr_valid(options.migtd_attr))
				return usage_error("--migtd-attr: bits outside 0x7ff00000001: ", optarg);
			break;
		case OPTION_MONITOR_IDLE:
			ok = parse_number(optarg, 86400, &number) && number;
			options.idle_s = (unsigned)number;
			break;
		case OPTION_WAIT:
			ok = parse_number(optarg, 86400, &number);
			options.wait_s = (unsigned)number;
			break;
		default:
			return usage_error(c == ':' ? "no value for " : "unknown option ",
				argv[optind - 1]);
		}
		if (!ok)
			return number_error(table[at].name, optarg);
	}
	if (optind < argc)
		return usage_error("unexpected argument ", argv[optind]);
	if (!options.platform || !options.monitor)
		return usage_error("--platform and --monitor are needed", "");
	return td_run(&options);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "platform"))
		return platform_main(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "td"))
		return td_main(argc - 1, argv + 1);
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))) {
		help();
		return 0;
	}
	return usage_error("platform or td, then options", "");
}
