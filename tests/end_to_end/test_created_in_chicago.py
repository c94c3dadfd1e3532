"""ActiveCampaign's example on the whole stack: a subscription begins, only where it is Chicago."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from standardwebhooks.webhooks import Webhook

from infra.receiver import Receiver
from infra.samples import stripe as story
from infra.samples.stripe_goods import Address
from tests.end_to_end.conftest import Stack
from tests.end_to_end.test_stripe_to_contact import SHOP, contact, eventually, post

CHICAGO = {
    "match": "all",
    "conditions": [
        {"field": "recurring_payment.billing_address.city", "operator": "is", "value": "Chicago"}
    ],
}
AUTOMATION = {
    "name": "Welcome to Chicago",
    "enabled": True,
    "trigger": {"type": "recurring_payment_created", "segment": CHICAGO, "runs": "multiple"},
    "steps": [
        {"type": "add_tag", "tag": "CITY: Chicago"},
        {"type": "webhook", "endpoint_id": "chicago"},
    ],
}
# Longer than a burst rests here before it is judged, and than a message then takes.
QUIET_SECONDS = 5


@pytest.fixture
def receiver(stack: Stack) -> Iterator[Receiver]:
    """The endpoint `chicago`, listening with the secret the API has shown once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    body = {"url": f"http://127.0.0.1:{port}/", "events": []}
    made = stack.api.put("/v1/endpoints/chicago", body)
    with Receiver(made["secret"], port=port).listening() as listening:
        yield listening


def test_a_subscription_sets_it_off_only_for_the_customer_in_chicago(
    stack: Stack, receiver: Receiver
) -> None:
    """GIVEN an automation on creations whose billing city is Chicago WHEN customers of Boston and

    of Chicago subscribe, their events told backwards THEN the one of Chicago is told of, once.
    """
    stack.api.put("/v1/connections/e2e", SHOP)
    stack.api.put("/v1/automations/chicago", AUTOMATION)
    time.sleep(1.5)  # configuration takes effect within a second here
    world = story.Business("chicago", "new", starts_at=int(time.time()) - 3_600)
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900, "usd")
    for name, city in (("boston", "Boston"), ("chicago", "Chicago")):
        home = Address("1 Main St", city, "60601", "US", "IL")
        email = f"{name}@example.com"
        story.checkout(world, story.add_customer(world, email, "Ada", address=home), price)

    answers = [post(stack, event) for event in reversed(world.events)]

    receiver.wait_for(1, 60)
    time.sleep(QUIET_SECONDS)
    (arrival,) = receiver.arrivals
    assert set(answers) == {200}
    assert arrival.verified
    Webhook(receiver.secrets[0]).verify(arrival.body, arrival.headers)
    told = arrival.json()
    assert told["type"] == "recurring_payment.created"
    assert told["data"]["automation"] == {"id": "chicago", "name": "Welcome to Chicago"}
    assert told["data"]["contact"]["email"] == "chicago@example.com"
    assert told["data"]["recurring_payment"]["billing_address"]["city"] == "Chicago"
    boston = eventually(
        lambda: contact(stack, "boston@example.com"),
        lambda found: bool(found.get("recurring_payments")),
    )
    assert [each["status"] for each in boston["recurring_payments"]] == ["active"]
    assert boston["tags"] == []
    tags = [each["tag"] for each in contact(stack, "chicago@example.com")["tags"]]
    assert tags == ["CITY: Chicago"]
