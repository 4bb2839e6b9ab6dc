/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * One emulated TDX host: the TDX module, the VMM, vhost-vsock and the quoting service around the
 * Migration TDs that attach and the user TDs that clients create.  Migration TDs and clients are
 * other processes behind sockets (serve.c, attach.c, client_socket.c), or parts of the program that
 * this is linked into.
 *
 * The module half (module.c, servtd.c, report.c) reads and writes private guest memory only; the
 * VMM half (vmm.c, service.c, vsock.c, qgs.c) shared guest memory only.  memory.c enforces both.
 */
#ifndef HOST_PLATFORM_H
#define HOST_PLATFORM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/collateral.h"
#include "host/fault.h"
#include "host/loop.h"
#include "host/pki.h"
#include "host/protocol.h"
#include "host/tdreport.h"

#define GUEST_PAGE 4096u
#define GPAW 48
#define SHARED_BIT (1ull << (GPAW - 1))
#define RAM_MAX (64ull << 30)

/* Indices into packet_tdcall.reg. */
enum { RAX, RBX, RCX, RDX, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, REG_COUNT };

/* TDCALL status codes (tdx-platform.md 1.1); errors of an operand carry its register number. */
#define TDX_SUCCESS 0ull
#define TDX_OPERAND_INVALID 0xC000010000000000ull
#define TDX_PAGE_ALREADY_ACCEPTED 0x00000B0A00000000ull
#define TDX_PAGE_SIZE_MISMATCH 0xC0000B0B00000000ull
#define TDX_FIELD_ID_INCORRECT 0xC0000C0000000000ull
#define TDX_FIELD_NOT_WRITABLE 0xC0000C0100000000ull
#define TDX_FIELD_NOT_READABLE 0xC0000C0200000000ull
#define TDX_FIELD_VALUE_NOT_VALID 0xC0000C0300000000ull
#define TDX_WR_MASK_NOT_VALID 0xC0000C0A00000000ull
#define TDX_FIRST_FIELD_ID_IN_CONTEXT 0x00000C0B00000000ull
#define TDX_SERVTD_ATTR_MISMATCH 0xC0000D0200000000ull
#define TDX_SERVTD_INFO_HASH_MISMATCH 0xC0000D0300000000ull
#define TDX_SERVTD_UUID_MISMATCH 0xC0000D0400000000ull
#define TDX_SERVTD_NOT_BOUND 0xC0000D0500000000ull
#define TDX_TARGET_UUID_MISMATCH 0xC0000D0700000000ull
#define TDX_TARGET_UUID_UPDATED 0xC0000D0800000000ull
#define TDX_INVALID_CPUSVN 0xC000100000000000ull
#define TDX_INVALID_REPORTMACSTRUCT 0xC000100100000000ull
#define OPERAND_RCX 1
#define OPERAND_RDX 2
#define OPERAND_R8 8

/* TDVMCALL status codes in R10. */
#define VMCALL_SUCCESS 0ull
#define VMCALL_RETRY 1ull
#define VMCALL_INVALID_OPERAND 0x8000000000000000ull
#define VMCALL_ALIGN_ERROR 0x8000000000000002ull

#define TDINFO_ATTRIBUTES 0
#define TDINFO_XFAM 8
#define TDINFO_MRTD 16
#define TDINFO_MRCONFIGID 64
#define TDINFO_MROWNER 112
#define TDINFO_MROWNERCONFIG 160
#define TDINFO_RTMR 208
#define TDINFO_SERVTD_HASH 400
#define HASH_BYTES 48

/* Result codes (tdx-platform.md 4.5) that the VMM itself reports. */
#define RESULT_CODE_VMM_CANCELED 10
#define RESULT_CODE_VMM_INTERNAL 11

/* Vectors that a Migration TD expects its events on. */
#define VECTOR_SERVICE 0x50
#define VECTOR_RX 0x52

enum interrupt { INTERRUPT_SERVICE, INTERRUPT_RX, INTERRUPT_COUNT };

struct migtd;
struct quoting;
struct raw_host;
struct vsock_end_ops;
struct vsock_host;
struct vsock_switch;

struct servtd_range {
	uint16_t min;
	uint16_t max;
};

