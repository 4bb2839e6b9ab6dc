# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the VMM may do to a session: cancel it at every phase, ask twice with one request id, and
lose what comes after the keys were exchanged."""
import sys

from lab import Lab
from pair import SIDES, Pair
from tap import Tap, equal

OK, NETWORK = 0, 5

# Phases after which a session can be held on both sides.
PHASES = ("connect", "hello", "policy", "start", "version", "capabilities", "algorithms",
          "public-key", "key-exchange", "quote")


class Cases(Pair):
    def lost(self, direction, nth, wanted, keys, name):
        """The n-th secured message of one side is cut off."""
        seen = [0]

        def attack(d, index, n, message):
            if (d, n) != (direction, "SECURED"):
                return message
            seen[0] += 1
            return None if seen[0] == nth else message

        def run():
            base = self.settle()
            status, session = self.lab.session(attack)
            equal(status, wanted, "status")
            equal(self.lab.keys_written(session), keys, "MIG_DEC_KEY writes")
            equal(self.settle(), base, "memory after the session")
        self.tap.case(name, run)


def main():
    tap = Tap()
    with Lab(sys.argv[1]) as lab:
        lab.start()
        cases = Cases(lab, tap)
        for phase in PHASES:
            for which in (0, 1):
                cases.cancel(f"a {SIDES[which]} cancelled after {phase} ends, and so does its peer",
                             phase, which, (NETWORK, NETWORK))
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
