"""What each operator means, a table for each type, and that asking a segment reads nothing anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.segments import evaluate, operands, parse, scoping, subject, texts
from shared.domain.segments.evaluate import compile
from shared.domain.timeline import Change
from tests.shared.domain.segments.builders import (
    DAY,
    NOW,
    all_of,
    any_of,
    contact,
    holds,
    moment,
    none_of,
    one,
    payment,
)
from tests.shared.domain.segments.builders import subject as a_subject

DESIGN_EXAMPLE = all_of(
    one("recurring_payment.billing_address.city", "is", "Chicago"),
    one("contact.tags", "contains", "PURCHASE:"),
    any_of(
        one("recurring_payment.payment_amount", "greater_than", "50"),
        one("recurring_payment.next_payment_date", "in_next", "7 days"),
    ),
)


@pytest.mark.parametrize(
    ("city", "tag", "amount", "days", "expected"),
    [
        ("Chicago", "PURCHASE: Tea", 5001, 30, True),
        ("CHICAGO", "purchase: tea", 100, 7, True),
        ("Chicago", "PURCHASE: Tea", 5000, 8, False),
        ("Chicago", "STATUS: Customer", 9900, 1, False),
        ("Paris", "PURCHASE: Tea", 9900, 1, False),
    ],
)
def test_the_designs_example(city: str, tag: str, amount: int, days: int, expected: bool) -> None:
    """Chicago, a purchase, and either more than 50 or due within the week."""
    tea = payment(city=city, payment_amount=amount, next_payment_date=NOW + days * DAY)

    assert holds(DESIGN_EXAMPLE, a_subject(contact(tags=[tag]), [tea])) is expected
    assert holds(DESIGN_EXAMPLE, a_subject(contact(tags=[tag]), at_hand=tea)) is expected


@pytest.mark.parametrize(
    ("operator", "value", "met_by"),
    [
        ("is", "green tea", {"Green Tea", "GREEN TEA"}),
        ("is_not", "Green Tea", {"Tea", "Coffee", None, ""}),
        ("contains", "tea", {"Green Tea", "GREEN TEA", "Tea"}),
        ("does_not_contain", "TEA", {"Coffee", None, ""}),
        ("starts_with", "green", {"Green Tea", "GREEN TEA"}),
        ("ends_with", "Tea", {"Green Tea", "GREEN TEA", "Tea"}),
        ("is_blank", None, {None, ""}),
        ("is_not_blank", None, {"Green Tea", "GREEN TEA", "Tea", "Coffee"}),
    ],
)
def test_text(operator: str, value: str | None, met_by: set[str | None]) -> None:
    names = ["Green Tea", "GREEN TEA", "Tea", "Coffee", None, ""]
    question = one("recurring_payment.name", operator, value)

    assert {n for n in names if holds(question, a_subject(at_hand=payment(name=n)))} == met_by


@pytest.mark.parametrize(
    ("operator", "value", "met_by"),
    [
        ("is", "purchase: tea", [0, 1]),
        ("is_not", "Purchase: Tea", [2, 3]),
        ("contains", "PURCHASE:", [0, 1, 2]),
        ("does_not_contain", "TEA", [2, 3]),
    ],
)
def test_tags_and_lists_are_asked_one_by_one(operator: str, value: str, met_by: list[int]) -> None:
    labels: list[list[str]] = [["PURCHASE: Tea"], ["VIP", "Purchase: TEA"], ["PURCHASE: Mug"], []]

    for name in ("tags", "lists"):
        question = one(f"contact.{name}", operator, value)
        people = [contact(**{name: held}) for held in labels]

        assert [n for n, who in enumerate(people) if holds(question, a_subject(who))] == met_by


def test_static_segments_are_asked_by_their_id() -> None:
    who = a_subject(contact(segments=["at-risk", "vip"]))

    assert holds(one("contact.segments", "is", "vip"), who)
    assert not holds(one("contact.segments", "is_not", "at-risk"), who)
    assert not holds(one("contact.segments", "is", "risk"), who)


@pytest.mark.parametrize(
    ("operator", "value", "met_by"),
    [
        ("is", "mug", [1, 2]),
        ("is_not", "Mug", [0, 3]),
        ("contains", "ea", [0, 1]),
        ("does_not_contain", "ea", [2, 3]),
        ("starts_with", "M", [1, 2]),
        ("ends_with", "g", [1, 2]),
        ("is_blank", None, [3]),
        ("is_not_blank", None, [0, 1, 2]),
    ],
)
def test_line_items_are_asked_one_by_one(
    operator: str, value: str | None, met_by: list[int]
) -> None:
    lines: list[list[str | None]] = [["Tea"], ["Tea", "Mug"], [None, "Mug"], [None]]
    held = [payment(line_items=[{"name": name} for name in names]) for names in lines]
    question = one("recurring_payment.line_items.name", operator, value)

    assert [n for n, each in enumerate(held) if holds(question, a_subject(at_hand=each))] == met_by


@pytest.mark.parametrize(
    ("operator", "value", "met_by"),
    [
        ("is", "2", {2}),
        ("is_not", "2", {0, 1, 3}),
        ("greater_than", "1", {2, 3}),
        ("less_than", "1.5", {0, 1}),
        ("at_least", 2, {2, 3}),
        ("at_most", "1", {0, 1}),
        ("between", ["1", "2"], {1, 2}),
    ],
)
def test_numbers(operator: str, value: Any, met_by: set[int]) -> None:
    question = one("contact.orders_count", operator, value)
    counts = range(4)

    assert {n for n in counts if holds(question, a_subject(contact(orders_count=n)))} == met_by


def test_a_blank_number_meets_nothing_but_is_not() -> None:
    bare = a_subject(at_hand=payment(billing_interval_count=None))
    field = "recurring_payment.billing_interval_count"

    assert holds(one(field, "is_not", "1"), bare)
    for operator in ("is", "greater_than", "less_than", "at_least", "at_most"):
        assert not holds(one(field, operator, "1"), bare)


@pytest.mark.parametrize(
    ("currency", "minor", "operator", "value"),
    [
        ("USD", 1999, "is", "19.99"),
        ("USD", 2000, "greater_than", "19.99"),
        ("JPY", 1900, "is", "1900"),
        ("JPY", 1900, "less_than", "1900.5"),
        ("KWD", 1_905, "is", "1.905"),
        ("KWD", 1_905, "between", ["1.9", "1.91"]),
        (None, 1999, "is", "19.99"),
        ("USD", 5000, "at_most", "50"),
        ("USD", 5000, "at_least", "50.00"),
        ("USD", 2**53, "at_least", "90071992547409.92"),
    ],
)
def test_money_is_compared_in_major_units_of_its_own_currency(
    currency: str | None, minor: int, operator: str, value: Any
) -> None:
    held = payment(payment_amount=minor, currency=currency)

    assert holds(one("recurring_payment.payment_amount", operator, value), a_subject(at_hand=held))


def test_money_is_exact_to_the_minor_unit() -> None:
    held = a_subject(at_hand=payment(payment_amount=5000))

    assert not holds(one("recurring_payment.payment_amount", "greater_than", "50"), held)
    assert holds(one("recurring_payment.payment_amount", "greater_than", "49.999999"), held)
    assert not holds(one("recurring_payment.payment_amount", "is", "50.001"), held)


def test_an_items_amount_is_in_the_currency_of_its_record() -> None:
    held = payment(currency="JPY", line_items=[{"amount": 1900}, {"amount": 5}])

    assert holds(one("recurring_payment.line_items.amount", "is", "1900"), a_subject(at_hand=held))


def test_revenue_is_what_came_in_the_businesss_currency() -> None:
    revenue = {"USD": {"orders": 2, "net": 5700}, "JPY": {"orders": 1, "net": 90_000}}
    who = contact(revenue=revenue)
    dollars, yen, euro = (a_subject(who, when=moment(currency=c)) for c in ("USD", "JPY", "EUR"))

    assert holds(one("contact.revenue", "is", "57.00"), dollars)
    assert holds(one("contact.revenue", "is", "90000"), yen)
    assert holds(one("contact.revenue", "is", "0"), euro)


@pytest.mark.parametrize("value", [True, False])
def test_booleans(value: bool) -> None:
    trial = one("recurring_payment.is_trial", "is", value)

    assert holds(trial, a_subject(at_hand=payment(is_trial=True))) is value
    assert holds(trial, a_subject(at_hand=payment(is_trial=False))) is not value


def test_a_customer_is_who_kept_an_order_and_since_the_earliest_sign_of_it() -> None:
    buyer = contact(kept_orders=1, first_order_date=NOW, first_start_date=NOW - DAY)

    assert holds(one("contact.customer", "is", True), a_subject(buyer))
    assert holds(one("contact.customer", "is", False), a_subject(contact()))
    assert holds(one("contact.customer_since", "before", "2026-09-21"), a_subject(buyer))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (one("change.field", "is", "status"), True),
        (one("change.to", "is", "Payment_Failed"), True),
        (one("change.from", "is_not", "active"), True),
        (one("change.to", "is", "true"), True),
        (one("change.from", "is_blank"), True),
        (all_of(one("change.field", "is", "status"), one("change.to", "is", "true")), False),
        (one("change.to", "starts_with", "2026-09"), True),
        (none_of(one("change.field", "is", "note")), True),
    ],
)
def test_a_change_is_asked_field_by_field(question: Mapping[str, Any], expected: bool) -> None:
    changes = [
        Change("status", "active", "payment_failed"),
        Change("cancel_at_period_end", False, True),
        Change("next_payment_date", None, "2026-09-22T00:00:00.000Z"),
    ]

    assert holds(question, a_subject(changes=changes)) is expected


def test_a_group_of_nothing_is_met_unless_it_is_any_of_nothing() -> None:
    assert holds(all_of(), a_subject())
    assert holds(none_of(), a_subject())
    assert not holds(any_of(), a_subject())


def test_asking_a_segment_reads_nothing_of_it_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand automations look at every change: what they ask was understood beforehand."""
    predicate = compile(parse.parse(DESIGN_EXAMPLE))
    tea = payment(city="Chicago", payment_amount=9900)
    who = a_subject(contact(tags=["PURCHASE: Tea"]), at_hand=tea)

    def refuse(*_: object) -> None:
        raise AssertionError("the segment was read again")

    for module, name in [(operands, "read"), (scoping, "bind"), (evaluate, "bind")]:
        monkeypatch.setattr(module, name, refuse)
    monkeypatch.setattr(operands, "fold", refuse)
    monkeypatch.setattr(evaluate, "compile", refuse)

    assert all(predicate(who) for _ in range(1_000))


def test_a_subjects_texts_are_folded_once_however_many_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folded: list[str] = []

    def counting(text: str) -> str:
        folded.append(text)
        return texts.fold(text)

    monkeypatch.setattr(subject, "fold", counting)
    predicates = [compile(parse.parse(DESIGN_EXAMPLE)) for _ in range(50)]
    who = a_subject(contact(tags=["PURCHASE: Tea", "VIP"]), at_hand=payment(city="Chicago"))

    for predicate in predicates:
        predicate(who)

    assert folded == ["Chicago", "PURCHASE: Tea", "VIP"]
