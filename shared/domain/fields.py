"""The recurring payment's own fields: their usual order, and what a person calls them.

One list for everything that shows or names a field: the widget on a contact, its settings, and
whatever lets people choose fields. Line items and addresses are no fields of a widget: they do not
fit on a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

WIDGET_SIZE = 5

FIELDS = tuple(
    """name status payment_amount next_payment_date billing_interval billing_interval_count currency
    last_payment_status last_payment_date start_date renewal_date cancelled_date is_trial
    cancel_at_period_end cycles_completed total_cycles discount_amount tax_amount shipping_amount
    anchor_date payment_method_expiration store_status store_customer_id origin_order_id
    store_created_date store_modified_date note external_id connection_id
    store_recurring_payment_id email""".split()
)

_LABELS = {
    "is_trial": "In trial",
    "cancel_at_period_end": "Cancels at the period's end",
    "billing_interval_count": "Intervals per cycle",
    "total_cycles": "Cycles in total",
    "cycles_completed": "Cycles paid",
    "connection_id": "Connection",
    "store_recurring_payment_id": "Recurring payment ID",
    "store_customer_id": "Customer ID",
    "origin_order_id": "First order ID",
    "external_id": "External ID",
    "payment_method_expiration": "Card expires",
}


def label(field: str) -> str:
    """Return what a person calls the field."""
    return _LABELS.get(field) or field.replace("_", " ").capitalize()


def ordered(wanted: Iterable[str]) -> list[str]:
    """Return all fields: the wanted ones first, in their order, then the others in theirs."""
    return list(dict.fromkeys([*(name for name in wanted if name in FIELDS), *FIELDS]))


def labelled(shown: Mapping[str, Any], wanted: Iterable[str]) -> list[dict[str, Any]]:
    """Return every field of a recurring payment as the API shows it, with label and value."""
    return [
        {"field": name, "label": label(name), "value": shown.get(name)} for name in ordered(wanted)
    ]
