/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The requester (migration source): what it builds and what it takes, state by state. */
#include "spdm/engine.h"

/* All responses are of fixed size but VERSION, op 0x04, its pieces, and ERROR. */
static const struct spdm_rule
	version = {STATUS_OK, 8, SPDM_MESSAGE_MAX, SPDM_MESSAGE_MAX, spdm_version_handle},
	capabilities = {STATUS_OK, 20, 20, 20, spdm_capabilities_handle},
	algorithms = {STATUS_OK, 52, 52, 52, spdm_algorithms_handle},
	pub_key = {STATUS_OK, 143, 143, 143, spdm_pub_key_rsp_handle},
	key_exchange = {STATUS_OK, 246, 246, 246, spdm_key_exchange_rsp_handle},
	attest = {STATUS_OK, VDM_HEADER_SIZE, SPDM_DATA_TRANSFER_SIZE, 4, spdm_attest_rsp_handle},
	attest_error = {STATUS_OK, ERROR_SIZE, SPDM_MESSAGE_MAX, SPDM_MESSAGE_MAX,
		spdm_attest_error_handle},
	chunk_ack = {STATUS_OK, CHUNK_ACK_SIZE, SPDM_MESSAGE_MAX, SPDM_MESSAGE_MAX,
		spdm_chunk_send_ack_handle},
	last_ack = {STATUS_OK, CHUNK_ACK_SIZE + ERROR_SIZE, SPDM_DATA_TRANSFER_SIZE,
		CHUNK_ACK_SIZE + ERROR_LARGE_RESPONSE_SIZE, spdm_chunk_send_last_ack_handle},
	chunk = {STATUS_OK, CHUNK_HEADER_SIZE + 1, SPDM_DATA_TRANSFER_SIZE,
		CHUNK_FIRST_HEADER_SIZE, spdm_chunk_response_handle},
	finish = {STATUS_OK, 52, 52, 52, spdm_finish_rsp_handle},
	migration_info = {STATUS_OK, 65, 65, 65, spdm_migration_info_handle},
	end = {STATUS_OK, 4, 4, 4, spdm_end_session_ack_handle},
	error = {STATUS_OK, ERROR_SIZE, SPDM_MESSAGE_MAX, SPDM_MESSAGE_MAX, spdm_error_handle};

#define NO &spdm_refuse_unexpected

const struct spdm_role_tables spdm_requester_tables = {
	.rules = {
		/* In the order of enum spdm_kind: VERSION, CAPABILITIES, ALGORITHMS,
		   VENDOR_DEFINED, KEY_EXCHANGE, FINISH, END_SESSION, CHUNK_SEND_ACK,
		   CHUNK_RESPONSE, ERROR, other. */
		[SPDM_STATE_VERSION] =
			{&version, NO, NO, NO, NO, NO, NO, NO, NO, &error, NO},
		[SPDM_STATE_CAPABILITIES] =
			{NO, &capabilities, NO, NO, NO, NO, NO, NO, NO, &error, NO},
		[SPDM_STATE_ALGORITHMS] =
			{NO, NO, &algorithms, NO, NO, NO, NO, NO, NO, &error, NO},
		[SPDM_STATE_PUB_KEY] =
			{NO, NO, NO, &pub_key, NO, NO, NO, NO, NO, &error, NO},
		[SPDM_STATE_KEY_EXCHANGE] =
			{NO, NO, NO, NO, &key_exchange, NO, NO, NO, NO, &error, NO},
		[SPDM_STATE_ATTEST] =
			{NO, NO, NO, &attest, NO, NO, NO, NO, NO, &attest_error, NO},
		[SPDM_STATE_CHUNK_IN] =
			{NO, NO, NO, NO, NO, NO, NO, NO, &chunk, &error, NO},
		[SPDM_STATE_CHUNK_OUT] =
			{NO, NO, NO, NO, NO, NO, NO, &chunk_ack, NO, &error, NO},
		[SPDM_STATE_CHUNK_LAST] =
			{NO, NO, NO, NO, NO, NO, NO, &last_ack, NO, &attest_error, NO},
		[SPDM_STATE_FINISH] =
			{NO, NO, NO, NO, NO, &finish, NO, NO, NO, &error, NO},
		[SPDM_STATE_MIGRATION_INFO] =
			{NO, NO, NO, &migration_info, NO, NO, NO, NO, NO, &error, NO},
		[SPDM_STATE_END] =
			{NO, NO, NO, NO, NO, NO, &end, NO, NO, &error, NO},
	},
	.build = {
		[SPDM_STATE_VERSION] = spdm_get_version_build,
		[SPDM_STATE_CAPABILITIES] = spdm_get_capabilities_build,
		[SPDM_STATE_ALGORITHMS] = spdm_negotiate_algorithms_build,
		[SPDM_STATE_PUB_KEY] = spdm_pub_key_build,
		[SPDM_STATE_KEY_EXCHANGE] = spdm_key_exchange_build,
		[SPDM_STATE_ATTEST] = spdm_attest_req_build,
		[SPDM_STATE_CHUNK_IN] = spdm_chunk_get_build,
		[SPDM_STATE_CHUNK_OUT] = spdm_chunk_send_build,
		[SPDM_STATE_FINISH] = spdm_finish_build,
		[SPDM_STATE_MIGRATION_INFO] = spdm_migration_info_req_build,
		[SPDM_STATE_END] = spdm_end_session_build,
	},
};
