"""A run: the steps of one firing on their way, as a machine that can stop anywhere and go on.

Pure. Every message takes a run one turn further, and a turn is one commit: the effects of its
steps, the run's new position, and what has to be sent on (`outbox`) are written together or not at
all. A message names the turn it was sent for. One that comes again finds its turn taken and only
sends the outbox again; so a lost reply or a crash at any call repeats what does no harm.

A `position` is the index of a step, followed by the arm and the index of each branch it is in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.automations.definition import Branch, Step
from shared.domain.ports import Document, Name

Run = dict[str, Any]
Message = dict[str, Any]
Position = list[int]

# A change that a run has caused, which caused a run, and so on: nobody means more than this.
HOPS_MAX = 5
UNDER_WAY = ("running", "waiting")
STATES = ("pending", *UNDER_WAY, "held", "done", "stopped", "failed", "loop")


def name_of(run_id: str) -> Name:
    """Return the name of a run's document; a run has its firing's id."""
    return ("run", run_id)


def new(firing: Document, now: int) -> Run:
    """Return the run of a firing before its first step."""
    return {
        "version": 0,
        "turn": 0,
        "run_id": firing["firing_id"],
        "automation_id": firing["automation_id"],
        "revision": firing["revision"],
        "contact_id": firing["contact"]["contact_id"],
        "record": dict(firing["record"]),
        "position": [0],
        "state": "running",
        "wake_at": None,
        "reason": None,
        "started": now,
        "updated": now,
        "taken": [],
        "outbox": [],
    }


def message(run: Document) -> Message:
    """Return the message that takes a run its next turn."""
    return {
        "kind": "run",
        "automation_id": run["automation_id"],
        "firing_id": run["run_id"],
        "turn": run["turn"],
    }


def ended(run: Run, state: str, reason: str | None = None) -> None:
    """End a run: `done`, `stopped`, `failed`, or `loop`."""
    run |= {"state": state, "reason": reason, "wake_at": None}


def took(run: Run, position: Position, what: str, now: int, **about: Any) -> None:
    """Note a step that was taken, and what came of it."""
    run["taken"] = [*run["taken"], {"step": list(position), "what": what, "at": now, **about}]


def stopped_by(
    firing: Document, definition: Document | None, current: Document | None
) -> tuple[str, str] | None:
    """Return the state and the reason that end a run before its next step, None if it may go on.

    `definition` is the automation as of the run's revision, `current` as it is now.
    """
    if firing.get("hops", 0) >= HOPS_MAX:
        return "loop", "too_many_hops"
    if current is None or definition is None or _is_another(definition, current):
        return "stopped", "automation_deleted"
    if current["revision"] != firing["revision"] and current.get("on_edit") == "cancel":
        return "stopped", "automation_edited"
    return None


def step_at(steps: Sequence[Step], position: Position) -> Step | None:
    """Return the step at a position, None where all are taken."""
    here = _list_at(steps, position)
    return here[position[-1]] if position[-1] < len(here) else None


def after(steps: Sequence[Step], position: Position) -> Position:
    """Return the position behind a step, out of every branch that ends there."""
    return _climbed(steps, [*position[:-1], position[-1] + 1])


def inside(steps: Sequence[Step], position: Position, arm: int) -> Position:
    """Return the first position of a branch's arm, or the one behind it if it has no steps."""
    return _climbed(steps, [*position, arm, 0])


def _climbed(steps: Sequence[Step], position: Position) -> Position:
    while len(position) > 1 and position[-1] >= len(_list_at(steps, position)):
        position = [*position[:-3], position[-3] + 1]
    return position


def _list_at(steps: Sequence[Step], position: Position) -> Sequence[Step]:
    """Return the list of steps the last index of a position counts in."""
    here = steps
    for index, arm in zip(position[:-1:2], position[1::2], strict=True):
        branch = here[index]
        assert isinstance(branch, Branch)  # noqa: S101  # positions are made here alone
        here = branch.arms[arm].steps
    return here


def _is_another(definition: Mapping[str, Any], current: Mapping[str, Any]) -> bool:
    """Tell whether the automation was deleted, and another made under its id."""
    return definition.get("created_date") != current.get("created_date")
