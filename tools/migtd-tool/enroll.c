/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* `enroll`: policy, issuer chain and root CA into a volume, in upstream's order (policy spec 4). */
#include <string.h>

#include "commands.h"
#include "common/cfv_write.h"
#include "common/measure.h"
#include "common/options.h"
#include "host/bytes.h"
#include "measure/cfv.h"

/* Of a volume's header, and of a file's (policy spec section 4). */
#define HEADER_SIZE 56
#define SIGNATURE_AT 40
#define HEADER_LENGTH_AT 48
#define FILE_HEADER_SIZE 24
#define FILE_TYPE_AT 18
#define FILE_SIZE_AT 20
#define FILE_TYPE_RAW 1

enum part { POLICY, ISSUER_CHAIN, ROOT_CA, PARTS };

/* Files of a volume: first those that it had and that nobody here knows, then the parts. */
#define FILES_MOST 16

struct files {
	struct cfv_file file[FILES_MOST];
	size_t n;
};

static const uint8_t *const guid_of[PARTS] = {
	[POLICY] = cfv_guid_policy,
	[ISSUER_CHAIN] = cfv_guid_issuer_chain,
	[ROOT_CA] = cfv_guid_root_ca,
};

struct enroll_options {
	const char *path[PARTS];
	const char *config, *image, *output;
	uint64_t size;
	bool json;
};

/* The volume that is there already: a file of its own, or in an image. */
struct present {
	struct blob file;
	const uint8_t *volume;	/* inside of `file`; NULL: none */
	size_t size;
	bool holds_files;	/* an image may come with an empty place for it */
};

static bool is_volume(const struct present *p)
{
	return p->size > HEADER_SIZE && memcmp(p->volume + SIGNATURE_AT, "_FVH", 4) == 0 &&
	       load16(p->volume + HEADER_LENGTH_AT) < p->size;
}

static int read_present(const struct enroll_options *o, struct present *p)
{
	const char *path = o->config != NULL ? o->config : o->image;

	if (path == NULL)
		return TOOL_OK;
	TOOL_TRY(file_read(path, &p->file));
	p->volume = p->file.data;
	p->size = p->file.size;
	if (o->image != NULL)
		TOOL_TRY(tdvf_volume(path, &p->file, &p->volume, &p->size));
	p->holds_files = is_volume(p);
	if (!p->holds_files && o->image == NULL)
		return tool_fail(TOOL_USAGE, "%s: is not a configuration volume", path);
	return TOOL_OK;
}

/* Where `guid` stands in the table, or PARTS. */
static enum part part_of(const uint8_t guid[16])
{
	enum part part = 0;

	while (part < PARTS && memcmp(guid_of[part], guid, 16) != 0)
		part++;
	return part;
}

static int add_file(struct files *files, const char *name, const uint8_t guid[16],
	const uint8_t *data, size_t n)
{
	if (files->n == FILES_MOST)
		return tool_fail(TOOL_USAGE, "%s: has more than %d files", name, FILES_MOST);
	struct cfv_file *f = &files->file[files->n++];
	f->name = name;
	memcpy(f->guid, guid, sizeof(f->guid));
	blob_add(&f->data, data, n);
	return TOOL_OK;
}

/* The secure-boot trust anchor, for one, stays; so does whatever else is a file. */
static int keep_unknown(const char *name, const struct present *p, struct files *files)
{
	size_t at = load16(p->volume + HEADER_LENGTH_AT);

	while (p->size - at >= FILE_HEADER_SIZE) {
		const uint8_t *header = p->volume + at;
		const uint8_t *data;
		const size_t size = load32(header + FILE_SIZE_AT) & 0xffffff;
		size_t n;
		if (size < FILE_HEADER_SIZE || size > p->size - at)
			break;
		/* The core's reader has the last word on whether it is one. */
		if (header[FILE_TYPE_AT] == FILE_TYPE_RAW && part_of(header) == PARTS &&
			cfv_find(p->volume, p->size, header, &data, &n) == STATUS_OK &&
			data == header + FILE_HEADER_SIZE)
			TOOL_TRY(add_file(files, name, header, data, n));
		at += (size + 7) / 8 * 8;
		if (at > p->size)
			break;
	}
	return TOOL_OK;
}

/*
 * A part that is not given stays as it is in a volume that is there already; but of issuer chain and
 * root CA only one, as which of them lies beside a policy says of which kind it is.
 */
static int read_part(const struct enroll_options *o, const char *name, const struct present *p,
	enum part part, struct files *files)
{
	const char *path = o->path[part];
	AUTO_BLOB content = {0};
	const uint8_t *file;
	size_t n;

