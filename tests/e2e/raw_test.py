# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Sessions and requests over vmcall-raw: many at once, cancelled, under every fault of the VMM, and
over TCP framed as intel/MigTD's emulation frames it."""
import hashlib
import socket
import struct
import sys

from attack import flip
from lab import Lab, wait_until
from pair import SIDES, Pair
from tap import Tap, equal

OK, INVALID, NO_RESOURCE, NETWORK, POLICY, CANCELED, VMM_INTERNAL, UNSUPPORTED = \
    0, 1, 3, 5, 8, 10, 11, 12
PHASES = ("connect", "hello", "policy", "public-key", "key-exchange", "quote", "attest")
PAGE = 4096
# Pages in use when there is no session: request and log area.
AT_REST = 2
START, REBIND, REPORT, LOG_AREA, DATA = range(1, 6)
ID = 1 << 62
PURPOSE = b"HostRequestedMigTDReport"
# The VMM's own choice of REPORTDATA: 64 bytes that must not turn up in any TDREPORT.
CHOSEN = bytes(range(0x40, 0x80))


def log_entries(page):
    """(id, request id, level, text) of every entry of a log area."""
    equal(page[:16], b"MigTD LogArea 1\0", "magic")
    at, end = struct.unpack_from("<QQ", page, 24)
    entries = []
    while at != end:
        if at + 24 > PAGE or page[at:at + 8] == bytes(8):
            at = 40
            continue
        number, request, level, size = struct.unpack_from("<QQB3xI", page, at)
        entries.append((number, request, level, page[at + 24:at + 24 + size].decode()))
        at += 24 + size
    return entries


