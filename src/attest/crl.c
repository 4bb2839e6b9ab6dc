/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/crl.h"

#include "attest/x509.h"

static const uint8_t oid_crl_number[] = {0x55, 0x1d, 0x14};
static const uint8_t oid_authority_key_id[] = {0x55, 0x1d, 0x23};

/* The most octets a header takes that we read: identifier and four of length. */
#define HEADER_MAX 5

enum encoding { ENCODING_PEM, ENCODING_HEX, ENCODING_DER };

/* An outer SEQUENCE of more than 127 bytes, in digits or as it is; no text begins like the latter. */
static enum encoding encoding_of(struct text_reader *text)
{
	uint8_t first[2];

	if (text_peek(text, first, 2) != 2)
		return ENCODING_PEM;
	if (first[0] == '3' && first[1] == '0')
		return ENCODING_HEX;
	return first[0] == DER_SEQUENCE && first[1] >= 0x80 ? ENCODING_DER : ENCODING_PEM;
}

/* Digits to bytes, two by two; the events are those of a PEM section. */
static enum status hex_piece(struct text_reader *digits, uint8_t *to, size_t room, size_t *n,
	enum pem_event *event)
{
	uint8_t pair[2];

	for (*n = 0; *n < room; ++*n) {
		const size_t got = text_read(digits, pair, 2);
		if (digits->failed || got == 1)
			return ERR_PEM;
		if (got == 0) {
			*event = PEM_CRL;
			return STATUS_OK;
		}
		const int high = text_hex_digit(pair[0]);
		const int low = text_hex_digit(pair[1]);
		if (high < 0 || low < 0)
			return ERR_PEM;
		to[*n] = (uint8_t)(high << 4 | low);
	}
	*event = PEM_FULL;
	return STATUS_OK;
}

static enum status der_piece(struct text_reader *text, uint8_t *to, size_t room, size_t *n,
	enum pem_event *event)
{
	*n = text_read(text, to, room);
	*event = *n == room ? PEM_FULL : PEM_CRL;
	return text->failed ? ERR_CRL : STATUS_OK;
}

static enum status next_piece(struct crl_work *w, uint8_t *to, size_t room, size_t *n,
	enum pem_event *event)
{
	switch ((enum encoding)w->encoding) {
	case ENCODING_PEM:
		return pem_piece(&w->pem, to, room, n, event);
	case ENCODING_HEX:
		return hex_piece(&w->pem.text, to, room, n, event);
	case ENCODING_DER:
		return der_piece(&w->pem.text, to, room, n, event);
	}
	return ERR_INTERNAL;
}

/* Makes the next n bytes contiguous at window + at; fewer only when the CRL ends before. */
static enum status fill(struct crl_work *w, size_t n)
{
	enum pem_event event;
	size_t got;

	if (w->have - w->at >= n || w->complete)
		return STATUS_OK;
	memmove(w->window, w->window + w->at, w->have - w->at);
	w->have -= w->at;
	w->at = 0;
	TRY(next_piece(w, w->window + w->have, CRL_WINDOW - w->have, &got, &event));
	if (event != PEM_FULL && event != PEM_CRL)
		return ERR_PEM;
	w->have += got;
	w->complete = event == PEM_CRL;
	return STATUS_OK;
}

/* Identifier and length of the next element, which is not consumed. */
static enum status peek_header(struct crl_work *w, uint8_t *tag, size_t *header, size_t *content)
{
	TRY(fill(w, HEADER_MAX));
	const uint8_t *at = w->window + w->at;
	const size_t have = w->have - w->at;
	if (have < 2)
		return ERR_CRL;
	const size_t octets = at[1] < 0x80 ? 0 : at[1] & 0x7f;
	if (octets > 3 || at[1] == 0x80 || have < 2 + octets)
		return ERR_CRL;
	size_t length = octets == 0 ? at[1] : 0;
	for (size_t i = 0; i < octets; i++)
		length = length << 8 | at[2 + i];
	if (octets > 0 && (length < 0x80 || length >> (8 * (octets - 1)) == 0))
		return ERR_CRL;
	*tag = at[0];
	*header = 2 + octets;
	*content = length;
	return STATUS_OK;
}

/* Steps over n bytes of the window; *left is what remains of the container they lie in. */
static enum status consume(struct crl_work *w, size_t n, size_t *left)
{
	if (n > *left || n > w->have - w->at)
		return ERR_CRL;
	w->at += n;
	*left -= n;
	return STATUS_OK;
}

