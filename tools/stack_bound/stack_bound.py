#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""
stack_bound.py: the most stack the Migration TD can ever use, from its call graph.

usage: stack_bound.py PROGRAM BUILD RULES [-o FILE]

PROGRAM is the linked, static executable; BUILD the Meson folder with the compiler's reports
(-fcallgraph-info=su) of our own sources; RULES names what neither knows: where calls through
pointers lead, also as known from a caller further up, and which calls of the libraries cannot happen.  What has no report is read from the
program's instructions (frames.py).  Recursion, an unaccounted pointer, a rule that matches nothing
and a frame that is not understood are errors.

Writes {"stack_static_bound", "program_sha256", "roots": {name: {"bound", "path": [[function, bytes
on the stack], ...]}}}, the path being the deepest.
"""
import argparse
import fnmatch
import hashlib
import json
import sys

import callgraph
import elf
import frames

RED_ZONE = 128  # a leaf may write below the stack pointer without moving it
RETURN = 8


class Rules:
    """Lines `word subject: values  # reason`; every one must be used."""

    def __init__(self, path):
        self.path = path
        self.roots, self.noreturn = [], []
        self.calls, self.never, self.dynamic, self.select, self.within = {}, {}, {}, {}, {}
        self.used = set()
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                words = line.split("#")[0].split()
                if not words:
                    continue
                if words[0] in ("root", "noreturn") and len(words) == 2:
                    getattr(self, {"root": "roots"}.get(words[0], words[0])).append(words[1])
                elif words[0] in ("call", "never", "dynamic", "select", "within") and len(words) > 2:
                    getattr(self, words[0] if words[0] != "call" else "calls").setdefault(
                        words[1].rstrip(":"), []).extend(words[2:])
                else:
                    sys.exit(f"{path}:{number}: not understood: {line.strip()}")

    def of(self, kind, names):
        """The values of the first of these names that has a rule."""
        for name in names:
            values = getattr(self, kind).get(name)
            if values is not None:
                self.used.add((kind, name))
                return values
        return None

    def unused(self):
        return [f"{kind} {name}" for kind in ("calls", "never", "dynamic", "select", "within")
                for name in getattr(self, kind) if (kind, name) not in self.used]


class Bound:
    def __init__(self, program, reports, rules):
        self.elf, self.reports, self.rules = program, reports, rules
        # What a call through a pointer leads to may depend on who is above it ("within" rules), so
        # a bound belongs to a function and what is known there: a frozenset of keys, or None.
        self.known = {}     # (key, known pointers) -> (bound, path)
        self.open = []      # the same, being computed, to find recursion
        self.problems = []
        self.noreturn = {s.address for n in rules.noreturn for s in program.by_name.get(n, [])}
        self.by_plain = {}
        for title in reports:
            self.by_plain.setdefault(callgraph.plain(title), []).append(title)

    def problem(self, text):
        if text not in self.problems:
            self.problems.append(text)

    # --- names --------------------------------------------------------------------------------

    def resolve(self, name, kind="function"):
        """A key by a function's name or FILE.c:NAME: a report's title, or an address."""
        file, _, plain = name.rpartition(":")
        titles = [name] if name in self.reports else [
            t for t in self.by_plain.get(plain, []) if file in ("", self.reports[t].source)]
        if len(titles) == 1:
            return titles[0]
        if len(titles) > 1:
            self.problem(f"{name}: several functions have this name: {', '.join(titles)}")
            return None
        for s in self.elf.by_name.get(name, []):
            if s.address in self.elf.functions or s.kind == 0:
                return s.address
        self.problem(f"{name}: no such {kind}")
        return None

    def name_of(self, key):
        if isinstance(key, str):
            return callgraph.plain(key)
        symbols = self.elf.functions.get(key)
        return symbols[0].name if symbols else f"{key:#x}"

    def names_of(self, key):
        """The names a rule may call a function by: FILE.c:NAME or NAME, without a clone's suffix."""
        name = self.name_of(key)
        plain = name.split(".")[0]
        if isinstance(key, str):
            return [f"{self.reports[key].source}:{plain}", plain]
        return [name, plain]

    def at_address(self, address):
        """The key of what a linked call leads to: a report when there is one."""
        for s in self.elf.functions.get(address, []):
            if s.file is None and s.name in self.reports:
                return s.name
            for t in self.by_plain.get(s.name, []):
                if s.file is not None and t != s.name and self.reports[t].source == s.file:
                    return t
        return address

    # --- calls through pointers ---------------------------------------------------------------

    def targets(self, key, pointers):
        """What the rules say of the pointer calls in a function, given what is known above it."""
        found = self.candidates(key)
        narrowed = [k for k in found if k in pointers] if pointers else []
        return narrowed or found

    def candidates(self, key):
        values = self.rules.of("calls", self.names_of(key))
        if values is None:
            self.problem(f"{self.names_of(key)[0]}: a call through a pointer that no rule accounts for")
            return []
        out = []
        for value in values:
            if value.startswith("table="):
                out += self.table(value[6:])
            elif value.startswith("like="):
                out += self.like(value[5:])
            elif value != "nothing":
                out.append(self.resolve(value))
        return [k for k in out if k is not None]

    def like(self, pattern):
        keys = [self.at_address(s.address) for name, symbols in self.elf.by_name.items()
                if fnmatch.fnmatchcase(name, pattern) for s in symbols if s.address in self.elf.functions]
        if not keys:
            self.problem(f"like={pattern}: nothing matches")
        return keys

    def table(self, name):
        """Every function that a constant table points to."""
        symbols = [s for s in self.elf.by_name.get(name, []) if s.kind == elf.STT_OBJECT]
        out = [self.at_address(w) for s in symbols for w in self.elf.words(s) if w in self.elf.functions]
        if not out:
            self.problem(f"table={name}: no table of functions has this name")
        return out

    def ends(self, key):
        return key in self.noreturn or self.name_of(key) in self.rules.noreturn

    # --- frames -------------------------------------------------------------------------------

    def parts(self, key, pointers):
        """[(callee key, bytes on the stack when it is called)] and the function's own most."""
        name = self.name_of(key)
        if isinstance(key, str):
            f = self.reports[key]
            if "dynamic" in f.kind and "bounded" not in f.kind:
                self.problem(f"{name}: a frame without a bound")
            calls = []
            for target in f.calls:
                keys = self.targets(key, pointers) if target == callgraph.INDIRECT else [self.resolve(target)]
                calls += [(k, f.bytes) for k in keys if k is not None]
            return calls, f.bytes
        return self.disassembled(key, name, pointers)

    def disassembled(self, key, name, pointers):
        symbols = self.elf.functions.get(key, [])
        chosen = self.rules.of("select", [name])
        if chosen is not None:
            keys = [k for pattern in chosen for k in self.like(pattern)]
            return [(k, 0) for k in keys], 0
        if any(s.kind == elf.STT_IFUNC for s in symbols):
            self.problem(f"{name}: chosen at run time, and no rule says among which")
            return [], 0
        dynamic = self.rules.of("dynamic", [name])
        try:
            frame = frames.analyse(self.elf.code(), self.elf.extent, key,
                                   int(dynamic[0], 0) if dynamic else None, self.noreturn)
        except frames.Unknown as e:
            self.problem(f"{name}: {e}")
            return [], 0
        if dynamic and not frame.dynamic:
            self.problem(f"{name}: a rule gives it a run-time sized frame, and it has none")
        calls = []
        for target, depth in frame.calls:
            keys = self.targets(key, pointers) if target is None else [self.at_address(target)]
            calls += [(k, depth + RETURN) for k in keys]
        return calls, frame.depth + RETURN

    def of(self, key, pointers=None):
        """(most bytes, the path that takes them) of a call of this function, return address included."""
        within = self.rules.of("within", self.names_of(key))
        if within is not None:
            pointers = frozenset(self.resolve(n) for n in within)
        if (key, pointers) in self.known:
            return self.known[key, pointers]
        if (key, pointers) in self.open:
            cycle = self.open[self.open.index((key, pointers)):] + [(key, pointers)]
            self.problem("recursion: " + " -> ".join(self.name_of(k) for k, _ in cycle))
            return 0, []
        self.open.append((key, pointers))
        name = self.name_of(key)
        calls, own = self.parts(key, pointers)
        never = self.rules.of("never", self.names_of(key)) or []
        never = [n[5:] if n.startswith("like=") else n for n in never]
        for pattern in never:
            if not any(fnmatch.fnmatchcase(self.name_of(k), pattern) for k, _ in calls):
                self.problem(f"never {name}: it does not call {pattern}")
        best = (own + RED_ZONE, [[name, own]])
        for callee, depth in calls:
            if self.ends(callee) or any(fnmatch.fnmatchcase(self.name_of(callee), p) for p in never):
                continue
            bytes_, path = self.of(callee, pointers)
            if depth + bytes_ > best[0]:
                best = (depth + bytes_, [[name, depth]] + path)
        self.open.pop()
        self.known[key, pointers] = best
        return best


