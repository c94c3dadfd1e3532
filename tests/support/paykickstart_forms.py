"""PayKickstart's forms, and what a shop makes of them: what tests of its parser share."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from shared.domain.observations import Parsed
from shared.providers import paykickstart
from tests.support.shop import Shop

AT, NEXT = 1_767_258_000, 1_769_936_400  # the first of January and of February 2026


FIELDS = {
    "event": "sales",
    "mode": "live",
    "amount": "19.00",
    "currency": "USD",
    "buyer_first_name": "Zoé",
    "buyer_last_name": "Lefèvre",
    "buyer_email": "Zoe@Example.com",
    "transaction_id": "PK-T1",
    "invoice_id": "PK-P1",
    "transaction_time": str(AT),
    "product_id": "880",
    "product_name": "Lantern Letters",
    "campaign_id": "4410",
    "campaign_name": "Lantern Press",
}


def form(**fields: str) -> bytes:
    return urlencode({**FIELDS, **fields}).encode()


def read(**fields: str) -> Parsed:
    return paykickstart.parse(form(**fields), {})


def shop_of(*bodies: bytes, **settings_: Any) -> Shop:
    shop = Shop(provider="paykickstart", **settings_)
    shop.receive_all(bodies)
    return shop


def record_of(*bodies: bytes) -> dict[str, Any]:
    ((_, record),) = shop_of(*bodies).recurring_payments().items()
    return record


def order_of(*bodies: bytes) -> dict[str, Any]:
    ((_, order),) = shop_of(*bodies).orders().items()
    return order


def renewal(**fields: str) -> bytes:
    told = {"event": "subscription-payment", "transaction_id": "PK-T2", "is_rebill": "1"}
    return form(**{**told, "transaction_time": str(NEXT), **fields})
