"""`paysignal backup`: a backup of the table, kept until somebody deletes it.

On AWS the table can be had as it was at any second of the last 35 days without any of this; a
backup is for longer, for before something risky, and for this machine, where there is no past.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from infra.aws import Aws
from infra.cli.command import CliError, add_place
from infra.cli.restored_table import MARK
from infra.cli.running import Running
from shared.domain import times

SUMMARY = "make a backup of the table, or list what it can be restored from"
EXAMPLES = """  ./paysignal backup                 of the stack on this machine
  ./paysignal backup --list          what there is to restore from
  ./paysignal backup --aws           of the stack in your AWS account
  ./paysignal backup --delete arn:aws:dynamodb:…      one that is needed no longer"""
_POLL_SECONDS = 2.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_place(parser)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--list", action="store_true", help="make none, list what there is")
    group.add_argument("--delete", metavar="ARN", help="delete this backup")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Make a backup, or list them, or delete one."""
    running = Running.find(arguments.aws)
    table = running.outputs["TableName"]
    if arguments.delete:
        running.aws.dynamodb.delete_backup(BackupArn=arguments.delete)
        console.print("[green]✓[/] deleted")
        return 0
    if not arguments.list:
        arn = make(running.aws, table)
        console.print(f"[green]✓[/] {arn}", soft_wrap=True)
        console.print(f"    ./paysignal restore --backup {arn}", soft_wrap=True)
        return 0
    for name in sorted({table, table.partition(MARK)[0]}):
        for line in _known(running.aws, name):
            console.print(line, soft_wrap=True)
    return 0


def make(aws: Aws, table: str) -> str:
    """Make a backup, wait until it is there, and return its ARN. Raise CliError."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    details = aws.dynamodb.create_backup(TableName=table, BackupName=f"paysignal-{now}")
    arn = details["BackupDetails"]["BackupArn"]
    while True:
        told = aws.dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
        status = told.get("BackupDetails", {}).get("BackupStatus")
        if status == "AVAILABLE":
            return arn
        if status != "CREATING":
            raise CliError(f"The backup is {status}. Try again.")
        time.sleep(_POLL_SECONDS)


def _known(aws: Aws, table: str) -> Iterator[str]:
    """Yield a line for each thing a table can be restored from."""
    if aws.endpoint_url is None:
        told = aws.dynamodb.describe_continuous_backups(TableName=table)
        window: Any = told["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        first, last = (window.get(f"{edge}RestorableDateTime") for edge in ("Earliest", "Latest"))
        if first and last:
            yield f"{table}: any second from {_text(first)} to {_text(last)}"
    found: list[Any] = aws.dynamodb.list_backups(TableName=table)["BackupSummaries"]
    for each in sorted(found, key=lambda one: one["BackupCreationDateTime"]):
        yield f"{_text(each['BackupCreationDateTime'])}  {each['BackupArn']}"


def _text(moment: datetime) -> str:
    return times.to_text(int(moment.timestamp() * 1000)) or ""
