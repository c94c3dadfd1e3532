"""One condition as a SQL expression that is true or false, never NULL, for every row.

Its words come from `sql_columns` and from here, its value is bound. What the evaluator asks of a
field's values is asked of the same values: blanks are none of them, a contrary is met exactly when
its positive is not, and amounts compare in the decimals of their own currency.
"""

# ruff: noqa: S608  # The texts are words of our own; values are bound.

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shared.domain.money import DECIMALS
from shared.domain.segments.fields import Entity, Kind
from shared.domain.segments.moments import Absolute, Interval, Moment, Relative
from shared.domain.segments.operators import CONTRARIES
from shared.domain.segments.sql_columns import COLUMNS, Column, currencies, folded
from shared.domain.segments.subject import thousandths
from shared.domain.segments.tree import Condition

_TEXT_TESTS = {
    "is": "{} = ?",
    "contains": "contains({}, ?)",
    "starts_with": "starts_with({}, ?)",
    "ends_with": "ends_with({}, ?)",
}
_USUAL = DECIMALS["USD"]
_ITEMS = "recurring_payment_items i"
_ITEMS_AND_WHOSE = (
    f"{_ITEMS} JOIN recurring_payments r ON r.connection_id = i.connection_id AND r.id = i.id"
)


@dataclass(frozen=True, slots=True)
class Where:
    """A boolean SQL expression, and the values of its `?` in their order."""

    text: str
    params: list[Any] = field(default_factory=list)


TRUE, FALSE = Where("TRUE"), Where("FALSE")


def negated(where: Where) -> Where:
    """Return the contrary of an expression that is never NULL."""
    if where in (TRUE, FALSE):
        return FALSE if where == TRUE else TRUE
    return Where(f"(NOT {where.text})", where.params)


def condition(asked: Condition, moment: Moment) -> Where:
    """Return the expression of a condition over the aliases of its field's entity.

    Raise ValueError for one on the change at hand, which is in no view.
    """
    if asked.field.entity is Entity.CHANGE:
        raise ValueError(f"{asked.field.name} cannot be asked of the change log")
    return condition_on(COLUMNS[asked.field.name], asked, moment, "r.currency")


def condition_on(column: Column, asked: Condition, moment: Moment, currency: str) -> Where:
    """Return the expression of a condition on a column; amounts are in `currency`, SQL of ours."""
    positive = CONTRARIES.get(asked.operator, asked.operator)
    if positive == "is_blank":
        found = negated(_some_value(column, Where(f"{column.value} <> ''")))
    else:
        test = _test(asked, positive, column.value, moment, currency)
        found = _some_value(column, test, asked.field.kind)
    return found if positive == asked.operator else negated(found)


def _some_value(column: Column, test: Where, kind: Kind = Kind.TEXT) -> Where:
    """Return that one of the column's values passes a test that may be NULL."""
    if column.item:
        # An amount is in the currency of its recurring payment, which `r` is inside here too.
        source = _ITEMS_AND_WHOSE if kind is Kind.MONEY else _ITEMS
        text = (
            "((r.connection_id, r.id) IN (SELECT i.connection_id, i.id"
            f" FROM {source} WHERE {test.text}))"
        )
    elif column.within is not None:
        text = f"(coalesce(len(list_filter({column.within}, lambda v: {test.text})), 0) > 0)"
    else:
        text = f"coalesce({test.text}, FALSE)"
    return Where(text, test.params)


def _test(asked: Condition, positive: str, value: str, moment: Moment, currency: str) -> Where:
    operand, kind = asked.operand, asked.field.kind
    if isinstance(operand, Absolute | Relative):
        return _between(value, moment.interval(operand))
    if isinstance(operand, tuple):
        if asked.field.name == "contact.revenue":
            bounds = _in_minor_units(operand, thousandths(moment.currency))
            return _between(value, bounds, moment.currency)
        if kind is Kind.MONEY:
            return _money(value, operand, currency)
        return _between(value, operand)
    if kind is Kind.BOOLEAN:
        return Where(f"{value} = ?", [operand])
    return Where(_TEXT_TESTS[positive].format(folded(value)), [operand])


def _between(value: str, bounds: Interval, *before: Any) -> Where:
    return Where(f"{value} BETWEEN ? AND ?", [*before, *bounds])


def _money(value: str, bounds: Interval, currency: str) -> Where:
    """Return the test of an amount in its currency, bounds being in thousandths."""
    cases: list[str] = []
    params: list[int] = []
    for decimals in sorted(set(DECIMALS.values()) - {_USUAL}):
        listed = currencies(decimals)
        cases.append(f"WHEN {currency} IN ({listed}) THEN {value} BETWEEN ? AND ?")
        params += _in_minor_units(bounds, 10 ** (max(DECIMALS.values()) - decimals))
    params += _in_minor_units(bounds, thousandths(None))
    return Where(f"CASE {' '.join(cases)} ELSE {value} BETWEEN ? AND ? END", params)


def _in_minor_units(bounds: Interval, scale: int) -> Interval:
    """Return the whole minor units that lie within bounds of thousandths, without a product.

    A product of a large amount could be more than BIGINT holds.
    """
    low, high = bounds
    return -(-low // scale), high // scale
