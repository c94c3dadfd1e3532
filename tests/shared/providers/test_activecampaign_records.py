"""A recurring payment in ActiveCampaign's own words: every name, enum, date and amount exactly."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.recurring_payments import show
from shared.providers.activecampaign_records import date, mutation, recurring_payment_input

_ADDRESS = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "address_1": "1 Main St",
    "address_2": None,
    "city": "Chicago",
    "province": "IL",
    "country": "US",
    "postal": "60601",
    "email": "ada@example.com",
}
_PAYMENT: dict[str, Any] = {
    "connection_id": "shop",
    "store_recurring_payment_id": "sub_1",
    "name": "Boîte mensuelle",
    "status": "payment_failed",
    "store_status": "past_due",
    "store_customer_id": "cus_1",
    "billing_interval": "monthly",
    "billing_interval_count": 3,
    "payment_amount": 123456789012345678,
    "discount_amount": 0,
    "tax_amount": 105,
    "shipping_amount": 499,
    "last_payment_status": "partially_refunded",
    "last_payment_date": 1_573_901_303_999,
    "start_date": 1_573_901_303_000,
    "renewal_date": None,
    "next_payment_date": 1_576_493_303_000,
    "anchor_date": 1_573_901_303_000,
    "cancelled_date": 1_573_901_304_000,
    "payment_method_expiration": 1_767_225_600_000,
    "store_created_date": 1_573_901_303_000,
    "store_modified_date": 1_573_901_305_000,
    "origin_order_id": "in_1",
    "currency": "USD",
    "is_trial": False,
    "cancel_at_period_end": True,
    "total_cycles": 0,
    "cycles_completed": 4,
    "note": 'said "no"',
    "external_id": "ext-1",
    "line_items": [
        {"category": "Food", "name": "Box", "sku": "B-1", "brand": None, "store_primary_id": "p1"},
        {"category": None, "name": "Card", "tag": "gift", "store_primary_id": "p2"},
    ],
    "shipping_address": _ADDRESS,
    "billing_address": {**_ADDRESS, "country": "United States", "address_2": "Flat 2"},
    "email": "payer@example.com",
    "inferred": [],
    "contact_id": "c-1",
    "mirror_of": None,
    "version": 7,
}
_INPUT: dict[str, Any] = {
    "legacyConnectionId": 7,
    "storeRecurringPaymentId": "sub_1",
    "name": "Boîte mensuelle",
    "email": "ada@example.com",
    "normalizedStatus": "PAYMENT_FAILED",
    "storeStatus": "past_due",
    "storeCustomerId": "cus_1",
    "billingInterval": "MONTHLY",
    "billingIntervalCount": 3,
    "paymentAmount": Decimal("1234567890123456.78"),
    "discountAmount": Decimal("0.00"),
    "taxAmount": Decimal("1.05"),
    "shippingAmount": Decimal("4.99"),
    "lastPaymentStatus": "PARTIALLY_REFUNDED",
    "lastPaymentDate": "2019-11-16T10:48:23Z",
    "startDate": "2019-11-16T10:48:23Z",
    "renewalDate": None,
    "nextPaymentDate": "2019-12-16T10:48:23Z",
    "anchorDate": "2019-11-16T10:48:23Z",
    "cancelledDate": "2019-11-16T10:48:24Z",
    "paymentMethodExpiration": "2026-01-01T00:00:00Z",
    "storeCreatedDate": "2019-11-16T10:48:23Z",
    "storeModifiedDate": "2019-11-16T10:48:25Z",
    "originOrderId": "in_1",
    "currency": "USD",
    "isTrial": False,
    "cancelAtPeriodEnd": True,
    "totalCycles": 0,
    "notes": ['said "no"'],
    "storeExternalId": "ext-1",
    "lineItemCategories": ["Food"],
    "lineItemNames": ["Box", "Card"],
    "lineItemSkus": ["B-1"],
    "lineItemTags": ["gift"],
    "lineItemStorePrimaryIds": ["p1", "p2"],
    "shippingAddress": {
        "firstName": "Ada",
        "lastName": "Lovelace",
        "address1": "1 Main St",
        "city": "Chicago",
        "province": "IL",
        "country": "US",
        "postal": "60601",
        "email": "ada@example.com",
    },
    "billingAddress": {
        "firstName": "Ada",
        "lastName": "Lovelace",
        "address1": "1 Main St",
        "address2": "Flat 2",
        "city": "Chicago",
        "province": "IL",
        "postal": "60601",
        "email": "ada@example.com",
    },
    "suppressAutomations": False,
}


def told(provider: str = "stripe", **about: Any) -> dict[str, Any]:
    return recurring_payment_input(
        {**_PAYMENT, **about},
        email="ada@example.com",
        provider=provider,
        legacy_connection_id=7,
        suppress=False,
    )


def test_every_field_has_the_name_and_the_form_the_api_wants() -> None:
    assert told() == _INPUT


def test_the_body_is_the_documented_mutation_with_exact_numbers() -> None:
    text = mutation([told()]).decode()

    body = json.loads(text, parse_float=Decimal)
    assert (
        body["query"].split()
        == (
            "mutation bulkUpsertRecurringPayments($recurringPayments: [RecurringPaymentInput]) "
            "{ bulkUpsertRecurringPayments(recurringPayments: $recurringPayments) { recordId } }"
        ).split()
    )
    assert body["variables"] == {"recurringPayments": [told()]}
    assert '"paymentAmount":1234567890123456.78,' in text
    assert '"taxAmount":1.05,' in text


@pytest.mark.parametrize(
    ("currency", "minor", "amount"),
    [("JPY", 1900, "1900"), ("KWD", 1900, "1.900"), ("USD", 1900, "19.00"), ("USD", None, None)],
)
def test_money_is_in_major_units_of_its_currency(
    currency: str, minor: int | None, amount: str | None
) -> None:
    found = told(currency=currency, payment_amount=minor)

    assert found.get("paymentAmount") == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("provider", "identity"),
    [("stripe", "42"), ("paypal", "42"), ("woocommerce", "shop:42"), ("api", "shop:42")],
)
def test_ids_that_only_a_store_knows_are_told_with_the_store(provider: str, identity: str) -> None:
    found = told(provider, store_recurring_payment_id="42")

    assert found["storeRecurringPaymentId"] == identity


def test_what_is_not_known_is_left_out_and_a_date_that_has_gone_is_null() -> None:
    view = show({"terms": {"status": "active", "currency": "EUR"}})
    assert view is not None

    found = recurring_payment_input(
        {**view, "connection_id": "shop", "store_recurring_payment_id": "sub_2"},
        email="ada@example.com",
        provider="stripe",
        legacy_connection_id=7,
        suppress=True,
    )

    assert found == {
        "legacyConnectionId": 7,
        "storeRecurringPaymentId": "sub_2",
        "renewalDate": None,
        "nextPaymentDate": None,
        "cancelledDate": None,
        "email": "ada@example.com",
        "suppressAutomations": True,
        "normalizedStatus": "ACTIVE",
        "currency": "EUR",
        "isTrial": False,
        "cancelAtPeriodEnd": False,
        "totalCycles": 0,
        "discountAmount": Decimal("0.00"),
        "taxAmount": Decimal("0.00"),
        "shippingAmount": Decimal("0.00"),
    }


def test_a_date_is_a_whole_second_in_utc() -> None:
    assert date(1_573_901_303_999) == "2019-11-16T10:48:23Z"
    assert date(None) is None
