"""Short stories in which each type of event happens once: the scenes behind the samples."""

from collections.abc import Callable

from infra.samples import stripe_billing as billing
from infra.samples import stripe_changes as changes
from infra.samples import stripe_checkout as checkouts
from infra.samples import stripe_customers as people
from infra.samples import stripe_invoicing as invoicing
from infra.samples import stripe_purchases as purchases
from infra.samples import stripe_schedules as schedules
from infra.samples.stripe_business import Business
from infra.samples.stripe_goods import Address, Price
from infra.samples.stripe_money import DAY
from infra.samples.stripe_state import Customer, Invoice, Schedule, Subscription

UNKNOWN = "billing.meter.error_report_triggered"
HOME = Address("12 Lake Street", "Chicago", "60601", "US", "IL")

Story = Callable[[Business], object]


def tea(world: Business, amount: int = 1900) -> Price:
    """Offer a monthly tea box."""
    product = people.add_product(world, "Tea box", sku="TEA-1", category="tea")
    return people.add_price(world, product, amount, nickname="Monthly tea")


def book(world: Business) -> Price:
    """Offer a book, paid once."""
    product = people.add_product(world, "The book of tea", sku="BOOK-1")
    return people.add_price(world, product, 2400, interval=None)


def ada(world: Business) -> Customer:
    """Make a customer with both addresses."""
    customer = people.add_customer(
        world, "ada@example.com", "Ada Lovelace", address=HOME, shipping=HOME
    )
    world.advance(minutes=3)
    return customer


def sold(world: Business, trial_days: int = 0) -> Subscription:
    """Sell the tea box on Stripe's page."""
    return checkouts.checkout(world, ada(world), tea(world), trial_days=trial_days)


def sold_a_while_ago(world: Business) -> Subscription:
    """Sell the tea box, and let nine days pass."""
    subscription = sold(world)
    world.advance(days=9, hours=4)
    return subscription


def bill_by_mail(world: Business) -> Invoice:
    """Open an invoice that waits for a transfer."""
    subscription = sold(world)
    bill = billing.open_cycle(world, subscription)
    bill.due_date = world.now + 14 * DAY
    world.advance(hours=1)
    invoicing.finalize(world, bill)
    return bill


def told_of_bill(event_type: str, days: int) -> Story:
    """Return the story of a bill by mail of which something is told days later."""

    def story(world: Business) -> None:
        bill = bill_by_mail(world)
        world.advance(days=days)
        world.tell(event_type, bill)

    return story


def overpaid(world: Business) -> None:
    """Receive more by transfer than the bill asks."""
    bill = bill_by_mail(world)
    invoicing.collect(world, bill)
    bill.amount_overpaid = 100
    world.tell("invoice.overpaid", bill)


def renewed(world: Business) -> None:
    """Renew a month later."""
    billing.renew(world, sold(world))


def declined(world: Business) -> None:
    """Decline the first renewal."""
    billing.fail_renewal(world, sold(world))


def written_off(world: Business) -> None:
    """Try in vain until the bill is written off."""
    subscription = sold(world)
    bill = billing.fail_renewal(world, subscription)
    billing.give_up(world, subscription, unpaid=True)
    invoicing.write_off(world, bill)


def draft_deleted(world: Business) -> None:
    """Throw the draft of a renewal away."""
    invoicing.delete_draft(world, billing.open_cycle(world, sold(world)))


def ended(world: Business) -> None:
    """Ask for the end, and reach it."""
    subscription = sold_a_while_ago(world)
    changes.schedule_cancel(world, subscription)
    changes.reach_cancellation(world, subscription)


def really_paused(world: Business) -> None:
    """Pause the subscription itself and go on."""
    subscription = sold_a_while_ago(world)
    changes.pause_for_real(world, subscription)
    world.advance(days=2)
    changes.resume_for_real(world, subscription)


def pending_plan(*, paid: bool) -> Story:
    """Return the story of a dearer plan that waits for its payment."""

    def story(world: Business) -> None:
        subscription = sold_a_while_ago(world)
        changes.ask_for_plan(world, subscription, tea(world, 3900))
        world.advance(minutes=4)
        changes.settle_plan(world, subscription, paid=paid)

    return story


def scheduled(then: Callable[[Business, Schedule], object]) -> Story:
    """Return the story of a schedule to which something happens."""

    def story(world: Business) -> None:
        schedule = schedules.add_schedule(world, sold_a_while_ago(world), then="cancel")
        world.advance(hours=1)
        then(world, schedule)

    return story


def bought(world: Business) -> None:
    """Sell the book to a customer."""
    purchases.one_time(world, book(world), ada(world))


def guest_bought(world: Business) -> None:
    """Sell the book to somebody without an account."""
    purchases.one_time(world, book(world), guest="guest@example.com", shipping=HOME)


