"""PayKickstart's meaning: what each of its notifications says, in the domain's vocabulary.

A notification has no id: what it speaks of and when is its key, so that a copy, signed anew or
replayed, is known by its marker. Of a subscription each tells a part alone (`terms:<part>`), and
none tells how often it bills: that is inferred from the next billing date, and asked of the API
where there is a key. Nothing here may do I/O, read a clock or guess at money: a body that cannot
be read for certain raises Quarantined, and nothing else is ever raised.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from shared.domain.errors import Quarantined
from shared.domain.observations import CustomerSaid, OrderSaid, Parsed, SubscriptionSaid
from shared.providers import paykickstart_fetched as fetched
from shared.providers import paykickstart_orders as orders
from shared.providers import paykickstart_subscriptions as subscriptions
from shared.providers import paykickstart_transactions as transactions
from shared.providers.paykickstart_form import Form, email, identity, moment, name, read
from shared.providers.paykickstart_form import address as address_of

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
# Signed anew after a rotation, a notification is still the same.
_BY_DELIVERY = ("hash", "verification_code")


class Reader(NamedTuple):
    """How to read an event: what it says of an order, and what of a subscription."""

    order: Callable[[Form, int], OrderSaid | None]
    subscription: Callable[[Form, int], SubscriptionSaid | None]


def _nothing(form: Form, at: int) -> None:
    """Read nothing: the event is not about such a thing."""
    del form, at


MEANING: dict[str, Reader] = {
    "sales": Reader(orders.paid, subscriptions.sold),  # one-time, or a subscription's first
    "subscription-payment": Reader(orders.paid, subscriptions.billed),
    "subscription-payment-failed": Reader(orders.declined, subscriptions.failed),
    "subscription-trial-end": Reader(_nothing, subscriptions.trial_ended),
    "subscription-cancelled": Reader(_nothing, subscriptions.cancelled),
    "refund": Reader(orders.refunded, _nothing),
}
# What it repeats of time and money is its last payment's, so it happens when it is received.
UPDATED = "subscription-updated"


def parse(body: bytes, headers: Mapping[str, str]) -> Parsed:
    """Return what a notification says. Raise Quarantined for one that can never be accepted."""
    del headers  # PayKickstart's carry nothing
    if body.startswith(b"{"):  # an answer of its API, put on the queue by call_providers
        answer = fetched.read(body)
        return _transaction(answer) if "transaction" in answer else fetched.parse(answer, body)
    form = read(body)
    event_type = identity(form, "event")
    if event_type is None:
        raise Quarantined("bad_field", "event is missing")
    if event_type == UPDATED:
        return _updated(form)
    reader = MEANING.get(event_type)
    return _unknown(form, event_type) if reader is None else _known(form, event_type, reader)


def _known(form: Form, event_type: str, reader: Reader) -> Parsed:
    at = moment(form, "transaction_time")
    if at is None:
        raise Quarantined("bad_field", "transaction_time is missing")
    order, subscription = reader.order(form, at), reader.subscription(form, at)
    return Parsed(
        event_id=_key(form),
        event_type=event_type,
        digest=_digest(form),
        occurred_at=at,
        live=_live(form),
        subscriptions=(subscription,) if subscription else (),
        orders=(order,) if order else (),
        customers=_customers(form, event_type),
    )


def _transaction(answer: Mapping[str, Any]) -> Parsed:
    """Return what a row of the API's list says: what the notification of its time has said."""
    row = transactions.row_of(answer)
    form = transactions.form_of(row)
    event_type, event_id = form.get("event"), transactions.event_id(row)
    told = _known(form, event_type, MEANING[event_type]) if event_type else _unknown(form, "")
    return replace(told, event_id=event_id, event_type=transactions.EVENT_TYPE)


def _updated(form: Form) -> Parsed:
    digest = _digest(form)
    return Parsed(
        event_id=f"{_key(form)}:{digest[:16]}",
        event_type=UPDATED,
        digest=digest,
        occurred_at=None,
        live=_live(form),
        subscriptions=(subscriptions.updated(form),),
        customers=_customers(form, UPDATED),
    )


def _unknown(form: Form, event_type: str) -> Parsed:
    digest = _digest(form)
    return Parsed(
        event_id=f"{_key(form)}:{digest[:16]}",
        event_type=event_type,
        digest=digest,
        occurred_at=moment(form, "transaction_time"),
        live=_live(form),
        known=False,
    )


def _key(form: Form) -> str:
    """Return what tells an event from others of its type: transaction, purchase and second."""
    told = (identity(form, field) for field in ("transaction_id", "invoice_id", "transaction_time"))
    return ":".join(each or "" for each in told)


def _digest(form: Form) -> str:
    kept = {field: value for field, value in form.items() if field not in _BY_DELIVERY}
    return hashlib.sha256(_canonical(kept).encode()).hexdigest()


def _live(form: Form) -> bool | None:
    """Tell a test from the real thing, None where neither is said."""
    mode = form.get("mode", "").lower()
    if mode == "test" or form.get("payment_processor", "").lower() == "testmode":
        return False
    return True if mode == "live" else None


def _customers(form: Form, event_type: str) -> tuple[CustomerSaid, ...]:
    """Return the buyer, who is known by address alone."""
    address = email(form)
    if address is None:
        return ()
    first, last = name(form)
    person: dict[str, Any] = {"email": address, "first_name": first, "last_name": last}
    for kind in ("billing", "shipping"):
        person[f"{kind}_address"] = address_of(form, kind)
    rank = subscriptions.RANKS.get(event_type, subscriptions.ANY_RANK)
    return (CustomerSaid(address, rank, {"customer": person}),)
