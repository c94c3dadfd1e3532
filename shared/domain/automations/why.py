"""Why an automation fired for a change or did not: asked again of what decided it then.

Pure. What is refused by the change itself, and what the segment says, are `trigger`'s own answers;
the rest are facts around the change that keep a firing from being kept. A reason is a word that
stays, and a sentence for people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.automations.definition import Automation
from shared.domain.automations.happening import Happening
from shared.domain.automations.trigger import judge, refusal
from shared.domain.ports import Document
from shared.domain.segments.subject import Subject

Json = dict[str, Any]

FIRED, NOT_FIRED = "fired", "not_fired"
REASONS: Mapping[str, str] = {
    "fired": "It fired.",
    "disabled": "The automation is disabled.",
    "other_trigger": "Its trigger is for changes of another kind.",
    "no_transition": "The event changed nothing that others hear of.",
    "joined": "The same had been told by another event before.",
    "no_money": "The order brought no money here.",
    "field": "The change is of other fields than the trigger's.",
    "from": "The field was something else before.",
    "to": "The field became something else.",
    "suppressed": "The sender wanted nothing set off by it.",
    "historical": "It was imported from history, which is silent.",
    "late": "It was told late, and the automation skips what is.",
    "segment": "The contact or the recurring payment did not meet the segment.",
    "before_automation": "It was recorded before the automation was made.",
    "edited_since": "It would fire now; the automation was another one when it was recorded.",
    "mirror_connection": "The connection is a mirror, which never fires.",
    "mirror": "It mirrors a record of another connection, which fires in its place.",
    "no_contact": "No contact is known for the record.",
    "once": "It runs once per contact, and has run for this one.",
    "announced": "Another connection had reported the same sale, and it fired for that.",
    "waited_too_long": "The record's contact appeared too late for it.",
    "settling": "It waits for the first burst of events to be over.",
    "not_due": "The date has not come yet.",
    "moved": "The record had another date, or none, before it came.",
    "missed": "The date had been past for a day when it, or the automation, was first known.",
    "unknown": "It would fire; why it did not is not known.",
}


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around a change: who, whose, and what has fired before.

    `marked` says that the once mark of the automation and contact is there, `announced` that the
    mark of another connection's creation is, `settles_at` (ms) when a creation is looked at.
    """

    now: int
    contact: Document | None
    head: Document | None
    connection: Document | None
    marked: bool
    announced: bool
    settles_at: int
    updated: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision, its reason, and the rows of the segment, where it was asked."""

    decision: str
    reason: str
    conditions: list[Json]

    @property
    def explanation(self) -> str:
        """The reason in a sentence."""
        return REASONS[self.reason]


def answer(
    automation: Automation,
    happening: Happening,
    around: Around,
    *,
    firing: Document | None,
    subject: Callable[[], Subject],
) -> Answer:
    """Return why an automation fired for a change, which is `firing`, or why it did not."""
    if firing is not None:
        return Answer(FIRED, "fired", list(firing["conditions"]))
    refused = refusal(automation, happening) or _hindrance(automation, happening, around)
    if refused is not None:
        return Answer(NOT_FIRED, refused, [])
    return judged(automation, around, subject)


def judged(automation: Automation, around: Around, subject: Callable[[], Subject]) -> Answer:
    """Return why an automation did not fire although nothing but its segment could hinder it."""
    decision = judge(automation, subject, explained=True)
    if not decision.fires:
        return Answer(NOT_FIRED, decision.reason, decision.conditions)
    return Answer(NOT_FIRED, _unfired(automation, around), decision.conditions)


def _hindrance(automation: Automation, happening: Happening, around: Around) -> str | None:
    """Return what kept a change from being looked at, None where nothing did."""
    if happening.entry.recorded_at < (automation.created or 0):
        return "before_automation"
    return hindered(around) or ("settling" if around.settles_at > around.now else None)


def hindered(around: Around) -> str | None:
    """Return why nobody may be told of a record, None where they may."""
    if (around.connection or {}).get("role") == "mirror":
        return "mirror_connection"
    if around.head is not None and around.head.get("mirror_of"):
        return "mirror"
    return "no_contact" if around.contact is None else None


def _unfired(automation: Automation, around: Around) -> str:
    if around.marked and automation.trigger.once:
        return "once"
    if around.announced:
        return "announced"
    return "edited_since" if (around.updated or 0) > (automation.created or 0) else "unknown"
