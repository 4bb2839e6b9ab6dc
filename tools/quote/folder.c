/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A folder with what the provisioning service answered, in whatever files: the content of each
 * tells what it is, the names of certificates and CRL issuers tell what belongs together.
 */
#define _GNU_SOURCE
#include "quote/quote.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/json_text.h"
#include "common/key.h"

#define FOLDER_MOST 64

/* Of a file whose name tells nothing, in bytes: no answer of the service is larger. */
#define OTHER_MOST (1024 * 1024)

struct file {
	char *path;
	struct blob text;
};

struct folder {
	X509 *certificate[FOLDER_MOST];
	X509_CRL *crl[FOLDER_MOST];
	struct file tcb_info[FOLDER_MOST];
	struct file qe_identity;
	size_t certificates, crls, tcb_infos;
};

static void cleanup_file(struct file *f)
{
	cleanup_text(&f->path);
	cleanup_blob(&f->text);
}

static void cleanup_folder(struct folder *f)
{
	for (size_t i = 0; i < f->certificates; i++)
		X509_free(f->certificate[i]);
	for (size_t i = 0; i < f->crls; i++)
		X509_CRL_free(f->crl[i]);
	for (size_t i = 0; i < f->tcb_infos; i++)
		cleanup_file(&f->tcb_info[i]);
	cleanup_file(&f->qe_identity);
}

#define AUTO_FOLDER CLEANUP(cleanup_folder) struct folder

/* --- certificates and CRLs ----------------------------------------------------------------- */

/* Takes the certificate over; one that is there already is dropped. */
static bool keep_certificate(struct folder *f, X509 *certificate)
{
	for (size_t i = 0; i < f->certificates; i++)
		if (X509_cmp(f->certificate[i], certificate) == 0) {
			X509_free(certificate);
			return true;
		}
	if (f->certificates == FOLDER_MOST) {
		X509_free(certificate);
		return false;
	}
	f->certificate[f->certificates++] = certificate;
	return true;
}

static bool keep_crl(struct folder *f, X509_CRL *crl)
{
	if (f->crls == FOLDER_MOST) {
		X509_CRL_free(crl);
		return false;
	}
	f->crl[f->crls++] = crl;
	return true;
}

/* Header values of the service come with %20 and %0A in them. */
static void undo_percent(const struct blob *from, struct blob *to)
{
	for (size_t i = 0; i < from->size; i++) {
		char digits[3] = "";
		uint8_t byte;

		if (from->data[i] == '%' && from->size - i > 2) {
			memcpy(digits, from->data + i + 1, 2);
			if (hex_read(digits, &byte, 1)) {
				blob_add_byte(to, byte);
				i += 2;
				continue;
			}
		}
		blob_add_byte(to, from->data[i]);
	}
}

static size_t blocks_begun(const char *text)
{
	size_t n = 0;

	while ((text = strstr(text, "-----BEGIN ")) != NULL) {
		text++;
		n++;
	}
	return n;
}

/* Every certificate and CRL of a PEM text; other blocks are passed over. */
static int read_pem(const char *path, const struct blob *text, struct folder *f, size_t *found)
{
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->size);
	char *label, *header;
	unsigned char *der;
	long n;
	size_t blocks = 0;
	bool sound = true;

	if (bio == NULL)
		openssl_died("BIO_new");
	while (sound && PEM_read_bio(bio, &label, &header, &der, &n) == 1) {
		const uint8_t *at = der;
		blocks++;
		if (strcmp(label, PEM_STRING_X509) == 0) {
			X509 *certificate = d2i_X509(NULL, &at, n);
			sound = certificate != NULL && keep_certificate(f, certificate);
			++*found;
		} else if (strcmp(label, PEM_STRING_X509_CRL) == 0) {
			X509_CRL *crl = d2i_X509_CRL(NULL, &at, n);
			sound = crl != NULL && keep_crl(f, crl);
			++*found;
		}
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	/* OpenSSL does not tell a block cut short from the end of the text. */
	if (sound)
		sound = blocks == blocks_begun((const char *)text->data);
	const long at = BIO_get_mem_data(bio, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (!sound)
		return tool_fail(TOOL_USAGE,
			"%s: a certificate or CRL is malformed, or there are too many (byte %zu)",
			path, text->size - (size_t)at);
	return TOOL_OK;
}

static bool read_der(const struct blob *bytes, struct folder *f)
{
	const uint8_t *end = bytes->data + bytes->size, *at = bytes->data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)bytes->size);

	ERR_clear_error();
	if (crl != NULL && at == end)
		return keep_crl(f, crl);
	X509_CRL_free(crl);
	at = bytes->data;
	X509 *certificate = d2i_X509(NULL, &at, (long)bytes->size);
	ERR_clear_error();
	if (certificate != NULL && at == end)
		return keep_certificate(f, certificate);
	X509_free(certificate);
	return false;
}

