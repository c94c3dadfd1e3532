"""What a stored record shows, and how two stands of it differ: for whoever compares records.

Pure. Only what a reader would see differs: versions, and when the store last touched a record, move
without anything having happened.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain import changes, orders, recurring_payments
from shared.domain.ports import Document, Name
from shared.domain.records import ORDER, RECURRING_PAYMENT
from shared.domain.timeline import Change, View

KINDS = (RECURRING_PAYMENT, ORDER)


def view_of(name: Name, head: Document | None) -> View | None:
    """Return what a record shows by its head, None where there is nothing to show."""
    if head is None or head.get("merged_into"):
        return None
    show = orders.show if name[0] == ORDER else recurring_payments.show
    return show(head.get("facets") or {})


def differences(before: View | None, after: View | None) -> list[Change]:
    """Return the fields in which a record differs; all of them where it came or went."""
    if before is not None and after is not None:
        return changes.difference(before, after)
    return list(_whole(before, after))


def _whole(before: View | None, after: View | None) -> Iterator[Change]:
    """Yield all that is told of a record that is there in one of two stands only."""
    shown = after or before
    for field, value in changes.to_json(shown).items() if shown else ():
        if value not in (None, [], False) and field not in changes.UNTOLD:
            yield Change(field, None, value) if after is not None else Change(field, value, None)
