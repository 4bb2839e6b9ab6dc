/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What a client may ask the platform: one JSON object a packet (PACKET_JSON), each answered by one
 * JSON object with "ok", in order.  A failure is {"ok": false, "error": "one line"}.  An object
 * with "event" in place of "ok" may arrive at any time.
 *
 * A client's user TDs are destroyed when it disconnects.  Keys, hashes and blobs are hexadecimal
 * text, identifiers and ports numbers; pids are those of the platform's pid namespace.
 *
 * "do"        parameters                          answer besides "ok"
 * ---------------------------------------------------------------------------------------------
 * td-create   migtd_pid and/or migtd_hash,        td
 *             migtd_attr (0), incoming (false),
 *             init_tdinfo (1024 digits)
 *             With migtd_hash the TD is pre-bound; with migtd_pid it is bound.  "retry": true in a
 *             failure says that no such Migration TD is attached (yet).
 * bind        td, migtd_pid                       -
 *             Binds, or binds again; a pre-bound TD only to a Migration TD with that hash.
 * unbind      td                                  -
 *             The slot becomes "not bound": the next SERVTD.RD/WR is a cross-TD trap.
 * premig      td, port                            -
 *             Queues a migration request.  Later {"event": "premig-done", "td", "status"}: status
 *             is the result code of ReportStatus; 10 after "cancel" of a request not yet handed
 *             out; 11 with "reason" when the Migration TD went away.  Over vmcall-raw "reason" is
 *             also what the Migration TD says of a failure.
 * cancel      td                                  -
 *             A request not handed out yet is taken back.  Of a running one over vmcall-raw every
 *             Send and Receive completes as cancelled.  The Service interface has no leaf for it,
 *             so there every vsock connection is reset.  The Migration TD reports its own result.
 * export      td                                  blob: 12 IV, 32 ciphertext, 16 tag
 * import      td, blob                            -
 *             AES-256-GCM under the working copies of MIG_ENC_KEY and MIG_DEC_KEY.  The first of
 *             both after a pre-migration does what TDH.EXPORT/IMPORT.STATE.IMMUTABLE do: it needs
 *             MIG_DEC_KEY_SET (else "MIGRATION_DECRYPTION_KEY_NOT_SET") and MIG_VERSION, copies
 *             the keys to the working copies, clears MIG_DEC_KEY_SET and draws a new MIG_ENC_KEY.
 *             export on one side and import on the other succeed, in both directions, only if
 *             each Migration TD wrote the key that the other read.
 * td-info     td                                  dec_key_set, dec_key_writes, enc_key_reads,
 *                                                 mig_version (-1 unset), state, bound, incoming,
 *                                                 uuid, handle, migtd_pid, info_hash, attr
 *             state: "init", "prebound", "bound", "wait", "progress", "done".
 * td-keys     td                                  enc_key, dec_key: 64 digits each
 *             MIG_ENC_KEY as last handed out and MIG_DEC_KEY as last written, for tests that look
 *             for them elsewhere; no VMM could ask a TDX module for them.
 * uuid-update td                                  uuid
 *             Gives the TD a new UUID, as an import does; the old one answers TARGET_UUID_UPDATED.
 * migtds      -                                   migtds: list of {pid, name, cid, ready, mrtd,
 *                                                 rtmr0 .. rtmr3, tdinfo, calls, vmcalls,
 *                                                 shared_pages, accept_servtd_ext_hash}
 *             ready: it has asked for a request at least once, so its measurements are final.
 * request     migtd_pid, operation, payload,      -
 *             vmm (1)
 *             vmcall-raw: queues an operation (tdx-platform.md 2.3) with this payload, whose first
 *             eight bytes are its request id; vmm is byte 0 of the data status.  The report comes as
 *             {"event": "request-done", "request", "operation", "status", "data"}.
 * read-shared migtd_pid, gpa, size (4096)         data
 *             Bytes of shared memory, a page at most.
 * fault       set: as after --fault; "none"       -
 *             clears all
 * faults      -                                   faults: list of {name, fired}
 * shutdown    -                                   -
 */
#ifndef HOST_CONTROL_H
#define HOST_CONTROL_H

#include <jansson.h>

struct client;

/* Executes one request; the answer is a new reference. */
json_t *control_execute(struct client *client, const json_t *request);

#endif
