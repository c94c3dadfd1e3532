"""The three reports reckoned by hand, as the definitions say it and as slowly as that takes.

Plain loops over books and calendar days; every amount is exact. Written apart from the reports'
SQL, to be held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.books import Books, Plan, Sale

Figures = dict[str, Any]

# Days of one interval, as the 30-day normalisation counts them.
_DAYS = {"daily": Fraction(1), "weekly": Fraction(7), "monthly": Fraction(30)}
_YEARLY = Fraction(365)


@dataclass(frozen=True)
class Range:
    """Calendar days of a zone, both ends included."""

    first: date
    last: date
    zone: ZoneInfo

    def day(self, at: int) -> date:
        """Return the calendar day of a moment."""
        return datetime.fromtimestamp(at // 1000, UTC).astimezone(self.zone).date()

    def holds(self, at: int | None) -> bool:
        """Say whether a moment lies in the range."""
        return at is not None and self.first <= self.day(at) <= self.last

    def days(self) -> Iterator[Range]:
        """Go through the range day by day."""
        day = self.first
        while day <= self.last:
            yield Range(day, day, self.zone)
            day += timedelta(days=1)

    def before(self) -> Range:
        """Return as many days just before."""
        length = self.last - self.first + timedelta(days=1)
        return Range(self.first - length, self.last - length, self.zone)


def orders(books: Books, currency: str, within: Range) -> Figures:
    """Reckon the report `orders`; money in minor units."""
    sales = [sale for sale in books.sales if sale.currency == currency]
    paid = [sale for sale in sales if sale.paid and within.holds(sale.at)]
    fresh = {contact for contact, at in books.since.items() if within.holds(at)}
    gross = sum(sale.gross for sale in paid)
    refunds = _back(sales, within, "refund")
    withheld = _back(sales, within, "dispute")
    net = gross - refunds - withheld
    return {
        "gross": gross,
        "refunds": refunds,
        "withheld": withheld,
        "net": net,
        "orders": len(paid),
        "average_order_value": _rounded(Fraction(net, len(paid))) if paid else None,
        "new_revenue": _net(sales, within, lambda sale: sale.contact in fresh),
        "returning_revenue": _net(
            sales, within, lambda sale: sale.contact is not None and sale.contact not in fresh
        ),
        "unmatched": _net(sales, within, lambda sale: sale.contact is None),
        "declined": sum(sale.status == "declined" and within.holds(sale.at) for sale in sales),
        "disputed": sum(sale.status == "disputed" and within.holds(sale.at) for sale in sales),
    }


def subscriptions(books: Books, currency: str, within: Range) -> Figures:
    """Reckon the report `subscriptions`; money in minor units, rates as fractions."""
    plans = [plan for plan in books.plans if plan.currency == currency]
    new = [plan for plan in plans if within.holds(plan.started)]
    opening = [plan for plan in plans if _is_active(_state(plan, within, before=True))]
    active = [plan for plan in plans if _is_active(_state(plan, within))]
    mrr = sum(_monthly(_state(plan, within)) for plan in plans)
    lost = [plan for plan in opening if _is_over(_state(plan, within))]
    churn = Fraction(len(lost), len(opening)) if opening else None
    days = (within.last - within.first).days + 1
    arpu = Fraction(mrr, len(active)) if active else None
    ended = [after for plan in plans for after in _trials_ended(plan, within)]
    moved = _movements(plans, within)
    mine = {plan.id for plan in new}
    sales = [sale for sale in books.sales if sale.currency == currency and sale.plan in mine]
    return {
        "active": len(active),
        "new": len(new),
        "cancelled": sum(_cancellations(plan, within) for plan in plans),
        "mrr": mrr,
        **moved,
        "churn_rate": churn,
        "arpu": _rounded(arpu) if arpu is not None else None,
        "ltv": _rounded(arpu / (churn * 30 / days)) if churn and arpu is not None else None,
        "trials": sum(any(view["is_trial"] for _, view in plan.steps) for plan in new),
        "trial_conversion": Fraction(sum(ended), len(ended)) if ended else None,
        "revenue": _net(sales, within, lambda sale: True),
        "unmatched": _net(sales, within, lambda sale: sale.contact is None),
    }


def opening_mrr(books: Books, currency: str, within: Range) -> int:
    """Reckon the recurring revenue just before the range."""
    plans = [plan for plan in books.plans if plan.currency == currency]
    return sum(_monthly(_state(plan, within, before=True)) for plan in plans)


def customers(books: Books, within: Range) -> Figures:
    """Reckon the report `customers` without a tag."""
    return {
        "customers": sum(within.day(at) <= within.last for at in books.since.values()),
        "new_customers": sum(within.holds(at) for at in books.since.values()),
    }


def _back(sales: list[Sale], within: Range, kind: str) -> int:
    parts = (part for sale in sales for part in sale.back)
    return sum(amount for at, amount, what in parts if what == kind and within.holds(at))


def _net(sales: list[Sale], within: Range, wanted: Callable[[Sale], bool]) -> int:
    mine = [sale for sale in sales if sale.paid and wanted(sale)]
    taken = sum(sale.gross for sale in mine if within.holds(sale.at))
    return taken - _back(mine, within, "refund") - _back(mine, within, "dispute")


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


def _monthly(view: Any) -> int:
    """Return what an active plan brings in thirty days."""
    if not _is_active(view) or view["payment_amount"] is None:
        return 0
    days = _DAYS.get(view["billing_interval"], _YEARLY) * (view["billing_interval_count"] or 1)
    return _rounded(Fraction(view["payment_amount"]) * 30 / days)


def _movements(plans: list[Plan], within: Range) -> Figures:
    names = ("new", "expansion", "contraction", "churn", "reactivation")
    moved = dict.fromkeys((f"mrr_{name}" for name in names), 0)
    for plan in plans:
        held, ever = 0, False
        for at, view in plan.steps:
            now = _monthly(view)
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


def _rounded(amount: Fraction) -> int:
    return round(amount)  # half to even
