"""What the table that was replaced still has to give: what was sent since, and the events since.

Whatever has left the house since the backup must not leave it again: its deliveries and emails are
carried over, under the ids they will be asked for, and so are events that wait in quarantine. All
records follow from the events, which go through the queues once more. Who was erased has left no
body behind, and is not brought back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from infra.aws import Aws
from infra.cli.rebuild_log import as_streamed
from shared.adapters.table import change_of, document_of, event_of
from shared.domain.envelope import EventEnvelope
from shared.domain.ports import Document, Name, Reads
from shared.domain.record_views import KINDS

# What leaves the house, and what nobody could accept: what their keys begin with.
_KEPT = ("DELIVERY#", "MAIL#", "QUARANTINE")
_BATCH = 100

Item = Mapping[str, Any]


@dataclass(slots=True)
class Since:
    """The events that one table has and another has not, in the order in which they came."""

    missing: list[tuple[Name, Document]] = field(default_factory=list)
    """Those whose bodies are there, to be told again."""
    bodiless: int = 0
    """Those of erased people, of which no body is kept."""
    subjects: dict[Name, str] = field(default_factory=dict)
    """Of each event, whom it is about: what is told again of one customer stays in order."""


def kept(aws: Aws, source: str) -> Iterator[Item]:
    """Yield a table's deliveries, emails and quarantined events, as they are stored."""
    for item in _scan(aws, source):
        if item["pk"]["S"].startswith(_KEPT):
            yield item


def carry(aws: Aws, target: str, items: Iterable[Item]) -> int:
    """Put items where they are missing or older; return how many were. Repeating it is harmless."""
    carried = 0
    for item in items:
        try:
            aws.dynamodb.put_item(
                TableName=target,
                Item=dict(item),
                ConditionExpression="attribute_not_exists(pk) OR v < :v",
                ExpressionAttributeValues={":v": item["v"]},
            )
        except ClientError as error:
            if error.response["Error"].get("Code") != "ConditionalCheckFailedException":
                raise
        else:
            carried += 1
    return carried


def since(aws: Aws, source: str, target: Reads) -> Since:
    """Return the events of `source` that are not in `target`."""
    found = Since()
    holders: dict[Name, Name] = {}
    customers: dict[Name, str] = {}
    waiting: list[tuple[Name, Document]] = []
    for item in _scan(aws, source):
        image = as_streamed(item)
        told = event_of(image)
        if told is not None:
            waiting.append(told)
            if len(waiting) == _BATCH:
                _sort(waiting, target, found)
                waiting = []
        elif (changed := change_of(image)) is not None:
            name, entry = changed
            event: Name = ("event", name[2], entry.event_id, entry.event_type)
            holders[event] = min(name[1:4], holders.get(event, name[1:4]))
        elif (head := document_of(image)) is not None and head[0][0] in KINDS:
            customers[head[0]] = str(head[1].get("customer_id") or "/".join(head[0]))
    _sort(waiting, target, found)
    found.missing.sort(key=lambda each: (each[1]["received_at"], each[1]["recorded_at"], each[0]))
    for event, _ in found.missing:
        holder = holders.get(event)
        if holder is not None:
            found.subjects[event] = customers.get(holder, "/".join(holder))
    return found


def envelope_of(name: Name, event: Document, subject: str | None) -> EventEnvelope:
    """Return a kept event as its door once sent it on."""
    return EventEnvelope(
        provider=event["provider"],
        connection_id=name[1],
        received_at=event["received_at"],
        body=event.get("body"),
        body_key=event.get("body_key"),
        headers=event["headers"],
        event_id=name[2],
        subject=subject,
        source=event["source"],
    )


def _sort(told: list[tuple[Name, Document]], target: Reads, found: Since) -> None:
    held = target.read([name for name, _ in told]) if told else {}
    for name, event in told:
        if held[name] is not None:
            continue
        if "body" in event or event.get("body_key"):
            found.missing.append((name, event))
        else:
            found.bodiless += 1


def _scan(aws: Aws, table: str) -> Iterator[Item]:
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    for page in pages:
        yield from page["Items"]
