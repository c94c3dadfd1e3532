"""Texts as spreadsheets may read them: people's names and products come from outside.

What begins like a formula is run as one when a CSV file is opened, whoever wrote it.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
# What starts a formula in one spreadsheet or another; the wide ones look alike on purpose.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def harmless(text: str) -> str:
    """Return a text with an apostrophe before what would start a formula; numbers stay."""
    risky = text.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(text)
    return f"'{text}" if risky else text
