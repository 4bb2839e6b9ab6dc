/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "spdm/engine.h"

/* SubjectPublicKeyInfo of an uncompressed P-384 point, up to and with the 0x04 of the point. */
static const uint8_t spki_prefix[SPKI_PREFIX_SIZE] = {
	0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02,
	0x01, 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04,
};

void spdm_spki_write(struct writer *w, const uint8_t point[P384_POINT_SIZE])
{
	writer_bytes(w, spki_prefix, sizeof(spki_prefix));
	writer_bytes(w, point, P384_POINT_SIZE);
}

enum status spdm_spki_read(struct reader *r, uint8_t point[P384_POINT_SIZE])
{
	const uint8_t *prefix = reader_bytes(r, SPKI_PREFIX_SIZE);

	reader_copy(r, point, P384_POINT_SIZE);
	if (!reader_ok(r) || memcmp(prefix, spki_prefix, SPKI_PREFIX_SIZE) != 0)
		return ERR_SPDM_KEY;
	return p384_point_valid(point) ? STATUS_OK : ERR_SPDM_KEY;
}
