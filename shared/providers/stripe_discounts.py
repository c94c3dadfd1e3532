"""What Stripe's discounts take off: told by the subscription, or by events of their own.

A discount is an object or an id, its coupon an object or an id, on the discount or in its
`source`, depending on the API version. What is only named is stated by name, so that the
catalogue can tell the rest.
"""

from __future__ import annotations

from decimal import Decimal

from shared.domain.observations import TERMINAL, UPDATED, Facet, SubscriptionSaid, Terms
from shared.providers import stripe_prices as prices
from shared.providers.json_shapes import Json, text
from shared.providers.stripe_shapes import Event, Said, linked, rows


def discount(event: Event) -> Said:
    """Read a discount that came, changed or went; one of a whole customer says nothing here."""
    name = linked(event.thing, "subscription")
    if name is None:
        return Said()
    gone = event.type == "customer.discount.deleted"
    coupon = {} if gone else prices.coupon_of(event.thing)
    facet = {
        "coupon": text(coupon, "id"),
        "percent": prices.percent(coupon),
        "amount": prices.amount_off(coupon),
    }
    rank = TERMINAL if gone else UPDATED
    said = SubscriptionSaid(name, rank, {"discount": facet}, linked(event.thing, "customer"))
    return Said(subscriptions=(said,))


def applied_discounts(thing: Json, code: str | None) -> Terms:
    """Return the terms' discount; nothing where the discounts are only named by their ids."""
    single, several = thing.get("discount"), thing.get("discounts")
    if isinstance(single, dict):
        applied: list[Json] = [single]
    elif isinstance(several, list):
        applied = rows(thing, "discounts")
        if len(applied) < len(several):
            return {}
    elif "discount" in thing:
        applied = []
    else:
        return {}
    coupons = [prices.coupon_of(each) for each in applied]
    if not all(prices.is_expanded(coupon) for coupon in coupons):
        return {}
    amounts = [prices.amount_off(each) for each in coupons if _of_currency(each, code)]
    return {
        "discount_percent": _combined([prices.percent(coupon) for coupon in coupons]),
        "discount_amount": sum(each for each in amounts if each is not None) or None,
    }


def withdrawn(thing: Json) -> dict[str, Facet]:
    """Return that nothing is taken off, where a whole subscription says so.

    Its events say when a discount goes; who was not told needs to hear that there is none.
    """
    if thing.get("discount") or thing.get("discounts") != []:
        return {}
    return {"discount": {"coupon": None, "percent": None, "amount": None}}


def _of_currency(coupon: Json, code: str | None) -> bool:
    return str(coupon.get("currency")).upper() == code


def _combined(percents: list[str | None]) -> str | None:
    """Return several percentages as one: each is taken off what the others have left."""
    known = [Decimal(each) for each in percents if each is not None]
    if not known:
        return None
    left = Decimal(100)
    for each in known:
        left -= left * each / 100
    return f"{(100 - left).normalize():f}"
