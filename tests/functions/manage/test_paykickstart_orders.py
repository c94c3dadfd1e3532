"""PayKickstart's orders as a Zap sends them: its own fields, all as text, the unset ones empty."""

from __future__ import annotations

from typing import Any

import pytest

from shared.providers.api_store import ORDER, RECURRING_PAYMENT
from tests.support.store_items import ApiStore, sale

SALE: dict[str, Any] = {
    "connection_id": "shop",
    "event": "subscription-payment",
    "mode": "live",
    "amount": "47.00",
    "currency": "USD",
    "tax_amount": "",
    "transaction_id": "PK-T1",
    "invoice_id": "PK-P1",
    "transaction_time": "1788256800",
    "next_billing_date": "1790848800",
    "buyer_email": "ada@example.com",
    "buyer_first_name": "Ada",
    "buyer_last_name": "",
    "product_id": "77",
    "product_name": "Course",
    "campaign_name": "School",
    "quantity": "1",
    "affiliate_email": "",
    "licenses": "a, b",
}


def put(store: ApiStore, **differs: Any) -> Any:
    (result,) = store.put(ORDER, {**SALE, **differs}, format="paykickstart")
    return result


def order_of(store: ApiStore) -> dict[str, Any]:
    (order,) = store.client.get("/v1/contacts/ada@example.com").body["orders"]
    return dict(order)


def test_a_rebill_is_an_order_of_its_subscription() -> None:
    store = ApiStore()

    result = put(store)

    order = order_of(store)
    assert result == {"status": "created", "errors": []}
    assert (order["store_order_id"], order["recurring_payment_id"]) == ("PK-T1", "PK-P1")
    assert (order["gross"], order["status"], order["kind"]) == (
        "47.00",
        "completed",
        "subscription",
    )
    assert order["occurred_date"] == "2026-09-01T10:00:00.000Z"
    (line,) = order["line_items"]
    assert (line["name"], line["store_primary_id"], line["category"]) == ("Course", "77", "School")
    assert store.client.get("/v1/contacts/ada@example.com").body["first_name"] == "Ada"


@pytest.mark.parametrize(
    ("differs", "status", "kind"),
    [
        ({"event": "sales"}, "completed", "subscription"),
        ({"event": "sales", "next_billing_date": ""}, "completed", "one_time"),
        ({"event": "subscription-payment-failed"}, "declined", "subscription"),
        ({"transaction_time": "2026-09-01T10:00:00Z", "amount": 47, "quantity": 1}, "completed",
         "subscription"),
    ],
)  # fmt: skip
def test_each_kind_of_order_has_its_state(differs: dict[str, Any], status: str, kind: str) -> None:
    store = ApiStore()

    put(store, **differs)

    order = order_of(store)
    assert (order["status"], order["kind"]) == (status, kind)
    assert (order["gross"], order["occurred_date"]) == ("47.00", "2026-09-01T10:00:00.000Z")


def test_a_zap_that_sends_again_changes_nothing() -> None:
    store = ApiStore()

    assert [put(store)["status"] for _ in range(2)] == ["created", "unchanged"]


@pytest.mark.parametrize(
    ("differs", "path"),
    [
        ({"event": "refund"}, "event"),
        ({"mode": "test"}, "mode"),
        ({"amount": ""}, "amount"),
        ({"amount": "free"}, "amount"),
        ({"amount": "0.00"}, "amount"),
        ({"currency": ""}, "currency"),
        ({"transaction_id": None}, "transaction_id"),
        ({"transaction_id": ""}, "transaction_id"),
        ({"transaction_time": "soon"}, "transaction_time"),
        ({"transaction_time": "999999999999"}, "transaction_time"),
        ({"buyer_email": "nobody"}, "buyer_email"),
        ({"quantity": "two"}, "quantity"),
        ({"licenses": ["a"], "product_name": ["Course"]}, "product_name"),
        ({"connection_id": "other"}, "connection_id"),
    ],
)
def test_faults_are_told_by_paykickstarts_own_names(differs: dict[str, Any], path: str) -> None:
    result = put(ApiStore(), **differs)

    assert result["status"] == "rejected"
    assert [each["path"] for each in result["errors"]] == [path]


def test_the_form_is_of_orders_alone_and_has_to_be_known() -> None:
    client = ApiStore().client

    of_others = client.put(f"/v1/{RECURRING_PAYMENT}s".replace("_", "-"), _body("paykickstart"))
    unknown = client.put("/v1/orders", _body("thrivecart"))

    assert (of_others.status, set(of_others.faults)) == (422, {"format"})
    assert (unknown.status, set(unknown.faults)) == (422, {"format"})


def test_an_item_that_is_no_object_is_rejected_in_this_form_too() -> None:
    (result,) = ApiStore().put(ORDER, "PK-T1", format="paykickstart")

    assert result["errors"] == [{"path": "", "message": "is not an object"}]


def test_our_own_form_is_none_of_paykickstarts() -> None:
    (result,) = ApiStore().put(ORDER, sale(), format="paykickstart")

    assert result["status"] == "rejected"


def _body(form: str) -> dict[str, Any]:
    return {"items": [], "format": form}