struct platform {
	struct loop loop;
	const struct vsock_end_ops *vsock;	/* where a guest's connections lead */
	char *vsock_prefix;	/* sockets: NULL is AF_VSOCK */
	struct vsock_switch *vsock_switch;	/* this process, and which side of it */
	unsigned vsock_side;
	const char *raw;	/* --raw: where streams of vmcall-raw go; NULL: where vsock goes */
	const char *raw_bind;
	const struct vsock_end_ops *raw_end[2];	/* with it, of sources and destinations */
	bool servtd_ext;	/* the fields of newer modules exist */
	struct servtd_range export_version;
	struct servtd_range import_version;
	struct faults faults;
	struct pki pki;
	struct collateral collateral;
	struct quoting *quoting;	/* NULL without --pki */
	uint8_t mac_key[32];
	struct migtd *migtds;
	struct client *clients;
	struct user_td **user_tds;	/* by id; NULL once destroyed */
	uint32_t user_td_count;
	uint32_t user_td_size;
};

enum page_state { PAGE_PRIVATE, PAGE_SHARED, PAGE_PENDING };

/* An attached Migration TD. */
struct migtd {
	struct migtd *next;
	struct platform *platform;
	/* Takes an interrupt to the TD. */
	void (*deliver)(struct migtd *td, uint8_t vector);
	/* The TD is no longer attached; the object is freed once the loop has left it. */
	void (*detached)(struct migtd *td);
	pid_t pid;
	char name[64];
	int ram;		/* memfd */
	uint64_t ram_size;
	uint8_t *page_state;	/* one byte a page */
	uint64_t shared_pages;
	uint64_t cid;
	uint64_t uuid[4];
	uint8_t tdinfo[TDINFO_BYTES];
	uint64_t accept_servtd_ext_hash[6];
	uint64_t rebind_accept_token[4];
	uint64_t rebind_attr;
	uint64_t calls;
	uint64_t vmcalls;
	uint8_t notify_vector;	/* 0: none */
	bool ready;		/* has asked for a request */
	struct user_td *again;	/* request to hand out once more (fault request-twice) */
	bool executing;		/* inside a TDCALL: interrupts come after its answer */
	bool outstanding[INTERRUPT_COUNT];
	bool deferred[INTERRUPT_COUNT];
	unsigned quotes_in_flight;
	struct user_td *waiting;	/* migration requests not handed out, oldest first */
	struct user_td *waiting_last;
	struct vsock_host *vsock;
	struct raw_host *raw;
};

enum binding_state { SLOT_INIT, SLOT_PREBOUND, SLOT_BOUND, SLOT_WAIT, SLOT_PROGRESS, SLOT_DONE };

/* A user TD: what the module and KVM know of it. */
struct user_td {
	struct platform *platform;
	struct client *client;
	struct user_td *next_waiting;
	uint32_t id;		/* migration request id, and TDR page number less TDR_PAGE_BASE */
	bool incoming;
	bool has_init_tdinfo;
	bool updated;		/* old_uuid is its UUID before import */
	uint64_t uuid[4];
	uint64_t old_uuid[4];

	/* the one service TD slot */
	enum binding_state state;
	struct migtd *migtd;	/* NULL when gone */
	uint64_t servtd_uuid[4];
	uint64_t attr;
	uint8_t info_hash[HASH_BYTES];
	uint64_t init_attr;
	bool init_set;
	uint8_t init_info_hash[HASH_BYTES];
	uint8_t init_tdinfo[TDINFO_BYTES];
	uint32_t port;

	uint64_t enc_key[4];
	uint64_t dec_key[4];
	uint64_t working_enc_key[4];
	uint64_t working_dec_key[4];
	uint64_t enc_key_reads;
	uint64_t dec_key_writes;
	uint16_t mig_version;
	bool mig_version_set;
	bool dec_key_set;
	bool working;
	uint64_t traps;
};

#define TDR_PAGE_BASE 0x100000ull

/* Who creates user TDs and hears of their ends. */
struct client {
	struct client *next;
	struct platform *platform;
	/* Steals the reference. */
	void (*send)(struct client *client, json_t *message);
	/* Its user TDs are gone; the object is freed once the loop has left it. */
	void (*detached)(struct client *client);
};

