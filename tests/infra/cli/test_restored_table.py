"""A table restored beside the one in use, of a moment or a backup, and backups themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.cli import backup
from infra.cli.command import CliError, place_of
from infra.cli.restored_table import Tables, target_of
from infra.cli.running import Running
from infra.parameters import RESTORED_TABLE
from shared.domain import times
from tests.support.restoring import (
    AT,
    deployed,
    event,
    has_past,
    held,
    paysignal,
    put,
    stack_of,
)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with deployed(monkeypatch) as found:
        yield found


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


def test_backups_are_listed_and_deleted(running: Running) -> None:
    code, told = paysignal("backup", "--aws")
    arn = told.split()[1]

    listed = paysignal("backup", "--aws", "--list")[1]
    paysignal("backup", "--aws", "--delete", arn)

    assert code == 0
    assert f"./paysignal restore --backup {arn} --aws" in told
    assert arn in listed
    assert arn not in paysignal("backup", "--aws", "--list")[1]


def test_after_a_restore_the_time_before_it_is_in_the_table_that_was_in_use(
    running: Running,
) -> None:
    """The damage was older than thought: the restored table has no past of its own yet."""
    tables = Tables(running.aws, sleep=lambda _: None)
    put(running, *event("evt_1", 1))
    tables.make("table", "table--then", at=AT, backup=None)
    tables.settle("table--then")
    put(running, *event("evt_2", 2), table="table--then")
    has_past("table--then", AT + times.DAY, AT + 2 * times.DAY)

    tables.make("table--then", "table--before", at=AT - 1, backup=None)
    tables.make("table--then", "table--after", at=AT + times.DAY, backup=None)

    assert tables.lineage("table--before") == ["table--before", "table--then", "table"]
    assert held(running, "table--before") == {"EVENT#shop#evt_1#charge.succeeded"}
    assert held(running, "table--after") == held(running, "table--then")


def test_a_moment_that_no_table_has_is_said(running: Running) -> None:
    has_past("table", AT, AT + 1)

    with pytest.raises(CliError, match="None of table has that moment"):
        Tables(running.aws).make("table", "table--then", at=AT + 2, backup=None)


def test_all_there_is_to_restore_from_is_listed(running: Running) -> None:
    arn = backup.make(running.aws, "table")
    Tables(running.aws, sleep=lambda _: None).make("table", "table--then", at=AT, backup=None)
    has_past("table", AT, AT + times.DAY)
    stack_of(running).parameters[RESTORED_TABLE] = "table--then"

    code, told = paysignal("backup", "--aws", "--list")

    assert code == 0
    assert "table: any second from 2026-11-18T11:06:40.000Z to 2026-11-19T11:06:40.000Z" in told
    assert arn in told


@pytest.mark.parametrize(
    ("stack", "place"), [(None, ""), ("paysignal", " --aws"), ("other", " --stack other")]
)
def test_a_command_that_is_named_reaches_the_same_stack(stack: str | None, place: str) -> None:
    assert place_of(stack) == place


def test_how_long_a_restore_takes_is_said(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    left = iter([*["CREATING"] * 14, "ACTIVE"])
    tables = Tables(running.aws, sleep=lambda _: None, say=said.append)
    describe = running.aws.dynamodb.describe_table

    def description(**asked: Any) -> Any:
        told: Any = describe(**asked)
        return {"Table": {**told["Table"], "TableStatus": next(left, "ACTIVE")}}

    monkeypatch.setattr(running.aws.dynamodb, "describe_table", description)

    tables.make("gone", "table", at=AT, backup=None)

    assert said == ["table is CREATING, for 0 minutes", "table is CREATING, for 1 minutes"]
