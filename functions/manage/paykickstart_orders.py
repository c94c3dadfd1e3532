"""PayKickstart's orders as Zapier passes them on, turned into the items of `PUT /v1/orders`.

A Zap has the fields of PayKickstart's own notification under their own names, all as text, those
that are unset empty. It sends them as they are, with a `connection_id` beside them; fields that say
nothing of an order are ignored. Only what is an order becomes one: a sale, a rebill, a failed
rebill. Money that went back belongs to an order we already know, which its fields do not name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field

from shared.api.bodies import Body, invalid, validated
from shared.domain import times

_STATUS = {
    "sales": "completed",
    "subscription-payment": "completed",
    "subscription-payment-failed": "declined",
}
# Where a value of ours came from: faults are told by the name the sender knows.
PATHS: Mapping[str, str] = {
    "store_order_id": "transaction_id",
    "recurring_payment_id": "invoice_id",
    "gross": "amount",
    "tax": "tax_amount",
    "email": "buyer_email",
    "occurred_date": "transaction_time",
    "customer.first_name": "buyer_first_name",
    "customer.last_name": "buyer_last_name",
    "line_items.0.name": "product_name",
    "line_items.0.store_primary_id": "product_id",
    "line_items.0.category": "campaign_name",
    "line_items.0.quantity": "quantity",
}


class PayKickstartOrder(Body):
    """A sale or rebill in PayKickstart's own fields, as Zapier has them; others are ignored."""

    model_config = ConfigDict(extra="ignore")

    connection_id: str
    event: str = Field(
        default="sales", description="sales, subscription-payment or subscription-payment-failed."
    )
    mode: str = Field(default="live", description="Sales of mode `test` are rejected.")
    transaction_id: str
    invoice_id: str = ""
    transaction_time: str = Field(description="In unix seconds or ISO 8601.")
    next_billing_date: str = Field(default="", description="Empty for a one-time order.")
    amount: str
    tax_amount: str = ""
    currency: str
    quantity: str = "1"
    buyer_email: str = ""
    buyer_first_name: str = ""
    buyer_last_name: str = ""
    product_id: str = ""
    product_name: str = ""
    campaign_name: str = ""


def order_of(given: Any) -> dict[str, Any]:
    """Return a PayKickstart order as ours, not validated yet. Raise Invalid for what is none."""
    if not isinstance(given, dict):
        raise invalid(("", "is not an object"))
    order = validated(PayKickstartOrder, {k: _text(v) for k, v in given.items() if v is not None})
    status = _STATUS.get(order.event)
    if status is None:
        raise invalid(("event", f"has to be one of {', '.join(_STATUS)}"))
    if order.mode == "test":
        raise invalid(("mode", "is that of a test sale"))
    renews = order.next_billing_date or order.event != "sales"
    item = {
        "name": order.product_name,
        "store_primary_id": order.product_id,
        "category": order.campaign_name,
        "quantity": int(order.quantity) if order.quantity.isdecimal() else order.quantity,
    }
    return _filled(
        {
            "connection_id": order.connection_id,
            "store_order_id": order.transaction_id,
            "recurring_payment_id": order.invoice_id if renews else "",
            "status": status,
            "gross": order.amount,
            "tax": order.tax_amount,
            "currency": order.currency,
            "occurred_date": _moment(order.transaction_time),
            "email": order.buyer_email,
            "customer": _filled(
                {"first_name": order.buyer_first_name, "last_name": order.buyer_last_name}
            ),
            "line_items": [_filled(item)],
        }
    )


def _text(value: object) -> object:
    """Return a number as the text it was: some steps of a Zap turn one into the other."""
    return str(value) if type(value) in (int, float) else value


def _moment(text: str) -> str:
    if not (text.isascii() and text.isdecimal()) or len(text) > 12:
        return text
    seconds = int(text) * times.SECOND
    return (times.to_text(seconds) if seconds <= times.LATEST else None) or text


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", {})}
