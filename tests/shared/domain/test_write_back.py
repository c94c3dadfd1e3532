"""What is noticed for writing back: notes of tags that changed here, and calls of bounded size."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import contacts, directory, write_back
from tests.support.workshop import Workshop

NOW = 1_790_000_000_000
TARGET = {"connection_id": "crm", "provider": "activecampaign"}
WANTS_TAGS = {**TARGET, "write_back": {"recurring_payments": False, "tags": True}}


def contact(*tags: str, version: int = 3) -> dict[str, Any]:
    held = [{"tag": tag, "applied_date": 1} for tag in tags]
    return {**contacts.new("c1", "ada@example.com", NOW), "tags": held, "version": version}


def notes(workshop: Workshop) -> list[dict[str, Any]]:
    return [each for name, each in workshop.store.documents.items() if name[0] == "retagged"]


def test_a_note_names_what_was_gained_and_lost_and_lasts_a_day() -> None:
    book = directory.entered(None, WANTS_TAGS)

    (note,) = write_back.notes(book, contact("A", "B"), contact("B", "C", version=4), NOW)

    assert note.name == ("retagged", "c1", "4")
    assert note.document == {
        "version": 1,
        "contact_id": "c1",
        "tags": ["A", "C"],
        "expires_at": NOW // 1000 + 86_400,
    }


@pytest.mark.parametrize(
    ("book", "after"),
    [
        (directory.entered(None, WANTS_TAGS), contact("A")),
        (directory.entered(None, {**TARGET, "write_back": {"tags": False}}), contact("B")),
        (directory.entered(None, TARGET), contact("B")),
        (directory.left(directory.entered(None, WANTS_TAGS), "crm"), contact("B")),
        (None, contact("B")),
    ],
    ids=["the same tags", "tags not wanted", "nothing wanted", "connection gone", "no directory"],
)
def test_there_is_no_note_that_nobody_wants(book: Any, after: dict[str, Any]) -> None:
    assert write_back.notes(book, contact("A"), after, NOW) == []


def test_steps_that_change_tags_leave_one_note_with_the_contact() -> None:
    steps = [
        {"type": "add_tag", "tag": "STATUS: Payment failed"},
        {"type": "add_tag", "tag": "GONE AGAIN"},
        {"type": "remove_tag", "tag": "GONE AGAIN"},
    ]
    workshop = Workshop(steps)
    workshop.put(directory.NAME, directory.entered(None, WANTS_TAGS))

    workshop.fire()
    workshop.run()

    (note,) = notes(workshop)
    assert note["tags"] == ["STATUS: Payment failed"]
    assert workshop.store.documents["contact", "c1"]["version"] == 2


def test_steps_leave_no_note_where_nobody_takes_tags() -> None:
    workshop = Workshop([{"type": "add_tag", "tag": "VIP"}])

    workshop.fire()
    workshop.run()

    assert notes(workshop) == []
    assert len(workshop.store.documents["contact", "c1"]["tags"]) == 1


def test_a_step_that_removes_a_tag_remembers_it_for_what_is_heard_of_late() -> None:
    workshop = Workshop([{"type": "remove_tag", "tag": "VIP"}])
    workshop.put(("contact", "c1"), contact("VIP"))

    workshop.fire()
    workshop.run()

    found = workshop.store.documents["contact", "c1"]
    assert found["tags"] == []
    assert list(found["untagged"]) == ["VIP"]
    assert [each["tag"] for each in found["former_tags"]] == ["VIP"]


def test_calls_hold_so_many_and_no_more() -> None:
    payments = {("shop", f"sub_{number}"): number % 2 == 0 for number in range(60)}
    tags = {f"c{number}": ["A", "A", "B"] for number in range(6)}

    of_payments = write_back.payment_calls(TARGET, payments)
    of_tags = write_back.tag_calls(TARGET, tags)

    assert [len(each["payments"]) for each in of_payments] == [25, 25, 10]
    assert of_payments[0]["payments"][:2] == [["shop", "sub_0", True], ["shop", "sub_1", False]]
    assert [len(each["contacts"]) for each in of_tags] == [5, 1]
    assert of_tags[1] == {
        "connection_id": "crm",
        "provider": "activecampaign",
        "object": "write_back",
        "id": "tags",
        "contacts": [["c5", ["A", "B"]]],
    }
