# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A Migration TD, a user TD or a whole host is killed in the middle of a session: the side that
survives ends the session, has its memory back and goes on with a fresh peer."""
import os
import signal
import socket
import sys
import tempfile

from lab import DEADLINE, Lab, LabError, Platform, wait_until
from tap import Tap, equal

OK, NETWORK, GONE = 0, 5, 11
PHASES = ("hello", "policy", "algorithms", "public-key", "key-exchange", "quote", "attest",
          "finish", "migration-info")
# A source that has written its keys has what it came for: it needs no END_SESSION_ACK.
COMPLETE_FOR_SOURCE = ("migration-info",)


class Monitor:
    """A user TD's monitor, spoken to line by line."""

    def __init__(self, path):
        wait_until("the monitor", lambda: self._connect(path))
        self.until_prompt()

    def _connect(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            return False
        return True

    def until_prompt(self):
        text = b""
        while not text.endswith(b"(qemu) "):
            more = self.socket.recv(4096)
            if not more:
                raise AssertionError(f"the monitor closed after {text}")
            text += more
        return text

    def command(self, line):
        self.socket.sendall(line.encode() + b"\n")
        answer = self.until_prompt()
        if b"Error" in answer:
            raise AssertionError(answer.decode())


class Kill:
    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap

    def side(self, is_source):
        return self.lab.src if is_source else self.lab.dst

    def held(self, phase, begin):
        """A session that both sides hold behind `phase`, and the memory before it."""
        both = self.lab.both()
        base = {migtd: migtd.memory_live() for migtd in both}
        self.lab.ask_both(f"hold {phase}")
        session = begin()
        for migtd in both:
            migtd.wait_for(held=1)
        return session, base

    def survives(self, survivor, base):
        survivor.wait_for(sessions_live=0)
        equal(survivor.memory_live(), base[survivor], f"{survivor.name}: memory")

    def restart(self, is_source):
        name, platform = ("migtd-src", self.lab.a) if is_source else ("migtd-dst", self.lab.b)
        fresh = self.lab.migtd(name, platform, self.lab.policy)
        if is_source:
            self.lab.src = fresh
        else:
            self.lab.dst = fresh

    def next_succeeds(self):
        status, session = self.lab.session()
        equal(status, (OK, OK), "a later session")
        equal(self.lab.msk_match(session), True, "its keys match")

    def migtd(self, phase, is_source):
        """The Migration TD of one side is killed; is_source names the victim."""
        def run():
            session, base = self.held(phase, self.lab.begin)
            victim, survivor = self.side(is_source), self.side(not is_source)
            victim.process.kill()
            self.lab.migtds.remove(victim)
            status = dict(zip((self.lab.src, self.lab.dst), session.tds))
            equal(victim.platform.client.done(status[victim]), GONE, "the victim's request")
            survivor.ask("release")
            complete = not is_source and phase in COMPLETE_FOR_SOURCE
            equal(survivor.platform.client.done(status[survivor]), OK if complete else NETWORK,
                  "the survivor's result")
            self.survives(survivor, base)
            self.restart(is_source)
            self.next_succeeds()
        self.tap.case(f"a {'source' if is_source else 'destination'} killed behind {phase} does "
                      f"not harm its peer", run)

    def host(self, phase, is_source):
        """The emulated host of one side is killed, and its Migration TD ends with it."""
        def run():
            session, base = self.held(phase, self.lab.begin)
            victim, survivor = self.side(is_source), self.side(not is_source)
            victim.platform.process.kill()
            equal(victim.process.wait(DEADLINE), 1, "exit code of its Migration TD")
            self.lab.migtds.remove(victim)
            equal(victim.text().splitlines()[-1], "migtd: the platform is gone", "last words")
            survivor.ask("release")
            td = session.tds[1 if is_source else 0]
            complete = not is_source and phase in COMPLETE_FOR_SOURCE
            equal(survivor.platform.client.done(td), OK if complete else NETWORK,
                  "the survivor's result")
            self.survives(survivor, base)
            if is_source:
                self.lab.a = Platform(self.lab, "a")
            else:
                self.lab.b = Platform(self.lab, "b")
            self.restart(is_source)
            self.next_succeeds()
        self.tap.case(f"the {'source' if is_source else 'destination'}'s host killed behind "
                      f"{phase} does not harm the other host", run)

    def user_td(self, phase, is_source):
        """`tdhost td`, which plays the user TD, is killed: both Migration TDs survive."""
        def run():
            owner = self.side(is_source)
            path = f"{self.lab.dir}/monitor.sock"
            incoming = () if is_source else ("--incoming",)
            process = self.lab.spawn([
                self.lab.tdhost, "td", "--platform", f"unix:{owner.platform.path}", "--migtd-pid",
                str(owner.process.pid), "--monitor", f"unix:{path},server,nowait", *incoming])

            def premig(port):
                Monitor(path).command(f"qom-set /objects/tdx0/ vsockport {port}")
            own = (premig, None) if is_source else (None, premig)
            session, base = self.held(phase, lambda: self.lab.begin(premig=own))
            said = len(owner.text())
            process.kill()
            process.wait(DEADLINE)
            self.lab.ask_both("release")
            other = self.side(not is_source)
            td = session.tds[1 if is_source else 0]
            complete = not is_source and phase in COMPLETE_FOR_SOURCE
            equal(other.platform.client.done(td), OK if complete else NETWORK,
                  "the result of the other user TD")
            for migtd in self.lab.both():
                self.survives(migtd, base)
            if "ReportStatus failed" not in owner.text()[said:]:
                raise AssertionError("nobody took the report, and the log does not say so")
            self.next_succeeds()
        self.tap.case(f"a {'source' if is_source else 'destination'} user TD killed behind {phase} "
                      f"ends its session and no other", run)


def nothing_stays_of_a_lab_that_cannot_be_set_up():
    outside = tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        try:
            with Lab(sys.argv[1], description={"hosts": [{"name": "only-one"}]}):
                raise AssertionError("it was set up")
        except LabError:
            pass
        finally:
            tempfile.tempdir = outside
        equal(os.listdir(folder), [], "what is left")


def main():
    tap = Tap()
    tap.case("nothing stays of a lab that cannot be set up",
             nothing_stays_of_a_lab_that_cannot_be_set_up)
    with Lab(sys.argv[1]) as lab:
        lab.start()
        kill = Kill(lab, tap)
        for is_source in (True, False):
            for phase in PHASES:
                kill.migtd(phase, is_source)
            for phase in ("policy", "key-exchange", "finish"):
                kill.user_td(phase, is_source)
            for phase in ("policy", "quote", "attest", "migration-info"):
                kill.host(phase, is_source)
    tap.finish()


if __name__ == "__main__":
    main()
