"""PayKickstart's transactions as its API lists them, read as the notifications they once were.

A transaction is told by a notification when it happens, and by a row of a list ever after. Both
name things alike where their names are known (see `paykickstart_form`); where public clients of the
API have met another name, it is taken for the one we know. So a row is turned into a form, and read
by the very readers that notifications have: history comes to the same records as live.

Pure. What a row does not tell stays untold, and what cannot be told for certain is no event.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from shared.domain import times
from shared.domain.errors import Quarantined

Row = Mapping[str, Any]

EVENT_TYPE = "fetched.transaction"
# Beside a row: whether its purchase has a subscription, where the row has no next billing date.
RECURS = "recurs"

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
# A field of ours, and what else a row may call it; the first that is told counts.
_ALSO = {
    "invoice_id": ("purchase_id",),
    "amount": ("total_amount",),
    "next_billing_date": ("next_date",),
    "buyer_first_name": ("buyer_name",),
    "buyer_email": ("email",),
}
_CHARGES = ("parent_transaction_id", "original_transaction_id", "refunded_transaction_id")
_CHARGED = ("sales", "subscription-payment", "subscription-payment-failed", "refund")
_REFUSED = ("fail", "declin")


def moment(value: object) -> int | None:
    """Return a time (ms), told in unix seconds or as text in UTC; None for what is none."""
    text = str(value) if type(value) in (int, str) else ""
    if text.isascii() and text.isdigit():
        milliseconds = int(text) * times.SECOND if len(text) <= 12 else 0
        return milliseconds if 0 < milliseconds <= times.LATEST else None
    try:
        return times.from_text(text)
    except ValueError:
        return None


def happened(row: Row) -> int | None:
    """Return when a transaction happened (ms), None where its row does not tell."""
    stated = moment(row.get("transaction_time"))
    return moment(row.get("created_at")) if stated is None else stated


def invoice(row: Row) -> str | None:
    """Return the purchase a transaction belongs to, None where its row does not tell."""
    return form_of(row).get("invoice_id")


def name(row: Row) -> str:
    """Return what a transaction may be called, if it has no id of its own: what happened when."""
    form = form_of(row)
    told = (form.get(field, "") for field in ("transaction_id", "invoice_id", "transaction_time"))
    return ":".join(told)


def is_first(row: Row) -> bool:
    """Tell whether a row may be its purchase's first charge: neither a later one nor a refund."""
    form = form_of(row)
    return form.get("event") == "sales" or form.get("is_rebill") == "0"


def leaves_open(row: Row) -> bool:
    """Tell whether only its purchase can say if a sale began a subscription."""
    form = form_of(row)
    dated = form.get("next_billing_date") is not None or RECURS in row
    return form.get("event") == "sales" and form.get("invoice_id") is not None and not dated


def form_of(row: Row) -> dict[str, str]:
    """Return a row in a notification's fields; without an `event` where it is no charge."""
    told = {field: _text(value) for field, value in row.items()}
    form = {field: value for field, value in told.items() if value}
    form.setdefault("transaction_id", form.get("id", ""))
    for field, others in _ALSO.items():
        form.setdefault(field, next((form[each] for each in others if each in form), ""))
    for field, at in (
        ("transaction_time", happened(row)),
        ("next_billing_date", moment(form["next_billing_date"])),
    ):
        form[field] = "" if at is None else str(at // times.SECOND)
    form["event"] = _event(form)
    if form["event"] == "refund":
        charge = next((form[each] for each in _CHARGES if each in form), form["transaction_id"])
        form["transaction_id"] = charge
    if form["event"] == "sales" and form.get(RECURS) == "1":
        # Told without its next billing date, a first charge is none that a sale could be.
        form |= {"event": "subscription-payment", "is_rebill": "0"}
    return {field: value for field, value in form.items() if value}


def event_id(row: Row) -> str:
    """Return the id of a row's event: one row, however often it is fetched, is one event."""
    return f"fetch_{hashlib.sha256(_canonical(dict(row)).encode()).hexdigest()[:32]}"


def body(row: Row) -> bytes:
    """Return a row as the body of its event."""
    return _canonical({"id": event_id(row), "transaction": dict(row)}).encode()


def row_of(event: Mapping[str, Any]) -> Row:
    """Return the row an event was made of. Raise Quarantined where it holds none."""
    row = event["transaction"]
    if not isinstance(row, dict):
        raise Quarantined("bad_field", "the event is not a fetched transaction")
    return row


def _event(form: Mapping[str, str]) -> str:
    """Return which notification told of it: by name, else by what else the row says of itself."""
    if form.get("event") in _CHARGED:
        return form["event"]
    about = ("event", "type", "transaction_type", "status")
    words = " ".join(form.get(field, "") for field in about).lower()
    if "refund" in words or form["amount"].startswith("-"):
        return "refund"
    if any(word in words for word in _REFUSED):
        return "subscription-payment-failed"
    if form.get("event") or any(word in words for word in ("pending", "void", "chargeback")):
        return ""
    return "sales" if form.get("is_rebill", "0") == "0" else "subscription-payment"


def _text(value: object) -> str:
    """Return a scalar as a form would have it; what is nested is no field."""
    if value is True or value is False:
        return "1" if value else "0"
    return str(value).strip() if isinstance(value, str | int | float) else ""
