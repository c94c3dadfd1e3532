"""The one DynamoDB table, and the only module that knows its keys.

    entity       pk                             sk               question it answers
    event        EVENT#<conn>#<event>#<type>    EVENT            have we had this event?
    record       RECURRING_PAYMENT#<conn>#<id>  HEAD             what is this subscription now?
                 ORDER#<conn>#<id>              HEAD             what is this order now?
    entry        as its record                  AT#<place>       what has happened to it?
    ref          REF#<conn>#<ref>               REF              which order is this payment's?
    look         LOOK#<conn>#<customer>#…       LOOK             what may be its other side?
    customer     CUSTOMER#<conn>#<customer>     CUSTOMER         who is the store's customer?
    catalogue    CATALOGUE#<conn>#<kind>#<id>   CATALOGUE        what is this price called?
    email        EMAIL#<email>                  EMAIL            whose address is this?
    contact      CONTACT#<id>                   CONTACT          who is this person?
    connection   CONFIG                         CONNECTION#<id>  which stores do we hear?
    key          CONFIG                         KEY#<id>         which API keys are there?
    secret       KEY#<sha-256 of the key>       KEY              may this caller do that?
    settings     CONFIG                         SETTINGS         which zone, currency, fields?
    quarantine   QUARANTINE                     <id>             what was refused, and why?
    broken       BROKEN#<group>                 BROKEN           whose order is broken?
    seen         SEEN#<conn>                    SEEN             when did a store last send?

    index        partition                      sort             question it answers
    by_contact   CONTACT#<id>                   <kind>#<date>#…  what has this person bought?
                 WAITING#<email>                <kind>#<date>#…  what waits for this address?
    by_customer  CUSTOMER#<conn>#<customer>     <kind>#<id>      which records are theirs?

Both indexes hold keys only, and heads alone are in them, so that an event which changes neither
the owner nor the date of a record writes nothing there. Every part of a key is escaped, so no id
from outside can reach into another's partition.

A race is decided by versions. Two workers that fold into one record have both read version n:

    worker A   read n ───────────── commit n -> n+1
    worker B      read n ─────────────────────────── commit n: refused, reads n+1, folds again
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote, unquote

from shared.adapters.aws import AwsError
from shared.adapters.cursors import read_cursor, read_key, write_cursor, write_key
from shared.adapters.documents import Item, to_attributes, to_document
from shared.domain.errors import Contended, Quarantined, Retryable
from shared.domain.ports import Check, Document, Name, Page, Write
from shared.domain.timeline import Entry

_BATCH = 100
_PAGE = 25
_LONGEST_KEY = 1000
_CONFIG = {"connection": "CONNECTION", "key": "KEY"}
_FIXED: dict[str, Callable[[list[str]], tuple[str, str]]] = {
    "settings": lambda _: ("CONFIG", "SETTINGS"),
    "quarantine": lambda parts: ("QUARANTINE", parts[0]),
    "secret": lambda parts: (f"KEY#{parts[0]}", "KEY"),
}
_SINGLE = {
    kind: kind.upper()
    for kind in (
        "event", "ref", "look", "customer", "catalogue", "email", "contact", "broken", "seen",
    )
}  # fmt: skip
_RECORDS = {"recurring_payment": "RECURRING_PAYMENT", "order": "ORDER"}


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
                operations = [self._operation(step) for step in steps]
                self._client.call("TransactWriteItems", {"TransactItems": operations})
        except AwsError as error:
            raise _meaning(error) from error

    def waiting(self, email: str, cursor: str | None) -> Page:
        """Return records of a known email that no contact has claimed, page by page."""
        return self._indexed("by_contact", f"WAITING#{_escape(email)}", cursor)

    def of_contact(self, contact_id: str, cursor: str | None) -> Page:
        """Return the records of a contact, page by page: recurring payments, then orders."""
        return self._indexed("by_contact", f"CONTACT#{_escape(contact_id)}", cursor)

    def of_customer(self, connection_id: str, customer_id: str, cursor: str | None) -> Page:
        """Return the records of a store's customer, page by page."""
        partition = f"CUSTOMER#{_escape(connection_id)}#{_escape(customer_id)}"
        return self._indexed("by_customer", partition, cursor)

    def newest_of_contact(self, contact_id: str, kind: str, limit: int) -> list[Name]:
        """Return a contact's records of one kind, the newest first."""
        answer = self._query(
            f"CONTACT#{_escape(contact_id)}",
            f"{_RECORDS[kind]}#",
            index="by_contact",
            limit=limit,
            newest_first=True,
        )
        return [name_of(item["pk"]["S"]) for item in answer["Items"]]

    def listed(
        self, kind: str, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        """Return a page of connections, keys or quarantine rows. Raise BadRequest if need be."""
        partition, prefix = (
            ("QUARANTINE", "") if kind == "quarantine" else ("CONFIG", f"{_CONFIG[kind]}#")
        )
        start = None
        if cursor is not None:
            place = read_cursor(cursor, _LONGEST_KEY - len(prefix))
            start = _key_item(partition, prefix + place)
        answer = self._query(
            partition, prefix, limit=limit, start=start, newest_first=kind == "quarantine"
        )
        last = answer.get("LastEvaluatedKey")
        following = write_cursor(last["sk"]["S"].removeprefix(prefix)) if last else None
        return [to_document(item) for item in answer["Items"]], following

    def _batch(self, keys: list[tuple[str, str]]) -> list[Item]:
        wanted: Any = {
            self._name: {"ConsistentRead": True, "Keys": [_key_item(pk, sk) for pk, sk in keys]}
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
    ) -> dict[str, Any]:
        pk, sk = {None: ("pk", "sk"), "by_contact": ("gsi1pk", "gsi1sk")}.get(
            index, ("gsi2pk", "gsi2sk")
        )
        values = {":p": {"S": partition}}
        condition = f"{pk} = :p"
        if prefix:
            values[":s"] = {"S": prefix}
            condition += f" AND begins_with({sk}, :s)"
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
        last = answer.get("LastEvaluatedKey")
        names = [name_of(item["pk"]["S"]) for item in answer["Items"]]
        return names, write_key(last) if last else None

    def _write_one(self, step: Write) -> None:
        operation = self._operation(step)
        verb, body = next(iter(operation.items()))
        self._client.call(f"{verb}Item", body)

    def _operation(self, step: Write | Check) -> dict[str, Any]:
        pk, sk = key_of(step.name)
        condition = _condition(step.expected)
        if isinstance(step, Check):
            return {
                "ConditionCheck": {"TableName": self._name, "Key": _key_item(pk, sk), **condition}
            }
        if step.document is None:
            return {"Delete": {"TableName": self._name, "Key": _key_item(pk, sk), **condition}}
        item = {**_key_item(pk, sk), **to_attributes(step.document)}
        if step.name[0] in _RECORDS:
            item |= _index_keys(step.name, step.document)
        return {"Put": {"TableName": self._name, "Item": item, **condition}}

    def _call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
        try:
            return self._client.call(operation, payload)
        except AwsError as error:
            raise _meaning(error) from error


def key_of(name: Name) -> tuple[str, str]:
    """Return a document's key. Raise Quarantined where an id makes it longer than a key may be."""
    kind, *parts = name
    escaped = [_escape(part) for part in parts]
    if kind in _CONFIG:
        key = "CONFIG", f"{_CONFIG[kind]}#{escaped[0]}"
    elif kind in _RECORDS:
        key = "#".join([_RECORDS[kind], *escaped]), "HEAD"
    elif kind == "entry":
        key = "#".join([_RECORDS[parts[0]], *escaped[1:3]]), f"AT#{escaped[3]}"
    elif kind in _FIXED:
        key = _FIXED[kind](escaped)
    else:
        key = "#".join([_SINGLE[kind], *escaped]), _SINGLE[kind]
    if max(len(key[0]), len(key[1])) > _LONGEST_KEY:
        raise Quarantined("bad_id", "an id is longer than a key may be")
    return key


def name_of(partition: str) -> Name:
    """Return the record whose partition this is."""
    entity, *parts = partition.split("#")
    kind = next(kind for kind, word in _RECORDS.items() if word == entity)
    return (kind, *map(unquote, parts))


def _escape(part: str) -> str:
    # Alphanumerics and the marks ids are made of stay legible; `#` above all does not.
    return quote(part, safe="@:+=,.~_- ")


def _key_item(pk: str, sk: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _condition(expected: int | None) -> dict[str, Any]:
    if expected is None:
        return {}
    if expected == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "v = :v",
        "ExpressionAttributeValues": {":v": {"N": str(expected)}},
    }


def _index_keys(name: Name, head: Document) -> Item:
    """Return the index keys of a head: none for a tombstone or what does not show."""
    word, connection, identity = _RECORDS[name[0]], _escape(name[1]), _escape(name[2])
    item: Item = {}
    if head.get("shown"):
        owner = None
        if head["contact_id"]:
            owner = f"CONTACT#{_escape(head['contact_id'])}"
        elif head["email"]:
            owner = f"WAITING#{_escape(head['email'])}"
        if owner:
            item["gsi1pk"] = {"S": owner}
            item["gsi1sk"] = {"S": f"{word}#{head['date'] or 0:015d}#{connection}#{identity}"}
    if head.get("customer_id"):
        item["gsi2pk"] = {"S": f"CUSTOMER#{connection}#{_escape(head['customer_id'])}"}
        item["gsi2sk"] = {"S": f"{word}#{identity}"}
    return item


def _meaning(error: AwsError) -> Exception:
    """Return what a failed call means to a use case."""
    if error.code == "ConditionalCheckFailedException":
        return Contended("a document has changed since it was read")
    if error.code == "TransactionCanceledException":
        reasons = {each.get("Code") for each in error.payload.get("CancellationReasons", [])}
        if reasons & {"ConditionalCheckFailed", "TransactionConflict"}:
            return Contended("a document has changed since it was read")
    if error.code in ("TransactionConflictException", "TransactionInProgressException"):
        return Contended("another transaction holds the document")
    return Retryable(f"the table answered {error.code}") if error.retryable else error
