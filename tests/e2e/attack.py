# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Attacks for the relay of lab.py: what happens to the messages on their way."""

CHUNK_FIRST_DATA = 12 + 16      # frame header, first chunk header
VDM_HEAD = 13 + 4               # envelope, VDM header
ELEMENT_HEAD = 6


def flip(direction, name, offset, nth=0, mask=1):
    """Changes one byte of the n-th message of that name."""
    seen = [0]

    def attack(d, index, n, message):
        if d != direction or n != name:
            return message
        seen[0] += 1
        if seen[0] != nth + 1:
            return message
        at = offset if offset >= 0 else len(message) + offset
        return message[:at] + bytes([message[at] ^ mask]) + message[at + 1:]
    return attack


# The first separator's digest: Spec ID record, then mrIndex, type, count and algorithm.
SEPARATOR_DIGEST = 72 + 4 + 4 + 4 + 2


def flip_log(direction, name, offset):
    """Changes one byte of the event log, found by its first record wherever the quote ends."""
    def attack(d, index, n, message):
        start = message.find(b"Spec ID Event03") - 32
        if d != direction or n != name or start < 0:
            return message
        at = start + offset
        return message[:at] + bytes([message[at] ^ 1]) + message[at + 1:]
    return attack


def vanish(direction, name):
    """The peer is gone instead of sending this message."""
    return lambda d, index, n, message: None if (d, n) == (direction, name) else message


def twice(direction, name):
    return lambda d, index, n, message: \
        [message, message] if (d, n) == (direction, name) else message


# Results that Migration TDs report.
NETWORK, SECURE, ATTESTATION, POLICY = 5, 6, 7, 8


def flips_of_attestation():
    """(case, results of source and destination, attack): quotes and event logs under any policy."""
    quote = CHUNK_FIRST_DATA + VDM_HEAD + ELEMENT_HEAD
    for at, what in ((quote + 48 + 136, "MRTD"), (quote + 48 + 520, "REPORTDATA"),
                     (quote + 640, "signature"), (quote + 900, "QE report"),
                     (quote + 2000, "PCK certificate")):
        yield (f"a source quote with a flipped {what} is refused", (ATTESTATION,) * 2,
               flip("src", "CHUNK_SEND", at))
        yield (f"a destination quote with a flipped {what} is refused", (ATTESTATION, NETWORK),
               flip("dst", "CHUNK_RESPONSE", at))
    for direction, name, wanted in (("src", "CHUNK_SEND", (POLICY, POLICY)),
                                    ("dst", "CHUNK_RESPONSE", (POLICY, NETWORK))):
        yield (f"a flipped digest in the event log in {name} is refused", wanted,
               flip_log(direction, name, SEPARATOR_DIGEST))
        # No check of the log covers event data; the transcript does.
        yield (f"flipped event data in {name} fails the transcript",
               {(SECURE, SECURE), (SECURE, NETWORK)},
               flip_log(direction, name, SEPARATOR_DIGEST + 48 + 4))
