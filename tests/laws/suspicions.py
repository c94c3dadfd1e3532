"""What two stores' look-alikes come to, told independently of how they are found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from functions.manage.duplicates import decide as decided
from tests.laws.two_stores import Sale
from tests.support.shop import Shop

Pair = tuple[str, str]  # the order of `kick`, the order of `shop`


class Jobs:
    """The way to a shop's own jobs."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def follow(self, messages: Sequence[Mapping[str, Any]], nonce: str) -> None:
        self._shop.outbox.jobs.extend(messages)

    def follow_later(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Do nothing: what is done now has been done."""


def decide(shop: Shop, pair: Pair, decision: str) -> None:
    """Decide on a listed pair, and do what follows."""
    identity = listed(shop)[pair]["duplicate_id"]
    body = {"decision": decision}
    decided(identity, body, store=shop.memory, jobs=Jobs(shop), new_id=lambda: "nonce")
    shop.work_off()


def listed(shop: Shop) -> dict[Pair, dict[str, Any]]:
    """Return the listed suspicions by their two orders."""
    rows = [each for name, each in shop.memory.documents.items() if name[0] == "duplicate"]
    return {(row["orders"][0][1], row["orders"][1][1]): row for row in rows}


def wanted(sales: Iterable[Sale]) -> set[Pair]:
    """Return the pairs that a person has to look at."""
    open_ones = [each for each in sales if each.status == "completed" and each.link == "none"]
    return {
        (f"PK-{sold.name}", order_of(paid))
        for sold in open_ones
        for paid in open_ones
        if abs(sold.minute + 1 - paid.minute) <= 15
    }


def order_of(sale: Sale) -> str:
    """Return the id under which `shop` keeps a sale."""
    return f"in_{sale.name}" if sale.subscribed else f"pi_{sale.name}"
