"""A delivery: one webhook to one endpoint, from its bytes to its last attempt.

Pure. The bytes are written once, in the same commit as the step or change they come from, under an
id that follows from it; so whoever repeats that finds the delivery there. `turn` counts what has
become of it since: a message names the turn it was sent for, and one of an older turn does nothing
but make sure that its successor is on its way. Neither secret nor signature is ever part of it.

    pending ── 2xx ──> delivered          pending ── ten attempts ──> dead ──┐
       │ └──── 410, or its endpoint was removed ──> gone ────────────────────┤ replayed: pending
       └────── its endpoint is disabled ──> held (30 days) ──────────────────┘
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from shared.domain import times
from shared.domain.delivery_schedule import decide, meaning
from shared.domain.due import due as due
from shared.domain.ports import Document, Name, Write

Delivery = dict[str, Any]
Message = dict[str, Any]

# What SQS can put off by itself; the due-index does the rest.
DELAY_MAX = 15 * times.MINUTE
HELD_FOR = 30 * times.DAY
# How long the log of what is over is kept: as long as events are.
KEPT_FOR = 400 * times.DAY
# A message that comes this much too early is in time: queues count in seconds.
EARLY = times.SECOND
_ATTEMPTS_KEPT = 30
_STATES = {"delivered": "delivered", "disable": "gone", "exhausted": "dead", "retry": "pending"}


def id_of(cause: str, way: str) -> str:
    """Return the id, and `webhook-id`, of what a cause sends by one way: a step or a subscriber."""
    return "msg_" + hashlib.sha256(f"{cause}\0{way}".encode()).hexdigest()[:32]


def name_of(delivery_id: str) -> Name:
    """Return the name of a delivery's document."""
    return ("delivery", delivery_id)


def new(
    delivery_id: str,
    endpoint_id: str,
    kind: str,
    body: bytes,
    now: int,
    *,
    firing_id: str | None = None,
    automation_id: str | None = None,
    contact_id: str | None = None,
) -> Delivery:
    """Return a delivery of which nothing has been attempted; `kind` is the type its body states.

    `contact_id` is whom it is about, where its body need not say so.
    """
    return {
        "version": 1,
        "turn": 0,
        "delivery_id": delivery_id,
        "endpoint_id": endpoint_id,
        "firing_id": firing_id,
        "automation_id": automation_id,
        "contact_id": contact_id,
        "type": kind,
        "body": body,
        "state": "pending",
        "attempts": [],
        "tries": 0,
        "deferrals": 0,
        "first_at": None,
        "next_at": now,
        "created": now,
    }


def message(delivery: Document) -> Message:
    """Return the message that has the delivery's next attempt made."""
    return {
        "kind": "deliver",
        "delivery_id": delivery["delivery_id"],
        "endpoint_id": delivery["endpoint_id"],
        "turn": delivery["turn"],
    }


def attempted(
    delivery: Document,
    *,
    status: int,
    fault: str,
    duration_ms: int,
    excerpt: str,
    retry_after: str,
    now: int,
    random: Callable[[], float],
) -> Delivery:
    """Return the delivery after an attempt that ended at `now`; status 0 is no answer.

    An attempt that ends after the delivery has (a message came twice) is noted, and changes nothing
    else, unless it arrived after all.
    """
    began = now - duration_ms
    row: dict[str, object] = {"at": began, "status": status or None, "duration_ms": duration_ms}
    # An endpoint's answer may quote what it was sent.
    row |= {"fault": fault or None, "excerpt": None if "erased" in delivery else excerpt or None}
    noted = _moved(delivery, attempts=[*delivery["attempts"], row][-_ATTEMPTS_KEPT:])
    arrived = meaning(status, fault) == "delivered"
    if delivery["state"] == "delivered" or (delivery["state"] != "pending" and not arrived):
        return noted
    first_at = began if delivery["first_at"] is None else delivery["first_at"]
    tries = delivery["tries"] + 1
    decided = decide(
        status=status,
        fault=fault,
        attempt=tries,
        first_attempt_at=first_at,
        now=now,
        random=random,
        retry_after=retry_after,
    )
    noted |= {"tries": tries, "deferrals": 0, "first_at": first_at, "next_at": decided.retry_at}
    return _ended(noted, _STATES[decided.outcome], now)


def put_off(delivery: Document, until: int) -> Delivery:
    """Return the delivery whose attempt was not admitted; it keeps its tries."""
    return _moved(delivery, next_at=until, deferrals=delivery["deferrals"] + 1)


def held(delivery: Document, now: int) -> Delivery:
    """Return the delivery while its endpoint is disabled: kept for 30 days, to be replayed."""
    return _ended(_moved(delivery, next_at=None), "held", now)


def gone(delivery: Document, now: int) -> Delivery:
    """Return the delivery whose endpoint was removed."""
    return _ended(_moved(delivery, next_at=None), "gone", now)


def erased(delivery: Document, now: int) -> Delivery:
    """Return the delivery of somebody erased: how it went, and none of what it said.

    One that has not arrived never will.
    """
    bare = {**delivery, "body": b"{}", "erased": True, "next_at": None}
    bare["attempts"] = [{**each, "excerpt": None} for each in delivery["attempts"]]
    return bare if bare["state"] == "delivered" else _ended(bare, "gone", now)


def replayed(delivery: Document, now: int) -> Delivery:
    """Return the delivery with ten new attempts before it: the same id, the same bytes."""
    fresh = _moved(delivery, state="pending", tries=0, deferrals=0, first_at=None, next_at=now)
    fresh.pop("expires_at", None)
    return fresh


def follow_up(delivery: Document, now: int) -> list[Message]:
    """Return the message a pending delivery needs on the queue; none where the index has it.

    `delay` is in seconds.
    """
    if delivery["state"] != "pending":
        return []
    wait = delivery["next_at"] - now
    return [] if wait > DELAY_MAX else [{**message(delivery), "delay": _seconds(wait)}]


def steps(delivery: Document, now: int) -> list[Write]:
    """Return the writes that make the delivery's new state true, its due entry among them."""
    writes = [Write(name_of(delivery["delivery_id"]), delivery, delivery["version"] - 1)]
    if delivery["state"] == "pending" and delivery["next_at"] - now > DELAY_MAX:
        writes.append(
            due(delivery["next_at"], "delivery", delivery["delivery_id"], message(delivery))
        )
    return writes


def _moved(delivery: Document, **values: Any) -> Delivery:
    """Return the next turn of a delivery."""
    return {
        **delivery,
        **values,
        "version": delivery["version"] + 1,
        "turn": delivery["turn"] + 1,
    }


def _ended(delivery: Delivery, state: str, now: int) -> Delivery:
    delivery["state"] = state
    if state != "pending":
        kept = HELD_FOR if state == "held" else KEPT_FOR
        delivery["expires_at"] = (now + kept) // times.SECOND
    return delivery


def _seconds(wait: int) -> int:
    return max(0, -(-wait // times.SECOND))
