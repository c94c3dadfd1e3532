"""What became of every firing: its row, its run, what it has sent, and what is missing of them."""

from __future__ import annotations

import pytest

from infra.cli.audit_balance import (
    DEAD,
    DELIVERED,
    DONE,
    EXCUSED_FOR,
    FATES,
    HELD,
    IN_FLIGHT,
    MISSING,
    Balance,
    Stretch,
    Waiting,
    adds_up,
    total,
)
from infra.cli.audit_firings import (
    UNWANTED,
    Fired,
    Firing,
    Logged,
    Run,
    Sending,
    carried_out,
    doubtful,
    overdue,
)
from shared.domain import deliveries, times
from shared.domain.ports import Name

NOW = 1_795_348_800_000
STRETCH = Stretch(NOW - 500 * times.DAY, NOW + times.DAY)
IDLE = Waiting(0)
M1: Name = ("delivery", "m1")
M2: Name = ("delivery", "m2")
MAIL: Name = ("mail", "m1")


def firing(state: str = "done", at: int = NOW - times.HOUR, name: str = "f1") -> Firing:
    return Firing(name, "rescue", "shop", at, state)


def done(*sent: Name, at: int = NOW - times.HOUR) -> Run:
    return Run("done", NOW, dict.fromkeys(sent, at))


def accounted(
    run: Run | None,
    sent: dict[Name, Sending] | None = None,
    *,
    waiting: Waiting = IDLE,
    one: Firing | None = None,
    asleep: frozenset[str] = frozenset(),
) -> Balance:
    runs = {} if run is None else {"f1": run}
    fired = Fired([one or firing()], runs, sent or {}, {"f1": "shop"}, asleep)
    return carried_out(fired, [], waiting, STRETCH, NOW)


def fate(
    run: Run | None, sent: dict[Name, Sending] | None = None, **rest: object
) -> tuple[str, list[str]]:
    """Return what became of one firing, and why it is missing if it is."""
    found = accounted(run, sent, **rest)  # type: ignore[arg-type]
    ((state, count),) = ((k, n) for k, n in total(found.rows).items() if k != "firings")
    assert count == 1
    return state, [lost.reason for lost in found.lost]


def test_a_firing_without_its_delivery_is_missing_and_named() -> None:
    (lost,) = accounted(done(M1)).lost

    assert (lost.what, lost.name) == ("firing", "rescue/f1")
    assert lost.reason == "m1, which it has sent, is gone"


@pytest.mark.parametrize(
    ("state", "expected"),
    [("delivered", DELIVERED), ("held", HELD), ("dead", DEAD), ("gone", DEAD)],
)
def test_a_firing_ends_as_its_webhook_does(state: str, expected: str) -> None:
    assert fate(done(M1), {M1: Sending(state)}) == (expected, [])


@pytest.mark.parametrize(
    ("state", "expected"),
    [("sent", DELIVERED), ("failed", DEAD), ("unknown", DEAD), (UNWANTED, DONE)],
)
def test_a_firing_ends_as_its_email_does(state: str, expected: str) -> None:
    assert fate(done(MAIL), {MAIL: Sending(state)}) == (expected, [])


def test_an_email_that_is_gone_or_was_never_sent_is_missing() -> None:
    left = {MAIL: Sending("pending", NOW - times.HOUR)}

    assert fate(done(MAIL)) == (MISSING, ["m1, which it has sent, is gone"])
    assert fate(done(MAIL), left) == (MISSING, ["nothing attempts m1, which it has sent"])


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        ("failed", "unsubscribed", UNWANTED),
        ("failed", "MessageRejected", "failed"),
        ("sent", "id", "sent"),
    ],
)
def test_an_email_its_reader_had_no_use_for_any_more_is_no_failure(
    state: str, reason: str, told: str
) -> None:
    mail = {"state": state, "reason": reason, "created": NOW}

    assert Sending.of_mail(mail) == Sending(told, NOW)


def test_the_worst_of_several_sendings_counts() -> None:
    sent = {M1: Sending("delivered"), M2: Sending("dead")}

    assert fate(done(M1, M2), sent) == (DEAD, [])
    assert fate(done(M1, M2, MAIL), sent)[0] == MISSING


def test_a_run_that_sent_nothing_is_done() -> None:
    assert fate(done()) == (DONE, [])


def test_one_nobody_took_up_is_missing_unless_its_message_waits_or_is_dead() -> None:
    pending = firing("pending")

    assert fate(None, one=pending) == (MISSING, ["nothing has taken it up"])
    assert fate(None, one=pending, waiting=Waiting(1)) == (IN_FLIGHT, [])
    assert fate(None, one=pending, waiting=Waiting(0, frozenset({"f1"}))) == (IN_FLIGHT, [])


def test_one_that_was_just_kept_may_be_about_to_be_sent() -> None:
    assert fate(None, one=firing("pending", NOW - times.MINUTE))[0] == IN_FLIGHT


def test_a_count_excuses_as_many_firings_as_it_counts_and_says_so() -> None:
    """One endpoint whose retries are put off is no excuse for all the rest."""
    pending = [firing("pending", NOW - times.HOUR + n, f"f{n}") for n in range(3)]

    found = carried_out(Fired(pending), [], Waiting(2), STRETCH, NOW)

    assert total(found.rows) == {"firings": 3, IN_FLIGHT: 2, MISSING: 1}
    assert [lost.name for lost in found.lost] == ["rescue/f0"]
    assert found.excused == 2


