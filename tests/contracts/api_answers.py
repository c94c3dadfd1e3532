"""Answers of the providers' APIs as their parsers get them: what no fixture of a webhook shows.

One of every kind that `call_providers` puts on the queue and that an import of history reads, made
of the samples' own objects where there is one. For fuzzing: true enough to be read to the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from infra.samples import paykickstart as campaign
from infra.samples import paypal as account
from infra.samples import woocommerce as shop
from infra.samples.activecampaign import STARTS_AT
from shared.providers import (
    activecampaign,
    api_store,
    paykickstart_transactions,
    paypal,
    stripe,
    woocommerce,
)
from tests.shared.providers import stripe_bodies as bodies
from tests.support import store_items

_AT = "2026-11-18T11:06:40Z"


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _stripe() -> list[bytes]:
    things: dict[str, Any] = {
        "charge": bodies.charge(),
        "customer": bodies.customer(),
        "dispute": bodies.dispute(),
        "invoice": bodies.invoice(),
        "invoice_payments": bodies.listed(
            {"id": "inpay_1", "invoice": "in_1", "currency": "usd", "amount_paid": 1900}
        ),
        "price": bodies.price(),
        "product": {"id": "prod_1", "object": "product", "name": "Tea", "metadata": {}},
        "refund": bodies.refund(),
        "subscription": bodies.subscription(bodies.item()),
        "subscription_schedule": {
            "id": "sub_sched_1",
            "status": "completed",
            "subscription": "sub_1",
            "completed_at": bodies.NOW,
        },
    }
    assert {f"fetched.{kind}" for kind in things} == _fetched(stripe.MEANING, "fetched.")
    return [_json(bodies.event(f"fetched.{kind}", thing)) for kind, thing in things.items()]


def _fetched(meaning: Mapping[str, Any], prefix: str) -> set[str]:
    return {name for name in meaning if name.startswith(prefix)}


def _usd(value: str) -> dict[str, str]:
    return {"currency_code": "USD", "value": value}


def _paypal() -> list[bytes]:
    def resource(name: str) -> Any:
        return account.sample(name).event.content["resource"]

    things: dict[str, Any] = {
        "SUBSCRIPTION": resource("BILLING.SUBSCRIPTION.UPDATED"),
        "PLAN": resource("BILLING.PLAN.CREATED"),
        "PRODUCT": resource("CATALOG.PRODUCT.CREATED"),
        "DISPUTE": resource("CUSTOMER.DISPUTE.CREATED"),
        "TRANSACTION": {
            "id": "8A1",
            "status": "COMPLETED",
            "subscription_id": "I-1",
            "amount_with_breakdown": {"gross_amount": _usd("19.00"), "fee_amount": _usd("0.85")},
            "payer_email": "ada@example.com",
            "time": _AT,
        },
        "PURCHASE": {
            "transaction_info": {
                "transaction_id": "8P1",
                "transaction_amount": _usd("19.00"),
                "sales_tax_amount": _usd("2.00"),
                "transaction_initiation_date": "2026-11-18T11:06:40+0000",
                "transaction_status": "S",
            },
            "payer_info": {
                "account_id": "ADA",
                "email_address": "ada@example.com",
                "payer_name": {"alternate_full_name": "Ada Byron"},
            },
            "cart_info": {
                "item_details": [
                    {"item_name": "Tea", "item_quantity": "2", "item_amount": _usd("9.50")}
                ]
            },
        },
        "RETURN": {
            "id": "8R1",
            "transaction_id": "8R1",
            "paypal_reference_id": "8A1",
            "transaction_amount": _usd("-5.00"),
            "transaction_initiation_date": "2026-11-19T11:06:40+0000",
            "transaction_status": "S",
        },
    }
    assert {f"FETCHED.{kind}" for kind in things} == _fetched(paypal.MEANING, "FETCHED.")
    envelope = {"id": "fetch_1", "create_time": _AT, "resource_version": "2.0"}
    return [
        _json({**envelope, "event_type": f"FETCHED.{kind}", "resource": thing})
        for kind, thing in things.items()
    ]


def _paykickstart() -> list[bytes]:
    purchase = {
        "buyer_email": "ada@example.com",
        "subscriptions": [{"next_date": 1_769_936_400, "canceled_at": None}],
        "transactions": [{"created_at": 1_767_258_000, "amount": "19.00"}],
    }
    told = {"id": "fetch_1", "invoice_id": "PK-P1", "created": 1_767_258_100, "purchase": purchase}
    ended = {**purchase, "subscriptions": [{"canceled_at": "2026-01-01 09:00:00"}]}
    rows = [
        dict(campaign.sample(name).event.fields)
        for name in ("sales", "subscription-payment", "subscription-payment-failed", "refund")
    ]
    return [
        _json(told),
        _json({**told, "purchase": ended}),
        *(paykickstart_transactions.body(row) for row in rows),
    ]


def _woocommerce() -> list[bytes]:
    product = {"id": 7, "name": "Tea", "sku": "T-1", "categories": [{"name": "Leaves"}]}
    return [
        woocommerce.fetched("subscription", shop.sample("subscription.updated").event.content),
        woocommerce.fetched("order", shop.sample("order.updated").event.content),
        woocommerce.fetched("product", product),
    ]


def _activecampaign() -> list[bytes]:
    contact = {
        "email": "ada@example.com",
        "firstName": "Ada",
        "cdate": "2026-01-02T03:04:05-06:00",
        "tags": [{"name": "Tea", "cdate": "2026-01-02T03:04:05-06:00"}],
        "lists": [{"name": "News", "status": "2", "udate": "2026-01-02T03:04:05-06:00"}],
    }
    call = {"object": "contact", "id": "7", "tag": "Gone", "tag_at": STARTS_AT}
    return [activecampaign.fetched(call, {"contacts": [contact]}, STARTS_AT)[1]]


def _api_store() -> list[bytes]:
    items = [
        (api_store.RECURRING_PAYMENT, store_items.subscription()),
        (api_store.ORDER, store_items.sale()),
        (api_store.ORDER, store_items.sale(refunded="4.00", status="partially_refunded")),
    ]
    return [
        api_store.event_of(kind, item, STARTS_AT, suppressed=True, history_of=provider)
        for kind, item in items
        for provider in (None, "paykickstart", "paypal", "stripe", "woocommerce")
    ]


ANSWERS = {
    "activecampaign": _activecampaign,
    "api": _api_store,
    "paykickstart": _paykickstart,
    "paypal": _paypal,
    "stripe": _stripe,
    "woocommerce": _woocommerce,
}
