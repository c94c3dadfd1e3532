"""Each verb of a story says what Stripe would say and notes what the records must become."""

from collections import Counter

import pytest

from infra.samples import stripe as story
from infra.samples.stripe import Shape


class Shop:
    """A business with a price and a customer, ready for a story."""

    def __init__(self, shape: Shape = "new", currency: str = "usd", amount: int = 1_900) -> None:
        self.world = story.Business(shape=shape)
        self.product = story.add_product(self.world, "Tea box")
        self.price = story.add_price(self.world, self.product, amount, currency)
        self.ada = story.add_customer(self.world, "ada@example.com", "Ada Lovelace")

    def sell(self, trial_days: int = 0) -> story.Subscription:
        return story.checkout(self.world, self.ada, self.price, trial_days=trial_days)

    def truth(self) -> story.SubscriptionTruth:
        (record,) = self.world.truth.subscriptions.values()
        return record

    def types(self) -> list[str]:
        return [event.type for event in self.world.events]


def test_one_payment_is_told_six_times_and_counted_once() -> None:
    shop = Shop()

    shop.sell()

    told = Counter(shop.types())
    for event_type in (
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
        "checkout.session.completed",
    ):
        assert told[event_type] == 1
    assert shop.world.truth.revenue_text() == {"USD": "19.00"}
    assert len(shop.world.truth.orders) == 1


def test_stripes_page_makes_an_incomplete_subscription_and_activates_it_at_once() -> None:
    shop = Shop()

    shop.sell()

    said = [e for e in shop.world.events if e.type.startswith("customer.subscription.")]
    assert [e.object["status"] for e in said] == ["incomplete", "active"]
    assert said[1].content["data"]["previous_attributes"] == {"status": "incomplete"}
    assert shop.truth().statuses == ["pending", "active"]


def test_a_trial_costs_nothing_and_its_end_is_the_first_cycle() -> None:
    shop = Shop()

    subscription = shop.sell(trial_days=14)
    trial = (shop.truth().is_trial, shop.truth().cycles, shop.world.truth.orders.copy())
    story.end_trial(shop.world, subscription)

    assert trial == (True, 0, {})
    assert (shop.truth().is_trial, shop.truth().cycles) == (False, 1)
    first = next(e for e in shop.world.events if e.type == "invoice.paid").object
    assert (first["total"], first["status"]) == (0, "paid")


def test_a_trial_without_a_card_pauses() -> None:
    shop = Shop()
    subscription = story.checkout(
        shop.world, shop.ada, shop.price, trial_days=7, via="api", with_card=False
    )

    story.end_trial(shop.world, subscription)

    assert shop.truth().status == "paused"
    assert shop.types()[-1] == "customer.subscription.paused"


def test_failing_and_recovering_is_one_order_and_one_more_cycle() -> None:
    shop = Shop()
    subscription = shop.sell()

    bill = story.fail_renewal(shop.world, subscription)
    failed = (shop.truth().status, shop.truth().next_payment_at, bill.next_payment_attempt)
    story.fail_renewal(shop.world, subscription)
    story.recover(shop.world, subscription)

    assert failed == ("payment_failed", bill.created + 3_600 + 3 * 86_400, failed[1])
    assert shop.truth().statuses == ["pending", "active", "payment_failed", "active"]
    assert (shop.truth().cycles, bill.attempt_count) == (2, 3)
    assert shop.world.truth.orders[bill.id].status == "completed"


@pytest.mark.parametrize(("unpaid", "status"), [(True, "payment_failed"), (False, "cancelled")])
def test_giving_up_leaves_it_unpaid_or_ends_it(unpaid: bool, status: str) -> None:
    shop = Shop()
    subscription = shop.sell()
    story.fail_renewal(shop.world, subscription)

    story.give_up(shop.world, subscription, unpaid=unpaid)

    assert shop.truth().status == status


def test_an_incomplete_subscription_expires_after_23_hours() -> None:
    shop = Shop()
    subscription = story.start_incomplete(shop.world, shop.ada, shop.price)

    story.expire_incomplete(shop.world, subscription)

    assert shop.truth().statuses == ["pending", "expired"]
    assert shop.world.now - subscription.created >= 23 * 3_600
    assert shop.world.truth.revenue() == {}


def test_a_confirmation_completes_an_incomplete_subscription() -> None:
    shop = Shop()
    subscription = story.start_incomplete(shop.world, shop.ada, shop.price, needs_action=True)
    pending = next(iter(shop.world.truth.orders.values())).status

    story.recover(shop.world, subscription)

    assert pending == "pending"
    assert shop.truth().statuses == ["pending", "active"]
    assert shop.world.truth.revenue() == {"USD": 1_900}


@pytest.mark.parametrize(
    ("won", "status", "left"), [(True, "completed", 1_900), (False, "disputed", 0)]
)
def test_a_dispute_withholds_its_amount_until_it_is_won(won: bool, status: str, left: int) -> None:
    shop = Shop()
    payment = story.one_time(shop.world, shop.price, guest="guest@example.com")

    case = story.dispute(shop.world, payment)
    meanwhile = shop.world.truth.revenue()
    story.close_dispute(shop.world, case, won=won)

    assert meanwhile == {"USD": 0}
    assert shop.world.truth.orders[payment.id].status == status
    assert shop.world.truth.revenue("guest@example.com") == {"USD": left}


