"""`paysignal down`: stop the emulator; what it recorded is there again after the next `up`."""

from __future__ import annotations

import argparse

from rich.console import Console

from infra.local.stack import LocalStack, known_port

SUMMARY = "stop the stack on this machine; its records stay"
EXAMPLES = """  ./paysignal down"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--quiet", action="store_true", help="say nothing when nothing runs")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Stop it."""
    if LocalStack(port=known_port()).down():
        console.print("[green]✓[/] stopped; `./paysignal up` brings the records back")
    elif not arguments.quiet:
        console.print("nothing was running")
    return 0
