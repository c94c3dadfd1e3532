"""`paysignal export contact`: everything held about a person, as one JSON document to hand out.

The document goes to a file that only its owner may read, or to standard output where that is led
elsewhere; it is people's data, so it is never put on a screen that nobody asked to fill.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from rich.console import Console

from infra.cli.command import CliError
from infra.cli.outbound import add_api, outbound

SUMMARY = "write down everything that is held about a person"
EXAMPLES = """  ./paysignal export contact ada@example.com                  ada@example.com.json
  ./paysignal export contact ada@example.com --out ada.json
  ./paysignal export contact ada@example.com --out -          to standard output
  ./paysignal export contact ada@example.com --api https://pay.example.com"""
_STDOUT = "-"
_COUNTED = ("recurring_payments", "orders", "activity", "deliveries", "emails", "events")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("what", choices=("contact",), help="what is to be written down")
    parser.add_argument("who", metavar="EMAIL", help="an email, an alias or a contact's id")
    parser.add_argument("--out", metavar="FILE", help="default: EMAIL.json; - for standard output")
    add_api(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the document; fail where it could not hold everything."""
    with closing(outbound(arguments.api)) as api:
        told = api.find_large(f"/v1/contacts/{quote(arguments.who, safe='')}/export")
    if told is None:
        raise CliError("There is no such contact.")
    text = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    if arguments.out == _STDOUT:
        sys.stdout.write(text)
    else:
        file = Path(arguments.out or f"{arguments.who.replace('/', '_')}.json")
        _write(file, text)
        counts = [f"{len(told[name])} {name.replace('_', ' ')}" for name in _COUNTED]
        console.print(f"[green]✓[/] {file}: {', '.join(counts)}", soft_wrap=True)
    for name in told["left_out"]:
        console.print(f"[red]✗[/] more {name} than one document holds: some are missing")
    return 1 if told["left_out"] else 0


def _write(file: Path, text: str) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise CliError(f"{file} cannot be written: {error.strerror}.") from error
