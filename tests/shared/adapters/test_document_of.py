"""What of the stream the change log keeps, told by key: records, contacts and all reports ask."""

from __future__ import annotations

import pytest

from shared.adapters.table import document_of
from tests.support.firing import created
from tests.support.stream import image

HEAD = {"version": 3, "contact_id": None, "email": None, "shown": False, "date": None}


@pytest.mark.parametrize(
    "name",
    [
        ("recurring_payment", "shop", "sub_1"),
        ("order", "my#shop", "a/b #1%"),
        ("contact", "c-1"),
        ("catalogue", "shop", "product", "prod ü#1"),
        ("act", "ada@example.com", "001790000000000#e#1"),
        ("spend", "2026-10-01", "ads", "", "USD"),
        ("firing", "rescue", "001-ab"),
    ],
)
def test_a_document_comes_back_with_its_name(name: tuple[str, ...]) -> None:
    assert document_of(image(name, HEAD)) == (name, HEAD)


def test_an_entry_comes_back_with_its_name() -> None:
    name = ("entry", "order", "my#shop", "a/b #1%", "001#evt ü")

    assert document_of(image(name, {"entry": created()})) == (
        name,
        {"entry": created(), "version": 1},
    )


@pytest.mark.parametrize(
    "name",
    [
        ("connection", "AT#x"),
        ("connection", "CONTACT"),
        ("customer", "shop", "cus_1"),
        ("email", "ada@example.com"),
        ("event", "shop", "evt_1", "type"),
        ("activity", "ada@example.com"),
        ("posted", "ada@example.com", "e-1"),
        ("quarantine", "HEAD"),
        ("duplicate", "CONTACT"),
        ("run", "001-ab"),
        ("settings",),
    ],
)
def test_nothing_else_is_kept(name: tuple[str, ...]) -> None:
    started = {"started": 1, "automation_id": "rescue"}

    assert document_of(image(name, HEAD | {"contact_id": "c-1"} | started)) is None
