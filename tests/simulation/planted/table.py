"""The table of planted bugs as the README quotes it, between two marks that nobody sees."""

from __future__ import annotations

import re
from pathlib import Path

from tests.simulation.planted.bug import Bug
from tests.simulation.planted.hunt import Find, read_finds
from tests.simulation.planted.registry import BUGS

README = Path(__file__).parents[3] / "README.md"
_HEAD = (
    "| planted | where it has happened | part | the law that finds it | found in schedule |\n"
    "|---|---|---|---|---|\n"
)


def row(bug: Bug, find: Find) -> str:
    """Return a bug's row."""
    law = find.law.replace("_", " ")
    where = f"{find.number}: {_shortened(find.schedule)}"
    return f"| {bug.name} | {bug.real} | {bug.ground.part} | {law} | {where} |"


def table() -> str:
    """Return the whole table, of the finds that were written down."""
    finds = read_finds()
    rows = [row(bug, finds[bug.key]) for bug in BUGS if bug.key in finds]
    return _HEAD + "".join(f"{each}\n" for each in rows)


def quoted(name: str) -> str:
    """Return what the README has between the marks of a name, which nobody sees."""
    begins, ends = _marks(name)
    return README.read_text().partition(begins)[2].partition(ends)[0]


def quote(name: str, text: str) -> None:
    """Put a text into the README, in place of the one there. Raise ValueError for no place."""
    begins, ends = _marks(name)
    before, found, rest = README.read_text().partition(begins)
    _, closed, after = rest.partition(ends)
    if not found or not closed:
        raise ValueError(f"the README has no place for the {name}")
    README.write_text(before + begins + text + ends + after)


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"


def _shortened(schedule: str) -> str:
    """Return what is needed of a schedule's name to know it again."""
    seed = re.search(r"seed (\d+)", schedule)
    return f"seed {seed[1]}" if seed else schedule
