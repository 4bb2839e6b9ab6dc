/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/pki.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bytes.h"
#include "host/quote.h"

static bool get_number(const json_t *object, const char *name, uint64_t max, uint16_t *value)
{
	const json_t *number = json_object_get(object, name);

	if (!json_is_integer(number) || json_integer_value(number) < 0 ||
		(uint64_t)json_integer_value(number) > max)
		return false;
	*value = (uint16_t)json_integer_value(number);
	return true;
}

static bool get_svns(const json_t *object, const char *name, uint8_t svns[16])
{
	const json_t *list = json_object_get(object, name);

	if (!json_is_array(list) || json_array_size(list) != 16)
		return false;
	for (size_t i = 0; i < 16; i++) {
		const json_t *number = json_array_get(list, i);

		if (!json_is_integer(number) || json_integer_value(number) < 0 ||
			json_integer_value(number) > 255)
			return false;
		svns[i] = (uint8_t)json_integer_value(number);
	}
	return true;
}

static bool get_hex(const json_t *object, const char *name, uint8_t *bytes, size_t n)
{
	return hex_decode(json_string_value(json_object_get(object, name)), bytes, n);
}

/* The name of the first member that is missing or malformed, or NULL. */
static const char *load_values(struct pki *pki, const json_t *o)
{
	if (!get_hex(o, "fmspc", pki->fmspc, sizeof(pki->fmspc)))
		return "fmspc";
	if (!get_hex(o, "pceid", pki->pceid, sizeof(pki->pceid)))
		return "pceid";
	if (!get_svns(o, "cpusvn", pki->cpusvn))
		return "cpusvn";
	if (!get_number(o, "pcesvn", UINT16_MAX, &pki->pcesvn))
		return "pcesvn";
	if (!get_svns(o, "tee_tcb_svn", pki->tee_tcb_svn))
		return "tee_tcb_svn";
	memcpy(pki->tee_tcb_svn2, pki->tee_tcb_svn, sizeof(pki->tee_tcb_svn2));
	if (json_object_get(o, "tee_tcb_svn2") && !get_svns(o, "tee_tcb_svn2", pki->tee_tcb_svn2))
		return "tee_tcb_svn2";
	if (!get_number(o, "qe_isvsvn", UINT16_MAX, &pki->qe_isvsvn))
		return "qe_isvsvn";
	if (!get_number(o, "qe_isvprodid", UINT16_MAX, &pki->qe_isvprodid))
		return "qe_isvprodid";
	if (!get_hex(o, "qe_mrsigner", pki->qe_mrsigner, sizeof(pki->qe_mrsigner)))
		return "qe_mrsigner";
	if (!get_hex(o, "qe_id", pki->qe_id, sizeof(pki->qe_id)))
		return "qe_id";
	if (!get_hex(o, "mrseam", pki->mrseam, sizeof(pki->mrseam)))
		return "mrseam";
	pki->qe_auth_bytes = QE_AUTH_BYTES;
	if (json_object_get(o, "qe_auth_bytes") &&
		!get_number(o, "qe_auth_bytes", QE_AUTH_MAX, &pki->qe_auth_bytes))
		return "qe_auth_bytes";
	return NULL;
}

static bool load_chain(struct pki *pki, const char *path)
{
	FILE *file = fopen(path, "r");
	bool ok = false;

	if (!file)
		return false;
	pki->pck_chain = malloc(PKI_CHAIN_MAX + 1);
	if (pki->pck_chain) {
		size_t n = fread(pki->pck_chain, 1, PKI_CHAIN_MAX + 1, file);

		ok = n && n <= PKI_CHAIN_MAX && pki->pck_chain[n - 1] == '\n' && !ferror(file);
		pki->pck_chain_size = ok ? n : 0;
		if (ok)
			pki->pck_chain[n] = 0;
	}
	fclose(file);
	return ok;
}

static bool load_key(struct pki *pki, const char *path)
{
	FILE *file = fopen(path, "r");
	char group[32];

	if (!file)
		return false;
	pki->pck_key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	return pki->pck_key && EVP_PKEY_get_group_name(pki->pck_key, group, sizeof(group), NULL) &&
	       !strcmp(group, "prime256v1");
}

/* NULL, and why, when the file cannot be read or is no JSON. */
static json_t *read_values(const char *path, char *why, size_t why_size)
{
	FILE *file = fopen(path, "r");
	json_error_t error;
	json_t *values;

	if (!file) {
		snprintf(why, why_size, "%s: cannot open: %s", path, strerror(errno));
		return NULL;
	}
	values = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	fclose(file);
	if (!values)
		snprintf(why, why_size, "%s: not JSON: %s (byte %d)", path, error.text,
			error.position);
	return values;
}

int pki_load(struct pki *pki, const char *directory, char *why, size_t why_size)
{
	char path[4096];
	const char *bad;
	json_t *values;

	*pki = (struct pki){0};
	snprintf(path, sizeof(path), "%s/platform.json", directory);
	values = read_values(path, why, why_size);
	if (!values)
		return -1;
	bad = load_values(pki, values);
	json_decref(values);
	if (bad) {
		snprintf(why, why_size, "%s: '%s' is missing or malformed", path, bad);
		return -1;
	}
	snprintf(path, sizeof(path), "%s/pck.key", directory);
	if (!load_key(pki, path)) {
		snprintf(why, why_size, "%s: not a readable P-256 private key in PEM", path);
		return -1;
	}
	snprintf(path, sizeof(path), "%s/pck_chain.pem", directory);
	if (!load_chain(pki, path)) {
		snprintf(why, why_size, "%s: not a readable chain of at most %d bytes", path,
			PKI_CHAIN_MAX);
		return -1;
	}
	return 0;
}

void pki_free(struct pki *pki)
{
	EVP_PKEY_free(pki->pck_key);
	free(pki->pck_chain);
	*pki = (struct pki){0};
}
