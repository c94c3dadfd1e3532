"""Tags and lists: added once with their date, removed, compared without case."""

from __future__ import annotations

import copy

from shared.domain import contact_edits, contacts

NOW = 1_790_000_000_000


def test_editing_a_contact_never_reaches_into_the_one_it_was_copied_from() -> None:
    stored = contacts.new("contact-1", "ada@example.com", NOW)
    before = copy.deepcopy(stored)
    edited = dict(stored)

    contact_edits.describe(edited, {"first_name": "Ada"})
    contact_edits.trace(edited, {"campaign": "spring"})
    contact_edits.add_labels(edited, "tag", ["VIP"], NOW)
    contact_edits.add_labels(edited, "list", ["news"], NOW)
    contact_edits.add_aliases(edited, ["a@example.org"])
    contact_edits.remove_labels(edited, "tag", ["VIP"])

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