/* Enters a container that may be larger than the window; *inner is the size of its content. */
static enum status enter(struct crl_work *w, size_t *left, size_t *inner, bool hashed)
{
	uint8_t tag;
	size_t header;

	TRY(peek_header(w, &tag, &header, inner));
	if (tag != DER_SEQUENCE || *left < header || *inner > *left - header)
		return ERR_CRL;
	if (hashed && !w->verified)
		sha256_update(&w->hash, w->window + w->at, header);
	TRY(consume(w, header, left));
	*left -= *inner;
	return STATUS_OK;
}

/* Takes one whole element, which must fit into the window; valid until the next call. */
static enum status take(struct crl_work *w, size_t *left, bool hashed, struct reader *element)
{
	uint8_t tag;
	size_t header, content;

	TRY(peek_header(w, &tag, &header, &content));
	const size_t n = header + content;
	if (n > CRL_WINDOW)
		return ERR_CRL;
	TRY(fill(w, n));
	const uint8_t *at = w->window + w->at;
	TRY(consume(w, n, left));
	if (hashed && !w->verified)
		sha256_update(&w->hash, at, n);
	*element = reader_of(at, n);
	return STATUS_OK;
}

static uint8_t next_tag(const struct crl_work *w, size_t left)
{
	return left > 0 && w->at < w->have ? w->window[w->at] : 0;
}

/* One Extension of a CRL or entry; a critical one that is not known voids the CRL. */
static struct span read_extension(struct reader *list, struct span *value, bool *critical)
{
	struct reader r = der_enter(list, DER_SEQUENCE);
	const struct span oid = der_oid(&r);

	*critical = der_peek(&r) == DER_BOOLEAN && der_boolean(&r);
	*value = der_content(&r, DER_OCTET_STRING);
	der_leave(list, &r);
	return oid;
}

/* RevokedCertificate: userCertificate, revocationDate, crlEntryExtensions OPTIONAL */
static enum status read_entry(const struct crl_work *w, struct reader element, bool *listed)
{
	struct reader r = der_enter(&element, DER_SEQUENCE);
	const struct span found = der_unsigned(&r);

	der_time(&r);
	if (der_peek(&r) == DER_SEQUENCE) {
		struct reader list = der_enter(&r, DER_SEQUENCE);
		while (reader_left(&list) > 0) {
			struct span value;
			bool critical;
			read_extension(&list, &value, &critical);
			if (critical)
				return ERR_CRL;
		}
		der_leave(&r, &list);
	}
	der_leave(&element, &r);
	if (!reader_done(&element))
		return ERR_CRL;
	for (size_t i = 0; i < w->serial_count; i++) {
		if (span_equal(found, w->serials[i]))
			*listed = true;
	}
	return STATUS_OK;
}

/* [0] EXPLICIT Extensions: the CRL number and the authority key identifier, each once. */
static enum status read_extensions(struct reader element, struct crl *crl)
{
	struct reader outer = der_enter(&element, DER_CONTEXT_0);
	struct reader list = der_enter(&outer, DER_SEQUENCE);
	unsigned numbers = 0, key_ids = 0;

	while (reader_left(&list) > 0) {
		struct span value;
		bool critical;
		const struct span oid = read_extension(&list, &value, &critical);
		if (der_oid_is(oid, oid_crl_number, sizeof(oid_crl_number))) {
			struct reader r = span_reader(value);
			crl->number = der_u32(&r, DER_INTEGER);
			if (!reader_done(&r))
				return ERR_COLLATERAL;
			numbers++;
		} else if (der_oid_is(oid, oid_authority_key_id, sizeof(oid_authority_key_id))) {
			key_ids++;
		} else if (critical) {
			return ERR_CRL;
		}
	}
	der_leave(&outer, &list);
	der_leave(&element, &outer);
	return reader_done(&element) && numbers == 1 && key_ids == 1 ? STATUS_OK : ERR_CRL;
}

/* The fields of TBSCertList before its list. */
static enum status read_head(struct crl_work *w, size_t *left, struct span issuer)
{
	struct reader element;

