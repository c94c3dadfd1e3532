"""A deployed stack in memory whose table can be restored: what tests of `restore` share."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from rich.console import Console

from infra.aws import Aws
from infra.cli import restore
from infra.cli.__main__ import main
from infra.cli.restore import Restore
from infra.cli.running import Running
from infra.deploy import Deployer
from infra.parameters import RESTORED_STREAM, RESTORED_TABLE
from shared.domain import times
from shared.domain.ports import Document, Name
from tests.support.stream import scanned_item

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


@contextmanager
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A deployed stack with an empty table, as AWS would show it and as commands find it."""
    with mock_aws():
        aws = Aws(region="us-east-1")
        new_table(aws, "table")
        aws.dynamodb.update_continuous_backups(
            TableName="table",
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
        has_past("table", 0, AT + times.DAY)
        aws.s3.create_bucket(Bucket="log")
        vars(aws)["cloudformation"] = OneStack()
        monkeypatch.setattr(Running, "find", lambda name: running_of(aws))
        yield running_of(aws)
        aws.close()


def new_table(aws: Aws, name: str) -> str:
    """Make an empty table with our keys; return its name."""
    keys: Any = [("pk", "HASH"), ("sk", "RANGE")]
    aws.dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": each, "KeyType": kind} for each, kind in keys],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each, _ in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def has_past(table: str, first: int, last: int) -> None:
    """Have a table's past reach from one time to another (ms)."""
    backend: Any = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    state = backend.tables[table].continuous_backups["PointInTimeRecoveryDescription"]
    state["EarliestRestorableDateTime"] = first / 1000
    state["LatestRestorableDateTime"] = last / 1000


def restoration(running: Running, *argv: str) -> tuple[Restore, list[str]]:
    """Return a restore to what was `AT`, which waits for nothing, and the lines it will say."""
    parser = argparse.ArgumentParser()
    restore.configure(parser)
    said: list[str] = []

    class Said(Console):
        def print(self, *objects: Any, **style: Any) -> None:
            said.append(" ".join(map(str, objects)).strip())

    arguments = parser.parse_args(["--to", str(times.to_text(AT)), "--aws", *argv])
    return Restore(arguments, running, Said(), sleep=lambda _: None), said


def running_of(aws: Aws) -> Running:
    """Return the stack as its outputs describe it now."""
    outputs = Deployer(aws=aws, say=print).outputs("paysignal")
    return Running(aws=aws, outputs=outputs, name="paysignal")


def stack_of(running: Running) -> OneStack:
    """Return its CloudFormation."""
    found = vars(running.aws)["cloudformation"]
    assert isinstance(found, OneStack)
    return found


def put(running: Running, name: Name, document: Document, table: str = "table") -> None:
    """Write an item past the product."""
    running.aws.dynamodb.put_item(TableName=table, Item=scanned_item(name, document))


def held(running: Running, table: str) -> set[str]:
    """Return the partition keys a table holds."""
    found: Any = running.aws.dynamodb.scan(TableName=table)["Items"]
    return {item["pk"]["S"] for item in found}


def event(identity: str, at: int, **more: Any) -> tuple[Name, dict[str, Any]]:
    """Return a kept event, by its name and document."""
    document = {
        "version": 1,
        "provider": "stripe",
        "received_at": at,
        "recorded_at": at + 1,
        "headers": {"stripe-signature": "t=1"},
        "source": "live",
        "outcome": "applied",
        "messages": [],
        "body": b"{}",
        **more,
    }
    return ("event", "shop", identity, "charge.succeeded"), document


def delivery(identity: str, version: int) -> tuple[Name, dict[str, Any]]:
    """Return a webhook that nobody accepted yet."""
    told = {"version": version, "state": "pending", "endpoint_id": "crm", "created": 1}
    return ("delivery", identity), {**told, "body": b"{}"}


def paysignal(*argv: str) -> tuple[int, str]:
    """Run a command; return its exit code and all it printed."""
    output = io.StringIO()
    code = main(argv, Console(file=output, width=300, highlight=False))
    return code, output.getvalue()
