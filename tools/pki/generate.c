/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "pki/pki.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- SGX side ------------------------------------------------------------------------------ */

static const struct certificate_plan root_plan = {
	.common_name = "Intel SGX Root CA",
	.organisation = "Intel Corporation",
	.sgx_names = true,
	.ca = true,
	.path_length = 1,
};
static const struct certificate_plan platform_ca_plan = {
	.common_name = "Intel SGX PCK Platform CA",
	.organisation = "Intel Corporation",
	.sgx_names = true,
	.ca = true,
	.path_length = 0,
};
static const struct certificate_plan tcb_signing_plan = {
	.common_name = "Intel SGX TCB Signing",
	.organisation = "Intel Corporation",
	.sgx_names = true,
	.path_length = -1,
};

static void authority_make(struct authority *a)
{
	a->root_key = key_generate_p256();
	a->platform_ca_key = key_generate_p256();
	a->tcb_signing_key = key_generate_p256();
	a->root = certificate_make(&root_plan, a->root_key, NULL, NULL);
	a->platform_ca =
		certificate_make(&platform_ca_plan, a->platform_ca_key, a->root, a->root_key);
	a->tcb_signing =
		certificate_make(&tcb_signing_plan, a->tcb_signing_key, a->root, a->root_key);
}

static void cleanup_authority(struct authority *a)
{
	EVP_PKEY_free(a->root_key);
	EVP_PKEY_free(a->platform_ca_key);
	EVP_PKEY_free(a->tcb_signing_key);
	X509_free(a->root);
	X509_free(a->platform_ca);
	X509_free(a->tcb_signing);
	X509_CRL_free(a->root_crl);
	X509_CRL_free(a->platform_crl);
}

static char *in_folder(const char *folder, const char *name)
{
	return tool_text("%s/%s", folder, name);
}

static int write_text(const char *folder, const char *name, const char *text)
{
	AUTO_TEXT path = in_folder(folder, name);
	return file_write_text(path, text);
}

static int write_key(const char *folder, const char *name, const EVP_PKEY *key)
{
	AUTO_TEXT path = in_folder(folder, name);
	return key_write_private(path, key);
}

static int write_authority(const struct authority *a, const char *folder)
{
	AUTO_BLOB pem = {0};
	AUTO_BLOB der = {0};
	AUTO_TEXT der_path = in_folder(folder, "root.der");

	certificate_pem(a->root, &pem);
	certificate_der(a->root, &der);
	TOOL_TRY(write_text(folder, "root.pem", (const char *)pem.data));
	TOOL_TRY(file_write(der_path, der.data, der.size));
	TOOL_TRY(write_key(folder, "root.key", a->root_key));
	TOOL_TRY(write_key(folder, "platform_ca.key", a->platform_ca_key));
	return write_key(folder, "tcb_signing.key", a->tcb_signing_key);
}

/* --- hosts --------------------------------------------------------------------------------- */

static json_t *byte_list(const uint8_t *bytes, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_integer(bytes[i]));
	return list;
}

static int write_platform(const char *folder, const char *name, const struct platform *p)
{
	uint8_t mrseam[DIGEST_SHA384_SIZE], qe_id[DIGEST_SHA256_SIZE];
	AUTO_TEXT fmspc = hex_upper(p->fmspc, sizeof(p->fmspc));
	AUTO_TEXT pceid = hex_upper(p->pceid, sizeof(p->pceid));
	static const char module[] = "emulated TDX module 1.5";

	/* All hosts run the same module; each has its own quoting enclave. */
	digest_sha384(module, sizeof(module) - 1, mrseam);
	digest_sha256(name, strlen(name), qe_id);
	AUTO_TEXT mrseam_hex = hex_lower(mrseam, sizeof(mrseam));
	AUTO_TEXT qe_id_hex = hex_lower(qe_id, 16);
	/* clang-format off */
	AUTO_JSON platform = json_pack("{s:s, s:s, s:o, s:i, s:o, s:i, s:s, s:i, s:s, s:s}",
		"fmspc", fmspc,
		"pceid", pceid,
		"cpusvn", byte_list(p->cpusvn, COMPONENTS),
		"pcesvn", p->pcesvn,
		"tee_tcb_svn", byte_list(p->tee_tcb_svn, COMPONENTS),
		"qe_isvsvn", QE_ISVSVN,
		"qe_mrsigner", qe_mrsigner_hex,
		"qe_isvprodid", QE_ISVPRODID,
		"qe_id", qe_id_hex,
		"mrseam", mrseam_hex);
	/* clang-format on */
	if (platform == NULL)
		return tool_fail(TOOL_USAGE, "out of memory");
	AUTO_TEXT text = json_compact(platform);
	return write_text(folder, "platform.json", text);
}

