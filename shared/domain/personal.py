"""What of an event, a record or a customer tells who somebody is, and the same without it.

Pure. Money, dates, statuses and the stores' ids stay; email, names, phone, addresses and free notes
go. It is taken off facet by facet, so that what is merged of bare facets is what is left when the
merged record is bared: nothing that counts depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from shared.domain.observations import CustomerSaid, Facet, OrderSaid, Parsed, SubscriptionSaid
from shared.domain.ports import Document
from shared.domain.timeline import Entry

# Of a change, the fields whose values are somebody's own.
FIELDS = frozenset({"email", "billing_address", "shipping_address", "note"})
# Those whose values may be an address: shops link their own things by it.
LINKS = frozenset({"external_id"})
_PARTS = FIELDS | {"first_name", "last_name", "phone", "company", "description"}
_LINKS = LINKS | {"customer_id"}
_PAYER = "payer"
# Who is asked about these tells of a person alone.
PEOPLE = frozenset({"customer", "contact"})
# Tells whether a part of what was said is of the person that is meant.
Named = Callable[[Any], bool]


def bare(facets: Mapping[str, Facet], named: Named = lambda _: True) -> dict[str, Facet]:
    """Return facets without what is personal in those that are `named`."""
    return {name: _bare(facet) if named(facet) else facet for name, facet in facets.items()}


def is_address(identity: str | None) -> bool:
    """Tell whether a store knows its customer by the email, so that the id is personal itself."""
    return identity is not None and "@" in identity


def is_told(field: str, *values: Any) -> bool:
    """Tell whether a change of a field from and to these values tells of a person."""
    return field in FIELDS or (field in LINKS and any(map(is_address, values)))


def without_person(parsed: Parsed) -> Parsed:
    """Return what an event says of records and money alone: nothing of who it is about."""
    customers = (_customer(each) for each in parsed.customers)
    return replace(
        parsed,
        subscriptions=tuple(map(_subscription, parsed.subscriptions)),
        orders=tuple(map(_order, parsed.orders)),
        customers=tuple(each for each in customers if each is not None),
        heard=None,
    )


def bare_entry(entry: Entry, named: Named = lambda _: True) -> Entry:
    """Return an entry without what is personal in those parts that are `named`.

    One that changed nothing else changes nothing.
    """
    changes = [
        each
        for each in entry.changes
        if not (is_told(each.field, each.before, each.after) and named([each.before, each.after]))
    ]
    lost = len(changes) < len(entry.changes)
    kind = None if lost and not changes and entry.kind == "updated" else entry.kind
    said, before = bare(entry.said, named), bare(entry.before, named)
    return replace(entry, said=said, before=before, changes=changes, kind=kind)


def bare_customer(customer: Document, until: int, named: Named = lambda _: True) -> dict[str, Any]:
    """Return a customer without what was said of the person up to a time (ms), where `named`."""
    rows = [
        _bare_row(row) if min(row["place"][0], row["place"][2]) <= until and named(row) else row
        for row in customer["said"]
    ]
    return {**customer, "said": [row for row in rows if row["said"]]}


def bare_messages(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what is sent with an event without the person: records and money may wait for it.

    Whoever has committed the event may have ended before sending; its redelivery sends these.
    """
    return [
        unaddressed(each)
        for each in messages
        if each.get("object") not in PEOPLE
        and "email" not in each
        and not is_address(each.get("customer_id"))
    ]


def unaddressed(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event or a message that has no address for its subject."""
    return {**told, "subject": None} if is_address(told.get("subject")) else dict(told)


def moment(entry: Entry) -> int:
    """Return when at the latest (ms) what an entry tells has happened."""
    return min(entry.at, entry.received_at)


def _bare_row(row: Mapping[str, Any]) -> dict[str, Any]:
    bared = {**row, "said": _without_payer(row["said"])}
    if "before" in row:
        bared["before"] = _without_payer(row["before"])
    return bared


def _bare(facet: Facet) -> Facet:
    if not facet:
        return facet  # one that was withdrawn is blank
    return {name: _blank(name, value) for name, value in facet.items()}


def _blank(name: str, value: Any) -> Any:
    if name in _PARTS or (name in _LINKS and is_address(value)):
        return None
    return value


def _without_payer(facets: Mapping[str, Facet]) -> dict[str, Facet]:
    return bare({name: facet for name, facet in facets.items() if name != _PAYER})


def _subscription(said: SubscriptionSaid) -> SubscriptionSaid:
    return replace(
        said,
        facets=bare(said.facets),
        before=None if said.before is None else bare(said.before),
        customer_id=None if is_address(said.customer_id) else said.customer_id,
    )


def _order(said: OrderSaid) -> OrderSaid:
    return replace(said, facets=bare(said.facets))


def _customer(said: CustomerSaid) -> CustomerSaid | None:
    facets = _without_payer(said.facets)
    if is_address(said.customer_id) or not facets:
        return None
    before = None if said.before is None else _without_payer(said.before)
    return replace(said, facets=facets, before=before)
