"""How WooCommerce renders a subscription or order, field by field, noise and all.

Money is the text of a decimal, except a line's `price`, which is a float with noise; times are GMT
without a zone, unset ones "" on a subscription and null on an order; the count of periods is text.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

SHOP_ZONE_HOURS = 10  # the shop's own clock, which must never be taken for GMT


@dataclass(frozen=True)
class Person:
    """Who buys; a guest has the customer id 0."""

    customer_id: int
    first_name: str
    last_name: str
    email: str


@dataclass
class Order:
    """An order; times in Unix seconds, money in minor units."""

    id: int
    person: Person
    total: int
    created_at: int
    modified_at: int
    currency: str
    status: str = "pending"
    renews: int | None = None
    paid_at: int | None = None
    transaction_id: str = ""
    refunds: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Subscription:
    """A subscription; times in Unix seconds, money in minor units."""

    id: int
    parent_id: int
    person: Person
    total: int
    period: str
    interval: int
    started_at: int
    modified_at: int
    currency: str
    status: str = "pending"
    trial_end: int | None = None
    next_payment: int | None = None
    payment_retry: int | None = None
    cancelled_at: int | None = None
    ends_at: int | None = None
    note: str = ""


def subscription(thing: Subscription) -> Json:
    """Return the body of `GET /wc/v3/subscriptions/{id}`."""
    retry = {"payment_retry_date_gmt": _unset_empty(thing.payment_retry)}
    return {
        "id": thing.id,
        "parent_id": thing.parent_id,
        "status": thing.status,
        **_common(thing, thing.started_at),
        "customer_note": thing.note,
        "meta_data": [{"id": thing.id * 10, "key": "_requires_manual_renewal", "value": "false"}],
        "billing_period": thing.period,
        "billing_interval": str(thing.interval),
        "start_date_gmt": _unset_empty(thing.started_at),
        "trial_end_date_gmt": _unset_empty(thing.trial_end),
        "next_payment_date_gmt": _unset_empty(thing.next_payment),
        "last_payment_date_gmt": _unset_empty(thing.started_at),
        "cancelled_date_gmt": _unset_empty(thing.cancelled_at),
        "end_date_gmt": _unset_empty(thing.ends_at),
        **(retry if thing.payment_retry is not None or thing.status == "on-hold" else {}),
        "resubscribed_from": "",
        "resubscribed_subscription": "",
        "removed_line_items": [],
    }


def order(thing: Order) -> Json:
    """Return the body of `GET /wc/v3/orders/{id}`."""
    renewal = [{"id": thing.id * 10, "key": "_subscription_renewal", "value": str(thing.renews)}]
    return {
        "id": thing.id,
        "parent_id": 0,
        "status": thing.status,
        **_common(thing, thing.created_at),
        "transaction_id": thing.transaction_id,
        "date_paid": _local(thing.paid_at),
        "date_paid_gmt": _gmt(thing.paid_at),
        "date_completed": None,
        "date_completed_gmt": None,
        "meta_data": [
            {"id": thing.id * 10 + 1, "key": "is_vat_exempt", "value": "no"},
            *(renewal if thing.renews is not None else []),
        ],
        "refunds": [
            {"id": own, "reason": "", "total": f"-{_money(amount)}"}
            for own, amount in thing.refunds
        ],
    }


def _common(thing: Order | Subscription, created_at: int) -> Json:
    tax = thing.total // 6
    net = thing.total - tax
    return {
        "number": str(thing.id),
        "version": "10.3.0",
        "currency": thing.currency,
        "prices_include_tax": False,
        "date_created": _local(created_at),
        "date_created_gmt": _gmt(created_at),
        "date_modified": _local(thing.modified_at),
        "date_modified_gmt": _gmt(thing.modified_at),
        "discount_total": "0.00",
        "discount_tax": "0.00",
        "shipping_total": "0.00",
        "shipping_tax": "0.00",
        "cart_tax": _money(tax),
        "total": _money(thing.total),
        "total_tax": _money(tax),
        "customer_id": thing.person.customer_id,
        "billing": _address(thing.person),
        "shipping": {**_address(thing.person), "email": ""},
        "payment_method": "stripe",
        "payment_method_title": "Credit Card (Stripe)",
        "customer_note": "",
        "line_items": [_line(thing.id, net, tax)],
        "tax_lines": [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
    }


def _line(owner: int, net: int, tax: int) -> Json:
    return {
        "id": owner + 5_000,
        "name": "Coffee &ndash; a bag a month",
        "product_id": 633,
        "variation_id": 636,
        "quantity": 1,
        "subtotal": _money(net),
        "subtotal_tax": _money(tax),
        "total": _money(net),
        "total_tax": _money(tax),
        "taxes": [{"id": 2, "total": f"{_money(tax)}8221", "subtotal": f"{_money(tax)}8221"}],
        "meta_data": [],
        "sku": "COFFEE-S",
        "price": net / 100 + 0.000000000000003,
        "image": {"id": "", "src": ""},
        "parent_name": "Coffee",
    }


def _address(person: Person) -> Json:
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "company": "",
        "address_1": "12 Analytical Row",
        "address_2": "",
        "city": "Sydney",
        "state": "NSW",
        "postcode": "2000",
        "country": "AU",
        "email": person.email,
        "phone": "(02) 5550 0100",
    }


def _money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def _gmt(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def _local(seconds: int | None) -> str | None:
    return None if seconds is None else _gmt(seconds + SHOP_ZONE_HOURS * 3_600)


def _unset_empty(seconds: int | None) -> str:
    return _gmt(seconds) or ""
