"""Fetch one object of a provider and put it on the events queue as an event of its own.

The processor never calls a provider. It asks here, and the answer is archived and folded like
anything a provider sends, so that a replay equals what happened. What comes back is stated to
have happened at the moment of the fetch: that is when it was known to be so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared.domain.envelope import ASKED_AT, EventEnvelope
from shared.domain.errors import Quarantined

PAGE = "page"


class Secrets(Protocol):
    """Where a connection's API key lies."""

    def read(self, connection_id: str, now: float) -> Mapping[str, Any] | None:
        """Return the connection's secrets, None where there is no such connection."""


class Api(Protocol):
    """A provider's API."""

    def fetch(self, kind: str, identity: str) -> Mapping[str, Any] | None:
        """Return the object, None where there is none. Raise Retryable or Quarantined."""

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return the id and the body of the event that tells of what was fetched at `now` (ms)."""


class ApiOf(Protocol):
    """Builds a provider's client from what a connection keeps under `api`."""

    def __call__(self, provider: str, **credentials: str) -> Api:
        """Return the client."""


class Sender(Protocol):
    """The way back."""

    def send_event(self, url: str, envelope: EventEnvelope) -> None:
        """Put an event on a queue."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a call: `fetched`, or why there is nothing to tell."""

    outcome: str
    call: Mapping[str, Any]

    def about(self) -> dict[str, Any]:
        """Return what may be logged: ids and codes."""
        named = ("connection_id", "provider", "object", "id")
        return {"outcome": self.outcome, **{name: self.call.get(name) for name in named}}


def fetch_object(
    call: Mapping[str, Any],
    *,
    secrets: Secrets,
    api_of: ApiOf,
    queue: Sender,
    events_url: str,
    now: int,
    monotonic: float,
) -> Answer:
    """Answer one call; `now` is in ms. Raise Retryable where trying again may help.

    Without an API key there is nothing to be done and nothing to wait for, and so with an object
    that is gone or that the provider will not give.
    """
    held = secrets.read(call["connection_id"], monotonic)
    if held is None or held.get("disabled"):
        return Answer("no_connection", call)
    credentials = held.get("api")
    if not credentials:
        return Answer("no_api_key", call)
    try:
        api = api_of(call["provider"], **credentials)
        found = api.fetch(call["object"], call["id"])
    except Quarantined as error:
        return Answer(error.code, call)
    if found is None:
        return Answer("not_found", call)
    queue.send_event(events_url, _wrapped(call, *api.event(call, found, now), now))
    return Answer("fetched", call)


def _wrapped(call: Mapping[str, Any], event_id: str, body: bytes, now: int) -> EventEnvelope:
    return EventEnvelope(
        provider=call["provider"],
        connection_id=call["connection_id"],
        received_at=now,
        body=body,
        headers={ASKED_AT: call["asked_at"]} if "asked_at" in call else None,
        event_id=event_id,
        subject=call.get("subject"),
        # What history asks for belongs to history, and fires as little; what the watch over the
        # dates asks for stands in for an event that was not sent.
        source=call.get("source", "fetched"),
    )


def read_call(message: str) -> dict[str, Any]:
    """Return the call, for an object or a page.

    Raise ValueError for a message no release of paysignal sends.
    """
    call = json.loads(message)
    names = ("connection_id", "provider", "object")
    page = isinstance(call, dict) and call.get("object") == PAGE
    wanted = (*names, "job_id", "phase", "cursor") if page else (*names, "id")
    if not isinstance(call, dict) or not all(isinstance(call.get(name), str) for name in wanted):
        raise ValueError("the message is not a call")
    return call
