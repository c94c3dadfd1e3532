"""A store's customer while an event is folded: who they are, told to each of their records.

What a record shows of its customer (email, addresses, card) is a facet of the record, put there
when the record is first seen and, when the customer changes, by a job that pages through the
customer's records: one event never has to touch them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain import customers
from shared.domain.observations import CatalogueSaid, CustomerSaid, Parsed
from shared.domain.ports import Document, Name
from shared.domain.records import Record
from shared.domain.timeline import CUSTOMER, Entry

if TYPE_CHECKING:
    from shared.domain.folding import Folding


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
        word = Entry(
            at=self._at,
            rank=said.rank,
            event_id=self._parsed.event_id,
            event_type=self._parsed.event_type,
            received_at=self._folding.arrival.received_at,
            said={name: dict(facet) for name, facet in said.facets.items()},
            before={name: dict(facet) for name, facet in (said.before or {}).items()},
            historical=self._folding.historical,
        )
        known = self.get(said.customer_id)
        told, guessed = customers.hear(known, word)
        if known is not None and told["said"] == known["said"]:
            return
        self._folding.put(self._name(said.customer_id), told)
        if guessed and "customer" in said.facets:
            self._folding.ask("customer", said.customer_id)
        # Of a customer nobody has heard of, no record is: the first one would have left word.
        if known is not None and _told(told) != _told(known):
            self._folding.send_job("refresh_customer", customer_id=said.customer_id)

    def catalogue(self, said: CatalogueSaid) -> None:
        """Take what an event says of a price or product; records read it when they are read."""
        name = ("catalogue", self._folding.connection_id, said.kind, said.item_id)
        held = self._folding.get(name)
        if held is not None and (held["at"], held["rank"]) > (self._at, said.rank):
            return
        about = {"at": self._at, "rank": said.rank, "values": dict(said.values)}
        self._folding.put(name, about)

    def join(self, record: Record) -> None:
        """Tell a record whose customer is new to it who that is, as far as that is known."""
        if record.customer_id is None or not record.touched:
            return
        customer = self.get(record.customer_id)
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
            self._folding.ask("customer", record.customer_id)

    def person(self, customer_id: str | None) -> dict[str, Any] | None:
        """Return what is known of a customer as a person."""
        customer = self.get(customer_id) if customer_id else None
        return customers.shown(customer) if customer else None

    def _name(self, customer_id: str) -> Name:
        return ("customer", self._folding.connection_id, customer_id)


def _told(customer: Document) -> list[tuple[Any, dict[str, Any]]]:
    return [(row["place"], person) for row, person in customers.history(customer)]
