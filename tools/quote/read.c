/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "quote/quote.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/x509.h>

#include "common/json_text.h"
#include "common/key.h"

#define PACKED_BLOBS 7
#define PACKED_HEADER (4 + 4 * PACKED_BLOBS)
#define CHAIN_MOST 8

/* --- packed form --------------------------------------------------------------------------- */

static uint32_t little_endian(const uint8_t *at, size_t n)
{
	uint32_t value = 0;

	for (size_t i = n; i > 0; i--)
		value = value << 8 | at[i - 1];
	return value;
}

/* The blobs without the NUL behind each. */
static int split(const char *path, const struct blob *packed, struct blob piece[PACKED_BLOBS])
{
	size_t at = PACKED_HEADER;

	if (packed->size < PACKED_HEADER)
		return tool_fail(TOOL_USAGE, "%s: ends inside its header (byte %zu)", path,
			packed->size);
	for (size_t i = 0; i < PACKED_BLOBS; i++) {
		const size_t n = little_endian(packed->data + 4 + 4 * i, 4);
		if (n == 0 || n > packed->size - at)
			return tool_fail(TOOL_USAGE,
				"%s: part %zu has an impossible size (byte %zu)", path, i + 1,
				4 + 4 * i);
		if (packed->data[at + n - 1] != 0)
			return tool_fail(TOOL_USAGE, "%s: part %zu does not end in NUL (byte %zu)",
				path, i + 1, at + n - 1);
		blob_add(&piece[i], packed->data + at, n - 1);
		at += n;
	}
	if (at != packed->size)
		return tool_fail(TOOL_USAGE, "%s: bytes behind the last part (byte %zu)", path, at);
	return TOOL_OK;
}

/* The self-issued certificate of a chain, when the form brings no root of its own. */
static int root_of_chain(const char *name, const struct blob *chain, struct blob *root)
{
	X509 *certificate[CHAIN_MOST];
	size_t n = 0;
	const int code = certificates_read(name, chain, certificate, CHAIN_MOST, &n);

	for (size_t i = 0; i < n; i++) {
		if (code == TOOL_OK && root->size == 0 &&
			X509_NAME_cmp(X509_get_subject_name(certificate[i]),
				X509_get_issuer_name(certificate[i])) == 0)
			certificate_pem(certificate[i], root);
		X509_free(certificate[i]);
	}
	if (code != TOOL_OK)
		return TOOL_USAGE;
	if (root->size == 0)
		return tool_fail(TOOL_USAGE, "%s: has no root certificate", name);
	return TOOL_OK;
}

static int place_pieces(
	const char *path, struct blob piece[PACKED_BLOBS], struct collateral_parts *parts)
{
	AUTO_TEXT tcb_info = tool_text("%s: TCB info", path);
	AUTO_TEXT root_crl = tool_text("%s: root CA CRL", path);
	AUTO_TEXT pck_crl = tool_text("%s: PCK CRL", path);
	AUTO_TEXT chain = tool_text("%s: PCK CRL issuer chain", path);

	blob_add(&parts->pck_crl_chain, piece[0].data, piece[0].size);
	TOOL_TRY(collateral_item(root_crl, &piece[1], true, &parts->root_ca_crl));
	TOOL_TRY(collateral_item(pck_crl, &piece[2], true, &parts->pck_crl));
	TOOL_TRY(collateral_add_platform(parts, tcb_info, &piece[4], &piece[3]));
	blob_add(&parts->qe_chain, piece[5].data, piece[5].size);
	blob_add(&parts->qe_identity, piece[6].data, piece[6].size);
	if (parts->root_ca.size > 0)
		return TOOL_OK;
	return root_of_chain(chain, &piece[0], &parts->root_ca);
}

static int unpack(
	const char *path, const struct blob *packed, struct collateral_parts *parts)
{
	struct blob piece[PACKED_BLOBS] = {{0}};
	int code = split(path, packed, piece);

	if (code == TOOL_OK)
		code = place_pieces(path, piece, parts);
	for (size_t i = 0; i < PACKED_BLOBS; i++)
		cleanup_blob(&piece[i]);
	return code;
}

