"""The two API shapes of the generated Stripe differ exactly where Stripe's did."""

import pytest

from infra.samples import stripe as story
from infra.samples.stripe_event import Json


def test_the_current_period_lies_on_the_subscription_then_on_its_items() -> None:
    old, new = _both("customer.subscription.updated")

    assert old["current_period_end"] - old["current_period_start"] == 30 * 86_400
    assert "current_period_end" not in old["items"]["data"][0]
    assert "current_period_end" not in new
    assert new["items"]["data"][0]["current_period_end"] == old["current_period_end"]
    assert new["billing_mode"]["type"] == "flexible"


def test_a_renewal_tells_the_former_period_where_the_shape_has_it() -> None:
    old, new = (
        story.sample("customer.subscription.updated", shape).event.content["data"]
        for shape in ("old", "new")
    )

    assert set(old["previous_attributes"]) == {
        "current_period_end",
        "current_period_start",
        "latest_invoice",
    }
    assert set(new["previous_attributes"]) == {"items", "latest_invoice"}
    former = new["previous_attributes"]["items"]["data"][0]
    assert former["current_period_end"] == new["object"]["items"]["data"][0]["current_period_start"]


def test_an_invoice_names_its_subscription_outright_then_in_its_parent() -> None:
    old, new = _both("invoice.paid")

    assert old["subscription"] == new["parent"]["subscription_details"]["subscription"]
    gone = {"subscription", "charge", "payment_intent", "paid", "tax", "discount"}
    assert gone <= set(old)
    assert gone.isdisjoint(new)
    assert old["paid"] is True
    assert old["charge"].startswith("ch_")
    assert "payments" not in new


def test_a_line_carries_its_price_then_its_ids_only() -> None:
    old, new = (each["lines"]["data"][0] for each in _both("invoice.paid"))

    assert old["price"]["id"] == old["plan"]["id"] == new["pricing"]["price_details"]["price"]
    assert old["type"] == "subscription"
    assert {"price", "plan", "type"}.isdisjoint(new)
    details = new["parent"]["subscription_item_details"]
    assert details["subscription_item"] == old["subscription_item"]


@pytest.mark.parametrize("event_type", ["charge.succeeded", "payment_intent.succeeded"])
def test_money_names_its_invoice_then_does_not(event_type: str) -> None:
    old, new = _both(event_type)

    assert "invoice" in old
    assert "invoice" not in new


def test_only_the_new_shape_links_invoice_and_payment_intent() -> None:
    link = story.sample("invoice_payment.paid").event.object

    assert link["payment"]["payment_intent"].startswith("pi_")
    assert link["invoice"].startswith("in_")
    assert "invoice_payment.paid" not in story.event_types("old")
    assert not [
        event.type
        for event in story.whole_life(shape="old").events
        if event.type.startswith("invoice_payment")
    ]


def test_a_discount_carries_its_coupon_then_the_coupons_id() -> None:
    old, new = _both("customer.discount.created")

    assert old["coupon"]["percent_off"] == 20
    assert new["source"] == {"coupon": old["coupon"]["id"], "type": "coupon"}


def test_an_upcoming_invoice_has_no_id() -> None:
    for upcoming in _both("invoice.upcoming"):
        assert "id" not in upcoming
        assert upcoming["status"] == "draft"


def test_tax_is_an_amount_then_a_list() -> None:
    old, new = (_taxed(shape) for shape in ("old", "new"))

    assert (old["tax"], old["total"], old["subtotal"]) == (380, 2_280, 1_900)
    assert [tax["amount"] for tax in new["total_taxes"]] == [380]
    assert new["total_taxes"][0]["tax_behavior"] == "exclusive"
    assert new["total"] == 2_280


def test_a_scheduled_end_is_a_flag_then_a_date_alone() -> None:
    old, new = (_scheduled(shape) for shape in ("old", "new"))

    assert (old["cancel_at_period_end"], new["cancel_at_period_end"]) == (True, False)
    assert old["cancel_at"] == new["cancel_at"] == old["current_period_end"]
    assert old["status"] == new["status"] == "active"
    assert new["canceled_at"] < new["cancel_at"]


def test_money_from_elsewhere_is_told_by_a_flag_then_by_an_amount() -> None:
    old, new = (_out_of_band(shape) for shape in ("old", "new"))

    assert (old["paid"], old["paid_out_of_band"], old["charge"]) == (True, True, None)
    assert (new["status"], new["amount_paid_off_stripe"]) == ("paid", 1_900)


def test_a_guest_has_an_email_in_the_session_and_no_customer_anywhere() -> None:
    made = story.sample("checkout.session.completed")
    charge = next(event for event in made.before if event.type == "charge.succeeded").object

    assert made.event.object["customer"] is None
    assert made.event.object["customer_details"]["email"] == "guest@example.com"
    assert charge["customer"] is None
    assert charge["billing_details"]["email"] == "guest@example.com"


def test_part_of_a_refund_leaves_the_charge_unrefunded() -> None:
    old, new = _both("charge.refunded")

    assert (old["amount_refunded"], old["refunded"]) == (900, False)
    assert [refund["amount"] for refund in old["refunds"]["data"]] == [900]
    assert "refunds" not in new


def _both(event_type: str) -> tuple[Json, Json]:
    old, new = (story.sample(event_type, shape).event.object for shape in ("old", "new"))
    return old, new


def _shop(shape: story.Shape) -> tuple[story.Business, story.Price, story.Customer]:
    world = story.Business(shape=shape)
    price = story.add_price(world, story.add_product(world, "Tea box"), 1_900)
    return world, price, story.add_customer(world, "ada@example.com")


def _taxed(shape: story.Shape) -> Json:
    world, price, ada = _shop(shape)
    story.checkout(world, ada, price, tax_percent=20)
    return _last(world, "invoice.paid")


def _scheduled(shape: story.Shape) -> Json:
    world, price, ada = _shop(shape)
    subscription = story.checkout(world, ada, price)
    world.advance(days=3)
    story.schedule_cancel(world, subscription)
    return _last(world, "customer.subscription.updated")


def _out_of_band(shape: story.Shape) -> Json:
    world, price, ada = _shop(shape)
    story.pay_out_of_band(world, story.checkout(world, ada, price))
    return _last(world, "invoice.paid")


def _last(world: story.Business, event_type: str) -> Json:
    return [event for event in world.events if event.type == event_type][-1].object
