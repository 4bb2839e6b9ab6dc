/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "pki/pki.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/quote.h"

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
static const struct certificate_plan processor_ca_plan = {
	.common_name = "Intel SGX PCK Processor CA",
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
	a->processor_ca_key = key_generate_p256();
	a->tcb_signing_key = key_generate_p256();
	a->root = certificate_make(&root_plan, a->root_key, NULL, NULL);
	a->platform_ca =
		certificate_make(&platform_ca_plan, a->platform_ca_key, a->root, a->root_key);
	a->processor_ca =
		certificate_make(&processor_ca_plan, a->processor_ca_key, a->root, a->root_key);
	a->tcb_signing =
		certificate_make(&tcb_signing_plan, a->tcb_signing_key, a->root, a->root_key);
}

static void cleanup_authority(struct authority *a)
{
	EVP_PKEY_free(a->root_key);
	EVP_PKEY_free(a->platform_ca_key);
	EVP_PKEY_free(a->processor_ca_key);
	EVP_PKEY_free(a->tcb_signing_key);
	X509_free(a->root);
	X509_free(a->platform_ca);
	X509_free(a->processor_ca);
	X509_free(a->tcb_signing);
	X509_CRL_free(a->root_crl);
	X509_CRL_free(a->pck_crl);
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
	TOOL_TRY(write_key(folder, "processor_ca.key", a->processor_ca_key));
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

/* QE authentication data that make the host's largest quotes as large as was asked for. */
static int auth_bytes(const struct pki_host *host, size_t chain_size, size_t *n)
{
	const size_t least = quote_most(chain_size, 0);

	*n = QE_AUTH_BYTES;
	if (host->quote_bytes == 0)
		return TOOL_OK;
	if (host->quote_bytes < least || host->quote_bytes > QUOTE_MAX)
		return tool_fail(TOOL_USAGE, "host %s: its largest quotes can have %zu to %d bytes, not %u",
			host->name, least, QUOTE_MAX, host->quote_bytes);
	*n = host->quote_bytes - least;
	return TOOL_OK;
}

static int write_platform(const char *folder, const char *name, const struct platform *p,
	size_t qe_auth_bytes)
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
	AUTO_JSON platform = json_pack("{s:s, s:s, s:o, s:i, s:o, s:o, s:i, s:s, s:i, s:s, s:s, s:i}",
		"fmspc", fmspc,
		"pceid", pceid,
		"cpusvn", byte_list(p->cpusvn, COMPONENTS),
		"pcesvn", p->pcesvn,
		"tee_tcb_svn", byte_list(p->tee_tcb_svn, COMPONENTS),
		"tee_tcb_svn2", byte_list(p->tee_tcb_svn2, COMPONENTS),
		"qe_isvsvn", p->qe_isvsvn,
		"qe_mrsigner", qe_mrsigner_hex,
		"qe_isvprodid", QE_ISVPRODID,
		"qe_id", qe_id_hex,
		"mrseam", mrseam_hex,
		"qe_auth_bytes", (int)qe_auth_bytes);
	/* clang-format on */
	if (platform == NULL)
		return tool_fail(TOOL_USAGE, "out of memory");
	AUTO_TEXT text = json_compact(platform);
	return write_text(folder, "platform.json", text);
}

/* Writes hosts/NAME; the PCK certificate is the caller's to free. */
static int host_make(
	const struct pki_host *host, const struct authority *a, const char *folder, X509 **pck)
{
	const struct platform *platform = &host->platform;
	X509 *ca = platform->processor_ca ? a->processor_ca : a->platform_ca;
	EVP_PKEY *ca_key = platform->processor_ca ? a->processor_ca_key : a->platform_ca_key;
	AUTO_TEXT own = tool_text("%s/hosts/%s", folder, host->name);
	AUTO_KEY key = key_generate_p256();
	AUTO_BLOB chain = {0};
	size_t auth;
	const struct certificate_plan plan = {
		.common_name = "Intel SGX PCK Certificate",
		.organisation = "Intel Corporation",
		.sgx_names = true,
		.path_length = -1,
		.pck = platform,
	};

	*pck = certificate_make(&plan, key, ca, ca_key);
	certificate_pem(*pck, &chain);
	certificate_pem(ca, &chain);
	certificate_pem(a->root, &chain);
	TOOL_TRY(folder_make(own));
	TOOL_TRY(write_key(own, "pck.key", key));
	TOOL_TRY(write_text(own, "pck_chain.pem", (const char *)chain.data));
	TOOL_TRY(auth_bytes(host, chain.size, &auth));
	return write_platform(own, host->name, platform, auth);
}

/* --- the bundle ---------------------------------------------------------------------------- */

/* The bundle's single PEM items have no newline after their END line. */
static json_t *without_newline(struct blob *pem)
{
	return json_stringn((const char *)pem->data, pem->size - 1);
}

/* The first host with this FMSPC; host_count when there is none. */
static size_t host_of(const struct pki_options *options, const uint8_t fmspc[FMSPC_SIZE])
{
	size_t i = 0;

	while (i < options->host_count &&
		memcmp(options->hosts[i].platform.fmspc, fmspc, FMSPC_SIZE) != 0)
		i++;
	return i;
}

static void add_platform(json_t *list, const struct pki_options *options,
	const struct platform *platform, const struct pki_host *host, const struct authority *a,
	const char *signing_chain)
{
	AUTO_TEXT fmspc = hex_upper(platform->fmspc, sizeof(platform->fmspc));
	AUTO_TEXT info = tcb_info_make(options, platform, host, a->tcb_signing_key);

	json_array_append_new(
		list, json_pack("{s:s, s:s, s:s}", "fmspc", fmspc, "tcbInfoIssuerChain",
			      signing_chain, "tcbInfo", info));
}

