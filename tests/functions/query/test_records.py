"""Contacts and recurring payments over HTTP: every field in its shape."""

from __future__ import annotations

import pytest

from infra.samples.stripe_lives import whole_life
from tests.support.api_client import NOW, ApiClient
from tests.support.shop import Shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    shop = Shop()
    shop.receive_all(event.body for event in whole_life(1).events)
    return shop


def test_a_recurring_payment_is_read_with_its_history_in_order(shop: Shop) -> None:
    (identity,) = shop.recurring_payments()

    found = ApiClient(shop.memory).get(f"/v1/recurring-payments/shop/{identity}").body

    assert found["connection_id"] == "shop"
    assert found["store_recurring_payment_id"] == identity
    assert found["mirror_of"] is None
    assert found["contact_id"] in [each["contact_id"] for each in shop.contacts().values()]
    assert found["store_customer_id"].startswith("cus_")
    assert found["version"] > 1
    history = found["history"]
    assert len(history) == len(shop.history("recurring_payment", identity))
    assert history[0]["kind"] == "created"
    assert {each["kind"] for each in history} == {"created", "updated"}
    dates = [each["occurred_date"] for each in history]
    assert dates == sorted(dates)
    assert not any(each["historical"] for each in history)


def test_the_last_change_of_each_field_is_what_the_record_shows(shop: Shop) -> None:
    (identity,) = shop.recurring_payments()

    found = ApiClient(shop.memory).get(f"/v1/recurring-payments/shop/{identity}").body

    last = {
        change["field"]: change["to"] for each in found["history"] for change in each["changes"]
    }
    joined = ("name", "line_items")
    assert {name: found[name] for name in last if name not in joined} == {
        name: value for name, value in last.items() if name not in joined
    }


@pytest.mark.parametrize(
    "path", ["shop/sub_unknown", "nowhere/sub_1", "shop/a%2Fb", "shop/%23", "shop/" + "x" * 3000]
)
def test_an_unknown_recurring_payment_is_not_found(shop: Shop, path: str) -> None:
    assert ApiClient(shop.memory).get(f"/v1/recurring-payments/{path}").status == 404


def test_what_says_nothing_of_the_subscription_itself_does_not_show() -> None:
    client = ApiClient()
    client.store.documents["recurring_payment", "shop", "sub_1"] = {
        "version": 1,
        "facets": {"customer": {"email": "ada@example.com"}},
        "newest": [NOW, 1, NOW, "evt"],
    }

    assert client.get("/v1/recurring-payments/shop/sub_1").status == 404


def test_ids_may_hold_anything() -> None:
    client = ApiClient()
    client.store.documents["recurring_payment", "shop", "a/b #1?%"] = {
        "version": 1,
        "facets": {"terms": {"status": "active"}},
        "newest": [NOW, 1, NOW, "evt"],
    }

    reply = client.get("/v1/recurring-payments/shop/a%2Fb%20%231%3F%25")

    assert reply.body["store_recurring_payment_id"] == "a/b #1?%"
