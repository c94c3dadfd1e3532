"""Who a segment is asked about, as evaluation reads it: each field's values, worked out once.

One Subject serves any number of segments; what one has folded or scaled, the next only looks up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain import contacts
from shared.domain.contacts import Contact
from shared.domain.money import DECIMALS
from shared.domain.segments.fields import FIELDS, Entity, Kind
from shared.domain.segments.moments import Moment
from shared.domain.segments.texts import as_text, fold
from shared.domain.timeline import Change

_DECIMALS_MOST = max(DECIMALS.values())
# The places of the entities in whatever is kept per entity.
PLACES = {entity: place for place, entity in enumerate(Entity)}


class Facts(dict[str, tuple[Any, ...]]):
    """One contact, recurring payment or transition: its fields' values, ready to be compared.

    Text is folded, money in thousandths of the major unit, times in ms. A blank has no values.
    """

    __slots__ = ("source",)

    def __init__(self, source: Mapping[str, Any]) -> None:
        super().__init__()
        self.source = source

    def __missing__(self, name: str) -> tuple[Any, ...]:
        field = FIELDS[name]
        found: Sequence[Any] = field.values(self.source)
        if field.kind is Kind.MONEY:
            scale = thousandths(self.source.get("currency"))
            found = [minor * scale for minor in found]
        elif field.kind in (Kind.TEXT, Kind.LABEL):
            found = [fold(as_text(each)) for each in found]
        values = self[name] = tuple(found)
        return values


class Subject:
    """A contact, its recurring payments, and what is at hand, at a moment.

    `contact` is the stored document (`contacts.new`), None for a payment nobody is known for: then
    no condition on a contact is met. `recurring_payments` are the contact's, mirrors left out: the
    views of `recurring_payments.show` with `connection_id, store_recurring_payment_id,
    store_customer_id, store_modified_date`, and names joined from the catalogue, not yet printed.
    `at_hand` is the recurring payment a trigger speaks of, in the same shape; where it is given,
    the others are not looked at. `changes` are the transitions of the change at hand, printed.

    `contact.revenue` is what the orders in the moment's currency brought, zero where there are
    none: currencies are never added. A recurring payment's amounts are in its own currency.
    """

    __slots__ = ("choices", "moment")

    def __init__(
        self,
        moment: Moment,
        contact: Contact | None,
        recurring_payments: Sequence[Mapping[str, Any]] = (),
        at_hand: Mapping[str, Any] | None = None,
        changes: Sequence[Change] = (),
    ) -> None:
        self.moment = moment
        known = [_told(contact, moment.currency)] if contact is not None else []
        speaking = [at_hand] if at_hand is not None else recurring_payments
        transitions = [{"field": c.field, "from": c.before, "to": c.after} for c in changes]
        # What there is to choose from of each entity; None stands where there is nothing.
        self.choices: tuple[tuple[Facts | None, ...], ...] = tuple(
            tuple(map(Facts, sources)) or (None,) for sources in (known, speaking, transitions)
        )


def thousandths(currency: str | None) -> int:
    """Return how many thousandths of the major unit one minor unit of a currency is."""
    scale: int = 10 ** (_DECIMALS_MOST - DECIMALS.get(currency or "", 2))
    return scale


def _told(contact: Contact, currency: str) -> dict[str, Any]:
    """Return a contact with what is not stored but follows from it."""
    held = contact["revenue"].get(currency)
    return {
        **contact,
        "customer": contact["kept_orders"] > 0,
        "customer_since": contacts.customer_since(contact),
        "revenue": held["net"] if held else 0,
        "currency": currency,
    }
