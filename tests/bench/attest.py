#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""attest.py ATTEST-BENCH [QUOTE COLLATERAL]: what quote verification costs, as a table.

The program runs twice: as it is, for CPU time, and under callgrind, for instructions.  Under
valgrind the libraries find a processor without SHA extensions; CPU time is with what is there.
"""
import json
import sys
import tempfile

from callgrind import CALLGRIND, dumps, execute

CASES = {"start": "collateral at start-up", "unknown": "quote, unknown platform",
         "known": "quote, known platform"}


def measure(command):
    timed = json.loads(execute(command))
    with tempfile.TemporaryDirectory() as folder:
        counted = json.loads(execute(CALLGRIND + [f"--callgrind-out-file={folder}/out"] + command))
        instructions = dumps(folder)
    for case, value in timed["cases"].items():
        value["instructions"] = instructions[case] / counted["cases"][case]["runs"]
    return timed


def table(m, unit, field, scale):
    print(f"\n{unit:<26}{'ours':>10}{'primitives':>12}{'ratio':>8}{'OpenSSL':>10}{'ratio':>8}")
    for case, title in CASES.items():
        ours, primitives, reference = (m["cases"][f"{who} {case}"][field] / scale
                                       for who in ("ours", "primitives", "reference"))
        print(f"  {title:<24}{ours:>10,.0f}{primitives:>12,.0f}{ours / primitives:>8.3f}"
              f"{reference:>10,.0f}{ours / reference:>8.3f}")


def main():
    m = measure(sys.argv[1:])
    print(f"\n{'generated' if len(sys.argv) == 2 else 'real'} quote of {m['quote_bytes']:,} bytes, collateral of {m['platforms']} platforms and "
          f"{m['bundle_bytes']:,} bytes")
    table(m, "thousand instructions", "instructions", 1e3)
    table(m, "microseconds of CPU", "ns", 1e3)
    print("\nprimitives: P-256 verifications (floor), and bytes that must be hashed")
    for case, title in CASES.items():
        p = m[case]
        hashed = ", ".join(f"{name} {n:,}" for name, n in p["hashed"].items())
        print(f"  {title:<24}{p['p256']:>4} ({p['floor']})  {hashed}")
    print("\nsizes in bytes")
    for name, size in m["sizes"].items():
        print(f"  {name:<44}{size:>8,}")


main()
