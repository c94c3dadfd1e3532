"""Stored documents as the API prints them: connections, keys, contacts, records, their changes.

Pure, and the only place that decides what of a document is shown: answers, outbound webhooks and
personalization tags all print through here, so they cannot disagree. Names of products and prices
are joined at this moment from the catalogue (`goods`), because a rename touches no record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain import changes, orders, people, verify
from shared.domain.ports import Document, Name
from shared.domain.timeline import Entry, View

Goods = Mapping[Name, Document | None]
Json = dict[str, Any]

_CONNECTION = tuple(
    """connection_id provider name mode resources contact_policy authority role late_match verify
    has_api status history verification created_date last_event_date""".split()
)
# Of those that are written to alone.
_WRITTEN_TO = ("write_back", "write_back_error")
_KEY = ("key_id", "name", "scopes", "expires_date", "created_date")
_QUARANTINED = tuple(
    "id connection_id provider event_id event_type code reason received_date".split()
)
_ALIKE = "The same email, amount and currency, within 15 minutes of each other."
_ITEM = ("category", "name", "sku", "brand", "tag", "store_primary_id", "quantity", "amount")
_LABELS = ("category", "sku", "brand", "tag")
# What revenue counts by, which the order tells through its disputes.
_UNTOLD = ("withheld",)


def connection(document: Document) -> Json:
    """Return a connection; its secrets are not in the document, so they cannot be shown."""
    # One of an older release does not say how often it is verified.
    shown = {"verify": "weekly", **document, "verification": verify.shown(document)}
    return _picked(shown, [*_CONNECTION, *(each for each in _WRITTEN_TO if each in document)])


def key(document: Document) -> Json:
    """Return an API key without the key."""
    return _picked(document, _KEY)


def quarantined(row: Document) -> Json:
    """Return a quarantine row without the event's body."""
    return _picked(row, _QUARANTINED)


def duplicate(row: Document) -> Json:
    """Return two orders that look alike, and why they are suspected of being one sale."""
    alike = {"email": row["email"], "gross": row["gross"], "currency": row["currency"]}
    sold = [
        {"connection_id": connection_id, "order_id": order_id, **alike, "occurred_date": when}
        for connection_id, order_id, when in row["orders"]
    ]
    return {
        "duplicate_id": row["duplicate_id"],
        "orders": [changes.to_json(each) for each in sold],
        "reason": _ALIKE,
    }


def contact(document: Document) -> Json:
    """Return a contact's own fields and sums; records are not part of it."""
    return changes.to_json(people.to_json(dict(document)))


def goods_of(connection_id: str, view: View) -> list[Name]:
    """Return the names of the products and prices a record speaks of."""
    found: list[Name] = []
    for item in view["line_items"]:
        for kind, field in (("product", "store_primary_id"), ("price", "price_id")):
            if item.get(field):
                found.append(("catalogue", connection_id, kind, str(item[field])))
    return found


def joined(name: Name, head: Document, view: View, goods: Goods) -> Json:
    """Return a recurring payment with its ids and the catalogue's names, in internal values."""
    connection_id = name[1]
    items = view["line_items"]
    title = (
        _good(connection_id, "product", items[0].get("store_primary_id"), goods) if items else {}
    )
    return {
        "connection_id": connection_id,
        "store_recurring_payment_id": name[2],
        **view,
        **_by_plan(connection_id, view, goods),
        "name": title.get("name") or view["name"],
        "line_items": _items(connection_id, items, goods),
        "store_customer_id": head.get("customer_id"),
        "store_modified_date": head.get("modified"),
        "contact_id": head.get("contact_id"),
        "mirror_of": head.get("mirror_of"),
        "version": head["version"],
    }


