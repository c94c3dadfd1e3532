"""The change log's datasets: the columns of each, with their types as DuckDB and Parquet have them.

One row is one version of one document. Column names are the fields' own names (`fields`, design
section 3); times are ms since 1970 and money is in minor units, both BIGINT. Only ever append
columns: files of older releases lack the new ones, and readers take what is missing for NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Columns = Mapping[str, str]

_ADDRESS = """first_name last_name address_1 address_2 address_3 city province country postal phone
    company email""".split()
_ITEM_TEXTS = "category name sku brand tag store_primary_id price_id".split()


def _struct(columns: Columns) -> str:
    return "STRUCT(" + ", ".join(f'"{name}" {kind}' for name, kind in columns.items()) + ")"


_ITEM = _struct(dict.fromkeys(_ITEM_TEXTS, "VARCHAR") | {"quantity": "BIGINT", "amount": "BIGINT"})
_PLACE = _struct(dict.fromkeys(_ADDRESS, "VARCHAR"))
_PAID = _struct({"id": "VARCHAR", "amount": "BIGINT", "date": "BIGINT", "status": "VARCHAR"})
# What went back, each at its own date; the amounts add up to `refunded` and `withheld`.
_RETURNED = _struct({"kind": "VARCHAR", "id": "VARCHAR", "date": "BIGINT", "amount": "BIGINT"})
# The lines of an order that has several, by which its money is split. That of a single line stands
# in `product` alone, so that reports by product take hardly any list apart.
_PART = _struct({"product": "VARCHAR", "name": "VARCHAR", "amount": "BIGINT"})
# What a recurring payment was, from `date` on: all that recurring revenue is counted by.
STATE = {
    "date": "BIGINT",
    "status": "VARCHAR",
    "is_trial": "BOOLEAN",
    "payment_amount": "BIGINT",
    "currency": "VARCHAR",
    "billing_interval": "VARCHAR",
    "billing_interval_count": "BIGINT",
    "product": "VARCHAR",
}
# What a contact no longer has: it had received it all the same.
_FORMER_TAG = _struct({"tag": "VARCHAR", "applied_date": "BIGINT", "removed_date": "BIGINT"})
_FORMER_LIST = _struct({"list": "VARCHAR", "applied_date": "BIGINT", "removed_date": "BIGINT"})
# Every row has these; `position` is its place in the log, where it was first written.
COMMON: Columns = {
    "epoch": "INTEGER",
    "version": "BIGINT",
    "deleted": "BOOLEAN",
    "recorded_at": "BIGINT",
    "position": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """One kind of row: what identifies a document, and its columns.

    Of two rows of one identity the newer is the one of the higher (epoch, version). `history` are
    columns that `current/` files leave out: no report asks for them of the newest row.
    `sorted_by` is the order of rows within a file; neighbours that are alike take less room.
    """

    name: str
    identity: tuple[str, ...]
    columns: Columns
    sorted_by: tuple[str, ...]
    history: frozenset[str] = field(default=frozenset({"recorded_at", "position"}))

    def current_columns(self) -> list[str]:
        """Return the columns of `current/` files."""
        return [name for name in self.columns if name not in self.history]


_TEXTS = dict.fromkeys
_ORDER: Columns = {
    "connection_id": "VARCHAR",
    "id": "VARCHAR",
    **_TEXTS(("contact_id", "email", "kind", "status", "currency"), "VARCHAR"),
    **_TEXTS(("gross", "discount", "tax", "shipping", "fee", "refunded", "withheld"), "BIGINT"),
    "occurred_date": "BIGINT",
    **_TEXTS(("recurring_payment_id", "processor_reference", "mirror_of"), "VARCHAR"),
    "merged_into": "VARCHAR",
    "provisional": "BOOLEAN",
    "line_items": f"{_ITEM}[]",
    "payments": f"{_PAID}[]",
    "refunds": f"{_PAID}[]",
    "disputes": f"{_PAID}[]",
    "returned": f"{_RETURNED}[]",
    **_TEXTS(("product", "product_name"), "VARCHAR"),
    "split": f"{_PART}[]",
}
_RECURRING_PAYMENT: Columns = {
    "connection_id": "VARCHAR",
    "id": "VARCHAR",
    **_TEXTS(("contact_id", "email", "name", "status", "store_status"), "VARCHAR"),
    "billing_interval": "VARCHAR",
    "billing_interval_count": "BIGINT",
    **_TEXTS(
        ("payment_amount", "discount_amount", "tax_amount", "shipping_amount"),
        "BIGINT",
    ),
    "last_payment_status": "VARCHAR",
    **_TEXTS(
        """last_payment_date start_date renewal_date next_payment_date anchor_date cancelled_date
        payment_method_expiration store_created_date store_modified_date""".split(),
        "BIGINT",
    ),
    **_TEXTS(("origin_order_id", "currency", "store_customer_id", "mirror_of"), "VARCHAR"),
    "is_trial": "BOOLEAN",
    "cancel_at_period_end": "BOOLEAN",
    "total_cycles": "BIGINT",
    "cycles_completed": "BIGINT",
    **_TEXTS(("note", "external_id"), "VARCHAR"),
    "line_items": f"{_ITEM}[]",
    "shipping_address": _PLACE,
    "billing_address": _PLACE,
    "inferred": "VARCHAR[]",
    "states": f"{_struct(STATE)}[]",
}
_CONTACT: Columns = {
    "contact_id": "VARCHAR",
    "email": "VARCHAR",
    "aliases": "VARCHAR[]",
    **_TEXTS(("first_name", "last_name", "phone", "company"), "VARCHAR"),
    "tags": _struct({"tag": "VARCHAR", "applied_date": "BIGINT"}) + "[]",
    "lists": _struct({"list": "VARCHAR", "applied_date": "BIGINT"}) + "[]",
    "segments": "VARCHAR[]",
    **_TEXTS(("first_source", "campaign", "landing_page"), "VARCHAR"),
    **_TEXTS(
        """created_date customer_since first_order_date last_order_date last_visit_date
        last_sent_date last_open_date last_click_date last_reply_date""".split(),
        "BIGINT",
    ),
    "orders_count": "BIGINT",
    "kept_orders": "BIGINT",
    "revenue": _struct({"currency": "VARCHAR", "orders": "BIGINT", "net": "BIGINT"}) + "[]",
    "former_tags": _FORMER_TAG + "[]",
    "former_lists": _FORMER_LIST + "[]",
    "unsubscribed_date": "BIGINT",
}
_CHANGE: Columns = {
    **_TEXTS(("record", "connection_id", "id", "place"), "VARCHAR"),
    "occurred_date": "BIGINT",
    **_TEXTS(("event_id", "event_type", "kind", "changes", "contact_id"), "VARCHAR"),
    "contact_version": "BIGINT",
    **_TEXTS(("historical", "late", "joined"), "BOOLEAN"),
    "money": "VARCHAR",
    "announced": "VARCHAR[]",
}
_GOOD: Columns = {
    **_TEXTS(("connection_id", "kind", "id"), "VARCHAR"),
    **_TEXTS(("name", "category", "sku", "brand", "tag"), "VARCHAR"),
}
# Whose it was is found by the address, whenever a contact gets it.
_ACTIVITY: Columns = {
    **_TEXTS(("email", "id", "connection_id", "kind", "subject", "campaign"), "VARCHAR"),
    "automation_id": "VARCHAR",
    "occurred_date": "BIGINT",
}
_SPEND: Columns = {
    **_TEXTS(("date", "source", "campaign", "currency"), "VARCHAR"),
    "amount": "BIGINT",
}
_FIRING: Columns = {
    **_TEXTS(("automation_id", "firing_id", "contact_id", "state"), "VARCHAR"),
    **_TEXTS(("record", "connection_id", "id"), "VARCHAR"),
    **_TEXTS(("at", "fired_at"), "BIGINT"),
}
_DELIVERY: Columns = {
    **_TEXTS(
        ("delivery_id", "automation_id", "firing_id", "endpoint_id", "type", "state"), "VARCHAR"
    ),
    **_TEXTS(("created", "tries"), "BIGINT"),
}

DATASETS: Mapping[str, Dataset] = {
    each.name: each
    for each in (
        Dataset(
            "orders",
            ("connection_id", "id"),
            {**_ORDER, **COMMON},
            ("contact_id", "occurred_date"),
            frozenset(
                """recorded_at position processor_reference payments refunds disputes
                provisional""".split()
            ),
        ),
        Dataset(
            "recurring_payments",
            ("connection_id", "id"),
            {**_RECURRING_PAYMENT, **COMMON},
            ("contact_id", "start_date"),
        ),
        Dataset("contacts", ("contact_id",), {**_CONTACT, **COMMON}, ("contact_id",)),
        Dataset(
            "changes",
            ("record", "connection_id", "id", "place"),
            {**_CHANGE, **COMMON},
            ("position",),
            frozenset(),
        ),
        Dataset("catalogue", ("connection_id", "kind", "id"), {**_GOOD, **COMMON}, ("id",)),
        Dataset("activity", ("email", "id"), {**_ACTIVITY, **COMMON}, ("email", "occurred_date")),
        Dataset(
            "spend",
            ("date", "source", "campaign", "currency"),
            {**_SPEND, **COMMON},
            ("date",),
        ),
        Dataset(
            "firings",
            ("automation_id", "firing_id"),
            {**_FIRING, **COMMON},
            ("automation_id", "at"),
        ),
        Dataset("deliveries", ("delivery_id",), {**_DELIVERY, **COMMON}, ("automation_id",)),
    )
}
