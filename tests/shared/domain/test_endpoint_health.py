"""An endpoint's circuit, its places, and its end, on a clock of the test's own."""

from __future__ import annotations

import heapq
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.delivery_schedule import decide
from shared.domain.endpoint_health import (
    CONCURRENCY_MAX,
    DISABLED_AFTER,
    LEASE,
    PAUSE_MAX,
    PAUSE_MIN,
    TROUBLES_TO_OPEN,
    Admission,
    Health,
    Notice,
    admit,
    circuit,
    settle,
)
from shared.domain.times import DAY, HOUR, MINUTE, SECOND

START = 1_780_000_000_000


class Endpoint:
    """An endpoint whose health is kept, and a clock."""

    def __init__(self) -> None:
        self.health: Health = {}
        self.now = START
        self.notices: list[Notice] = []
        self._ids = count()

    def ask(self, attempt_id: str | None = None, deferrals: int = 0) -> Admission:
        """Ask for a place, and keep it if there is one."""
        name = attempt_id or f"attempt-{next(self._ids)}"
        admission = admit(self.health, name, self.now, lambda: 0.0, deferrals)
        self.health = admission.health
        return admission

    def attempt(self, status: int, fault: str = "", *, patience: int = 0) -> Admission:
        """Ask for a place and, if admitted, attempt at once with this result."""
        name = f"attempt-{next(self._ids)}"
        admission = self.ask(name)
        if admission.admitted:
            self.end(name, status, fault, patience=patience)
        return admission

    def end(self, name: str, status: int, fault: str = "", *, patience: int = 0) -> None:
        settled = settle(
            self.health, name, status=status, fault=fault, now=self.now, patience=patience
        )
        self.health = settled.health
        self.notices += settled.notices

    def fail_for(self, duration: int, step: int, status: int = 500) -> None:
        """Attempt every `step` while `duration` lasts."""
        until = self.now + duration
        while self.now <= until and "disabled_at" not in self.health:
            self.attempt(status)
            self.now += step


def test_sound_endpoint_costs_no_memory() -> None:
    endpoint = Endpoint()

    for _ in range(100):
        assert endpoint.attempt(200).admitted

    assert endpoint.health == {}
    assert endpoint.notices == []


def test_health_is_never_changed_in_place() -> None:
    health: Health = {"leases": {"a": START + LEASE}, "troubles": 4, "failures": 4}
    before = {**health, "leases": dict(health["leases"])}

    admit(health, "b", START, lambda: 0.5)
    settle(health, "a", status=500, fault="", now=START)
    settle(health, "a", status=200, fault="", now=START)

    assert health == before


def test_only_so_many_attempts_are_under_way_at_once() -> None:
    endpoint = Endpoint()
    admitted = [endpoint.ask(f"a{number}").admitted for number in range(CONCURRENCY_MAX)]

    refused = endpoint.ask("one too many")
    endpoint.end("a0", 200)

    assert all(admitted)
    assert (refused.admitted, refused.reason) == (False, "busy")
    assert refused.retry_at is not None
    assert START < refused.retry_at <= START + 4 * SECOND
    assert endpoint.ask("one more").admitted


def test_who_is_put_off_again_and_again_asks_less_and_less_often() -> None:
    endpoint = Endpoint()
    for number in range(CONCURRENCY_MAX):
        endpoint.ask(f"a{number}")

    waits = [(endpoint.ask(deferrals=times).retry_at or 0) - START for times in range(12)]

    assert waits[:3] == [2 * SECOND, 4 * SECOND, 8 * SECOND]
    assert waits[-1] == 2 * MINUTE


def test_place_of_a_worker_that_died_is_free_again() -> None:
    endpoint = Endpoint()
    for number in range(CONCURRENCY_MAX):
        endpoint.ask(f"a{number}")

    endpoint.now += LEASE

    assert endpoint.ask("next").admitted
    assert list(endpoint.health["leases"]) == ["next"]


def test_attempt_that_is_under_way_is_not_begun_twice() -> None:
    endpoint = Endpoint()
    endpoint.ask("same")

    again = endpoint.ask("same")

    assert (again.admitted, again.retry_at) == (False, START + LEASE)


@pytest.mark.parametrize("trouble", [(500, ""), (503, ""), (408, ""), (429, ""), (0, "timeout")])
def test_circuit_opens_after_consecutive_troubles(trouble: tuple[int, str]) -> None:
    endpoint = Endpoint()

    for _ in range(TROUBLES_TO_OPEN - 1):
        endpoint.attempt(*trouble)
    before = circuit(endpoint.health, endpoint.now)
    endpoint.attempt(*trouble)
    refused = endpoint.ask()

    assert before == "closed"
    assert circuit(endpoint.health, endpoint.now) == "open"
    assert (refused.admitted, refused.reason) == (False, "circuit_open")
    assert refused.retry_at == START + PAUSE_MIN
    assert endpoint.notices == ["circuit_opened"]


