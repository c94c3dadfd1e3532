"""What becomes of each thing that is kept, when somebody is erased: it goes, or it stays without.

Pure, and a function of one document at a time, so that it can be asked of every item there is, and
asked again. What names nobody else is deleted; what counts, or what others have done, is told
without the person. A document that is newer than the erasure is somebody who has come again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from shared.domain import customers, deliveries, emails, erase_job, naming, personal, runs, times
from shared.domain.erasure import Erasure, hash_of
from shared.domain.fold_activity import IDS_KEPT
from shared.domain.folding import Arrival
from shared.domain.ports import Document, Name

_hash = lru_cache(maxsize=65_536)(hash_of)
# Whose partition is an address: all of it is somebody's.
_LISTS = {"look": 1, "alike": 2}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is erased, as far as anything kept can name them.

    `ids` are what stores call them and their purchases, those that mean nobody else.
    """

    erasure: Erasure
    ids: frozenset[str] = field(default_factory=frozenset)

    @property
    def until(self) -> int:
        """Up to when (ms) nothing is to be known of them."""
        return self.erasure.erased_at

    def owns(self, contact_id: str | None) -> bool:
        """Tell whether a contact's id is theirs."""
        return contact_id is not None and contact_id == self.erasure.contact_id

    def has(self, address: str) -> bool:
        """Tell whether a normalised address is theirs."""
        return _hash(address) in self.erasure.email_hashes

    def is_named(self, *values: Any) -> bool:
        """Tell whether they are named in any text of what JSON can hold, or of a body."""
        texts = list(naming.texts_in(values))
        if any(text in self.ids or self.owns(text) for text in texts):
            return True
        return any(map(self.has, naming.addresses_in(texts)))

    def is_told_of(self, *values: Any) -> bool:
        """Tell whether both their contact's id and an address of theirs stand there."""
        texts = list(naming.texts_in(values))
        known = any(map(self.owns, texts))
        return known and any(map(self.has, naming.addresses_in(texts)))


class Keep(Exception):
    """A document that stays as it is."""


def erased(person: Person, name: Name, document: Document) -> dict[str, Any] | None:
    """Return what is left of a document, None where nothing is. Raise Keep where it is untouched.

    Events and records are others' to erase: see `bare_event` and `erasing_records`.
    """
    rule = _RULES.get(name[0])
    if rule is None:
        raise Keep
    left = rule(person, name, document)
    if left is None:
        return None
    if left == document:
        raise Keep
    return {**left, "version": document["version"] + 1}


def bare_event(event: Document, connection_id: str, body: bytes) -> dict[str, Any]:
    """Return a kept event, or a refused one, without its bytes; `body` is what they were.

    Raise Keep for one that has none any more.
    """
    if "body" not in event and "body_key" not in event:
        raise Keep
    came = event.get("received_at", event.get("received_date"))
    arrival = Arrival(
        event["provider"], connection_id, received_at=came, body=body, headers=event["headers"]
    )
    kept = {name: value for name, value in event.items() if name not in ("body", "body_key")}
    if "messages" in kept:
        kept["messages"] = personal.bare_messages(kept["messages"])
    return {
        **personal.unaddressed(kept),
        "receipt": arrival.receipt,
        "version": event["version"] + 1,
    }


def is_old(person: Person, event: Document) -> bool:
    """Tell whether an event is as old as the erasure, and still has its bytes."""
    came = event.get("received_at", event.get("received_date"))
    occurred = event.get("occurred_at")
    at = came if occurred is None else min(came, occurred)
    return at <= person.until and ("body" in event or "body_key" in event)


def email_of(customer: Document) -> str | None:
    """Return the address a store's customer is known by now."""
    return emails.normalise(customers.shown(customer).get("email"))


def bare_customer(person: Person, customer_id: str, customer: Document) -> dict[str, Any] | None:
    """Return a store's customer without the person, None where nothing is left of them.

    Of one who is known by another address by now, only what names this one goes.
    """
    email = email_of(customer)
    known = customer_id in person.ids or email is None or person.has(email)
    if not known:
        return personal.bare_customer(customer, person.until, person.is_named)
    told = personal.bare_customer(customer, person.until)
    if personal.is_address(customer_id) and not any(map(_tells, told["said"])):
        return None
    return {**told, "erased": [person.until, person.erasure.contact_id]}


def _tells(row: Mapping[str, Any]) -> bool:
    """Tell whether a word on a customer says anything still."""
    return any(value for facet in row["said"].values() for value in (facet or {}).values())


def _claim(person: Person, name: Name, document: Document) -> Document | None:
    return None if person.owns(document["contact_id"]) else document


def _of_contact(person: Person, name: Name, document: Document) -> Document | None:
    return None if person.owns(name[1]) else document


def _mail(person: Person, name: Name, document: Document) -> Document | None:
    return None if person.owns(document["contact_id"]) else document