static int read_x509(const char *path, const struct blob *file, struct folder *f)
{
	AUTO_BLOB text = {0};
	AUTO_BLOB der = {0};
	size_t found = 0, digits = file->size;

	if (read_der(file, f))
		return TOOL_OK;
	while (digits > 0 && strchr("\r\n", file->data[digits - 1]) != NULL)
		digits--;
	if (hex_read_blob((const char *)file->data, digits, &der) && read_der(&der, f))
		return TOOL_OK;
	undo_percent(file, &text);
	TOOL_TRY(read_pem(path, &text, f, &found));
	if (found == 0)
		return tool_fail(
			TOOL_USAGE, "%s: holds neither a certificate nor a CRL (byte 0)", path);
	return TOOL_OK;
}

/* --- signed JSON --------------------------------------------------------------------------- */

static void keep_file(struct file *f, const char *path, const struct blob *text)
{
	f->path = tool_text("%s", path);
	blob_add(&f->text, text->data, text->size);
}

/* Documents of other kinds, those for SGX too, are passed over. */
static int read_json(const char *path, const struct blob *file, struct folder *f)
{
	AUTO_JSON tree = json_read_text(path, file);
	const json_t *info = json_object_get(tree, "tcbInfo");
	const json_t *identity = json_object_get(tree, "enclaveIdentity");
	const char *id = json_string_value(json_object_get(info != NULL ? info : identity, "id"));

	if (tree == NULL)
		return TOOL_USAGE;
	if (info != NULL && id != NULL && strcmp(id, "TDX") == 0) {
		if (f->tcb_infos == FOLDER_MOST)
			return tool_fail(TOOL_USAGE, "%s: one TCB info too many", path);
		keep_file(&f->tcb_info[f->tcb_infos++], path, file);
	} else if (identity != NULL && id != NULL && strcmp(id, "TD_QE") == 0) {
		if (f->qe_identity.path != NULL)
			return tool_fail(TOOL_USAGE, "%s: a second QE identity, beside %s", path,
				f->qe_identity.path);
		keep_file(&f->qe_identity, path, file);
	}
	return TOOL_OK;
}

/* --- folder -------------------------------------------------------------------------------- */

static bool ends_in(const char *name, const char *end)
{
	const size_t n = strlen(name), m = strlen(end);

	return n > m && strcasecmp(name + n - m, end) == 0;
}

static bool begins_with(const struct blob *file, const char *text)
{
	return file->size >= strlen(text) && memcmp(file->data, text, strlen(text)) == 0;
}

/* Under any other name a file counts only when its first bytes tell what it is. */
static int read_other(const char *path, struct folder *f)
{
	AUTO_BLOB file = {0};
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > OTHER_MOST)
		return TOOL_OK;
	TOOL_TRY(file_read(path, &file));
	if (begins_with(&file, "{\"tcbInfo\"") || begins_with(&file, "{\"enclaveIdentity\""))
		return read_json(path, &file, f);
	if (begins_with(&file, "-----BEGIN CERTIFICATE") ||
		begins_with(&file, "-----BEGIN%20CERTIFICATE") ||
		begins_with(&file, "-----BEGIN X509 CRL"))
		return read_x509(path, &file, f);
	/* DER, or something else that is passed over. */
	(void)read_der(&file, f);
	return TOOL_OK;
}

static int read_one(const char *folder, const char *name, struct folder *f)
{
	static const char *const x509[] = {".pem", ".der", ".crl", ".cer", ".crt"};
	AUTO_TEXT path = tool_text("%s/%s", folder, name);
	const bool json = ends_in(name, ".json");
	AUTO_BLOB file = {0};
	bool named = json;

	for (size_t i = 0; i < COUNT_OF(x509); i++)
		named = named || ends_in(name, x509[i]);
	if (!named)
		return read_other(path, f);
	TOOL_TRY(file_read(path, &file));
	return json ? read_json(path, &file, f) : read_x509(path, &file, f);
}

static int read_all(const char *folder, struct folder *f)
{
	struct dirent **entry;
	const int n = scandir(folder, &entry, NULL, alphasort);
	int code = TOOL_OK;

	if (n < 0)
		return tool_fail(TOOL_USAGE, "%s: cannot list the folder", folder);
	for (int i = 0; i < n; i++) {
		if (code == TOOL_OK)
			code = read_one(folder, entry[i]->d_name, f);
		free(entry[i]);
	}
	free(entry);
	return code;
}