def test_success_in_between_keeps_the_circuit_closed() -> None:
    endpoint = Endpoint()

    for _ in range(10):
        for _ in range(TROUBLES_TO_OPEN - 1):
            endpoint.attempt(500)
        endpoint.attempt(200)

    assert circuit(endpoint.health, endpoint.now) == "closed"
    assert endpoint.notices == []


@pytest.mark.parametrize("status", [301, 400, 401, 404, 422])
def test_endpoint_that_answers_no_is_there_and_keeps_nobody_waiting(status: int) -> None:
    endpoint = Endpoint()

    for _ in range(50):
        assert endpoint.attempt(status).admitted

    assert circuit(endpoint.health, endpoint.now) == "closed"
    assert endpoint.health.get("failures") == 50


def test_one_probe_at_a_time_finds_out_whether_it_is_back() -> None:
    endpoint = Endpoint()
    for _ in range(TROUBLES_TO_OPEN):
        endpoint.attempt(500)
    endpoint.now += PAUSE_MIN

    probe, other = endpoint.ask("probe"), endpoint.ask("other")
    state = circuit(endpoint.health, endpoint.now)
    endpoint.end("probe", 200)

    assert state == "half_open"
    assert (probe.admitted, other.admitted) == (True, False)
    assert circuit(endpoint.health, endpoint.now) == "closed"
    assert endpoint.notices == ["circuit_opened", "recovered"]


def test_one_probe_is_enough_after_a_retry_after_too() -> None:
    endpoint = Endpoint()
    endpoint.attempt(503, patience=2 * MINUTE)
    endpoint.now += 2 * MINUTE

    admitted = [endpoint.ask(f"a{number}").admitted for number in range(3)]

    assert admitted == [True, False, False]


def test_probe_that_is_answered_no_closes_the_circuit_but_is_no_success() -> None:
    endpoint = Endpoint()
    for _ in range(TROUBLES_TO_OPEN):
        endpoint.attempt(500)
    endpoint.now += PAUSE_MIN

    endpoint.attempt(404)

    assert circuit(endpoint.health, endpoint.now) == "closed"
    assert endpoint.health["failures"] == TROUBLES_TO_OPEN + 1
    assert endpoint.health["failing_since"] == START


def test_probe_whose_worker_died_makes_room_for_another() -> None:
    endpoint = Endpoint()
    for _ in range(TROUBLES_TO_OPEN):
        endpoint.attempt(500)
    endpoint.now += PAUSE_MIN
    endpoint.ask("probe")

    endpoint.now += LEASE

    assert endpoint.ask("another").admitted


def test_failed_probes_make_the_pauses_longer_up_to_a_limit() -> None:
    endpoint = Endpoint()
    for _ in range(TROUBLES_TO_OPEN):
        endpoint.attempt(500)

    pauses = []
    for _ in range(8):
        pauses.append(endpoint.health["paused_until"] - endpoint.now)
        endpoint.now = endpoint.health["paused_until"]
        endpoint.attempt(500)

    assert pauses[:3] == [PAUSE_MIN, 2 * PAUSE_MIN, 4 * PAUSE_MIN]
    assert pauses[-1] == PAUSE_MAX
    assert endpoint.notices == ["circuit_opened"]


def test_attempts_under_way_when_the_circuit_opens_lengthen_nothing() -> None:
    endpoint = Endpoint()
    for number in range(CONCURRENCY_MAX):
        endpoint.ask(f"a{number}")

    for number in range(CONCURRENCY_MAX):
        endpoint.end(f"a{number}", 0, "timeout")

    assert endpoint.health["paused_until"] == START + PAUSE_MIN
    assert endpoint.health["pauses"] == 1


def test_endpoint_that_comes_back_is_given_more_with_each_success() -> None:
    endpoint = Endpoint()
    for _ in range(TROUBLES_TO_OPEN):
        endpoint.attempt(500)
    endpoint.now += PAUSE_MIN

    places = []
    for _ in range(CONCURRENCY_MAX - 1):
        endpoint.attempt(200)
        places.append(endpoint.health.get("concurrency", CONCURRENCY_MAX))

    assert places == [2, 3, 4, 5, 6, 7, 8]
    assert endpoint.health == {}


@pytest.mark.parametrize("status", [429, 502, 504])
def test_throttled_endpoint_is_called_by_fewer(status: int) -> None:
    endpoint = Endpoint()

    endpoint.attempt(status)
    endpoint.attempt(status)

    assert endpoint.health["concurrency"] == CONCURRENCY_MAX // 4
    assert circuit(endpoint.health, endpoint.now) == "closed"


def test_retry_after_holds_back_every_delivery_to_the_endpoint_within_an_hour() -> None:
    endpoint = Endpoint()

    endpoint.attempt(429, patience=2 * MINUTE)
    during = endpoint.ask()
    endpoint.now += 2 * MINUTE
    endpoint.attempt(200)
    endpoint.attempt(503, patience=24 * HOUR)

    assert (during.reason, during.retry_at) == ("circuit_open", START + 2 * MINUTE)
    assert endpoint.health["paused_until"] == endpoint.now + HOUR
    assert endpoint.notices == []


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
