"""Bugs to plant in what fires, is carried out and delivered: each one that real systems have had.

As in `planted`, a bug is a patch of the product for the time of a test, and the laws must find it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from functions.fire_triggers.read_stream import Stream
from functions.run_automations.deliver import Deliver
from functions.wake_due import drain
from shared.adapters import table, table_writes
from shared.adapters.bus import EventBus
from shared.domain import deliveries, run_steps
from shared.domain.automations import firings, identity
from shared.domain.automations.firings import Firings
from shared.domain.errors import Contended
from shared.domain.folding import Plan
from shared.domain.ports import Document, Name, Write

Plant = Callable[[pytest.MonkeyPatch], None]
Message = Mapping[str, Any]


def committed_and_never_sent(patch: pytest.MonkeyPatch) -> None:
    """Skip a firing that is there already (LanternOps/breeze#4095): a crash before its send."""
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


def body_rendered_at_each_attempt(patch: pytest.MonkeyPatch) -> None:
    """Write the body anew whenever it is sent."""
    prepare = Deliver.prepare

    def rendered(self: Deliver, message: Message, now: int, monotonic: float) -> Any:
        posting = prepare(self, message, now, monotonic)
        if posting is None or posting.headers is None:
            return posting
        body = posting.delivery["body"].replace(b'{"type"', b'{"sent":%d,"type"' % now, 1)
        delivery = {**posting.delivery, "body": body}
        return posting._replace(delivery=delivery, headers=self._headers(delivery, now, monotonic))

    patch.setattr(Deliver, "prepare", rendered)


def sent_again_after_success(patch: pytest.MonkeyPatch) -> None:
    """Attempt whatever a message asks for, delivered or not."""
    patch.setattr(Deliver, "_is_due", lambda *_: True)


def attempts_not_counted(patch: pytest.MonkeyPatch) -> None:
    """Forget how often was tried (frain-dev/convoy#1833), and try again after a minute."""
    attempted = deliveries.attempted

    def forgetful(delivery: Document, **about: Any) -> dict[str, Any]:
        told = attempted(delivery, **about)
        if told["state"] == "pending" and len(told["attempts"]) < 20:
            told |= {"tries": 0, "next_at": about["now"] + 60_000}
        return told

    patch.setattr(deliveries, "attempted", forgetful)


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


def endpoints_share_a_cap(patch: pytest.MonkeyPatch) -> None:
    """Keep one health for all endpoints: a dead one closes the way to the others."""

    def shared(name: Name) -> tuple[str, str]:
        return key_of(("health", "all") if name[0] == "health" else name)

    key_of = table.key_of
    patch.setattr(table, "key_of", shared)
    patch.setattr(table_writes, "key_of", shared)


def outbox_sent_once(patch: pytest.MonkeyPatch) -> None:
    """Send what a turn left to be sent after its commit alone: a crash in between loses it."""
    advance = run_steps.advance

    def without(message: Message, *arguments: Any, **about: Any) -> Plan:
        plan = advance(message, *arguments, **about)
        return Plan("repeated") if plan.outcome == "repeated" else plan

    patch.setattr(run_steps, "advance", without)


def woken_before_it_is_sent(patch: pytest.MonkeyPatch) -> None:
    """Take what is due out of the index first, and send it then."""

    def some(index: Any, shard: int, queue: Any, url: str, now: int) -> int:
        found = index.due(shard, now + drain.AHEAD, 10)
        if found:
            index.commit([Write(name, None, None) for name, _ in found])
            queue.send_calls(url, [(each["message"], 0) for _, each in found])
        return len(found)

    patch.setattr(drain, "_some", some)


def bus_told_in_part(patch: pytest.MonkeyPatch) -> None:
    """Take a call that succeeded in part for one that succeeded."""

    def put(self: EventBus, entries: Sequence[Any]) -> None:
        self._client.call("PutEvents", {"Entries": list(entries)})

    patch.setattr(EventBus, "_put", put)


def held_firings_dropped(patch: pytest.MonkeyPatch) -> None:
    """Keep nothing of what a disabled endpoint should have been sent (hookdeck/outpost#611)."""
    patch.setattr(deliveries, "held", deliveries.gone)