def test_a_refund_that_fails_gives_nothing_back() -> None:
    shop = Shop()
    payment = story.one_time(shop.world, shop.price, shop.ada)
    back = story.refund(shop.world, payment)

    story.fail_refund(shop.world, back)

    assert shop.world.truth.orders[payment.id].status == "completed"
    assert shop.world.truth.revenue() == {"USD": 1_900}


def test_a_scheduled_end_keeps_the_date_of_the_request() -> None:
    shop = Shop()
    subscription = shop.sell()
    shop.world.advance(days=4)

    story.schedule_cancel(shop.world, subscription)
    asked = shop.world.now
    scheduled = (shop.truth().status, shop.truth().next_payment_at)
    story.reach_cancellation(shop.world, subscription)

    assert scheduled == ("active", None)
    assert shop.truth().cancelled_at == asked < shop.world.now
    assert shop.truth().status == "cancelled"


def test_a_paused_collection_keeps_stripes_status_and_voids_its_invoices() -> None:
    shop = Shop()
    subscription = shop.sell()

    story.pause(shop.world, subscription)
    story.renew(shop.world, subscription)

    assert (shop.truth().status, shop.truth().store_status) == ("paused", "active")
    assert shop.types()[-1] == "invoice.voided"
    assert shop.truth().cycles == 1


def test_a_dearer_plan_is_billed_for_the_rest_of_the_period() -> None:
    shop = Shop()
    subscription = shop.sell()
    dearer = story.add_price(shop.world, shop.product, 3_900)
    shop.world.advance(days=15)

    story.change_plan(shop.world, subscription, dearer)

    bill = subscription.latest_invoice
    assert bill is not None
    assert 900 < bill.total < 1_100
    assert [line.proration for line in bill.lines] == [True, True]
    assert (shop.truth().amount, shop.truth().cycles) == (3_900, 1)


def test_a_rebate_lowers_the_next_cycle_and_is_told_on_its_invoice() -> None:
    shop = Shop()
    subscription = shop.sell()

    coupon = story.add_coupon(shop.world, "Friends", percent_off=20)
    story.apply_discount(shop.world, subscription, coupon)
    bill = story.renew(shop.world, subscription)

    assert (bill.total, shop.truth().amount, shop.truth().discount) == (1_520, 1_520, 380)


def test_items_of_mixed_intervals_renew_each_in_its_own_time() -> None:
    shop = Shop()
    yearly = story.add_price(shop.world, shop.product, 12_000, interval="year")
    subscription = story.checkout(shop.world, shop.ada, shop.price, yearly)

    bill = story.renew(shop.world, subscription)

    assert bill.total == 1_900
    assert shop.truth().amount is None
    first, second = subscription.items
    assert first.period_end < second.period_end


def test_the_old_shape_knows_no_mixed_intervals() -> None:
    shop = Shop("old")
    yearly = story.add_price(shop.world, shop.product, 12_000, interval="year")

    with pytest.raises(ValueError, match="mixed"):
        story.checkout(shop.world, shop.ada, shop.price, yearly)


def test_a_completed_schedule_means_expired() -> None:
    shop = Shop()
    schedule = story.add_schedule(shop.world, shop.sell(), then="cancel")

    story.complete_schedule(shop.world, schedule)

    assert shop.truth().status == "expired"


def test_a_pending_plan_that_expires_changes_nothing() -> None:
    shop = Shop()
    subscription = shop.sell()
    story.ask_for_plan(shop.world, subscription, story.add_price(shop.world, shop.product, 3_900))

    story.settle_plan(shop.world, subscription, paid=False)

    assert shop.truth().amount == 1_900
    assert shop.types()[-1] == "customer.subscription.pending_update_expired"


def test_deleting_a_customer_ends_the_subscriptions_first() -> None:
    shop = Shop()
    shop.sell()

    story.delete_customer(shop.world, shop.ada)

    assert shop.types()[-2:] == ["customer.subscription.deleted", "customer.deleted"]
    assert shop.truth().status == "cancelled"
    assert shop.world.truth.emails == {}


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [
        ("jpy", 1_900, "1900"),
        ("isk", 190_000, "1900"),
        ("ugx", 190_000, "1900"),
        ("kwd", 1_900, "1.900"),
        ("huf", 190_000, "1900.00"),
    ],
)
def test_revenue_reads_as_people_write_the_currency(currency: str, amount: int, text: str) -> None:
    shop = Shop(currency=currency, amount=amount)

    shop.sell()

    assert shop.world.truth.revenue_text() == {currency.upper(): text}


def test_a_network_renewed_card_is_noted_for_the_subscription() -> None:
    shop = Shop()
    subscription = shop.sell()
    assert subscription.card is not None

    story.edit_card(shop.world, subscription.card, 8, 2035, by_network=True)

    assert shop.truth().card_expires == (2035, 8)
    assert shop.types()[-1] == "payment_method.automatically_updated"
