"""What the Lambdas have logged: the doors each event they answered for, the stream's each firing.

The logs know nothing of the table: a door's line is written before the provider has its answer, a
firing's when the Lambda that reads the table's stream has sent it on. So they are the witness for
what was received and what fired.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.cli.audit_balance import Line, Stretch
from infra.cli.audit_firings import Logged
from infra.cli.running import Running
from shared.domain import times

EVENT = "event_queued"
FIRED = "fired"
_LOGGING = re.compile(
    r"functions\.(?:ingest_(\w+)|fire_triggers|run_automations)\.handler\.handler"
)
# What one answer holds at most: AWS says then where to go on, the emulator says nothing.
_ANSWER_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one provider's door, or of the firings: their `provider` is empty.

    It is complete from `since` (ms) on; None where there is none.
    """

    provider: str
    group: str
    since: int | None


def logs_of(running: Running, now: int) -> list[Log]:
    """Return the logs of the stack's doors and of its firings."""
    return [
        Log(provider, group, _since(running, group, now)) for provider, group in _groups(running)
    ]


def lines_of(running: Running, log: Log, stretch: Stretch) -> Iterator[Line]:
    """Yield what a door has logged in a stretch of time."""
    for each in _logged(running, log, EVENT, stretch):
        line = line_of(log.provider, each["timestamp"], each["message"])
        if line is not None and stretch.has(line.at, line.connection_id):
            yield line


def firings_of(running: Running, log: Log, stretch: Stretch) -> Iterator[Logged]:
    """Yield the firings that were logged in a stretch of time."""
    for each in _logged(running, log, FIRED, stretch):
        for logged in fired_of(each["timestamp"], each["message"]):
            if stretch.has(logged.at, logged.connection_id):
                yield logged


def line_of(provider: str, at: int, text: str) -> Line | None:
    """Return what a line of a door's log says of an event; None for all other lines."""
    try:
        said = json.loads(text)
        if said["event"] != EVENT:
            return None
        return Line(at, provider, said["connection_id"], said.get("event_id"), said.get("receipt"))
    except (ValueError, TypeError, KeyError):
        return None


def fired_of(at: int, text: str) -> list[Logged]:
    """Return the firings a line tells of; none for all other lines."""
    try:
        said = json.loads(text)
        if said["event"] != FIRED:
            return []
        connection_id = str(said["record"][1])
        return [Logged(at, connection_id, str(each)) for each in said["firings"]]
    except (ValueError, TypeError, LookupError):
        return []


def _logged(
    running: Running, log: Log, pattern: str, stretch: Stretch
) -> Iterator[Mapping[str, Any]]:
    start: int | None = stretch.since if log.since is not None else None
    while start is not None:
        pages = running.aws.logs.get_paginator("filter_log_events").paginate(
            logGroupName=log.group,
            filterPattern=pattern,
            startTime=start,
            endTime=stretch.until,
        )
        start = None
        for page in pages:
            found = page["events"]
            if "nextToken" in page or len(found) < _ANSWER_MAX:
                yield from found
                continue
            # Cut off: what has the last line's time may be there in part, and is read again.
            start = found[-1]["timestamp"]
            start += found[0]["timestamp"] == start
            yield from (each for each in found if each["timestamp"] < start)


def _since(running: Running, group: str, now: int) -> int | None:
    found = running.aws.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    for each in found:
        if each["logGroupName"] == group:
            days = each.get("retentionInDays")
            return max(each["creationTime"], now - days * times.DAY if days else 0)
    return None


def _groups(running: Running) -> Iterator[tuple[str, str]]:
    pages = running.aws.cloudformation.get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=running.name):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] != "AWS::Lambda::Function":
                continue
            name = resource["PhysicalResourceId"]
            settings = running.aws.lambda_.get_function_configuration(FunctionName=name)
            if logging := _LOGGING.fullmatch(settings["Handler"]):
                group = settings.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}")
                yield logging[1] or "", group
