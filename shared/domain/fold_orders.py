"""Orders while an event is folded: finding the order its names mean, joining, and passing it on.

The common event extends one order. One whose names lead to several orders, or whose look-alike
waits without its invoice or payment, has all those orders' entries sorted into orders anew; what
vanishes by that leaves a tombstone, and what was told to the subscription is told again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from shared.domain import instead, joining, orders, times
from shared.domain.fold_customers import Customers, Event
from shared.domain.joining import NEAR, Group, Try
from shared.domain.observations import OrderSaid, Parsed, derived
from shared.domain.ports import Document, Name
from shared.domain.records import ORDER, Record
from shared.domain.standing import Standing
from shared.domain.timeline import Entry, placed, turn_of

if TYPE_CHECKING:
    from shared.domain.folding import Folding

# How many look-alikes of one customer, amount and currency are remembered: more than a card can
# be charged within a quarter of an hour by any shop that means it.
_REMEMBERED = 12

Derived = tuple[Entry, str, dict[str, Any]]  # the order's entry, the order's id, its summary


class Orders:
    """The orders an event speaks of."""

    def __init__(self, folding: Folding, parsed: Parsed, at: int, customers: Customers) -> None:
        self._folding = folding
        self._parsed = parsed
        self._at = at
        self._customers = customers
        self._old: dict[str, list[Derived]] = {}
        self._new: dict[str, list[Derived]] = {}
        self.entries: list[Entry] = []

    def say(self, said: OrderSaid) -> None:
        """Take what an event says of an order. Raise Missing for more reading."""
        entry = self._entry(said)
        self.entries.append(entry)
        found = self._found(said.refs)
        alike = self._alike([entry]) - set(found)
        if len(found) <= 1 and not alike and self._keeps_id(found, said.refs):
            self._extend(entry, found)
        else:
            self._regroup([entry], {*found, *alike})
        self._remember(entry)

    def say_instead(self, said: Iterable[OrderSaid], held: Iterable[str], event: Event) -> None:
        """Take what an event says of orders in place of what it said of those it is `held` by."""
        fresh = instead.merged(self._entry(each) for each in said)
        orders_held = [self._folding.record(ORDER, each) for each in held]
        mine = [e for r in orders_held for e in r.entries() if instead.is_own(e, event)]
        if instead.same(mine, fresh):
            return
        if not mine:
            for each in said:
                self.say(each)
            return
        fresh = instead.as_before(fresh, mine)
        self.entries += fresh
        found = {record.name[2] for record in orders_held}
        found |= {each for entry in fresh for each in self._found(entry.refs)}
        self._folding.want((ORDER, self._folding.connection_id, each) for each in found)
        self._regroup(fresh, found, event)
        for entry in fresh:
            self._remember(entry)

    def _entry(self, said: OrderSaid) -> Entry:
        return Entry(
            at=self._at,
            rank=said.rank,
            event_id=self._parsed.event_id,
            event_type=self._parsed.event_type,
            received_at=self._folding.arrival.received_at,
            said=placed(said.facets, self._at),
            turn=turn_of(said.facets),
            refs=said.refs,
            historical=self._folding.historical,
            mentions=said.mentions,
        )

    def subscriptions(self) -> list[str]:
        """Return the subscriptions whose orders' word has changed."""
        return sorted(
            key for key in self._old.keys() | self._new.keys() if self._diff(key) != ([], [])
        )

    def project(self, record: Record) -> None:
        """Tell a subscription what its orders say of payment, each at its own place in time."""
        gone, fresh = self._diff(record.name[2])
        anew = {_identity(said): said for said in fresh}
        if gone:
            entries = record.entries()
            lost = {_identity(said) for said in gone}
            for entry in entries:
                event = (entry.event_id, entry.event_type)
                names = [each for each in entry.said if each.startswith("order:")]
                mistaken = [n for n in names if (*event, n.removeprefix("order:")) in lost]
                for name in mistaken:
                    del entry.said[name]
                    record.mend(entry)
                for key in [key for key in anew if mistaken and key[:2] == event]:
                    _, order, summary = anew.pop(key)
                    entry.said[f"order:{order}"] = summary
            record.retell(entry for entry in entries if entry.said)
        for each, order, summary in anew.values():
            record.add(_derived(each, order, summary))

    def _found(self, refs: tuple[str, ...]) -> list[str]:
        """Return the ids of the orders these names belong to, whose heads are read by then."""
        connection = self._folding.connection_id
        names: list[Name] = [("ref", connection, ref) for ref in refs]
        self._folding.want(names)
        stored = [self._folding.get(name) for name in names]
        found = [(ORDER, connection, each["order_id"]) for each in stored if each is not None]
        self._folding.want(found)
        return sorted({self._folding.home(each)[2] for each in found})

    def _keeps_id(self, found: list[str], refs: tuple[str, ...]) -> bool:
        if not found:
            return True
        record = self._folding.record(ORDER, found[0])
        if record.provisional and len(refs) > 1:
            return False  # a stated link may settle the guess, or undo it
        return record.known and orders.order_id(record.refs | set(refs)) == found[0]

    def _extend(self, entry: Entry, found: list[str]) -> None:
        """Add the event to its one order, or begin one."""
        identity = found[0] if found else orders.order_id(set(entry.refs))
        record = self._folding.record(ORDER, identity)
        old = orders.summary(record.state, record.view)
        record.add(entry)
        self._name(record, set(entry.refs))
        self._belongs(record)
        if record.told is None:
            new = orders.summary(record.state, record.view)
            if new is not None and new != old:
                self._new.setdefault(new[0], []).append((entry, identity, new[1]))
        else:
            self._note(self._old, record.stored(), identity)
            self._note(self._new, record.told, identity)

    def _regroup(self, fresh: list[Entry], found: set[str], again: Event | None = None) -> None:
        """Sort the entries of several orders, and the new ones, into orders anew.

        Whom that leaves, or guesses, without a stated counterpart may be alike to others in turn.
        What the event that is told `again` said before is left out.
        """
        old: list[Record] = []
        entries, groups = list(fresh), list[Group]()
        while found:
            for identity in sorted(found):
                record = self._folding.record(ORDER, identity)
                old.append(record)
                if record.known:
                    self._note(self._old, record.stored(), identity)
                    kept = record.entries()
                    entries += [e for e in kept if again is None or not instead.is_own(e, again)]
            groups = joining.regroup(entries)
            loose = [each for group in groups if group.is_loose for each in group.entries]
            found = self._alike(loose) - {record.name[2] for record in old}
        decided = [(orders.strongest(each.refs), each.standing) for each in old if each.refs]
        for group in groups:
            self._make(group, [standing for ref, standing in decided if ref in group.refs])
        ids = {orders.order_id(group.refs) for group in groups}
        for record in old:
            if record.name[2] not in ids and record.known:
                self._bury(record, groups)
        if again is not None:
            self._forget({ref for record in old for ref in record.refs}, groups)

    def _forget(self, refs: set[str], groups: list[Group]) -> None:
        """Have names that nothing says any more lead nowhere."""
        for ref in sorted(refs - {ref for group in groups for ref in group.refs}):
            name = ("ref", self._folding.connection_id, ref)
            if self._folding.get(name) is not None:
                self._folding.drop(name)

    def _make(self, group: Group, parts: Iterable[Standing]) -> None:
        identity = orders.order_id(group.refs)
        self._folding.want([(ORDER, self._folding.connection_id, identity)])
        record = self._folding.record(ORDER, identity)
        record.provisional = group.provisional
        record.retell(group.entries)
        for part in parts:
            record.standing.inherit(part)
        self._name(record, group.refs, whole=True)
        self._belongs(record)
        self._note(self._new, record.told or [], identity)

    def _bury(self, record: Record, groups: list[Group]) -> None:
        """Leave a tombstone that says which order a vanished one has become, if it is one still."""
        home = next((each for each in groups if each.refs & record.refs), None)
        if home is None:
            record.retell([])
        else:
            record.touched, record.merged_into = True, orders.order_id(home.refs)

    def _name(self, record: Record, refs: set[str], *, whole: bool = False) -> None:
        """Have all names of an order lead to it."""
        connection = self._folding.connection_id
        record.refs = set(refs) if whole else record.refs | refs
        names: list[Name] = [("ref", connection, ref) for ref in sorted(refs)]
        self._folding.want(names)
        for name in names:
            stored = self._folding.get(name)
            if stored is None or stored["order_id"] != record.name[2]:
                self._folding.put(name, {"order_id": record.name[2]})

    def _belongs(self, record: Record) -> None:
        """Note whose order it is, as far as its invoice or payments say."""
        named = [record.state.get("document") or {}]
        named += [f for n, f in record.state.items() if n.startswith("payment:")]
        known = [each["customer_id"] for each in named if each.get("customer_id")]
        record.customer_id = known[0] if known else record.customer_id

    def _looks(self, tried: Iterable[Try]) -> dict[Name, Document | None]:
        """Return the lists of look-alikes of such attempts. Raise Missing if not read."""
        names = joining.looks(self._folding.connection_id, tried)
        self._folding.want(names)
        return {name: self._folding.get(name) for name in names}

    def _alike(self, entries: Iterable[Entry]) -> set[str]:
        """Return the orders that may be the other side of these events', by amount and time."""
        tried = [(_side(entry), each) for entry in entries for each in joining.tries(entry.said)]
        looks = self._looks(each for _, each in tried)
        refs = tuple(
            ref
            for look in looks.values()
            for ref, moment, side in (look["seen"] if look else ())
            if any(
                side != mine and at is not None and abs(moment - at) <= NEAR + times.MINUTE
                for mine, (_, _, at) in tried
            )
        )
        return set(self._found(refs))

    def _remember(self, entry: Entry) -> None:
        """List the event under what the other side of its order would look like."""
        ref = orders.strongest(set(entry.refs))
        for name, look in self._looks(joining.tries(entry.said)).items():
            before = [list(each) for each in (look["seen"] if look else ())]
            seen = list(before)
            for moment in joining.alike([entry])[1]:
                # A minute tells events of one attempt from the next attempt well enough.
                row = [ref, moment - moment % times.MINUTE, _side(entry)]
                if row not in seen:
                    seen.append(row)
            if seen != before:
                seen.sort(key=lambda each: (each[1], each[0]))
                self._folding.put(name, {"seen": seen[-_REMEMBERED:]})

    def _note(self, into: dict[str, list[Derived]], told: list[Any], order: str) -> None:
        """Note what an order's history says of payment, entry by entry where it changes."""
        said: tuple[str, dict[str, Any]] | None = None
        for step in told:
            new = orders.summary(step.state, step.view)
            if new is not None and new != said:
                into.setdefault(new[0], []).append((step.entry, order, new[1]))
            said = new

    def _diff(self, subscription: str) -> tuple[list[Derived], list[Derived]]:
        """Return what is no longer said to a subscription, and what is said anew."""
        old = {_identity(each): each for each in self._old.get(subscription, ())}
        new = {_identity(each): each for each in self._new.get(subscription, ())}
        gone = [each for key, each in old.items() if key not in new or new[key][2] != each[2]]
        fresh = [each for key, each in new.items() if key not in old or old[key][2] != each[2]]
        return gone, fresh


def _side(entry: Entry) -> str:
    return "document" if "document" in entry.said else "payment"


def _derived(source: Entry, order: str, summary: dict[str, Any]) -> Entry:
    """Return the subscription's entry for what one of its orders says since an event."""
    return Entry(
        at=source.at,
        rank=derived(source.rank),
        turn=source.turn,
        event_id=source.event_id,
        event_type=source.event_type,
        received_at=source.received_at,
        said={f"order:{order}": summary},
        historical=source.historical,
    )


def _identity(said: Derived) -> tuple[str, str, str]:
    entry, order, _ = said
    return entry.event_id, entry.event_type, order
