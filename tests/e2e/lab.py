# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Two emulated hosts, their Migration TDs and a relay that can read and change every message.

Everything is real: processes, sockets, quotes and policies.  Only the relay is a stand-in for
socat, because it has to understand the framing in order to attack it.
"""
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

PACKET_JSON = 0x4D540006
SPDM_SIGNATURE = b"SPDM"
DEADLINE = 60

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1

MESSAGE_NAMES = {
    0x84: "GET_VERSION", 0x04: "VERSION", 0xE1: "GET_CAPABILITIES", 0x61: "CAPABILITIES",
    0xE3: "NEGOTIATE_ALGORITHMS", 0x63: "ALGORITHMS", 0xE4: "KEY_EXCHANGE",
    0x64: "KEY_EXCHANGE_RSP", 0xE5: "FINISH", 0x65: "FINISH_RSP", 0xFE: "VDM_REQ",
    0x7E: "VDM_RSP", 0x85: "CHUNK_SEND", 0x05: "CHUNK_SEND_ACK", 0x86: "CHUNK_GET",
    0x06: "CHUNK_RESPONSE", 0x7F: "ERROR",
}


class LabError(Exception):
    pass


def wait_until(what, condition, seconds=DEADLINE):
    """Polls an outside state that has no event; names what is missing when time runs out."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise LabError(f"timed out waiting for {what}")
        time.sleep(0.01)


def end_with_parent():
    """In a child: no process outlives a test, however the test ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Platform:
    """One emulated host and its control connection."""

    def __init__(self, lab, name):
        self.name = name
        self.path = f"{lab.dir}/platform-{name}.sock"
        self.prefix = f"{lab.dir}/vsock-{name}"
        self.log = open(f"{lab.dir}/platform-{name}.log", "wb")
        self.process = lab.spawn(
            [lab.tdhost, "platform", "--listen", f"unix:{self.path}", "--vsock",
             f"unix:{self.prefix}", "--pki", f"{lab.pki}/hosts/{name}", *lab.host_options],
            stderr=self.log)
        self.client = None
        wait_until(f"platform {name}", self._connect)

    def _connect(self):
        if self.process.poll() is not None:
            raise LabError(f"platform {self.name} ended")
        try:
            self.client = Client(self.path)
        except OSError:     # not listening yet; the path may be there from one that was killed
            return False
        return True

    def fault(self, text):
        self.client.ask(do="fault", set=text)


class Client:
    """JSON over SOCK_SEQPACKET; events are kept until asked for."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # The socket's name is there a moment before its owner listens.
        wait_until(f"{path} to listen", lambda: self.socket.connect_ex(path) == 0)
        self.events = []
        self.reasons = []       # texts that came with failures

    def _receive(self, seconds):
        ready, _, _ = select.select([self.socket], [], [], seconds)
        if not ready:
            return None
        packet = self.socket.recv(70000)
        if len(packet) < 4:
            raise LabError("the platform closed the control connection")
        return json.loads(packet[4:])

    def ask(self, **request):
        self.socket.send(struct.pack("=I", PACKET_JSON) + json.dumps(request).encode())
        while True:
            answer = self._receive(DEADLINE)
            if answer is None:
                raise LabError(f"no answer to {request}")
            if "event" in answer:
                self.events.append(answer)
                continue
            if not answer["ok"]:
                raise LabError(f"{request}: {answer.get('error')}")
            return answer

    def done(self, td, seconds=DEADLINE):
        """The status the VMM was told for a user TD."""
        end = time.monotonic() + seconds
        while True:
            for event in self.events:
                if event["event"] == "premig-done" and event["td"] == td:
                    self.events.remove(event)
                    if "reason" in event:
                        self.reasons.append(event["reason"])
                    return event["status"]
            event = self._receive(max(0, end - time.monotonic()))
            if event is None:
                raise LabError(f"no premig-done for user TD {td}")
            self.events.append(event)

    def request_done(self, request):
        """Status and data of the report of a request of vmcall-raw."""
        while True:
            for event in self.events:
                if event["event"] == "request-done" and event["request"] == request:
                    self.events.remove(event)
                    return event["status"], bytes.fromhex(event["data"])
            event = self._receive(DEADLINE)
            if event is None:
                raise LabError(f"no report of request {request}")
            self.events.append(event)


