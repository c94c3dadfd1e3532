"""What a subscription's facets add up to."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import times
from shared.domain.recurring_payments import compact, is_created, show
from shared.domain.timeline import Entry
from tests.laws.entries import DAY, payment, terms


def _shown(*, of: dict[str, Any] | None = None, **facets: Any) -> dict[str, Any]:
    """Return the fields of an active subscription with these facets; `order_1` is `order:1`."""
    named = {name.replace("order_", "order:"): facet for name, facet in facets.items()}
    view = show({"terms": of or terms(), **named})
    assert view is not None
    return view


def _entry(at: int, *, creation: bool = False) -> Entry:
    return Entry(at, 0, "evt_1", "told", at, {"terms": terms()}, creation=creation)


def test_nothing_is_shown_of_a_subscription_only_its_orders_speak_of() -> None:
    assert show({"order:in_1": payment(), "customer": {"email": "ada@example.com"}}) is None


@pytest.mark.parametrize(
    ("status", "completed", "shown"),
    [
        ("cancelled", False, "cancelled"),
        ("cancelled", True, "expired"),
        ("active", True, "active"),
        ("payment_failed", True, "payment_failed"),
    ],
)
def test_subscription_that_ends_with_its_schedule_has_expired(
    status: str, completed: bool, shown: str
) -> None:
    view = _shown(of=terms(status), schedule={"completed": completed})

    assert view["status"] == shown


def test_last_payment_is_the_newest_orders_whatever_order_they_came_in() -> None:
    view = _shown(order_2=payment("declined", 5 * DAY), order_1=payment("completed", 1 * DAY))

    assert (view["last_payment_status"], view["last_payment_date"]) == ("declined", 5 * DAY)


def test_last_payment_is_the_stores_word_where_no_order_is_known() -> None:
    told = terms(last_payment_status="completed", last_payment_date=3 * DAY)

    view = _shown(of=told)

    assert (view["last_payment_status"], view["last_payment_date"]) == ("completed", 3 * DAY)


def test_order_that_only_paid_a_cycle_says_nothing_of_the_last_payment() -> None:
    view = _shown(order_1={"cycle_paid": True})

    assert (view["cycles_completed"], view["last_payment_status"]) == (1, None)


def test_cycles_are_those_paid_unless_the_store_counts_them() -> None:
    paid = {"order_1": payment(date=1), "order_2": payment("declined", 2), "order_3": payment()}

    assert _shown(**paid)["cycles_completed"] == 2
    assert _shown(of=terms(cycles_completed=9), **paid)["cycles_completed"] == 9


def test_next_payment_is_the_next_attempt_while_payment_has_failed() -> None:
    declined = payment("declined", 30 * DAY)

    failing = _shown(of=terms("payment_failed", retries=True), order_1=declined)
    given_up = _shown(of=terms("payment_failed"), order_1=declined)

    assert failing["next_payment_date"] == declined["next_attempt"]
    assert given_up["next_payment_date"] == 30 * DAY


def test_no_renewal_is_promised_to_who_has_asked_to_leave() -> None:
    view = _shown(of=terms(cancel_at_period_end=True))

    assert (view["renewal_date"], view["next_payment_date"]) == (None, 30 * DAY)


@pytest.mark.parametrize(
    ("methods", "told", "customer", "expires"),
    [
        ({"pm_1": "2029-12", "pm_2": "2031-05"}, "pm_2", "pm_1", "2031-05-01T00:00:00.000Z"),
        ({"pm_1": "2029-12"}, None, "pm_1", "2029-12-01T00:00:00.000Z"),
        ({"pm_1": "2029-12"}, "pm_2", "pm_1", None),
        ({}, None, None, None),
    ],
)
def test_card_is_the_subscriptions_own_else_the_customers(
    methods: dict[str, str], told: str | None, customer: str | None, expires: str | None
) -> None:
    who = {"methods": methods, "payment_method": customer}

    view = _shown(of=terms(payment_method=told), customer=who)

    shown = view["payment_method_expiration"]
    assert (times.to_text(shown) if shown is not None else None) == expires


def test_stated_expiration_stands_before_any_card() -> None:
    view = _shown(of=terms(payment_method_expiration=7 * DAY), customer={"methods": {"pm_1": "x"}})

    assert view["payment_method_expiration"] == 7 * DAY


def test_addresses_and_email_are_the_subscriptions_own_else_the_customers() -> None:
    home, work = {"city": "Lyon"}, {"city": "Bristol"}
    who = {"email": "ada@example.com", "billing_address": home, "shipping_address": home}

    view = _shown(of=terms(billing_address=work), customer=who)

    assert (view["billing_address"], view["shipping_address"]) == (work, home)
    assert view["email"] == "ada@example.com"


# What a cycle costs.


def _costs(view: dict[str, Any]) -> tuple[Any, ...]:
    return view["payment_amount"], view["discount_amount"], view["tax_amount"]


def test_cycle_costs_price_times_quantity_before_any_invoice() -> None:
    assert _costs(_shown()) == (1900, 0, 0)


def test_cycle_costs_what_the_last_one_billed() -> None:
    assert _costs(_shown(order_1=payment())) == (2280, 0, 380)


def test_proration_does_not_tell_what_a_cycle_costs() -> None:
    view = _shown(order_1=payment(date=1), order_2=payment(date=2, cycle="update", gross=555))

    assert _costs(view) == (2280, 0, 380)


def test_introductory_price_is_not_what_later_cycles_cost() -> None:
    first = payment(cycle="create", discount=900, gross=1000, tax=0)

    assert _costs(_shown(order_1=first)) == (1900, 0, 0)


def test_new_plan_costs_its_price_until_its_first_invoice() -> None:
    view = _shown(of=terms(amount=3800), order_1=payment())

    assert _costs(view) == (3800, 0, 0)


def test_told_discount_is_taken_off_and_taxed_accordingly() -> None:
    rebate = {"coupon": "SPRING", "percent": "20", "amount": None}

    assert _costs(_shown(discount=rebate)) == (1520, 380, 0)
    assert _costs(_shown(discount=rebate, order_1=payment())) == (1824, 380, 304)


def test_fixed_discount_takes_off_no_more_than_there_is() -> None:
    assert _costs(_shown(discount={"coupon": "ALL", "amount": 5000})) == (0, 1900, 0)


def test_coupon_named_by_its_id_alone_is_told_by_the_next_invoice() -> None:
    named = {"coupon": "SPRING", "percent": None, "amount": None}
    billed = payment(discount=380, gross=1824, tax=304)

    assert _costs(_shown(discount=named)) == (1900, 0, 0)
    assert _costs(_shown(discount=named, order_1=billed)) == (1824, 380, 304)


def test_discount_that_went_costs_the_whole_price_again() -> None:
    gone = {"coupon": None, "percent": None, "amount": None}
    billed = payment(discount=380, gross=1824, tax=304)

    assert _costs(_shown(discount=gone, order_1=billed)) == (2280, 0, 380)


def test_stated_amounts_stand_before_all_computing() -> None:
    told = terms(payment_amount=2500, discount_amount=100, tax_amount=400, shipping_amount=300)

    view = _shown(of=told, order_1=payment())

    assert (*_costs(view), view["shipping_amount"]) == (2500, 100, 400, 300)


def test_amount_nobody_can_know_is_none() -> None:
    view = _shown(of=terms(amount=None))

    assert _costs(view) == (None, 0, 0)


@pytest.mark.parametrize(("amount", "off"), [(5, 2), (15, 8), (25, 12), (35, 18)])
def test_half_a_minor_unit_goes_to_the_even_side(amount: int, off: int) -> None:
    view = _shown(of=terms(amount=amount), discount={"coupon": "HALF", "percent": "50"})

    assert view["discount_amount"] == off


# A creation or a first sight.


@pytest.mark.parametrize(
    ("states_creation", "creation", "age", "created"),
    [
        (True, True, 0, True),
        (True, False, 0, False),
        (True, True, 400 * DAY, True),
        (False, False, 3 * DAY, True),
        (False, False, 3 * DAY + 1, False),
        (False, True, 400 * DAY, True),
    ],
)
def test_first_sight_is_a_creation_by_the_providers_habit(
    states_creation: bool, creation: bool, age: int, created: bool
) -> None:
    born = is_created(states_creation)

    assert born(_entry(age, creation=creation), {"start_date": 0}) is created


def test_first_sight_without_a_start_is_no_creation() -> None:
    assert not is_created(False)(_entry(0), {"start_date": None})


# What is dropped with age.


def test_of_old_orders_only_paid_cycles_are_kept() -> None:
    state = {
        "terms": terms(),
        "order:1": payment(date=1),
        "order:2": payment("declined", 2),
        "order:3": payment(date=3),
        "order:4": payment("declined", 4, cycle="update"),
    }

    kept = compact(state)

    assert kept == {
        "terms": terms(),
        "order:1": {"cycle_paid": True},
        "order:3": state["order:3"],
        "order:4": state["order:4"],
    }
    assert show(kept) == show(state)


def test_later_word_on_an_old_order_comes_whole_again() -> None:
    state = compact({"terms": terms(), "order:1": payment(date=1), "order:2": payment(date=2)})

    refunded = compact({**state, "order:1": payment("refunded", 1)})

    view = show(refunded)
    assert view is not None
    assert (view["cycles_completed"], view["last_payment_status"]) == (2, "completed")
