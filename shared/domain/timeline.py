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

from shared.domain import times
from shared.domain.observations import SUPPRESSED, VERIFIED, Facet

State = Mapping[str, Facet]
View = Mapping[str, Any]
Place = tuple[int, int, int, int, str]


# Twins follow each other closely; later, the same change happens anew.
_TWINS = times.MINUTE

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
    while the entry changes nothing that shows. `born` marks an entry that was announced as the
    creation of its record, `joined` a creation that was announced before, by itself or another.
    `money` is "first" where an order was announced to bring money first, "joined" where that was
    announced in another record.
    `announced` names the fields of `changes` that a verification has told of before.
    `contact_version` is the version of the contact the change was recorded with. `mentions` are ids
    of other systems the event names beside an order.
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
    money: str | None = None
    mentions: tuple[str, ...] = ()
    announced: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where the entry stands among the record's others."""
        event = f"{self.event_id}~{self.event_type}"
        return (self.at, self.rank, self.turn, self.received_at, event)

    @property
    def key(self) -> str:
        """Its place as text that sorts like it: the entry's name among its record's."""
        at, rank, turn, received_at, event = self.place
        return f"{at:015d}.{rank:02d}{turn}.{received_at:015d}.{event}"

    @property
    def suppressed(self) -> bool:
        """Whether the event's sender wants nothing set off by it."""
        return self.event_type.endswith(SUPPRESSED)

    @property
    def verified(self) -> bool:
        """Whether it is what a verification has found at the provider."""
        return self.event_type.endswith(VERIFIED)


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


@dataclass(frozen=True, slots=True)
class Rules:
    """What a kind of record makes of its facets.

    `show` turns them into fields, None while there is no record to speak of; `compact` drops what
    `show` needs no more; `born` decides whether a first sight is a creation. `chained` says that
    events may state previous values.
    """

    show: Callable[[State], View | None]
    compact: Callable[[State], dict[str, Facet]]
    difference: Callable[[View, View], list[Change]]
    born: Callable[[Entry, View], bool]
    chained: bool


def placed(facets: Mapping[str, Facet], at: int) -> dict[str, Facet]:
    """Return an event's facets to be kept; what has no time of its own happened at `at` (ms)."""
    kept: dict[str, Facet] = {name: dict(facet) for name, facet in facets.items()}
    gone = kept.get("deleted")
    if gone is not None and gone["deleted"] and gone["date"] is None:
        kept["deleted"] = {**gone, "date": at}
    return kept


def turn_of(said: Iterable[str]) -> int:
    """Return an entry's turn in its moment: what is asked, what is paid, what goes back.

    It keeps the states in between from depending on which of a burst of events came first.
    """
    turns = {"payment": 1, "refunded": 2, "refund": 2, "dispute": 3, CUSTOMER: 4}
    return min((turns.get(name.partition(":")[0], 0) for name in said), default=0)


def tell(entry: Entry, state: State, view: View | None, rules: Rules) -> Told:
    """Return what `entry` does to a record that was in `state`, shown as `view`.

    A record first seen in the midst of its life shows an update without a difference, unless the
    event states what was before.
    """
    after = rules.compact({**state, **_first_told(entry.said, state)})
    seen = rules.show(after)
    if entry.before:
        view = rules.show({**state, **entry.before})
    if seen is None:
        return Told(entry, after, None, None, [])
    if view is None:
        kind = "created" if rules.born(entry, seen) else "updated"
        return Told(entry, after, seen, kind, [])
    changes = rules.difference(view, seen)
    if CUSTOMER in entry.said:
        # Learning who the customer is changes what is known, not what happened.
        changes = [change for change in changes if change.before is not None]
    return Told(entry, after, seen, "updated" if changes else None, changes)