/* Writes hosts/NAME; the PCK certificate is the caller's to free. */
static int host_make(const struct pki_host *host, size_t index, const struct authority *a,
	const char *folder, X509 **pck)
{
	AUTO_TEXT own = tool_text("%s/hosts/%s", folder, host->name);
	AUTO_KEY key = key_generate_p256();
	AUTO_BLOB chain = {0};
	struct platform platform;
	const struct certificate_plan plan = {
		.common_name = "Intel SGX PCK Certificate",
		.organisation = "Intel Corporation",
		.sgx_names = true,
		.path_length = -1,
		.pck = &platform,
	};

	platform_describe(index, &platform);
	*pck = certificate_make(&plan, key, a->platform_ca, a->platform_ca_key);
	certificate_pem(*pck, &chain);
	certificate_pem(a->platform_ca, &chain);
	certificate_pem(a->root, &chain);
	TOOL_TRY(folder_make(own));
	TOOL_TRY(write_key(own, "pck.key", key));
	TOOL_TRY(write_text(own, "pck_chain.pem", (const char *)chain.data));
	return write_platform(own, host->name, &platform);
}

/* --- the bundle ---------------------------------------------------------------------------- */

/* The bundle's single PEM items have no newline after their END line. */
static json_t *without_newline(struct blob *pem)
{
	return json_stringn((const char *)pem->data, pem->size - 1);
}

static json_t *platform_list(
	const struct pki_options *options, const struct authority *a, const char *signing_chain)
{
	json_t *list = json_array();

	for (size_t i = 0; i < options->platforms; i++) {
		const bool is_host = i < options->host_count;
		struct platform platform;

		platform_describe(i, &platform);
		AUTO_TEXT fmspc = hex_upper(platform.fmspc, sizeof(platform.fmspc));
		AUTO_TEXT info = tcb_info_make(&platform, is_host,
			is_host ? options->hosts[i].tcb_status : NULL, options->module_status,
			a->tcb_signing_key);
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s}", "fmspc", fmspc, "tcbInfoIssuerChain",
				      signing_chain, "tcbInfo", info));
	}
	return list;
}

static int write_bundle(
	const struct pki_options *options, const struct authority *a, const char *folder)
{
	AUTO_BLOB root = {0};
	AUTO_BLOB root_crl = {0};
	AUTO_BLOB platform_crl = {0};
	AUTO_TEXT ca_chain = chain_text(a->platform_ca, a->root);
	AUTO_TEXT signing_chain = chain_text(a->tcb_signing, a->root);
	AUTO_TEXT qe_identity = qe_identity_make(options->qe_status, a->tcb_signing_key);

	certificate_pem(a->root, &root);
	crl_pem(a->root_crl, &root_crl);
	crl_pem(a->platform_crl, &platform_crl);
	/* clang-format off */
	AUTO_JSON bundle = json_pack("{s:i, s:i, s:i, s:o, s:s, s:o, s:o, s:o, s:s, s:s}",
		"majorVersion", 1,
		"minorVersion", 0,
		"teeType", 0x81,
		"rootCa", without_newline(&root),
		"pckCrlIssuerChain", ca_chain,
		"rootCaCrl", without_newline(&root_crl),
		"pckCrl", without_newline(&platform_crl),
		"platforms", platform_list(options, a, signing_chain),
		"qeIdentityIssuerChain", signing_chain,
		"qeIdentity", qe_identity);
	/* clang-format on */
	if (bundle == NULL)
		return tool_fail(TOOL_USAGE, "out of memory");
	AUTO_TEXT text = json_compact(bundle);
	return write_text(folder, "collateral.json", text);
}

static void crls_make(const struct pki_options *options, struct authority *a, X509 *const *pcks)
{
	X509 *from_root[2], *from_platform_ca[PKI_HOSTS_MAX];
	size_t n_root = 0, n_platform = 0;

	if (options->revoke_platform_ca)
		from_root[n_root++] = a->platform_ca;
	if (options->revoke_tcb_signing)
		from_root[n_root++] = a->tcb_signing;
	for (size_t i = 0; i < options->host_count; i++)
		if (options->hosts[i].revoked)
			from_platform_ca[n_platform++] = pcks[i];
	a->root_crl = crl_make(a->root, a->root_key, from_root, n_root);
	a->platform_crl =
		crl_make(a->platform_ca, a->platform_ca_key, from_platform_ca, n_platform);
}

