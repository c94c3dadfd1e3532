"""What the stream shows: entries of records, told from everything else by their key."""

from __future__ import annotations

import pytest

from shared.adapters.table import change_of, document_of, retagged_of
from tests.support.firing import created
from tests.support.stream import image


@pytest.mark.parametrize(
    "name",
    [
        ("entry", "recurring_payment", "shop", "sub_1", "001.02.evt_1~type"),
        ("entry", "order", "my#shop", "a/b #1%", "001#evt ü"),
    ],
)
def test_an_entry_comes_back_with_its_name(name: tuple[str, ...]) -> None:
    assert change_of(image(name, {"entry": created()})) == (name, created())


@pytest.mark.parametrize(
    "name",
    [
        ("recurring_payment", "shop", "sub_1"),
        ("contact", "c-1"),
        ("connection", "AT#x"),
        ("firing", "rescue", "001-ab"),
        ("once", "rescue", "c-1"),
        ("settings",),
    ],
)
def test_nothing_else_is_a_change(name: tuple[str, ...]) -> None:
    head = {"version": 1, "contact_id": None, "email": None, "shown": False, "date": None}
    assert change_of(image(name, head)) is None


def test_a_note_of_changed_tags_is_told_from_everything_else() -> None:
    note = {"version": 1, "contact_id": "c-1", "tags": ["VIP"], "expires_at": 1_790_086_400}

    assert retagged_of(image(("retagged", "c-1", "7"), note)) == note
    assert change_of(image(("retagged", "c-1", "7"), note)) is None
    assert document_of(image(("retagged", "c-1", "7"), note)) is None
    assert retagged_of(image(("contact", "TAGS#1"), {"version": 1})) is None