def replay(entries: Sequence[Entry], rules: Rules) -> Replay:
    """Tell a record's whole history in order."""
    told: list[Told] = []
    state: dict[str, Facet] = {}
    view: View | None = None
    said: dict[str, Entry] = {}
    ambiguous = False
    ordered = sorted(entries, key=lambda each: each.place)
    for _, moment in groupby(ordered, key=lambda each: each.place[:3]):
        waiting = list(moment)
        ambiguous = False
        while waiting:
            index, certain = _next(waiting, state, said)
            ambiguous = ambiguous or not certain
            entry = waiting.pop(index)
            if _is_twin(entry, said):
                step = Told(entry, state, view, None, [])
            else:
                step = tell(entry, state, view, rules)
            if entry.before or not _repeats(entry, state):
                said |= dict.fromkeys(entry.said, entry)
            told.append(step)
            state, view = step.state, step.view
    return Replay(told, ambiguous)


def follows(entry: Entry, newest: Place | None, state: State, rules: Rules) -> bool:
    """Tell whether `entry` simply comes after everything in `state`, so that nothing is re-told.

    In doubt it does not: an event of the newest moment may belong between others, and one that
    repeats what stands under another previous value may be a twin of one before.
    """
    if newest is None:
        return True
    if entry.place <= newest:
        return False
    repeats = _repeats(entry, state)
    if entry.place[:3] > newest[:3]:
        return not (entry.before and repeats) or _continues(entry, state)
    if entry.before or (repeats and rules.chained):
        return False
    return repeats or not any(name in state for name in entry.said)


def _next(waiting: Sequence[Entry], state: State, said: Mapping[str, Entry]) -> tuple[int, bool]:
    """Choose which of one moment's entries comes next, and whether that was certain.

    One that only repeats what stands comes first, then one whose stated previous value is what
    stands, preferably one that others go on from; then one that may be the previous value of
    another; else the earliest arrival, which is a guess if others say something else of the same
    facet.
    """
    if len(waiting) == 1:
        return 0, True
    for index, entry in enumerate(waiting):
        chained = entry.before and not _continues(entry, state) and not _is_twin(entry, said)
        if _repeats(entry, state) and not chained:
            return index, True
    going_on = [i for i, entry in enumerate(waiting) if entry.before and _continues(entry, state)]
    for index in going_on:
        after = {**state, **waiting[index].said}
        if any(each.before and _continues(each, after) for each in waiting):
            return index, True
    if going_on:
        return going_on[0], True
    stated = {name for entry in waiting for name in entry.before}
    free = (i for i, entry in enumerate(waiting) if not entry.before and stated & entry.said.keys())
    first = next(free, 0)
    rivals = [entry for entry in waiting if entry is not waiting[first]]
    chosen = waiting[first].said
    return first, not any(
        name in chosen and chosen[name] != value
        for each in rivals
        for name, value in each.said.items()
    )


def _first_told(said: Mapping[str, Facet], state: State) -> Mapping[str, Facet]:
    """Return what is said, dated by the first word where later ones only repeat it."""
    if not any(facet.get("first_told") for facet in said.values()):
        return said
    return {name: _dated(facet, state.get(name)) for name, facet in said.items()}


def _dated(facet: Facet, held: Facet | None) -> Facet:
    if not facet.get("first_told") or held is None:
        return facet
    same = all(facet.get(name) == held.get(name) for name in ("status", "amount"))
    return {**facet, "date": held["date"]} if same else facet


def _repeats(entry: Entry, state: State) -> bool:
    return all(state.get(name) == value for name, value in entry.said.items())


def _continues(entry: Entry, state: State) -> bool:
    return all(state.get(name) == value for name, value in entry.before.items())


def _is_twin(entry: Entry, said: Mapping[str, Entry]) -> bool:
    """Tell whether an event states a change that another one has just stated: Stripe sends such."""
    others = [said.get(name) for name in entry.said]
    return bool(entry.before) and all(
        other is not None
        and entry.at - other.at <= _TWINS
        and other.said[name] == entry.said[name]
        and other.before.get(name) == entry.before.get(name)
        for name, other in zip(entry.said, others, strict=True)
    )
