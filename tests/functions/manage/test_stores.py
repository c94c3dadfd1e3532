"""API stores over HTTP: what becomes of items, and what their records show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from functions.manage.stores import HABITS
from shared.providers.api_store import ORDER, RECURRING_PAYMENT
from shared.providers.catalogue import PROVIDERS
from tests.support.api_client import ApiClient
from tests.support.store_items import DAYS, ApiStore, orders_of, sale, subscription

RECORD = "/v1/recurring-payments/shop/sub-1"


def test_a_connection_of_an_api_store_needs_nothing_and_takes_no_secret() -> None:
    client = ApiClient()

    made = client.put("/v1/connections/shop", {"provider": "api"})
    refused = client.put("/v1/connections/shop", {"provider": "api", "signing_secrets": ["x"]})

    assert (made.status, made.body["status"], made.body["has_api"]) == (201, "active", False)
    assert refused.faults == {"signing_secrets": "Extra inputs are not permitted"}


def test_manage_folds_with_the_habits_of_the_catalogue() -> None:
    known = PROVIDERS["api"]

    assert (HABITS.states_creation, HABITS.fetchable) == (known.states_creation, known.fetchable)
    assert not known.door


def test_a_recurring_payment_is_answered_as_it_was_stated() -> None:
    store = ApiStore()
    address = {"city": "London", "country": "GB", "email": "bill@example.com"}
    stated = {
        "store_status": "running",
        "discount_amount": "1.00",
        "tax_amount": "3.17",
        "shipping_amount": "2.00",
        "last_payment_status": "completed",
        "last_payment_date": DAYS[1],
        "renewal_date": DAYS[20],
        "next_payment_date": DAYS[21],
        "anchor_date": DAYS[0],
        "payment_method_expiration": DAYS[29],
        "origin_order_id": "o-0",
        "store_created_date": DAYS[0],
        "store_modified_date": DAYS[2],
        "is_trial": True,
        "total_cycles": 12,
        "cycles_completed": 3,
        "billing_interval_count": 2,
        "note": "by phone",
        "external_id": "x-1",
    }

    results = store.put(RECURRING_PAYMENT, subscription(**stated, billing_address=address))

    found = store.client.get(RECORD).body
    assert results == [{"status": "created", "errors": []}]
    assert {name: found[name] for name in stated} == stated
    assert {name: found["billing_address"][name] for name in address} == address
    assert (found["name"], found["payment_amount"], found["currency"]) == ("Plan", "19.00", "USD")
    assert found["store_customer_id"] == "c-7"
    assert found["line_items"][0]["amount"] == "19.00"


def test_an_order_is_answered_as_it_was_stated_and_its_kind_follows() -> None:
    store = ApiStore()
    stated = {
        "discount": "1.00",
        "tax": "3.17",
        "shipping": "2.00",
        "fee": "0.85",
        "refunded": "4.00",
        "recurring_payment_id": "sub-1",
        "processor_reference": "ch_12345678",
    }

    store.put(ORDER, sale(**stated, refunded_date=DAYS[3]), sale(store_order_id="o-2"))

    first, second = orders_of(store)
    assert {name: first[name] for name in stated} == stated
    assert (first["kind"], first["status"]) == ("subscription", "partially_refunded")
    assert (second["kind"], second["status"]) == ("one_time", "completed")
    assert [(each["amount"], each["date"]) for each in first["payments"]] == [("19.00", DAYS[0])]
    assert first["occurred_date"] == DAYS[0]


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ({"status": "pending"}, ("pending", "0.00", 0)),
        ({"status": "declined"}, ("declined", "0.00", 0)),
        ({"status": "refunded"}, ("refunded", "19.00", 0)),
        ({"status": "completed", "refunded": "19.00"}, ("refunded", "19.00", 0)),
        ({"status": "disputed"}, ("disputed", "0.00", 1)),
        ({"status": "disputed", "refunded": "4.00"}, ("disputed", "4.00", 1)),
    ],
)
def test_an_order_is_in_its_stated_state_and_leaves_it_again(
    stated: dict[str, Any], shown: tuple[str, str, int]
) -> None:
    store = ApiStore()

    store.put(ORDER, sale(**stated))
    (order,) = orders_of(store)
    store.put(ORDER, sale())
    (mended,) = orders_of(store)

    assert (order["status"], order["refunded"], len(order["disputes"])) == shown
    assert (mended["status"], mended["refunded"], mended["disputes"]) == ("completed", "0.00", [])


def test_what_an_item_leaves_out_is_blank_again() -> None:
    store = ApiStore()

    store.put(RECURRING_PAYMENT, subscription(note="by phone", origin_order_id="o-0"))
    store.put(RECURRING_PAYMENT, subscription())

    found = store.client.get(RECORD).body
    assert (found["note"], found["origin_order_id"]) == (None, None)


def test_an_older_word_never_undoes_a_newer_one() -> None:
    store = ApiStore()

    store.put(RECURRING_PAYMENT, subscription(status="paused", store_modified_date=DAYS[2]))
    results = store.put(RECURRING_PAYMENT, subscription(store_modified_date=DAYS[1]))

    found = store.client.get(RECORD).body
    assert results[0]["status"] == "updated"
    assert (found["status"], found["store_modified_date"]) == ("paused", DAYS[2])
    assert [each["kind"] for each in found["history"]] == ["created", "updated"]


def test_orders_tell_their_recurring_payment_of_the_last_payment() -> None:
    store = ApiStore()
    store.put(RECURRING_PAYMENT, subscription())

    store.put(ORDER, sale(recurring_payment_id="sub-1", status="declined"))
    failed = store.client.get(RECORD).body
    store.put(ORDER, sale(recurring_payment_id="sub-1"))
    paid = store.client.get(RECORD).body

    assert (failed["last_payment_status"], failed["cycles_completed"]) == ("declined", 0)
    assert (paid["last_payment_status"], paid["cycles_completed"]) == ("completed", 1)


@pytest.mark.parametrize(
    ("dates", "kind"),
    [
        ({"start_date": DAYS[19]}, "created"),
        ({"start_date": None, "store_created_date": DAYS[19]}, "created"),
        ({"start_date": None}, "created"),
        ({"start_date": DAYS[0]}, "updated"),
        ({"start_date": None, "store_created_date": DAYS[0]}, "updated"),
    ],
)
def test_one_is_new_to_automations_by_its_start_or_where_none_is_stated(
    dates: dict[str, Any], kind: str
) -> None:
    store = ApiStore()

    (result,) = store.put(RECURRING_PAYMENT, subscription(**dates))

    assert result["status"] == "created"
    assert [each["kind"] for each in store.client.get(RECORD).body["history"]] == [kind]


def test_what_is_suppressed_says_so_in_its_change() -> None:
    store = ApiStore()

    store.put(RECURRING_PAYMENT, subscription(), suppress_automations=True)
    store.put(RECURRING_PAYMENT, subscription(status="paused"))

    history = store.client.get(RECORD).body["history"]
    assert [(each["event_type"], each["historical"]) for each in history] == [
        ("recurring_payment.put.suppressed", False),
        ("recurring_payment.put", False),
    ]
    entries = store.shop.history(RECURRING_PAYMENT, "sub-1")
    assert [each.suppressed for each in entries] == [True, False]


def test_the_readmes_examples_are_accepted() -> None:
    client = ApiClient()
    client.put("/v1/connections/store", {"provider": "api"})
    told = re.findall(
        r"curl -X PUT \"\$API(/v1/(?:orders|recurring-payments))\" [^']*'(.*?)'\n",
        (Path(__file__).parents[3] / "README.md").read_text(),
        re.S,
    )

    replies = [client.call("PUT", path, raw=body) for path, body in told]

    assert [path for path, _ in told] == ["/v1/recurring-payments", "/v1/orders", "/v1/orders"]
    results = [result["status"] for reply in replies for result in reply.body["results"]]
    assert results == ["created"] * 3
