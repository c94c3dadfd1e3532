"""Bugs of what events come to: records, their histories, contacts and their sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from shared.adapters import table_writes
from shared.adapters.table import Table
from shared.domain import following, people, records
from shared.domain.contacts import Share
from shared.domain.errors import Contended
from shared.domain.ports import Check, Write
from shared.domain.timeline import Entry

Steps = Sequence[Write | Check]


def no_version_condition(patch: pytest.MonkeyPatch) -> None:
    """Overwrite what another worker has written in between."""
    patch.setattr(table_writes, "_condition", lambda _: {})


def contention_taken_for_success(patch: pytest.MonkeyPatch) -> None:
    """Take a refused commit for one that had gone through before."""
    commit = Table.commit

    def careless(self: Table, steps: Steps) -> None:
        try:
            commit(self, steps)
        except Contended:
            return

    patch.setattr(Table, "commit", careless)


def newest_arrival_wins(patch: pytest.MonkeyPatch) -> None:
    """Let whatever comes last be the state, as most integrations do."""
    patch.setattr(records, "follows", lambda *_: True)


def one_moment_ordered_by_arrival(patch: pytest.MonkeyPatch) -> None:
    """Order the events of one second by when they came: active is overwritten by incomplete."""

    def place(entry: Entry) -> Any:
        return (entry.at, 0, 0, entry.received_at, f"{entry.event_id}~{entry.event_type}")

    patch.setattr(Entry, "place", property(place))


def sums_added_blindly(patch: pytest.MonkeyPatch) -> None:
    """Add an order's share without taking away what it had added before."""
    change = people.People._change

    def bare(self: people.People, contact: str, record: Any, _: Share, new: Share) -> None:
        change(self, contact, record, Share(), new)

    patch.setattr(people.People, "_change", bare)


def moved_orders_counted_twice(patch: pytest.MonkeyPatch) -> None:
    """Give an order's share to its new contact and leave it with the old one too."""
    change = people.People._change

    def generous(self: people.People, contact: str, record: Any, old: Share, new: Share) -> None:
        if contact == record.contact_id:
            change(self, contact, record, old, new)

    patch.setattr(people.People, "_change", generous)


def index_trusted(patch: pytest.MonkeyPatch) -> None:
    """Go through an index once: what was written a moment ago is not in it yet."""
    patch.setattr(following, "copies_of", lambda _: iter(()))


def history_read_stale(patch: pytest.MonkeyPatch) -> None:
    """Read a record's history as it was a moment ago, beside its newest head."""
    call = Table._call

    def stale(self: Table, operation: str, payload: Any) -> Any:
        asked = {name: payload[name] for name in payload if name != "ConsistentRead"}
        return call(self, operation, asked)

    patch.setattr(Table, "_call", stale)


def unprocessed_keys_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Take the keys that a batch left unread for items that do not exist."""

    def batch(self: Table, keys: list[tuple[str, str]]) -> list[Any]:
        wanted = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]
        asked = {self._name: {"ConsistentRead": True, "Keys": wanted}}
        answer = self._call("BatchGetItem", {"RequestItems": asked})
        return list(answer["Responses"].get(self._name, []))

    patch.setattr(Table, "_batch", batch)
