"""The bus: what it takes, what it takes in part, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws import AwsError
from tests.simulation.fake_eventbridge import FakeEventBridge


def entry(**changed: Any) -> dict[str, Any]:
    return {
        "EventBusName": "paysignal",
        "Source": "paysignal",
        "DetailType": "order.created",
        "Time": 1_790_000_000.0,
        "Detail": '{"id":"chg_1"}',
        **changed,
    }


def test_events_are_taken_in_order() -> None:
    bus = FakeEventBridge()

    answer = bus.call("PutEvents", {"Entries": [entry(), entry(Detail='{"id":"chg_2"}')]})

    assert answer["FailedEntryCount"] == 0
    assert [each["EventId"][:8] for each in answer["Entries"]] == ["00000001", "00000002"]
    assert [each.detail["id"] for each in bus.taken] == ["chg_1", "chg_2"]


def test_a_call_may_succeed_in_part_once() -> None:
    bus = FakeEventBridge()
    bus.batch_limit = 1

    first = bus.call("PutEvents", {"Entries": [entry(), entry()]})
    second = bus.call("PutEvents", {"Entries": [entry(), entry()]})

    assert first["FailedEntryCount"] == 1
    assert first["Entries"][1]["ErrorCode"] == "InternalFailure"
    assert second["FailedEntryCount"] == 0
    assert len(bus.taken) == 3


@pytest.mark.parametrize("bad", [{"Detail": "no"}, {"Detail": "[]"}, {"DetailType": ""}])
def test_an_entry_that_is_none_fails_alone(bad: dict[str, str]) -> None:
    bus = FakeEventBridge()

    answer = bus.call("PutEvents", {"Entries": [entry(**bad), entry()]})

    assert answer["FailedEntryCount"] == 1
    assert len(bus.taken) == 1


@pytest.mark.parametrize(
    ("operation", "payload"),
    [
        ("ListRules", {}),
        ("PutEvents", {"Entries": []}),
        ("PutEvents", {"Entries": [entry()] * 11}),
        ("PutEvents", {"Entries": [entry()], "EndpointId": "x"}),
        ("PutEvents", {"Entries": [entry(Region="x")]}),
        ("PutEvents", {"Entries": [entry(Detail=f'{{"id":"{"x" * 300_000}"}}')]}),
        ("PutEvents", {"Entries": [entry(Detail=f'{{"id":"{"é" * 140_000}"}}')]}),
        ("PutEvents", {"Entries": [entry(DetailType="x" * 300_000)]}),
    ],
)
def test_what_is_not_faked_or_not_allowed_is_refused(operation: str, payload: Any) -> None:
    with pytest.raises(AwsError):
        FakeEventBridge().call(operation, payload)
