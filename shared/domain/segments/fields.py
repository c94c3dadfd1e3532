"""Every field a segment may name, with its type and where a record keeps it.

A field has **values**: none where it is blank, one, or several (tags, lists, line items). All
meaning of operators rests on that, so a blank is never a value that happens to be empty.

Three **entities** have fields: the contact, a recurring payment, and, inside triggers alone, one
field's transition of the change at hand. Sources are internal views (times in ms, money in minor
units); their shapes are told at `subject.Subject`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from shared.domain.changes import AMOUNTS, DATES
from shared.domain.fields import FIELDS as RECURRING_PAYMENT_FIELDS


class Entity(StrEnum):
    """What a field belongs to; the first part of its name."""

    CONTACT = "contact"
    RECURRING_PAYMENT = "recurring_payment"
    CHANGE = "change"
    # Of a row of the change log: no segment has such fields, custom reports have no others.
    ROW = "row"


class Kind(Enum):
    """A field's type, called as messages call it."""

    TEXT = "text"
    LABEL = "a tag or list"
    NUMBER = "a number"
    MONEY = "an amount of money"
    DATE = "a date"
    BOOLEAN = "a boolean"


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its full name, its entity and type, and the keys that lead to it in a source.

    `many` fields can have several values. A `civil` date is a day of the calendar kept as its
    midnight in UTC, such as the month a card expires: its day is UTC's in every zone.
    """

    name: str
    entity: Entity
    kind: Kind
    keys: tuple[str, ...]
    many: bool = False
    civil: bool = False

    def values(self, source: Mapping[str, Any]) -> list[Any]:
        """Return the field's values in a source, as they are kept there; blanks are none."""
        found: list[Any] = [source]
        for key in self.keys:
            found = [each.get(key) for each in found if isinstance(each, Mapping)]
            if self.many:
                found = [one for each in found for one in (each if _is_list(each) else [each])]
        return [each for each in found if each is not None and each != ""]


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


_CONTACT = {
    Kind.TEXT: """contact_id email first_name last_name phone company source.first_source
        source.campaign source.landing_page""",
    Kind.NUMBER: "orders_count",
    Kind.MONEY: "revenue",
    Kind.DATE: """created_date customer_since first_order_date last_order_date last_visit_date
        last_sent_date last_open_date last_click_date last_reply_date unsubscribed_date""",
    Kind.BOOLEAN: "customer",
}
# Fields of several values: what they are called, and the keys that lead to them.
_CONTACT_LABELS = {"tags": ("tags", "tag"), "lists": ("lists", "list"), "segments": ("segments",)}
_NUMBERS = frozenset("billing_interval_count cycles_completed total_cycles quantity".split())
_BOOLEANS = frozenset({"is_trial", "cancel_at_period_end"})
_CIVIL = frozenset({"payment_method_expiration"})
_ITEM = "category name sku brand tag store_primary_id quantity amount".split()
_ADDRESS = """first_name last_name address_1 address_2 address_3 city province country postal phone
    company email""".split()


def _contact() -> Iterator[Field]:
    for kind, names in _CONTACT.items():
        for name in names.split():
            yield Field(f"contact.{name}", Entity.CONTACT, kind, tuple(name.split(".")))
    yield Field("contact.aliases", Entity.CONTACT, Kind.TEXT, ("aliases",), many=True)
    for name, keys in _CONTACT_LABELS.items():
        yield Field(f"contact.{name}", Entity.CONTACT, Kind.LABEL, keys, many=True)


def _kind(name: str) -> Kind:
    if name in AMOUNTS:
        return Kind.MONEY
    if name in DATES:
        return Kind.DATE
    if name in _NUMBERS:
        return Kind.NUMBER
    return Kind.BOOLEAN if name in _BOOLEANS else Kind.TEXT


def _recurring_payment() -> Iterator[Field]:
    nested = [("line_items", name) for name in _ITEM]
    nested += [(f"{kind}_address", name) for kind in ("billing", "shipping") for name in _ADDRESS]
    for keys in [*((name,) for name in RECURRING_PAYMENT_FIELDS), *nested]:
        yield Field(
            ".".join(("recurring_payment", *keys)),
            Entity.RECURRING_PAYMENT,
            _kind(keys[-1]),
            keys,
            many=keys[0] == "line_items",
            civil=keys[-1] in _CIVIL,
        )


def _change() -> Iterator[Field]:
    for name in ("field", "from", "to"):
        yield Field(f"change.{name}", Entity.CHANGE, Kind.TEXT, (name,))


FIELDS: Mapping[str, Field] = {
    field.name: field for field in (*_contact(), *_recurring_payment(), *_change())
}
