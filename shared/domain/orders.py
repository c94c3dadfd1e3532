"""An order: one invoice or one-time purchase, however many events speak of its money.

Pure: `show` turns an order's facets into its fields. The invoice (`document`) says what was
asked; payments, refunds and disputes say what became of it. A payment told by charge, intent,
session and invoice payment alike is one payment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.observations import REF_KINDS, Facet
from shared.domain.timeline import Entry, State, View

BROUGHT_MONEY = frozenset({"completed", "partially_refunded", "refunded", "disputed"})


def show(state: State) -> dict[str, Any] | None:
    """Return the order's fields, or None while there is no order to speak of.

    No order: a draft, an invoice voided untried, a $0 or credit invoice, a checkout nobody paid,
    money given back of a payment that is not known yet.
    """
    document = _unless_deleted(state)
    payments = _payments(state)
    gross = _gross(document, payments)
    if gross <= 0 or (document is None and all(_abandoned(each) for each in payments)):
        return None
    untried = not payments and "attempt" not in state
    if untried and document is not None and document["state"] in ("draft", "void"):
        return None
    source = document or payments[-1]
    refunded = min(gross, _refunded(state))
    withheld = _withheld(state)
    paid = _paid(document, payments)
    return {
        "kind": "subscription" if _subscription(state) else "one_time",
        "status": _status(document, payments, paid, gross, refunded, withheld),
        "gross": gross,
        "discount": document.get("discount", 0) if document else 0,
        "tax": document.get("tax", 0) if document else 0,
        "shipping": document.get("shipping", 0) if document else 0,
        "fee": _fee(payments),
        "refunded": refunded,
        "withheld": min(gross - refunded, withheld),
        "currency": source["currency"],
        "payments": [_told(each) for each in payments],
        "refunds": [_told(facet) for _, facet in _of(state, "refund:")],
        "disputes": [_told(facet) for _, facet in _of(state, "dispute:")],
        "line_items": (document or {}).get("items") or [],
        "recurring_payment_id": _subscription(state),
        "occurred_date": _occurred(state, document, payments),
        "processor_reference": _reference(payments),
        "email": _email(state, document, payments),
    }


def is_created(entry: Entry, view: View) -> bool:
    """Take any first sight of an order for its creation: nothing announces orders otherwise."""
    del entry, view
    return True


def brings_money(view: View | None) -> bool:
    """Tell whether an order, as it is shown, has brought money, whatever went back since."""
    return view is not None and view["status"] in BROUGHT_MONEY


def is_unconfirmed(state: State) -> bool:
    """Tell whether an order rests on anything that its provider's API was not asked to confirm."""
    return any(facet.get("unconfirmed") for facet in state.values())


def summary(state: State, view: View | None) -> tuple[str, dict[str, Any]] | None:
    """Return the subscription an order belongs to and what it says of its payment.

    None while there is neither: an invoice nobody has tried to pay yet says nothing of payment.
    """
    if view is None or view["recurring_payment_id"] is None:
        return None
    tried = any(each["status"] in ("pending", "declined") for each in view["payments"])
    asked = (state.get("attempt") or {}).get("action_required")
    if view["status"] == "pending" and not (tried or asked):
        return None
    document = state.get("document") or {}
    cycle = document.get("cycle")
    status = "completed" if view["status"] == "disputed" else view["status"]
    brought = view["status"] in BROUGHT_MONEY
    return view["recurring_payment_id"], {
        "status": status,
        "date": view["occurred_date"],
        "gross": view["gross"],
        "subtotal": document.get("subtotal"),
        "discount": view["discount"],
        "tax": view["tax"],
        "shipping": view["shipping"],
        "cycle": cycle,
        "cycle_paid": brought and cycle in ("create", "cycle"),
        "next_attempt": document.get("next_attempt") if status == "declined" else None,
    }


def order_id(refs: Mapping[str, Any] | set[str]) -> str:
    """Return the id an order of these names has: the strongest name's, whatever came first."""
    return ref_id(strongest(refs))


def strongest(refs: Mapping[str, Any] | set[str]) -> str:
    """Return the strongest of an order's names."""
    return min(refs, key=lambda ref: (REF_KINDS.index(ref.partition(":")[0]), ref))


def ref_id(ref: str) -> str:
    """Return the provider's id inside a ref."""
    return ref.partition(":")[2]


def net(view: View) -> int:
    """Return what an order brought: what was paid less what went back or is withheld."""
    if view["status"] not in BROUGHT_MONEY:
        return 0
    return int(view["gross"] - view["refunded"] - view["withheld"])


def returned(state: State, view: View) -> list[dict[str, Any]]:
    """Return what went back of an order, each amount at its own date.

    The refunds add up to `refunded` and the disputes to `withheld`: what a provider says was given
    back beyond its single refunds is dated by its newest word on it.
    """
    refunds = [
        {"kind": "refund", "id": facet["id"], "date": facet["date"], "amount": facet["amount"]}
        for _, facet in _of(state, "refund:")
        if facet["status"] == "completed"
    ]
    stated = [facet for _, facet in _of(state, "refunded:") if facet["amount"]]
    if stated:
        beyond = {"kind": "refund", "id": None, "date": stated[-1]["date"]}
        refunds.append({**beyond, "amount": view["refunded"]})
    disputes = [
        {"kind": "dispute", "id": facet["id"], "date": facet["date"], "amount": facet["amount"]}
        for _, facet in _of(state, "dispute:")
        if facet["status"] in ("open", "lost")
    ]
    return [*_up_to(view["refunded"], refunds), *_up_to(view["withheld"], disputes)]


