"""How texts compare: by their letters, whatever their case and however these are encoded.

This is the one place that says so, for the predicate and for SQL alike. DuckDB says the same as

    replace(lower(nfc_normalize(x)), final sigma, sigma)

Its `lower` maps letter by letter. Python's differs for two letters alone: the dotted capital I,
which it splits, and sigma, which it writes otherwise at the end of a word. `casefold` is not used,
because no SQL function does what it does: the German sharp s is no double s here. Spaces count.
"""

from __future__ import annotations

import json
import unicodedata

FINAL_SIGMA, SIGMA = "\u03c2", "\u03c3"
_LETTER_BY_LETTER = str.maketrans({"\u0130": "i", "\u03a3": SIGMA, FINAL_SIGMA: SIGMA})


def fold(text: str) -> str:
    """Return what two texts have in common when they are equal but for case."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).translate(_LETTER_BY_LETTER).lower()


def as_text(value: object) -> str:
    """Return a value as text: what is none is written as JSON, so yes is `true`."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
