/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/der.h"
#include "policy/certificate.h"

enum action {
	ENTER,		/* a container: its elements are the next steps */
	LEAVE,		/* the end of the container entered last */
	SKIP,
	SUBJECT,
	CAPTURE,
};

/* The elements of a certificate, in order. */
enum step {
	CERTIFICATE,
	TBS,
	VERSION_TAG,
	VERSION,
	VERSION_TAG_END,
	SERIAL,
	ALGORITHM,
	ISSUER,
	VALIDITY,
	SUBJECT_NAME,
	KEY_INFO,
	KEY_ALGORITHM,
	KEY,
	KEY_INFO_END,
	ISSUER_ID,
	SUBJECT_ID,
	EXTENSIONS_TAG,
	EXTENSIONS,
	EXTENSION,
	EXTENSION_OID,
	EXTENSION_CRITICAL,
	EXTENSION_VALUE,
	EXTENSION_END,
	EXTENSIONS_END,
	EXTENSIONS_TAG_END,
	TBS_END,
	OUTER_ALGORITHM,
	SIGNATURE,
	CERTIFICATE_END,
	COMPLETE,
};

static const struct {
	uint8_t tag;
	uint8_t action;		/* enum action */
	uint8_t next;		/* enum step */
	uint8_t otherwise;	/* where to go when the element is absent; 0: it is mandatory */
} steps[] = {
	[CERTIFICATE] = {DER_SEQUENCE, ENTER, TBS, 0},
	[TBS] = {DER_SEQUENCE, ENTER, VERSION_TAG, 0},
	[VERSION_TAG] = {DER_CONTEXT_0, ENTER, VERSION, 0},
	[VERSION] = {DER_INTEGER, CAPTURE, VERSION_TAG_END, 0},
	[VERSION_TAG_END] = {0, LEAVE, SERIAL, 0},
	[SERIAL] = {DER_INTEGER, CAPTURE, ALGORITHM, 0},
	[ALGORITHM] = {DER_SEQUENCE, SKIP, ISSUER, 0},
	[ISSUER] = {DER_SEQUENCE, SKIP, VALIDITY, 0},
	[VALIDITY] = {DER_SEQUENCE, SKIP, SUBJECT_NAME, 0},
	[SUBJECT_NAME] = {DER_SEQUENCE, SUBJECT, KEY_INFO, 0},
	[KEY_INFO] = {DER_SEQUENCE, ENTER, KEY_ALGORITHM, 0},
	[KEY_ALGORITHM] = {DER_SEQUENCE, CAPTURE, KEY, 0},
	[KEY] = {DER_BIT_STRING, CAPTURE, KEY_INFO_END, 0},
	[KEY_INFO_END] = {0, LEAVE, ISSUER_ID, 0},
	[ISSUER_ID] = {0x81, SKIP, SUBJECT_ID, SUBJECT_ID},
	[SUBJECT_ID] = {0x82, SKIP, EXTENSIONS_TAG, EXTENSIONS_TAG},
	[EXTENSIONS_TAG] = {DER_CONTEXT_3, ENTER, EXTENSIONS, TBS_END},
	[EXTENSIONS] = {DER_SEQUENCE, ENTER, EXTENSION, 0},
	[EXTENSION] = {DER_SEQUENCE, ENTER, EXTENSION_OID, EXTENSIONS_END},
	[EXTENSION_OID] = {DER_OID, CAPTURE, EXTENSION_CRITICAL, 0},
	[EXTENSION_CRITICAL] = {DER_BOOLEAN, SKIP, EXTENSION_VALUE, EXTENSION_VALUE},
	[EXTENSION_VALUE] = {DER_OCTET_STRING, CAPTURE, EXTENSION_END, 0},
	[EXTENSION_END] = {0, LEAVE, EXTENSION, 0},
	[EXTENSIONS_END] = {0, LEAVE, EXTENSIONS_TAG_END, 0},
	[EXTENSIONS_TAG_END] = {0, LEAVE, TBS_END, 0},
	[TBS_END] = {0, LEAVE, OUTER_ALGORITHM, 0},
	[OUTER_ALGORITHM] = {DER_SEQUENCE, CAPTURE, SIGNATURE, 0},
	[SIGNATURE] = {DER_BIT_STRING, CAPTURE, CERTIFICATE_END, 0},
	[CERTIFICATE_END] = {0, LEAVE, COMPLETE, 0},
};

void certificate_begin(struct certificate_reader *c)
{
	memset(c, 0, sizeof(*c));
}

bool certificate_complete(const struct certificate_reader *c)
{
	return c->step == COMPLETE;
}

/* Content of the element that has just ended; too long a one has no content. */
struct captured {
	size_t n;
	uint8_t byte[CERTIFICATE_CAPTURE_MAX];
};

static struct captured captured(const struct certificate_reader *c)
{
	struct captured e = {.n = c->overflow ? 0 : c->captured};

