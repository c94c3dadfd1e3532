"""One sale that several connections report: finding its orders, and saying which of them counts.

Orders are twins where an id that one of them is named by is said by the other too, directly or
through a third. Of twins the one of the highest rank owns the sale, the others mirror it. Their
recurring payments follow from them. Who twins whom is worked out afresh from what is stored, by
the event that changes something of it and by a job for each other order concerned; so it is the
same for all of them, in whatever order the events came.

    fold of A's order   says its ids, finds B's order: twins, and a job for B's order
    job for B's order   finds A's order by the same ids: twins, and nobody else to tell
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from shared.domain import mentions, orders
from shared.domain.directory import NAME, Directory
from shared.domain.ports import Name
from shared.domain.records import ORDER, RECURRING_PAYMENT, Record
from shared.domain.timeline import Entry

if TYPE_CHECKING:
    from shared.domain.folding import Folding

Chosen = Mapping[str, Name]  # the order of each connection that an id means


class Twins:
    """The twins of one fold's records."""

    def __init__(self, folding: Folding, due: Collection[Name] = ()) -> None:
        """`due` are records to be looked at whatever has changed. Raise Missing for reading."""
        self._folding = folding
        self._here = folding.connection_id
        self._directory = Directory(folding.get(NAME))
        self._doubles = self._directory.doubles(self._here)
        self._due = set(due)

    def hear(self, entries: Iterable[Entry]) -> None:
        """Remember the ids that events say of orders, once the orders' names lead to them."""
        rows: dict[str, list[mentions.Row]] = {}
        for entry in entries if self._doubles else ():
            for identity, row in mentions.said_by(self._here, entry):
                if mentions.is_id(identity):
                    rows.setdefault(identity, []).append(row)
        self._folding.want(mentions.name_of(each) for each in rows)
        fresh = {each: said for each, said in rows.items() if self._heard(each, said) is not None}
        # Others may have named their orders before anybody looked out for twins.
        peers = self._directory.peers(self._here)
        older = {
            each: mentions.places(peers, each)
            for each, said in fresh.items()
            if any(row[2] != mentions.NAMED for row in said)
        }
        self._folding.want(place for places in older.values() for place in places)
        for identity, said in fresh.items():
            found = [
                [place[1], place[2], mentions.NAMED, 0]
                for place in older.get(identity, ())
                if self._folding.get(place) is not None
            ]
            told = self._heard(identity, [*said, *found])
            self._folding.put(mentions.name_of(identity), {"by": told})
            self._due |= {self._order_of(row) for row in said}

    def settle(self, records: Iterable[Record]) -> None:
        """Say of whom these records are the twins. Raise Missing for more reading."""
        if not self._doubles:
            return
        for record in [each for each in records if each.kind == ORDER]:
            if record.name in self._due or _is_other(record):
                self._pair(record, told=record.name in self._due)
        for record in list(self._folding.records.values()):
            if record.kind == RECURRING_PAYMENT and (
                record.standing.pairs or record.standing.twins
            ):
                self._rank(record)

    def _pair(self, record: Record, *, told: bool) -> None:
        """Find an order's twins, and have them and whoever was taken for one look at it."""
        before = {(ORDER, *each) for each in record.standing.twins}
        group, near = self._sale(record.name)
        others = group - {record.name}
        self._place(record, others)
        for identity in self._ids(record.name):
            self._folding.rely_on(mentions.name_of(identity))
        self._witness(record, others, before)
        if told or _is_other(record) or record.standing.is_new:
            self._notify((near | before) - {record.name})

    def _sale(self, start: Name) -> tuple[set[Name], set[Name]]:
        """Return the orders of one sale, and all that are said of the same ids."""
        members, near, known = {start}, set[Name](), dict[str, Chosen]()
        level = {start}
        while level:
            self._folding.want(level)
            ids = {each for name in level for each in self._ids(name)} - known.keys()
            known |= self._meant(ids, near)
            linked = [set(chosen.values()) for chosen in known.values()]
            level = {name for each in linked if each & members for name in each} - members
            members |= level
        sale: dict[str, Name] = {}
        for name in sorted(members):
            sale.setdefault(name[1], name)
        return ({*sale.values()} if start in sale.values() else {start}), near

    def _meant(self, ids: Collection[str], near: set[Name]) -> dict[str, Chosen]:
        """Return which order of each connection an id means; `near` takes in all that say it.

        A name means its order; else the first order that was said to bear the id is meant.
        """
        self._folding.want(mentions.name_of(each) for each in sorted(ids))
        said: dict[str, list[mentions.Row]] = {}
        for identity in ids:
            document = self._folding.get(mentions.name_of(identity))
            rows = document["by"] if document else ()
            said[identity] = [row for row in rows if self._directory.compares(self._here, row[0])]
        rows = [row for each in said.values() for row in each]
        self._folding.want([("ref", row[0], row[1]) for row in rows])
        found = {(row[0], row[1]): self._order_of(row) for row in rows}
        near |= set(found.values())
        self._folding.want(sorted(found.values()))
        meant: dict[str, Chosen] = {}
        for identity, each in said.items():
            chosen: dict[str, Name] = {}
            for row in each:
                name = found[row[0], row[1]]
                if self._is_shown(name):
                    chosen.setdefault(row[0], name)
            named = any(row[2] != mentions.MENTIONED for row in each)
            meant[identity] = chosen if named else {}
        return meant

    def _witness(self, record: Record, others: Collection[Name], before: Collection[Name]) -> None:
        """Tell an order's recurring payment those of its twins, and take back what was told."""
        if not others and not before:
            return
        mine = _subscription(record.view) if record.merged_into is None else None
        for identity in {mine, _subscription(record.old_view)} - {None}:
            payment = self._folding.record(RECURRING_PAYMENT, str(identity))
            theirs = [(name[1], self._subscription_of(name)) for name in sorted(others)]
            told = [(each, sub) for each, sub in theirs if sub] if identity == mine else []
            if payment.standing.witness(record.name[2], told):
                payment.touched = True
                self._due.add(payment.name)

    def _rank(self, payment: Record) -> None:
        """Say of whom a recurring payment is the twin, as its orders witness."""
        shows = (payment.old_view is None) != (payment.view is None)
        if payment.name not in self._due and not shows:
            return
        compares = self._directory.compares
        known = [each for each in payment.standing.pairs if compares(self._here, each[0])]
        pairs: set[Name] = {(RECURRING_PAYMENT, *each) for each in known}
        before: set[Name] = {(RECURRING_PAYMENT, *each) for each in payment.standing.twins}
        self._folding.want(sorted(pairs))
        others = {name for name in pairs if self._is_shown(name)}
        self._place(payment, others)
        if shows or payment.standing.is_new:
            self._notify(pairs | before)

    def _place(self, record: Record, others: Collection[Name]) -> None:
        owner = min((record.name, *others), key=lambda name: (self._directory.rank(name[1]), name))
        record.standing.place(record.name, others, owner)
        record.touched = record.touched or record.standing.is_new

    def _notify(self, names: Collection[Name]) -> None:
        for kind, connection_id, identity in sorted(names):
            self._folding.send_job("pair", record=kind, connection_id=connection_id, id=identity)

    def _heard(self, identity: str, rows: list[mentions.Row]) -> list[mentions.Row] | None:
        return mentions.heard(self._folding.get(mentions.name_of(identity)), rows)

    def _order_of(self, row: mentions.Row) -> Name:
        found = self._folding.get(("ref", row[0], row[1]))
        return (ORDER, row[0], found["order_id"] if found else orders.ref_id(row[1]))

    def _own(self, name: Name) -> Record | None:
        """Return a record as this fold has left it, None for those it has not touched."""
        return self._folding.records.get(name)

    def _is_shown(self, name: Name) -> bool:
        own = self._own(name)
        if own is not None:
            return own.view is not None and own.merged_into is None
        head = self._folding.get(name)
        return bool(head and head.get("shown") and not head.get("merged_into"))

    def _ids(self, name: Name) -> set[str]:
        own = self._own(name)
        if own is not None:
            return _ids_of(own) if own.merged_into is None else set()
        return _stored_ids(self._folding.get(name) or {})

    def _subscription_of(self, name: Name) -> str | None:
        own = self._own(name)
        head = self._folding.get(name) if own is None else None
        return _subscription(own.view if own else orders.show((head or {}).get("facets") or {}))


def _is_other(record: Record) -> bool:
    """Tell whether an event has changed of an order what its twins follow from."""
    if record.merged_into is not None or (record.old_view is None) != (record.view is None):
        return True
    moved = _subscription(record.old_view) != _subscription(record.view)
    return moved or _ids_of(record) != _stored_ids(record.head)


def _ids_of(record: Record) -> set[str]:
    return mentions.ids_of(record.refs, record.mentions | record.standing.linked, record.state)


def _stored_ids(head: Mapping[str, Any]) -> set[str]:
    stated = [*(head.get("mentions") or ()), *(head.get("linked") or ())]
    return mentions.ids_of(head.get("refs") or (), stated, head.get("facets") or {})


def _subscription(view: Mapping[str, Any] | None) -> str | None:
    return view["recurring_payment_id"] if view is not None else None
