"""What the stream shows: entries of records, told from everything else by their key."""

from __future__ import annotations

import pytest

from shared.adapters.table import change_of
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
