"""What PayPal's subscriptions, agreements, plans and products say, in both versions."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import times
from shared.domain.observations import CREATED, TERMINAL, SubscriptionSaid
from shared.domain.recurring_payments import show
from tests.shared.providers.test_paypal import Json, event, parse

_AT = times.from_text("2026-11-18T11:06:42.123Z")
_V2: Json = {
    "id": "I-1",
    "plan_id": "P-1",
    "status": "ACTIVE",
    "status_update_time": "2026-11-18T11:06:41Z",
    "start_time": "2026-11-18T11:06:00Z",
    "quantity": "2",
    "custom_id": "order-1001",
    "create_time": "2026-11-18T11:06:38Z",
    "subscriber": {
        "email_address": "Ada@Example.com",
        "payer_id": "2J6QB8YJQSJRJ",
        "name": {"given_name": "Ada", "surname": "Lovelace"},
        "shipping_address": {"address": {"address_line_1": "1 St", "country_code": "US"}},
    },
    "billing_info": {
        "outstanding_balance": {"currency_code": "USD", "value": "0.0"},
        "cycle_executions": [{"tenure_type": "REGULAR", "cycles_completed": 1, "total_cycles": 0}],
        "last_payment": {
            "amount": {"currency_code": "USD", "value": "38.0"},
            "time": "2026-11-18T11:06:40Z",
        },
        "next_billing_time": "2026-12-18T10:00:00Z",
        "failed_payments_count": 0,
    },
}
_PLAN: Json = {
    "id": "P-1",
    "product_id": "PROD-1",
    "name": "Club",
    "billing_cycles": [
        {
            "frequency": {"interval_unit": "DAY", "interval_count": 7},
            "tenure_type": "TRIAL",
            "total_cycles": 1,
            "pricing_scheme": {"fixed_price": {"currency_code": "USD", "value": "0"}},
        },
        {
            "frequency": {"interval_unit": "MONTH", "interval_count": 3},
            "tenure_type": "REGULAR",
            "total_cycles": 12,
            "pricing_scheme": {"fixed_price": {"currency_code": "USD", "value": "19"}},
        },
    ],
    "taxes": {"percentage": "10", "inclusive": False},
}


def said(
    kind: str = "ACTIVATED", of: str = "subscription", version: str = "2.0", **changed: Any
) -> SubscriptionSaid:
    thing = {**_V2, **changed}
    content = event(f"BILLING.SUBSCRIPTION.{kind}", thing, of, resource_version=version)
    return parse(content).subscriptions[0]


def shown(**changed: Any) -> Json:
    view = show(said(**changed).facets)
    assert view is not None
    return view


def _billing(**changed: Any) -> Json:
    return {"billing_info": {**_V2["billing_info"], **changed}}


def test_terms_are_what_the_subscription_states() -> None:
    view = shown()

    assert (view["status"], view["store_status"], view["currency"]) == ("active", "ACTIVE", "USD")
    assert (view["external_id"], view["cycles_completed"], view["total_cycles"]) == (
        "order-1001",
        1,
        0,
    )
    assert view["next_payment_date"] == times.from_text("2026-12-18T10:00:00Z")
    assert (view["last_payment_status"], view["payment_amount"]) == ("completed", 3800)
    assert (view["billing_interval"], view["is_trial"]) == (None, False)
    assert view["inferred"] == ["billing_interval", "payment_amount"]


def test_plan_that_came_along_prices_it_by_quantity_with_tax() -> None:
    view = shown(plan=_PLAN)

    assert (view["billing_interval"], view["billing_interval_count"]) == ("monthly", 3)
    assert (view["payment_amount"], view["tax_amount"]) == (4180, 380)
    assert (view["name"], view["inferred"]) == ("Club", [])
    assert view["line_items"][0]["store_primary_id"] == "PROD-1"


def test_plan_of_another_quantity_or_id_prices_nothing_any_more() -> None:
    known = said(plan=_PLAN).facets
    for changed in ({"quantity": "3"}, {"plan_id": "P-2"}):
        view = show({**known, **said("UPDATED", **changed).facets})

        assert view is not None
        assert view["billing_interval"] is None


def test_tiered_price_is_paypals_to_compute() -> None:
    cycle = {**_PLAN["billing_cycles"][1], "pricing_scheme": {"pricing_model": "TIERED"}}

    view = shown(plan={**_PLAN, "billing_cycles": [cycle]})

    assert (view["billing_interval"], view["payment_amount"]) == ("monthly", 3800)


def test_creation_knows_nobody_and_is_pending() -> None:
    told = said("CREATED", subscriber=None, billing_info=None, status="APPROVAL_PENDING")

    assert (told.creation, told.rank, told.customer_id) == (True, CREATED, None)
    assert told.facets["terms"]["status"] == "pending"


def test_earliest_time_of_creation_is_kept_whatever_comes_first() -> None:
    first = said("CREATED", create_time="2026-11-18T11:06:19Z").facets
    later = said().facets

    views = [show({**one, **other}) for one, other in ((first, later), (later, first))]

    wanted = times.from_text("2026-11-18T11:06:19Z")
    assert [view and view["store_created_date"] for view in views] == [wanted, wanted]


@pytest.mark.parametrize(
    ("raw", "failures", "status"),
    [
        ("APPROVAL_PENDING", 0, "pending"),
        ("APPROVED", 0, "pending"),
        ("ACTIVE", 0, "active"),
        ("ACTIVE", 2, "active"),
        ("SUSPENDED", 0, "paused"),
        ("SUSPENDED", 2, "payment_failed"),
        ("CANCELLED", 0, "cancelled"),
        ("EXPIRED", 0, "expired"),
    ],
)
def test_statuses_are_ours(raw: str, failures: int, status: str) -> None:
    told = said(status=raw, **_billing(failed_payments_count=failures))

    assert told.facets["terms"]["status"] == status
    assert (told.rank == TERMINAL) == (status in ("cancelled", "expired"))


def test_cancellation_clears_the_next_payment_and_says_when() -> None:
    view = shown(kind="CANCELLED", status="CANCELLED")

    assert view["cancelled_date"] == times.from_text("2026-11-18T11:06:41Z")
    assert (view["next_payment_date"], view["cancel_at_period_end"]) == (None, False)


@pytest.mark.parametrize("key", ["next_payment_retry_time", "next_payment_retry_date"])
def test_failed_payment_is_the_last_one_and_tried_again(key: str) -> None:
    failed = {"time": "2026-11-18T11:06:41Z", key: "2026-11-23T10:00:00Z", "amount": {}}

    view = shown(kind="PAYMENT.FAILED", **_billing(last_failed_payment=failed))

    assert (view["status"], view["last_payment_status"]) == ("active", "declined")
    assert view["next_payment_date"] == times.from_text("2026-11-23T10:00:00Z")


def test_failure_of_before_the_last_payment_is_history() -> None:
    failed = {"time": "2026-10-18T11:06:41Z", "next_payment_retry_time": "2026-10-23T10:00:00Z"}

    view = shown(**_billing(last_failed_payment=failed))

    assert view["last_payment_status"] == "completed"
    assert view["next_payment_date"] == times.from_text("2026-12-18T10:00:00Z")


def test_trial_is_one_while_a_free_cycle_is_left_and_nothing_was_paid() -> None:
    trial = {"tenure_type": "TRIAL", "cycles_completed": 0, "cycles_remaining": 1}
    regular = {"tenure_type": "REGULAR", "cycles_completed": 0, "cycles_remaining": 0}
    ended = {**trial, "cycles_completed": 1, "cycles_remaining": 0}
    paid = {**regular, "cycles_completed": 1}

    states = [
        shown(**_billing(cycle_executions=each))["is_trial"]
        for each in ([trial, regular], [ended, regular], [ended, paid], [trial, paid], [regular])
    ]

    assert states == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("after_start", "due", "again"),
    [
        # A little after the first payment, which no event of the subscription tells.
        (42, "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z"),
        # "Now", right after the start: PayPal corrects that by itself.
        (42, "2026-11-18T11:06:41Z", "2026-11-18T12:06:42Z"),
        # Still not: after as long as it has been.
        (6 * 3_600, "2026-11-18T11:06:41Z", "2026-11-18T23:06:00Z"),
    ],
)
def test_subscription_on_trial_is_asked_for_again_when_that_will_have_ended(
    after_start: int, due: str, again: str
) -> None:
    trial = [{"tenure_type": "TRIAL", "cycles_remaining": 1}]
    thing = {**_V2, **_billing(cycle_executions=trial, next_billing_time=due)}
    at = times.to_text(times.from_text(str(_V2["start_time"])) + after_start * times.SECOND)
    told = event("BILLING.SUBSCRIPTION.ACTIVATED", thing, "subscription", resource_version="2.0")

    (said,) = parse({**told, "create_time": at}).subscriptions

    assert said.again_at == times.from_text(again)


@pytest.mark.parametrize("status", ["ACTIVE", "CANCELLED"])
def test_subscription_that_is_on_no_trial_is_not_asked_for_again(status: str) -> None:
    trial = [{"tenure_type": "TRIAL", "cycles_remaining": 0 if status == "ACTIVE" else 1}]
    thing = {**_V2, "status": status, **_billing(cycle_executions=trial)}
    told = event("BILLING.SUBSCRIPTION.UPDATED", thing, "subscription", resource_version="2.0")

    (said,) = parse(told).subscriptions

    assert said.again_at is None


def test_next_payment_that_is_now_is_not_believed_at_the_start_of_a_trial() -> None:
    trial = [{"tenure_type": "TRIAL", "cycles_remaining": 1}]

    view = shown(**_billing(cycle_executions=trial, next_billing_time="2026-11-18T11:06:41Z"))

    assert view["next_payment_date"] is None


def test_payer_is_known_by_id_and_by_subscription() -> None:
    parsed = parse(
        event("BILLING.SUBSCRIPTION.ACTIVATED", _V2, "subscription") | {"resource_version": "2.0"}
    )

    assert [each.customer_id for each in parsed.customers] == ["2J6QB8YJQSJRJ", "I-1"]
    assert parsed.customers[0].facets["customer"]["email"] == "ada@example.com"
    assert parsed.subscriptions[0].customer_id == "2J6QB8YJQSJRJ"


def test_agreement_has_its_price_inline_and_unset_dates_in_1970() -> None:
    agreement = {
        "id": "I-1",
        "state": "Active",
        "description": "Club",
        "start_date": "1970-01-01T00:00:00Z",
        "payer": {"payer_info": {"email": "ada@example.com", "payer_id": "2J6", "first_name": "A"}},
        "plan": {
            "curr_code": "USD",
            "payment_definitions": [
                {
                    "type": "REGULAR",
                    "frequency": "Month",
                    "frequency_interval": "1",
                    "amount": {"value": "10.00"},
                    "cycles": "15",
                    "charge_models": [
                        {"type": "TAX", "amount": {"value": "2.00"}},
                        {"type": "SHIPPING", "amount": {"value": "1.00"}},
                    ],
                }
            ],
        },
        "agreement_details": {
            "outstanding_balance": {"value": "0.00"},
            "failed_payment_count": "0",
        },
    }

    told = parse(event("BILLING.SUBSCRIPTION.RE-ACTIVATED", agreement, "Agreement"))

    view = show(told.subscriptions[0].facets)
    assert view is not None
    assert (view["status"], view["name"], view["start_date"]) == ("active", "Club", None)
    assert (view["billing_interval"], view["billing_interval_count"]) == ("monthly", 1)
    assert (view["payment_amount"], view["tax_amount"], view["shipping_amount"]) == (1300, 200, 100)
    assert (view["total_cycles"], view["inferred"]) == (15, [])


def test_plan_is_a_price_of_the_catalogue() -> None:
    told = parse(event("BILLING.PLAN.UPDATED", _PLAN, "plan", resource_version="2.0"))

    (price,) = told.catalogue
    assert (price.kind, price.item_id) == ("price", "P-1")
    assert (price.values["amount"], price.values["billing_interval_count"]) == (1900, 3)


def test_product_with_an_id_of_the_merchants_own_has_a_sku() -> None:
    for own, sku in (("BOX-7", "BOX-7"), ("PROD-5RN21878H3527870P", None)):
        thing = {"id": own, "name": "Box", "category": "SOFTWARE"}

        (product,) = parse(event("CATALOG.PRODUCT.UPDATED", thing, "product")).catalogue

        assert (product.values["sku"], product.values["category"]) == (sku, "SOFTWARE")
