"""What Stripe's catalogue says: prices (and the older plans), products and coupons.

Subscriptions and invoices name prices and products by id, so these facts are kept once and joined
when a record is read; a rename reaches every record without touching any.
"""

from __future__ import annotations

from dataclasses import replace

from shared.domain.observations import CREATED, TERMINAL, UPDATED, CatalogueSaid
from shared.providers import stripe_prices as prices
from shared.providers.json_shapes import Json, identity, mapping, text
from shared.providers.stripe_shapes import Event, Said, currency, linked

_RANKS = {"created": CREATED, "deleted": TERMINAL}


def price(event: Event) -> Said:
    """Read a price, or a plan: its id is that of the price it has become."""
    thing, gone = event.thing, event.type.endswith(".deleted")
    code = _currency(thing)
    unit = prices.unit_amount(thing, code) if code else None
    interval, interval_count = prices.cycle(thing)
    values = {
        "name": text(thing, "nickname") or text(thing, "name"),
        "product_id": linked(thing, "product"),
        "sku": text(thing, "lookup_key"),
        "currency": code,
        "amount": None if unit is None else prices.in_money(unit, code or ""),
        "billing_interval": interval,
        "billing_interval_count": interval_count,
        "deleted": gone or thing.get("deleted") is True,
    }
    said = CatalogueSaid("price", identity(thing.get("id"), "id"), values, _rank(event))
    whole = mapping(thing, "product")
    return Said(catalogue=(said, _product(whole, gone=False)) if "name" in whole else (said,))


def product(event: Event) -> Said:
    """Read a product."""
    told = _product(event.thing, gone=event.type == "product.deleted")
    return Said(catalogue=(replace(told, rank=_rank(event)),))


def coupon(event: Event) -> Said:
    """Read a coupon."""
    told = _coupon(event.thing, gone=event.type == "coupon.deleted")
    return Said(catalogue=(replace(told, rank=_rank(event)),))


def promotion_code(event: Event) -> Said:
    """Read the coupon behind a promotion code, where the code carries it whole."""
    whole = prices.coupon_of(event.thing)
    return Said(catalogue=(_coupon(whole, gone=False),) if prices.is_expanded(whole) else ())


def _rank(event: Event) -> int:
    return _RANKS.get(event.type.rpartition(".")[2], UPDATED)


def _product(thing: Json, *, gone: bool) -> CatalogueSaid:
    values = {
        "name": text(thing, "name"),
        **prices.labels(thing),
        "deleted": gone or thing.get("deleted") is True,
    }
    return CatalogueSaid("product", identity(thing.get("id"), "id"), values)


def _coupon(thing: Json, *, gone: bool) -> CatalogueSaid:
    values = {
        "name": text(thing, "name"),
        "percent": prices.percent(thing),
        "amount": prices.amount_off(thing),
        "currency": _currency(thing),
        "deleted": gone or thing.get("deleted") is True,
    }
    return CatalogueSaid("coupon", identity(thing.get("id"), "id"), values)


def _currency(thing: Json) -> str | None:
    """Return the currency, if told: coupons of a percentage and deleted objects have none."""
    return None if thing.get("currency") is None else currency(thing)
