# SPDX-License-Identifier: BSD-2-Clause-Patent
"""stack_bound_test.py SCRIPT BUILD: the bound from the call graph, on small programs and on the real one.

Each program is compiled here, and its true need is known or measured by running it.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from tap import Tap, equal  # noqa: E402

SCRIPT, BUILD = sys.argv[1:3]

# `work` runs on a painted stack of its own and says how much of it was used.
RUNNER = r"""
#include <stdio.h>
#include <stdlib.h>
extern void work(void *);
static unsigned long stack[8192];
__attribute__((naked)) void on(void (*f)(void *), void *a, void *top)
{
    __asm__("push %rbp; mov %rsp,%rbp; mov %rdi,%rax; mov %rsi,%rdi; mov %rdx,%rsp; call *%rax;"
            "mov %rbp,%rsp; pop %rbp; ret");
}
int main(void)
{
    for (int i = 0; i < 8192; i++) stack[i] = 0x5a5a5a5a5a5a5a5a;
    on(work, 0, stack + 8192);
    int i = 0;
    while (i < 8192 && stack[i] == 0x5a5a5a5a5a5a5a5a) i++;
    printf("%d\n", (8192 - i) * 8);
}
"""

DEEP = r"""
extern int leaf(volatile char *, int);
__attribute__((noinline)) int leaf(volatile char *p, int n) { return p[n]; }
__attribute__((noinline)) static int middle(int n) { volatile char a[1000]; a[n] = 1; return leaf(a, n) + n; }
void work(void *p) { volatile char a[300]; a[0] = 2; middle((int)(long)p); leaf(a, 0); }
"""


class Program:
    """Compiled with the compiler's report for `work.c`, and without one for `library.c`."""

    def __init__(self, folder, own, library="", rules="root work\n"):
        self.folder = folder
        os.makedirs(f"{folder}/src")
        for name, text in (("src/work.c", own), ("library.c", library), ("runner.c", RUNNER)):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as f:
                f.write(text)
        self.rules(rules)
        compile_ = ["gcc", "-O2", "-g0", "-c"]
        own_command = compile_ + ["-fcallgraph-info=su", "src/work.c", "-o", "src/work.c.o"]
        subprocess.run(own_command, cwd=folder, check=True)
        for name in ("library", "runner"):
            subprocess.run(compile_ + [f"{name}.c", "-o", f"{name}.o"], cwd=folder, check=True)
        subprocess.run(["gcc", "-static", "-no-pie", "src/work.c.o", "library.o", "runner.o", "-o", "program"],
                       cwd=folder, check=True)
        with open(f"{folder}/compile_commands.json", "w", encoding="utf-8") as f:
            json.dump([{"directory": folder, "command": " ".join(own_command), "file": "src/work.c",
                        "output": "src/work.c.o"}], f)

    def rules(self, text):
        with open(f"{self.folder}/rules.txt", "w", encoding="utf-8") as f:
            f.write(text)

    def bound(self):
        """(bound or None, complaints)"""
        run = subprocess.run([sys.executable, SCRIPT, f"{self.folder}/program", self.folder,
                              f"{self.folder}/rules.txt"], capture_output=True, text=True)
        if run.returncode != 0:
            return None, run.stderr
        return json.loads(run.stdout)["stack_static_bound"], ""

    def used(self):
        return int(subprocess.run([f"{self.folder}/program"], check=True, capture_output=True, text=True).stdout)


def holds(program, slack):
    """The bound covers what the program used and is not far from it."""
    bound, why = program.bound()
    if bound is None:
        raise AssertionError(why)
    used = program.used()
    if not used <= bound <= used + slack:
        raise AssertionError(f"{used} bytes used, bound {bound}")


def refused(program, complaint):
    bound, why = program.bound()
    equal(bound, None, "a bound in spite of it")
    if complaint not in why:
        raise AssertionError(f"'{complaint}' is not in: {why}")


def reported_frames(folder):
    holds(Program(folder, DEEP), 400)


def disassembled_frames(folder):
    holds(Program(folder, "extern void deep(void *); void work(void *p) { deep(p); __asm__(\"\"); }",
                  DEEP.replace("void work", "void deep")), 400)


def recursion(folder):
    own = "void work(void *p) { volatile char a[64]; a[0] = 1; if (p) work((void *)a); a[1] = 2; }"
    refused(Program(folder, own), "recursion: work -> work")


