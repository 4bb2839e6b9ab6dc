#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""run.py BUILD WORK SECONDS JOBS [TARGET ...]: runs the fuzz targets built in BUILD.

Each begins with its committed corpus and with what earlier runs have found in WORK/TARGET, where
new inputs are added.  At the end one line per target; the exit status is 1 if one was not clean,
and the input that did it is WORK/TARGET-crash-* (or -oom-, -timeout-, -leak-).
"""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys

from targets import HERE, TARGETS

# A line while it runs: "#123 NEW    cov: 45 ft: 67 corp: 8/90b ..."
STATE = re.compile(r"^#(\d+)\s.*\bcov: (\d+)", re.MULTILINE)
DONE = re.compile(r"^stat::number_of_executed_units:\s+(\d+)", re.MULTILINE)


def run(build, work, seconds, target):
    corpus = f"{work}/{target.name}"
    os.makedirs(corpus, exist_ok=True)
    command = [f"{build}/tests/fuzz/fuzz-{target.name}", f"-max_total_time={seconds}",
               f"-max_len={target.largest}", "-print_final_stats=1", "-timeout=20",
               f"-artifact_prefix={corpus}-"]
    if target.dictionary:
        command.append(f"-dict={target.dictionary}")
    command += [corpus] + ([target.corpus] if os.path.isdir(target.corpus) else [])
    with open(f"{corpus}.log", "w", encoding="utf-8") as log:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                check=False).returncode
    with open(f"{corpus}.log", encoding="utf-8", errors="replace") as log:
        output = log.read()
    states = STATE.findall(output)
    done = DONE.findall(output)
    runs = int(done[-1]) if done else int(states[-1][0]) if states else 0
    edges = int(states[-1][1]) if states else 0
    # A target that never ran is as bad as one that ended badly.
    return target.name, runs, edges, status == 0 and runs > 0


def main(build, work, seconds, jobs, names):
    targets = [t for t in TARGETS if not names or t.name in names]
    unknown = set(names) - {t.name for t in targets}
    if unknown or not targets:
        sys.exit(f"run.py: no such target: {' '.join(sorted(unknown))}")
    os.makedirs(work, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        results = list(pool.map(lambda t: run(build, work, seconds, t), targets))
    for name, runs, edges, clean in results:
        print(f"{name:16} {runs:12} runs {edges:6} edges  {'clean' if clean else 'FAILED'}")
        if not clean:
            print(f"  see {work}/{name}.log {' '.join(glob.glob(f'{work}/{name}-*'))}")
    return 0 if all(clean for _, _, _, clean in results) else 1


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(f"usage: run.py BUILD WORK SECONDS JOBS [TARGET ...] (targets: {HERE}/targets)")
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:]))
