"""A store's customer: every word that changed what is known of them, in order of time.

Pure. Events about a customer arrive late and twice like all others, so a customer is replayed
like a record: their document keeps the words that changed something, and what a record showed of
its customer at any time follows from them, whatever came first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from shared.domain import emails, times
from shared.domain.observations import Facet
from shared.domain.orders import strongest
from shared.domain.ports import Document
from shared.domain.records import ORDER, Record
from shared.domain.timeline import CUSTOMER, Entry, Rules, replay, turn_of

# More changes of address or card than anybody's records need to tell of.
_REMEMBERED = 40
# Nothing of a customer shows but through their records.
_RULES = Rules(lambda _: None, dict, lambda *_: [], lambda *_: False, chained=True)
_SHOWN = {
    ORDER: ("email",),
    "recurring_payment": (
        "email",
        "billing_address",
        "shipping_address",
        "payment_method",
        "methods",
    ),
}

Person = dict[str, Any]


def hear(customer: Document | None, word: Entry) -> tuple[dict[str, Any], bool]:
    """Return the customer with one more word at its place, and whether the order was a guess."""
    entries = [_entry(row) for row in (customer or {}).get("said", ())]
    same = next((each for each in entries if each.place == word.place), None)
    if same is None:
        entries.append(word)
    else:
        same.said |= word.said
    told = replay(entries, _RULES)
    kept = list(_telling([step.entry for step in told.told]))
    while len(kept) > _REMEMBERED:
        kept[1].said = {**kept[0].said, **kept[1].said}
        del kept[0]
    return {**(customer or {}), "said": [_row(each) for each in kept]}, told.ambiguous


def knows_payer(customer: Document, at: int) -> bool:
    """Tell whether an order has named the customer as its payer at `at` (ms) or since.

    History comes the newest first: what older orders said in their time shows nowhere any more.
    """
    return any("payer" in row["said"] and row["place"][0] >= at for row in customer["said"])


def says_since(customer: Document, email: str, since: int) -> bool:
    """Tell whether a customer was said to have an address by a word since then (ms)."""
    return any(
        facet.get("email") is not None and emails.normalise(facet["email"]) == email
        for row in customer["said"]
        if min(row["place"][0], row["place"][2]) > since
        for facet in row["said"].values()
    )


def history(customer: Document) -> Iterator[tuple[Mapping[str, Any], Person]]:
    """Yield each row that changed what is known of a customer, with what is known since."""
    state: dict[str, Facet] = {}
    before: Person = {}
    for row in customer["said"]:
        state |= row["said"]
        person = _person(state)
        if person != before:
            yield row, person
        before = person


def shown(customer: Document) -> Person:
    """Return a customer's person and cards: the store's own record, an order's word for blanks."""
    state: dict[str, Facet] = {}
    for row in customer["said"]:
        state |= row["said"]
    return _person(state)


def entries_for(customer: Document, record: Record) -> list[Entry]:
    """Return the entries that tell a record of its customer, each where that was said.

    A customer of whom nothing is known any more stays to their records as they were.
    """
    entries: list[Entry] = []
    known: Person = {}
    # A sale that is over is nobody's any more, whatever is said of its customer since.
    over = record.standing.erased_until == times.LATEST
    since = (customer.get("erased") or (0,))[0]
    # Of whom the address was forgotten, its blank keeps the words around it in their order.
    blank: Person = {"email": None} if since else {}
    for row, person in history(customer):
        if over and row["place"][0] > since:
            continue
        part = blank | {name: person[name] for name in _SHOWN[record.kind] if person.get(name)}
        if not part or part == known:
            continue
        entry = _entry(row)
        entry.said, entry.turn = {CUSTOMER: part}, turn_of([CUSTOMER])
        entry.before = {CUSTOMER: known} if entry.before and known else {}
        entry.refs = (strongest(record.refs),) if record.refs else ()
        entries.append(entry)
        known = part
    return entries


def digest(entries: Sequence[Entry]) -> str:
    """Return what tells these entries from all others: that a record has them need not be read."""
    told = [[each.place, each.said, each.before] for each in entries]
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _person(state: Mapping[str, Facet]) -> Person:
    own = state.get("customer") or {}
    stated = {name: value for name, value in own.items() if value is not None}
    person = {**(state.get("payer") or {}), **stated}
    methods = {
        name.removeprefix("method:"): facet["expires"]
        for name, facet in sorted(state.items())
        if name.startswith("method:") and facet.get("expires")
    }
    return {**person, "methods": methods} if person or methods else {}


def _telling(told: Sequence[Entry]) -> Iterator[Entry]:
    """Yield what must be kept of a customer's words.

    Every invoice names its payer and every update the whole person, so most is repetition. Of a
    payer the first time counts: an invoice keeps the address it was finalised with. Of the rest
    both ends of a stretch of equal words stay, as another word may still turn up in between.
    """
    for index, entry in enumerate(told):
        said = {n: v for n, v in entry.said.items() if not _is_repetition(told, index, n)}
        if said:
            yield replace(entry, said=said)


def _is_repetition(told: Sequence[Entry], index: int, name: str) -> bool:
    value = told[index].said[name]
    earlier = [each.said[name] for each in told[:index] if name in each.said]
    if name == "payer":
        return value in earlier
    later = next((each.said[name] for each in told[index + 1 :] if name in each.said), None)
    return bool(earlier) and earlier[-1] == value == later


def _row(entry: Entry) -> dict[str, Any]:
    place = [entry.at, entry.rank, entry.received_at, entry.event_id, entry.event_type]
    row: dict[str, Any] = {"place": place, "said": entry.said}
    if entry.before:
        row["before"] = entry.before
    if entry.historical:
        row["historical"] = True
    return row


def _entry(row: Mapping[str, Any]) -> Entry:
    at, rank, received_at, event_id, event_type = row["place"]
    return Entry(
        at=at,
        rank=rank,
        event_id=event_id,
        event_type=event_type,
        received_at=received_at,
        said=dict(row["said"]),
        before=dict(row.get("before") or {}),
        historical=bool(row.get("historical")),
    )
