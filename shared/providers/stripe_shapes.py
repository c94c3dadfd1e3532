"""Strict reading of Stripe's JSON: the small words in which the Stripe parser is written.

Stripe renders one thing in several ways (an id or the whole object, a list or its first page,
null or nothing), so whatever merely decorates is read leniently and turns into None. Ids, times
and money are read strictly: a value that is there but cannot be right quarantines the event,
because a guess would end up in somebody's revenue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.domain import money, times
from shared.domain.errors import Quarantined
from shared.domain.mentions import ids_among
from shared.domain.observations import (
    Address,
    CatalogueSaid,
    CustomerSaid,
    OrderSaid,
    SubscriptionSaid,
)
from shared.providers.json_shapes import Json, email, identity, mapping, split_name, text

_LATEST_SECOND = times.LATEST // times.SECOND
# Stripe sends these with two decimals that are always zero; paysignal stores none.
_HUNDREDFOLD = frozenset({"ISK", "UGX"})
_PLACE = ("line1", "line2", "city", "state", "country", "postal_code")


@dataclass(frozen=True, slots=True)
class Event:
    """What every reader is given: the event's type, its time in ms, and its object.

    `previous` holds `previous_attributes`, the old values of what an update changed, if stated.
    """

    type: str
    at: int
    thing: Json
    previous: Json | None

    @property
    def is_fetched(self) -> bool:
        """Whether it tells of an object as the API holds it, perhaps long after it was made."""
        return self.type.startswith("fetched.")


class Said(NamedTuple):
    """What a reader found, by kind of subject."""

    subscriptions: tuple[SubscriptionSaid, ...] = ()
    orders: tuple[OrderSaid, ...] = ()
    customers: tuple[CustomerSaid, ...] = ()
    catalogue: tuple[CatalogueSaid, ...] = ()


def linked(thing: Json, key: str) -> str | None:
    """Return the id of a related object, be it named or expanded; None where there is none."""
    value = thing.get(key)
    if not value:
        return None
    return identity(value.get("id") if isinstance(value, dict) else value, key)


def rolled_back(thing: Json, previous: Json) -> dict[str, Any]:
    """Return the object as it was: previous values replace, nested objects merge key by key."""
    before = dict(thing)
    for key, value in previous.items():
        held = before.get(key)
        nested = isinstance(value, dict) and isinstance(held, dict)
        before[key] = rolled_back(held, value) if nested else value  # type: ignore[arg-type]
    return before


def moment(thing: Json, key: str) -> int | None:
    """Return a time in ms. Raise Quarantined for what is no time of the calendar."""
    value = thing.get(key)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= _LATEST_SECOND:
        raise Quarantined("bad_field", f"{key} is not a time in seconds")
    return value * times.SECOND


def currency(thing: Json) -> str:
    """Return the object's currency in capitals. Raise Quarantined for an unknown one."""
    return money.currency(thing.get("currency"))


def amount(thing: Json, key: str, code: str, *, signed: bool = False) -> int | None:
    """Return money in paysignal's minor units, None where it is not told.

    Raise Quarantined for what is no whole number, too large, below zero unless `signed`, or not a
    multiple of the currency's smallest unit.
    """
    value = thing.get(key)
    if value is None:
        return None
    if type(value) is not int or abs(value) > money.LARGEST or (value < 0 and not signed):
        raise Quarantined("bad_amount", f"{key} is not an amount of money")
    return in_stored_units(value, code, key)


def in_stored_units(value: int, code: str, key: str) -> int:
    """Turn Stripe's minor units into the stored ones, which differ for two currencies."""
    if code not in _HUNDREDFOLD:
        return value
    if value % 100:
        raise Quarantined("bad_amount", f"{key} is not a multiple of the smallest {code}")
    return value // 100


def is_hundredfold(code: str) -> bool:
    """Tell whether Stripe counts this currency in hundredths that do not exist."""
    return code in _HUNDREDFOLD


def count(thing: Json, key: str, default: int) -> int:
    """Return a number of things, `default` where it is not told. Raise Quarantined for nonsense."""
    value = thing.get(key)
    if value is None:
        return default
    if type(value) is not int or not 0 <= value <= money.LARGEST:
        raise Quarantined("bad_field", f"{key} is not a number of things")
    return value


def rows(thing: Json, key: str) -> list[Json]:
    """Return the objects of a list, whether bare or one of Stripe's list objects (first page)."""
    value = thing.get(key)
    if isinstance(value, dict):
        value = value.get("data")
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def mentions(thing: Json) -> tuple[str, ...]:
    """Return what may be ids of other systems: metadata, custom fields, a checkout's reference.

    Systems that sell through Stripe leave their own order's or transaction's id there.
    """
    custom = (each.get("value") for each in rows(thing, "custom_fields"))
    return ids_among(
        [*mapping(thing, "metadata").values(), thing.get("client_reference_id"), *custom]
    )


def address(place: Json, owner: Json) -> Address | None:
    """Return a postal address with its owner's name, phone and email; None where none is told."""
    if not any(text(place, key) for key in _PLACE):
        return None
    first, last = split_name(text(owner, "name"))
    return {
        "first_name": first,
        "last_name": last,
        "address_1": text(place, "line1"),
        "address_2": text(place, "line2"),
        "city": text(place, "city"),
        "province": text(place, "state"),
        "country": text(place, "country"),
        "postal": text(place, "postal_code"),
        "phone": text(owner, "phone"),
        "email": email(owner, "email"),
    }


def expiry(card: Json) -> str | None:
    """Return a card's last valid month as `YYYY-MM`; None for what does not expire."""
    month, year = card.get("exp_month"), card.get("exp_year")
    if type(month) is not int or type(year) is not int:
        return None
    return f"{year}-{month:02d}" if 1 <= month <= 12 and 2000 <= year <= 9999 else None
