/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* JSON documents at random, right ones and nearly right ones; the same ones in every run. */
#ifndef TESTS_JSON_DOCUMENTS_H
#define TESTS_JSON_DOCUMENTS_H

#include <stddef.h>
#include <stdint.h>

#define DOCUMENTS_SEED 1u
#define DOCUMENT_MAX (1u << 18)

/* The document at hand. */
extern char doc[DOCUMENT_MAX];
extern size_t doc_size;

uint32_t draw(uint32_t below);
/* A new one, well-formed. */
void document_generate(void);
/* Up to three bytes of it changed, dropped or put in. */
void document_mutate(void);

#endif
