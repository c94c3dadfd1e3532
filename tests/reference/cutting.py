"""Books cut down to what a question is about: a group, a segment, a connection, a provider.

A group's figures are those of its books, so nothing has to be reckoned another way for groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from tests.reference.books import Books, Person, Plan, Sale
from tests.reference.reckoning_people import first_sale
from tests.reference.spans import Range

PROVIDERS = {"shop": "stripe", "club": "paypal", "echo": "woocommerce", "lab": "stripe"}
SEGMENTS = ("buyers", "chosen", "vips")
# The tag that the last of them asks for.
TAGGED = "vip"
BY_PERSON = ("tag", "source", "campaign", "segment", "first_order_month")
BY_LETTER = ("campaign", "subject")
# Reports whose people are told of whether or not they have anything at a connection.
_OPEN = ("acquisition", "engagement")
_RECORDS = ("orders", "subscriptions")
Groups = Mapping[str | None, Books]


def groups(books: Books, report: str, name: str, within: Range) -> Groups:
    """Return the books of each group of a report, None for the group of nothing."""
    if report == "automations" and name == "automation":
        return _of_automations(books)
    if report == "campaigns" and name in BY_LETTER:
        return _of_letters(books, name)
    if name == "cohort":
        return _of_cohorts(books, within)
    if name == "product" and report == "orders":
        return _of_lines(books)
    if name in BY_PERSON:
        return _of_people(books, report, name, within)
    return _of_records(books, report, name)


def members(books: Books, segment: str) -> set[str]:
    """Return who is in one of the segments that every business has."""
    met: Mapping[str, Callable[[Person], bool]] = {
        "buyers": lambda each: each.buys,
        "chosen": lambda each: "chosen" in each.segments,
        "vips": lambda each: TAGGED in tags_of(each),
    }
    return {each.id for each in books.people if met[segment](each)}


def tags_of(person: Person) -> set[str]:
    """Return the tags somebody has now."""
    return {name for kind, name, _, holds in person.labels if kind == "tag" and holds}


def in_segment(books: Books, segment: str) -> Books:
    """Return the books of a segment's members; nobody spends for them."""
    return replace(books.of({*members(books, segment)}), costs=[])


def of_connections(books: Books, report: str, connections: Iterable[str]) -> Books:
    """Return the books of some connections, and of the people who have records there."""
    asked = set(connections)
    cut = books.where(lambda each: each.connection in asked)
    if report in _RECORDS:
        return cut
    records: list[Sale | Plan] = [*cut.sales, *cut.plans]
    known = {each.contact for each in records if each.contact}
    if report not in _OPEN:
        fired = [each for each in cut.firings if each.connection in asked]
        return replace(cut.of({*known}), firings=[one for one in fired if one.contact in known])
    people = [each if each.id in known else replace(each, since=None) for each in cut.people]
    return replace(cut, people=people, costs=[])


def month_of(at: int | None, within: Range) -> str | None:
    """Return the month of a moment, such as 2026-08."""
    return None if at is None else within.day(at).isoformat()[:7]


def _of_people(books: Books, report: str, name: str, within: Range) -> Groups:
    found: dict[str | None, set[str | None]] = {None: {None}}
    for each in books.people:
        for key in _keys(books, each, name, within) or [None]:
            found.setdefault(key, set()).add(each.id)
    if report == "acquisition" and name in ("source", "campaign"):
        for cost in books.costs:
            found.setdefault(getattr(cost, name) or None, set())
    return {key: _with_costs(books, kept, name, key) for key, kept in found.items()}


def _keys(books: Books, person: Person, name: str, within: Range) -> list[str | None]:
    """Return the groups somebody is in."""
    if name == "tag":
        return [*tags_of(person)]
    if name == "segment":
        return [each for each in SEGMENTS if person.id in members(books, each)]
    if name == "first_order_month":
        return [month_of(person.ordered, within)]
    return [person.source if name == "source" else person.campaign]


def _of_cohorts(books: Books, within: Range) -> Groups:
    firsts = {each.id: first_sale(books, each.id) for each in books.people}
    found: dict[str | None, set[str | None]] = {}
    for who, sale in firsts.items():
        if sale is not None and within.holds(sale.at):
            found.setdefault(month_of(sale.at, within), set()).add(who)
    return {key: books.of(kept) for key, kept in found.items()}


def _with_costs(books: Books, kept: set[str | None], name: str, key: str | None) -> Books:
    spent = name in ("source", "campaign")
    costs = [each for each in books.costs if spent and (getattr(each, name) or None) == key]
    return replace(books.of(kept), costs=costs)


def _of_records(books: Books, report: str, name: str) -> Groups:
    plans = {(plan.connection, plan.id): plan for plan in books.plans}

    def key(each: Sale | Plan) -> str | None:
        if name == "connection":
            return each.connection
        if name == "provider":
            return PROVIDERS[each.connection]
        if name == "currency":
            return each.currency
        plan = each if isinstance(each, Plan) else plans.get((each.connection, each.plan or ""))
        if plan is None:
            return None
        if name == "interval":
            view = plan.steps[-1][1]
            count = view["billing_interval_count"] or 1
            interval = view["billing_interval"]
            return interval if count == 1 or not interval else f"{interval}/{count}"
        return plan.country if name == "country" else plan.product

    records: list[Sale | Plan] = [*books.sales, *books.plans]
    found = {key(each) for each in records}
    return {one: books.where(lambda each, one=one: key(each) == one) for one in found}  # type: ignore[misc]


def _of_lines(books: Books) -> Groups:
    parts = [(product, part) for sale in books.sales for product, part in _lines(sale)]
    return {
        key: replace(books, sales=[part for product, part in parts if product == key])
        for key in {product for product, _ in parts}
    }


def _lines(sale: Sale) -> Iterable[tuple[str | None, Sale]]:
    """Split a sale over its lines: each reaches up to its cumulative share, rounded down."""
    amounts = [max(0, amount) for _, amount in sale.lines]
    if not sale.lines:
        yield None, sale
        return
    if sum(amounts) == 0:
        amounts[0] = 1
    done, whole = 0, sum(amounts)

    def share(amount: int, line: int) -> int:
        return amount * (done + line) // whole - amount * done // whole

    for (product, _), line in zip(sale.lines, amounts, strict=True):
        back = tuple((at, share(amount, line), kind) for at, amount, kind in sale.back)
        yield product, replace(sale, gross=share(sale.gross, line), back=back)
        done += line


def _of_automations(books: Books) -> Groups:
    names = {each.automation for each in books.firings}
    names |= {each.automation for each in books.acts if each.automation}
    return {
        name: replace(
            books,
            firings=[each for each in books.firings if each.automation == name],
            acts=[each for each in books.acts if each.automation == name],
        )
        for name in names
    }


def _of_letters(books: Books, name: str) -> Groups:
    found = {getattr(each, name) for each in books.acts}
    return {
        key: replace(books, acts=[each for each in books.acts if getattr(each, name) == key])
        for key in found
    }
