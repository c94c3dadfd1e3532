"""The audit on the whole stack: what is taken away behind its back it misses, and names."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rich.console import Console

from infra.cli.__main__ import main
from infra.cli.running import Running
from infra.receiver import Receiver
from infra.samples import stripe as story
from infra.samples.stripe_event import Event
from shared.adapters.table_keys import key_item, key_of
from tests.end_to_end.conftest import Stack
from tests.end_to_end.test_stripe_to_contact import SECRETS, SHOP, eventually, renamed

CONNECTION = "audited"


@pytest.fixture
def shop(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A connection of this test's own, and commands that find this stack."""
    running = Running(aws=stack.aws, outputs=stack.outputs, name="paysignal")
    monkeypatch.setattr(Running, "find", lambda name: running)
    stack.api.put(f"/v1/connections/{CONNECTION}", SHOP)
    return stack


def audited() -> tuple[int, str]:
    """Run the command; return its exit code and what it printed."""
    output = io.StringIO()
    code = main(["audit", "--connection", CONNECTION], Console(file=output, width=200))
    return code, output.getvalue()


def post(stack: Stack, event: Event) -> int:
    signature = event.sign(SECRETS[0], int(time.time()))
    headers = {"stripe-signature": signature, "content-type": "application/json"}
    return stack.api.post_raw(f"/webhooks/stripe/{CONNECTION}", event.body, headers)


@contextmanager
def resting(stack: Stack) -> Iterator[str]:
    """Let the processor take nothing off its queue for a while; yield the queue's URL."""
    url = stack.outputs["EventsQueueUrl"]
    name = url.rpartition("/")[2]
    mappings = stack.aws.lambda_.list_event_source_mappings()["EventSourceMappings"]
    (mapping,) = [each for each in mappings if each["EventSourceArn"].endswith(f":{name}")]
    stack.aws.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield url
    finally:
        stack.aws.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def take_away(stack: Stack, url: str, event: Event) -> None:
    """Remove an event's message from the queue, as no part of the product ever does."""
    answer: Any = stack.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    for message in answer.get("Messages", []):
        about: Any = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
        if json.loads(message["Body"])["event_id"] == event.id:
            stack.aws.sqs.delete_message(**about)
        else:
            stack.aws.sqs.change_message_visibility(**about, VisibilityTimeout=0)


def told_again(event: Event) -> Event:
    """Return an event as Stripe sends it again: fewer webhooks of it are pending."""
    return Event({**event.content, "pending_webhooks": 7})


def test_an_acknowledged_event_taken_off_the_queue_is_missed_until_it_is_sent_again(
    shop: Stack,
) -> None:
    """GIVEN events in flight WHEN one is taken off the queue THEN audit fails and names it, and

    is content once the provider has sent it again.
    """
    events = story.whole_life("audited", "new").events[:3]
    with resting(shop) as url:
        statuses = [post(shop, event) for event in events]
        in_flight = audited()
        take_away(shop, url, events[1])
    missing = eventually(audited, lambda found: found[0] == 1 and "still on" not in found[1])
    status = post(shop, told_again(events[1]))
    mended = eventually(audited, lambda found: found[0] == 0)

    assert (statuses, status) == ([200] * 3, 200)
    assert (in_flight[0], missing[0], mended[0]) == (0, 1, 0)
    assert "✗ 1 missing of 3 events received" in missing[1]
    assert f"✗ event {events[1].id} of {CONNECTION}" in missing[1]
    assert f"./paysignal verify {CONNECTION} --repair" in missing[1]
    assert "✓ it adds up: 4 events received" in mended[1]


def test_a_firing_without_its_delivery_is_missed(shop: Stack) -> None:
    """GIVEN a firing whose webhook arrived WHEN its delivery is taken away THEN audit names it."""
    with Receiver("whsec_" + "YQ" * 16).listening() as receiver:
        made = shop.api.put(f"/v1/endpoints/{CONNECTION}", {"url": receiver.url, "events": []})
        receiver.secrets[:] = [made["secret"]]
        trigger = {"type": "recurring_payment_created", "runs": "multiple"}
        steps = [{"type": "webhook", "endpoint_id": CONNECTION}]
        told = {"name": "Told", "enabled": True, "trigger": trigger, "steps": steps}
        shop.api.put(f"/v1/automations/{CONNECTION}", told)
        time.sleep(1.5)  # configuration takes effect within a second here
        world = story.whole_life("audited-firing", "new")
        for event in world.events[:12]:
            post(shop, Event(renamed(event.content, "audited@example.com")))
        (arrival,) = receiver.wait_for(1, 60)
        before = eventually(audited, lambda found: found[0] == 0 and ", 1 firings" in found[1])
        shop.api.put(f"/v1/automations/{CONNECTION}", {**told, "enabled": False})

    key: Any = key_item(*key_of(("delivery", arrival.message_id)))
    table = shop.outputs["TableName"]
    item = shop.aws.dynamodb.get_item(TableName=table, Key=key)["Item"]
    shop.aws.dynamodb.delete_item(TableName=table, Key=key)
    after = audited()
    shop.aws.dynamodb.put_item(TableName=table, Item=item)

    firing_id = arrival.json()["data"]["firing_id"]
    assert (before[0], after[0], audited()[0]) == (0, 1, 0)
    assert f"✗ firing {CONNECTION}/{firing_id} of {CONNECTION}" in after[1]
    assert f"{arrival.message_id}, which it has sent, is gone" in after[1]
