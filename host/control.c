/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/control.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "host/bytes.h"
#include "host/platform.h"

#define IV_BYTES 12
#define SAMPLE_BYTES 32
#define TAG_BYTES 16
/* Of WaitForRequest's page. */
#define REQUEST_PAYLOAD_MAX (GUEST_PAGE - 12)
#define BLOB_BYTES (IV_BYTES + SAMPLE_BYTES + TAG_BYTES)

static json_t *failure(const char *why)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", why);
}

static json_t *success(void)
{
	return json_pack("{s:b}", "ok", 1);
}

/* An optional member: absent leaves *value as it is; false when malformed. */
static bool get_number(const json_t *request, const char *name, uint64_t max, uint64_t *value)
{
	const json_t *number = json_object_get(request, name);

	if (!number)
		return true;
	if (!json_is_integer(number) || json_integer_value(number) < 0 ||
		(uint64_t)json_integer_value(number) > max)
		return false;
	*value = (uint64_t)json_integer_value(number);
	return true;
}

static json_t *hex(const void *bytes, size_t n)
{
	char text[2 * TDINFO_BYTES + 1];

	hex_encode(bytes, n, text);
	return json_string(text);
}

/* A client's own user TD. */
static struct user_td *get_td(struct client *client, const json_t *request)
{
	uint64_t id = 0;
	struct user_td *td;

	if (!get_number(request, "td", UINT32_MAX, &id))
		return NULL;
	td = user_td_find(client->platform, id);
	return td && td->client == client ? td : NULL;
}

static struct migtd *find_migtd(const struct platform *platform, uint64_t pid)
{
	struct migtd *td = platform->migtds;

	while (td && (uint64_t)td->pid != pid)
		td = td->next;
	return td;
}

/* NULL, or why not. */
static json_t *bind_to(struct user_td *td, uint64_t pid)
{
	struct migtd *migtd = find_migtd(td->platform, pid);
	json_t *answer;
	char why[96];

	if (!migtd) {
		snprintf(why, sizeof(why), "no Migration TD with pid %llu is attached",
			(unsigned long long)pid);
		answer = failure(why);
		json_object_set_new(answer, "retry", json_true());
		return answer;
	}
	if (td->state == SLOT_WAIT || td->state == SLOT_PROGRESS)
		return failure("a pre-migration of this TD is running");
	switch (servtd_bind(td, migtd)) {
	case TDX_SUCCESS:
		return NULL;
	case TDX_SERVTD_INFO_HASH_MISMATCH:
		return failure("SERVTD_INFO_HASH_MISMATCH: the Migration TD is not the pre-bound one");
	default:
		return failure("SERVTD_ATTR_MISMATCH: bits outside 0x7ff00000001 are set");
	}
}

/* Prebinding, launch values: what td-create says besides the pid.  NULL, or why not. */
static const char *set_td(struct user_td *td, const json_t *request)
{
	const json_t *hash = json_object_get(request, "migtd_hash");
	const json_t *init = json_object_get(request, "init_tdinfo");

	if (!get_number(request, "migtd_attr", INT64_MAX, &td->attr) || !servtd_attr_valid(td->attr))
		return "migtd_attr: bits outside 0x7ff00000001 are set";
	td->incoming = json_is_true(json_object_get(request, "incoming"));
	if (init) {
		td->has_init_tdinfo = true;
		if (!hex_decode(json_string_value(init), td->init_tdinfo, TDINFO_BYTES))
			return "init_tdinfo: not 1024 hexadecimal digits";
	}
	if (hash) {
		if (!hex_decode(json_string_value(hash), td->info_hash, HASH_BYTES))
			return "migtd_hash: not 96 hexadecimal digits";
		td->state = SLOT_PREBOUND;
	}
	return NULL;
}

