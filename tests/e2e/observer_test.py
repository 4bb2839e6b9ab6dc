# SPDX-License-Identifier: BSD-2-Clause-Patent
"""An independent look agrees: what the counters of a Migration TD report is compared with its
memory as read from outside, and with what happens when a region is made smaller."""
import sys

from lab import DEADLINE, Lab, LabError
from outside import PAGE, Ram, longest_equal_run
from tap import Tap, equal

OK = (0, 0)
MIGTD_GONE = 11                 # what the platform reports when a MigTD ended with its request
QUOTE_PAGES = 2
SERVICE_PAGES = 2
QUOTE_BUFFERS = 8

# Tags of the heap's fixed part are all but these.
PER_SESSION = ("MEM_SESSION", "MEM_RECORD", "MEM_TDINFO")
STACK_MESSAGE = "migtd: the stack is too small: enlarge --stack"


def fixed_part(counters):
    return sum(tag["extent"] for name, tag in counters["by_tag"].items()
               if name not in PER_SESSION)


def peaks(counters):
    """Every high-water mark."""
    found = {name: counters[name] for name in (
        "stack_peak", "heap_extent_peak", "heap_requested_peak", "shared_peak", "bignum_peak")}
    found.update({name: tag["peak"] for name, tag in counters["by_tag"].items()})
    found.update({name + " extent": tag["extent"] for name, tag in counters["by_tag"].items()})
    return found


class Free:
    """The free part of a heap, filled so that every touch of it can be seen.

    A pool hands out zeros, so what n sessions are to get stays zero; all behind it gets a pattern.
    """

    def __init__(self, migtd, sessions, records):
        c = migtd.counters()
        self.ram = Ram(migtd)
        self.start = fixed_part(c)
        self.session_size, self.record_size = c["session_size"], c["record_size"]
        below = self.start + sessions * self.session_size
        above = self.ram.heap_size - records * self.record_size
        if below >= above:
            raise AssertionError("the heap is too small for this test")
        self.filled = bytearray(self.ram.heap_size - self.start)
        self.filled[below - self.start:above - self.start] = b"\xa5" * (above - below)
        self.ram.write(self.ram.heap + self.start, bytes(self.filled))

    def touched(self):
        """Bytes touched from below (the fixed part included) and from above, in elements."""
        now = self.ram.read(self.ram.heap + self.start, len(self.filled))
        low, high = longest_equal_run(now, self.filled)

        def elements(n, size):
            return (n + size - 1) // size * size
        return (self.start + elements(low, self.session_size),
                elements(len(now) - high, self.record_size))


