# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A Migration TD's memory seen from outside: by way of the kernel, not of its own counters.

The layout is that of ports/linux/memory.h: in the memfd "td" three regions can be touched, the
stack, the heap and the shared region; all between and behind them is closed to the process.
"""
import os

from tap import equal

PAGE = 4096
STACK_MARK = b"\x5a" * 8


class Ram:
    def __init__(self, migtd):
        self.pid = migtd.process.pid
        spans = [span for span, _, line in self._maps() if "/memfd:td " in line]
        if not spans:
            raise AssertionError("no memory file in the process's maps")
        self.base = min(span[0] for span in spans)
        self.size = max(span[1] for span in spans) - self.base
        c = migtd.counters()
        self.stack_size, self.heap_size = c["stack_size"], c["heap_size"]
        self.shared_size = c["shared_size"]
        opened = [(start, end - start) for (start, end), rights, line in self._maps()
                  if "/memfd:td " in line and rights != "---s"]
        self.stack, self.heap, self.shared = (start for start, _ in opened)
        equal([size for _, size in opened], [self.stack_size, self.heap_size, self.shared_size],
              "memory the process can touch")
        self.file = next(path for path in self._descriptors()
                         if os.readlink(path).startswith("/memfd:td "))

    def _maps(self):
        with open(f"/proc/{self.pid}/maps") as maps:
            for line in maps:
                span, rights = line.split()[:2]
                yield [int(end, 16) for end in span.split("-")], rights, line

    def _descriptors(self):
        folder = f"/proc/{self.pid}/fd"
        return [f"{folder}/{name}" for name in os.listdir(folder)]

    def rest(self):
        """The process's other writable memory: (address, bytes) of each mapping."""
        for (start, end), rights, line in self._maps():
            if "w" in rights and "/memfd:td " not in line:
                yield start, self.read(start, end - start)

    def describe(self, at):
        for name, start, size in (("stack", self.stack, self.stack_size),
                                  ("heap", self.heap, self.heap_size),
                                  ("shared region", self.shared, self.shared_size)):
            if start <= at < start + size:
                return f"{name} + {at - start:#x}"
        return f"unused memory + {at - self.base:#x}"

    def _open(self, at, mode):
        """The TD's memory is read and written as the file it is, closed parts too."""
        if self.base <= at < self.base + self.size:
            memory = open(self.file, mode, buffering=0)
            memory.seek(at - self.base)
        else:
            memory = open(f"/proc/{self.pid}/mem", mode, buffering=0)
            memory.seek(at)
        return memory

    def read(self, at, n):
        with self._open(at, "rb") as memory:
            data = b""
            while len(data) < n:
                data += memory.read(n - len(data))
            return data

    def write(self, at, data):
        with self._open(at, "r+b") as memory:
            if memory.write(data) != len(data):
                raise AssertionError("short write")

    def whole(self):
        """All of the TD's memory, from its first byte."""
        return self.read(self.base, self.size)

    def stack_peak(self):
        """Bytes from the deepest word that does not carry the mark to the top."""
        stack = self.read(self.stack, self.stack_size)
        for at in range(0, len(stack), 8):
            if stack[at:at + 8] != STACK_MARK:
                return len(stack) - at
        return 0


def longest_equal_run(a, b):
    """(start, end) of the longest run in which both are equal."""
    best = (0, 0)
    at = 0
    differences = [i for i in range(0, len(a), 16) if a[i:i + 16] != b[i:i + 16]]
    for i in differences + [len(a)]:
        if i - at > best[1] - best[0]:
            best = (at, i)
        at = i + 16
    return best
