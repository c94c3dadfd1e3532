"""A recurring payment: what its facets add up to, in ActiveCampaign's field names.

Pure: `show` turns a subscription's facets into the record's fields. Beside the store's own `terms`
(and their parts, `terms:<part>`) it reads `order:<id>` facets (what each of its orders says of
payment) and `customer` (the store's customer as far as it concerns this subscription).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from shared.domain import times
from shared.domain.observations import Facet
from shared.domain.timeline import Entry, State, View

# Where a provider announces no creations, a first sight this close to the start is one.
FIRST_SIGHT = 72 * times.HOUR
_STATE = (
    "status",
    "is_trial",
    "payment_amount",
    "currency",
    "billing_interval",
    "billing_interval_count",
)


def show(state: State) -> dict[str, Any] | None:
    """Return the record's fields; None while nothing has been said of the subscription itself."""
    stated = _terms(state)
    if stated is None:
        return None
    terms = _unless_deleted(stated, state.get("deleted"))
    orders = _orders(state)
    last = orders[-1] if orders else None
    customer = state.get("customer") or {}
    return {
        "name": terms.get("name"),
        "status": _status(terms, state, last),
        "store_status": terms.get("store_status"),
        "billing_interval": terms.get("billing_interval"),
        "billing_interval_count": terms.get("billing_interval_count"),
        **_amounts(terms, state, orders),
        **_last_payment(terms, last),
        "start_date": terms.get("start_date"),
        "renewal_date": _renewal(terms),
        "next_payment_date": _next_payment(terms, last),
        "anchor_date": terms.get("anchor_date"),
        "cancelled_date": terms.get("cancelled_date"),
        "payment_method_expiration": _expiration(terms, customer),
        "origin_order_id": (state.get("origin") or {}).get("order_id"),
        "currency": terms.get("currency"),
        "store_created_date": _created(terms, state),
        "is_trial": bool(terms.get("is_trial")),
        "cancel_at_period_end": bool(terms.get("cancel_at_period_end")),
        "total_cycles": terms.get("total_cycles") or 0,
        "cycles_completed": _cycles(terms, state),
        "note": terms.get("note"),
        "external_id": terms.get("external_id"),
        "line_items": terms.get("items") or [],
        "shipping_address": terms.get("shipping_address") or customer.get("shipping_address"),
        "billing_address": terms.get("billing_address") or customer.get("billing_address"),
        "email": terms.get("email") or customer.get("email"),
        "inferred": terms.get("inferred") or [],
    }


def _terms(state: State) -> Facet | None:
    """Return the terms with the parts that some stores tell one by one; None without a status.

    Parts count in the order of their names, a later one over an earlier, `terms` itself over all:
    so what was inferred can be told beside what is stated, and gives way to it. A part that was
    priced by another plan or quantity than `terms` names is out of date.
    """
    by = (state.get("terms") or {}).get("priced_by")
    parts = sorted(
        name
        for name, facet in state.items()
        if name.startswith("terms:") and (by is None or facet.get("priced_by", by) == by)
    )
    if not parts:
        return state.get("terms")
    told: dict[str, Any] = {}
    inferred: set[str] = set()
    for facet in (*(state[name] for name in parts), state.get("terms") or {}):
        inferred = (inferred - facet.keys()) | set(facet.get("inferred") or ())
        told |= facet
    return {**told, "inferred": sorted(inferred)} if "status" in told else None


def is_created(states_creation: bool) -> Any:
    """Return the rule that tells a creation from a first sight, for a provider of that habit."""

    def born(entry: Entry, view: View) -> bool:
        # Who verifies asks what is, not what has happened: no creation is stated there.
        if (states_creation and not entry.verified) or entry.creation:
            return entry.creation
        start = view.get("start_date")
        return start is not None and abs(entry.at - start) <= FIRST_SIGHT

    return born


def states(
    steps: Iterable[tuple[int, View | None]], known: Sequence[list[Any]] = ()
) -> list[list[Any]]:
    """Return what a recurring payment was and from when on, as revenue is counted by it.

    `steps` are the times (ms) and views of its history in order, `known` the states before them.
    Each state is a list of the values of `_STATE` after its time, where any of them changed.
    """
    told = list(known)
    for at, view in steps:
        if view is None:
            continue
        items = view["line_items"]
        product = items[0].get("store_primary_id") if items else None
        state = [*(view[name] for name in _STATE), product]
        if not told or told[-1][1:] != state:
            told.append([at, *state])
    return told


def compact(state: State) -> dict[str, Facet]:
    """Drop what `show` no longer needs of old orders, so that a record does not grow with age.

    The newest order and the newest that billed a whole cycle are kept; of the others only that
    they were paid cycles. A later word on an older order comes whole again.
    """
    orders = _orders(state)
    cycles = [order for order in orders if _bills_cycle(order)]
    whole = {order["name"] for order in (*orders[-1:], *cycles[-1:])}
    kept: dict[str, Facet] = {}
    for name, facet in state.items():
        if not name.startswith("order:") or name in whole:
            kept[name] = facet
        elif facet.get("cycle_paid"):
            kept[name] = {"cycle_paid": True}
    return kept


def _created(terms: Facet, state: State) -> int | None:
    told = [int(n.removeprefix("created:")) for n in state if n.startswith("created:")]
    return min(told, default=terms.get("created_date"))