	TRY(take(w, left, true, &element));
	if (der_u32(&element, DER_INTEGER) != 1 || !reader_done(&element))
		return ERR_CRL;
	TRY(take(w, left, true, &element));
	const struct span algorithm = {element.at, reader_left(&element)};
	if (x509_algorithm_of(algorithm) != X509_ECDSA_SHA256)
		return ERR_CRL;
	TRY(take(w, left, true, &element));
	if (issuer.at != NULL &&
		!span_equal((struct span){element.at, reader_left(&element)}, issuer))
		return ERR_CRL;
	/* thisUpdate and nextUpdate, both required */
	for (int i = 0; i < 2; i++) {
		TRY(take(w, left, true, &element));
		der_time(&element);
		if (!reader_done(&element))
			return ERR_CRL;
	}
	return STATUS_OK;
}

static enum status read_tbs(struct crl_work *w, size_t left, struct span issuer, struct crl *crl)
{
	struct reader element;
	size_t list;

	TRY(read_head(w, &left, issuer));
	TRY(fill(w, HEADER_MAX));
	if (next_tag(w, left) == DER_SEQUENCE) {
		TRY(enter(w, &left, &list, true));
		while (list > 0) {
			TRY(take(w, &list, true, &element));
			TRY(read_entry(w, element, &crl->listed));
		}
	}
	TRY(take(w, &left, true, &element));
	TRY(read_extensions(element, crl));
	return left == 0 ? STATUS_OK : ERR_CRL;
}

static enum status read_signature(struct crl_work *w, size_t *left, struct crl *crl)
{
	struct reader element;

	TRY(take(w, left, false, &element));
	const struct span algorithm = {element.at, reader_left(&element)};
	if (x509_algorithm_of(algorithm) != X509_ECDSA_SHA256)
		return ERR_CRL;
	TRY(take(w, left, false, &element));
	const struct span signature = der_bits(&element);
	if (!reader_done(&element) ||
		!der_ecdsa_signature(signature, P256_SIGNATURE_SIZE / 2, crl->signature))
		return ERR_CRL;
	return *left == 0 ? STATUS_OK : ERR_CRL;
}

/* Nothing may follow: neither in the section nor another one. */
static enum status finish(struct crl_work *w)
{
	enum pem_event event;
	size_t got;

	if (w->at != w->have)
		return ERR_CRL;
	if (!w->complete) {
		TRY(next_piece(w, w->window, CRL_WINDOW, &got, &event));
		if (got > 0 || event != PEM_CRL)
			return ERR_CRL;
	}
	if (w->encoding != ENCODING_PEM)
		return STATUS_OK;
	TRY(pem_piece(&w->pem, w->window, CRL_WINDOW, &got, &event));
	return event == PEM_MORE ? STATUS_OK : ERR_CRL;
}

/* One that was verified before is not hashed; its digest stays zero. */
static enum status read_crl(struct crl_work *w, struct text_reader text, struct span issuer,
	const struct span *serials, size_t count, struct crl *crl)
{
	size_t all = SIZE_MAX, left, tbs;

	*crl = (struct crl){0};
	w->at = w->have = 0;
	w->complete = false;
	w->serials = serials;
	w->serial_count = count;
	pem_open(&w->pem, text);
	w->encoding = (uint8_t)encoding_of(&w->pem.text);
	sha256_init(&w->hash);

	TRY(enter(w, &all, &left, false));
	TRY(enter(w, &left, &tbs, true));
	TRY(read_tbs(w, tbs, issuer, crl));
	TRY(read_signature(w, &left, crl));
	if (!w->verified)
		sha256_final(&w->hash, crl->digest);
	return finish(w);
}

enum status crl_read(struct crl_work *w, struct text_reader text, struct span issuer,
	struct span serial, struct crl *crl)
{
	return crl_read_for(w, text, issuer, &serial, 1, crl);
}

enum status crl_read_for(struct crl_work *w, struct text_reader text, struct span issuer,
	const struct span *serials, size_t count, struct crl *crl)
{
	w->verified = false;
	return read_crl(w, text, issuer, serials, count, crl);
}

enum status crl_look_up(struct crl_work *w, struct text_reader text, struct span issuer,
	struct span serial, bool *listed)
{
	struct crl facts;

	w->verified = true;
	TRY(read_crl(w, text, issuer, &serial, 1, &facts));
	*listed = facts.listed;
	return STATUS_OK;
}

enum status crl_verify(const struct crl *crl, const uint8_t point[P256_POINT_SIZE])
{
	if (p256_verify(point, crl->digest, crl->signature) != STATUS_OK)
		return ERR_CRL_SIGNATURE;
	return STATUS_OK;
}
