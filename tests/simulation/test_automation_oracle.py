"""The oracle of what fires: what a story wants, and how what is missing or too much is told."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.simulation.automation_oracle import (
    CREATED,
    Fact,
    facts_of_webhooks,
    faults_of,
    passages_on_bus,
    wanted,
)
from tests.simulation.automation_schedules import on_created, on_status
from tests.simulation.automation_stories import Life, Tale
from tests.simulation.endpoint_servers import Received
from tests.simulation.fake_eventbridge import BusEvent
from tests.simulation.stories import Story

ADA = "ada@example.com"
LIVES = (
    Life("sub_1", ADA, ("pending", "active", "payment_failed", "active")),
    Life("sub_2", ADA, ("active", "payment_failed")),
)
TALE = Tale(Story("two", ()), LIVES)
PEOPLE = {life.subscription: life.email for life in LIVES}
FAILED = [Fact("a", life.subscription, "payment_failed") for life in LIVES]


@pytest.mark.parametrize(
    ("automation", "facts"),
    [
        (on_status(None, "payment_failed", "multiple"), FAILED),
        (on_status("payment_failed", "active", "multiple"), [Fact("a", "sub_1", "active")]),
        (on_status("pending", None, "multiple"), [Fact("a", "sub_1", "active")]),
        (on_created("multiple", "USD"), [Fact("a", each, "created") for each in PEOPLE]),
        (on_created("multiple", "EUR"), []),
    ],
)
def test_what_an_automation_wants(automation: dict[str, Any], facts: list[Fact]) -> None:
    assert wanted(TALE, {"a": automation}).multiple == Counter(facts)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (FAILED, []),
        (FAILED[:1], ["0 times, not 1"]),
        ([*FAILED, FAILED[0]], ["2 times, not 1"]),
        ([*FAILED, Fact("a", "sub_1", "paused")], ["1 times, not 0"]),
        ([*FAILED, Fact("b", "sub_1", "payment_failed")], ["1 times, not 0"]),
    ],
)
def test_what_is_missing_or_too_much_is_told(seen: list[Fact], told: list[str]) -> None:
    expected = wanted(TALE, {"a": on_status(None, "payment_failed", "multiple")})

    found = list(faults_of(Counter(seen), expected, PEOPLE))

    assert len(found) == len(told)
    assert all(text in each for text, each in zip(told, found, strict=True))


@pytest.mark.parametrize(("seen", "count"), [([], 0), (FAILED[:1], 1), (FAILED, 2)])
def test_once_wants_one_of_all_for_a_person(seen: list[Fact], count: int) -> None:
    expected = wanted(TALE, {"a": on_status(None, "payment_failed", "once")})

    found = list(faults_of(Counter(seen), expected, PEOPLE))

    assert found == ([] if count == 1 else [f"a ran {count} times for {ADA}, not once"])


def test_a_webhook_that_comes_again_is_told_once() -> None:
    body = {
        "type": "recurring_payment.updated",
        "data": {
            "automation": {"id": "a"},
            "recurring_payment": {"store_recurring_payment_id": "sub_1"},
            "changes": [{"field": "status", "from": "active", "to": "payment_failed"}],
        },
    }
    request = Received(1, "crm.example.com", "msg_1", {}, json.dumps(body).encode(), 500)

    assert facts_of_webhooks([request, request]) == Counter(FAILED[:1])


def test_the_bus_is_heard_once_for_each_id_and_of_the_status_alone() -> None:
    def event(identity: str, kind: str, *changes: tuple[str, str, str]) -> BusEvent:
        rows = [{"field": field, "from": old, "to": new} for field, old, new in changes]
        detail = {"id": identity, "store_recurring_payment_id": "sub_1", "changes": rows}
        return BusEvent(1, f"recurring_payment.{kind}", detail)

    failed = event("2", "updated", ("note", "", "x"), ("status", "active", "payment_failed"))
    told = [event("1", "created"), failed, event("3", "updated", ("note", "", "x")), failed]

    assert passages_on_bus(told) == {"sub_1": [CREATED, ("active", "payment_failed")]}
