"""A table restored beside the one in use, and what the old one still has to give, in memory."""

from __future__ import annotations

import io
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from rich.console import Console

from infra.aws import Aws
from infra.cli import backup, carried_over, erase_replay, restore
from infra.cli.__main__ import main
from infra.cli.command import CliError
from infra.cli.restored_table import Tables, target_of
from infra.cli.running import Running
from infra.deploy import Deployer
from infra.parameters import RESTORED_STREAM, RESTORED_TABLE
from shared.domain import erase_job
from shared.domain.envelope import EventEnvelope, read_message
from shared.domain.erasure import Erasure
from shared.domain.ports import Document, Name
from shared.domain.timeline import Entry
from tests.fakes.memory_store import MemoryStore
from tests.support.stream import image

AT = 1_795_000_000_000


class OneStack:
    """CloudFormation with one stack, whose table is its own or the one its parameters name."""

    def __init__(self) -> None:
        self.parameters = {"AlarmEmail": "", RESTORED_TABLE: "", RESTORED_STREAM: ""}
        self.knows_restoring = True

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        restored = self.parameters[RESTORED_TABLE] if self.knows_restoring else ""
        outputs = {"TableName": restored or "table", "LogBucket": "log"}
        stack = {
            "StackStatus": "UPDATE_COMPLETE",
            "Parameters": [{"ParameterKey": each} for each in self.parameters],
            "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
        }
        return {"Stacks": [stack]}

    def update_stack(self, **asked: Any) -> None:
        assert asked["UsePreviousTemplate"] is True
        given = {
            each["ParameterKey"]: each.get("ParameterValue", self.parameters[each["ParameterKey"]])
            for each in asked["Parameters"]
        }
        assert given.keys() == self.parameters.keys()
        if given == self.parameters:
            error: Any = {"Error": {"Message": "No updates are to be performed."}}
            raise ClientError(error, "UpdateStack")
        self.parameters = given


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A deployed stack with an empty table, as AWS would show it."""
    with mock_aws():
        aws = Aws(region="us-east-1")
        keys: Any = [("pk", "HASH"), ("sk", "RANGE")]
        aws.dynamodb.create_table(
            TableName="table",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name, _ in keys
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        aws.dynamodb.update_continuous_backups(
            TableName="table",
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
        aws.s3.create_bucket(Bucket="log")
        vars(aws)["cloudformation"] = OneStack()
        monkeypatch.setattr(Running, "find", lambda name: _running(aws))
        yield _running(aws)
        aws.close()


def _running(aws: Aws) -> Running:
    outputs = Deployer(aws=aws, say=print).outputs("paysignal")
    return Running(aws=aws, outputs=outputs, name="paysignal")


def stack_of(running: Running) -> OneStack:
    found = vars(running.aws)["cloudformation"]
    assert isinstance(found, OneStack)
    return found


def put(running: Running, name: Name, document: Document, table: str = "table") -> None:
    item = {
        key: {kind: b64decode(value) if kind == "B" else value for kind, value in told.items()}
        for key, told in image(name, document).items()
    }
    running.aws.dynamodb.put_item(TableName=table, Item=item)


def held(running: Running, table: str) -> set[str]:
    found: Any = running.aws.dynamodb.scan(TableName=table)["Items"]
    return {item["pk"]["S"] for item in found}


def event(identity: str, at: int, **more: Any) -> tuple[Name, dict[str, Any]]:
    document = {
        "version": 1,
        "provider": "stripe",
        "received_at": at,
        "recorded_at": at + 1,
        "headers": {"stripe-signature": "t=1"},
        "source": "live",
        "messages": [],
        "body": b"{}",
        **more,
    }
    return ("event", "shop", identity, "charge.succeeded"), document


def delivery(identity: str, version: int) -> tuple[Name, dict[str, Any]]:
    told = {"version": version, "state": "pending", "endpoint_id": "crm", "created": 1}
    return ("delivery", identity), {**told, "body": b"{}"}


def paysignal(*argv: str) -> tuple[int, str]:
    output = io.StringIO()
    code = main(argv, Console(file=output, width=300, highlight=False))
    return code, output.getvalue()


def test_a_restored_table_is_what_the_one_in_use_is(running: Running) -> None:
    put(running, *event("evt_1", 1))
    tables = Tables(running.aws, sleep=lambda _: None)

    tables.make("table", "table--then", at=AT, backup=None)
    stream = tables.settle("table--then")

    client = running.aws.dynamodb
    made: Any = client.describe_table(TableName="table--then")["Table"]
    assert made["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert (made["LatestStreamArn"], made["DeletionProtectionEnabled"]) == (stream, True)
    expiry = client.describe_time_to_live(TableName="table--then")["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    recovery: Any = client.describe_continuous_backups(TableName="table--then")
    told = recovery["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert told["PointInTimeRecoveryStatus"] == "ENABLED"
    assert tables.source_of("table--then") == "table"
    assert held(running, "table--then") == held(running, "table")


def test_what_was_made_already_is_gone_on_with(running: Running) -> None:
    tables = Tables(running.aws, sleep=lambda _: None)
    tables.make("table", "table--then", at=AT, backup=None)
    stream = tables.settle("table--then")

    tables.make("table", "table--then", at=AT, backup=None)

    assert tables.settle("table--then") == stream


def test_a_backup_is_restored_as_it_was_made(running: Running) -> None:
    put(running, *event("evt_1", 1))
    arn = backup.make(running.aws, "table")
    put(running, *event("evt_2", 2))

    Tables(running.aws, sleep=lambda _: None).make("table", "table--then", at=None, backup=arn)

    assert held(running, "table--then") == {"EVENT#shop#evt_1#charge.succeeded"}


def test_an_emulator_has_no_past_to_restore(running: Running) -> None:
    running.aws.dynamodb.list_tables()
    running.aws.endpoint_url = "http://127.0.0.1:1"

    with pytest.raises(CliError, match="keeps no past"):
        Tables(running.aws).make("table", "table--then", at=AT, backup=None)

    assert running.aws.dynamodb.list_tables()["TableNames"] == ["table"]


def test_the_same_restore_has_the_same_table_also_once_that_is_in_use() -> None:
    arn = "arn:aws:dynamodb:us-east-1:0:table/table/backup/0123-abcd"

    first = target_of("table", at=AT, backup=None)

    assert first == target_of(first, at=AT, backup=None) == "table--20261118T110640Z"
    assert target_of(first, at=None, backup=arn) == "table--0123-abcd"


def test_what_was_sent_and_what_nobody_accepted_is_carried_over_unless_newer(
    running: Running,
) -> None:
    Tables(running.aws, sleep=lambda _: None).make("table", "new", at=AT, backup=None)
    row = {"version": 1, "id": "q", "headers": {}}
    for name, document in (
        delivery("missing", 1),
        delivery("older", 3),
        delivery("newer", 1),
        (("mail", "m"), {"version": 1, "state": "sent"}),
        (("quarantine", "q"), row),
        event("evt_1", 1),
    ):
        put(running, name, document)
    put(running, *delivery("older", 2), table="new")
    put(running, *delivery("newer", 2), table="new")

    first = carried_over.carry(running.aws, "new", carried_over.kept(running.aws, "table"))
    again = carried_over.carry(running.aws, "new", carried_over.kept(running.aws, "table"))

    assert (first, again) == (4, 0)
    found: Any = running.aws.dynamodb.scan(TableName="new")["Items"]
    assert {(item["pk"]["S"], item["v"]["N"]) for item in found} == {
        ("DELIVERY#missing", "1"),
        ("DELIVERY#older", "3"),
        ("DELIVERY#newer", "2"),
        ("MAIL#m", "1"),
        ("QUARANTINE", "1"),
    }


def test_the_events_that_are_missing_are_told_in_the_order_they_came(running: Running) -> None:
    target = MemoryStore()
    put(running, *event("late", 3))
    put(running, *event("early", 1))
    put(running, *event("large", 2, body_key="shop/abc"))
    name, known = event("known", 1)
    put(running, name, known)
    target.documents[name] = known
    erased = event("erased", 2)
    del erased[1]["body"]
    put(running, *erased)

    found = carried_over.since(running.aws, "table", target)

    assert [name[2] for name, _ in found.missing] == ["early", "large", "late"]
    assert found.bodiless == 1


def test_what_is_told_again_of_one_customer_stays_in_order(running: Running) -> None:
    put(running, *event("evt_1", 1))
    put(running, *event("evt_2", 2))
    head = {"version": 1, "customer_id": "cus_1", "shown": False, "facets": {}}
    put(running, ("order", "shop", "in_1"), head)
    entry = Entry(1, 1, "evt_1", "charge.succeeded", 1, {})
    put(running, ("entry", "order", "shop", "in_1", entry.key), {"version": 1, "entry": entry})

    found = carried_over.since(running.aws, "table", MemoryStore())

    assert found.subjects == {("event", "shop", "evt_1", "charge.succeeded"): "cus_1"}


@pytest.mark.parametrize("source", ["live", "history", "fetched"])
def test_an_event_travels_again_as_its_door_sent_it(source: str) -> None:
    name, document = event("evt_1", AT, source=source, body=b'{"id":"evt_1"}')

    envelope = read_message(carried_over.envelope_of(name, document, "cus_1").to_message())

    assert isinstance(envelope, EventEnvelope)
    assert (envelope.source, envelope.body()) == (source, b'{"id":"evt_1"}')
    assert (envelope.received_at, envelope.subject, envelope.headers) == (
        AT,
        "cus_1",
        {"stripe-signature": "t=1"},
    )


def test_a_dry_run_and_an_answer_that_is_not_yes_change_nothing(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Console, "input", lambda self, prompt: "no")

    planned = paysignal("restore", "--to", "2026-11-18T10:00:00Z", "--aws", "--dry-run")
    asked = paysignal("restore", "--to", "2026-11-18T10:00:00Z", "--aws")

    assert planned[0] == 0
    steps = [line.strip().partition(":")[0] for line in planned[1].splitlines()]
    assert steps[:-1] == list(restore.STEPS)
    assert "is made of the past" in planned[1]
    assert (asked[0], "Nothing was changed." in asked[1]) == (1, True)
    assert running.aws.dynamodb.list_tables()["TableNames"] == ["table"]


def test_the_stack_is_led_to_the_restored_table_and_goes_on_where_it_stopped(
    running: Running,
) -> None:
    restored = ("restore", "--to", "2026-11-18T10:00:00Z", "--aws", "--yes", "--only")
    paysignal(*restored, "table")

    code, told = paysignal(*restored, "switch")
    again = paysignal(*restored, "switch")

    target = "table--20261118T100000Z"
    assert (code, again[0]) == (0, 0), told
    assert _running(running.aws).outputs["TableName"] == target
    made: Any = running.aws.dynamodb.describe_table(TableName=target)["Table"]
    stream = made["LatestStreamArn"]
    given = stack_of(running).parameters
    assert given == {"AlarmEmail": "", RESTORED_TABLE: target, RESTORED_STREAM: stream}


def test_a_stack_that_knows_no_restored_tables_has_to_be_deployed_anew(running: Running) -> None:
    restored = ("restore", "--to", "2026-11-18T10:00:00Z", "--aws", "--yes", "--only")
    paysignal(*restored, "table")
    stack_of(running).knows_restoring = False

    code, told = paysignal(*restored, "switch")

    assert (code, "Deploy it anew" in told) == (1, True)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("step", ["erase", "log", "events"])
def test_what_needs_the_restored_table_waits_for_it(step: str) -> None:
    code, told = paysignal(
        "restore", "--to", "2026-11-18T10:00:00Z", "--aws", "--yes", "--only", step
    )

    assert (code, "is not in use yet" in told) == (1, True)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("argv", [["--to", "soon"], [], ["--to", "2026-11-18", "--backup", "x"]])
def test_a_moment_or_a_backup_has_to_be_named(argv: list[str]) -> None:
    with pytest.raises(SystemExit):
        paysignal("restore", *argv)


def test_the_ledger_is_read_from_its_beginning_and_damage_is_said(running: Running) -> None:
    first = Erasure.of("c-1", ["ada@example.com"], AT)
    second = Erasure.of(None, ["grace@example.com"], AT + 1)
    for each in (second, first):
        running.aws.s3.put_object(Bucket="log", Key=each.key, Body=each.to_object())
    running.aws.s3.put_object(Bucket="log", Key="tails/other", Body=b"")

    assert erase_replay.ledger(running) == [first, second]

    running.aws.s3.put_object(Bucket="log", Key=first.key, Body=b"{}")
    with pytest.raises(ValueError, match="update paysignal"):
        erase_replay.ledger(running)


def test_an_erasure_is_done_again_by_a_job_of_this_restore(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table knows the job that erased them first, and takes that for done."""
    sent: list[tuple[str, Any]] = []

    class Sent:
        @classmethod
        def from_environment(cls, environ: Any) -> Sent:
            return cls()

        def send_call(self, url: str, call: Any) -> None:
            sent.append((url, call))

    monkeypatch.setattr(erase_replay, "Queue", Sent)
    outputs = {**running.outputs, "HistoryQueueUrl": "history"}
    running = Running(aws=running.aws, outputs=outputs, name=running.name)
    told = Erasure.of("c-1", ["ada@example.com"], AT)

    (first,) = erase_replay.replay(running, [told], "table--then")
    (again,) = erase_replay.replay(running, [told], "table--then")
    (other,) = erase_replay.replay(running, [told], "table--later")

    assert first == again != other
    assert sent[0] == sent[1] == ("history", erase_job.first_message(first, told))
    assert "ada" not in str(sent)


def test_backups_are_listed_and_deleted(running: Running) -> None:
    code, told = paysignal("backup", "--aws")
    arn = told.split()[1]

    listed = paysignal("backup", "--aws", "--list")[1]
    paysignal("backup", "--aws", "--delete", arn)

    assert code == 0
    assert f"./paysignal restore --backup {arn}" in told
    assert arn in listed
    assert arn not in paysignal("backup", "--aws", "--list")[1]
