/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What every tool shares: exit codes, one-line errors, memory that never runs out quietly, files
 * that are written whole or not at all, hexadecimal.
 *
 * Functions that can fail return an exit code after printing one line that names the file, the
 * field and the cause; callers pass the code up.
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tool_exit {
	TOOL_OK = 0,
	TOOL_REJECT = 1,	/* the input was understood and is not acceptable */
	TOOL_USAGE = 2,		/* wrong options; a file that cannot be read, parsed or written */
};

/* Stands before every error line; set by main(). */
extern const char *tool_name;
/* Error lines are not printed while this is set: for failures that are wanted. */
extern bool tool_quiet;

#define TOOL_TRY(call)                       \
	do {                                 \
		const int try_code = (call); \
		if (try_code != TOOL_OK)     \
			return try_code;     \
	} while (0)

#define CLEANUP(function) __attribute__((cleanup(function)))
#define MUST_USE __attribute__((warn_unused_result))
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* Prints "NAME: message\n" on stderr and returns `code`. */
int tool_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tool_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory and text; these end the program with TOOL_USAGE when memory runs out. */
void *tool_alloc(size_t size);
char *tool_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cleanup_text(char **text);
#define AUTO_TEXT CLEANUP(cleanup_text) char *

/* Bytes that grow.  data[size] is always a NUL that `size` does not count. */
struct blob {
	uint8_t *data;
	size_t size;
	size_t room;
};
void blob_add(struct blob *b, const void *from, size_t n);
void blob_add_byte(struct blob *b, uint8_t byte);
void blob_add_text(struct blob *b, const char *text);
void blob_format(struct blob *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cleanup_blob(struct blob *b);
#define AUTO_BLOB CLEANUP(cleanup_blob) struct blob

/* --- files --------------------------------------------------------------------------------- */

/* Whole file, at most 64 MiB, appended to *b. */
int file_read(const char *path, struct blob *b) MUST_USE;
/* Its first bytes, at most `most`. */
int file_read_head(const char *path, size_t most, struct blob *b) MUST_USE;
/* Writes a temporary file beside `path` and renames it: `path` is never seen half-written. */
int file_write(const char *path, const void *from, size_t n) MUST_USE;
int file_write_text(const char *path, const char *text) MUST_USE;
/* The same with mode 0600. */
int file_write_secret(const char *path, const void *from, size_t n) MUST_USE;
/* Makes the folder and its parents; an existing one is fine. */
int folder_make(const char *path) MUST_USE;
/* Removes a folder with everything in it; what is not there is fine. */
void folder_remove(const char *path);

/* --- values -------------------------------------------------------------------------------- */

/* "0a1b" in lower or upper case; the text is n * 2 characters and a NUL, to be freed. */
char *hex_lower(const uint8_t *from, size_t n);
char *hex_upper(const uint8_t *from, size_t n);
/* False unless `text` is exactly n bytes in hexadecimal of either case. */
bool hex_read(const char *text, uint8_t *to, size_t n);
/* As many bytes as the digits hold; false for an odd number, none, or another character. */
bool hex_read_blob(const char *text, size_t digits, struct blob *to);

/* Decimal, or hexadecimal after 0x; with `suffix` a K or M may follow.  False for all else. */
bool number_read(const char *text, bool suffix, uint64_t most, uint64_t *value);

#endif
