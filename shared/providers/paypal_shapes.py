"""Strict reading of PayPal's JSON: the small words in which the PayPal parser is written.

PayPal writes money in two ways (`{total, currency}` and `{value, currency_code}`, both as text) and
times as ISO text, with 1970 for "not set". Ids, times and money are read strictly: what is there
but cannot be right quarantines the event, such as the impossible dates of PayPal's simulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from shared.domain import money, times
from shared.domain.errors import Quarantined
from shared.domain.observations import (
    Address,
    CatalogueSaid,
    CustomerSaid,
    OrderSaid,
    SubscriptionSaid,
)
from shared.providers.json_shapes import Json, identity, mapping, rows, split_name, text

_LONGEST_TIME = 40
_ABSENT = ("", None)


@dataclass(frozen=True, slots=True)
class Event:
    """What every reader is given: the event's type in capitals, its time in ms, its resource."""

    type: str
    at: int
    thing: Json


class Said(NamedTuple):
    """What a reader found, by kind of subject."""

    subscriptions: tuple[SubscriptionSaid, ...] = ()
    orders: tuple[OrderSaid, ...] = ()
    customers: tuple[CustomerSaid, ...] = ()
    catalogue: tuple[CatalogueSaid, ...] = ()
    needs: tuple[tuple[str, str], ...] = ()


def named(thing: Json, key: str) -> str | None:
    """Return the id of a related object, None where none is named. Raise Quarantined."""
    value = thing.get(key)
    return None if value in _ABSENT else identity(value, key)


def moment(thing: Json, key: str) -> int | None:
    """Return a time in ms, None where it is not told or "not set" (1970).

    Raise Quarantined for what is no time of the calendar.
    """
    value = thing.get(key)
    if value in _ABSENT:
        return None
    if not isinstance(value, str) or len(value) > _LONGEST_TIME:
        raise Quarantined("bad_field", f"{key} is not a time")
    try:
        at = times.from_text(value)
    except (ValueError, OverflowError) as error:
        raise Quarantined("bad_field", f"{key} is not a time of the calendar") from error
    if not 0 <= at <= times.LATEST:
        raise Quarantined("bad_field", f"{key} is not a time of the calendar")
    return at or None


def currency(thing: Json, default: str | None = None) -> str | None:
    """Return the currency of an amount, if told. Raise Quarantined for an unknown one."""
    code = thing.get("currency_code") or thing.get("currency") or default
    return None if code is None else money.currency(code)


def amount(thing: Json, key: str, default: str | None = None) -> int | None:
    """Return money in minor units, None where it is not told; `default` is the currency then.

    The sign is dropped: what goes back is negative in some of PayPal's shapes only. Raise
    Quarantined for what is no decimal of its currency.
    """
    told = mapping(thing, key)
    value = told.get("value", told.get("total"))
    if value in _ABSENT:
        return None
    code = currency(told, default)
    if code is None or isinstance(value, bool) or not isinstance(value, str | int):
        raise Quarantined("bad_amount", f"{key} is not an amount of money")
    return abs(money.from_text(str(value), code))


def sum_of(thing: Json, key: str) -> tuple[int, str]:
    """Return an amount that has to be there, with its currency. Raise Quarantined otherwise."""
    code = currency(mapping(thing, key))
    value = amount(thing, key)
    if value is None or code is None:
        raise Quarantined("bad_amount", f"{key} is missing")
    return value, code


def count(thing: Json, key: str) -> int | None:
    """Return a number of things, which v1 writes as text. Raise Quarantined for nonsense."""
    value = thing.get(key)
    if value in _ABSENT:
        return None
    plain = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16
    if plain:
        return int(str(value))
    if type(value) is not int or not 0 <= value <= money.LARGEST:
        raise Quarantined("bad_field", f"{key} is not a number of things")
    return value


def word(thing: Json, key: str) -> str:
    """Return a word of PayPal's in capitals; empty where there is none."""
    return (text(thing, key) or "").upper()


def linked(thing: Json, rel: str) -> tuple[str, str] | None:
    """Return the kind and the id at the end of a link: `("sale", "9T0…")` of `…/sale/9T0…`."""
    for link in rows(thing, "links"):
        if text(link, "rel") == rel:
            *_, kind, own = ["", "", *urlsplit(text(link, "href") or "").path.split("/")]
            if kind and own:
                return kind, identity(own, "links")
    return None


def address(place: Json, full_name: str | None) -> Address | None:
    """Return a postal address in v2's or v1's words; None where none is told."""
    told: Address = {
        "address_1": text(place, "address_line_1") or text(place, "line1"),
        "address_2": text(place, "address_line_2") or text(place, "line2"),
        "city": text(place, "admin_area_2") or text(place, "city"),
        "province": text(place, "admin_area_1") or text(place, "state"),
        "postal": text(place, "postal_code"),
        "country": text(place, "country_code"),
    }
    if not any(told.values()):
        return None
    first, last = split_name(full_name)
    return {"first_name": first, "last_name": last, **told}
