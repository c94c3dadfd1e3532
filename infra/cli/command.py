"""What every subcommand is made of, and the one error that ends a command in words."""

from __future__ import annotations

import argparse
from typing import Protocol

from rich.console import Console


class CliError(Exception):
    """Something the person at the terminal can mend; the message says how."""


class Command(Protocol):
    """A module of this package that is a subcommand, or its first word where it has two."""

    SUMMARY: str
    EXAMPLES: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the subcommand's arguments."""

    def run(self, arguments: argparse.Namespace, console: Console) -> int:
        """Do it and return the exit code. Raise CliError for what a person can mend."""


DEFAULT_STACK = "paysignal"


def place_of(stack: str | None) -> str:
    """Return how a command says where the stack is, to follow its words: `""` on this machine."""
    if stack is None:
        return ""
    return " --aws" if stack == DEFAULT_STACK else f" --stack {stack}"


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add the choice between this machine's stack (`aws` is None) and one in an AWS account."""
    parser.add_argument(
        "--aws",
        action="store_const",
        const=DEFAULT_STACK,
        help="use the stack in your AWS account, in the region of AWS_REGION or your profile",
    )
    parser.add_argument(
        "--stack", dest="aws", metavar="NAME", help="the same, where it is not called paysignal"
    )
