#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""coverage.py BUILD [CORPORA]: lines of each parser that its corpus reaches.

BUILD is made by clang with -fprofile-instr-generate -fcoverage-mapping; CORPORA is the folder of
corpora, the committed one unless told.  The exit status is 1 if a target reaches less than 90 % of
the lines of its files.
"""
import json
import os
import shutil
import subprocess
import sys

from targets import HERE, TARGETS

THRESHOLD = 90.0
SOURCES = os.path.normpath(f"{HERE}/../../src")


def lines_reached(build, corpora, target):
    """(file, reached, all) for each file of the target."""
    program = f"{build}/tests/fuzz/replay-{target.name}"
    profile = f"{program}.profdata"
    subprocess.run([program, f"{corpora}/{target.name}"], check=True, stdout=subprocess.DEVNULL,
                   env=dict(os.environ, LLVM_PROFILE_FILE=f"{program}.profraw"))
    subprocess.run(["llvm-profdata", "merge", "-o", profile, f"{program}.profraw"], check=True)
    files = [f"{SOURCES}/{source}" for source in target.sources]
    export = subprocess.run(["llvm-cov", "export", "-summary-only", f"-instr-profile={profile}",
                             program] + files, check=True, stdout=subprocess.PIPE)
    found = {os.path.realpath(f["filename"]): f["summary"]["lines"]
             for f in json.loads(export.stdout)["data"][0]["files"]}
    for source, path in zip(target.sources, files):
        lines = found[os.path.realpath(path)]
        yield source, lines["covered"], lines["count"]


def main(build, corpora):
    for tool in ("llvm-profdata", "llvm-cov"):
        if shutil.which(tool) is None:
            print(f"coverage.py: {tool} is missing: Debian package llvm", file=sys.stderr)
            return 1
    low = []
    for target in TARGETS:
        if not target.sources:
            continue
        rows = list(lines_reached(build, corpora, target))
        reached = sum(row[1] for row in rows)
        total = sum(row[2] for row in rows)
        percent = 100.0 * reached / total
        files = ", ".join(f"{source} {covered}/{count}" for source, covered, count in rows)
        print(f"{target.name:16} {percent:6.1f} %  {files}")
        if percent < THRESHOLD:
            low.append(target.name)
    if low:
        print(f"less than {THRESHOLD:.0f} %: {' '.join(low)}")
    return 1 if low else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: coverage.py BUILD [CORPORA]")
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else f"{HERE}/corpus"))
