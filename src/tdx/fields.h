/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Metadata field identifiers; element n of a field has the identifier plus n. */
#ifndef TDX_FIELDS_H
#define TDX_FIELDS_H

/* Target TD, through TDG.SERVTD.RD and WR. */
#define FIELD_MIG_DEC_KEY 0x9810000300000010ull		/* 4 x u64, R/W */
#define FIELD_MIG_ENC_KEY 0x9810000300000018ull		/* 4 x u64, element 0 draws a fresh key */
#define FIELD_MIG_VERSION 0x9810000100000020ull		/* u16, R/W */
#define FIELD_INIT_SERVTD_INFO_HASH 0x191000030000020Eull	/* 6 x u64 */
#define FIELD_INIT_SERVTD_ATTR 0x191000030000020Dull	/* u64 */
#define FIELD_INIT_CPUSVN 0x1110000300000060ull		/* 2 x u64 */
#define FIELD_INIT_TEE_TCB_SVN 0x1110000300000062ull	/* 2 x u64 */
#define FIELD_INIT_TEE_MODEL 0x1110000200000064ull	/* 3 x u32 */
#define FIELD_SERVTD_INFO_HASH 0x1910000300000207ull	/* 6 x u64 */
#define FIELD_SERVTD_ATTR 0x1910000300000202ull		/* u64 */

/* System, through TDG.SYS.RD: u16 values. */
#define FIELD_MIN_EXPORT_VERSION 0x2000000100000001ull
#define FIELD_MAX_EXPORT_VERSION 0x2000000100000002ull
#define FIELD_MIN_IMPORT_VERSION 0x2000000100000003ull
#define FIELD_MAX_IMPORT_VERSION 0x2000000100000004ull

/* Own TD, through TDG.VM.WR. */
#define FIELD_ACCEPT_SERVTD_EXT_HASH 0x1910000300000214ull	/* 6 x u64 */

#endif
