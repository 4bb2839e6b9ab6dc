/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/mrtd.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/bytes.h"

#define PAGE 4096u
#define CHUNK 256u
#define MEMORY_MAX (1ull << 30)
#define FILE_MAX (256u << 20)

/* The program headers, after every range in them has been checked against the file. */
struct elf {
	Elf64_Ehdr header;
	const uint8_t *image;
	size_t size;
};

static Elf64_Phdr elf_segment(const struct elf *elf, unsigned i)
{
	Elf64_Phdr segment;

	memcpy(&segment, elf->image + elf->header.e_phoff + i * sizeof(segment), sizeof(segment));
	return segment;
}

static bool segment_is_sound(const Elf64_Phdr *s, size_t file, uint64_t *memory)
{
	if (s->p_offset > file || s->p_filesz > file - s->p_offset || s->p_filesz > s->p_memsz)
		return false;
	if (s->p_memsz > MEMORY_MAX || s->p_vaddr > UINT64_MAX - MEMORY_MAX - PAGE)
		return false;
	*memory += s->p_memsz + 2 * PAGE;
	return *memory <= MEMORY_MAX;
}

static bool elf_open(struct elf *elf, const uint8_t *image, size_t n)
{
	uint64_t memory = 0;
	unsigned loads = 0;
	size_t table;

	if (n < sizeof(elf->header))
		return false;
	memcpy(&elf->header, image, sizeof(elf->header));
	elf->image = image;
	elf->size = n;
	table = elf->header.e_phnum * sizeof(Elf64_Phdr);
	if (memcmp(elf->header.e_ident, ELFMAG, SELFMAG) ||
		elf->header.e_ident[EI_CLASS] != ELFCLASS64 ||
		elf->header.e_ident[EI_DATA] != ELFDATA2LSB ||
		elf->header.e_phentsize != sizeof(Elf64_Phdr) || elf->header.e_phoff > n ||
		table > n - elf->header.e_phoff)
		return false;
	for (unsigned i = 0; i < elf->header.e_phnum; i++) {
		Elf64_Phdr s = elf_segment(elf, i);

		if (s.p_type != PT_LOAD)
			continue;
		if (!segment_is_sound(&s, n, &memory))
			return false;
		loads++;
	}
	return loads;
}

/* MEM.PAGE.ADD and MR.EXTEND blocks: a name, a guest physical address, zeros. */
static bool add_block(EVP_MD_CTX *md, const char *name, uint64_t gpa)
{
	uint8_t block[128] = {0};

	memcpy(block, name, strlen(name));
	store64(block + 16, gpa);
	return EVP_DigestUpdate(md, block, sizeof(block));
}

static bool add_page(EVP_MD_CTX *md, uint64_t gpa, const uint8_t page[PAGE])
{
	bool ok = add_block(md, "MEM.PAGE.ADD", gpa);

	for (unsigned at = 0; ok && at < PAGE; at += CHUNK)
		ok = add_block(md, "MR.EXTEND", gpa + at) && EVP_DigestUpdate(md, page + at, CHUNK);
	return ok;
}

static bool add_segment(EVP_MD_CTX *md, const struct elf *elf, const Elf64_Phdr *s)
{
	uint64_t end = s->p_vaddr + s->p_memsz;
	uint64_t file_end = s->p_vaddr + s->p_filesz;

	for (uint64_t at = s->p_vaddr & ~(uint64_t)(PAGE - 1); at < end; at += PAGE) {
		uint64_t from = at > s->p_vaddr ? at : s->p_vaddr;
		uint64_t to = at + PAGE < file_end ? at + PAGE : file_end;
		uint8_t page[PAGE] = {0};

		if (from < to)
			memcpy(page + (from - at), elf->image + s->p_offset + (from - s->p_vaddr), to - from);
		if (!add_page(md, at, page))
			return false;
	}
	return true;
}