def _by_plan(connection_id: str, view: View, goods: Goods) -> Json:
    """Return what the catalogue's price says of a subscription whose store does not state it."""
    items = view["line_items"]
    if not items or view.get("billing_interval") is not None:
        return {}
    price = _good(connection_id, "price", items[0].get("price_id"), goods)
    if not price.get("billing_interval"):
        return {}
    told: Json = {
        "billing_interval": price["billing_interval"],
        "billing_interval_count": price.get("billing_interval_count"),
    }
    alone = len(items) == 1 and view.get("payment_amount") is None
    if alone and price.get("amount") is not None and price.get("currency") == view["currency"]:
        told["payment_amount"] = price["amount"] * (items[0].get("quantity") or 1)
    return told


def recurring_payment(name: Name, head: Document, view: View, goods: Goods) -> Json:
    """Return a recurring payment; `view` is what its head's facets show."""
    return changes.to_json(joined(name, head, view, goods))


def order(name: Name, head: Document, view: View, goods: Goods) -> Json:
    """Return an order; `view` is what its head's facets show."""
    connection_id = name[1]
    shown = {field: value for field, value in view.items() if field not in _UNTOLD}
    told = {
        "order_id": name[2],
        "connection_id": connection_id,
        "store_order_id": name[2],
        **shown,
        "line_items": _items(connection_id, view["line_items"], goods),
        "contact_id": head.get("contact_id"),
        "provisional": bool(head.get("provisional")),
        "unconfirmed": orders.is_unconfirmed(head.get("facets") or {}),
        "mirror_of": head.get("mirror_of"),
        "merged_into": None,
        "version": head["version"],
    }
    return changes.to_json(told)


def told_changes(entry: Entry) -> list[Json]:
    """Return the fields an entry changed; the values are as the API printed them then."""
    return [{"field": each.field, "from": each.before, "to": each.after} for each in entry.changes]


def history(entries: Iterable[Entry]) -> list[Json]:
    """Return the entries that changed what a record shows, in the order they occurred."""
    told = sorted((each for each in entries if each.kind), key=lambda each: each.place)
    return [
        {
            "event_id": each.event_id,
            "event_type": each.event_type,
            "occurred_date": changes.to_text("occurred_date", each.at, None),
            "kind": each.kind,
            "changes": told_changes(each),
            "historical": each.historical,
            "late": each.late,
        }
        for each in told
    ]


def moment(name: Name, entry: Entry) -> Json:
    """Return one change as a line of a contact's timeline."""
    return {
        "date": changes.to_text("date", entry.at, None),
        "kind": f"{name[0]}.{entry.kind}",
        "connection_id": name[1],
        "id": name[2],
        "changes": told_changes(entry),
    }


def deed(item: Mapping[str, Any]) -> Json:
    """Return one activity as a line of a contact's timeline; it changed no record."""
    return {
        "date": changes.to_text("date", item["occurred_date"], None),
        "kind": f"activity.{item['kind']}",
        "connection_id": item["connection_id"] or None,
        "id": item["id"],
        "subject": item["subject"],
        "campaign": item["campaign"],
        "changes": [],
    }


def _picked(document: Document, fields: Iterable[str]) -> Json:
    return changes.to_json({field: document.get(field) for field in fields})


def _items(connection_id: str, items: Iterable[Mapping[str, Any]], goods: Goods) -> list[Json]:
    """Return line items with what the catalogue knows of their products, where they are blank."""
    told = []
    for item in items:
        product = _good(connection_id, "product", item.get("store_primary_id"), goods)
        price = _good(connection_id, "price", item.get("price_id"), goods)
        joined = {field: item.get(field) for field in _ITEM}
        joined["name"] = item.get("name") or price.get("name") or product.get("name")
        for field in _LABELS:
            joined[field] = item.get(field) or product.get(field)
        told.append(joined)
    return told


def _good(connection_id: str, kind: str, identity: object, goods: Goods) -> Mapping[str, Any]:
    document = goods.get(("catalogue", connection_id, kind, str(identity))) if identity else None
    values: Mapping[str, Any] = document["values"] if document else {}
    return values
