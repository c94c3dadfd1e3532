"""Story verbs about how a subscription begins: on Stripe's page, through its API, or not quite."""

from infra.samples.stripe_business import Business
from infra.samples.stripe_customers import add_card, make_default
from infra.samples.stripe_goods import Coupon, Price
from infra.samples.stripe_invoicing import collect, decline, draft, finalize, note_order
from infra.samples.stripe_money import DAY, add_interval
from infra.samples.stripe_state import (
    Customer,
    Discount,
    Invoice,
    Item,
    Session,
    Subscription,
)
from infra.samples.stripe_subscription import UPDATED, lines_for, note
from infra.samples.stripe_truth import SubscriptionTruth


def checkout(
    world: Business,
    customer: Customer,
    *prices: Price,
    quantity: int = 1,
    trial_days: int = 0,
    coupon: Coupon | None = None,
    tax_percent: int = 0,
    via: str = "session",
    with_card: bool = True,
) -> Subscription:
    """Sell a subscription, on Stripe's page (`via="session"`) or through its API (`via="api"`).

    Stripe's page makes the subscription incomplete, takes the money and activates it within the
    same moment; the API answers with an active one. With a trial the first invoice is over zero.
    """
    subscription = _begin(world, customer, prices, quantity, trial_days, coupon, tax_percent)
    _attach_card(world, subscription, on_page=via == "session", with_card=with_card)
    waits = via == "session" and not trial_days
    bill = _first_invoice(world, subscription, "incomplete" if waits else "")
    finalize(world, bill, email_on_charge=via == "session")
    if waits:
        collect(world, bill)
        with world.change(UPDATED, subscription):
            subscription.status = "active"
        note(world, subscription)
    else:
        collect(world, bill)
    if via == "session":
        world.tick()
        _complete_session(world, subscription, bill)
    return subscription


def start_incomplete(
    world: Business, customer: Customer, price: Price, *, needs_action: bool = False
) -> Subscription:
    """Sell a subscription whose first payment does not go through: it stays incomplete.

    Either the card is declined, or the bank asks the customer for a confirmation first.
    """
    subscription = _begin(world, customer, (price,), 1, 0, None, 0)
    _attach_card(world, subscription, on_page=False, with_card=True)
    bill = _first_invoice(world, subscription, "incomplete")
    finalize(world, bill)
    if not needs_action:
        decline(world, bill, last=True)
        return subscription
    if bill.payment is not None:
        bill.payment.status = "requires_action"
        world.tell("payment_intent.requires_action", bill.payment)
    note_order(world, bill, "pending")
    world.tell("invoice.payment_action_required", bill)
    return subscription


def _begin(
    world: Business,
    customer: Customer,
    prices: tuple[Price, ...],
    quantity: int,
    trial_days: int,
    coupon: Coupon | None,
    tax_percent: int,
) -> Subscription:
    """Make the subscription and its record, and say nothing yet."""
    rhythms = {(price.interval, price.interval_count) for price in prices}
    if not world.view.is_new and len(rhythms) > 1:
        raise ValueError("the old shape knows no mixed intervals")
    now, trial_end = world.now, world.now + trial_days * DAY
    subscription = Subscription(
        world.ids.new("sub"),
        customer,
        [_item(world, price, quantity, trial_end if trial_days else None) for price in prices],
        prices[0].currency,
        "trialing" if trial_days else "active",
        now,
        now,
        trial_end,
        trial_start=now if trial_days else None,
        trial_end=trial_end if trial_days else None,
        tax_percent=tax_percent,
    )
    if coupon is not None:
        subscription.discount = Discount(
            world.ids.new("di"), coupon, customer, subscription.id, now
        )
    return world.keep(subscription)


def _item(world: Business, price: Price, quantity: int, trial_end: int | None) -> Item:
    """Make an item; a trial lends it the trial's own period."""
    if price.interval is None:
        raise ValueError("a subscription needs recurring prices")
    end = trial_end or add_interval(world.now, price.interval, price.interval_count, world.now)
    return Item(world.ids.new("si"), price, quantity, world.now, world.now, end)


def _attach_card(
    world: Business, subscription: Subscription, *, on_page: bool, with_card: bool
) -> None:
    """Give the subscription a card: its own from Stripe's page, else the customer's default."""
    customer = subscription.customer
    if with_card and on_page:
        subscription.card = add_card(world, customer)
    elif with_card and customer.card is None:
        make_default(world, customer, add_card(world, customer))
    elif not with_card:
        subscription.missing_card = "pause"


def _first_invoice(world: Business, subscription: Subscription, status: str) -> Invoice:
    """Say that the subscription exists, and draft its first invoice; a trial's is over zero."""
    subscription.status = status or subscription.status
    _first_note(world, subscription)
    lines = lines_for(world, subscription, subscription.items)
    if subscription.status == "trialing":
        for line in lines:
            line.amount = line.discount = line.tax = 0
            line.description = f"Trial period for {line.price.product.name}"
    bill = draft(world, subscription.customer, lines, "subscription_create", subscription)
    world.tell("customer.subscription.created", subscription)
    if subscription.discount is not None:
        world.tell("customer.discount.created", world.keep(subscription.discount))
    return bill


def _first_note(world: Business, subscription: Subscription) -> None:
    card = subscription.card or subscription.customer.card
    world.truth.subscriptions[subscription.id] = SubscriptionTruth(
        subscription.id,
        subscription.customer.id,
        subscription.currency.upper(),
        "pending" if subscription.status == "incomplete" else "active",
        subscription.status,
        None,
        "",
        0,
        subscription.start_date,
        card_expires=(card.exp_year, card.exp_month) if card else None,
    )
    note(world, subscription)


def _complete_session(world: Business, subscription: Subscription, bill: Invoice) -> None:
    discount = sum(line.discount for line in bill.lines)
    customer = subscription.customer
    session = Session(
        world.ids.new("cs_live" if world.view.livemode else "cs_test"),
        "subscription",
        customer.email,
        world.now,
        subscription.currency,
        sum(line.amount for line in bill.lines),
        bill.total,
        discount,
        sum(line.tax for line in bill.lines),
        name=customer.name,
        payment_status="paid" if bill.total else "no_payment_required",
        customer=customer,
        subscription=subscription,
        invoice=bill,
        shipping=customer.shipping,
    )
    world.tell("checkout.session.completed", world.keep(session))
