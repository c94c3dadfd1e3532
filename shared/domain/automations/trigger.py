"""Whether a change sets an automation off, and why: a pure function, the only one that decides.

What fires, what is explained to a person later and what a backtest finds are all this function's
answers. It asks what is cheap first; the contact and the record are looked at only for a segment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from shared.domain.automations.definition import (
    ORDER_CREATED,
    RECURRING_PAYMENT_CREATED,
    RECURRING_PAYMENT_DATE,
    RECURRING_PAYMENT_UPDATED,
    Automation,
    Trigger,
)
from shared.domain.automations.happening import Happening
from shared.domain.automations.transitions import transition
from shared.domain.segments.explain import explain
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Entry

_TYPES = {"created": RECURRING_PAYMENT_CREATED, "updated": RECURRING_PAYMENT_UPDATED}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an automation fires; `reason` is a word, `conditions` are its segment's rows."""

    fires: bool
    reason: str
    conditions: list[dict[str, Any]] = field(default_factory=list)


_OUTSIDE = Decision(False, "segment")


class Index:
    """All automations, found by what sets them off."""

    def __init__(self, automations: Iterable[Automation]) -> None:
        self._found: dict[tuple[str, str | None], list[Automation]] = {}
        for each in automations:
            if each.enabled:
                whole = each.trigger.field.partition(".")[0] if each.trigger.field else None
                self._found.setdefault((each.trigger.type, whole), []).append(each)

    @property
    def by_date(self) -> list[Automation]:
        """The enabled automations that dates set off."""
        found = self._found.items()
        return [
            each for (kind, _), some in found if kind == RECURRING_PAYMENT_DATE for each in some
        ]

    def candidates(self, happening: Happening) -> Iterator[Automation]:
        """Yield the enabled automations that a change may set off, so far as is seen at once."""
        kind = _type_of(happening)
        if kind is None:
            return
        changed = [change.field for change in happening.entry.changes]
        for name in (None, *dict.fromkeys(changed)):
            for each in self._found.get((kind, name), ()):
                if refusal(each, happening) is None:
                    yield each


def refusal(automation: Automation, happening: Happening) -> str | None:
    """Return why a change cannot set an automation off, whoever it concerns; None if it may."""
    trigger, entry = automation.trigger, happening.entry
    if not automation.enabled:
        return "disabled"
    if _type_of(happening) != trigger.type:
        return "other_trigger"
    found = _untold(happening)
    if found is not None:
        return found
    if trigger.type == RECURRING_PAYMENT_UPDATED:
        found = _unmatched(trigger, entry)
        if found is not None:
            return found
    if entry.suppressed:
        return "suppressed"
    if entry.historical and (trigger.history_from is None or entry.at < trigger.history_from):
        return "historical"
    return "late" if entry.late and trigger.skips_late else None


def decide(
    automation: Automation,
    happening: Happening,
    subject: Callable[[], Subject],
    *,
    explained: bool = False,
) -> Decision:
    """Return whether a change fires an automation.

    `subject` is asked for only where there is a segment. The rows of a segment that is not met are
    worked out only if it has to be `explained`.
    """
    found = refusal(automation, happening)
    if found is not None:
        return Decision(False, found)
    return judge(automation, subject, explained=explained)


def judge(
    automation: Automation, subject: Callable[[], Subject], *, explained: bool = False
) -> Decision:
    """Return the decision on a candidate of the index, which nothing but its segment can refuse."""
    predicate = automation.trigger.segment
    if predicate is None:
        return Decision(True, "fired")
    whom = subject()
    if not explained and not predicate(whom):
        return _OUTSIDE
    told = explain(predicate, whom)
    return Decision(told.met, "fired" if told.met else "segment", told.conditions)


def _type_of(happening: Happening) -> str | None:
    if happening.kind == "order":
        # Rewards: by whatever entry it was paid, its first sight or a later one.
        return ORDER_CREATED
    return _TYPES.get(happening.entry.kind or "")


def _untold(happening: Happening) -> str | None:
    """Return why nobody is told of a change, None where they are."""
    entry = happening.entry
    if happening.kind == "order":
        if happening.pays:
            return None
        return "joined" if entry.money else "no_money"
    if happening.tells:
        return None
    return "joined" if entry.joined else "no_transition"


def _unmatched(trigger: Trigger, entry: Entry) -> str | None:
    if trigger.field is None:
        return None
    change = transition(entry.changes, trigger.field)
    if change is None:
        return "field"
    if trigger.before is not None and not trigger.before(change.before):
        return "from"
    if trigger.after is not None and not trigger.after(change.after):
        return "to"
    return None
