"""The fields of a recurring payment with their labels, in the order of the widget."""

from __future__ import annotations

import re

from shared.domain.fields import FIELDS, label, labelled, ordered
from shared.domain.recurring_payments import show


def test_every_plain_field_of_a_record_is_a_field_of_the_widget() -> None:
    view = show({"terms": {"status": "active"}}) or {}
    composite = {"line_items", "shipping_address", "billing_address", "inferred"}

    assert set(view) - composite <= set(FIELDS)
    assert len(set(FIELDS)) == len(FIELDS)


def test_wanted_fields_come_first_and_nothing_is_lost_or_doubled() -> None:
    found = ordered(["note", "currency", "note", "no such field"])

    assert found[:3] == ["note", "currency", "name"]
    assert sorted(found) == sorted(FIELDS)


def test_every_field_has_a_label_people_can_read() -> None:
    for field in FIELDS:
        assert re.fullmatch(r"[A-Z][A-Za-z' ]+( ID)?", label(field)), field


def test_a_field_that_has_no_value_is_shown_without_one() -> None:
    assert labelled({"name": "Tea"}, ["name"])[:2] == [
        {"field": "name", "label": "Name", "value": "Tea"},
        {"field": "status", "label": "Status", "value": None},
    ]
