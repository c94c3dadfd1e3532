"""A provider's history page by page: what a client tells that can, and how a page is asked for.

Pure shapes, shared by the clients that tell history and the job that goes through it. A page is
small enough to be fetched well within a call's time, and says by itself what comes after it: so an
import that is killed anywhere goes on with nothing but its last cursor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

Json = Mapping[str, Any]

OBJECTS_MAX = 100
# A phase's first page.
BEGINNING = ""
# What a call for a single object names that asks for a subscription's newest payment, by the
# subscription's id. It is told as the object it is, just as a page tells it.
NEWEST_PAYMENT = "newest_payment"


@dataclass(frozen=True, slots=True)
class Page:
    """Up to 100 objects of one phase, as the provider's API holds them now.

    Each of `objects` is what `fetch` would return for it, with its id under `id`; `kind` is their
    kind as `event` is told it. `following` is the cursor of the next page, None where the phase
    ends. `total` is the number of objects in the phase, None where the API does not tell.
    `skipped` names by their ids objects that could not be fetched.
    """

    objects: tuple[Json, ...]
    kind: str
    following: str | None
    total: int | None = None
    skipped: tuple[str, ...] = ()


@runtime_checkable
class TellsHistory(Protocol):
    """A provider's API client that can be asked for everything the provider holds."""

    def phases(self, resources: Sequence[str]) -> tuple[str, ...]:
        """Return what to page through, in order, for a connection's `resources`.

        What others refer to comes first: the catalogue and customers before subscriptions, and
        those before orders.
        """

    def page(self, phase: str, cursor: str, since: int | None) -> Page:
        """Return one page; `cursor` is "" or what a page before said under `following`.

        With `since` (ms) only what is newer, as far as the API can tell. Raise Retryable while it
        is busy, and Quarantined(code, reason) where it refuses for good: the import then fails
        with that reason, and goes on from the same page when it is asked for again.
        """

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return the id and the body of the event that tells of `found`, fetched at `now` (ms).

        `call` names it: `{"object": kind, "id": …}`.
        """
