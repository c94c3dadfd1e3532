"""What the table that was replaced still has to give: what was sent since, and the events since.

Whatever has left the house since the backup must not leave it again: its deliveries and emails are
carried over, under the ids they will be asked for; so are events that wait in quarantine, runs that
somebody has stopped, and who wants no emails any more. All records follow from the events, which go
through the queues once more. Of who was erased an event has left no body behind: it is carried over
as it is, known and telling nothing.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from infra.aws import Aws
from infra.cli.kept_events import is_bare
from infra.cli.rebuild_log import as_streamed
from shared.adapters.documents import to_attributes, to_document
from shared.adapters.table import change_of, document_of, event_of
from shared.adapters.table_keys import key_item, key_of
from shared.domain.envelope import EventEnvelope
from shared.domain.errors import Contended
from shared.domain.ports import Document, Name, Reads, Write, Writes
from shared.domain.record_views import KINDS
from shared.domain.trust import UNCONFIRMED

# What leaves the house, and what nobody could accept: what their keys begin with.
_KEPT = ("DELIVERY#", "MAIL#", "QUARANTINE")
_BATCH = 100
_TOLD_EVERY = 10_000
_UNSUBSCRIBED = "unsubscribed_date"
# Why a run has ended that somebody has stopped.
_BY_REQUEST = "stopped_by_request"

Item = Mapping[str, Any]
Said = Callable[[str], None]


@dataclass(slots=True)
class Since:
    """The events that one table has and another has not, in the order in which they came."""

    missing: list[tuple[Name, Document]] = field(default_factory=list)
    """Those whose bodies are there, to be told again."""
    bare: list[Item] = field(default_factory=list)
    """Those of erased people, of which no body is kept, as they are stored."""
    subjects: dict[Name, str] = field(default_factory=dict)
    """Of each event, whom it is about: what is told again of one customer stays in order."""


def kept(aws: Aws, source: str) -> Iterator[Item]:
    """Yield a table's deliveries, emails, quarantined events and stopped runs, as they are stored.

    And the contacts that want no emails.
    """
    for item in _scan(aws, source):
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if pk.startswith(_KEPT):
            yield item
        elif sk == "RUN":
            yield from _stopped(aws, source, item)
        elif sk == "CONTACT" and to_document(as_streamed(item)).get(_UNSUBSCRIBED) is not None:
            yield item


def carry(aws: Aws, target: str, items: Iterable[Item], say: Said = lambda line: None) -> int:
    """Put items where they are missing or older; return how many were. Repeating it is harmless.

    Of a contact only that it wants no emails, where it is there. `say` is told how far it is.
    """
    carried, looked_at = 0, 0
    source = iter(items)
    while batch := list(islice(source, _BATCH)):
        held = _held(aws, target, batch)
        for item in batch:
            there = held.get((item["pk"]["S"], item["sk"]["S"]))
            if item["sk"]["S"] == "CONTACT":
                carried += _unsubscribe(aws, target, item)
            elif there is None or int(there["v"]["N"]) < int(item["v"]["N"]):
                carried += _put(aws, target, item, "attribute_not_exists(pk) OR v < :v", item["v"])
        looked_at += len(batch)
        if looked_at % _TOLD_EVERY == 0:
            say(f"{looked_at} looked at, {carried} carried over")
    return carried


def since(aws: Aws, source: str, target: Reads) -> Since:
    """Return the events of `source` that are not in `target`."""
    found = Since()
    holders: dict[Name, Name] = {}
    customers: dict[Name, str] = {}
    waiting: list[tuple[Name, Document, Item]] = []
    for item in _scan(aws, source):
        image = as_streamed(item)
        told = event_of(image)
        if told is not None:
            waiting.append((*told, item))
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


def await_answer(name: Name, event: Document, target: Writes) -> None:
    """Have an event wait for its provider's word again, if that is how it came to count.

    What is kept of it is that word: folded where nothing waits, it would no longer be known by what
    came through the door, which may come again.
    """
    if not _is_confirmed(event):
        return
    told = {key: value for key, value in event.items() if key != "confirmed"}
    waits = {**told, "outcome": UNCONFIRMED, "source": "live", "messages": [], "version": 1}
    try:
        target.commit([Write(name, waits, 0)])
    except Contended:
        return  # it waits already


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


def _sort(told: list[tuple[Name, Document, Item]], target: Reads, found: Since) -> None:
    held = target.read([name for name, _, _ in told]) if told else {}
    for name, event, item in told:
        there = held[name]
        # What waits there for its provider's word has had it since, and would wait for ever.
        waits = there is not None and there.get("outcome") == UNCONFIRMED and _is_confirmed(event)
        if there is not None and not waits:
            continue
        if is_bare(event):
            found.bare.append(item)
        else:
            found.missing.append((name, event))


def _is_confirmed(event: Document) -> bool:
    return "confirmed" in event


def _stopped(aws: Aws, source: str, item: Item) -> Iterator[Item]:
    """Yield a run that somebody has stopped, with its firing: nothing of it may go on."""
    run = to_document(as_streamed(item))
    if run.get("reason") != _BY_REQUEST:
        return
    key: Any = key_item(*key_of(("firing", run["automation_id"], run["run_id"])))
    firing = aws.dynamodb.get_item(TableName=source, Key=key, ConsistentRead=True).get("Item")
    yield item
    if firing is not None:
        yield firing


def _held(aws: Aws, target: str, items: Iterable[Item]) -> dict[tuple[str, str], Item]:
    """Return keys and versions of those that the target holds; maybe not of all of them."""
    found: dict[tuple[str, str], Item] = {}
    keys: Any = {(item["pk"]["S"], item["sk"]["S"]): None for item in items}
    asked: Any = {
        "Keys": [key_item(pk, sk) for pk, sk in keys],
        "ConsistentRead": True,
        "ProjectionExpression": "pk, sk, v",
    }
    answer = aws.dynamodb.batch_get_item(RequestItems={target: asked})
    for item in answer["Responses"].get(target, []):
        found[item["pk"]["S"], item["sk"]["S"]] = item
    return found


def _unsubscribe(aws: Aws, target: str, item: Item) -> bool:
    """Note that a contact wants no emails; tell whether that was news."""
    key: Any = {name: item[name] for name in ("pk", "sk")}
    held = aws.dynamodb.get_item(TableName=target, Key=key, ConsistentRead=True).get("Item")
    if held is None:
        return False
    contact = to_document(as_streamed(held))
    if contact.get(_UNSUBSCRIBED) is not None:
        return False
    since_when = to_document(as_streamed(item))[_UNSUBSCRIBED]
    told = {**contact, _UNSUBSCRIBED: since_when, "version": contact["version"] + 1}
    attributes = {
        name: {kind: b64decode(each) if kind == "B" else each for kind, each in value.items()}
        for name, value in to_attributes(told).items()
    }
    return _put(aws, target, {**held, **attributes}, "v = :v", held["v"])


def _put(aws: Aws, target: str, item: Item, condition: str, version: Any) -> bool:
    """Put an item if that holds; tell whether it did."""
    try:
        aws.dynamodb.put_item(
            TableName=target,
            Item=dict(item),
            ConditionExpression=condition,
            ExpressionAttributeValues={":v": version},
        )
    except ClientError as error:
        if error.response["Error"].get("Code") != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _scan(aws: Aws, table: str) -> Iterator[Item]:
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    for page in pages:
        yield from page["Items"]
