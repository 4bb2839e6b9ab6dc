/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "migmem/stage.h"

#define PACE_MS 500

static uint64_t last;	/* time of the line, or of the wait's begin; 0: no wait */
static bool shown;

void progress_show(const char *format, ...)
{
	const uint64_t now = stage_now();
	va_list arguments;

	if (last == 0)
		last = now;
	if (now - last < PACE_MS || isatty(STDERR_FILENO) != 1)
		return;
	last = now;
	shown = true;
	va_start(arguments, format);
	fputs("\r\033[K", stderr);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fflush(stderr);
}

void progress_clear(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
	last = 0;
}
