"""What a custom report may name: the columns of five datasets, each with its type and its SQL.

Made from the change log's schema and from nothing else. A name from outside only ever chooses a
row of these tables, so no text of anybody's can become part of a query. Fields of a list, such as
`line_items.sku`, are one per element; a row without elements has one element that is blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.domain.change_log.schema import COMMON, DATASETS
from shared.domain.changes import AMOUNTS, DATES
from shared.domain.segments.fields import Entity, Field, Kind
from shared.domain.segments.sql_columns import Column

# Who somebody is: naming such a field takes the scope that reading contacts takes.
PERSONAL = frozenset(
    """contact_id email aliases first_name last_name phone company note external_id
    store_customer_id landing_page address_1 address_2 address_3 city postal changes""".split()
)
_AMOUNTS = AMOUNTS | {"withheld", "net"}
_DATES = DATES | {"removed_date", "recorded_at"}
_CIVIL = frozenset({"payment_method_expiration"})
# What the log needs for itself, or keeps in another shape for a report of its own.
_INNER = frozenset({*COMMON, "split", "states", "contact_version", "place"}) - {"recorded_at"}
_PART = re.compile(r'"(\w+)" (\w+)')
_STRUCT = re.compile(r"STRUCT\((?P<parts>[^()]*)\)(?P<many>\[\])?")


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field: what it is, and its SQL over a row `m`, or over an element `m.e` of `listed`.

    `filtered` is the same for conditions, which ask of any element.
    """

    field: Field
    value: str
    filtered: Column
    listed: str = ""

    @property
    def name(self) -> str:
        """What requests call it."""
        return self.field.name

    @property
    def kind(self) -> Kind:
        """Its type."""
        return self.field.kind

    @property
    def personal(self) -> bool:
        """Whether it says who somebody is."""
        return self.field.keys[-1] in PERSONAL or self.field.keys[0] in PERSONAL


@dataclass(frozen=True, slots=True)
class CustomDataset:
    """A dataset's fields by name; `dated` is the date that `from` and `to` mean.

    `currency` is the field that says what its money is in, None where it has no money.
    """

    name: str
    fields: Mapping[str, CustomField]
    dated: str
    currency: str | None

    def currency_of(self, found: CustomField) -> str:
        """Return the SQL of the currency an amount is in, for conditions."""
        return 'v."currency"' if self.currency == f"{found.listed}.currency" else 'm."currency"'


def _kind(name: str, sql_type: str) -> Kind:
    if sql_type == "BOOLEAN":
        return Kind.BOOLEAN
    if sql_type == "VARCHAR":
        return Kind.TEXT
    if name in _DATES:
        return Kind.DATE
    return Kind.MONEY if name in _AMOUNTS else Kind.NUMBER


def _field(*keys: str, sql_type: str, many: bool = False) -> Field:
    # The entity is nobody's here: a custom report asks of rows, whatever they belong to.
    last = keys[-1]
    return Field(
        ".".join(keys), Entity.ROW, _kind(last, sql_type), keys, many, civil=last in _CIVIL
    )


def _fields(dataset: str) -> Iterator[CustomField]:
    held = DATASETS[dataset]
    for name in held.current_columns():
        if name in _INNER:
            continue
        sql_type = held.columns[name]
        struct = _STRUCT.fullmatch(sql_type)
        if struct is None and not sql_type.endswith("[]"):
            value = f'm."{name}"'
            yield CustomField(_field(name, sql_type=sql_type), value, Column(value))
        elif struct is None:
            field = _field(name, sql_type=sql_type.removesuffix("[]"), many=True)
            yield CustomField(field, "m.e", Column("v", f'm."{name}"'), name)
        else:
            yield from _parts(name, struct["parts"], listed=bool(struct["many"]))


def _parts(column: str, parts: str, *, listed: bool) -> Iterator[CustomField]:
    for name, sql_type in _PART.findall(parts):
        field = _field(column, name, sql_type=sql_type, many=listed)
        if listed:
            filtered = Column(f'v."{name}"', f'm."{column}"')
            yield CustomField(field, f'm.e."{name}"', filtered, column)
        else:
            value = f'm."{column}"."{name}"'
            yield CustomField(field, value, Column(value))


def _dataset(name: str, dated: str, currency: str | None, *more: CustomField) -> CustomDataset:
    fields = {each.name: each for each in (*_fields(name), *more)}
    return CustomDataset(name, fields, dated, currency)


# Whose an activity was is found by its address.
_CONTACT_ID = CustomField(
    _field("contact_id", sql_type="VARCHAR"), 'm."contact_id"', Column('m."contact_id"')
)
CUSTOM_DATASETS: Mapping[str, CustomDataset] = {
    each.name: each
    for each in (
        _dataset("recurring_payments", "start_date", "currency"),
        _dataset("orders", "occurred_date", "currency"),
        _dataset("contacts", "created_date", "revenue.currency"),
        _dataset("activity", "occurred_date", None, _CONTACT_ID),
        _dataset("changes", "occurred_date", None),
    )
}
