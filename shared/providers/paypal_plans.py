"""What PayPal says of plans and products: what a subscription costs, how often, and its name.

A subscription of v2 names its plan and nothing else, so what the plan states is a part of its terms
(`terms:plan`), told where PayPal's API gives the plan along, and a price of the catalogue besides.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from shared.domain.errors import Quarantined
from shared.domain.observations import CREATED, UPDATED, CatalogueSaid, Facet, Interval, Item
from shared.providers.json_shapes import Json, identity, mapping, rows, text
from shared.providers.paypal_shapes import Event, Said, amount, count, currency, named, word

_INTERVALS: dict[str, Interval] = {
    "DAY": "daily",
    "WEEK": "weekly",
    "MONTH": "monthly",
    "YEAR": "yearly",
}
# Ids that PayPal made up; any other is the merchant's own, mostly an article number.
_GENERATED = "PROD-"


def plan(event: Event) -> Said:
    """Read a plan, of v1 or v2."""
    return Said(catalogue=(catalogued(event.thing, _rank(event)),))


def product(event: Event) -> Said:
    """Read a product."""
    thing = event.thing
    own = identity(thing.get("id"), "id")
    values = {
        "name": text(thing, "name"),
        "category": text(thing, "category"),
        "sku": None if own.startswith(_GENERATED) else own,
        "brand": None,
        "tag": None,
        "deleted": False,
    }
    return Said(catalogue=(CatalogueSaid("product", own, values, _rank(event)),))


def catalogued(thing: Json, rank: int = UPDATED) -> CatalogueSaid:
    """Return a plan as a price of the catalogue."""
    told = facts(thing)
    values = {
        "name": told["name"],
        "product_id": told["product_id"],
        "sku": None,
        "currency": told["currency"],
        "amount": told["amount"],
        "billing_interval": told["billing_interval"],
        "billing_interval_count": told["billing_interval_count"],
        "deleted": False,
    }
    return CatalogueSaid("price", str(told["plan_id"]), values, rank)


def terms(thing: Json, quantity: int, shipping: int, as_of: int) -> Facet:
    """Return the part of a subscription's terms that its plan states, as of a time (ms).

    What is asked each cycle is the price by quantity, with the tax and shipping that come on top.
    """
    told = facts(thing)
    unit = told["amount"]
    total = None if unit is None else unit * quantity
    tax = None if total is None else _tax(total, told["tax_percent"])
    item: Item = {
        "name": told["name"],
        "store_primary_id": told["product_id"],
        "price_id": told["plan_id"],
        "quantity": quantity,
        "amount": total,
    }
    return {
        **told,
        "as_of": as_of,
        "amount": total,
        "tax_amount": tax,
        "payment_amount": None if total is None else total + (tax or 0) + shipping,
        "items": [item],
    }


def _tax(total: int, percent: str | None) -> int | None:
    """Return what a rate adds to a sum. Raise Quarantined for what is no rate."""
    if percent is None:
        return None
    try:
        share = Decimal(total) * Decimal(percent) / 100
        return int(share.to_integral_value(rounding=ROUND_HALF_EVEN))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise Quarantined("bad_field", "taxes.percentage is not a rate") from error


def facts(thing: Json) -> dict[str, Any]:
    """Return what a plan's regular cycle is: its interval, and its price where it is fixed."""
    taxes = mapping(thing, "taxes")
    added = None if taxes.get("inclusive") is True else text(taxes, "percentage")
    return {
        "plan_id": identity(thing.get("id"), "plan.id"),
        "name": text(thing, "name"),
        "product_id": named(thing, "product_id"),
        "tax_percent": added,
        **(_cycle(thing) if "billing_cycles" in thing else definition(thing, None)),
    }


def _cycle(thing: Json) -> dict[str, Any]:
    regular = _regular(rows(thing, "billing_cycles"), "tenure_type")
    frequency, scheme = mapping(regular, "frequency"), mapping(regular, "pricing_scheme")
    interval = _INTERVALS.get(word(frequency, "interval_unit"))
    # By volume or tier a cycle's price hangs on the quantity: that is PayPal's to compute.
    tiered = word(scheme, "pricing_model") in ("VOLUME", "TIERED")
    return {
        "billing_interval": interval,
        "billing_interval_count": (count(frequency, "interval_count") or 1) if interval else None,
        "currency": currency(mapping(scheme, "fixed_price")),
        "amount": None if tiered else amount(scheme, "fixed_price"),
        "total_cycles": count(regular, "total_cycles") or 0,
    }


def definition(thing: Json, code: str | None) -> dict[str, Any]:
    """Return the same of a v1 plan, whose amounts may leave out their currency."""
    regular = _regular(rows(thing, "payment_definitions"), "type")
    interval = _INTERVALS.get(word(regular, "frequency"))
    return {
        "billing_interval": interval,
        "billing_interval_count": (count(regular, "frequency_interval") or 1) if interval else None,
        "currency": currency(mapping(regular, "amount"), code),
        "amount": amount(regular, "amount", code),
        "total_cycles": count(regular, "cycles") or 0,
    }


def charges(thing: Json, code: str | None) -> dict[str, int]:
    """Return what a v1 plan adds to its price, by PayPal's name: `TAX`, `SHIPPING`."""
    regular = _regular(rows(thing, "payment_definitions"), "type")
    models = rows(regular, "charge_models")
    return {word(each, "type"): amount(each, "amount", code) or 0 for each in models}


def _regular(cycles: list[Json], key: str) -> Json:
    return next((each for each in cycles if word(each, key) == "REGULAR"), {})


def _rank(event: Event) -> int:
    return CREATED if event.type.endswith(".CREATED") else UPDATED