	window_last(&c->window, e.byte, e.n);
	return e;
}

static bool captured_is(const struct captured *e, const uint8_t *content, size_t n)
{
	return e->n == n && memcmp(e->byte, content, n) == 0;
}

/* --- what was captured --------------------------------------------------------------------- */

static enum status take_serial(const struct captured *e)
{
	bool positive = false;

	/* Shortest form of a number above zero. */
	for (size_t i = 0; i < e->n; i++)
		positive |= e->byte[i] != 0;
	if (!positive || e->byte[0] >= 0x80)
		return ERR_X509;
	return e->n > 1 && e->byte[0] == 0 && e->byte[1] < 0x80 ? ERR_X509 : STATUS_OK;
}

/* An uncompressed point behind the count of unused bits; the event carries it. */
static enum status take_key(const struct captured *e, struct certificate_piece *piece)
{
	if (e->n != 2 + P384_POINT_SIZE || e->byte[0] != 0 || e->byte[1] != 4)
		return ERR_X509;
	memcpy(piece->point, e->byte + 2, P384_POINT_SIZE);
	piece->event = CERTIFICATE_KEY;
	return STATUS_OK;
}

/* SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static enum status take_constraints(struct certificate_reader *c, const struct captured *e)
{
	struct reader value = reader_of(e->byte, e->n);
	struct reader inner = der_enter(&value, DER_SEQUENCE);

	if (der_peek(&inner) == DER_BOOLEAN)
		c->is_ca = der_boolean(&inner);
	if (der_peek(&inner) == DER_INTEGER)
		der_unsigned(&inner);
	der_leave(&value, &inner);
	return reader_done(&value) ? STATUS_OK : ERR_X509;
}

static enum status take_oid(struct certificate_reader *c, const struct captured *e)
{
	static const uint8_t basic_constraints[] = {0x55, 0x1d, 0x13};

	c->basic_constraints = captured_is(e, basic_constraints, sizeof(basic_constraints));
	if (c->basic_constraints && c->seen_constraints)
		return ERR_X509;
	c->seen_constraints |= c->basic_constraints;
	return STATUS_OK;
}

static void take_signature(struct certificate_reader *c, const struct captured *e,
	const struct certificate_piece *piece)
{
	const struct span der = {.at = e->byte + 1, .n = e->n - 1};

	/* The last certificate of a chain may be signed in any way: nobody looks. */
	if (e->n < 2 || e->byte[0] != 0 ||
	    !der_ecdsa_signature(der, P384_SIGNATURE_SIZE / 2, piece->signature))
		c->ecdsa_sha384 = false;
}

static enum status take_captured(struct certificate_reader *c, enum step step,
	struct certificate_piece *piece)
{
	static const uint8_t version_3[] = {2};
	static const uint8_t key_algorithm[] = {	/* id-ecPublicKey, secp384r1 */
		0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
		0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
	static const uint8_t ecdsa_sha384[] = {
		0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};

	const struct captured e = captured(c);

	switch (step) {
	case VERSION:
		return captured_is(&e, version_3, sizeof(version_3)) ? STATUS_OK : ERR_X509;
	case SERIAL:
		return take_serial(&e);
	case KEY_ALGORITHM:
		return captured_is(&e, key_algorithm, sizeof(key_algorithm)) ? STATUS_OK : ERR_X509;
	case KEY:
		return take_key(&e, piece);
	case EXTENSION_OID:
		return take_oid(c, &e);
	case EXTENSION_VALUE:
		return c->basic_constraints ? take_constraints(c, &e) : STATUS_OK;
	case OUTER_ALGORITHM:
		c->ecdsa_sha384 = captured_is(&e, ecdsa_sha384, sizeof(ecdsa_sha384));
		return STATUS_OK;
	case SIGNATURE:
		take_signature(c, &e, piece);
		return STATUS_OK;
	default:
		return STATUS_OK;
	}
}

/* --- the walk ------------------------------------------------------------------------------ */

static void digest_so_far(const struct certificate_reader *c, uint8_t digest[SHA384_SIZE])
{
	struct window_hash hash = c->hash;

	window_hash_end(&hash, &c->window, c->window.byte, c->window.size);
	memcpy(digest, hash.digest, SHA384_SIZE);
}

/* Takes the steps that need no further byte: ends of containers, elements that are absent. */
static enum status settle(struct certificate_reader *c, struct certificate_piece *piece)
{
	while (c->depth > 0) {
		const enum step step = (enum step)c->step;
		const bool at_end = c->window.size == c->end[c->depth - 1];

		if (steps[step].action != LEAVE) {
			if (!at_end)
				return STATUS_OK;
			if (steps[step].otherwise == 0)
				return ERR_X509;
			c->step = steps[step].otherwise;
			continue;
		}
		if (!at_end)
			return ERR_X509;
		c->depth--;
		c->step = steps[step].next;
		if (step == TBS_END)
			digest_so_far(c, piece->tbs_digest);
	}
	digest_so_far(c, piece->digest);
	piece->event = CERTIFICATE_DONE;
	return STATUS_OK;
}

static enum status element_end(struct certificate_reader *c, struct certificate_piece *piece)
{
	const enum step step = (enum step)c->step;

