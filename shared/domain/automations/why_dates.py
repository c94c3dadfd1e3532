"""Why a date of a recurring payment set an automation off, or did not.

Pure. `dates_had` finds the dates a record has had, by the same replay that tells its changes, and
`answer_of_date` asks of each what `fire_by_date` asked when it came: did the record still have that
date, was it in time, and what did the segment say of record and contact as they were then. A date
that has not come yet is told of too: it is what somebody looks for who misses a reminder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from shared.domain.automations.dates import MISSED
from shared.domain.automations.definition import Automation
from shared.domain.automations.due_dates import Due, due_of
from shared.domain.automations.sight import RULES
from shared.domain.automations.why import FIRED, NOT_FIRED, Answer, Around, hindered, judged
from shared.domain.ports import Document, Name
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Entry, replay


@dataclass(frozen=True, slots=True)
class Had:
    """A date a record has, or has had.

    `since` (ms) is when it was first heard of, `silent` why what told it sets nothing off, if so.
    """

    due: Due
    since: int
    silent: str | None

    def came(self, automation: Automation, contact: Document | None) -> int:
        """Return when (ms) it could be looked at: it was due, and all it takes was there."""
        made = (contact or {}).get("created_date") or 0
        return max(self.due.when, self.since, automation.created or 0, made)


def dates_had(
    automation: Automation, record: Name, history: Sequence[Entry], zone: tzinfo
) -> list[Had]:
    """Return the dates of an automation's field that a record has had by its history."""
    field, found = str(automation.trigger.field), dict[int, Had]()
    before: int | None = None
    for told in replay(history, RULES).told:
        value, entry = (told.view or {}).get(field), told.entry
        due = due_of(automation, record, value, zone) if value != before else None
        before = value
        if due is None:
            continue
        known = found.get(due.value)
        if known is None or entry.received_at < known.since:
            found[due.value] = Had(due, entry.received_at, _silence(entry))
    return list(found.values())


def newest(dates: Iterable[Had], most: int) -> list[Had]:
    """Return the dates that are due last, the last one first."""
    return sorted(dates, key=lambda each: (each.due.when, each.due.record), reverse=True)[:most]


def answer_of_date(
    automation: Automation,
    had: Had,
    around: Around,
    *,
    value: int | None,
    firing: Document | None,
    subject: Callable[[], Subject],
) -> Answer:
    """Return why an automation fired for a date, which is `firing`, or why it did not.

    `value` is the record's date (ms) when this one came, the one it has now where none has come.
    """
    if firing is not None:
        return Answer(FIRED, "fired", list(firing["conditions"]))
    refused = _refusal(automation, had, around, value)
    if refused is not None:
        return Answer(NOT_FIRED, refused, [])
    return judged(automation, around, subject)


def _refusal(automation: Automation, had: Had, around: Around, value: int | None) -> str | None:
    """Return what kept a date from being looked at, None where nothing did."""
    if not automation.enabled:
        return "disabled"
    found = hindered(around)
    if found is not None:
        return found
    came, last = had.came(automation, around.contact), had.due.when + MISSED
    if came > last:
        appeared = (around.contact or {}).get("created_date") or 0
        return "no_contact" if appeared > last else "missed"
    if value != had.due.value:
        return "moved"
    if around.now < had.due.when:
        return "not_due"
    # What is imported with a date that has passed is history; one that comes later is not.
    return had.silent if had.since > had.due.when else None


def _silence(entry: Entry) -> str | None:
    if entry.suppressed:
        return "suppressed"
    return "historical" if entry.historical else None
