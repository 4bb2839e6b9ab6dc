/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The sub-commands of migtd-tool; each gets its own name as argv[0] and returns the exit code. */
#ifndef MIGTD_TOOL_COMMANDS_H
#define MIGTD_TOOL_COMMANDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

int command_pki(int argc, char **argv);
int command_policy(int argc, char **argv);
int command_json_sign(int argc, char **argv);
int command_servtd_collateral(int argc, char **argv);
int command_hash(int argc, char **argv);
int command_enroll(int argc, char **argv);
int command_collateral(int argc, char **argv);
int command_eventlog(int argc, char **argv);
int command_quote(int argc, char **argv);
int command_tdreport(int argc, char **argv);

/* One "name value" a line without the nulls, or one line of JSON. */
void print_fields(const json_t *fields, bool json);

/* Says nothing, or {"written":PATH,"bytes":N}. */
void print_written(const char *path, size_t n, bool json);

/* Parts of `policy`. */
int policy_generate_command(int argc, char **argv);
int policy_check_command(int argc, char **argv);
int policy_show_command(int argc, char **argv);
int policy_diff_command(int argc, char **argv);

/* A part of `pki`. */
int pki_quote_command(int argc, char **argv);

#endif
