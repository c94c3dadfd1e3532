"""From a failing renewal to a signed webhook at an automation's endpoint, on the whole stack."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from standardwebhooks.webhooks import Webhook

from infra.receiver import Arrival, Receiver
from infra.samples import stripe as story
from tests.end_to_end.conftest import Stack
from tests.end_to_end.test_stripe_to_contact import SHOP, contact, eventually, post

TRIGGER = {
    "type": "recurring_payment_updated",
    "field": "status",
    "from": None,
    "to": "payment_failed",
    "runs": "multiple",
}
AUTOMATION = {
    "name": "Rescue failed payments",
    "enabled": True,
    "trigger": TRIGGER,
    "steps": [
        {"type": "add_tag", "tag": "STATUS: Payment failed"},
        {"type": "webhook", "endpoint_id": "crm"},
    ],
}


@pytest.fixture
def receiver(stack: Stack) -> Iterator[Receiver]:
    """The endpoint `crm`, listening with the secret the API has shown once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = stack.api.put("/v1/endpoints/crm", {"url": f"http://127.0.0.1:{port}/", "events": []})
    with Receiver(made["secret"], port=port).listening() as listening:
        yield listening


def came(receiver: Receiver, count: int) -> list[Arrival]:
    """Wait for `count` webhooks, and a moment longer for one too many."""
    receiver.wait_for(count, 60)
    time.sleep(1.5)
    return receiver.arrivals


def test_a_failing_renewal_told_five_times_and_out_of_order_is_sent_once(
    stack: Stack, receiver: Receiver
) -> None:
    """GIVEN an automation on "payment failed" WHEN a renewal fails, is told five times and

    backwards, recovers and fails again THEN its endpoint hears of each failure once, signed.
    """
    stack.api.put("/v1/connections/e2e", SHOP)
    stack.api.put("/v1/automations/rescue", AUTOMATION)
    once = {**AUTOMATION, "name": "Once", "trigger": {**TRIGGER, "runs": "once"}}
    stack.api.put("/v1/automations/rescue-once", once)
    time.sleep(1.5)  # configuration takes effect within a second here
    world = story.Business("payment-failed", "new", starts_at=int(time.time()) - 40 * 86_400)
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900, "usd")
    customer = story.add_customer(world, "failed@example.com", "Ada Lovelace")
    subscription = story.checkout(world, customer, price)
    told = len(world.events)
    story.fail_renewal(world, subscription)
    failure = world.events[told:]
    for event in world.events[:told]:
        assert post(stack, event) == 200
    eventually(lambda: contact(stack, "failed@example.com"), lambda found: bool(found))

    for event in [*reversed(failure), *failure, *failure, *failure, *failure]:
        assert post(stack, event) == 200

    first = came(receiver, 2)
    assert sorted(names(first)) == ["Once", "Rescue failed payments"]
    assert all(each.verified for each in first)
    for each in first:  # and by the public library, not only by ours
        Webhook(receiver.secrets[0]).verify(each.body, each.headers)
    told = len(world.events)
    story.recover(world, subscription)
    story.renew(world, subscription)
    story.fail_renewal(world, subscription)
    for event in world.events[told:]:
        assert post(stack, event) == 200
    both = came(receiver, 3)
    assert sorted(names(both)) == ["Once", *["Rescue failed payments"] * 2]
    assert len({each.headers["webhook-id"] for each in both}) == 3
    tags = [each["tag"] for each in contact(stack, "failed@example.com")["tags"]]
    assert tags == ["STATUS: Payment failed"]


def names(arrivals: list[Arrival]) -> list[str]:
    return [each.json()["data"]["automation"]["name"] for each in arrivals]
