"""When a date of a recurring payment sets an automation off: pure, and the only one that says so.

A date trigger names a field and an offset, such as three days before `next_payment_date`. Days and
weeks of the offset keep the clock of the business's zone, so that three days before ten o'clock is
ten o'clock on both sides of a change to daylight saving time; hours, minutes and seconds are exact
lengths. A day of the calendar, such as the one a card expires on, begins at the zone's midnight.

Each record and date fires once, whatever is told of the record meanwhile: the identity holds the
date itself, and neither the offset nor the moment it came to.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, tzinfo

from shared.domain import times
from shared.domain.automations.definition import Automation, Offset, Trigger
from shared.domain.changes import DATES
from shared.domain.fields import FIELDS
from shared.domain.ports import Name
from shared.domain.segments.fields import FIELDS as SEGMENT_FIELDS

# The dates an automation may wait for, or be set off by.
DATE_FIELDS = tuple(name for name in FIELDS if name in DATES)
# What was missed, because the stack was down or the automation is new, fires this much late.
MISSED = times.DAY
# How far ahead the watch over the dates looks; it looks every hour.
HORIZON = 2 * times.HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# No zone is farther than this from UTC, and no change of clocks makes more.
_ZONES_APART = times.DAY
_DIGITS = 24
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def due_moment(trigger: Trigger, value: int | None, zone: tzinfo) -> int | None:
    """Return when (ms) a trigger by date is due for a value (ms) of its field; None for a blank."""
    if value is None or trigger.field is None:
        return None
    return moment_of(trigger.field, value, trigger.offset, zone)


def moment_of(field: str, value: int, offset: Offset, zone: tzinfo) -> int | None:
    """Return the moment (ms) that lies `offset` from a date of a recurring payment.

    None where the calendar does not reach that far.
    """
    civil = SEGMENT_FIELDS[f"recurring_payment.{field}"].civil
    try:
        local = (_EPOCH + value * _MILLISECOND).astimezone(UTC if civil else zone)
        if civil or offset.days:
            local = (local + timedelta(days=offset.days)).replace(tzinfo=zone, fold=0)
        return max(0, (local.astimezone(UTC) - _EPOCH) // _MILLISECOND + offset.exact)
    except OverflowError:
        return None


def values_due(trigger: Trigger, first: int, last: int) -> tuple[int, int]:
    """Return bounds (ms) outside of which no value of the field is due from `first` to `last`.

    They are wider than need be, whatever the zone: a reader asks for these, then `due_moment`.
    """
    offset = trigger.offset.days * times.DAY + trigger.offset.exact
    return first - offset - _ZONES_APART, last - offset + _ZONES_APART


def is_in_time(due: int, now: int, early: int = 0) -> bool:
    """Tell whether what was due at `due` may fire at `now`: neither early nor long missed."""
    return due - early <= now <= due + MISSED


def firing_id(automation: Automation, record: Name, value: int) -> str:
    """Return the id of the firing a record's date sets off; the date comes first in it."""
    said = [automation.automation_id, *record, "date", automation.trigger.field, value]
    digest = hashlib.sha256(_encode(said).encode()).hexdigest()[:_DIGITS]
    return f"{max(0, value):015d}-{digest}"
