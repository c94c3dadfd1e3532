"""`paysignal up`: the whole stack on this machine, without an AWS account and without Docker."""

from __future__ import annotations

import argparse
import shutil
import time

from rich.console import Console

from infra.cli import rebuild_log
from infra.local.emulator import Recovery
from infra.local.stack import STATE_DIR, Endpoints, LocalStack, known_port

SUMMARY = "start the stack on this machine, or bring it up to date with the checkout"
EXAMPLES = """  ./paysignal up                 start it; run again after changing code
  ./paysignal up --port 4600     where 4566 is taken
  ./paysignal up --fresh         forget all records and begin anew"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--port", type=int, help="port of the emulator on 127.0.0.1")
    parser.add_argument("--fresh", action="store_true", help="forget all records first")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Bring the stack up and print where it is."""
    endpoints = start(console, port=arguments.port, fresh=arguments.fresh)
    console.print(f"\n[bold]API[/]       {endpoints.api_url}", soft_wrap=True)
    console.print(f"[bold]Docs[/]      {endpoints.api_url}/docs", soft_wrap=True)
    for provider, address in endpoints.webhooks.items():
        console.print(f"[bold]Webhook[/]   {provider}: {address}", soft_wrap=True, markup=True)
    console.print(f"[bold]Key[/]       {endpoints.admin_key}", soft_wrap=True)
    console.print("\nTry:  ./paysignal send stripe customer.subscription.created")
    return 0


def start(console: Console, *, port: int | None = None, fresh: bool = False) -> Endpoints:
    """Bring the stack up, showing each step and how long it all took."""
    stack = LocalStack(
        port=port or known_port(), say=lambda line: console.print(f"[dim]·[/] {line}")
    )
    if fresh:
        LocalStack(port=known_port()).down()
        for name in ("state", "s3"):
            shutil.rmtree(STATE_DIR / name, ignore_errors=True)
    began = time.monotonic()
    with console.status("bringing the stack up"):
        endpoints = stack.up()
    console.print(f"[green]✓[/] the stack is up ({time.monotonic() - began:.0f} s)")
    if (how := stack.emulator.recovery) is not None and not how.whole:
        _mend(console, how)
    return endpoints


def _mend(console: Console, how: Recovery) -> None:
    """Write the change log anew: the table may be older than what the log has of it."""
    if how.failed:
        console.print(f"[yellow]![/] {how.failed} writes could not be made again and may be lost")
    if not how.same_machine:
        console.print("[yellow]![/] the machine may have gone down as well, and its last moment")
    rebuild_log.run(argparse.Namespace(aws=None, dry_run=False), console)
    console.print("See what is missing, if anything: ./paysignal audit")
