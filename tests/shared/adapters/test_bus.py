"""The event bus: what is put on it, ten to a call, and what becomes of what was not taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from shared.adapters.aws import AwsError
from shared.adapters.bus import EventBus
from shared.domain.automations.bus_events import BusEvent
from shared.domain.errors import Retryable


class EventBridge:
    """Takes events, but for the first `refused` of the details named."""

    def __init__(self, *refused: int) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.taken: list[Any] = []
        self._refused = list(refused)

    def call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
        assert operation == "PutEvents"
        entries: Any = payload["Entries"]
        self.calls.append(entries)
        answers = []
        for entry in entries:
            number = json.loads(entry["Detail"])["number"]
            if number in self._refused:
                self._refused.remove(number)
                answers.append({"ErrorCode": "ThrottlingException"})
            else:
                self.taken.append(number)
                answers.append({"EventId": "x"})
        failed = sum("ErrorCode" in each for each in answers)
        return {"FailedEntryCount": failed, "Entries": answers}


def events(count: int) -> list[BusEvent]:
    return [BusEvent("order.created", {"number": number}, 1_500) for number in range(count)]


def test_an_event_names_its_source_type_and_time() -> None:
    client = EventBridge()

    EventBus("bus", client).put([BusEvent("order.created", {"number": 1, "name": "é"}, 1_500)])

    assert client.calls == [
        [
            {
                "EventBusName": "bus",
                "Source": "paysignal",
                "DetailType": "order.created",
                "Time": 1.5,
                "Detail": '{"number":1,"name":"é"}',
            }
        ]
    ]


def test_ten_go_in_one_call() -> None:
    client = EventBridge()

    EventBus("bus", client).put(events(23))

    assert [len(each) for each in client.calls] == [10, 10, 3]
    assert client.taken == list(range(23))


def test_only_what_was_not_taken_is_sent_again() -> None:
    client = EventBridge(1, 3, 3)

    EventBus("bus", client).put(events(4))

    assert [len(each) for each in client.calls] == [4, 2, 1]
    assert sorted(client.taken) == [0, 1, 2, 3]


def test_what_is_never_taken_is_said() -> None:
    with pytest.raises(Retryable):
        EventBus("bus", EventBridge(0, 0, 0, 0)).put(events(1))


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [("InternalFailure", 500, Retryable), ("AccessDeniedException", 400, AwsError)],
)
def test_a_failed_call_may_be_tried_again_if_it_may_pass(
    code: str, status: int, kind: type[Exception]
) -> None:
    class Refusing:
        def call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
            raise AwsError(code, "no", status, {})

    with pytest.raises(kind):
        EventBus("bus", Refusing()).put(events(1))
