"""Bugs of what fires: the stream's reader, firings and their identity, runs, the clock, the bus."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from functions.fire_triggers.read_stream import Stream
from functions.wake_due import drain
from shared.adapters.bus import EventBus
from shared.domain import run_steps
from shared.domain.automations import (
    bus_events,
    configuration,
    fire,
    firings,
    identity,
    parse,
    trigger,
)
from shared.domain.automations.firings import Firings
from shared.domain.automations.happening import Happening
from shared.domain.automations.trigger import Decision
from shared.domain.errors import Contended
from shared.domain.folding import Plan
from shared.domain.ports import Document, Name, Write

Message = Mapping[str, Any]


def committed_and_never_sent(patch: pytest.MonkeyPatch) -> None:
    """Skip a firing that is there already: a crash before its send loses it."""
    commit = Firings._commit

    def fresh_alone(
        self: Firings, firing: Document, automation: Any, places: Any
    ) -> Document | None:
        held = commit(self, firing, automation, places)
        return held if held is None or held is firing else {**held, "state": "running"}

    patch.setattr(Firings, "_commit", fresh_alone)


def sent_before_committed(patch: pytest.MonkeyPatch) -> None:
    """Send a firing's message first: who takes it up at once finds no firing."""

    def keep(self: Firings, firing: Document, automation: Any, places: Any = ()) -> Document | None:
        about = {name: firing[name] for name in ("automation_id", "firing_id")}
        self._queue.send_call(self._url, {"kind": "run", **about})
        return self._commit(firing, automation, places)

    patch.setattr(Firings, "keep", keep)


def firing_id_made_up(patch: pytest.MonkeyPatch) -> None:
    """Give a firing a new id with each attempt at it."""
    numbers = itertools.count()
    patch.setattr(firings, "firing_id", lambda *_: f"{next(numbers):015d}-random")


def firing_id_holds_what_was_before(patch: pytest.MonkeyPatch) -> None:
    """Take an end for another one when what came before it is learnt, as was so once."""
    transition = identity._transition

    def with_before(automation: Any, happening: Any) -> list[Any]:
        rows = [each.before for each in happening.entry.changes if each.field == "status"]
        return [*transition(automation, happening), *rows]

    patch.setattr(identity, "_transition", with_before)


def fired_without_a_change(patch: pytest.MonkeyPatch) -> None:
    """Fire whenever a record is updated, whether or not the watched field has changed."""
    patch.setattr(trigger, "_unmatched", lambda *_: None)


def segment_not_asked(patch: pytest.MonkeyPatch) -> None:
    """Fire for whom the automation's segment leaves out."""
    patch.setattr(fire, "judge", lambda *_: Decision(True, "fired"))


def once_marked_on_its_own(patch: pytest.MonkeyPatch) -> None:
    """Look for the mark of a `once` automation first, and write it after the firing."""

    def commit(self: Firings, firing: Document, automation: Any, _: Any) -> Document | None:
        name: Name = ("firing", firing["automation_id"], firing["firing_id"])
        mark: Name = ("once", firing["automation_id"], firing["contact"]["contact_id"])
        if automation.trigger.once and self._store.read([mark])[mark] is not None:
            return self._store.read([name])[name]
        try:
            self._store.commit([Write(name, firing, 0)])
        except Contended:
            return self._store.read([name])[name]
        if automation.trigger.once:
            self._store.commit([Write(mark, {"version": 1}, None)])
        return firing

    patch.setattr(Firings, "_commit", commit)


def once_for_each_time(patch: pytest.MonkeyPatch) -> None:
    """Let a `once` automation run again for whoever comes back into its state."""
    commit = Firings._commit

    def again(self: Firings, firing: Document, automation: Any, places: Any) -> Document | None:
        person = f"{firing['contact']['contact_id']}.{firing['firing_id']}"
        told = {**firing, "contact": {**firing["contact"], "contact_id": person}}
        held = commit(self, told, automation, places)
        return held and {**held, "contact": firing["contact"]}

    patch.setattr(Firings, "_commit", again)


def stream_carries_on(patch: pytest.MonkeyPatch) -> None:
    """Go on with a record's later changes after one of them has failed."""
    one = Stream._one

    def each_alone(self: Stream, record: Any, _: set[Name], now: int) -> bool:
        return one(self, record, set(), now)

    patch.setattr(Stream, "_one", each_alone)


