"""What must hold of a run, by what was sent and what came out; nothing of how it came about.

What came out is what the product's API answers (`observer`). What must come out is a run of the
very same events in order, one at a time, without a fault; and that, in revenue and statuses, what
the story itself says. So the oracle cannot share a mistake of ordering, repeating or losing with
the run it judges.

The table is read where no answer tells: which events were recorded, and in which turn (markers);
orders that are in nobody's page; and, after every step, that sums add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from functions.query.records import goods_of, shown
from shared.adapters.documents import to_document
from shared.adapters.table import Table, name_of
from shared.domain import contacts, orders, rendering, times
from shared.domain.envelope import EventEnvelope, read_message
from shared.domain.ports import Name
from shared.providers import stripe
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.observer import Observer
from tests.simulation.sqs.message import Message
from tests.simulation.stories import Story
from tests.simulation.world import World

Marker = tuple[str, str]  # an event's id and type
# Made up by each run, or set when it ran.
_OWN = ("contact_id", "created_date", "version")


@dataclass
class Outcome:
    """All records with their histories, and all contacts that have any; and what was refused."""

    records: dict[Name, Mapping[str, Any]] = field(default_factory=dict)
    histories: dict[Name, list[Any]] = field(default_factory=dict)
    owners: dict[Name, str | None] = field(default_factory=dict)
    contacts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    quarantine: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def refused(self) -> set[Marker]:
        """The events that were refused."""
        return {(row["event_id"], row["event_type"]) for row in self.quarantine}


def outcome(world: World, addresses: Iterable[str]) -> Outcome:
    """Return what a run has come to, as told of whoever has one of these addresses, and nobody."""
    observer = Observer(world)
    found = Outcome(quarantine=list(observer.listed("/v1/quarantine")))
    for person in observer.people(addresses):
        contact = person["contact"]
        for payment in person["recurring_payments"]:
            name = ("recurring_payment", payment["connection_id"], _id_of(payment))
            _take(found, name, payment, contact["email"])
        for order in person["orders"]:
            _take(found, ("order", order["connection_id"], _id_of(order)), order, contact["email"])
        if person["recurring_payments"] or person["orders"] or contact["orders_count"]:
            found.contacts[contact["email"]] = _shown(contact)
    _add_nobodys(found, observer, world)
    return found


def _id_of(record: Mapping[str, Any]) -> str:
    return str(record.get("order_id") or record["store_recurring_payment_id"])


def _take(found: Outcome, name: Name, record: Mapping[str, Any], owner: str | None) -> None:
    """Note a record with its history, as the API tells both."""
    found.records[name] = _shown(record)
    found.owners[name] = owner
    found.histories[name] = [
        (
            times.from_text(told["occurred_date"]),
            told["kind"],
            [(each["field"], each["from"], each["to"]) for each in told["changes"]],
        )
        for told in record["history"]
    ]


def _shown(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in told if name not in (*_OWN, "history")}


def _add_nobodys(found: Outcome, observer: Observer, world: World) -> None:
    """Add the records that are in nobody's page; no answer shows an order that is nobody's.

    What of them there is to ask for, and those orders, are read off the table.
    """
    table = Table(world.dynamodb.schema.name, world.dynamodb)
    items = world.dynamodb.items()
    heads = [name_of(item["pk"]["S"]) for item in items if item["sk"]["S"] == "HEAD"]
    names = [name for name in heads if name not in found.records]
    for kind, connection_id, record_id in names:
        if kind == "recurring_payment":
            told = observer.get(f"/v1/recurring-payments/{connection_id}/{record_id}")
            if told is not None:
                _take(found, (kind, connection_id, record_id), told, None)
    unowned = shown([name for name in names if name[0] == "order"], store=table)
    goods = goods_of(unowned, store=table)
    for each in unowned:
        history = rendering.history(table.history(each.name))
        order = rendering.order(each.name, each.head, each.view, goods)
        _take(found, each.name, {**order, "history": history}, None)


def untruths(found: Outcome, story: Story) -> Iterator[str]:
    """Yield, in words, where a run came to something else than the story itself says."""
    revenue: dict[str, Decimal] = defaultdict(Decimal)
    for contact in found.contacts.values():
        for held in contact["revenue"]:
            revenue[held["currency"]] += Decimal(held["amount"])
    statuses = {
        name[2]: record["status"]
        for name, record in found.records.items()
        if name[0] == "recurring_payment"
    }
    if story.revenue is not None and _earned(revenue) != _earned(story.revenue):
        yield f"revenue is {_earned(revenue)}, not {_earned(story.revenue)}"
    if story.statuses is not None and statuses != story.statuses:
        yield f"statuses are {statuses}, not {dict(story.statuses)}"


def _earned(revenue: Mapping[str, Decimal]) -> dict[str, str]:
    return {code: f"{amount.normalize():f}" for code, amount in sorted(revenue.items()) if amount}


def without(found: Outcome, *fields: str) -> dict[Name, Mapping[str, Any]]:
    """Return the records of an outcome without some of their fields."""
    return {
        name: {field: value for field, value in record.items() if field not in fields}
        for name, record in found.records.items()
    }


def differences(found: Outcome, wanted: Outcome) -> Iterator[str]:
    """Yield, in words, where a run came to something else than it should have."""
    for part in ("records", "histories", "owners", "contacts"):
        left, right = getattr(found, part), getattr(wanted, part)
        for key in sorted(left.keys() | right.keys()):
            if key not in left:
                yield f"{part}: {key} is missing"
            elif key not in right:
                yield f"{part}: {key} should not be there"
            elif left[key] != right[key]:
                yield f"{part}: {key}: {_contrast(left[key], right[key])}"


def _contrast(found: Any, wanted: Any) -> str:
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        names = sorted(n for n in found.keys() | wanted.keys() if found.get(n) != wanted.get(n))
        return ", ".join(f"{n} {found.get(n)!r}, not {wanted.get(n)!r}" for n in names)
    if isinstance(found, list) and isinstance(wanted, list):
        extra = [each for each in found if each not in wanted]
        lacking = [each for each in wanted if each not in found]
        return f"has {extra}, lacks {lacking}"
    return f"{found!r}, not {wanted!r}"


def marker_of(message: Message) -> Marker | None:
    """Return which event a queue message carries; None for a job, or for what is no event."""
    envelope = read_message(message.body)
    if not isinstance(envelope, EventEnvelope):
        return None
    parsed = stripe.parse(envelope.body(), {})
    return parsed.event_id, parsed.event_type


def markers(dynamodb: FakeDynamoDB) -> dict[Marker, int]:
    """Return every event that was recorded, with its turn; raise if one was recorded twice."""
    turns: dict[Marker, int] = {}
    for turn, record in enumerate(dynamodb.stream_records()):
        keys = record["dynamodb"]["Keys"]
        if keys["sk"]["S"] != "EVENT":
            continue
        _, _, event_id, event_type = keys["pk"]["S"].split("#")
        assert record["eventName"] == "INSERT", f"{event_id} was recorded again"
        turns[event_id, event_type] = turn
    return turns


def overtaken(accepted: Iterable[Message], turns: Mapping[Marker, int]) -> dict[Marker, str]:
    """Return the events recorded after one that their group's queue had taken in later."""
    groups: dict[str, list[Marker]] = defaultdict(list)
    for message in accepted:
        marker = marker_of(message)
        if marker is not None and marker in turns and marker not in groups[message.group]:
            groups[message.group].append(marker)
    late: dict[Marker, str] = {}
    for group, waiting in groups.items():
        earliest = float("inf")
        for marker in reversed(waiting):
            if turns[marker] > earliest:
                late[marker] = group
            earliest = min(earliest, turns[marker])
    return late


