"""One kept event told again by today's parser: what it says now takes the place of what it said.

Pure, like folding. It is for events whose marker is there: entries of theirs that today's parser
does not make are taken back, wherever they lie, and what is told differently by that is told anew.
An event that says what it said before writes nothing. What is replaced stays silent unless it is to
fire. Contacts' own words (tags, activity) are not taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from shared.domain import foresight, instead, late_words, personal, trust
from shared.domain.fold import entry_of, expecting, settle
from shared.domain.fold_customers import Customers, Event
from shared.domain.fold_orders import Orders
from shared.domain.folding import Arrival, Folding, Habits, Plan
from shared.domain.observations import Parsed
from shared.domain.ports import Check, Document, Name, Reading, Write
from shared.domain.records import ORDER, RECURRING_PAYMENT, Record
from shared.domain.twins import Twins


def refold(
    name: Name,
    arrival: Arrival,
    parsed: Parsed,
    habits: Habits,
    reading: Reading,
    *,
    held_by: Collection[Name],
    silent: bool,
    now: int,
    new_id: Callable[[], str],
) -> Plan:
    """Return what it comes to that the event kept under `name` says `parsed` today.

    `held_by` names the records that have entries of it. Raise Missing for more reading, and
    Quarantined for an event that would not be accepted today.
    """
    parsed = trust.named(parsed, arrival)
    reading.want([name, foresight.event_name(arrival, parsed), *held_by])
    reading.want(foresight.at_first(arrival, parsed))
    reading.want(late_words.names(arrival, parsed, reading))
    erased = late_words.of(arrival, parsed, foresight.customers_of(parsed), reading)
    if erased is not None:
        parsed, arrival = personal.without_person(parsed), arrival.without_body()
    marker = reading.get(name)
    if marker is None or marker["outcome"] == trust.UNCONFIRMED:
        return Plan("ignored")
    connection = expecting(reading.get(("connection", arrival.connection_id)), parsed)
    folding = Folding(reading, connection, habits, arrival, now, new_id)
    folding.silent, folding.erased = silent, erased
    folding.said = foresight.emails_of(parsed)
    folding.historical = folding.historical or silent
    steps = _refolded(folding, (name[2], name[3]), trust.marked(parsed, arrival, habits), held_by)
    kept = _kept(name, foresight.event_name(arrival, parsed), marker, parsed)
    if not steps and not kept:
        return Plan("unchanged")
    return Plan("applied", [*kept, *steps], folding.messages)


def _refolded(
    folding: Folding, event: Event, parsed: Parsed, held_by: Collection[Name]
) -> list[Write | Check]:
    at = parsed.occurred_at if parsed.occurred_at is not None else folding.arrival.received_at
    customers = Customers(folding, parsed, at)
    orders = Orders(folding, parsed, at, customers)
    mine = [n for n in held_by if n[1] == folding.connection_id and _is_known(folding, n)]
    for catalogued in parsed.catalogue:
        customers.catalogue(catalogued)
    for customer_id in _customers(folding, parsed, mine):
        customers.say_instead(customer_id, parsed.customers, event)
    said = [each.subscription_id for each in parsed.subscriptions]
    held = [each[2] for each in mine if each[0] == RECURRING_PAYMENT]
    for identity in dict.fromkeys([*held, *said]):
        _subscription(folding, event, parsed, at, identity)
    orders.say_instead(parsed.orders, [each[2] for each in mine if each[0] == ORDER], event)
    for subscription_id in orders.subscriptions():
        orders.project(folding.record(RECURRING_PAYMENT, subscription_id))
    if not folding.steps() and not any(each.touched for each in folding.records.values()):
        return []
    twins = Twins(folding)
    twins.hear(orders.entries)
    return settle(folding, customers, twins)


def _is_known(folding: Folding, name: Name) -> bool:
    """Tell whether a record is there: an entry may have been read before its order yielded."""
    return folding.record(name[0], name[2]).known


def _customers(folding: Folding, parsed: Parsed, held_by: Collection[Name]) -> list[str]:
    """Return the customers an event speaks of, or may have spoken of."""
    owners = [folding.record(each[0], each[2]).customer_id for each in held_by]
    named = [each.customer_id for each in parsed.customers]
    return list(dict.fromkeys([*named, *(each for each in owners if each)]))


def _subscription(folding: Folding, event: Event, parsed: Parsed, at: int, identity: str) -> None:
    """Put what an event says of a subscription in the place of what it said before."""
    record: Record = folding.record(RECURRING_PAYMENT, identity)
    said = [each for each in parsed.subscriptions if each.subscription_id == identity]
    named = [each.customer_id for each in said if each.customer_id]
    record.customer_id = record.customer_id or (named[0] if named else None)
    fresh = instead.merged(entry_of(folding, parsed, at, each) for each in said if each.facets)
    entries = record.entries()
    mine = [each for each in entries if instead.is_own(each, event)]
    if instead.same(mine, fresh):
        return
    kept = [each for each in entries if not instead.is_own(each, event)]
    record.retell([*kept, *instead.as_before(fresh, mine)])


def _kept(name: Name, fresh: Name, marker: Document, parsed: Parsed) -> list[Write | Check]:
    """Return the writes that keep the event as it is known today, none where nothing changes."""
    known = "confirmed" if "confirmed" in marker else "digest"
    outcome = "applied" if parsed.known else "ignored"
    about = {known: parsed.digest, "outcome": outcome, "occurred_at": parsed.occurred_at}
    if fresh == name and all(marker[key] == value for key, value in about.items()):
        return []
    document = {**marker, **about, "version": marker["version"] + 1}
    if fresh == name:
        return [Write(name, document, marker["version"])]
    moved = Write(fresh, {**document, "version": 1}, 0)
    return [moved, Write(name, None, marker["version"])]
