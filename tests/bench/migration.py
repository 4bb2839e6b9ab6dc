#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""migration.py MIGRATION-BENCH: what a pre-migration costs each role, beside its floor.

Both Migration TDs and both hosts run in one process.  Counted is what runs in a Migration TD, not
what a host does for it: TDCALLs, randomness, the console.  The floor is the primitives that the
protocol obliges, each measured by itself over as many bytes, once platforms and policy signers
are known from a session before.
"""
import argparse
import bisect
import concurrent.futures
import json
import os
import sys
import tempfile

from callgrind import CALLGRIND, dumps, execute

ROLES = {"src": "source", "dst": "destination"}
POLICIES = {"same": "equal policies", "distinct": "another policy at the peer"}
# Instructions over the floor: with equal policies, what there may be and what is aimed at.
MUST, STRETCH = 1.15, 1.05
# Rounds before the one that is counted: to warm up, to record.
ROUNDS_BEFORE = 2

# What is hashed, by the function that asks for it.
OBLIGED = {
    "spdm_begin": "transcript",
    "send": "own key message",
    "take": "peer's key message",
    "digest_to_sign": "what is signed",
    "own_quote_step": "own REPORTDATA",
    "report_data_of": "peer's REPORTDATA",
    "vdm_send_begin": "own quote message",
    "vdm_receive_begin": "peer's quote message",
    "event_log_reader_feed": "peer's RTMRs",
    "qe_report_check": "peer's attestation key",
    "sha256_of": "peer's quote",
    "policy_check_initial": "initial TDINFO",
    "servtd_ext_approved_hash": "SERVTD_EXT",
    "policy_reader_begin": "peer's blob and policy",
    "policy_part": "peer's issuer chain",
    "policy_reader_feed": "peer's issuer chain",
    "take_event": "peer's signed values",
    "take_value": "peer's signed values",
}


class Names:
    """Functions of a program, by addresses relative to recorder_anchor()."""

    def __init__(self, program):
        symbols = (line.split() for line in execute(["nm", "--defined-only", program]).splitlines())
        self.table = sorted((int(address, 16), name) for address, kind, name in symbols
                            if kind in "tT")
        self.anchor = next(at for at, name in self.table if name == "recorder_anchor")

    def at(self, offset):
        i = bisect.bisect_left(self.table, (self.anchor + offset, ""))
        return self.table[i - 1][1].split(".")[0]


def run(program, n, policies, rounds, folder, role=None):
    out = os.path.join(folder, "results.json")
    command = [program, "run", "--target", "inproc", "--hold", "none", "--brief", "--seed", "1",
               "--sessions", str(n), "--policies", policies, "--rounds", str(rounds)]
    if role is not None:
        command = CALLGRIND + ["--instr-atstart=no", "--collect-atstart=no",
                               f"--callgrind-out-file={folder}/out"] + command
    execute(command, env=os.environ | {"BENCH_JSON": out, "BENCH_ROLE": role or ""})
    with open(out) as file:
        return json.load(file)


def count(program, n, policies, rounds):
    """By role: (what the program says of it, instructions by dump)."""
    def count_role(role):
        with tempfile.TemporaryDirectory() as folder:
            return run(program, n, policies, rounds, folder, role)[role], dumps(folder)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return dict(zip(ROLES, pool.map(count_role, ROLES)))


def measure(program, n, policies):
    """By role, for one session: {"instructions", "ns", "calls_out"}."""
    with tempfile.TemporaryDirectory() as folder:
        timed = run(program, n, policies, 1 + max(2, 64 // n), folder)
    result = {}
    for role, (of, instructions) in count(program, n, policies, 2).items():
        result[role] = {"instructions": instructions[role] / of["sessions"],
                        "ns": timed[role]["ns"] / timed[role]["sessions"],
                        "calls_out": timed[role]["calls_out"]}
    return result


def floor(program, names, policies):
    """By role, for one session: [{"primitive", "of", "obliged", "calls", "bytes", costs}]."""
    with tempfile.TemporaryDirectory() as folder:
        timed = run(program, 1, policies, ROUNDS_BEFORE + 1, folder)
    result = {}
    for role, (of, instructions) in count(program, 1, policies, ROUNDS_BEFORE + 1).items():
        each = of["recorded"]
        rows = {}
        for t, c in zip(timed[role]["primitives"], of["primitives"]):
            name = names.at(t["caller"])
            hashed = t["primitive"].startswith("SHA")
            key = (t["primitive"], OBLIGED.get(name, name) if hashed else "")
            row = rows.setdefault(key, {
                "primitive": key[0], "of": key[1], "obliged": not hashed or name in OBLIGED,
                "calls": 0, "bytes": 0, "ns": 0, "instructions": 0})
            row["calls"] += t["calls"] / each
            row["bytes"] += t["bytes"] / each
            row["ns"] += t["ns"] / each
            row["instructions"] += instructions[c["dump"]] / c["runs"] / each
        result[role] = list(rows.values())
    return result


def total(rows, field, obliged=True):
    return sum(row[field] for row in rows if row["obliged"] or not obliged)


def line(title, calls, size, instructions, ns):
    return (f"  {title:<44}{calls:>6}{size:>9}{instructions / 1e3:>12,.0f}{ns / 1e3:>8,.0f}")


def print_role(title, ours, rows):
    print(f"\n{title:<46}{'calls':>6}{'bytes':>9}{'thousand':>12}{'us of':>8}\n"
          f"{'':<61}{'instructions':>12}{'CPU':>8}")
    extra = [row for row in rows if not row["obliged"]]
    for row in sorted(rows, key=lambda row: -row["instructions"]):
        if row["obliged"]:
            size = f"{row['bytes']:,.0f}" if row["bytes"] else ""
            print(line(f"{row['primitive']} {row['of']}", f"{row['calls']:.0f}", size,
                       row["instructions"], row["ns"]))
    print(line("floor", "", "", total(rows, "instructions"), total(rows, "ns")))
    print(line("hashes of our own making", f"{sum(row['calls'] for row in extra):.0f}",
               f"{sum(row['bytes'] for row in extra):,.0f}",
               sum(row["instructions"] for row in extra), sum(row["ns"] for row in extra)))
    print("    " + ", ".join(sorted(row["of"] for row in extra)))
    print(line("ours", "", "", ours["instructions"], ours["ns"]))
    print(f"  {'ours / floor':<59}{ours['instructions'] / total(rows, 'instructions'):>12.3f}"
          f"{ours['ns'] / total(rows, 'ns'):>8.2f}")


def print_growth(title, runs):
    print(f"\n{title}, for each of n sessions at once")
    print(f"  {'role':<12}{'n':>5}{'thousand instructions':>24}{'us of CPU':>12}{'a second':>10}"
          f"{'calls to the host':>20}")
    for role, name in ROLES.items():
        for n, of in runs.items():
            print(f"  {name:<12}{n:>5}{of[role]['instructions'] / 1e3:>24,.0f}"
                  f"{of[role]['ns'] / 1e3:>12,.0f}{1e9 / of[role]['ns']:>10,.0f}"
                  f"{of[role]['calls_out']:>20,.0f}")


def print_ratios(results):
    """What it comes to: ratios to the floor, and what one of n sessions costs beside one alone."""
    print(f"\nours / floor in instructions, one session{'':<17}of n sessions at once / of one")
    print(f"  {'role':<14}{'policies':<12}{'ratio':>7}{'must':>7}{'stretch':>9}   ", end="")
    counted = sorted({n for of in results.values() for n in of["runs"]})
    print("".join(f"{f'n = {n}':>9}" for n in counted))
    for role, name in ROLES.items():
        for policies, of in results.items():
            limits = (f"{MUST:.2f}", f"{STRETCH:.2f}") if policies == "same" else ("", "")
            print(f"  {name:<14}{'equal' if policies == 'same' else policies:<12}"
                  f"{of['ratio'][role]:>7.3f}{limits[0]:>7}{limits[1]:>9}   ", end="")
            print("".join(f"{of['growth'][role][n]:>9.4f}" if n in of["runs"] else f"{'':>9}"
                          for n in counted))


def ratios(rows, runs):
    """By role: to the floor, in instructions; by n beside the first n."""
    first = next(iter(runs.values()))
    return {"ratio": {role: first[role]["instructions"] / total(rows[role], "instructions")
                      for role in ROLES},
            "growth": {role: {n: of[role]["instructions"] / first[role]["instructions"]
                              for n, of in runs.items()} for role in ROLES}}


def numbers(text):
    return [int(n) for n in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--same", type=numbers, default=[1, 8, 64], metavar="N,...",
                        help="sessions at once with equal policies (1,8,64)")
    parser.add_argument("--distinct", type=numbers, default=[1, 8, 64],
                        metavar="N,...", help="the same with n different policies (1,8,64)")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    names = Names(options.program)
    results = {}
    for policies, title in POLICIES.items():
        rows = floor(options.program, names, policies)
        runs = {n: measure(options.program, n, policies) for n in getattr(options, policies)}
        first = next(iter(runs.values()))
        for role, name in ROLES.items():
            print_role(f"{name}, {title}", first[role], rows[role])
        print_growth(title, runs)
        sys.stdout.flush()
        results[policies] = {"floor": rows, "runs": runs} | ratios(rows, runs)
    print_ratios(results)
    if options.json:
        limits = {"must": MUST, "stretch": STRETCH}
        with open(options.json, "w") as file:
            json.dump({"limits": limits} | results, file, indent=1)


main()
