"""The one DynamoDB table; the chart of its keys opens `table_keys`.

A race is decided by versions. Two workers that fold into one record have both read version n:

    worker A   read n ───────────── commit n -> n+1
    worker B      read n ─────────────────────────── commit n: refused, reads n+1, folds again
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from shared.adapters.aws import AwsError
from shared.adapters.cursors import FOREIGN, read_cursor, read_key, write_cursor, write_key
from shared.adapters.documents import Item, to_document
from shared.adapters.table_keys import (
    LONGEST_KEY,
    RECORDS,
    TAGS,
    due_partition,
    entry_name_of,
    escape,
    event_name_of,
    key_item,
    key_of,
    listed_partition,
    log_partition,
    logged_name_of,
    name_of,
)
from shared.adapters.table_writes import meaning, operation_of
from shared.domain.errors import BadRequest, Retryable
from shared.domain.ports import Check, Document, Name, Page, Write
from shared.domain.timeline import Entry

__all__ = [
    "Caller",
    "Table",
    "change_of",
    "document_of",
    "event_of",
    "key_of",
    "name_of",
    "retagged_of",
]

_BATCH = 100
_PAGE = 25
_INDEXES = {"by_contact": ("gsi1pk", "gsi1sk"), "by_customer": ("gsi2pk", "gsi2sk")}


class Caller(Protocol):
    """The DynamoDB client, real or fake."""

    def call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
        """Call one operation. Raise AwsError when it fails."""


class Table:
    """Documents by name, in DynamoDB."""

    def __init__(
        self, name: str, client: Caller, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._name = name
        self._client = client
        self._sleep = sleep

    def read(self, names: Iterable[Name]) -> dict[Name, Document | None]:
        """Return every named document, as of now, None for those that do not exist."""
        by_key = {key_of(name): name for name in names}
        found: dict[Name, Document | None] = dict.fromkeys(by_key.values())
        keys = list(by_key)
        for start in range(0, len(keys), _BATCH):
            for item in self._batch(keys[start : start + _BATCH]):
                found[by_key[item["pk"]["S"], item["sk"]["S"]]] = to_document(item)
        return found

    def history(self, record: Name) -> list[Entry]:
        """Return all entries of a record, in the order of their places."""
        partition, _ = key_of(record)
        entries: list[Entry] = []
        start: Item | None = None
        while True:
            answer = self._query(partition, "AT#", start=start)
            entries += [to_document(item)["entry"] for item in answer["Items"]]
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return entries

    def latest(self, record: Name, limit: int) -> list[Entry]:
        """Return the last entries of a record, the newest first."""
        partition, _ = key_of(record)
        answer = self._query(partition, "AT#", limit=limit, newest_first=True)
        return [to_document(item)["entry"] for item in answer["Items"]]

    def commit(self, steps: Sequence[Write | Check]) -> None:
        """Apply all steps or none. Raise Contended when a version is not the expected one."""
        try:
            if len(steps) == 1 and isinstance(steps[0], Write):
                self._write_one(steps[0])
            else:
                operations = [operation_of(step, self._name) for step in steps]
                self._client.call("TransactWriteItems", {"TransactItems": operations})
        except AwsError as error:
            raise meaning(error) from error

    def waiting(self, email: str, cursor: str | None) -> Page:
        """Return records of a known email that no contact has claimed, page by page."""
        return self._indexed("by_contact", f"WAITING#{escape(email)}", cursor)

    def of_contact(self, contact_id: str, cursor: str | None) -> Page:
        """Return the records of a contact, page by page: recurring payments, then orders."""
        return self._indexed("by_contact", f"CONTACT#{escape(contact_id)}", cursor)

    def of_customer(self, connection_id: str, customer_id: str, cursor: str | None) -> Page:
        """Return the records of a store's customer, page by page."""
        partition = f"CUSTOMER#{escape(connection_id)}#{escape(customer_id)}"
        return self._indexed("by_customer", partition, cursor)

    def newest_of_contact(self, contact_id: str, kind: str, limit: int) -> list[Name]:
        """Return a contact's records of one kind, the newest first."""
        answer = self._query(
            f"CONTACT#{escape(contact_id)}",
            f"{RECORDS[kind]}#",
            index="by_contact",
            limit=limit,
            newest_first=True,
        )
        return [name_of(item["pk"]["S"]) for item in answer["Items"]]

    def listed(
        self, kind: str, limit: int, cursor: str | None, of: str = ""
    ) -> tuple[list[Document], str | None]:
        """Return a page of configuration of a kind, of quarantine rows, duplicates or firings.

        Firings are those `of` one automation. Raise BadRequest if need be.
        """
        partition, prefix = listed_partition(kind, of)
        start = None
        if cursor is not None:
            place = read_cursor(cursor, LONGEST_KEY - len(prefix))
            start = key_item(partition, prefix + place)
        newest_first = kind in ("quarantine", "firing")
        answer = self._query(partition, prefix, limit=limit, start=start, newest_first=newest_first)
        last = answer.get("LastEvaluatedKey")
        following = write_cursor(last["sk"]["S"].removeprefix(prefix)) if last else None
        return [to_document(item) for item in answer["Items"]], following

    def newest(
        self, log: Name, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        """Return a page of a log, the newest first. Raise BadRequest for a bad cursor.

        Logs are `("firings", automation_id)`, `("runs", automation_id)`,
        `("runs_of_contact", contact_id)`, and `("deliveries", endpoint_id)` with or without a state
        behind it; those of all states come state by state. `("deliveries_in", state)` are the
        `held`, `dead` or `gone` ones of all endpoints.
        """
        if log[0] == "firings":
            return self.listed("firing", limit, cursor, log[1])
        index, partition, prefix = log_partition(log)
        start = None if cursor is None else _place(index, partition, prefix, cursor)
        answer = self._query(
            partition, prefix, index=index, limit=limit, start=start, newest_first=True
        )
        names, following = _page(answer)
        found = self.read(names)
        return [each for name in names if (each := found[name]) is not None], following

    def due(self, shard: int, until: int, limit: int) -> list[tuple[Name, Document]]:
        """Return what one part of the due-index has up to `until` (ms), the oldest first."""
        answer = self._query(due_partition(shard), "", limit=limit, up_to=f"{until:015d}$")
        found = [to_document(item) for item in answer["Items"]]
        return [(("due", str(each["when"]), each["what"], each["id"]), each) for each in found]

    def _batch(self, keys: list[tuple[str, str]]) -> list[Item]:
        wanted: Any = {
            self._name: {"ConsistentRead": True, "Keys": [key_item(pk, sk) for pk, sk in keys]}
        }
        items: list[Item] = []
        for attempt in range(8):
            answer = self._call("BatchGetItem", {"RequestItems": wanted})
            items += answer["Responses"].get(self._name, [])
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return items
            self._sleep(0.02 * 2**attempt)
        raise Retryable("the table would not hand out all keys")

    def _query(
        self,
        partition: str,
        prefix: str,
        *,
        index: str | None = None,
        limit: int | None = None,
        start: Mapping[str, Any] | None = None,
        newest_first: bool = False,
        up_to: str = "",
    ) -> dict[str, Any]:
        pk, sk = _INDEXES[index] if index else ("pk", "sk")
        values = {":p": {"S": partition}}
        condition = f"{pk} = :p"
        if prefix:
            values[":s"] = {"S": prefix}
            condition += f" AND begins_with({sk}, :s)"
        if up_to:
            values[":u"] = {"S": up_to}
            condition += f" AND {sk} <= :u"
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not newest_first,
        }
        if index is None:
            request["ConsistentRead"] = True
        else:
            request["IndexName"] = index
        if limit is not None:
            request["Limit"] = limit
        if start is not None:
            request["ExclusiveStartKey"] = start
        return self._call("Query", request)

    def _indexed(self, index: str, partition: str, cursor: str | None) -> Page:
        start = None if cursor is None else read_key(cursor)
        answer = self._query(partition, "", index=index, limit=_PAGE, start=start)
        return _page(answer)

    def _write_one(self, step: Write) -> None:
        operation = operation_of(step, self._name)
        verb, body = next(iter(operation.items()))
        self._client.call(f"{verb}Item", body)

    def _call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
        try:
            return self._client.call(operation, payload)
        except AwsError as error:
            raise meaning(error) from error