class MigTD:
    """A Migration TD process of the measuring build."""

    def __init__(self, lab, name, platform, policy, options=()):
        self.name = name
        self.lab = lab
        self.platform = platform
        self.control_path = f"{lab.dir}/control-{name}.sock"
        self.log_path = f"{lab.dir}/{name}.log"
        command = [
            lab.image, "--platform", f"unix:{platform.path}", "--name", name,
            "--control", f"unix:{self.control_path}", "-l", "info",
            "--transport", lab.transport, "--slow-clock", str(lab.slow_clock)]
        for option, value in lab.policy_options(policy).items():
            command += [option] if value is None else [option, value]
        command += options
        self.log = open(self.log_path, "wb")
        self.process = lab.spawn(command, stdout=self.log, stderr=subprocess.STDOUT)
        self.file = None
        lab.migtds.append(self)
        wait_until(f"{name} to ask for requests", self._ready)

    def _ready(self):
        if self.process.poll() is not None:
            raise LabError(f"{self.name} ended:\n{self.text()}")
        return any(m["pid"] == self.process.pid and m["ready"]
                   for m in self.platform.client.ask(do="migtds")["migtds"])

    def ask(self, line):
        """One command of ports/linux/control.h."""
        if self.file is None:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(DEADLINE)
            self.socket.connect(self.control_path)
            self.file = self.socket.makefile("rw")
        self.file.write(line + "\n")
        self.file.flush()
        answer = json.loads(self.file.readline())
        if not answer["ok"]:
            raise LabError(f"{self.name}: {line}: {answer['error']}")
        return answer

    def counters(self):
        return self.ask("counters")

    def memory_live(self):
        """What must be the same before and after any session."""
        c = self.counters()
        return c["heap_used"], c["shared_used"], c["sessions_live"], c["held"], c["queued"]

    def wait_for(self, **wanted):
        """Until the counters have these values."""
        wait_until(f"{self.name}: {wanted}", lambda: wanted.items() <= self.counters().items())

    def text(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()


class Relay(threading.Thread):
    """Joins PREFIX_A_port and PREFIX_B_port; `attack` sees every message on its way.

    attack(direction, index, name, message) returns the message to pass on, None to drop it and
    cut the connection, or a list of messages.  Direction is "src" for what the source sends.
    """

    def __init__(self, src, dst, port_src, port_dst, attack=None, raw=False, frame=None):
        super().__init__(daemon=True)
        self.frame = frame
        self.attack = attack
        self.raw = raw
        self.error = None
        self.messages = []
        self.listeners = []
        for prefix, port in ((src.prefix, port_src), (dst.prefix, port_dst)):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(f"{prefix}_{port}")
            listener.listen(1)
            listener.settimeout(DEADLINE)
            self.listeners.append(listener)
        self.start()

    def run(self):
        try:
            ends = [listener.accept()[0] for listener in self.listeners]
            for listener in self.listeners:
                path = listener.getsockname()
                listener.close()
                os.unlink(path)
            self._pump(ends)
        except (OSError, LabError) as error:
            self.error = error

    def _pump(self, ends):
        parsers = [Framing("src"), Framing("dst")]
        frames = [Frames(), Frames()] if self.raw else None
        open_ends = [True, True]
        while any(open_ends):
            ready, _, _ = select.select([e for e, o in zip(ends, open_ends) if o], [], [],
                                        DEADLINE)
            if not ready:
                break
            for end in ready:
                i = ends.index(end)
                try:
                    data = end.recv(65536)
                except ConnectionResetError:
                    data = b""
                if not data:
                    open_ends[i] = False
                    self._send(ends[1 - i], parsers[i].rest())
                    try:
                        ends[1 - i].shutdown(socket.SHUT_WR)
                    except OSError:
                        pass
                    continue
                if frames:
                    data = frames[i].feed(data)
                for name, message in parsers[i].feed(data):
                    out = self._through(parsers[i], name, message)
                    if out is None:
                        for e in ends:
                            e.close()
                        return
                    self._send(ends[1 - i], out)
        for end in ends:
            end.close()

    def _through(self, parser, name, message):
        index = parser.count
        parser.count += 1
        self.messages.append((parser.direction, index, name, len(message)))
        if self.attack is None:
            return message
        out = self.attack(parser.direction, index, name, message)
        if isinstance(out, list):
            return b"".join(out)
        return out

    def _send(self, end, data):
        """To an end that is gone nothing more can be said; that it is gone shows in its recv()."""
        if self.raw and data:
            size = self.frame or len(data)
            data = b"".join(struct.pack("<I", len(piece)) + piece for piece in (
                data[at:at + size] for at in range(0, len(data), size)))
        try:
            end.sendall(data)
        except OSError:
            pass


class Frames:
    """The outside of vmcall-raw: u32 length and payload."""

    def __init__(self):
        self.buffer = b""

    def feed(self, data):
        self.buffer += data
        payload = b""
        while len(self.buffer) >= 4:
            size = 4 + struct.unpack_from("<I", self.buffer)[0]
            if len(self.buffer) < size:
                break
            payload += self.buffer[4:size]
            self.buffer = self.buffer[size:]
        return payload


class Framing:
    """Cuts one direction's byte stream into pre-session packets and SPDM frames."""

    def __init__(self, direction):
        self.direction = direction
        self.buffer = b""
        self.count = 0

    def feed(self, data):
        self.buffer += data
        while True:
            taken = self._next()
            if taken is None:
                return
            yield taken

    def rest(self):
        rest, self.buffer = self.buffer, b""
        return rest

    def _next(self):
        b = self.buffer
        if len(b) < 8:
            return None
        if b[:4] != SPDM_SIGNATURE:
            size = 8 + struct.unpack_from("<I", b, 4)[0]
            name = {0xFF: "HELLO", 1: "PEER_DATA", 2: "START"}.get(b[0], "?")
        else:
            if len(b) < 12:
                return None
            size = 12 + struct.unpack_from("<I", b, 8)[0]
            if len(b) < size:
                return None
            name = "SECURED" if b[6] == 2 else MESSAGE_NAMES.get(b[13], hex(b[13]))
            if name.startswith("VDM_"):
                name = f"VDM_{b[12 + 15]:02X}"
        if len(b) < size:
            return None
        message, self.buffer = b[:size], b[size:]
        return name, message


class Lab:
    """Starts and ends everything; use as a context manager.

    With a description of `migtd-tool pki --describe`, whose hosts a and b are those of start().
    """

    def __init__(self, build, size=172021, description=None, transport="vsock", host_options=()):
        self.transport = transport
        # Time limits are that much longer, for what is not about them: a busy machine must not
        # end a session.  Counts for what is started afterwards.
        self.slow_clock = 10
        self.host_options = host_options
        self.frame = None       # bytes of a frame of vmcall-raw outside; None: a message each
        self.tdhost = f"{build}/host/tdhost"
        self.image = f"{build}/ports/linux/migtd-measure"
        self.tool = f"{build}/tools/migtd-tool"
        self.migmem = f"{build}/tools/migmem"
        self.size = size
        self.description = description or {"hosts": [{"name": "a"}, {"name": "b"}]}
        self.children = []
        self.migtds = []
        self.port = 2000

    def __enter__(self):
        # Ended from outside, it still tidies up.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
        self.dir = tempfile.mkdtemp(prefix="migtd-lab-")
        try:
            self._set_up()
        except BaseException:   # nobody calls __exit__() then
            self.__exit__(*sys.exc_info())
            raise
        return self

    def _set_up(self):
        self.pki = f"{self.dir}/pki"
        with open(f"{self.dir}/description.json", "w") as file:
            json.dump(self.description, file)
        self.run_tool("pki", "--out", self.pki, "--describe", file.name)
        self.policy = self.make_policy("policy")
        self.a = Platform(self, "a")
        self.b = Platform(self, "b")

    def run_tool(self, *arguments):
        result = subprocess.run([self.tool, *arguments], capture_output=True, text=True)
        if result.returncode != 0:
            raise LabError(f"migtd-tool {' '.join(arguments)}: {result.stderr}")
        return result.stdout

    def make_policy(self, name, *options, pki=None):
        out = f"{self.dir}/{name}"
        self.run_tool("policy", "generate", "--pki", pki or self.pki, "--image", self.image,
                      "--out", out, "--size", str(self.size), *options)
        return out

    def make_policy_v1(self, name, *options, size=48893, change=None):
        """change(document) edits the policy before it is written anew."""
        out = f"{self.dir}/{name}"
        self.run_tool("policy", "generate", "v1", "--pki", self.pki, "--out", out, "--size",
                      str(size), *options)
        if change:
            with open(f"{out}/policy.json") as file:
                document = json.load(file)
            change(document)
            with open(f"{out}/policy.json", "w") as file:
                json.dump(document, file, indent=4)
        return out

    @staticmethod
    def policy_options(policy):
        """Those of a Migration TD with a policy of make_policy() or make_policy_v1(), or a volume;
        None: without a value."""
        if policy.endswith(".fv"):
            return {"--config": policy}
        root = f"{policy}/root_ca.der"
        if os.path.exists(root):
            return {"--policy": f"{policy}/policy.json", "--root-ca": root}
        with open(f"{policy}/launch.json") as file:
            launch = json.load(file)
        return {"--policy": f"{policy}/policy.json", "--policy-v2": None,
                "--policy-issuer-chain": f"{policy}/policy_issuer_chain.pem",
                "--mrowner": launch["mrowner"], "--mrownerconfig": launch["mrownerconfig"]}

    def spawn(self, command, **options):
        process = subprocess.Popen(command, preexec_fn=end_with_parent, **options)
        self.children.append(process)
        return process

    def start(self, src_policy=None, dst_policy=None, src_options=(), dst_options=()):
        """Source on host a, destination on host b."""
        self.src = self.migtd("migtd-src", self.a, src_policy or self.policy, *src_options)
        self.dst = self.migtd("migtd-dst", self.b, dst_policy or self.policy, *dst_options)

    def migtd(self, name, platform, policy, *options):
        """One more Migration TD; on a platform with several each needs a --cid of its own."""
        return MigTD(self, name, platform, policy, options)

    def both(self):
        return self.src, self.dst

    def ask_both(self, command):
        for migtd in self.both():
            migtd.ask(command)

    def memory(self):
        """What of either side's memory is in use; the same before and after any session."""
        return [migtd.memory_live() for migtd in self.both()]

    def stop(self, *migtds):
        for migtd in migtds or self.both():
            migtd.process.terminate()
            migtd.process.wait(DEADLINE)
            self.migtds.remove(migtd)

    def stop_all(self):
        for migtd in list(self.migtds):
            self.stop(migtd)

    def begin(self, attack=None, src=None, dst=None, premig=(None, None), td=None):
        """Starts one pre-migration; end() gives both statuses.

        A side with a function in `premig` has a user TD of its own: premig(port) starts it.  `td`
        is what else is said of both sides' user TDs.
        """
        session = Session()
        session.src, session.dst = src or self.src, dst or self.dst
        a, b = session.src.platform, session.dst.platform
        session.ports = (self.port, self.port + 1)
        self.port += 2
        session.relay = Relay(a, b, *session.ports, attack, self.transport == "vmcall-raw",
                              self.frame)
        session.tds = [None, None]
        for side, migtd in ((1, session.dst), (0, session.src)):
            if premig[side]:
                premig[side](session.ports[side])
                continue
            client = migtd.platform.client
            session.tds[side] = client.ask(do="td-create", migtd_pid=migtd.process.pid,
                                           incoming=side == 1, **(td or {}))["td"]
            client.ask(do="premig", td=session.tds[side], port=session.ports[side])
        return session

    def end(self, session):
        return (session.src.platform.client.done(session.tds[0]),
                session.dst.platform.client.done(session.tds[1]))

    def end_side(self, session, which):
        migtd = (session.src, session.dst)[which]
        return migtd.platform.client.done(session.tds[which])

    def session(self, attack=None):
        session = self.begin(attack)
        return self.end(session), session

    def msk_match(self, session):
        """What each platform seals with its TD's key, the other's TD opens."""
        def opens(here, there, td_here, td_there):
            blob = here.client.ask(do="export", td=td_here)["blob"]
            try:
                there.client.ask(do="import", td=td_there, blob=blob)
                return True
            except LabError:
                return False
        src, dst = session.tds
        a, b = session.src.platform, session.dst.platform
        return opens(a, b, src, dst) and opens(b, a, dst, src)

    def keys_written(self, session):
        """How often MIG_DEC_KEY was written on either side."""
        return tuple(migtd.platform.client.ask(do="td-info", td=td)["dec_key_writes"]
                     for migtd, td in zip((session.src, session.dst), session.tds))

    def __exit__(self, kind, value, trace):
        if kind is not None:
            for name in sorted(os.listdir(self.dir)):
                if name.endswith(".log"):
                    text = open(f"{self.dir}/{name}", errors="replace").read()
                    sys.stderr.write(f"--- {name}\n{text[-3000:]}\n")
        for process in self.children:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.children:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class Session:
    pass
