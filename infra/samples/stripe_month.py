"""A month of a small business: some forty subscriptions, and all that happens to them.

Most renew, some fail, some begin or end, a few ask for their money back. Deliveries come as
Stripe's come: mostly at once, sometimes in another order, late or twice. Only the event types the
product asks Stripe for are delivered.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice

from infra.samples.stripe_billing import (
    end_trial,
    fail_renewal,
    pay_out_of_band,
    recover,
    renew,
    trial_will_end,
)
from infra.samples.stripe_business import STARTS_AT, Business
from infra.samples.stripe_changes import (
    apply_discount,
    cancel_now,
    change_plan,
    pause,
    reach_cancellation,
    schedule_cancel,
)
from infra.samples.stripe_checkout import checkout
from infra.samples.stripe_customers import (
    add_coupon,
    add_customer,
    add_price,
    add_product,
    change_email,
    update_card,
)
from infra.samples.stripe_event import Delivery, Event, Shape
from infra.samples.stripe_goods import Address, Price
from infra.samples.stripe_money import DAY, HOUR, amount_of
from infra.samples.stripe_purchases import close_dispute, dispute, one_time, refund
from infra.samples.stripe_state import Customer, Subscription
from infra.samples.stripe_truth import Truth

# What a well set-up endpoint asks for; payment_succeeded repeats invoice.paid and stays out.
DELIVERED = frozenset(
    """
    charge.dispute.closed charge.dispute.created charge.dispute.funds_reinstated
    charge.dispute.funds_withdrawn charge.failed charge.refunded charge.succeeded
    checkout.session.completed coupon.created customer.created customer.deleted
    customer.discount.created customer.subscription.created customer.subscription.deleted
    customer.subscription.trial_will_end customer.subscription.updated customer.updated
    invoice.paid invoice.payment_failed invoice_payment.paid payment_intent.succeeded
    payment_method.attached payment_method.detached price.created product.created refund.created
    """.split()
)

_FIRST = (
    "Ada Grace Zoë Łukasz María Omar Ines Jürgen Aiko Tom Nina Raj Elif Sven Chloé Ivan Lucía Max "
    "Noor Piotr"
).split()
_LAST = "Lovelace Okafor Smith Müller García Tanaka Rossi Novák Haddad Olsen Brown Kaya".split()
_HOMES = (
    Address("12 Lake Street", "Chicago", "60601", "US", "IL"),
    Address("3 Rue des Lilas", "Lyon", "69003", "FR"),
    Address("8 Harbour Road", "Bristol", "BS1 4RN", "GB", None, "Flat 2"),
    Address("1-2 Sakura", "Osaka", "530-0001", "JP"),
)


@dataclass(frozen=True)
class Month:
    """The month's deliveries by time of arrival, and what they must add up to."""

    deliveries: list[Delivery]
    truth: Truth
    starts_at: int

    def __iter__(self) -> Iterator[Delivery]:
        """Go through the deliveries as they arrive."""
        return iter(self.deliveries)

    @property
    def events(self) -> list[Event]:
        """The distinct events in the order they arrive first."""
        return list({delivery.event.id: delivery.event for delivery in self.deliveries}.values())


@dataclass
class _Shop:
    """What the stories of the month share."""

    world: Business
    prices: list[Price]
    book: Price
    dice: random.Random
    opens_at: int
    mark: str

    def moment(self, first_day: int, last_day: int) -> int:
        """Return a moment of some day of the month, both days included, from 0."""
        seconds = self.dice.randrange(DAY - 2 * HOUR)
        return self.opens_at + self.dice.randint(first_day, last_day) * DAY + seconds

    def person(self, number: int) -> Customer:
        """Make a customer; every third one lives somewhere we know."""
        first, last = _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]
        home = _HOMES[number % len(_HOMES)] if number % 3 == 0 else None
        email = f"customer{number}{self.mark}@example.com"
        return add_customer(self.world, email, f"{first} {last}", address=home, shipping=home)

    def price(self) -> Price:
        """Return a price, the first being the most liked."""
        return self.dice.choices(self.prices, (6, 3, 2, 1))[0]

    def old_customer(self, number: int) -> Subscription:
        """Return a subscription from before the month, which renews on its days 3 to 20."""
        self.world.now = self.moment(3, 20) - 30 * DAY
        with self.world.untold():
            return checkout(self.world, self.person(number), self.price(), via="api")

    def new_customer(self, number: int, last_day: int, trial_days: int = 0) -> Subscription:
        """Sell a subscription on some day up to `last_day`."""
        self.world.now = self.moment(0, last_day)
        customer = self.person(number)
        self.world.advance(minutes=self.dice.randrange(1, 9))
        return checkout(self.world, customer, self.price(), trial_days=trial_days)


