"""Reading records for showing: heads by name, what they show, and the goods they speak of.

Every read is bounded: a page of names, one batch of documents.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.domain import orders, recurring_payments, rendering
from shared.domain.errors import NotFound
from shared.domain.ports import Document, Library, Name
from shared.domain.rendering import Goods, Json
from shared.domain.timeline import View

_SHOW = {"recurring_payment": recurring_payments.show, "order": orders.show}


@dataclass(frozen=True, slots=True)
class Shown:
    """A record that shows: its name, its head, and the view its facets add up to."""

    name: Name
    head: Document
    view: View

    @property
    def newest(self) -> int:
        """When the record's last entry occurred, in ms."""
        return int(self.head["newest"][0])


def shown(names: Iterable[Name], *, store: Library) -> list[Shown]:
    """Return the records of these names that show anything, in the given order."""
    wanted = list(names)
    heads = store.read(wanted)
    found = []
    for name in wanted:
        head = heads[name]
        if head is None or head.get("merged_into"):
            continue
        view = _SHOW[name[0]](head["facets"])
        if view is not None:
            found.append(Shown(name, head, view))
    return found


def goods_of(records: Iterable[Shown], *, store: Library) -> Goods:
    """Return the products and prices the records speak of."""
    names = {good for each in records for good in rendering.goods_of(each.name[1], each.view)}
    return store.read(sorted(names)) if names else {}


def read_recurring_payment(connection_id: str, record_id: str, *, store: Library) -> Json:
    """Return a recurring payment with its history. Raise NotFound where there is none."""
    name: Name = ("recurring_payment", connection_id, record_id)
    found = shown([name], store=store)
    if not found:
        raise NotFound("There is no such recurring payment.")
    record = found[0]
    goods = goods_of(found, store=store)
    return {
        **rendering.recurring_payment(name, record.head, record.view, goods),
        "history": rendering.history(store.history(name)),
    }
