/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* GET_VERSION and VERSION (spec 2.1). */
#include "spdm/engine.h"

#define VERSION_ENTRY_12 0x12	/* high byte of an entry: major and minor */

enum status spdm_get_version_build(struct spdm *s)
{
	struct writer w = spdm_message_begin(s);

	writer_u8(&w, SPDM_VERSION_10);
	writer_u8(&w, SPDM_GET_VERSION);
	writer_zero(&w, 2);
	spdm_transcript_add(s, w.base, writer_size(&w));
	return spdm_message_send(s, &w, 0, SPDM_STATE_VERSION);
}

enum status spdm_get_version_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	struct reader r = reader_of(message + 2, n - 2);
	struct writer w;

	reader_zero(&r, 2);
	if (!reader_done(&r))
		return ERR_SPDM_MESSAGE;
	spdm_transcript_add(s, message, n);
	w = spdm_message_begin(s);
	writer_u8(&w, SPDM_VERSION_10);
	writer_u8(&w, SPDM_RESPONSE(SPDM_GET_VERSION));
	writer_zero(&w, 3);
	writer_u8(&w, 1);
	writer_u8(&w, 0);
	writer_u8(&w, VERSION_ENTRY_12);
	spdm_transcript_add(s, w.base, writer_size(&w));
	return spdm_message_send(s, &w, 0, SPDM_STATE_CAPABILITIES);
}

enum status spdm_version_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	struct reader r = reader_of(message + 2, n - 2);
	bool offered = false;
	uint8_t count;

	reader_zero(&r, 3);
	count = reader_u8(&r);
	for (uint8_t i = 0; i < count; i++) {
		reader_u8(&r);	/* update and alpha */
		offered |= reader_u8(&r) == VERSION_ENTRY_12;
	}
	if (!reader_done(&r))
		return ERR_SPDM_MESSAGE;
	if (!offered)
		return ERR_SPDM_VERSION;
	spdm_transcript_add(s, message, n);
	spdm_proceed(s, SPDM_STATE_CAPABILITIES);
	return STATUS_OK;
}
