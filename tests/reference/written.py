"""Small businesses written down by dice: their books, and beside them what the change log holds.

For what no provider's story has: several connections, mirrors, test mode, merged orders, lines of
orders, and moments at the very edge of days. The books are known before anything is written, so
nothing of the processor has a part in them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain import contacts
from shared.domain.change_log.rows import products_of
from shared.domain.reports.calendar import day_start
from tests.fakes.memory_store import MemoryStore
from tests.reference.books import Books, Plan, Sale, since_of
from tests.reference.kept import told_of_people
from tests.reference.lively import Days, enliven

Row = dict[str, Any]
START, DAYS = date(2026, 8, 20), 120
_STATUSES = (*["active"] * 5, "cancelled", "paused", "payment_failed", "expired")
_INTERVALS = (*["monthly"] * 3, "daily", "weekly", "yearly", "yearly", None)
_SOLD = (*["completed"] * 5, "partially_refunded", "refunded", "disputed", "declined", "pending")
_CURRENCIES = ("USD", "USD", "EUR", "JPY", "KWD")
_CONNECTIONS = ("shop", "shop", "shop", "club")
_PRODUCTS = ("tea", "mug", None)
_DAY = 86_400_000
# Where nothing counts, and why: what mirrors another, and what is only a test.
ASIDE = ("echo", "lab")


@dataclass
class Written:
    """A business: the books, the rows of its records, and all other documents.

    `tests` are the books of its connection in test mode; `sales` and `plans` are all there are,
    those that count nowhere too. Most of them are in its own `currency`.
    """

    store: MemoryStore
    days: Days
    currency: str
    books: Books = field(default_factory=Books)
    tests: Books = field(default_factory=Books)
    rows: list[tuple[str, Row]] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    def some_currency(self) -> str:
        """Return the currency of one more record."""
        dice = self.days.dice
        return self.currency if dice.random() < 0.8 else dice.choice(_CURRENCIES)

    @property
    def own(self) -> list[Sale]:
        """The sales that make customers, also those in test mode."""
        return [sale for sale in self.sales if sale.connection != "echo"]

    @property
    def started(self) -> list[Plan]:
        """The recurring payments that make customers."""
        return [plan for plan in self.plans if plan.connection != "echo"]


def written(seed: int, zone: ZoneInfo) -> Written:
    """Return the business of a seed."""
    dice = random.Random(f"written/{seed}")
    days = days_of(dice, zone)
    held = Written(MemoryStore(), days, dice.choice(_CURRENCIES))
    ids = [f"p{turn}" for turn in range(dice.randrange(1, 6))]
    held.plans = [_plan(held, days, f"sub_{turn}", ids) for turn in range(dice.randrange(5))]
    for turn in range(dice.randrange(9)):
        held.sales.append(_sale(held, days, f"in_{turn}", ids, held.plans))
    _add_mirrors(held, held.sales, dice)
    for each in ids:
        held.store.documents["contact", each] = _contact(each, days) | sums_of(each, held)
    enliven(held.store, days)
    settle(held)
    return held


def settle(held: Written) -> None:
    """Write the books of what a business has."""
    told = replace(told_of_people(held.store.documents), sales=held.sales, plans=held.plans)
    told = told.with_customers(held.own, held.started)
    held.books = told.where(lambda each: each.connection not in ASIDE)
    held.tests = told.where(lambda each: each.connection == "lab")


def days_of(dice: random.Random, zone: ZoneInfo) -> Days:
    """Return the time of a business, and some last and first ms of the days of its zone."""
    some = [START + timedelta(days=dice.randrange(DAYS)) for _ in range(12)]
    edges = [day_start(day, zone) - late for day in some for late in (0, 1)]
    start = day_start(START, zone)
    return Days(dice, start, start + DAYS * _DAY, tuple(edges))


def _connection(dice: random.Random) -> str:
    return dice.choice(ASIDE) if dice.random() < 0.12 else dice.choice(_CONNECTIONS)


def _sale(held: Written, days: Days, identity: str, ids: list[str], plans: list[Plan]) -> Sale:
    dice, at, gross = days.dice, days.moment(), days.dice.randrange(1, 50_000)
    sale = Sale(
        id=identity,
        at=at,
        status=dice.choice(_SOLD),
        currency=held.some_currency(),
        gross=gross,
        contact=dice.choice((*ids, *ids, *ids, None)),
        plan=None,
        lines=tuple(
            (dice.choice(_PRODUCTS), dice.choice((0, 1, 999, 4_000)))
            for _ in range(dice.randrange(4))
        ),
        connection=_connection(dice),
    )
    if plans and dice.random() < 0.5:
        plan = dice.choice(plans)
        sale = replace(sale, plan=plan.id, contact=plan.contact, currency=plan.currency)
        sale = replace(sale, connection=plan.connection)
    if sale.status in ("partially_refunded", "refunded", "disputed"):
        sale = replace(sale, back=_back(sale, days))
    held.rows.append(("orders", order_row(sale)))
    return sale


def _back(sale: Sale, days: Days) -> tuple[tuple[int, int, str], ...]:
    dice, kind = days.dice, "dispute" if sale.status == "disputed" else "refund"
    if sale.status != "partially_refunded":
        return ((days.moment(sale.at), sale.gross, kind),)
    parts = [sale.gross // 3, sale.gross // 5][: dice.randrange(1, 3)]
    return tuple((days.moment(sale.at), part, kind) for part in parts if part)


def order_row(sale: Sale) -> Row:
    """Return an order as the change log has it."""
    items = [{"store_primary_id": product, "amount": part} for product, part in sale.lines]
    returned = [
        {"kind": kind, "id": f"{kind}_{turn}", "date": at, "amount": amount}
        for turn, (at, amount, kind) in enumerate(sale.back)
    ]
    return {
        "connection_id": sale.connection,
        "id": sale.id,
        "contact_id": sale.contact,
        "status": sale.status,
        "currency": sale.currency,
        "gross": sale.gross,
        "refunded": sum(amount for _, amount, kind in sale.back if kind == "refund"),
        "withheld": sum(amount for _, amount, kind in sale.back if kind == "dispute"),
        "occurred_date": sale.at,
        "recurring_payment_id": sale.plan,
        "line_items": items,
        "returned": returned,
        **products_of(items),
    }


def _plan(held: Written, days: Days, identity: str, ids: list[str]) -> Plan:
    dice, started = days.dice, replace(days, end=days.start + 70 * _DAY).moment()
    count = dice.choice((1, 1, 2, 3))
    about = {"billing_interval": dice.choice(_INTERVALS), "billing_interval_count": count}
    amount, at, steps = dice.randrange(100, 9_000), started, []
    trial = dice.random() < 0.3
    for _ in range(dice.randrange(1, 8)):
        view = {"status": dice.choice(_STATUSES), "is_trial": trial, "payment_amount": amount}
        steps.append((at, {**view, **about}))
        if view["status"] in ("cancelled", "expired") and dice.random() < 0.6:
            break
        at = replace(days, end=at + 25 * _DAY).moment(at)
        amount = dice.choice((amount, amount, dice.randrange(100, 9_000)))
        trial = trial and dice.random() < 0.4
    plan = Plan(
        id=identity,
        currency=held.some_currency(),
        contact=dice.choice((*ids, *ids, None)),
        started=started,
        steps=tuple(steps),
        product=dice.choice(_PRODUCTS),
        country=dice.choice(("FR", "US", None)),
        connection=_connection(dice),
    )
    held.rows.append(("recurring_payments", plan_row(plan)))
    return plan


def plan_row(plan: Plan) -> Row:
    """Return a recurring payment as the change log has it."""
    shared = {"currency": plan.currency, "product": plan.product}
    items = [{"store_primary_id": plan.product}] if plan.product else []
    return {
        "connection_id": plan.connection,
        "id": plan.id,
        "contact_id": plan.contact,
        "start_date": plan.started,
        "line_items": items,
        "billing_address": {"country": plan.country},
        "currency": plan.currency,
        **plan.steps[-1][1],
        "states": [{"date": at, **shared, **view} for at, view in plan.steps],
    }


def _add_mirrors(held: Written, sales: list[Sale], dice: random.Random) -> None:
    """Have another connection tell some sales again, and leave a tombstone of one."""
    for sale in sales:
        if dice.random() < 0.15:
            twin = replace(sale, id=f"twin_{sale.id}", connection="club")
            told = {**order_row(twin), "mirror_of": f"{sale.connection}/{sale.id}"}
            held.rows.append(("orders", told))
        if dice.random() < 0.1:
            gone = {"merged_into": sale.id, "deleted": True}
            row = {"connection_id": sale.connection, "id": f"gone_{sale.id}", **gone}
            held.rows.append(("orders", row))


def _contact(identity: str, days: Days) -> Row:
    contact = contacts.new(identity, f"{identity}@example.com", days.moment())
    contact["version"] = 1
    if days.dice.random() < 0.4:
        contact["aliases"] = [f"{identity}@work.example.com"]
    return contact


def sums_of(identity: str, held: Written) -> Row:
    """Return what a contact's orders and recurring payments make of it."""
    mine = [each for each in held.own if each.contact == identity and each.paid]
    return {
        "first_order_date": min((each.at for each in mine), default=None),
        "last_order_date": max((each.at for each in mine), default=None),
        "first_start_date": since_of([], held.started).get(identity),
        "orders_count": len(mine),
        "kept_orders": sum(each.status != "refunded" for each in mine),
    }
