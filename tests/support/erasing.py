"""Erasing somebody in a simulated stack, and looking for what is left of them in all it keeps."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from functions.manage.erasure import erase
from functions.manage.outgoing import Outgoing
from shared.adapters.documents import to_document
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from shared.domain.envelope import unpack
from tests.fakes.memory_bucket import MemoryBucket
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.lambda_modules import sleeper
from tests.simulation.world import World


class Stack(Protocol):
    """A simulated stack, with the names its functions are told of."""

    world: World
    table: Table
    environ: dict[str, str]


class Eraser:
    """Whoever erases people of a stack; `ledger` is what is noted outside the table."""

    def __init__(self, shop: Stack) -> None:
        self._shop = shop
        self._ids = (f"erase-{number}" for number in itertools.count(1))
        self.ledger = MemoryBucket()

    def erase(self, email: str) -> str:
        """Ask for an erasure, as `DELETE /v1/contacts/{email}` does; return the job's id."""
        world = self._shop.world
        return self._erase(email, self._shop.table, Queue(world.sqs, world.s3))

    def erase_through(self, email: str) -> str:
        """Ask for an erasure over a table and queues at which anything may go wrong."""
        world = self._shop.world
        table = Table(world.dynamodb.schema.name, world.caller("dynamodb"), sleeper(world))
        return self._erase(email, table, Queue(world.caller("sqs"), world.objects()))

    def _erase(self, email: str, table: Table, queue: Queue) -> str:
        environ = self._shop.environ
        outgoing = Outgoing(
            queue,
            events_url=environ["EVENTS_QUEUE_URL"],
            history_url=environ["HISTORY_QUEUE_URL"],
            automations_url="",
            local=False,
        )
        return erase(
            email,
            store=table,
            ledger=self.ledger,
            jobs=outgoing,
            now=self._shop.world.clock(),
            new_id=lambda: next(self._ids),
        )


def kept(dynamodb: FakeDynamoDB) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield all that a table keeps, readable: each item's key, and everything in it as text."""
    for item in dynamodb.call("Scan", {"TableName": dynamodb.schema.name})["Items"]:
        key = item["pk"]["S"], item["sk"]["S"]
        document = to_document(item)
        body = document.pop("body", b"").decode("utf-8", "replace")
        indexed = [each["S"] for name, each in item.items() if name.startswith("gsi")]
        text = json.dumps(document, default=_plain, ensure_ascii=False)
        yield key, "\n".join([*key, *indexed, text, body])


def canaries(shop: Stack, words: Iterable[str]) -> list[str]:
    """Return where a person is named still: keys of items, of bodies and of queues' messages."""
    sought = [word.lower() for word in words]
    world = shop.world
    told = [(" ".join(key), text) for key, text in kept(world.dynamodb)]
    told += [(f"s3 {key}", _body(packed)) for key, packed in world.s3.objects.items()]
    told += [
        (f"queue {name}", message.body)
        for name, queue in world.sqs.queues.items()
        for message in queue.messages.values()
    ]
    return [f"{word} in {where}" for where, text in told for word in sought if word in text.lower()]


def _body(packed: bytes) -> str:
    return unpack(packed).decode("utf-8", "replace")


def _plain(value: Any) -> Any:
    return {name: getattr(value, name) for name in value.__slots__}
