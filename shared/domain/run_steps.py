"""Taking a run's steps, up to where it has to wait: what one turn writes, and what it sends.

Pure over a Reading. The effects of steps are gathered and committed with the run's advance, so a
step is taken once or not at all; what leaves (deliveries, events, the next turn) is kept in the
run's `outbox` and sent after the commit, by whoever comes by until it is certain to be sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain import contact_edits, contacts, deliveries, directory, runs, write_back
from shared.domain.automations.definition import (
    Branch,
    ChangeSegment,
    ChangeTag,
    Email,
    EmitEvent,
    Step,
    Wait,
    Webhook,
)
from shared.domain.automations.segments import read_by
from shared.domain.automations.steps import steps_of
from shared.domain.errors import Invalid
from shared.domain.folding import Plan
from shared.domain.ports import Document, Name, Reading, Write
from shared.domain.run_scene import ReaderOf, Scene
from shared.domain.run_sendings import Sendings
from shared.domain.runs import Message, Run

# Steps of one turn: each may add two documents to the commit.
_STEPS_AT_ONCE = 20


def advance(
    message: Mapping[str, Any],
    reading: Reading,
    *,
    now: int,
    local: bool,
    reader_of: ReaderOf | None = None,
) -> Plan:
    """Return what a run's next turn comes to; its messages are to be sent after the commit.

    `reader_of` tells how tags write values in a locale and a zone. Raise Missing for more reading.
    """
    automation_id, firing_id = message["automation_id"], message["firing_id"]
    firing_name: Name = ("firing", automation_id, firing_id)
    run_name = runs.name_of(firing_id)
    reading.want([firing_name, run_name, ("automation", automation_id)])
    firing, stored = reading.get(firing_name), reading.get(run_name)
    if firing is None:
        return Plan("unknown")
    turn, asked = stored["turn"] if stored else 0, message.get("turn", 0)
    if stored and asked == turn - 1:
        return Plan("repeated", [], list(stored["outbox"]))
    if asked != turn or (stored and stored["state"] not in runs.UNDER_WAY):
        return Plan("over")
    if stored and stored["wake_at"] and stored["wake_at"] - now > deliveries.EARLY:
        return Plan("early", [], _wake(dict(stored), now))
    run = {**stored, "outbox": []} if stored else runs.new(firing, now)
    return _Turn(firing, run, reading, now, local, reader_of).taken()


def _wake(run: Run, now: int) -> list[Message]:
    """Return the message that wakes a run; none where the due-index will."""
    if run["wake_at"] - now > deliveries.DELAY_MAX:
        return []
    return [{**runs.message(run), "at": run["wake_at"]}]


class _Turn:
    """One turn of a run: steps until it waits, ends, or has done enough for one commit."""

    def __init__(
        self,
        firing: Document,
        run: Run,
        reading: Reading,
        now: int,
        local: bool,
        reader_of: ReaderOf | None,
    ) -> None:
        self._firing = firing
        self._run = run
        self._reading = reading
        self._now = now
        self._local = local
        self._reader_of = reader_of
        self._scene: Scene
        self._known: Document | None = None
        self._writes: list[Write] = []
        self._made: set[Name] = set()

    def taken(self) -> Plan:
        """Take the steps; return the commit, and what is to be sent after it."""
        run = self._run
        run |= {"state": "running", "wake_at": None, "turn": run["turn"] + 1}
        definition = self._definition()
        current = self._reading.get(("automation", run["automation_id"]))
        stopped = runs.stopped_by(self._firing, definition, current)
        if stopped is not None or definition is None:
            runs.ended(run, *(stopped or ("stopped", "automation_deleted")))
            return self._plan()
        self._automation = definition
        self._scene = Scene(
            self._firing,
            self._reading,
            now=self._now,
            local=self._local,
            reader_of=self._reader_of,
        )
        self._known = self._scene.contact
        if self._known is None:
            runs.ended(run, "stopped", "contact_gone")
            return self._plan()
        try:
            steps = steps_of(definition["steps"], read_by(definition["steps"], self._reading))
        except Invalid:
            runs.ended(run, "failed", "automation_unreadable")
            return self._plan()
        self._walk(steps)
        return self._plan()

    def _walk(self, steps: tuple[Step, ...]) -> None:
        run = self._run
        for _ in range(_STEPS_AT_ONCE):
            step = runs.step_at(steps, run["position"])
            if step is None:
                runs.ended(run, "done")
                return
            place = run["position"]
            run["position"] = runs.after(steps, place)
            if isinstance(step, Branch):
                self._branch(step, steps, place)
            else:
                self._take(step, place)
            if run["state"] != "running":
                return
        run["outbox"].append(runs.message(run))

    def _definition(self) -> Document | None:
        """Return the automation as of the run's revision."""
        run = self._run
        name: Name = ("revision", run["automation_id"], str(run["revision"]))
        current = self._reading.get(("automation", run["automation_id"]))
        if current is not None and current["revision"] == run["revision"]:
            return current
        return self._reading.get(name)

    def _take(self, step: Step, place: list[int]) -> None:
        if isinstance(step, Webhook):
            self._sendings().webhook(step, place)
        elif isinstance(step, EmitEvent):
            self._sendings().emit(step, place)
        elif isinstance(step, Email):
            self._sendings().email(step, place)
        elif isinstance(step, ChangeTag):
            self._tag(step, place)
        elif isinstance(step, ChangeSegment):
            self._segment(step, place)
        elif isinstance(step, Wait):
            self._wait(step, place)

    def _sendings(self) -> Sendings:
        return Sendings(
            self._firing,
            self._run,
            self._scene,
            self._automation,
            self._writes,
            self._reading,
            self._now,
        )

    def _tag(self, step: ChangeTag, place: list[int]) -> None:
        contact, what = self._contact(), "add_tag" if step.adds else "remove_tag"
        if step.adds:
            contact_edits.add_labels(contact, "tag", [step.tag], self._now)
        else:
            until = self._now + write_back.UNDER_WAY
            contact_edits.untag(contact, [step.tag], self._now, until)
        if contact_edits.too_many(contact):
            runs.took(self._run, place, what, self._now, note="too_many_tags")
            return
        self._scene.contact = contact
        runs.took(self._run, place, what, self._now)

    def _segment(self, step: ChangeSegment, place: list[int]) -> None:
        contact, what = self._contact(), "remove_from_segment"
        held = [each for each in contact["segments"] if each != step.segment_id]
        if step.adds:
            what = "add_to_segment"
            if not self._is_static(step.segment_id):
                runs.took(self._run, place, what, self._now, note="not_a_static_segment")
                return
            held = list(dict.fromkeys([*contact["segments"], step.segment_id]))
        self._scene.contact = {**contact, "segments": held}
        runs.took(self._run, place, what, self._now)

    def _is_static(self, segment_id: str) -> bool:
        """Tell whether contacts may be put into a segment; make it where there is none."""
        name: Name = ("segment", segment_id)
        stored = self._reading.get(name)
        if stored is None and name not in self._made:
            self._made.add(name)
            made = {
                "version": 1,
                "segment_id": segment_id,
                "name": segment_id,
                "kind": "static",
                "created_date": self._now,
            }
            self._writes.append(Write(name, made, 0))
        return stored is None or stored.get("kind") == "static"

    def _branch(self, step: Branch, steps: tuple[Step, ...], place: list[int]) -> None:
        subject = self._scene.subject()
        for index, arm in enumerate(step.arms):
            if arm.segment is None or arm.segment(subject):
                self._run["position"] = runs.inside(steps, place, index)
                runs.took(self._run, place, "branch", self._now, note=str(index))
                return
        runs.took(self._run, place, "branch", self._now, note="none")

    def _wait(self, step: Wait, place: list[int]) -> None:
        wake_at: int | None = self._now + step.length if step.length is not None else None
        if step.until is not None:
            wake_at = self._scene.moment(step.until, step.offset)
        if wake_at is None:
            # Going on at once, on a day nobody named, would be worse than not going on.
            runs.took(self._run, place, "wait", self._now, note="no_date")
            runs.ended(self._run, "stopped", "date_is_blank")
            return
        runs.took(self._run, place, "wait", self._now)
        if wake_at <= self._now:
            return
        run = self._run
        run |= {"state": "waiting", "wake_at": wake_at}
        run["outbox"] += _wake(run, self._now)
        if wake_at - self._now > deliveries.DELAY_MAX:
            self._writes.append(deliveries.due(wake_at, "run", run["run_id"], runs.message(run)))

    def _contact(self) -> contacts.Contact:
        return dict(self._scene.contact or {})

    def _plan(self) -> Plan:
        """Return the commit of this turn: its effects, the contact, the firing and the run."""
        run, firing = self._run, self._firing
        run["updated"], run["version"] = self._now, run["version"] + 1
        steps = list(self._writes)
        if self._known is not None and self._scene.contact != self._known:
            version = self._known["version"]
            changed = {**self._contact(), "version": version + 1}
            steps.append(Write(self._scene.contact_name, changed, version))
            if write_back.changed_tags(self._known, changed):
                book = self._reading.get(directory.NAME)
                steps += write_back.notes(book, self._known, changed, self._now)
        if firing["state"] != run["state"]:
            told = {**firing, "state": run["state"], "version": firing["version"] + 1}
            name: Name = ("firing", firing["automation_id"], firing["firing_id"])
            steps.append(Write(name, told, firing["version"]))
        steps.append(Write(runs.name_of(run["run_id"]), run, run["version"] - 1))
        return Plan(run["state"], [*steps], list(run["outbox"]))
