# SPDX-License-Identifier: BSD-2-Clause-Patent
"""No secret outlives its session: after the end of each, on success and on every failure, neither
Migration TD has any eight bytes of any secret anywhere in its memory; and while a session lives,
its secrets lie in its arena and nowhere else."""
import json
import subprocess
import sys
import threading

import p384
from attack import flip, vanish
from lab import DEADLINE, Lab
from outside import Ram
from tap import Tap, equal

OK = (0, 0)
PHASES = ("public-key", "key-exchange", "quote", "attest", "finish", "migration-info", "end")
# All of it is read again and again, so it is no larger than needed.
OPTIONS = ("--memory", "1M", "--heap", "256K", "--shared", "128K")
ECDHE_POINT = slice(52, 148)    # in the frames of KEY_EXCHANGE and its response
SECRET_FIELDS = ("signing_scalar", "secrets", "own_key", "peer_key")


def words(secret):
    """Eight bytes at a time, in memory order and as a big number's limb."""
    for at in range(0, len(secret) - 7, 8):
        word = secret[at:at + 8]
        # Counters, lengths and padding between fields are not random.
        if word.count(0) < 3:
            yield word
            yield word[::-1]


class Secrets:
    """What must not be found: eight bytes -> where they came from."""

    def __init__(self):
        self.found = {}

    def add(self, name, secret):
        for word in words(secret):
            self.found.setdefault(word, name)

    def names(self):
        return set(self.found.values())

    def places(self, memory):
        for word, name in self.found.items():
            at = memory.find(word)
            while at >= 0:
                yield at, name
                at = memory.find(word, at + 1)


class Watch:
    """Both Migration TDs from outside; the session under watch is the only one."""

    def __init__(self, lab, layout):
        self.lab = lab
        self.layout = layout
        self.rams = {migtd: Ram(migtd) for migtd in (lab.src, lab.dst)}
        self.fixed = {migtd: sum(tag["extent"] for name, tag in migtd.counters()["by_tag"].items()
                                 if name not in ("MEM_SESSION", "MEM_RECORD", "MEM_TDINFO"))
                      for migtd in self.rams}

    def arena(self, migtd):
        return self.rams[migtd].heap + self.fixed[migtd]

    def field(self, migtd, name):
        offset, size = self.layout[name]
        return self.rams[migtd].read(self.arena(migtd) + offset, size)

    def collect(self, secrets):
        """All secrets that the live session has now, in the fields meant for them."""
        for migtd in self.rams:
            if not any(self.field(migtd, "in_spdm")):
                continue
            for name in SECRET_FIELDS:
                secrets.add(f"{migtd.name}: {name}", self.field(migtd, name))

    def hits(self, secrets, allowed=False):
        """Where secrets lie; `allowed`: the fields of the first arena meant for them are."""
        for migtd, ram in self.rams.items():
            fields = [self.layout[name] for name in SECRET_FIELDS] if allowed else []
            for at, name in secrets.places(ram.whole()):
                at += ram.base
                inside = at - self.arena(migtd)
                if not any(o <= inside and inside + 8 <= o + size for o, size in fields):
                    yield f"{name} in {migtd.name}: {ram.describe(at)}"
            for start, memory in ram.rest():
                for at, name in secrets.places(memory):
                    yield f"{name} in {migtd.name}: outside the TD's memory, {start + at:#x}"

    def nothing(self, secrets):
        equal(list(self.hits(secrets)), [], "secrets left")


