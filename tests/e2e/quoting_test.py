# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What platforms and their quoting services may do: every TCB state that a session meets, and
every fault of the service, which ends its own session only, within bounds, and leaves nothing."""
import sys
import threading

from attack import CHUNK_FIRST_DATA, ELEMENT_HEAD, VDM_HEAD
from lab import DEADLINE, Lab, Platform, wait_until
from tap import Tap, equal

OK, NETWORK, SECURE_SESSION, ATTESTATION, POLICY = 0, 5, 6, 7, 8
SESSIONS = 32
PAGE = 4096
QUOTE_PAGES = 2

# The policy demands a tcbDate of 2022-11-09 or later; it cannot tell OutOfDate itself.
OLD_LEVEL = {"sgx": [4, 4, 2, 2, 3, 1, 0, 3], "tdx": [4, 0, 4], "pcesvn": 11}
OLD_MODULE = [{"major": 1, "levels": [{"isvsvn": 6}, {"isvsvn": 4, "status": "OutOfDate"}]}]
DESCRIPTION = {
    "platforms": 16,
    "revoke": ["pck:revoked"],
    "hosts": [
        {"name": "a"},
        {"name": "b"},
        {"name": "updated", "tee_tcb_svn2": [6, 1, 5]},
        {"name": "relaunch", "tee_tcb_svn2": [6, 1, 5], "modules": OLD_MODULE},
        {"name": "old", "tcb_status": "OutOfDate"},
        {"name": "ancient", "levels": [
            dict(OLD_LEVEL, status="OutOfDate", date="2021-11-10T00:00:00Z")]},
        {"name": "badlevel", "tcb_status": "Revoked"},
        {"name": "revoked"},
    ],
}


class States:
    """One Migration TD on each of the described hosts meets those of hosts a and b."""

    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def session(self, src, dst, host, wanted, version):
        quotes = []

        def note(direction, index, name, message):
            """The first chunk of an attestation begins with the quote."""
            own = "CHUNK_SEND" if src.name == host else "CHUNK_RESPONSE"
            if name == own and not quotes:
                quotes.append(message[CHUNK_FIRST_DATA + VDM_HEAD + ELEMENT_HEAD:])
            return message

        base = src.memory_live(), dst.memory_live()
        session = self.lab.begin(note, src=src, dst=dst)
        equal(self.lab.end(session), wanted, "status")
        equal((src.memory_live(), dst.memory_live()), base, "memory after the session")
        if wanted != (OK, OK):
            equal(self.lab.keys_written(session), (0, 0), "MIG_DEC_KEY writes")
            return
        assert self.lab.msk_match(session), "keys differ"
        equal(quotes[0][0], version, "version of the quote")

    def host(self, host, what, as_source, as_destination, version=4):
        platform = Platform(self.lab, host)
        td = self.lab.migtd(host, platform, self.lab.policy)
        self.tap.case(f"{what}, as the source", lambda: self.session(
            td, self.lab.dst, host, as_source, version))
        self.tap.case(f"{what}, as the destination", lambda: self.session(
            self.lab.src, td, host, as_destination, version))
        self.lab.stop(td)
        platform.process.terminate()
        platform.process.wait(DEADLINE)

    def all(self):
        good = (OK, OK), (OK, OK)
        self.host("updated", "quotes of version 5 after a module update", *good, version=5)
        self.host("relaunch", "a platform that only needs a relaunch", *good, version=5)
        self.host("old", "OutOfDate under a policy that allows it", *good)
        # A responder's verdict is told to the peer, a requester's only ends the connection.
        self.host("ancient", "OutOfDate under a policy that forbids it", (POLICY, POLICY),
                  (POLICY, NETWORK))
        # As a destination it fails with the quote of its own that it needs for reference.
        refused = (ATTESTATION, ATTESTATION), (ATTESTATION, ATTESTATION)
        self.host("badlevel", "a revoked TCB level", *refused)
        self.host("revoked", "a revoked PCK", *refused)


class Faults:
    """Faults of the quoting service on either side."""

    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def platforms(self):
        return self.lab.a, self.lab.b

    def settle(self, base):
        """An answer that comes late gives its pages back when it is there."""
        wait_until("memory to be back where it was", lambda: self.lab.memory() == base)

    def case(self, name, run):
        def whole():
            base = self.lab.memory()
            try:
                run()
            finally:
                for platform in self.platforms():
                    platform.fault("none")
            self.settle(base)
        self.tap.case(name, whole)

    @staticmethod
    def fired(platform):
        return sum(f["fired"] for f in platform.client.ask(do="faults")["faults"])

    def succeeds(self, fault):
        """Set on both sides at once; it has to fire on both."""
        def run():
            for platform in self.platforms():
                platform.fault(fault)
            status, session = self.lab.session()
            assert all(self.fired(p) for p in self.platforms()), "the fault has not fired"
            equal(status, (OK, OK), "status")
            assert self.lab.msk_match(session), "keys differ"
        self.case(f"{fault} on both sides delays a session and no more", run)

    def refused(self, side, fault, wanted):
        def run():
            self.platforms()[side].fault(fault)
            status, session = self.lab.session()
            assert self.fired(self.platforms()[side]), "the fault has not fired"
            assert status in wanted, f"status {status}, wanted {wanted}"
            equal(self.lab.keys_written(session), (0, 0), "MIG_DEC_KEY writes")
        self.case(f"{fault} on the {('source', 'destination')[side]} is an attestation error", run)

    def spoilt(self):
        """What is refused at once; a session that has its quotes meanwhile goes on afterwards."""
        reached, go_on = threading.Event(), threading.Event()

        def stop(direction, index, name, message):
            if (direction, name) == ("src", "FINISH"):
                reached.set()
                go_on.wait(DEADLINE)
            return message

        bystander = self.lab.begin(stop)
        if not reached.wait(DEADLINE):
            raise AssertionError("the bystander has not attested")
        for fault in ("quote-garbage", "quote-truncated", "quote-flip=700", "quote-replay",
                      "wrong-reportdata"):
            self.refused(0, fault, {(ATTESTATION, ATTESTATION), (ATTESTATION, NETWORK)})
            self.refused(1, fault, {(ATTESTATION, ATTESTATION), (ATTESTATION, NETWORK),
                                    (NETWORK, ATTESTATION)})
        go_on.set()
        self.tap.case("a session beside all these succeeds", lambda: equal(
            self.lab.end(bystander), (OK, OK), "status"))

    def together(self, n):
        """All want their quotes at once, in either role, and those come late."""
        def run():
            both = one, other = self.lab.both()
            peaks = [m.counters()["shared_peak"] for m in both]
            self.lab.ask_both("hold key-exchange")
            sessions = [self.lab.begin(src=src, dst=dst)
                        for src, dst in [(one, other), (other, one)] * n]
            for migtd in both:
                migtd.wait_for(held=2 * n)
            for platform in self.platforms():
                platform.fault("quote-late=200")
            self.lab.ask_both("release")
            queued = [migtd.counters()["queued"] for migtd in both]
            equal([self.lab.end(s) for s in sessions], [(OK, OK)] * (2 * n), "results")
            assert all(self.lab.msk_match(s) for s in sessions), "keys differ"
            for migtd, peak, waiting in zip(both, peaks, queued):
                assert waiting > 0, f"{migtd.name}: nobody has queued for a buffer"
                equal(migtd.counters()["shared_peak"], peak, f"{migtd.name}: shared memory")
        self.case(f"{n} sessions in either direction queue for a few buffers, and quotes come late",
                  run)

    def at_destination(self, fault, attack=None):
        """A session that meets the fault when the destination has all it needs but its own quote."""
        reached, go_on = threading.Event(), threading.Event()
        chunks = []

        def stop(direction, index, name, message):
            if (direction, name) == ("src", "CHUNK_SEND"):
                chunks.append(index)
                # It follows the acknowledgement of the first, for which there must be a reference.
                if len(chunks) == 2:
                    reached.set()
                    go_on.wait(DEADLINE)
            return attack(direction, index, name, message) if attack else message
        session = self.lab.begin(stop)
        if not reached.wait(DEADLINE):
            raise AssertionError("the destination has not begun to attest")
        self.lab.b.fault(fault)
        go_on.set()
        return session

    def impatient(self):
        """A source that says more before it got its answer, while the destination's quote is on its
        way: without an end at once it would be the quoting service's fault."""
        def run():
            base = self.lab.memory()
            said = []

            def more(direction, index, name, message):
                last = direction == "src" and name == "CHUNK_SEND" and message[14] & 1
                said.extend([index] if last else [])
                return [message, message] if last else message
            status = self.lab.end(self.at_destination("quote-never", more))
            self.lab.b.fault("none")
            equal(len(said), 1, "last chunks")
            equal(status[1], SECURE_SESSION, "the destination's status")
            heap, shared, *rest = base[1]
            equal(self.lab.memory(), [base[0], (heap, shared + QUOTE_PAGES * PAGE, *rest)],
                  "memory afterwards")
            equal(self.lab.session()[0], (OK, OK), "a session afterwards")
        self.tap.case("a source that does not wait for its answer is not waited for", run)

    def cancelled(self, waiting, side, fault, least):
        """One side waits for its quote, and the VMM of one side cancels."""
        def run():
            platform = self.platforms()[waiting]
            if waiting == 1:
                session = self.at_destination(fault)
            else:
                platform.fault(fault)
                session = self.lab.begin()
            wait_until("the fault to fire", lambda: self.fired(platform) >= least)
            self.platforms()[side].client.ask(do="cancel", td=session.tds[side])
            equal(self.lab.end(session), (NETWORK, NETWORK), "status")
        names = ("source", "destination")
        self.case(f"a {names[side]}'s cancel ends a {names[waiting]}'s wait in {fault}", run)

    def bounded(self):
        def run():
            self.lab.a.fault("quote-busy=1000")
            status = self.lab.session()[0]
            assert status in {(ATTESTATION, NETWORK), (ATTESTATION, ATTESTATION)}, status
        self.case("a service that stays busy ends in an attestation error", run)

    def never(self):
        """The VMM keeps those pages, and only those."""
        def run():
            base = self.lab.memory()
            self.lab.a.fault("quote-never")
            first = self.lab.begin()
            wait_until("a request that is never answered", lambda: self.fired(self.lab.a) > 0)
            self.lab.a.fault("none")
            equal(self.lab.session()[0], (OK, OK), "a session beside it")
            status = self.lab.end(first)
            assert status in {(ATTESTATION, NETWORK), (ATTESTATION, ATTESTATION)}, status
            kept = self.lab.src.counters()["shared_abandoned"]
            equal(kept, QUOTE_PAGES * PAGE, "the buffer that the VMM keeps")
            heap, shared, *rest = base[0]
            equal(self.lab.memory(), [(heap, shared + kept, *rest), base[1]], "memory afterwards")
            equal(self.lab.session()[0], (OK, OK), "a session afterwards")
        self.tap.case("a quote that never comes ends its session and costs its buffer", run)


def main():
    tap = Tap()
    with Lab(sys.argv[1], description=DESCRIPTION) as lab:
        lab.start()
        States(lab, tap).all()
        faults = Faults(lab, tap)
        faults.spoilt()
        for fault in ("quote-late=300", "quote-busy=1", "quote-unavailable=1"):
            faults.succeeds(fault)
        faults.together(SESSIONS)
        faults.impatient()
        for waiting, side in ((0, 0), (0, 1), (1, 0), (1, 1)):
            faults.cancelled(waiting, side, "quote-busy=1000", 1)
            faults.cancelled(waiting, side, "quote-late=700", 1)
        lab.stop()
        lab.slow_clock = 1
        # The destination has more patience, so that the source's own limit is what ends it.
        lab.start(src_options=("--timeout", "2"))
        faults.bounded()
        faults.never()
    tap.finish()


if __name__ == "__main__":
    main()
