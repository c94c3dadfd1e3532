"""How an invoice lives: drafted, finalised, paid, declined, voided; with all that Stripe says.

One payment is told half a dozen times (charge, payment intent, invoice twice, invoice payment):
exactly the repetition the product has to count once. The truth about orders is noted here.
"""

from infra.samples.stripe_business import Business
from infra.samples.stripe_money import DAY
from infra.samples.stripe_state import (
    Charge,
    Customer,
    Invoice,
    InvoicePayment,
    Line,
    Payment,
    Subscription,
)
from infra.samples.stripe_truth import OrderStatus, OrderTruth

# Days until Stripe tries again; after the last one it gives up.
RETRY_DAYS = (3, 5, 7)


def draft(
    world: Business,
    customer: Customer,
    lines: list[Line],
    reason: str,
    subscription: Subscription | None = None,
) -> Invoice:
    """Make an invoice that can still change: invoice.created."""
    bill = Invoice(
        world.ids.new("in"),
        customer,
        lines[0].price.currency,
        reason,
        world.now,
        lines,
        subscription,
        discount=subscription.discount if subscription else None,
    )
    world.tell("invoice.created", world.keep(bill))
    if subscription is not None:
        subscription.latest_invoice = bill
    return bill


def finalize(world: Business, bill: Invoice, *, email_on_charge: bool = False) -> None:
    """Fix an invoice and make the payment intent that shall pay it: invoice.finalized."""
    customer = bill.customer
    customer.invoices_count += 1
    bill.status, bill.finalized_at, bill.customer_email = "open", world.now, customer.email
    bill.number = f"{customer.id[-8:].upper()}-{customer.invoices_count:04d}"
    if bill.total > 0:
        creating = bill.billing_reason == "subscription_create"
        bill.payment = Payment(
            world.ids.new("pi"),
            bill.total,
            bill.currency,
            world.now,
            customer,
            invoice=bill,
            card=(bill.subscription.card if bill.subscription else None) or customer.card,
            email=customer.email if email_on_charge else None,
            description="Subscription creation" if creating else "Subscription update",
        )
        link = InvoicePayment(world.ids.new("inpay"), bill, bill.payment, world.now)
        bill.invoice_payment = world.keep(link)
        world.tell("payment_intent.created", world.keep(bill.payment))
    world.tell("invoice.finalized", bill)


def collect(world: Business, bill: Invoice) -> None:
    """Take the money of an open invoice, and say so in every way Stripe does."""
    charge = succeed(world, bill.payment) if bill.payment else None
    with world.change("invoice.updated", bill):
        bill.status, bill.paid_at, bill.amount_paid = "paid", world.now, bill.total
        bill.attempt_count += int(charge is not None)
        bill.next_payment_attempt = None
    note_order(world, bill, "completed")
    world.tell("invoice.paid", bill)
    world.tell("invoice.payment_succeeded", bill)
    link = bill.invoice_payment
    if link is not None and charge is not None:
        link.paid_at = world.now
        world.tick()
        if world.view.is_new:
            world.tell("invoice_payment.paid", link)
        capture(world, charge)


def succeed(world: Business, payment: Payment) -> Charge:
    """Charge a payment intent: charge.succeeded, payment_intent.succeeded."""
    charge = Charge(world.ids.new("ch"), payment, payment.amount, world.now)
    if not world.view.is_new:
        charge.balance_transaction = f"txn_{charge.id[3:]}"
    payment.charges.append(world.keep(charge))
    payment.status = "succeeded"
    world.tell("charge.succeeded", charge)
    world.tell("payment_intent.succeeded", payment)
    return charge


def capture(world: Business, charge: Charge) -> None:
    """Book the money a moment later: charge.updated, since newer accounts capture that way."""
    with world.change("charge.updated", charge):
        charge.balance_transaction = f"txn_{charge.id[3:]}"