/* platform.c */
struct platform_options {
	const char *pki;
	const char *collateral;	/* NULL: found from pki */
	bool servtd_ext;
	struct servtd_range export_version;
	struct servtd_range import_version;
};
/*
 * The loop and what says where connections lead have been set, all else is zero.  False after a
 * reported line; platform_close() either way.
 */
bool platform_open(struct platform *platform, const struct platform_options *options,
	const struct faults *faults);
void platform_close(struct platform *platform);
void platform_random(void *at, size_t n);
/* One line to whoever watches the host; the program that this is linked into says where to. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* serve.c: serves at "unix:PATH" until told to stop.  The exit code. */
struct serve_options {
	struct platform_options platform;
	const char *listen;
	const char *vsock;	/* "unix:PREFIX" or "vsock" */
	const char *raw;	/* "tcp:HOST", "unix:PREFIX" or NULL */
	const char *raw_bind;	/* address that destinations listen at, for tcp */
};
int serve(const struct serve_options *options, const struct faults *faults);
void host_sha384(const void *data, size_t n, uint8_t hash[HASH_BYTES]);

/* attach.c: a Migration TD behind a socket. */
/* Takes over fd and memory whatever happens: answers PACKET_ATTACHED and serves, or refuses. */
void attach_process(struct platform *platform, int fd, const struct packet_attach *packet, int memory);

/* migtd.c */
/*
 * Attaches a Migration TD: `td` is zero but for deliver, detached and its pid, and heap memory that
 * is the first member of.  Takes `memory` over.  NULL, or why the platform refuses: `td` is still
 * the caller's then, and zero.
 */
const char *migtd_attach(struct platform *platform, struct migtd *td,
	const struct packet_attach *packet, int memory, const uint8_t mrtd[HASH_BYTES]);
void migtd_detach(struct migtd *td, const char *why);
/* Executes a TDCALL; false when the TD has been detached by it. */
bool migtd_tdcall(struct migtd *td, uint64_t reg[REG_COUNT]);
/* Sends the interrupts that came up during it, once the TD has the answer. */
void migtd_send_deferred(struct migtd *td);
/* One interrupt is outstanding until the TD asks again. */
void migtd_interrupt(struct migtd *td, enum interrupt interrupt);

/* memory.c: false when a page is not of the required kind or outside the RAM. */
bool module_read(struct migtd *td, uint64_t gpa, void *to, size_t n);
bool module_write(struct migtd *td, uint64_t gpa, const void *from, size_t n);
/* gpa with the shared bit set. */
bool vmm_read(struct migtd *td, uint64_t gpa, void *to, size_t n);
bool vmm_write(struct migtd *td, uint64_t gpa, const void *from, size_t n);
bool vmm_shared(const struct migtd *td, uint64_t gpa, uint64_t n);
/* R10 of MapGPA. */
uint64_t memory_map(struct migtd *td, uint64_t gpa, uint64_t n);
/* RAX of MEM.PAGE.ACCEPT. */
uint64_t memory_accept(struct migtd *td, uint64_t rcx);

/* module.c: executes one TDCALL on the registers; false when the TD has been detached by it. */
bool module_tdcall(struct migtd *td, uint64_t reg[REG_COUNT]);

/* report.c */
void report_create(const struct migtd *td, const uint8_t reportdata[64],
	uint8_t tdreport[TDREPORT_BYTES]);
/* TDX_SUCCESS, TDX_INVALID_CPUSVN or TDX_INVALID_REPORTMACSTRUCT: for a REPORTMACSTRUCT. */
uint64_t report_verify_mac(const struct platform *platform, const uint8_t mac_struct[256]);
/* The MAC and both hashes of a whole TDREPORT. */
bool report_verify(const struct platform *platform, const uint8_t tdreport[TDREPORT_BYTES]);

