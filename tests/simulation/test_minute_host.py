"""The minute schedule: it runs at full minutes, and only at those in which something is due."""

from __future__ import annotations

from typing import Any

from shared.domain.errors import Retryable
from tests.simulation.faults import Plan
from tests.simulation.minute_host import MINUTE_MS, MinuteHost
from tests.simulation.shorthand import TABLE, put
from tests.simulation.world import World

HOUR_MS = 3_600_000


class Scene:
    """A world with a due-index of one part, and a function that empties it."""

    def __init__(self, plan: Plan = (), failures: int = 0) -> None:
        self.world = World(0, plan)
        self.at_ms: list[int] = []
        self.failures = failures
        self._table = self.world.caller("dynamodb")
        world = self.world
        self.host = MinuteHost(
            "wake", ["DUE#0"], lambda: self.handle, world.steps, world.clock, world.dynamodb
        )
        world.hosts.append(self.host)

    def handle(self, event: dict[str, Any], now: int) -> None:
        self.at_ms.append(now)
        if len(self.at_ms) <= self.failures:
            raise Retryable("not now")
        first = self.world.dynamodb.first_of("DUE#0")
        key = {"pk": {"S": "DUE#0"}, "sk": {"S": first}}
        self._table.call("DeleteItem", {"TableName": TABLE, "Key": key})

    def due(self, after_ms: int) -> int:
        when = self.world.clock() + after_ms
        put(self.world.dynamodb, f"{when:015d}#run#1", "DUE#0")
        return when


def test_idle_minutes_are_jumped_over() -> None:
    scene = Scene()
    when = scene.due(75 * HOUR_MS)

    scene.world.drain(80 * HOUR_MS)

    (at_ms,) = scene.at_ms
    assert at_ms % MINUTE_MS == 0
    assert when - 65_000 <= at_ms < when


def test_nothing_is_invoked_for_an_empty_index() -> None:
    scene = Scene()

    scene.world.run(HOUR_MS)

    assert scene.at_ms == []
    assert scene.world.left() == {}


def test_what_could_not_be_drained_is_tried_in_the_next_minute() -> None:
    scene = Scene(failures=1)
    scene.due(0)

    scene.world.drain(HOUR_MS)

    first, second = scene.at_ms
    assert second - first == MINUTE_MS
    assert [type(error) for error in scene.host.errors] == [Retryable]


def test_a_worker_that_died_is_followed_by_another_one() -> None:
    scene = Scene([(0, "crash_before", 0)])
    scene.due(0)

    scene.world.run(HOUR_MS)

    assert len(scene.at_ms) == 2
    assert scene.host.errors == []
