"""模拟 / SM2 (GB/T 32918) in a page of integers, for the simulator alone: slow, and not safe for real secrets."""

import secrets

from tests.province.ciphers import sm3

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
Point = tuple[int, int] | None


def public_key(private: int) -> Point:
    """The point of a private number."""
    return times(private, G)


def encrypt(public: Point, plain: bytes) -> bytes:
    """C1 (04 and the point), C3, C2."""
    while True:
        k = secrets.randbelow(N - 1) + 1
        c1, shared = times(k, G), times(k, public)
        mask = _stretched(_bytes(shared), len(plain))
        if any(mask):
            break
    c2 = bytes(one ^ other for one, other in zip(plain, mask, strict=True))
    whole = _bytes(shared)
    return b"\x04" + _bytes(c1) + sm3(whole[:32] + plain + whole[32:]) + c2


def decrypt(private: int, sealed: bytes) -> bytes:
    """The plain text of C1 C3 C2; raises ValueError."""
    c1 = (int.from_bytes(sealed[1:33], "big"), int.from_bytes(sealed[33:65], "big"))
    c3, c2 = sealed[65:97], sealed[97:]
    whole = _bytes(times(private, c1))
    plain = bytes(one ^ other for one, other in zip(c2, _stretched(whole, len(c2)), strict=True))
    if sm3(whole[:32] + plain + whole[32:]) != c3:
        raise ValueError("C3")
    return plain


def times(number: int, point: Point) -> Point:
    """A point added to itself, that many times."""
    result: Point = None
    while number:
        if number & 1:
            result = plus(result, point)
        point = plus(point, point)
        number >>= 1
    return result


def plus(one: Point, other: Point) -> Point:
    """Two points of the curve added."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % P == 0:
        return None
    if one == other:
        slope = (3 * one[0] * one[0] + A) * pow(2 * one[1], -1, P) % P
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, P) % P
    x = (slope * slope - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def _bytes(point: Point) -> bytes:
    assert point is not None
    return point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def _stretched(shared: bytes, length: int) -> bytes:
    """The key derivation of GB/T 32918.4 §5.4.3."""
    count = -(-length // 32)
    return b"".join(sm3(shared + number.to_bytes(4, "big")) for number in range(1, count + 1))[:length]
