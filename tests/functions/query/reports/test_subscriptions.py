"""The report `subscriptions`: states by their dates, recurring revenue and what moved it."""

from __future__ import annotations

import pytest

from tests.support.log_books import Books, state

OCTOBER = {"since": "2026-10-01", "to": "2026-10-31"}
MOVEMENTS = ("mrr_new", "mrr_expansion", "mrr_contraction", "mrr_churn", "mrr_reactivation")


def cents(text: str) -> int:
    return int(text.replace(".", ""))


def test_a_month_of_recurring_payments() -> None:
    books = Books()
    # Stays; grows; shrinks; leaves; comes back; is new; tries and buys; tries and leaves; pauses.
    books.recurring_payment("2026-01-01", state("2026-01-01"))
    books.recurring_payment("2026-01-01", state("2026-01-01"), state("2026-10-05", amount=2900))
    books.recurring_payment("2026-01-01", state("2026-01-01"), state("2026-10-06", amount=900))
    books.recurring_payment("2026-01-01", state("2026-01-01"), state("2026-10-07", "cancelled"))
    books.recurring_payment(
        "2026-01-01",
        state("2026-01-01"),
        state("2026-03-01", "paused"),
        state("2026-10-08"),
    )
    new = books.recurring_payment("2026-10-09", state("2026-10-09"))
    books.recurring_payment("2026-10-01", state("2026-10-01", is_trial=True), state("2026-10-15"))
    books.recurring_payment(
        "2026-10-02", state("2026-10-02", is_trial=True), state("2026-10-16", "cancelled")
    )
    books.recurring_payment(
        "2026-01-01", state("2026-01-01"), state("2026-10-20", "payment_failed")
    )
    books.order("2026-10-09", 1900, recurring_payment_id=new, contact_id="ada")
    books.order("2026-10-10", 500, recurring_payment_id="sub_1")

    found = books.kpis("subscriptions", **OCTOBER)

    assert found == {
        "active": 6,
        "new": 3,
        "cancelled": 2,
        "mrr": "114.00",
        "mrr_new": "38.00",
        "mrr_expansion": "10.00",
        "mrr_contraction": "-10.00",
        "mrr_churn": "-38.00",
        "mrr_reactivation": "19.00",
        "churn_rate": 0.2,
        "arpu": "19.00",
        # 19 / (1/5 x 30 / 31)
        "ltv": "98.17",
        "trials": 2,
        "trial_conversion": 0.5,
        "revenue": "19.00",
        "unmatched": "0.00",
    }


def test_what_it_was_before_and_all_movements_are_what_it_is_in_the_end() -> None:
    books = Books()
    books.recurring_payment("2026-09-01", state("2026-09-01"), state("2026-10-02", amount=700))
    books.recurring_payment("2026-09-29", state("2026-09-29"), state("2026-10-03", "expired"))
    books.recurring_payment("2026-10-04", state("2026-10-04", amount=3100))

    found = books.report("subscriptions", **OCTOBER)["kpis"]

    opening = cents(found["mrr"]["previous"])
    moved = sum(cents(found[name]["value"]) for name in MOVEMENTS)
    assert opening == 3800
    assert opening + moved == cents(found["mrr"]["value"]) == 3800


def test_days_of_movements_sum_to_months_and_stand_where_the_whole_does() -> None:
    books = Books()
    books.recurring_payment("2026-09-01", state("2026-09-01"), state("2026-10-02", amount=700))
    books.recurring_payment("2026-10-14", state("2026-10-14"), state("2026-11-03", "cancelled"))
    asked = {"since": "2026-09-01", "to": "2026-11-30"}

    for interval in ("day", "week", "month"):
        found = books.report("subscriptions", **asked, interval=interval)
        series, kpis = found["series"], found["kpis"]
        for name in MOVEMENTS:
            assert sum(cents(each[name]) for each in series) == cents(kpis[name]["value"])
        for name in ("new", "cancelled", "trials"):
            assert sum(each[name] for each in series) == kpis[name]["value"]
        for name in ("mrr", "active"):
            assert series[-1][name] == kpis[name]["value"]


def test_a_series_shows_what_stood_at_the_end_of_each_bucket() -> None:
    books = Books()
    books.recurring_payment("2026-09-15", state("2026-09-15"), state("2026-11-10", "cancelled"))

    found = books.report("subscriptions", since="2026-09-01", to="2026-11-30", interval="month")

    told = [(each["active"], each["mrr"], each["churn_rate"]) for each in found["series"]]
    assert told == [(1, "19.00", None), (1, "19.00", 0.0), (0, "0.00", 1.0)]


@pytest.mark.parametrize(
    ("interval", "count", "amount", "expected"),
    [
        ("daily", 1, 100, "30.00"),
        ("weekly", 1, 700, "30.00"),
        ("weekly", 2, 700, "15.00"),
        ("monthly", 1, 1999, "19.99"),
        ("monthly", 3, 1000, "3.33"),
        ("yearly", 1, 36500, "30.00"),
        ("yearly", 2, 10000, "4.11"),
        # Half a cent goes to the even one.
        ("monthly", 2, 5, "0.02"),
        ("monthly", 2, 7, "0.04"),
        (None, 1, 1900, "0.00"),
        ("monthly", None, 1900, "19.00"),
    ],
)
def test_amounts_are_those_of_thirty_days(
    interval: str | None, count: int | None, amount: int, expected: str
) -> None:
    books = Books()
    told = state(
        "2026-10-01", amount=amount, billing_interval=interval, billing_interval_count=count
    )
    books.recurring_payment("2026-10-01", told)

    found = books.kpis("subscriptions", **OCTOBER)

    assert (found["mrr"], found["active"]) == (expected, 1)


