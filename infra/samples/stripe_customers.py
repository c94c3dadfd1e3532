"""Story verbs about people and goods: customers, their cards, products, prices and coupons."""

from infra.samples.stripe_business import Business
from infra.samples.stripe_goods import Address, Coupon, Price, Product, PromotionCode
from infra.samples.stripe_money import Interval
from infra.samples.stripe_state import Card, Customer, LegacyCard, Subscription
from infra.samples.stripe_subscription import end


def add_product(world: Business, name: str, **metadata: str) -> Product:
    """Put a product on sale: product.created."""
    product = Product(world.ids.new("prod"), name, world.now, world.now, metadata=metadata)
    world.tell("product.created", world.keep(product))
    return product


def rename_product(world: Business, product: Product, name: str) -> None:
    """Give a product another name: product.updated."""
    with world.change("product.updated", product):
        product.name, product.updated = name, world.now


def delete_product(world: Business, product: Product) -> None:
    """Take a product out of the catalogue for good: product.deleted."""
    product.active = False
    world.tell("product.deleted", product)


def add_price(
    world: Business,
    product: Product,
    amount: int,
    currency: str = "usd",
    *,
    interval: Interval | None = "month",
    count: int = 1,
    nickname: str | None = None,
) -> Price:
    """Price a product in Stripe's integers: price.created. No interval means paid once."""
    price = Price(
        world.ids.new("price"),
        product,
        amount,
        currency,
        world.now,
        interval=interval,
        interval_count=count,
        nickname=nickname,
    )
    world.tell("price.created", world.keep(price))
    return price


def retire_price(world: Business, price: Price) -> None:
    """Stop selling at a price: price.updated."""
    with world.change("price.updated", price):
        price.active = False


def delete_price(world: Business, price: Price) -> None:
    """Delete a price nobody ever paid: price.deleted."""
    price.active = False
    world.tell("price.deleted", price)


def add_coupon(
    world: Business,
    name: str,
    *,
    percent_off: int | None = None,
    amount_off: int | None = None,
    currency: str | None = None,
) -> Coupon:
    """Invent a rebate that lasts for ever: coupon.created."""
    coupon_id = world.ids.new("coupon")[7:15].upper()
    coupon = Coupon(coupon_id, name, world.now, percent_off, amount_off, currency)
    world.tell("coupon.created", world.keep(coupon))
    return coupon


def rename_coupon(world: Business, coupon: Coupon, name: str) -> None:
    """Give a coupon another name: coupon.updated."""
    with world.change("coupon.updated", coupon):
        coupon.name = name


def delete_coupon(world: Business, coupon: Coupon) -> None:
    """Withdraw a coupon; discounts already given stay: coupon.deleted."""
    world.tell("coupon.deleted", coupon)


def add_promotion_code(world: Business, coupon: Coupon, code: str) -> PromotionCode:
    """Give a coupon a word to type: promotion_code.created."""
    promotion = PromotionCode(world.ids.new("promo"), code, coupon, world.now)
    world.tell("promotion_code.created", world.keep(promotion))
    return promotion


def stop_promotion_code(world: Business, promotion: PromotionCode) -> None:
    """Let a promotion code work no more: promotion_code.updated."""
    with world.change("promotion_code.updated", promotion):
        promotion.active = False


def add_customer(
    world: Business,
    email: str | None,
    name: str | None = None,
    *,
    phone: str | None = None,
    address: Address | None = None,
    shipping: Address | None = None,
) -> Customer:
    """Make a customer: customer.created."""
    customer = Customer(
        world.ids.new("cus"), email, world.now, name, phone, address=address, shipping=shipping
    )
    if email is not None:
        world.truth.emails[customer.id] = email
    world.tell("customer.created", world.keep(customer))
    return customer


def change_email(world: Business, customer: Customer, email: str) -> None:
    """Move a customer to another address: customer.updated."""
    with world.change("customer.updated", customer):
        customer.email = email
    world.truth.emails[customer.id] = email


def move(world: Business, customer: Customer, address: Address) -> None:
    """Move a customer to another home: customer.updated."""
    with world.change("customer.updated", customer):
        customer.address = address


def add_card(
    world: Business, customer: Customer, exp_month: int = 12, exp_year: int = 2029
) -> Card:
    """Attach a card without making it the default: payment_method.attached."""
    card = Card(world.ids.new("pm"), world.now, customer, exp_month, exp_year)
    world.tell("payment_method.attached", world.keep(card))
    return card


def make_default(world: Business, customer: Customer, card: Card) -> None:
    """Pay this customer's invoices with the card from now on: customer.updated."""
    with world.change("customer.updated", customer):
        customer.card = card


def update_card(world: Business, subscription: Subscription, exp_month: int, exp_year: int) -> Card:
    """Put in a new card for the customer and the subscription, and take the old one out.

    payment_method.attached, customer.updated, customer.subscription.updated and, where there was
    a card, payment_method.detached.
    """
    customer = subscription.customer
    old = subscription.card or customer.card
    card = add_card(world, customer, exp_month, exp_year)
    make_default(world, customer, card)
    with world.change("customer.subscription.updated", subscription):
        subscription.card = card
    if old is not None:
        detach_card(world, old)
    world.record_of(subscription).card_expires = (exp_year, exp_month)
    return card


def edit_card(
    world: Business, card: Card, exp_month: int, exp_year: int, *, by_network: bool = False
) -> None:
    """Correct a card's expiry: payment_method.updated, or …automatically_updated by the network."""
    kind = "automatically_updated" if by_network else "updated"
    with world.change(f"payment_method.{kind}", card):
        card.exp_month, card.exp_year = exp_month, exp_year
    for subscription in world.subscriptions():
        if card in (subscription.card, subscription.customer.card):
            world.record_of(subscription).card_expires = (exp_year, exp_month)


def detach_card(world: Business, card: Card) -> None:
    """Take a card off its customer: payment_method.detached."""
    with world.change("payment_method.detached", card):
        card.customer = None


def expire_source(world: Business, customer: Customer) -> LegacyCard:
    """Warn that a card of the old sources API ends this month: customer.source.expiring."""
    card = LegacyCard(world.ids.new("card"), customer, exp_month=11, exp_year=2026)
    world.tell("customer.source.expiring", world.keep(card))
    return card


def delete_customer(world: Business, customer: Customer) -> None:
    """Delete a customer; Stripe ends the subscriptions first and sends the last snapshot."""
    for subscription in world.subscriptions():
        if subscription.customer is customer and subscription.ended_at is None:
            end(world, subscription, "cancellation_requested")
    world.tell("customer.deleted", customer)
    customer.deleted = True
    world.truth.emails.pop(customer.id, None)
