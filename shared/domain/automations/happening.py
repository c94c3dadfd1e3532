"""A change as triggers look at it: one entry of a record's history, as it stands now.

An entry is written more than once: told when its event is folded, amended when an earlier event
comes late, attached when its contact appears. Each writing is a happening; what was there before
tells them apart, and identities keep a trigger from firing twice for what was there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.domain import durations, times
from shared.domain.ports import Document, Name
from shared.domain.timeline import Entry

_LATE_MATCH = {"policy": "fire_if_newer_than", "duration": "PT24H"}
# Times of the stream are whole seconds.
_GRAIN = times.SECOND


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry that was written at `written_at` (ms); `before` is what it was until then.

    `name` is the entry's own: `("entry", kind, connection_id, record_id, place)`.
    """

    name: Name
    entry: Entry
    before: Entry | None
    written_at: int

    def __post_init__(self) -> None:
        """Leave out what a verification has told of before: it is no news."""
        object.__setattr__(self, "entry", without_announced(self.entry))
        if self.before is not None:
            object.__setattr__(self, "before", without_announced(self.before))

    @property
    def record(self) -> Name:
        """The record it belongs to."""
        return self.name[1:4]

    @property
    def kind(self) -> str:
        """The record's kind."""
        return self.name[1]

    @property
    def tells(self) -> bool:
        """Whether it is a transition that others should hear of at all."""
        entry = self.entry
        if entry.kind == "created":
            return not entry.joined
        return entry.kind == "updated" and bool(entry.changes)

    @property
    def begins(self) -> bool:
        """Whether it is the first sight of its record, told as a creation or not."""
        entry = self.entry
        return entry.kind is not None and not (entry.changes or entry.announced) and self.is_new

    @property
    def pays(self) -> bool:
        """Whether an order first brings money here, and it was not told elsewhere."""
        return self.entry.money == "first"

    @property
    def pays_anew(self) -> bool:
        """Whether that, or who has paid, is not what it was before."""
        before = self.before
        known = before is not None and before.money == "first"
        return self.pays and not (known and before and before.contact_id == self.entry.contact_id)

    @property
    def is_new(self) -> bool:
        """Whether what it tells, or whom it concerns, is not what it was before."""
        before = self.before
        if before is None:
            return True
        return _told(before) != _told(self.entry) and not _was_bared(before, self.entry)

    @property
    def retells(self) -> bool:
        """Whether only its contact is new, and the transition was told before."""
        return self.before is not None and _told(self.before)[:-1] == _told(self.entry)[:-1]

    @property
    def announcement(self) -> Happening | None:
        """The creation announced here while nobody was known, where somebody is known now.

        An earlier event may have come meanwhile: the entry is an update by now, and the creation
        that stands before it counts as told. But nobody could be told: this is who is.
        """
        before, entry = self.before, self.entry
        if not entry.born or entry.money or entry.kind == "created":
            return None
        if before is None or before.contact_id is not None or entry.contact_id is None:
            return None
        return replace(self, entry=as_created(entry), before=as_created(before))

    @property
    def type(self) -> str:
        """The change's name among outbound events."""
        return f"{self.kind}.{self.entry.kind}"

    def cause(self, connection: Document | None) -> dict[str, Any]:
        """Return which event of which store made the change; a date that came has no event."""
        known = connection or {}
        return {
            "provider": known.get("provider"),
            "connection_id": self.record[1],
            "event_id": self.entry.event_id or None,
            "event_type": self.entry.event_type,
            "occurred_at": self.entry.at,
            "late": self.entry.late,
            "mode": known.get("mode", "live"),
        }


def came_too_late(
    happening: Happening, contact: Document, connection: Document | None, settle: int
) -> bool:
    """Tell whether a change that waited for its contact is silent by its connection's policy.

    A contact that appears within `settle` ms has not been waited for: one checkout sends its events
    in any order. That holds where the contact itself was there, or is made by its first payment.
    """
    entry, known = happening.entry, connection or {}
    if happening.before is None or happening.before.contact_id is not None:
        return False
    own = known.get("contact_policy") != "match_only"
    waited = happening.written_at - entry.recorded_at
    if (own or contact["created_date"] <= entry.recorded_at) and waited <= settle + _GRAIN:
        return False
    policy: Mapping[str, Any] = known.get("late_match") or _LATE_MATCH
    if policy["policy"] == "fire_if_newer_than":
        newest = durations.milliseconds(policy.get("duration") or _LATE_MATCH["duration"])
        return happening.written_at - entry.at > newest
    return bool(policy["policy"] == "silent")


def as_created(entry: Entry) -> Entry:
    """Return an entry as it was when it was announced as the creation of its record."""
    return replace(entry, kind="created", changes=[], joined=False)


def without_announced(entry: Entry) -> Entry:
    """Return an entry with those of its changes that nobody has been told of."""
    if not entry.announced:
        return entry
    fresh = [each for each in entry.changes if each.field not in entry.announced]
    return replace(entry, changes=fresh)


def _was_bared(before: Entry, entry: Entry) -> bool:
    """Tell whether an entry has only lost what it told of a person: that is no news.

    Whoever tells it anew notes when; who erases does not.
    """
    rest = [each for each in before.changes if each in entry.changes]
    same = [(e.kind, e.recorded_at, e.late, e.joined, e.contact_id) for e in (before, entry)]
    return same[0] == same[1] and rest == entry.changes and len(rest) < len(before.changes)


def _told(entry: Entry) -> tuple[Any, ...]:
    changes = [(each.field, each.before, each.after) for each in entry.changes]
    return entry.kind, changes, entry.late, entry.historical, entry.joined, entry.contact_id
