# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A Migration TD's memory seen from outside: by way of the kernel, not of its own counters.

The layout is that of ports/linux/memory.h: a guard page, the stack, the heap, the shared region,
in the memfd "td".
"""
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
        self.stack = self.base + PAGE
        self.heap = self.stack + self.stack_size
        self.shared = self.heap + self.heap_size
        self.shared_size = c["shared_size"]

    def _maps(self):
        with open(f"/proc/{self.pid}/maps") as maps:
            for line in maps:
                span, rights = line.split()[:2]
                yield [int(end, 16) for end in span.split("-")], rights, line

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

    def read(self, at, n):
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            memory.seek(at)
            data = b""
            while len(data) < n:
                data += memory.read(n - len(data))
            return data

    def write(self, at, data):
        with open(f"/proc/{self.pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(at)
            if memory.write(data) != len(data):
                raise AssertionError("short write")

    def whole(self):
        """Everything but the guard page, which nobody may touch."""
        return self.read(self.stack, self.base + self.size - self.stack)

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