/* Those of the hosts, then others that nobody plays. */
static json_t *platform_list(
	const struct pki_options *options, const struct authority *a, const char *signing_chain)
{
	json_t *list = json_array();

	for (size_t i = 0; i < options->host_count; i++) {
		const struct pki_host *host = &options->hosts[i];
		if (host_of(options, host->platform.fmspc) == i)
			add_platform(list, options, &host->platform, host, a, signing_chain);
	}
	for (size_t i = options->host_count; json_array_size(list) < options->platforms; i++) {
		struct platform platform;
		platform_describe(i, &platform);
		if (host_of(options, platform.fmspc) == options->host_count)
			add_platform(list, options, &platform, NULL, a, signing_chain);
	}
	return list;
}

static int write_bundle(
	const struct pki_options *options, const struct authority *a, const char *folder)
{
	AUTO_BLOB root = {0};
	AUTO_BLOB root_crl = {0};
	AUTO_BLOB pck_crl = {0};
	AUTO_TEXT ca_chain = chain_text(
		options->processor_ca ? a->processor_ca : a->platform_ca, a->root);
	AUTO_TEXT signing_chain = chain_text(a->tcb_signing, a->root);
	AUTO_TEXT qe_identity = qe_identity_make(options, a->tcb_signing_key);

	certificate_pem(a->root, &root);
	crl_pem(a->root_crl, &root_crl);
	crl_pem(a->pck_crl, &pck_crl);
	/* clang-format off */
	AUTO_JSON bundle = json_pack("{s:i, s:i, s:i, s:o, s:s, s:o, s:o, s:o, s:s, s:s}",
		"majorVersion", 1,
		"minorVersion", 0,
		"teeType", 0x81,
		"rootCa", without_newline(&root),
		"pckCrlIssuerChain", ca_chain,
		"rootCaCrl", without_newline(&root_crl),
		"pckCrl", without_newline(&pck_crl),
		"platforms", platform_list(options, a, signing_chain),
		"qeIdentityIssuerChain", signing_chain,
		"qeIdentity", qe_identity);
	/* clang-format on */
	if (bundle == NULL)
		return tool_fail(TOOL_USAGE, "out of memory");
	AUTO_TEXT text = json_compact(bundle);
	return write_text(folder, "collateral.json", text);
}

static uint32_t or_one(uint32_t number)
{
	return number != 0 ? number : 1;
}

static void crls_make(const struct pki_options *options, struct authority *a, X509 *const *pcks)
{
	X509 *from_root[3], *from_ca[PKI_HOSTS_MAX];
	size_t n_root = 0, n_ca = 0;

	if (options->revoke_platform_ca)
		from_root[n_root++] = a->platform_ca;
	if (options->revoke_processor_ca)
		from_root[n_root++] = a->processor_ca;
	if (options->revoke_tcb_signing)
		from_root[n_root++] = a->tcb_signing;
	for (size_t i = 0; i < options->host_count; i++)
		if (options->hosts[i].revoked)
			from_ca[n_ca++] = pcks[i];
	a->root_crl =
		crl_make(a->root, a->root_key, or_one(options->root_crl_number), from_root, n_root);
	a->pck_crl = crl_make(options->processor_ca ? a->processor_ca : a->platform_ca,
		options->processor_ca ? a->processor_ca_key : a->platform_ca_key,
		or_one(options->pck_crl_number), from_ca, n_ca);
}

static int sgx_side(const struct pki_options *options, struct authority *a, const char *folder)
{
	X509 *pcks[PKI_HOSTS_MAX] = {0};
	int code = TOOL_OK;

	authority_make(a);
	for (size_t i = 0; i < options->host_count && code == TOOL_OK; i++)
		code = host_make(&options->hosts[i], a, folder, &pcks[i]);
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

static int check_host(const struct pki_options *options, size_t i)
{
	const struct pki_host *host = &options->hosts[i];
	const size_t first = host_of(options, host->platform.fmspc);

	if (host->name[0] == '\0' || host->name[0] == '.' || strchr(host->name, '/') != NULL)
		return tool_fail(
			TOOL_USAGE, "host name '%s' does not make a folder name", host->name);
	for (size_t j = 0; j < i; j++)
		if (strcmp(host->name, options->hosts[j].name) == 0)
			return tool_fail(TOOL_USAGE, "host %s is named twice", host->name);
	if (first != i && (host->tcb_status != NULL || host->module_status != NULL ||
				  host->levels != NULL || host->modules != NULL))
		return tool_fail(TOOL_USAGE,
			"host %s: has the FMSPC of %s, which alone may describe its TCB levels and "
			"modules",
			host->name, options->hosts[first].name);
	if (host->revoked && host->platform.processor_ca != options->processor_ca)
		return tool_fail(TOOL_USAGE,
			"host %s: cannot be revoked, the collateral's CRL is of the other CA",
			host->name);
	return TOOL_OK;
}

static int check(const struct pki_options *options)
{
	if (options->host_count == 0 || options->platforms < options->host_count ||
		options->platforms > PKI_PLATFORMS_MAX)
		return tool_fail(TOOL_USAGE,
			"%zu platforms for %zu hosts: one host or more is needed, and "
			"that many platforms up to %d",
			options->platforms, options->host_count, PKI_PLATFORMS_MAX);
	for (size_t i = 0; i < options->host_count; i++)
		TOOL_TRY(check_host(options, i));
	return TOOL_OK;
}

static int generate(const struct pki_options *options, const char *folder)
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

int pki_generate(const struct pki_options *options, const char *folder)
{
	struct pki_options complete = *options;

	for (size_t i = 0; i < complete.host_count; i++)
		if (!complete.hosts[i].described)
			platform_describe(i, &complete.hosts[i].platform);
	return generate(&complete, folder);
}