/* --- what belongs together ----------------------------------------------------------------- */

static bool cn_contains(const X509_NAME *name, const char *text)
{
	char cn[128] = "";

	X509_NAME_get_text_by_NID(name, NID_commonName, cn, sizeof(cn));
	return strstr(cn, text) != NULL;
}

static bool is_root(const X509 *certificate)
{
	return X509_NAME_cmp(X509_get_subject_name(certificate),
		       X509_get_issuer_name(certificate)) == 0;
}

static int choose_root(const char *path, const struct folder *f, struct blob *root)
{
	AUTO_BLOB found = {0};

	if (root->size > 0)
		return TOOL_OK;
	for (size_t i = 0; i < f->certificates; i++) {
		if (!is_root(f->certificate[i]))
			continue;
		if (found.size > 0)
			return tool_fail(TOOL_USAGE, "%s: has two roots; choose with --root", path);
		certificate_pem(f->certificate[i], &found);
	}
	if (found.size == 0)
		return tool_fail(TOOL_USAGE, "%s: has no root certificate; give it with --root", path);
	return collateral_item(path, &found, false, root);
}

/* The certificate and the root, as text. */
static void chain_of(const X509 *leaf, const struct blob *root, struct blob *chain)
{
	certificate_pem(leaf, chain);
	blob_add(chain, root->data, root->size);
	blob_add_byte(chain, '\n');
}

static void crl_text(const X509_CRL *crl, struct blob *text)
{
	if (text->size > 0)
		return;
	crl_pem(crl, text);
	text->data[--text->size] = '\0';
}

/* The CRL of the Platform CA goes before that of the Processor CA: a bundle holds but one. */
static void choose_crls(const struct folder *f, struct collateral_parts *parts)
{
	static const char *const issuer[] = {"Platform", "Processor"};

	for (size_t i = 0; i < f->crls; i++)
		if (cn_contains(X509_CRL_get_issuer(f->crl[i]), "Root"))
			crl_text(f->crl[i], &parts->root_ca_crl);
	for (size_t k = 0; k < COUNT_OF(issuer); k++)
		for (size_t i = 0; i < f->crls; i++) {
			const X509_NAME *name = X509_CRL_get_issuer(f->crl[i]);
			if (!cn_contains(name, issuer[k]) || parts->pck_crl.size > 0)
				continue;
			crl_text(f->crl[i], &parts->pck_crl);
			for (size_t c = 0; c < f->certificates; c++)
				if (X509_NAME_cmp(X509_get_subject_name(f->certificate[c]), name) ==
						0 &&
					parts->pck_crl_chain.size == 0)
					chain_of(f->certificate[c], &parts->root_ca,
						&parts->pck_crl_chain);
		}
}

static int add_documents(
	const struct folder *f, const struct blob *chain, struct collateral_parts *parts)
{
	for (size_t i = 0; i < f->tcb_infos; i++)
		TOOL_TRY(collateral_add_platform(
			parts, f->tcb_info[i].path, &f->tcb_info[i].text, chain));
	blob_add(&parts->qe_chain, chain->data, chain->size);
	blob_add(&parts->qe_identity, f->qe_identity.text.data, f->qe_identity.text.size);
	return TOOL_OK;
}

int collateral_gather(const char *path, struct collateral_parts *parts)
{
	AUTO_FOLDER f = {0};
	AUTO_BLOB signing = {0};

	TOOL_TRY(read_all(path, &f));
	TOOL_TRY(choose_root(path, &f, &parts->root_ca));
	choose_crls(&f, parts);
	for (size_t i = 0; i < f.certificates && signing.size == 0; i++)
		if (cn_contains(X509_get_subject_name(f.certificate[i]), "TCB Signing"))
			chain_of(f.certificate[i], &parts->root_ca, &signing);
	const struct {
		const char *what;
		bool there;
	} needed[] = {
		{"TCB info for TDX (tcbInfo*.json)", f.tcb_infos > 0},
		{"QE identity for TDX (qeIdentity.json)", f.qe_identity.path != NULL},
		{"root CA CRL", parts->root_ca_crl.size > 0},
		{"PCK CRL", parts->pck_crl.size > 0},
		{"certificate of the PCK CRL's issuer", parts->pck_crl_chain.size > 0},
		{"TCB signing certificate", signing.size > 0},
	};
	for (size_t i = 0; i < COUNT_OF(needed); i++)
		if (!needed[i].there)
			return tool_fail(TOOL_USAGE, "%s: has no %s", path, needed[i].what);
	return add_documents(&f, &signing, parts);
}
