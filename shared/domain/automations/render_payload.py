"""The exact bytes of a webhook: the standard body, or a step's own payload with its tags filled.

Written once, kept with the delivery and signed as they are: every attempt sends the same bytes. A
body stays below 20 kB, as receivers expect of webhooks: what is long by nature is left out of the
standard body, and said to be, before it would be refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.domain import times
from shared.domain.ports import Document

BODY_BYTES_MAX = 20_000
Printed = Mapping[str, Any]

_CAUSE = ("provider", "connection_id", "event_id", "event_type")
# What a body can do without, the longest and least asked for first.
_SPARE = (
    ("order", "line_items"),
    ("recurring_payment", "line_items"),
    ("order", "payments"),
    ("contact", "lists"),
    ("contact", "segments"),
    ("contact", "tags"),
    ("contact", "aliases"),
    ("recurring_payment", "note"),
    ("changes",),
)


class TooLarge(ValueError):
    """A payload that is longer than a webhook may be."""


def standard(
    firing: Document,
    automation: Mapping[str, Any] | None,
    contact: Printed | None,
    recurring_payment: Printed | None,
    order: Printed | None = None,
    *,
    kind: str | None = None,
) -> bytes:
    """Return the body of a webhook without its own payload. Raise TooLarge if it cannot be short.

    The contact, the recurring payment and the order are as the API prints them; `automation` is
    its `{"id", "name"}`. An order is there only where it is what has changed. `kind` is the
    body's type where it is not that of the change. What a date has set off names the date.
    """
    record, change, cause = firing["record"], firing["change"], firing["cause"]
    data: dict[str, Any] = {
        "firing_id": firing["firing_id"],
        "automation": dict(automation) if automation is not None else None,
        "contact": dict(contact or {}),
        "recurring_payment": None if recurring_payment is None else dict(recurring_payment),
        "changes": [
            {"field": field, "from": before, "to": after}
            for field, before, after in change["changes"]
        ],
        "cause": _told(cause),
    }
    if order is not None:
        data["order"] = dict(order)
    if (date := firing.get("date")) is not None:
        data["date"] = {**date, "value": times.to_text(date["value"])}
    return _fitted(
        {
            "type": kind or f"{record['kind']}.{change['kind']}",
            "timestamp": times.to_text(change["at"]),
            "data": data,
        }
    )


def _told(cause: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: cause.get(name) for name in _CAUSE},
        "occurred_date": times.to_text(cause["occurred_at"]),
        "late": cause["late"],
        "mode": cause.get("mode", "live"),
    }


def own(filled: Any) -> bytes:
    """Return a step's own payload, its tags filled. Raise TooLarge where it is too long."""
    body = _written(filled)
    if len(body) > BODY_BYTES_MAX:
        raise TooLarge(f"the payload is longer than {BODY_BYTES_MAX:,} bytes")
    return body


def _fitted(message: dict[str, Any]) -> bytes:
    """Return the message as bytes, without its spare parts as far as it is too long."""
    body = _written(message)
    for path in _SPARE:
        if len(body) <= BODY_BYTES_MAX:
            return body
        if _left_out(message["data"], path):
            body = _written(message)
    if len(body) > BODY_BYTES_MAX:
        raise TooLarge(f"the body is longer than {BODY_BYTES_MAX:,} bytes")
    return body


def _left_out(data: dict[str, Any], path: tuple[str, ...]) -> bool:
    """Leave a part out and say so; False where there is none."""
    place: Any = data
    for name in path[:-1]:
        place = place.get(name) or {}
    if not place.get(path[-1]):
        return False
    place[path[-1]] = [] if isinstance(place[path[-1]], list) else None
    data.setdefault("left_out", []).append(".".join(path))
    return True


def _written(message: Any) -> bytes:
    # Half a surrogate pair cannot be written in UTF-8; no receiver could read it either.
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
