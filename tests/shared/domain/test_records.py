"""A record as events are folded into it one by one, and what is written of it."""

from __future__ import annotations

from typing import Any

from shared.domain.observations import Facet
from shared.domain.ports import Missing, Reading, Write
from shared.domain.records import RECURRING_PAYMENT, Record
from shared.domain.recurring_payments import is_created
from shared.domain.timeline import Entry
from tests.fakes.memory_store import MemoryStore
from tests.laws.entries import NAME, OneRecord, payment, terms

_HOUR = 3_600_000


def _entry(name: str, at: int, status: str | None = None, **about: Any) -> Entry:
    said = about.pop("said", {"terms": terms(status)} if status else {})
    was = about.pop("was", None)
    before: dict[str, Facet] = {"terms": terms(was)} if was else {}
    about = {"rank": 10, "received_at": at + 1, **about}
    return Entry(at=at, event_id=name, event_type="told", said=said, before=before, **about)


def _created(at: int = 0, status: str = "active") -> Entry:
    return _entry("created", at, status, rank=0, creation=True)


def _opened(store: MemoryStore) -> Record:
    reading = Reading()
    reading.load(store, Missing([NAME], [NAME]))
    return Record(NAME, reading, is_created(True), now=1)


def _found(record: OneRecord, name: str) -> Entry:
    return next(entry for entry in record.entries() if entry.event_id == name)


def _changed(entry: Entry, field: str = "status") -> list[tuple[Any, Any]]:
    return [(each.before, each.after) for each in entry.changes if each.field == field]


def test_event_that_simply_comes_next_needs_nothing_but_the_head() -> None:
    record = OneRecord().add_all([_created()])
    reads = record.store.reads

    record.add(_entry("failed", _HOUR, "payment_failed", was="active"))

    assert record.store.reads == reads + 1


def test_late_event_is_recorded_at_its_place_and_mends_what_came_after() -> None:
    record = OneRecord().add_all([_created(), _entry("ended", 2 * _HOUR, "cancelled")])
    assert _changed(_found(record, "ended")) == [("active", "cancelled")]

    record.add(_entry("failed", _HOUR, "payment_failed"))

    assert [entry.event_id for entry in record.entries()] == ["created", "failed", "ended"]
    assert _changed(_found(record, "failed")) == [("active", "payment_failed")]
    assert _changed(_found(record, "ended")) == [("payment_failed", "cancelled")]
    assert record.view is not None
    assert record.view["status"] == "cancelled"


def test_late_is_said_of_what_came_late_without_a_previous_value() -> None:
    record = OneRecord().add_all([_created(), _entry("ended", 3 * _HOUR, "cancelled")])

    record.add(_entry("failed", _HOUR, "payment_failed"))
    record.add(_entry("recovered", 2 * _HOUR, "active", was="payment_failed"))

    assert _found(record, "failed").late
    assert not _found(record, "recovered").late
    assert not _found(record, "created").late


def test_what_a_late_event_changes_afterwards_is_late_too() -> None:
    record = OneRecord().add_all([_created(), _entry("ended", 2 * _HOUR, "cancelled")])
    assert not _found(record, "ended").late

    record.add(_entry("failed", _HOUR, "payment_failed"))

    assert _found(record, "ended").late


def test_late_event_that_changes_nothing_is_not_late() -> None:
    record = OneRecord().add_all([_created(), _entry("ended", 2 * _HOUR, "cancelled")])

    record.add(_entry("seen", _HOUR, "active"))

    assert (_found(record, "seen").kind, _found(record, "seen").late) == (None, False)


def test_newest_event_that_needs_the_whole_history_is_not_late() -> None:
    """Of the newest second, a chained update is settled by replay although it comes last."""
    record = OneRecord().add_all([_created(), _entry("one", _HOUR, "payment_failed", was="active")])

    record.add(_entry("two", _HOUR, "active", was="payment_failed", received_at=2 * _HOUR))

    assert [each.late for each in record.entries()] == [False] * 3
    assert _changed(_found(record, "two")) == [("payment_failed", "active")]


def test_terminal_state_is_not_undone_by_an_older_event() -> None:
    record = OneRecord().add_all([_created(), _entry("ended", _HOUR, "cancelled", rank=90)])

    record.add(_entry("renewed", _HOUR, "active", rank=10))
    record.add(_entry("paid", _HOUR - 1_000, said={"order:in_1": payment(date=0)}))

    assert record.view is not None
    assert (record.view["status"], record.view["cycles_completed"]) == ("cancelled", 1)


def test_creation_told_late_is_the_creation() -> None:
    record = OneRecord().add_all([_entry("failed", _HOUR, "payment_failed")])
    assert _found(record, "failed").kind == "updated"

    record.add(_created())

    created = _found(record, "created")
    assert (created.kind, created.born, created.joined) == ("created", True, False)
    assert not created.late
    assert _changed(_found(record, "failed")) == [("active", "payment_failed")]


