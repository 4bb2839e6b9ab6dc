/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Records of a CCEL event log (policy spec 3.2, 3.3). */
#ifndef MEASURE_EVENT_LOG_FORMAT_H
#define MEASURE_EVENT_LOG_FORMAT_H

#define RTMR_COUNT 4

/* The Spec ID record: 32 bytes of TCG PCR event header and 40 of data. */
#define EVENT_LOG_FIRST_RECORD 72
/* Header of all others: mrIndex, type, count 1, algorithm, digest, size. */
#define EVENT_HEADER 66
#define EVENT_ALGORITHM_SHA384 0x0c

#define EVENT_SEPARATOR 0x04
#define EVENT_TAGGED 0x06
#define EVENT_PLATFORM_CONFIG_FLAGS 0x0a
#define EVENT_PLATFORM_FIRMWARE_BLOB2 0x8000000au

#endif
