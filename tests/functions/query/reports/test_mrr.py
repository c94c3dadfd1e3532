"""Recurring revenue: what each kind of subscription brings; its movements add up everywhere."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.samples import stripe as story
from tests.laws.recorded import told
from tests.support.api_client import ApiClient
from tests.support.log_books import Books, state

MOVEMENTS = ("mrr_new", "mrr_expansion", "mrr_contraction", "mrr_churn", "mrr_reactivation")
OCTOBER = {"since": "2026-10-01", "to": "2026-10-31"}
INTERVALS = ("daily", "weekly", "monthly", "yearly", None)


def cents(text: str) -> int:
    return int(text.replace(".", ""))


class Story:
    """One customer's subscription, as Stripe tells it and as the report then has it."""

    def __init__(self, shape: story.Shape = "new") -> None:
        self.world = story.Business("mrr", shape)
        self.product = story.add_product(self.world, "Tea box")
        self.customer = story.add_customer(self.world, "ada@example.com")
        self.world.advance(minutes=5)

    def price(self, amount: int, interval: Any = "month") -> story.Price:
        return story.add_price(self.world, self.product, amount, interval=interval)

    def report(self, start: int, end: int, **query: str) -> dict[str, Any]:
        """Return the figures of days, counted from the story's first."""
        first = datetime.fromtimestamp(story.STARTS_AT, UTC).date()
        days = {
            name: (first + timedelta(days=day)).isoformat()
            for name, day in (("from", start), ("to", end))
        }
        client = ApiClient(told(self.world.events).memory)
        found = client.get("/v1/reports/subscriptions", query={**days, **query}).body["kpis"]
        return {name: each["value"] for name, each in found.items()}

    def moved(self, start: int, end: int) -> dict[str, str]:
        """Return what moved in these days."""
        found = self.report(start, end)
        return {name: found[name] for name in MOVEMENTS if found[name] != "0.00"}


def test_an_annual_one_brings_its_share_all_year() -> None:
    told = Story()
    story.checkout(told.world, told.customer, told.price(12_000, "year"))

    assert [told.report(0, day)["mrr"] for day in (0, 200)] == ["9.86", "9.86"]
    assert told.report(0, 200, normalisation="month")["mrr"] == "10.00"


def test_a_weekly_one_brings_more_than_four_weeks_a_month() -> None:
    told = Story()
    story.checkout(told.world, told.customer, told.price(700, "week"))

    assert told.report(0, 2)["mrr"] == "30.00"
    assert told.report(0, 2, normalisation="month")["mrr"] == "30.33"


def test_all_items_that_are_billed_together_are_one_amount() -> None:
    told = Story()
    story.checkout(told.world, told.customer, told.price(3_000), told.price(500))

    found = told.report(0, 2)

    assert (found["mrr"], found["active"], found["new"]) == ("35.00", 1, 1)


def test_a_discounted_one_brings_what_it_costs_after_the_discount() -> None:
    told = Story("old")
    coupon = story.add_coupon(told.world, "Friends", percent_off=20)
    sold = story.checkout(told.world, told.customer, told.price(3_000), coupon=coupon)
    told.world.advance(days=3)
    story.remove_discount(told.world, sold)
    told.world.advance(days=3)
    story.apply_discount(told.world, sold, coupon)

    assert told.moved(0, 1) == {"mrr_new": "24.00"}
    assert told.moved(2, 4) == {"mrr_expansion": "6.00"}
    assert told.moved(5, 7) == {"mrr_contraction": "-6.00"}


def test_a_discount_that_only_an_invoice_tells_counts_from_that_invoice_on() -> None:
    told = Story()
    coupon = story.add_coupon(told.world, "Friends", percent_off=20)
    sold = story.checkout(told.world, told.customer, told.price(3_000), coupon=coupon)
    story.renew(told.world, sold)

    assert told.moved(0, 20) == {"mrr_new": "30.00"}
    assert told.moved(21, 40) == {"mrr_contraction": "-6.00"}


