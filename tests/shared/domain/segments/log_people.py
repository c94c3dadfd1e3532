"""A small business in the change log and in plain views: the same people for SQL and Python.

What a person or a recurring payment holds is drawn from the pools of `strategies`, filled up with
the fields those leave out, catalogue names and mirrors. Values collide on purpose.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.adapters.duck import Session
from shared.domain import rendering
from shared.domain.change_log.rows import row_of
from shared.domain.ports import Name
from shared.domain.segments.evaluate import compile
from shared.domain.segments.fields import FIELDS, Entity, Field, Kind
from shared.domain.segments.moments import Moment
from shared.domain.segments.subject import Subject
from shared.domain.segments.tree import Group
from tests.shared.domain.segments import strategies
from tests.shared.domain.segments.builders import contact, payment
from tests.support.log_shop import duck_of

_RECORD = {"epoch": 0, "recorded_at": 0, "position": "", "version": 2}
_NOT_IN_ROWS = ("connection_id", "store_recurring_payment_id", "store_customer_id")
_PRODUCTS = {"prod_1": "Chicago", "prod_2": "STRASSE", "prod_3": ""}
_PRICES = {"price_1": "straße", "price_2": None}
_ADDRESS = [field.keys[1] for field in FIELDS.values() if field.keys[0] == "billing_address"]


@dataclass(frozen=True)
class People:
    """Contacts with their recurring payments, as the evaluator sees them, and as a session does.

    `payments` are those segments look at; `everybodys` has mirrors too, and those of no contact.
    """

    contacts: Sequence[Mapping[str, Any]]
    payments: Mapping[str, Sequence[Mapping[str, Any]]]
    everybodys: Mapping[str | None, Sequence[Mapping[str, Any]]]
    session: Session

    def met(self, tree: Group, moment: Moment) -> set[str]:
        """Return the contacts the evaluator finds in a segment."""
        asked = compile(tree)
        return {
            each["contact_id"]
            for each in self.contacts
            if asked(Subject(moment, dict(each), self.payments.get(each["contact_id"], ())))
        }


def goods() -> dict[Name, dict[str, Any]]:
    """Return the catalogue's documents."""
    labels = {"category": "Zürich", "sku": "ago C", "brand": None, "tag": "CAG"}
    named = {("catalogue", "shop", "product", key): name for key, name in _PRODUCTS.items()}
    priced = {("catalogue", "shop", "price", key): name for key, name in _PRICES.items()}
    return {
        key: {"values": {"name": name, **labels}, "version": 1}
        for key, name in (named | priced).items()
    }


def people(contacts: Iterable[Mapping[str, Any]], heads: Iterable[Mapping[str, Any]]) -> People:
    """Return these contacts and recurring payments, each named by its place among them.

    A head has what it shows as `view`, and `contact_id` and `mirror_of` beside it.
    """
    lines: list[dict[str, Any]] = []
    documents: list[Mapping[str, Any]] = []
    theirs: dict[str, list[Mapping[str, Any]]] = {}
    everybodys: dict[str | None, list[Mapping[str, Any]]] = {}
    for number, each in enumerate(contacts):
        document = {**each, "contact_id": f"contact-{number}", "version": 1}
        documents.append(document)
        lines.append(_line(row_of(("contact", document["contact_id"]), document)))
    for number, head in enumerate(heads):
        name = ("recurring_payment", head["view"]["connection_id"], f"sub_{number}")
        lines.append({"recurring_payments": _row(name, head)})
        view = {key: held for key, held in head["view"].items() if key not in _NOT_IN_ROWS}
        told = {"customer_id": head["view"]["store_customer_id"], **head, "version": 1}
        told["modified"] = view.pop("store_modified_date")
        shown = rendering.joined(name, told, view, goods())
        everybodys.setdefault(head["contact_id"], []).append(shown)
        if head["contact_id"] is not None and head["mirror_of"] is None:
            theirs.setdefault(head["contact_id"], []).append(shown)
    lines += [_line(row_of(name, document)) for name, document in goods().items()]
    return People(documents, theirs, everybodys, duck_of(lines).open({}))


