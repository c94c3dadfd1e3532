"""Fields as the API prints them, and the difference between two views of a record.

A view is a plain dict of internal values (times in ms, money in minor units). Which fields are
times or money is said here once, for records, changes, tags and reports alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain import money, times
from shared.domain.timeline import Change, View

DATES = frozenset(
    """last_payment_date start_date renewal_date next_payment_date anchor_date cancelled_date
    payment_method_expiration store_created_date store_modified_date occurred_date date created_date
    first_order_date last_order_date customer_since applied_date received_date recorded_date
    last_event_date expires_date last_visit_date last_sent_date last_open_date last_click_date
    last_reply_date unsubscribed_date""".split()
)
AMOUNTS = frozenset(
    """payment_amount discount_amount tax_amount shipping_amount gross discount tax shipping fee
    refunded amount""".split()
)
# They move with every event, or say whose the record is; a match is no transition. What a dispute
# withholds is told by the disputes.
UNTOLD = frozenset(
    {"version", "store_modified_date", "contact_id", "email", "inferred", "withheld"}
)


def to_text(name: str, value: Any, currency: str | None) -> Any:
    """Return one field's value as the API prints it."""
    if value is None:
        return None
    if name in DATES:
        return times.to_text(value)
    if name in AMOUNTS:
        return money.to_text(value, currency)
    if isinstance(value, list):
        return [to_json(each, currency) if isinstance(each, Mapping) else each for each in value]
    if isinstance(value, Mapping):
        return to_json(value, currency)
    return value


def to_json(view: Mapping[str, Any], currency: str | None = None) -> dict[str, Any]:
    """Return a view as the API prints it; money follows the view's own currency."""
    code = view.get("currency") or currency
    return {name: to_text(name, value, code) for name, value in view.items()}


def difference(before: View, after: View) -> list[Change]:
    """Return the fields that differ, in the record's own order of fields."""
    old, new = before.get("currency"), after.get("currency")
    return [
        Change(name, to_text(name, before.get(name), old), to_text(name, value, new))
        for name, value in after.items()
        if name not in UNTOLD and before.get(name) != value
    ]
