"""An order's facets as tests write them down, by readable names."""

from __future__ import annotations

from typing import Any

from shared.domain import orders
from tests.laws.words import at


def facets_of(**facets: Any) -> dict[str, Any]:
    """Return facets by readable names: `payment_ch_1` is `payment:ch_1`."""
    kinds = ("payment_", "refund_", "refunded_", "dispute_")
    named = {}
    for name, facet in facets.items():
        kind = next((kind for kind in kinds if name.startswith(kind)), None)
        named[f"{kind[:-1]}:{name.removeprefix(kind)}" if kind else name] = facet
    return named


def shown(**facets: Any) -> dict[str, Any]:
    """Return the view of an order of these facets."""
    view = orders.show(facets_of(**facets))
    assert view is not None
    return view


def refund(amount: int, minutes: float = 9, status: str = "completed") -> dict[str, Any]:
    """Return one refund of a payment, dated `minutes` after the beginning."""
    payment = "intent:pi_1"
    own = f"re_{minutes}"
    return {
        "id": own,
        "amount": amount,
        "date": at(minutes),
        "status": status,
        "payment": payment,
    }


def stated(amount: int | None, minutes: float = 9) -> dict[str, Any]:
    """Return what a payment itself says has gone back of it."""
    return {"amount": amount, "date": at(minutes), "payment": "intent:pi_1"}


def dispute(amount: int, status: str) -> dict[str, Any]:
    """Return a dispute of twenty minutes after the beginning."""
    return {"id": "dp_1", "amount": amount, "date": at(20), "status": status}
