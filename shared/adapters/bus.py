"""Putting events on the EventBridge bus, ten to a call, and again what was not taken.

A call may succeed in part, which its answer alone tells. What is sent twice is told apart by the
`id` in its detail: EventBridge delivers at least once by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shared.adapters.aws import AwsClient, AwsError
from shared.domain import times
from shared.domain.automations.bus_events import BusEvent
from shared.domain.errors import Retryable

SOURCE = "paysignal"
_AT_ONCE = 10
_TRIES = 3
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Caller(Protocol):
    """The EventBridge client, real or fake."""

    def call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
        """Call one operation. Raise AwsError when it fails."""


class EventBus:
    """One bus."""

    def __init__(self, name: str, client: Caller) -> None:
        self._name = name
        self._client = client

    @classmethod
    def from_environment(cls, name: str, environ: Mapping[str, str]) -> EventBus:
        """Return the bus as the Lambda's own role may use it."""
        return cls(name, AwsClient.from_environment("events", environ))

    def put(self, events: Sequence[BusEvent]) -> None:
        """Put events on the bus. Raise Retryable where some were not taken, AwsError else."""
        entries = [self._entry(each) for each in events]
        for start in range(0, len(entries), _AT_ONCE):
            self._put(entries[start : start + _AT_ONCE])

    def _put(self, entries: list[dict[str, object]]) -> None:
        for _ in range(_TRIES):
            try:
                answer = self._client.call("PutEvents", {"Entries": entries})
            except AwsError as error:
                raise _meaning(error) from error
            if not answer.get("FailedEntryCount"):
                return
            told = zip(entries, answer["Entries"], strict=True)
            entries = [entry for entry, one in told if one.get("ErrorCode")]
        raise Retryable("the bus would not take all events")

    def _entry(self, event: BusEvent) -> dict[str, object]:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.detail_type,
            # In seconds; a date before 1970 would be refused, and would say nothing anyway.
            "Time": max(0, event.at) / times.SECOND,
            "Detail": _encode(event.detail),
        }


def _meaning(error: AwsError) -> Exception:
    return Retryable(f"the bus answered {error.code}") if error.retryable else error
