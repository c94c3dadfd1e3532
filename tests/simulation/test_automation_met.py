"""When faults were met: what was planned and never met is no excuse, nor what is long over."""

from __future__ import annotations

from contextlib import suppress

from shared.adapters.aws import AwsError
from tests.simulation.automation_met import AFTERMATH_MS, Met
from tests.simulation.automation_webhook_laws import OVERLAPPING
from tests.simulation.callers import Fake
from tests.simulation.shorthand import KEY, TABLE
from tests.simulation.world import World

PLAN = [(1, "throttle", 2), (1, "dns_flip", 0), (2, "conflict", 0), (90, "zombie", 0)]


def met_by(reads: int) -> tuple[Met, int]:
    """Return what was met by reads of a table, and when the first of them began."""
    world = World(0, PLAN)
    met = Met(world)
    began_ms = world.clock()
    table = world.caller("dynamodb")
    for _ in range(reads):
        world.request(_read, table)
    return met, began_ms


def _read(table: Fake) -> None:
    with suppress(AwsError):
        table.call("GetItem", {"TableName": TABLE, "Key": KEY})


def test_what_was_met_is_counted_and_what_was_planned_is_not() -> None:
    met, began_ms = met_by(6)

    assert met.all() == 2
    assert met.count(began_ms, began_ms + 1_000) == 2
    assert met.count(began_ms, began_ms + 1_000, OVERLAPPING) == 0


def test_a_fault_is_felt_for_a_while_and_no_longer() -> None:
    met, began_ms = met_by(6)

    assert met.before(began_ms) == 0
    assert met.before(began_ms + AFTERMATH_MS) == 2
    assert met.before(began_ms + AFTERMATH_MS + 1_000) == 0


def test_a_fault_that_is_met_soon_after_may_have_been_felt_before() -> None:
    met, began_ms = met_by(6)

    assert met.felt(began_ms - 2_000, began_ms - 1_000) == 2
    assert met.felt(began_ms - 2 * AFTERMATH_MS, began_ms - 2 * AFTERMATH_MS) == 0
