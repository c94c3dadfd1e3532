"""The dated money movements of orders: what came in, and what went back, each on its own day.

One table for every report that speaks of money; a row is an order that was paid or declined, a
refund, or a dispute. Sums of its columns are the parts of figures; `amount` is what a ledger shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from functions.query.reports.scope import Scope, between
from shared.domain.orders import BROUGHT_MONEY
from shared.domain.reports.sql import TRUE, Sql, among, compose, every

# What a ledger shows of an order; sums take less with them.
SHOWN = ("connection_id", "id", "contact_id", "email", "currency")
_MOVEMENTS = """
SELECT {of_order}, 'order' AS kind, CAST(NULL AS VARCHAR) AS part, 0 AS ordinal,
  o.occurred_date AS at, o.gross AS amount,
  CASE WHEN {brought} THEN o.gross ELSE 0 END AS gross, 0 AS refunds, 0 AS withheld,
  CASE WHEN {brought} THEN 1 ELSE 0 END AS orders,
  CASE WHEN o.status = 'declined' THEN 1 ELSE 0 END AS declined,
  CASE WHEN o.status = 'disputed' THEN 1 ELSE 0 END AS disputed
FROM orders o
WHERE {in_time} AND ({brought} OR o.status = 'declined') AND {counts}
UNION ALL
SELECT * FROM (
  SELECT {of_order}, o.back.kind, o.back.id, o.ordinal, {date} AS at, o.back.amount,
    0, CASE WHEN o.back.kind = 'refund' THEN o.back.amount ELSE 0 END,
    CASE WHEN o.back.kind = 'dispute' THEN o.back.amount ELSE 0 END, 0, 0, 0
  FROM (
    SELECT {of_order}, o.occurred_date, unnest(o.returned) AS back,
      generate_subscripts(o.returned, 1) AS ordinal
    FROM orders o
    WHERE len(o.returned) > 0 AND {brought} AND {counts}
  ) o
) o WHERE {went_back}
"""
PARTS = ("gross", "refunds", "withheld", "orders", "declined", "disputed")
SUMS = Sql(", ".join(f"CAST(sum(m.{part}) AS BIGINT) AS {part}" for part in PARTS))
NET = Sql("m.gross - m.refunds - m.withheld")
# A line's share reaches from the cumulative share before it up to its own, both rounded down.
_SHARED = ("amount", "gross", "refunds", "withheld")
_SHARES = ", ".join(
    f"CAST(CAST(m.{each} AS HUGEINT) * m.upto // m.whole"
    f" - CAST(m.{each} AS HUGEINT) * m.below // m.whole AS BIGINT) AS {each}"
    for each in _SHARED
)
_ONCE = ", ".join(
    f"CASE WHEN m.first THEN m.{each} ELSE 0 END AS {each}"
    for each in ("orders", "declined", "disputed")
)
# Few orders have several lines: the others are not taken apart at all.
_BY_PRODUCT = """
SELECT m.* EXCLUDE (product, product_name, split), m.product AS key, m.product_name AS label
FROM {moved} m WHERE m.split IS NULL
UNION ALL BY NAME
SELECT m.* EXCLUDE (key, upto, below, whole, first) REPLACE ({shares}, {once}),
  nullif(m.key, '') AS key
FROM (
  SELECT m.* EXCLUDE (keys, names, sums), m.sums[-1] AS whole, unnest(m.keys) AS key,
    unnest(m.names) AS label, unnest(m.sums) AS upto,
    unnest(list_prepend(0, m.sums[:-2])) AS below,
    unnest(list_transform(m.keys, lambda k, i: list_position(m.keys, k) = i)) AS first
  FROM (
    SELECT m.* EXCLUDE (weights), list_transform(range(1, len(m.keys) + 1), lambda i:
        CASE WHEN list_sum(m.weights) > 0 THEN list_sum(m.weights[1:i]) ELSE 1 END) AS sums
    FROM (
      SELECT m.* EXCLUDE (product, product_name, split),
        list_transform(m.split, lambda i: i.amount) AS weights,
        list_transform(m.split, lambda i: coalesce(i.product, '')) AS keys,
        list_transform(m.split, lambda i: i.name) AS names
      FROM {moved} m WHERE m.split IS NOT NULL
    ) m
  ) m
) m
"""


def brought(order: str = "o") -> Sql:
    """Return the condition that an order, by its alias, brought money."""
    return among(Sql(f"{order}.status"), sorted(BROUGHT_MONEY))


def movements(
    scope: Scope, start: int, end: int, *, columns: Sequence[str], only: Sql = TRUE
) -> Sql:
    """Return the movements of counted orders in [start, end), in ms.

    `columns` are those of the order that are wanted beside; `only` narrows the orders.
    """
    cash = scope.question.basis == "cash"
    date = Sql("o.back.date" if cash else "o.occurred_date")
    return compose(
        _MOVEMENTS,
        of_order=Sql(", ".join(f"o.{column}" for column in columns)),
        brought=brought(),
        in_time=between(Sql("o.occurred_date"), start, end),
        counts=every((scope.counts(Sql("o")), only)),
        date=date,
        went_back=between(Sql("o.at"), start, end),
    )


def by_product(moved: Sql) -> Sql:
    """Return movements split over the lines of their orders, with a `key` and a `label`.

    `moved` is the name of a table of movements. What is counted is counted by an order's first
    line of each product.
    """
    return compose(
        _BY_PRODUCT,
        moved=moved,
        shares=Sql(_SHARES),
        once=Sql(_ONCE),
    )
