"""Which accounts of money are one order: the links events state, and a guess until they come.

One payment is told by charge, invoice, invoice payment, intent and session. Each event links the
names it knows; names linked directly or through others are one order. Newer Stripe invoices and
charges do not name each other, so until `invoice_payment.paid` links them, an unlinked payment
and an unlinked invoice of one customer, currency and amount, tried within fifteen minutes of each
other, are taken for one: **provisionally**, because the guess is made afresh from all entries every
time and a stated link wins over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.domain import times
from shared.domain.observations import Facet
from shared.domain.orders import strongest
from shared.domain.ports import Name
from shared.domain.timeline import Entry

# How far apart an invoice and its charge may be seen before they are taken for two sales.
NEAR = 15 * times.MINUTE

Alike = tuple[str, str, int]  # customer, currency, amount
Try = tuple[Facet, int | None, int | None]  # who is asked, for how much, when


@dataclass(slots=True)
class Group:
    """The entries of one order and all its names; `provisional` while a guess holds it together."""

    refs: set[str]
    entries: list[Entry]
    provisional: bool = False

    @property
    def is_loose(self) -> bool:
        """Say whether nothing stated holds an invoice and a payment together here."""
        return self.provisional or _is_document(self) != _has_payment(self)


def regroup(entries: Iterable[Entry]) -> list[Group]:
    """Sort entries into orders: stated links first, then the nearest look-alikes."""
    groups = _linked(entries)
    documents = [each for each in groups if _is_document(each) and not _has_payment(each)]
    payments = [each for each in groups if _has_payment(each) and not _is_document(each)]
    pairs = sorted(
        (distance, strongest(document.refs), strongest(payment.refs), index, other)
        for index, document in enumerate(documents)
        for other, payment in enumerate(payments)
        if (distance := _distance(document, payment)) is not None
    )
    taken: set[tuple[str, int]] = set()
    for _, _, _, index, other in pairs:
        if ("document", index) in taken or ("payment", other) in taken:
            continue
        taken |= {("document", index), ("payment", other)}
        documents[index].entries += payments[other].entries
        documents[index].refs |= payments[other].refs
        documents[index].provisional = True
        groups.remove(payments[other])
    return groups


def alike(entries: Sequence[Entry]) -> tuple[set[Alike], list[int]]:
    """Return what entries without their counterpart could be matched by, and when they were tried.

    Empty when the entries hold both an invoice and a payment (nothing to guess), or neither.
    """
    keys: set[Alike] = set()
    tried: list[int] = []
    for entry in entries:
        for facet, amount, moment in tries(entry.said):
            customer = facet.get("customer_id")
            if customer is not None and moment is not None and amount:
                keys.add((customer, facet["currency"], amount))
                tried.append(moment)
    return keys, tried


def _linked(entries: Iterable[Entry]) -> list[Group]:
    groups: list[Group] = []
    for entry in entries:
        refs = set(entry.refs)
        joined = Group(refs, [entry])
        apart = []
        for group in groups:
            if group.refs & refs:
                joined.refs |= group.refs
                joined.entries += group.entries
            else:
                apart.append(group)
        groups = [*apart, joined]
    return groups


def tries(said: Mapping[str, Facet]) -> Iterator[Try]:
    """Yield the attempts an event tells of: the facet, the amount asked for, and when."""
    document = said.get("document")
    if document is not None:
        due = document.get("due") or document.get("gross")
        yield document, due, document.get("paid_date")
        yield document, due, (said.get("attempt") or {}).get("date")
    for name, facet in said.items():
        if name.startswith("payment:") and facet["weight"] > 1:
            yield facet, facet["amount"], facet["date"]


def looks(connection_id: str, tried: Iterable[Try]) -> list[Name]:
    """Return the names of the lists in which the other side of such attempts is looked for."""
    keys = {
        (facet["customer_id"], facet["currency"], str(amount))
        for facet, amount, moment in tried
        if facet.get("customer_id") is not None and moment is not None and amount
    }
    return [("look", connection_id, *key) for key in sorted(keys)]


def _is_document(group: Group) -> bool:
    return any(ref.startswith("document:") for ref in group.refs)


def _has_payment(group: Group) -> bool:
    return any(ref.startswith(("intent:", "charge:")) for ref in group.refs)


def _distance(document: Group, payment: Group) -> int | None:
    """Return how far apart two look-alikes were tried, in ms; None where they are not alike."""
    asked, asked_at = alike(document.entries)
    paid, paid_at = alike(payment.entries)
    if not asked & paid:
        return None
    nearest = min(abs(one - other) for one in asked_at for other in paid_at)
    return nearest if nearest <= NEAR else None