/* servtd.c */
struct user_td *user_td_create(struct platform *platform, struct client *client);
void user_td_destroy(struct user_td *td);
struct user_td *user_td_find(const struct platform *platform, uint64_t id);
bool servtd_attr_valid(uint64_t attr);
/* TDH.SERVTD.BIND: TDX_SUCCESS or why not. */
uint64_t servtd_bind(struct user_td *td, struct migtd *migtd);
uint64_t servtd_handle(const struct user_td *td);
/* The Migration TD is gone: its user TDs keep their binding, their requests end. */
void servtd_forget(struct migtd *migtd);
/* Queues a migration request; false while one waits or runs, or when the TD is not bound. */
bool servtd_request(struct user_td *td, uint32_t port);
/* The oldest waiting request of a Migration TD is handed out; NULL when none waits. */
struct user_td *servtd_request_take(struct migtd *migtd);
/* Ends a waiting or running request and tells the client. */
void servtd_request_end(struct user_td *td, unsigned status, const char *reason);
/* TDG.SERVTD.RD and WR. */
void servtd_access(struct migtd *caller, uint64_t reg[REG_COUNT], bool write);
/* Prepares the working keys as TDH.EXPORT/IMPORT.STATE.IMMUTABLE do; NULL or the error's name. */
const char *servtd_start_session(struct user_td *td);

/* fields.c: TDG.VM.RD/WR of the own TD and TDG.SYS.RD. */
void vm_read(struct migtd *td, uint64_t reg[REG_COUNT]);
void vm_write(struct migtd *td, uint64_t reg[REG_COUNT]);
void sys_read(struct migtd *td, uint64_t reg[REG_COUNT]);

/* vmm.c: TDG.VP.VMCALL, with only the registers that RCX exposes; false as above. */
bool vmm_vmcall(struct migtd *td, uint64_t reg[REG_COUNT]);

/* service.c: TDG.VP.VMCALL<Service>; R10. */
uint64_t service_call(struct migtd *td, uint64_t command_gpa, uint64_t response_gpa,
	uint64_t vector);

/* vsock.c */
#define VSOCK_HEADER 44
struct vsock_host *vsock_host_create(struct migtd *td);
void vsock_host_destroy(struct vsock_host *host);
/* One packet from the guest; a malformed one is dropped. */
void vsock_host_send(struct vsock_host *host, uint64_t request_id, const uint8_t *packet, size_t n);
/* Next packet for the guest into `packet` (VSOCK_HEADER <= size); its length, 0 when none waits. */
size_t vsock_host_receive(struct vsock_host *host, uint64_t request_id, uint8_t *packet, size_t size);
bool vsock_host_waiting(const struct vsock_host *host);
/* Resets every connection of a request; how many there were. */
unsigned vsock_host_reset(struct vsock_host *host, uint64_t request_id);

/* raw.c: TDVMCALL sub-function 0x10006; R10. */
struct raw_host *raw_host_create(struct migtd *td);
void raw_host_destroy(struct raw_host *host);
uint64_t raw_call(struct migtd *td, const uint64_t reg[REG_COUNT]);
/* Hands out a request if there is one and the TD waits for it. */
void raw_host_kick(struct raw_host *host);
/* Cancels a running request; false when it has no stream. */
bool raw_host_cancel(struct raw_host *host, uint64_t request_id);
/*
 * Queues an operation for the TD: operation and byte 0 of the data status as they will be, and the
 * payload.  The client is sent the report.  False when memory is short.
 */
bool raw_host_ask(struct raw_host *host, struct client *client, uint8_t operation, uint8_t vmm,
	const uint8_t *payload, size_t n);
/* Its reports have nobody to go to any more. */
void raw_host_forget_client(struct raw_host *host, const struct client *client);

/* qgs.c */
/* NULL and `why` on failure. */
struct quoting *quoting_create(struct platform *platform);
void quoting_destroy(struct quoting *quoting);
/* GetQuote; R10. */
uint64_t quoting_request(struct migtd *td, uint64_t gpa, uint64_t size);
/* The TD is gone: its requests are dropped. */
void quoting_forget(struct migtd *td);

/* client.c: `client` has its send and detached, and is heap memory that it is the first member of. */
void client_attach(struct platform *platform, struct client *client);
void client_detach(struct client *client);

/* client_socket.c: takes over fd; `first` is the first packet's JSON text. */
void attach_client(struct platform *platform, int fd, const char *first, size_t n);

#endif
