"""Contacts, recurring payments, changes and segments, few and small enough to collide.

Whatever evaluates segments is held to the same answers over these: values lie on the bounds that
conditions name, and differ by case, encoding, currency and a millisecond. The pools are plain
lists, to be gone through whole; the strategies draw from them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from shared.domain.segments.fields import FIELDS, Entity, Field, Kind
from shared.domain.segments.moments import Moment
from shared.domain.segments.operators import BY_KIND, WITHOUT_VALUE
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Change
from tests.shared.domain.segments.builders import DAY, NOW, at, contact, payment

CURRENCIES = ["USD", "JPY", "KWD"]
ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "Europe/Paris", "America/Sao_Paulo", "America/Chicago", "Pacific/Apia")
]
_TEXTS = ["Chicago", "CHICAGO", "cag", "Zürich", "ZU\u0308RICH", "straße", "\u0130\u03a3", "ago C"]
_HELD = [*_TEXTS, "", None]
_MINOR = [0, 1, 19, 20, 1899, 1900, 1901, 19_000, None]
_DECIMALS = ["0", "0.01", "1.9", "19", "19.00", "19.001", "1900", "-1"]
_DAYS = ["2026-09-14", "2026-09-20", "2026-09-21", "2026-09-22", "2026-10-25"]
_TIMES = ["2026-09-21T14:13:20Z", "2026-09-21T14:13", "2026-09-22T00:00:00+02:00"]
_LENGTHS = ["1 minute", "24 hours", "1 day", "1 week", "1 month", "1 year"]
_EDGES = [NOW, NOW - DAY, NOW + DAY, NOW + 7 * DAY]
# A day's ends in UTC, Paris, Chicago and Apia, and a month ago in Paris, where summer had begun.
_EDGES += [at("2026-09-21"), at("2026-09-20T22:00Z"), at("2026-09-21T05:00Z")]
_EDGES += [at("2026-09-20T11:00Z"), at("2026-08-21T14:13:20Z"), at("2026-10-25T23:00Z")]
_DATES = [*(edge + step for edge in _EDGES for step in (-1, 0, 1)), None]
_SEVERAL = [[], *([text] for text in _TEXTS), ["Chicago", "straße"]]
_ITEMS = [
    {"name": name, "quantity": quantity, "amount": minor}
    for name, quantity, minor in [("Chicago", 1, 1900), (None, None, None), ("straße", 2, 19)]
]

# What a contact and a recurring payment may hold, key by key.
CONTACT: dict[str, list[Any]] = {
    "tags": _SEVERAL,
    "lists": _SEVERAL,
    "segments": _SEVERAL,
    "aliases": _SEVERAL,
    "first_name": _HELD,
    "orders_count": [0, 1, 2, 19],
    "kept_orders": [0, 1],
    "revenue": [
        {},
        *({code: {"orders": 1, "net": minor}} for code in CURRENCIES for minor in _MINOR[:-1]),
    ],
    "first_order_date": _DATES,
    "first_start_date": _DATES,
    "last_order_date": _DATES,
    "last_visit_date": _DATES,
    "unsubscribed_date": _DATES,
    "source": [{"first_source": None, "campaign": text, "landing_page": None} for text in _HELD],
}
PAYMENT: dict[str, list[Any]] = {
    "name": _HELD,
    "status": ["active", "payment_failed"],
    "billing_address": [None, *({"city": text} for text in _HELD)],
    "payment_amount": _MINOR,
    "currency": [*CURRENCIES, None],
    "cycles_completed": [0, 1, 2, 19],
    "next_payment_date": _DATES,
    "payment_method_expiration": _DATES,
    "is_trial": [True, False],
    "line_items": [None, [], *([each] for each in _ITEMS), _ITEMS],
}
CHANGES = [
    Change("status", "active", "Chicago"),
    Change("status", None, "active"),
    Change("name", "straße", True),
    Change("note", "", 19),
]
# Some of each type and shape; every field of a type is read alike.
NAMES = """contact.tags contact.lists contact.segments contact.first_name contact.aliases
    contact.orders_count contact.revenue contact.customer contact.customer_since
    contact.last_order_date contact.last_visit_date contact.unsubscribed_date
    contact.source.campaign
    recurring_payment.name recurring_payment.billing_address.city recurring_payment.status
    recurring_payment.payment_amount recurring_payment.cycles_completed
    recurring_payment.next_payment_date recurring_payment.is_trial
    recurring_payment.payment_method_expiration recurring_payment.line_items.name
    recurring_payment.line_items.quantity recurring_payment.line_items.amount
    change.field change.from change.to""".split()
# The keys a field follows from, where it is not its own; all values of the first, few of others.
_OF_OTHERS = 4
_KEYS = {
    "contact.customer": ["kept_orders"],
    "contact.customer_since": ["first_order_date", "first_start_date"],
    "recurring_payment.payment_amount": ["payment_amount", "currency"],
    "recurring_payment.line_items.amount": ["line_items", "currency"],
}


def written(field: Field) -> Iterator[dict[str, Any]]:
    """Yield every condition on a field, as it is written, with every value of its pool."""
    for operator in BY_KIND[field.kind]:
        bare = {"field": field.name, "operator": operator}
        if operator in WITHOUT_VALUE:
            yield bare
        for value in _values(field, operator):
            yield {**bare, "value": value}


def held(field: Field) -> Iterator[dict[str, Any]]:
    """Yield everything a contact or recurring payment may hold that the field follows from."""
    pool = CONTACT if field.entity is Entity.CONTACT else PAYMENT
    first, *others = _KEYS.get(field.name) or [field.keys[0]]
    for values in itertools.product(pool[first], *(pool[key][-_OF_OTHERS:] for key in others)):
        yield dict(zip((first, *others), values, strict=True))


def _values(field: Field, operator: str) -> list[Any]:
    if field.kind is Kind.BOOLEAN:
        return [True, False]
    if operator in WITHOUT_VALUE:
        return []
    if field.kind in (Kind.TEXT, Kind.LABEL):
        return [*_TEXTS, "active", "status", "true", "1"]
    if operator in ("in_last", "not_in_last", "in_next"):
        return _LENGTHS
    singles = _DECIMALS if field.kind is not Kind.DATE else _DAYS
    if operator == "between":
        pairs = itertools.combinations_with_replacement(singles, 2)
        number = float if field.kind is not Kind.DATE else str
        return [sorted(pair, key=number) for pair in pairs]
    return [*singles, *_TIMES] if operator in ("before", "after") else singles


def _drawn(pool: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({key: st.sampled_from(values) for key, values in pool.items()})


contacts = _drawn(CONTACT).map(lambda fields: contact(**fields))
payments = _drawn(PAYMENT).map(lambda fields: payment(**fields))
changes = st.lists(st.sampled_from(CHANGES), max_size=2)
moments = st.builds(Moment, st.just(NOW), st.sampled_from(ZONES), st.sampled_from(CURRENCIES))
subjects = st.builds(
    Subject, moments, contacts, st.lists(payments, max_size=3), st.none() | payments, changes
)


def conditions(*, in_trigger: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Return conditions as they are written; the change is asked of in triggers alone."""
    pools = {name: list(written(FIELDS[name])) for name in NAMES}
    names = [name for name in NAMES if in_trigger or FIELDS[name].entity is not Entity.CHANGE]
    return st.sampled_from(names).flatmap(lambda name: st.sampled_from(pools[name]))


def segments(
    *, in_trigger: bool = True, matches: Sequence[str] = ("all", "any", "none")
) -> st.SearchStrategy[dict[str, Any]]:
    """Return segments as they are written, up to four groups deep or so."""

    def groups(members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        listed = st.lists(members, max_size=3)
        return st.fixed_dictionaries({"match": st.sampled_from(matches), "conditions": listed})

    return groups(st.recursive(conditions(in_trigger=in_trigger), groups, max_leaves=8))
