"""Makes another body with the CRC32 of a given one: what PayPal's signature does not tell apart."""

from __future__ import annotations

import zlib

_PLACES = 48


def collided(body: bytes, wanted: int) -> bytes:
    """Return `body` with white space behind it, so chosen that its CRC32 is `wanted`.

    CRC32 is affine: each place that holds a tab instead of a space flips the same bits whatever
    the others hold. So the places to change are the solution of 32 linear equations.
    """
    blank = bytearray(body + b" " * _PLACES)
    base = zlib.crc32(blank)
    rows: list[tuple[int, int]] = []  # bits flipped, by which places
    for place in range(_PLACES):
        changed = bytearray(blank)
        changed[len(body) + place] = 0x09
        bits, places = _reduced(zlib.crc32(changed) ^ base, 1 << place, rows)
        if bits:
            rows.append((bits, places))
            rows.sort(reverse=True)
    missing, chosen = _reduced(wanted ^ base, 0, rows)
    assert missing == 0
    for place in range(_PLACES):
        if chosen >> place & 1:
            blank[len(body) + place] = 0x09
    assert zlib.crc32(blank) == wanted
    return bytes(blank)


def _reduced(bits: int, places: int, rows: list[tuple[int, int]]) -> tuple[int, int]:
    for held, by in rows:
        if bits ^ held < bits:
            bits, places = bits ^ held, places ^ by
    return bits, places
