# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What happens when memory or slots run out: the session that finds none left ends with "out of
resource", and nobody else is harmed."""
import sys
import threading

from lab import DEADLINE, Lab
from outside import PAGE
from tap import Tap, equal

OK, OUT_OF_RESOURCE, NETWORK = 0, 3, 5
SLOTS = 2
# Pages of the service, of the buffers for quotes.
SERVICE_PAGES, QUOTE_PAGES = 2, 8 * 2




def heap_for(sessions, counters):
    """The smallest --heap for so many sessions, and how many it holds: whole pages may hold one more."""
    def up(n, to):
        return (n + to - 1) // to * to
    each = counters["session_size"] + counters["record_size"] + counters["tdinfo_size"]
    # The live map, 3 bytes a session, is the only fixed block that depends on their number.
    fixed = sum(tag["extent"] for name, tag in counters["by_tag"].items()
                if name not in ("MEM_SESSION", "MEM_RECORD", "MEM_TDINFO"))
    fixed = up(fixed - up(3 * counters["sessions_max"], 16), 16)

    def bytes_for(n):
        return fixed + up(3 * n, 16) + n * each
    size = up(bytes_for(sessions), PAGE)
    return str(size), sessions + (bytes_for(sessions + 1) <= size)


class Limits:
    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def case(self, name, run, **options):
        """run() with fresh Migration TDs, whose memory has to be back where it was afterwards."""
        def whole():
            self.lab.start(**options)
            both = self.lab.both()
            base = self.lab.memory()
            run(both)
            equal(self.lab.memory(), base, "memory afterwards")
            self.one_succeeds()
            self.lab.stop()
        self.tap.case(name, whole)
        # A failed case must not spoil the next.
        self.lab.stop_all()

    def one_succeeds(self):
        status, session = self.lab.session()
        equal(status, (OK, OK), "one more session")
        equal(self.lab.msk_match(session), True, "its keys match")

    def one_too_many(self, both, n):
        """n sessions are held; number n + 1 is refused; the n go on."""
        self.lab.ask_both("hold key-exchange")
        sessions = [self.lab.begin() for _ in range(n)]
        for migtd in both:
            migtd.wait_for(held=n)
        equal(self.lab.session()[0], (OUT_OF_RESOURCE,) * 2, "one session too many")
        self.lab.ask_both("release")
        equal([self.lab.end(s) for s in sessions], [(OK, OK)] * n, "the others")

    def heap(self, n):
        self.lab.start()
        counters = self.lab.src.counters()
        self.lab.stop()
        heap, fit = heap_for(n, counters)
        size = ("--heap", heap)

        def run(both):
            equal([migtd.counters()["sessions_max"] for migtd in both], [fit, fit], "sessions_max")
            self.one_too_many(both, fit)
        self.case(f"a heap for {n} sessions holds {n} sessions and refuses one more", run,
                  src_options=size, dst_options=size)

    def sessions_max(self):
        most = ("--sessions-max", "2")
        self.case("--sessions-max 2 refuses the third", lambda both: self.one_too_many(both, 2),
                  src_options=most, dst_options=most)

    def shared(self, n):
        """n is more than there are buffers for quotes."""
        def run(both):
            self.lab.ask_both("hold quote")
            sessions = [self.lab.begin() for _ in range(n)]
            for migtd in both:
                migtd.wait_for(held=n)
                c = migtd.counters()
                equal(c["shared_peak"], c["shared_size"], f"{migtd.name}: shared memory")
            self.lab.ask_both("release")
            equal([self.lab.end(s) for s in sessions], [(OK, OK)] * n, "results")
        size = ("--shared", str((SERVICE_PAGES + QUOTE_PAGES) * PAGE))
        self.case(f"the smallest shared region serves {n} sessions at once", run,
                  src_options=size, dst_options=size)

    def queue(self, n):
        """All begin to attest at once: most have to queue for a slot."""
        def run(both):
            barrier = threading.Barrier(n)

            def together(direction, index, name, message, first=None):
                if (direction, name) == ("src", "CHUNK_SEND") and not first:
                    first.append(index)
                    barrier.wait(DEADLINE)
                return message

            def attack():
                first = []
                return lambda *message: together(*message, first=first)
            sessions = [self.lab.begin(attack()) for _ in range(n)]
            equal([self.lab.end(s) for s in sessions], [(OK, OK)] * n, "results")
        self.case(f"{n} sessions share {SLOTS} work slots", run)

    def dawdlers(self, n):
        """Peers that take a slot and then fall silent, with n sessions queued behind them."""
        def run(both):
            in_slot = threading.Semaphore(0)
            go_on = threading.Event()

            def dawdle(direction, index, name, message):
                if (direction, name) != ("src", "CHUNK_SEND"):
                    return message
                chunks.setdefault(threading.get_ident(), []).append(index)
                # The second chunk follows the acknowledgement of the first, so the slot is taken.
                if len(chunks[threading.get_ident()]) == 2:
                    in_slot.release()
                    go_on.wait(DEADLINE)
                return message
            chunks = {}
            slow = [self.lab.begin(dawdle) for _ in range(SLOTS)]
            for _ in slow:
                if not in_slot.acquire(timeout=DEADLINE):
                    raise AssertionError("no slot was taken")
            queued = [self.lab.begin() for _ in range(n)]
            seen = 0
            while both[1].counters()["failed"] < SLOTS:
                seen = max(seen, both[1].counters()["queued"])
            equal(seen > 0, True, "sessions were seen in the queue")
            results = [self.lab.b.client.done(s.tds[1]) for s in slow]
            equal(results, [NETWORK] * SLOTS, "the destination's result for the dawdlers")
            equal([self.lab.end(s) for s in queued], [(OK, OK)] * n, "those behind them")
            go_on.set()
            for s in slow:
                equal(self.lab.a.client.done(s.tds[0]), NETWORK, "the dawdlers' own result")
        patience, self.lab.slow_clock = self.lab.slow_clock, 1
        self.case("peers that keep all work slots waiting lose them to those in the queue", run)
        self.lab.slow_clock = patience

    def both_directions(self, n):
        def run(both):
            one, other = both
            self.lab.ask_both("hold quote")
            sessions = [self.lab.begin(src=src, dst=dst)
                        for src, dst in [(one, other), (other, one)] * n]
            for migtd in both:
                migtd.wait_for(held=2 * n)
            self.lab.ask_both("release")
            equal([self.lab.end(s) for s in sessions], [(OK, OK)] * (2 * n), "results")
            for session in sessions:
                equal(self.lab.msk_match(session), True, "keys match")
        self.case(f"{n} sessions in either direction at once do not lock each other out", run)


def main():
    tap = Tap()
    with Lab(sys.argv[1]) as lab:
        limits = Limits(lab, tap)
        for n in (1, 3, 8):
            limits.heap(n)
        limits.sessions_max()
        limits.shared(12)
        limits.queue(8)
        limits.dawdlers(4)
        limits.both_directions(6)
    tap.finish()


if __name__ == "__main__":
    main()
