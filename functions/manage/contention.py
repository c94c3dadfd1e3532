"""Writing where others write too: read anew and try again while somebody else was faster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from shared.domain.errors import Contended

_TRIES = 5

Result = TypeVar("Result")


def settled(write: Callable[[], Result]) -> Result:
    """Return what `write` returns once it went through. Raise Contended if others never rest."""
    for _ in range(_TRIES - 1):
        try:
            return write()
        except Contended:
            continue
    return write()
