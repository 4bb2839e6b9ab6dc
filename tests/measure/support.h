/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Hexadecimal and recorded files. */
#ifndef TESTS_MEASURE_SUPPORT_H
#define TESTS_MEASURE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "crypto/crypto.h"

static inline void assert_hex(const uint8_t *bytes, size_t n, const char *hex)
{
	char text[3];

	assert_int_equal(strlen(hex), 2 * n);
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%02x", bytes[i]);
		if (text[0] != hex[2 * i] || text[1] != hex[2 * i + 1])
			fail_msg("byte %zu is %s, not %.2s", i, text, hex + 2 * i);
	}
}

static inline void from_hex(uint8_t *to, const char *hex)
{
	for (size_t i = 0; hex[2 * i] != 0; i++) {
		unsigned byte;
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		to[i] = (uint8_t)byte;
	}
}

struct file {
	uint8_t *bytes;
	size_t size;
};

static inline struct file load_file(const char *path)
{
	struct file file = {.bytes = NULL};
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		print_message("SKIPPED: %s is not there\n", path);
		skip();
	}
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	file.size = (size_t)ftell(f);
	rewind(f);
	file.bytes = malloc(file.size);
	assert_non_null(file.bytes);
	assert_int_equal(fread(file.bytes, 1, file.size, f), file.size);
	fclose(f);
	return file;
}

#define SEPARATOR_DIGEST "394341b7182cd227c5c6b07ef8000cdfd86136c4292b8e576573ad7ed9ae4101" \
	"9f5818b4b971c9effc60e1ad9f1289f0"
#define RTMR_SEPARATOR "518923b0f955d08da077c96aaba522b9decede61c599cea6c41889cfbea4ae4d" \
	"50529d96fe4d1afdafb65e7f95bf23c4"
#define RTMR1_TEMPLATES "c172c0fb4322252982bd90c470ef2c0fc49b2b65235446f431c563040c28316c" \
	"b1e490723a468485a891c8db0f0e03d5"
#define RTMR2_TEMPLATES "5df82b5702753589b57d38de960dc30b24903f7e1922456b4f9e966a250365e3" \
	"c2ced4b475f3713e0bfd4f880e9112f1"
#define MROWNER_TEMPLATES "bcdc571fdc9720a5660f42e0030a56cfdf4c336879851a6d9d5c7ce276b33ca7" \
	"4415d0f25fa0d478af4d34306f343110"

#endif
