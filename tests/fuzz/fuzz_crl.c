/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* DER of a CRL, read as hexadecimal digits so that no base64 stands in the fuzzer's way. */
#include "fuzz.h"

#include "attest/crl.h"

#define DER_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	static const uint8_t name[] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 6, 3, 0x55, 4, 3, 0x0c, 2,
		'C', 'A'};
	static uint8_t text[2 * DER_MAX];
	static struct crl_work work;
	struct crl crl;

	if (n > DER_MAX)
		return 0;
	for (size_t i = 0; i < n; i++) {
		text[2 * i] = (uint8_t)digits[bytes[i] >> 4];
		text[2 * i + 1] = (uint8_t)digits[bytes[i] & 15];
	}
	const struct span serial = {(const uint8_t *)"\x05", 1};
	if (crl_read(&work, text_plain(text, 2 * n), (struct span){name, sizeof(name)}, serial,
		&crl) == STATUS_OK)
		HOLDS(n > 100);
	/* And as it is: PEM, or DER. */
	if (crl_read(&work, text_plain(bytes, n), (struct span){name, sizeof(name)}, serial,
		&crl) == STATUS_OK)
		HOLDS(n > 100);
	return 0;
}
