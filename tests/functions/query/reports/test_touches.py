"""The reports on people who were touched: nurture, engagement, campaigns and automations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.log_books import Books, ms

OCTOBER = {"since": "2026-10-01", "to": "2026-10-31", "timezone": "UTC"}


def people() -> Books:
    """Ada bought before and after her touch, Bob only before, Cyd never."""
    books = Books()
    books.contact("ada", "2026-09-01", aliases=["ada@work.example.com"], first_source="ads")
    books.contact("bob", "2026-09-02")
    books.contact("cyd")
    books.order("2026-09-01", 1000, contact_id="ada")
    books.order("2026-10-20", 3000, contact_id="ada", back=[("refund", "2026-11-02", 500)])
    books.order("2026-09-02", 700, contact_id="bob")
    books.order("2026-10-21", 9900)
    return books


def touched() -> Books:
    books = people()
    books.activity("ada@work.example.com", "open", "2026-10-05", campaign="Tea", subject="Hello")
    books.activity("ada@example.com", "click", "2026-10-25", campaign="Tea", subject="Hello")
    books.activity("bob@example.com", "sent", "2026-10-06", campaign="Tea")
    books.activity("cyd@example.com", "visit", "2026-10-07")
    books.activity("nobody@example.com", "reply", "2026-10-08", campaign="Tea")
    return books


def labelled() -> Books:
    books = people()
    books.contact("dan", tagged={"Reader": "2026-10-10"})
    books.contact(
        "eve",
        former_tags=[
            {"tag": "reader", "applied_date": ms("2026-10-11"), "removed_date": ms("2026-10-12")}
        ],
        lists=[{"list": "News", "applied_date": ms("2026-09-30")}],
    )
    books.activity("ada@example.com", "tag_added", "2026-10-10", subject="Reader")
    books.activity("dan@example.com", "tag_added", "2026-10-10", subject="Reader")
    books.activity("bob@example.com", "list_added", "2026-10-03", subject="News")
    return books


def test_nurture_counts_who_got_a_tag_whenever_they_bought() -> None:
    found = labelled().kpis("nurture", **OCTOBER, tag="READER")

    assert found == {
        "contacts": 3,
        "customers": 1,
        "conversion_rate": pytest.approx(1 / 3, abs=1e-6),
        "revenue": "35.00",
        "revenue_after_touch": "25.00",
        "days_to_purchase": 10.0,
    }


def test_nurture_takes_a_list_a_tag_or_either() -> None:
    books = labelled()

    by_list = books.kpis("nurture", **OCTOBER, list="news")
    either = books.kpis("nurture", **OCTOBER)

    assert (by_list["contacts"], by_list["revenue"], by_list["revenue_after_touch"]) == (
        1,
        "7.00",
        "0.00",
    )
    assert by_list["days_to_purchase"] is None
    assert (either["contacts"], either["revenue"]) == (4, "42.00")


def test_engagement_counts_who_did_something_and_not_who_was_written_to() -> None:
    found = touched().kpis("engagement", **OCTOBER)

    assert found == {
        "engaged_contacts": 2,
        "engaged_share": pytest.approx(2 / 3, abs=1e-6),
        "customers": 1,
        "revenue": "35.00",
        "visits": 1,
        "opens": 1,
        "clicks": 1,
        "replies": 0,
    }


def test_a_contact_engaged_on_two_days_is_one_in_the_range() -> None:
    found = touched().report("engagement", **OCTOBER)["series"]

    assert {
        each["date"]: each["engaged_contacts"] for each in found if each["engaged_contacts"]
    } == {
        "2026-10-05": 1,
        "2026-10-07": 1,
        "2026-10-25": 1,
    }
    assert found[-1]["engaged_share"] == 0


def test_campaigns_are_told_one_by_one() -> None:
    found = touched().report("campaigns", **OCTOBER)

    (tea,) = found["groups"]
    assert tea == {
        "key": "Tea",
        "label": "Tea",
        "sent": 1,
        "opens": 1,
        "clicks": 1,
        "replies": 0,
        "contacts": 2,
        "customers": 2,
        "revenue": "42.00",
        "revenue_after_touch": "25.00",
    }
    by_subject = touched().report("campaigns", **OCTOBER, group_by="subject")["groups"]
    assert {each["key"]: each["opens"] for each in by_subject} == {"Hello": 1, None: 0}


def test_automations_tell_what_fired_arrived_and_came_after() -> None:
    books = people()
    books.automation("rescue", name="Rescue")
    books.firing("rescue", "f1", "ada", "2026-10-15", delivered=2)
    books.firing("rescue", "f2", "bob", "2026-10-16", dead=1)
    books.firing("gift", "f3", "ada", "2026-10-22")
    books.activity("ada@example.com", "click", "2026-10-16", automation_id="rescue")

    found = books.report("automations", **OCTOBER)

    assert {name: each["value"] for name, each in found["kpis"].items()} == {
        "fired": 3,
        "contacts": 2,
        "delivered": 2,
        "failed": 1,
        "opens": 0,
        "clicks": 1,
        "replies": 0,
        "revenue_after": "25.00",
    }
    rows = {each["key"]: each for each in found["groups"]}
    assert rows["rescue"]["label"] == "Rescue"
    assert (rows["rescue"]["fired"], rows["rescue"]["contacts"]) == (2, 2)
    assert rows["gift"]["revenue_after"] == "-5.00"


def test_a_segment_and_a_connection_limit_who_is_told_of() -> None:
    books = labelled()
    books.connection("club", provider="paypal")
    books.order("2026-10-12", 400, contact_id="dan", connection_id="club")
    ads = {"field": "contact.source.first_source", "operator": "is", "value": "ads"}
    books.segment("ads", conditions=[ads])

    assert books.kpis("nurture", **OCTOBER, segment="ads")["contacts"] == 1
    limited = books.kpis("nurture", **OCTOBER, connection="club")
    assert (limited["contacts"], limited["revenue"]) == (1, "4.00")
    engaged = touched().kpis("engagement", **OCTOBER, connection="shop")
    assert (engaged["engaged_contacts"], engaged["revenue"]) == (2, "35.00")


def test_the_previous_period_and_groups_by_person_are_there() -> None:
    books = touched()
    books.activity("bob@example.com", "visit", "2026-09-15")

    found = books.report("engagement", **OCTOBER, group_by="source")

    assert found["kpis"]["engaged_contacts"] == {"value": 2, "previous": 1, "change": 1.0}
    assert found["kpis"]["revenue"]["previous"] == "7.00"
    assert {each["key"]: each["engaged_contacts"] for each in found["groups"]} == {
        "ads": 1,
        None: 1,
    }
    assert {each["key"]: each["engaged_share"] for each in found["groups"]} == {"ads": 1, None: 0.5}


@pytest.mark.parametrize("report", ["nurture", "engagement", "campaigns", "automations"])
def test_every_ledger_adds_up_to_its_figure(report: str) -> None:
    books = labelled() if report == "nurture" else touched()
    books.firing("rescue", "f1", "ada", "2026-10-15", delivered=2, dead=1)
    books.firing("rescue", "f2", "bob", "2026-10-16")

    figures = books.report(report, **OCTOBER)["kpis"]

    for kpi, told in figures.items():
        rows: list[dict[str, Any]] = books.ledger(report, **OCTOBER, kpi=kpi)
        if isinstance(told["value"], str):
            total = sum(round(float(row["amount"]) * 100) for row in rows)
            assert total == round(float(told["value"]) * 100), kpi
        elif isinstance(told["value"], int):
            assert len(rows) == told["value"], kpi
