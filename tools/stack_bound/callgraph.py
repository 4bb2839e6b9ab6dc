# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The compiler's own reports (-fcallgraph-info=su): frames, and who calls whom."""
import glob
import json
import os
import re
import shlex
import subprocess
import tempfile

REPORT = "-fcallgraph-info=su"
INDIRECT = "__indirect_call"
NODE = re.compile(r'^node: { title: "([^"]*)" label: "([^"]*)"')
EDGE = re.compile(r'^edge: { sourcename: "([^"]*)" targetname: "([^"]*)"')
USAGE = re.compile(r"(\d+) bytes \(([a-z,]+)\)")


class Function:
    def __init__(self, title, source, bytes_, kind):
        self.title, self.source, self.bytes, self.kind = title, source, bytes_, kind
        self.calls = []


def of_build(build, instead=None):
    """
    The reports of what the Migration TD consists of (src/, ports/) in a Meson folder; where outputs
    that begin with `instead` are of the same source, those.  A compiler cache does not keep them:
    what was compiled through one is compiled again when it is out of date.
    """
    newest_header = 0.0
    with open(f"{build}/compile_commands.json", encoding="utf-8") as f:
        commands = json.load(f)
    paths = []
    others = {c["file"] for c in commands if instead and c["output"].startswith(instead)}
    for c in commands:
        if instead and c["output"].startswith(instead):
            pass
        elif c["file"] in others or not c["output"].startswith(("src/", "ports/")):
            continue
        words = shlex.split(c["command"])
        if REPORT not in words or not c["file"].endswith(".c"):
            continue
        path = os.path.join(build, os.path.splitext(c["output"])[0] + ".ci")
        source = os.path.join(build, c["file"])
        if os.path.basename(words[0]) == "ccache":
            newest_header = newest_header or max(
                os.path.getmtime(h) for h in glob.glob(f"{project_of(source)}/**/*.h", recursive=True))
            if not os.path.exists(path) or os.path.getmtime(path) < max(newest_header,
                                                                       os.path.getmtime(source)):
                compile_report(words[1:], build, path)
        paths.append(path)
    return sorted(p for p in paths if os.path.exists(p))


def compile_report(words, build, path):
    """Compiles once more, for the report alone: the build's own objects stay as they are."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        output = os.path.join(folder, os.path.basename(path))
        words = words.copy()
        words[words.index("-o") + 1] = os.path.relpath(output[:-3] + ".o", build)
        for option in ("-MF", "-MQ"):
            if option in words:
                words[words.index(option) + 1] = os.devnull
        subprocess.run(words, cwd=build, check=True)
        os.replace(output, path)


def project_of(source):
    """The project's src/ folder, from a file of it or of ports/."""
    parts = os.path.abspath(source).split(os.sep)
    at = max(i for i, p in enumerate(parts) if p in ("src", "ports"))
    return os.sep.join(parts[:at] + ["src"])


def read(paths):
    """title -> Function of all functions that the reports define."""
    functions, edges = {}, []
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                node, edge = NODE.match(line), EDGE.match(line)
                if node:
                    usage = USAGE.search(node.group(2))
                    if usage:
                        source = node.group(2).split("\\n")[1].rsplit(":", 2)[0]
                        functions[node.group(1)] = Function(
                            node.group(1), os.path.basename(source), int(usage.group(1)), usage.group(2))
                elif edge:
                    edges.append((edge.group(1), edge.group(2)))
    for source, target in edges:
        functions[source].calls.append(target)
    return functions


def plain(title):
    """Name of a function as the symbol table has it."""
    return title.rsplit(":", 1)[-1]
