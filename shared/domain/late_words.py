"""What comes late of somebody who was erased: told from what came after, and kept without them.

Pure. An event that had occurred by the time of an erasure is folded for its money and dates alone:
whoever's email, customer or record it names is not brought back by it, and its body is not kept.
Whether any erasure is that new stands in the directory, which each fold reads anyhow; so what
occurred since pays nothing, and only a late event has the addresses in its body looked up.

    erased_at ──────┬──────────────────────────────>
      late event: at ≤ erased_at     purchase: at > erased_at, a new contact
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shared.domain import directory, erasure, naming, orders, times, trust
from shared.domain.envelope import ASKED_AT
from shared.domain.folding import Arrival
from shared.domain.observations import Facet, Parsed
from shared.domain.ports import Document, Name, Reading
from shared.domain.records import ORDER, RECURRING_PAYMENT, Record

# What is told of the past by who is asked about it now.
_LOOKED_BACK = frozenset({"history", trust.VERIFIED})
# What an API has answered is of the past as well, unless it is an event of a time of its own.
_ASKED = _LOOKED_BACK | {"fetched"}
_DATES = ("paid_date", "date", "created", "start_date", "created_date")


@dataclass(frozen=True, slots=True)
class Erased:
    """That an event is of somebody erased: what they were known by, and up to when (ms)."""

    until: int
    contact_id: str | None

    def over(self, record: Record) -> tuple[int, str | None]:
        """Return up to when words on a record are told without the person, and who they were.

        A sale that was paid is over: nothing that is said of it later is a purchase.
        """
        paid = record.kind == ORDER and orders.brings_money(record.view)
        return (times.LATEST if paid else self.until), self.contact_id


def moment(arrival: Arrival, parsed: Parsed) -> int:
    """Return when what an event tells has happened, in ms.

    Nothing happens after it was heard of. Who looks back tells, at any time, what is that old; an
    answer about a customer alone, what was so when they bought.
    """
    heard = arrival.received_at
    at = heard if parsed.occurred_at is None else min(parsed.occurred_at, heard)
    if not _looks_back(arrival, at):
        return at
    said = [*(each.facets for each in parsed.orders), *(e.facets for e in parsed.subscriptions)]
    dates = [date for facets in said for facet in facets.values() for date in _dates(facet)]
    return min(at, max(dates, default=int(arrival.headers.get(ASKED_AT, 0))))


def names(arrival: Arrival, parsed: Parsed, reading: Reading) -> Iterator[Name]:
    """Yield what tells whether an event is of somebody erased; nothing unless it is that old.

    The directory has to be read.
    """
    newest = directory.erased_at(reading.get(directory.NAME))
    if newest is not None and moment(arrival, parsed) <= newest:
        for address in sorted(_addresses(arrival)):
            yield erasure.name_of(erasure.hash_of(address))
            if arrival.source in _ASKED:
                yield ("email", address)


def of(
    arrival: Arrival, parsed: Parsed, customers: Collection[str], reading: Reading
) -> Erased | None:
    """Return whether an event is of somebody erased, None where it is not.

    `customers` are those it is about, by the store's ids. Raise Missing for more reading.
    """
    newest = directory.erased_at(reading.get(directory.NAME))
    if newest is None:
        return None
    at = moment(arrival, parsed)
    for name in _records(arrival, parsed, reading):
        told = (reading.get(name) or {}).get("erased")
        if told is not None and at <= told[0]:
            return Erased(newest if told[0] == times.LATEST else told[0], told[1])
    if at > newest:
        return None
    return _of_customer(arrival, at, customers, reading) or _of_address(arrival, at, reading)


def kept(
    arrival: Arrival, parsed: Parsed | None, customers: Collection[str], reading: Reading
) -> Arrival:
    """Return what may be kept of an event that is refused. Raise Missing for more reading."""
    if parsed is None:
        return arrival
    reading.want([directory.NAME])
    at = moment(arrival, parsed)
    reading.want(names(arrival, parsed, reading))
    newest = directory.erased_at(reading.get(directory.NAME))
    if newest is None or at > newest:
        return arrival
    reading.want(("customer", arrival.connection_id, each) for each in customers)
    found = _of_customer(arrival, at, customers, reading) or _of_address(arrival, at, reading)
    return arrival if found is None else arrival.without_body()


def _of_customer(
    arrival: Arrival, at: int, customers: Collection[str], reading: Reading
) -> Erased | None:
    for customer_id in customers:
        told = (reading.get(("customer", arrival.connection_id, customer_id)) or {}).get("erased")
        if told is not None and at <= told[0]:
            return Erased(*told)
    return None


def _looks_back(arrival: Arrival, at: int) -> bool:
    # Some providers' answers are dated to the second.
    dated = at // times.SECOND, arrival.received_at // times.SECOND
    answered = arrival.source == "fetched" and dated[0] >= dated[1]
    return answered or arrival.source in _LOOKED_BACK


def _of_address(arrival: Arrival, at: int, reading: Reading) -> Erased | None:
    newest = directory.erased_at(reading.get(directory.NAME))
    if newest is None or at > newest:
        return None
    marks: list[tuple[int, str | None]] = []
    for address in sorted(_addresses(arrival)):
        mark = reading.get(erasure.name_of(erasure.hash_of(address)))
        # Who looks back at somebody who has come again since speaks of them as they are now.
        back = arrival.source in _ASKED and reading.get(("email", address)) is not None
        if mark is not None and at <= mark["erased_at"] and not (back and at == 0):
            marks.append((mark["erased_at"], mark["contact_id"]))
    return Erased(*marks[0]) if marks else None


def _records(arrival: Arrival, parsed: Parsed, reading: Reading) -> Iterator[Name]:
    for subscription in parsed.subscriptions:
        yield (RECURRING_PAYMENT, arrival.connection_id, subscription.subscription_id)
    for order in parsed.orders:
        for ref in order.refs:
            found: Document | None = reading.get(("ref", arrival.connection_id, ref))
            if found is not None:
                yield (ORDER, arrival.connection_id, found["order_id"])


def _addresses(arrival: Arrival) -> set[str]:
    return naming.addresses_in(naming.texts_of(arrival.body))


def _dates(facet: Facet | None) -> Iterator[int]:
    for name in _DATES if facet else ():
        date = (facet or {}).get(name)
        if type(date) is int:
            yield date
