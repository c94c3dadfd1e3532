"""What wakes somebody, by the template."""

import json

import pytest

from infra.bundle import ROOT
from tests.infra.templates import Template, properties, resources

_OWN = ("Quarantined",)


@pytest.mark.parametrize(
    "queue", ["EventsDead", "HistoryDead", "CallsDead", "AutomationsDead", "StreamDead"]
)
def test_a_single_dead_letter_raises_the_alarm(template: Template, queue: str) -> None:
    (alarm,) = (
        each
        for each in _alarms(template, "ApproximateNumberOfMessagesVisible")
        if _dimension(each, "QueueName")["Fn::GetAtt"][0].startswith(f"Queues{queue}")
    )

    assert _fires_above(alarm, 0)


def test_events_that_wait_raise_the_alarm(template: Template) -> None:
    (alarm,) = _alarms(template, "ApproximateAgeOfOldestMessage")

    assert _dimension(alarm, "QueueName")["Fn::GetAtt"][0].startswith("QueuesEvents")
    assert _fires_above(alarm, 900)


@pytest.mark.parametrize("metric", _OWN)
def test_a_single_event_in_quarantine_raises_the_alarm(template: Template, metric: str) -> None:
    (alarm,) = _alarms(template, metric)

    assert _fires_above(alarm, 0)
    assert alarm["Namespace"] == "paysignal"
    assert "Dimensions" not in alarm


@pytest.mark.parametrize("metric", _OWN)
def test_alarms_watch_metrics_that_the_code_counts(metric: str) -> None:
    code = [file.read_text() for file in (ROOT / "functions").rglob("*.py")]

    assert any(f'"{metric}"' in text for text in code)


def test_failing_doors_raise_the_alarm(template: Template) -> None:
    (alarm,) = _alarms(template, "5xx")

    assert alarm["Namespace"] == "AWS/ApiGateway"
    assert "Ref" in _dimension(alarm, "ApiId")


def test_every_alarm_reaches_the_topic_and_silence_is_no_alarm(template: Template) -> None:
    ((topic, _),) = resources(template, "AWS::SNS::Topic").items()

    for alarm in properties(template, "AWS::CloudWatch::Alarm"):
        assert alarm["AlarmActions"] == [{"Ref": topic}]
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmDescription"]


def test_an_email_is_subscribed_only_when_one_is_given(template: Template) -> None:
    (subscription,) = resources(template, "AWS::SNS::Subscription").values()

    assert template["Parameters"]["AlarmEmail"]["Default"] == ""
    assert subscription["Properties"]["Endpoint"] == {"Ref": "AlarmEmail"}
    assert template["Conditions"][subscription["Condition"]] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]
    }


def test_watching_stays_cheap(template: Template) -> None:
    assert len(properties(template, "AWS::CloudWatch::Alarm")) <= 10
    (dashboard,) = properties(template, "AWS::CloudWatch::Dashboard")
    assert "Dead letters" in json.dumps(dashboard["DashboardBody"])


def _alarms(template: Template, metric: str) -> list[dict[str, object]]:
    alarms = properties(template, "AWS::CloudWatch::Alarm")
    return [each for each in alarms if each["MetricName"] == metric]


def _dimension(alarm: dict[str, object], name: str) -> dict[str, list[str]]:
    dimensions = alarm["Dimensions"]
    assert isinstance(dimensions, list)
    (value,) = (each["Value"] for each in dimensions if each["Name"] == name)
    assert isinstance(value, dict)
    return value


def _fires_above(alarm: dict[str, object], threshold: int) -> bool:
    return (
        alarm["ComparisonOperator"] == "GreaterThanThreshold"
        and alarm["Threshold"] == threshold
        and alarm["EvaluationPeriods"] == 1
    )
