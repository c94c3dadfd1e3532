"""Which firing a change is, whatever has been told of it since: the ids that make once out of many.

An id holds what the transition *is* and nothing of how it was learnt: no event, no version, no
time of ours. Nor does it hold what was before: an end that comes ahead of the event before it is
told with the value that was known, and amended later. So a second delivery, an amended entry and a
twin event of the same second come to the same firing. The time of the change comes first, so that
firings lie in its order.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from shared.domain.automations.definition import ORDER_CREATED, Automation
from shared.domain.automations.happening import Happening
from shared.domain.automations.transitions import transition

_DIGITS = 24
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def firing_id(automation: Automation, happening: Happening) -> str:
    """Return the id of the firing a change sets off."""
    said = [automation.automation_id, *happening.record, *_transition(automation, happening)]
    digest = hashlib.sha256(_encode(said).encode()).hexdigest()[:_DIGITS]
    return f"{max(0, happening.entry.at):015d}-{digest}"


def told_id(happening: Happening) -> str:
    """Return the id of a change among outbound events; the same however often it is told."""
    entry = happening.entry
    said = [*happening.name, entry.kind, _rows(happening)]
    return "chg_" + hashlib.sha256(_encode(said).encode()).hexdigest()[:32]


def _transition(automation: Automation, happening: Happening) -> list[Any]:
    entry, field = happening.entry, automation.trigger.field
    # An order begins for automations when it is paid, be that its first sight or an update.
    if entry.kind == "created" or automation.trigger.type == ORDER_CREATED:
        return ["created"]
    if field is None:
        return [entry.at, sorted(_rows(happening), key=_encode)]
    change = transition(entry.changes, field)
    return [entry.at, field, change.after if change else None]


def _rows(happening: Happening) -> list[list[Any]]:
    return [[each.field, each.after] for each in happening.entry.changes]
