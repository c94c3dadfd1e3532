"""Reports without `from`: everything there is counts, whichever of it was first."""

from __future__ import annotations

from tests.support.log_books import Books, state

_TO = {"to": "2026-10-31", "timezone": "UTC"}


def test_acquisition_counts_what_was_spent_before_anybody_came() -> None:
    books = Books()
    books.contact("ada", created_date=1_791_000_000_000)
    books.spend("2026-05-01", 1500, source="ads")

    found = books.report("acquisition", **_TO)

    assert found["kpis"]["spend"]["value"] == "15.00"
    assert found["from"] == "2026-05-01"


def test_acquisition_does_not_begin_with_spend_that_is_not_told() -> None:
    books = Books()
    books.contact("ada", created_date=1_791_000_000_000)
    books.spend("2026-05-01", 1500, source="ads")

    assert books.report("acquisition", **_TO, connection="shop")["from"] == "2026-10-03"


def test_orders_of_who_became_a_customer_before_the_first_order_are_new_revenue() -> None:
    books = Books()
    books.contact("ada", "2026-09-01")
    books.order("2026-10-02", 1900, contact_id="ada")

    found = books.kpis("orders", **_TO)

    assert (found["new_revenue"], found["returning_revenue"]) == ("19.00", "0.00")


def test_the_rows_behind_new_revenue_are_the_same_orders() -> None:
    books = Books()
    books.contact("ada", "2026-09-01")
    books.order("2026-10-02", 1900, contact_id="ada")

    (row,) = books.ledger("orders", **_TO, kpi="new_revenue")

    assert row["amount"] == "19.00"
    assert books.ledger("orders", **_TO, kpi="returning_revenue") == []


def test_a_subscription_has_the_revenue_of_an_order_older_than_its_start() -> None:
    books = Books()
    plan = books.recurring_payment("2026-10-02", state("2026-10-02"))
    books.order("2026-10-01T23:59:59", 1900, recurring_payment_id=plan)

    assert books.kpis("subscriptions", **_TO)["revenue"] == "19.00"


def test_automations_have_the_clicks_that_came_before_their_first_firing() -> None:
    books = Books()
    books.contact("ada")
    books.activity("ada@example.com", "click", "2026-09-30", automation_id="rescue")
    books.firing("rescue", "f1", "ada", "2026-10-15")

    found = books.kpis("automations", **_TO)

    assert (found["fired"], found["clicks"]) == (1, 1)
