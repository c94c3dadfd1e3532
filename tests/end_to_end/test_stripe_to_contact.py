"""The way of an event through the deployed stack: signed POSTs in, the contact's record out."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

import pytest

from infra.samples import stripe as story
from infra.samples.stripe_event import Event
from tests.end_to_end.conftest import Stack

SECRETS = ["whsec_of_the_end_to_end_test", "whsec_of_its_rotation"]
SHOP = {
    "provider": "stripe",
    "name": "Shop",
    "mode": "live",
    "signing_secrets": SECRETS,
    "contact_policy": "create",
}
PATIENCE_SECONDS = 60
T = TypeVar("T")


def eventually(read: Callable[[], T], holds: Callable[[T], bool]) -> T:
    """Read until it holds, and return what was read last: the assertion is the caller's."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        value = read()
        if holds(value) or time.monotonic() > deadline:
            return value
        time.sleep(0.2)


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Stack:
    """A connection that Stripe may post to."""
    stack.api.put("/v1/connections/e2e", SHOP)
    return stack


def post(stack: Stack, event: Event, secret: str = SECRETS[0], **headers: str) -> int:
    signed = {"stripe-signature": event.sign(secret, int(time.time())), **headers}
    return stack.api.post_raw(
        "/webhooks/stripe/e2e", event.body, {"content-type": "application/json", **signed}
    )


def contact(stack: Stack, email: str) -> dict[str, Any]:
    found: dict[str, Any] = stack.api.find(f"/v1/contacts/{quote(email, safe='')}") or {}
    return found


@pytest.mark.parametrize("shape", ["old", "new"])
def test_a_shuffled_and_doubled_life_becomes_one_true_record(
    shop: Stack, shape: story.Shape
) -> None:
    """GIVEN a subscription's whole life WHEN its events come in any order, some twice

    THEN the contact shows one recurring payment and every order, right to the cent.
    """
    world = story.whole_life(f"e2e-{shape}", shape)
    email = f"ada.{shape}@example.com"
    events = [Event(renamed(event.content, email)) for event in world.events]
    dice = random.Random(shape)
    deliveries = [*events, *dice.sample(events, 10)]
    dice.shuffle(deliveries)
    (subscription,) = world.truth.subscriptions.values()

    answers = [post(shop, event) for event in deliveries]

    def settled(found: dict[str, Any]) -> bool:
        paid = [each for each in found.get("orders", []) if each["status"] != "pending"]
        return (
            len(paid) == len(world.truth.orders)
            and found["revenue"] == revenue
            and [each["status"] for each in found["recurring_payments"]] == ["cancelled"]
        )

    revenue = [
        {"currency": currency, "amount": text}
        for currency, text in sorted(world.truth.revenue_text().items())
    ]
    found = eventually(lambda: contact(shop, email), settled)
    assert set(answers) == {200}
    assert found["revenue"] == revenue
    assert found["customer"] is True
    assert found["orders_count"] == len(world.truth.paid_orders())
    (record,) = found["recurring_payments"]
    assert record["store_recurring_payment_id"] == subscription.id
    assert record["status"] == "cancelled"
    assert record["cycles_completed"] == subscription.cycles
    assert record["last_payment_status"] == subscription.last_payment_status
    orders = {each["store_order_id"]: each for each in found["orders"]}
    assert {key: each["status"] for key, each in orders.items()} == {
        key: each.status for key, each in world.truth.orders.items()
    }
    passed = eventually(
        lambda: statuses(shop, subscription.id), lambda told: told == subscription.statuses[1:]
    )
    assert passed == subscription.statuses[1:]


def renamed(content: Any, email: str) -> Any:
    """Give the life's customer an address of this test's own."""
    return json.loads(json.dumps(content).replace("ada@example.com", email))


def statuses(stack: Stack, subscription_id: str) -> list[str]:
    """Every status the record has passed to, in the order it happened."""
    record = stack.api.get(f"/v1/recurring-payments/e2e/{subscription_id}")
    return [
        change["to"]
        for told in record["history"]
        for change in told["changes"]
        if change["field"] == "status"
    ]


def test_a_rotated_secret_is_accepted_and_a_strangers_is_not(shop: Stack) -> None:
    event = story.sample("product.created", "new").event

    accepted = post(shop, event, SECRETS[1])
    refused = post(shop, event, "whsec_of_somebody_else")

    assert (accepted, refused) == (200, 401)


def test_an_unknown_connection_is_not_found(shop: Stack) -> None:
    event = story.sample("product.created", "new").event
    headers = {"stripe-signature": event.sign(SECRETS[0], int(time.time()))}

    status = shop.api.post_raw("/webhooks/stripe/nobody", event.body, headers)

    assert status == 404


def test_what_can_never_be_accepted_is_listed_with_its_reason(shop: Stack) -> None:
    thin = story.sample(story.THIN, "new").event

    status = post(shop, thin)

    rows = eventually(
        lambda: shop.api.get("/v1/quarantine")["items"],
        lambda found: any(row["code"] == "thin_event" for row in found),
    )
    (row,) = [row for row in rows if row["code"] == "thin_event"]
    assert status == 200
    assert row["connection_id"] == "e2e"
    assert row["reason"]


def test_a_connection_never_shows_its_signing_secrets(shop: Stack) -> None:
    shown = json.dumps(shop.api.get("/v1/connections/e2e"))

    assert not any(secret in shown for secret in SECRETS)
