"""The change log's bucket, its writer and its tidier, by the template."""

import json
from collections.abc import Callable

from tests.infra.templates import Template, function_of, functions, properties, resources


def test_the_log_is_private_encrypted_and_can_be_had_back(template: Template) -> None:
    buckets = resources(template, "AWS::S3::Bucket")
    (bucket,) = [each for name, each in buckets.items() if name.startswith("LogBucket")]

    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketEncryption" in bucket["Properties"]
    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    log, answers, exports = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert log["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert "ExpirationInDays" not in log
    assert (answers["Prefix"], answers["ExpirationInDays"]) == ("athena/", 7)
    assert (exports["Prefix"], exports["ExpirationInDays"]) == ("exports/", 1)
    assert exports["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_query_writes_large_answers_and_nothing_of_the_log(template: Template) -> None:
    statements = [
        statement
        for policy in properties(template, "AWS::IAM::Policy")
        if "query" in json.dumps(policy["Roles"]).lower()
        for statement in policy["PolicyDocument"]["Statement"]
    ]

    stored = [each["Resource"] for each in statements if each["Action"] == "s3:PutObject"]

    assert [each["Fn::Join"][1][-1] for each in stored] == ["/exports/*"]


def test_the_stream_has_no_more_readers_than_it_can_serve(template: Template) -> None:
    mappings = properties(template, "AWS::Lambda::EventSourceMapping")

    of_stream = [each for each in mappings if "StreamArn" in json.dumps(each["EventSourceArn"])]

    readers = {function_of(template, each)[0] for each in of_stream}
    assert readers == {"fire_triggers", "record_changes"}


def test_the_writer_reads_what_the_log_keeps_and_gives_up_as_its_neighbour_does(
    template: Template,
) -> None:
    mappings = properties(template, "AWS::Lambda::EventSourceMapping")
    by_folder = {function_of(template, each)[0]: each for each in mappings}
    writer, neighbour = by_folder["record_changes"], by_folder["fire_triggers"]

    filters = [json.loads(each["Pattern"]) for each in writer["FilterCriteria"]["Filters"]]

    assert [each["dynamodb"]["Keys"] for each in filters] == [
        {"sk": {"S": [{"prefix": "AT#"}, {"prefix": "DID#"}]}},
        {"sk": {"S": ["HEAD", "CONTACT", "CATALOGUE", "SPEND", "DELIVERY"]}},
        {"pk": {"S": [{"prefix": "FIRINGS#"}]}},
    ]
    alike = (
        "StartingPosition",
        "FunctionResponseTypes",
        "BisectBatchOnFunctionError",
        "MaximumRetryAttempts",
        "MaximumRecordAgeInSeconds",
        "DestinationConfig",
    )
    assert {name: writer[name] for name in alike} == {name: neighbour[name] for name in alike}
    assert writer["MaximumBatchingWindowInSeconds"] == 30


def test_on_this_machine_a_change_is_recorded_at_once(synth: Callable[..., Template]) -> None:
    local = synth(local=True)

    mappings = properties(local, "AWS::Lambda::EventSourceMapping")
    (writer,) = [each for each in mappings if function_of(local, each)[0] == "record_changes"]

    assert writer["MaximumBatchingWindowInSeconds"] == 0


def test_the_tidier_has_room_and_runs_every_quarter_of_an_hour(template: Template) -> None:
    name, function = functions(template)["compact_changes"]

    rules = {
        each["Targets"][0]["Arn"]["Fn::GetAtt"][0]: each["ScheduleExpression"]
        for each in properties(template, "AWS::Events::Rule")
    }

    assert rules[name] == "rate(15 minutes)"
    assert function["MemorySize"] >= 1769
    assert function["EphemeralStorage"]["Size"] >= 4096
    assert function["Timeout"] == 900
