"""Whole lives of subscriptions as Stripe would tell them, in both of its shapes."""

from __future__ import annotations

from typing import Any

import pytest

from infra.samples.stripe_lives import CURRENCIES, random_life, whole_life
from shared.domain.observations import Parsed
from shared.providers import stripe

# A coupon that is only named is for the catalogue to tell; the older shape carries it whole.
_BY_CATALOGUE = ("discount_percent", "discount_amount")


def _parsed(events: Any) -> list[Parsed]:
    return [stripe.parse(event.body, {}) for event in events]


def _terms(parsed: list[Parsed]) -> list[tuple[str, Any, Any]]:
    """Return what is stated of subscriptions in order: the id, before, and now."""
    return [
        (said.subscription_id, (said.before or {}).get("terms"), said.facets["terms"])
        for each in parsed
        for said in each.subscriptions
        if "terms" in said.facets
    ]


@pytest.mark.parametrize("seed", range(25))
def test_before_an_update_is_what_the_event_before_it_stated(seed: int) -> None:
    for shape in ("old", "new"):
        latest: dict[str, Any] = {}
        for name, before, now in _terms(_parsed(random_life(seed, shape).world.events)):
            assert before in (None, latest.get(name, before))
            latest[name] = now


@pytest.mark.parametrize("seed", range(25))
def test_both_shapes_of_one_life_end_in_the_same_terms(seed: int) -> None:
    ends = []
    for shape in ("old", "new"):
        told = _terms(_parsed(random_life(seed, shape).world.events))
        ends.append({name: _without_coupons(now) for name, _, now in told})

    assert ends[0] == ends[1]


@pytest.mark.parametrize("currency", CURRENCIES)
def test_both_shapes_of_one_life_bill_the_same_invoices(currency: str) -> None:
    ends = []
    for shape in ("old", "new"):
        parsed = _parsed(whole_life(1, shape, currency).events)
        ends.append(
            {
                said.refs[0]: said.facets["document"]
                for each in parsed
                for said in each.orders
                if "document" in said.facets
            }
        )

    assert ends[0] == ends[1]
    assert {bill["currency"] for bill in ends[0].values()} == {currency.upper()}


def _without_coupons(terms: Any) -> Any:
    return {name: value for name, value in terms.items() if name not in _BY_CATALOGUE}
