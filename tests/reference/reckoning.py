"""The reports on orders, recurring payments and customers, reckoned by hand.

As the definitions say it and as slowly as that takes: plain loops over books and calendar days;
every amount is exact. Written apart from the reports' SQL, to be held against it. `whole` is the
range that a part of a series belongs to.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.reference.books import Books, Plan, Sale
from tests.reference.spans import Range

Figures = dict[str, Any]

# Days of one interval, as the 30-day normalisation counts them, and months, as the other does.
_DAYS = {"daily": Fraction(1), "weekly": Fraction(7), "monthly": Fraction(30)}
_MONTHS = {"daily": Fraction(12, 365), "weekly": Fraction(12, 52), "monthly": Fraction(1)}
_MOVES = ("new", "expansion", "contraction", "churn", "reactivation")


def orders(books: Books, currency: str, within: Range, whole: Range | None = None) -> Figures:
    """Reckon the report `orders`; money in minor units."""
    sales = [sale for sale in books.sales if sale.currency == currency]
    paid = [sale for sale in sales if sale.paid and within.holds(sale.at)]
    fresh = {contact for contact, at in books.since.items() if (whole or within).holds(at)}
    gross = sum(sale.gross for sale in paid)
    refunds = _back(sales, within, "refund")
    withheld = _back(sales, within, "dispute")
    made = len({sale.id for sale in paid})
    left = gross - refunds - withheld
    return {
        "gross": gross,
        "refunds": refunds,
        "withheld": withheld,
        "net": left,
        "orders": made,
        "average_order_value": round(Fraction(left, made)) if paid else None,
        "new_revenue": net(sales, within, lambda sale: sale.contact in fresh),
        "returning_revenue": net(
            sales, within, lambda sale: sale.contact is not None and sale.contact not in fresh
        ),
        "unmatched": net(sales, within, lambda sale: sale.contact is None),
        "declined": _count(sales, within, "declined"),
        "disputed": _count(sales, within, "disputed"),
    }


def subscriptions(
    books: Books,
    currency: str,
    within: Range,
    whole: Range | None = None,
    normalisation: str = "30d",
) -> Figures:
    """Reckon the report `subscriptions`; money in minor units, rates as fractions."""
    plans = [plan for plan in books.plans if plan.currency == currency]
    new = [plan for plan in plans if within.holds(plan.started)]
    opening = [plan for plan in plans if _is_active(_state(plan, within, before=True))]
    active = [plan for plan in plans if _is_active(_state(plan, within))]
    mrr = sum(_monthly(_state(plan, within), normalisation) for plan in plans)
    lost = [plan for plan in opening if _is_over(_state(plan, within))]
    churn = Fraction(len(lost), len(opening)) if opening else None
    month = Fraction(30) if normalisation == "30d" else Fraction(365, 12)
    arpu = Fraction(mrr, len(active)) if active else None
    ended = [after for plan in plans for after in _trials_ended(plan, within)]
    mine = {plan.id for plan in plans if (whole or within).holds(plan.started)}
    sales = [sale for sale in books.sales if sale.currency == currency and sale.plan in mine]
    return {
        "active": len(active),
        "new": len(new),
        "cancelled": sum(_cancellations(plan, within) for plan in plans),
        "mrr": mrr,
        **_movements(plans, within, normalisation),
        "churn_rate": churn,
        "arpu": round(arpu) if arpu is not None else None,
        "ltv": round(arpu / (churn * month / within.length))
        if churn and arpu is not None
        else None,
        "trials": sum(any(view["is_trial"] for _, view in plan.steps) for plan in new),
        "trial_conversion": Fraction(sum(ended), len(ended)) if ended else None,
        "revenue": net(sales, within),
        "unmatched": net(sales, within, lambda sale: sale.contact is None),
    }


def opening_mrr(books: Books, currency: str, within: Range, normalisation: str = "30d") -> int:
    """Reckon the recurring revenue just before the range."""
    plans = [plan for plan in books.plans if plan.currency == currency]
    return sum(_monthly(_state(plan, within, before=True), normalisation) for plan in plans)


def customers(
    books: Books, within: Range, tag: str | None = None, *, members: bool = False
) -> Figures:
    """Reckon the report `customers`, of who buys or of who has a tag, or of all there are."""
    since = list(books.since.values())
    if members:
        since = [each.created if each.since is None else each.since for each in books.people]
    if tag is not None:
        since = [
            at
            for each in books.people
            for kind, label, at, holds in each.labels
            if holds and kind == "tag" and label.lower() == tag.lower()
        ]
    return {
        "customers": sum(within.reaches(at) for at in since),
        "new_customers": sum(within.holds(at) for at in since),
    }


def net(sales: list[Sale], within: Range, wanted: Callable[[Sale], bool] | None = None) -> int:
    """Return what some sales brought in the range, less what went back in it."""
    mine = [sale for sale in sales if sale.paid and (wanted is None or wanted(sale))]
    taken = sum(sale.gross for sale in mine if within.holds(sale.at))
    return taken - _back(mine, within, "refund") - _back(mine, within, "dispute")


def _count(sales: list[Sale], within: Range, status: str) -> int:
    return len({each.id for each in sales if each.status == status and within.holds(each.at)})


def _back(sales: list[Sale], within: Range, kind: str) -> int:
    parts = (part for sale in sales if sale.paid for part in sale.back)
    return sum(amount for at, amount, what in parts if what == kind and within.holds(at))


def _state(plan: Plan, within: Range, *, before: bool = False) -> Any:
    """Return what a plan was at the range's end, or just before its beginning; None for nothing."""
    found = None
    for at, view in plan.steps:
        day = within.day(at)
        if day < within.first or (not before and day <= within.last):
            found = view
    return found


