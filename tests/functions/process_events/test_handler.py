"""The processor's Lambda as it is deployed, from the queue to the table: its module, its adapters.

Events come through the real door and SQS's own rules; AWS is the simulator's, without faults.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from functions.manage.quarantine import retry
from infra.samples import stripe as story
from shared.adapters.queue import MESSAGE_BYTES_MAX, Queue
from shared.domain.envelope import EventEnvelope
from shared.domain.ports import Name, Write
from tests.simulation.processor import CONNECTION, Deployment
from tests.simulation.world import World

HOUR_MS = 3_600_000
PRODUCT = story.sample("product.created", "new").event


def deployment(**settings: Any) -> Deployment:
    return Deployment(World(), **settings)


def drain(shop: Deployment) -> None:
    shop.world.drain(HOUR_MS)


def event(event_id: str, **changed: Any) -> story.Event:
    return replace(PRODUCT, content={**PRODUCT.content, "id": event_id, **changed})


def large(event_id: str, size: int = 3_000_000) -> story.Event:
    """Return an event that no compression makes small."""
    noise = base64.b64encode(Random(event_id).randbytes(size)).decode()
    return event(event_id, noise=noise)


def send(shop: Deployment, **envelope: Any) -> None:
    """Put an event on the queue as its door would."""
    about = {"provider": "stripe", "connection_id": CONNECTION, "received_at": 1, **envelope}
    queue = Queue(shop.world.sqs, shop.world.s3)
    queue.send_event(shop.environ["EVENTS_QUEUE_URL"], EventEnvelope(**about))


def marker(shop: Deployment, event_id: str) -> Any:
    name: Name = ("event", CONNECTION, event_id, "product.created")
    return shop.table.read([name])[name]


def quarantined(shop: Deployment) -> list[Any]:
    return list(shop.table.listed("quarantine", 100, None)[0])


def waiting(shop: Deployment, queue: str) -> list[Any]:
    return [json.loads(each.body) for each in shop.world.sqs.queues[queue].messages.values()]


def test_what_a_door_has_queued_is_kept_and_folded() -> None:
    shop = deployment()
    shop.deliver(PRODUCT, 0)

    drain(shop)

    product = PRODUCT.object
    name: Name = ("catalogue", CONNECTION, "product", product["id"])
    folded = shop.table.read([name])[name]
    assert folded is not None
    assert folded["values"]["name"] == product["name"]
    assert marker(shop, PRODUCT.id)["body"] == PRODUCT.body
    assert marker(shop, PRODUCT.id)["outcome"] == "applied"


def test_a_body_below_the_messages_limit_is_kept_with_its_event() -> None:
    shop = deployment()
    told = large("evt_large", MESSAGE_BYTES_MAX * 2 // 3)
    shop.deliver(told, 0)

    drain(shop)

    assert marker(shop, "evt_large")["body"] == told.body
    assert shop.world.s3.objects == {}


@pytest.mark.parametrize("size", [250_000, 600_000, 3_000_000])
def test_a_larger_body_is_folded_and_kept_by_the_key_it_travelled_by(size: int) -> None:
    """An item of the table holds 400 KB."""
    shop = deployment()
    told = large("evt_large", size)
    shop.deliver(told, 0)

    drain(shop)

    kept = marker(shop, "evt_large")
    assert "body" not in kept
    assert zlib.decompress(shop.world.s3.objects[kept["body_key"]]) == told.body


def test_a_large_body_that_is_refused_can_be_retried_by_its_key() -> None:
    shop = deployment(mode="test")
    shop.deliver(large("evt_large"), 0)
    drain(shop)
    (row,) = quarantined(shop)
    _change(shop, mode="live")

    retry(row["id"], store=shop.table, events=_Events(shop), nonce="again")
    drain(shop)

    assert row["code"] == "wrong_mode"
    assert marker(shop, "evt_large")["source"] == "retry"
    assert quarantined(shop) == []


def test_an_event_whose_body_is_gone_is_put_aside_and_delays_nobody() -> None:
    shop = deployment()
    send(shop, body_key="shop/gone", event_id="evt_gone", subject="a")
    send(shop, body=event("evt_2").body, subject="b")

    drain(shop)

    (letter,) = waiting(shop, "events-dead.fifo")
    assert letter["event_id"] == "evt_gone"
    second = [m for m in shop.world.sqs.queues["events.fifo"].accepted if "evt_2" not in m.body]
    assert second[-1].receive_count == 1
    assert marker(shop, "evt_2") is not None


def test_a_refused_event_is_kept_with_all_an_operator_needs() -> None:
    shop = deployment()
    send(shop, connection_id="gone", body=PRODUCT.body, subject="s", received_at=7)

    drain(shop)

    (row,) = quarantined(shop)
    assert row["body"] == PRODUCT.body
    assert {name: row[name] for name in ("code", "connection_id", "event_id", "event_type")} == {
        "code": "unknown_connection",
        "connection_id": "gone",
        "event_id": PRODUCT.id,
        "event_type": "product.created",
    }
    assert (row["received_date"], row["subject"], row["provider"]) == (7, "s", "stripe")


def test_an_event_of_a_provider_nobody_knows_is_kept() -> None:
    shop = deployment()
    send(shop, provider="acme", body=b"{}", subject="s")

    drain(shop)

    assert [row["code"] for row in quarantined(shop)] == ["unknown_provider"]


def test_the_same_refusal_twice_is_one_row() -> None:
    shop = deployment(mode="test")
    for _ in range(2):
        send(shop, body=PRODUCT.body, subject="s", received_at=7)
        shop.world.clock.advance(HOUR_MS)

    drain(shop)

    assert len(quarantined(shop)) == 1


@pytest.mark.parametrize("character", ["#", "/", "\u00e9", "\u4e2d", "%", " "])
def test_ids_of_any_characters_are_told_apart_or_refused(character: str) -> None:
    """Row 22: escaped, an id may be longer than a key can be; then it is refused for good."""
    shop = deployment()
    short, long = f"evt{character}1", character * (255 // len(character.encode()))
    for event_id in (short, long):
        send(shop, body=event(event_id, type=long if event_id == long else "product.created").body)

    drain(shop)

    assert marker(shop, short) is not None
    assert {row["code"] for row in quarantined(shop)} <= {"bad_id"}
    known = shop.table.read([("event", CONNECTION, short, "product.created")])
    assert len(known) == 1
    assert waiting(shop, "events-dead.fifo") == []


def test_an_id_too_long_for_a_key_is_refused_and_stops_nobody_in_its_batch() -> None:
    shop = deployment()
    name = "\u4e2d" * 85
    send(shop, body=event(name, type=name).body, subject="a")
    send(shop, body=event("evt_2").body, subject="a")

    drain(shop)

    assert [row["code"] for row in quarantined(shop)] == ["bad_id"]
    assert marker(shop, "evt_2") is not None


@pytest.mark.parametrize("has_api", [False, True])
def test_a_provider_is_asked_only_where_there_is_a_key_to_ask_with(has_api: bool) -> None:
    shop = deployment(has_api=has_api)
    shop.deliver(story.sample("customer.subscription.created", "new").event, 0)

    drain(shop)

    asked = {call["object"] for call in waiting(shop, "calls")}
    assert asked == ({"customer", "product"} if has_api else set())
    assert all(call["connection_id"] == CONNECTION for call in waiting(shop, "calls"))


def test_a_history_message_is_put_off_at_its_own_queue() -> None:
    shop = deployment()
    url = shop.environ["HISTORY_QUEUE_URL"]
    job = {"v": 1, "kind": "job", "job": "no such job", "connection_id": CONNECTION}
    shop.world.sqs.call("SendMessage", {"QueueUrl": url, "MessageBody": json.dumps(job)})

    shop.world.run(5_000)

    (message,) = shop.world.sqs.queues["history"].messages.values()
    assert message.receive_count == 2
    assert message.visible_at_ms - shop.world.clock() < 10_000


def test_what_aws_said_is_logged_by_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    shop = deployment()
    send(shop, body_key="shop/gone", subject="a")

    shop.world.run(1_000)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["reason"] for line in lines if line["event"] == "event_failed"] == ["NoSuchKey"]


def _change(shop: Deployment, **settings: Any) -> None:
    name: Name = ("connection", CONNECTION)
    stored = shop.table.read([name])[name]
    assert stored is not None
    changed = {**stored, **settings, "version": stored["version"] + 1}
    shop.table.commit([Write(name, changed, stored["version"])])


class _Events:
    """The API's way to the events queue."""

    def __init__(self, shop: Deployment) -> None:
        self._send: Callable[..., None] = Queue(shop.world.sqs, shop.world.s3).send_event
        self._url = shop.environ["EVENTS_QUEUE_URL"]

    def send_event(self, envelope: EventEnvelope, nonce: str) -> None:
        self._send(self._url, envelope, nonce)
