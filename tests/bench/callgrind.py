# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Runs of a program of `make bench`, as it is and under callgrind, whose dumps have instructions."""
import os
import re
import subprocess
import sys

CALLGRIND = ["valgrind", "-q", "--tool=callgrind"]


def execute(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if done.returncode != 0:
        sys.exit(done.stderr or f"{command[0]}: exit code {done.returncode}")
    return done.stdout


def dumps(folder):
    """Instructions of each dump, by the name that asked for it."""
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as file:
            text = file.read()
        trigger = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
        total = re.search(r"^totals: (\d+)", text, re.MULTILINE)
        if trigger and total:
            found[trigger.group(1)] = int(total.group(1))
    return found
