"""A record's ordered history, and what each event changed in it.

Events arrive late, twice and in any order, so a record is never "updated": it is replayed. Every
event that says something about the record is an entry at its own place in time; the record's
state is the newest value of each facet, and a transition is the difference an entry makes *where
it stands*. Both are functions of the set of entries, so arrival can change neither.

Equal seconds are settled by rank, then by what is spoken of (an invoice before its payments), then
by the previous values some providers state, and only what is left by arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from shared.domain.observations import Facet

State = Mapping[str, Facet]
View = Mapping[str, Any]
Show = Callable[[State], View | None]
Place = tuple[int, int, int, int, str]


# The facet that tells a record of its store's customer; it is joined to the record, not said of it.
CUSTOMER = "customer"


@dataclass(slots=True)
class Change:
    """One field's transition, as the API prints its values."""

    field: str
    before: Any
    after: Any


@dataclass(slots=True)
class Entry:
    """What one event says of one record, at its place, and the transition it made there.

    `at` and `received_at` are in ms. `refs` are the order's names this event links. `kind` is None
    while the entry changes nothing that shows. `born` marks an entry that was recorded as the
    creation of its record, `joined` a creation that repeats an earlier record of it.
    `contact_version` is the version of the contact the change was recorded with.
    """

    at: int
    rank: int
    event_id: str
    event_type: str
    received_at: int
    said: dict[str, Facet]
    before: dict[str, Facet] = field(default_factory=dict)
    turn: int = 0
    refs: tuple[str, ...] = ()
    creation: bool = False
    historical: bool = False
    kind: str | None = None
    changes: list[Change] = field(default_factory=list)
    late: bool = False
    born: bool = False
    joined: bool = False
    recorded_at: int = 0
    contact_id: str | None = None
    contact_version: int = 0

    @property
    def place(self) -> Place:
        """Where the entry stands among the record's others."""
        event = f"{self.event_id}~{self.event_type}"
        return (self.at, self.rank, self.turn, self.received_at, event)


@dataclass(slots=True)
class Told:
    """An entry with the state it left and the transition it made in order."""

    entry: Entry
    state: dict[str, Facet]
    view: View | None
    kind: str | None
    changes: list[Change]


@dataclass(slots=True)
class Replay:
    """A whole history told in order; `ambiguous` if its last moment could not be ordered."""

    told: list[Told]
    ambiguous: bool

    @property
    def state(self) -> dict[str, Facet]:
        """The record's newest value of each facet."""
        return self.told[-1].state if self.told else {}


Difference = Callable[[View, View], list[Change]]
Born = Callable[[Entry, View], bool]


def turn_of(said: Iterable[str]) -> int:
    """Return an entry's turn in its moment: what is asked, what is paid, what goes back.

    It keeps the states in between from depending on which of a burst of events came first.
    """
    turns = {"payment": 1, "refunded": 2, "refund": 2, "dispute": 3, CUSTOMER: 4}
    return min((turns.get(name.partition(":")[0], 0) for name in said), default=0)


def tell(
    entry: Entry, state: State, view: View | None, show: Show, difference: Difference, born: Born
) -> Told:
    """Return what `entry` does to a record that was in `state`, shown as `view`.

    `born` decides whether a first sight is a creation; a record first seen later in its life shows
    an update without a difference, unless the event states what was before.
    """
    after = {**state, **entry.said}
    seen = show(after)
    if entry.before:
        view = show({**state, **entry.before}) or view
    if seen is None:
        return Told(entry, after, None, None, [])
    if CUSTOMER in entry.said and CUSTOMER not in state:
        # Learning who the customer is changes what is known, not what happened.
        view = show({**state, **entry.before, CUSTOMER: entry.said[CUSTOMER]}) or view
    if view is None or (entry.creation and show(state) is None):
        kind = "created" if born(entry, seen) else "updated"
        return Told(entry, after, seen, kind, [])
    changes = difference(view, seen)
    if CUSTOMER in entry.said:
        changes = [change for change in changes if change.before is not None]
    return Told(entry, after, seen, "updated" if changes else None, changes)


def replay(entries: Sequence[Entry], show: Show, difference: Difference, born: Born) -> Replay:
    """Tell a record's whole history in order."""
    told: list[Told] = []
    state: dict[str, Facet] = {}
    view: View | None = None
    ambiguous = False
    ordered = sorted(entries, key=lambda each: each.place)
    for _, moment in groupby(ordered, key=lambda each: each.place[:3]):
        waiting = list(moment)
        ambiguous = False
        while waiting:
            index, certain = _next(waiting, state)
            ambiguous = ambiguous or not certain
            step = tell(waiting.pop(index), state, view, show, difference, born)
            told.append(step)
            state, view = step.state, step.view
    return Replay(told, ambiguous)


def follows(entry: Entry, newest: Place | None, state: State) -> bool:
    """Tell whether `entry` simply comes after everything in `state`, so that nothing is re-told."""
    if newest is None:
        return True
    if entry.place <= newest:
        return False
    return entry.place[:3] > newest[:3] or not entry.before or _continues(entry, state)


def _next(waiting: Sequence[Entry], state: State) -> tuple[int, bool]:
    """Choose which of one moment's entries comes next, and whether that was certain.

    One that repeats what stands comes first, then one whose stated previous value is what stands;
    else the earliest arrival, which is a guess if others say something else of the same facet.
    """
    if len(waiting) == 1:
        return 0, True
    for index, entry in enumerate(waiting):
        if all(state.get(name) == value for name, value in entry.said.items()):
            return index, True
    for index, entry in enumerate(waiting):
        if entry.before and _continues(entry, state):
            return index, True
    first = next((i for i, entry in enumerate(waiting) if not entry.before), 0)
    rivals = [entry for entry in waiting if entry is not waiting[first]]
    said = waiting[first].said
    return first, not any(
        name in said and said[name] != value for each in rivals for name, value in each.said.items()
    )


def _continues(entry: Entry, state: State) -> bool:
    return all(state.get(name) == value for name, value in entry.before.items())
