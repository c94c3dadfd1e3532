"""Recurring payments in ActiveCampaign's own words: the mutation that has it take them over.

Pure. Names, enums, dates and money are exactly as its GraphQL API wants them; money goes as a
number of major units with every digit, which no float could promise. What we do not know is left
out, so that nothing of ActiveCampaign's is blanked; a date that has gone is told as null.
`customerData` is left out for the same
reason: it would write to the contact.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.domain import money, times

MUTATION = (
    "mutation bulkUpsertRecurringPayments($recurringPayments: [RecurringPaymentInput]) {\n"
    "  bulkUpsertRecurringPayments(recurringPayments: $recurringPayments) { recordId }\n"
    "}"
)
# Their ids are the provider's own, all over the world; those of other stores count from one.
_UNIQUE_IDS = frozenset({"stripe", "paypal"})
_DATES = {
    "lastPaymentDate": "last_payment_date",
    "startDate": "start_date",
    "renewalDate": "renewal_date",
    "nextPaymentDate": "next_payment_date",
    "anchorDate": "anchor_date",
    "cancelledDate": "cancelled_date",
    "paymentMethodExpiration": "payment_method_expiration",
    "storeCreatedDate": "store_created_date",
    "storeModifiedDate": "store_modified_date",
}
# Known to be none where a record has none: a cancellation ends them, a return takes them back.
_CLEARED = frozenset({"renewalDate", "nextPaymentDate", "cancelledDate"})
_AMOUNTS = {
    "paymentAmount": "payment_amount",
    "discountAmount": "discount_amount",
    "taxAmount": "tax_amount",
    "shippingAmount": "shipping_amount",
}
_ENUMS = {
    "normalizedStatus": "status",
    "billingInterval": "billing_interval",
    "lastPaymentStatus": "last_payment_status",
}
_PLAIN = {
    "name": "name",
    "storeStatus": "store_status",
    "storeCustomerId": "store_customer_id",
    "billingIntervalCount": "billing_interval_count",
    "originOrderId": "origin_order_id",
    "currency": "currency",
    "isTrial": "is_trial",
    "cancelAtPeriodEnd": "cancel_at_period_end",
    "totalCycles": "total_cycles",
    "storeExternalId": "external_id",
}
_ITEMS = {
    "lineItemCategories": "category",
    "lineItemNames": "name",
    "lineItemSkus": "sku",
    "lineItemBrands": "brand",
    "lineItemTags": "tag",
    "lineItemStorePrimaryIds": "store_primary_id",
}
_ADDRESS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "address1": "address_1",
    "address2": "address_2",
    "address3": "address_3",
    "city": "city",
    "province": "province",
    "country": "country",
    "postal": "postal",
    "phone": "phone",
    "company": "company",
    "email": "email",
}
_COUNTRY_LETTERS = 2

Json = Mapping[str, Any]


def recurring_payment_input(
    payment: Json, *, email: str, provider: str, legacy_connection_id: int, suppress: bool
) -> dict[str, Any]:
    """Return a recurring payment, in internal values with its names joined, as one input.

    `email` is its contact's, `provider` that of its store. With `suppress` no automation of
    ActiveCampaign's is set off.
    """
    identity = payment["store_recurring_payment_id"]
    if provider not in _UNIQUE_IDS:
        identity = f"{payment['connection_id']}:{identity}"
    note = payment.get("note")
    told: dict[str, Any] = {
        "legacyConnectionId": legacy_connection_id,
        "storeRecurringPaymentId": identity,
        "email": email,
        "suppressAutomations": suppress,
        **{field: payment.get(name) for field, name in _PLAIN.items()},
        **{field: _enum(payment.get(name)) for field, name in _ENUMS.items()},
        **{field: date(payment.get(name)) for field, name in _DATES.items()},
        **{
            field: _amount(payment.get(name), payment.get("currency"))
            for field, name in _AMOUNTS.items()
        },
        **{field: _column(payment["line_items"], name) for field, name in _ITEMS.items()},
        "notes": [note] if note else None,
        "shippingAddress": _address(payment.get("shipping_address")),
        "billingAddress": _address(payment.get("billing_address")),
    }
    return {f: value for f, value in told.items() if value is not None or f in _CLEARED}


def mutation(inputs: Sequence[Json]) -> bytes:
    """Return the body of the request that upserts these inputs."""
    body = {"query": MUTATION, "variables": {"recurringPayments": list(inputs)}}
    return _json(body).encode()


def date(moment: int | None) -> str | None:
    """Return a time (ms) as `2019-11-16T10:48:23Z`; nothing stays nothing."""
    if moment is None:
        return None
    return f"{datetime.fromtimestamp(moment // times.SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _enum(value: str | None) -> str | None:
    return value.upper() if value else None


def _amount(minor: int | None, currency: str | None) -> Decimal | None:
    text = money.to_text(minor, currency)
    return None if text is None else Decimal(text)


def _column(items: Iterable[Json], name: str) -> list[str] | None:
    return [str(each[name]) for each in items if each.get(name)] or None


def _address(address: Json | None) -> dict[str, Any] | None:
    told = {field: (address or {}).get(name) for field, name in _ADDRESS.items()}
    if len(told["country"] or "") != _COUNTRY_LETTERS:
        told["country"] = None
    return {field: value for field, value in told.items() if value} or None


def _json(value: Any) -> str:
    """Return JSON with decimals as the numbers they are, which the library makes floats of."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(k)}:{_json(each)}" for k, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
