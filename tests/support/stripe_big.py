"""A big business at Stripe that is never whole in memory: each customer's life is made when asked.

A life follows from the customer's number alone: a subscription, its invoices and charges, now and
then a decline, a refund or a dispute. So an account of a hundred thousand objects costs no more
than the page at hand, and what it must come to is reckoned from the numbers, not from its objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from infra.samples.stripe_business import KINDS, STARTS_AT
from infra.samples.stripe_event import View, envelope
from infra.samples.stripe_goods import Address, Price, Product
from infra.samples.stripe_money import DAY, HOUR
from infra.samples.stripe_render import render
from infra.samples.stripe_state import (
    Charge,
    Customer,
    Dispute,
    Invoice,
    InvoicePayment,
    Item,
    Line,
    Payment,
    Refund,
    Subscription,
)

Json = dict[str, Any]

NOW = STARTS_AT
_PERIOD = 30 * DAY
_VIEW = View("new", True)
_HOME = Address("12 Lake Street", "Chicago", "60601", "US", "IL")
_OPENED = NOW - 400 * DAY
_PRODUCTS = [Product(f"prod_Big{n}", f"Box {n}", _OPENED, _OPENED) for n in range(3)]
_PRICES = [
    Price(f"price_Big{n}", _PRODUCTS[n % 3], 1_000 * (n + 1), "usd", _OPENED) for n in range(4)
]

_CATALOGUE: dict[str, Any] = {
    **{each.id: each for each in _PRODUCTS},
    **{each.id: each for each in _PRICES},
}


class Plan(NamedTuple):
    """What becomes of a customer: how many cycles were billed, and how it stands."""

    cycles: int
    cancelled: bool
    failing: bool
    refunded: bool
    disputed: bool
    price: Price

    @property
    def objects(self) -> int:
        """How many objects the customer's life comes to at Stripe."""
        return 2 + 2 * self.cycles + self.refunded + self.disputed


class Expected(NamedTuple):
    """What an import must come to."""

    orders: int
    active: int
    net: int


def plan(number: int) -> Plan:
    """Return what becomes of a customer."""
    cycles = 1 + number * 7 % 9
    return Plan(
        cycles,
        cancelled=number % 4 == 0,
        failing=number % 25 == 3,
        refunded=number % 10 == 5 and cycles > 2,
        disputed=number % 100 == 7 and cycles > 2,
        price=_PRICES[number % 4],
    )


class BigBusiness:
    """An account of at least so many objects."""

    def __init__(self, objects: int) -> None:
        self.objects = len(_PRODUCTS) + len(_PRICES)
        self.customers = 0
        while self.objects < objects:
            self.objects += plan(self.customers).objects
            self.customers += 1
        self._dated: tuple[str, list[tuple[int, str]]] = ("", [])

    def snapshot_of(self, thing_id: str) -> Json | None:
        found = _CATALOGUE.get(thing_id) or _life(_number(thing_id)).get(thing_id)
        return None if found is None else render(found, _VIEW)

    def invoice_payments(self, *, payment_intent: str = "", invoice: str = "") -> list[Json]:
        told = _life(_number(invoice or payment_intent)).values()
        links = (each for each in told if isinstance(each, InvoicePayment))
        return [
            render(link, _VIEW)
            for link in links
            if payment_intent in ("", link.payment.id) and invoice in ("", link.invoice.id)
        ]

    def dated(self, kind: str) -> Sequence[tuple[int, str]]:
        if self._dated[0] != kind:
            self._dated = (kind, sorted(self._all(kind), key=lambda each: (-each[0], each[1])))
        return self._dated[1]

    def _all(self, kind: str) -> Iterator[tuple[int, str]]:
        wanted: Any = KINDS[kind]
        shared = _CATALOGUE.items()
        yield from ((each.created, own) for own, each in shared if isinstance(each, wanted))
        if wanted in (Product, Price):
            return
        for number in range(self.customers):
            for thing in _life(number).values():
                if isinstance(thing, wanted):
                    yield thing.created, thing.id

    def live(self, every: int) -> Iterator[bytes]:
        """Yield events about some customers, as webhooks tell them while history is imported.

        Half of them happened before what history tells, half are what happens next.
        """
        for number in range(0, self.customers, every):
            things = list(_life(number).values())
            for kind, event_type in (
                (Subscription, "customer.subscription.updated"),
                (Charge, "charge.succeeded"),
                (Invoice, "invoice.paid"),
            ):
                thing = next(each for each in things if isinstance(each, kind))
                snapshot = render(thing, _VIEW)
                if event_type == "invoice.paid" and snapshot["status"] != "paid":
                    continue
                if event_type == "charge.succeeded" and snapshot["status"] != "succeeded":
                    continue
                yield _event(f"{number}{kind.__name__}", event_type, snapshot, NOW)
            customer = render(things[0], _VIEW)
            customer["email"] = f"moved{number}@example.com"
            yield _event(f"{number}moved", "customer.updated", customer, NOW + 1_000_000_000)

    def expected(self) -> Expected:
        """Reckon what the whole account must come to."""
        plans = [plan(number) for number in range(self.customers)]
        paid = [each.cycles - each.failing - each.refunded - each.disputed for each in plans]
        return Expected(
            orders=sum(each.cycles for each in plans),
            active=sum(not each.cancelled and not each.failing for each in plans),
            net=sum(count * each.price.amount for count, each in zip(paid, plans, strict=True)),
        )


