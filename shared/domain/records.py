"""One record while an event is folded into it: its head, its entries, and what must be written.

The head holds the record's state, so that an event that simply comes next needs nothing else. One
that comes late makes the whole history be read and told again, and every entry whose transition
turns out different is mended. Entries and head are written in the same commit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from shared.domain import changes, emails, orders, recurring_payments, verified
from shared.domain.mentions import MOST_OF_ORDER
from shared.domain.ports import Name, Reading, Write
from shared.domain.standing import Standing
from shared.domain.timeline import Entry, Place, Rules, Told, View, follows, replay, tell

RECURRING_PAYMENT, ORDER = "recurring_payment", "order"
Born = Callable[[Entry, View], bool]


class Record:
    """A recurring payment or an order, as stored and as the event at hand leaves it."""

    def __init__(self, name: Name, reading: Reading, born: Born, now: int) -> None:
        """Open the record `(kind, connection, id)`. Raise Missing if its head was not read."""
        self.name = name
        self.kind = name[0]
        self._reading = reading
        self._rules = _rules(self.kind, born)
        self._now = now
        head = reading.get(name)
        self.version: int = head["version"] if head else 0
        self.known = bool(head) and not (head or {}).get("merged_into")
        self.head: dict[str, Any] = dict(head) if head and self.known else {}
        self.state: dict[str, Any] = dict(self.head.get("facets") or {})
        self.newest: Place | None = _place(self.head.get("newest"))
        self.refs: set[str] = set(self.head.get("refs") or ())
        self.mentions: set[str] = set(self.head.get("mentions") or ())
        self.standing = Standing(self.head)
        self.customer_id: str | None = self.head.get("customer_id")
        # What it was last told of its customer, if nothing was sorted anew since.
        self.told_customer: str | None = self.head.get("told_customer")
        self.old_contact: str | None = self.head.get("contact_id")
        self.contact_id: str | None = self.old_contact
        self.old_view: View | None = self._rules.show(self.state)
        self.view: View | None = self.old_view
        self._states: list[list[Any]] = self.head.get("states") or []
        self.provisional = bool(self.head.get("provisional"))
        self._brought = bool(self.head.get("brought"))
        self.ambiguous = False
        self.touched = False
        self.attaches = False
        self.merged_into: str | None = None
        self.told: list[Told] | None = None
        self._entries: dict[str, Entry] | None = None
        self._stored: set[str] = set()
        self._verified: verified.Told = {}
        self._written: dict[str, Entry] = {}
        self._removed: dict[str, Entry] = {}

    def entries(self) -> list[Entry]:
        """Return the record's entries, this event's among them. Raise Missing if not read."""
        return list(self._all().values())

    def add(self, entry: Entry) -> None:
        """Put one entry in its place, and tell again whatever comes after it."""
        self.touched = True
        self.mentions |= set(entry.mentions)
        held = self._written.get(entry.key) or (self._entries or {}).get(entry.key)
        ahead = held is None and self._entries is None
        if ahead and follows(entry, self.newest, self.state, self._rules):
            step = tell(entry, self.state, self.view, self._rules)
            self._take(step, late=False)
            entry.born = entry.kind == "created"
            if self._brings(step) and not self._brought:
                entry.money, self._brought = "first", True
            self._written[entry.key] = entry
            self.state, self.view, self.newest = step.state, step.view, entry.place
            self._remember([step], self._states)
            return
        everything = self._all()
        held = everything.get(entry.key)
        if held is not None:
            held.said |= entry.said
            held.before |= entry.before
            self._written[held.key] = held
        self.retell([*(e for e in everything.values() if e is not held), held or entry])

    def retell(self, entries: Iterable[Entry]) -> None:
        """Make `entries` the whole history, and write whatever that changes."""
        self.touched = True
        self.told_customer = None
        before = self._all()
        announced = {k for k, each in before.items() if each.kind == "created" and not each.joined}
        paid = {k for k, each in before.items() if each.money == "first"}
        self._entries = {entry.key: entry for entry in entries}
        self.mentions = {each for entry in self._entries.values() for each in entry.mentions}
        for key, gone in before.items():
            if key not in self._entries:
                self._removed[key] = gone
                self._written.pop(key, None)
        self._removed = {k: e for k, e in self._removed.items() if k not in self._entries}
        told = replay(list(self._entries.values()), self._rules)
        for index, step in enumerate(told.told):
            passed = step.entry.key in self._stored or index < len(told.told) - 1
            differs = (step.kind, step.changes) != (step.entry.kind, step.entry.changes)
            if differs or not step.entry.recorded_at:
                self._take(step, late=bool(self._stored) and passed)
            if differs or before.get(step.entry.key) is not step.entry:
                self._written[step.entry.key] = step.entry
        self._announce_once(announced)
        verified.mark(self._verified, told.told, self._stored, self._written)
        self._pay_once(paid, told.told)
        self.told, self.ambiguous = told.told, told.ambiguous
        self.state = told.state
        self.view = told.told[-1].view if told.told else None
        self._remember(told.told)
        self.newest = max((step.entry.place for step in told.told), default=None)

    def _remember(self, steps: Iterable[Told], known: Sequence[list[Any]] = ()) -> None:
        if self.kind == RECURRING_PAYMENT:
            told = ((step.entry.at, step.view) for step in steps)
            self._states = recurring_payments.states(told, known)

    def mend(self, entry: Entry) -> None:
        """Have an entry written again, because something beside its transition has changed."""
        self._written[entry.key] = entry

    def hush(self) -> None:
        """Have nothing set off by what this event writes."""
        for entry in self._written.values():
            entry.historical = True

    def changed(self) -> bool:
        """Tell whether this event writes or takes away any entry."""
        return bool(self._written or self._removed)

    def steps(self, contact_version: int) -> list[Write]:
        """Return the writes that make this record true, its head first."""
        if self.merged_into is not None:
            return self._tombstone()
        for entry in self._written.values():
            if entry.contact_id is None and self.contact_id is not None:
                entry.contact_id, entry.contact_version = self.contact_id, contact_version
        entries = [
            Write(("entry", *self.name, key), {"entry": entry, "version": self.version + 1}, None)
            for key, entry in self._written.items()
        ]
        gone = [Write(("entry", *self.name, key), None, None) for key in self._removed]
        return [Write(self.name, self._head(), self.version), *entries, *gone]

    def stored(self) -> list[Told]:
        """Return the record's history as it was told before this event. Raise Missing if unread."""
        entries = self._reading.history(self.name) if self.known else []
        return replay([_copy(each) for each in entries], self._rules).told

    def _tombstone(self) -> list[Write]:
        """Return the writes that leave only a sign of where this record went."""
        entries = self._reading.history(self.name)
        gone = [Write(("entry", *self.name, each.key), None, None) for each in entries]
        head = {"version": self.version + 1, "merged_into": self.merged_into}
        return [Write(self.name, head, self.version), *gone]

    def _all(self) -> dict[str, Entry]:
        if self._entries is None:
            stored = self._reading.history(self.name) if self.known else []
            self._entries = {entry.key: _copy(entry) for entry in stored}
            self._stored = set(self._entries)
            self._verified = verified.told_by(self._entries)
            self._entries |= self._written
        return self._entries

    def _announce_once(self, announced: Collection[str]) -> None:
        """Mark a creation as `joined` where it, or a part of this record, was announced before.

        `announced` are those that stood here so far. One that was announced in another record, or
        in between was none, is not to be announced again.
        """
        entries = self._all()
        for key, entry in entries.items():
            if entry.kind != "created":
                continue
            if entry.born:
                joined = key not in announced
            else:
                joined = any(each.born for each in entries.values())
            born = entry.born or not joined
            if (entry.joined, entry.born) != (joined, born):
                entry.joined, entry.born = joined, born
                self._written[key] = entry

    def _pay_once(self, announced: Collection[str], told: Sequence[Told]) -> None:
        """Mark where an order first brings money; once, whatever comes before that later on.

        `announced` are the marks that stood here so far. One of another record was told there, if
        anybody could be: without a contact nobody was, and the mark goes where it belongs now.
        """
        marked = {key: each for key, each in self._all().items() if each.money}
        for key, entry in list(marked.items()):
            money: str | None = "first" if key in announced else "joined"
            if money == "joined" and entry.contact_id is None:
                money = None
                del marked[key]
            if entry.money != money:
                entry.money = money
                self._written[key] = entry
        first = None if marked else next((each for each in told if self._brings(each)), None)
        if first is not None:
            first.entry.money = "first"
            self._written[first.entry.key] = first.entry
        self._brought = bool(marked) or first is not None

    def _brings(self, step: Told) -> bool:
        return self.kind == ORDER and orders.brings_money(step.view)

    def _take(self, step: Told, *, late: bool) -> None:
        entry = step.entry
        entry.kind, entry.changes = step.kind, step.changes
        # A creation states what was before as well: nothing.
        stated = bool(entry.before) or entry.creation
        entry.late = ((late and not stated) or entry.verified) and bool(step.kind)
        entry.recorded_at = self._now

    def _head(self) -> dict[str, Any]:
        view = self.view or {}
        head = {
            "version": self.version + 1,
            "facets": self.state,
            "newest": list(self.newest) if self.newest else None,
            "customer_id": self.customer_id,
            "contact_id": self.contact_id,
            "email": emails.normalise(view.get("email")),
            "shown": self.view is not None,
            "date": view.get("occurred_date") or view.get("start_date"),
            "modified": self._modified(),
        }
        if self.told_customer:
            head["told_customer"] = self.told_customer
        if self.kind == ORDER:
            head |= {"refs": sorted(self.refs), "provisional": self.provisional}
            head["brought"] = self._brought
            if self.mentions:
                head["mentions"] = sorted(self.mentions)[:MOST_OF_ORDER]
        else:
            head["states"] = self._states
        return head | self.standing.to_head()

    def _modified(self) -> int | None:
        """Return when the store last said something of the record itself."""
        held: int | None = self.head.get("modified")
        own = [
            entry.at
            for entry in self._written.values()
            if any(name.partition(":")[0] in ("terms", "schedule") for name in entry.said)
        ]
        return max([*own, *([held] if held is not None else [])], default=None)


def _rules(kind: str, born: Born) -> Rules:
    if kind == ORDER:
        return Rules(orders.show, dict, changes.difference, born, chained=False)
    show, compact = recurring_payments.show, recurring_payments.compact
    return Rules(show, compact, changes.difference, born, chained=True)


def _place(stored: Sequence[Any] | None) -> Place | None:
    return (stored[0], stored[1], stored[2], stored[3], stored[4]) if stored else None


def _copy(entry: Entry) -> Entry:
    """Return an entry that may be changed without touching what was read."""
    return replace(entry, said=dict(entry.said), before=dict(entry.before))
