/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/program.h"

#include <elf.h>
#include <openssl/sha.h>
#include <string.h>

#include "common/json_text.h"

/* Smaller variables are in the sum only. */
#define SYMBOL_LEAST 256

#define WRITABLE (SHF_ALLOC | SHF_WRITE)

/* --- the ELF file; everything is copied out, at any alignment, after a look at the bounds ------ */

struct image {
	const char *path;
	struct blob file;
	Elf64_Ehdr header;
};

static bool image_get(const struct image *i, uint64_t at, void *to, size_t n)
{
	if (at > i->file.size || n > i->file.size - at)
		return false;
	memcpy(to, i->file.data + at, n);
	return true;
}

/* "" for a name that leaves the file; the file's own NUL ends the last one. */
static const char *image_text(const struct image *i, const Elf64_Shdr *strings, uint64_t offset)
{
	const uint64_t at = strings->sh_offset + offset;

	return at < i->file.size ? (const char *)i->file.data + at : "";
}

static bool image_section(const struct image *i, size_t index, Elf64_Shdr *section)
{
	return index < i->header.e_shnum &&
	       image_get(i, i->header.e_shoff + index * sizeof(*section), section,
		       sizeof(*section));
}

static int read_sections(const struct image *i, struct program *p)
{
	Elf64_Shdr names = {0}, section;

	if (!image_section(i, i->header.e_shstrndx, &names))
		return tool_fail(TOOL_USAGE, "%s: has no section names", i->path);
	for (size_t n = 0; n < i->header.e_shnum; n++) {
		if (!image_section(i, n, &section))
			return tool_fail(
				TOOL_USAGE, "%s: its section headers leave the file", i->path);
		if ((section.sh_flags & WRITABLE) != WRITABLE)
			continue;
		p->static_data += section.sh_size;
		json_object_set_new(p->sections, image_text(i, &names, section.sh_name),
			json_integer((json_int_t)section.sh_size));
	}
	return TOOL_OK;
}

/* Of several variables with one name all bytes count. */
static void add_symbol(json_t *symbols, const char *name, uint64_t bytes)
{
	const json_int_t before = json_integer_value(json_object_get(symbols, name));

	json_object_set_new(symbols, name, json_integer(before + (json_int_t)bytes));
}

static void read_symbols(const struct image *i, struct program *p)
{
	Elf64_Shdr table, strings, home;
	Elf64_Sym symbol;

	for (size_t n = 0; n < i->header.e_shnum; n++) {
		if (!image_section(i, n, &table) || table.sh_type != SHT_SYMTAB ||
			!image_section(i, table.sh_link, &strings))
			continue;
		for (uint64_t at = 0; at + sizeof(symbol) <= table.sh_size; at += sizeof(symbol))
			if (image_get(i, table.sh_offset + at, &symbol, sizeof(symbol)) &&
				ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT &&
				symbol.st_size >= SYMBOL_LEAST &&
				image_section(i, symbol.st_shndx, &home) &&
				(home.sh_flags & WRITABLE) == WRITABLE)
				add_symbol(p->symbols, image_text(i, &strings, symbol.st_name),
					symbol.st_size);
	}
}

/* --- the bound of the stack ------------------------------------------------------------------ */

static void take_bound(const json_t *known, struct program *p)
{
	const json_t *root;
	const char *name;

	p->stack_static_bound =
		(size_t)json_integer_value(json_object_get(known, "stack_static_bound"));
	json_object_foreach((json_t *)(uintptr_t)json_object_get(known, "roots"), name, root)
		if (json_integer_value(json_object_get(root, "bound")) ==
			(json_int_t)p->stack_static_bound) {
			json_decref(p->stack_path);
			p->stack_path = json_incref(json_object_get(root, "path"));
		}
}

static void look_at_bound(const struct image *i, struct program *p)
{
	const char *slash = strrchr(i->path, '/');
	AUTO_TEXT path = tool_text("%.*sstack_bound.json",
		slash != NULL ? (int)(slash - i->path + 1) : 0, i->path);
	uint8_t digest[SHA256_DIGEST_LENGTH];

	AUTO_JSON known = json_load_file(path, 0, NULL);
	if (known == NULL)
		return;
	SHA256(i->file.data, i->file.size, digest);
	AUTO_TEXT hex = hex_lower(digest, sizeof(digest));
	const char *about = json_string_value(json_object_get(known, "program_sha256"));
	if (about != NULL && strcmp(about, hex) == 0)
		take_bound(known, p);
	else
		tool_warn("%s is about another build of %s", path, i->path);
}

int program_look(const char *path, struct program *p)
{
	struct image i = {.path = path};
	int code;

	*p = (struct program){.sections = json_object(), .symbols = json_object()};
	code = file_read(path, &i.file);
	if (code == TOOL_OK && (!image_get(&i, 0, &i.header, sizeof(i.header)) ||
				       memcmp(i.header.e_ident, ELFMAG, SELFMAG) != 0))
		code = tool_fail(TOOL_USAGE, "%s: is not an ELF file", path);
	if (code == TOOL_OK)
		code = read_sections(&i, p);
	if (code == TOOL_OK) {
		read_symbols(&i, p);
		look_at_bound(&i, p);
	}
	cleanup_blob(&i.file);
	return code;
}

void program_release(struct program *p)
{
	json_decref(p->sections);
	json_decref(p->symbols);
	json_decref(p->stack_path);
	*p = (struct program){0};
}