static int sgx_side(const struct pki_options *options, struct authority *a, const char *folder)
{
	X509 *pcks[PKI_HOSTS_MAX] = {0};
	int code = TOOL_OK;

	authority_make(a);
	for (size_t i = 0; i < options->host_count && code == TOOL_OK; i++)
		code = host_make(&options->hosts[i], i, a, folder, &pcks[i]);
	if (code == TOOL_OK) {
		crls_make(options, a, pcks);
		code = write_authority(a, folder);
	}
	for (size_t i = 0; i < options->host_count; i++)
		X509_free(pcks[i]);
	return code == TOOL_OK ? write_bundle(options, a, folder) : code;
}

/* --- policy signing chains ----------------------------------------------------------------- */

static int signing_chain(const char *folder, const char *name, const char *leaf_name)
{
	AUTO_TEXT own = tool_text("%s/%s", folder, name);
	AUTO_KEY root_key = key_generate_p384();
	AUTO_KEY issuer_key = key_generate_p384();
	AUTO_KEY leaf_key = key_generate_p384();
	const struct certificate_plan root_plan_p384 =
					      {
						      .common_name = "MigTD Root CA",
						      .organisation = "MigTD Issuer",
						      .ca = true,
						      .path_length = -1,
					      },
				      issuer_plan =
					      {
						      .common_name = "MigTD Intermediate CA",
						      .organisation = "MigTD Intermediate Issuer",
						      .ca = true,
						      .path_length = -1,
					      },
				      leaf_plan = {
					      .common_name = leaf_name,
					      .organisation = "MigTD Issuer",
					      .path_length = -1,
				      };
	AUTO_CERTIFICATE root = certificate_make(&root_plan_p384, root_key, NULL, NULL);
	AUTO_CERTIFICATE issuer = certificate_make(&issuer_plan, issuer_key, root, root_key);
	AUTO_CERTIFICATE leaf = certificate_make(&leaf_plan, leaf_key, issuer, issuer_key);
	AUTO_BLOB chain = {0};
	AUTO_TEXT public_path = in_folder(own, "leaf.pub");

	certificate_pem(leaf, &chain);
	certificate_pem(issuer, &chain);
	certificate_pem(root, &chain);
	TOOL_TRY(folder_make(own));
	TOOL_TRY(write_key(own, "leaf.key", leaf_key));
	TOOL_TRY(key_write_public(public_path, leaf_key));
	return write_text(own, "chain.pem", (const char *)chain.data);
}

/* --- all of it ----------------------------------------------------------------------------- */

static bool is_free(const char *folder)
{
	DIR *d = opendir(folder);
	size_t entries = 0;

	if (d == NULL)
		return errno == ENOENT;
	while (readdir(d) != NULL)
		entries++;
	closedir(d);
	return entries <= 2; /* "." and ".." */
}

static int fill(const struct pki_options *options, const char *folder)
{
	CLEANUP(cleanup_authority) struct authority authority = {0};

	TOOL_TRY(sgx_side(options, &authority, folder));
	TOOL_TRY(signing_chain(folder, "policy", "MigTD Policy Issuer"));
	TOOL_TRY(signing_chain(folder, "identity", "MigTD Identity Issuer"));
	return signing_chain(folder, "mapping", "MigTD Mapping Issuer");
}

static int check(const struct pki_options *options)
{
	if (options->host_count == 0 || options->platforms < options->host_count ||
		options->platforms > PKI_PLATFORMS_MAX)
		return tool_fail(TOOL_USAGE,
			"%zu platforms for %zu hosts: one host or more is needed, and "
			"that many platforms up to %d",
			options->platforms, options->host_count, PKI_PLATFORMS_MAX);
	for (size_t i = 0; i < options->host_count; i++) {
		const char *name = options->hosts[i].name;
		if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
			return tool_fail(
				TOOL_USAGE, "host name '%s' does not make a folder name", name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(name, options->hosts[j].name) == 0)
				return tool_fail(TOOL_USAGE, "--hosts: %s is named twice", name);
	}
	return TOOL_OK;
}

int pki_generate(const struct pki_options *options, const char *folder)
{
	/* "x/" names the folder x; the temporary one must lie beside it, not inside. */
	AUTO_TEXT target = tool_text("%s", folder);
	for (size_t n = strlen(target); n > 1 && target[n - 1] == '/'; n--)
		target[n - 1] = '\0';
	AUTO_TEXT temporary = tool_text("%s.new-%ld", target, (long)getpid());

	TOOL_TRY(check(options));
	if (!is_free(target))
		return tool_fail(TOOL_USAGE, "%s: exists and is not an empty folder", target);
	TOOL_TRY(folder_make(temporary));
	int code = fill(options, temporary);
	if (code == TOOL_OK && rename(temporary, target) != 0)
		code = tool_fail(TOOL_USAGE, "%s: cannot make: %s", target, strerror(errno));
	if (code != TOOL_OK)
		folder_remove(temporary);
	return code;
}