@pytest.mark.parametrize(
    ("run", "sent"),
    [
        (None, {}),
        (Run("waiting", NOW - EXCUSED_FOR - 1, {}), {}),
        (done(M1), {M1: Sending("pending", NOW - EXCUSED_FOR - 1)}),
    ],
)
def test_a_count_excuses_nothing_that_has_stood_still_for_too_long(
    run: Run | None, sent: dict[Name, Sending]
) -> None:
    one = firing("pending", NOW - EXCUSED_FOR - 1)

    assert fate(run, sent, one=one, waiting=Waiting(9))[0] == MISSING


def test_a_run_that_is_gone_is_missing_however_much_waits() -> None:
    assert fate(None, waiting=Waiting(9)) == (MISSING, ["its run is gone"])


def test_a_run_on_its_way_is_in_flight_until_it_is_long_overdue() -> None:
    resting = Run("waiting", NOW + times.DAY, {})
    late = Run("waiting", NOW - times.HOUR, {})

    assert fate(resting)[0] == IN_FLIGHT
    assert fate(late) == (MISSING, ["its run has stopped on the way"])
    assert fate(late, waiting=Waiting(1))[0] == IN_FLIGHT


def test_an_attempt_that_is_long_overdue_is_missing() -> None:
    due = {M1: Sending("pending", NOW + times.HOUR)}
    late = {M1: Sending("pending", NOW - times.HOUR)}

    assert fate(done(M1), due)[0] == IN_FLIGHT
    assert fate(done(M1), late) == (MISSING, ["nothing attempts m1, which it has sent"])
    assert fate(done(M1), late, waiting=Waiting(0, frozenset({"m1"})))[0] == IN_FLIGHT


def test_what_the_clock_is_going_to_wake_is_in_flight_however_late() -> None:
    """A machine that slept for days finds its due-index as it was."""
    run = Run("waiting", NOW - times.DAY, {M1: NOW - times.DAY})
    sent = {M1: Sending("pending", NOW - 2 * times.DAY)}
    fired = Fired([firing()], {"f1": run}, sent)

    entries = list(overdue(fired, NOW))

    assert entries == [
        ("due", str(NOW - times.DAY), "run", "f1"),
        ("due", str(NOW - 2 * times.DAY), "delivery", "m1"),
    ]
    assert fate(run, sent, asleep=frozenset({"f1", "m1"}))[0] == IN_FLIGHT
    assert fate(run, sent, asleep=frozenset({"f1"}))[0] == MISSING


def test_a_webhook_that_was_held_until_its_time_was_up_is_dead() -> None:
    """By when it was made: a run may have waited for months before it sent it."""
    old = firing(at=NOW - 450 * times.DAY)
    held_up = NOW - deliveries.HELD_FOR - 1

    assert fate(done(M1, at=held_up), one=old) == (DEAD, [])
    assert fate(done(M1, at=held_up + 1), one=old)[0] == MISSING
    assert fate(done(M1, at=NOW - deliveries.KEPT_FOR - 1), one=old) == (DONE, [])


def test_a_firing_that_was_logged_and_is_not_in_the_table_is_missing() -> None:
    """The log is the second side: a row that was lost cannot tell of itself."""
    fired = Fired([firing()], {"f1": done()}, {}, {"f1": "shop"})
    logged = [Logged(NOW, "shop", name) for name in ("f1", "f2", "f2")]

    found = carried_out(fired, logged, Waiting(9), STRETCH, NOW)

    assert total(found.rows) == {"firings": 2, DONE: 1, MISSING: 1}
    assert [(lost.name, lost.connection_id) for lost in found.lost] == [("f2", "shop")]
    assert not adds_up(found.rows, "firings", FATES)


def test_a_firing_that_was_logged_before_the_table_was_made_is_said_and_left_out() -> None:
    found = carried_out(Fired(), [Logged(NOW - 1, "shop", "f2")], IDLE, STRETCH, NOW, NOW)

    assert (found.lost, found.replaced, dict(found.rows)) == ([], 1, {})


def delivery(**values: object) -> dict[str, object]:
    known = {"state": "pending", "next_at": NOW, "created": NOW - 1, "firing_id": None}
    return {**known, "type": "order.created", **values}


def test_webhooks_to_subscribers_are_known_by_what_they_tell_of() -> None:
    assert Sending.of(delivery()).told_at == NOW - 1
    assert Sending.of(delivery(firing_id="f1", type="automation.fired")).told_at == NOW - 1
    assert Sending.of(delivery(firing_id="f1")).told_at is None


def test_a_webhook_to_a_subscriber_counts_as_a_firing_of_its_own() -> None:
    """No run has sent it, so nothing else would miss its attempts."""
    sent: dict[Name, Sending] = {
        M1: Sending("pending", NOW - times.HOUR, NOW - times.HOUR),
        M2: Sending("delivered", 0, NOW - times.HOUR, "f1"),
    }

    found = carried_out(Fired(sent=sent, rows={"f1": "shop"}), [], IDLE, STRETCH, NOW)

    assert {key[1]: dict(row) for key, row in found.rows.items()} == {
        "": {"firings": 1, MISSING: 1},
        "shop": {"firings": 1, DELIVERED: 1},
    }
    assert [(lost.what, lost.name) for lost in found.lost] == [("webhook", "m1")]


def test_firings_of_other_days_are_left_out() -> None:
    fired = Fired([firing(at=STRETCH.since - 1)], sent={M1: Sending("dead", 0, STRETCH.since - 1)})

    logged = [Logged(STRETCH.since - 1, "shop", "f2")]

    assert not carried_out(fired, logged, IDLE, STRETCH, NOW).rows


def test_only_what_was_not_met_is_read_again() -> None:
    there, gone = firing(), firing(name="f2")
    fired = Fired([there, gone], {"f1": done(M1)}, {M1: Sending("delivered")})

    assert list(doubtful(fired)) == [gone]
