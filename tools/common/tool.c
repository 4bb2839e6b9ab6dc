/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "common/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *tool_name = "tool";
bool tool_quiet;

static void print_line(const char *format, va_list args)
{
	char line[1024];

	if (tool_quiet)
		return;
	vsnprintf(line, sizeof(line), format, args);
	/* One line whatever a file put into a name or a value. */
	for (char *c = line; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "%s: %s\n", tool_name, line);
}

int tool_fail(int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(format, args);
	va_end(args);
	return code;
}

void tool_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(format, args);
	va_end(args);
}

static void *in_memory(void *at)
{
	if (at == NULL)
		exit(tool_fail(TOOL_USAGE, "out of memory"));
	return at;
}

void *tool_alloc(size_t size)
{
	return in_memory(calloc(1, size != 0 ? size : 1));
}

char *tool_text(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	const int n = vasprintf(&text, format, args);
	va_end(args);
	return in_memory(n < 0 ? NULL : text);
}

void cleanup_text(char **text)
{
	free(*text);
	*text = NULL;
}

static uint8_t *blob_grow(struct blob *b, size_t n)
{
	if (b->size + n + 1 > b->room || b->data == NULL) {
		size_t room = b->room != 0 ? b->room : 256;
		while (room < b->size + n + 1)
			room *= 2;
		b->data = in_memory(realloc(b->data, room));
		b->room = room;
	}
	uint8_t *at = b->data + b->size;
	b->size += n;
	b->data[b->size] = '\0';
	return at;
}

void blob_add(struct blob *b, const void *from, size_t n)
{
	uint8_t *at = blob_grow(b, n);
	if (n != 0)
		memcpy(at, from, n);
}

void blob_add_byte(struct blob *b, uint8_t byte)
{
	blob_add(b, &byte, 1);
}

void blob_add_text(struct blob *b, const char *text)
{
	blob_add(b, text, strlen(text));
}

void blob_format(struct blob *b, const char *format, ...)
{
	AUTO_TEXT text = NULL;
	va_list args;

	va_start(args, format);
	const int n = vasprintf(&text, format, args);
	va_end(args);
	blob_add(b, in_memory(n < 0 ? NULL : text), (size_t)n);
}

void cleanup_blob(struct blob *b)
{
	free(b->data);
	*b = (struct blob){0};
}

static char *hex(const uint8_t *from, size_t n, const char *digits)
{
	char *text = tool_alloc(n * 2 + 1);

	for (size_t i = 0; i < n; i++) {
		text[i * 2] = digits[from[i] >> 4];
		text[i * 2 + 1] = digits[from[i] & 15];
	}
	return text;
}

char *hex_lower(const uint8_t *from, size_t n)
{
	return hex(from, n, "0123456789abcdef");
}

char *hex_upper(const uint8_t *from, size_t n)
{
	return hex(from, n, "0123456789ABCDEF");
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_read_blob(const char *text, size_t digits, struct blob *to)
{
	if (digits == 0 || digits % 2 != 0)
		return false;
	for (size_t i = 0; i < digits; i += 2) {
		const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
		if (high < 0 || low < 0)
			return false;
		blob_add_byte(to, (uint8_t)(high << 4 | low));
	}
	return true;
}

bool hex_read(const char *text, uint8_t *to, size_t n)
{
	AUTO_BLOB bytes = {0};

	if (strlen(text) != n * 2 || !hex_read_blob(text, n * 2, &bytes))
		return false;
	memcpy(to, bytes.data, n);
	return true;
}

bool number_read(const char *text, bool suffix, uint64_t most, uint64_t *value)
{
	const bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hexadecimal ? text + 2 : text;
	uint64_t scale = 1;
	char *end;

	/* strtoull would take spaces and signs. */
	if (hexadecimal ? hex_digit(digits[0]) < 0 : digits[0] < '0' || digits[0] > '9')
		return false;
	errno = 0;
	const unsigned long long n = strtoull(digits, &end, hexadecimal ? 16 : 10);
	if (errno != 0)
		return false;
	if (suffix && (*end == 'K' || *end == 'M'))
		scale = *end++ == 'K' ? 1024 : 1024 * 1024;
	if (*end != '\0' || n > most / scale)
		return false;
	*value = n * scale;
	return true;
}