def fail(world: Business, payment: Payment, code: str = "insufficient_funds") -> Charge:
    """Be declined by the bank: charge.failed, payment_intent.payment_failed."""
    charge = Charge(
        world.ids.new("ch"), payment, payment.amount, world.now, "failed", failure_code=code
    )
    payment.charges.append(world.keep(charge))
    payment.status = "requires_payment_method"
    world.tell("charge.failed", charge)
    world.tell("payment_intent.payment_failed", payment)
    return charge


def decline(world: Business, bill: Invoice, *, last: bool = False) -> None:
    """Fail to take the money of an open invoice: …, invoice.updated, invoice.payment_failed."""
    if bill.payment is None:
        raise ValueError("an invoice over nothing cannot be declined")
    fail(world, bill.payment)
    with world.change("invoice.updated", bill):
        bill.attempt_count += 1
        more = not last and bill.attempt_count <= len(RETRY_DAYS)
        wait = RETRY_DAYS[bill.attempt_count - 1] * DAY if more else 0
        bill.next_payment_attempt = world.now + wait if more else None
    note_order(world, bill, "declined")
    world.tell("invoice.payment_failed", bill)


def pay_elsewhere(world: Business, bill: Invoice) -> None:
    """Mark an open invoice paid outside of Stripe: payment_intent.canceled, invoice.paid."""
    if bill.payment is not None:
        cancel_payment(world, bill.payment)
    with world.change("invoice.updated", bill):
        bill.status, bill.paid_at, bill.amount_paid = "paid", world.now, bill.total
        bill.out_of_band, bill.next_payment_attempt = True, None
    note_order(world, bill, "completed").out_of_band = True
    world.tell("invoice.paid", bill)


def cancel_payment(world: Business, payment: Payment) -> None:
    """Give up a payment intent: payment_intent.canceled."""
    payment.status, payment.canceled_at = "canceled", world.now
    world.tell("payment_intent.canceled", payment)


def void(world: Business, bill: Invoice) -> None:
    """Make an invoice as if it had never been: invoice.voided."""
    if bill.payment is not None and bill.payment.canceled_at is None:
        cancel_payment(world, bill.payment)
    bill.status, bill.voided_at, bill.next_payment_attempt = "void", world.now, None
    world.tell("invoice.voided", bill)
    order = world.truth.orders.get(bill.id)
    if order is not None and order.status == "pending":
        order.status = "declined"


def write_off(world: Business, bill: Invoice, reason: str = "max_payment_attempts") -> None:
    """Stop hoping for the money: invoice.marked_uncollectible."""
    bill.status, bill.uncollectible_at = "uncollectible", world.now
    bill.uncollectible_reason, bill.next_payment_attempt = reason, None
    world.tell("invoice.marked_uncollectible", bill)


def delete_draft(world: Business, bill: Invoice) -> None:
    """Throw an invoice away that was never finalised: invoice.deleted."""
    if bill.status != "draft":
        raise ValueError("only a draft can be deleted")
    world.tell("invoice.deleted", bill)


def note_order(world: Business, bill: Invoice, status: OrderStatus) -> OrderTruth:
    """Note what the order and the recurring payment must say after a try to pay an invoice.

    An invoice over nothing is no order; only creations and renewals are cycles.
    """
    owner = bill.subscription
    order = OrderTruth(
        bill.id,
        "subscription" if owner else "one_time",
        status,
        bill.total,
        bill.currency.upper(),
        world.now,
        bill.customer_email,
        bill.customer.id,
        owner.id if owner else None,
        discount=sum(line.discount for line in bill.lines),
        tax=sum(line.tax for line in bill.lines),
        payments=[bill.payment.id] if bill.payment else [],
    )
    if bill.total == 0:
        return order
    world.truth.orders[bill.id] = order
    if owner is not None:
        record = world.record_of(owner)
        record.last_payment_status, record.last_payment_at = status, world.now
        record.last_order = bill.id
        if bill.billing_reason in ("subscription_create", "subscription_cycle"):
            record.billed, record.discount, record.tax = order.gross, order.discount, order.tax
            record.cycles += int(status == "completed")
    return order