def _act(person: Person, name: Name, document: Document) -> Document | None:
    old = document["occurred_date"] <= person.until
    return None if old and person.has(name[1]) else document


def _posted(person: Person, name: Name, document: Document) -> Document | None:
    posted = document["expires_at"] * times.SECOND - IDS_KEPT
    return None if posted <= person.until and person.has(name[1]) else document


def _activity(person: Person, name: Name, document: Document) -> Document | None:
    """Return what was done by an address since, None where that is nothing."""
    if not person.has(name[1]):
        return document
    until = person.until
    items = [each for each in document["items"] if each["occurred_date"] > until]
    last = {kind: at for kind, at in document["last"].items() if at > until}
    if not items and not last:
        return None
    labels = {key: _since(each, until) for key, each in document["labels"].items()}
    left = {
        **{name: value for name, value in document.items() if name != "first"},
        "items": items,
        "last": last,
        "labels": {key: each for key, each in labels.items() if any(each.values())},
    }
    first = document.get("first")
    return left if first is None or first["date"] <= until else {**left, "first": first}


def _since(label: Mapping[str, Any], until: int) -> dict[str, Any]:
    removed = label["removed"]
    return {
        "added": [each for each in label["added"] if each > until],
        "removed": removed if removed is not None and removed > until else None,
    }


def _list(person: Person, name: Name, document: Document) -> Document | None:
    """Return a list of look-alikes that is kept under an address, with what is newer."""
    if not any(personal.is_address(part) and person.has(part) for part in name[1:]):
        return document
    place = _LISTS[name[0]]
    seen = [row for row in document["seen"] if row[place] > person.until]
    return {**document, "seen": seen} if seen else None


def _customer(person: Person, name: Name, document: Document) -> Document | None:
    named = name[2] in person.ids or person.is_named(name[2], document["said"])
    return bare_customer(person, name[2], document) if named else document


def _duplicate(person: Person, name: Name, document: Document) -> Document | None:
    since = max(when for *_, when in document["orders"]) > person.until
    theirs = person.is_named(document["email"]) and not since
    return {**document, "email": None} if theirs else document


def _firing(person: Person, name: Name, document: Document) -> Document | None:
    if not person.owns(document["contact"]["contact_id"]):
        return document
    rows = [row for row in document["change"]["changes"] if not personal.is_told(*row)]
    under_way = document["state"] in ("pending", *runs.UNDER_WAY)
    return {
        **document,
        "contact": {**document["contact"], "email": None},
        "change": {**document["change"], "changes": rows},
        "conditions": [],
        "state": "stopped" if under_way else document["state"],
    }


def _run(person: Person, name: Name, document: Document) -> Document | None:
    if not person.owns(document["contact_id"]):
        return document
    run = {**document, "outbox": []}
    if run["state"] in runs.UNDER_WAY:
        runs.ended(run, "stopped", "contact_gone")
    return run


def _delivery(person: Person, name: Name, document: Document) -> Document | None:
    """Return a delivery of them without what it says.

    Whoever has come again has another id; and the id alone, which records of before keep, says
    nothing of anybody.
    """
    told = [document["body"], document["attempts"]]
    theirs = person.owns(document.get("contact_id")) or _names(person, document["created"], told)
    if document.get("erased") or not theirs:
        return document
    return deliveries.erased(document, person.until)


def _names(person: Person, at: int, told: Any) -> bool:
    """Tell whether what was written at a time (ms) names them, and not whoever has come again."""
    return person.is_named(told) if at <= person.until else person.is_told_of(told)


def _due(person: Person, name: Name, document: Document) -> Document | None:
    """Return what is woken later, by no address of theirs: what a record waits for it still does.

    What is answered then is told without the person.
    """
    subject = document["message"].get("subject")
    if not (personal.is_address(subject) and person.is_named(subject)):
        return document
    return {**document, "message": personal.unaddressed(document["message"])}


def _job(person: Person, name: Name, document: Document) -> Document | None:
    if document.get("kind") == erase_job.KIND:
        return document
    asked = document["created_date"]
    return {key: _without(person, asked, value) for key, value in document.items()}


def _without(person: Person, asked: int, value: Any) -> Any:
    """Return what a job tells, asked for at a time (ms), with no row left that names them."""
    if not isinstance(value, list):
        return value
    return [row for row in value if not (isinstance(row, dict) and _names(person, asked, row))]


_RULES: Mapping[str, Callable[[Person, Name, Document], Document | None]] = {
    "email": _claim,
    "contact": _of_contact,
    "retagged": _of_contact,
    "mail": _mail,
    "act": _act,
    "posted": _posted,
    "activity": _activity,
    "look": _list,
    "alike": _list,
    "customer": _customer,
    "duplicate": _duplicate,
    "firing": _firing,
    "run": _run,
    "delivery": _delivery,
    "due": _due,
    "job": _job,
}
