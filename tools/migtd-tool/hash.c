/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "common/json_text.h"
#include "common/measure.h"
#include "common/options.h"

struct hash_options {
	const char *manifest, *image, *mrtd, *config, *policy, *root_ca, *issuer_chain;
	const char *output, *td_info_output, *mapping;
	bool json, ra_disabled, policy_v2, servtd_hash, verbose;
	uint64_t attr;
};

/* --- what the TD will measure -------------------------------------------------------------- */

/* From --policy and the like when given, else from --config, else from the image's own volume. */
static int read_file_of(const struct hash_options *o, const char *path, const uint8_t guid[16],
	const char *what, struct blob *to)
{
	AUTO_BLOB container = {0};
	const uint8_t *volume;
	size_t size;

	if (path != NULL)
		return file_read(path, to);
	if (o->config == NULL && o->image == NULL)
		return tool_fail(
			TOOL_USAGE, "the %s is needed: its own option, --config or --image", what);
	const char *name = o->config != NULL ? o->config : o->image;
	TOOL_TRY(file_read(name, &container));
	volume = container.data;
	size = container.size;
	if (o->config == NULL)
		TOOL_TRY(tdvf_volume(name, &container, &volume, &size));
	return volume_file(name, volume, size, guid, what, to);
}

static int predict(const struct hash_options *o, uint8_t tdinfo[TDINFO_SIZE])
{
	AUTO_BLOB policy = {0};
	AUTO_BLOB root_ca = {0};
	AUTO_BLOB chain = {0};
	struct measured_files files = {.ra_disabled = o->ra_disabled};

	if (o->mrtd != NULL && !hex_read(o->mrtd, tdinfo + TDINFO_MRTD, 48))
		return tool_fail(TOOL_USAGE, "--mrtd: is not 96 hexadecimal digits");
	if (o->mrtd == NULL)
		TOOL_TRY(image_mrtd(o->image, tdinfo + TDINFO_MRTD));
	if (o->policy_v2) {
		TOOL_TRY(read_file_of(
			o, o->issuer_chain, cfv_guid_issuer_chain, "policy issuer chain", &chain));
		files.issuer_chain = &chain;
	}
	if (!o->ra_disabled) {
		TOOL_TRY(read_file_of(o, o->policy, cfv_guid_policy, "policy", &policy));
		files.policy = &policy;
	}
	if (!o->ra_disabled && !o->policy_v2) {
		TOOL_TRY(read_file_of(o, o->root_ca, cfv_guid_root_ca, "root CA", &root_ca));
		files.root_ca = &root_ca;
	}
	rtmrs_predict(&files, tdinfo);
	return TOOL_OK;
}

/* --- outputs ------------------------------------------------------------------------------- */

static const char *const register_name[] = {"mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3"};

static const uint8_t *register_at(const uint8_t tdinfo[TDINFO_SIZE], size_t i)
{
	return tdinfo + (i == 0 ? TDINFO_MRTD : TDINFO_RTMR0 + (i - 1) * 48);
}

static void tell_registers(const uint8_t tdinfo[TDINFO_SIZE])
{
	for (size_t i = 0; i < COUNT_OF(register_name); i++) {
		AUTO_TEXT hex = hex_lower(register_at(tdinfo, i), 48);
		fprintf(stderr, "%-6s %s\n", register_name[i], hex);
	}
}

static int write_td_info(const char *path, const uint8_t tdinfo[TDINFO_SIZE])
{
	AUTO_BLOB text = {0};

	for (size_t i = 0; i < COUNT_OF(register_name); i++) {
		AUTO_TEXT hex = hex_lower(register_at(tdinfo, i), 48);
		blob_format(&text, "%c\"%s\":\"%s\"", i == 0 ? '{' : ',', register_name[i], hex);
	}
	blob_add_byte(&text, '}');
	return file_write(path, text.data, text.size);
}

static int update_mapping(const char *path, const uint8_t tdinfo[TDINFO_SIZE])
{
	static const struct {
		const char *name;
		size_t at;
	} field[] = {{"mrtd", TDINFO_MRTD}, {"rtmr0", TDINFO_RTMR0}, {"rtmr1", TDINFO_RTMR0 + 48}};
	AUTO_JSON mapping = json_read_file(path);

	if (mapping == NULL)
		return TOOL_USAGE;
	json_t *list = json_member(path, mapping, "svnMappings", JSON_ARRAY);
	if (list == NULL)
		return TOOL_USAGE;
	json_t *measurements = json_object_get(json_array_get(list, 0), "tdMeasurements");
	if (!json_is_object(measurements))
		return tool_fail(TOOL_USAGE, "%s: svnMappings[0].tdMeasurements is missing", path);
	for (size_t i = 0; i < COUNT_OF(field); i++) {
		AUTO_TEXT hex = hex_upper(tdinfo + field[i].at, 48);
		if (json_object_get(measurements, field[i].name) == NULL)
			tool_warn("%s: adding the missing member %s", path, field[i].name);
		json_object_set_new(measurements, field[i].name, json_string(hex));
	}
	/* The documented build of the original writes members in alphabetical order. */
	AUTO_TEXT text = json_dumps(mapping, JSON_COMPACT | JSON_SORT_KEYS);
	if (text == NULL)
		return tool_fail(TOOL_USAGE, "out of memory");
	return file_write_text(path, text);
}

