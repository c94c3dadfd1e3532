"""Story verbs about single purchases, and about money that goes back: refunds and disputes."""

from infra.samples.stripe_business import Business
from infra.samples.stripe_goods import Address, Price
from infra.samples.stripe_invoicing import (
    cancel_payment,
    capture,
    collect,
    draft,
    fail,
    finalize,
    succeed,
)
from infra.samples.stripe_state import (
    Customer,
    Dispute,
    Invoice,
    Line,
    Payment,
    Refund,
    Session,
)
from infra.samples.stripe_truth import OrderStatus, OrderTruth


def one_time(
    world: Business,
    price: Price,
    customer: Customer | None = None,
    *,
    guest: str | None = None,
    on_page: bool = True,
    with_invoice: bool = False,
    quantity: int = 1,
    shipping: Address | None = None,
) -> Payment:
    """Sell something once, to a customer or to a `guest` known by the email alone.

    On Stripe's page a checkout session tells who bought; with an invoice the order is that.
    """
    if with_invoice:
        payment = _invoiced(world, price, customer, quantity)
    else:
        payment = world.keep(_intent(world, price, customer, guest, quantity))
        world.tell("payment_intent.created", payment)
        charge = succeed(world, payment)
        _note(world, payment, "completed")
        world.tick()
        capture(world, charge)
    if on_page:
        _session(world, payment, "paid", shipping, bill=payment.invoice)
    return payment


def fail_one_time(
    world: Business, price: Price, customer: Customer | None = None, *, guest: str | None = None
) -> Payment:
    """Decline a single purchase: charge.failed, payment_intent.payment_failed."""
    payment = world.keep(_intent(world, price, customer, guest, 1))
    world.tell("payment_intent.created", payment)
    fail(world, payment, "do_not_honor")
    _note(world, payment, "declined")
    return payment


def await_bank(
    world: Business, price: Price, customer: Customer | None = None, *, guest: str | None = None
) -> Session:
    """Buy by bank debit: the session completes unpaid, the money is days away."""
    payment = world.keep(_intent(world, price, customer, guest, 1))
    payment.status = "processing"
    world.tell("payment_intent.processing", payment)
    _note(world, payment, "pending")
    return _session(world, payment, "unpaid")


def hear_from_bank(world: Business, session: Session, *, paid: bool) -> None:
    """Let the debit arrive or bounce: checkout.session.async_payment_succeeded or …_failed."""
    if session.payment is None:
        raise ValueError("the session sold nothing")
    if paid:
        succeed(world, session.payment)
        session.payment_status = "paid"
    else:
        fail(world, session.payment, "debit_not_authorized")
    _note(world, session.payment, "completed" if paid else "declined")
    world.tell(f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session)


def abandon(world: Business, price: Price, customer: Customer) -> Payment:
    """Ask for a bank's confirmation and give up: …requires_action, …canceled. No money moves."""
    payment = world.keep(_intent(world, price, customer, None, 1))
    payment.status = "requires_action"
    world.tell("payment_intent.requires_action", payment)
    world.advance(hours=2)
    cancel_payment(world, payment)
    _note(world, payment, "declined")
    return payment


def describe(world: Business, payment: Payment, description: str) -> None:
    """Write a note on a charge: charge.updated, which changes no money."""
    with world.change("charge.updated", payment.charge):
        payment.description = description


def refund(world: Business, payment: Payment, amount: int | None = None) -> Refund:
    """Give money back, all that is left unless `amount` says less.

    charge.refunded, whose `refunded` stays false for a part, and refund.created.
    """
    charge = payment.charge
    amount = charge.amount - charge.amount_refunded if amount is None else amount
    if not 0 < amount <= charge.amount - charge.amount_refunded:
        raise ValueError("a refund cannot be more than what is left")
    back = world.keep(Refund(world.ids.new("re"), charge, amount, world.now))
    with world.change("charge.refunded", charge):
        charge.amount_refunded += amount
        charge.refunds.append(back)
    world.tell("refund.created", back)
    order = _order(world, payment)
    order.refunded += amount
    _settle(world, order)
    return back


def settle_refund(world: Business, back: Refund) -> None:
    """Learn the bank's reference of a refund: refund.updated, nothing else."""
    with world.change("refund.updated", back):
        back.reference_status = "available"
        back.receipt_number = f"{back.id[-4:]}-{back.id[-8:-4]}".upper()