def pointers_taken(bound):
    """Our own functions whose address lies in a constant table but that no rule leads to."""
    reached = {key for key, _ in bound.known}
    out = []
    for s in bound.elf.symbols:
        if s.kind != elf.STT_OBJECT or s.size % 8 or s.size == 0 or s.size > 1 << 16:
            continue
        for word in bound.elf.words(s):
            key = bound.at_address(word) if word in bound.elf.functions else None
            if isinstance(key, str) and key not in reached:
                out.append(f"{bound.name_of(key)} (in table {s.name})")
    return sorted(set(out))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    for name in ("program", "build", "rules"):
        parser.add_argument(name)
    parser.add_argument("-o", "--output")
    parser.add_argument("--instead", metavar="PREFIX",
                        help="objects of another program, in place of those of the same source")
    parser.add_argument("--unreached", action="store_true",
                        help="list own functions in tables that no rule leads to")
    args = parser.parse_args()
    reports = callgraph.read(callgraph.of_build(args.build, args.instead))
    if not reports:
        sys.exit(f"{args.build}: no compiler reports (*.ci): gcc writes them")
    rules = Rules(args.rules)
    bound = Bound(elf.Elf(args.program), reports, rules)
    roots = {}
    for name in rules.roots:
        key = bound.resolve(name, "root")
        if key is not None:
            bytes_, path = bound.of(key)
            roots[name] = {"bound": bytes_, "path": path}
    bound.problems += [f"{args.rules}: unused: {r}" for r in rules.unused()]
    if args.unreached:
        print("\n".join(pointers_taken(bound)))
    if bound.problems:
        sys.exit("\n".join(bound.problems))
    result = {"stack_static_bound": max(r["bound"] for r in roots.values()),
              "program_sha256": hashlib.sha256(bound.elf.bytes).hexdigest(), "roots": roots}
    text = json.dumps(result, indent=1) + "\n"
    if args.output:
        with open(args.output, "w", encoding="utf-8") as f:
            f.write(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
