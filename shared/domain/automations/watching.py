"""What the watch over the dates has seen so far, and what it has to look for next. Pure.

One document remembers, for each automation by date, up to when its dates have been put where they
wait, so that each look takes up where the last one ended, however long ago that was. A new
automation, or one whose date or zone is another now, begins a day back. Once a day there is more
to do: renewals that should have been heard of, and connections whose verification is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from shared.domain import times
from shared.domain.automations.dates import HORIZON, MISSED
from shared.domain.automations.definition import Automation
from shared.domain.ports import Document, Name

NAME: Name = ("watch",)
# The log lags behind the table: the end of the last look is looked at again.
OVERLAP = 30 * times.MINUTE
# A renewal that has not been heard of for so long is asked for.
OVERDUE = times.DAY
# What a first look for overdue renewals goes back to.
_OVERDUE_FIRST = 7 * times.DAY
# An hourly clock is never to the second: what is due within half an hour is due.
_GRACE = 30 * times.MINUTE
_EVERY = {"daily": times.DAY, "weekly": 7 * times.DAY}
_USUAL = "weekly"


@dataclass(frozen=True, slots=True)
class Look:
    """Dates to be looked for: those due for an automation from `first` to `last` (ms)."""

    automation: Automation
    first: int
    last: int


def looks(
    seen: Mapping[str, Any], automations: Iterable[Automation], zone: tzinfo, now: int
) -> list[Look]:
    """Return what to look for now, given what the document remembers."""
    found = []
    for automation in automations:
        key, until = seen.get("automations", {}).get(automation.automation_id, ("", 0))
        first = until - OVERLAP if key == _key(automation, zone) else 0
        found.append(Look(automation, max(first, now - MISSED), now + HORIZON))
    return found


def looked(seen: Mapping[str, Any], done: Iterable[Look], zone: tzinfo) -> dict[str, Any]:
    """Return what is remembered once these are put; automations that are gone are forgotten."""
    until = {
        each.automation.automation_id: [_key(each.automation, zone), each.last] for each in done
    }
    return {**seen, "automations": until}


def is_new_day(seen: Mapping[str, Any], now: int) -> bool:
    """Tell whether it is time for what is done once a day."""
    return now - int(seen.get("daily_at", 0)) >= times.DAY - _GRACE


def overdue_since(seen: Mapping[str, Any], now: int) -> tuple[int, int]:
    """Return between which dates (ms) a renewal is overdue that was not asked for yet."""
    last = now - OVERDUE
    return int(seen.get("overdue_until", last - _OVERDUE_FIRST)), last


def to_verify(seen: Mapping[str, Any], connections: Iterable[Document], now: int) -> list[Document]:
    """Return the connections whose verification is due: those with an API, by their `verify`."""
    verified = seen.get("verified", {})
    due = []
    for each in connections:
        every = _EVERY.get(each.get("verify") or _USUAL)
        last = verified.get(each["connection_id"], each.get("created_date") or 0)
        if each.get("has_api") and every is not None and now - last >= every - _GRACE:
            due.append(each)
    return due


def done_today(
    seen: Mapping[str, Any],
    now: int,
    *,
    overdue_until: int,
    verified: Iterable[str],
    connection_ids: Iterable[str],
) -> dict[str, Any]:
    """Return what is remembered once the day's work is done; removed connections are forgotten."""
    kept = {**seen.get("verified", {}), **dict.fromkeys(verified, now)}
    known = set(connection_ids)
    return {
        **seen,
        "daily_at": now,
        "overdue_until": overdue_until,
        "verified": {each: at for each, at in kept.items() if each in known},
    }


def _key(automation: Automation, zone: tzinfo) -> str:
    trigger = automation.trigger
    offset = trigger.offset
    return f"{automation.created} {trigger.field} {offset.days} {offset.exact} {zone}"
