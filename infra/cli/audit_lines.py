"""What the doors have logged: a line for each event they answered for, and since when.

The log knows nothing of the table, and is written before the provider has its answer. So it is the
one witness for what was received.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from infra.cli.audit_balance import Line, Stretch
from infra.cli.running import Running
from shared.domain import times

EVENT = "event_queued"
_DOOR = re.compile(r"functions\.ingest_(\w+)\.handler\.handler")


@dataclass(frozen=True, slots=True)
class DoorLog:
    """The log of one provider's door: complete from `since` (ms) on, None where there is none."""

    provider: str
    group: str
    since: int | None


def door_logs(running: Running, now: int) -> list[DoorLog]:
    """Return the logs of the stack's doors."""
    return [
        DoorLog(provider, group, _since(running, group, now))
        for provider, group in _groups(running)
    ]


def lines_of(running: Running, log: DoorLog, stretch: Stretch) -> Iterator[Line]:
    """Yield what a door has logged in a stretch of time."""
    if log.since is None:
        return
    pages = running.aws.logs.get_paginator("filter_log_events").paginate(
        logGroupName=log.group,
        filterPattern=EVENT,
        startTime=stretch.since,
        endTime=stretch.until,
    )
    for page in pages:
        for each in page["events"]:
            line = line_of(log.provider, each["timestamp"], each["message"])
            if line is not None and stretch.has(line.at, line.connection_id):
                yield line


def line_of(provider: str, at: int, text: str) -> Line | None:
    """Return what a line of a door's log says of an event; None for all other lines."""
    try:
        said = json.loads(text)
        if said["event"] != EVENT:
            return None
        return Line(at, provider, said["connection_id"], said.get("event_id"), said.get("receipt"))
    except (ValueError, TypeError, KeyError):
        return None


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
            if door := _DOOR.fullmatch(settings["Handler"]):
                group = settings.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}")
                yield door[1], group
