"""Sending deliveries once more: one that a person chose, or all that a disabled endpoint has held.

The same id and the very same bytes go out again, with a full set of attempts. The delivery and its
place in the due-index are written in one commit and the message follows, so a crash in between
costs a minute and never the delivery.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from functions.manage.contention import settled
from shared.domain import deliveries, times
from shared.domain.deliveries import Delivery, Message
from shared.domain.errors import Conflict, Contended, NotFound
from shared.domain.ports import Document, Name, Reads, Write, Writes

# The message comes first; the due-index is for the one that got lost.
_GRACE = times.MINUTE
# A transaction holds a hundred writes; each delivery needs two.
_AT_ONCE = 25
_PAGE = 100
# What one request releases at most; more stays held, and is released by the next.
RELEASED_MAX = 2_000


class Store(Reads, Writes, Protocol):
    """Where deliveries, endpoints and what is due lie."""

    def newest(
        self, log: Name, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        """Return a page of a log, such as `("deliveries", endpoint_id, state)`."""


class Deliveries(Protocol):
    """The way to the worker that posts to endpoints."""

    def deliver(self, messages: Sequence[Message]) -> None:
        """Have deliveries attempted now. Raise AwsError or Retryable."""


def replay(delivery_id: str, *, store: Store, queue: Deliveries, now: int) -> None:
    """Send a delivery once more.

    Raise NotFound where there is none or its endpoint is gone, Conflict where it is on its way
    already or its endpoint is disabled.
    """
    name: Name = ("delivery", delivery_id)

    def write() -> Message:
        delivery = store.read([name])[name]
        if delivery is None:
            raise NotFound("There is no such delivery.")
        if delivery["state"] == "pending":
            raise Conflict("The delivery is on its way already.")
        if delivery.get("erased"):
            raise Conflict("The delivery was about somebody who was erased since.")
        _check_endpoint(delivery["endpoint_id"], store)
        fresh = deliveries.replayed(delivery, now)
        store.commit(_steps(fresh, now))
        return deliveries.message(fresh)

    queue.deliver([settled(write)])


def release(endpoint_id: str, *, store: Store, queue: Deliveries, now: int) -> int:
    """Send what was held for an endpoint while it was disabled; return how many that is."""
    # All names first: what is released leaves the list that is being read.
    names = _held(endpoint_id, store)
    released = 0
    for start in range(0, len(names), _AT_ONCE):
        sent = _release(names[start : start + _AT_ONCE], store, now)
        if sent:
            queue.deliver(sent)
        released += len(sent)
    return released


def _held(endpoint_id: str, store: Store) -> list[Name]:
    names: list[Name] = []
    cursor = None
    while len(names) < RELEASED_MAX:
        page, cursor = store.newest(("deliveries", endpoint_id, "held"), _PAGE, cursor)
        names += [deliveries.name_of(each["delivery_id"]) for each in page]
        if cursor is None:
            break
    return names[:RELEASED_MAX]


def _release(names: Sequence[Name], store: Store, now: int) -> list[Message]:
    """Write the held deliveries of these names as pending; return their messages."""
    # The index may be behind: what it calls held may be on its way already.
    fresh = [
        deliveries.replayed(each, now)
        for each in store.read(names).values()
        if each is not None and each["state"] == "held"
    ]
    if fresh and not _committed([step for each in fresh for step in _steps(each, now)], store):
        # Somebody replays one of them at this moment: the others must not wait for that.
        fresh = [each for each in fresh if _committed(_steps(each, now), store)]
    return [deliveries.message(each) for each in fresh]


def _committed(steps: Sequence[Write], store: Store) -> bool:
    try:
        store.commit(steps)
    except Contended:
        return False
    return True


def _steps(delivery: Delivery, now: int) -> list[Write]:
    """Return the writes of a delivery that is on its way again."""
    sent = deliveries.message(delivery)
    net = deliveries.due(now + _GRACE, "delivery", delivery["delivery_id"], sent)
    return [*deliveries.steps(delivery, now), net]


def _check_endpoint(endpoint_id: str, store: Store) -> None:
    name: Name = ("endpoint", endpoint_id)
    endpoint = store.read([name])[name]
    if endpoint is None:
        raise Conflict("The endpoint of this delivery is gone.")
    if endpoint["status"] == "disabled":
        raise Conflict("The endpoint is disabled: enable it first, and what it holds is sent.")
