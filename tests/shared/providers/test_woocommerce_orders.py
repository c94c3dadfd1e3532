"""WooCommerce's orders: what was paid, what failed, what went back, and what an order bills."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shared.providers.test_woocommerce import order, parsed, refused
from tests.support.shop import Shop

_FIRST, _THEN = "2024-01-02T03:04:05", "2024-01-03T03:04:05"
_FIRST_MS, _THEN_MS = 1_704_164_645_000, 1_704_251_045_000


def heard(*bodies: dict[str, Any]) -> dict[str, Any]:
    shop = Shop(provider="woocommerce")
    for body in bodies:
        shop.hear(parsed("order.updated", body))
    (record,) = shop.orders().values()
    return record


def bare(**changed: Any) -> dict[str, Any]:
    """Return an order that bills no subscription, created and modified at one moment."""
    dates = {"date_created_gmt": _FIRST, "date_modified_gmt": _FIRST, "date_paid_gmt": None}
    return order(**{"meta_data": [], "refunds": [], **dates, **changed})


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("pending", "pending"),
        ("on-hold", "pending"),
        ("processing", "completed"),
        ("completed", "completed"),
        ("wc-completed", "completed"),
        ("failed", "declined"),
        ("cancelled", "declined"),
        ("trash", "declined"),
        ("refunded", "refunded"),
        ("awaiting-shipment", "pending"),
    ],
)
def test_status_is_what_it_means_for_money(raw: str, status: str) -> None:
    assert heard(bare(status=raw))["status"] == status


def test_a_shops_own_status_is_paid_once_it_has_been_paid() -> None:
    assert heard(bare(status="shipped", date_paid_gmt=_FIRST))["status"] == "completed"


def test_drafts_and_free_orders_are_no_orders() -> None:
    shop = Shop(provider="woocommerce")
    for body in (bare(id=1, status="checkout-draft"), bare(id=2, total="0.00", total_tax="0.00")):
        shop.hear(parsed("order.created", body))

    assert shop.orders() == {}


def test_it_happened_when_it_was_paid() -> None:
    paid = heard(bare(status="completed", date_paid_gmt=_FIRST, date_modified_gmt=_THEN))
    by_hand = heard(bare(status="completed", date_completed_gmt=_THEN))

    assert paid["occurred_date"] == _FIRST_MS
    assert by_hand["occurred_date"] == _THEN_MS


def test_a_failure_keeps_its_date_whatever_is_saved_later() -> None:
    failed = bare(status="failed")
    noted = bare(status="failed", date_modified_gmt=_THEN, number="0815")

    assert heard(failed, noted)["occurred_date"] == _FIRST_MS
    assert heard(noted, failed)["occurred_date"] == _FIRST_MS


def test_refunds_keep_their_dates_whatever_is_saved_later() -> None:
    one = bare(status="completed", refunds=[{"id": 726, "total": "-10.00"}])
    two = bare(
        status="completed",
        date_modified_gmt=_THEN,
        refunds=[{"id": 729, "total": "-9.00"}, {"id": 726, "total": "-10.00"}],
    )

    for bodies in ((one, two), (two, one)):
        record = heard(*bodies)
        assert record["status"] == "partially_refunded"
        assert record["refunded"] == 1_900
        assert [(each["id"], each["date"]) for each in record["refunds"]] == [
            ("726", _FIRST_MS),
            ("729", _THEN_MS),
        ]


def test_refunded_without_a_list_is_refunded_whole() -> None:
    record = heard(bare(status="refunded"))

    assert record["refunded"] == record["gross"]


def test_a_refund_that_is_no_decimal_is_quarantined() -> None:
    for total in (-10.0, None, "ten"):
        body = bare(status="completed", refunds=[{"id": 726, "total": total}])
        assert refused("order.updated", body) == "bad_amount"


@pytest.mark.parametrize(
    ("metadata", "kind", "subscription"),
    [
        ([{"key": "_subscription_renewal", "value": "1275"}], "subscription", "1275"),
        ([{"key": "_subscription_renewal", "value": 1275}], "subscription", "1275"),
        ([{"key": "_subscription_switch", "value": "1275"}], "subscription", "1275"),
        ([{"key": "_subscription_resubscribe", "value": "1275"}], "one_time", None),
        ([{"key": "_subscription_renewal", "value": {"odd": 1}}], "one_time", None),
        ([{"key": "_subscription_renewal", "value": ""}, "odd", None], "one_time", None),
        ([], "one_time", None),
    ],
)
def test_metadata_names_the_subscription(
    metadata: list[Any], kind: str, subscription: str | None
) -> None:
    record = heard(bare(status="processing", meta_data=metadata))

    assert (record["kind"], record["recurring_payment_id"]) == (kind, subscription)


def test_the_processors_names_of_a_payment_are_mentioned() -> None:
    body = bare(
        status="processing",
        transaction_id="ch_3made0up",
        meta_data=[
            {"key": "_stripe_intent_id", "value": "pi_3made0up"},
            {"key": "is_vat_exempt", "value": "no"},
            {"key": "_some_gift_note", "value": "note12345"},
            {"key": "_stripe_charge_captured", "value": "yes"},
        ],
    )

    (said,) = parsed("order.updated", body).orders

    assert said.mentions == ("ch_3made0up", "pi_3made0up")
    assert heard(body)["processor_reference"] == "ch_3made0up"


def test_a_deleted_order_is_declined_unless_it_was_paid() -> None:
    for raw, status in (("pending", "declined"), ("completed", "completed")):
        shop = Shop(provider="woocommerce")
        body = bare(status=raw)
        shop.hear(parsed("order.updated", body))
        shop.hear(parsed("order.deleted", {"id": body["id"]}))

        assert [each["status"] for each in shop.orders().values()] == [status]


def test_what_was_thrown_away_and_fetched_back_is_as_it_was() -> None:
    shop = Shop(provider="woocommerce")
    body = bare(status="pending")
    shop.hear(parsed("order.updated", body))
    shop.hear(parsed("order.deleted", {"id": body["id"]}))

    shop.hear(parsed("order.restored", {**body, "date_modified_gmt": "2030-01-02T03:04:05"}))

    assert [each["status"] for each in shop.orders().values()] == ["pending"]


def test_a_contact_gets_the_names_an_order_states() -> None:
    shop = Shop(provider="woocommerce")

    shop.hear(parsed("order.updated", bare(status="processing")))

    (contact,) = shop.contacts().values()
    assert (contact["first_name"], contact["last_name"]) == ("Ada", "Lovelace")


def test_one_customer_with_two_addresses_stays_two_contacts() -> None:
    """A later order must not take the earlier one along to another address."""
    shop = Shop(provider="woocommerce")
    for own, email in ((1, "ada@example.com"), (2, "lovelace@example.com")):
        billing = {"email": email, "first_name": "Ada"}
        body = bare(id=own, status="processing", customer_id=26, billing=billing)
        shop.hear(parsed("order.updated", body))

    assert {key: each["email"] for key, each in shop.orders().items()} == {
        "1": "ada@example.com",
        "2": "lovelace@example.com",
    }
    assert sorted(shop.contacts()) == ["ada@example.com", "lovelace@example.com"]
