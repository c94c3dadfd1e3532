"""What became of every firing: its run and its webhooks, and what is missing of them."""

from __future__ import annotations

import pytest

from infra.cli.audit_balance import (
    DEAD,
    DELIVERED,
    DONE,
    HELD,
    IN_FLIGHT,
    MISSING,
    Stretch,
    Waiting,
    total,
)
from infra.cli.audit_firings import Delivery, Fired, Firing, Run, carried_out, doubtful
from shared.domain import deliveries, times

NOW = 1_795_348_800_000
STRETCH = Stretch(NOW - 40 * times.DAY, NOW + times.DAY)
IDLE = Waiting(0)


def firing(state: str = "done", at: int = NOW - times.HOUR) -> Firing:
    return Firing("f1", "rescue", "shop", at, state)


def fate(
    run: Run | None,
    sent: dict[str, Delivery] | None = None,
    *,
    waiting: Waiting = IDLE,
    one: Firing | None = None,
) -> tuple[str, list[str]]:
    """Return what became of one firing, and why it is missing if it is."""
    runs = {} if run is None else {"f1": run}
    fired = Fired([one or firing()], runs, sent or {})
    found = carried_out(fired, waiting, STRETCH, NOW)
    ((state, count),) = ((k, n) for k, n in total(found.rows).items() if k != "firings")
    assert count == 1
    return state, [lost.reason for lost in found.lost]


def done(*sent: str) -> Run:
    return Run("done", NOW, sent)


def test_a_firing_without_its_delivery_is_missing_and_named() -> None:
    found = carried_out(Fired([firing()], {"f1": done("m1")}, {}), IDLE, STRETCH, NOW)

    (lost,) = found.lost
    assert (lost.what, lost.name) == ("firing", "rescue/f1")
    assert lost.reason == "its delivery m1 is gone"


@pytest.mark.parametrize(
    ("state", "expected"),
    [("delivered", DELIVERED), ("held", HELD), ("dead", DEAD), ("gone", DEAD)],
)
def test_a_firing_ends_as_its_webhook_does(state: str, expected: str) -> None:
    assert fate(done("m1"), {"m1": Delivery(state, 0)}) == (expected, [])


def test_the_worst_of_several_webhooks_counts() -> None:
    sent = {"m1": Delivery("delivered", 0), "m2": Delivery("dead", 0)}

    assert fate(done("m1", "m2"), sent) == (DEAD, [])
    assert fate(done("m1", "m2", "m3"), sent)[0] == MISSING


def test_a_run_that_sent_nothing_is_done() -> None:
    assert fate(done()) == (DONE, [])


def test_one_nobody_took_up_is_missing_unless_its_message_waits_or_is_dead() -> None:
    pending = firing("pending")

    assert fate(None, one=pending) == (MISSING, ["nothing has taken it up"])
    assert fate(None, one=pending, waiting=Waiting(1)) == (IN_FLIGHT, [])
    assert fate(None, one=pending, waiting=Waiting(0, frozenset({"f1"}))) == (IN_FLIGHT, [])


def test_a_run_that_is_gone_is_missing_however_much_waits() -> None:
    assert fate(None, waiting=Waiting(9)) == (MISSING, ["its run is gone"])


def test_a_run_on_its_way_is_in_flight_until_it_is_long_overdue() -> None:
    resting = Run("waiting", NOW + times.DAY, ())
    overdue = Run("waiting", NOW - times.HOUR, ())

    assert fate(resting)[0] == IN_FLIGHT
    assert fate(overdue) == (MISSING, ["its run has stopped on the way"])
    assert fate(overdue, waiting=Waiting(1))[0] == IN_FLIGHT


def test_an_attempt_that_is_long_overdue_is_missing() -> None:
    due = {"m1": Delivery("pending", NOW + times.HOUR)}
    overdue = {"m1": Delivery("pending", NOW - times.HOUR)}

    assert fate(done("m1"), due)[0] == IN_FLIGHT
    assert fate(done("m1"), overdue) == (MISSING, ["nothing attempts its delivery m1"])
    assert fate(done("m1"), overdue, waiting=Waiting(0, frozenset({"m1"})))[0] == IN_FLIGHT


def test_a_delivery_whose_time_is_up_is_no_longer_asked_for() -> None:
    old = firing(at=NOW - deliveries.HELD_FOR - times.HOUR)

    assert fate(done("m1"), one=old) == (DONE, [])


def test_firings_of_other_days_are_left_out() -> None:
    fired = Fired([firing(at=STRETCH.since - 1)], {}, {})

    assert not carried_out(fired, IDLE, STRETCH, NOW).rows


def test_only_what_was_not_met_is_read_again() -> None:
    there, gone = firing(), Firing("f2", "rescue", "shop", NOW, "done")
    fired = Fired([there, gone], {"f1": done("m1")}, {"m1": Delivery("delivered", 0)})

    assert list(doubtful(fired)) == [gone]