def _last_payment(terms: Facet, last: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the last payment: the last order's, unless the store tells of a later one."""
    stated = terms.get("last_payment_date")
    if last is None or (stated is not None and stated > last["date"]):
        return {
            "last_payment_status": terms.get("last_payment_status"),
            "last_payment_date": stated,
        }
    return {"last_payment_status": last["status"], "last_payment_date": last["date"]}


def _orders(state: State) -> list[dict[str, Any]]:
    """Return the orders that say something of payment, the newest last."""
    known = [
        {"name": name, **facet}
        for name, facet in state.items()
        if name.startswith("order:") and facet.get("status")
    ]
    return sorted(known, key=lambda order: (order["date"], order["name"]))


def _cycles(terms: Facet, state: State) -> int:
    """Return the cycles paid: as the store stated them, or more where orders tell of later ones."""
    paid = sum(
        1 for name, facet in state.items() if name.startswith("order:") and facet.get("cycle_paid")
    )
    return max(int(terms.get("cycles_completed") or 0), paid)


def _unless_deleted(terms: Facet, gone: Facet | None) -> Facet:
    """Return the terms; those of a deleted subscription as what they were, cancelled."""
    if not (gone or {}).get("deleted") or terms["status"] in ("cancelled", "expired"):
        return terms
    return {
        **terms,
        "status": "cancelled",
        "next_payment_date": None,
        "cancel_at_period_end": False,
        "cancelled_date": terms.get("cancelled_date") or (gone or {})["date"],
    }


def _status(terms: Facet, state: State, last: Mapping[str, Any] | None) -> Any:
    completed = (state.get("schedule") or {}).get("completed")
    held = terms.get("held")
    if held is not None and terms["status"] == "paused" and last is not None:
        # What was paid since was unpaid while it was held; that it goes on the store has to say.
        unpaid = last["status"] in ("declined", "pending") or last["date"] >= held
        return "payment_failed" if unpaid else "paused"
    return "expired" if completed and terms["status"] == "cancelled" else terms["status"]


def _amounts(terms: Facet, state: State, orders: list[dict[str, Any]]) -> dict[str, int | None]:
    """Return what a cycle costs: the last billed cycle of the same terms, else price and quantity.

    A first cycle stands for the later ones only where nothing was discounted: an introductory
    price is not what the subscription will cost.
    """
    amount = terms.get("amount")
    billed = _billed(amount, orders)
    stated = terms.get("discount_amount")
    discount = stated if stated is not None else _discount(amount, terms, state.get("discount"))
    if billed is not None and discount is None:
        discount = billed.get("discount")
    gross = terms.get("payment_amount")
    tax, shipping = terms.get("tax_amount"), terms.get("shipping_amount")
    if gross is None and billed is not None:
        tax, shipping = _tax(billed, discount or 0), billed.get("shipping") or 0
        gross = billed["gross"]
        if discount != billed.get("discount"):
            gross += (billed.get("discount") or 0) - (discount or 0) + tax - (billed["tax"] or 0)
    elif gross is None and amount is not None:
        gross = max(0, amount - (discount or 0))
    elif gross is None:
        gross = terms.get("observed_amount")
    return {
        "payment_amount": gross,
        "discount_amount": discount or 0,
        "tax_amount": tax or 0,
        "shipping_amount": shipping or 0,
    }


def _billed(amount: int | None, orders: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the newest order that billed a whole cycle of the terms that hold now."""
    newest = next((order for order in reversed(orders) if _bills_cycle(order)), None)
    if newest is None or amount is None or newest.get("subtotal") == amount:
        return newest
    return None


def _bills_cycle(order: Mapping[str, Any]) -> bool:
    cycle, discounted = order.get("cycle"), order.get("discount")
    return bool(cycle == "cycle" or (cycle == "create" and not discounted))


def _tax(billed: Mapping[str, Any], discount: int) -> int:
    """Return a cycle's tax under another discount than the one it was last billed with."""
    tax, base = billed.get("tax") or 0, billed.get("subtotal") or 0
    taxed = base - (billed.get("discount") or 0)
    if not tax or taxed <= 0 or discount == (billed.get("discount") or 0):
        return int(tax)
    share = Decimal(tax) * (base - discount) / taxed
    return int(share.to_integral_value(rounding=ROUND_HALF_EVEN))


def _discount(amount: int | None, terms: Facet, told: Facet | None) -> int | None:
    """Return what is taken off a cycle; None where nobody has said how much."""
    told = told or {"coupon": "not told"}
    percent = terms.get("discount_percent") or told.get("percent")
    if amount is None or not (percent or told.get("amount") or told.get("coupon") is None):
        return None  # a coupon named by its id alone says nothing of money
    if percent:
        share = Decimal(amount) * Decimal(str(percent)) / 100
        return int(share.to_integral_value(rounding=ROUND_HALF_EVEN))
    return min(int(told.get("amount") or 0), amount)


def _renewal(terms: Facet) -> int | None:
    if terms.get("cancel_at_period_end"):
        return None
    return terms.get("renewal_date") or terms.get("next_payment_date")


def _next_payment(terms: Facet, last: Mapping[str, Any] | None) -> int | None:
    if terms.get("retries") and last and last["status"] == "declined":
        return last.get("next_attempt")
    return terms.get("next_payment_date")


def _expiration(terms: Facet, customer: Facet) -> int | None:
    """Return the first day of the card's last month, as ActiveCampaign shows it."""
    stated = terms.get("payment_method_expiration")
    if stated is not None:
        return int(stated)
    method = terms.get("payment_method") or customer.get("payment_method")
    expires = (customer.get("methods") or {}).get(method)
    return times.from_text(f"{expires}-01") if expires else None
