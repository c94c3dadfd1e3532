"""The month the demo plays, and the stores beside it: which days, which connections, which people.

Pure but for the generator it calls: the same day gives the same month on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from infra.samples.other_stores import Store, other_stores
from infra.samples.stripe_month import Month, month

FORTY = 40
_DAYS = 30


@dataclass(frozen=True, slots=True)
class Story:
    """The month that is played: its connection, and its days, all of them in UTC.

    Beside it are the stores of the other providers, with people and connections of their own.
    """

    connection: str
    first: date
    last: date
    month: Month
    stores: tuple[Store, ...]


def story_of(today: date, subscriptions: int) -> Story:
    """Return the month that ends today; its last day stays quiet, so nothing is in the future."""
    size = "" if subscriptions == FORTY else f"-{subscriptions}"
    name = f"{today:%Y%m%d}{size}"
    first = today - timedelta(days=_DAYS - 1)
    starts_at = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp())
    # Another day's month has other ids: the same ids with other dates would be a forgery.
    played = month(name, subscriptions, starts_at=starts_at, mark=f".{today:%m%d}{size}")
    ends_at = int(datetime(today.year, today.month, today.day, tzinfo=UTC).timestamp())
    return Story(f"shop-{name}", first, today, played, other_stores(name, ends_at))
