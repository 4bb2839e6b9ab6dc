/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * MRTD of a Migration TD that runs as a process: the rule of the TDVF metadata (tdx-platform.md
 * 6.2) with one section for each PT_LOAD segment of its ELF file, in program header order:
 *
 *   memory   p_vaddr rounded down to a page .. p_vaddr + p_memsz rounded up
 *   data     the segment's file bytes at p_vaddr, zero elsewhere in those pages
 *   extend   yes, writable segments too
 *
 * The measured state is the one before the first instruction: addresses are the file's own, not
 * those at which a position-independent executable happens to be loaded.
 */
#ifndef HOST_MRTD_H
#define HOST_MRTD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MRTD_SIZE 48

/*
 * `image` is an ELF64 little-endian file of n bytes.  0, or -1 when it is none, when a segment
 * leaves the file or when the segments need more than 1 GiB.
 */
int mrtd_of_elf(const uint8_t *image, size_t n, uint8_t mrtd[MRTD_SIZE]);

/*
 * The same of a running process: read-only and executable segments are read from its memory,
 * writable ones (which have changed since) from its executable file.  On -1 errno says why; EPERM
 * and EACCES mean that the process does not let us read it (PR_SET_PTRACER, PR_SET_DUMPABLE).
 */
int mrtd_of_process(pid_t pid, uint8_t mrtd[MRTD_SIZE]);

#endif
