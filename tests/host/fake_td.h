/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A real tdhost as child, and a Migration TD made of raw packets. */
#ifndef FAKE_TD_H
#define FAKE_TD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* Longest wait for what must come: patience for a busy machine, not a limit of anybody's. */
#define PATIENCE_MS 60000
#define PAGE 4096u
#define RAM_SIZE (1u << 20)
#define SHARED (1ull << 47)
/* Made shared by fake_share(). */
#define COMMAND_GPA 0x10000u
#define RESPONSE_GPA 0x11000u
#define QUOTE_GPA 0x12000u
#define QUOTE_BYTES 0x4000u
#define SHARED_GPA 0x10000u
#define SHARED_BYTES 0x10000u

enum { RAX, RBX, RCX, RDX, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, REGS };

struct fake_platform {
	pid_t pid;
	char directory[64];
	char listen[96];	/* unix:... */
	char prefix[96];	/* of vsock sockets, without unix: */
	int control;		/* client connection */
};

/* Starts with the extra options, a NULL-terminated list, and connects a client. */
void platform_start(struct fake_platform *p, const char *const *options);
/* Stops it by SIGTERM; it must exit 0 and leave no socket. */
void platform_stop(struct fake_platform *p);
bool platform_said(const struct fake_platform *p, const char *text);
/* Waits until it has. */
void platform_will_say(const struct fake_platform *p, const char *text);
int platform_connect(const struct fake_platform *p);

/* Sends one verb; the answer, a new reference. */
json_t *ask(int control, json_t *request);
/* The same; the answer must be ok and is dropped, or its integer member is returned. */
json_int_t ask_ok(int control, json_t *request, const char *member);
/* The answer must be a failure that contains `text`. */
void ask_refused(int control, json_t *request, const char *text);
/* Waits for an event; new reference. */
json_t *wait_event(int control);

struct fake_td {
	int socket;
	uint8_t *ram;
	int memory;
	unsigned interrupts[256];
};

/* 0, or the refusal is in `why`. */
int fake_attach(struct fake_td *td, const struct fake_platform *p, uint64_t cid, char why[120]);
void fake_detach(struct fake_td *td);
/* Executes one TDCALL on the registers; RAX. */
uint64_t tdcall(struct fake_td *td, uint64_t reg[REGS]);
/* Standard registers only; R10. */
uint64_t vmcall(struct fake_td *td, uint64_t sub, uint64_t r12, uint64_t r13, uint64_t r14);
/* Takes interrupts that come within `ms`; how many came. */
unsigned take_interrupts(struct fake_td *td, int ms);
void fake_share(struct fake_td *td);

/* The GetQuote buffer of QUOTE_BYTES, whose message begins at 28. */
uint8_t *quote_buffer(const struct fake_td *td);
/* GetQuote over it; R10. */
uint64_t get_quote(struct fake_td *td);
/* Its status once it is no longer in flight. */
#define STATUS_IN_FLIGHT UINT64_MAX
uint64_t complete(const struct fake_td *td);
/* The same of a buffer elsewhere. */
uint64_t complete_at(const uint8_t *buffer);

extern const uint8_t guid_migtd[16];
extern const uint8_t guid_common[16];
/* One Service call; the response data (behind its header) and their size; *status of the page. */
uint64_t service(struct fake_td *td, const uint8_t guid[16], const void *data, size_t n,
	uint8_t answer[PAGE], size_t *size, uint32_t *status);

#endif
