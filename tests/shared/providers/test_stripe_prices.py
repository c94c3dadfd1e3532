"""What a subscription's cycle costs: intervals, quantities, fractions, usage and odd currencies."""

from __future__ import annotations

from typing import Any

from tests.shared.providers.stripe_bodies import DAY, NOW, Json, item, parse, price, subscription


def _terms(*items: Json, **other: object) -> Any:
    thing = subscription(*items, **other)
    return parse("customer.subscription.updated", thing).subscriptions[0].facets["terms"]


def test_items_of_several_intervals_show_what_the_shortest_cycle_bills() -> None:
    yearly = price(12_000, recurring={"interval": "year", "interval_count": 1})

    terms = _terms(
        item(yearly, current_period_end=NOW + 365 * DAY), item(price(500)), item(price(700))
    )

    assert terms["billing_interval"] == "monthly"
    assert terms["amount"] == 1200
    assert terms["inferred"] == ["payment_amount"]
    assert terms["next_payment_date"] == (NOW + 30 * DAY) * 1000
    assert len(terms["items"]) == 3


def test_three_months_are_longer_than_ten_weeks() -> None:
    weeks = price(100, recurring={"interval": "week", "interval_count": 10})
    months = price(900, recurring={"interval": "month", "interval_count": 3})

    terms = _terms(item(months), item(weeks))

    assert (terms["billing_interval"], terms["billing_interval_count"]) == ("weekly", 10)
    assert terms["amount"] == 100


def test_what_tiers_decide_is_not_known_beforehand() -> None:
    terms = _terms(item(price(None, billing_scheme="tiered")))

    assert terms["amount"] is None
    assert terms["items"][0]["amount"] is None


def test_usage_is_left_out_of_the_amount_and_that_is_said() -> None:
    metered = price(
        5, recurring={"interval": "month", "interval_count": 1, "usage_type": "metered"}
    )

    both = _terms(item(price(900)), item(metered, quantity=None))
    only = _terms(item(metered, quantity=None))

    assert (both["amount"], both["inferred"]) == (900, ["payment_amount"])
    assert only["amount"] is None


def test_fractions_of_a_cent_round_half_to_even_at_the_sum() -> None:
    fine = price(None, unit_amount_decimal="0.25")

    assert _terms(item(fine, quantity=2))["amount"] == 0
    assert _terms(item(fine, quantity=6))["amount"] == 2
    assert _terms(item(fine), item(fine))["amount"] == 0


def test_prices_by_the_dozen_bill_begun_dozens() -> None:
    dozen = price(600, transform_quantity={"divide_by": 12, "round": "up"})

    assert _terms(item(dozen, quantity=13))["amount"] == 1200


def test_currencies_without_hundredths_are_stored_without_them() -> None:
    assert _terms(item(price(190_000, currency="isk")), currency="isk")["amount"] == 1900
    assert _terms(item(price(1900, currency="jpy")), currency="jpy")["amount"] == 1900
    assert _terms(item(price(19_000, currency="kwd")), currency="kwd")["amount"] == 19_000


def test_the_oldest_shape_has_a_plan_and_a_quantity_of_its_own() -> None:
    plan = {"id": "gold", "amount": 1000, "currency": "eur", "interval": "year", "name": "Gold"}
    thing = subscription(plan=plan, quantity=3, start=NOW - 10, current_period_end=NOW + DAY)
    for name in ("items", "currency", "start_date", "discounts"):
        del thing[name]

    terms = parse("customer.subscription.updated", thing).subscriptions[0].facets["terms"]

    assert (terms["amount"], terms["currency"]) == (3000, "EUR")
    assert (terms["name"], terms["billing_interval"]) == ("Gold", "yearly")
    assert terms["start_date"] == (NOW - 10) * 1000
    assert terms["items"][0]["price_id"] == "gold"


def test_expanded_products_name_and_label_their_items() -> None:
    product = {
        "id": "prod_9",
        "name": "Tea box",
        "metadata": {"SKU": "T-1", "brand": "Acme", "category": "tea", "tag": "hot"},
    }

    (line,) = _terms(item(price(product=product)))["items"]

    assert line["name"] == "Tea box"
    assert (line["sku"], line["brand"], line["category"], line["tag"]) == (
        "T-1",
        "Acme",
        "tea",
        "hot",
    )
    assert line["store_primary_id"] == "prod_9"


def test_a_lookup_key_stands_in_for_a_missing_sku() -> None:
    assert _terms(item(price(lookup_key="tea-m")))["items"][0]["sku"] == "tea-m"


def test_taxes_on_top_are_stated_in_percent_of_either_shape() -> None:
    rates = [
        {"percentage": 5, "inclusive": False},
        {"percentage": 2.5, "inclusive": False},
        {"percentage": 20, "inclusive": True},
    ]

    assert _terms(default_tax_rates=rates)["tax_percent"] == "7.5"
    assert _terms(tax_percent=20.0)["tax_percent"] == "20"
    assert _terms(default_tax_rates=[])["tax_percent"] is None
