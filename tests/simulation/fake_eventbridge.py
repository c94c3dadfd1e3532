"""An in-process EventBridge bus: PutEvents, which may succeed in part, and no other operation.

What was taken is kept in order, as a rule's target would get it. An unknown operation or parameter
is refused, and so is an entry that breaks a documented rule.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.aws_errors import aws_error, invalid
from tests.simulation.virtual_clock import VirtualClock

ENTRIES_MAX = 10
# Of all entries of a call together, source and type of detail included.
BYTES_MAX = 256 * 1024
_TAKES = {"EventBusName", "Source", "DetailType", "Time", "Detail"}


@dataclass(frozen=True, slots=True)
class BusEvent:
    """One event as a rule's target would be given it, and `by` whom it was put."""

    at_ms: int
    detail_type: str
    detail: Mapping[str, Any]
    by: str = ""


class FakeEventBridge:
    """One bus."""

    def __init__(self, clock: Callable[[], int] | None = None) -> None:
        self._clock = clock or VirtualClock()
        self.taken: list[BusEvent] = []
        # Who is calling, where somebody knows.
        self.caller: Callable[[], str] = str
        self.calls: Counter[str] = Counter()
        # A fault of one call, set by the world just before it and reset by the call.
        self.batch_limit: int | None = None

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Perform the operation and return its answer; raise AwsError as the client would."""
        if operation != "PutEvents":
            raise aws_error("UnknownOperationException", f"not faked: {operation}")
        self.calls[operation] += 1
        limit, self.batch_limit = self.batch_limit, None
        entries = payload.get("Entries", [])
        if set(payload) != {"Entries"} or not 1 <= len(entries) <= ENTRIES_MAX:
            raise invalid(f"PutEvents takes 1 to {ENTRIES_MAX} entries and nothing else")
        if sum(map(_size_of, entries)) > BYTES_MAX:
            raise invalid("Total size of the entries in the request is over the limit.")
        answers = [
            self._put(entry) if limit is None or place < limit else _failure("InternalFailure")
            for place, entry in enumerate(entries)
        ]
        return {"FailedEntryCount": sum("ErrorCode" in a for a in answers), "Entries": answers}

    def _put(self, entry: Mapping[str, Any]) -> dict[str, str]:
        if set(entry) - _TAKES:
            raise invalid(f"an entry takes {sorted(_TAKES)}, not {sorted(set(entry) - _TAKES)}")
        if not all(entry.get(name) for name in ("Source", "DetailType", "Detail")):
            return _failure("InvalidArgument")
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            detail = None
        if not isinstance(detail, dict):
            return _failure("MalformedDetail")
        self.taken.append(BusEvent(self._clock(), entry["DetailType"], detail, self.caller()))
        return {"EventId": f"{len(self.taken):08x}-0000-4000-8000-000000000000"}


def _size_of(entry: Mapping[str, Any]) -> int:
    """Return what an entry weighs, in bytes: a time is 14, a text what it is in UTF-8."""
    texts = (str(entry.get(name, "")) for name in ("Source", "DetailType", "Detail"))
    return 14 * ("Time" in entry) + sum(len(text.encode()) for text in texts)


def _failure(code: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": "the entry was not taken"}
