"""A store's customer while an event is folded: who they are, told to each of their records.

What a record shows of its customer (email, addresses, card) is a facet of the record, put there
when the record is first seen and, when the customer changes, by a job that pages through the
customer's records: one event never has to touch them all.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from shared.domain.observations import CatalogueSaid, CustomerSaid, Parsed
from shared.domain.orders import strongest
from shared.domain.ports import Document, Name
from shared.domain.records import ORDER, Record
from shared.domain.timeline import CUSTOMER, Entry, turn_of

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
        """Take what an event says of a customer: of each facet the newest observation stands."""
        customer = self.get(said.customer_id) or {"facets": {}}
        place = [self._at, said.rank, self._folding.arrival.received_at, self._parsed.event_id]
        place.append(self._parsed.event_type)
        facets = dict(customer["facets"])
        before = shown(customer)
        stored = False
        for name, facet in said.facets.items():
            if name == "payer":
                stored = _pay(facets, place, dict(facet)) or stored
            elif name not in facets or facets[name]["place"] < place:
                facets[name] = {"place": place, "value": dict(facet)}
                stored = True
        if not stored:
            return
        told = {**customer, "facets": facets}
        self._folding.put(self._name(said.customer_id), told)
        if shown(told) != before:
            self._folding.send_job("refresh_customer", customer_id=said.customer_id)

    def catalogue(self, said: CatalogueSaid) -> None:
        """Take what an event says of a price or product; records read it when they are read."""
        name = ("catalogue", self._folding.connection_id, said.kind, said.item_id)
        held = self._folding.get(name)
        if held is not None and held["at"] > self._at:
            return
        self._folding.put(name, {"at": self._at, "values": dict(said.values)})

    def join(self, record: Record) -> None:
        """Tell a record seen for the first time who its customer is, as far as that is known."""
        if record.customer_id is None or not record.touched:
            return
        customer = self.get(record.customer_id)
        if not record.known:
            # Were the customer changed meanwhile, the job that tells the customer's records might
            # not find this one yet.
            self._folding.rely_on(self._name(record.customer_id))
        if CUSTOMER in record.state:
            return
        if customer is not None and slice_of(customer, record.kind):
            record.add(entry_of(customer, record))
        elif customer is None and not record.known:
            self._folding.ask("customer", record.customer_id)

    def person(self, customer_id: str | None) -> dict[str, Any] | None:
        """Return what is known of a customer as a person."""
        customer = self.get(customer_id) if customer_id else None
        return shown(customer) if customer else None

    def _name(self, customer_id: str) -> Name:
        return ("customer", self._folding.connection_id, customer_id)


def shown(customer: Document) -> dict[str, Any]:
    """Return a customer's person and cards: the store's own record, an order's word for blanks."""
    facets = {name: each["value"] for name, each in customer["facets"].items()}
    payers = [each for name, each in customer["facets"].items() if name.startswith("payer:")]
    payer = max(payers, key=lambda each: each["place"])["value"] if payers else {}
    own = facets.get("customer") or {}
    person = {**payer, **{name: value for name, value in own.items() if value is not None}}
    methods = {
        name.removeprefix("method:"): facet["expires"]
        for name, facet in sorted(facets.items())
        if name.startswith("method:") and facet.get("expires")
    }
    return {**person, "methods": methods} if person or methods else {}


def _pay(facets: dict[str, Any], place: list[Any], person: dict[str, Any]) -> bool:
    """Keep what an order says of its payer, under the time it was first said.

    Every invoice repeats it, so a repetition must cost no write; the latest *new* word stands, and
    that does not depend on arrival either.
    """
    text = json.dumps(person, sort_keys=True, separators=(",", ":"))
    name = f"payer:{sha256(text.encode()).hexdigest()[:12]}"
    if name in facets and facets[name]["place"] <= place:
        return False
    facets[name] = {"place": place, "value": person}
    return True


def slice_of(customer: Document, kind: str) -> dict[str, Any]:
    """Return the part of a customer that a record of this kind shows."""
    person = shown(customer)
    names = (
        ("email",)
        if kind == ORDER
        else ("email", "billing_address", "shipping_address", "payment_method", "methods")
    )
    return {name: person.get(name) for name in names if person.get(name)}


def entry_of(customer: Document, record: Record) -> Entry:
    """Return the entry that tells a record of its customer, at the customer's own newest place."""
    at, rank, received_at, event_id, event_type = max(
        facet["place"] for facet in customer["facets"].values()
    )
    return Entry(
        at=at,
        rank=rank,
        event_id=event_id,
        event_type=event_type,
        received_at=received_at,
        said={CUSTOMER: slice_of(customer, record.kind)},
        turn=turn_of([CUSTOMER]),
        refs=(strongest(record.refs),) if record.refs else (),
    )
