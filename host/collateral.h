/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The collateral that the quoting service hands out (attestation.md 2.2): a bundle of
 * `migtd-tool pki` (4.4), of which an answer has the parts for one platform.
 */
#ifndef HOST_COLLATERAL_H
#define HOST_COLLATERAL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct collateral {
	json_t *bundle;		/* NULL: the service has none */
	const char *ca;		/* "platform" or "processor": the CA whose CRL the bundle has */
};

/* 0, or -1 and one line in `why` that names the file. */
int collateral_load(struct collateral *c, const char *path, char *why, size_t why_size);
void collateral_free(struct collateral *c);

/*
 * The body of a GET_COLLATERAL_RESP: version 3.0, seven sizes, seven texts, each with its NUL.
 * Its size; 0 when there is nothing for this FMSPC and CA, or too little room.
 */
size_t collateral_body(const struct collateral *c, const uint8_t fmspc[6], const char *ca,
	uint8_t *to, size_t room);

#endif
