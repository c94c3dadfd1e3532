"""Stripe's integers: what one unit of them is worth in each currency, and the calendar of billing.

Written from Stripe's page on currencies and not from the product's table, so that the tests
compare two opinions. Amounts are whole numbers throughout; a float never touches money.
"""

from calendar import monthrange
from datetime import UTC, datetime
from typing import Literal

Interval = Literal["day", "week", "month", "year"]

DAY = 86_400
HOUR = 3_600

_ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
_THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())
# No cents in daily life, yet Stripe sends them with two decimals that are always zero.
_PADDED = frozenset({"ISK", "UGX"})


def amount_of(text: str, currency: str) -> int:
    """Return Stripe's integer for an amount in major units, like `("19.00", "usd")`.

    Raise ValueError when the currency cannot express the amount.
    """
    exponent = _exponent(currency)
    whole, _, fraction = text.partition(".")
    if fraction[exponent:].strip("0"):
        raise ValueError(f"{currency} has no such small unit: {text}")
    amount = int(whole + fraction[:exponent].ljust(exponent, "0"))
    if amount % step(currency):
        raise ValueError(f"Stripe does not charge {text} {currency}")
    return amount


def text_of(amount: int, currency: str) -> str:
    """Return an integer of Stripe's as decimal text with the digits people write."""
    exponent = _exponent(currency)
    sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(exponent + 1, "0")
    if exponent == 0:
        return sign + digits
    if currency.upper() in _PADDED:
        return sign + digits[:-exponent]
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def step(currency: str) -> int:
    """Return the smallest change of an amount that Stripe accepts in the currency."""
    if currency.upper() in _PADDED:
        return 100
    return 10 if currency.upper() in _THREE_DECIMAL else 1


def share(amount: int, part: int, whole: int, currency: str) -> int:
    """Return `amount * part / whole`, rounded half up to a chargeable amount."""
    unit = step(currency)
    return (2 * amount * part + whole * unit) // (2 * whole * unit) * unit


def add_interval(moment: int, interval: Interval, count: int, anchor: int) -> int:
    """Return the Unix second one billing interval after `moment`.

    Months and years keep the day of the anchor and fall back to the month's last day.
    """
    if interval in ("day", "week"):
        return moment + count * (DAY if interval == "day" else 7 * DAY)
    start = datetime.fromtimestamp(moment, UTC)
    months = start.month - 1 + (count if interval == "month" else 12 * count)
    year, month = start.year + months // 12, months % 12 + 1
    day = min(datetime.fromtimestamp(anchor, UTC).day, monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def iso(moment: int) -> str:
    """Return a Unix second as thin events write it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _exponent(currency: str) -> int:
    code = currency.upper()
    if code in _ZERO_DECIMAL:
        return 0
    return 3 if code in _THREE_DECIMAL else 2
