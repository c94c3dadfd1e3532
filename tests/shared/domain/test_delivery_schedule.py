"""When a delivery is attempted again: the waits, their end, and what an endpoint may ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import times
from shared.domain.delivery_schedule import (
    ATTEMPTS_MAX,
    LIFE_MAX,
    RETRY_AFTER_MAX,
    WAITS,
    Decision,
    decide,
    patience,
)
from shared.domain.times import HOUR, MINUTE, SECOND

START = 1_780_000_000_000
RANDOM = st.floats(0, 1)


def after(
    status: int,
    fault: str = "",
    *,
    attempt: int = 1,
    now: int = START,
    first: int = START,
    jitter: float = 0.5,
    retry_after: str = "",
) -> Decision:
    return decide(
        status=status,
        fault=fault,
        attempt=attempt,
        first_attempt_at=first,
        now=now,
        random=lambda: jitter,
        retry_after=retry_after,
    )


def attempts_of_a_dead_endpoint(jitter: float) -> list[int]:
    at, times_of = START, [START]
    while (
        next_at := after(500, attempt=len(times_of), now=at, jitter=jitter).retry_at
    ) is not None:
        at = next_at
        times_of.append(at)
    return times_of


def test_dead_endpoint_sees_ten_attempts_over_about_75_hours() -> None:
    attempts = attempts_of_a_dead_endpoint(jitter=0.5)

    waits = [later - earlier for earlier, later in pairwise(attempts)]
    assert len(attempts) == ATTEMPTS_MAX == 10
    assert tuple(waits) == WAITS[1:]
    assert 75 * HOUR < attempts[-1] - attempts[0] < 76 * HOUR


@given(RANDOM)
def test_no_jitter_moves_the_schedule_by_more_than_a_tenth(jitter: float) -> None:
    attempts = attempts_of_a_dead_endpoint(jitter)

    waits = [later - earlier for earlier, later in pairwise(attempts)]
    assert len(attempts) == ATTEMPTS_MAX
    for wait, planned in zip(waits, WAITS[1:], strict=True):
        assert abs(wait - planned) <= planned / 10 + 1


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
@pytest.mark.parametrize("attempt", [1, 10, 11])
def test_any_2xx_ends_a_delivery(status: int, attempt: int) -> None:
    assert after(status, attempt=attempt) == Decision("delivered")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_redirect_is_a_failure(status: int) -> None:
    assert after(status).outcome == "retry"
    assert after(status, attempt=10).outcome == "exhausted"


@pytest.mark.parametrize("status", [101, 400, 401, 403, 404, 408, 429, 500, 502, 503, 504, 599])
def test_other_statuses_are_tried_again(status: int) -> None:
    assert after(status) == Decision("retry", START + 5 * SECOND)


@pytest.mark.parametrize(
    "fault", ["dns_error", "dns_timeout", "address_refused", "tls_untrusted", "timeout"]
)
def test_attempt_without_an_answer_is_tried_again(fault: str) -> None:
    """Bug 6 of the reliability notes: a DNS error was once taken for final."""
    assert after(0, fault).outcome == "retry"


def test_answer_that_came_too_late_is_no_answer() -> None:
    assert after(200, "timeout").outcome == "retry"


def test_410_disables_at_once_and_is_no_attempt_to_repeat() -> None:
    assert after(410) == Decision("disable")
    assert after(410, attempt=10) == Decision("disable")


def test_there_is_no_eleventh_attempt() -> None:
    assert after(500, attempt=9).outcome == "retry"
    assert after(500, attempt=10) == Decision("exhausted")
    assert after(500, attempt=11) == Decision("exhausted")


def test_retry_after_puts_the_next_attempt_off() -> None:
    assert after(429, retry_after="120").retry_at == START + 2 * MINUTE
    assert after(503, retry_after="120").retry_at == START + 2 * MINUTE


def test_retry_after_never_brings_the_next_attempt_forward() -> None:
    assert after(429, attempt=4, retry_after="1").retry_at == START + 2 * HOUR


def test_retry_after_is_honoured_within_a_day_and_within_the_deliverys_life() -> None:
    assert after(429, retry_after="9999999999").retry_at == START + RETRY_AFTER_MAX
    late = START + LIFE_MAX - HOUR
    assert after(429, attempt=5, now=late, retry_after="86400").retry_at == START + LIFE_MAX
    assert after(429, attempt=5, now=START + LIFE_MAX).outcome == "exhausted"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("Thu, 28 May 2026 20:27:40 GMT", 60),
        ("Thursday, 28-May-26 20:27:40 GMT", 60),
        ("Thu May 28 20:27:40 2026", 60),
        ("Thu, 28 May 2020 20:27:40 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 24 * 60 * 60),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("1e9", 0),
        ("soon", 0),
        ("\u0661\u0662", 0),
        ("5, 6", 0),
        ("Thu, 31 Feb 2026 20:27:40 GMT", 0),
        ("9" * 5_000, 0),
        ("\x00", 0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: int) -> None:
    assert datetime.fromtimestamp(START / 1_000, UTC).isoformat() == "2026-05-28T20:26:40+00:00"

    assert patience(header, START) == seconds * SECOND


@given(st.text(), RANDOM, st.integers(1, 9), st.integers(0, LIFE_MAX - 1))
def test_whatever_an_endpoint_sends_the_next_attempt_lies_ahead_and_within_the_life(
    header: str, jitter: float, attempt: int, elapsed: int
) -> None:
    now = START + elapsed

    decision = after(429, attempt=attempt, now=now, jitter=jitter, retry_after=header)

    assert decision.retry_at is not None
    assert now < decision.retry_at <= START + LIFE_MAX
    assert decision.retry_at - now <= max(RETRY_AFTER_MAX, WAITS[attempt] * 1.1 + 1)


def test_life_of_a_delivery_leaves_room_for_every_attempt() -> None:
    assert sum(WAITS) * 1.1 < LIFE_MAX == 5 * times.DAY
