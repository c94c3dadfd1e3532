"""Paged jobs: what one event changes for many records, done record by record.

Each record is its own transaction and a page that was done already changes nothing, so a job may
be repeated, interrupted and run twice at once. Records written moments before may not be in an
index yet; jobs therefore run again a little later (see the processor).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shared.domain import contacts, fold_contacts
from shared.domain.customers import digest, entries_for
from shared.domain.errors import Retryable
from shared.domain.fold import settle
from shared.domain.fold_customers import Customers
from shared.domain.folding import Arrival, Folding, Habits, Plan
from shared.domain.observations import Parsed
from shared.domain.ports import Check, Name, Reading, Store, Write
from shared.domain.records import ORDER, RECURRING_PAYMENT, Record
from shared.domain.timeline import CUSTOMER, Entry
from shared.domain.twins import Twins

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
    if job["job"] in ("attach_record", "pair"):
        return [(job["record"], job["connection_id"], job["id"])], None
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
    arrival = _arrival(job, connection_id, connection["provider"], now)
    folding = Folding(reading, connection, habits, arrival, now, new_id)
    record = folding.record(name[0], name[2])
    if not record.known:
        return Plan("ignored")
    customers = Customers(folding, _SILENCE, now)
    if job["job"] == "pair":
        return _paired(folding, record, customers)
    if record.customer_id is not None:
        _refresh(record, customers)
        again = job["job"] == "refresh_customer" and job.get("again")
        if again and not (record.touched or _is_unmatched(record, customers)):
            return Plan("unchanged")  # as the first run has left it
    record.touched, record.attaches = True, job["job"] == "attach_record"
    steps = settle(folding, customers, Twins(folding))
    same = record.contact_id == record.old_contact and not record.standing.has_changed
    if same and not record.changed():
        # At most what was blank of its contact; and only if the record is still as it was read.
        steps = [*folding.steps(), Check(name, record.version)]
    if not any(isinstance(step, Write) for step in steps):
        return Plan("unchanged")
    return Plan("applied", steps, folding.messages)


def attach_activity(job: Job, reading: Reading, *, now: int, new_id: Callable[[], str]) -> Plan:
    """Return the plan that gives an address's contact what was done by it. Raise Missing."""
    folding = _nobodys(job, reading, now, new_id)
    fold_contacts.attach(folding, job["email"])
    steps = folding.steps()
    return Plan("applied" if steps else "unchanged", steps, folding.messages)


def recount(
    job: Job, reading: Reading, records: list[Name], *, now: int, new_id: Callable[[], str]
) -> Plan:
    """Return the plan that sets a contact's dates from all its records, as an index lists them.

    Raise Missing for reading. While the index is behind nothing is changed; the job that runs
    `again` a little later raises Retryable, because nobody comes after it.
    """
    name: Name = ("contact", job["contact_id"])
    reading.want([name, *records])
    stored = reading.get(name)
    if stored is None:
        return Plan("ignored")
    opened = [Record(each, reading, lambda *_: False, now) for each in records]
    mine = [each for each in opened if each.contact_id == job["contact_id"]]
    theirs = [each for each in mine if each.standing.counts]
    shares = [contacts.order_share(each.view) for each in theirs if each.kind == ORDER]
    if sum(each.orders for each in shares) != stored["orders_count"]:
        if job.get("again"):
            raise Retryable("the index does not list all orders of the contact yet")
        return Plan("unchanged")
    ordered = [each.ordered for each in shares]
    started = [
        contacts.subscription_share(each.view).started
        for each in theirs
        if each.kind == RECURRING_PAYMENT
    ]
    dates = {
        "first_order_date": min((each for each in ordered if each is not None), default=None),
        "last_order_date": max((each for each in ordered if each is not None), default=None),
        "first_start_date": min((each for each in started if each is not None), default=None),
    }
    contact = {**stored, **dates}
    if contact == stored:
        return Plan("unchanged")
    folding = _nobodys(job, reading, now, new_id)
    folding.put(name, contact)
    return Plan("applied", folding.steps())


def _nobodys(job: Job, reading: Reading, now: int, new_id: Callable[[], str]) -> Folding:
    """Return a fold of contacts alone, which are no connection's."""
    arrival = _arrival({}, "", "", now)
    return Folding(reading, {}, Habits(False, frozenset()), arrival, now, new_id)


def _arrival(job: Job, connection_id: str, provider: str, now: int) -> Arrival:
    """Return what stands for the event that a job is not."""
    subject = job.get("subject")
    return Arrival(provider, connection_id, received_at=now, body=b"", subject=subject)


def _paired(folding: Folding, record: Record, customers: Customers) -> Plan:
    """Return what it comes to that another connection may report a record's sale as well."""
    steps = settle(folding, customers, Twins(folding, {record.name}))
    if not any(isinstance(step, Write) for step in steps):
        return Plan("unchanged")
    if not record.touched:
        steps.append(Check(record.name, record.version))
    return Plan("applied", steps, folding.messages)


def _is_unmatched(record: Record, customers: Customers) -> bool:
    """Tell whether a record of somebody erased has nobody yet: their words alone do not tell.

    The index may not have listed it when the job ran first.
    """
    customer = customers.get(record.customer_id) if record.customer_id else None
    return record.old_contact is None and bool((customer or {}).get("erased"))


def _refresh(record: Record, customers: Customers) -> None:
    """Tell a record who its customer was at any time, where it has been told otherwise.

    A word on a customer that comes late moves others: what was told under a later time, or in
    ignorance of it, is taken back. A record that was told the very same, or all but a newest word,
    need not be read for that.
    """
    assert record.customer_id is not None  # noqa: S101  # the caller has asked
    customer = customers.get(record.customer_id)
    if customer is None:
        return
    words = entries_for(customer, record)
    if record.told_customer == digest(words):
        return
    if words and record.told_customer == digest(words[:-1]):
        record.add(words[-1])
    else:
        _tell_anew(record, words)
    record.told_customer = digest(words)


def _tell_anew(record: Record, words: Iterable[Entry]) -> None:
    wanted = {entry.place: entry for entry in words}
    entries = record.entries()
    kept = []
    for each in entries:
        told = wanted.get(each.place) if CUSTOMER in each.said else None
        if CUSTOMER in each.said:
            if told is None:
                continue
            del wanted[each.place]
            if (each.said, each.before) != (told.said, told.before):
                each.said, each.before = told.said, told.before
                record.mend(each)
        kept.append(each)
    if wanted or len(kept) < len(entries) or record.changed():
        record.retell([*kept, *wanted.values()])
