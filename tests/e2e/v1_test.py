# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Migration TDs with policy v1: sessions without pre-session, collateral fetched through the VMM for
every quote, and what becomes of them when policy, platform, peer or quoting service are wrong."""
import hashlib
import os
import re
import subprocess
import sys

from attack import flip, flips_of_attestation, vanish
from lab import Lab, wait_until
from tap import Tap, equal

# Results as the VMM sees them.
OK, PARAMETER, NETWORK, SECURE, ATTESTATION, POLICY, INVALID_POLICY = 0, 1, 5, 6, 7, 8, 9
POLICY_SIZE = 48893
ZERO_HASH = "00" * 48
ISSUER_CHAIN_GUID = bytes.fromhex("7AB22F3F96951C43A68DD3EAB39F8AEB")
ROOT_CA_GUID = bytes.fromhex("327843CA514C2243B13DA21BD0C8FFF6")


class Keep:
    """Lets everything pass and keeps what the source sends in op 0x03."""

    def __init__(self):
        self.chunks = b""

    def __call__(self, direction, index, name, message):
        if (direction, name) == ("src", "CHUNK_SEND"):
            self.chunks += message
        return message


def sha384(*parts):
    return hashlib.sha384(b"".join(parts)).digest()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def tdinfo_block(document):
    return next(block["MigTD"]["TDINFO"] for block in document["policy"] if "MigTD" in block)


def demands_another_migtd(document):
    tdinfo_block(document)["MRTD"] = {"operation": "equal", "reference": "11" * 48}


def names_what_is_not(document):
    tdinfo_block(document)["MRTDX"] = {"operation": "equal", "reference": "self"}


class Cases:
    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def expect(self, name, wanted, attack=None, keys=(0, 0), fault=None, side=None, log=None,
               after=None):
        """One session; `fault` is committed by the platform of that side, or by both."""
        def run():
            platforms = (self.lab.a, self.lab.b) if side is None else ((self.lab.a, self.lab.b)[side],)
            base = self.lab.memory()
            for platform in platforms:
                if fault:
                    platform.fault(fault)
            try:
                status, session = self.lab.session(attack)
            finally:
                for platform in platforms:
                    platform.fault("none")
            allowed = wanted if isinstance(wanted, set) else {wanted}
            logs = self.lab.src.text()[-900:] + self.lab.dst.text()[-900:]
            if status not in allowed:
                raise AssertionError(f"status {status}, wanted {allowed}\n{logs}")
            if log and not re.search(log, logs):
                raise AssertionError(f"no {log!r} in {logs}")
            equal(self.lab.keys_written(session), keys, "MIG_DEC_KEY writes")
            if after:
                after()
            equal(self.lab.memory(), base, "memory after the session")
        self.tap.case(name, run)

    def succeeds(self, name, **options):
        self.expect(name, (OK, OK), keys=(4, 4), **options)

    # ------------------------------------------------------------------------------ success

    def two_at_once(self):
        def run():
            base = self.lab.memory()
            self.lab.ask_both("hold key-exchange")
            sessions = [self.lab.begin() for _ in range(2)]
            for migtd in self.lab.both():
                migtd.wait_for(held=2)
                equal(migtd.counters()["record_size"], 0, "bytes of a peer policy's record")
            self.lab.ask_both("release")
            for session in sessions:
                equal(self.lab.end(session), (OK, OK), "status")
                assert self.lab.msk_match(session), "the keys do not match"
                equal(session.relay.messages[0][:3], ("src", 0, "GET_VERSION"), "first message")
                names = {message[2] for message in session.relay.messages}
                equal(names & {"HELLO", "PEER_DATA", "START", "?"}, set(), "pre-session")
            equal(self.lab.memory(), base, "memory after the sessions")
        self.tap.case("two sessions at once succeed, with keys that match and no pre-session", run)

    def measured(self):
        def run():
            policy, root = (read(f"{self.lab.v1}/{name}")
                            for name in ("policy.json", "root_ca.der"))
            equal(len(policy), POLICY_SIZE, "bytes of the policy")
            separator = sha384(bytes(48), sha384(bytes(4)))
            expected = (separator, separator,
                        sha384(sha384(bytes(48), sha384(policy)), sha384(root)), bytes(48))
            for migtd in self.lab.both():
                listed, = migtd.platform.client.ask(do="migtds")["migtds"]
                for i in range(4):
                    equal(listed[f"rtmr{i}"], expected[i].hex(), f"RTMR{i} of {migtd.name}")
                equal(listed["accept_servtd_ext_hash"], ZERO_HASH, "accepted SERVTD_EXT")
        self.tap.case("policy and root CA are measured, and no SERVTD_EXT is accepted", run)

    def carried(self):
        def run():
            keep = Keep()
            equal(self.lab.session(keep)[0], (OK, OK), "status")
            assert POLICY_SIZE < len(keep.chunks) < 65536 + 4096, len(keep.chunks)
            # Chunk headers cut it up: two pieces of it will do.
            policy = read(f"{self.lab.v1}/policy.json")
            for piece in (policy[:200], policy[-200:]):
                assert piece in keep.chunks, "the policy is not in the event log"
        self.tap.case("op 0x03 carries the whole policy in its event log", run)

    # ---------------------------------------------------------------------- attacks and faults

    def attacks(self):
        for name, wanted, attack in flips_of_attestation():
            self.expect(name, wanted, attack)
        self.expect("an ignored element that was flipped fails the transcript",
                    {(SECURE, SECURE), (SECURE, NETWORK)}, self.flip_last_chunk())
        self.expect("a first frame that is none is refused", (NETWORK, SECURE),
                    flip("src", "GET_VERSION", 0, mask=0x80))
        for direction, name in (("src", "GET_VERSION"), ("src", "CHUNK_SEND"),
                                ("dst", "CHUNK_RESPONSE"), ("src", "SECURED")):
            self.expect(f"a peer that vanishes at {name} is a network error", (NETWORK, NETWORK),
                        vanish(direction, name))
        for fault in ("wrong-reportdata", "quote-replay"):
            self.expect(f"{fault} on the source is refused",
                        {(ATTESTATION, ATTESTATION), (ATTESTATION, NETWORK)}, fault=fault, side=0)

    @staticmethod
    def flip_last_chunk():
        """The last byte of op 0x03 is of TdReportInit; its chunk is the one that is not full."""
        largest = [0]

        def attack(direction, index, name, message):
            if (direction, name) != ("src", "CHUNK_SEND"):
                return message
            largest[0] = max(largest[0], len(message))
            if len(message) == largest[0]:
                return message
            return message[:-1] + bytes([message[-1] ^ 1])
        return attack

    def collateral(self):
        # The local references are made and fresh: what is fetched now is for the peer's quote.
        self.succeeds("an honest session succeeds before collateral fails")
        for fault in ("collateral-error", "collateral-garbage", "collateral-truncated",
                      "collateral-flip=20", "collateral-flip=3000", "collateral-flip=9000"):
            name = fault.replace("=", " at ")
            if fault == "collateral-error":
                continue
            self.expect(f"{name} on the destination is an attestation error",
                        (ATTESTATION, ATTESTATION), fault=fault, side=1)
            self.expect(f"{name} on the source is an attestation error", (ATTESTATION, NETWORK),
                        fault=fault, side=0)
        for fault in ("collateral-busy=1", "collateral-unavailable=1", "collateral-late=300",
                      "collateral-minor-0"):
            self.succeeds(f"{fault} on both platforms is got over", fault=fault)

    def cancel(self):
        """The VMM cancels a destination that waits for collateral."""
        def run():
            base = self.lab.memory()
            pages = [migtd.counters()["shared_used"] for migtd in self.lab.both()]
            self.lab.b.fault("collateral-late=3000")
            try:
                session = self.lab.begin()
                wait_until("a request for collateral", lambda: any(
                    s["phase"] == "attest" and s["shared"] > 2 * 4096
                    for s in self.lab.dst.ask("sessions")["sessions"]))
                self.lab.b.client.ask(do="cancel", td=session.tds[1])
                equal(self.lab.end(session), (NETWORK, NETWORK), "status")
            finally:
                self.lab.b.fault("none")
            equal(self.lab.keys_written(session), (0, 0), "MIG_DEC_KEY writes")
            # Until the late answer has come its pages are the VMM's.
            self.lab.dst.wait_for(shared_used=pages[1])
            equal(self.lab.memory(), base, "memory after the session")
        self.tap.case("a session that waits for collateral can be cancelled", run)

    def init_data(self):
        def run():
            base = self.lab.memory()
            session = self.lab.begin(td={"init_tdinfo": "00" * 512})
            equal(self.lab.end(session), (PARAMETER, PARAMETER), "status")
            equal(self.lab.memory(), base, "memory after the session")
        self.tap.case("a request with an initial TDINFO is refused", run)

    # -------------------------------------------------------------------- policies and peers

    def pair(self, name, wanted, src, dst, log=None, options=()):
        self.lab.start(src, dst, src_options=options, dst_options=options)
        self.expect(name, wanted, log=log)
        self.lab.stop_all()

    def policies(self):
        lab = self.lab
        relaxed = lab.make_policy_v1("relaxed", "--other-policies")
        other = lab.make_policy_v1("other", "--other-policies", "--salt", "other")
        strict = lab.make_policy_v1("strict", "--other-policies", change=demands_another_migtd)
        unknown = lab.make_policy_v1("unknown", "--other-policies", change=names_what_is_not)
        large = lab.make_policy_v1("large", size=62000)
        self.pair("a destination's policy that the source does not satisfy: 8 on both sides",
                  (POLICY, POLICY), relaxed, strict, r"TDINFO\[\d+\] MRTD is ")
        self.pair("a source's policy that the destination does not satisfy: 8",
                  (POLICY, NETWORK), strict, relaxed, r"own policy demands equal 1111")
        self.pair("a policy that demands an unknown property lets nobody pass",
                  (POLICY, POLICY), relaxed, unknown)
        self.pair("a policy that compares RTMR2 refuses a peer with another policy",
                  (POLICY, POLICY), relaxed, lab.v1, "RTMR2")
        self.pair("a policy that leaves no room for a quote is a local failure",
                  {(SECURE, NETWORK), (SECURE, SECURE)}, large, large, "exceed 65,523 bytes")
        self.pair("a source with v1 and a destination with v2 end cleanly",
                  {(SECURE, PARAMETER)}, lab.v1, lab.policy)
        self.pair("a source with v2 and a destination with v1 end cleanly",
                  {(PARAMETER, SECURE), (NETWORK, SECURE)}, lab.policy, lab.v1)
        self.warned(large, True)
        self.warned(relaxed, False)
        lab.start(relaxed, other)
        self.succeeds("peers with other policies that allow it succeed")
        lab.stop_all()

    def warned(self, policy, wanted):
        def run():
            self.lab.start(policy, policy)
            said = re.search(r"leave \d+ bytes for a quote, which may have 8140", self.lab.src.text())
            equal(bool(said), wanted, "a warning")
        self.tap.case(f"a policy v1 that leaves {'little' if wanted else 'enough'} room for a quote "
                      f"{'is warned of' if wanted else 'is not warned of'} at the start", run)
        self.lab.stop_all()

    def no_collateral(self):
        """A service that says nothing, or no: bounded, and told as what it is."""
        patience, self.lab.slow_clock = self.lab.slow_clock, 1
        self.lab.start(self.lab.v1, self.lab.v1, ("--timeout", "3"), ("--timeout", "3"))
        self.succeeds("an honest session succeeds within 3 s")
        for side, wanted in ((1, {(ATTESTATION, ATTESTATION), (NETWORK, ATTESTATION)}),
                             (0, {(ATTESTATION, NETWORK)})):
            name = ("source", "destination")[side]
            self.expect(f"collateral-error on the {name} is an attestation error", wanted,
                        fault="collateral-error", side=side)
        # Who never answers keeps the pages: not given back, but counted as abandoned.
        for side, wanted in ((1, {(ATTESTATION, ATTESTATION), (NETWORK, ATTESTATION)}),
                             (0, {(ATTESTATION, NETWORK)})):
            self.never(side, wanted)
        self.lab.stop_all()
        self.lab.slow_clock = patience

    def never(self, side, wanted):
        def run():
            platform, migtd = (self.lab.a, self.lab.b)[side], self.lab.both()[side]
            before = migtd.counters()
            platform.fault("collateral-never")
            try:
                status, session = self.lab.session()
            finally:
                platform.fault("none")
            assert status in wanted, f"status {status}, wanted {wanted}"
            equal(self.lab.keys_written(session), (0, 0), "MIG_DEC_KEY writes")
            after = migtd.counters()
            equal(after["shared_used"] - before["shared_used"],
                  after["shared_abandoned"] - before["shared_abandoned"], "shared memory")
            equal(after["heap_used"], before["heap_used"], "heap")
        name = ("source", "destination")[side]
        self.tap.case(f"collateral-never on the {name} is an attestation error", run)


class Starts:
    """Start-ups: each ends with one line on the console, or goes on."""

    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def run(self, options):
        command = [self.lab.image, "--platform", f"unix:{self.lab.a.path}", "--name", "starts",
                   "--cid", "99"]
        for option, value in options.items():
            command += [option] if value is None else [option, value]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def refused(self, name, options, words):
        def run():
            code, text = self.run(options)
            equal(code, 2, f"exit code\n{text}")
            assert re.search(words, text), f"no {words!r} in {text}"
            equal(len(re.findall("cannot start|^migtd: ", text, re.M)) <= 2, True, text)
        self.tap.case(name, run)

    def volume(self, name, *files):
        path = f"{self.lab.dir}/{name}.fv"
        self.lab.run_tool("enroll", *files, "-o", path)
        return path

    @staticmethod
    def with_both(path):
        """No tool writes such a volume: the root CA once more, as an issuer chain."""
        volume = bytearray(read(path))
        at = volume.index(ROOT_CA_GUID)
        size = int.from_bytes(volume[at + 20:at + 23], "little")
        file = bytearray(volume[at:at + size])
        file[:16] = ISSUER_CHAIN_GUID
        file[16] = (file[16] + sum(ROOT_CA_GUID) - sum(ISSUER_CHAIN_GUID)) % 256
        behind = (at + size + 7) // 8 * 8
        volume[behind:behind + size] = file
        with open(path, "wb") as out:
            out.write(volume)
        return path

    @staticmethod
    def without_root_ca(path):
        """No tool writes such a volume: the file gets another GUID, and its header the sum."""
        volume = bytearray(read(path))
        at = volume.index(ROOT_CA_GUID)
        volume[at] += 1
        volume[at + 16] -= 1
        with open(path, "wb") as file:
            file.write(volume)
        return path

    def all(self):
        v1, v2, folder = self.lab.v1, self.lab.policy, self.lab.dir
        root = f"{v1}/root_ca.der"
        good = {"--policy": f"{v1}/policy.json", "--root-ca": root}
        bad = f"{folder}/bad.json"
        with open(bad, "wb") as file:
            file.write(read(f"{v1}/policy.json").replace(b"greater-or-equal", b"greater-or-less", 1))
        cut = f"{folder}/cut.der"
        with open(cut, "wb") as file:
            file.write(read(root)[:-1])
        huge = self.lab.make_policy_v1("huge", size=65000)
        self.refused("a policy v1 that does not parse: no start", {**good, "--policy": bad},
                     "cannot start: own policy: ")
        self.refused("a policy v2 as v1: no start", {**good, "--policy": f"{v2}/policy.json"},
                     "cannot start: own policy: ")
        self.refused("a root CA that is cut: no start", {**good, "--root-ca": cut},
                     "cannot start: root CA: ")
        self.refused("a root CA in PEM: no start", {**good, "--root-ca": f"{self.lab.pki}/root.pem"},
                     "cannot start: root CA: ")
        self.refused("a policy that no message can carry: no start",
                     {**good, "--policy": f"{huge}/policy.json"}, "exceed 65,523 bytes")
        self.refused("a debug TD: no start", {**good, "--attributes": "01" + "00" * 7},
                     "cannot start: own TDINFO")
        policy = ("--policy", f"{v1}/policy.json")
        both = self.with_both(self.volume("both", *policy, "--root-ca", root))
        neither = self.without_root_ca(self.volume("neither", *policy, "--root-ca", root))
        for path in (both, neither):
            self.refused(f"a volume with {os.path.basename(path)[:-3]} of root CA and issuer chain:"
                         " no start", {"--config": path}, "either a root CA")

    def from_volume(self):
        def run():
            path = self.volume("v1", "--policy", f"{self.lab.v1}/policy.json", "--root-ca",
                               f"{self.lab.v1}/root_ca.der")
            self.lab.start(path, path)
            status, session = self.lab.session()
            equal(status, (OK, OK), "status")
            assert self.lab.msk_match(session), "the keys do not match"
        self.tap.case("two Migration TDs with one configuration volume succeed", run)
        self.lab.stop_all()


def main():
    tap = Tap()
    with Lab(sys.argv[1]) as lab:
        lab.v1 = lab.make_policy_v1("v1", "--pre-production", size=POLICY_SIZE)
        cases = Cases(lab, tap)
        lab.start(lab.v1, lab.v1)
        cases.two_at_once()
        cases.measured()
        cases.carried()
        cases.attacks()
        cases.collateral()
        cases.cancel()
        cases.init_data()
        lab.stop_all()
        cases.no_collateral()
        cases.policies()
        starts = Starts(lab, tap)
        starts.all()
        starts.from_volume()
    with Lab(sys.argv[1], description={"hosts": [{"name": "a"}, {"name": "b"}],
                                       "revoke": ["pck:a"]}) as lab:
        lab.v1 = lab.make_policy_v1("v1")
        lab.start(lab.v1, lab.v1)
        Cases(lab, tap).expect("a revoked source is refused, by itself first",
                               {(ATTESTATION, ATTESTATION), (ATTESTATION, NETWORK)},
                               log="revoked")
    tap.finish()


if __name__ == "__main__":
    main()
