# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the VMM may do to a session: cancel it at every phase, ask twice with one request id, and
lose what comes after the keys were exchanged."""
import sys

from lab import Lab, wait_until
from tap import Tap, equal

OK, NETWORK = 0, 5

# Phases after which a session can be held on both sides.
PHASES = ("connect", "hello", "policy", "start", "version", "capabilities", "algorithms",
          "public-key", "key-exchange", "quote")


class Cases:
    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def base(self):
        return [(c["heap_used"], c["shared_used"], c["sessions_live"])
                for c in (self.lab.src.counters(), self.lab.dst.counters())]

    def both(self, command):
        self.lab.src.ask(command)
        self.lab.dst.ask(command)

    def cancel(self, phase, which):
        """Both sides held behind `phase`; the VMM of one of them cancels."""
        def run():
            base = self.base()
            self.both(f"hold {phase}")
            try:
                session = self.lab.begin()
                wait_until(f"a session held after {phase}", lambda: any(
                    m.counters()["held"] for m in (self.lab.src, self.lab.dst)))
                platform = (self.lab.a, self.lab.b)[which]
                platform.client.ask(do="cancel", td=session.tds[which])
            finally:
                self.both("release")
            equal(self.lab.end(session), (NETWORK, NETWORK), "status")
            equal(self.lab.keys_written(session), (0, 0), "MIG_DEC_KEY writes")
            equal(self.base(), base, "memory after the session")
        side = ("source", "destination")[which]
        self.tap.case(f"a {side} cancelled after {phase} ends, and so does its peer", run)

    def twice(self, which):
        def run():
            base = self.base()
            (self.lab.a, self.lab.b)[which].fault("request-twice=1")
            status, session = self.lab.session()
            (self.lab.a, self.lab.b)[which].fault("none")
            equal(status, (OK, OK), "status")
            assert self.lab.msk_match(session), "keys differ"
            log = (self.lab.src, self.lab.dst)[which].text()
            assert "the request id is already active" in log, log[-500:]
            equal(self.base(), base, "memory after the session")
        side = ("source", "destination")[which]
        self.tap.case(f"a second request with an active id leaves the {side}'s first alone", run)

    def lost(self, direction, nth, wanted, keys, name):
        """The n-th secured message of one side is cut off."""
        seen = [0]

        def attack(d, index, n, message):
            if (d, n) != (direction, "SECURED"):
                return message
            seen[0] += 1
            return None if seen[0] == nth else message

        def run():
            base = self.base()
            status, session = self.lab.session(attack)
            equal(status, wanted, "status")
            equal(self.lab.keys_written(session), keys, "MIG_DEC_KEY writes")
            equal(self.base(), base, "memory after the session")
        self.tap.case(name, run)


def main():
    tap = Tap()
    with Lab(sys.argv[1]) as lab:
        lab.start()
        cases = Cases(lab, tap)
        for phase in PHASES:
            for which in (0, 1):
                cases.cancel(phase, which)
        for which in (0, 1):
            cases.twice(which)
        # DESIGN, "Who holds what when the fault comes late".
        cases.lost("src", 1, (NETWORK, NETWORK), (0, 0), "op 0x05 lost: no key anywhere")
        cases.lost("dst", 1, (NETWORK, NETWORK), (0, 4),
                   "op 0x06 lost: the destination alone has written")
        cases.lost("src", 2, (OK, NETWORK), (4, 4), "END_SESSION lost: both have written")
        cases.lost("dst", 2, (OK, OK), (4, 4), "END_SESSION_ACK lost: both succeed")
    tap.finish()


if __name__ == "__main__":
    main()
