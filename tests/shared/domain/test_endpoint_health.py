"""An endpoint's circuit and its places, on a clock of the test's own."""

from __future__ import annotations

import pytest

from shared.domain.endpoint_health import (
    CONCURRENCY_MAX,
    LEASE,
    PAUSE_MAX,
    PAUSE_MIN,
    TROUBLES_TO_OPEN,
    Health,
    admit,
    circuit,
    settle,
)
from shared.domain.times import HOUR, MINUTE, SECOND
from tests.support.endpoint_clock import START, Endpoint


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