def test_a_trial_brings_nothing_until_it_ends() -> None:
    told = Story()
    sold = story.checkout(told.world, told.customer, told.price(3_000), trial_days=14)
    story.end_trial(told.world, sold)

    trying, bought = told.report(0, 13), told.report(14, 15)

    assert (trying["mrr"], trying["active"], trying["trials"]) == ("0.00", 0, 1)
    assert (bought["mrr"], bought["active"], bought["trial_conversion"]) == ("30.00", 1, 1.0)
    assert told.moved(0, 15) == {"mrr_new": "30.00"}


def test_a_paused_one_is_lost_and_comes_back() -> None:
    told = Story()
    sold = story.checkout(told.world, told.customer, told.price(3_000))
    told.world.advance(days=3)
    story.pause(told.world, sold)
    told.world.advance(days=3)
    story.unpause(told.world, sold)

    paused = told.report(2, 4)

    assert told.moved(2, 4) == {"mrr_churn": "-30.00"}
    assert (paused["mrr"], paused["active"], paused["cancelled"]) == ("0.00", 0, 0)
    assert paused["churn_rate"] == 0.0
    assert told.moved(5, 7) == {"mrr_reactivation": "30.00"}


def test_a_past_due_one_is_lost_until_it_is_paid() -> None:
    told = Story()
    sold = story.checkout(told.world, told.customer, told.price(3_000))
    story.fail_renewal(told.world, sold)
    told.world.advance(days=3)
    story.recover(told.world, sold)

    failed = told.report(20, 32)

    assert told.moved(20, 32) == {"mrr_churn": "-30.00"}
    assert (failed["active"], failed["cancelled"], failed["churn_rate"]) == (0, 0, 0.0)
    assert told.moved(33, 40) == {"mrr_reactivation": "30.00"}


def test_a_scheduled_cancel_takes_nothing_before_the_end() -> None:
    told = Story()
    sold = story.checkout(told.world, told.customer, told.price(3_000))
    told.world.advance(days=3)
    story.schedule_cancel(told.world, sold)
    story.reach_cancellation(told.world, sold)

    asked, ended = told.report(2, 20), told.report(21, 40)

    assert (asked["mrr"], asked["active"], asked["cancelled"]) == ("30.00", 1, 0)
    assert told.moved(2, 20) == {}
    assert (ended["mrr"], ended["cancelled"], ended["churn_rate"]) == ("0.00", 1, 1.0)
    assert told.moved(21, 40) == {"mrr_churn": "-30.00"}


@pytest.mark.parametrize(
    ("interval", "count", "amount", "expected"),
    [
        ("daily", 1, 100, "30.42"),
        ("daily", 2, 12, "1.82"),
        ("weekly", 1, 700, "30.33"),
        ("weekly", 4, 300, "3.25"),
        ("monthly", 1, 1999, "19.99"),
        ("monthly", 3, 1000, "3.33"),
        ("yearly", 1, 12000, "10.00"),
        ("yearly", 2, 10000, "4.17"),
        # Half a cent goes to the even one.
        ("yearly", 1, 30, "0.02"),
        ("yearly", 1, 42, "0.04"),
        (None, 1, 1900, "0.00"),
    ],
)
def test_amounts_of_a_month_are_twelfths_of_a_year(
    interval: str | None, count: int, amount: int, expected: str
) -> None:
    books = Books()
    told = state(
        "2026-10-01", amount=amount, billing_interval=interval, billing_interval_count=count
    )
    books.recurring_payment("2026-10-01", told)

    assert books.kpis("subscriptions", **OCTOBER, normalisation="month")["mrr"] == expected


def test_a_life_is_as_long_whatever_the_normalisation() -> None:
    books = Books()
    for ends in (None, None, None, "2026-10-05"):
        ended = [state(ends, "cancelled")] if ends else []
        books.recurring_payment("2026-01-01", state("2026-01-01", amount=3650), *ended)
    yearly = state("2026-01-01", amount=36500, billing_interval="yearly")
    for _ in range(4):
        books.recurring_payment("2026-01-01", yearly)

    short = books.kpis("subscriptions", **OCTOBER)
    month = books.kpis("subscriptions", **OCTOBER, normalisation="month")

    # Of eight one leaves in 31 days.
    assert short["churn_rate"] == month["churn_rate"] == 0.125
    # 229.5 / 7, and that times 8 x 31 / 30
    assert (short["arpu"], short["ltv"]) == ("32.79", "271.03")
    # (3 x 36.5 + 4 x 30.42) / 7, and that times 8 x 31 x 12 / 365
    assert (month["arpu"], month["ltv"]) == ("33.03", "269.27")