def test_old_subscription_first_seen_is_recorded_but_not_created() -> None:
    month = 30 * 24 * _HOUR
    record = OneRecord(states_creation=False)

    record.add(_entry("renewed", month, "active"))

    assert _found(record, "renewed").kind == "updated"


def test_first_sight_close_to_the_start_is_a_creation_where_none_are_stated() -> None:
    record = OneRecord(states_creation=False)

    record.add(_entry("seen", 72 * _HOUR, "active"))

    assert _found(record, "seen").kind == "created"


def test_creation_that_moves_to_an_earlier_event_is_announced_once() -> None:
    """Two sights within three days, the later one first: the second creation repeats the first."""
    record = OneRecord(states_creation=False).add_all([_entry("seen", 2 * _HOUR, "active")])

    record.add(_entry("earlier", _HOUR, "active"))

    earlier, seen = _found(record, "earlier"), _found(record, "seen")
    assert (earlier.kind, earlier.joined) == ("created", True)
    assert (seen.kind, seen.born) == (None, True)


def test_one_event_may_speak_twice_of_one_record() -> None:
    record = OneRecord().add_all([_created()])
    bill = {"order:in_1": payment(date=1)}

    record.add(_entry("paid", _HOUR, said=bill))
    record.add(_entry("paid", _HOUR, said={"order:in_2": payment(date=2)}))

    (paid,) = [entry for entry in record.entries() if entry.event_id == "paid"]
    assert set(paid.said) == {"order:in_1", "order:in_2"}
    assert record.view is not None
    assert record.view["cycles_completed"] == 2


def test_what_one_event_says_twice_is_not_late() -> None:
    reading = Reading()
    store = OneRecord().add_all([_created()]).store
    reading.load(store, Missing([NAME], [NAME]))
    record = Record(NAME, reading, is_created(True), now=1)

    record.add(_entry("paid", _HOUR, said={"order:in_1": payment(date=1)}))
    record.add(_entry("paid", _HOUR, said={"order:in_2": payment(date=2)}))

    _, paid = [step.document for step in record.steps(0)]
    assert paid is not None
    paid = paid["entry"]
    assert (paid.kind, paid.late) == ("updated", False)


def test_head_and_entries_are_written_under_the_version_that_was_read() -> None:
    record = OneRecord().add_all([_created()])
    opened = _opened(record.store)

    opened.add(_entry("failed", _HOUR, "payment_failed"))
    head, entry = opened.steps(0)

    assert (head.name, head.expected) == (NAME, 1)
    assert head.document is not None
    assert head.document["version"] == 2
    assert (entry.name[:4], entry.expected) == (("entry", *NAME), None)


def test_store_modified_date_is_when_the_store_last_spoke_of_the_record_itself() -> None:
    record = OneRecord().add_all(
        [
            _created(),
            _entry("failed", 2 * _HOUR, "payment_failed"),
            _entry("paid", 3 * _HOUR, said={"order:in_1": payment()}),
            _entry("seen", _HOUR, "active"),
        ]
    )

    assert record.head["modified"] == 2 * _HOUR


def test_record_that_became_another_leaves_a_sign_and_no_entries() -> None:
    record = OneRecord().add_all([_created()])
    opened = _opened(record.store)

    opened.merged_into = "sub_2"
    steps = opened.steps(0)

    assert steps[0] == Write(NAME, {"version": 2, "merged_into": "sub_2"}, 1)
    assert [step.document for step in steps[1:]] == [None]


def test_record_behind_a_sign_begins_anew_under_the_next_version() -> None:
    store = MemoryStore()
    store.commit([Write(NAME, {"version": 4, "merged_into": "sub_2"}, 0)])

    opened = _opened(store)
    opened.add(_created())

    assert not opened.known
    (head, *_) = opened.steps(0)
    assert (head.expected, head.document and head.document["version"]) == (4, 5)


def test_entries_written_get_the_contact_and_its_version() -> None:
    record = OneRecord().add_all([_created()])
    opened = _opened(record.store)
    opened.contact_id = "contact-1"

    opened.add(_entry("failed", _HOUR, "payment_failed"))
    _, entry = opened.steps(7)

    assert entry.document is not None
    told = entry.document["entry"]
    assert (told.contact_id, told.contact_version) == ("contact-1", 7)


def test_reading_an_entry_to_fold_it_leaves_what_was_read_untouched() -> None:
    record = OneRecord().add_all([_created(), _entry("ended", 2 * _HOUR, "cancelled")])
    reading = Reading()
    reading.load(record.store, Missing([NAME], [NAME]))
    before = [(each.kind, list(each.changes)) for each in reading.history(NAME)]

    Record(NAME, reading, is_created(True), now=1).add(_entry("failed", _HOUR, "payment_failed"))

    assert [(each.kind, each.changes) for each in reading.history(NAME)] == before


def test_record_of_a_kind_opens_empty_where_nothing_is_stored() -> None:
    opened = _opened(MemoryStore())

    assert (opened.kind, opened.known, opened.view) == (RECURRING_PAYMENT, False, None)
