"""Holds what a schedule has come to against laws, and says which one broke, of which schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar


class LawBroken(AssertionError):
    """A run came to what no fault excuses; the message is `schedule: law: what was found`."""


class Named(Protocol):
    """A schedule, by whatever way it came about."""

    @property
    def name(self) -> str:
        """What it is found again by."""


class Done(Protocol):
    """What a schedule has come to."""

    @property
    def schedule(self) -> Named:
        """The schedule it was."""


D = TypeVar("D", bound=Done)


def hold(done: D, laws: Iterable[Callable[[D], None]]) -> D:
    """Hold a run to laws; return it. Raise LawBroken."""
    for law in laws:
        try:
            law(done)
        except AssertionError as error:
            raise LawBroken(f"{done.schedule.name}: {law.__name__}: {error}") from error
    return done