static json_t *do_td_create(struct client *client, const json_t *request)
{
	uint64_t pid = 0;
	struct user_td *td;
	json_t *refusal = NULL;
	const char *why;

	if (!get_number(request, "migtd_pid", INT32_MAX, &pid))
		return failure("migtd_pid: not a number");
	td = user_td_create(client->platform, client);
	if (!td)
		return failure("out of memory");
	why = set_td(td, request);
	if (why)
		refusal = failure(why);
	else if (pid)
		refusal = bind_to(td, pid);
	if (refusal) {
		user_td_destroy(td);
		return refusal;
	}
	return json_pack("{s:b, s:I}", "ok", 1, "td", (json_int_t)td->id);
}

static json_t *do_bind(struct client *client, const json_t *request)
{
	struct user_td *td = get_td(client, request);
	uint64_t pid = 0;
	json_t *refusal;

	if (!td)
		return failure("no such TD");
	if (!get_number(request, "migtd_pid", INT32_MAX, &pid) || !pid)
		return failure("migtd_pid: not a number");
	refusal = bind_to(td, pid);
	return refusal ? refusal : success();
}

static json_t *do_unbind(struct client *client, const json_t *request)
{
	struct user_td *td = get_td(client, request);

	if (!td)
		return failure("no such TD");
	if (td->state == SLOT_INIT || td->state == SLOT_PREBOUND)
		return failure("the TD is not bound");
	if (td->state == SLOT_WAIT || td->state == SLOT_PROGRESS)
		servtd_request_end(td, RESULT_CODE_VMM_CANCELED, "unbound");
	/* The hash stays: binding again needs the same Migration TD. */
	td->state = SLOT_PREBOUND;
	td->migtd = NULL;
	return success();
}

static json_t *do_premig(struct client *client, const json_t *request)
{
	struct user_td *td = get_td(client, request);
	uint64_t port = UINT64_MAX;

	if (!td)
		return failure("no such TD");
	if (!get_number(request, "port", UINT32_MAX, &port) || port == UINT64_MAX)
		return failure("port: not a number");
	if (td->state == SLOT_WAIT || td->state == SLOT_PROGRESS)
		return failure("a pre-migration of this TD is running");
	if (!servtd_request(td, (uint32_t)port))
		return failure("the TD is not bound to a Migration TD that is attached");
	return success();
}

static json_t *do_cancel(struct client *client, const json_t *request)
{
	struct user_td *td = get_td(client, request);

	if (!td)
		return failure("no such TD");
	if (td->state == SLOT_WAIT)
		servtd_request_end(td, RESULT_CODE_VMM_CANCELED, "cancelled");
	else if (td->state != SLOT_PROGRESS || !td->migtd)
		return failure("no pre-migration of this TD is running");
	else if (!raw_host_cancel(td->migtd->raw, td->id))
		vsock_host_reset(td->migtd->vsock, td->id);
	return success();
}

/* AES-256-GCM over SAMPLE_BYTES at blob + IV_BYTES, in place. */
static bool gcm(const uint64_t key[4], uint8_t blob[BLOB_BYTES], bool encrypt)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t *data = blob + IV_BYTES;
	uint8_t *tag = data + SAMPLE_BYTES;
	uint8_t bytes[32];
	int n;
	bool ok;

	for (unsigned i = 0; i < 4; i++)
		store64(bytes + 8 * i, key[i]);
	ok = c && EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, bytes, blob, encrypt) == 1;
	if (ok && !encrypt)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1;
	ok = ok && EVP_CipherUpdate(c, data, &n, data, SAMPLE_BYTES) == 1 &&
	     EVP_CipherFinal_ex(c, data + n, &n) == 1;
	if (ok && encrypt)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) == 1;
	EVP_CIPHER_CTX_free(c);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return ok;
}

static json_t *do_export(struct client *client, const json_t *request)
{
	struct user_td *td = get_td(client, request);
	uint8_t blob[BLOB_BYTES];
	const char *why = td ? servtd_start_session(td) : "no such TD";

	if (why)
		return failure(why);
	platform_random(blob, sizeof(blob));
	if (!gcm(td->working_enc_key, blob, true))
		return failure("AES-256-GCM failed");
	return json_pack("{s:b, s:o}", "ok", 1, "blob", hex(blob, sizeof(blob)));
}

