"""The month's books: they follow from what the story noted, and from nothing it said."""

from __future__ import annotations

import pytest

from infra.samples.stripe_books import (
    books,
    emails_of,
    payments_failed,
    subscriptions_begun,
)
from infra.samples.stripe_month import Month, month

DAY = 86_400


@pytest.fixture(scope="module")
def october() -> Month:
    return month(seed=1)


def test_net_is_what_the_truth_says_is_left(october: Month) -> None:
    told = {currency: books(october, currency).net for currency in ("USD", "EUR", "JPY")}

    assert told == october.truth.revenue()
    assert books(october).gross == october.truth.gross()["USD"]


def test_every_record_is_in_the_books_of_one_currency(october: Month) -> None:
    told = [books(october, currency) for currency in ("USD", "EUR", "JPY")]

    assert sum(each.orders for each in told) == len(october.truth.paid_orders())
    statuses = [each.status for each in october.truth.subscriptions.values() if not each.is_trial]
    assert sum(each.active for each in told) == statuses.count("active")
    assert sum(each.cancelled for each in told) == statuses.count("cancelled")
    assert sum(each.new for each in told) == len(subscriptions_begun(october))


def test_figures_are_written_as_the_reports_print_them(october: Month) -> None:
    told = books(october)

    assert told.text("net") == f"{told.net // 100}.{told.net % 100:02d}"
    assert told.text("orders") == told.orders
    assert "." not in str(books(october, "JPY").text("gross"))


def test_a_payment_fails_once_however_often_it_is_tried(october: Month) -> None:
    declined = [e for e in october.events if e.type == "invoice.payment_failed"]

    assert len(payments_failed(october)) == 5 < len({event.id for event in declined})
    assert len(emails_of(october, payments_failed(october))) == 5


@pytest.mark.parametrize("seed", range(8))
def test_the_months_last_day_is_quiet(seed: int) -> None:
    told = month(seed)

    assert max(int(event.created) for event in told.events) < told.starts_at + 29 * DAY


def test_months_of_other_marks_share_nobody() -> None:
    one, other = month("a", mark=".a"), month("b", mark=".b")

    def people(told: Month) -> set[str]:
        guests = {order.email for order in told.truth.orders.values() if order.email}
        return guests | set(told.truth.emails.values())

    assert people(one).isdisjoint(people(other))
    assert all(email.endswith(".a@example.com") for email in people(one))
