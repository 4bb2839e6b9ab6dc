/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "quote/quote.h"

#include <string.h>

#include "attest/quote.h"
#include "attest/sgx_extension.h"
#include "common/key.h"

enum { REPORT_SIZE = 1024 };

struct field {
	const char *name;
	size_t at, size;
};

static void add_hex(json_t *object, const char *name, const uint8_t *from, size_t n)
{
	AUTO_TEXT hex = hex_lower(from, n);

	json_object_set_new(object, name, json_string(hex));
}

static void add_fields(
	json_t *object, const uint8_t *from, const struct field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_hex(object, fields[i].name, from + fields[i].at, fields[i].size);
}

static void add_number(json_t *object, const char *name, const uint8_t *from, size_t n)
{
	json_int_t value = 0;

	for (size_t i = n; i > 0; i--)
		value = value << 8 | from[i - 1];
	json_object_set_new(object, name, json_integer(value));
}

/* --- quote --------------------------------------------------------------------------------- */

static const struct field body_fields[] = {
	{"tee_tcb_svn", 0, 16},
	{"mrseam", 16, 48},
	{"mrsignerseam", 64, 48},
	{"seam_attributes", 112, 8},
	{"td_attributes", 120, 8},
	{"xfam", 128, 8},
	{"mrtd", 136, 48},
	{"mrconfigid", 184, 48},
	{"mrowner", 232, 48},
	{"mrownerconfig", 280, 48},
	{"rtmr0", 328, 48},
	{"rtmr1", 376, 48},
	{"rtmr2", 424, 48},
	{"rtmr3", 472, 48},
	{"reportdata", 520, 64},
};

static const struct field qe_fields[] = {
	{"qe_miscselect", QE_REPORT_MISCSELECT, 4},
	{"qe_attributes", QE_REPORT_ATTRIBUTES, 16},
	{"qe_mrenclave", QE_REPORT_MR_ENCLAVE, 32},
	{"qe_mrsigner", QE_REPORT_MR_SIGNER, 32},
};

/* The SGX extension of the first certificate; false when it cannot be read. */
static bool read_platform(const struct quote *q, struct sgx_extension *sgx)
{
	AUTO_BLOB pem = {0};
	AUTO_BLOB der = {0};
	struct x509 pck;
	X509 *first;
	size_t n = 0;

	const bool was_quiet = tool_quiet;
	blob_add(&pem, q->chain.at, q->chain.n);
	tool_quiet = true;
	/* That more follow is no failure here. */
	const int code = certificates_read("", &pem, &first, 1, &n);
	tool_quiet = was_quiet;
	(void)code;
	if (n == 0)
		return false;
	certificate_der(first, &der);
	X509_free(first);
	return x509_parse(&pck, der.data, der.size) == STATUS_OK &&
	       sgx_extension_read(&pck, sgx) == STATUS_OK;
}

int quote_read(const char *path, struct blob *quote)
{
	return file_read_head(path, QUOTE_MAX + 1, quote);
}

char *quote_fmspc(const struct blob *quote)
{
	struct sgx_extension sgx;
	struct quote q;

	if (quote_parse(&q, quote->data, quote->size) != STATUS_OK || !read_platform(&q, &sgx))
		return NULL;
	return hex_upper(sgx.fmspc, sizeof(sgx.fmspc));
}

static void add_platform(json_t *object, const struct quote *q)
{
	struct sgx_extension sgx;

	if (!read_platform(q, &sgx)) {
		json_object_set_new(object, "fmspc", json_null());
		return;
	}
	AUTO_TEXT fmspc = hex_upper(sgx.fmspc, sizeof(sgx.fmspc));
	json_object_set_new(object, "fmspc", json_string(fmspc));
	add_hex(object, "pceid", sgx.pce_id, sizeof(sgx.pce_id));
	add_hex(object, "sgx_components", sgx.components, sizeof(sgx.components));
	json_object_set_new(object, "pcesvn", json_integer(sgx.pcesvn));
}

