"""Deciding on two orders that look like one sale: the same, or different ones.

The decision lies on both orders, under the id of the suspicion, in the commit that takes it off
the list. Of one sale that id is then an id both are named by, like any that a store states, and
jobs make them twins. So what follows from a person's word is no other than what follows from a
store's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from functions.manage.bodies import DecisionBody
from functions.manage.contention import settled
from shared.api.bodies import validated
from shared.domain import mentions, orders
from shared.domain.errors import NotFound
from shared.domain.folding import Message
from shared.domain.ports import Check, Document, Name, Reads, Write, Writes
from shared.domain.records import ORDER
from shared.domain.rendering import Json

_HEADS = {"same": "linked", "different": "apart"}


class Store(Reads, Writes, Protocol):
    """Where orders lie, and what is suspected of them."""


class Pairing(Protocol):
    """The way to the jobs that make orders twins."""

    def follow(self, messages: Sequence[Message], nonce: str) -> None:
        """Have them done now."""

    def follow_later(self, messages: Sequence[Message]) -> None:
        """Have the same done a little later."""


def decide(
    duplicate_id: str,
    values: dict[str, Any],
    *,
    store: Store,
    jobs: Pairing,
    new_id: Callable[[], str],
) -> Json:
    """Write down whether two orders are one sale; return the decision.

    Raise Invalid for a bad body, NotFound where nothing of that id is suspected (any more).
    """
    decision = validated(DecisionBody, values).decision
    messages: list[Message] = []

    def write() -> None:
        suspected = _read(store, ("duplicate", duplicate_id))
        if suspected is None:
            raise NotFound("There is no such suspected duplicate; it may be decided already.")
        names: list[Name] = [(ORDER, row[0], row[1]) for row in suspected["orders"]]
        steps = _steps(decision, duplicate_id, names, store)
        messages[:] = [_pair(name) for name in names] if decision == "same" else []
        # Before the commit: a crash right after it must not leave undone what follows.
        if messages:
            jobs.follow_later(messages)
        gone = Write(("duplicate", duplicate_id), None, suspected["version"])
        store.commit([gone, *steps])

    settled(write)
    if messages:
        jobs.follow(messages, new_id())
    return {"duplicate_id": duplicate_id, "decision": decision}


def _steps(
    decision: str, duplicate_id: str, names: Sequence[Name], store: Store
) -> list[Write | Check]:
    """Return the writes that lay a decision on both orders. Raise NotFound if one has gone."""
    shared = mentions.name_of(duplicate_id)
    found = store.read([*names, shared])
    field = _HEADS[decision]
    steps: list[Write | Check] = []
    rows: list[mentions.Row] = []
    for name in names:
        head = found[name]
        if head is None or not head.get("shown"):
            raise NotFound("One of these orders is no more.")
        decided = sorted({*(head.get(field) or ()), duplicate_id})
        told = {**head, field: decided, "version": head["version"] + 1}
        steps.append(Write(name, told, head["version"]))
        rows.append([name[1], orders.strongest(set(head["refs"])), mentions.NAMED, 0])
    if decision == "same":
        held = found[shared]
        version = held["version"] if held else 0
        by = mentions.heard(held, rows)
        if by is not None:
            steps.append(Write(shared, {"by": by, "version": version + 1}, version))
    return steps


def _pair(name: Name) -> Message:
    """Return the job that has an order look for its twins."""
    about = {"record": name[0], "connection_id": name[1], "id": name[2], "subject": None}
    return {"to": "jobs", "job": "pair", **about}


def _read(store: Store, name: Name) -> Document | None:
    return store.read([name])[name]