def _renews(shop: _Shop, number: int) -> None:
    bill = renew(shop.world, shop.old_customer(number))
    if number % 5 == 0 and bill.payment is not None:
        shop.world.advance(days=2)
        refund(shop.world, bill.payment, bill.total // 200 * 100 or None)


def _recovers(shop: _Shop, number: int) -> None:
    subscription = shop.old_customer(number)
    fail_renewal(shop.world, subscription)
    shop.world.advance(days=2)
    update_card(shop.world, subscription, 6, 2031)
    recover(shop.world, subscription)


def _stays_failed(shop: _Shop, number: int) -> None:
    subscription = shop.old_customer(number)
    fail_renewal(shop.world, subscription)
    fail_renewal(shop.world, subscription)


def _begins(shop: _Shop, number: int) -> None:
    subscription = shop.new_customer(number, 24)
    if number % 4 == 1:
        shop.world.advance(days=3)
        change_plan(shop.world, subscription, quantity=2)
    if number % 4 == 2:
        shop.world.advance(days=1, hours=3)
        one_time(shop.world, shop.book, subscription.customer)


def _converts(shop: _Shop, number: int) -> None:
    subscription = shop.new_customer(number, 14, trial_days=7)
    trial_will_end(shop.world, subscription)
    end_trial(shop.world, subscription)


def _tries(shop: _Shop, number: int) -> None:
    shop.new_customer(number, 25, trial_days=14)


def _leaves_later(shop: _Shop, number: int) -> None:
    subscription = shop.old_customer(number)
    shop.world.reach(shop.opens_at + shop.dice.randrange(HOUR, 2 * DAY))
    schedule_cancel(shop.world, subscription)
    reach_cancellation(shop.world, subscription)


def _leaves_now(shop: _Shop, number: int) -> None:
    subscription = shop.old_customer(number)
    bill = renew(shop.world, subscription)
    shop.world.advance(days=1)
    if bill.payment is not None:
        refund(shop.world, bill.payment)
    cancel_now(shop.world, subscription)


def _pauses(shop: _Shop, number: int) -> None:
    subscription = shop.old_customer(number)
    renew(shop.world, subscription)
    shop.world.advance(days=4)
    pause(shop.world, subscription)


def _disputes(shop: _Shop, number: int) -> None:
    bill = renew(shop.world, shop.old_customer(number))
    shop.world.advance(days=3)
    if bill.payment is not None:
        case = dispute(shop.world, bill.payment)
        shop.world.advance(days=4)
        close_dispute(shop.world, case, won=number % 2 == 0)


def _moves(shop: _Shop, number: int) -> None:
    subscription = shop.old_customer(number)
    shop.world.reach(shop.opens_at + 5 * HOUR)
    change_email(shop.world, subscription.customer, f"moved{number}{shop.mark}@example.com")
    apply_discount(shop.world, subscription, add_coupon(shop.world, "Loyal", percent_off=10))
    renew(shop.world, subscription)


def _pays_by_transfer(shop: _Shop, number: int) -> None:
    pay_out_of_band(shop.world, shop.old_customer(number))


# Forty subscriptions; a larger business has the same mix.
_MIX: tuple[Callable[[_Shop, int], None], ...] = (
    *[_renews] * 16,
    *[_recovers] * 3,
    *[_stays_failed] * 2,
    *[_begins] * 7,
    *[_converts] * 3,
    *[_tries] * 2,
    *[_leaves_later] * 2,
    _leaves_now,
    _pauses,
    _disputes,
    _moves,
    _pays_by_transfer,
)


def month(
    seed: int | str = 1,
    subscriptions: int = 40,
    *,
    shape: Shape = "new",
    starts_at: int = STARTS_AT,
    mark: str = "",
) -> Month:
    """Return a month of thirty days of a business with so many subscriptions.

    Forty of them make about 300 deliveries. `starts_at` is the Unix second the month begins; its
    last day stays quiet. `mark` goes into everybody's email, so that two months share nobody.
    """
    world = Business(f"month/{seed}", shape, starts_at=starts_at)
    dice = random.Random(f"month/{seed}")  # noqa: S311 - a story, not a secret
    shop = _Shop(world, *_catalogue(world), dice, starts_at, mark)
    mix = list(islice(cycle(_MIX), subscriptions))
    dice.shuffle(mix)
    for number, story in enumerate(mix):
        story(shop, number)
    for number in range(max(subscriptions // 13, 1)):
        world.now = shop.moment(0, 28)
        one_time(world, shop.book, guest=f"guest{number}{mark}@example.com")
    told = [event for event in world.events if event.type in DELIVERED]
    return Month(_deliver(told, dice, starts_at), world.truth, starts_at)


def _catalogue(world: Business) -> tuple[list[Price], Price]:
    tea = add_product(world, "Tea box", category="tea", sku="TEA-1")
    club = add_product(world, "Coffee club", category="coffee", sku="COF-1")
    book = add_product(world, "The book of tea", category="books", sku="BOOK-1")
    prices = [
        add_price(world, tea, amount_of("19.00", "usd"), nickname="Monthly tea"),
        add_price(world, club, amount_of("39.00", "usd")),
        add_price(world, tea, amount_of("17.50", "eur"), "eur"),
        add_price(world, club, amount_of("2900", "jpy"), "jpy"),
    ]
    return prices, add_price(world, book, amount_of("24.00", "usd"), interval=None)


def _deliver(events: list[Event], dice: random.Random, starts_at: int) -> list[Delivery]:
    """Return the deliveries: one in twenty is late, one in thirty comes again."""
    deliveries = []
    for event in events:
        told = (int(event.created) - starts_at) * 1_000
        late = dice.randrange(5 * 60, 36 * HOUR) * 1_000 if dice.random() < 0.05 else 0
        arrival = told + late + dice.randrange(200, 3_500)
        deliveries.append(Delivery(event, arrival))
        if dice.random() < 0.03:
            again = arrival + dice.randrange(20, 6 * HOUR) * 1_000
            deliveries.append(Delivery(event.redelivered(), again))
    return sorted(deliveries, key=lambda delivery: delivery.offset_ms)
