"""What every provider's laws ask of a shop, and how they read a story's clock."""

from __future__ import annotations

from shared.domain import times
from tests.support.shop import Shop


def statuses(shop: Shop, identity: str) -> list[str]:
    """Return every status a recurring payment's history passed through, in order."""
    passed = [
        (change.before, change.after)
        for entry in shop.history("recurring_payment", identity)
        for change in entry.changes
        if change.field == "status"
    ]
    view = shop.view("recurring_payment", identity)
    return [before for before, _ in passed[:1]] + [after for _, after in passed] or [
        view["status"] if view else ""
    ]


def ms(seconds: int | None) -> int | None:
    """Return a story's seconds in the unit of records, None for never."""
    return None if seconds is None else seconds * times.SECOND
