"""The configuration of the table in use, carried over to the restored one as it stands now.

Records are what is mostly damaged, not what was set up: an automation disabled, a key revoked or an
endpoint moved since the moment that is restored must not be in force again. What was deleted since
is deleted there as well. And whatever acts on changes otherwise than it did at that moment is told
of, so that nothing which came since sets it off before somebody has looked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from infra.aws import Aws
from infra.cli.rebuild_log import as_streamed
from shared.adapters.documents import to_document

Item = Mapping[str, Any]
Key = tuple[str, str]
Rows = dict[Key, Item]

# Partitions of what the API sets up: lists of it all, keys, revisions, how endpoints fare.
_LIST = "CONFIG"
_BESIDE = ("KEY#", "AUTOMATION#", "HEALTH#")


def rows_of(aws: Aws, table: str) -> Rows:
    """Return the configuration that a table holds, by its keys."""
    names = [f":p{place}" for place in range(len(_BESIDE))]
    beside = " OR ".join(f"begins_with(pk, {name})" for name in names)
    values: Any = {":list": {"S": _LIST}}
    values |= {name: {"S": each} for name, each in zip(names, _BESIDE, strict=True)}
    pages = aws.dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ConsistentRead=True,
        FilterExpression=f"pk = :list OR {beside}",
        ExpressionAttributeValues=values,
    )
    return {(item["pk"]["S"], item["sk"]["S"]): item for page in pages for item in page["Items"]}


def bring(aws: Aws, target: str, before: Rows, after: Rows) -> int:
    """Write to `target` how `after` differs from `before`, deletions too; return in how many."""
    differing = sorted(
        key for key in before.keys() | after.keys() if before.get(key) != after.get(key)
    )
    for pk, sk in differing:
        item = after.get((pk, sk))
        if item is None:
            key: Any = {"pk": {"S": pk}, "sk": {"S": sk}}
            aws.dynamodb.delete_item(TableName=target, Key=key)
        else:
            aws.dynamodb.put_item(TableName=target, Item=dict(item))
    return len(differing)


def acting_anew(then: Rows, in_force: Rows) -> list[str]:
    """Return what acts on changes otherwise than it did `then`, such as `automation:welcome`.

    What is gone, disabled or asked for nothing acts on none.
    """
    found = []
    for kind, identity, item in _listed(in_force):
        before = then.get((item["pk"]["S"], item["sk"]["S"]))
        acts = _acts(kind, item)
        # Whatever uses a segment that was not there was changed as well.
        if acts is None or (kind == "segment" and before is None):
            continue
        if acts != _acts(kind, before):
            found.append(f"{kind}:{identity}")
    return sorted(found)


def connections_of(aws: Aws, table: str) -> frozenset[str]:
    """Return the ids of the connections that a table has."""
    pages = aws.dynamodb.get_paginator("query").paginate(
        TableName=table,
        ConsistentRead=True,
        KeyConditionExpression="pk = :list AND begins_with(sk, :kind)",
        ExpressionAttributeValues={":list": {"S": _LIST}, ":kind": {"S": "CONNECTION#"}},
    )
    rows: Rows = {(i["pk"]["S"], i["sk"]["S"]): i for page in pages for i in page["Items"]}
    return frozenset(identity for _, identity, _ in _listed(rows))


def _listed(rows: Rows) -> Iterator[tuple[str, str, Item]]:
    for (pk, sk), item in rows.items():
        word, mark, identity = sk.partition("#")
        if pk == _LIST and mark:
            yield word.lower(), unquote(identity), item


def _acts(kind: str, item: Item | None) -> Any:
    """Return what says on which changes something acts, and how; None where on none."""
    told = to_document(as_streamed(item)) if item is not None else {}
    if kind == "automation" and told.get("enabled"):
        return told["trigger"], told["steps"]
    if kind == "endpoint" and told.get("status") == "enabled":
        return sorted(told["events"]) or None
    if kind == "segment":
        return told.get("conditions")
    if kind == "connection":
        back = told.get("write_back") or {}
        return told.get("role", "source"), sorted(name for name, asked in back.items() if asked)
    return None
