"""A Stripe account's history as the bodies of events, in the order in which an import tells them.

For tests of what history *means*; how it is asked for, killed and resumed is tested elsewhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing

import httpx

from shared.domain.history_pages import BEGINNING
from shared.providers.stripe_api import StripeApi
from tests.support.stripe_answers import SECRET_KEY, StripeAnswers
from tests.support.stripe_lists import Account

RESOURCES = ("subscriptions", "orders")


def history(account: Account, now: int, *, since: int | None = None) -> Iterator[bytes]:
    """Yield the event of every object the account holds, fetched from `now` (ms) on.

    Each page takes a second, as pages do.
    """
    clock = itertools.count(now, 1_000)
    with closing(client(StripeAnswers(account).transport)) as api:
        for phase in api.phases(RESOURCES):
            cursor: str | None = BEGINNING
            while cursor is not None:
                page, at = api.page(phase, cursor, since), next(clock)
                for thing in page.objects:
                    yield api.event({"object": page.kind, "id": thing["id"]}, thing, at)[1]
                cursor = page.following


def client(transport: httpx.BaseTransport) -> StripeApi:
    """Return a client of the stand-in that never waits."""
    ticks = itertools.count()
    return StripeApi(
        SECRET_KEY,
        transport=transport,
        sleep=lambda _: None,
        monotonic=lambda: float(next(ticks)),
    )
