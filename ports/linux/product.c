/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The product build: no control socket, no high-water marks on the console. */
#include "control.h"
#include "options.h"

const bool build_measures = false;

void control_open(const char *path)
{
	(void)path;
}

unsigned control_poll(struct pollfd *fds)
{
	(void)fds;
	return 0;
}

void control_run(struct migtd *td)
{
	(void)td;
}

void control_close(void)
{
}
