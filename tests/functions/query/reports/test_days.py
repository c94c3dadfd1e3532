"""Reports on the days clocks change: every order on its own day, none lost, none twice."""

from __future__ import annotations

import pytest

from shared.domain import times
from tests.support.log_books import Books, ms, state


def every_half_hour(since: str, until: str) -> Books:
    """A business with an order of one dollar every half hour."""
    books = Books()
    for at in range(ms(since), ms(until), times.HOUR // 2):
        books.order(at, 100)
    return books


def orders_by_day(books: Books, first: str, last: str, zone: str) -> dict[str, int]:
    found = books.report("orders", since=first, to=last, timezone=zone)
    days = {each["date"]: each["orders"] for each in found["series"]}
    for day, count in days.items():
        alone = books.kpis("orders", since=day, to=day, timezone=zone)
        assert alone["orders"] == count, day
    assert sum(days.values()) == found["kpis"]["orders"]["value"]
    return days


def test_europe_paris_2026_03_29_has_23_hours() -> None:
    books = every_half_hour("2026-03-27", "2026-04-01")

    assert orders_by_day(books, "2026-03-28", "2026-03-30", "Europe/Paris") == {
        "2026-03-28": 48,
        "2026-03-29": 46,
        "2026-03-30": 48,
    }


def test_europe_paris_2026_10_25_has_25_hours() -> None:
    books = every_half_hour("2026-10-23", "2026-10-28")

    assert orders_by_day(books, "2026-10-24", "2026-10-26", "Europe/Paris") == {
        "2026-10-24": 48,
        "2026-10-25": 50,
        "2026-10-26": 48,
    }


def test_america_sao_paulo_2018_02_18_follows_a_day_of_25_hours() -> None:
    books = every_half_hour("2018-02-16", "2018-02-21")

    assert orders_by_day(books, "2018-02-17", "2018-02-19", "America/Sao_Paulo") == {
        "2018-02-17": 50,
        "2018-02-18": 48,
        "2018-02-19": 48,
    }


def test_america_sao_paulo_2018_11_04_has_no_midnight_and_23_hours() -> None:
    books = every_half_hour("2018-11-02", "2018-11-07")

    assert orders_by_day(books, "2018-11-03", "2018-11-05", "America/Sao_Paulo") == {
        "2018-11-03": 48,
        "2018-11-04": 46,
        "2018-11-05": 48,
    }


def test_australia_lord_howe_moves_by_half_an_hour() -> None:
    books = every_half_hour("2026-10-02", "2026-10-06")

    assert orders_by_day(books, "2026-10-03", "2026-10-05", "Australia/Lord_Howe") == {
        "2026-10-03": 48,
        "2026-10-04": 47,
        "2026-10-05": 48,
    }


def test_pacific_apia_has_nothing_on_the_day_it_skipped() -> None:
    books = every_half_hour("2011-12-28", "2012-01-02")

    assert orders_by_day(books, "2011-12-29", "2011-12-31", "Pacific/Apia") == {
        "2011-12-29": 48,
        "2011-12-30": 0,
        "2011-12-31": 48,
    }


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2026-10-25T02:30:00+02:00", "2026-10-25"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25"),
        ("2026-10-24T23:59:59.999+02:00", "2026-10-24"),
        ("2026-10-25T23:59:59.999+01:00", "2026-10-25"),
        ("2026-10-26T00:00:00+01:00", "2026-10-26"),
    ],
)
def test_an_order_lies_on_the_day_the_clocks_showed(local: str, day: str) -> None:
    books = Books()
    books.order(ms(local), 100)

    found = books.report("orders", since="2026-10-20", to="2026-10-31", timezone="Europe/Paris")

    assert [each["date"] for each in found["series"] if each["orders"]] == [day]


def test_a_week_and_a_month_over_the_change_hold_all_their_hours() -> None:
    books = every_half_hour("2026-10-17", "2026-11-03")
    asked = {"since": "2026-10-19", "to": "2026-11-01", "timezone": "Europe/Paris"}

    weeks = books.report("orders", **asked, interval="week")["series"]
    months = books.report("orders", **asked, interval="month")["series"]

    assert [each["orders"] for each in weeks] == [7 * 48 + 2, 7 * 48]
    assert [each["orders"] for each in months] == [13 * 48 + 2, 48]


def test_recurring_revenue_stands_at_the_end_of_a_long_day() -> None:
    books = Books()
    start = "2026-10-25T22:30:00"
    books.recurring_payment(start, state(start), state("2026-10-25T23:30:00", "cancelled"))

    found = books.report(
        "subscriptions", since="2026-10-24", to="2026-10-26", timezone="Europe/Paris"
    )

    # The day ends at 23:00 UTC, as winter time has begun.
    assert [each["mrr"] for each in found["series"]] == ["0.00", "19.00", "0.00"]
