"""The reports on people reckoned by hand: who came, who was touched, and what they brought.

As the definitions say it: plain loops over books. Written apart from the reports' SQL, to be held
against it. A part of a series (`whole` is its range) counts who was touched in that part.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from tests.reference.books import Act, Books, Sale
from tests.reference.reckoning import Figures, net
from tests.reference.spans import Range

_DAY = 86_400_000
ENGAGED = ("visit", "open", "click", "reply")
REACHED = ("sent", "open", "click", "reply")
_COUNTED = {"sent": "sent", "visit": "visits", "open": "opens", "click": "clicks"}
_COUNTED |= {"reply": "replies"}
Touches = dict[str, int]


def acquisition(books: Books, currency: str, within: Range, whole: Range | None = None) -> Figures:
    """Reckon the report `acquisition`."""
    sales = [sale for sale in books.sales if sale.currency == currency]
    made = {each.id for each in books.people if within.holds(each.created)}
    lead = lead_revenue(books, currency, within)
    bought = {contact for contact, at in books.since.items() if within.holds(at)}
    fresh = {contact for contact, at in books.since.items() if (whole or within).holds(at)}
    brought = net(sales, within, lambda sale: sale.contact in fresh)
    firsts = first_orders(books, currency, within)
    spend = sum(
        cost.amount
        for cost in books.costs
        if cost.currency == currency and within.first <= cost.day <= within.last
    )
    return {
        "new_contacts": len(made),
        "new_customers": len(bought),
        "conversion_rate": Fraction(len(made & set(books.since)), len(made)) if made else None,
        "new_customer_revenue": brought,
        "lead_value": round(Fraction(lead, len(made))) if made else None,
        "average_first_order": round(Fraction(sum(sale.net for sale in firsts), len(firsts)))
        if firsts
        else None,
        "spend": spend,
        "cost_per_customer": round(Fraction(spend, len(bought))) if bought else None,
        "roas": Fraction(brought, spend) if spend else None,
    }


def nurture(
    books: Books, currency: str, within: Range, labels: Iterable[tuple[str, str]] = ()
) -> Figures:
    """Reckon the report `nurture`; with `labels`, of those tags and lists alone."""
    wanted = {(kind, name.lower()) for kind, name in labels}
    gained = [
        (each.id, at)
        for each in books.people
        for kind, name, at, _ in each.labels
        if not wanted or (kind, name.lower()) in wanted
    ]
    for act in books.acts:
        kind, _, verb = act.kind.partition("_")
        named = (kind, (act.subject or "").lower())
        if act.contact and verb == "added" and (not wanted or named in wanted):
            gained.append((act.contact, act.at))
    touches = _first((who, at) for who, at in gained if within.holds(at))
    waits = [wait for who, at in touches.items() if (wait := _wait(books, who, at)) is not None]
    found = _touched(books, currency, touches)
    share = Fraction(found["customers"], found["contacts"]) if touches else None
    days = Fraction(sum(waits), len(waits)) / _DAY if waits else None
    return {**found, "conversion_rate": share, "days_to_purchase": days}


def engagement(books: Books, currency: str, within: Range) -> Figures:
    """Reckon the report `engagement`."""
    acts = _acts(books, within, ENGAGED)
    found = _touched(books, currency, _first((act.contact or "", act.at) for act in acts))
    there = sum(within.reaches(each.created) for each in books.people)
    return {
        "engaged_contacts": found["contacts"],
        "engaged_share": Fraction(found["contacts"], there) if there else None,
        "customers": found["customers"],
        "revenue": found["revenue"],
        **_counts(acts, ENGAGED),
    }


def campaigns(books: Books, currency: str, within: Range) -> Figures:
    """Reckon the report `campaigns`, of all letters there are in the books."""
    acts = [act for act in _acts(books, within, REACHED) if act.campaign or act.subject]
    found = _touched(books, currency, _first((act.contact or "", act.at) for act in acts))
    return {**found, **_counts(acts, REACHED)}


def automations(books: Books, currency: str, within: Range) -> Figures:
    """Reckon the report `automations`, of all firings there are in the books."""
    fired = [each for each in books.firings if within.holds(each.at)]
    found = _touched(books, currency, _first((each.contact, each.at) for each in fired))
    acts = [act for act in _acts(books, within, REACHED[1:]) if act.automation]
    states = [state for each in fired for state in each.states]
    return {
        "fired": len(fired),
        "contacts": found["contacts"],
        "delivered": states.count("delivered"),
        "failed": states.count("dead") + states.count("gone"),
        **_counts(acts, REACHED[1:]),
        "revenue_after": found["revenue_after_touch"],
    }


def first_sale(books: Books, contact: str) -> Sale | None:
    """Return a contact's first order that brought money, in any currency."""
    mine = [sale for sale in books.sales if sale.paid and sale.contact == contact]
    return min(mine, key=lambda sale: sale.at, default=None)


def first_orders(books: Books, currency: str, within: Range) -> list[Sale]:
    """Return the first orders, of one currency, of who became a customer in a range."""
    since = books.since
    found = (first_sale(books, contact) for contact in since if within.holds(since[contact]))
    return [sale for sale in found if sale is not None and sale.currency == currency]


def lead_revenue(books: Books, currency: str, within: Range) -> int:
    """Return what the contacts made in a range have ever brought, net."""
    made = {each.id for each in books.people if within.holds(each.created)}
    mine = [sale for sale in books.sales if sale.currency == currency and sale.contact in made]
    return sum(sale.net for sale in mine)


def _first(touches: Iterable[tuple[str, int]]) -> Touches:
    """Return each contact's first touch."""
    found: Touches = {}
    for contact, at in touches:
        found[contact] = min(at, found.get(contact, at))
    return found


def _touched(books: Books, currency: str, touches: Touches) -> Figures:
    """Reckon what all reports on touched people tell."""
    sales = [sale for sale in books.sales if sale.currency == currency]
    mine = [sale for sale in sales if sale.contact in touches]
    return {
        "contacts": len(touches),
        "customers": sum(contact in books.since for contact in touches),
        "revenue": sum(sale.net for sale in mine),
        "revenue_after_touch": sum(
            _net_from(sale, touches[sale.contact or ""]) for sale in mine if sale.paid
        ),
    }


def _net_from(sale: Sale, since: int) -> int:
    taken = sale.gross if sale.at >= since else 0
    return taken - sum(amount for at, amount, _ in sale.back if at >= since)


def _wait(books: Books, contact: str, since: int) -> int | None:
    """Return how long after a touch a contact first bought, in ms."""
    later = (
        sale.at - since
        for sale in books.sales
        if sale.paid and sale.contact == contact and sale.at >= since
    )
    return min(later, default=None)


def _acts(books: Books, within: Range, kinds: Iterable[str]) -> list[Act]:
    return [
        act
        for act in books.acts
        if act.contact is not None and act.kind in kinds and within.holds(act.at)
    ]


def _counts(acts: list[Act], kinds: Iterable[str]) -> Figures:
    return {_COUNTED[kind]: sum(act.kind == kind for act in acts) for kind in kinds}