def stream_failures_swallowed(patch: pytest.MonkeyPatch) -> None:
    """Log a change that failed and let the stream go on."""
    one = Stream._one

    def swallowing(self: Stream, *arguments: Any) -> bool:
        one(self, *arguments)
        return True

    patch.setattr(Stream, "_one", swallowing)


def last_failure_reported(patch: pytest.MonkeyPatch) -> None:
    """Name the last change that failed, not the first: Lambda goes on from there."""
    asked = Stream._asked

    def last(self: Stream, *arguments: Any) -> list[str]:
        return asked(self, *arguments)[-1:]

    patch.setattr(Stream, "_asked", last)


def outbox_sent_once(patch: pytest.MonkeyPatch) -> None:
    """Send what a turn left to be sent after its commit alone: a crash in between loses it."""
    advance = run_steps.advance

    def without(message: Message, *arguments: Any, **about: Any) -> Plan:
        plan = advance(message, *arguments, **about)
        return Plan("repeated") if plan.outcome == "repeated" else plan

    patch.setattr(run_steps, "advance", without)


def woken_before_it_is_sent(patch: pytest.MonkeyPatch) -> None:
    """Take what is due out of the index first, and send it then."""

    def some(index: Any, shard: int, queue: Any, urls: Mapping[str, str], now: int) -> int:
        found = index.due(shard, now + drain.AHEAD, 10)
        if found:
            index.commit([Write(name, None, None) for name, _ in found])
        for _, each in found:
            message = dict(each["message"])
            queue.send_calls(urls[message.pop("to", "automations")], [(message, 0)])
        return len(found)

    patch.setattr(drain, "_some", some)


def bus_told_in_part(patch: pytest.MonkeyPatch) -> None:
    """Take a call that succeeded in part for one that succeeded."""

    def put(self: EventBus, entries: Sequence[Any]) -> None:
        self._client.call("PutEvents", {"Entries": list(entries)})

    patch.setattr(EventBus, "_put", put)


def bus_told_under_a_new_id(patch: pytest.MonkeyPatch) -> None:
    """Make up an id whenever the bus is told of a change: told again, it is another one."""
    numbers = itertools.count()
    patch.setattr(bus_events, "told_id", lambda _: f"chg_{next(numbers):032x}")


def unreadable_hides_the_rest(patch: pytest.MonkeyPatch) -> None:
    """Go no further in a batch than to what cannot be read: all behind it is given up with it."""
    handle = Stream.handle
    happening = Stream._happening

    def careful(self: Stream, records: Sequence[Any], now: int) -> dict[str, Any]:
        for place, record in enumerate(records):
            try:
                happening(self, record, now)
            except KeyError:
                return handle(self, records[: place + 1], now)
        return handle(self, records, now)

    patch.setattr(Stream, "handle", careful)


def fired_though_switched_off(patch: pytest.MonkeyPatch) -> None:
    """Fire whatever automations there are, those that are disabled among them."""
    read = parse.automation_of

    def on(*arguments: Any) -> Any:
        return replace(read(*arguments), enabled=True)

    patch.setattr(configuration, "automation_of", on)


def configuration_read_once(patch: pytest.MonkeyPatch) -> None:
    """Keep what was once read of the configuration for as long as a worker lives."""
    at = configuration.Configuration.at

    def kept(self: Any, now: int, *more: Any) -> Any:
        return self._known or at(self, now, *more)

    patch.setattr(configuration.Configuration, "at", kept)


def edited_segment_not_noticed(patch: pytest.MonkeyPatch) -> None:
    """Parse an automation anew when it was edited, and not when a segment that it names was."""
    read = configuration.Configuration._read

    def careless(self: Any) -> Any:
        self._segments = {each["segment_id"]: each for each in self._all("segment")}
        return read(self)

    patch.setattr(configuration.Configuration, "_read", careless)


def fired_for_what_was_before_it(patch: pytest.MonkeyPatch) -> None:
    """Let a change that comes late, or again, set off an automation that was made since."""
    patch.setattr(fire, "_GRAIN", 10**18)


def person_logged(patch: pytest.MonkeyPatch) -> None:
    """Write into the log for whom an automation has fired."""
    happening = Stream._happening

    def telling(self: Stream, *arguments: Any) -> Happening | None:
        found = happening(self, *arguments)
        if found is not None:
            self._log("change_read", said=found.entry.said)
        return found

    patch.setattr(Stream, "_happening", telling)
