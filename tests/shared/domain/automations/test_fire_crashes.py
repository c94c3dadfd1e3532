"""A crash before and after each call, and replies that are lost: nothing is lost, nothing doubled.

The stream comes again until a batch is through, each time to a cold Lambda. Meanwhile whoever runs
automations may take a firing up as soon as its message is there, or only at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from shared.adapters.aws import AwsError
from shared.domain.ports import Write
from tests.simulation.faults import Crashed
from tests.support.firing import NOW, PLACE, RECORD, Desk, created, updated
from tests.support.stream import stream_record

FAILED = ("status", "active", "payment_failed")
THROUGH: dict[str, Any] = {"batchItemFailures": []}
SEGMENT = {"match": "all", "conditions": []}
ON_FAILURE = {"type": "recurring_payment_updated", "field": "status", "to": "payment_failed"}
CREATED = {"type": "recurring_payment_created"}
TRIGGERS: dict[str, dict[str, Any]] = {
    "each": ON_FAILURE,
    "once": {**ON_FAILURE, "runs": "once"},
    "any": {"type": "recurring_payment_updated"},
    "new": CREATED,
    "settled": {**CREATED, "segment": SEGMENT},
}


class Trouble:
    """Something goes wrong at one call, counted over everything that is called."""

    def __init__(self, at: int, kind: str) -> None:
        self.at = at
        self.kind = kind
        self.calls = 0

    def around(self, effect: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            strikes = self.calls == self.at
            if strikes and self.kind == "crash_before":
                raise Crashed
            answer = effect(*arguments, **named)
            if strikes and self.kind == "crash_after":
                raise Crashed
            if strikes and self.kind == "lost_reply":
                raise AwsError("ConnectionError", "the reply was lost", 0, {})
            return answer

        return call


class Troubled:
    """An adapter whose calls may go wrong."""

    def __init__(self, inner: Any, trouble: Trouble, *, then: Callable[[], None]) -> None:
        self._inner = inner
        self._trouble = trouble
        self._then = then

    def __getattr__(self, name: str) -> Any:
        called = self._trouble.around(getattr(self._inner, name))

        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return called(*arguments, **named)
            finally:
                self._then()

        return call


class Runner:
    """Takes firings up, each once, as `run_automations` does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.taken: list[str] = []

    def work(self) -> None:
        for message in self._desk.queue.of_kind("run"):
            name = ("firing", message["automation_id"], message["firing_id"])
            firing = self._desk.store.documents[name]
            if firing["state"] == "pending":
                running = {**firing, "state": "running", "version": firing["version"] + 1}
                self._desk.store.commit([Write(name, running, firing["version"])])
                self.taken.append(f"{message['automation_id']} {message['firing_id']}")


def world() -> Desk:
    desk = Desk()
    desk.befriend()
    desk.put(("endpoint", "zap"), {"endpoint_id": "zap", "events": ["*"]})
    for automation_id, trigger in TRIGGERS.items():
        desk.automate(trigger, automation_id)
    born = ("entry", *RECORD, PLACE)
    entries = [
        created(event_id="evt_0"),
        updated(FAILED, at=NOW + 1_000),
        updated(FAILED, at=NOW + 9_000, event_id="evt_2"),
    ]
    desk.put(born, {"entry": entries[0]})
    desk.put(RECORD, {"facets": {}, "contact_id": "c-1"})
    desk.store.stream = [
        stream_record((*born[:4], f"place-{index}"), None, {"entry": each}, NOW, index)
        for index, each in enumerate(entries, 1)
    ]
    return desk


def play(desk: Desk, trouble: Trouble, *, eager: bool) -> Runner:
    """Have the stream read until it is through, and all that follows done."""
    runner = Runner(desk)

    def then() -> None:
        if eager:
            runner.work()

    adapters = {
        name: Troubled(each, trouble, then=then)
        for name, each in (("store", desk.store), ("queue", desk.queue), ("bus", desk.bus))
    }
    until_through(
        lambda: desk.stream(desk.fire(**adapters)).handle(desk.store.stream, NOW) == THROUGH
    )
    for message in desk.queue.of_kind("settled"):
        until_through(partial(settle, desk, adapters, {**message, "entry": PLACE}))
    runner.work()
    return runner


def settle(desk: Desk, adapters: dict[str, Any], message: dict[str, Any]) -> bool:
    desk.fire(**adapters).settled(message, NOW + 2_500)
    return True


def until_through(invoke: Callable[[], bool]) -> None:
    """Invoke a Lambda until it says that it is through."""
    for _ in range(9):
        try:
            if invoke():
                return
        except (Crashed, AwsError):
            continue
    raise AssertionError("it never gets through")


def result(desk: Desk, runner: Runner) -> dict[str, Any]:
    """Return what has come of it; at least once counts as once where ids tell."""
    deliveries = [name for name in desk.store.documents if name[0] == "delivery"]
    return {
        "taken": sorted(runner.taken),
        "firings": [each["firing_id"] for each in desk.firings()],
        "told": sorted({(each.detail_type, each.detail["id"]) for each in desk.bus.events}),
        "deliveries": sorted(deliveries),
        "sent": sorted({each["delivery_id"] for each in desk.queue.of_kind("deliver")}),
    }


def calm() -> tuple[int, dict[str, Any]]:
    desk, none = world(), Trouble(0, "")
    runner = play(desk, none, eager=False)
    return none.calls, result(desk, runner)


def test_without_trouble_each_automation_fires_as_often_as_it_should() -> None:
    _, outcome = calm()

    automations = [each.partition(" ")[0] for each in outcome["taken"]]
    assert automations == ["any", "any", "each", "each", "new", "once", "settled"]
    assert len(outcome["deliveries"]) == len(outcome["sent"]) == 3 + 7


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("kind", ["crash_before", "crash_after", "lost_reply"])
def test_trouble_at_any_call_changes_nothing_in_the_end(kind: str, eager: bool) -> None:
    calls, expected = calm()

    for at in range(1, calls + 1):
        desk = world()
        runner = play(desk, Trouble(at, kind), eager=eager)

        assert result(desk, runner) == expected, f"{kind} at call {at}"
