"""Paged jobs: what one event changes for many records, done record by record.

Each record is its own transaction and a page that was done already changes nothing, so a job may
be repeated, interrupted and run twice at once. Records written moments before may not be in an
index yet; jobs therefore run again a little later (see the processor).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.domain import contacts
from shared.domain.fold import settle
from shared.domain.fold_customers import Customers, entry_of, slice_of
from shared.domain.folding import Arrival, Folding, Habits, Plan
from shared.domain.observations import Parsed
from shared.domain.ports import Name, Reading, Store
from shared.domain.records import ORDER, RECURRING_PAYMENT, Record
from shared.domain.timeline import CUSTOMER

Job = Mapping[str, Any]

# What a job's own fold "says": nothing; the records themselves are what it goes through.
_SILENCE = Parsed(event_id="", event_type="", digest="", occurred_at=None, live=None)


def names_of(job: Job, store: Store) -> tuple[list[Name], str | None]:
    """Return the page of records a job has to go through, and the cursor of the next page."""
    cursor = job.get("cursor")
    if job["job"] == "refresh_customer":
        return store.of_customer(job["connection_id"], job["customer_id"], cursor)
    if job["job"] == "attach_contact":
        return store.waiting(job["email"], cursor)
    if job["job"] == "attach_record":
        return [(job["kind"], job["connection_id"], job["id"])], None
    return [("contact", job["contact_id"])], None


def fold_record(
    job: Job,
    name: Name,
    habits: Habits,
    reading: Reading,
    *,
    now: int,
    new_id: Callable[[], str],
) -> Plan:
    """Return what a job comes to for one record. Raise Missing for more reading."""
    connection_id = name[1]
    connection = reading.get(("connection", connection_id))
    if connection is None:
        return Plan("ignored")
    arrival = Arrival(
        provider=connection["provider"],
        connection_id=connection_id,
        received_at=now,
        body=b"",
        subject=job.get("subject"),
    )
    folding = Folding(reading, connection, habits, arrival, now, new_id)
    record = folding.record(name[0], name[2])
    if not record.known:
        return Plan("ignored")
    customers = Customers(folding, _SILENCE, now)
    if record.customer_id is not None:
        _refresh(record, customers)
    record.touched = record.touched or record.contact_id is None or job["job"] == "attach_record"
    steps = settle(folding, customers)
    if not record.changed() and record.contact_id == record.old_contact:
        return Plan("unchanged")
    return Plan("applied", steps, folding.messages)


def recount(
    contact_id: str, reading: Reading, records: list[Name], *, now: int, new_id: Callable[[], str]
) -> Plan:
    """Return the plan that sets a contact's dates from all its records. Raise Missing."""
    name: Name = ("contact", contact_id)
    reading.want([name, *records])
    stored = reading.get(name)
    if stored is None:
        return Plan("ignored")
    views = [(each[0], Record(each, reading, lambda *_: False, now).view) for each in records]
    ordered = [contacts.order_share(view).ordered for kind, view in views if kind == ORDER]
    started = [
        contacts.subscription_share(view).started
        for kind, view in views
        if kind == RECURRING_PAYMENT
    ]
    dates = {
        "first_order_date": min((each for each in ordered if each is not None), default=None),
        "last_order_date": max((each for each in ordered if each is not None), default=None),
        "first_start_date": min((each for each in started if each is not None), default=None),
    }
    contact = {**stored, **dates}
    if contact == stored:
        return Plan("unchanged")
    arrival = Arrival(provider="", connection_id="", received_at=now, body=b"")
    folding = Folding(reading, {}, Habits(False, frozenset()), arrival, now, new_id)
    folding.put(name, contact)
    return Plan("applied", folding.steps())


def _refresh(record: Record, customers: Customers) -> None:
    """Tell a record who its customer is now, if that is not what it shows.

    The newest word on a customer can turn out to be older than one thought newer: an earlier
    invoice may have said the same. Then what was told under the later time is taken back.
    """
    assert record.customer_id is not None  # noqa: S101  # the caller has asked
    customer = customers.get(record.customer_id)
    wanted = slice_of(customer, record.kind) if customer is not None else None
    if customer is None or not wanted or record.state.get(CUSTOMER) == wanted:
        return
    entry = entry_of(customer, record)
    entries = record.entries()
    mistaken = [each for each in entries if CUSTOMER in each.said and each.place > entry.place]
    for each in mistaken:
        del each.said[CUSTOMER]
        record.mend(each)
    if mistaken:
        record.retell(each for each in entries if each.said)
    record.add(entry)
