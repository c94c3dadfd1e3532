"""`paysignal keys`: API keys, made and revoked with AWS credentials instead of another key."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from infra.cli.command import CliError, add_place
from infra.cli.running import Running
from infra.keys import ALL_SCOPES, Keys
from shared.domain.errors import Rejected

SUMMARY = "list, create and delete API keys"
EXAMPLES = """  ./paysignal keys list
  ./paysignal keys create dashboard --scope reports:read --scope contacts:read --days 90
  ./paysignal keys delete 3f9c0a1b2c3d
  ./paysignal keys create --aws      the first key of the stack in your AWS account"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    listing = actions.add_parser("list", help="what keys there are")
    create = actions.add_parser("create", help="make a key; it is shown once")
    create.add_argument("name", nargs="?", default="admin", help="default: admin")
    create.add_argument(
        "--scope", action="append", choices=ALL_SCOPES, help="what it may do (default: everything)"
    )
    create.add_argument("--days", type=int, help="days until it expires (default: never)")
    delete = actions.add_parser("delete", help="make a key unusable")
    delete.add_argument("key_id")
    for action in (listing, create, delete):
        add_place(action)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Do what was asked. Raise CliError where the keys' rules refuse it."""
    running = Running.find(arguments.aws)
    keys = Keys(running.aws, running.outputs["TableName"])
    try:
        if arguments.action == "create":
            _create(keys, arguments, console)
        elif arguments.action == "delete":
            keys.revoke(arguments.key_id)
            console.print(
                f"[green]✓[/] {arguments.key_id} is revoked; caches forget it in a minute"
            )
        else:
            _list(keys, console)
    except Rejected as error:
        reasons = [error.detail, *(f"{path} {message}" for path, message in error.errors)]
        raise CliError(" ".join(reasons)) from error
    return 0


def _create(keys: Keys, arguments: argparse.Namespace, console: Console) -> None:
    expires = None
    if arguments.days is not None:
        date = datetime.now(UTC) + timedelta(days=arguments.days)
        expires = int(date.timestamp()) * 1000
    key = keys.create(arguments.name, arguments.scope or ALL_SCOPES, expires)
    console.print("It is shown this once:")
    console.print(key, soft_wrap=True, markup=False)


def _list(keys: Keys, console: Console) -> None:
    table = Table("id", "name", "scopes", "created", "expires")
    for key in keys.all():
        scopes = "everything" if set(key["scopes"]) == set(ALL_SCOPES) else ", ".join(key["scopes"])
        expires = _day(key["expires_date"]) if key["expires_date"] else "never"
        table.add_row(key["key_id"], key["name"], scopes, _day(key["created_date"]), expires)
    console.print(table)


def _day(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"
