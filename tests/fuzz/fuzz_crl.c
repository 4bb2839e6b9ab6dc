/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A CRL, its DER (digits, so that no base64 stands in the fuzzer's way) or its text, by the first
 * byte.  One that is accepted as digits is accepted as PEM and as it is, and says the same.
 */
#include "fuzz.h"

#include "attest/crl.h"

#define DER_MAX 8192

/* The issuer of all seeds, the same five attributes as Intel's with "CA" for a common name. */
static const char issuer_name[] =
	"0\x59"
	"1\x0b" "0\x09" "\x06\x03\x55\x04\x03\x0c\x02" "CA"
	"1\x1a" "0\x18" "\x06\x03\x55\x04\x0a\x0c\x11" "Intel Corporation"
	"1\x14" "0\x12" "\x06\x03\x55\x04\x07\x0c\x0b" "Santa Clara"
	"1\x0b" "0\x09" "\x06\x03\x55\x04\x08\x0c\x02" "CA"
	"1\x0b" "0\x09" "\x06\x03\x55\x04\x06\x13\x02" "US";

static enum status read_text(const uint8_t *text, size_t n, const char *serial, struct crl *crl)
{
	static struct crl_work work;
	const struct span issuer = {(const uint8_t *)issuer_name, sizeof(issuer_name) - 1};

	return crl_read(&work, text_plain(text, n), issuer,
		(struct span){(const uint8_t *)serial, 1}, crl);
}

static size_t to_digits(const uint8_t *bytes, size_t n, uint8_t *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = (uint8_t)digits[bytes[i] >> 4];
		text[2 * i + 1] = (uint8_t)digits[bytes[i] & 15];
	}
	return 2 * n;
}

static size_t put(uint8_t *text, size_t at, const char *from)
{
	memcpy(text + at, from, strlen(from));
	return at + strlen(from);
}

static size_t to_pem(const uint8_t *bytes, size_t n, uint8_t *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t at = put(text, 0, "-----BEGIN X509 CRL-----\n");

	for (size_t i = 0; i < n; i += 3) {
		const size_t left = n - i;
		const uint32_t bits = (uint32_t)bytes[i] << 16 |
			(left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
			(left > 2 ? (uint32_t)bytes[i + 2] : 0);
		text[at++] = (uint8_t)digits[bits >> 18];
		text[at++] = (uint8_t)digits[bits >> 12 & 63];
		text[at++] = left > 1 ? (uint8_t)digits[bits >> 6 & 63] : '=';
		text[at++] = left > 2 ? (uint8_t)digits[bits & 63] : '=';
		if (i % 48 == 45)
			text[at++] = '\n';
	}
	return put(text, at, "\n-----END X509 CRL-----\n");
}

static void check_der(const uint8_t *der, size_t n)
{
	static uint8_t text[3 * DER_MAX];
	static const uint8_t point[P256_POINT_SIZE] = {1};
	struct crl crl, again;

	const enum status status = read_text(text, to_digits(der, n, text), "\x05", &crl);
	const enum status as_pem = read_text(text, to_pem(der, n, text), "\x05", &again);
	HOLDS((status == STATUS_OK) == (as_pem == STATUS_OK));
	HOLDS(status == STATUS_OK || read_text(der, n, "\x05", &again) != STATUS_OK);
	if (status != STATUS_OK)
		return;
	ACCEPTED();
	HOLDS(n > 100 && memcmp(&crl, &again, sizeof(crl)) == 0);
	HOLDS(read_text(der, n, "\x05", &again) == STATUS_OK);
	HOLDS(memcmp(&crl, &again, sizeof(crl)) == 0);
	/* No serial number is zero. */
	HOLDS(read_text(text, to_pem(der, n, text), "\x00", &again) == STATUS_OK);
	HOLDS(!again.listed && again.number == crl.number);
	HOLDS(crl_verify(&crl, point) != STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct crl crl;

	fuzz_start_crypto();
	if (n < 1 || n > DER_MAX)
		return 0;
	if ((bytes[0] & 1) == 0)
		check_der(bytes + 1, n - 1);
	else if (read_text(bytes + 1, n - 1, "\x05", &crl) == STATUS_OK)
		HOLDS(n > 100);
	return 0;
}
