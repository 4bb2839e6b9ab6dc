# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Cases about a running pair of Migration TDs that hold over any transport."""
from lab import wait_until
from tap import equal

SIDES = ("source", "destination")


class Pair:
    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def settle(self):
        """What of the memory is in use once nothing of a session is left."""
        return self.lab.memory()

    def cancel(self, name, phase, which, wanted):
        """Both sides held behind `phase`; the VMM of one of them cancels."""
        def run():
            base = self.settle()
            self.lab.ask_both(f"hold {phase}")
            try:
                session = self.lab.begin()
                wait_until(f"a session held after {phase}", lambda: any(
                    m.counters()["held"] for m in self.lab.both()))
                platform = (self.lab.a, self.lab.b)[which]
                platform.client.ask(do="cancel", td=session.tds[which])
            finally:
                self.lab.ask_both("release")
            equal(self.lab.end(session), wanted, "status")
            equal(self.lab.keys_written(session), (0, 0), "MIG_DEC_KEY writes")
            equal(self.settle(), base, "memory after the session")
        self.tap.case(name, run)

    def twice(self, which):
        """The VMM of one side asks twice with one request id."""
        def run():
            base = self.settle()
            platform = (self.lab.a, self.lab.b)[which]
            platform.fault("request-twice=1")
            try:
                status, session = self.lab.session()
            finally:
                platform.fault("none")
            equal(status, (0, 0), "status")
            assert self.lab.msk_match(session), "keys differ"
            log = self.lab.both()[which].text()
            assert "the request id is already active" in log, log[-500:]
            equal(self.settle(), base, "memory after the session")
        self.tap.case(f"a second request with an active id leaves the {SIDES[which]}'s first alone",
                      run)
