"""`paysignal replay`: webhooks that did not arrive, sent once more with the same id and bytes."""

from __future__ import annotations

import argparse

from rich.console import Console

from infra.cli.command import CliError
from infra.cli.outbound import Outbound, add_api, outbound

SUMMARY = "send a webhook once more, or all that an endpoint has missed"
EXAMPLES = """  ./paysignal replay msg_3f9c0a1b2c3d4e5f
  ./paysignal replay --endpoint crm                  all its dead and held ones
  ./paysignal replay --endpoint crm --state dead"""
_MISSED = ("dead", "held")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_api(parser)
    parser.add_argument("delivery_id", nargs="?", help="see: ./paysignal deliveries list")
    parser.add_argument("--endpoint", metavar="ID", help="all that this endpoint has missed")
    parser.add_argument("--state", choices=_MISSED, help="only these; with --endpoint")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Replay; fail when one of them could not be."""
    if bool(arguments.delivery_id) == bool(arguments.endpoint):
        raise CliError("Name one delivery, or an endpoint: ./paysignal replay --endpoint crm")
    if arguments.state and not arguments.endpoint:
        raise CliError("--state goes with --endpoint.")
    api = outbound(arguments.api)
    if arguments.delivery_id:
        api.replay(arguments.delivery_id)
        console.print(f"[green]✓[/] {arguments.delivery_id} is on its way again", soft_wrap=True)
        return 0
    return _replay_all(api, arguments.endpoint, arguments.state, console)


def _replay_all(api: Outbound, endpoint_id: str, state: str | None, console: Console) -> int:
    # All names first: what is replayed leaves the list that is being read.
    names = [
        each["delivery_id"]
        for wanted in ([state] if state else _MISSED)
        for each in api.deliveries(state=wanted, endpoint=endpoint_id)
    ]
    refused = 0
    for name in names:
        try:
            api.replay(name)
        except CliError as error:
            refused += 1
            console.print(f"[red]✗[/] {name}: {error}", soft_wrap=True)
    console.print(f"[green]✓[/] {len(names) - refused} of {len(names)} are on their way again")
    return 1 if refused else 0