class Cases(Pair):
    def settle(self):
        """Until nothing of a session is left, on either side; what then is in use."""
        for migtd in self.lab.both():
            migtd.wait_for(sessions_live=0, shared_abandoned=0)
            equal(migtd.counters()["shared_used"], AT_REST * PAGE, "shared memory at rest")
        return self.lab.memory()

    # --- sessions -----------------------------------------------------------------------------

    def sessions(self, n):
        def run():
            base = self.settle()
            begun = [self.lab.begin() for _ in range(n)]
            for session in begun:
                equal(self.lab.end(session), (OK, OK), "status")
                assert self.lab.msk_match(session), "keys differ"
            equal(self.settle(), base, "memory after the sessions")
        self.tap.case(f"{n} sessions at once", run)

    def frames(self, size):
        """T23, T24: how the bytes were cut on their way does not show."""
        def run():
            self.lab.frame = size
            try:
                equal(self.lab.session()[0], (OK, OK), "status")
            finally:
                self.lab.frame = None
        self.tap.case(f"frames of {size} bytes outside", run)

    def cancel_waiting(self, which):
        """While it waits for its own quote it has read all, and its Receive is with the VMM."""
        def run():
            # It leaves the reference behind, without which a destination would not get that far.
            equal(self.lab.session()[0], (OK, OK), "the session before")
            base = self.settle()
            migtd = self.lab.both()[which]
            migtd.platform.fault("quote-never")
            try:
                session = self.lab.begin()
                wait_until("a session to wait for its quote", lambda: migtd.platform.client.ask(
                    do="faults")["faults"][0]["fired"] > 0)
                phases = [s["phase"] for s in migtd.ask("sessions")["sessions"]]
                equal(phases, ["quote" if which == 0 else "attest"], "phase")
                migtd.platform.client.ask(do="cancel", td=session.tds[which])
                equal(self.lab.end_side(session, which), CANCELED, "status")
            finally:
                migtd.platform.fault("none")
            self.lab.end_side(session, 1 - which)
            # Its quote buffer stays with the VMM for ever.
            migtd.wait_for(sessions_live=0, shared_abandoned=2 * PAGE)
            self.lab.stop()
            self.lab.start()
            equal(self.settle(), base, "memory after the restart")
        self.tap.case(f"a {SIDES[which]} is cancelled while it waits for its quote", run)

    def fault(self, fault, which, wanted, kept=False):
        """kept: the VMM never gives back what it has."""
        def run():
            base = self.settle()
            migtd = self.lab.both()[which]
            migtd.platform.fault(fault)
            try:
                session = self.lab.begin()
                status = self.lab.end(session)
            finally:
                migtd.platform.fault("none")
            equal(status[which], wanted, "status")
            if not kept:
                equal(self.settle(), base, "memory after the session")
                equal(self.lab.session()[0], (OK, OK), "status of a session afterwards")
                return
            migtd.wait_for(sessions_live=0, shared_abandoned=PAGE, shared_used=(AT_REST + 1) * PAGE)
            equal(self.lab.session()[0], (OK, OK), "status of a session afterwards")
            self.lab.stop()
            self.restart()
        self.tap.case(f"{fault} at the {SIDES[which]}: {wanted}", run)

    def inject(self, which):
        """T20: a session times out with a Receive at the VMM, which completes it afterwards."""
        def run():
            base = self.settle()
            here, there = self.lab.both()[::1 if which == 0 else -1]
            there.ask("hold key-exchange")
            here.platform.fault("raw-inject")
            try:
                equal(self.lab.end_side(self.lab.begin(), which), NETWORK, "status")
                fired = here.platform.client.ask(do="faults")["faults"][0]["fired"]
                equal(fired, 1, "completions injected")
            finally:
                here.platform.fault("none")
                there.ask("release")
            equal(self.settle(), base, "memory after the session")
            equal(self.lab.session()[0], (OK, OK), "status of a session afterwards")
        self.tap.case(f"a completion for a session of the {SIDES[which]} that is gone", run)

    def restart(self):
        self.lab.start(src_options=self.options, dst_options=self.options)

    options = ("--timeout", "2")

    def report_never(self):
        def run():
            self.settle()
            for platform in (self.lab.a, self.lab.b):
                platform.fault("raw-report-never")
            for n in range(1, 6):
                equal(self.lab.session()[0], (OK, OK), "status")
                for migtd in self.lab.both():
                    migtd.wait_for(sessions_live=0)
                    equal(migtd.counters()["shared_used"], (AT_REST + n) * PAGE, "a page a report")
            for platform in (self.lab.a, self.lab.b):
                platform.fault("none")
            equal(self.lab.session()[0], (OK, OK), "status")
            self.lab.stop()
            self.restart()
        self.tap.case("reports that are never taken keep a page each and hold nobody up", run)

    def reason(self):
        """The VMM reads what the policy refused."""
        def run():
            session = self.lab.begin(flip("src", "SECURED", 40))
            self.lab.end(session)
            events = []
            for platform in (self.lab.a, self.lab.b):
                events += platform.client.reasons
            assert any("a secured message does not open" in r for r in events), events
        self.tap.case("a failure's text comes with the report", run)

    # --- requests -----------------------------------------------------------------------------

    def request(self, operation, payload, vmm=1):
        migtd, client = self.lab.src, self.lab.a.client
        client.ask(do="request", migtd_pid=migtd.process.pid, operation=operation,
                   payload=payload.hex(), vmm=vmm)
        return client.request_done(struct.unpack_from("<Q", payload)[0])

    def get_report(self):
        def run():
            for payload in (struct.pack("<Q", ID), struct.pack("<Q", ID + 1) + CHOSEN):
                status, report = self.request(REPORT, payload)
                equal((status, len(report)), (OK, 1024), "answer")
                equal(report[128:192], PURPOSE + bytes(40), "REPORTDATA")
                equal(hashlib.sha384(report[512:]).digest(), report[80:128], "TEE_INFO_HASH")
                assert CHOSEN not in report, "the host's bytes are in the report"
        self.tap.case("GetTDReport is about a constant, whatever the host asks for", run)

    def get_data(self):
        def run():
            own = [m for m in self.lab.a.client.ask(do="migtds")["migtds"]][0]["tdinfo"]
            for payload in (struct.pack("<Q", ID), struct.pack("<Q", ID) + CHOSEN):
                equal(self.request(DATA, payload), (OK, bytes.fromhex(own)), "TDINFO")
        self.tap.case("GetMigtdData answers with the own TDINFO", run)

    def refused(self):
        def run():
            for operation, n, wanted in (
                    (REPORT, 9, INVALID), (REPORT, 71, INVALID), (DATA, 73, INVALID),
                    (LOG_AREA, 8, INVALID), (LOG_AREA, 17, INVALID), (START, 55, INVALID),
                    (START, 57, INVALID), (START, 568, INVALID), (START, 3000, INVALID),
                    (REBIND, 56, UNSUPPORTED), (0, 8, UNSUPPORTED), (6, 56, UNSUPPORTED),
                    (255, 3000, UNSUPPORTED)):
                status, text = self.request(operation, struct.pack("<Q", ID) + bytes(n - 8))
                equal(status, wanted, f"operation {operation} of {n} bytes")
                assert text.isascii() and len(text) > 10, text
            status, text = self.request(LOG_AREA, struct.pack("<QB7x", ID, 0))
            equal(status, INVALID, "level 0")
            status, text = self.request(REPORT, struct.pack("<Q", ID), vmm=2)
            equal(status, VMM_INTERNAL, "a failure of the VMM's")
        self.tap.case("malformed and unknown requests are answered under their id, with a text", run)

    def without_id(self):
        def run():
            client = self.lab.a.client
            for n in range(8):
                client.ask(do="request", migtd_pid=self.lab.src.process.pid, operation=REPORT,
                           payload="00" * n)
            equal(self.request(REPORT, struct.pack("<Q", ID))[0], OK, "the next request")
        self.tap.case("a request too short for an id is dropped", run)

    def log_area(self):
        def run():
            client = self.lab.a.client
            status, answer = self.request(LOG_AREA, struct.pack("<QB7x", ID + 7, 3))
            equal((status, len(answer)), (OK, 24), "answer")
            count, zero, gpa, size = struct.unpack("<IIQQ", answer)
            equal((count, zero, size), (1, 0, PAGE), "one page")
            page = self.shared(gpa)
            entries = log_entries(page)
            texts = [e[3] for e in entries]
            assert texts[0].startswith("MigTD Version - "), texts     # from before it was enabled
            equal([e[0] for e in entries], list(range(1, len(entries) + 1)), "ids")
            assert (ID + 7, 3, "enable_logarea: Logging has been enabled with MaxLevel: 3") in [
                e[1:] for e in entries], entries
            session = self.lab.begin(flip("dst", "FINISH_RSP", 20))
            equal(self.lab.end(session)[0] != OK, True, "failed")
            failure = [e for e in log_entries(self.shared(gpa)) if e[1] == session.tds[0]]
            assert any(e[2] == 1 and "failed in finish" in e[3] for e in failure), failure
            before = len(log_entries(self.shared(gpa)))
            equal(self.request(LOG_AREA, struct.pack("<QB7x", ID, 1))[0], OK, "level 1")
            equal(self.lab.session()[0], (OK, OK), "status")
            equal(len(log_entries(self.shared(gpa))), before, "entries after errors only")
            client.ask(do="migtds")
        self.tap.case("the log area shows what was logged, with request ids, by level", run)

    def shared(self, gpa):
        return bytes.fromhex(self.lab.a.client.ask(
            do="read-shared", migtd_pid=self.lab.src.process.pid, gpa=gpa)["data"])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Foreign:
    """The outside of a foreign MigTD's emulation: one TCP connection, frames of up to 65,524 bytes."""

    def __init__(self, connection):
        self.connection = connection
        self.connection.settimeout(60)

    def receive_exactly(self, n):
        data = b""
        while len(data) < n:
            part = self.connection.recv(n - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def receive(self):
        return self.receive_exactly(struct.unpack("<I", self.receive_exactly(4))[0])

    def send(self, payload):
        self.connection.sendall(struct.pack("<I", len(payload)) + payload)


class TcpCases:
    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def begin(self, which, port):
        migtd = self.lab.both()[which]
        client = migtd.platform.client
        td = client.ask(do="td-create", migtd_pid=migtd.process.pid, incoming=which == 1)["td"]
        client.ask(do="premig", td=td, port=port)
        return lambda: client.done(td)

    def session(self, first):
        def run():
            port = free_port()
            done = {which: self.begin(which, port) for which in (first, 1 - first)}
            equal((done[0](), done[1]()), (OK, OK), "status")
        self.tap.case(f"source and destination meet over TCP, the {SIDES[first]} first", run)

    def foreign(self, which):
        """Says hello as a foreign peer would, reads ours, and breaks off."""
        def run():
            port = free_port()
            if which == 0:
                listener = socket.create_server(("127.0.0.1", port))
                done = self.begin(0, port)
                connection, _ = listener.accept()
                listener.close()
            else:
                done = self.begin(1, port)
                wait_until("the destination to listen", lambda: self.connected(port))
                connection = self.connection
            with connection:
                peer = Foreign(connection)
                hello = bytes((0xff, 0, 0, 0)) + struct.pack("<I", 8) + b"MGTD" + bytes((0, 1, 0, 1))
                equal(peer.receive(), hello, "its hello, in one frame")
                peer.send(hello)
                head = peer.receive()[:8]
                equal(head[0], 1, "peer data follows")
            equal(done(), NETWORK, "status")
        self.tap.case(f"a foreign {SIDES[1 - which]} over TCP is heard and understood", run)

    def connected(self, port):
        try:
            self.connection = socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            return False
        return True

    def bad_frame(self, length):
        def run():
            port = free_port()
            done = self.begin(1, port)
            wait_until("the destination to listen", lambda: self.connected(port))
            with self.connection:
                self.connection.sendall(struct.pack("<I", length) + b"x" * 64)
                equal(done(), NETWORK, "status")
        self.tap.case(f"a frame of length {length:#x} ends the session", run)


def over_tcp(build, tap):
    with Lab(build, transport="vmcall-raw", host_options=("--raw", "tcp:127.0.0.1")) as lab:
        cases = TcpCases(lab, tap)
        lab.start()
        for which in (0, 1):
            cases.session(which)
            cases.foreign(which)
        cases.bad_frame(0)
        cases.bad_frame(0xffffffff)


def main():
    tap = Tap()
    with Lab(sys.argv[1], transport="vmcall-raw") as lab:
        cases = Cases(lab, tap)
        lab.start()
        for n in (1, 2, 12):
            cases.sessions(n)
        for size in (1, 7, 4085, 65525):
            cases.frames(size)
        for phase in PHASES:
            for which in (0, 1):
                cases.cancel(f"a {SIDES[which]} cancelled after {phase} reports 10, its peer 5",
                             phase, which, (CANCELED, NETWORK)[::1 if which == 0 else -1])
        for which in (0, 1):
            cases.cancel_waiting(which)
            cases.twice(which)
        cases.get_report()
        cases.get_data()
        cases.refused()
        cases.without_id()
        cases.log_area()
        cases.reason()
        lab.stop()
        lab.slow_clock = 1
        cases.restart()
        cases.report_never()
        for which in (0, 1):
            for fault in ("raw-zero", "raw-oversize", "raw-status=7", "raw-status=65537"):
                cases.fault(fault, which, NETWORK)
            cases.fault("raw-status=770", which, CANCELED)
            cases.fault("raw-late=5", which, OK)
            cases.inject(which)
            cases.fault("raw-never", which, NETWORK, kept=True)
            cases.fault("raw-send-never", which, NETWORK, kept=True)
    over_tcp(sys.argv[1], tap)
    tap.finish()


if __name__ == "__main__":
    main()