class Session:
    """One session and what an observer with full view of both sides learns of its secrets."""

    def __init__(self, watch, attack=None, look=False):
        self.watch = watch
        self.hits = []
        self.secrets = Secrets()
        self.attack = attack or (self.look if look else self.honest)
        self.scalar = None
        self.error = None
        self.begun = threading.Event()
        self.lab_session = watch.lab.begin(self.relay)
        self.begun.set()

    def relay(self, direction, index, name, message):
        self.begun.wait()
        # The receiver waits for this very message, the sender for its answer.
        try:
            self.watch.collect(self.secrets)
            if name == "KEY_EXCHANGE":
                self.scalar = self.watch.field(self.watch.lab.src, "ecdhe_scalar")
                equal(p384.multiply(self.scalar, None), message[ECDHE_POINT], "ECDHE point")
            elif name == "KEY_EXCHANGE_RSP" and self.scalar is not None:
                self.derive(p384.multiply(self.scalar, message[ECDHE_POINT])[:48])
            elif name == "VDM_01":
                scalar = self.watch.field(self.watch.lab.src, "signing_scalar")
                equal(p384.multiply(scalar, None), message[-96:], "signing key")
        except Exception as error:
            self.error = error
        return self.attack(direction, index, name, message)

    @staticmethod
    def honest(direction, index, name, message):
        return message

    def derive(self, z):
        """What only ever lay on a stack."""
        dst = self.watch.lab.dst
        th1, *known = [self.watch.field(dst, name) for name in (
            "th1", "request_finished", "response_finished", "master")]
        if not any(known[0]):
            return      # its session has failed right after the message, and is wiped
        handshake = p384.extract(bytes(48), z)
        self.secrets.add("Z", z)
        self.secrets.add("handshake secret", handshake)
        for side, finished in zip((b"req", b"rsp"), known):
            secret = p384.expand(handshake, side + b" hs data", th1)
            self.secrets.add("handshake traffic secret", secret)
            equal(p384.expand(secret, b"finished", b""), finished, "finished key")
        salt = p384.expand(handshake, b"derived", b"")
        self.secrets.add("salt of the master secret", salt)
        equal(p384.extract(salt, bytes(48)), known[2], "master secret")

    def look(self, direction, index, name, message):
        """An attack that only looks; not between chunks, which a work slot waits for."""
        if not name.startswith("CHUNK"):
            for migtd in self.watch.rams:
                migtd.counters()    # answered between two rounds: all is done that could be
            self.watch.collect(self.secrets)
            self.keys()
            self.hits += [f"at {name}: {hit}"
                          for hit in self.watch.hits(self.secrets, allowed=True)]
        return message

    def keys(self):
        """Adds the migration session keys, as far as either module has handed them out."""
        for migtd, td in zip((self.watch.lab.src, self.watch.lab.dst), self.lab_session.tds):
            answer = migtd.platform.client.ask(do="td-keys", td=td)
            for name in ("enc_key", "dec_key"):
                self.secrets.add(f"{migtd.name}: MIG_{name.upper()}", bytes.fromhex(answer[name]))

    def end(self):
        status = self.watch.lab.end(self.lab_session)
        for migtd in self.watch.rams:
            migtd.wait_for(sessions_live=0)
        self.keys()
        if self.error is not None:
            raise self.error
        return status


