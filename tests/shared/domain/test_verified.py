"""What a verification has told is marked where the event it stood in for tells it as well."""

from __future__ import annotations

from shared.domain import verified
from shared.domain.automations.happening import Happening, without_announced
from shared.domain.observations import VERIFIED
from shared.domain.timeline import Change, Entry, Told

CANCELLED = Change("status", "active", "cancelled")
DATED = Change("next_payment_date", "2026-12-01", None)


def entry(at: int, event_type: str, *changes: Change) -> Entry:
    return Entry(
        at=at,
        rank=10,
        event_id=f"evt_{at}",
        event_type=event_type,
        received_at=at,
        said={},
        kind="updated" if changes else None,
        changes=list(changes),
    )


def told(*entries: Entry) -> list[Told]:
    return [Told(each, {}, None, each.kind, each.changes) for each in entries]


def test_an_event_that_comes_before_it_is_marked_and_one_behind_it_is_not() -> None:
    found = entry(50, f"fetched.subscription{VERIFIED}", CANCELLED)
    known = verified.told_by({found.key: found})
    event, later = entry(20, "deleted", CANCELLED, DATED), entry(60, "deleted", CANCELLED)
    written: dict[str, Entry] = {}

    verified.mark(known, told(event, later), {found.key}, written)

    assert event.announced == ("status",)
    assert later.announced == ()
    assert written == {event.key: event}


def test_what_is_left_of_it_when_it_is_told_anew_is_marked_as_well() -> None:
    found = entry(50, f"fetched.subscription{VERIFIED}", CANCELLED, DATED)
    known = verified.told_by({found.key: found})
    found.changes = [DATED]

    verified.mark(known, told(found), {found.key}, {})

    assert found.announced == ("next_payment_date",)


def test_an_ordinary_event_marks_nothing() -> None:
    plain = entry(50, "customer.subscription.updated", CANCELLED)

    assert verified.told_by({plain.key: plain}) == {}


def test_what_a_lookup_has_told_is_marked_and_what_history_told_is_not() -> None:
    lookup, history = (entry(50, "fetched.subscription", CANCELLED) for _ in range(2))
    lookup.event_id = history.event_id = "fetch_1"
    history.historical = True

    assert verified.told_by({lookup.key: lookup}) == {("status", '"cancelled"'): {lookup.key}}
    assert verified.told_by({history.key: history}) == {}


def test_what_is_marked_sets_nothing_off_and_the_rest_does() -> None:
    part, whole = entry(20, "deleted", CANCELLED, DATED), entry(20, "deleted", CANCELLED)
    part.announced = whole.announced = ("status",)
    name = ("entry", "recurring_payment", "shop", "sub_1", part.key)

    partly, wholly = Happening(name, part, None, 99), Happening(name, whole, None, 99)

    assert partly.entry.changes == [DATED]
    assert partly.tells
    assert not wholly.tells
    assert not wholly.begins
    assert without_announced(part).announced == ("status",)