int quote_fields(const char *name, const struct blob *quote, json_t **fields)
{
	struct quote q;

	*fields = NULL;
	if (quote_parse(&q, quote->data, quote->size) != STATUS_OK)
		return quote_tell_fault(name, quote);
	json_t *object = json_object();
	json_object_set_new(object, "size", json_integer((json_int_t)quote->size));
	add_number(object, "version", quote->data, 2);
	add_hex(object, "qe_id", quote->data + 28, 16);
	add_fields(object, q.body, body_fields, COUNT_OF(body_fields));
	if (q.tee_tcb_svn2 != NULL) {
		add_hex(object, "tee_tcb_svn2", q.tee_tcb_svn2, 16);
		add_hex(object, "mrservicetd", q.tee_tcb_svn2 + 16, 48);
	}
	add_fields(object, q.qe_report, qe_fields, COUNT_OF(qe_fields));
	add_number(object, "qe_isvprodid", q.qe_report + QE_REPORT_ISV_PROD_ID, 2);
	add_number(object, "qe_isvsvn", q.qe_report + QE_REPORT_ISV_SVN, 2);
	add_hex(object, "attestation_key", q.attestation_key, P256_POINT_SIZE);
	add_platform(object, &q);
	*fields = object;
	return TOOL_OK;
}

/* --- TDREPORT ------------------------------------------------------------------------------ */

/* Attestation spec 1.1. */
static const struct field report_fields[] = {
	{"reporttype", 0, 4},
	{"cpusvn", 16, 16},
	{"tee_tcb_info_hash", 32, 48},
	{"tee_info_hash", 80, 48},
	{"reportdata", 128, 64},
	{"mac", 224, 32},
	{"valid", 256, 8},
	{"tee_tcb_svn", 264, 16},
	{"mrseam", 280, 48},
	{"mrsignerseam", 328, 48},
	{"seam_attributes", 376, 8},
	{"tee_tcb_svn2", 384, 16},
	{"attributes", 512, 8},
	{"xfam", 520, 8},
	{"mrtd", 528, 48},
	{"mrconfigid", 576, 48},
	{"mrowner", 624, 48},
	{"mrownerconfig", 672, 48},
	{"rtmr0", 720, 48},
	{"rtmr1", 768, 48},
	{"rtmr2", 816, 48},
	{"rtmr3", 864, 48},
	{"servtd_hash", 912, 48},
};

static bool add_hash(json_t *object, const char *name, const uint8_t *expected,
	const uint8_t *from, size_t n)
{
	uint8_t digest[DIGEST_SHA384_SIZE];

	digest_sha384(from, n, digest);
	const bool holds = memcmp(digest, expected, sizeof(digest)) == 0;
	json_object_set_new(object, name, json_boolean(holds));
	return holds;
}

int tdreport_fields(const char *name, const struct blob *report, json_t **fields)
{
	static const struct field zero[] = {{NULL, 3, 13}, {NULL, 192, 32}, {NULL, 400, 112}};
	const uint8_t *r = report->data;

	*fields = NULL;
	if (report->size != REPORT_SIZE)
		return tool_fail(TOOL_REJECT, "%s: is %zu bytes long, a TDREPORT has %d", name,
			report->size, REPORT_SIZE);
	if (r[0] != 0x81)
		return tool_fail(TOOL_REJECT, "%s: is not of a TD (byte 0)", name);
	for (size_t i = 0; i < COUNT_OF(zero); i++)
		for (size_t k = zero[i].at; k < zero[i].at + zero[i].size; k++)
			if (r[k] != 0)
				return tool_fail(TOOL_REJECT,
					"%s: a reserved byte is not zero (byte %zu)", name, k);
	json_t *object = json_object();
	add_fields(object, r, report_fields, COUNT_OF(report_fields));
	const bool tcb = add_hash(object, "tee_tcb_info_hash_holds", r + 32, r + 256, 239);
	const bool info = add_hash(object, "tee_info_hash_holds", r + 80, r + 512, 512);
	*fields = object;
	if (tcb && info)
		return TOOL_OK;
	return tool_fail(TOOL_REJECT, "%s: %s does not hold (byte %d)", name,
		tcb ? "TEE_INFO_HASH" : "TEE_TCB_INFO_HASH", tcb ? 80 : 32);
}
