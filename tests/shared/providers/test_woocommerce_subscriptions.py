"""WooCommerce's subscriptions: statuses, dates, money and whose they are."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.observations import CREATED, TERMINAL, UPDATED
from shared.providers import woocommerce
from tests.shared.providers.test_woocommerce import order, parsed, refused, subscription
from tests.support.shop import Shop

_SOON, _LATER = "2030-01-31T00:00:00", "2030-02-03T00:00:00"


def terms(**changed: Any) -> Any:
    (said,) = parsed("subscription.updated", subscription(**changed)).subscriptions
    return said.facets["terms"]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("pending", "pending"),
        ("active", "active"),
        ("wc-active", "active"),
        ("on-hold", "paused"),
        ("pending-cancel", "active"),
        ("cancelled", "cancelled"),
        ("switched", "cancelled"),
        ("trash", "cancelled"),
        ("expired", "expired"),
    ],
)
def test_status_is_what_it_means(raw: str, status: str) -> None:
    told = terms(status=raw, payment_retry_date_gmt="")

    assert told["status"] == status
    assert told["cancel_at_period_end"] == (raw == "pending-cancel")
    assert told["store_status"] == raw.removeprefix("wc-")


def test_a_status_nobody_knows_is_quarantined() -> None:
    assert refused("subscription.updated", subscription(status="dormant")) == "bad_field"


def test_a_draft_says_nothing() -> None:
    said = parsed("subscription.updated", subscription(status="auto-draft"))

    assert said.known
    assert (said.subscriptions, said.orders) == ((), ())


def test_on_hold_with_a_retry_has_failed_and_is_tried_again_then() -> None:
    told = terms(status="on-hold", payment_retry_date_gmt=_LATER, next_payment_date_gmt=_SOON)

    assert told["status"] == "payment_failed"
    assert told["next_payment_date"] == 1_896_307_200_000


@pytest.mark.parametrize(
    ("last", "status"),
    [("failed", "payment_failed"), ("pending", "payment_failed"), ("processing", "paused")],
)
def test_on_hold_without_a_retry_is_told_apart_by_the_last_order(last: str, status: str) -> None:
    shop = Shop(provider="woocommerce")
    held = subscription(status="on-hold", date_modified_gmt=_LATER)
    paid = {"date_paid_gmt": "2030-01-30T00:00:00" if last == "processing" else None}
    renewal = order(
        status=last,
        date_created_gmt="2030-01-30T00:00:00",
        date_modified_gmt=_SOON,
        meta_data=[{"key": "_subscription_renewal", "value": held["id"]}],
        **paid,
    )

    shop.hear(parsed("subscription.updated", held))
    shop.hear(parsed("order.updated", renewal))

    (record,) = shop.recurring_payments().values()
    assert record["status"] == status


def test_the_topic_created_states_a_creation_however_late_it_was_built() -> None:
    created = parsed("subscription.created", subscription()).subscriptions[0]
    updated = parsed("subscription.updated", subscription()).subscriptions[0]
    ended = parsed("subscription.created", subscription(status="cancelled")).subscriptions[0]

    assert (created.creation, created.rank) == (True, CREATED)
    assert (updated.creation, updated.rank) == (False, UPDATED)
    assert (ended.creation, ended.rank) == (True, TERMINAL)


def test_empty_dates_are_none_and_dates_are_gmt() -> None:
    told = terms(next_payment_date_gmt="", start_date_gmt="2024-01-02T03:04:05")

    assert told["next_payment_date"] is None
    assert told["start_date"] == told["anchor_date"] == 1_704_164_645_000


def test_money_adds_up() -> None:
    told = terms(total="192.61", total_tax="16.60", shipping_total="10.00", discount_total="5.00")

    assert told["payment_amount"] == 19_261
    assert (told["tax_amount"], told["shipping_amount"]) == (1_660, 1_000)
    assert (told["discount_amount"], told["amount"]) == (500, 17_101)


def test_line_prices_with_noise_are_never_money() -> None:
    line = {"name": "A &lt; b", "product_id": 633, "variation_id": 636, "quantity": 2}
    line |= {"total": "126.48", "price": 63.241106000000002, "sku": ""}

    (item,) = terms(line_items=[line])["items"]

    assert item["amount"] == 12_648
    assert (item["name"], item["store_primary_id"], item["sku"]) == ("A < b", "636", None)


def test_a_variation_is_preferred_to_its_product() -> None:
    lines = [{"product_id": 633, "variation_id": own, "total": "1.00"} for own in (0, "636", None)]

    assert [each["store_primary_id"] for each in terms(line_items=lines)["items"]] == [
        "633",
        "636",
        "633",
    ]


def test_counts_may_be_text_or_numbers() -> None:
    for every in ("3", 3):
        told = terms(billing_interval=every, billing_period="week")
        assert (told["billing_interval"], told["billing_interval_count"]) == ("weekly", 3)
    for nonsense in ("0", "-1", "three", 1.5, True, "9" * 50):
        assert refused("subscription.updated", subscription(billing_interval=nonsense))
    assert refused("subscription.updated", subscription(billing_period="fortnight"))


@pytest.mark.parametrize(
    ("period", "every", "start", "end", "cycles"),
    [
        ("month", "1", "2024-01-31T10:00:00", "2025-01-31T10:00:00", 12),
        ("month", "1", "2024-01-31T10:00:00", "2024-02-29T10:00:00", 1),
        ("month", "3", "2024-01-15T10:00:00", "2025-01-15T10:00:00", 4),
        ("month", "1", "2024-01-15T10:00:00", "2024-02-14T10:00:00", 0),
        ("year", "1", "2024-02-29T10:00:00", "2026-02-28T10:00:00", 2),
        ("week", "2", "2024-01-01T00:00:00", "2024-01-29T00:00:00", 2),
        ("day", "1", "2024-01-01T00:00:00", "2024-01-11T00:00:00", 10),
        ("month", "1", "2024-01-01T00:00:00", "", 0),
    ],
)
def test_a_fixed_end_tells_the_number_of_cycles(
    period: str, every: str, start: str, end: str, cycles: int
) -> None:
    dates = {"start_date_gmt": start, "end_date_gmt": end, "trial_end_date_gmt": ""}

    told = terms(billing_period=period, billing_interval=every, **dates)

    assert told["total_cycles"] == cycles
    assert told["inferred"] == (["total_cycles"] if end else [])


def test_the_end_of_one_who_leaves_is_not_the_end_it_was_sold_with() -> None:
    told = terms(status="pending-cancel", end_date_gmt=_LATER, cancelled_date_gmt=_SOON)

    assert told["total_cycles"] == 0
    assert told["cancelled_date"] == 1_896_048_000_000


def test_it_is_a_trial_while_its_end_lies_ahead() -> None:
    assert terms(trial_end_date_gmt=_LATER)["is_trial"]
    assert not terms(trial_end_date_gmt="2020-01-01T00:00:00")["is_trial"]
    assert not terms(trial_end_date_gmt=_LATER, status="cancelled")["is_trial"]


def test_a_guest_is_known_by_email() -> None:
    billing = {"email": " Grace@Example.com ", "first_name": "Grace"}

    (guest,) = parsed(
        "subscription.updated", subscription(customer_id=0, billing=billing)
    ).subscriptions
    (member,) = parsed("subscription.updated", subscription(customer_id=26)).subscriptions

    assert guest.customer_id == "grace@example.com"
    assert member.customer_id == "26"


def test_the_subscription_says_which_order_began_it() -> None:
    said = parsed("subscription.updated", subscription(id=1311, parent_id=1310))

    assert said.subscriptions[0].facets["origin"] == {"order_id": "1310"}
    assert said.orders[0].refs == ("document:1310",)
    alone = parsed("subscription.updated", subscription(parent_id=0))
    assert "origin" not in alone.subscriptions[0].facets
    assert alone.orders == ()


def test_a_tie_is_asked_for_and_the_answer_settles_it() -> None:
    shop = Shop(provider="woocommerce", has_api=True)
    active, held = subscription(), subscription(status="on-hold", payment_retry_date_gmt="")
    for body in (active, held):
        shop.hear(parsed("subscription.updated", body))
    asked = [call for call in shop.outbox.calls if call["object"] == "subscription"]
    assert [call["id"] for call in asked] == [str(active["id"])]

    shop.hear(woocommerce.parse(woocommerce.fetched("subscription", active), {}))

    (record,) = shop.recurring_payments().values()
    assert record["status"] == "active"
