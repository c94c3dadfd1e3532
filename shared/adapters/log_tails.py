"""Tails that cannot be read: told from a machine that fails, and never a reason to read none.

What a tail holds was recorded once and is in the table still, so one that is damaged is passed over
and put aside; `rebuild-log` brings its rows back. An error's own text may quote a row, so nobody is
told of more than that there is one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class UnreadableTail(Exception):
    """One of the tails that were to be read is no tail."""


@contextmanager
def reading(paths: Sequence[Path]) -> Iterator[None]:
    """Have DuckDB read tails within. Raise UnreadableTail where one of them is damaged."""
    import duckdb

    try:
        yield
    except duckdb.InvalidInputException:
        raise UnreadableTail from None
    except duckdb.IOException:
        # The same is raised where a disk is full; then the tails are sound.
        if all(map(_is_compressed, paths)):
            raise
        raise UnreadableTail from None


def _is_compressed(path: Path) -> bool:
    """Tell whether a file is made of whole compressed files and nothing else."""
    left = path.read_bytes()
    if not left:
        return False
    while left:
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            member.decompress(left)
        except zlib.error:
            return False
        if not member.eof:
            return False
        left = member.unused_data
    return True
