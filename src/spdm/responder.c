/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The responder (migration destination): what it takes, state by state. */
#include "spdm/engine.h"

/* All requests are of fixed size but KEY_EXCHANGE, op 0x03 and its pieces. */
static const struct spdm_rule
	version = {STATUS_OK, 4, 4, 4, spdm_get_version_handle},
	capabilities = {STATUS_OK, 20, 20, 20, spdm_get_capabilities_handle},
	algorithms = {STATUS_OK, 48, 48, 48, spdm_negotiate_algorithms_handle},
	pub_key = {STATUS_OK, 143, 143, 143, spdm_pub_key_req_handle},
	key_exchange = {STATUS_OK, 154, 158, 158, spdm_key_exchange_handle},
	attest = {STATUS_OK, VDM_HEADER_SIZE, SPDM_DATA_TRANSFER_SIZE, 4, spdm_attest_req_handle},
	first_chunk = {STATUS_OK, CHUNK_FIRST_HEADER_SIZE + 1, SPDM_DATA_TRANSFER_SIZE,
		CHUNK_FIRST_HEADER_SIZE, spdm_chunk_send_handle},
	later_chunk = {STATUS_OK, CHUNK_HEADER_SIZE + 1, SPDM_DATA_TRANSFER_SIZE,
		CHUNK_HEADER_SIZE, spdm_chunk_send_handle},
	chunk_get = {STATUS_OK, CHUNK_GET_SIZE, CHUNK_GET_SIZE, CHUNK_GET_SIZE,
		spdm_chunk_get_handle},
	finish = {STATUS_OK, 148, 148, 148, spdm_finish_handle},
	migration_info = {STATUS_OK, 65, 65, 65, spdm_migration_info_handle},
	end = {STATUS_OK, 4, 4, 4, spdm_end_session_handle},
	second_session = {.refuse = ERR_SPDM_SESSION_LIMIT};

#define NO &spdm_refuse_unexpected
#define UN &spdm_refuse_unsupported
#define LIMIT &second_session

const struct spdm_role_tables spdm_responder_tables = {
	.rules = {
		/* In the order of enum spdm_kind: GET_VERSION, GET_CAPABILITIES,
		   NEGOTIATE_ALGORITHMS, VENDOR_DEFINED, KEY_EXCHANGE, FINISH, END_SESSION,
		   CHUNK_SEND, CHUNK_GET, ERROR (no request), other. */
		[SPDM_STATE_VERSION] =
			{&version, NO, NO, NO, NO, NO, NO, NO, NO, UN, UN},
		[SPDM_STATE_CAPABILITIES] =
			{NO, &capabilities, NO, NO, NO, NO, NO, NO, NO, UN, UN},
		[SPDM_STATE_ALGORITHMS] =
			{NO, NO, &algorithms, NO, NO, NO, NO, NO, NO, UN, UN},
		[SPDM_STATE_PUB_KEY] =
			{NO, NO, NO, &pub_key, NO, NO, NO, NO, NO, UN, UN},
		[SPDM_STATE_KEY_EXCHANGE] =
			{NO, NO, NO, NO, &key_exchange, NO, NO, NO, NO, UN, UN},
		[SPDM_STATE_ATTEST] =
			{NO, NO, NO, &attest, LIMIT, NO, NO, &first_chunk, NO, UN, UN},
		[SPDM_STATE_CHUNK_IN] =
			{NO, NO, NO, NO, LIMIT, NO, NO, &later_chunk, NO, UN, UN},
		[SPDM_STATE_CHUNK_OUT] =
			{NO, NO, NO, NO, LIMIT, NO, NO, NO, &chunk_get, UN, UN},
		[SPDM_STATE_CHUNK_LAST] =
			{NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},	/* not entered */
		[SPDM_STATE_FINISH] =
			{NO, NO, NO, NO, LIMIT, &finish, NO, NO, NO, UN, UN},
		[SPDM_STATE_MIGRATION_INFO] =
			{NO, NO, NO, &migration_info, LIMIT, NO, NO, NO, NO, UN, UN},
		[SPDM_STATE_END] =
			{NO, NO, NO, NO, LIMIT, NO, &end, NO, NO, UN, UN},
	},
	.build = {
		[SPDM_STATE_ATTEST] = spdm_attest_rsp_build,
		[SPDM_STATE_CHUNK_IN] = spdm_attest_rsp_build,
		[SPDM_STATE_MIGRATION_INFO] = spdm_migration_info_rsp_build,
	},
};