def recursion_of_a_library(folder):
    refused(Program(folder, "extern void a(int); void work(void *p) { a(p != 0); __asm__(\"\"); }",
                    "void b(int); void a(int n) { if (n) b(n - 1); __asm__(\"\"); } "
                    "__attribute__((noinline)) void b(int n) { a(n); __asm__(\"\"); }"), "recursion:")


POINTER = """
extern int table_at(int);
__attribute__((noinline)) static int big(int n) { volatile char a[5000]; a[n] = 3; return a[n]; }
__attribute__((noinline)) static int small(int n) { return n; }
int (*const table[])(int) = {small, big};
void work(void *p) { volatile int r = table[p == 0](7); (void)r; }
"""


def pointer_unaccounted(folder):
    refused(Program(folder, POINTER), "a call through a pointer that no rule accounts for")


def pointer_by_table(folder):
    holds(Program(folder, POINTER, rules="root work\ncall work: table=table\n"), 400)


def pointer_by_name(folder):
    program = Program(folder, POINTER, rules="root work\ncall work.c:work: small big\n")
    holds(program, 400)
    program.rules("root work\ncall work: nobody\n")
    refused(program, "nobody: no such function")


WITHIN = """
extern int (*const table[])(int);
__attribute__((noinline)) static int big(int n) { volatile char a[5000]; a[n] = 3; return a[n]; }
__attribute__((noinline)) static int small(int n) { volatile char a[50]; a[n] = 3; return a[n]; }
int (*const table[])(int) = {small, big};
__attribute__((noinline)) static int call(int i) { return table[i](7) + 1; }
__attribute__((noinline)) static int shallow(void *p) { volatile char a[2000]; a[9] = 1; return call(p != 0) + a[9]; }
void work(void *p) { volatile int r = shallow(p); if (p) r = call(1); (void)r; }
"""


def pointer_known_from_above(folder):
    rules = "root work\ncall call: small big\n"
    program = Program(folder, WITHIN, rules=rules)
    without, _ = program.bound()
    program.rules(rules + "within shallow: small\n")
    bound, why = program.bound()
    if bound is None or not without - 2200 < bound < without - 1800:
        raise AssertionError(f"{bound} after {without} bytes {why}")
    program.rules(rules + "within call: small\n")
    holds(program, 400)


def rule_that_matches_nothing(folder):
    refused(Program(folder, DEEP, rules="root work\ncall leaf: middle\n"), "unused: calls leaf")


def rule_that_is_none(folder):
    refused(Program(folder, DEEP, rules="root work\nsurely fine: yes\n"), "not understood")


DYNAMIC = ("extern int fill(char *, int);"
           "int fill(char *p, int n) { for (int i = 0; i < n; i++) ((volatile char *)p)[i] = 1; return p[0]; }"
           "int dynamic(int n) { char *p = __builtin_alloca(n); return fill(p, n) + 1; }")


def dynamic_frame(folder):
    own = "extern int dynamic(int); void work(void *p) { volatile int r = dynamic(p ? 1 : 512); (void)r; }"
    program = Program(folder, own, DYNAMIC)
    refused(program, "%rsp")
    program.rules("root work\ndynamic dynamic: 528  # 512 bytes, aligned\n")
    holds(program, 400)


def dynamic_frame_of_our_own(folder):
    own = DYNAMIC + "void work(void *p) { volatile int r = dynamic(p ? 1 : 512); (void)r; }"
    refused(Program(folder, own), "a frame without a bound")


def the_real_one(folder):
    """The build's own figure: within what the process port reserves at least, and complete."""
    with open(f"{BUILD}/ports/linux/stack_bound.json", encoding="utf-8") as f:
        result = json.load(f)
    equal(sorted(result["roots"]), ["run_round", "run_start"], "roots")
    for root in result["roots"].values():
        if root["bound"] > result["stack_static_bound"] or not root["path"]:
            raise AssertionError(f"a root beyond the bound: {root}")
    if result["stack_static_bound"] > 0x4000:
        raise AssertionError(f"{result['stack_static_bound']} bytes are more than 16 KiB")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        for test in (reported_frames, disassembled_frames, recursion, recursion_of_a_library,
                     pointer_unaccounted, pointer_by_table, pointer_by_name,
                     pointer_known_from_above, rule_that_matches_nothing,
                     rule_that_is_none, dynamic_frame, dynamic_frame_of_our_own, the_real_one):
            tap.case(test.__name__.replace("_", " "), lambda: test(f"{folder}/{test.__name__}"))
    tap.finish()


if __name__ == "__main__":
    main()