def described(world: Business) -> None:
    """Write a note on the charge of a book."""
    payment = purchases.one_time(world, book(world), ada(world))
    world.advance(hours=2)
    purchases.describe(world, payment, "The book of tea, signed")


def card_declined(world: Business) -> None:
    """Decline the card for a book."""
    purchases.fail_one_time(world, book(world), ada(world))


def refunded(world: Business) -> None:
    """Give part of a book's price back."""
    payment = purchases.one_time(world, book(world), ada(world))
    world.advance(days=1)
    back = purchases.refund(world, payment, 900)
    world.advance(days=2)
    purchases.settle_refund(world, back)


def refund_failed(world: Business) -> None:
    """Give all back, and have the bank return it."""
    payment = purchases.one_time(world, book(world), ada(world))
    world.advance(days=1)
    back = purchases.refund(world, payment)
    world.advance(days=5)
    purchases.fail_refund(world, back)


def disputed(*, won: bool) -> Story:
    """Return the story of a dispute about a book."""

    def story(world: Business) -> None:
        case = purchases.dispute(world, purchases.one_time(world, book(world), ada(world)))
        world.advance(days=2)
        purchases.answer_dispute(world, case)
        world.advance(days=20)
        purchases.close_dispute(world, case, won=won)

    return story


def by_bank(*, paid: bool) -> Story:
    """Return the story of a bank debit that arrives or bounces."""

    def story(world: Business) -> None:
        session = purchases.await_bank(world, book(world), guest="guest@example.com")
        world.advance(days=3)
        purchases.hear_from_bank(world, session, paid=paid)

    return story


def needs_action(world: Business) -> None:
    """Let the bank ask for a confirmation at the start."""
    checkouts.start_incomplete(world, ada(world), tea(world), needs_action=True)


def never_started(world: Business) -> None:
    """Decline the first payment until the subscription expires."""
    subscription = checkouts.start_incomplete(world, ada(world), tea(world))
    billing.expire_incomplete(world, subscription)


def rebates(world: Business) -> None:
    """Give a rebate, change it, end it."""
    subscription = sold_a_while_ago(world)
    friend = people.add_coupon(world, "Friends", percent_off=20)
    people.add_promotion_code(world, friend, "FRIENDS20")
    changes.apply_discount(world, subscription, friend)
    world.advance(days=1)
    changes.change_discount(world, subscription, people.add_coupon(world, "Loyal", percent_off=25))
    world.advance(days=1)
    changes.remove_discount(world, subscription)


def cards(world: Business) -> None:
    """Replace a card, correct it, let the network renew it."""
    card = people.update_card(world, sold_a_while_ago(world), 6, 2031)
    world.advance(days=40)
    people.edit_card(world, card, 8, 2032)
    world.advance(days=300)
    people.edit_card(world, card, 8, 2035, by_network=True)


def email_changed(world: Business) -> None:
    """Move a subscriber to another address."""
    people.change_email(world, sold_a_while_ago(world).customer, "ada.king@example.com")


def customer_deleted(world: Business) -> None:
    """Delete a subscriber."""
    people.delete_customer(world, sold_a_while_ago(world).customer)


def goods(world: Business) -> None:
    """Put everything of the catalogue in, change it, and take it out."""
    price = tea(world)
    coupon = people.add_coupon(world, "Spring", amount_off=300, currency="usd")
    code = people.add_promotion_code(world, coupon, "SPRING")
    world.advance(days=1)
    people.rename_product(world, price.product, "Tea box, large")
    people.rename_coupon(world, coupon, "Late spring")
    people.stop_promotion_code(world, code)
    people.retire_price(world, price)
    world.advance(days=1)
    people.delete_coupon(world, coupon)
    people.delete_price(world, price)
    people.delete_product(world, price.product)


def thin(world: Business) -> None:
    """Send a thin event about a subscription."""
    subscription = sold(world)
    url = f"/v1/subscriptions/{subscription.id}"
    world.say_thin("v1.customer.subscription.updated", "subscription", subscription.id, url)


def unheard_of(world: Business) -> None:
    """Send a type nobody asked for."""
    meter = {"id": "mtr_generated", "object": "billing.meter", "livemode": world.view.livemode}
    world.say(UNKNOWN, {"object": meter})


def trial_ending(world: Business) -> None:
    """Come near the end of a trial."""
    billing.trial_will_end(world, sold(world, trial_days=14))


def announced(world: Business) -> None:
    """Announce the next invoice."""
    billing.announce(world, sold(world))


def abandoned(world: Business) -> None:
    """Give up a purchase at the bank's page."""
    purchases.abandon(world, book(world), ada(world))


def old_card(world: Business) -> None:
    """Warn about a card of the sources API."""
    people.expire_source(world, ada(world))
