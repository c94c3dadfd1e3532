"""What goes to the event bus: which record changed how, and which automation fired. Pure.

Ids and changes, and nothing of a person: an address or a note is named as changed, its value is
not told. Each event has an `id` that is the same however often it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain import times
from shared.domain.automations.definition import FIRED
from shared.domain.automations.happening import Happening
from shared.domain.automations.identity import told_id
from shared.domain.ports import Document, Name

_PERSONAL = frozenset({"billing_address", "shipping_address", "email", "note"})
_IDS = {"recurring_payment": "store_recurring_payment_id", "order": "store_order_id"}


@dataclass(frozen=True, slots=True)
class BusEvent:
    """One event for the bus; `at` (ms) is when it occurred."""

    detail_type: str
    detail: Mapping[str, Any]
    at: int


def changed(happening: Happening, connection: Document | None) -> BusEvent:
    """Return the event that tells of a change."""
    cause = happening.cause(connection)
    detail = {
        "id": told_id(happening),
        **_record(happening.record),
        "contact_id": happening.entry.contact_id,
        "changes": [
            {"field": each.field}
            if each.field in _PERSONAL
            else {"field": each.field, "from": each.before, "to": each.after}
            for each in happening.entry.changes
        ],
        **_cause(cause),
    }
    return BusEvent(happening.type, detail, happening.entry.at)


def fired(firing: Document) -> BusEvent:
    """Return the event that tells of a firing."""
    record, change = firing["record"], firing["change"]
    detail = {
        "id": firing["firing_id"],
        "firing_id": firing["firing_id"],
        "automation_id": firing["automation_id"],
        "revision": firing["revision"],
        **_record((record["kind"], record["connection_id"], record["id"])),
        "contact_id": firing["contact"]["contact_id"],
        "change": f"{record['kind']}.{change['kind']}",
        **_cause(firing["cause"]),
    }
    return BusEvent(FIRED, detail, firing["at"])


def _record(name: Name) -> dict[str, str]:
    return {"connection_id": name[1], _IDS[name[0]]: name[2]}


def _cause(cause: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "provider": cause["provider"],
        "mode": cause["mode"],
        "event_id": cause["event_id"],
        "event_type": cause["event_type"],
        "occurred_date": times.to_text(cause["occurred_at"]),
        "late": cause["late"],
    }
