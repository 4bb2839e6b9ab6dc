/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * How the programs of `make bench` measure: alone, CPU time; under callgrind, instructions, by one
 * dump for each thing measured.
 */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* Runs of one round: CPU time; instructions. */
struct repeats {
	unsigned timed;
	unsigned counted;
};

/* Ends the program with a line when something that must be so is not. */
void must(bool ok, const char *what);

/* {"ns":...} of one run, or {"runs":...} that the dump of this name is of. */
json_t *measure(const char *name, void (*run)(void), struct repeats repeats);

#endif
