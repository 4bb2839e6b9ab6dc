#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""run.py BUILD ...: runs the tests of Meson build folders and counts single cases.

Test programs speak TAP (cmocka when CMOCKA_MESSAGE_OUTPUT asks for it, scripts by themselves); a
program that does not counts as one case, and so does one that ends badly without a failed case.
Every failure is shown with what the program printed.  The last line is "N passed, N failed", with
", N skipped" behind it when something was skipped.
"""
import json
import os
import re
import subprocess
import sys

CASE = re.compile(r"^(not )?ok\b(?:\s+\d+)?(?:\s+-)?\s*(.*)$", re.MULTILINE)
SKIP = re.compile(r"#\s*skip", re.IGNORECASE)
SHOWN = 60  # last lines of a program that failed


class Count:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []


def count_program(count, build, test):
    """One line of Meson's test log."""
    output = test.get("stdout", "")
    name = f"{os.path.basename(build)}: {test['name'].split(' / ')[-1]}"
    failed = 0
    cases = CASE.findall(output)
    for bad, case in cases:
        if SKIP.search(case):
            count.skipped.append(f"{name}: {' '.join(SKIP.split(case)).strip()}")
        elif bad:
            failed += 1
            count.failed.append(f"{name}: {case}")
        else:
            count.passed += 1
    result = test["result"]
    if result == "SKIP" and not cases:
        count.skipped.append(name)
    elif result in ("OK", "SKIP", "EXPECTEDFAIL"):
        if not cases:
            count.passed += 1
    elif not failed:
        failed = 1
        count.failed.append(f"{name}: {result.lower()}, exit status {test.get('returncode')}")
    if failed:
        print(f"\n--- {name}: {' '.join(test['command'])}")
        for stream in (output, test.get("stderr", "")):
            print("\n".join(stream.splitlines()[-SHOWN:]))


def run(count, build):
    log = f"{build}/meson-logs/testlog.json"
    if os.path.exists(log):
        os.unlink(log)
    environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", UBSAN_OPTIONS="halt_on_error=1:"
                       "print_stacktrace=1", ASAN_OPTIONS="detect_stack_use_after_return=0")
    status = subprocess.run(["meson", "test", "-C", build, "--no-rebuild"], env=environment)
    before = len(count.failed)
    if not os.path.exists(log):
        count.failed.append(f"{build}: the tests did not run")
        return
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            count_program(count, build, json.loads(line))
    if status.returncode != 0 and len(count.failed) == before:
        count.failed.append(f"{build}: meson test ended with {status.returncode}")


def main(builds):
    count = Count()
    for build in builds:
        run(count, build)
    for title, names in (("SKIPPED", count.skipped), ("FAILED", count.failed)):
        for name in names:
            print(f"{title} {name}")
    skipped = f", {len(count.skipped)} skipped" if count.skipped else ""
    print(f"{count.passed} passed, {len(count.failed)} failed{skipped}")
    return 1 if count.failed or count.passed == 0 else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: run.py BUILD ...")
    sys.exit(main(sys.argv[1:]))
