/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Requests of vmcall-raw: each operation with each length, each reserved byte, each kind of policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "tdx/migtd_request.h"

#define LONGEST 640
#define ID 0x0807060504030201ull

static uint8_t payload[LONGEST];
static struct migtd_request request;

/* A valid request of the operation; its size. */
static size_t make(uint8_t operation, bool init)
{
	for (unsigned i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i + 1);
	if (operation == OPERATION_START_MIGRATION) {
		payload[8] = 1;
		payload[9] = init;
		memset(payload + 10, 0, 6);
		return init ? 568 : 56;
	}
	if (operation == OPERATION_ENABLE_LOG_AREA) {
		payload[8] = 4;
		memset(payload + 9, 0, 7);
		return 16;
	}
	return init ? 72 : 8;
}

static enum status read_as(uint8_t operation, size_t n, bool v1)
{
	return migtd_request_read(operation, payload, n, v1, &request);
}

static bool length_ok(uint8_t operation, size_t n, bool init)
{
	switch (operation) {
	case OPERATION_START_MIGRATION:
		return n == (init ? 568 : 56);
	case OPERATION_ENABLE_LOG_AREA:
		return n == 16;
	default:
		return n == 8 || n == 72;
	}
}

static void every_operation_with_every_length(void **state)
{
	(void)state;
	for (unsigned op = 0; op < 256; op++) {
		for (unsigned v1 = 0; v1 < 2; v1++) {
			for (unsigned init = 0; init < 2; init++) {
				const bool known = op == 1 || op == 3 || op == 4 || (op == 5 && !v1);

				make((uint8_t)op, init);
				for (size_t n = 0; n <= LONGEST; n++) {
					enum status wanted = ERR_UNSUPPORTED_OPERATION;

					if (known)
						wanted = length_ok((uint8_t)op, n, init) &&
								!(op == 1 && init && v1) ?
							STATUS_OK : ERR_REQUEST;
					assert_int_equal(read_as((uint8_t)op, n, v1), wanted);
					assert_int_equal(request.has_id, n >= 8);
					assert_int_equal(request.migration.request_id,
						n >= 8 ? ID : 0);
				}
			}
		}
	}
}

static void start_migration_is_read_whole(void **state)
{
	(void)state;
	assert_int_equal(read_as(OPERATION_START_MIGRATION, make(OPERATION_START_MIGRATION, true), false),
		STATUS_OK);
	assert_true(request.migration.is_source);
	assert_true(request.migration.has_init_tdinfo);
	assert_memory_equal(request.migration.target.uuid, payload + 16, 32);
	assert_memory_equal(&request.migration.target.handle, payload + 48, 8);
	assert_memory_equal(request.migration.init_tdinfo, payload + 56, TDINFO_SIZE);
	for (unsigned source = 0; source < 256; source++) {
		payload[8] = (uint8_t)source;
		assert_int_equal(read_as(OPERATION_START_MIGRATION, 568, false), STATUS_OK);
		assert_int_equal(request.migration.is_source, source == 1);
	}
}

static void reserved_bytes_must_be_zero(void **state)
{
	(void)state;
	for (unsigned at = 10; at < 16; at++) {
		make(OPERATION_START_MIGRATION, false);
		payload[at] = 1;
		assert_int_equal(read_as(OPERATION_START_MIGRATION, 56, false), ERR_REQUEST);
	}
	for (unsigned at = 9; at < 16; at++) {
		make(OPERATION_ENABLE_LOG_AREA, false);
		payload[at] = 1;
		assert_int_equal(read_as(OPERATION_ENABLE_LOG_AREA, 16, false), ERR_REQUEST);
	}
	for (unsigned has_init = 2; has_init < 256; has_init++) {
		make(OPERATION_START_MIGRATION, false);
		payload[9] = (uint8_t)has_init;
		assert_int_equal(read_as(OPERATION_START_MIGRATION, 56, false), ERR_REQUEST);
		assert_int_equal(read_as(OPERATION_START_MIGRATION, 568, false), ERR_REQUEST);
	}
}

static void log_levels_are_one_to_five(void **state)
{
	(void)state;
	make(OPERATION_ENABLE_LOG_AREA, false);
	for (unsigned level = 0; level < 256; level++) {
		payload[8] = (uint8_t)level;
		assert_int_equal(read_as(OPERATION_ENABLE_LOG_AREA, 16, false),
			level >= 1 && level <= 5 ? STATUS_OK : ERR_REQUEST);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_with_every_length),
		cmocka_unit_test(start_migration_is_read_whole),
		cmocka_unit_test(reserved_bytes_must_be_zero),
		cmocka_unit_test(log_levels_are_one_to_five),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
