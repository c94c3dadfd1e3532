"""What of a segment reaches SQL: words of our own, and values that are bound."""

# ruff: noqa: S608  # The texts are words of our own; values are bound.

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.segments import sql
from shared.domain.segments.fields import FIELDS, Entity, Kind
from shared.domain.segments.parse import parse
from shared.domain.segments.sql_columns import COLUMNS
from tests.shared.domain.segments.builders import all_of, any_of, contact, moment, none_of, one
from tests.shared.domain.segments.log_people import people

CITY = "recurring_payment.billing_address.city"
HOSTILE = [
    "'; DROP TABLE contacts; --",
    "' OR TRUE --",
    '" OR 1=1 --',
    "?",
    "$1",
    "{} %s :name",
    "\\' OR TRUE",
    "x\x00' OR TRUE --",
    "/* */ UNION SELECT * FROM contacts",
    "%_%",
]
asked_as_text = [
    (name, operator)
    for name, field in FIELDS.items()
    if field.kind in (Kind.TEXT, Kind.LABEL) and field.entity is not Entity.CHANGE
    for operator in ("is", "is_not", "contains")
]


def text_of(*conditions: dict[str, Any]) -> str:
    return sql.compile(parse(all_of(*conditions)), moment()).text


@given(
    st.sampled_from(asked_as_text), st.text(min_size=1, max_size=1000) | st.sampled_from(HOSTILE)
)
def test_no_letter_of_a_value_becomes_part_of_the_query(asked: tuple[str, str], value: str) -> None:
    where = sql.compile(parse(all_of(one(*asked, value))), moment())

    assert where.text == text_of(one(*asked, "another"))
    assert where.text.count("?") == len(where.params) == 1


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_looked_for_and_nothing_else(value: str) -> None:
    holding = contact(first_name=value, tags=[f"a {value} b"], lists=["x"])
    who = people([holding, contact(first_name="Ada")], [])
    asked = all_of(one("contact.first_name", "is", value), one("contact.tags", "contains", value))

    where = sql.compile(parse(asked), moment())
    query = f"SELECT c.contact_id FROM contacts c WHERE {where.text}"

    assert who.session.rows(query, where.params) == [("contact-0",)]
    assert who.session.rows("SELECT count(*) FROM contacts") == [(2,)]


def test_every_field_but_the_changes_has_its_column() -> None:
    assert set(COLUMNS) == {n for n, each in FIELDS.items() if each.entity is not Entity.CHANGE}


@pytest.mark.parametrize("field", ["change.field", "change.from", "change.to"])
def test_a_change_is_in_no_view(field: str) -> None:
    tree = parse(all_of(one(field, "is", "status")), changes=True)

    for compiling in (sql.compile, sql.compile_at_hand):
        with pytest.raises(ValueError, match="change"):
            compiling(tree, moment())
    with pytest.raises(ValueError, match="change"):
        sql.compile(parse(any_of(none_of(one(field, "is", "status"))), changes=True), moment())


def test_what_nothing_can_change_is_not_asked() -> None:
    assert sql.compile(parse(all_of()), moment()) == sql.Where("TRUE")
    assert sql.compile(parse(any_of()), moment()) == sql.Where("FALSE")
    assert sql.compile(parse(none_of(all_of())), moment()) == sql.Where("FALSE")
    assert sql.compile(parse(all_of(any_of(), one(CITY, "is", "x"))), moment()).text == "FALSE"


def test_a_contact_is_joined_once_more_only_where_both_are_asked_together() -> None:
    tag = one("contact.tags", "is", "Tea")

    apart = text_of(one(CITY, "is", "Chicago"), tag)
    together = text_of(one(CITY, "is", "Chicago"), any_of(one(CITY, "is", "Paris"), tag))

    assert "JOIN contacts" not in apart
    assert "JOIN contacts" in together
    # Somebody without a recurring payment meets nothing of either: no query needs to look for them.
    assert "NOT IN" not in apart + together
    assert "NOT IN" in text_of(any_of(one(CITY, "is", "Paris"), tag))
