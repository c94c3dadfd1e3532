"""Discounts: objects and ids, coupons whole and named, one and several."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.observations import TERMINAL, UPDATED
from tests.shared.providers.stripe_bodies import Json, old_subscription, parse, subscription

_TENTH = {"id": "TEN", "percent_off": 10, "amount_off": None, "currency": None}
_HALF = {"id": "HALF", "percent_off": 50.0, "amount_off": None, "currency": None}
_FIVER = {"id": "FIVE", "percent_off": None, "amount_off": 500, "currency": "usd"}


def _terms(thing: Json) -> Any:
    return parse("customer.subscription.updated", thing).subscriptions[0].facets["terms"]


@pytest.mark.parametrize(
    ("coupon", "percent", "amount"),
    [(_TENTH, "10", None), (_HALF, "50", None), (_FIVER, None, 500)],
)
def test_the_old_shape_carries_the_discount_whole(
    coupon: Json, percent: str | None, amount: int | None
) -> None:
    terms = _terms(old_subscription(discount={"id": "di_1", "coupon": coupon}))

    assert (terms["discount_percent"], terms["discount_amount"]) == (percent, amount)


def test_discounts_that_are_only_named_are_not_told() -> None:
    terms = _terms(subscription(discounts=["di_1"]))

    assert "discount_percent" not in terms
    assert "discount_amount" not in terms


def test_the_absence_of_discounts_is_told() -> None:
    terms = _terms(subscription(discounts=[]))

    assert (terms["discount_percent"], terms["discount_amount"]) == (None, None)


def test_expanded_discounts_add_up_each_on_what_the_others_leave() -> None:
    discounts = [
        {"id": f"di_{index}", "source": {"coupon": each}}
        for index, each in enumerate([_TENTH, _HALF, _FIVER])
    ]

    terms = _terms(subscription(discounts=discounts))

    assert (terms["discount_percent"], terms["discount_amount"]) == ("55", 500)


def test_an_amount_in_another_currency_takes_nothing_off() -> None:
    terms = _terms(old_subscription(discount={"coupon": {**_FIVER, "currency": "eur"}}))

    assert terms["discount_amount"] is None


def test_a_new_discount_of_the_newer_shape_names_its_coupon() -> None:
    thing = {"id": "di_1", "subscription": "sub_1", "source": {"type": "coupon", "coupon": "TEN"}}

    (said,) = parse("customer.discount.created", thing).subscriptions

    assert said.facets == {"discount": {"coupon": "TEN", "percent": None, "amount": None}}
    assert said.rank == UPDATED


def test_a_new_discount_of_the_older_shape_tells_its_coupon() -> None:
    thing = {"id": "di_1", "subscription": "sub_1", "customer": "cus_1", "coupon": _TENTH}

    (said,) = parse("customer.discount.updated", thing).subscriptions

    assert said.facets["discount"] == {"coupon": "TEN", "percent": "10", "amount": None}
    assert said.customer_id == "cus_1"


def test_a_discount_that_is_gone_takes_nothing_off_any_more() -> None:
    thing = {"id": "di_1", "subscription": "sub_1", "coupon": _TENTH}

    (said,) = parse("customer.discount.deleted", thing).subscriptions

    assert said.facets["discount"] == {"coupon": None, "percent": None, "amount": None}
    assert said.rank == TERMINAL


def test_a_discount_of_a_whole_customer_says_nothing_of_a_subscription() -> None:
    thing = {"id": "di_1", "subscription": None, "customer": "cus_1", "coupon": _TENTH}

    assert parse("customer.discount.created", thing).subscriptions == ()