class Observer:
    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def held(self, n, phase, look, td=None):
        """n sessions at once; look(n) while all are held behind `phase` on both sides."""
        self.lab.ask_both(f"hold {phase}")
        sessions = [self.lab.begin(td=td) for _ in range(n)]
        for migtd in self.lab.both():
            migtd.wait_for(held=n)
        look(n)
        self.lab.ask_both("release")
        equal([self.lab.end(s) for s in sessions], [OK] * n, "results")
        for migtd in self.lab.both():
            migtd.wait_for(sessions_live=0)

    def heap_of(self, n):
        def look(n):
            for migtd, at in free.items():
                below, above = at.touched()
                c = migtd.counters()
                equal(below + above, c["heap_extent_peak"], f"{migtd.name}: touched heap")
                equal(below, at.start + n * at.session_size, f"{migtd.name}: sessions")
                equal(above, 0, f"{migtd.name}: records, the policies being equal")
        free = {migtd: Free(migtd, n, 0) for migtd in self.lab.both()}
        self.held(n, "key-exchange", look)

    def memory_of(self, n):
        def look(n):
            for migtd, c in base.items():
                live = migtd.counters()
                equal(live["heap_used"], c["heap_used"] + n * c["session_size"],
                      f"{migtd.name}: heap of {n} sessions")
                equal(live["shared_used"], c["shared_used"], f"{migtd.name}: shared pages")
        base = {migtd: migtd.counters() for migtd in self.lab.both()}
        self.held(n, "key-exchange", look)
        for migtd, c in base.items():
            equal(migtd.counters()["heap_used"], c["heap_used"], f"{migtd.name}: heap after")
            equal(migtd.counters()["shared_used"], c["shared_used"], f"{migtd.name}: shared after")

    def tdinfos_of(self, n):
        """Each initial TDINFO from the VMM lies in a block of its own while its session lives."""
        listed = self.lab.src.platform.client.ask(do="migtds")["migtds"]
        info = next(m["tdinfo"] for m in listed if m["pid"] == self.lab.src.process.pid)

        def found(migtd):
            ram = Ram(migtd)
            start = fixed_part(base[migtd])
            return ram.read(ram.heap + start, ram.heap_size - start).count(bytes.fromhex(info))

        def look(n):
            for migtd, c in base.items():
                live = migtd.counters()
                equal(found(migtd), n, f"{migtd.name}: blocks")
                equal(live["by_tag"]["MEM_TDINFO"]["extent"], n * live["tdinfo_size"],
                      f"{migtd.name}: their extent")
                equal(live["heap_used"] - c["heap_used"],
                      n * (c["session_size"] + c["tdinfo_size"]), f"{migtd.name}: live heap")
        base = {migtd: migtd.counters() for migtd in self.lab.both()}
        self.held(n, "key-exchange", look, {"init_tdinfo": info})
        for migtd in self.lab.both():
            equal(found(migtd), 0, f"{migtd.name}: blocks afterwards")
            equal(migtd.counters()["residue"], 0, f"{migtd.name}: residue")
            equal(migtd.counters()["heap_used"], base[migtd]["heap_used"], f"{migtd.name}: heap")

    def shared_of(self, n):
        """On Migration TDs that have had no session yet."""
        def pages_in_use(migtd):
            ram = Ram(migtd)
            region = ram.read(ram.shared, ram.shared_size)
            return sum(any(region[at:at + PAGE]) for at in range(0, len(region), PAGE))

        def look(n):
            for migtd in self.lab.both():
                # One quote in four is padded, and so of another kind.  Destinations ask for
                # theirs later.
                kinds = 2 if migtd is self.lab.src else 0
                taken = (SERVICE_PAGES + QUOTE_BUFFERS * QUOTE_PAGES) * PAGE
                used = (SERVICE_PAGES + kinds * QUOTE_PAGES) * PAGE
                equal(migtd.counters()["shared_used"], used, f"{migtd.name}: used")
                equal(migtd.counters()["shared_peak"], taken, f"{migtd.name}: peak")
                # Those of the Service calls are zero between calls.
                found = pages_in_use(migtd)
                if not kinds * QUOTE_PAGES <= found <= used // PAGE:
                    raise AssertionError(f"{migtd.name}: {found} pages with something in them")
        self.held(n, "quote", look)
        for migtd in self.lab.both():
            if pages_in_use(migtd) > SERVICE_PAGES:
                raise AssertionError(f"{migtd.name}: pages left with something")

    def rounds(self, n):
        before = None
        for number in range(1, 5):
            self.held(n, "key-exchange", lambda n: None)
            now = [peaks(migtd.counters()) for migtd in self.lab.both()]
            if before is not None:
                equal(now, before, f"peaks after round {number}")
            before = now

    def stack(self):
        for migtd in self.lab.both():
            equal(Ram(migtd).stack_peak(), migtd.counters()["stack_peak"],
                  f"{migtd.name}: painted stack")


