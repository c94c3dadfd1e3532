"""What an event says now in place of what it said before: the same, or which entries differ.

Pure, for replays: a parser that was mended may read an event that was folded long ago another way.
What others say of the record (its customer, its orders) is not the event's own word and stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from shared.domain.timeline import CUSTOMER, Entry


def is_own(entry: Entry, event: tuple[str, str]) -> bool:
    """Tell whether an entry is what this event, by id and type, says of the record itself.

    One that says nothing but the names of an order is its own as well.
    """
    others = [name == CUSTOMER or name.startswith("order:") for name in entry.said]
    return (entry.event_id, entry.event_type) == event and not (others and all(others))


def merged(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries as a record keeps them: what an event says at one place lies in one entry."""
    kept: list[Entry] = []
    for entry in entries:
        same = (e for e in kept if e.place == entry.place and _is_of_one(e, entry))
        held = next(same, None)
        if held is None:
            kept.append(replace(entry, said=dict(entry.said), before=dict(entry.before)))
        else:
            held.said |= entry.said
            held.before |= entry.before
    return kept


def same(before: Iterable[Entry], now: Iterable[Entry]) -> bool:
    """Tell whether an event says what it said before."""
    return sorted(map(_text, before)) == sorted(map(_text, now))


def as_before(fresh: Iterable[Entry], before: Sequence[Entry]) -> list[Entry]:
    """Return entries with what was recorded of those that stood in their places before."""
    return [_recorded_like(each, before) for each in fresh]


def _recorded_like(entry: Entry, before: Sequence[Entry]) -> Entry:
    old = next((e for e in before if e.place == entry.place and _is_of_one(e, entry)), None)
    if old is None:
        return entry
    return replace(
        old,
        said=entry.said,
        before=entry.before,
        refs=entry.refs,
        creation=entry.creation,
        mentions=entry.mentions,
    )


def _is_of_one(one: Entry, other: Entry) -> bool:
    """Tell whether two entries of an event are of one record: a subscription's have no names."""
    return not (one.refs or other.refs) or bool(set(one.refs) & set(other.refs))


def _text(entry: Entry) -> str:
    told = [entry.place, entry.said, entry.before, entry.creation, entry.refs, entry.mentions]
    return json.dumps(told, sort_keys=True)
