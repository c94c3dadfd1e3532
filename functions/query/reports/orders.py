"""The report `orders`: all money of the range, whoever paid it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from functions.query.reports.groups import grouping
from functions.query.reports.measures import Group, Measures, Row, Wanted, slots, summed
from functions.query.reports.money import NET, PARTS, SHOWN, SUMS, by_product, movements
from functions.query.reports.scope import Scope, Window, between, run
from shared.domain import times
from shared.domain.reports.definitions.orders import ORDERS
from shared.domain.reports.sql import TRUE, Sql, compose, every

# Whose money: the new ones became customers in the period it moved in.
_CLASSES = ("unmatched", "new_revenue", "returning_revenue")
_MARKED = """
SELECT m.*, {slot} AS slot, CASE WHEN m.contact_id IS NULL THEN 0
  WHEN n.since IS NOT NULL AND (n.since < {start}) = (m.at < {start}) THEN 1 ELSE 2 END AS class
FROM moved m LEFT JOIN (
  SELECT contact_id, customer_since AS since FROM contacts WHERE {fresh}
) n ON n.contact_id = m.contact_id
"""
_SERIES = """
SELECT 'series' AS axis, m.currency, m.slot, m.class, {sums} FROM marked m
GROUP BY m.currency, m.slot, m.class
"""
_GROUPS = """
SELECT 'group' AS axis, m.currency, m.class, m.key, max(m.label) AS label, {sums} FROM keyed m
GROUP BY m.currency, m.class, m.key
"""
_KEYED = "SELECT m.*, {key} AS key, {label} AS label FROM {rows} m {joins}"
_MONEY = "(m.gross <> 0 OR m.refunds <> 0 OR m.withheld <> 0)"
# Which rows each figure is made of, and what of each.
_AMOUNTS = {
    "gross": (Sql("m.gross <> 0"), Sql("m.gross")),
    "refunds": (Sql("m.refunds <> 0"), Sql("m.refunds")),
    "withheld": (Sql("m.withheld <> 0"), Sql("m.withheld")),
    "orders": (Sql("m.orders = 1"), Sql("m.amount")),
    "declined": (Sql("m.declined = 1"), Sql("m.amount")),
    "disputed": (Sql("m.disputed = 1"), Sql("m.amount")),
    "net": (Sql(_MONEY), NET),
    **{
        name: (Sql(f"{_MONEY} AND m.class = {number}"), NET) for number, name in enumerate(_CLASSES)
    },
}
_LEDGER = """
WITH moved AS ({moved}), marked AS ({marked}), keyed AS ({keyed})
SELECT m.at, m.connection_id, m.id, m.kind, m.contact_id, m.email,
  CAST(sum({amount}) AS BIGINT) AS amount, m.currency, m.part, m.ordinal
FROM keyed m WHERE {wanted} GROUP BY ALL
"""
_WHOLE = Sql("SELECT * FROM marked")
_NAMES = (*PARTS, *_CLASSES)


class Orders:
    """All orders of the range, of new and existing customers, matched to a contact or not."""

    definition = ORDERS

    def first(self, scope: Scope) -> int | None:
        """Return when the first order occurred."""
        query = compose(
            "SELECT min(o.occurred_date) AS first FROM orders o WHERE {counts}",
            counts=scope.counts(Sql("o")),
        )
        first: int | None = run(scope.session, query)[0]["first"]
        return first

    def measure(self, scope: Scope, window: Window) -> Measures:
        """Return the sums of all movements, those of other currencies apart."""
        rows = [_told(row) for row in run(scope.session, _query(scope, window))]
        asked = scope.question
        counted = [row for row in rows if row["axis"] == "series"]
        own = [row for row in counted if row["currency"] == asked.currency]
        _, previous, *series = slots(own, _NAMES, len(window.buckets.dates))
        others = {row["currency"] for row in counted if row["slot"] >= 0} - {asked.currency}
        return Measures(
            series=list(series),
            total=summed(series, _NAMES),
            previous=previous if window.compared else None,
            groups=_groups(
                row
                for row in rows
                if row["axis"] == "group"
                and (asked.group_by == "currency" or row["currency"] == asked.currency)
            ),
            other_currencies=sorted(each for each in others if each is not None),
        )

    def ledger(self, scope: Scope, window: Window, wanted: Wanted) -> Sql:
        """Return the movements behind a figure; by product, each one's share."""
        condition, amount = _AMOUNTS[wanted.kpi]
        key = Sql("m.key IS NULL") if not wanted.key else compose("m.key = {k}", k=wanted.key)
        shown = scope.question.currency
        if scope.question.group_by == "currency" and wanted.key is not None:
            currency = TRUE
        else:
            currency = compose("m.currency = {currency}", currency=shown)
        narrowed = wanted.key is not None
        return compose(
            _LEDGER,
            moved=movements(scope, wanted.start, wanted.end, columns=_columns(scope, SHOWN)),
            marked=_marked(scope, window),
            keyed=_keyed(scope, Sql("marked")) if narrowed else _WHOLE,
            amount=amount,
            wanted=every((condition, currency, key if narrowed else TRUE)),
        )


def _query(scope: Scope, window: Window) -> Sql:
    parts = compose(
        "WITH moved AS ({moved}), marked AS MATERIALIZED ({marked})",
        moved=movements(
            scope, window.opening, window.end, columns=_columns(scope, ("contact_id", "currency"))
        ),
        marked=_marked(scope, window),
    )
    series = compose(_SERIES, sums=SUMS)
    if scope.question.group_by is None:
        return compose("{parts} {series}", parts=parts, series=series)
    return compose(
        "{parts}, inside AS (SELECT * FROM marked WHERE slot >= 0), keyed AS ({keyed})"
        " {series} UNION ALL BY NAME {groups}",
        parts=parts,
        keyed=_keyed(scope, Sql("inside")),
        series=series,
        groups=compose(_GROUPS, sums=SUMS),
    )


def _columns(scope: Scope, wanted: tuple[str, ...]) -> list[str]:
    """Return the columns of orders that are wanted with those its groups need."""
    needed = {
        None: (),
        "product": ("product", "product_name", "split"),
        "connection": ("connection_id",),
        "provider": ("connection_id",),
        "interval": ("connection_id", "recurring_payment_id"),
        "country": ("connection_id", "recurring_payment_id"),
    }
    return list(dict.fromkeys((*wanted, *needed.get(scope.question.group_by, ()))))


def _marked(scope: Scope, window: Window) -> Sql:
    since, start = Sql("customer_since"), window.start
    fresh = window.holds(since)
    if scope.question.first is None:
        # Of all there is: a subscriber may have become a customer before anything was paid.
        start = -times.LATEST
        fresh = between(since, start, window.end)
    return compose(_MARKED, slot=window.slot(Sql("m.at")), start=start, fresh=fresh)


def _keyed(scope: Scope, rows: Sql) -> Sql:
    name = scope.question.group_by or ""
    if name == "product":
        return by_product(rows)
    found = grouping(name, scope)
    return compose(_KEYED, rows=rows, key=found.key, label=found.label, joins=found.joins)


def _told(row: Row) -> Row:
    """Return a row with its net under the name of those whose money it is."""
    net = row["gross"] - row["refunds"] - row["withheld"]
    return {**row, _CLASSES[row["class"]]: net}


def _groups(rows: Iterable[Row]) -> list[Group]:
    held: defaultdict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        held[row["currency"], row["key"]].append(row)
    return [
        Group(
            key,
            max((row["label"] for row in each if row["label"]), default=None),
            currency,
            Counter(summed(each, _NAMES)),
        )
        for (currency, key), each in held.items()
    ]