def _unless_deleted(state: State) -> Facet | None:
    """Return the document; one deleted unpaid as void. What was paid stays paid."""
    document, gone = state.get("document"), state.get("deleted") or {}
    if document is None or not gone.get("deleted") or document["state"] == "paid":
        return document
    return {**document, "state": "void"}


def _up_to(total: int, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parts as far as they make up the total, the last one cut to fit."""
    kept = []
    for part in parts:
        amount = min(part["amount"], total)
        if amount > 0:
            kept.append({**part, "amount": amount})
            total -= amount
    return kept


def _of(state: State, prefix: str) -> list[tuple[str, Facet]]:
    # One that was withdrawn is blank.
    found = [(name, facet) for name, facet in state.items() if facet and name.startswith(prefix)]
    return sorted(found, key=lambda each: (each[1]["date"], each[0]))


def _payments(state: State) -> list[dict[str, Any]]:
    """Return the order's payments, the newest last, each told by its best account."""
    best: dict[str, dict[str, Any]] = {}
    for _, facet in _of(state, "payment:"):
        key = facet["payment"]
        held = best.get(key)
        if held is None or _trust(facet) >= _trust(held):
            best[key] = dict(facet)
    return sorted(best.values(), key=lambda each: (each["date"], each["payment"]))


def _trust(account: Facet) -> tuple[bool, int, int]:
    # A payment that completed stays completed; giving it back is a refund, told apart.
    return account["status"] == "completed", account["weight"], account["date"]


def _abandoned(payment: Facet) -> bool:
    return bool(payment["weight"] == 0 and payment["status"] != "completed")


def _told(facet: Facet) -> dict[str, Any]:
    identity = facet.get("id") or ref_id(facet["payment"])
    return {
        "id": identity,
        "amount": facet["amount"],
        "date": facet["date"],
        "status": facet["status"],
    }


def _gross(document: Facet | None, payments: list[dict[str, Any]]) -> int:
    if document is not None:
        return int(document["gross"])
    completed = [each["amount"] for each in payments if each["status"] == "completed"]
    return sum(completed) if completed else max((each["amount"] for each in payments), default=0)


def _paid(document: Facet | None, payments: list[dict[str, Any]]) -> bool:
    collected = [each["amount"] for each in payments if each["status"] == "completed"]
    if document is None:
        return bool(collected)
    return bool(document["state"] == "paid" or sum(collected) >= document.get("due", 0) > 0)


def _refunded(state: State) -> int:
    """Return what was given back, per payment the more of the single refunds and the stated sum."""
    single: dict[str, int] = {}
    for _, facet in _of(state, "refund:"):
        if facet["status"] == "completed":
            key = facet["payment"]
            single[key] = single.get(key, 0) + facet["amount"]
    stated = {facet["payment"]: facet["amount"] or 0 for _, facet in _of(state, "refunded:")}
    return sum(max(single.get(key, 0), stated.get(key, 0)) for key in single.keys() | stated.keys())


def _withheld(state: State) -> int:
    return sum(f["amount"] for _, f in _of(state, "dispute:") if f["status"] in ("open", "lost"))


def _status(
    document: Facet | None,
    payments: list[dict[str, Any]],
    paid: bool,
    gross: int,
    refunded: int,
    withheld: int,
) -> str:
    if paid:
        if withheld:
            return "disputed"
        if refunded >= gross:
            return "refunded"
        return "partially_refunded" if refunded else "completed"
    if document is not None and document["state"] in ("failed", "void", "uncollectible"):
        return "declined"
    last = payments[-1]["status"] if payments else "pending"
    return "declined" if last in ("declined", "cancelled") else "pending"


def _occurred(state: State, document: Facet | None, payments: list[dict[str, Any]]) -> int | None:
    """Return when an order was paid, else when it was last tried, else when it was written."""
    if document is not None:
        paid = document.get("paid_date")
        if paid is not None:
            return int(paid)
    completed = [each["date"] for each in payments if each["status"] == "completed"]
    if completed:
        return int(min(completed))
    tried = (state.get("attempt") or {}).get("date")
    if tried is None and payments:
        tried = payments[-1]["date"]
    moment = tried if tried is not None else (document or {}).get("created")
    return None if moment is None else int(moment)


def _subscription(state: State) -> str | None:
    document = state.get("document")
    if document is not None and document.get("subscription_id"):
        return str(document["subscription_id"])
    named = (facet.get("subscription_id") for _, facet in _of(state, "payment:"))
    return next((name for name in named if name), None)


def _fee(payments: list[dict[str, Any]]) -> int | None:
    known = [each["fee"] for each in payments if each.get("fee") is not None]
    return sum(known) if known else None


def _reference(payments: list[dict[str, Any]]) -> str | None:
    references = [each.get("reference") for each in reversed(payments)]
    return next((reference for reference in references if reference), None)


def _email(state: State, document: Facet | None, payments: list[dict[str, Any]]) -> str | None:
    customer = state.get("customer") or {}
    named = [customer.get("email"), (document or {}).get("email")]
    named += [each.get("email") for each in reversed(payments)]
    return next((email for email in named if email), None)
