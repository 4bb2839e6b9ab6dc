# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Wrong input: each program says in one line on stderr which option or file is wrong and why, ends
with 2, leaves no process, no socket and no file behind.  A platform that dies ends its Migration
TDs and user TDs with 1 in the same way."""
import os
import re
import signal
import socket
import subprocess
import sys

from lab import DEADLINE, Lab, wait_until
from tap import Tap, equal

USAGE, FAILED, REJECTED = 2, 1, 1


def processes_of_session(sid):
    """Living processes of a session, the zombies left out."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == sid and fields[0] != "Z":
            found.append(int(pid))
    return found


class Run:
    """A program in a session of its own, so that what it leaves behind can be found."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        errors="replace", start_new_session=True)

    def end(self):
        try:
            self.out, self.err = self.process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
            raise AssertionError("it does not end") from None
        return self.process.returncode


class Inputs:
    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap
        self.files = f"{lab.dir}/files"
        os.mkdir(self.files)
        self.out = f"{lab.dir}/out"     # what must not be written

    def tree(self):
        return {os.path.join(where, name) for where, dirs, names in os.walk(self.lab.dir)
                for name in names + dirs}

    def unchanged(self, before):
        equal(self.tree() - before, set(), "files left behind")
        equal(before - self.tree(), set(), "files removed")

    def file(self, name, content):
        path = f"{self.files}/{name}"
        with open(path, "wb") as file:
            file.write(content)
        return path

    def check(self, run, code, words):
        """Exit code, and one line that has all the words in it."""
        equal(run.end(), code, f"exit code\n{run.out[-500:]}{run.err[-500:]}")
        lines = run.err.splitlines()
        if len(lines) != 1:
            raise AssertionError(f"{len(lines)} lines on stderr:\n{run.err}")
        for word in words:
            if not re.search(word, lines[0]):
                raise AssertionError(f"no {word!r} in: {lines[0]}")
        equal(processes_of_session(run.process.pid), [], "processes left")

    def wrong(self, what, command, *words, code=USAGE):
        def run():
            before = self.tree()
            self.check(Run(command), code, words)
            self.unchanged(before)
        self.tap.case(what, run)

    # ------------------------------------------------------------------------------- migtd

    def migtd_command(self, *more, drop=(), **changed):
        """A command line that would work, with options changed, dropped or added."""
        options = {
            "--platform": f"unix:{self.lab.a.path}", "--name": "wrong", "--cid": "77",
            "--control": f"unix:{self.lab.dir}/wrong.sock",
            **self.lab.policy_options(self.lab.policy)}
        options.update({"--" + name.replace("_", "-"): value for name, value in changed.items()})
        command = [self.lab.image]
        for name, value in options.items():
            if name not in drop:
                command += [name] if value is None else [name, value]
        return command + list(more)

    def migtd_files(self):
        policy = f"{self.lab.policy}/policy.json"
        with open(policy, "rb") as file:
            good = file.read()
        with open(f"{self.lab.policy}/policy_issuer_chain.pem", "rb") as file:
            chain = file.read()
        other = f"{self.lab.dir}/other-pki"
        self.lab.run_tool("pki", "--out", other, "--hosts", "a,b")
        foreign = self.lab.make_policy("foreign", pki=other)

        def policy_is(name, content, *words):
            self.wrong(f"migtd: a policy that is {name}",
                       self.migtd_command(policy=self.file("policy.json", content)),
                       "migtd: ", f"{self.files}/policy.json", *words)
        none = f"{self.files}/none"
        self.wrong("migtd: a policy that is not there", self.migtd_command(policy=none),
                   f"--policy {none}: No such file")
        self.wrong("migtd: an issuer chain that is not there",
                   self.migtd_command(policy_issuer_chain=none),
                   f"--policy-issuer-chain {none}: No such file")
        self.wrong("migtd: a policy that is a folder", self.migtd_command(policy=self.files),
                   f"--policy {self.files}: not a file")
        self.wrong("migtd: a policy without end", self.migtd_command(policy="/dev/zero"),
                   "--policy /dev/zero: not a file")
        policy_is("empty", b"", "not a file with something in it")
        policy_is("too large", b" " * (1 << 20) + good, "larger than")
        policy_is("no JSON", b"policy", "malformed")
        policy_is("broken JSON", good.replace(b":", b";", 1), "malformed")
        policy_is("cut", good[:len(good) // 2], "malformed")
        policy_is("cut by its last byte", good.rstrip()[:-1], "malformed")
        policy_is("binary", os.urandom(4096), "malformed")
        policy_is("another JSON document", b'{"policy": 1}', "malformed")
        policy_is("changed behind its signature", good.replace(b"UpToDate", b"UpToDatf", 1),
                  "signature")
        # Which of the two files is the wrong one cannot be known.
        both = self.migtd_command(
            policy_issuer_chain=f"{foreign}/policy_issuer_chain.pem")
        self.wrong("migtd: the issuer chain of another policy", both, policy, "issuer chain|sign")
        for name, content in (("empty", b""), ("no PEM", b"chain\n"),
                              ("cut", chain[:len(chain) // 2]),
                              ("damaged", chain[:200] + b"A" + chain[201:])):
            path = self.file("chain.pem", content)
            self.wrong(f"migtd: an issuer chain that is {name}",
                       self.migtd_command(policy_issuer_chain=path),
                       f"{path}|{policy}", "not a file|PEM|certificate|chain|signature")

    def migtd_volume(self):
        drop = ("--policy", "--policy-v2", "--policy-issuer-chain")
        self.wrong("migtd: a volume that is none",
                   self.migtd_command(config=self.file("config.fv", b"volume" * 1000), drop=drop),
                   f"{self.files}/config.fv", "volume")
        self.wrong("migtd: a volume and a policy",
                   self.migtd_command(config=f"{self.files}/config.fv"), "--config", "--policy")
        for option in drop:
            self.wrong(f"migtd: no {option}", self.migtd_command(drop=(option,)), f"{option}.* is "
                       "missing")

    def migtd_options(self):
        for option in ("--platform", "--name"):
            self.wrong(f"migtd: no {option}", self.migtd_command(drop=(option,)), option, "missing")
        self.wrong("migtd: an unknown option", self.migtd_command("--colour"), "--colour")
        self.wrong("migtd: an option without its value", self.migtd_command("--heap"), "heap")
        self.wrong("migtd: an argument too many", self.migtd_command("more"), '"more"')
        for option in ("memory", "stack", "heap", "shared"):
            for value, why in (("0", "between"), ("-1", "number"), ("", "number"),
                               ("4KB", "behind the number"), ("100000000000000000000", "number"),
                               ("0x10000000000000", "between")):
                self.wrong(f"migtd: --{option} '{value}'", self.migtd_command(**{option: value}),
                           f"--{option} {value}", why)
        for option in ("stack", "heap", "shared"):
            self.wrong(f"migtd: --{option} not in pages", self.migtd_command(**{option: "5000"}),
                       f"--{option} 5000", "multiple")
            self.wrong(f"migtd: --{option} larger than --memory",
                       self.migtd_command(**{option: "64M"}), "--memory", "not enough")
        for option, value in (("heap", "4K"), ("heap", "64K"), ("shared", "4K"), ("shared", "16K")):
            self.wrong(f"migtd: --{option} {value} is too little for a session",
                       self.migtd_command(**{option: value}), f"--{option}", "too small")
        self.wrong("migtd: --stack too small", self.migtd_command(stack="4K"), "--stack",
                   "too small")
        for option, value in (("cid", "2"), ("cid", "4294967295"), ("timeout", "0"),
                              ("sessions_max", "0"), ("slow_clock", "0"), ("cid", "x"),
                              ("log_level", "loud"), ("transport", "tcp"), ("control", "here"), ("platform", "there"),
                              ("platform", "unix:")):
            self.wrong(f"migtd: --{option} {value}", self.migtd_command(**{option: value}),
                       "--" + option.replace("_", "-"), value)
        for option, n in (("mrowner", 48), ("mrownerconfig", 48), ("mrconfigid", 48),
                          ("attributes", 8)):
            self.wrong(f"migtd: --{option} too short", self.migtd_command(**{option: "00"}),
                       f"--{option}", f"{2 * n} needed")
            self.wrong(f"migtd: --{option} not hexadecimal",
                       self.migtd_command(**{option: "0" * (2 * n - 1) + "g"}), f"--{option}",
                       "hexadecimal")
        for option in ("mrowner", "mrownerconfig"):
            self.wrong(f"migtd: an --{option} that is not the policy's",
                       self.migtd_command(**{option: "ab" * 48}), f"--{option}",
                       f"{self.lab.policy}/policy.json")
        self.wrong("migtd: a TD with ATTRIBUTES.DEBUG",
                   self.migtd_command(attributes="01" + "00" * 7), "DEBUG")
        product = self.lab.image.replace("migtd-measure", "migtd")
        self.wrong("migtd: --control in the product build",
                   [product] + self.migtd_command()[1:], "--control", "measuring build")
        self.wrong("migtd: --slow-clock in the product build",
                   [product] + self.migtd_command(drop=("--control",), slow_clock="2")[1:],
                   "--slow-clock", "measuring build")

    def migtd_sockets(self):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(f"{self.files}/dead.sock")
        for path, why in ((f"{self.files}/none", "No such file"),
                          (f"{self.files}/dead.sock", "Connection refused"),
                          (f"{self.files}/{'x' * 200}", "too long")):
            self.wrong(f"migtd: a platform that is not running: {why}",
                       self.migtd_command(platform=f"unix:{path}"), f"--platform unix:{path}", why)
            if why != "Connection refused":
                self.wrong(f"migtd: a control socket that cannot be: {why}",
                           self.migtd_command(control=f"unix:{path}/x"),
                           f"--control unix:{path}", why)
        with socket.socket(socket.AF_UNIX) as busy:
            busy.bind(f"{self.files}/busy.sock")
            busy.listen()
            self.wrong("migtd: a control socket in use",
                       self.migtd_command(control=f"unix:{self.files}/busy.sock"),
                       f"--control unix:{self.files}/busy.sock", "in use")
        first = self.lab.migtd("first", self.lab.a, self.lab.policy, "--cid", "77")
        self.wrong("migtd: a CID in use", self.migtd_command(), "CID", "in use")
        self.lab.stop(first)

    # ------------------------------------------------------------------------------ tdhost

    def platform_command(self, *more, **changed):
        options = {"listen": f"unix:{self.lab.dir}/wrong-platform.sock",
                   "vsock": f"unix:{self.lab.dir}/wrong-vsock", "pki": f"{self.lab.pki}/hosts/a"}
        options.update(changed)
        command = [self.lab.tdhost, "platform"]
        for name, value in options.items():
            if value is not None:
                command += ["--" + name.replace("_", "-"), value]
        return command + list(more)

    def platform(self):
        def wrong(what, *words, more=(), **changed):
            self.wrong(f"tdhost platform: {what}", self.platform_command(*more, **changed),
                       "^tdhost: ", *words)
        wrong("no --listen", "--listen", listen=None)
        wrong("no --vsock", "--vsock", vsock=None)
        wrong("an unknown option", "--colour", more=["--colour"])
        wrong("an option without value", "--fault", more=["--fault"])
        wrong("an argument too many", "more", more=["more"])
        wrong("--listen without unix:", "here", listen="here")
        wrong("--listen in no folder", "none/socket", "No such file", listen="unix:/none/socket")
        wrong("--listen in use", self.lab.a.path, "in use", listen=f"unix:{self.lab.a.path}")
        wrong("--listen too long", "x" * 100, listen="unix:/" + "x" * 200)
        wrong("--listen at a file", self.lab.image, "in use", listen=f"unix:{self.lab.image}")
        wrong("--vsock without unix:", "--vsock", "there", vsock="there")
        wrong("--pki that is not there", "/none", "No such file", pki="/none")
        wrong("--pki without a platform in it", self.files, "No such file", pki=self.files)
        wrong("an unknown fault", "--fault", "gravity", fault="gravity")
        wrong("a fault without its number", "--fault", "quote-flip", fault="quote-flip")
        wrong("a version range upside down", "--export-version", "3-2", export_version="3-2")
        wrong("--servtd-ext maybe", "--servtd-ext", "maybe", servtd_ext="maybe")

    def td_command(self, *more, **changed):
        options = {"platform": f"unix:{self.lab.a.path}",
                   "monitor": f"unix:{self.lab.dir}/wrong-monitor.sock,server,nowait"}
        options.update(changed)
        command = [self.lab.tdhost, "td"]
        for name, value in options.items():
            if value is not None:
                command += ["--" + name.replace("_", "-"), value]
        return command + list(more)

    def td(self):
        def wrong(what, *words, more=(), code=USAGE, **changed):
            self.wrong(f"tdhost td: {what}", self.td_command(*more, **changed), "^tdhost: ", *words,
                       code=code)
        wrong("no --platform", "--platform", platform=None)
        wrong("no --monitor", "--monitor", monitor=None)
        wrong("an unknown option", "--colour", more=["--colour"])
        wrong("a platform that is not running", f"{self.files}/none", "No such file",
              platform=f"unix:{self.files}/none")
        wrong("a monitor that is none", "telnet:4444", monitor="telnet:4444")
        wrong("a monitor in no folder", "/none/monitor", "No such file",
              monitor="unix:/none/monitor,server,nowait")
        with socket.socket(socket.AF_UNIX) as busy:
            busy.bind(f"{self.files}/monitor.sock")
            busy.listen()
            wrong("a monitor in use", f"{self.files}/monitor.sock", "in use",
                  monitor=f"unix:{self.files}/monitor.sock,server,nowait")
            # The first monitor can be had, the second not: neither may stay.
            os.symlink(f"{self.files}/monitor.sock", f"{self.lab.dir}/wrong-monitor.sock-2")
            wrong("one of two monitors in use", "wrong-monitor.sock-2", "in use", count="2")
            os.unlink(f"{self.lab.dir}/wrong-monitor.sock-2")
        for option, value in (("count", "0"), ("count", "many"), ("migtd_pid", "-1"),
                              ("migtd_attr", "x"), ("wait", "y")):
            wrong(f"--{option} {value}", "--" + option.replace("_", "-"), value,
                  **{option: value})
        wrong("--init-tdinfo that is not there", "/none", init_tdinfo="/none")
        wrong("--init-tdinfo of another size", "512", init_tdinfo=self.file("tdinfo", b"x" * 511))
        wrong("a hash that is none", "migtd[-_]hash", migtd_hash="abc")
        wrong("attributes that cannot be", "migtd[-_]attr", migtd_attr="2")
        wrong("a Migration TD that is not there", f"pid {os.getpid()}", "attached",
              more=["--wait", "0"], migtd_pid=str(os.getpid()), code=FAILED)

    # --------------------------------------------------------------------------- migtd-tool

    def tool(self):
        pki, policy = self.lab.pki, self.lab.policy
        nowhere = f"{self.files}/none"
        good = f"{policy}/policy.json"
        chain = f"{policy}/policy_issuer_chain.pem"
        noise = self.file("noise", os.urandom(3000))

        def wrong(what, arguments, *words, code=USAGE):
            self.wrong(f"migtd-tool: {what}", [self.lab.tool, *arguments], "^migtd-tool: ", *words,
                       code=code)
        wrong("an unknown command", ["paint"], "paint")
        wrong("pki without --out", ["pki"], "--out")
        wrong("pki into a folder in use", ["pki", "--out", pki], pki)
        wrong("pki in what is no folder", ["pki", "--out", f"{good}/pki"], f"{good}/pki")
        wrong("pki for a host named twice", ["pki", "--out", self.out, "--hosts", "a,a"], "--hosts")
        wrong("pki with an unknown option", ["pki", "--out", self.out, "--colour"], "--colour")
        wrong("pki with 'many' platforms", ["pki", "--out", self.out, "--platforms", "many"],
              "--platforms", "many")
        wrong("policy without a PKI", ["policy", "generate", "--pki", nowhere, "--image",
                                       self.lab.image, "--out", self.out], nowhere, "No such file")
        wrong("policy without an image", ["policy", "generate", "--pki", pki, "--image", nowhere,
                                          "--out", self.out], nowhere, "No such file")
        wrong("policy for an image that is none", ["policy", "generate", "--pki", pki, "--image",
                                                   noise, "--out", self.out], noise)
        wrong("policy too small for what is in it",
              ["policy", "generate", "--pki", pki, "--image", self.lab.image, "--out", self.out,
               "--size", "100"], "--size")
        for file in (nowhere, noise):
            why = "No such file" if file == nowhere else ""
            wrong(f"policy verify of {os.path.basename(file)}",
                  ["policy", "verify", "--policy", file, "--cert-chain", chain], file, why)
            wrong(f"policy verify with a chain that is {os.path.basename(file)}",
                  ["policy", "verify", "--policy", good, "--cert-chain", file], file, why,
                  code=USAGE if file == nowhere else REJECTED)
            wrong(f"hash with a manifest that is {os.path.basename(file)}",
                  ["hash", "--manifest", file, "--image", self.lab.image, "--policy", good,
                   "--policy-issuer-chain", chain], file, why)
        wrong("enroll without a chain", ["enroll", "--policy", good, "--policy-issuer-chain",
                                         nowhere, "-o", self.out], nowhere, "No such file")
        wrong("enroll into a volume too small", ["enroll", "--policy", good, "--policy-issuer-chain",
                                                 chain, "-o", self.out, "--size", "64K"], "--size")
        wrong("enroll without a policy", ["enroll", "--policy", nowhere, "--policy-issuer-chain",
                                          chain, "-o", self.out], nowhere)

    def migmem(self):
        def wrong(what, *arguments, words, code=USAGE):
            self.wrong(f"migmem: {what}", [self.lab.migmem, *arguments], "^migmem: ", *words,
                       code=code)
        wrong("an unknown command", "paint", words=["paint"])
        wrong("no sessions", "run", "--sessions", "0", words=["--sessions"])
        wrong("'many' sessions", "run", "--sessions", "many", words=["--sessions", "many"])
        wrong("an unknown option", "run", "--colour", words=["--colour"])
        wrong("an unknown phase", "run", "--hold", "lunch", words=["--hold", "lunch"])
        wrong("an unknown transport", "run", "--transport", "tcp", words=["--transport", "tcp"])
        wrong("a policy that is not there", "run", "--policy-file", f"{self.files}/none",
              "--policy-issuer-chain", f"{self.lab.policy}/policy_issuer_chain.pem",
              "--pki", self.lab.pki, words=[f"{self.files}/none", "No such file"])
        wrong("a policy without the PKI behind it", "run", "--policy-file",
              f"{self.lab.policy}/policy.json", words=["--policy-file needs", "--pki"])
        wrong("a PKI that is not there", "run", "--pki", f"{self.files}/none",
              words=[f"{self.files}/none"])
        wrong("a MigTD that is not there", "run", "--migtd", f"{self.files}/none",
              words=[f"{self.files}/none"])
        wrong("results in no folder", "run", "--json", f"{self.lab.image}/file",
              words=[f"{self.lab.image}/file", "Not a directory"])
        # What only the program it starts can refuse is a run that failed.
        wrong("a heap of nothing", "run", "--heap", "0", words=["--heap"], code=FAILED)
        wrong("an unknown fault", "run", "--fault", "gravity", words=["--fault", "gravity"],
              code=FAILED)

    # ------------------------------------------------------------------- the platform dies

    def platform_dies(self, how, name):
        def run():
            before = self.tree()
            path = f"{self.lab.dir}/mortal.sock"
            platform = subprocess.Popen(
                self.platform_command(listen=f"unix:{path}"), stderr=subprocess.DEVNULL)
            try:
                wait_until("the platform", lambda: os.path.exists(path))
                control = f"{self.lab.dir}/mortal-control.sock"
                monitor = f"{self.lab.dir}/mortal-monitor.sock"
                migtd = Run(self.migtd_command(platform=f"unix:{path}", control=f"unix:{control}"))
                td = Run(self.td_command(platform=f"unix:{path}",
                                         monitor=f"unix:{monitor},server,nowait",
                                         migtd_pid=str(migtd.process.pid)))
                wait_until("both sockets",
                           lambda: os.path.exists(control) and os.path.exists(monitor))
            finally:
                platform.send_signal(how)
                platform.wait(DEADLINE)
            self.check(migtd, FAILED, ["migtd: .*platform"])
            self.check(td, FAILED, ["tdhost: .*platform"])
            if how == signal.SIGKILL:
                os.unlink(path)     # that one nobody can help
            self.unchanged(before)
        self.tap.case(f"a platform that {name} takes its TDs along, with a word", run)


def main():
    tap = Tap()
    with Lab(sys.argv[1]) as lab:
        inputs = Inputs(lab, tap)
        inputs.migtd_files()
        inputs.migtd_volume()
        inputs.migtd_options()
        inputs.migtd_sockets()
        inputs.platform()
        inputs.td()
        inputs.tool()
        inputs.migmem()
        inputs.platform_dies(signal.SIGKILL, "is killed")
        inputs.platform_dies(signal.SIGTERM, "is stopped")
    tap.finish()


if __name__ == "__main__":
    main()