int mrtd_of_elf(const uint8_t *image, size_t n, uint8_t mrtd[MRTD_SIZE])
{
	struct elf elf;
	EVP_MD_CTX *md;
	bool ok;

	if (!elf_open(&elf, image, n)) {
		errno = ENOEXEC;
		return -1;
	}
	md = EVP_MD_CTX_new();
	ok = md && EVP_DigestInit_ex(md, EVP_sha384(), NULL);
	for (unsigned i = 0; ok && i < elf.header.e_phnum; i++) {
		Elf64_Phdr s = elf_segment(&elf, i);

		if (s.p_type == PT_LOAD)
			ok = add_segment(md, &elf, &s);
	}
	ok = ok && EVP_DigestFinal_ex(md, mrtd, NULL);
	EVP_MD_CTX_free(md);
	if (!ok)
		errno = ENOMEM;
	return ok ? 0 : -1;
}

static bool read_fully(int fd, uint8_t *to, size_t n, uint64_t offset)
{
	while (n) {
		ssize_t got = pread(fd, to, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			if (!got)
				errno = EIO;
			return false;
		}
		to += got;
		n -= (size_t)got;
		offset += (size_t)got;
	}
	return true;
}

static int open_proc(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static uint8_t *read_executable(pid_t pid, size_t *n)
{
	int fd = open_proc(pid, "exe");
	uint8_t *image = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && st.st_size > 0 && st.st_size <= FILE_MAX) {
		*n = (size_t)st.st_size;
		image = malloc(*n);
		if (image && !read_fully(fd, image, *n, 0)) {
			free(image);
			image = NULL;
		}
	} else {
		errno = ENOEXEC;
	}
	close(fd);
	return image;
}

/* Where the program headers lie in the process; the difference to the file is the load bias. */
static bool load_bias(pid_t pid, const struct elf *elf, uint64_t *bias)
{
	int fd = open_proc(pid, "auxv");
	uint64_t loaded = 0;
	Elf64_auxv_t entry;

	if (fd < 0)
		return false;
	while (read(fd, &entry, sizeof(entry)) == (ssize_t)sizeof(entry) && entry.a_type != AT_NULL) {
		if (entry.a_type == AT_PHDR)
			loaded = entry.a_un.a_val;
	}
	close(fd);
	for (unsigned i = 0; loaded && i < elf->header.e_phnum; i++) {
		Elf64_Phdr s = elf_segment(elf, i);
		uint64_t offset = elf->header.e_phoff - s.p_offset;

		if (s.p_type == PT_LOAD && elf->header.e_phoff >= s.p_offset && offset < s.p_filesz) {
			*bias = loaded - (s.p_vaddr + offset);
			return true;
		}
	}
	errno = ENOEXEC;
	return false;
}

/* Puts what the process really holds in its unwritable segments in place of the file's bytes. */
static bool take_from_memory(pid_t pid, const struct elf *elf, uint8_t *image)
{
	uint64_t bias;
	bool ok = load_bias(pid, elf, &bias);
	int fd = ok ? open_proc(pid, "mem") : -1;

	if (fd < 0)
		return false;
	for (unsigned i = 0; ok && i < elf->header.e_phnum; i++) {
		Elf64_Phdr s = elf_segment(elf, i);

		if (s.p_type == PT_LOAD && !(s.p_flags & PF_W))
			ok = read_fully(fd, image + s.p_offset, s.p_filesz, s.p_vaddr + bias);
	}
	close(fd);
	return ok;
}

int mrtd_of_process(pid_t pid, uint8_t mrtd[MRTD_SIZE])
{
	size_t n = 0;
	uint8_t *file = read_executable(pid, &n);
	uint8_t *image = file ? malloc(n) : NULL;
	struct elf elf;
	int result = -1;

	if (image) {
		/* The headers come from the file: the process must not choose what is measured. */
		memcpy(image, file, n);
		if (!elf_open(&elf, file, n))
			errno = ENOEXEC;
		else if (take_from_memory(pid, &elf, image))
			result = mrtd_of_elf(image, n, mrtd);
	}
	free(file);
	free(image);
	return result;
}
