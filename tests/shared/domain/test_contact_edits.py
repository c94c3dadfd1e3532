"""Tags and lists: added once with their date, removed, compared without case."""

from __future__ import annotations

import copy

from shared.domain import contact_edits, contacts, origin
from shared.domain.people import to_json

NOW = 1_790_000_000_000


def test_editing_a_contact_never_reaches_into_the_one_it_was_copied_from() -> None:
    stored = contacts.new("contact-1", "ada@example.com", NOW)
    before = copy.deepcopy(stored)
    edited = dict(stored)

    contact_edits.describe(edited, {"first_name": "Ada"})
    origin.stated(edited, {"campaign": "spring"}, NOW)
    contact_edits.add_labels(edited, "tag", ["VIP"], NOW)
    contact_edits.add_labels(edited, "list", ["news"], NOW)
    contact_edits.add_aliases(edited, ["a@example.org"])
    contact_edits.remove_labels(edited, "tag", ["VIP"], NOW + 1)

    assert stored == before
    assert edited["source"]["campaign"] == "spring"


def test_a_tag_applied_twice_is_one() -> None:
    contact = contacts.new("contact-1", "ada@example.com", NOW)

    contact_edits.add_labels(contact, "tag", ["VIP", "VIP"], NOW)
    contact_edits.add_labels(contact, "tag", ["VIP"], NOW + 1)

    assert contact["tags"] == [{"tag": "VIP", "applied_date": NOW}]


def test_what_outgrows_its_limit_is_named() -> None:
    contact = contacts.new("contact-1", "ada@example.com", NOW)
    most = [f"tag {number}" for number in range(contact_edits.LABELS_MAX)]
    contact_edits.add_labels(contact, "tag", most, NOW)

    assert contact_edits.too_many(contact) is None
    contact_edits.add_labels(contact, "tag", ["one more"], NOW)
    assert contact_edits.too_many(contact) == "tags"


def test_a_removed_tag_outdates_what_a_source_applied_until_then() -> None:
    contact = contacts.new("c1", "ada@example.com", NOW)
    contact_edits.add_labels(contact, "tag", ["VIP", "KEPT"], NOW)

    contact_edits.untag(contact, ["VIP", "NEVER HELD"], NOW, NOW + 60)

    assert [each["tag"] for each in contact["tags"]] == ["KEPT"]
    assert contact_edits.is_outdated(contact, "VIP", NOW + 60)
    assert not contact_edits.is_outdated(contact, "VIP", NOW + 61)
    assert not contact_edits.is_outdated(contact, "NEVER HELD", NOW)
    assert "untagged" not in to_json(contact)


def test_whoever_applies_it_again_here_is_never_outdated() -> None:
    contact = contacts.new("c1", "ada@example.com", NOW)
    contact_edits.add_labels(contact, "tag", ["VIP"], NOW)
    contact_edits.untag(contact, ["VIP"], NOW, NOW + 60)

    contact_edits.add_labels(contact, "tag", ["VIP"], NOW + 1)

    assert [each["tag"] for each in contact["tags"]] == ["VIP"]
    assert contact["untagged"] == {}
    assert [each["tag"] for each in contact["former_tags"]] == ["VIP"]


def test_only_the_newest_removals_are_remembered_and_none_is_brought_forward() -> None:
    contact = contacts.new("c1", "ada@example.com", NOW)

    for number in range(60):
        contact_edits.outdate(contact, [f"tag {number:02d}"], NOW + number)
    contact_edits.outdate(contact, ["tag 59"], NOW)

    assert len(contact["untagged"]) == 50
    assert contact["untagged"]["tag 59"] == NOW + 59
    assert "tag 09" not in contact["untagged"]


def test_what_was_removed_is_remembered_with_both_its_dates_and_shown_to_nobody() -> None:
    contact = contacts.new("c1", "ada@example.com", NOW)
    contact_edits.add_labels(contact, "tag", ["VIP"], NOW)
    contact_edits.add_labels(contact, "list", ["News"], NOW + 1)

    contact_edits.untag(contact, ["VIP", "NEVER HELD"], NOW + 5, NOW + 60)
    contact_edits.remove_labels(contact, "list", ["News", "NEVER HELD"], NOW + 6)
    contact_edits.add_labels(contact, "tag", ["VIP"], NOW + 7)
    contact_edits.remove_labels(contact, "tag", ["VIP"], NOW + 9)

    assert contact["former_tags"] == [
        {"tag": "VIP", "applied_date": NOW + 7, "removed_date": NOW + 9},
        {"tag": "VIP", "applied_date": NOW, "removed_date": NOW + 5},
    ]
    assert contact["former_lists"] == [
        {"list": "News", "applied_date": NOW + 1, "removed_date": NOW + 6}
    ]
    assert to_json(contact).keys().isdisjoint({"former_tags", "former_lists", "source_date"})


def test_of_what_was_removed_the_newest_hundred_are_remembered() -> None:
    contact = contacts.new("c1", "ada@example.com", NOW)

    for number in reversed(range(120)):
        contact = contact_edits.with_former(contact, "tag", [("VIP", NOW)], NOW + number)
    again = contact_edits.with_former(contact, "tag", [("VIP", NOW)], NOW + 119)

    assert [each["removed_date"] - NOW for each in again["former_tags"]] == [*range(119, 19, -1)]
