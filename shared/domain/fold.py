"""One event folded into records: what the processor does, without a queue, a table or a clock.

`fold` is pure over a Reading. It answers with a Plan: the steps of one transaction (the event's
own marker among them, so that effect and marker cannot part), and the messages to send once it
is through. The marker keeps those messages, so a redelivery after a crash sends them again.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from shared.domain import fold_contacts, foresight, late_words, personal, times, trust
from shared.domain.errors import Quarantined
from shared.domain.fold_customers import Customers
from shared.domain.fold_orders import Orders
from shared.domain.folding import Arrival, Folding, Habits, Message, Plan
from shared.domain.look_alikes import LookAlikes
from shared.domain.observations import Parsed, SubscriptionSaid
from shared.domain.people import People
from shared.domain.ports import Check, Document, Reading, Write
from shared.domain.records import RECURRING_PAYMENT, Record
from shared.domain.timeline import Entry, placed
from shared.domain.twins import Twins

# Longer than any provider's retry, resend or history we ask for.
KEPT = 400 * times.DAY
# What an event leaves open is found in a provider's search, which is some hours behind.
_LOOKED_UP = 3 * times.HOUR


def fold(
    arrival: Arrival,
    parsed: Parsed,
    habits: Habits,
    reading: Reading,
    *,
    now: int,
    new_id: Callable[[], str],
) -> Plan:
    """Return what `parsed` comes to.

    Raise Missing for more reading, and Quarantined for an event that can never be accepted.
    """
    parsed = trust.named(parsed, arrival)
    reading.want(foresight.at_first(arrival, parsed))
    reading.want(foresight.then(arrival, parsed, reading))
    erased = late_words.of(arrival, parsed, named := foresight.customers_of(parsed), reading)
    if erased is not None:
        parsed, arrival = personal.without_person(parsed), arrival.without_body()
    marker = reading.get(foresight.event_name(arrival, parsed))
    claimed = trust.claim(arrival, parsed, reading, now)
    if marker is not None and not trust.settles(arrival, marker):
        return _again(arrival, parsed, marker, claimed)
    connection = expecting(reading.get(("connection", arrival.connection_id)), parsed)
    folding = Folding(reading, connection, habits, arrival, now, new_id)
    folding.erased, folding.said = erased, foresight.emails_of(parsed)
    folded, outcome = list[Write | Check](), "ignored"
    if parsed.known and trust.has_to_wait(arrival, habits, connection):
        folding.ask("event", parsed.event_id)
        outcome = trust.UNCONFIRMED
    elif parsed.known:
        _look_up(folding, parsed)
        # An event that was confirmed is no answer: it may leave as much open as it did before.
        # What history tells is the provider's own answer too.
        answered = arrival.source in ("fetched", "history", trust.VERIFIED) and marker is None
        folding.forget(named)
        folded = _fold_known(folding, trust.marked(parsed, arrival, habits), answered=answered)
        outcome = "applied"
    marked = _marker(arrival, parsed, outcome, folding.messages, now, marker)
    return Plan(outcome, [marked, *claimed, *folded, *_retried(arrival)], folding.messages)


def quarantine(arrival: Arrival, parsed: Parsed | None, refused: Quarantined, now: int) -> Plan:
    """Return the plan that keeps an event nobody can accept, under a code to act on."""
    if arrival.quarantine_id is not None:
        identity = arrival.quarantine_id
    else:
        digest = sha256(arrival.connection_id.encode() + b"\0" + arrival.body).hexdigest()
        identity = f"{arrival.received_at:015d}-{digest[:16]}"
    row = {
        "version": 1,
        "id": identity,
        "connection_id": arrival.connection_id,
        "provider": arrival.provider,
        "event_id": parsed.event_id if parsed else None,
        "event_type": parsed.event_type if parsed else None,
        "code": refused.code,
        "reason": refused.reason,
        # As of a marker: what was received a moment after an erasure may tell of before it.
        "occurred_at": parsed.occurred_at if parsed else None,
        "received_date": arrival.received_at,
        **arrival.archived(),
        "headers": dict(arrival.headers),
        "subject": arrival.subject,
        "source": arrival.source,
        "recorded_at": now,
        "expires_at": (now + KEPT) // times.SECOND,
    }
    return Plan("quarantined", [Write(("quarantine", identity), row, None)])


def _again(arrival: Arrival, parsed: Parsed, marker: Document, claimed: list[Write]) -> Plan:
    """Return the plan for an event seen before: send its messages again, change nothing."""
    if parsed.digest not in trust.digests(marker):
        raise Quarantined("id_reuse", "the same event id and type came before with another body")
    steps = [*claimed, *_retried(arrival)]
    return Plan("duplicate", steps, list(marker.get("messages") or ()))


def expecting(connection: Document | None, parsed: Parsed) -> Document:
    """Return the connection, if it expects such an event. Raise Quarantined where it does not."""
    if connection is None:
        raise Quarantined("unknown_connection", "the connection was deleted before the fold")
    if parsed.live is not None and parsed.live != (connection["mode"] == "live"):
        reason = f"a connection of mode {connection['mode']} got an event of the other mode"
        raise Quarantined("wrong_mode", reason)
    return connection


def _retried(arrival: Arrival) -> list[Write | Check]:
    """Return what takes a retried event off the quarantine list."""
    if arrival.quarantine_id is None:
        return []
    return [Write(("quarantine", arrival.quarantine_id), None, None)]


def _marker(
    arrival: Arrival,
    parsed: Parsed,
    outcome: str,
    messages: list[Message],
    now: int,
    before: Document | None,
) -> Write:
    expected = before["version"] if before else 0
    # One that was confirmed is known by what came as well, which comes again.
    known = {"digest": before["digest"], "confirmed": parsed.digest} if before else {}
    document = {
        "version": expected + 1,
        "digest": parsed.digest,
        **known,
        "outcome": outcome,
        "occurred_at": parsed.occurred_at,
        "received_at": arrival.received_at,
        "recorded_at": now,
        "source": arrival.source,
        "provider": arrival.provider,
        "headers": dict(arrival.headers),
        **arrival.archived(),
        "messages": messages,
        "expires_at": (now + KEPT) // times.SECOND,
    }
    return Write(foresight.event_name(arrival, parsed), document, expected)


def _fold_known(folding: Folding, parsed: Parsed, *, answered: bool) -> list[Write | Check]:
    """Fold what is said in the order in which it depends on each other, then settle who it is."""
    at = parsed.occurred_at if parsed.occurred_at is not None else folding.arrival.received_at
    customers = Customers(folding, parsed, at)
    orders = Orders(folding, parsed, at, customers)
    for catalogued in parsed.catalogue:
        customers.catalogue(catalogued)
    for person in parsed.customers:
        customers.say(person)
    for said in parsed.subscriptions:
        _subscription(folding, parsed, at, said)
    for order in parsed.orders:
        orders.say(order)
    for subscription_id in orders.subscriptions():
        record = folding.record(RECURRING_PAYMENT, subscription_id)
        orders.project(record)
    if parsed.heard is not None:
        fold_contacts.hear(folding, parsed.heard, parsed, at)
    _ask_again(folding, answered=answered)
    twins = Twins(folding)
    twins.hear(orders.entries)
    return settle(folding, customers, twins)


def settle(folding: Folding, customers: Customers, twins: Twins) -> list[Write | Check]:
    """Tell the records who they and their twins are, and return all the steps they come to."""
    folding.bare_new()
    for record in list(folding.records.values()):
        customers.join(record)
    twins.settle(folding.records.values())
    LookAlikes(folding).settle(folding.records.values())
    people = People(folding, customers)
    touched = [each for each in folding.records.values() if each.touched]
    people.settle(touched)
    if folding.silent:
        for each in touched:
            each.hush()
    written = [step for each in touched for step in each.steps(people.version(each.contact_id))]
    return [*folding.steps(), *written]


def entry_of(folding: Folding, parsed: Parsed, at: int, said: SubscriptionSaid) -> Entry:
    """Return the entry of what an event of a time (ms) says of a subscription."""
    return Entry(
        at=at,
        rank=said.rank,
        event_id=parsed.event_id,
        event_type=parsed.event_type,
        received_at=folding.arrival.received_at,
        said=placed(said.facets, at),
        before={name: dict(facet) for name, facet in (said.before or {}).items()},
        creation=said.creation,
        historical=folding.historical,
    )


def _look_up(folding: Folding, parsed: Parsed) -> None:
    """Have looked up what the event leaves open. Raise Quarantined where nobody can be asked."""
    for kind, identity in parsed.needs:
        if not folding.can_ask(kind):
            reason = "it does not say what it is about, and there is no API key to look that up"
            raise Quarantined("unlinked", reason)
        folding.ask_at(folding.now + _LOOKED_UP, kind, identity)


def _subscription(folding: Folding, parsed: Parsed, at: int, said: SubscriptionSaid) -> None:
    record = folding.record(RECURRING_PAYMENT, said.subscription_id)
    record.customer_id = record.customer_id or said.customer_id
    if said.again_at is not None:
        folding.ask_at(said.again_at, "subscription", said.subscription_id)
    if not said.facets:
        return
    record.add(entry_of(folding, parsed, at, said))
    if folding.connection.get("has_api"):
        for item in (said.facets.get("terms") or {}).get("items") or ():
            product = item.get("store_primary_id")
            name = ("catalogue", folding.connection_id, "product", str(product))
            if product and folding.get(name) is None:
                folding.ask("product", product)


def _ask_again(folding: Folding, *, answered: bool) -> None:
    """Ask for the subscription itself where events leave its order or its terms to be guessed.

    What is inferred still after the provider's own answer, its answer does not tell.
    """
    for record in folding.records.values():
        inferred = (record.view or {}).get("inferred") and record.touched and not answered
        if record.kind != RECURRING_PAYMENT:
            continue
        priced_anew = not answered and _is_priced_anew(folding, record)
        if record.ambiguous or inferred or priced_anew:
            folding.ask("subscription", record.name[2])


def _is_priced_anew(folding: Folding, record: Record) -> bool:
    """Tell whether the plan that prices a subscription was changed since its terms were stated."""
    plan = record.state.get("terms:plan")
    if plan is None or not record.touched or not folding.connection.get("has_api"):
        return False
    known = folding.get(("catalogue", folding.connection_id, "price", plan["plan_id"]))
    return known is not None and known["at"] > plan["as_of"]
