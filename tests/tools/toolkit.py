# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the tests of migtd-tool share: runs of it, and logs, registers and TDINFOs made by hand."""
import hashlib
import json
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

SEPARATOR = bytes(4)
EV_SEPARATOR, EV_TAG, EV_FLAGS, EV_BLOB2 = 4, 6, 0x0A, 0x8000000A
TAG_POLICY, TAG_ROOT, TAG_CHAIN = 1, 2, 3


class Tool:
    def __init__(self, program, shared, folder):
        self.program, self.shared, self.folder = program, shared, folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def vector(self, name):
        """A file of the shared vectors, or None."""
        path = os.path.join(self.shared, "vectors", name)
        return path if os.path.exists(path) else None

    def run(self, *arguments, code=0):
        """stdout of a run that ends with `code`; every failure has exactly one line on stderr."""
        done = subprocess.run([self.program, *arguments], capture_output=True, timeout=120)
        errors = done.stderr.decode()
        if done.returncode != code:
            raise AssertionError(f"{arguments}: exit {done.returncode}, wanted {code}: {errors}")
        if code != 0 and errors.count("\n") != 1:
            raise AssertionError(f"{arguments}: not one line: {errors!r}")
        if code == 0 and errors:
            raise AssertionError(f"{arguments}: complains: {errors}")
        self.errors = errors
        return done.stdout.decode()

    def json(self, *arguments, code=0):
        return json.loads(self.run(*arguments, "--json", code=code))

    def quote(self, host, tdinfo, name):
        """Signed as the emulated host signs whose folder that is."""
        path = self.path(name)
        pki, _, host = host.rpartition("/hosts/")
        self.run("pki", "quote", "--pki", pki, "--host", host, "--tdinfo",
                 self.write(name + ".tdinfo", tdinfo), "--out", path)
        return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def sha384(data):
    return hashlib.sha384(data).digest()


def record(rtmr, kind, data, measured, digest=None):
    """One event; (register, digest, bytes)."""
    digest = digest or sha384(measured)
    head = struct.pack("<IIIH", rtmr + 1, kind, 1, 0x0C)
    return rtmr, digest, head + digest + struct.pack("<I", len(data)) + data


def tagged(rtmr, tag, content, measured):
    return record(rtmr, EV_TAG, struct.pack("<II", tag, len(content)) + content, measured)


def event_log(records, tail=b"\0"):
    first = struct.pack("<II20sI", 0, 3, bytes(20), 40)
    first += b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 105, 2, 1, 0x0C, 48, 7)
    first += b"td-shim"
    assert len(first) == 72
    return first + b"".join(r[2] for r in records) + tail


def registers(records):
    rtmrs = [bytes(48)] * 4
    for rtmr, digest, _ in records:
        rtmrs[rtmr] = sha384(rtmrs[rtmr] + digest)
    return rtmrs


def boot_v2(policy, chain):
    """The events of a Migration TD with policy v2 (policy spec 3.3, 3.9)."""
    return [record(0, EV_SEPARATOR, SEPARATOR, SEPARATOR),
            record(1, EV_SEPARATOR, SEPARATOR, SEPARATOR),
            tagged(1, TAG_CHAIN, chain, chain),
            tagged(2, TAG_POLICY, b"2.0", policy)]


def boot_v1(policy, root):
    return [record(0, EV_SEPARATOR, SEPARATOR, SEPARATOR),
            record(1, EV_SEPARATOR, SEPARATOR, SEPARATOR),
            tagged(2, TAG_POLICY, policy, policy),
            tagged(2, TAG_ROOT, root, root)]


def tdinfo(mrtd, rtmrs, mrowner=bytes(48), mrownerconfig=bytes(48), attributes=bytes(8)):
    info = attributes + bytes.fromhex("e71a060000000000") + mrtd + bytes(48)
    info += mrowner + mrownerconfig + b"".join(rtmrs) + bytes(48) + bytes(64)
    assert len(info) == 512
    return info