def _is_active(view: Any) -> bool:
    return view is not None and view["status"] == "active" and not view["is_trial"]


def _is_over(view: Any) -> bool:
    return view is not None and view["status"] in ("cancelled", "expired")


def _monthly(view: Any, normalisation: str) -> int:
    """Return what an active plan brings in thirty days, or in a month."""
    if not _is_active(view) or view["payment_amount"] is None or not view["billing_interval"]:
        return 0
    interval, count = view["billing_interval"], view["billing_interval_count"] or 1
    if normalisation == "30d":
        cycle = _DAYS.get(interval, Fraction(365)) * count / 30
    else:
        cycle = _MONTHS.get(interval, Fraction(12)) * count
    return round(Fraction(view["payment_amount"]) / cycle)


def _movements(plans: list[Plan], within: Range, normalisation: str) -> Figures:
    moved = dict.fromkeys((f"mrr_{name}" for name in _MOVES), 0)
    for plan in plans:
        held, ever = 0, False
        for at, view in plan.steps:
            now = _monthly(view, normalisation)
            if within.holds(at) and now != held:
                moved[f"mrr_{_kind(held, now, ever)}"] += now - held
            held, ever = now, ever or now > 0
    return moved


def _kind(before: int, after: int, ever: bool) -> str:
    if before == 0:
        return "reactivation" if ever else "new"
    if after == 0:
        return "churn"
    return "expansion" if after > before else "contraction"


def _cancellations(plan: Plan, within: Range) -> int:
    pairs = zip(plan.steps, plan.steps[1:], strict=False)
    return sum(
        _is_over(view) and not _is_over(before) and within.holds(at)
        for (_, before), (at, view) in pairs
    )


def _trials_ended(plan: Plan, within: Range) -> list[bool]:
    """Return for each trial of a plan that ended in the range whether it was converted."""
    pairs = zip(plan.steps, plan.steps[1:], strict=False)
    return [
        _is_active(view)
        for (_, before), (at, view) in pairs
        if _in_trial(before) and not _in_trial(view) and within.holds(at)
    ]


def _in_trial(view: Any) -> bool:
    return bool(view["status"] == "active" and view["is_trial"])
