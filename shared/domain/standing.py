"""A record's standing among those of other connections: its twins, whose mirror it is, its count.

Pure, and part of the record's head; a record that nobody else reports leaves nothing there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from shared.domain.ports import Name

Twin = tuple[str, str]  # connection, id

# Orders that witness a recurring payment's twin; more would say the same again.
_WITNESSES = 3


class Standing:
    """The standing of one record, as stored and as an event or job leaves it."""

    def __init__(self, head: Mapping[str, Any]) -> None:
        self.twins: list[Twin] = [(one, other) for one, other in head.get("twins") or ()]
        self.mirror_of: str | None = head.get("mirror_of")
        # Of a recurring payment: which it may be the twin of, and the orders that say so.
        self.pairs: dict[Twin, list[str]] = {
            (one, other): list(said) for one, other, said in head.get("pairs") or ()
        }
        # What a person said of look-alikes, by the ids of the suspicions: one sale, or two.
        self.linked: set[str] = set(head.get("linked") or ())
        self.apart: set[str] = set(head.get("apart") or ())
        # Up to when its words are told without its person, and who that was.
        erased = head.get("erased") or (None, None)
        self.erased_until: int | None = erased[0]
        self.erased_contact: str | None = erased[1]
        self.counted = bool(head.get("counts", True))
        self.counts = self.counted
        self._before = self.twins, self.mirror_of

    @property
    def is_new(self) -> bool:
        """Whether it has other twins or another owner than it had."""
        return (self.twins, self.mirror_of) != self._before

    @property
    def has_changed(self) -> bool:
        """Whether that is new, or whether its record counts."""
        return self.is_new or self.counts != self.counted

    def place(self, own: Name, others: Collection[Name], owner: Name) -> None:
        """Put a record among its twins, one of which may own what they report."""
        self.twins = sorted((name[1], name[2]) for name in others)
        self.mirror_of = None if owner == own else f"{owner[1]}/{owner[2]}"

    def witness(self, order_id: str, told: Collection[Twin]) -> bool:
        """Take what one order says of its recurring payment's twins; False if it was known."""
        before = {twin: list(orders) for twin, orders in self.pairs.items()}
        for twin in {*self.pairs, *told}:
            said = [each for each in self.pairs.pop(twin, ()) if each != order_id]
            if twin in told and len(said) < _WITNESSES:
                said.append(order_id)
            if said:
                self.pairs[twin] = sorted(said)
        return self.pairs != before

    def inherit(self, other: Standing) -> None:
        """Take over what was decided of a record that has become a part of this one."""
        self.linked |= other.linked
        self.apart |= other.apart
        if other.erased_until is not None:
            self.erase(other.erased_until, other.erased_contact)

    def erase(self, until: int, contact_id: str | None) -> None:
        """Take that its person was erased: words up to `until` (ms) are told without them."""
        self.erased_until = max(until, self.erased_until or until)
        self.erased_contact = self.erased_contact or contact_id

    def to_head(self) -> dict[str, Any]:
        """Return what a head keeps of it."""
        head: dict[str, Any] = {}
        if self.twins:
            head["twins"] = [list(each) for each in self.twins]
        if self.mirror_of is not None:
            head["mirror_of"] = self.mirror_of
        if self.pairs:
            head["pairs"] = [[*twin, orders] for twin, orders in sorted(self.pairs.items())]
        if self.linked:
            head["linked"] = sorted(self.linked)
        if self.apart:
            head["apart"] = sorted(self.apart)
        if not self.counts:
            head["counts"] = False
        if self.erased_until is not None:
            head["erased"] = [self.erased_until, self.erased_contact]
        return head
