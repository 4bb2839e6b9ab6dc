/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The MRTD rule, against a flat restatement of it over a made-up file, and over this process. */
#include "fake_td.h"

#include <elf.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/bytes.h"
#include "host/mrtd.h"

#define FILE_SIZE 0x3000u

/* Text of 5000 bytes at 0x401010, data of 100 bytes (and 9000 of bss) at 0x404f80. */
static void make_file(uint8_t file[FILE_SIZE])
{
	Elf64_Ehdr header = {.e_phoff = 64, .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3};
	Elf64_Phdr segments[3] = {
		{.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = 0x1010, .p_vaddr = 0x401010,
			.p_filesz = 5000, .p_memsz = 5000},
		{.p_type = PT_NOTE, .p_offset = 0, .p_filesz = 99, .p_vaddr = 1},
		{.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = 0x2800, .p_vaddr = 0x404f80,
			.p_filesz = 100, .p_memsz = 9000},
	};

	for (unsigned i = 0; i < FILE_SIZE; i++)
		file[i] = (uint8_t)(i * 7 + i / 256);
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(file, &header, sizeof(header));
	memcpy(file + 64, segments, sizeof(segments));
}

/* One section of the memory that the TD starts with. */
static void hash_section(EVP_MD_CTX *md, uint64_t gpa, const uint8_t *memory, size_t n)
{
	for (size_t at = 0; at < n; at += 256) {
		uint8_t block[128] = "MEM.PAGE.ADD";

		if (at % 4096 == 0) {
			store64(block + 16, gpa + at);
			EVP_DigestUpdate(md, block, 128);
		}
		memset(block, 0, sizeof(block));
		memcpy(block, "MR.EXTEND", 9);
		store64(block + 16, gpa + at);
		EVP_DigestUpdate(md, block, 128);
		EVP_DigestUpdate(md, memory + at, 256);
	}
}

static void sections_are_hashed_page_by_page(void **state)
{
	static uint8_t text[0x2000];
	static uint8_t data[0x4000];
	uint8_t file[FILE_SIZE];
	uint8_t expected[48];
	uint8_t mrtd[48];
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	(void)state;
	make_file(file);
	memcpy(text + 0x10, file + 0x1010, 5000);
	memcpy(data + 0xf80, file + 0x2800, 100);
	EVP_DigestInit_ex(md, EVP_sha384(), NULL);
	hash_section(md, 0x401000, text, sizeof(text));
	hash_section(md, 0x404000, data, sizeof(data));
	EVP_DigestFinal_ex(md, expected, NULL);
	EVP_MD_CTX_free(md);
	assert_int_equal(mrtd_of_elf(file, FILE_SIZE, mrtd), 0);
	assert_memory_equal(mrtd, expected, 48);
}

static void every_loaded_byte_counts_and_no_other(void **state)
{
	uint8_t file[FILE_SIZE];
	uint8_t before[48];
	uint8_t after[48];

	(void)state;
	make_file(file);
	assert_int_equal(mrtd_of_elf(file, FILE_SIZE, before), 0);
	for (unsigned at = 0x1000; at < FILE_SIZE; at += 13) {
		bool loaded = (at >= 0x1010 && at < 0x1010 + 5000) || (at >= 0x2800 && at < 0x2864);

		file[at] ^= 1;
		assert_int_equal(mrtd_of_elf(file, FILE_SIZE, after), 0);
		assert_int_equal(!memcmp(before, after, 48), !loaded);
		file[at] ^= 1;
	}
}

static void damaged_headers_never_reach_outside_the_file(void **state)
{
	uint8_t file[FILE_SIZE];
	uint8_t *exact;
	uint8_t mrtd[48];

	(void)state;
	make_file(file);
	for (size_t n = 0; n < 0x2864; n += n < 300 || n > 0x2860 ? 1 : 97) {
		/* An exact copy, so that a checker of memory sees the first byte too many. */
		exact = malloc(n ? n : 1);
		memcpy(exact, file, n);
		assert_int_equal(mrtd_of_elf(exact, n, mrtd), -1);
		free(exact);
	}
	exact = malloc(FILE_SIZE);
	for (unsigned at = 0; at < 64 + 3 * sizeof(Elf64_Phdr); at++) {
		/* Segments of a gigabyte are allowed, but not in a test. */
		bool slow = (at - 64) % sizeof(Elf64_Phdr) >= 40 && at >= 64;

		memcpy(exact, file, FILE_SIZE);
		exact[at] = slow ? 0xff : (uint8_t)~exact[at];
		(void)mrtd_of_elf(exact, FILE_SIZE, mrtd);
	}
	free(exact);
}

static void a_running_process_measures_as_its_file(void **state)
{
	FILE *file = fopen("/proc/self/exe", "r");
	uint8_t from_process[48];
	uint8_t from_file[48];
	uint8_t *image;
	long n;

	(void)state;
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	n = ftell(file);
	rewind(file);
	image = malloc((size_t)n);
	assert_int_equal(fread(image, 1, (size_t)n, file), n);
	fclose(file);
	assert_int_equal(mrtd_of_elf(image, (size_t)n, from_file), 0);
	assert_int_equal(mrtd_of_process(getpid(), from_process), 0);
	assert_memory_equal(from_process, from_file, 48);
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_are_hashed_page_by_page),
		cmocka_unit_test(every_loaded_byte_counts_and_no_other),
		cmocka_unit_test(damaged_headers_never_reach_outside_the_file),
		cmocka_unit_test(a_running_process_measures_as_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
