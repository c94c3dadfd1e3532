"""The hunt: a bug is planted, schedules are run one after the other, and a law has to find it.

Where one does, the same schedule is run once more without the bug, and must break nothing: what
was found is the bug, and no accident of the schedule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import pytest

from tests.simulation.judging import LawBroken
from tests.simulation.planted.bug import Attempt, Bug

LIMIT = 2_000
FOUND = Path(__file__).with_name("found.json")


class NotFound(AssertionError):
    """No law has found the bug."""


@dataclass(frozen=True)
class Find:
    """Where a bug was found: the number of the schedule (the first is 1), its name, and the law."""

    number: int
    schedule: str
    law: str


def hunt(bug: Bug, limit: int = LIMIT, known: int = 0) -> Find:
    """Return where a bug is found, in the schedule of the number `known` or else from the first on.

    Raise NotFound beyond `limit` schedules, and LawBroken where a schedule breaks a law anyway.
    """
    if known:
        found = _first(bug, islice(enumerate(bug.ground.attempts(), 1), known - 1, known))
        if found is not None:
            return found
    found = _first(bug, islice(enumerate(bug.ground.attempts(), 1), limit))
    if found is None:
        raise NotFound(f"{bug.key}: not within {limit} schedules")
    return found


def _first(bug: Bug, attempts: Iterator[tuple[int, Attempt]]) -> Find | None:
    for number, attempt in attempts:
        attempt.prepare()
        with pytest.MonkeyPatch.context() as patch:
            bug.plant(patch)
            broken = _broken(attempt)
        if broken is not None:
            attempt.run()
            return Find(number, attempt.name, law_of(broken))
    return None


def _broken(attempt: Attempt) -> LawBroken | None:
    try:
        attempt.run()
    except LawBroken as broken:
        return broken
    return None


def law_of(broken: LawBroken) -> str:
    """Return the law's name out of `schedule: law: what was found`.

    A run that names none has come to no end.
    """
    names = [part for part in str(broken).split(": ") if part.isidentifier() and "_" in part]
    return names[0] if names else "work_comes_to_rest"


def read_finds() -> dict[str, Find]:
    """Return where each bug was found when the hunt was last written down."""
    if not FOUND.exists():
        return {}
    return {key: Find(**find) for key, find in json.loads(FOUND.read_text()).items()}


def write_finds(finds: dict[str, Find]) -> None:
    """Write down where each bug was found."""
    told = {key: asdict(find) for key, find in finds.items()}
    FOUND.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
