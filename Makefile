# SPDX-License-Identifier: BSD-2-Clause-Patent
# The front door: `make help`.  Meson does the work, in build/.
BUILD := build
CONFIGURE = test -f $(BUILD)/$(1)/build.ninja || $(2) meson setup $(3) $(BUILD)/$(1)

.DEFAULT_GOAL := all
.PHONY: all test memtest memory bench bench-attest bench-migration fuzz fuzz-build fuzz-corpus \
	fuzz-seeds fuzz-coverage install clean help setup gcc clang sanitize

help:
	@echo 'make            build everything with gcc: $(BUILD)/gcc'
	@echo 'make test       build with gcc, clang and sanitizers, run every test that needs no TDX'
	@echo 'make memtest    the memory consumption test: two sessions at once, SPDM, policy v2'
	@echo 'make memory     measure again; writes MEMORY.md, ports/sizing.h and their baseline'
	@echo 'make bench      what quote verification and a pre-migration cost, beside their primitives'
	@echo 'make fuzz       run each libFuzzer target for FUZZ_SECONDS (60), FUZZ_JOBS at a time;'
	@echo '                then also: fuzz-coverage, fuzz-corpus, fuzz-seeds'
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

MIGMEM = $(BUILD)/gcc/tools/migmem
memtest: gcc
	@rm -rf $(BUILD)/memtest
	@$(MIGMEM) run --brief --sessions 2 --policy v2 --policies distinct --report $(BUILD)/memtest/run
	@$(MIGMEM) sweep --brief --sessions 1,2,4,8 --policy v2 --policies distinct \
		--report $(BUILD)/memtest/sweep
	@echo 'MEMORY.md has every figure and goal; this run as a page: $(BUILD)/memtest/sweep/report.html'

# What is committed of the figures: a baseline that `make test` compares with, the document and the
# header that are made of it.  MEMORY.md says how the figures come about.
MEMORY = $(BUILD)/memory
SWEEP = $(MIGMEM) sweep --target inproc --hold all --rounds 2 --brief
memory: gcc
	@rm -rf $(MEMORY) && mkdir -p $(MEMORY)
	@$(SWEEP) --sessions 1,2,4,8,16,64 --policies distinct --policy-sizes 172021,258032,400000 --quote-sizes 5006,6500,8140 \
		--json $(MEMORY)/distinct.json
	@$(SWEEP) --sessions 1,2,4,8,16,64 --policies same --json $(MEMORY)/same.json
	@$(SWEEP) --sessions 1,2,4,8,16,64 --policy v1 --policy-sizes 48893,53000,58000 \
		--json $(MEMORY)/v1.json
	@$(SWEEP) --sessions 1,2,4,8,16,64 --policies distinct --transport vmcall-raw \
		--json $(MEMORY)/raw.json
	@$(SWEEP) --sessions 1,2,4,8,16,64 --policies same --transport vmcall-raw \
		--json $(MEMORY)/raw-same.json
	@$(SWEEP) --sessions 1,2,4,8,16,64 --policies distinct --roles both --json $(MEMORY)/both.json
	@$(SWEEP) --sessions 1,2,4,8,16,64 --policies distinct --init-tdinfo --json $(MEMORY)/tdinfo.json
	@$(SWEEP) --sessions 1,2,4,8,16,64 --policies distinct --init-tdinfo --transport vmcall-raw \
		--json $(MEMORY)/tdinfo-raw.json
	@$(MIGMEM) baseline $(MEMORY)/distinct.json $(MEMORY)/same.json $(MEMORY)/v1.json $(MEMORY)/raw.json \
		$(MEMORY)/raw-same.json $(MEMORY)/both.json $(MEMORY)/tdinfo.json \
		$(MEMORY)/tdinfo-raw.json \
		-o tests/memory/baseline.json
	@$(MIGMEM) document tests/memory/baseline.json -o MEMORY.md
	@$(MIGMEM) header tests/memory/baseline.json -o ports/sizing.h
	@git --no-pager diff --stat -- tests/memory MEMORY.md ports/sizing.h

bench: bench-attest bench-migration

# With generated keys, and with a real quote when the vectors are there.
ATTEST_BENCH = $(BUILD)/gcc/tests/bench/attest-bench
ATTEST_VECTORS = ../shared/vectors/attestation
bench-attest: gcc
	@tests/bench/attest.py $(ATTEST_BENCH)
	@test ! -d $(ATTEST_VECTORS) || tests/bench/attest.py $(ATTEST_BENCH) \
		$(ATTEST_VECTORS)/real/migtd_az__migtd_prod/quote.bin \
		$(ATTEST_VECTORS)/bundles/collateral_production_fmspc.json

# Both roles, equal and different policies, 1 to 64 sessions at once; a quarter of an hour.
bench-migration: gcc
	@tests/bench/migration.py $(BUILD)/gcc/tests/bench/migration-bench

# Each target of tests/fuzz/targets, FUZZ_JOBS at a time, from its corpus in tests/fuzz/corpus.
# Inputs that found something new stay in build/corpus and are where the next run starts.
FUZZ_SECONDS ?= 60
FUZZ_JOBS ?= $(shell nproc)
fuzz: fuzz-build
	@tests/fuzz/run.py $(BUILD)/fuzz $(BUILD)/corpus $(FUZZ_SECONDS) $(FUZZ_JOBS) $(FUZZ_TARGETS)

fuzz-build: setup
	@$(call CONFIGURE,fuzz,CC=clang,-Dfuzz=true -Db_sanitize=address$(comma)undefined -Db_lundef=false)
	@ninja -C $(BUILD)/fuzz fuzz

# Puts into the corpora what `make fuzz` has found and `make fuzz-seeds` has made.
fuzz-corpus: fuzz-build
	@tests/fuzz/corpus.py $(BUILD)/fuzz $(BUILD)/seeds $(BUILD)/corpus $(FUZZ_TARGETS)

# New certificates, CRLs, collateral, quotes and policies to begin corpora with.  Inputs of these
# targets belong to the quote, collateral or own policy that is replaced.
seeds_fixed = verify fetched peer
fuzz-seeds: gcc
	@rm -rf $(BUILD)/seeds $(seeds_fixed:%=$(BUILD)/corpus/%) $(seeds_fixed:%=tests/fuzz/corpus/%)
	@$(BUILD)/gcc/tests/fuzz/fuzz-seeds $(BUILD)/seeds
	@cp $(BUILD)/seeds/collateral.json $(BUILD)/seeds/quote.bin tests/fuzz/verify
	@cp $(BUILD)/seeds/own.blob tests/fuzz/peer

# Lines of each parser that its corpus reaches; fails below 90 %.
profile = -fprofile-instr-generate
fuzz-coverage: setup
	@$(call CONFIGURE,coverage,CC=clang,-Dc_args='$(profile) -fcoverage-mapping' -Dc_link_args=$(profile))
	@ninja -C $(BUILD)/coverage fuzz
	@tests/fuzz/coverage.py $(BUILD)/coverage

PREFIX ?= /usr/local
install: setup
	@$(call CONFIGURE,install,CC=gcc,)
	@meson configure $(BUILD)/install --prefix $(PREFIX)
	@ninja -C $(BUILD)/install
	@meson install -C $(BUILD)/install --no-rebuild

clean:
	rm -rf $(BUILD)
