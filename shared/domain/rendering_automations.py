"""Automations and what they did as the API prints them: endpoints, firings, runs, deliveries.

Pure, like `rendering`, and as closed: a document may hold leases, due times and bodies, and none
of it is shown unless it is named here. A delivery's secret is not in it, so it cannot be shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain import times
from shared.domain.ports import Document

Json = dict[str, Any]

_DEFINITION = ("name", "enabled", "trigger", "steps", "on_edit")
_CAUSE = ("provider", "connection_id", "event_id", "event_type")
_ATTEMPT = ("status", "duration_ms", "fault", "excerpt")


def automation(document: Document) -> Json:
    """Return an automation as it is defined now."""
    return {
        "automation_id": document["automation_id"],
        **{field: document[field] for field in _DEFINITION},
        "revision": document["revision"],
        "created_date": times.to_text(document["created_date"]),
        "updated_date": times.to_text(document["updated_date"]),
    }


def endpoint(document: Document, health: Document | None) -> Json:
    """Return an endpoint and how it fares; its secrets lie elsewhere."""
    known: Mapping[str, Any] = health or {}
    return {
        "endpoint_id": document["endpoint_id"],
        "url": document["url"],
        "events": list(document["events"]),
        "status": document["status"],
        "health": {
            "failures": known.get("failures", 0),
            "failing_since_date": times.to_text(known.get("failing_since")),
            "paused_until_date": times.to_text(known.get("paused_until")),
            "disabled_date": times.to_text(known.get("disabled_at")),
            "disabled_for": known.get("disabled_for"),
        },
        "created_date": times.to_text(document["created_date"]),
        "rotated_date": times.to_text(document["rotated_date"]),
    }


def firing(document: Document) -> Json:
    """Return why an automation acted, for whom, and how far it has come."""
    contact, change, cause = document["contact"], document["change"], document["cause"]
    return {
        "firing_id": document["firing_id"],
        "automation_id": document["automation_id"],
        "contact": {"contact_id": contact["contact_id"], "email": contact["email"]},
        "recurring_payment": _recurring_payment(document["record"]),
        "change": {
            "record": _record(document["record"]),
            "kind": change["kind"],
            "changes": _changes(change["changes"]),
            "historical": change["historical"],
            "late": change["late"],
            "date": _date(document.get("date")),
        },
        "cause": {
            **{field: cause[field] for field in _CAUSE},
            "occurred_date": times.to_text(cause["occurred_at"]),
            "late": cause["late"],
        },
        "state": document["state"],
        "at": times.to_text(document["at"]),
    }


def run(document: Document) -> Json:
    """Return how far the steps of a firing have come."""
    return {
        "run_id": document["run_id"],
        "automation_id": document["automation_id"],
        "revision": document["revision"],
        "contact_id": document["contact_id"],
        "record": _record(document["record"]),
        "state": document["state"],
        "position": list(document["position"]),
        "wake_date": times.to_text(document["wake_at"]),
        "reason": document["reason"],
        "started_date": times.to_text(document["started"]),
        "updated_date": times.to_text(document["updated"]),
        "taken": [_taken(each) for each in document["taken"]],
    }


def delivery(document: Document) -> Json:
    """Return a webhook and its attempts, without what it says."""
    return {
        "delivery_id": document["delivery_id"],
        "endpoint_id": document["endpoint_id"],
        "firing_id": document["firing_id"],
        "type": document["type"],
        "state": document["state"],
        "attempts": [
            {"at": times.to_text(each["at"]), **{field: each[field] for field in _ATTEMPT}}
            for each in document["attempts"]
        ],
        "next_attempt_date": times.to_text(document["next_at"]),
        "created_date": times.to_text(document["created"]),
    }


def delivery_with_payload(document: Document) -> Json:
    """Return a webhook with the JSON it carries."""
    return {**delivery(document), "payload": json.loads(document["body"])}


def _date(date: Mapping[str, Any] | None) -> Json | None:
    """Return which date of the record has come, None where a change set the automation off."""
    if date is None:
        return None
    return {"field": date["field"], "value": times.to_text(date["value"])}


def _taken(row: Mapping[str, Any]) -> Json:
    known = ("step", "what", "at")
    return {
        "step": list(row["step"]),
        "what": row["what"],
        "at": times.to_text(row["at"]),
        "about": {name: value for name, value in row.items() if name not in known},
    }


def _record(record: Mapping[str, Any]) -> Json:
    return {field: record[field] for field in ("kind", "connection_id", "id")}


def _recurring_payment(record: Mapping[str, Any]) -> Json | None:
    if record["kind"] != "recurring_payment":
        return None
    return {
        "connection_id": record["connection_id"],
        "store_recurring_payment_id": record["id"],
    }


def _changes(rows: Iterable[Iterable[Any]]) -> list[Json]:
    return [{"field": field, "from": before, "to": after} for field, before, after in rows]
