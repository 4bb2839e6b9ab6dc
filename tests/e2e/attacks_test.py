# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Attacks on a running pair of Migration TDs: each must end with the right result on both sides,
memory back to where it was and, up to op 0x05, no key written on either side."""
import os
import shutil
import sys

from attack import flip, flips_of_attestation, twice, vanish
from lab import Lab
from tap import Tap, equal

# Results as the VMM sees them.
OK, NETWORK, SECURE, ATTESTATION, POLICY, INVALID_POLICY, TDX = 0, 5, 6, 7, 8, 9, 4


class Record:
    """Keeps the chunks of one session to replay them in another."""

    def __init__(self, direction, name):
        self.kept = []
        self.direction = direction
        self.name = name
        self.replaying = None

    def __call__(self, direction, index, name, message):
        if (direction, name) != (self.direction, self.name):
            return message
        if self.replaying is None:
            self.kept.append(message)
            return message
        replay = self.kept[self.replaying] if self.replaying < len(self.kept) else message
        self.replaying += 1
        return replay


class Attacks:
    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def expect(self, name, wanted, attack=None, keys=(0, 0), before=None, after=None):
        """One session under attack; `wanted` is (source, destination) or a set of such pairs."""
        def run():
            base = self.lab.memory()
            if before:
                before()
            try:
                status, session = self.lab.session(attack)
            finally:
                if after:
                    after()
            allowed = wanted if isinstance(wanted, set) else {wanted}
            if status not in allowed:
                raise AssertionError(f"status {status}, wanted {allowed}\n"
                                     + self.lab.src.text()[-600:] + self.lab.dst.text()[-600:])
            if keys is not None:
                equal(self.lab.keys_written(session), keys, "MIG_DEC_KEY writes")
            equal(self.lab.memory(), base, "memory after the session")
        self.tap.case(name, run)

    def faulty(self, name, platform, fault, wanted, keys=(0, 0)):
        self.expect(name, wanted, keys=keys, before=lambda: platform.fault(fault),
                    after=lambda: platform.fault("none"))

    def first(self):
        def run():
            status, session = self.lab.session()
            equal(status, (OK, OK), "status")
            assert self.lab.msk_match(session), "the keys do not match"
        self.tap.case("an honest session succeeds and its keys match in both directions", run)

    def flips_of_messages(self):
        # What the responder rejects is answered by an ERROR; what the requester rejects ends with
        # its silence, and the responder sees the connection close.
        by_responder = {(SECURE, SECURE)}
        by_requester = {(SECURE, NETWORK)}
        for direction, name, offsets, wanted in (
                ("src", "GET_VERSION", (12, 13, 14), by_responder),
                ("dst", "VERSION", (12, 13, 17, 19), by_requester),
                ("src", "GET_CAPABILITIES", (12, 14), by_responder),
                ("dst", "CAPABILITIES", (12, 14, 17, 20, 24, 28), by_requester),
                ("src", "NEGOTIATE_ALGORITHMS", (14, 16, 40, -4), by_responder),
                ("dst", "ALGORITHMS", (14, 16, 19, 24, 28, 44, -4), by_requester),
                ("src", "VDM_01", (12, 20, 26, 33, 40, -1), by_responder),
                ("dst", "VDM_02", (12, 20, 26, 33, 40, -1), by_requester),
                ("src", "KEY_EXCHANGE", (14, 15, 17, -20), by_responder),
                ("dst", "KEY_EXCHANGE_RSP", (14, 16, 18, 19, 30, 60, 150, -1), by_requester),
                ("src", "FINISH", (14, 15, 30, -1), by_responder),
                ("dst", "FINISH_RSP", (14, 20, -1), by_requester)):
            for offset in offsets:
                self.expect(f"byte {offset} of {name} flipped is refused", wanted,
                            flip(direction, name, offset))
        # What a requester may lawfully offer is covered by the responder's signature only: the
        # requester finds out.
        for name, offsets in (("GET_CAPABILITIES", (17, 20, 24, 28)),
                              ("NEGOTIATE_ALGORITHMS", (19, 20, 24)),
                              ("KEY_EXCHANGE", (20, 60))):
            for offset in offsets:
                self.expect(f"byte {offset} of {name} flipped is refused",
                            by_requester | by_responder, flip("src", name, offset))
        self.expect("MutAuthRequested 0 is refused", by_requester,
                    flip("dst", "KEY_EXCHANGE_RSP", 12 + 6))
        for offset in (0, 4, 6, 7, 11):
            self.expect(f"frame header byte {offset} flipped is refused",
                        by_responder | {(NETWORK, SECURE)},
                        flip("src", "GET_CAPABILITIES", offset, mask=0x80))
        self.expect("a flipped secured op 0x05 is refused", {(NETWORK, SECURE), (SECURE, SECURE)},
                    flip("src", "SECURED", 40))
        self.expect("a flipped secured op 0x06 is refused by the source", {(SECURE, NETWORK)},
                    flip("dst", "SECURED", 40), keys=None)

    def flips_of_attestation(self):
        for name, wanted, attack in flips_of_attestation():
            self.expect(name, wanted, attack)
        self.expect("a flipped policy is refused by the destination",
                    (INVALID_POLICY, INVALID_POLICY), flip("src", "PEER_DATA", 5000))
        self.expect("a flipped policy is refused by the source", (INVALID_POLICY, NETWORK),
                    flip("dst", "PEER_DATA", 5000))
        self.expect("a flipped issuer chain is refused", (INVALID_POLICY, INVALID_POLICY),
                    flip("src", "PEER_DATA", -400))

    def replays(self):
        record = Record("src", "CHUNK_SEND")

        def run():
            status, _ = self.lab.session(record)
            equal(status, (OK, OK), "recorded session")
            record.replaying = 0
        self.tap.case("a session is recorded", run)
        self.expect("its attestation is refused in another session",
                    {(ATTESTATION, ATTESTATION)}, record)
        for direction, name, wanted in (
                ("src", "GET_VERSION", {(SECURE, SECURE)}),
                ("src", "VDM_01", {(SECURE, SECURE)}),
                ("src", "KEY_EXCHANGE", {(SECURE, SECURE)}),
                ("src", "CHUNK_SEND", {(SECURE, SECURE)}),
                ("src", "FINISH", {(SECURE, SECURE), (NETWORK, SECURE)}),
                ("dst", "KEY_EXCHANGE_RSP", {(SECURE, NETWORK), (SECURE, SECURE)})):
            self.expect(f"{name} sent twice is refused", wanted, twice(direction, name))

    def vanishing(self):
        for direction, name in (
                ("src", "HELLO"), ("dst", "PEER_DATA"), ("src", "START"), ("src", "GET_VERSION"),
                ("dst", "VERSION"), ("src", "GET_CAPABILITIES"), ("src", "NEGOTIATE_ALGORITHMS"),
                ("dst", "VDM_02"), ("src", "KEY_EXCHANGE"), ("dst", "KEY_EXCHANGE_RSP"),
                ("src", "CHUNK_SEND"), ("dst", "CHUNK_RESPONSE"), ("src", "FINISH"),
                ("dst", "FINISH_RSP"), ("src", "SECURED")):
            self.expect(f"a peer that vanishes at {name} is a network error",
                        (NETWORK, NETWORK), vanish(direction, name))
        # The destination has written by then, the source has not: DESIGN, "Who holds what".
        self.expect("a peer that vanishes at op 0x06 leaves only the destination with a key",
                    (NETWORK, NETWORK), vanish("dst", "SECURED"), keys=(0, 4))

    def faults(self):
        # Asked again until the limit for a quote; what is refused at once is in quoting_test.py.
        self.faulty("quote-error on the source is an attestation error there", self.lab.a,
                    "quote-error", {(ATTESTATION, NETWORK), (ATTESTATION, ATTESTATION)})

    def tdcalls(self):
        for leaf, name, wanted in (
                (4, "MR.REPORT", {(TDX, NETWORK)}), (18, "SERVTD.RD", {(TDX, NETWORK)}),
                (11, "SYS.RD", {(TDX, NETWORK)})):
            self.faulty(f"a failing {name} on the source is a TDX module error", self.lab.a,
                        f"tdcall-fail={leaf}:1", wanted, keys=None)
        # Between requests a responder has nothing to answer: the source sees the end only.
        self.faulty("a failing MR.REPORT on the destination is a TDX module error", self.lab.b,
                    "tdcall-fail=4:1", {(NETWORK, TDX), (TDX, TDX)}, keys=None)
        for leaf, name in ((18, "SERVTD.RD"), (20, "SERVTD.WR"), (8, "VM.WR"),
                           (11, "SYS.RD")):
            self.faulty(f"a failing {name} on the destination is told to the source", self.lab.b,
                        f"tdcall-fail={leaf}:1", {(TDX, TDX)}, keys=None)


def foreign_policy(lab):
    """A policy that is right in everything but the key that signed it."""
    other = f"{lab.dir}/other-pki"
    mixed = f"{lab.dir}/mixed-pki"
    lab.run_tool("pki", "--out", other, "--hosts", "a,b")
    shutil.copytree(lab.pki, mixed)
    shutil.rmtree(f"{mixed}/policy")
    shutil.copytree(f"{other}/policy", f"{mixed}/policy")
    return lab.make_policy("foreign", pki=mixed)


def main():
    tap = Tap()
    with Lab(sys.argv[1]) as lab:
        lab.start()
        attacks = Attacks(lab, tap)
        attacks.first()
        attacks.flips_of_messages()
        attacks.flips_of_attestation()
        attacks.replays()
        attacks.vanishing()
        attacks.tdcalls()
        lab.stop()
        lab.slow_clock = 1
        lab.start()
        attacks.faults()
        lab.stop()
        lab.start(src_policy=foreign_policy(lab))
        Attacks(lab, tap).expect("a policy signed by another key is refused", (POLICY, POLICY))
    tap.finish()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
