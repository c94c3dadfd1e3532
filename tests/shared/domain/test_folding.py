"""What the parts of one fold share: staged documents, versions and messages."""

from __future__ import annotations

from typing import Any

from shared.domain.folding import Arrival, Folding, Habits
from shared.domain.ports import Check, Missing, Name, Reading, Write
from tests.fakes.memory_store import MemoryStore

CUSTOMER: Name = ("customer", "shop", "cus_1")
ABSENT: Name = ("email", "ada@example.com")


def _folding(*, has_api: bool = True, source: str = "live") -> Folding:
    store, reading = MemoryStore(), Reading()
    store.commit([Write(CUSTOMER, {"version": 3, "said": []}, 0)])
    reading.load(store, Missing([CUSTOMER, ABSENT]))
    arrival = Arrival("stripe", "shop", 0, b"", source=source, subject="cus_1")
    connection: dict[str, Any] = {"has_api": has_api}
    habits = Habits(states_creation=True, fetchable=frozenset({"customer"}))
    return Folding(reading, connection, habits, arrival, 0, lambda: "contact-1")


def test_document_that_was_put_is_what_is_read() -> None:
    folding = _folding()

    folding.put(CUSTOMER, {"said": ["word"]})

    assert folding.get(CUSTOMER) == {"said": ["word"], "version": 4}
    assert folding.version_after(CUSTOMER) == 4


def test_document_put_twice_is_written_once_over_the_version_read() -> None:
    folding = _folding()

    folding.put(CUSTOMER, {"said": ["one"]})
    folding.put(CUSTOMER, {"said": ["two"]})

    assert folding.steps() == [Write(CUSTOMER, {"said": ["two"], "version": 4}, 3)]


def test_document_made_here_must_not_exist_yet() -> None:
    folding = _folding()

    folding.put(ABSENT, {"contact_id": "contact-1"})
    folding.put(("contact", "contact-1"), {"email": "ada@example.com"})

    assert [getattr(step, "expected", None) for step in folding.steps()] == [0, 0]


def test_what_a_fold_relies_on_is_checked_unless_it_is_written() -> None:
    folding = _folding()

    folding.rely_on(ABSENT)
    folding.rely_on(CUSTOMER)
    folding.put(CUSTOMER, {"said": []})

    assert [step for step in folding.steps() if isinstance(step, Check)] == [Check(ABSENT, 0)]


def test_record_is_opened_once() -> None:
    folding = _folding()
    folding.reading.load(MemoryStore(), Missing([("order", "shop", "in_1")]))

    assert folding.record("order", "in_1") is folding.record("order", "in_1")


def test_message_is_sent_once_behind_its_subject() -> None:
    folding = _folding()

    folding.send_job("refresh_customer", customer_id="cus_1")
    folding.send_job("refresh_customer", customer_id="cus_1")

    assert folding.messages == [
        {
            "to": "jobs",
            "job": "refresh_customer",
            "connection_id": "shop",
            "subject": "cus_1",
            "customer_id": "cus_1",
        }
    ]


def test_only_what_the_provider_can_be_asked_for_is_fetched() -> None:
    able, unable = _folding(), _folding(has_api=False)

    for folding in (able, unable):
        folding.ask("customer", "cus_1")
        folding.ask("subscription", "sub_1")

    assert [message["object"] for message in able.messages] == ["customer"]
    assert unable.messages == []


def test_what_comes_from_history_is_historical() -> None:
    assert _folding(source="history").historical
    assert not _folding(source="fetched").historical