def _business(seed: int) -> Books:
    """Return a business whose subscriptions do all that they can."""
    dice, books = random.Random(seed), Books()
    books.segment("vip", conditions=[{"field": "contact.tags", "operator": "is", "value": "VIP"}])
    for number in range(3):
        tagged = {"VIP": "2026-01-01"} if number else {}
        books.contact(f"c{number}", "2026-01-01", tagged=tagged)
    for _ in range(40):
        interval, currency = dice.choice(INTERVALS), dice.choice(("USD", "EUR"))
        days = sorted(dice.sample(range(1, 60), dice.randint(1, 6)))
        states = [
            state(
                f"2026-{9 + day // 31:02d}-{1 + day % 30:02d}T{dice.randint(0, 23):02d}:00",
                dice.choice(("active", "active", "paused", "payment_failed", "cancelled")),
                dice.randint(1, 99_999),
                currency=currency,
                billing_interval=interval,
                billing_interval_count=dice.choice((1, 2, 3)),
                is_trial=dice.random() < 0.2,
            )
            for day in days
        ]
        states.sort(key=lambda each: each["date"])
        items = [{"store_primary_id": dice.choice(("tea", "pot")), "amount": 1, "quantity": 1}]
        owner = dice.choice(("c0", "c1", "c2", None))
        books.recurring_payment("2026-09-01", *states, line_items=items, contact_id=owner)
    return books


_AXES: list[Callable[[dict[str, str]], dict[str, str]]] = [
    lambda asked: {**asked, "interval": "day"},
    lambda asked: {**asked, "group_by": "product"},
    lambda asked: {**asked, "group_by": "interval"},
    lambda asked: {**asked, "currency": "EUR", "group_by": "interval"},
    lambda asked: {**asked, "segment": "vip", "group_by": "product"},
    lambda asked: {**asked, "segment": "vip", "interval": "day"},
]


@pytest.mark.parametrize("normalisation", ["30d", "month"])
def test_opening_and_movements_are_the_closing_of_each_day_plan_currency_and_segment(
    normalisation: str,
) -> None:
    books = _business(7)
    october = {**OCTOBER, "normalisation": normalisation}
    september = {**october, "since": "2026-08-01", "to": "2026-09-30"}

    kinds: set[str] = set()
    for axis in _AXES:
        before, found = (
            books.report("subscriptions", **axis(asked)) for asked in (september, october)
        )
        kpis = found["kpis"]
        opening = cents(before["kpis"]["mrr"]["value"])
        assert opening == cents(kpis["mrr"]["previous"]) != 0
        moved = {name: cents(kpis[name]["value"]) for name in MOVEMENTS}
        assert opening + sum(moved.values()) == cents(kpis["mrr"]["value"]) != opening
        kinds |= {name for name, amount in moved.items() if amount}
        # Each day begins with what the day before has ended with.
        standing = opening
        for day in found["series"]:
            standing += sum(cents(day[name]) for name in MOVEMENTS)
            assert standing == cents(day["mrr"])
        # Each plan's opening is its closing of before.
        opened = {each["key"]: cents(each["mrr"]) for each in before["groups"]}
        for each in found["groups"]:
            plan = sum(cents(each[name]) for name in MOVEMENTS)
            assert opened.pop(each["key"], 0) + plan == cents(each["mrr"])
        assert not any(opened.values()), "no plan is forgotten that had something"
        if found["groups"]:
            assert sum(cents(each["mrr"]) for each in found["groups"]) == cents(
                kpis["mrr"]["value"]
            )
    assert kinds == set(MOVEMENTS)
