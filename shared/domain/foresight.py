"""What folding an event is going to read, told ahead so that a batch can read it in few calls.

Purely a matter of cost: whatever is not foreseen here, folding asks for when it comes to it. A name
foreseen in vain costs one read unit; a round not foreseen costs a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.domain import (
    directory,
    emails,
    erasure,
    joining,
    late_words,
    look_alikes,
    mentions,
    trust,
)
from shared.domain.customers import shown
from shared.domain.folding import Arrival
from shared.domain.observations import Facet, Parsed
from shared.domain.ports import Name, Reading
from shared.domain.records import ORDER, RECURRING_PAYMENT


def event_name(arrival: Arrival, parsed: Parsed) -> Name:
    """Return the name of an event's marker: providers reuse ids over types."""
    return ("event", arrival.connection_id, parsed.event_id, parsed.event_type)


def at_first(arrival: Arrival, parsed: Parsed) -> Iterator[Name]:
    """Yield what the event itself names: markers, references, customers, subscriptions, emails."""
    connection = arrival.connection_id
    yield event_name(arrival, parsed)
    yield from trust.names(arrival, parsed)
    yield ("connection", connection)
    yield directory.NAME
    for customer in customers_of(parsed):
        yield ("customer", connection, customer)
    for subscription in _subscriptions(parsed):
        yield (RECURRING_PAYMENT, connection, subscription)
    for each in parsed.catalogue:
        yield ("catalogue", connection, each.kind, each.item_id)
    for order in parsed.orders:
        yield from (("ref", connection, ref) for ref in order.refs)
        yield from joining.looks(connection, joining.tries(order.facets))
    yield from _emails(facet.get("email") for facet in _facets(parsed))
    yield from _heard(parsed)


def then(arrival: Arrival, parsed: Parsed, reading: Reading) -> Iterator[Name]:
    """Yield what those lead to: orders, look-alikes, the customers' addresses, contacts."""
    connection = arrival.connection_id
    yield from _mentioned(connection, parsed, reading)
    yield from _alike(connection, parsed, reading)
    yield from late_words.names(arrival, parsed, reading)
    for name in at_first(arrival, parsed):
        found = reading.get(name)
        if found is None:
            yield from _of_nobody(name, reading)
            continue
        if name[0] == "ref":
            yield (ORDER, connection, found["order_id"])
        elif name[0] == "look":
            yield from (("ref", connection, ref) for ref, *_ in found["seen"])
        elif name[0] == "customer":
            yield from _emails([shown(found).get("email")])
        elif name[0] in ("email", RECURRING_PAYMENT) and found.get("contact_id"):
            yield ("contact", found["contact_id"])


def _of_nobody(name: Name, reading: Reading) -> Iterator[Name]:
    """Yield what is asked of an address that nobody has."""
    if name[0] == "email":
        yield ("waits", name[1])
        if directory.erased_at(reading.get(directory.NAME)) is not None:
            yield erasure.name_of(erasure.hash_of(name[1]))


def _mentioned(connection: str, parsed: Parsed, reading: Reading) -> Iterator[Name]:
    """Yield where others may have said the ids of these orders, if there are such others."""
    if parsed.orders and directory.Directory(reading.get(directory.NAME)).doubles(connection):
        for order in parsed.orders:
            ids = mentions.ids_of(order.refs, order.mentions, order.facets)
            yield from map(mentions.name_of, sorted(ids))


def _alike(connection: str, parsed: Parsed, reading: Reading) -> Iterator[Name]:
    """Yield where look-alikes of these orders are listed, if others may report the same."""
    book = directory.Directory(reading.get(directory.NAME))
    if not parsed.orders or not book.is_one_of_several(connection):
        return
    told = [facet.get("email") for facet in _facets(parsed)]
    for customer in customers_of(parsed):
        known = reading.get(("customer", connection, customer))
        told += [shown(known).get("email")] if known else []
    tried = [each for order in parsed.orders for each in joining.tries(order.facets)]
    amounts = [(facet["currency"], amount, moment) for facet, amount, moment in tried]
    yield from look_alikes.foreseen(told, amounts)


def _heard(parsed: Parsed) -> Iterator[Name]:
    """Yield what a contact source's word leads to: whose it is, and what they did."""
    heard = parsed.heard
    if heard is None:
        return
    told = [each.email for each in heard.contacts]
    told += [heard.activity.email] if heard.activity else []
    for email in dict.fromkeys(each for each in told if each):
        yield ("email", email)
        yield ("activity", email)


def emails_of(parsed: Parsed) -> frozenset[str]:
    """Return the addresses an event itself states, normalised."""
    return frozenset(name[1] for name in _emails(each.get("email") for each in _facets(parsed)))


def _facets(parsed: Parsed) -> Iterator[Facet]:
    for told in (parsed.subscriptions, parsed.orders, parsed.customers):
        for said in told:
            yield from said.facets.values()


def customers_of(parsed: Parsed) -> list[str]:
    """Return the customers an event is about, by the store's ids."""
    named = [each.customer_id for each in parsed.customers]
    named += [each.customer_id for each in parsed.subscriptions if each.customer_id]
    ordered = (f.get("customer_id") for order in parsed.orders for f in order.facets.values())
    return list(dict.fromkeys([*named, *(each for each in ordered if each)]))


def _subscriptions(parsed: Parsed) -> list[str]:
    named = [each.subscription_id for each in parsed.subscriptions]
    billed = (f.get("subscription_id") for order in parsed.orders for f in order.facets.values())
    return list(dict.fromkeys([*named, *(each for each in billed if each)]))


def _emails(named: Iterable[str | None]) -> Iterator[Name]:
    for email in dict.fromkeys(named):
        normalised = emails.normalise(email)
        if normalised is not None:
            yield ("email", normalised)
