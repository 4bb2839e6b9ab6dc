# SPDX-License-Identifier: BSD-2-Clause-Patent
"""P-384 and HKDF-SHA384 from their definitions, to compute what an observer of a session must not
find.  Slow, and not constant in time."""
import hashlib
import hmac

P = 2**384 - 2**128 - 2**96 + 2**32 - 1
G = (0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7,
     0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f)


def _add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        slope = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def multiply(scalar, point):
    """scalar as 48 big-endian bytes, points as x || y."""
    n = int.from_bytes(scalar, "big")
    q = (int.from_bytes(point[:48], "big"), int.from_bytes(point[48:], "big")) if point else G
    sum = None
    while n:
        if n & 1:
            sum = _add(sum, q)
        q = _add(q, q)
        n >>= 1
    return sum[0].to_bytes(48, "big") + sum[1].to_bytes(48, "big")


def extract(salt, ikm):
    return hmac.new(salt, ikm, hashlib.sha384).digest()


def expand(prk, label, context, size=48):
    """SPDM 1.2's HKDF-Expand; size at most 48."""
    info = size.to_bytes(2, "little") + b"spdm1.2 " + label + context
    return hmac.new(prk, info + b"\1", hashlib.sha384).digest()[:size]
