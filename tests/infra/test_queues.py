"""Queues and their consumers, by the template: the emulator would take anything."""

import json
from typing import Any

import pytest

from infra.bundle import ROOT
from tests.infra.templates import Template, function_of, properties, queue_of, resources

_DAY = 86_400


def test_messages_stay_hidden_for_six_times_their_consumers_timeout(template: Template) -> None:
    for mapping in _mappings(template):
        _, function = function_of(template, mapping)
        window = mapping.get("MaximumBatchingWindowInSeconds", 0)

        hidden = queue_of(template, mapping)["VisibilityTimeout"]

        assert hidden >= 6 * function["Timeout"] + window


def test_a_queue_tries_often_before_it_gives_up(template: Template) -> None:
    for mapping in _mappings(template):
        assert queue_of(template, mapping)["RedrivePolicy"]["maxReceiveCount"] == 12


def test_dead_letters_are_kept_longer_than_their_source_and_in_its_kind(template: Template) -> None:
    sources = [queue_of(template, each) for each in _mappings(template)]

    for source in sources:
        dead = template["Resources"][_dead_of(source)]["Properties"]

        assert dead.get("FifoQueue") == source.get("FifoQueue")
        assert dead["MessageRetentionPeriod"] == 14 * _DAY
        assert dead["MessageRetentionPeriod"] > source["MessageRetentionPeriod"]


def test_every_source_has_dead_letters_of_its_own(template: Template) -> None:
    dead = [_dead_of(queue_of(template, each)) for each in _mappings(template)]

    assert len(set(dead)) == len(dead) == 4
    # And one more, for the changes of the table's stream that Lambda gave up on.
    assert len(resources(template, "AWS::SQS::Queue")) == 2 * 4 + 1


def test_events_wait_only_for_events_of_their_own_customer(template: Template) -> None:
    fifo = [each for each in properties(template, "AWS::SQS::Queue") if each.get("FifoQueue")]

    assert len(fifo) == 2
    for queue in fifo:
        assert queue["DeduplicationScope"] == "messageGroup"
        assert queue["FifoThroughputLimit"] == "perMessageGroupId"
        # By content, two equal retries would be one.
        assert not queue.get("ContentBasedDeduplication")


def test_failed_messages_are_listed_exactly_where_the_handler_lists_them(
    template: Template,
) -> None:
    for mapping in properties(template, "AWS::Lambda::EventSourceMapping"):
        folder, _ = function_of(template, mapping)
        code = "".join(file.read_text() for file in (ROOT / "functions" / folder).glob("*.py"))

        listed = mapping.get("FunctionResponseTypes") == ["ReportBatchItemFailures"]

        assert listed == ("batchItemFailures" in code)


@pytest.mark.parametrize(
    ("queue", "batch", "at_once"),
    [("Events", 10, None), ("History", 10, 5), ("Calls", 1, 2), ("Automations", 10, 10)],
)
def test_consumers_take_as_much_as_they_should(
    template: Template, queue: str, batch: int, at_once: int | None
) -> None:
    (mapping,) = (
        each
        for each in _mappings(template)
        if each["EventSourceArn"]["Fn::GetAtt"][0].removeprefix("Queues").startswith(queue)
    )

    assert mapping["BatchSize"] == batch
    assert mapping.get("ScalingConfig", {}).get("MaximumConcurrency") == at_once
    assert mapping.get("Enabled", True)


def test_queues_are_encrypted_and_refuse_plain_http(template: Template) -> None:
    policies = properties(template, "AWS::SQS::QueuePolicy")
    refusing = {
        policy["Queues"][0]["Ref"]
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }

    assert refusing == set(resources(template, "AWS::SQS::Queue"))
    assert all(each["SqsManagedSseEnabled"] for each in properties(template, "AWS::SQS::Queue"))


def test_the_stream_is_read_from_its_start_and_what_fails_is_noted(template: Template) -> None:
    """LanternOps' and awsdocs#487's bug: LATEST skips what is written while a mapping changes."""
    of_queues = _mappings(template)
    mappings = properties(template, "AWS::Lambda::EventSourceMapping")
    readers = [each for each in mappings if each not in of_queues]

    assert len(readers) == 2  # more readers of one stream are throttled
    for mapping in readers:
        noted = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
        assert mapping["StartingPosition"] == "TRIM_HORIZON"
        assert mapping["BisectBatchOnFunctionError"] is True
        assert 0 < mapping["MaximumRetryAttempts"] < 100
        assert 0 < mapping["MaximumRecordAgeInSeconds"] < _DAY
        assert mapping.get("ParallelizationFactor", 1) <= 10
        assert noted.startswith("QueuesStreamDead")
        patterns = [each["Pattern"] for each in mapping["FilterCriteria"]["Filters"]]
        assert '"AT#"' in patterns[0]


def test_firing_is_told_of_changes_and_of_tags_that_were_changed_here(template: Template) -> None:
    mappings = properties(template, "AWS::Lambda::EventSourceMapping")
    (fire,) = (each for each in mappings if "firetriggers" in str(each["FunctionName"]))

    patterns = [json.loads(each["Pattern"]) for each in fire["FilterCriteria"]["Filters"]]
    assert patterns == [
        {"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "AT#"}]}}}},
        {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "TAGS#"}]}}}},
    ]


def _mappings(template: Template) -> list[dict[str, Any]]:
    """Return the mappings that read a queue."""
    mappings = properties(template, "AWS::Lambda::EventSourceMapping")
    return [
        each for each in mappings if each["EventSourceArn"].get("Fn::GetAtt", "")[1:] == ["Arn"]
    ]


def _dead_of(queue: dict[str, Any]) -> str:
    return str(queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0])
