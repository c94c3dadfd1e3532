"""What is wrong with an item of an API store, told by its path, beside others that go through."""

from __future__ import annotations

from typing import Any

import pytest

from shared.providers.api_store import ORDER, RECURRING_PAYMENT
from tests.support.api_client import ApiClient
from tests.support.store_items import DAYS, PATHS, ApiStore, sale, subscription

NOT_CURRENCY = "is not the code of a known currency"
WRONG = [
    (RECURRING_PAYMENT, {"connection_id": None}, "connection_id", "Field required"),
    (
        RECURRING_PAYMENT,
        {"connection_id": "other"},
        "connection_id",
        "is not the connection of an API store",
    ),
    (
        RECURRING_PAYMENT,
        {"connection_id": "stripes"},
        "connection_id",
        "is not the connection of an API store",
    ),
    (
        RECURRING_PAYMENT,
        {"store_recurring_payment_id": None},
        "store_recurring_payment_id",
        "Field required",
    ),
    (RECURRING_PAYMENT, {"store_recurring_payment_id": 7}, "store_recurring_payment_id", None),
    (RECURRING_PAYMENT, {"status": None}, "status", "Field required"),
    (RECURRING_PAYMENT, {"status": "Active"}, "status", None),
    (RECURRING_PAYMENT, {"status": ["active"]}, "status", None),
    (RECURRING_PAYMENT, {"billing_interval": "FORTNIGHTLY"}, "billing_interval", None),
    (RECURRING_PAYMENT, {"billing_interval_count": 0}, "billing_interval_count", None),
    (RECURRING_PAYMENT, {"payment_amount": 19.0}, "payment_amount", None),
    (RECURRING_PAYMENT, {"payment_amount": "-1.00"}, "payment_amount", None),
    (RECURRING_PAYMENT, {"payment_amount": "1,50"}, "payment_amount", None),
    (
        RECURRING_PAYMENT,
        {"payment_amount": "1.001"},
        "payment_amount",
        "is not an amount of USD",
    ),
    (
        RECURRING_PAYMENT,
        {"currency": "JPY", "payment_amount": "1.50", "line_items": None},
        "payment_amount",
        "is not an amount of JPY",
    ),
    (RECURRING_PAYMENT, {"currency": "XXX"}, "currency", NOT_CURRENCY),
    (
        RECURRING_PAYMENT,
        {"currency": None, "line_items": None},
        "currency",
        "is needed beside payment_amount",
    ),
    (
        RECURRING_PAYMENT,
        {"line_items": [{"amount": "0.001"}]},
        "line_items.0.amount",
        "is not an amount of USD",
    ),
    (RECURRING_PAYMENT, {"line_items": [{"quantity": 0}]}, "line_items.0.quantity", None),
    (RECURRING_PAYMENT, {"start_date": "yesterday"}, "start_date", "is not an ISO 8601 time"),
    (
        RECURRING_PAYMENT,
        {"start_date": "1900-01-01"},
        "start_date",
        "is not a time between 1970 and 9999",
    ),
    (
        RECURRING_PAYMENT,
        {"store_modified_date": "2030-01-01"},
        "store_modified_date",
        "lies in the future",
    ),
    (RECURRING_PAYMENT, {"email": "nobody"}, "email", "is not an email address"),
    (RECURRING_PAYMENT, {"version": 3}, "version", "Extra inputs are not permitted"),
    (RECURRING_PAYMENT, {"mirror_of": "x"}, "mirror_of", "Extra inputs are not permitted"),
    (ORDER, {"kind": "one_time"}, "kind", "Extra inputs are not permitted"),
    (ORDER, {"gross": None}, "gross", "Field required"),
    (ORDER, {"gross": "0.00"}, "gross", "has to be above zero: an order of nothing is no order"),
    (ORDER, {"gross": "9999999999999999"}, "gross", "is not an amount of USD"),
    (ORDER, {"currency": None}, "currency", "Field required"),
    (ORDER, {"occurred_date": None}, "occurred_date", "Field required"),
    (ORDER, {"status": "paid"}, "status", None),
    (ORDER, {"refunded": "19.01"}, "refunded", "is more than gross"),
    (
        ORDER,
        {"status": "declined", "refunded": "1.00"},
        "refunded",
        "cannot be of what is declined",
    ),
    (
        ORDER,
        {"status": "PARTIALLY_REFUNDED"},
        "refunded",
        "has to be a part of gross for partially_refunded",
    ),
    (
        ORDER,
        {"status": "refunded", "refunded": "1.00"},
        "refunded",
        "has to be all of gross for refunded",
    ),
    (ORDER, {"status": "disputed", "refunded": "19.00"}, "refunded", "leaves nothing to dispute"),
]


