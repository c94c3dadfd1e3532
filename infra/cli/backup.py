"""`paysignal backup`: a backup of the table, kept until somebody deletes it.

On AWS the table can be had as it was at any second of the last 35 days without any of this; a
backup is for longer, for before something risky, and for this machine, where there is no past.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from rich.console import Console

from infra.aws import Aws
from infra.cli.command import CliError, add_place, place_of
from infra.cli.restored_table import MARK, Tables
from infra.cli.running import Running
from shared.domain import times

SUMMARY = "make a backup of the table, or list what it can be restored from"
EXAMPLES = """  ./paysignal backup                 of the stack on this machine
  ./paysignal backup --list          what there is to restore from
  ./paysignal backup --aws           of the stack in your AWS account
  ./paysignal backup --delete arn:aws:dynamodb:…      one that is needed no longer"""
_POLL_SECONDS = 2.0
_TOLD_EVERY = 15


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
        arn = make(running.aws, table, console.print)
        console.print(f"[green]✓[/] {arn}", soft_wrap=True)
        command = f"./paysignal restore --backup {arn}{place_of(arguments.aws)}"
        console.print(f"    {command}", soft_wrap=True)
        return 0
    tables = Tables(running.aws)
    # Backups outlive their table.
    for name in dict.fromkeys([*tables.lineage(table), table.partition(MARK)[0]]):
        for line in _known(running.aws, tables, name):
            console.print(line, soft_wrap=True)
    return 0


def make(aws: Aws, table: str, say: Callable[[str], None] = lambda line: None) -> str:
    """Make a backup, wait until it is there, and return its ARN. Raise CliError."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    details = aws.dynamodb.create_backup(TableName=table, BackupName=f"paysignal-{now}")
    arn = details["BackupDetails"]["BackupArn"]
    for poll in count():
        told = aws.dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
        status = told.get("BackupDetails", {}).get("BackupStatus")
        if status == "AVAILABLE":
            break
        if status != "CREATING":
            raise CliError(f"The backup is {status}. Try again.")
        if poll and poll % _TOLD_EVERY == 0:
            say(f"being made for {int(poll * _POLL_SECONDS)} seconds")
        time.sleep(_POLL_SECONDS)
    return arn


def _known(aws: Aws, tables: Tables, table: str) -> Iterator[str]:
    """Yield a line for each thing a table can be restored from."""
    window = tables.window(table) if tables.exists(table) else None
    if window is not None:
        first, last = map(times.to_text, window)
        yield f"{table}: any second from {first} to {last}"
    found: list[Any] = aws.dynamodb.list_backups(TableName=table)["BackupSummaries"]
    for each in sorted(found, key=lambda one: one["BackupCreationDateTime"]):
        yield f"{_text(each['BackupCreationDateTime'])}  {each['BackupArn']}"


def _text(moment: datetime) -> str:
    return times.to_text(int(moment.timestamp() * 1000)) or ""
