"""Sales that two connections may both report though nothing links them: listed for a person.

Two orders of one email, amount and currency within fifteen minutes are suspected of being one
sale; only a person can tell. Every order that brought money is kept in a list of its email,
currency, amount and day, together with the order itself. So whichever of two comes last finds the
other, and whatever is listed follows from what is stored, in whatever order it came. Where fewer
than two sources are connected nothing of this is read or written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from shared.domain import emails, orders, times
from shared.domain.directory import NAME, Directory
from shared.domain.joining import NEAR
from shared.domain.ports import Name
from shared.domain.records import ORDER, Record
from shared.domain.timeline import View

if TYPE_CHECKING:
    from shared.domain.folding import Folding

# More than anybody buys on one day for one amount.
_REMEMBERED = 24

Look = tuple[str, str, int, int]  # email, currency, amount, when (ms)
Row = list[Any]  # connection, order, when


def look_of(view: View | None) -> Look | None:
    """Return what an order is compared by, None for one that brought no money or has no email."""
    if view is None or not orders.brings_money(view):
        return None
    email, when = emails.normalise(view.get("email")), view["occurred_date"]
    return (email, view["currency"], view["gross"], when) if email and when is not None else None


def places(look: Look) -> list[Name]:
    """Return the lists in which look-alikes are kept: two of them around midnight."""
    moments = (look[3] - NEAR, look[3], look[3] + NEAR)
    return list(dict.fromkeys(_place(look, moment) for moment in moments))


def duplicate_id(one: Name, other: Name) -> str:
    """Return the id under which two orders are suspected, whichever came first."""
    named = "\0".join("\0".join(name[1:]) for name in sorted((one, other)))
    return f"dup_{sha256(named.encode()).hexdigest()[:32]}"


class LookAlikes:
    """The look-alikes of one fold's orders."""

    def __init__(self, folding: Folding) -> None:
        """Raise Missing for reading."""
        self._folding = folding
        self._here = folding.connection_id
        self._directory = Directory(folding.get(NAME))

    def settle(self, records: Iterable[Record]) -> None:
        """Keep and list the orders among these that look otherwise now, or have other twins.

        It has to be known whose twins they are. Raise Missing for more reading.
        """
        if not self._directory.is_one_of_several(self._here):
            return
        changed = [each for each in records if each.kind == ORDER and _is_other(each)]
        looks = [look for each in changed for look in _looks(each) if look is not None]
        self._folding.want([place for look in looks for place in places(look)])
        known = [name for look in looks for name in self._alike(look)]
        self._folding.want(known)
        duplicates = [duplicate_id(each.name, name) for each in changed for name in known]
        self._folding.want(("duplicate", each) for each in duplicates)
        for record in changed:
            self._settle(record)

    def _settle(self, record: Record) -> None:
        old, new = _looks(record)
        before = self._alike(old) if old else {}
        now = self._alike(new) if new else {}
        if old != new:
            self._keep(record, old, new)
        for name in sorted({*before, *now}):
            suspected = new is not None and name in now and self._is_suspect(record, name)
            row = _row(record.name, name, new, now[name]) if new and suspected else None
            self._list(duplicate_id(record.name, name), row)

    def _alike(self, look: Look) -> dict[Name, int]:
        """Return the orders of other connections that look like this, and when they were."""
        found: dict[Name, int] = {}
        for place in places(look):
            # Somebody may just be about to enter one there, and look for ours.
            self._folding.rely_on(place)
            for connection_id, identity, when in self._rows(place):
                other = connection_id != self._here
                compared = other and self._directory.compares(self._here, connection_id)
                if compared and abs(when - look[3]) <= NEAR:
                    found[ORDER, connection_id, identity] = when
        return found

    def _keep(self, record: Record, old: Look | None, new: Look | None) -> None:
        """Move an order from the list it was in to the one it belongs in."""
        for look, stays in ((old, False), (new, True)):
            if look is None:
                continue
            place = _place(look, look[3])
            held = self._rows(place)
            rows = [row for row in held if row[:2] != [*record.name[1:]]]
            if stays:
                rows.append([*record.name[1:], look[3]])
            rows.sort(key=lambda row: (row[2], row[0], row[1]))
            if rows != held:
                self._folding.put(place, {"seen": rows[-_REMEMBERED:]})

    def _is_suspect(self, record: Record, name: Name) -> bool:
        """Tell whether another order may be the same sale, as far as is known of both."""
        head = self._folding.get(name)
        # It may be found to be ours by what is folded meanwhile.
        self._folding.rely_on(name)
        if head is None or not head.get("shown"):
            return False
        paired = any(connection_id == name[1] for connection_id, _ in record.standing.twins)
        paired = paired or any(twin[0] == self._here for twin in head.get("twins") or ())
        decided = {*(head.get("linked") or ()), *(head.get("apart") or ())}
        return not paired and not decided & (record.standing.linked | record.standing.apart)

    def _list(self, identity: str, row: Mapping[str, Any] | None) -> None:
        name: Name = ("duplicate", identity)
        stored = self._folding.get(name)
        if row is None:
            if stored is not None:
                self._folding.drop(name)
        elif stored is None or {**stored, **row} != stored:
            self._folding.put(name, {"duplicate_id": identity, **row})

    def _rows(self, place: Name) -> list[Row]:
        held = self._folding.get(place)
        return [list(row) for row in held["seen"]] if held else []


def foreseen(
    addresses: Iterable[str | None], amounts: Iterable[tuple[str, int | None, int | None]]
) -> Iterator[Name]:
    """Yield the lists of whoever pays, for the currencies, amounts and moments an event tells."""
    told = list(amounts)
    for email in {emails.normalise(each) for each in addresses} - {None}:
        for currency, amount, when in told:
            if email and amount and when is not None:
                yield from places((email, currency, amount, when))


def _place(look: Look, moment: int) -> Name:
    email, currency, amount, _ = look
    return ("alike", email, currency, str(amount), str(moment // times.DAY))


def _looks(record: Record) -> tuple[Look | None, Look | None]:
    """Return what a record looked like, and does now."""
    view = record.view if record.merged_into is None else None
    return look_of(record.old_view), look_of(view)


def _is_other(record: Record) -> bool:
    old, new = _looks(record)
    return old != new or record.standing.is_new


def _row(one: Name, other: Name, look: Look, other_when: int) -> dict[str, Any]:
    email, currency, amount, when = look
    sold = sorted([[*one[1:], when], [*other[1:], other_when]])
    return {"orders": sold, "email": email, "currency": currency, "gross": amount}
