"""The world of the workshop: the gate all calls pass, the endpoint's answers, and what is there.

Every call the product makes of the world outside passes one gate, which can die before or after
the call, lose its reply, or let another worker come in between.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shared.domain import times
from shared.domain.errors import Retryable
from shared.domain.ports import Check, Document, Name, Write
from tests.fakes.memory_store import MemoryStore
from tests.simulation.faults import Crashed

START = 1_790_000_000_000
SECRET = "whsec_" + "c2VjcmV0" * 5
URL = "https://crm.example.com/hook"
FIRING = "001790000000000-abc"
# A message on the queue: when it is seen, what it says, and how often it has been received.
Row = tuple[int, dict[str, Any], int]


class Answered(NamedTuple):
    """What an endpoint answers."""

    status: int = 200
    fault: str = ""
    duration_ms: int = 20
    excerpt: str = ""
    retry_after: str = ""


class Post(NamedTuple):
    """What an endpoint was sent, and when."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    at: int

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]

    def json(self) -> Any:
        return json.loads(self.body)


class Gate:
    """Counts the calls of the product, and does harm at one of them."""

    def __init__(self) -> None:
        self.calls = 0
        self.fault: tuple[int, str] | None = None
        self.interleave: Callable[[], object] = lambda: None

    def __call__(self, effect: Callable[[], Any], *, resendable: bool = False) -> Any:
        self.calls += 1
        kind = self.fault[1] if self.fault and self.fault[0] == self.calls else ""
        if kind == "crash_before":
            raise Crashed
        if kind == "interleave":
            self.interleave()
        answer = effect()
        if kind == "resent" and resendable:
            answer = effect()
        if kind == "crash_after":
            raise Crashed
        if kind == "lost_reply":
            raise Retryable("the reply was lost")
        return answer


class GatedStore(MemoryStore):
    """The store behind the gate."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    def read(self, names: Iterable[Name]) -> dict[Name, Document | None]:
        wanted = list(names)
        found: dict[Name, Document | None] = self.gate(lambda: MemoryStore.read(self, wanted))
        return found

    def commit(self, steps: Sequence[Write | Check]) -> None:
        self.gate(lambda: MemoryStore.commit(self, steps), resendable=True)


def head(**terms: Any) -> dict[str, Any]:
    """Return a recurring payment's head."""
    known = {
        "status": "payment_failed",
        "name": "Box",
        "amount": 1900,
        "currency": "USD",
        "start_date": START,
        "next_payment_date": START + 10 * times.DAY,
        "billing_address": {"city": "Chicago"},
    }
    return {
        "facets": {"terms": {**known, **terms}},
        "customer_id": "cus_1",
        "contact_id": "c1",
        "email": "ada@example.com",
        "shown": True,
        "date": START,
        "modified": START,
    }


def firing(firing_id: str) -> dict[str, Any]:
    """Return a firing nobody has taken up."""
    return {
        "firing_id": firing_id,
        "automation_id": "rescue",
        "revision": 1,
        "contact": {"contact_id": "c1", "email": "ada@example.com", "version": 1},
        "record": {"kind": "recurring_payment", "connection_id": "shop", "id": "sub_1"},
        "change": {
            "kind": "updated",
            "changes": [["status", "active", "payment_failed"]],
            "at": START,
            "historical": False,
            "late": False,
        },
        "cause": {
            "provider": "stripe",
            "connection_id": "shop",
            "event_id": "evt_1",
            "event_type": "customer.subscription.updated",
            "occurred_at": START,
            "late": False,
            "mode": "live",
        },
        "conditions": [],
        "state": "pending",
        "at": START,
        "recorded_at": START,
        "hops": 0,
    }
