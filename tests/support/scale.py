"""How much a generated test tries: few examples in `make test`, many in `make explore`."""

from __future__ import annotations

import os

_MORE = 10


def is_exploring() -> bool:
    """Tell whether this is a run that looks for what nobody has seen, and may take its time."""
    return bool(os.environ.get("PAYSIGNAL_EXPLORE"))


def examples(few: int) -> int:
    """Return how many examples a property is tried on: `few`, or many when exploring."""
    return few * _MORE if is_exploring() else few
