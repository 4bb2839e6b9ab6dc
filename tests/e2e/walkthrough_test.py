# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The README's walk-through by hand, command by command, with the real socat and nc.

Only what a machine has once is replaced: the TCP ports, and the names that pgrep looks for.
"""
import os
import re
import signal
import socket
import subprocess
import sys

from tap import Tap, equal

SECONDS = 120


def commands(readme):
    """The README's one sh block."""
    with open(readme) as text:
        blocks = re.findall(r"```sh\n(.*?)```", text.read(), re.S)
    equal(len(blocks), 1, "sh blocks in the README")
    return blocks[0]


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def alone(script):
    """The script, unable to meet another one that runs at the same time."""
    own = dict(zip(("9001", "9002"), map(str, free_ports(2))))
    own.update({f"migtd-{role}": f"{role}-{os.getpid()}" for role in ("src", "dst")})
    for theirs, ours in own.items():
        if theirs not in script:
            raise AssertionError(f"the README no longer says {theirs}")
        script = script.replace(theirs, ours)
    return script


def run(build, readme):
    script = alone(commands(readme))
    shell = subprocess.Popen(["bash", "-c", script], env={**os.environ, "B": build},
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             start_new_session=True)
    try:
        output, _ = shell.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        output, _ = shell.communicate()
        raise AssertionError(f"still running after {SECONDS} s:\n{output}")
    done = output.count("Pre-migration is done")
    if done != 4:
        raise AssertionError(f"{done} of 4 user TDs report success:\n{output}")
    equal(len(re.findall(r"max stack usage: [0-9a-f]+ \(\d+ bytes\)", output)), 2, "stack lines")
    equal(len(re.findall(r"max heap usage: [0-9a-f]+ \(\d+ bytes\)", output)), 2, "heap lines")


def main():
    tap = Tap()
    tap.case("the walk-through of the README works as it stands",
             lambda: run(sys.argv[1], sys.argv[2]))
    tap.finish()


if __name__ == "__main__":
    main()
