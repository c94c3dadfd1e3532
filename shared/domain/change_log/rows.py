"""What a stored document is in the change log: one row of its dataset, or none.

Pure. Rows hold internal values (ms, minor units), as `schema` has their columns; what is absent
stays out and is NULL there. A head shows here exactly as `show` has it, so a report and the API
cannot disagree.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain import contacts, orders, recurring_payments
from shared.domain.change_log.schema import DATASETS, STATE
from shared.domain.ports import Document, Name

Row = dict[str, Any]

_HELD = {name: frozenset(dataset.columns) for name, dataset in DATASETS.items()}
_ITEM = tuple("category name sku brand tag store_primary_id price_id quantity amount".split())


def row_of(name: Name, document: Document) -> tuple[str, Row] | None:
    """Return the dataset and the row of a document as it was written, None where it has none.

    The common columns other than `version` and `deleted` are the writer's to add.
    """
    make = _ROWS.get(name[0])
    if make is None:
        return None
    dataset, row = make(name, document)
    row["version"] = 2 * int(document["version"])
    held = _HELD[dataset]
    return dataset, {key: value for key, value in row.items() if value is not None and key in held}


def gone_row(name: Name, document: Document) -> tuple[str, Row] | None:
    """Return the row that says a document, last seen as this, is no more.

    Its version lies between the last one and that of a successor under the same name. None for
    what is only no longer kept: it happened all the same.
    """
    if name[0] in _HAPPENED:
        return None
    told = row_of(name, document)
    if told is None:
        return None
    dataset, row = told
    kept = {key: row[key] for key in DATASETS[dataset].identity}
    return dataset, {**kept, "version": row["version"] + 1, "deleted": True}


def products_of(items: Sequence[Mapping[str, Any]]) -> Row:
    """Return what an order's lines are in reports by product: the one product, or the split."""
    parts = [
        {
            "product": item.get("store_primary_id") or item.get("name") or None,
            "name": item.get("name"),
            "amount": max(0, item.get("amount") or 0),
        }
        for item in items
    ]
    if len(parts) > 1:
        return {"split": parts}
    return {"product": parts[0]["product"], "product_name": parts[0]["name"]} if parts else {}


def _order(name: Name, head: Document) -> tuple[str, Row]:
    _, connection_id, identity = name
    row: Row = {"connection_id": connection_id, "id": identity}
    facets = head.get("facets") or {}
    view = None if head.get("merged_into") else orders.show(facets)
    if view is None:
        return "orders", {**row, "merged_into": head.get("merged_into"), "deleted": True}
    return "orders", {
        **row,
        **view,
        "line_items": _items(view["line_items"]),
        "returned": orders.returned(facets, view),
        **products_of(view["line_items"]),
        "contact_id": head.get("contact_id"),
        "mirror_of": head.get("mirror_of"),
        "provisional": bool(head.get("provisional")),
    }


def _recurring_payment(name: Name, head: Document) -> tuple[str, Row]:
    _, connection_id, identity = name
    row: Row = {"connection_id": connection_id, "id": identity}
    view = recurring_payments.show(head.get("facets") or {})
    if view is None:
        return "recurring_payments", {**row, "deleted": True}
    return "recurring_payments", {
        **row,
        **view,
        "line_items": _items(view["line_items"]),
        "contact_id": head.get("contact_id"),
        "mirror_of": head.get("mirror_of"),
        "store_customer_id": head.get("customer_id"),
        "store_modified_date": head.get("modified"),
        "states": [dict(zip(STATE, state, strict=True)) for state in head.get("states") or ()],
    }


def _contact(name: Name, contact: Document) -> tuple[str, Row]:
    source = contact.get("source") or {}
    return "contacts", {
        **contact,
        "contact_id": name[1],
        **{field: source.get(field) for field in ("first_source", "campaign", "landing_page")},
        "customer_since": contacts.customer_since(contact),
        "revenue": [
            {"currency": code, "orders": held["orders"], "net": held["net"]}
            for code, held in sorted(contact["revenue"].items())
        ],
    }


def _change(name: Name, document: Document) -> tuple[str, Row]:
    _, record, connection_id, identity, place = name
    entry = document["entry"]
    row: Row = {
        "record": record,
        "connection_id": connection_id,
        "id": identity,
        "place": place,
        "occurred_date": entry.at,
    }
    about: Row = {
        "event_id": entry.event_id,
        "event_type": entry.event_type,
        "contact_id": entry.contact_id,
        "contact_version": entry.contact_version,
        "historical": entry.historical,
        "late": entry.late,
        "joined": entry.joined,
        "money": entry.money,
        "announced": list(entry.announced) or None,
    }
    if entry.kind is None:
        # What was announced stays so, for backtests, even where the entry changes nothing any more.
        announced = entry.born or entry.money is not None
        return "changes", {**row, **(about if announced else {}), "deleted": True}
    told = [[each.field, each.before, each.after] for each in entry.changes]
    return "changes", {
        **row,
        **about,
        "kind": entry.kind,
        "changes": json.dumps(told, ensure_ascii=False, separators=(",", ":")),
    }


def _good(name: Name, document: Document) -> tuple[str, Row]:
    _, connection_id, kind, identity = name
    values = document["values"]
    told = {field: values.get(field) for field in ("name", "category", "sku", "brand", "tag")}
    return "catalogue", {"connection_id": connection_id, "kind": kind, "id": identity, **told}


def _act(name: Name, document: Document) -> tuple[str, Row]:
    return "activity", {**document, "email": name[1], "id": name[2]}


def _spend(name: Name, document: Document) -> tuple[str, Row]:
    _, date, source, campaign, currency = name
    told = {"date": date, "source": source, "campaign": campaign, "currency": currency}
    return "spend", {**told, "amount": document["amount"]}


def _firing(name: Name, firing: Document) -> tuple[str, Row]:
    record = firing["record"]
    return "firings", {
        "automation_id": name[1],
        "firing_id": name[2],
        "contact_id": firing["contact"]["contact_id"],
        "state": firing["state"],
        "record": record["kind"],
        "connection_id": record["connection_id"],
        "id": record["id"],
        "at": firing["at"],
        "fired_at": firing["recorded_at"],
    }


def _delivery(name: Name, delivery: Document) -> tuple[str, Row]:
    return "deliveries", {**delivery, "delivery_id": name[1]}


def _items(items: Sequence[Mapping[str, Any]]) -> list[Row]:
    return [
        {field: item[field] for field in _ITEM if item.get(field) is not None} for item in items
    ]


# Their documents expire; reports go on counting them.
_HAPPENED = frozenset({"delivery", "firing"})
_ROWS = {
    "order": _order,
    "recurring_payment": _recurring_payment,
    "contact": _contact,
    "entry": _change,
    "catalogue": _good,
    "act": _act,
    "spend": _spend,
    "firing": _firing,
    "delivery": _delivery,
}
