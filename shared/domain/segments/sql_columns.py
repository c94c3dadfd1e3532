"""Where each field of a segment lies in the views of the change log, as SQL names it.

The tables here are made from the list of fields and from nothing else, so no text from outside can
become part of a query: a condition reaches SQL by its field's row in `COLUMNS`, and its value as a
bound parameter. The aliases are `c` (contacts), `r` (recurring_payments), `i` (their items).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.money import DECIMALS
from shared.domain.segments.fields import FIELDS, Entity, Field
from shared.domain.segments.texts import FINAL_SIGMA, SIGMA


@dataclass(frozen=True, slots=True)
class Column:
    """A field's values in SQL: `value` is one of them.

    `within` is the list it is one of, `v`, or None; `item` says it is one of a line item.
    """

    value: str
    within: str | None = None
    item: bool = False


def folded(value: str) -> str:
    """Return the SQL of a text as texts compare: `texts.fold` says the same."""
    return f"replace(lower(nfc_normalize({value})), '{FINAL_SIGMA}', '{SIGMA}')"


def currencies(decimals: int) -> str:
    """Return the SQL list of the currencies that have so many decimals."""
    return ", ".join(f"'{code}'" for code, each in sorted(DECIMALS.items()) if each == decimals)


# Fields that views call otherwise, or that follow from others; `revenue` takes a currency.
_OTHERWISE = {
    "contact.customer": Column("(coalesce(c.kept_orders, 0) > 0)"),
    "contact.revenue": Column(
        "coalesce(list_filter(c.revenue, lambda v: v.currency = ?)[1].net, 0)"
    ),
    "contact.tags": Column("v.tag", "c.tags"),
    "contact.lists": Column("v.list", "c.lists"),
    "recurring_payment.store_recurring_payment_id": Column("r.id"),
}


def _column(field: Field) -> Column:
    if field.name in _OTHERWISE:
        return _OTHERWISE[field.name]
    if field.entity is Entity.RECURRING_PAYMENT:
        if field.many:
            return Column(f'i."{field.keys[-1]}"', item=True)
        return Column("r." + ".".join(f'"{key}"' for key in field.keys))
    if field.many:
        return Column("v", f'c."{field.keys[0]}"')
    return Column(f'c."{field.keys[-1]}"')


COLUMNS: Mapping[str, Column] = {
    name: _column(field) for name, field in FIELDS.items() if field.entity is not Entity.CHANGE
}