/* --- bundle -------------------------------------------------------------------------------- */

struct member {
	const char *name;
	json_type type;
};

static int check_members(
	const char *path, const json_t *object, const struct member *members, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (json_member(path, object, members[i].name, members[i].type) == NULL)
			return TOOL_USAGE;
	return TOOL_OK;
}

/* What has another shape is no bundle; a bundle with wrong content is one to be rejected. */
static int check_shape(const char *path, const json_t *tree)
{
	static const struct member members[] = {
		{"majorVersion", JSON_INTEGER},
		{"minorVersion", JSON_INTEGER},
		{"teeType", JSON_INTEGER},
		{"rootCa", JSON_STRING},
		{"pckCrlIssuerChain", JSON_STRING},
		{"rootCaCrl", JSON_STRING},
		{"pckCrl", JSON_STRING},
		{"platforms", JSON_ARRAY},
		{"qeIdentityIssuerChain", JSON_STRING},
		{"qeIdentity", JSON_STRING},
	};
	static const struct member platform_members[] = {
		{"fmspc", JSON_STRING},
		{"tcbInfoIssuerChain", JSON_STRING},
		{"tcbInfo", JSON_STRING},
	};
	const json_t *platform;
	size_t i;

	if (!json_is_object(tree))
		return tool_fail(TOOL_USAGE, "%s: is not a JSON object (byte 0)", path);
	AUTO_TEXT whole = tool_text("%s: object at byte 0", path);
	TOOL_TRY(check_members(whole, tree, members, COUNT_OF(members)));
	json_array_foreach(json_object_get(tree, "platforms"), i, platform)
	{
		AUTO_TEXT name = tool_text("%s: platforms[%zu]", path, i);
		TOOL_TRY(check_members(
			name, platform, platform_members, COUNT_OF(platform_members)));
	}
	return TOOL_OK;
}

static int read_bundle(
	const char *path, const struct blob *file, const struct blob *root, struct blob *bundle)
{
	AUTO_JSON tree = json_read_text(path, file);

	if (tree == NULL)
		return TOOL_USAGE;
	TOOL_TRY(check_shape(path, tree));
	if (root->size == 0) {
		blob_add(bundle, file->data, file->size);
		return TOOL_OK;
	}
	if (json_object_set_new(tree, "rootCa",
		    json_stringn((const char *)root->data, root->size)) != 0)
		return tool_fail(TOOL_USAGE, "out of memory");
	AUTO_TEXT text = json_compact(tree);
	blob_add_text(bundle, text);
	return TOOL_OK;
}

/* --- either -------------------------------------------------------------------------------- */

static int read_root(const char *path, struct blob *root)
{
	AUTO_BLOB file = {0};
	X509 *certificate[1];
	size_t n = 0;

	TOOL_TRY(file_read(path, &file));
	TOOL_TRY(collateral_item(path, &file, false, root));
	const int code = certificates_read(path, root, certificate, 1, &n);
	if (n == 1)
		X509_free(certificate[0]);
	return code == TOOL_OK ? TOOL_OK : TOOL_USAGE;
}

static bool looks_packed(const struct blob *file)
{
	const uint32_t version = file->size < 4 ? 0 : little_endian(file->data, 4);

	return version == 1 || version == 3 || version == 4 || version == 0x10003;
}

int collateral_read(const char *path, const char *root, struct blob *bundle)
{
	AUTO_PARTS parts = {0};
	AUTO_BLOB file = {0};
	struct stat st;

	if (root != NULL)
		TOOL_TRY(read_root(root, &parts.root_ca));
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		TOOL_TRY(collateral_gather(path, &parts));
		return collateral_compose(path, &parts, bundle);
	}
	TOOL_TRY(file_read(path, &file));
	if (!looks_packed(&file))
		return read_bundle(path, &file, &parts.root_ca, bundle);
	TOOL_TRY(unpack(path, &file, &parts));
	return collateral_compose(path, &parts, bundle);
}