static json_t *do_import(struct client *client, const json_t *request)
{
	struct user_td *td = get_td(client, request);
	uint8_t blob[BLOB_BYTES];
	const char *why = td ? NULL : "no such TD";

	if (!why && !hex_decode(json_string_value(json_object_get(request, "blob")), blob, BLOB_BYTES))
		why = "blob: not 120 hexadecimal digits";
	if (!why)
		why = servtd_start_session(td);
	if (!why && !gcm(td->working_dec_key, blob, false))
		why = "the blob does not open under MIG_DEC_KEY";
	return why ? failure(why) : success();
}

static json_t *do_td_info(struct client *client, const json_t *request)
{
	static const char *const states[] = {"init", "prebound", "bound", "wait", "progress", "done"};
	struct user_td *td = get_td(client, request);
	char handle[20];

	if (!td)
		return failure("no such TD");
	snprintf(handle, sizeof(handle), "%016llx", (unsigned long long)servtd_handle(td));
	return json_pack("{s:b, s:b, s:I, s:I, s:i, s:s, s:b, s:b, s:o, s:s, s:I, s:o, s:I, s:I}", "ok",
		1, "dec_key_set", td->dec_key_set, "dec_key_writes", (json_int_t)td->dec_key_writes,
		"enc_key_reads", (json_int_t)td->enc_key_reads, "mig_version",
		td->mig_version_set ? td->mig_version : -1, "state", states[td->state], "bound",
		td->state >= SLOT_BOUND, "incoming", td->incoming, "uuid",
		hex(td->uuid, sizeof(td->uuid)), "handle", handle, "migtd_pid",
		(json_int_t)(td->migtd ? td->migtd->pid : 0), "info_hash",
		hex(td->info_hash, HASH_BYTES), "attr", (json_int_t)td->attr, "traps",
		(json_int_t)td->traps);
}

static json_t *do_td_keys(struct client *client, const json_t *request)
{
	const struct user_td *td = get_td(client, request);

	if (!td)
		return failure("no such TD");
	return json_pack("{s:b, s:o, s:o}", "ok", 1, "enc_key", hex(td->enc_key, sizeof(td->enc_key)),
		"dec_key", hex(td->dec_key, sizeof(td->dec_key)));
}

static json_t *do_uuid_update(struct client *client, const json_t *request)
{
	struct user_td *td = get_td(client, request);

	if (!td)
		return failure("no such TD");
	memcpy(td->old_uuid, td->uuid, sizeof(td->uuid));
	platform_random(td->uuid, sizeof(td->uuid));
	td->updated = true;
	return json_pack("{s:b, s:o}", "ok", 1, "uuid", hex(td->uuid, sizeof(td->uuid)));
}

static json_t *describe(const struct migtd *td)
{
	json_t *o = json_pack("{s:I, s:s, s:I, s:b, s:I, s:I, s:I}", "pid", (json_int_t)td->pid, "name",
		td->name, "cid", (json_int_t)td->cid, "ready", td->ready, "calls",
		(json_int_t)td->calls, "vmcalls", (json_int_t)td->vmcalls, "shared_pages",
		(json_int_t)td->shared_pages);

	json_object_set_new(o, "mrtd", hex(td->tdinfo + TDINFO_MRTD, HASH_BYTES));
	for (unsigned i = 0; i < 4; i++) {
		const char name[] = {'r', 't', 'm', 'r', (char)('0' + i), 0};

		json_object_set_new(o, name, hex(td->tdinfo + TDINFO_RTMR + i * HASH_BYTES, HASH_BYTES));
	}
	json_object_set_new(o, "tdinfo", hex(td->tdinfo, TDINFO_BYTES));
	json_object_set_new(o, "accept_servtd_ext_hash",
		hex(td->accept_servtd_ext_hash, sizeof(td->accept_servtd_ext_hash)));
	return o;
}

