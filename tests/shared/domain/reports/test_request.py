"""The query of a report: defaults, and every fault told with the parameter's name."""

from __future__ import annotations

from datetime import date

import pytest

from shared.domain.errors import BadRequest, NotFound
from shared.domain.reports.calendar import Interval, Span
from shared.domain.reports.request import BUCKETS_MAX, Question, read

SETTINGS = {"timezone": "Asia/Tokyo", "currency": "EUR"}
# 2026-09-21 in UTC, and already the 22nd in Tokyo.
NOW = 1_790_005_000_000 + 6 * 3_600_000


def ask(report: str = "orders", **query: str) -> Question:
    asked = {"from" if name == "since" else name: value for name, value in query.items()}
    return read(report, asked, settings=SETTINGS, now=NOW)


def faults(report: str = "orders", **query: str) -> dict[str, str]:
    with pytest.raises(BadRequest) as caught:
        ask(report, **query)
    return dict(caught.value.errors)


def ask_ledger(**query: str) -> Question:
    return read("orders", query, settings=SETTINGS, now=NOW, ledger=True)


def ledger_faults(**query: str) -> dict[str, str]:
    with pytest.raises(BadRequest) as caught:
        ask_ledger(**query)
    return dict(caught.value.errors)


def test_what_is_left_out_is_the_businesss_own() -> None:
    found = ask()

    assert (found.timezone, found.currency) == ("Asia/Tokyo", "EUR")
    assert (found.first, found.last) == (None, date(2026, 9, 22))
    assert (found.compare, found.test, found.basis) == (True, False, "cash")


def test_what_is_asked_is_read() -> None:
    found = ask(
        since="2026-01-01",
        to="2026-01-31",
        timezone="Europe/Paris",
        interval="week",
        group_by="product",
        currency="usd",
        mode="test",
        compare="none",
        basis="order",
    )

    assert (found.first, found.last) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (found.interval, found.group_by, found.currency) == (Interval.WEEK, "product", "USD")
    assert (found.compare, found.test, found.basis) == (False, True, "order")


def test_an_unknown_report_is_not_found_and_told_which_there_are() -> None:
    with pytest.raises(NotFound, match="orders, subscriptions, customers"):
        ask("ordres")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
        ("timezone", "America"),
        ("timezone", "x" * 5000),
        ("timezone", "UTC\0"),
        ("to", "2026-02-30"),
        ("to", "20260101"),
        ("to", "1899-12-31"),
        ("to", "9999-01-01"),
        ("to", "\u0662\u0660\u0662\u0666-01-01"),
        ("interval", "year"),
        ("group_by", "email"),
        ("group_by", "product; DROP TABLE orders"),
        ("currency", "XXX"),
        ("mode", "both"),
        ("basis", "accrual"),
        ("compare", "last_year"),
        ("tag", "vip"),
        ("limit", "1"),
        ("nobody", "x"),
        ("segment", ""),
    ],
)
def test_a_fault_names_its_parameter(name: str, value: str) -> None:
    assert list(faults(**{name: value})) == [name]


def test_all_faults_are_told_at_once() -> None:
    assert set(faults(since="x", to="y", interval="z")) == {"from", "to", "interval"}


def test_a_range_that_ends_before_it_begins_is_a_fault() -> None:
    assert list(faults(since="2026-02-01", to="2026-01-31")) == ["from"]
    assert list(faults(since="2027-01-01")) == ["from"]


def test_a_hundred_years_are_the_most_a_range_may_have() -> None:
    assert ask(since="1926-01-01", to="2025-12-31").first == date(1926, 1, 1)
    assert list(faults(since="1925-01-01", to="2025-12-31")) == ["from"]


def test_more_buckets_than_can_be_shown_are_a_fault_where_they_were_asked_for() -> None:
    years = {"since": "1990-01-01", "to": "2025-12-31"}

    assert list(faults(**years, interval="day")) == ["interval"]
    found = ask(**years)
    span = Span(date(1990, 1, 1), date(2025, 12, 31), found.zone)
    assert found.interval_of(span) is Interval.WEEK
    assert span.count(Interval.WEEK) <= BUCKETS_MAX < span.count(Interval.DAY)


def test_days_are_usual_where_no_interval_is_asked_for() -> None:
    found = ask(since="2026-01-01", to="2026-12-31")

    assert found.interval_of(Span(date(2026, 1, 1), found.last, found.zone)) is Interval.DAY


def test_a_tag_is_asked_of_customers_alone() -> None:
    assert ask("customers", tag="VIP").tag == "VIP"
    assert list(faults("customers", basis="cash")) == ["basis"]


def test_a_ledger_needs_a_figure_of_its_report() -> None:
    assert list(ledger_faults()) == ["kpi"]
    assert list(ledger_faults(kpi="mrr")) == ["kpi"]
    found = ask_ledger(kpi="net", date="2026-01-01", group_by="product", key="", limit="9")
    assert (found.kpi, found.bucket, found.key) == ("net", date(2026, 1, 1), "")


def test_a_key_needs_to_be_told_of_what() -> None:
    assert list(ledger_faults(kpi="net", key="p1")) == ["key"]