@pytest.mark.parametrize(("kind", "differs", "path", "message"), WRONG)
def test_a_wrong_item_is_rejected_alone_and_told_by_its_path(
    kind: str, differs: dict[str, Any], path: str, message: str | None
) -> None:
    store = ApiStore()
    store.client.put("/v1/connections/stripes", {"provider": "stripe"})
    make = subscription if kind == RECURRING_PAYMENT else sale

    before, wrong, after = store.put(kind, make(), make(**differs), make())

    assert (before["status"], wrong["status"], after["status"]) == (
        *("created", "rejected", "unchanged"),
    )
    assert [each["path"] for each in wrong["errors"]] == [path]
    assert wrong["errors"][0]["message"] == (message or wrong["errors"][0]["message"])
    assert len(store.events()) == 1


@pytest.mark.parametrize("item", [None, 7, "sub-1", [], [{}]])
def test_what_is_no_item_at_all_is_rejected(item: Any) -> None:
    (result,) = ApiStore().put(ORDER, item)

    assert result == {
        "status": "rejected",
        "errors": [{"path": "", "message": "is not an object"}],
    }


def test_an_item_too_large_to_keep_is_rejected() -> None:
    lines = [{"name": "x" * 200, "sku": "y" * 200, "brand": "z" * 200}] * 100

    small, large = ApiStore().put(
        ORDER,
        sale(line_items=lines[:90]),
        sale(line_items=[{**each, "tag": "é"} for each in lines]),
    )

    assert small["status"] == "created"
    assert large["errors"] == [{"path": "", "message": "is larger than 64 kB"}]


@pytest.mark.parametrize(
    ("field", "spelt"),
    [
        ("status", "PAYMENT_FAILED"),
        ("billing_interval", "YEARLY"),
        ("last_payment_status", "PARTIALLY_REFUNDED"),
    ],
)
def test_enums_may_be_spelt_as_activecampaign_spells_them(field: str, spelt: str) -> None:
    store = ApiStore()

    store.put(RECURRING_PAYMENT, subscription(**{field: spelt}, last_payment_date=DAYS[1]))
    again = store.put(
        RECURRING_PAYMENT, subscription(**{field: spelt.lower()}, last_payment_date=DAYS[1])
    )

    found = store.client.get("/v1/recurring-payments/shop/sub-1").body
    assert found[field] == spelt.lower()
    assert again[0]["status"] == "unchanged"


def test_one_moment_in_two_spellings_is_one_word() -> None:
    store = ApiStore()
    other = DAYS[3].replace("10:00:00.000Z", "12:00:00+02:00")

    results = store.put(
        ORDER, sale(store_modified_date=DAYS[3]), sale(store_modified_date=other, currency="usd")
    )

    assert [each["status"] for each in results] == ["created", "unchanged"]
    assert len(store.events()) == 1


@pytest.mark.parametrize("path", PATHS.values())
@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"items"}),
        ({"items": {}}, {"items"}),
        ({"items": [], "suppress_automations": "yes"}, {"suppress_automations"}),
        ({"items": [], "connection_id": "shop"}, {"connection_id"}),
    ],
)
def test_a_body_that_is_no_list_of_items_is_refused_whole(
    path: str, body: dict[str, Any], faults: set[str]
) -> None:
    reply = ApiClient().put(path, body)

    assert (reply.status, set(reply.faults)) == (422, faults)


@pytest.mark.parametrize("identity", ["a/b", "%2e%2e", "null", "é" * 200, "a b", "#", "RECORD"])
def test_ids_of_the_store_may_hold_anything(identity: str) -> None:
    store = ApiStore()

    store.put(ORDER, sale(store_order_id=identity))

    orders = store.client.get("/v1/contacts/ada@example.com").body["orders"]
    assert [each["store_order_id"] for each in orders] == [identity]
