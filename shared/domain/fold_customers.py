"""A store's customer while an event is folded: who they are, told to each of their records.

What a record shows of its customer (email, addresses, card) is a facet of the record, put there
when the record is first seen and, when the customer changes, by a job that pages through the
customer's records: one event never has to touch them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from shared.domain import customers, personal
from shared.domain.late_words import Erased
from shared.domain.observations import CatalogueSaid, CustomerSaid, Parsed
from shared.domain.ports import Document, Name
from shared.domain.records import Record
from shared.domain.timeline import CUSTOMER, Entry

if TYPE_CHECKING:
    from shared.domain.folding import Folding

Event = tuple[str, str]  # its id, its type


class Customers:
    """The customers an event speaks of or its records belong to."""

    def __init__(self, folding: Folding, parsed: Parsed, at: int) -> None:
        self._folding = folding
        self._parsed = parsed
        self._at = at

    def get(self, customer_id: str) -> Document | None:
        """Return the customer as this fold has left it so far. Raise Missing if not read."""
        return self._folding.get(self._name(customer_id))

    def say(self, said: CustomerSaid) -> None:
        """Take what an event says of a customer, at its place among all that was said of them."""
        known = self.get(said.customer_id)
        if known is not None and said.at is not None and customers.knows_payer(known, said.at):
            return
        told, guessed = customers.hear(known, self._word(said))
        if self._keep(said.customer_id, known, told) and guessed and "customer" in said.facets:
            self._folding.ask("customer", said.customer_id)

    def say_instead(self, customer_id: str, said: Iterable[CustomerSaid], event: Event) -> None:
        """Take what an event says of a customer in place of what it said before."""
        known = self.get(customer_id)
        words = [self._word(each) for each in said if each.customer_id == customer_id]
        rest = [row for row in (known or {}).get("said", ()) if tuple(row["place"][3:5]) != event]
        told: Document = {**(known or {}), "said": rest}
        for word in words:
            told, _ = customers.hear(told, word)
        if (known is not None or words) and _words(told) != _words(known or {}):
            self._keep(customer_id, known, told)

    def _word(self, said: CustomerSaid) -> Entry:
        return Entry(
            at=self._at if said.at is None else said.at,
            rank=said.rank,
            event_id=self._parsed.event_id,
            event_type=self._parsed.event_type,
            received_at=self._folding.arrival.received_at,
            said={name: dict(facet) for name, facet in said.facets.items()},
            before={name: dict(facet) for name, facet in (said.before or {}).items()},
            historical=self._folding.historical,
        )

    def _keep(self, customer_id: str, known: Document | None, told: Document) -> bool:
        """Keep a customer as they are told now; False where that is how they were known."""
        if known is not None and told["said"] == known["said"]:
            return False
        self._folding.put(self._name(customer_id), told)
        # Of a customer nobody has heard of, no record is: the first one would have left word.
        if known is not None and _told(told) != _told(known):
            self._folding.send_job("refresh_customer", customer_id=customer_id)
        return True

    def catalogue(self, said: CatalogueSaid) -> None:
        """Take what an event says of a price or product; records read it when they are read."""
        name = ("catalogue", self._folding.connection_id, said.kind, said.item_id)
        held = self._folding.get(name)
        if held is not None and (held["at"], held["rank"]) > (self._at, said.rank):
            return
        about = {"at": self._at, "rank": said.rank, "values": dict(said.values)}
        if held is not None and {key: held[key] for key in about} == about:
            return
        self._folding.put(name, about)

    def join(self, record: Record) -> None:
        """Tell a record whose customer is new to it who that is, as far as that is known."""
        if record.customer_id is None or not record.touched:
            return
        customer = self.get(record.customer_id)
        if customer is not None and customer.get("erased"):
            _forget(record, Erased(*customer["erased"]))
        fresh = record.head.get("customer_id") != record.customer_id
        if fresh and customer is None:
            # Word for whoever tells of the customer, that there are records to be told.
            self._folding.put(self._name(record.customer_id), {"said": []})
        elif fresh:
            # Were the customer changed meanwhile, the job that tells the customer's records might
            # not find this one yet.
            self._folding.rely_on(self._name(record.customer_id))
        if CUSTOMER in record.state:
            return
        told = customers.entries_for(customer, record) if customer is not None else []
        for entry in told:
            record.add(entry)
        record.told_customer = customers.digest(told)
        if fresh and not (customer and customer["said"]):
            self._folding.ask("customer", record.customer_id, **self._since(customer))

    def _since(self, customer: Document | None) -> dict[str, str]:
        """Return when somebody erased bought again: their answer tells no time of its own."""
        if customer is None or not customer.get("erased"):
            return {}
        return {"asked_at": str(min(self._at, self._folding.arrival.received_at))}

    def person(self, customer_id: str | None, since: int | None = None) -> dict[str, Any] | None:
        """Return what is known of a customer as a person, by words since a time (ms) alone."""
        customer = self.get(customer_id) if customer_id else None
        if customer is not None and since is not None:
            customer = personal.bare_customer(customer, since)
        return customers.shown(customer) if customer else None

    def _name(self, customer_id: str) -> Name:
        return ("customer", self._folding.connection_id, customer_id)


def _forget(record: Record, erased: Erased) -> None:
    """Have a record of somebody erased know it, if nothing newer has been said of it."""
    newest = record.newest
    if newest is not None and min(newest[0], newest[3]) <= erased.until:
        record.standing.erase(*erased.over(record))


def _words(customer: Document) -> list[dict[str, Any]]:
    """Return what was said of a customer, whether it was imported or not."""
    return [{**row, "historical": False} for row in customer.get("said", ())]


def _told(customer: Document) -> list[tuple[Any, dict[str, Any]]]:
    return [(row["place"], person) for row, person in customers.history(customer)]
