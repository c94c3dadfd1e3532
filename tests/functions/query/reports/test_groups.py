"""Groups: what belongs to each, what each is called, and that they sum to the whole."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definitions.orders import ORDERS
from shared.domain.reports.definitions.subscriptions import SUBSCRIPTIONS
from tests.support.log_books import Books, item, state

OCTOBER = {"since": "2026-10-01", "to": "2026-10-31"}
OVERLAPPING = ("tag", "segment")


def cents(value: Any) -> int:
    return int(value.replace(".", "")) if isinstance(value, str) else int(value or 0)


def business() -> Books:
    books = Books()
    books.connection("club", provider="paypal", name="The club")
    books.product("p1", "Fine tea")
    books.contact(
        "ada",
        "2026-10-03",
        tagged={"A": "2026-10-01", "B": "2026-10-01"},
        first_source="ads",
        campaign="spring",
        first_order_date=1_790_900_000_000,
        segments=["picked"],
    )
    books.contact("bob", "2025-01-01", tagged={"B": "2026-01-01"}, first_source="ads")
    books.contact("cyd", "2025-01-01")
    books.segment("picked", kind="static")
    books.segment("bees", conditions=[{"field": "contact.tags", "operator": "is", "value": "B"}])
    books.segment("broken", conditions=[{"field": "contact.nothing", "operator": "is"}])
    for number, (name, connection, interval) in enumerate(
        [("ada", "shop", "monthly"), ("bob", "club", "yearly"), ("cyd", "shop", "monthly")]
    ):
        started = f"2026-10-0{number + 2}"
        sub = books.recurring_payment(
            started,
            state(started, amount=1000 + number, billing_interval=interval),
            state(
                "2026-10-20",
                ["active", "cancelled", "paused"][number],
                amount=1500,
                billing_interval=interval,
            ),
            contact_id=name,
            connection_id=connection,
            billing_address={"country": "FR"} if number else None,
            line_items=[item("p1" if number else "p2", 500, "Cup")],
        )
        books.order(
            started,
            1001,
            contact_id=name,
            connection_id=connection,
            recurring_payment_id=sub,
            line_items=[item("p1", 3, "Tea"), item("p2", 4, "Cup"), item(None, 4, "Pot")],
            back=[("refund", "2026-10-25", 333)] if number else [],
        )
    books.order("2026-10-05", 700, connection_id="club")
    books.order("2026-10-05", 300, connection_id="club", status="declined")
    books.order("2026-09-05", 100, contact_id="ada")
    books.contact("dan", created_date=1_791_000_000_000, campaign="spring")
    books.spend("2026-10-02", 900, source="ads", campaign="spring")
    books.spend("2026-10-31", 300, source="fair")
    for number, kind in enumerate(("visit", "sent", "open", "click", "reply", "open")):
        email = f"{('ada', 'bob', 'dan')[number % 3]}@example.com"
        about = {"campaign": "Tea" if number % 2 else None, "subject": "Hello"}
        books.activity(email, kind, f"2026-10-{number + 3:02d}", **about, automation_id="gift")
    books.automation("gift", name="A gift")
    books.firing("gift", "f1", "ada", "2026-10-04", delivered=2)
    books.firing("gift", "f2", "bob", "2026-10-24", dead=1)
    books.firing("rescue", "f3", "bob", "2026-10-25", gone=1, delivered=1)
    return books


@pytest.mark.parametrize("group", [each for each in ORDERS.groups if each not in OVERLAPPING])
def test_groups_of_orders_sum_to_the_whole(group: str) -> None:
    found = business().report("orders", **OCTOBER, group_by=group)

    counts = () if group == "product" else ("orders", "declined", "disputed")
    money = ("gross", "refunds", "withheld", "net", "new_revenue", "returning_revenue", "unmatched")
    for kpi in (*money, *counts):
        total = sum(cents(each[kpi]) for each in found["groups"])
        assert total == cents(found["kpis"][kpi]["value"]), kpi


@pytest.mark.parametrize(
    "group", [each for each in SUBSCRIPTIONS.groups if each not in OVERLAPPING]
)
def test_groups_of_subscriptions_sum_to_the_whole(group: str) -> None:
    found = business().report("subscriptions", **OCTOBER, group_by=group)

    for kpi in found["kpis"]:
        if kpi not in ("churn_rate", "arpu", "ltv", "trial_conversion"):
            total = sum(cents(each[kpi]) for each in found["groups"])
            assert total == cents(found["kpis"][kpi]["value"]), kpi


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("product", {"p1": "Fine tea", "p2": "Cup", "Pot": "Pot", None: "(none)"}),
        ("connection", {"shop": "Shop", "club": "The club"}),
        ("provider", {"stripe": "stripe", "paypal": "paypal"}),
        ("currency", {"USD": "USD"}),
        ("interval", {"monthly": "monthly", "yearly": "yearly", None: "(none)"}),
        ("country", {"FR": "FR", None: "(none)"}),
        ("tag", {"A": "A", "B": "B", None: "(none)"}),
        ("source", {"ads": "ads", None: "(none)"}),
        ("campaign", {"spring": "spring", None: "(none)"}),
        ("segment", {"picked": "Picked", "bees": "Bees", None: "(none)"}),
        ("first_order_month", {"2026-10": "2026-10", None: "(none)"}),
    ],
)
def test_a_group_has_the_stores_id_or_the_value_as_its_key(
    group: str, expected: dict[str | None, str]
) -> None:
    found = business().report("orders", **OCTOBER, group_by=group)["groups"]

    assert {each["key"]: each["label"] for each in found} == expected


def test_who_has_two_tags_counts_in_both() -> None:
    found = business().report("orders", **OCTOBER, group_by="tag")["groups"]

    assert {each["key"]: each["orders"] for each in found} == {"A": 1, "B": 2, None: 2}


def test_groups_come_the_largest_first_and_hold_the_range_alone() -> None:
    found = business().report("orders", **OCTOBER, group_by="connection")["groups"]

    assert [(each["key"], each["net"]) for each in found] == [("shop", "16.69"), ("club", "13.68")]


def test_several_intervals_are_told_in_words() -> None:
    books = Books()
    told = state("2026-10-01", billing_interval_count=3)
    books.recurring_payment("2026-10-01", told)

    (found,) = books.report("subscriptions", **OCTOBER, group_by="interval")["groups"]

    assert (found["key"], found["label"]) == ("monthly/3", "every 3 months")


def test_by_currency_each_group_is_in_its_own() -> None:
    books = Books()
    books.order("2026-10-01", 1900)
    books.order("2026-10-01", 1900, currency="JPY")

    found = books.report("orders", **OCTOBER, group_by="currency")

    assert {each["key"]: (each["currency"], each["net"]) for each in found["groups"]} == {
        "JPY": ("JPY", "1900"),
        "USD": ("USD", "19.00"),
    }
    assert found["kpis"]["net"]["value"] == "19.00"


def test_a_group_of_recurring_payments_has_rates_of_its_own() -> None:
    books = Books()
    books.recurring_payment(
        "2026-01-01",
        state("2026-01-01"),
        state("2026-10-02", "cancelled"),
        line_items=[item("p1", 1)],
    )
    books.recurring_payment("2026-01-01", state("2026-01-01"), line_items=[item("p2", 1)])

    found = books.report("subscriptions", **OCTOBER, group_by="product")["groups"]

    assert {each["key"]: (each["churn_rate"], each["active"]) for each in found} == {
        "p1": (1.0, 0),
        "p2": (0.0, 1),
    }


@pytest.mark.parametrize("group", REPORTS["customers"].groups)
def test_customers_are_grouped_too(group: str) -> None:
    found = business().report("customers", **OCTOBER, group_by=group)

    total = sum(each["customers"] for each in found["groups"])
    assert total >= found["kpis"]["customers"]["value"] == 3
    if group not in OVERLAPPING:
        assert total == 3


def test_more_groups_than_anybody_reads_are_left_out_and_told_of() -> None:
    books = Books()
    for number in range(1001):
        books.order("2026-10-01", 100 + number, line_items=[item(f"p{number}", 1)])

    found = books.report("orders", **OCTOBER, group_by="product")

    assert len(found["groups"]) == 1000
    assert "p0" not in {each["key"] for each in found["groups"]}
    assert [each["code"] for each in found["notes"]] == ["groups_limited"]
