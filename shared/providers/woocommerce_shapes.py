"""Strict reading of WooCommerce's JSON: the small words in which its parser is written.

WooCommerce renders ids as integers or text, money and counts as text, times as GMT without saying
so, and what is unset as "" here and null there. Whatever merely decorates is read leniently and
turns into None. Ids, times and money are read strictly: a value that is there but cannot be right
quarantines the event. Floats are never money: they carry noise (63.241106000000002).
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.domain import emails, money, times
from shared.domain.errors import Quarantined
from shared.domain.observations import (
    Address,
    CatalogueSaid,
    CustomerSaid,
    Item,
    OrderSaid,
    SubscriptionSaid,
)
from shared.providers.json_shapes import Json, mapping, rows, text

_LONGEST_ID = 255
_DIGITS_MAX = 40  # `int` of more would cost time, and nothing has that many
_COUNTS_MAX = 10**9
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?", re.ASCII)
_PLACE = ("address_1", "address_2", "city", "state", "postcode", "country")


@dataclass(frozen=True, slots=True)
class Event:
    """What every reader is given: the topic, the object's id, when it was modified, the object.

    `fetched` tells an answer of the API from a webhook.
    """

    topic: str
    id: str
    at: int
    thing: Json
    fetched: bool = False


class Said(NamedTuple):
    """What a reader found, by kind of subject."""

    subscriptions: tuple[SubscriptionSaid, ...] = ()
    orders: tuple[OrderSaid, ...] = ()
    customers: tuple[CustomerSaid, ...] = ()
    catalogue: tuple[CatalogueSaid, ...] = ()


def identity(value: object, path: str) -> str:
    """Return an id as text. Raise Quarantined where it is missing or could not be one."""
    if type(value) is int and 0 < value < 10**_DIGITS_MAX:
        return str(value)
    if not isinstance(value, str):
        raise Quarantined("bad_field", f"{path} is missing or not an id")
    if not value or not value.isprintable() or len(value.encode()) > _LONGEST_ID:
        raise Quarantined("bad_id", f"{path} is not an id")
    return value


def linked(value: object, path: str) -> str | None:
    """Return the id of a related object; None where there is none, which WooCommerce writes 0."""
    return None if value in (None, 0, "", "0", False) else identity(value, path)


def label(thing: Json, key: str) -> str | None:
    """Return a name as people read it: WordPress keeps names with HTML entities in them."""
    value = text(thing, key)
    return html.unescape(value) if value else None


def email(thing: Json) -> str | None:
    """Return the address an object is billed to, in its normal form; None where there is none."""
    return emails.normalise(text(mapping(thing, "billing"), "email"))


def moment(thing: Json, key: str) -> int | None:
    """Return a time in ms, which WooCommerce states in GMT; None where it is "", null or absent.

    Raise Quarantined for what is no time.
    """
    value = thing.get(key)
    if value in (None, ""):
        return None
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise Quarantined("bad_field", f"{key} is not a time")
    try:
        found = times.from_text(value)
    except ValueError as error:
        raise Quarantined("bad_field", f"{key} is not a time") from error
    if not 0 <= found <= times.LATEST:
        raise Quarantined("bad_field", f"{key} is not a time")
    return found


def count(thing: Json, key: str, default: int) -> int:
    """Return a whole number, stated or as text. Raise Quarantined for nonsense."""
    value = thing.get(key)
    if value in (None, ""):
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _DIGITS_MAX:
        value = int(value)
    if type(value) is not int or not 0 <= value <= _COUNTS_MAX:
        raise Quarantined("bad_field", f"{key} is not a number of things")
    return value


def currency(thing: Json) -> str:
    """Return the object's currency in capitals. Raise Quarantined for an unknown one."""
    return money.currency(thing.get("currency"))


def amount(thing: Json, key: str, code: str) -> int:
    """Return money, which only counts as the text of a decimal; 0 where it is not told.

    Raise Quarantined for a number, a digit too many, or an amount below zero.
    """
    value = thing.get(key)
    if value in (None, ""):
        return 0
    if not isinstance(value, str):
        raise Quarantined("bad_amount", f"{key} is not a decimal in text")
    found = money.from_text(value, code)
    if found < 0:
        raise Quarantined("bad_amount", f"{key} is below zero")
    return found


def customer_id(thing: Json) -> str | None:
    """Return the shop's customer; a guest, who has none, is known by their email."""
    return linked(thing.get("customer_id"), "customer_id") or email(thing)


def metadata(thing: Json, key: str) -> list[Any]:
    """Return the values stored under a key; any kind of value may be."""
    return [each.get("value") for each in rows(thing, "meta_data") if each.get("key") == key]


def address(thing: Json, key: str) -> Address | None:
    """Return the billing or shipping address; None where none is told."""
    place = mapping(thing, key)
    if not any(text(place, name) for name in _PLACE):
        return None
    return {
        "first_name": text(place, "first_name"),
        "last_name": text(place, "last_name"),
        "company": text(place, "company"),
        "address_1": text(place, "address_1"),
        "address_2": text(place, "address_2"),
        "city": text(place, "city"),
        "province": text(place, "state"),
        "country": text(place, "country"),
        "postal": text(place, "postcode"),
        "phone": text(place, "phone"),
        "email": emails.normalise(text(place, "email")),
    }


def items(thing: Json, code: str) -> list[Item]:
    """Return the lines. A variation is what was bought; its product is only its family."""
    return [
        {
            "name": label(line, "name"),
            "sku": text(line, "sku"),
            "store_primary_id": _product(line),
            "quantity": _quantity(line),
            "amount": _line_amount(line, code),
        }
        for line in rows(thing, "line_items")
    ]


def payer(thing: Json, rank: int) -> tuple[CustomerSaid, ...]:
    """Return who an object is billed to.

    Without the email: each object states its own, and a customer's second address must not move
    what was billed to the first.
    """
    owner, billing = customer_id(thing), mapping(thing, "billing")
    names = ("first_name", "last_name", "phone", "company")
    person = {name: text(billing, name) for name in names}
    if owner is None or not any(person.values()):
        return ()
    return (CustomerSaid(owner, rank, {"payer": person}),)


def _product(line: Json) -> str | None:
    variation = linked(line.get("variation_id"), "variation_id")
    return variation or linked(line.get("product_id"), "product_id")


def _quantity(line: Json) -> int:
    """Return how many; what is sold by weight or length counts as one."""
    try:
        return count(line, "quantity", 1)
    except Quarantined:
        return 1


def _line_amount(line: Json, code: str) -> int | None:
    """Return what a line costs; None where the shop calculates in finer units than money has."""
    try:
        return amount(line, "total", code)
    except Quarantined:
        return None