	c->in_content = false;
	c->header_n = 0;
	c->step = steps[step].next;
	if (steps[step].action == CAPTURE)
		TRY(take_captured(c, step, piece));
	/* Who takes the key still needs what piece->tbs_digest holds of the certificate before. */
	c->unsettled = piece->event == CERTIFICATE_KEY;
	return c->unsettled ? STATUS_OK : settle(c, piece);
}

/* The header is complete: tag and length of the element that the step wants. */
static enum status element_begin(struct certificate_reader *c, size_t length,
	struct certificate_piece *piece)
{
	const size_t end = c->window.size + length;

	if (end > POLICY_CERTIFICATE_MAX)
		return c->depth == 0 ? ERR_POLICY_LIMIT : ERR_X509;
	if (c->depth > 0 && end > c->end[c->depth - 1])
		return ERR_X509;
	while (c->header[0] != steps[c->step].tag) {
		if (steps[c->step].otherwise == 0)
			return ERR_X509;
		c->step = steps[c->step].otherwise;
	}
	if (steps[c->step].action == LEAVE)
		return ERR_X509;
	c->captured = 0;
	c->overflow = false;
	c->left = (uint16_t)length;
	if (steps[c->step].action == ENTER) {
		c->end[c->depth++] = (uint16_t)end;
		c->step = steps[c->step].next;
		c->header_n = 0;
		return settle(c, piece);
	}
	c->in_content = true;
	if (steps[c->step].action == SUBJECT) {
		piece->event = CERTIFICATE_SUBJECT;
		piece->part = c->header;
		piece->part_n = c->header_n;
	}
	return length > 0 ? STATUS_OK : element_end(c, piece);
}

/* Lengths are definite and of the shortest form (X.690, 10.1). */
static enum status header_byte(struct certificate_reader *c, uint8_t byte,
	struct certificate_piece *piece)
{
	c->header[c->header_n++] = byte;
	const uint8_t *h = c->header;
	if (c->header_n < 2)
		return (byte & 0x1f) == 0x1f ? ERR_X509 : STATUS_OK;
	if (h[1] < 0x80)
		return element_begin(c, h[1], piece);
	if (h[1] != 0x81 && h[1] != 0x82)
		return h[1] == 0x83 || h[1] == 0x84 ? ERR_POLICY_LIMIT : ERR_X509;
	if (c->header_n < 2 + (h[1] & 0x7f))
		return STATUS_OK;
	const size_t length = h[1] == 0x81 ? h[2] : (size_t)(h[2] << 8 | h[3]);
	if (length < (h[1] == 0x81 ? 0x80u : 0x100u))
		return ERR_X509;
	return element_begin(c, length, piece);
}

/* Content bytes of the element at hand. */
static enum status content(struct certificate_reader *c, const uint8_t *from, size_t n,
	struct certificate_piece *piece)
{
	if (steps[c->step].action == CAPTURE) {
		c->overflow |= n > CERTIFICATE_CAPTURE_MAX - (size_t)c->captured;
		c->captured = c->overflow ? 0 : (uint8_t)(c->captured + n);
	} else if (steps[c->step].action == SUBJECT) {
		piece->event = CERTIFICATE_SUBJECT;
		piece->part = from;
		piece->part_n = n;
	}
	c->left = (uint16_t)(c->left - n);
	return c->left > 0 ? STATUS_OK : element_end(c, piece);
}

enum status certificate_feed(struct certificate_reader *c, const uint8_t *from, size_t n,
	size_t *taken, struct certificate_piece *piece)
{
	piece->event = CERTIFICATE_MORE;
	for (*taken = 0; *taken < n && piece->event == CERTIFICATE_MORE;) {
		const uint8_t *at = from + *taken;
		size_t run = 1;

		if (c->step == COMPLETE)
			return ERR_X509;
		if (c->unsettled)
			TRY(settle(c, piece));
		c->unsettled = false;
		if (c->in_content)
			run = n - *taken < c->left ? n - *taken : c->left;
		if (c->step == TBS && c->header_n == 0)
			window_hash_begin(&c->hash, c->window.size);
		if (c->step >= TBS)
			window_hash_update(&c->hash, &c->window, at, c->window.size + (uint32_t)run);
		window_pass(&c->window, at, run);
		*taken += run;
		TRY(c->in_content ? content(c, at, run, piece) : header_byte(c, *at, piece));
	}
	return STATUS_OK;
}