	if (path != NULL) {
		TOOL_TRY(file_read(path, &content));
		return add_file(files, path, guid_of[part], content.data, content.size);
	}
	if ((part == ROOT_CA && o->path[ISSUER_CHAIN] != NULL) ||
		(part == ISSUER_CHAIN && o->path[ROOT_CA] != NULL))
		return TOOL_OK;
	if (p->holds_files && cfv_find(p->volume, p->size, guid_of[part], &file, &n) == STATUS_OK)
		return add_file(files, name, guid_of[part], file, n);
	return TOOL_OK;
}

static int check_parts(const char *name, const struct files *files)
{
	bool has[PARTS + 1] = {false};

	for (size_t i = 0; i < files->n; i++)
		has[part_of(files->file[i].guid)] = true;
	if (!has[POLICY])
		return tool_fail(TOOL_USAGE, "--policy is needed%s%s",
			name != NULL ? ": there is none in " : "", name != NULL ? name : "");
	if (!has[ISSUER_CHAIN] && !has[ROOT_CA])
		return tool_fail(TOOL_USAGE,
			"--policy-issuer-chain (policy v2) or --root-ca (v1) is needed");
	if (has[ISSUER_CHAIN] && has[ROOT_CA])
		return tool_fail(TOOL_USAGE, "an issuer chain (policy v2) and a root CA (v1) exclude"
			" each other: no Migration TD starts with both");
	return TOOL_OK;
}

/* Into a copy of the image, or as a file of its own. */
static int write_result(const struct enroll_options *o, const struct present *p,
	const struct blob *volume)
{
	const struct blob *result = volume;
	AUTO_BLOB image = {0};

	if (o->image != NULL) {
		blob_add(&image, p->file.data, p->file.size);
		memcpy(image.data + (p->volume - p->file.data), volume->data, volume->size);
		result = &image;
	}
	TOOL_TRY(file_write(o->output, result->data, result->size));
	print_written(o->output, result->size, o->json);
	return TOOL_OK;
}

static int enroll(const struct enroll_options *o, struct present *p, struct files *files)
{
	const char *name = o->config != NULL ? o->config : o->image;
	AUTO_BLOB volume = {0};

	TOOL_TRY(read_present(o, p));
	if (p->holds_files)
		TOOL_TRY(keep_unknown(name, p, files));
	for (enum part part = 0; part < PARTS; part++)
		TOOL_TRY(read_part(o, name, p, part, files));
	TOOL_TRY(check_parts(name, files));
	TOOL_TRY(cfv_write(files->file, files->n, p->volume != NULL ? p->size : (size_t)o->size,
		&volume));
	return write_result(o, p, &volume);
}

int command_enroll(int argc, char **argv)
{
	struct enroll_options o = {.size = 0};
	const struct option_spec specs[] = {
		{"policy", 0, OPTION_TEXT, &o.path[POLICY], "FILE", "policy, JSON", false},
		{"policy-issuer-chain", 0, OPTION_TEXT, &o.path[ISSUER_CHAIN], "FILE",
			"PEM, leaf first (policy v2)", false},
		{"root-ca", 0, OPTION_TEXT, &o.path[ROOT_CA], "FILE",
			"SGX root CA, DER (policy v1)", false},
		{"config", 0, OPTION_TEXT, &o.config, "FILE",
			"volume whose files stay where none is given", false},
		{"image", 'i', OPTION_TEXT, &o.image, "FILE",
			"TDVF image; the output is a copy with its volume written", false},
		{"size", 0, OPTION_SIZE, &o.size, "BYTES", "of a new volume (0xa0000)", false},
		{"output", 'o', OPTION_TEXT, &o.output, "FILE", "volume, or image", true},
		{"json", 0, OPTION_FLAG, &o.json, NULL, "tell what was written as JSON", false},
	};
	struct files files = {0};
	struct present present = {0};

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool enroll --policy FILE --policy-issuer-chain FILE|--root-ca FILE -o FILE",
		specs, COUNT_OF(specs), NULL));
	if (o.config != NULL && o.image != NULL)
		return tool_fail(TOOL_USAGE, "--config and --image exclude each other");
	if (o.size != 0 && (o.config != NULL || o.image != NULL))
		return tool_fail(TOOL_USAGE, "--size: is that of the volume which is there");
	if (o.size > UINT32_MAX)
		return tool_fail(TOOL_USAGE, "--size: larger than 4 GiB");
	if (o.size == 0)
		o.size = CFV_SIZE_DEFAULT;
	const int code = enroll(&o, &present, &files);
	for (size_t i = 0; i < files.n; i++)
		cleanup_blob(&files.file[i].data);
	cleanup_blob(&present.file);
	return code;
}
