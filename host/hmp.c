/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/hmp.h"

#include <stdio.h>
#include <string.h>

#define SPACES " \t"

struct command {
	const char *name;
	const char *parameters;
	const char *help;
	unsigned words;		/* parameters that must be there; the last may hold spaces */
	void (*execute)(const struct monitor_object *object, char **words, char *output);
};

static void error(char *output, const char *text)
{
	snprintf(output, HMP_OUTPUT_MAX, "Error: %s\n", text);
}

/* "/objects/tdx0", with slashes behind or doubled, or the bare identifier. */
static bool is_tdx0(const char *path)
{
	static const char *const parts[] = {"objects", "tdx0"};
	size_t n = strcspn(path, "/");

	if (path[0] != '/')
		return n == 4 && !strncmp(path, "tdx0", 4) && !path[n + strspn(path + n, "/")];
	for (unsigned i = 0; i < 2; i++) {
		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n != strlen(parts[i]) || strncmp(path, parts[i], n))
			return false;
		path += n;
	}
	return !path[strspn(path, "/")];
}

static bool find(const char *path, char *output)
{
	char text[MONITOR_TEXT_MAX];

	if (is_tdx0(path))
		return true;
	snprintf(text, sizeof(text), "Device '%.256s' not found", path);
	error(output, text);
	return false;
}

static void qom_set(const struct monitor_object *object, char **words, char *output)
{
	char text[MONITOR_TEXT_MAX];

	if (find(words[0], output) && !object->set(object->ctx, words[1], words[2], text))
		error(output, text);
}

static void qom_get(const struct monitor_object *object, char **words, char *output)
{
	char text[MONITOR_TEXT_MAX];

	if (!find(words[0], output))
		return;
	if (object->get(object->ctx, words[1], text))
		snprintf(output, HMP_OUTPUT_MAX, "%s\n", text);
	else
		error(output, text);
}

static void qom_list(const struct monitor_object *object, char **words, char *output)
{
	(void)object;
	if (!strcmp(words[0], "/objects") || !strcmp(words[0], "/objects/"))
		snprintf(output, HMP_OUTPUT_MAX, "type (string)\ntdx0 (child<tdx-guest>)\n");
	else if (find(words[0], output))
		snprintf(output, HMP_OUTPUT_MAX,
			"type (string)\nmigtd-attr (uint64)\nmigtd-hash (string)\n"
			"migtd-pid (int)\nvsockport (uint32)\n");
}

static void quit(const struct monitor_object *object, char **words, char *output)
{
	(void)words;
	(void)output;
	object->quit(object->ctx);
}

static const struct command commands[] = {
	{"qom-set", "[-j] path property value", "set QOM property", 3, qom_set},
	{"qom-get", "path property", "print QOM property", 2, qom_get},
	{"qom-list", "path", "list QOM properties", 1, qom_list},
	{"quit", "", "quit the emulator", 0, quit},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(const char *name, char *output)
{
	size_t n = 0;

	for (size_t i = 0; i < COMMANDS; i++) {
		if (!*name || !strcmp(name, commands[i].name))
			n += (size_t)snprintf(output + n, HMP_OUTPUT_MAX - n, "%s %s -- %s\n",
				commands[i].name, commands[i].parameters, commands[i].help);
	}
}

/* One word from *at, which moves behind it; NULL when there is none. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, SPACES);
	char *end;

	if (*word == '"') {
		end = strchr(++word, '"');
		end = end ? end : word + strlen(word);
	} else {
		end = word + strcspn(word, SPACES);
		if (end == word)
			return NULL;
	}
	*at = *end ? end + 1 : end;
	*end = 0;
	return word;
}

static void execute(const struct monitor_object *object, const struct command *c, char *rest,
	char *output)
{
	char *words[3] = {0};
	const char *problem = NULL;

	if (c->words == 3 && !strncmp(rest + strspn(rest, SPACES), "-j", 2))
		rest = rest + strspn(rest, SPACES) + 2;
	for (unsigned i = 0; i < c->words && !problem; i++) {
		words[i] = next_word(&rest);
		if (!words[i])
			problem = "string expected";
	}
	if (!problem && rest[strspn(rest, SPACES)])
		problem = "extraneous characters at the end of line";
	if (problem)
		snprintf(output, HMP_OUTPUT_MAX, "%s: %s\nTry \"help %s\" for more information\n",
			c->name, problem, c->name);
	else
		c->execute(object, words, output);
}

void hmp_execute(const struct monitor_object *object, const char *line, char output[HMP_OUTPUT_MAX])
{
	char copy[MONITOR_LINE_MAX + 1];
	char *rest = copy;
	char *name;

	output[0] = 0;
	snprintf(copy, sizeof(copy), "%s", line);
	name = next_word(&rest);
	if (!name)
		return;
	if (!strcmp(name, "help") || !strcmp(name, "?")) {
		name = next_word(&rest);
		help(name ? name : "", output);
		return;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (!strcmp(strcmp(name, "q") ? name : "quit", commands[i].name)) {
			execute(object, &commands[i], rest, output);
			return;
		}
	}
	snprintf(output, HMP_OUTPUT_MAX, "unknown command: '%.256s'\n", name);
}
