"""A story's own truth held against what paysignal has recorded of it.

The story writes down what must be (`infra.samples`) without knowing the product; this translates
it into the product's words, and names every difference. Where the two mean different things on
purpose, that is said here once:

- `store_status` has the behaviour of a pause behind Stripe's status (`active:void`);
- ISK and UGX are kept without the two zeros Stripe sends;
- a record's email is its customer's address of today: it moves with the customer;
- an invoice that nobody has tried to pay yet is a pending order, of which the story says nothing;
- what a cycle costs in tax is learnt from an invoice, and again after a change of plan, and what a
  coupon takes off is told in newer shapes by the next invoice alone (`priced_by_invoice`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from infra.samples.stripe import OrderTruth, SubscriptionTruth, Truth
from shared.domain import times
from tests.laws.told import ms, statuses
from tests.support.shop import Shop

_PADDED = ("ISK", "UGX")
_SUBSCRIPTION = tuple(
    """currency billing_interval billing_interval_count start_date is_trial cancel_at_period_end
    last_payment_status last_payment_date next_payment_date cancelled_date cycles_completed
    payment_method_expiration status""".split()
)


def differences(shop: Shop, truth: Truth, priced_by_invoice: Collection[str] = ()) -> list[str]:
    """Return where the shop's records are not what the story says they must be.

    `priced_by_invoice` names the subscriptions with a tax or a coupon.
    """
    found = [f"{each['code']}: {each['reason']}" for each in shop.quarantined()]
    found += _subscriptions(shop, truth, priced_by_invoice)
    found += _orders(shop, truth)
    found += _contacts(shop, truth)
    return found


def _subscriptions(shop: Shop, truth: Truth, by_invoice: Collection[str]) -> Iterator[str]:
    records = shop.recurring_payments()
    yield from _differing("recurring payments", sorted(records), sorted(truth.subscriptions))
    for identity in records.keys() & truth.subscriptions.keys():
        told, record = truth.subscriptions[identity], records[identity]
        wanted = _terms(told)
        for name in _SUBSCRIPTION:
            yield from _differing(f"{identity}.{name}", record[name], wanted[name])
        store_status = record["store_status"].partition(":")[0]
        yield from _differing(f"{identity}.store_status", store_status, told.store_status)
        yield from _differing(f"{identity} passed", statuses(shop, identity), told.statuses)
        billed = told.billed is not None and told.billed == told.amount
        if told.amount is not None and (billed or identity not in by_invoice):
            amount = _minor(told.amount, told.currency)
            yield from _differing(f"{identity}.payment_amount", record["payment_amount"], amount)


def _terms(told: SubscriptionTruth) -> dict[str, Any]:
    expires = told.card_expires
    return {
        "status": told.status,
        "currency": told.currency,
        "billing_interval": told.interval,
        "billing_interval_count": told.interval_count,
        "start_date": ms(told.started_at),
        "is_trial": told.is_trial,
        "cancel_at_period_end": told.cancel_at_period_end,
        "last_payment_status": told.last_payment_status,
        "last_payment_date": ms(told.last_payment_at),
        "next_payment_date": ms(told.next_payment_at),
        "cancelled_date": ms(told.cancelled_at),
        "cycles_completed": told.cycles,
        "payment_method_expiration": (
            times.from_text(f"{expires[0]}-{expires[1]:02d}-01") if expires else None
        ),
    }


def _orders(shop: Shop, truth: Truth) -> Iterator[str]:
    records = shop.orders()
    untried = {key for key, order in records.items() if _is_untried(order)} - truth.orders.keys()
    yield from _differing("orders", sorted(records.keys() - untried), sorted(truth.orders))
    for identity in records.keys() & truth.orders.keys():
        told, record = truth.orders[identity], records[identity]
        for name, value in _order(told, truth).items():
            yield from _differing(f"{identity}.{name}", record[name], value)


def _is_untried(order: dict[str, Any]) -> bool:
    return order["status"] == "pending" and not order["payments"]


def _order(told: OrderTruth, truth: Truth) -> dict[str, Any]:
    return {
        "kind": told.kind,
        "status": told.status,
        "gross": _minor(told.gross, told.currency),
        "refunded": _minor(told.refunded, told.currency),
        "withheld": _minor(told.withheld, told.currency),
        "discount": _minor(told.discount, told.currency),
        "tax": _minor(told.tax, told.currency),
        "currency": told.currency,
        "occurred_date": ms(told.at),
        "recurring_payment_id": told.subscription,
        "email": _email(told, truth),
    }


def _contacts(shop: Shop, truth: Truth) -> Iterator[str]:
    """Compare what each person's orders brought; people without orders count for nothing."""
    brought: dict[str, dict[str, int]] = {}
    for order in truth.paid_orders().values():
        sums = brought.setdefault(_email(order, truth) or "", {})
        sums[order.currency] = sums.get(order.currency, 0) + _minor(order.net, order.currency)
    known = {
        email: {each["currency"]: each["amount"] for each in contact["revenue"]}
        for email, contact in shop.contacts().items()
        if contact["orders_count"]
    }
    yield from _differing("revenue", known, brought)


def _email(order: OrderTruth, truth: Truth) -> str | None:
    email = truth.emails.get(order.customer or "", order.email)
    return email.lower() if email else None


def _minor(amount: int, currency: str) -> int:
    return amount // 100 if currency in _PADDED else amount


def _differing(what: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {found!r}, but the story says {wanted!r}"
