"""Prices, plans, products, coupons and promotion codes."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.errors import Quarantined
from tests.shared.providers.stripe_bodies import parse, price

_COUPON = {"id": "TEN", "name": "Tenth", "percent_off": 12.5, "amount_off": None, "currency": None}


def _values(kind: str, thing: dict[str, Any]) -> Any:
    (said,) = parse(kind, thing).catalogue
    return said.values


def test_a_price_names_its_product_and_costs_what_it_costs() -> None:
    (said,) = parse("price.created", price(nickname="Monthly", lookup_key="tea-m")).catalogue

    assert (said.kind, said.item_id) == ("price", "price_1")
    assert said.values == {
        "name": "Monthly",
        "product_id": "prod_1",
        "sku": "tea-m",
        "currency": "USD",
        "amount": 1900,
        "billing_interval": "monthly",
        "billing_interval_count": 1,
        "deleted": False,
    }


def test_a_plan_is_the_price_it_became() -> None:
    plan = {"id": "gold", "amount": 900, "currency": "eur", "interval": "year", "product": "prod_1"}

    (said,) = parse("plan.updated", plan).catalogue

    assert (said.kind, said.item_id) == ("price", "gold")
    assert (said.values["amount"], said.values["billing_interval"]) == (900, "yearly")


def test_what_is_deleted_says_so_even_if_nothing_is_left_of_it() -> None:
    assert _values("plan.deleted", {"id": "gold", "deleted": True})["deleted"] is True
    assert _values("product.deleted", {"id": "prod_1", "name": "Tea"})["deleted"] is True
    assert _values("coupon.deleted", _COUPON)["deleted"] is True


def test_a_product_is_labelled_by_its_metadata() -> None:
    thing = {"id": "prod_1", "name": "Tea box", "metadata": {"Category": "tea", "sku": "T-1"}}

    assert _values("product.updated", thing) == {
        "name": "Tea box",
        "sku": "T-1",
        "category": "tea",
        "brand": None,
        "tag": None,
        "deleted": False,
    }


def test_a_fetched_price_brings_its_product_along() -> None:
    product = {"id": "prod_1", "object": "product", "name": "Tea box", "metadata": {}}

    said = parse("fetched.price", price(product=product)).catalogue

    assert [(each.kind, each.item_id) for each in said] == [
        ("price", "price_1"),
        ("product", "prod_1"),
    ]


def test_a_coupon_takes_off_a_share_or_an_amount() -> None:
    fiver = {"id": "FIVE", "percent_off": None, "amount_off": 500, "currency": "isk"}

    assert _values("coupon.created", _COUPON)["percent"] == "12.5"
    assert _values("coupon.updated", fiver)["amount"] == 5
    assert _values("coupon.updated", fiver)["currency"] == "ISK"


def test_a_promotion_code_tells_the_coupon_it_carries_whole() -> None:
    (said,) = parse("promotion_code.created", {"id": "promo_1", "coupon": _COUPON}).catalogue

    assert (said.kind, said.item_id) == ("coupon", "TEN")


def test_a_promotion_code_that_only_names_its_coupon_says_nothing() -> None:
    thing = {"id": "promo_1", "promotion": {"type": "coupon", "coupon": "TEN"}}

    assert parse("promotion_code.updated", thing).catalogue == ()


def test_a_price_in_no_currency_is_quarantined() -> None:
    with pytest.raises(Quarantined, match="unknown_currency"):
        parse("price.updated", price(currency="gold"))