def fail_refund(world: Business, back: Refund) -> None:
    """Let the bank send a refund back: refund.failed, refund.updated; the money stays ours."""
    back.charge.amount_refunded -= back.amount
    with world.change("refund.updated", back):
        back.status, back.failure_reason = "failed", "expired_or_canceled_card"
    world.tell("refund.failed", back)
    order = _order(world, back.charge.payment)
    order.refunded -= back.amount
    _settle(world, order)


def dispute(world: Business, payment: Payment, amount: int | None = None) -> Dispute:
    """Let the customer's bank take money back: charge.dispute.created, …funds_withdrawn."""
    charge = payment.charge
    taken = charge.amount - charge.amount_refunded if amount is None else amount
    case = world.keep(Dispute(world.ids.new("dp"), charge, taken, world.now))
    charge.disputed = True
    world.tell("charge.dispute.created", case)
    case.transactions.append((world.ids.new("txn"), -taken, world.now))
    world.tell("charge.dispute.funds_withdrawn", case)
    order = _order(world, payment)
    order.withheld = taken
    _settle(world, order)
    return case


def answer_dispute(world: Business, case: Dispute) -> None:
    """Hand in evidence: charge.dispute.updated."""
    with world.change("charge.dispute.updated", case):
        case.status, case.has_evidence = "under_review", True


def close_dispute(world: Business, case: Dispute, *, won: bool) -> None:
    """Hear the verdict: charge.dispute.closed, and …funds_reinstated where it was won."""
    case.status = "won" if won else "lost"
    if won:
        case.transactions.append((world.ids.new("txn"), case.amount, world.now))
        world.tell("charge.dispute.funds_reinstated", case)
    world.tell("charge.dispute.closed", case)
    order = _order(world, case.charge.payment)
    order.withheld = 0 if won else case.amount
    _settle(world, order)


def _intent(
    world: Business, price: Price, customer: Customer | None, guest: str | None, quantity: int
) -> Payment:
    if (customer is None) == (guest is None):
        raise ValueError("a purchase is by a customer or by a guest")
    return Payment(
        world.ids.new("pi"),
        price.amount * quantity,
        price.currency,
        world.now,
        customer,
        card=customer.card if customer else None,
        email=customer.email if customer else guest,
        description=price.product.name,
    )


def _invoiced(world: Business, price: Price, customer: Customer | None, quantity: int) -> Payment:
    """Sell by an invoice without a subscription; the invoice is the order."""
    if customer is None:
        raise ValueError("a guest gets no invoice")
    name, amount = price.product.name, price.amount * quantity
    line = Line(world.ids.new("il"), amount, name, price, quantity, None, world.now, world.now)
    bill = draft(world, customer, [line], "manual")
    finalize(world, bill, email_on_charge=True)
    collect(world, bill)
    if bill.payment is None:
        raise ValueError("nothing was sold")
    return bill.payment


def _session(
    world: Business,
    payment: Payment,
    payment_status: str,
    shipping: Address | None = None,
    bill: Invoice | None = None,
) -> Session:
    customer = payment.customer
    session = Session(
        world.ids.new("cs_live" if world.view.livemode else "cs_test"),
        "payment",
        payment.email,
        world.now,
        payment.currency,
        payment.amount,
        payment.amount,
        name=customer.name if customer else None,
        payment_status=payment_status,
        customer=customer,
        payment=payment,
        invoice=bill,
        shipping=shipping,
    )
    world.tell("checkout.session.completed", world.keep(session))
    return session


def _note(world: Business, payment: Payment, status: OrderStatus) -> None:
    world.truth.orders[payment.id] = OrderTruth(
        payment.id,
        "one_time",
        status,
        payment.amount,
        payment.currency.upper(),
        world.now,
        payment.email,
        payment.customer.id if payment.customer else None,
        payments=[payment.id],
    )


def _order(world: Business, payment: Payment) -> OrderTruth:
    return world.truth.orders[payment.invoice.id if payment.invoice else payment.id]


def _settle(world: Business, order: OrderTruth) -> None:
    """Note what the order's refunds mean, also for the recurring payment it paid last."""
    order.settle()
    record = world.truth.subscriptions.get(order.subscription or "")
    if record is not None and record.last_order == order.id and order.status != "disputed":
        record.last_payment_status = order.status
