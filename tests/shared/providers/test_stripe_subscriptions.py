"""Subscriptions of both shapes: terms, what they were before, and how they end."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.errors import Quarantined
from shared.domain.observations import CREATED, TERMINAL, UPDATED, SubscriptionSaid
from tests.shared.providers.stripe_bodies import (
    DAY,
    NOW,
    Json,
    item,
    listed,
    old_subscription,
    parse,
    price,
    subscription,
)

_PERIOD_END = (NOW + 30 * DAY) * 1000


def _said(kind: str, thing: Json, previous: Json | None = None) -> SubscriptionSaid:
    (said,) = parse(f"customer.subscription.{kind}", thing, previous).subscriptions
    return said


def _terms(*items: Json, **other: object) -> Any:
    return _said("updated", subscription(*items, **other)).facets["terms"]


def test_a_creation_says_so_and_names_the_order_it_came_from() -> None:
    said = _said("created", subscription())

    assert (said.subscription_id, said.customer_id) == ("sub_1", "cus_1")
    assert said.creation
    assert said.rank == CREATED
    assert said.facets["origin"] == {"order_id": "in_1"}
    assert said.before is None


def test_old_and_new_shapes_of_one_subscription_state_the_same_terms() -> None:
    new = _said("updated", subscription(discount=None)).facets["terms"]

    old = _said("updated", old_subscription()).facets["terms"]

    assert old == new
    assert old["next_payment_date"] == _PERIOD_END
    assert old["currency"] == "USD"


def test_terms_hold_times_in_milliseconds_and_money_in_minor_units() -> None:
    terms = _terms(
        item(price(nickname="Tea"), quantity=2),
        metadata={"external_id": "crm-7"},
        description="a note",
        default_payment_method="pm_1",
    )

    assert terms["amount"] == 3800
    assert terms["start_date"] == (NOW - 10) * 1000
    assert terms["anchor_date"] == NOW * 1000
    assert (terms["billing_interval"], terms["billing_interval_count"]) == ("monthly", 1)
    assert (terms["name"], terms["note"], terms["external_id"]) == ("Tea", "a note", "crm-7")
    assert terms["payment_method"] == "pm_1"
    assert terms["items"] == [
        {
            "name": "Tea",
            "category": None,
            "sku": None,
            "brand": None,
            "tag": None,
            "store_primary_id": "prod_1",
            "price_id": "price_1",
            "quantity": 2,
            "amount": 3800,
        }
    ]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("active", "active"),
        ("trialing", "active"),
        ("incomplete", "pending"),
        ("incomplete_expired", "expired"),
        ("past_due", "payment_failed"),
        ("unpaid", "payment_failed"),
        ("paused", "paused"),
        ("canceled", "cancelled"),
    ],
)
def test_every_status_of_stripe_has_its_meaning(raw: str, status: str) -> None:
    terms = _terms(status=raw)

    assert (terms["status"], terms["store_status"]) == (status, raw)


def test_an_unheard_of_status_is_quarantined_rather_than_guessed() -> None:
    with pytest.raises(Quarantined, match="bad_field: status"):
        _terms(status="hibernating")


def test_paused_collection_is_paused_and_keeps_both_of_stripes_words() -> None:
    terms = _terms(pause_collection={"behavior": "void", "resumes_at": None})

    assert terms["status"] == "paused"
    assert terms["store_status"] == "active:void"
    assert terms["next_payment_date"] is None


def test_a_cancelled_subscription_with_paused_collection_is_cancelled() -> None:
    assert _terms(status="canceled", pause_collection={"behavior": "void"})["status"] == "cancelled"


@pytest.mark.parametrize("asked", [{"cancel_at_period_end": True}, {"cancel_at": NOW + 30 * DAY}])
def test_both_ways_to_schedule_a_cancellation_are_one(asked: dict[str, object]) -> None:
    terms = _terms(canceled_at=NOW, **asked)

    assert terms["cancel_at_period_end"] is True
    assert terms["cancelled_date"] == NOW * 1000
    assert terms["next_payment_date"] is None
    assert terms["status"] == "active"


def test_a_cancelled_subscription_is_no_longer_scheduled_to_cancel() -> None:
    said = _said("deleted", subscription(status="canceled", cancel_at=NOW, ended_at=NOW))

    assert said.rank == TERMINAL
    assert said.facets["terms"]["cancel_at_period_end"] is False
    assert said.facets["terms"]["ended_date"] == NOW * 1000


def test_a_deletion_ends_a_subscription_whatever_status_it_carries() -> None:
    said = _said("deleted", subscription(status="past_due"))

    assert said.facets["terms"]["status"] == "cancelled"
    assert said.rank == TERMINAL


def test_the_next_payment_of_a_trial_is_its_end() -> None:
    terms = _terms(status="trialing", trial_end=NOW + 14 * DAY)

    assert terms["is_trial"] is True
    assert terms["next_payment_date"] == (NOW + 14 * DAY) * 1000


def test_while_past_due_the_next_attempt_comes_from_the_invoice() -> None:
    assert _terms(status="past_due")["retries"] is True
    assert _terms()["retries"] is False


def test_what_a_customer_said_on_leaving_is_the_note() -> None:
    details = {"comment": "too dear", "feedback": "too_expensive", "reason": "payment_failed"}

    assert _terms(cancellation_details=details)["note"] == "too dear"
    assert _terms(cancellation_details={"reason": "cancellation_requested"})["note"] is None


def test_before_an_update_arrays_are_replaced_whole() -> None:
    was = {"items": {"data": [item(price(1500), current_period_end=NOW)]}, "latest_invoice": "in_0"}

    said = _said("updated", subscription(), was)

    assert said.rank == UPDATED
    assert said.before is not None
    assert said.before["terms"]["amount"] == 1500
    assert said.before["terms"]["next_payment_date"] == NOW * 1000
    assert said.facets["terms"]["amount"] == 1900


def test_before_an_update_nested_objects_are_merged_key_by_key() -> None:
    thing = subscription(metadata={"external_id": "b", "colour": "red"})

    said = _said("updated", thing, {"metadata": {"external_id": "a"}, "status": "past_due"})

    assert said.before is not None
    assert said.before["terms"]["external_id"] == "a"
    assert said.before["terms"]["status"] == "payment_failed"


def test_a_previous_null_withdraws_the_value() -> None:
    thing = subscription(pause_collection={"behavior": "void"})

    said = _said("updated", thing, {"pause_collection": None})

    assert said.before is not None
    assert said.before["terms"]["status"] == "active"


def test_updates_that_state_nothing_previous_have_no_before() -> None:
    assert _said("updated", subscription()).before is None
    assert _said("trial_will_end", subscription(), {"status": "past_due"}).before is None


def test_a_customer_that_came_expanded_says_who_it_is() -> None:
    whole = {"id": "cus_1", "email": "ada@example.com", "name": "Ada Lovelace"}
    card = {"id": "pm_1", "card": {"exp_month": 4, "exp_year": 2031}}

    parsed = parse(
        "fetched.subscription", subscription(customer=whole, default_payment_method=card)
    )

    (person,) = parsed.customers
    assert person.facets["customer"]["email"] == "ada@example.com"
    assert person.facets["method:pm_1"] == {"expires": "2031-04"}
    assert parsed.subscriptions[0].customer_id == "cus_1"


def test_a_completed_schedule_is_said_of_its_subscription() -> None:
    (said,) = parse(
        "subscription_schedule.completed", {"id": "sub_sched_1", "subscription": "sub_1"}
    ).subscriptions

    assert said.subscription_id == "sub_1"
    assert said.facets == {"schedule": {"completed": True}}


def test_plans_for_the_future_say_nothing_yet() -> None:
    parsed = parse("subscription_schedule.updated", {"id": "sub_sched_1", "subscription": "sub_1"})

    assert parsed.known
    assert parsed.subscriptions == ()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"id": None}, "bad_field"),
        ({"id": "sub\n1"}, "bad_id"),
        ({"customer": 7}, "bad_field"),
        ({"created": "2026-11-22"}, "bad_field"),
        ({"canceled_at": 10**12}, "bad_field"),
        ({"currency": "zzz"}, "unknown_currency"),
        ({"items": listed(item(price(-5)))}, "bad_amount"),
        ({"items": listed(item(price(19.5)))}, "bad_amount"),  # type: ignore[arg-type]
        ({"items": listed(item(price(True)))}, "bad_amount"),
        ({"items": listed(item(price(2**53 + 1)))}, "bad_amount"),
        ({"items": listed(item(price(2**52), quantity=3))}, "bad_amount"),
        ({"items": listed(item(price(None, unit_amount_decimal="1e3")))}, "bad_amount"),
        ({"items": listed(item(quantity=-1))}, "bad_field"),
        ({"currency": "ugx", "items": listed(item(price(1950)))}, "bad_amount"),
    ],
)
def test_what_cannot_be_right_is_quarantined_by_its_code(wrong: Json, code: str) -> None:
    with pytest.raises(Quarantined) as caught:
        _said("updated", subscription(**wrong))

    assert caught.value.code == code
