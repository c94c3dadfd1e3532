"""What each report is for, told by one shop: whose purchases count in it, and whose do not.

Real events, told to the processor; only tags and visits are written down beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from infra.samples import stripe as story
from infra.samples.stripe import Event
from tests.reference.asking import Asked, Told, opened
from tests.reference.books import Books
from tests.reference.spans import Range
from tests.support.shop import Shop

SEPTEMBER = 1_788_220_800  # 2026-09-01 00:00:00 UTC
_ZONE = ZoneInfo("UTC")
_NOVEMBER = Range(date(2026, 11, 1), date(2026, 11, 30), _ZONE)
_NOTHING = (0, None, "0.00")
_OF_CONTACTS = ("acquisition", "nurture", "engagement", "customers", "cohorts", "campaigns")


def events() -> list[Event]:
    """Ada buys in September and November, Bob twice in November; Cyd and Dan subscribe."""
    ada, bob = "ada@example.com", "bob@example.com"
    world = story.Business("rules", "new", starts_at=SEPTEMBER)
    book = story.add_price(world, story.add_product(world, "Book"), 2400, "usd", interval=None)
    box = story.add_price(world, story.add_product(world, "Box"), 3000, "usd")
    story.one_time(world, book, guest=ada)
    cyd = story.checkout(world, story.add_customer(world, "cyd@example.com", "Cyd"), box)
    story.renew(world, cyd)
    world.advance(days=36)
    story.one_time(world, book, guest=ada)
    story.one_time(world, book, guest=bob)
    story.checkout(world, story.add_customer(world, "dan@example.com", "Dan"), box)
    story.renew(world, cyd)
    world.advance(days=2)
    story.one_time(world, book, guest=bob, quantity=2)
    return world.events


def told(policy: str = "create") -> Shop:
    shop = Shop(policy=policy)
    for event in events():
        shop.receive(event.body)
    return shop


def touch(shop: Shop, email: str, day: int) -> None:
    """Have somebody visit the shop, and be given a tag, on a day of November."""
    at = (SEPTEMBER + (61 + day - 1) * 86_400) * 1000
    for kind, subject in (("visit", "/tea"), ("tag_added", "reader")):
        shop.memory.documents["act", email, f"{at:015d}#{kind}"] = {
            "version": 1,
            "kind": kind,
            "subject": subject,
            "campaign": None,
            "automation_id": None,
            "occurred_date": at,
            "connection_id": "news",
        }


def ask(shop: Shop, *names: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the figures of these reports of November."""
    business = Told("rules", Books(), Books(), shop.memory)
    (found,) = (
        {name: reports.answer(Asked(name, _NOVEMBER, "USD"))["kpis"] for name in names}
        for reports in opened([business])
    )
    return {
        name: {kpi: figure["value"] for kpi, figure in kpis.items()} for name, kpis in found.items()
    }


def test_acquisition_excludes_repeat_purchases_of_existing_customers() -> None:
    found = ask(told(), "acquisition")["acquisition"]

    # Bob, with both of his orders, and Dan; neither Ada's nor Cyd's.
    assert found["new_customers"] == 2
    assert found["new_customer_revenue"] == "102.00"
    assert found["average_first_order"] == "27.00"


def test_orders_shows_all_orders_of_new_and_existing_customers() -> None:
    found = ask(told(), "orders")["orders"]

    assert (found["orders"], found["net"]) == (5, "156.00")
    assert (found["new_revenue"], found["returning_revenue"]) == ("102.00", "54.00")


def test_subscriptions_shows_the_revenue_of_new_ones_only() -> None:
    found = ask(told(), "subscriptions")["subscriptions"]

    # Cyd renewed as well, but the subscription is older.
    assert (found["new"], found["revenue"]) == (1, "30.00")
    assert (found["active"], found["mrr"]) == (2, "60.00")


@pytest.mark.parametrize(("report", "people"), [("nurture", "contacts"), ("engagement", "visits")])
def test_nurture_and_engagement_count_whoever_was_met_whenever_they_bought(
    report: str, people: str
) -> None:
    shop = told()
    touch(shop, "ada@example.com", 2)
    touch(shop, "cyd@example.com", 30)

    found = ask(shop, report)[report]

    # Ada bought before and after it, Cyd only before it.
    assert (found[people], found["customers"]) == (2, 2)
    assert found["revenue"] == "138.00"


def test_an_unmatched_email_is_in_no_contact_based_report_until_it_matches() -> None:
    shop = told(policy="match_only")
    touch(shop, "bob@example.com", 2)

    before = ask(shop, "orders", *_OF_CONTACTS)
    shop.add_contact("bob@example.com")
    after = ask(shop, "orders", *_OF_CONTACTS)

    assert (before["orders"]["net"], before["orders"]["unmatched"]) == ("156.00", "156.00")
    for name in _OF_CONTACTS:
        assert {kpi for kpi, value in before[name].items() if value not in _NOTHING} == set(), name
    # All that is Bob's counts from then on, at its own date.
    assert after["orders"]["unmatched"] == "84.00"
    assert after["acquisition"]["new_customer_revenue"] == "72.00"
    assert (after["nurture"]["contacts"], after["nurture"]["revenue"]) == (1, "72.00")
    assert (after["engagement"]["visits"], after["engagement"]["revenue"]) == (1, "72.00")
    assert after["customers"] == {"customers": 1, "new_customers": 1}
    assert (after["cohorts"]["customers"], after["cohorts"]["revenue"]) == (1, "72.00")
