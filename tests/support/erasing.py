"""Erasing somebody in a simulated stack, and looking for what is left of them in all it keeps."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytest

from functions.manage.erasure import erase
from functions.manage.outgoing import Outgoing
from shared.adapters.documents import to_document
from shared.adapters.objects import Objects
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from shared.domain import erasure
from shared.domain.envelope import unpack
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.lambda_modules import sleeper
from tests.simulation.log_bucket import FakeLogBucket, SteppedBucket
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
        self.ledger = FakeLogBucket(shop.world.clock)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Have the Lambda that erases find this ledger; each note is a step of the world."""
        bucket = SteppedBucket(self.ledger, self._shop.world.steps)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Objects, "from_environment", lambda *_: bucket)
            yield

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
    for item in dynamodb.items():
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
    told += [(f"s3 {key}", _content(key, held)) for key, held in world.s3.objects.items()]
    told += [
        (f"queue {name}", readable(message.body))
        for name, queue in world.sqs.queues.items()
        for message in queue.messages.values()
    ]
    return [f"{word} in {where}" for where, text in told for word in sought if word in text.lower()]


def readable(message: str) -> str:
    """Return a message as it is, and, where it is an event's, the body that is packed in it."""
    body = json.loads(message).get("body")
    if not isinstance(body, str):
        return message
    return message + unpack(base64.b64decode(body)).decode("utf-8", "replace")


def _content(key: str, held: bytes) -> str:
    content = held if key.startswith(erasure.PREFIX) else unpack(held)
    return content.decode("utf-8", "replace")


def _plain(value: Any) -> Any:
    return {name: getattr(value, name) for name in value.__slots__}
