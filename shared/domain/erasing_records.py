"""A record of somebody who is erased: its money, dates and statuses, without who it was.

Pure. Entry by entry and facet by facet, with no transition told anew: what was announced stays as
it was, and sets nothing off. What was said since the erasure stays too, unless the record is a sale
that was over by then: of such one nothing that is said later is a purchase.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from shared.domain import emails, naming, orders, personal, recurring_payments, times
from shared.domain.erasing import Person
from shared.domain.ports import Check, Document, Name, Write
from shared.domain.records import ORDER
from shared.domain.timeline import Entry

# Transactions stay under 100 items, and the head's is one of them.
_AT_ONCE = 90


def is_theirs(person: Person, name: Name, head: Document) -> bool:
    """Tell whether a head may name somebody still: theirs, or with their address in it."""
    if head.get("merged_into"):
        return False
    until = (head.get("erased") or (0,))[0]
    if person.owns(head.get("contact_id")) and until < person.until:
        return True
    return person.is_named(head.get("email"), head.get("customer_id"), head.get("facets"))


def owns(person: Person, head: Document) -> bool:
    """Tell whether a record is somebody's as a whole: their contact's, or of their address."""
    named = [head.get("email"), head.get("customer_id")]
    return person.owns(head.get("contact_id")) or person.is_named(named)


def is_of_theirs(person: Person, entry: Entry) -> bool:
    """Tell whether an entry tells something of somebody that it is not to tell any more."""
    if personal.moment(entry) > person.until or personal.bare_entry(entry) == entry:
        return False
    changed = [[each.before, each.after] for each in entry.changes]
    return person.owns(entry.contact_id) or person.is_named(entry.said, entry.before, changed)


def bared(
    person: Person, name: Name, head: Document, entries: Sequence[Entry]
) -> list[list[Write | Check]]:
    """Return the commits that leave a record without the person, none where it is so already.

    All are made on the head's version, and the head itself comes last: what a crash leaves undone
    is found undone.
    """
    mine = owns(person, head)
    over = mine and _is_over(person, name, entries)
    until = times.LATEST if over else person.until
    named = _anything if mine else person.is_named
    left = {each.key: personal.bare_entry(each, named) for each in entries}
    old = {each.key for each in entries if personal.moment(each) <= until}
    changed = [left[e.key] for e in entries if e.key in old and left[e.key] != e]
    since = _said_since(entries, old)
    told = _head(head, since, name[0], named)
    if mine:
        told = _nobodys(person, told, until, bool(since))
    if not changed and told == head:
        return []
    version = head["version"] + 1
    writes: list[Write | Check] = [
        Write(("entry", *name, each.key), {"entry": each, "version": version}, None)
        for each in changed
    ]
    last = Write(name, {**told, "version": version}, head["version"])
    commits = [writes[start : start + _AT_ONCE] for start in range(0, len(writes), _AT_ONCE)]
    held = Check(name, head["version"])
    return [*([*each, held] for each in commits[:-1]), [*(commits[-1:] or [[]])[0], last]]


def ids_of(name: Name, head: Document) -> Iterator[str]:
    """Yield what a store calls a record, its customer and its parts, where that means no other."""
    named = [name[2], head.get("customer_id"), *(map(orders.ref_id, head.get("refs") or ()))]
    for each in named:
        if each is not None and not personal.is_address(each) and naming.is_telling(each):
            yield each


def events_of(name: Name, entries: Iterable[Entry], until: int) -> Iterator[Name]:
    """Yield the events that have told of a record up to a time (ms)."""
    for entry in entries:
        if personal.moment(entry) <= until:
            yield ("event", name[1], entry.event_id, entry.event_type)


def _is_over(person: Person, name: Name, entries: Iterable[Entry]) -> bool:
    """Tell whether a record is a sale that had brought money by the time of the erasure."""
    if name[0] != ORDER:
        return False
    state: dict[str, Any] = {}
    for entry in sorted(entries, key=lambda each: each.place):
        if personal.moment(entry) <= person.until:
            state |= entry.said
    return orders.brings_money(orders.show(state))


def _anything(_: Any) -> bool:
    return True


def _said_since(entries: Iterable[Entry], old: set[str]) -> set[str]:
    """Return the facets whose newest word is newer than those that are bared."""
    newest = {
        name: entry.key
        for entry in sorted(entries, key=lambda each: each.place)
        for name in entry.said
    }
    return {name for name, key in newest.items() if key not in old}


def _head(head: Document, since: set[str], kind: str, named: personal.Named) -> dict[str, Any]:
    facets = {
        name: facet if name in since else personal.bare({name: facet}, named)[name]
        for name, facet in head["facets"].items()
    }
    show = orders.show if kind == ORDER else recurring_payments.show
    view: Mapping[str, Any] = show(facets) or {}
    told = dict(head)
    if facets != head["facets"]:
        # What it was told of its customer is something else now.
        told.pop("told_customer", None)
    return {**told, "facets": facets, "email": emails.normalise(view.get("email"))}


def _nobodys(person: Person, head: Document, until: int, again: bool) -> dict[str, Any]:
    """Return a head that tells up to when its person was erased; `again` if they came since."""
    customer_id = head.get("customer_id")
    known = head.get("erased") or (0, None)
    return {
        **head,
        "customer_id": None if personal.is_address(customer_id) and not again else customer_id,
        "erased": [max(until, known[0]), known[1] or person.erasure.contact_id],
    }