def distinct_policies(lab, tap, n):
    """n sources with a policy each and one destination with yet another one."""
    def run():
        dst = lab.migtd("dst-distinct", lab.b, lab.make_policy("salted-dst", "--salt", "dst"))
        sources = [lab.migtd(f"src-distinct-{i}", lab.a,
                             lab.make_policy(f"salted-{i}", "--salt", str(i)),
                             "--cid", str(100 + i)) for i in range(n)]
        free = {migtd: Free(migtd, count, count)
                for migtd, count in [(dst, n)] + [(src, 1) for src in sources]}
        base = {migtd: migtd.counters() for migtd in free}
        for migtd in free:
            migtd.ask("hold key-exchange")
        sessions = [lab.begin(src=src, dst=dst) for src in sources]
        for migtd in free:
            migtd.wait_for(held=n if migtd is dst else 1)
        for migtd, at in free.items():
            count = n if migtd is dst else 1
            below, above = at.touched()
            c = migtd.counters()
            equal(below + above, c["heap_extent_peak"], f"{migtd.name}: touched heap")
            equal(above, count * at.record_size, f"{migtd.name}: records")
            equal(c["heap_used"] - base[migtd]["heap_used"],
                  count * (at.session_size + at.record_size), f"{migtd.name}: live heap")
        for migtd in free:
            migtd.ask("release")
        equal([lab.end(s) for s in sessions], [OK] * n, "results")
        for migtd in free:
            migtd.wait_for(sessions_live=0, heap_used=base[migtd]["heap_used"])
        lab.stop(*free)
    tap.case(f"{n} different peer policies cost {n} arenas and {n} records, seen from outside", run)


def stack_limits(lab, tap, peak):
    """`peak` bytes were used with plenty of stack: so many must suffice, and hardly fewer."""
    def run():
        pages = smallest = (peak + PAGE - 1) // PAGE
        while not works(pages):
            pages += 1
        equal(pages in (smallest, smallest + 1), True,
              f"{pages} pages are needed, {peak} bytes were measured")
        for fewer in range(1, pages):
            equal(works(fewer), False, f"a stack of {fewer} pages")

    def works(pages):
        size = ("--stack", str(pages * PAGE))
        try:
            lab.start(src_options=size, dst_options=size)
            status, _ = lab.session()
        except LabError:
            status = (None, None)   # one died before it was ready
        if status == OK:
            lab.stop()
            return True
        died = [migtd for migtd in lab.migtds if migtd.process.poll() is not None]
        died += [migtd for migtd, s in zip((lab.src, lab.dst), status) if s == MIGTD_GONE]
        if not died:
            raise AssertionError(f"status {status} with {pages} pages, and no Migration TD died")
        for migtd in died:
            equal(migtd.process.wait(DEADLINE), 2, f"{migtd.name}: exit code")
            equal(migtd.text().splitlines()[-1], STACK_MESSAGE, f"{migtd.name}: last line")
        lab.stop_all()
        return False
    tap.case("the smallest stack that works is the measured one in whole pages", run)


def main():
    tap = Tap()
    with Lab(sys.argv[1]) as lab:
        observer = Observer(lab, tap)
        lab.start()
        tap.case("what sessions between quote and attest send lies in two buffers",
                 lambda: observer.shared_of(12))
        lab.stop()
        lab.start()
        for n in (1, 2, 4, 8, 12):
            tap.case(f"the heap that {n} sessions touch is the one reported",
                     lambda n=n: observer.heap_of(n))
        for n in (1, 5, 12):
            tap.case(f"{n} sessions hold n arenas and give all of them back",
                     lambda n=n: observer.memory_of(n))
        tap.case("5 sessions with an initial TDINFO hold a block of its size each, and give it back",
                 lambda: observer.tdinfos_of(5))
        tap.case("rounds 2 to 4 add nothing to any peak", lambda: observer.rounds(4))
        tap.case("the stack used is the one reported", observer.stack)
        peak = max(migtd.counters()["stack_peak"] for migtd in (lab.src, lab.dst))
        lab.stop()
        distinct_policies(lab, tap, 4)
        stack_limits(lab, tap, peak)
    tap.finish()


if __name__ == "__main__":
    main()
