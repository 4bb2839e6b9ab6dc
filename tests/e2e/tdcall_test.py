# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Every TDCALL of a session fails once, on either side: the first of its leaf, the second, ...

The side it happens to reports the TDX module's error, nobody reports success without matching
keys, and memory is back to where it was.
"""
import sys

from lab import Lab, LabError, wait_until
from tap import Tap, equal

TDX, NETWORK = 4, 5
LEAVES = {4: "MR.REPORT", 8: "VM.WR", 11: "SYS.RD", 18: "SERVTD.RD", 20: "SERVTD.WR"}
START_LEAVES = {1: "VP.INFO", 2: "MR.RTMR.EXTEND", 4: "MR.REPORT"}
# Of one leaf: SERVTD_EXT, 22 fields, is read for each piece of it that is sent.
MOST = 100


class Sweep:
    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def fires(self, platform):
        return any(f["fired"] for f in platform.client.ask(do="faults")["faults"])

    def one(self, platform, side, leaf, nth):
        """False when the session makes fewer calls of this leaf."""
        base = self.lab.memory()
        platform.fault(f"tdcall-fail={leaf}:{nth}")
        try:
            status, session = self.lab.session()
            fired = self.fires(platform)
        finally:
            platform.fault("none")
        equal(self.lab.memory(), base, "memory after the session")
        if not fired:
            equal(status, (0, 0), "status without a fault")
            assert self.lab.msk_match(session), "keys differ"
            return False
        equal(status[side], TDX, f"status of the side whose {LEAVES[leaf]} {nth} failed")
        assert status[1 - side] in (TDX, NETWORK), f"the other side reports {status[1 - side]}"
        keys = self.lab.keys_written(session)
        if side == 0 and leaf != 20:
            # The source reads before it writes; what fails then leaves nothing on its side.
            equal(keys[0], 0, "MIG_DEC_KEY writes of the source")
        if side == 1:
            equal(keys[0], 0, "MIG_DEC_KEY writes of the source after the destination failed")
        return True

    def leaf(self, side, leaf):
        platform = (self.lab.a, self.lab.b)[side]
        sites = []

        def run():
            for nth in range(1, MOST + 1):
                if not self.one(platform, side, leaf, nth):
                    break
                sites.append(nth)
            else:
                raise AssertionError(f"more than {MOST} calls")
            if leaf != 8 or side == 1:
                assert sites, "the leaf was never called"
        name = ("source", "destination")[side]
        self.tap.case(f"each {LEAVES[leaf]} of a {name} may fail", run)
        print(f"# {name}: {len(sites)} calls of {LEAVES[leaf]}")

    def vmcall(self, side, subfunction, name, nth):
        def run():
            base = self.lab.memory()
            platform = (self.lab.a, self.lab.b)[side]
            platform.fault(f"vmcall-fail={subfunction}:{nth}")
            try:
                status, session = self.lab.session()
            finally:
                platform.fault("none")
            if status == (0, 0):
                assert self.lab.msk_match(session), "success without matching keys"
            equal(self.lab.memory(), base, "memory after the session")
        self.tap.case(f"{name} {nth} of a {('source', 'destination')[side]} may fail", run)


def start(lab, tap):
    """At start-up a failing TDCALL stops the TD with one line; it never serves."""
    for leaf, name in START_LEAVES.items():
        for nth in range(1, 5 if leaf == 2 else 2):
            def run(leaf=leaf, nth=nth):
                lab.a.fault(f"tdcall-fail={leaf}:{nth}")
                try:
                    lab.start()
                except LabError as error:
                    assert "ended" in str(error) and "TDX module" in str(error), error
                else:
                    raise AssertionError("it serves")
                finally:
                    lab.a.fault("none")
                equal(lab.children[-1].wait(), 1, "exit code")
            tap.case(f"a failing {name} {nth} at start-up stops the TD", run)


def main():
    tap = Tap()
    with Lab(sys.argv[1]) as lab:
        start(lab, tap)
        lab.start()
        sweep = Sweep(lab, tap)
        for side in (0, 1):
            for leaf in LEAVES:
                sweep.leaf(side, leaf)
        lab.stop()
        # A connection request that the VMM refuses leaves the other side waiting: not for long.
        lab.slow_clock = 1
        short = ("--timeout", "3")
        lab.start(src_options=short, dst_options=short)
        for side in (0, 1):
            for nth in (1, 2, 3, 50, 500, 1100):
                sweep.vmcall(side, 0x10005, "Service VMCALL", nth)
            sweep.vmcall(side, 0x10002, "GetQuote", 1)
        wait_until("both to be idle", lambda: all(
            m.counters()["sessions_live"] == 0 for m in (lab.src, lab.dst)))
    tap.finish()


if __name__ == "__main__":
    main()