class Sums:
    """A watch of the table: after every step a contact's sums are those of the orders of theirs."""

    def __init__(self, dynamodb: FakeDynamoDB) -> None:
        self._dynamodb = dynamodb
        self._seen = 0
        self._shares: dict[str, tuple[str | None, str | None, int, int]] = {}
        self._contacts: dict[str, Mapping[str, Any]] = {}

    def check(self) -> None:
        """Raise AssertionError where a sum is not what its orders add up to."""
        fresh = self._dynamodb.stream_records(self._seen)
        if not fresh:
            return
        self._seen += len(fresh)
        for record in fresh:
            self._take(record)
        sums: dict[str, dict[str | None, tuple[int, int]]] = defaultdict(dict)
        for owner, currency, count, net in self._shares.values():
            if owner is not None and count:
                counted, money = sums[owner].get(currency, (0, 0))
                sums[owner][currency] = (counted + count, money + net)
        for contact_id, contact in self._contacts.items():
            told = {c: (held["orders"], held["net"]) for c, held in contact["revenue"].items()}
            assert told == sums[contact_id], f"{contact['email']} has {told}, {sums[contact_id]}"

    def _take(self, record: Mapping[str, Any]) -> None:
        change = record["dynamodb"]
        pk, sk = change["Keys"]["pk"]["S"], change["Keys"]["sk"]["S"]
        if sk == "CONTACT" and "NewImage" not in change:  # somebody was erased
            self._contacts.pop(to_document(change["OldImage"])["contact_id"], None)
        if sk not in ("HEAD", "CONTACT") or "NewImage" not in change:
            return
        document = to_document(change["NewImage"])
        before = int(change["OldImage"]["v"]["N"]) if "OldImage" in change else 0
        assert document["version"] == before + 1, f"{pk} went from {before} to {document}"
        if sk == "CONTACT":
            self._contacts[document["contact_id"]] = document
        elif pk.startswith("ORDER#"):
            gone = document.get("merged_into")
            share = contacts.order_share(None if gone else orders.show(document["facets"]))
            owner = document.get("contact_id")
            self._shares[pk] = (owner, share.currency, share.orders, share.net)
