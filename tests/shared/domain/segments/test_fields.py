"""The catalogue: nothing the API shows is missing from it, and every field reads what is kept."""

from __future__ import annotations

import pytest

from shared.domain import changes, contacts, people
from shared.domain.fields import FIELDS as RECURRING_PAYMENT_FIELDS
from shared.domain.observations import Address, Item
from shared.domain.segments.fields import FIELDS, Entity, Kind
from shared.domain.segments.operators import BY_KIND, CONTRARIES, OPERATORS, WITHOUT_VALUE
from tests.shared.domain.segments.builders import contact, payment


def names(entity: Entity) -> set[str]:
    prefix = f"{entity}."
    return {name.removeprefix(prefix) for name in FIELDS if name.startswith(prefix)}


def test_every_field_of_a_recurring_payment_can_be_named() -> None:
    missing = set(RECURRING_PAYMENT_FIELDS) - names(Entity.RECURRING_PAYMENT)

    assert missing == set()


def test_every_part_of_line_items_and_addresses_can_be_named() -> None:
    items = {f"line_items.{name}" for name in Item.__annotations__} - {"line_items.price_id"}
    addresses = {
        f"{kind}_address.{name}"
        for kind in ("billing", "shipping")
        for name in Address.__annotations__
    }

    assert items | addresses <= names(Entity.RECURRING_PAYMENT)


def test_every_field_of_a_contact_can_be_named() -> None:
    shown = set(people.to_json(contacts.new("1", "a@example.com", 0))) - {"source"}
    source = {"source.first_source", "source.campaign", "source.landing_page"}
    activity = {f"last_{kind}_date" for kind in ("visit", "sent", "open", "click", "reply")}

    assert names(Entity.CONTACT) == shown | source | activity


def test_dates_and_money_are_those_the_api_prints_as_such() -> None:
    last = {name: name.rpartition(".")[2] for name in FIELDS}

    dates = {name for name, field in FIELDS.items() if field.kind is Kind.DATE}
    amounts = {name for name, field in FIELDS.items() if field.kind is Kind.MONEY}

    assert {last[name] for name in dates} <= changes.DATES
    assert {last[name] for name in amounts} - changes.AMOUNTS == {"revenue"}
    assert not {n for n in FIELDS if last[n] in changes.DATES | changes.AMOUNTS} - dates - amounts


def test_what_a_fresh_record_shows_is_of_its_fields_type() -> None:
    shown = payment()
    types = {Kind.BOOLEAN: bool, Kind.NUMBER: int, Kind.MONEY: int, Kind.DATE: int, Kind.TEXT: str}

    for name in names(Entity.RECURRING_PAYMENT):
        field = FIELDS[f"recurring_payment.{name}"]
        for value in field.values(shown):
            assert type(value) is types[field.kind], name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("contact.tags", ["Tea", "Mug"]),
        ("contact.lists", ["News"]),
        ("contact.segments", ["vip"]),
        ("contact.aliases", []),
        ("contact.source.campaign", ["spring"]),
        ("contact.last_visit_date", []),
        ("contact.first_name", []),
    ],
)
def test_a_contacts_field_has_none_one_or_several_values(name: str, expected: list[str]) -> None:
    who = contact(
        tags=["Tea", "Mug"],
        lists=["News"],
        segments=["vip"],
        first_name="",
        source={"first_source": None, "campaign": "spring", "landing_page": None},
    )

    assert FIELDS[name].values(who) == expected


def test_a_part_of_what_is_not_there_is_blank() -> None:
    bare = payment(billing_address=None, line_items=None)

    assert FIELDS["recurring_payment.billing_address.city"].values(bare) == []
    assert FIELDS["recurring_payment.line_items.name"].values(bare) == []
    assert FIELDS["recurring_payment.line_items.name"].values(payment(line_items=[{}])) == []


def test_a_boolean_that_is_false_and_an_amount_of_zero_are_no_blanks() -> None:
    shown = payment(is_trial=False, payment_amount=0)

    assert FIELDS["recurring_payment.is_trial"].values(shown) == [False]
    assert FIELDS["recurring_payment.payment_amount"].values(shown) == [0]


def test_operators_are_those_of_the_contract_for_every_type() -> None:
    assert {kind: set(operators) for kind, operators in BY_KIND.items()} == {
        Kind.TEXT: set(
            """is is_not contains does_not_contain starts_with ends_with is_blank
            is_not_blank""".split()
        ),
        Kind.LABEL: {"is", "is_not", "contains", "does_not_contain"},
        Kind.NUMBER: set("is is_not greater_than less_than at_least at_most between".split()),
        Kind.MONEY: set("is is_not greater_than less_than at_least at_most between".split()),
        Kind.DATE: set("before after on between in_last not_in_last in_next".split()),
        Kind.BOOLEAN: {"is"},
    }


def test_every_contrary_belongs_to_an_operator_of_the_same_types() -> None:
    for contrary, positive in CONTRARIES.items():
        for operators in BY_KIND.values():
            if contrary in operators:
                assert positive in operators
    assert set(CONTRARIES) | set(CONTRARIES.values()) | WITHOUT_VALUE <= OPERATORS