class Cases:
    def __init__(self, lab, tap, layout):
        self.lab = lab
        self.tap = tap
        self.watch = Watch(lab, layout)
        raw = lab.transport == "vmcall-raw"
        # What breaks a session off.
        self.cut = "raw-status=770" if raw else "vsock-reset-after=180000"

    def scanner(self):
        def run():
            for migtd, ram in self.watch.rams.items():
                for at in (ram.stack, ram.heap + ram.heap_size - 13, ram.shared + 100,
                           ram.base + ram.size - 8):
                    secrets = Secrets()
                    secrets.add("planted", bytes(range(0x80, 0xa0)))
                    before = ram.read(at, 8)
                    for word in (bytes(range(0x88, 0x90)), bytes(range(0x97, 0x8f, -1))):
                        ram.write(at, word)
                        equal(len(list(self.watch.hits(secrets))), 1, "planted words found")
                        ram.write(at, before)
                    equal(list(self.watch.hits(secrets)), [], "none left")
        self.tap.case("the scan finds a word of a secret wherever it is planted", run)

    def while_alive(self):
        """Held at each phase in turn: secrets lie in their fields only."""
        def run(phase):
            for migtd in self.watch.rams:
                migtd.ask(f"hold {phase}")
            session = Session(self.watch)
            for migtd in self.watch.rams:
                migtd.wait_for(held=1)
            self.watch.collect(session.secrets)
            session.keys()
            hits = list(self.watch.hits(session.secrets, allowed=True))
            for migtd in self.watch.rams:
                migtd.ask("release")
            equal(session.end(), OK, "status")
            equal(hits, [], "secrets outside their fields")
            self.watch.nothing(session.secrets)
        for phase in PHASES:
            self.tap.case(f"behind {phase} secrets lie in their fields of the arena only",
                          lambda phase=phase: run(phase))

    def between(self):
        """Stops at each message, when its sender has done what it can."""
        def run():
            session = Session(self.watch, look=True)
            session.lab_session.relay.join(DEADLINE)
            equal(session.end(), OK, "status")
            equal(session.hits, [], "secrets outside their fields")
        self.tap.case("between any two messages secrets lie in their fields of the arena only",
                      run)

    def after(self, name, attack=None, platform=None, fault=None, ok=False, msk=False):
        """After the end nothing is left; msk: the session must have come to its keys."""
        def run():
            if fault:
                platform.fault(fault)
            try:
                session = Session(self.watch, attack)
                status = session.end()
            finally:
                if fault:
                    platform.fault("none")
            equal(status == OK, ok, f"success, being {status}")
            if msk:
                equal({"migtd-src: secrets", "migtd-dst: secrets", "Z"} <=
                      session.secrets.names(), True, "session secrets were seen")
            self.watch.nothing(session.secrets)
        self.tap.case(f"nothing is left after {name}", run)

    def ends(self):
        self.after("success", ok=True, msk=True)
        for direction, name, msk in (
                ("src", "HELLO", False), ("dst", "PEER_DATA", False), ("src", "START", False),
                ("src", "GET_VERSION", False), ("dst", "VERSION", False),
                ("src", "GET_CAPABILITIES", False), ("src", "NEGOTIATE_ALGORITHMS", False),
                ("src", "VDM_01", False), ("dst", "VDM_02", False),
                ("src", "KEY_EXCHANGE", False), ("dst", "KEY_EXCHANGE_RSP", False),
                ("src", "CHUNK_SEND", True), ("dst", "CHUNK_RESPONSE", True),
                ("src", "FINISH", True), ("dst", "FINISH_RSP", True),
                ("src", "SECURED", True), ("dst", "SECURED", True)):
            self.after(f"a peer vanished at {name}", vanish(direction, name), msk=msk)
        for direction, name, offset in (
                ("dst", "VDM_02", 40), ("src", "KEY_EXCHANGE", 60), ("dst", "KEY_EXCHANGE_RSP", 60),
                ("dst", "KEY_EXCHANGE_RSP", -1), ("src", "CHUNK_SEND", 800),
                ("dst", "CHUNK_RESPONSE", 800), ("src", "FINISH", 30), ("src", "FINISH", -1),
                ("dst", "FINISH_RSP", 20), ("src", "SECURED", 40), ("src", "SECURED", -1),
                ("dst", "SECURED", 40), ("dst", "SECURED", -1)):
            self.after(f"byte {offset} of {name} was flipped", flip(direction, name, offset))

    def faults(self):
        # SERVTD.RD on the source: 21 words of SERVTD_EXT, 4 of the key, SERVTD_ATTR; on the
        # destination: 4 of the key, SERVTD_ATTR.  SERVTD.WR: version, 4 of the key.
        for platform, leaf, nths in (
                (self.lab.a, 18, (1, 22, 23, 25, 26)), (self.lab.a, 11, (1, 2)),
                (self.lab.a, 20, (1, 2, 3, 5)), (self.lab.a, 4, (1,)),
                (self.lab.b, 18, (1, 2, 4, 5)), (self.lab.b, 11, (1, 2)),
                (self.lab.b, 20, (1, 2, 3, 5)), (self.lab.b, 8, (1, 6)), (self.lab.b, 4, (1,))):
            for nth in nths:
                self.after(f"TDCALL {leaf} failed on host {platform.name}, time {nth}",
                           platform=platform, fault=f"tdcall-fail={leaf}:{nth}")
        for platform in (self.lab.a, self.lab.b):
            for fault in ("quote-garbage", "quote-truncated", "wrong-reportdata",
                          "quote-flip=600", self.cut):
                self.after(f"{fault} on host {platform.name}", platform=platform, fault=fault)


def main():
    build = sys.argv[1]
    layout = json.loads(subprocess.run([f"{build}/tests/e2e/session-layout"], check=True,
                                       capture_output=True).stdout)
    tap = Tap()
    with Lab(build, transport=sys.argv[2] if len(sys.argv) > 2 else "vsock") as lab:
        lab.start(src_options=OPTIONS, dst_options=OPTIONS)
        cases = Cases(lab, tap, layout)
        cases.scanner()
        cases.while_alive()
        cases.between()
        cases.ends()
        cases.faults()
    tap.finish()


if __name__ == "__main__":
    main()
