"""What of an entry tells who somebody is: it goes, and what counts stays."""

from __future__ import annotations

import pytest

from shared.domain import personal
from shared.domain.erasing import Person
from shared.domain.erasing_records import is_of_theirs
from shared.domain.erasure import Erasure
from shared.domain.timeline import Change, Entry
from tests.support.timeline_entries import entry

ADA = "ada@example.com"


def linked(external_id: str) -> Entry:
    said = {"terms": {"status": "active", "external_id": external_id}}
    changes = [Change("status", None, "active"), Change("external_id", None, external_id)]
    return entry("e", at=5, said=said, changes=changes, kind="updated")


def test_an_address_that_something_was_linked_by_goes() -> None:
    found = personal.bare_entry(linked(ADA))

    assert found.said == {"terms": {"status": "active", "external_id": None}}
    assert [each.field for each in found.changes] == ["status"]


def test_any_other_link_stays() -> None:
    assert personal.bare_entry(linked("crm-7")) == linked("crm-7")


@pytest.mark.parametrize(("external_id", "theirs"), [(ADA, True), ("byron@example.com", False)])
def test_an_entry_that_names_somebody_by_a_link_alone_is_found(
    external_id: str, theirs: bool
) -> None:
    person = Person(Erasure.of("c-ada", [ADA], 10))

    assert is_of_theirs(person, linked(external_id)) is theirs