def change_of(image: Item) -> tuple[Name, Entry] | None:
    """Return the entry an image of the stream holds, with its name; None for all other items."""
    name = entry_name_of(image["pk"]["S"], image["sk"]["S"])
    return None if name is None else (name, to_document(image)["entry"])


def retagged_of(image: Item) -> Document | None:
    """Return the note of changed tags an image of the stream holds; None for all other items."""
    return to_document(image) if image["sk"]["S"].startswith(TAGS) else None


def event_of(image: Item) -> tuple[Name, Document] | None:
    """Return the event that is kept in an image, with its name; None for all other items."""
    name = event_name_of(image["pk"]["S"], image["sk"]["S"])
    return None if name is None else (name, to_document(image))


def document_of(image: Item) -> tuple[Name, Document] | None:
    """Return the document an image of the stream holds, with its name, if the log keeps its kind.

    None for all other items.
    """
    name = logged_name_of(image["pk"]["S"], image["sk"]["S"])
    return None if name is None else (name, to_document(image))


def _page(answer: Mapping[str, Any]) -> Page:
    last = answer.get("LastEvaluatedKey")
    names = [name_of(item["pk"]["S"]) for item in answer["Items"]]
    return names, write_key(last) if last else None


def _place(index: str, partition: str, prefix: str, cursor: str) -> Item:
    """Return the place a cursor leads to. Raise BadRequest where it is another list's."""
    key = read_key(cursor)
    pk, sk = _INDEXES[index]
    lengths = [len(value["S"]) for value in key.values()]
    if (
        key.keys() != {"pk", "sk", pk, sk}
        or key[pk]["S"] != partition
        or not key[sk]["S"].startswith(prefix)
        or not all(0 < length <= LONGEST_KEY for length in lengths)
    ):
        raise BadRequest(FOREIGN)
    return key
