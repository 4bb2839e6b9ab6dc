/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/sgx_extension.h"

/* 1.2.840.113741.1.13.1 */
static const uint8_t base[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

/* Numbers under the base. */
enum {
	PPID = 1,
	TCB,
	PCEID,
	FMSPC,
	SGX_TYPE,
	PLATFORM_INSTANCE_ID,
	CONFIGURATION,
};

#define PROCESSOR_MEMBERS SGX_TYPE
#define PLATFORM_MEMBERS CONFIGURATION

/* Numbers under base.2: 1..16 are the components. */
#define TCB_PCESVN 17
#define TCB_CPUSVN 18

/* The last arc of an OID that is the base, `arc` unless that is 0, and one more; otherwise 0. */
static uint8_t last_arc(struct span oid, uint8_t arc)
{
	const size_t n = sizeof(base) + (arc != 0 ? 2 : 1);

	if (oid.n != n || memcmp(oid.at, base, sizeof(base)) != 0)
		return 0;
	if (arc != 0 && oid.at[sizeof(base)] != arc)
		return 0;
	return oid.at[n - 1];
}

/* OCTET STRING of exactly n bytes. */
static void read_octets(struct reader *r, uint8_t *to, size_t n)
{
	const struct span content = der_content(r, DER_OCTET_STRING);

	if (content.n != n)
		r->failed = true;
	else if (to != NULL)
		memcpy(to, content.at, n);
}

static void read_tcb_value(struct reader *pair, uint8_t arc, struct sgx_extension *sgx)
{
	if (arc == TCB_CPUSVN) {
		read_octets(pair, NULL, 16);
		return;
	}
	const uint32_t value = der_u32(pair, DER_INTEGER);
	if (value > (arc == TCB_PCESVN ? UINT16_MAX : UINT8_MAX))
		pair->failed = true;
	if (arc == TCB_PCESVN)
		sgx->pcesvn = (uint16_t)value;
	else
		sgx->components[arc - 1] = (uint8_t)value;
}

/* All of 1..18, each once, in any order. */
static void read_tcb(struct reader *outer, struct sgx_extension *sgx)
{
	struct reader list = der_enter(outer, DER_SEQUENCE);
	uint32_t seen = 0;

	while (reader_left(&list) > 0) {
		struct reader pair = der_enter(&list, DER_SEQUENCE);
		const uint8_t arc = last_arc(der_oid(&pair), TCB);
		if (arc < 1 || arc > TCB_CPUSVN || (seen >> arc & 1) != 0) {
			outer->failed = true;
			return;
		}
		seen |= UINT32_C(1) << arc;
		read_tcb_value(&pair, arc, sgx);
		der_leave(&list, &pair);
	}
	if (seen != (UINT32_C(1) << (TCB_CPUSVN + 1)) - 2)
		outer->failed = true;
	der_leave(outer, &list);
}

/* SEQUENCE of SEQUENCE { OID, BOOLEAN }; nothing depends on it. */
static void read_configuration(struct reader *outer)
{
	struct reader list = der_enter(outer, DER_SEQUENCE);

	while (reader_left(&list) > 0) {
		struct reader pair = der_enter(&list, DER_SEQUENCE);
		der_oid(&pair);
		der_boolean(&pair);
		der_leave(&list, &pair);
	}
	der_leave(outer, &list);
}

static void read_member(struct reader *pair, uint8_t arc, struct sgx_extension *sgx)
{
	switch (arc) {
	case PPID:
	case PLATFORM_INSTANCE_ID:
		read_octets(pair, NULL, 16);
		break;
	case TCB:
		read_tcb(pair, sgx);
		break;
	case PCEID:
		read_octets(pair, sgx->pce_id, sizeof(sgx->pce_id));
		break;
	case FMSPC:
		read_octets(pair, sgx->fmspc, sizeof(sgx->fmspc));
		break;
	case SGX_TYPE:
		if (der_u32(pair, DER_ENUMERATED) > 2)
			pair->failed = true;
		break;
	case CONFIGURATION:
		read_configuration(pair);
		break;
	default:
		pair->failed = true;
		break;
	}
}

enum status sgx_extension_read(const struct x509 *pck, struct sgx_extension *sgx)
{
	const struct span value = x509_extension(pck, base, sizeof(base));
	struct reader outer = span_reader(value);
	struct reader list = der_enter(&outer, DER_SEQUENCE);
	uint32_t seen = 0;

	*sgx = (struct sgx_extension){0};
	while (reader_left(&list) > 0) {
		struct reader pair = der_enter(&list, DER_SEQUENCE);
		const uint8_t arc = last_arc(der_oid(&pair), 0);
		if (arc < 1 || arc > PLATFORM_MEMBERS || (seen >> arc & 1) != 0)
			return ERR_X509_EXTENSION;
		seen |= UINT32_C(1) << arc;
		read_member(&pair, arc, sgx);
		der_leave(&list, &pair);
	}
	der_leave(&outer, &list);
	if (!reader_done(&outer))
		return ERR_X509_EXTENSION;
	if (seen != (UINT32_C(1) << (PROCESSOR_MEMBERS + 1)) - 2 &&
		seen != (UINT32_C(1) << (PLATFORM_MEMBERS + 1)) - 2)
		return ERR_X509_EXTENSION;
	return STATUS_OK;
}