def test_the_first_state_counts_from_the_start_on_and_says_that_it_is_an_estimate() -> None:
    books = Books()
    books.recurring_payment("2026-09-01", state("2026-10-15"))

    found = books.report("subscriptions", **OCTOBER)

    assert found["kpis"]["mrr"] == {"value": "19.00", "previous": "19.00", "change": 0.0}
    assert found["kpis"]["mrr_new"]["value"] == "0.00"
    assert [each["code"] for each in found["notes"]] == ["estimated"]


def test_a_state_of_the_very_moment_a_range_ends_belongs_to_the_next() -> None:
    books = Books()
    books.recurring_payment("2026-10-01", state("2026-10-01"), state("2026-11-01", "cancelled"))

    assert books.kpis("subscriptions", **OCTOBER)["active"] == 1
    november = books.kpis("subscriptions", since="2026-11-01", to="2026-11-30")
    assert (november["active"], november["cancelled"], november["churn_rate"]) == (0, 1, 1.0)


def test_of_two_states_of_one_moment_the_later_stands() -> None:
    books = Books()
    books.recurring_payment(
        "2026-10-01", state("2026-10-01", "pending"), state("2026-10-01", amount=700)
    )

    found = books.kpis("subscriptions", **OCTOBER)

    assert (found["mrr"], found["mrr_new"]) == ("7.00", "7.00")


def test_cancelled_after_expired_is_no_second_cancellation() -> None:
    books = Books()
    books.recurring_payment(
        "2026-01-01",
        state("2026-01-01"),
        state("2026-10-02", "expired"),
        state("2026-10-03", "cancelled"),
    )
    books.recurring_payment("2026-10-01", state("2026-10-01", "cancelled"))

    assert books.kpis("subscriptions", **OCTOBER)["cancelled"] == 1


def test_who_leaves_and_comes_back_within_the_range_has_not_churned() -> None:
    books = Books()
    books.recurring_payment(
        "2026-01-01",
        state("2026-01-01"),
        state("2026-10-02", "cancelled"),
        state("2026-10-03"),
    )

    found = books.report("subscriptions", **OCTOBER, interval="day")

    kpis = found["kpis"]
    assert kpis["churn_rate"]["value"] == 0.0
    assert kpis["ltv"]["value"] is None
    assert (kpis["mrr_churn"]["value"], kpis["mrr_reactivation"]["value"]) == ("-19.00", "19.00")
    assert [each["churn_rate"] for each in found["series"][:3]] == [0.0, 1.0, None]


def test_one_that_starts_and_ends_in_the_range_is_both_new_and_cancelled() -> None:
    books = Books()
    books.recurring_payment("2026-10-01", state("2026-10-01"), state("2026-10-02", "cancelled"))

    found = books.kpis("subscriptions", **OCTOBER)

    assert (found["new"], found["cancelled"], found["active"]) == (1, 1, 0)


def test_revenue_is_of_what_started_in_the_range_less_what_went_back() -> None:
    books = Books()
    fresh = books.recurring_payment("2026-10-01", state("2026-10-01"))
    old = books.recurring_payment("2026-09-01", state("2026-09-01"))
    books.order(
        "2026-10-01",
        1900,
        recurring_payment_id=fresh,
        back=[
            ("refund", "2026-10-09", 400),
            ("refund", "2026-11-09", 100),
        ],
    )
    books.order("2026-10-02", 500, recurring_payment_id=old, contact_id="ada")
    books.order("2026-10-02", 300, recurring_payment_id=fresh, contact_id="ada")
    books.order("2026-10-02", 300, recurring_payment_id=fresh, connection_id="other")
    books.order("2026-10-03", 300, recurring_payment_id=fresh, status="declined")
    books.order("2026-09-03", 700, recurring_payment_id=old)

    found = books.report("subscriptions", **OCTOBER)["kpis"]

    assert (found["revenue"]["value"], found["revenue"]["previous"]) == ("18.00", "7.00")
    assert found["unmatched"]["value"] == "15.00"


def test_other_currencies_mirrors_and_tests_are_left_out() -> None:
    books = Books()
    books.connection("trial", mode="test")
    books.recurring_payment("2026-10-01", state("2026-10-01"))
    books.recurring_payment("2026-10-01", state("2026-10-01", currency="EUR"))
    books.recurring_payment("2027-10-01", state("2027-10-01", currency="GBP"))
    books.recurring_payment("2026-10-01", state("2026-10-01"), mirror_of="other/sub")
    books.recurring_payment("2026-10-01", state("2026-10-01", amount=500), connection_id="trial")

    found = books.report("subscriptions", **OCTOBER)
    tested = books.kpis("subscriptions", **OCTOBER, mode="test")

    assert (found["kpis"]["mrr"]["value"], found["kpis"]["new"]["value"]) == ("19.00", 1)
    assert found["other_currencies"] == ["EUR"]
    assert tested["mrr"] == "5.00"


def test_all_there_is_begins_with_the_first_of_them() -> None:
    books = Books()
    books.recurring_payment("2026-09-20", state("2026-09-22"))

    found = books.report("subscriptions")

    assert (found["from"], found["to"]) == ("2026-09-20", "2026-09-21")
    assert found["kpis"]["new"] == {"value": 1, "previous": None, "change": None}
    assert found["kpis"]["churn_rate"]["value"] is None