def _line(told: tuple[str, Mapping[str, Any]] | None) -> dict[str, Any]:
    assert told is not None
    return {told[0]: {**told[1], **_RECORD}}


def _row(name: Name, head: Mapping[str, Any]) -> dict[str, Any]:
    view = {key: each for key, each in head["view"].items() if each is not None}
    view.pop("store_recurring_payment_id", None)
    owner = {"contact_id": head["contact_id"], "mirror_of": head["mirror_of"]}
    return {**view, "connection_id": name[1], "id": name[2], **owner, **_RECORD}


def drawn(seed: int, count: int) -> People:
    """Return so many contacts with up to three recurring payments each, drawn by a seed."""
    dice = random.Random(seed)
    made = [contact(**_picked(dice, strategies.CONTACT)) for _ in range(count)]
    heads = []
    for number in range(count):
        for _ in range(dice.choice((0, 1, 1, 2, 3))):
            view = payment(**_picked(dice, strategies.PAYMENT))
            view["line_items"] = [
                {**item, **dice.choice(_GOODS)} for item in view["line_items"] or ()
            ]
            owner = dice.choice((f"contact-{number}",) * 5 + (None,))
            mirrored = dice.choice((None,) * 6 + ("shop/other",))
            heads.append({"view": view, "contact_id": owner, "mirror_of": mirrored})
    return people(made, heads)


_GOODS: list[dict[str, Any]] = [
    {"store_primary_id": product, "price_id": price, **({} if named else {"name": None})}
    for product, price, named in itertools.product(
        (*_PRODUCTS, "gone", None), (*_PRICES, None), (True, False)
    )
]


def _picked(dice: random.Random, pool: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    return {key: dice.choice(values) for key, values in pool.items()}


def of_field(field: Field) -> People:
    """Return a contact for everything a field's pool has, in its first recurring payment or own."""
    if field.entity is Entity.CONTACT:
        return people([contact(**held) for held in _held(field, strategies.CONTACT)], [])
    views = [payment(**held) for held in _held(field, strategies.PAYMENT)]
    for view in views:
        view["line_items"] = view["line_items"] or []
    heads = [
        {"view": view, "contact_id": f"contact-{number}", "mirror_of": None}
        for number, view in enumerate(views)
    ]
    # One more contact than recurring payments: whoever has none meets no condition on them.
    return people([contact() for _ in range(len(views) + 1)], heads)


def _held(field: Field, pool: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return what a field follows from, with every value of its kind's pool."""
    key = field.keys[0]
    if field.name in ("contact.customer", "contact.customer_since") or (
        key in pool and field.name in strategies.NAMES
    ):
        return list(strategies.held(field))
    if field.kind is Kind.BOOLEAN:
        return [{key: value} for value in (True, False)]
    values = _VALUES[field.kind]
    if key == "connection_id":  # Part of a record's name, so never blank.
        values = [value for value in values if value]
    if key == "line_items":
        items = [[{field.keys[1]: value, **_GOODS[n % 30]}] for n, value in enumerate(values)]
        return [{key: each} for each in (*items, [], items[0] + items[1])]
    currencies = strategies.CURRENCIES if field.kind is Kind.MONEY else ["USD"]
    if len(field.keys) == 2 and key != "source":
        blank = dict.fromkeys(_ADDRESS)
        return [{key: None}, *({key: {**blank, field.keys[1]: each}} for each in values)]
    if key == "source":
        empty = {"first_source": None, "campaign": None, "landing_page": None}
        return [{key: {**empty, field.keys[1]: each}} for each in values]
    return [
        {key: value, **({"currency": code} if field.kind is Kind.MONEY else {})}
        for value in values
        for code in currencies
    ]


_VALUES: dict[Kind, list[Any]] = {
    Kind.TEXT: strategies.CONTACT["first_name"],
    Kind.LABEL: strategies.CONTACT["tags"],
    Kind.NUMBER: [0, 1, 2, 19, None],
    Kind.MONEY: strategies.PAYMENT["payment_amount"],
    Kind.DATE: strategies.CONTACT["last_order_date"],
}