static json_t *do_migtds(struct client *client, const json_t *request)
{
	json_t *list = json_array();

	(void)request;
	for (const struct migtd *td = client->platform->migtds; td; td = td->next)
		json_array_append_new(list, describe(td));
	return json_pack("{s:b, s:o}", "ok", 1, "migtds", list);
}

/* The Migration TD that a request names. */
static struct migtd *get_migtd(struct client *client, const json_t *request)
{
	uint64_t pid = 0;

	return get_number(request, "migtd_pid", INT32_MAX, &pid) ?
		find_migtd(client->platform, pid) : NULL;
}

static json_t *do_request(struct client *client, const json_t *request)
{
	struct migtd *td = get_migtd(client, request);
	const char *text = json_string_value(json_object_get(request, "payload"));
	size_t n = text ? strlen(text) / 2 : 0;
	uint8_t payload[REQUEST_PAYLOAD_MAX];
	uint64_t operation = UINT64_MAX;
	uint64_t vmm = 1;

	if (!td)
		return failure("no such Migration TD is attached");
	if (!get_number(request, "operation", UINT8_MAX, &operation) || operation == UINT64_MAX ||
		!get_number(request, "vmm", UINT8_MAX, &vmm))
		return failure("operation, vmm: not a number below 256");
	if (!text || n > sizeof(payload) || !hex_decode(text, payload, n))
		return failure("payload: not an even number of hexadecimal digits, or too many");
	if (!raw_host_ask(td->raw, client, (uint8_t)operation, (uint8_t)vmm, payload, n))
		return failure("out of memory");
	return success();
}

static json_t *do_read_shared(struct client *client, const json_t *request)
{
	struct migtd *td = get_migtd(client, request);
	uint64_t gpa = UINT64_MAX;
	uint64_t size = GUEST_PAGE;
	uint8_t bytes[GUEST_PAGE];
	char text[2 * GUEST_PAGE + 1];

	if (!td)
		return failure("no such Migration TD is attached");
	if (!get_number(request, "gpa", INT64_MAX, &gpa) ||
		!get_number(request, "size", GUEST_PAGE, &size) ||
		!vmm_read(td, gpa | SHARED_BIT, bytes, size))
		return failure("gpa, size: not inside shared memory, or more than a page");
	hex_encode(bytes, size, text);
	return json_pack("{s:b, s:s}", "ok", 1, "data", text);
}

static json_t *do_fault(struct client *client, const json_t *request)
{
	const char *set = json_string_value(json_object_get(request, "set"));
	char why[128];

	if (!set)
		return failure("set: not a string");
	if (fault_parse(&client->platform->faults, set, why, sizeof(why)))
		return failure(why);
	return success();
}

static json_t *do_faults(struct client *client, const json_t *request)
{
	(void)request;
	return json_pack("{s:b, s:o}", "ok", 1, "faults",
		fault_list(&client->platform->faults));
}

static json_t *do_shutdown(struct client *client, const json_t *request)
{
	(void)request;
	client->platform->loop.stop = true;
	return success();
}

json_t *control_execute(struct client *client, const json_t *request)
{
	static const struct {
		const char *name;
		json_t *(*execute)(struct client *client, const json_t *request);
	} verbs[] = {
		{"td-create", do_td_create},
		{"bind", do_bind},
		{"unbind", do_unbind},
		{"premig", do_premig},
		{"cancel", do_cancel},
		{"export", do_export},
		{"import", do_import},
		{"td-info", do_td_info},
		{"td-keys", do_td_keys},
		{"uuid-update", do_uuid_update},
		{"migtds", do_migtds},
		{"request", do_request},
		{"read-shared", do_read_shared},
		{"fault", do_fault},
		{"faults", do_faults},
		{"shutdown", do_shutdown},
	};
	const char *name = json_string_value(json_object_get(request, "do"));

	for (size_t i = 0; name && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!strcmp(name, verbs[i].name))
			return verbs[i].execute(client, request);
	}
	return failure("unknown verb");
}
