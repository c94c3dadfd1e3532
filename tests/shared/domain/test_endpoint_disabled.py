"""When an endpoint is disabled: at once for 410, else after five days of failures alone."""

from __future__ import annotations

import heapq

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.delivery_schedule import decide
from shared.domain.endpoint_health import (
    DISABLED_AFTER,
)
from shared.domain.times import DAY, HOUR, MINUTE
from tests.support.endpoint_clock import START, Endpoint


def test_410_disables_at_once_and_nothing_is_admitted_any_more() -> None:
    endpoint = Endpoint()

    endpoint.attempt(410)
    refused = endpoint.ask()

    assert endpoint.health == {"disabled_at": START, "disabled_for": "gone"}
    assert (refused.admitted, refused.reason, refused.retry_at) == (False, "disabled", None)
    assert endpoint.notices == ["disabled"]


def test_five_days_of_failures_alone_disable_after_warnings() -> None:
    endpoint = Endpoint()

    endpoint.fail_for(7 * DAY, step=HOUR)

    assert endpoint.notices == [
        "circuit_opened",
        "failing_50",
        "failing_70",
        "failing_90",
        "disabled",
    ]
    # The clock starts when failures span twelve hours.
    assert endpoint.health["disabled_at"] == START + 12 * HOUR + DISABLED_AFTER
    assert endpoint.health["disabled_for"] == "failing"
    assert endpoint.health["failing_since"] == START


def test_endpoint_that_only_says_404_is_disabled_all_the_same() -> None:
    endpoint = Endpoint()

    endpoint.fail_for(7 * DAY, step=HOUR, status=404)

    assert endpoint.notices == ["failing_50", "failing_70", "failing_90", "disabled"]


def test_one_success_stops_the_clock() -> None:
    endpoint = Endpoint()

    endpoint.fail_for(5 * DAY, step=HOUR)
    endpoint.attempt(200)
    told = list(endpoint.notices)
    endpoint.fail_for(5 * DAY, step=HOUR)

    assert told == ["circuit_opened", "failing_50", "failing_70", "failing_90", "recovered"]
    assert "disabled_at" not in endpoint.health


def test_clock_does_not_start_with_failures_of_one_bad_hour() -> None:
    endpoint = Endpoint()

    endpoint.fail_for(HOUR, step=MINUTE)

    assert "clock_since" not in endpoint.health


def test_clock_does_not_start_with_two_failures_far_apart() -> None:
    endpoint = Endpoint()

    endpoint.attempt(500)
    endpoint.now += 20 * DAY
    endpoint.attempt(500)

    assert "clock_since" not in endpoint.health
    assert "disabled_at" not in endpoint.health


def test_warnings_missed_in_a_silence_are_not_made_up_for() -> None:
    endpoint = Endpoint()
    endpoint.fail_for(12 * HOUR, step=6 * HOUR)

    endpoint.now += 4 * DAY
    endpoint.attempt(500)
    endpoint.now += DAY
    endpoint.attempt(500)

    assert endpoint.notices == ["failing_70", "circuit_opened", "disabled"]


def test_attempt_under_way_when_the_endpoint_is_disabled_does_not_enable_it() -> None:
    endpoint = Endpoint()
    endpoint.ask("slow")
    endpoint.attempt(410)

    endpoint.end("slow", 200)

    assert endpoint.health == {"disabled_at": START, "disabled_for": "gone"}


def test_lone_delivery_to_a_dead_endpoint_has_its_ten_attempts_on_time() -> None:
    """The circuit is open for a quarter of an hour at most, less than the later waits."""
    endpoint = Endpoint()
    attempts: list[int] = []

    while True:
        if endpoint.attempt(500).admitted:
            attempts.append(endpoint.now)
            decision = decide(
                status=500,
                fault="",
                attempt=len(attempts),
                first_attempt_at=START,
                now=endpoint.now,
                random=lambda: 0.5,
            )
            if decision.retry_at is None:
                break
            endpoint.now = decision.retry_at

    assert len(attempts) == 10
    assert 75 * HOUR < attempts[-1] - attempts[0] < 76 * HOUR


def test_after_a_day_of_outage_thousands_of_deliveries_are_through_within_an_hour() -> None:
    """And while it lasted, they were no more than a probe now and then."""
    endpoint, back_at = Endpoint(), START + DAY
    waiting = [(START + number, number, 0, 0) for number in range(2_000)]
    heapq.heapify(waiting)
    during, asked, delivered = 0, 0, 0
    deferred_until = 0

    while waiting:
        at, number, attempts, deferrals = heapq.heappop(waiting)
        endpoint.now = max(endpoint.now, at)
        asked += 1
        admission = endpoint.ask(f"d{number}", deferrals)
        if not admission.admitted:
            assert admission.retry_at is not None
            heapq.heappush(waiting, (admission.retry_at, number, attempts, deferrals + 1))
            continue
        status = 200 if endpoint.now >= back_at else 500
        during += status == 500
        endpoint.end(f"d{number}", status)
        if status == 200:
            delivered += 1
            deferred_until = endpoint.now if not attempts else deferred_until
            continue
        decision = decide(
            status=status,
            fault="",
            attempt=attempts + 1,
            first_attempt_at=at,
            now=endpoint.now,
            random=lambda: 0.5,
        )
        assert decision.retry_at is not None
        heapq.heappush(waiting, (decision.retry_at, number, attempts + 1, 0))

    assert delivered == 2_000
    assert during < 150
    assert deferred_until < back_at + HOUR


@given(
    st.lists(
        st.tuples(
            st.sampled_from([200, 301, 404, 410, 429, 500, 502, 0]),
            st.integers(0, 2 * DAY),
            st.integers(0, HOUR),
        ),
        max_size=60,
    )
)
def test_whatever_happens_health_stays_small_and_tells_one_story(
    steps: list[tuple[int, int, int]],
) -> None:
    endpoint = Endpoint()

    for status, wait, patience in steps:
        endpoint.now += wait
        admission = endpoint.attempt(status, "" if status else "timeout", patience=patience)
        if not admission.admitted and admission.reason != "disabled":
            assert admission.retry_at is not None
            assert admission.retry_at > endpoint.now
        if status == 200 and admission.admitted:
            assert "failures" not in endpoint.health
        assert len(str(endpoint.health)) < 400

    assert endpoint.notices.count("disabled") == ("disabled_at" in endpoint.health)
