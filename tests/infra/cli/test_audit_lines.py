"""What an audit reads of the logs: lines of the doors, and of what fired."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.cli import audit_lines
from infra.cli.audit_balance import Line, Stretch
from infra.cli.audit_firings import Logged
from infra.cli.audit_lines import Log, fired_of, firings_of, line_of, lines_of
from infra.cli.running import Running
from shared.domain import times

NOW = 1_795_348_800_000
STRETCH = Stretch(NOW, NOW + 1_000)
DOOR = Log("stripe", "/door", 0)


@pytest.mark.parametrize(
    "text",
    ["START RequestId: 1", "{", "[]", "null", '{"event":"ping"}', '{"event":"event_queued"}'],
)
def test_other_lines_of_a_door_are_passed_over(text: str) -> None:
    assert line_of("stripe", NOW, text) is None


def test_a_doors_line_is_read_with_and_without_its_receipt() -> None:
    said = {"event": "event_queued", "connection_id": "shop", "event_id": "evt_1"}

    old = line_of("stripe", NOW, json.dumps(said))
    new = line_of("stripe", NOW, json.dumps(said | {"receipt": "r1"}) + "\n")

    assert old == Line(NOW, "stripe", "shop", "evt_1", None)
    assert new == Line(NOW, "stripe", "shop", "evt_1", "r1")


@pytest.mark.parametrize(
    "text",
    ["END", "[]", '{"event":"Firings"}', '{"event":"fired","firings":["f1"],"record":["order"]}'],
)
def test_other_lines_of_the_stream_are_passed_over(text: str) -> None:
    assert fired_of(NOW, text) == []


def test_a_line_of_the_stream_tells_of_each_firing() -> None:
    said = {"event": "fired", "firings": ["f1", "f2"], "record": ["order", "shop", "o1"]}

    found = fired_of(NOW, json.dumps({**said, "event_id": "evt_1"}))

    assert found == [Logged(NOW, "shop", "f1"), Logged(NOW, "shop", "f2")]


class Logs:
    """CloudWatch's logs as the emulator answers: so many lines at most, and no word of more."""

    def __init__(self, *lines: tuple[int, dict[str, Any]], page: int = 10_000) -> None:
        self.lines: list[dict[str, Any]] = [
            {"timestamp": at, "message": json.dumps(said)} for at, said in lines
        ]
        self.page = page
        self.asked: list[int] = []

    def get_paginator(self, name: str) -> Logs:
        assert name == "filter_log_events"
        return self

    def paginate(self, *, startTime: int, endTime: int, **_: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(startTime)
        found = [each for each in self.lines if startTime <= each["timestamp"] <= endTime]
        yield {"events": found[: self.page]}


class Deployed:
    """A stack of Lambdas by their handlers; all but the last have a log group."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def get_paginator(self, name: str) -> Deployed:
        assert name == "list_stack_resources"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        rows = [
            {"ResourceType": "AWS::Lambda::Function", "PhysicalResourceId": name}
            for name in self.names
        ]
        return [{"StackResourceSummaries": [{"ResourceType": "AWS::SQS::Queue"}, *rows]}]

    def get_function_configuration(self, **asked: str) -> dict[str, Any]:
        name = asked["FunctionName"]
        handler = f"functions.{name}.handler.handler"
        return {"Handler": handler, "LoggingConfig": {"LogGroup": f"/{name}"}}

    def describe_log_groups(self, **asked: str) -> dict[str, Any]:
        group = asked["logGroupNamePrefix"]
        row = {"logGroupName": group, "creationTime": NOW - times.DAY, "retentionInDays": 30}
        return {"logGroups": [row] if group != f"/{self.names[-1]}" else []}


def test_the_doors_have_a_log_each_and_so_has_what_fires() -> None:
    stack = Deployed("ingest_stripe", "query", "fire_triggers", "run_automations", "ingest_paypal")
    aws = SimpleNamespace(cloudformation=stack, lambda_=stack, logs=stack)

    found = audit_lines.logs_of(cast(Running, SimpleNamespace(aws=aws, name="paysignal")), NOW)

    assert found == [
        Log("stripe", "/ingest_stripe", NOW - times.DAY),
        Log("", "/fire_triggers", NOW - times.DAY),
        Log("", "/run_automations", NOW - times.DAY),
        Log("paypal", "/ingest_paypal", None),
    ]


def running(logs: Logs) -> Any:
    return SimpleNamespace(aws=SimpleNamespace(logs=logs))


def queued(name: str, connection_id: str = "shop") -> dict[str, Any]:
    return {"event": "event_queued", "connection_id": connection_id, "event_id": name}


def test_lines_of_the_stretch_and_the_connection_are_read() -> None:
    logs = Logs((NOW, queued("1")), (NOW, queued("2", "other")), (NOW + 1_000, queued("3")))

    found = lines_of(running(logs), DOOR, Stretch(NOW, NOW + 1_000, "shop"))

    assert [line.event_id for line in found] == ["1"]


def test_firings_of_the_stretch_are_read() -> None:
    said = {"event": "fired", "firings": ["f1"], "record": ["order", "shop", "o1"]}
    logs = Logs((NOW - 1, said), (NOW, said), (NOW + 1_000, said))

    assert list(firings_of(running(logs), Log("", "/stream", 0), STRETCH)) == [
        Logged(NOW, "shop", "f1")
    ]


def test_a_door_without_a_log_has_logged_nothing() -> None:
    logs = Logs((NOW, queued("1")))

    assert list(lines_of(running(logs), Log("stripe", "/door", None), STRETCH)) == []
    assert logs.asked == []


def test_an_answer_that_is_cut_off_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a loss among the newest lines of a busy week could not be seen."""
    monkeypatch.setattr(audit_lines, "_ANSWER_MAX", 3)
    moments = [0, 1, 1, 1, 1, 2, 3]
    logs = Logs(*((NOW + at, queued(str(n))) for n, at in enumerate(moments)), page=3)
    logs.lines[2]["timestamp"] = NOW + 2
    logs.lines.sort(key=lambda line: line["timestamp"])

    found = [line.event_id for line in lines_of(running(logs), DOOR, STRETCH)]

    assert found == ["0", "1", "3", "4", "2", "5", "6"]


def test_more_lines_of_one_moment_than_an_answer_holds_do_not_keep_it_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_lines, "_ANSWER_MAX", 2)
    logs = Logs((NOW, queued("1")), (NOW, queued("2")), (NOW + 1, queued("3")), page=2)

    found = [line.event_id for line in lines_of(running(logs), DOOR, STRETCH)]

    assert found == ["1", "2", "3"]
    assert logs.asked == [NOW, NOW + 1]
