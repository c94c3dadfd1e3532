"""The day a demo is of, and the console it is told on: what tests of it share."""

from __future__ import annotations

import io
from datetime import date

from rich.console import Console

TODAY = date(2026, 11, 22)


def printed() -> tuple[Console, io.StringIO]:
    """Return a console, and all that is printed on it."""
    output = io.StringIO()
    return Console(file=output, width=200, highlight=False), output
