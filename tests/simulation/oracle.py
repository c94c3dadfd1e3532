"""What must hold of a run, by what was sent and what came out; nothing of how it came about.

What came out is the table as its readers see it, and its stream as `fire_triggers` will read it.
What must come out is a run of the very same events in order, one at a time, without a fault. So
the oracle cannot share a mistake of ordering, repeating or losing with the run it judges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.documents import to_document
from shared.adapters.table import name_of
from shared.domain import contacts, orders, recurring_payments
from shared.domain.envelope import EventEnvelope, read_message
from shared.domain.ports import Name
from shared.providers import stripe
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.sqs.message import Message

Marker = tuple[str, str]  # an event's id and type
_SHOW = {"recurring_payment": recurring_payments.show, "order": orders.show}
# Made up by each run, or set when it ran.
_OWN = ("contact_id", "created_date", "version")
_ENDED = ("orders_count", "kept_orders", "first_start_date")


@dataclass
class Outcome:
    """All records with their histories, and all contacts that have any."""

    records: dict[Name, Mapping[str, Any]] = field(default_factory=dict)
    histories: dict[Name, list[Any]] = field(default_factory=dict)
    owners: dict[Name, str | None] = field(default_factory=dict)
    contacts: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def outcome(dynamodb: FakeDynamoDB) -> Outcome:
    """Return what a run has come to."""
    heads, entries, people = _read(dynamodb)
    emails = {each["contact_id"]: each["email"] for each in people}
    found = Outcome()
    for name, head in heads.items():
        view = None if head.get("merged_into") else _SHOW[name[0]](head["facets"])
        if view is not None:
            found.records[name] = view
            found.owners[name] = emails.get(head["contact_id"])
            found.histories[name] = _history(entries[name])
    for contact in people:
        if any(contact[name] for name in _ENDED):
            shown = {name: value for name, value in contact.items() if name not in _OWN}
            found.contacts[contact["email"]] = shown
    return found


def _read(dynamodb: FakeDynamoDB) -> tuple[dict[Name, Any], dict[Name, list[Any]], list[Any]]:
    """Return the heads, the entries of each record, and the contacts."""
    heads: dict[Name, Any] = {}
    entries: dict[Name, list[Any]] = defaultdict(list)
    people: list[Any] = []
    for item in dynamodb.items():
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if sk == "HEAD":
            heads[name_of(pk)] = to_document(item)
        elif sk.startswith("AT#"):
            entries[name_of(pk)].append(to_document(item)["entry"])
        elif sk == "CONTACT":
            people.append(to_document(item))
    return heads, entries, people


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


def _history(entries: list[Any]) -> list[Any]:
    """Return a record's transitions in order, whichever of a moment's events they are noted at."""
    told = sorted((each for each in entries if each.kind), key=lambda each: each.place)
    return [
        (each.at, each.kind, [(c.field, c.before, c.after) for c in each.changes]) for each in told
    ]


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
    """A watch: after every step each contact's sums are those of the orders that are theirs."""

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
