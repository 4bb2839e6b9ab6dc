#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""corpus.py BUILD SEEDS WORK [TARGET ...]: makes the committed corpora anew.

Of the seeds in SEEDS/TARGET, the corpus there is and what the fuzzer has found in WORK/TARGET (if it
is not too large), the corpus becomes the few smallest inputs that together reach every edge that all
of them reach.
"""
import os
import shutil
import subprocess
import sys
import tempfile

from targets import TARGETS


def found(work, target, folder):
    """What is small enough of the inputs found, copied to `folder`."""
    if os.path.isdir(f"{work}/{target.name}"):
        for entry in os.scandir(f"{work}/{target.name}"):
            if entry.stat().st_size <= target.largest_found:
                shutil.copy(entry.path, folder)
    return folder


def merge(build, target, folders):
    with tempfile.TemporaryDirectory() as merged:
        # Edges only: counting how often each is passed would keep ten times as many.
        run = subprocess.run([f"{build}/tests/fuzz/fuzz-{target.name}", "-merge=1",
                              "-use_counters=0", f"-max_len={target.largest}", merged] + folders,
                             check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        files = os.listdir(merged)
        if run.returncode != 0 or not files:
            sys.stderr.buffer.write(run.stdout[-2000:])
            sys.exit(f"corpus.py: {target.name} cannot be merged; its corpus is as it was")
        shutil.rmtree(target.corpus, ignore_errors=True)
        shutil.copytree(merged, target.corpus)
    size = sum(os.path.getsize(f"{target.corpus}/{name}") for name in files)
    print(f"{target.name:16} {len(files):4} files {size:8} bytes")
    return size


def main(build, seeds, work, names):
    total = 0
    for target in TARGETS:
        if not target.sources or (names and target.name not in names):
            continue
        with tempfile.TemporaryDirectory() as folder:
            folders = [f"{seeds}/{target.name}", target.corpus, found(work, target, folder)]
            total += merge(build, target, [f for f in folders if os.path.isdir(f)])
    print(f"{'':16} {total} bytes in all")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: corpus.py BUILD SEEDS WORK [TARGET ...]")
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
