# SPDX-License-Identifier: BSD-2-Clause-Patent
# The front door: `make help`.  Meson does the work, in build/.
BUILD := build
CONFIGURE = test -f $(BUILD)/$(1)/build.ninja || $(2) meson setup $(3) $(BUILD)/$(1)

.DEFAULT_GOAL := all
.PHONY: all test memtest install clean help setup gcc clang sanitize

help:
	@echo 'make            build everything with gcc: $(BUILD)/gcc'
	@echo 'make test       build with gcc, clang and sanitizers, run every test that needs no TDX'
	@echo 'make memtest    the memory consumption test: two sessions at once, SPDM, policy v2'
	@echo 'make install    install migtd, tdhost, migmem and migtd-tool (PREFIX, DESTDIR)'
	@echo 'make clean      remove $(BUILD)'
	@echo 'Missing Debian packages are installed where we may, else named.'

setup:
	@.ci/setup

all: gcc

gcc: setup
	@$(call CONFIGURE,gcc,CC=gcc,)
	@ninja -C $(BUILD)/gcc

clang: setup
	@$(call CONFIGURE,clang,CC=clang,)
	@ninja -C $(BUILD)/clang

sanitize: setup
	@$(call CONFIGURE,sanitize,CC=gcc,-Db_sanitize=address$(comma)undefined)
	@ninja -C $(BUILD)/sanitize

comma := ,

test: gcc clang sanitize
	@tests/run.py $(BUILD)/gcc $(BUILD)/sanitize

memtest: gcc
	@$(BUILD)/gcc/tools/migmem run --sessions 2 --policy v2

PREFIX ?= /usr/local
install: setup
	@$(call CONFIGURE,install,CC=gcc,)
	@meson configure $(BUILD)/install --prefix $(PREFIX)
	@ninja -C $(BUILD)/install
	@meson install -C $(BUILD)/install --no-rebuild

clean:
	rm -rf $(BUILD)
