/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A platform's keys and certificates by OpenSSL, and its quotes verified by OpenSSL. */
#ifndef TESTS_HOST_QUOTE_ORACLE_H
#define TESTS_HOST_QUOTE_ORACLE_H

#include <stddef.h>
#include <stdint.h>

/* For tdhost platform --pki. */
extern char oracle_folder[];

void oracle_make(void);
/* platform.json again; svn2: "" or a member more, with its comma. */
void oracle_write_values(const char *svn2);
/* 0, or the folder is not empty. */
int oracle_remove(void);

/*
 * Everything that is signed in a quote whose signed part has n bytes, up to the root made here;
 * fails the test unless all of it verifies.  The bytes of the quote in all.
 */
size_t oracle_verify(const uint8_t *quote, size_t n);

#endif
