/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The SGX extension of a PCK certificate, as plain DER (attestation spec 1.6). */
#include "pki/pki.h"

#include <string.h>

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_SEQUENCE = 0x30,
};

static void der_add(struct blob *to, uint8_t tag, const uint8_t *value, size_t n)
{
	blob_add_byte(to, tag);
	if (n >= 0x100) {
		blob_add_byte(to, 0x82);
		blob_add_byte(to, (uint8_t)(n >> 8));
	} else if (n >= 0x80) {
		blob_add_byte(to, 0x81);
	}
	blob_add_byte(to, (uint8_t)n);
	blob_add(to, value, n);
}

/* SEQUENCE { 1.2.840.113741.1.13.1.arc[.sub], value } where value is encoded already. */
static void member(struct blob *to, uint8_t arc, uint8_t sub, const struct blob *value)
{
	const uint8_t oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, arc, sub};
	AUTO_BLOB content = {0};

	der_add(&content, DER_OID, oid, sizeof(oid) - (sub == 0 ? 1 : 0));
	blob_add(&content, value->data, value->size);
	der_add(to, DER_SEQUENCE, content.data, content.size);
}

static void member_bytes(
	struct blob *to, uint8_t arc, uint8_t sub, uint8_t tag, const uint8_t *bytes, size_t n)
{
	AUTO_BLOB value = {0};

	der_add(&value, tag, bytes, n);
	member(to, arc, sub, &value);
}

static void member_number(struct blob *to, uint8_t arc, uint8_t sub, uint8_t tag, uint16_t number)
{
	const uint8_t bytes[] = {0, (uint8_t)(number >> 8), (uint8_t)number};
	size_t skip = 0;

	/* As few bytes as keep the sign bit clear. */
	while (skip < 2 && bytes[skip] == 0 && bytes[skip + 1] < 0x80)
		skip++;
	member_bytes(to, arc, sub, tag, bytes + skip, sizeof(bytes) - skip);
}

static void member_sequence(struct blob *to, uint8_t arc, const struct blob *members)
{
	AUTO_BLOB value = {0};

	der_add(&value, DER_SEQUENCE, members->data, members->size);
	member(to, arc, 0, &value);
}

/* The two members that only the Platform CA writes. */
static void platform_members(struct blob *to, const uint8_t instance[16])
{
	static const uint8_t yes[] = {0xff};
	AUTO_BLOB configuration = {0};

	member_bytes(to, 6, 0, DER_OCTET_STRING, instance, 16);
	for (uint8_t i = 1; i <= 3; i++)
		member_bytes(&configuration, 7, i, DER_BOOLEAN, yes, sizeof(yes));
	member_sequence(to, 7, &configuration);
}

void sgx_extension(const struct platform *p, struct blob *der)
{
	AUTO_BLOB all = {0};
	AUTO_BLOB tcb = {0};
	uint8_t ids[DIGEST_SHA256_SIZE];

	/* PPID and platform instance id: any value that differs between platforms. */
	digest_sha256(p->fmspc, sizeof(p->fmspc), ids);
	member_bytes(&all, 1, 0, DER_OCTET_STRING, ids, 16);
	for (uint8_t i = 0; i < COMPONENTS; i++)
		member_number(&tcb, 2, (uint8_t)(i + 1), DER_INTEGER, p->cpusvn[i]);
	member_number(&tcb, 2, 17, DER_INTEGER, p->pcesvn);
	member_bytes(&tcb, 2, 18, DER_OCTET_STRING, p->cpusvn, COMPONENTS);
	member_sequence(&all, 2, &tcb);
	member_bytes(&all, 3, 0, DER_OCTET_STRING, p->pceid, sizeof(p->pceid));
	member_bytes(&all, 4, 0, DER_OCTET_STRING, p->fmspc, FMSPC_SIZE);
	member_number(&all, 5, 0, DER_ENUMERATED, p->processor_ca ? 0 : 1);
	if (!p->processor_ca)
		platform_members(&all, ids + 16);
	der_add(der, DER_SEQUENCE, all.data, all.size);
}
