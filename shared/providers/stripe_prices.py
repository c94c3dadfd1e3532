"""What Stripe's prices, products and coupons cost and are called, wherever they are rendered.

A price appears alone, inside subscription items, inside invoice lines, as the older plan, as a
mere id; this is the one place that knows all of them.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal

from shared.domain import money
from shared.domain.errors import Quarantined
from shared.domain.observations import Interval
from shared.providers.json_shapes import Json, mapping, text
from shared.providers.stripe_shapes import amount, in_stored_units, is_hundredfold, rows

_INTERVALS: dict[object, Interval] = {
    "day": "daily",
    "week": "weekly",
    "month": "monthly",
    "year": "yearly",
}
_DAYS = {"daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}
# Fractions of a cent come as text: up to twelve decimals.
_DECIMAL = re.compile(r"[0-9]{1,17}(\.[0-9]{1,12})?", re.ASCII)
_LABELS = ("sku", "category", "brand", "tag")


def price_of(line: Json) -> Json:
    """Return the price of an item or line, or its older plan, or at least the price's id."""
    for key in ("price", "plan"):
        value = line.get(key)
        if isinstance(value, dict):
            return value
        if isinstance(value, str) and value:
            return {"id": value}
    return {}


def unit_amount(price: Json, code: str) -> int | Decimal | None:
    """Return what one unit costs in Stripe's own minor units; None where tiers or usage decide."""
    for whole, exact in (("unit_amount", "unit_amount_decimal"), ("amount", "amount_decimal")):
        if price.get(whole) is not None:
            amount(price, whole, code)
            return int(price[whole])
        if price.get(exact) is not None:
            return _decimal(price[exact], exact)
    return None


def in_money(total: int | Decimal, code: str) -> int:
    """Return a sum of unit amounts in stored minor units; fractions round half to even."""
    if isinstance(total, Decimal):
        exact = total / 100 if is_hundredfold(code) else total
        stored = int(exact.to_integral_value(rounding=ROUND_HALF_EVEN))
    else:
        stored = in_stored_units(total, code, "unit_amount")
    if stored > money.LARGEST:
        raise Quarantined("bad_amount", "an amount is larger than money can be")
    return stored


def packages(price: Json, quantity: int) -> int:
    """Return how many units a quantity is billed as: some prices are for a dozen at a time."""
    rule = mapping(price, "transform_quantity") or mapping(price, "transform_usage")
    size = rule.get("divide_by")
    if type(size) is not int or size < 1:
        return quantity
    whole, rest = divmod(quantity, size)
    return whole + 1 if rest and rule.get("round") == "up" else whole


def is_metered(price: Json) -> bool:
    """Tell whether usage, known only when the cycle ends, decides what is paid."""
    return (mapping(price, "recurring") or price).get("usage_type") == "metered"


def cycle(price: Json) -> tuple[Interval | None, int | None]:
    """Return how often a price is billed; (None, None) for a one-time price."""
    rhythm = mapping(price, "recurring") or price
    interval = rhythm.get("interval")
    known = _INTERVALS.get(interval) if isinstance(interval, str) else None
    count = rhythm.get("interval_count")
    if known is None:
        return None, None
    return known, count if type(count) is int and 0 < count < 10_000 else 1


def days(rhythm: tuple[Interval | None, int | None]) -> int | None:
    """Return the rough length of a cycle, to compare cycles by."""
    interval, count = rhythm
    return None if interval is None or count is None else _DAYS[interval] * count


def labels(product: Json) -> dict[str, str | None]:
    """Return what Stripe has no fields for: SKU, category, brand and tag, kept in metadata."""
    metadata = mapping(product, "metadata")
    if not metadata:
        return dict.fromkeys(_LABELS)
    spelled = {key.lower(): key for key in metadata}
    return {label: text(metadata, spelled.get(label, label)) for label in _LABELS}


def coupon_of(discount: Json) -> Json:
    """Return a discount's coupon in either shape; at least its id, or nothing."""
    for holder in (discount, mapping(discount, "source")):
        value = holder.get("coupon")
        if isinstance(value, dict):
            return value
        if isinstance(value, str) and value:
            return {"id": value}
    return {}


def is_expanded(coupon: Json) -> bool:
    """Tell whether a coupon says what it takes off, and is not only named."""
    return "percent_off" in coupon or "amount_off" in coupon


def percent(coupon: Json) -> str | None:
    """Return the percentage a coupon takes off, as text; None where it takes off an amount."""
    value = coupon.get("percent_off")
    return f"{Decimal(str(value)).normalize():f}" if _is_percentage(value) else None


def tax_percent(subscription: Json) -> str | None:
    """Return the tax added on top of a subscription's prices, None where none is stated.

    Rates of single items, and tax that Stripe calculates by address, show on invoices only.
    """
    rates = [each for each in rows(subscription, "default_tax_rates") if not each.get("inclusive")]
    told = [each.get("percentage") for each in rates] or [subscription.get("tax_percent")]
    known = [Decimal(str(each)) for each in told if _is_percentage(each)]
    return f"{sum(known, Decimal(0)).normalize():f}" if known else None


def amount_off(coupon: Json) -> int | None:
    """Return the amount a coupon takes off, in its own currency's minor units."""
    if coupon.get("amount_off") is None:
        return None
    return amount(coupon, "amount_off", money.currency(coupon.get("currency")))


def _is_percentage(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value <= 100  # type: ignore[operator]  # a number


def _decimal(value: object, key: str) -> Decimal:
    written = str(value) if type(value) is int else value
    if isinstance(written, str) and _DECIMAL.fullmatch(written):
        return Decimal(written)
    raise Quarantined("bad_amount", f"{key} is not a decimal")
