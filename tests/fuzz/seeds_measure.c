/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Event logs as the core makes them, with events that only firmware logs; and volumes. */
#include <stdlib.h>
#include <string.h>

#include "common/cfv_write.h"
#include "measure/cfv.h"
#include "measure/event_log.h"
#include "measure/event_log_format.h"
#include "seeds.h"

/* --- event logs ----------------------------------------------------------------------------- */

static void add_number(struct blob *b, uint32_t value)
{
	for (int shift = 0; shift < 32; shift += 8)
		blob_add_byte(b, (uint8_t)(value >> shift));
}

/* A record whose digest covers `measured`. */
static void add_event(struct blob *log, uint32_t mr_index, uint32_t type, const void *measured,
	size_t measured_n, const void *data, size_t n)
{
	uint8_t digest[SHA384_SIZE];

	sha384(measured, measured_n, digest);
	add_number(log, mr_index);
	add_number(log, type);
	add_number(log, 1);
	blob_add_byte(log, EVENT_ALGORITHM_SHA384);
	blob_add_byte(log, 0);
	blob_add(log, digest, sizeof(digest));
	add_number(log, (uint32_t)n);
	blob_add(log, data, n);
}

static void core_log(struct blob *out, size_t events)
{
	static const uint8_t policy[] = "a policy", chain[] = "its issuer chain", root[] = "a root";
	struct event_log log;

	event_log_init(&log);
	for (size_t i = 0; i < events; i++) {
		const enum status status =
			i == 0 ? event_log_add_separator(&log, 0) :
			i == 1 ? event_log_add_tagged(&log, 2, EVENT_TAG_POLICY, policy,
				sizeof(policy), policy, sizeof(policy)) :
			i == 2 ? event_log_add_tagged(&log, 1, EVENT_TAG_ISSUER_CHAIN, chain,
				sizeof(chain), chain, sizeof(chain)) :
			event_log_add_tagged(&log, 2, EVENT_TAG_ROOT_CA, root, sizeof(root), root, 3);
		seeds_need(status == STATUS_OK, "log an event");
	}
	uint8_t *text = malloc(event_log_size(&log));
	seeds_need(text != NULL, "log events");
	event_log_read(&log, 0, text, event_log_size(&log));
	blob_add(out, text, event_log_size(&log) - 1);
	free(text);
}

/* What td-shim logs: payload, its SVN (name padded to 16, length, SVN), secure boot key. */
static void firmware_log(struct blob *log, uint32_t svn_mr, uint32_t svn_size, uint32_t svn_said)
{
	static const uint8_t payload[] = "\x0btd_payload\0address and length";
	static const char key[] = "secure_authority\x20\0\0\0of a key";
	static const uint8_t svn[16] = {15};
	AUTO_BLOB data = {0};

	add_event(log, 2, EVENT_PLATFORM_FIRMWARE_BLOB2, payload, 4, payload, sizeof(payload));
	blob_add(&data, "td_payload_svn\0", 16);
	add_number(&data, svn_said);
	blob_add(&data, svn, svn_size);
	add_event(log, svn_mr, EVENT_PLATFORM_CONFIG_FLAGS, svn, svn_size, data.data, data.size);
	add_event(log, 1, EVENT_PLATFORM_CONFIG_FLAGS, key, 8, key, sizeof(key));
}

static void save_log(const struct blob *log, int split)
{
	seeds_save("event_log", split, log->data, log->size);
}

static void event_logs(void)
{
	static const struct {
		uint32_t mr, size, said;
	} svns[] = {{2, 8, 8}, {2, 8, 4}, {3, 8, 8}, {2, 4, 5}, {2, 16, 16}, {2, 0, 0}};

	for (size_t events = 0; events <= 4; events++) {
		AUTO_BLOB log = {0};
		core_log(&log, events);
		save_log(&log, 7);
		blob_add_byte(&log, 0);
		save_log(&log, 8);
	}
	for (size_t i = 0; i < ARRAY_SIZE(svns); i++) {
		AUTO_BLOB log = {0};
		core_log(&log, 2);
		firmware_log(&log, svns[i].mr, svns[i].size, svns[i].said);
		save_log(&log, (int)i);
	}
	for (uint32_t n = 1; n <= 8; n += 7) {
		static const uint8_t data[8] = {200};
		static const uint32_t types[] = {EVENT_TAGGED, EVENT_PLATFORM_CONFIG_FLAGS,
			EVENT_PLATFORM_FIRMWARE_BLOB2, EVENT_SEPARATOR};
		for (uint32_t i = 0; i < 6; i++) {
			AUTO_BLOB log = {0};
			core_log(&log, 0);
			add_event(&log, i, types[i % 4], data, n, data, n);
			save_log(&log, (int)i);
		}
	}
}

/* --- volumes -------------------------------------------------------------------------------- */

static void volumes(void)
{
	static uint8_t policy[] = "{}", root[] = "a root", chain[] = "an issuer chain";
	struct cfv_file files[3] = {{.name = "policy", .data = {policy, sizeof(policy), 0}},
		{.name = "root", .data = {root, sizeof(root), 0}},
		{.name = "chain", .data = {chain, sizeof(chain), 0}}};

	memcpy(files[0].guid, cfv_guid_policy, CFV_GUID_SIZE);
	memcpy(files[1].guid, cfv_guid_root_ca, CFV_GUID_SIZE);
	memcpy(files[2].guid, cfv_guid_issuer_chain, CFV_GUID_SIZE);
	for (size_t n = 0; n <= ARRAY_SIZE(files); n++) {
		AUTO_BLOB volume = {0};
		seeds_need(cfv_write(files, n, 4096, &volume) == TOOL_OK, "write a volume");
		seeds_save("cfv", -1, volume.data, volume.size);
	}
}

void seeds_measure(void)
{
	event_logs();
	volumes();
}
