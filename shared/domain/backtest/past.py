"""The store as it was at a moment of the past, for the firing code to look at and to write to.

What is read of contacts, records and entries is what the change log had of them then; names of
products are as they are now. What is written stays here: the firings, and the marks of `once` and
of creations that were announced. So a backtest leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from shared.domain import changes, orders, recurring_payments
from shared.domain.backtest.chronicle import Chronicle, Versions, as_of
from shared.domain.errors import Contended
from shared.domain.ports import Check, Document, Name, Reads, Write
from shared.domain.records import ORDER
from shared.domain.timeline import Entry, Rules, replay

_HOPS_MAX = 5
# Enough for the neighbourhood of a change; a record is mostly asked for several times in a row.
_HELD_MAX = 20_000
_RULES = {
    "order": Rules(orders.show, dict, changes.difference, lambda *_: False, chained=False),
    "recurring_payment": Rules(
        recurring_payments.show,
        recurring_payments.compact,
        changes.difference,
        lambda *_: False,
        chained=True,
    ),
}


class Present(Reads, Protocol):
    """The table as it is now."""

    def history(self, record: Name) -> list[Entry]:
        """Return all entries of a record."""


class Past:
    """The store as of `now` (ms, included), which is set before each look at it.

    `looks_inside` says that somebody will ask what records show, not only whose they are, and
    `looks_around` that one may be reported by two connections.
    """

    def __init__(
        self,
        chronicle: Chronicle,
        present: Present,
        *,
        looks_inside: bool,
        looks_around: bool = False,
    ) -> None:
        self.now = 0
        self.firings: dict[Name, Document] = {}
        self._chronicle = chronicle
        self._present = present
        self._looks_inside = looks_inside
        self._looks_around = looks_around
        self._contacts: dict[str, Versions] = {}
        self._heads: dict[Name, Versions] = {}
        self._entries: dict[Name, Versions] = {}
        self._histories: dict[Name, list[Entry]] = {}
        self._goods: dict[Name, Document | None] = {}
        self._marks: dict[Name, Document] = {}
        self._readers: dict[str, Callable[[Name], Document | None]] = {
            "contact": self._contact,
            "recurring_payment": self._head,
            "order": self._head,
            "entry": self._entry,
            "catalogue": self._good,
        }

    def expect(self, entries: Iterable[Name], contact_ids: Iterable[str]) -> None:
        """Read ahead what is about to be asked for."""
        self._drop_if_many()
        names = set(entries)
        records = {name[1:4] for name in names}
        self._expect_heads(records)
        if self._looks_inside:
            self._entries |= self._chronicle.entries(names)
            self._expect_heads(self._belonging(records))
        missing = set(contact_ids) - self._contacts.keys()
        if missing:
            self._contacts |= self._chronicle.contacts(missing)

    def _expect_heads(self, records: Iterable[Name]) -> None:
        missing = set(records) - self._heads.keys()
        if missing:
            self._heads |= self._chronicle.heads(missing)

    def _belonging(self, orders: Iterable[Name]) -> Iterator[Name]:
        """Yield the recurring payments that orders were paid for."""
        for name in orders:
            versions = self._heads.get(name, ())
            newest: Mapping[str, Any] = (versions[-1].document if versions else None) or {}
            if newest.get("recurring_payment_id"):
                yield ("recurring_payment", name[1], newest["recurring_payment_id"])

    def read(self, names: Iterable[Name]) -> dict[Name, Document | None]:
        """Return every named document as it was, None for those that were not."""
        return {name: self._readers.get(name[0], self._mark)(name) for name in names}

    def history(self, record: Name) -> list[Entry]:
        """Return the entries a record had."""
        known = self._histories.get(record)
        if known is None:
            known = self._histories[record] = self._present.history(record)
        # An entry may be recorded anew; that it was there is as old as its event's receipt.
        return [each for each in known if each.received_at <= self.now]

    def imported(self, record: Name) -> bool:
        """Tell whether what was last recorded of a record is to set nothing off."""
        known = self.history(record)
        newest = max(known, key=lambda each: each.received_at, default=None)
        return newest is not None and (newest.historical or newest.suppressed)

    def commit(self, steps: Sequence[Write | Check]) -> None:
        """Keep firings and marks, all or none. Raise Contended where one is there already."""
        for step in steps:
            held = self._mark(step.name)
            if step.expected is not None and (held["version"] if held else 0) != step.expected:
                raise Contended("there already")
        for step in steps:
            if isinstance(step, Write) and step.document is not None:
                kept = self.firings if step.name[0] == "firing" else self._marks
                kept[step.name] = step.document

    def _mark(self, name: Name) -> Document | None:
        return self.firings.get(name) or self._marks.get(name)

    def _contact(self, name: Name) -> Document | None:
        if name[1] not in self._contacts:
            self._contacts |= self._chronicle.contacts([name[1]])
        return as_of(self._contacts.get(name[1], ()), self.now)

    def _entry(self, name: Name) -> Document | None:
        if name not in self._entries:
            self._entries |= {name: (), **self._chronicle.entries([name])}
        return as_of(self._entries[name], self.now)

    def _good(self, name: Name) -> Document | None:
        if name not in self._goods:
            self._goods |= self._present.read([name])
        return self._goods[name]

    def _head(self, name: Name) -> Document | None:
        head = as_of(self._versions(name), self.now)
        if head is None or head.get("merged_into"):
            return head
        told: dict[str, Any] = {**head, "facets": {}, "twins": self._twins(name)}
        if name[0] == ORDER:
            # Whatever an order is called at the moment, it is announced under its last name.
            told["refs"] = [f"last:{self._last_name(name)[2]}"]
        if self._looks_inside:
            told["facets"] = self._facets(self._last_name(name))
        return told

    def _versions(self, name: Name) -> Versions:
        if name not in self._heads:
            self._heads |= {name: (), **self._chronicle.heads([name])}
        return self._heads[name]

    def _last_name(self, name: Name) -> Name:
        """Return what a record is called now: orders go into stronger ones."""
        for _ in range(_HOPS_MAX):
            versions = self._versions(name)
            newest: Mapping[str, Any] = (versions[-1].document if versions else None) or {}
            if not newest.get("merged_into"):
                break
            name = (*name[:2], newest["merged_into"])
        return name

    def _twins(self, name: Name) -> list[list[str]]:
        """Return the records that mirrored this one."""
        own, found = f"{name[1]}/{name[2]}", []
        for other in self._chronicle.mirrors(name) if self._looks_around else ():
            head = as_of(self._versions(other), self.now)
            if head is not None and head["mirror_of"] == own:
                found.append([other[1], other[2]])
        return found

    def _facets(self, record: Name) -> Mapping[str, Any]:
        return replay(self.history(record), _RULES[record[0]]).state

    def _drop_if_many(self) -> None:
        for held in (self._contacts, self._heads, self._entries, self._histories, self._goods):
            if len(held) > _HELD_MAX:
                held.clear()