static int write_result(const struct hash_options *o, const uint8_t hash[DIGEST_SHA384_SIZE])
{
	const char *name = o->servtd_hash ? "servtdHash" : "servtdInfoHash";
	AUTO_TEXT hex = hex_lower(hash, DIGEST_SHA384_SIZE);

	if (o->output != NULL && !o->json)
		return file_write(o->output, hash, DIGEST_SHA384_SIZE);
	if (o->output != NULL) {
		AUTO_TEXT text = tool_text("{\"%s\":\"%s\"}", name, hex);
		return file_write_text(o->output, text);
	}
	if (o->json)
		printf("{\n  \"%s\": \"%s\"\n}\n", name, hex);
	else
		puts(hex);
	return TOOL_OK;
}

int command_hash(int argc, char **argv)
{
	struct hash_options o = {0};
	uint8_t tdinfo[TDINFO_SIZE] = {0}, info_hash[SHA384_SIZE], hash[SHA384_SIZE];
	const struct option_spec specs[] = {
		{"manifest", 'm', OPTION_TEXT, &o.manifest, "FILE", "launch values, JSON", true},
		{"image", 'i', OPTION_TEXT, &o.image, "FILE", "ELF file or TDVF image", false},
		{"mrtd", 0, OPTION_TEXT, &o.mrtd, "HEX", "MRTD in place of an image", false},
		{"config", 0, OPTION_TEXT, &o.config, "FILE", "configuration volume", false},
		{"policy", 0, OPTION_TEXT, &o.policy, "FILE", "policy outside a volume", false},
		{"policy-issuer-chain", 0, OPTION_TEXT, &o.issuer_chain, "FILE", "the same", false},
		{"root-ca", 0, OPTION_TEXT, &o.root_ca, "FILE", "the same, DER, policy v1", false},
		{"policy-v2", 0, OPTION_FLAG, &o.policy_v2, NULL, "the image runs policy v2",
			false},
		{"test-disable-ra-and-accept-all", 't', OPTION_FLAG, &o.ra_disabled, NULL,
			"the image has remote attestation disabled", false},
		{"servtd-attr", 's', OPTION_NUMBER, &o.attr, "N", "SERVTD_ATTR (0)", false},
		{"calc-servtd-hash", 'c', OPTION_FLAG, &o.servtd_hash, NULL,
			"SERVTD_HASH in place of SERVTD_INFO_HASH", false},
		{"json", 0, OPTION_FLAG, &o.json, NULL, "result as JSON", false},
		{"output-file", 'o', OPTION_TEXT, &o.output, "FILE", "48 raw bytes, or JSON",
			false},
		{"verbose", 'v', OPTION_FLAG, &o.verbose, NULL, "tell MRTD and RTMRs on stderr",
			false},
		{"output-td-info", 0, OPTION_TEXT, &o.td_info_output, "FILE",
			"MRTD and RTMRs as JSON", false},
		{"update-tcb-mapping", 0, OPTION_TEXT, &o.mapping, "FILE",
			"set the first mapping of an unsigned tdTcbMapping", false},
	};

	TOOL_TRY(options_parse(argc, argv, "migtd-tool hash --manifest FILE --image FILE [options]",
		specs, COUNT_OF(specs), NULL));
	if ((o.image == NULL) == (o.mrtd == NULL))
		return tool_fail(TOOL_USAGE, "one of --image and --mrtd is needed");
	TOOL_TRY(manifest_read(o.manifest, tdinfo));
	TOOL_TRY(predict(&o, tdinfo));
	if (o.ra_disabled && o.policy_v2)
		tool_warn("-t with --policy-v2: an image without remote attestation measures no "
			  "issuer chain, so RTMR1 is not what it will have");
	if (o.verbose)
		tell_registers(tdinfo);
	tdinfo_mask(tdinfo, o.attr);
	tdinfo_hash(tdinfo, info_hash);
	servtd_hash(info_hash, o.attr, hash);
	if (o.td_info_output != NULL)
		TOOL_TRY(write_td_info(o.td_info_output, tdinfo));
	if (o.mapping != NULL)
		TOOL_TRY(update_mapping(o.mapping, tdinfo));
	return write_result(&o, o.servtd_hash ? hash : info_hash);
}