def _event(mark: str, event_type: str, snapshot: Json, at: int) -> bytes:
    told = envelope(
        f"evt_Big{mark}", event_type, at, shape="new", livemode=True, data={"object": snapshot}
    )
    return told.body


def _number(thing_id: str) -> int:
    digits = thing_id.partition("Big")[2][:7]
    return int(digits) if len(digits) == 7 else -1


@lru_cache(maxsize=256)
def _life(number: int) -> dict[str, Any]:
    """Return everything of one customer by id, the customer first."""
    if number < 0:
        return {}
    about, mark = plan(number), f"Big{number:07d}"
    # The newest period has just begun, a few minutes after the next customer's.
    start = NOW - about.cycles * _PERIOD - (number % 28) * DAY - number % 1_000 * 60
    customer = Customer(f"cus_{mark}", f"customer{number}@example.com", start, f"Ada {number}")
    customer.address = _HOME if number % 3 == 0 else None
    end = start + about.cycles * _PERIOD
    item = Item(f"si_{mark}", about.price, 1, start, end - _PERIOD, end)
    status = "canceled" if about.cancelled else "past_due" if about.failing else "active"
    subscription = Subscription(f"sub_{mark}", customer, [item], "usd", status, start, start, start)
    if about.cancelled:
        subscription.canceled_at = subscription.ended_at = end
    told: dict[str, Any] = {customer.id: customer, subscription.id: subscription}
    for cycle in range(about.cycles):
        _bill(told, subscription, cycle, paid=not (about.failing and cycle == about.cycles - 1))
    if about.refunded:
        _refund(told[f"ch_{mark}001"], told)
    if about.disputed:
        charge = told[f"ch_{mark}002"]
        case = Dispute(f"dp_{mark}", charge, charge.amount, charge.created + DAY, "lost")
        charge.disputed, told[case.id] = True, case
    return told


def _bill(told: dict[str, Any], owner: Subscription, cycle: int, *, paid: bool) -> None:
    """Bill one cycle, an hour after it began."""
    mark, price = f"{owner.id[4:]}{cycle:03d}", owner.items[0].price
    at = owner.created + cycle * _PERIOD
    line = Line(f"il_{mark}", price.amount, "1 x Box", price, 1, owner.items[0], at, at + _PERIOD)
    reason = "subscription_cycle" if cycle else "subscription_create"
    bill = Invoice(f"in_{mark}", owner.customer, "usd", reason, at, [line], owner)
    bill.finalized_at, bill.number = at + HOUR, f"N-{mark}"
    bill.customer_email, bill.attempt_count = owner.customer.email, 1
    payment = Payment(f"pi_{mark}", price.amount, "usd", at + HOUR, owner.customer, invoice=bill)
    charge = Charge(f"ch_{mark}", payment, price.amount, at + HOUR)
    payment.charges.append(charge)
    link = InvoicePayment(f"inpay_{mark}", bill, payment, at + HOUR)
    if paid:
        bill.status, bill.paid_at, bill.amount_paid = "paid", at + HOUR, price.amount
        payment.status, link.paid_at = "succeeded", at + HOUR
    else:
        bill.status, bill.next_payment_attempt = "open", at + 3 * DAY
        charge.status, charge.failure_code = "failed", "insufficient_funds"
    bill.payment, bill.invoice_payment, owner.latest_invoice = payment, link, bill
    told |= {bill.id: bill, charge.id: charge, link.id: link}


def _refund(charge: Charge, told: dict[str, Any]) -> None:
    back = Refund(f"re_{charge.id[3:]}", charge, charge.amount, charge.created + DAY)
    charge.amount_refunded = charge.amount
    charge.refunds.append(back)
    told[back.id] = back
