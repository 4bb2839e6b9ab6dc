/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* For programs that are linked with --wrap. */
#ifndef TESTS_WRAPPED_H
#define TESTS_WRAPPED_H

/* Declares the real function, __real_NAME(), and begins the one that stands before it. */
#define WRAPPED(type, name, ...)                \
	type __real_##name(__VA_ARGS__);        \
	type __wrap_##name(__VA_ARGS__);        \
	type __wrap_##name(__VA_ARGS__)

#endif
