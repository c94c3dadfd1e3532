"""The views of the change log that readers see, as SQL over the parts each is made of.

Only texts, made of our own names. What lies beneath, `log_views` knows.
"""

# ruff: noqa: S608  # The texts are made of names of our own; values are bound.

from __future__ import annotations

from shared.domain.change_log.schema import DATASETS

_LABELS = frozenset({"category", "sku", "brand", "tag"})
_MADE_OF = {"history": "all", "late": "since"}


def public(view: str) -> str:
    """Return the query of a view that readers see, over the parts it is made of.

    Names of products and prices are joined as `rendering` joins them; `goods` is the catalogue.
    """
    if view == "order_items":
        return _items("newest_orders", "* EXCLUDE (line_items, returned)")
    if view == "recurring_payment_items":
        return _items("newest_recurring_payments", "connection_id, id")
    if view == "recurring_payments":
        return (
            "SELECT r.* REPLACE (coalesce(nullif(p.name, ''), r.name) AS name)"
            " FROM newest_recurring_payments r LEFT JOIN goods p ON p.kind = 'product'"
            " AND p.connection_id = r.connection_id AND p.id = r.line_items[1].store_primary_id"
        )
    kind, _, dataset = view.partition("_")
    if view not in DATASETS and kind in _MADE_OF:
        return f"FROM {_MADE_OF[kind]}_{dataset}"
    return f"FROM newest_{view}"


def _items(records: str, kept: str) -> str:
    told = [f"i.item.{field}" for field in ("store_primary_id", "price_id", "quantity", "amount")]
    told += [
        f"coalesce(nullif(i.item.{field}, ''), p.{field}) AS {field}" for field in sorted(_LABELS)
    ]
    told.append("coalesce(nullif(i.item.name, ''), nullif(c.name, ''), p.name) AS name")
    return (
        f"SELECT i.* EXCLUDE (item), {', '.join(told)} FROM (SELECT {kept},"
        " generate_subscripts(line_items, 1) AS ordinal, unnest(line_items) AS item"
        f" FROM {records}) i"
        " LEFT JOIN goods p ON p.kind = 'product' AND p.connection_id = i.connection_id"
        " AND p.id = i.item.store_primary_id"
        " LEFT JOIN goods c ON c.kind = 'price' AND c.connection_id = i.connection_id"
        " AND c.id = i.item.price_id"
    )
