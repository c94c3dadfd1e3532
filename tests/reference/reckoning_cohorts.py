"""The report `cohorts` reckoned by hand: customers by the month of their first order.

As the definition says it: plain loops over books. Written apart from the reports' SQL, to be held
against it.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from tests.reference.books import Books
from tests.reference.reckoning import Figures, net
from tests.reference.reckoning_people import first_sale
from tests.reference.spans import Range

Firsts = dict[str, int]


def cohorts(books: Books, currency: str, within: Range, whole: Range | None = None) -> Figures:
    """Reckon the report `cohorts`; `whole` is the range that a part of a series belongs to."""
    fresh = _firsts(books, within)
    mine = _firsts(books, whole or within)
    sales = [sale for sale in books.sales if sale.currency == currency]
    reach = whole or within
    awaited = [who for who, at in fresh.items() if _begun(_number(at, reach) + 1, reach)]
    back = [who for who in awaited if _active(books, who, fresh[who], 1, reach)]
    return {
        "customers": len(fresh),
        "revenue": net(sales, within, lambda sale: sale.contact in mine),
        "retention": Fraction(len(back), len(awaited)) if awaited else None,
    }


def months(books: Books, currency: str, within: Range) -> list[Figures]:
    """Reckon the months of a group: its customers' own, counted from that of their first order."""
    firsts = _firsts(books, within)
    last = within.last.year * 12 + within.last.month
    numbers = {who: _number(at, within) for who, at in firsts.items()}
    found, cumulative = [], 0
    for turn in range(last - min(numbers.values(), default=last + 1) + 1):
        awaited = [who for who in firsts if numbers[who] + turn <= last]
        active = [who for who in awaited if _active(books, who, firsts[who], turn, within)]
        revenue = sum(_moved(books, who, currency, numbers[who] + turn, within) for who in firsts)
        cumulative += revenue
        found.append(
            {
                "month": turn,
                "customers": len(active),
                "retention": Fraction(len(active), len(awaited)) if awaited else None,
                "revenue": revenue,
                "cumulative_revenue": cumulative,
            }
        )
    return found


def _firsts(books: Books, within: Range) -> Firsts:
    """Return whose first order lies in the range, and when that was."""
    found = {each.id: first_sale(books, each.id) for each in books.people}
    return {who: sale.at for who, sale in found.items() if sale and within.holds(sale.at)}


def _number(at: int, within: Range) -> int:
    day = within.day(at)
    return day.year * 12 + day.month


def _begun(number: int, within: Range) -> bool:
    return date((number - 1) // 12, (number - 1) % 12 + 1, 1) <= within.last


def _active(books: Books, who: str, first: int, turn: int, within: Range) -> bool:
    number = _number(first, within) + turn
    return any(
        sale.paid
        and sale.contact == who
        and _number(sale.at, within) == number
        and within.reaches(sale.at)
        for sale in books.sales
    )


def _moved(books: Books, who: str, currency: str, number: int, within: Range) -> int:
    """Return what one customer brought in a month of the range, net."""
    moved = 0
    for sale in books.sales:
        if sale.contact != who or sale.currency != currency or not sale.paid:
            continue
        movements: list[Any] = [(sale.at, sale.gross)]
        movements += [(at, -amount) for at, amount, _ in sale.back]
        moved += sum(
            amount for at, amount in movements if within.holds(at) and _number(at, within) == number
        )
    return moved
