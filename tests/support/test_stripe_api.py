"""The stand-in of Stripe's API answers as Stripe's own client expects."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from infra.samples import stripe as story
from tests.support.stripe_api import SECRET_KEY, StripeStandIn


def get(url: str, key: str = SECRET_KEY) -> tuple[int, dict[str, Any], dict[str, str]]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read()), dict(answer.headers)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read()), dict(refused.headers)


@pytest.fixture
def world() -> story.Business:
    world = story.Business(seed="api")
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900)
    coupon = story.add_coupon(world, "Friends", percent_off=20)
    ada = story.add_customer(world, "ada@example.com", "Ada Lovelace")
    story.checkout(world, ada, price, coupon=coupon)
    return world


def test_an_object_is_answered_as_it_stands_now(world: story.Business) -> None:
    (subscription,) = world.subscriptions()
    with StripeStandIn(world) as api:
        story.change_email(world, subscription.customer, "ada.king@example.com")

        status, customer, _ = get(f"{api.base_url}/v1/customers/{subscription.customer.id}")

    assert (status, customer["email"]) == (200, "ada.king@example.com")


def test_expanded_ids_become_objects_through_lists(world: story.Business) -> None:
    (subscription,) = world.subscriptions()
    paths = "expand[]=customer&expand[]=discounts.source.coupon&expand[]=latest_invoice.payments"
    with StripeStandIn(world) as api:
        _, answer, _ = get(f"{api.base_url}/v1/subscriptions/{subscription.id}?{paths}")

    assert answer["customer"]["email"] == "ada@example.com"
    assert answer["discounts"][0]["source"]["coupon"]["percent_off"] == 20
    assert answer["latest_invoice"]["payments"]["data"][0]["status"] == "paid"


def test_the_payment_intent_leads_to_its_invoice(world: story.Business) -> None:
    (subscription,) = world.subscriptions()
    bill = subscription.latest_invoice
    assert bill is not None
    assert bill.payment is not None
    query = f"payment[type]=payment_intent&payment[payment_intent]={bill.payment.id}"
    with StripeStandIn(world) as api:
        _, known, _ = get(f"{api.base_url}/v1/invoice_payments?{query}")
        _, unknown, _ = get(f"{api.base_url}/v1/invoice_payments?{query}x")

    assert [link["invoice"] for link in known["data"]] == [bill.id]
    assert unknown["data"] == []


def test_a_wrong_key_is_refused_and_never_logged(world: story.Business) -> None:
    with StripeStandIn(world) as api:
        status, _, _ = get(f"{api.base_url}/v1/customers/cus_x", key="sk_test_stolen")

    assert status == 401
    assert [request.authorized for request in api.requests] == [False]
    assert "sk_test" not in repr(api.requests)


def test_an_unknown_or_removed_object_is_missing(world: story.Business) -> None:
    (subscription,) = world.subscriptions()
    with StripeStandIn(world) as api:
        api.remove(subscription.id)

        removed, error, _ = get(f"{api.base_url}/v1/subscriptions/{subscription.id}")
        misplaced, _, _ = get(f"{api.base_url}/v1/prices/{subscription.customer.id}")

    assert (removed, misplaced) == (404, 404)
    assert error["error"]["code"] == "resource_missing"


def test_a_refusal_asks_for_patience_and_passes(world: story.Business) -> None:
    (subscription,) = world.subscriptions()
    url = f"/v1/customers/{subscription.customer.id}"
    with StripeStandIn(world) as api:
        api.refuse(429, retry_after="3")

        busy, error, headers = get(api.base_url + url)
        then, _, _ = get(api.base_url + url)

    assert (busy, headers["Retry-After"], error["error"]["type"]) == (429, "3", "rate_limit")
    assert then == 200
    assert api.paths == [url, url]


def test_a_deleted_customer_is_answered_as_deleted(world: story.Business) -> None:
    (subscription,) = world.subscriptions()
    story.delete_customer(world, subscription.customer)
    with StripeStandIn(world) as api:
        status, customer, _ = get(f"{api.base_url}/v1/customers/{subscription.customer.id}")

    assert (status, customer["deleted"]) == (200, True)
