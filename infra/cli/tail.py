"""`paysignal tail`: what the Lambdas say they did with the events, line by line."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import Console

from infra.cli.command import add_place
from infra.cli.running import Running

SUMMARY = "follow what became of the events"
EXAMPLES = """  ./paysignal tail                   follow from now on
  ./paysignal tail --since 60        from an hour ago
  ./paysignal tail --once            show the last ten minutes and stop
  ./paysignal tail --aws             the stack in your AWS account"""
_POLL_SECONDS = 2.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_place(parser)
    parser.add_argument("--since", type=int, metavar="MINUTES", help="begin so long ago")
    parser.add_argument("--once", action="store_true", help="show what is there and stop")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print lines until interrupted, or once."""
    running = Running.find(arguments.aws)
    minutes = arguments.since if arguments.since is not None else 10 if arguments.once else 0
    after_ms = int((time.time() - 60 * minutes) * 1000)
    groups = dict(_log_groups(running))
    while True:
        lines = sorted(
            (at, name, text)
            for name, group in groups.items()
            for at, text in _read(running, group, after_ms)
        )
        for at, name, text in lines:
            after_ms = max(after_ms, at + 1)
            if shown := render(at, name, text):
                console.print(shown, soft_wrap=True)
        if arguments.once:
            return 0
        time.sleep(_POLL_SECONDS)


def render(at_ms: int, function: str, text: str) -> str:
    """Return one log line for the terminal; empty for what the runtime says of itself."""
    if text.startswith(("START ", "END ", "REPORT ", "INIT_START ")):
        return ""
    clock = f"[dim]{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M:%S}[/]"
    try:
        line = json.loads(text)
        event = line.pop("event")
    except (ValueError, KeyError, AttributeError, TypeError):
        return f"{clock} {function:<16} {_plain(text.rstrip())}"
    line.pop("_aws", None)
    line.pop(event, None)
    fields = "  ".join(f"[dim]{_plain(key)}[/]={_plain(str(line[key]))}" for key in line)
    return f"{clock} {function:<16} [bold]{_plain(str(event))}[/]  {fields}"


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def _log_groups(running: Running) -> Iterator[tuple[str, str]]:
    """Yield each Lambda's folder and the log group it writes to."""
    pages = running.aws.cloudformation.get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=running.name):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::Lambda::Function":
                name = resource["PhysicalResourceId"]
                settings = running.aws.lambda_.get_function_configuration(FunctionName=name)
                group = settings.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}")
                yield settings["Handler"].split(".")[1], group


def _read(running: Running, group: str, after_ms: int) -> Iterator[tuple[int, str]]:
    client = running.aws.logs
    try:
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=after_ms
        )
        for page in pages:
            for event in page["events"]:
                yield event["timestamp"], event["message"]
    except client.exceptions.ResourceNotFoundException:
        return  # It has said nothing yet.
