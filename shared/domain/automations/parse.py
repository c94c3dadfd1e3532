"""Automations as people write them: read whole, refused whole, each fault with its path.

The same reading serves a body somebody sends (`definition_of`) and a stored document
(`automation_of`), so what was accepted once cannot mean something else later. Closed: an unknown
key is a mistake worth telling.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.domain import times
from shared.domain.automations import definition as types
from shared.domain.automations.dates import DATE_FIELDS
from shared.domain.automations.definition import Automation, Matches, Trigger
from shared.domain.automations.faults import Faults
from shared.domain.automations.segments import members_of, read_segment
from shared.domain.automations.steps import read_offset, read_steps
from shared.domain.automations.transitions import TRIGGER_FIELDS, matcher
from shared.domain.ports import Document
from shared.domain.segments.parse import Resolver

DEFINITION_BYTES_MAX = 100_000
_BODY = ("name", "enabled", "trigger", "steps", "on_edit")
_COMMON = ("type", "runs", "late", "history", "segment")
_UPDATED_ONLY = ("field", "from", "to")
# A date is no change: nothing of it is late or imported, and it has no value before.
_OF_CHANGES = ("from", "to", "late", "history")


def definition_of(values: Mapping[str, Any], resolve: Resolver = members_of) -> dict[str, Any]:
    """Return a body's `{name, enabled, trigger, steps, on_edit}`, as it was written, checked.

    Raise Invalid with the path of each fault.
    """
    faults = Faults()
    faults.only(values, _BODY, "")
    name = faults.text(values, "name", "")
    on_edit = faults.choice(values, "on_edit", "", ("finish", "cancel"))
    enabled = values.get("enabled", True)
    if not isinstance(enabled, bool):
        faults.add("enabled", "has to be true or false")
    _read_trigger(values.get("trigger"), faults, resolve)
    steps = faults.listed(values, "steps", "")
    read_steps(steps, faults, resolve)
    if not faults.found and _size(values) > DEFINITION_BYTES_MAX:
        faults.add("steps", f"make the automation longer than {DEFINITION_BYTES_MAX:,} bytes")
    faults.raise_any()
    return {
        "name": name,
        "enabled": enabled,
        "trigger": values["trigger"],
        "steps": steps,
        "on_edit": on_edit,
    }


def automation_of(document: Document, resolve: Resolver = members_of) -> Automation:
    """Return a stored automation without its steps. Raise Invalid if it no longer makes sense."""
    faults = Faults()
    trigger = _read_trigger(document["trigger"], faults, resolve)
    faults.raise_any()
    assert trigger is not None  # noqa: S101  # no fault was found, so there is one
    return Automation(
        automation_id=document["automation_id"],
        name=document["name"],
        enabled=bool(document["enabled"]),
        revision=int(document["revision"]),
        created=document.get("created_date"),
        on_edit=document.get("on_edit") or "finish",
        trigger=trigger,
        edited=int(document.get("updated_date") or 0),
    )


def _size(values: Mapping[str, Any]) -> int:
    return len(json.dumps(values, ensure_ascii=False).encode())


def _read_trigger(given: Any, faults: Faults, resolve: Resolver) -> Trigger | None:
    if not isinstance(given, Mapping):
        faults.add("trigger", "is missing" if given is None else "has to be an object")
        return None
    kind = given.get("type")
    if kind not in types.TRIGGERS:
        faults.add("trigger.type", f"has to be one of {', '.join(types.TRIGGERS)}")
        return None
    if kind == types.RECURRING_PAYMENT_DATE:
        return _read_by_date(given, faults, resolve)
    updated = kind == types.RECURRING_PAYMENT_UPDATED
    faults.only(given, (*_COMMON, *_UPDATED_ONLY, "offset"), "trigger")
    if given.get("offset") is not None:
        faults.add("trigger.offset", f"belongs to {types.RECURRING_PAYMENT_DATE} alone")
    field, before, after = _read_transition(given, faults) if updated else (None, None, None)
    for name in () if updated else _UPDATED_ONLY:
        if given.get(name) is not None:
            faults.add(f"trigger.{name}", f"belongs to {types.RECURRING_PAYMENT_UPDATED} alone")
    return Trigger(
        type=str(kind),
        field=field,
        before=before,
        after=after,
        once=faults.choice(given, "runs", "trigger", ("multiple", "once")) == "once",
        skips_late=faults.choice(given, "late", "trigger", ("fire", "skip")) == "skip",
        history_from=_read_history(given.get("history"), faults),
        segment=read_segment(given.get("segment"), "trigger.segment", faults, resolve),
    )


def _read_by_date(given: Mapping[str, Any], faults: Faults, resolve: Resolver) -> Trigger:
    faults.only(given, (*_COMMON, *_UPDATED_ONLY, "offset"), "trigger")
    field = str(given.get("field")).removeprefix("recurring_payment.")
    if field not in DATE_FIELDS:
        faults.add("trigger.field", f"has to be one of {', '.join(DATE_FIELDS)}")
    for name in _OF_CHANGES:
        if given.get(name) is not None:
            faults.add(f"trigger.{name}", "belongs to triggers by a change alone")
    return Trigger(
        type=types.RECURRING_PAYMENT_DATE,
        field=field,
        once=faults.choice(given, "runs", "trigger", ("multiple", "once")) == "once",
        segment=read_segment(
            given.get("segment"), "trigger.segment", faults, resolve, changes=False
        ),
        offset=read_offset(given.get("offset"), "trigger.offset", faults),
    )


def _read_transition(
    given: Mapping[str, Any], faults: Faults
) -> tuple[str | None, Matches, Matches]:
    field = given.get("field")
    if field is not None and field not in TRIGGER_FIELDS:
        faults.add("trigger.field", "is not a field of recurring payments, or null for any")
        return None, None, None
    found: list[Matches] = []
    for name in ("from", "to"):
        wanted = given.get(name)
        found.append(None)
        if wanted is None:
            continue
        if field is None:
            faults.add(f"trigger.{name}", "needs a field")
            continue
        try:
            found[-1] = matcher(field, wanted)
        except ValueError as error:
            faults.add(f"trigger.{name}", str(error))
    return field, found[0], found[1]


def _read_history(given: Any, faults: Faults) -> int | None:
    """Return from when on imported history fires, in ms; None where it stays silent."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        faults.add("trigger.history", 'has to be like {"from": "2026-01-01"}, or null')
        return None
    faults.only(given, ("from",), "trigger.history")
    text = given.get("from")
    try:
        if isinstance(text, str):
            return times.from_text(text)
    except ValueError:
        pass  # Told below, like whatever is no text.
    faults.add("trigger.history.from", 'has to be a date like "2026-01-01" or an ISO 8601 time')
    return None
