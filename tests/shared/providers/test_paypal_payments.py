"""What PayPal says of money: sales, captures, checkouts, refunds, reversals and disputes."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import times
from shared.domain.observations import OrderSaid
from shared.domain.orders import show
from tests.shared.providers.test_paypal import Json, event, parse

_LINK = "https://api.paypal.com"
_AMOUNT = {"total": "19.00", "currency": "USD", "details": {"subtotal": "17.00", "tax": "2.00"}}


def order(kind: str, resource: Json, of: str, version: str = "1.0") -> OrderSaid:
    (said,) = parse(event(kind, resource, of, resource_version=version)).orders
    return said


def _sale(**changed: Any) -> OrderSaid:
    thing = {
        "id": "8A1",
        "state": "completed",
        "amount": _AMOUNT,
        "transaction_fee": {"value": "0.85", "currency": "USD"},
        "billing_agreement_id": "I-1",
        "invoice_number": "INV-1001",
        "create_time": "2026-11-18T11:06:40Z",
        **changed,
    }
    return order("PAYMENT.SALE.COMPLETED", thing, "sale")


def test_sale_is_an_order_of_its_subscription() -> None:
    said = _sale()

    view = show(said.facets)
    assert view is not None
    assert (said.refs, said.mentions) == (("charge:8A1",), ("INV-1001",))
    assert (view["kind"], view["status"], view["recurring_payment_id"]) == (
        "subscription",
        "completed",
        "I-1",
    )
    assert (view["gross"], view["tax"], view["fee"]) == (1900, 200, 85)
    assert view["occurred_date"] == times.from_text("2026-11-18T11:06:40Z")


@pytest.mark.parametrize(
    ("state", "status"),
    [("completed", "completed"), ("pending", "pending"), ("denied", "declined")],
)
def test_state_of_a_sale_is_its_orders(state: str, status: str) -> None:
    view = show(_sale(state=state).facets)

    assert view is not None
    assert view["status"] == status


def test_sale_without_a_subscription_is_a_purchase() -> None:
    view = show(_sale(billing_agreement_id=None).facets)

    assert view is not None
    assert (view["kind"], view["recurring_payment_id"]) == ("one_time", None)


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [("5.0", "USD", 500), ("115", "USD", 11_500), ("123", "JPY", 123), ("123.00", "JPY", 123)],
)
def test_amounts_have_as_many_decimals_as_it_pleases(text: str, code: str, minor: int) -> None:
    view = show(_sale(amount={"total": text, "currency": code}, transaction_fee=None).facets)

    assert view is not None
    assert (view["gross"], view["currency"]) == (minor, code)


def _refund(**changed: Any) -> Json:
    return {
        "id": "6Y1",
        "state": "completed",
        "amount": {"total": "5.00", "currency": "USD"},
        "create_time": "2026-11-19T11:06:40Z",
        **changed,
    }


_UP = [{"rel": "up", "href": f"{_LINK}/v2/payments/captures/8A1"}]
_BY_LINK = [
    {"rel": "self", "href": f"{_LINK}/v1/payments/refund/6Y1"},
    {"rel": "sale", "href": f"{_LINK}/v1/payments/sale/8A1"},
]


@pytest.mark.parametrize(
    ("kind", "of", "version", "thing"),
    [
        ("PAYMENT.SALE.REFUNDED", "sale", "1.0", _refund(sale_id="8A1")),
        ("PAYMENT.SALE.REFUNDED", "refund", "1.0", _refund(sale_id="8A1")),
        (
            "PAYMENT.SALE.REFUNDED",
            "sale",
            "1.0",
            _refund(sale_id="8A1", amount={"total": "-5.00", "currency": "USD"}),
        ),
        ("PAYMENT.SALE.REVERSED", "sale", "1.0", _refund(links=_BY_LINK)),
        ("PAYMENT.CAPTURE.REFUNDED", "capture", "1.0", _refund(capture_id="8A1")),
        (
            "PAYMENT.CAPTURE.REFUNDED",
            "refund",
            "2.0",
            _refund(
                state=None,
                status="COMPLETED",
                amount={"value": "5.00", "currency_code": "USD"},
                links=_UP,
            ),
        ),
        ("PAYMENT.CAPTURE.REVERSED", "refund", "2.0", _refund(links=_UP)),
    ],
)
def test_what_went_back_belongs_to_its_payment_in_every_shape(
    kind: str, of: str, version: str, thing: Json
) -> None:
    said = order(kind, thing, of, version)

    view = show({**_sale().facets, **said.facets})
    assert view is not None
    assert said.refs == ("charge:8A1",)
    assert (view["status"], view["refunded"]) == ("partially_refunded", 500)


def test_reversed_sale_that_comes_as_itself_went_back_whole() -> None:
    own = [{"rel": "self", "href": f"{_LINK}/v1/payments/sale/8A1"}]
    thing = {"id": "8A1", "state": "reversed", "amount": {**_AMOUNT, "total": "-19.00"}}

    said = order("PAYMENT.SALE.REVERSED", {**thing, "links": own}, "sale")

    view = show({**_sale().facets, **said.facets})
    assert view is not None
    assert (said.refs, view["status"]) == (("charge:8A1",), "refunded")


def test_reversal_that_names_no_payment_has_to_be_looked_up() -> None:
    """The simulator's: it names itself alone."""
    own = [{"rel": "self", "href": f"{_LINK}/v1/payments/refund/6Y1"}]

    said = parse(event("PAYMENT.SALE.REVERSED", _refund(links=own), "sale"))

    assert (said.needs, said.orders) == ((("return", "6Y1"),), ())


def _capture(status: str = "COMPLETED") -> Json:
    return {
        "id": "8C1",
        "status": status,
        "amount": {"currency_code": "USD", "value": "45.00"},
        "supplementary_data": {"related_ids": {"order_id": "5O1"}},
        "seller_receivable_breakdown": {"paypal_fee": {"currency_code": "USD", "value": "1.80"}},
        "create_time": "2026-11-18T11:06:40Z",
    }


def _checkout(**changed: Any) -> Json:
    unit = {
        "amount": {
            "currency_code": "USD",
            "value": "45.00",
            "breakdown": {"tax_total": {"currency_code": "USD", "value": "5.00"}},
        },
        "items": [
            {
                "name": "Box",
                "sku": "BOX-7",
                "quantity": "2",
                "unit_amount": {"currency_code": "USD", "value": "20.00"},
            }
        ],
        **changed,
    }
    payer = {"email_address": "ada@example.com", "payer_id": "2J6", "name": {"given_name": "Ada"}}
    return {"id": "5O1", "status": "APPROVED", "payer": payer, "purchase_units": [unit]}


def test_approved_checkout_is_no_order_until_it_is_captured() -> None:
    asked = order("CHECKOUT.ORDER.APPROVED", _checkout(), "checkout-order", "2.0")
    paid = order("PAYMENT.CAPTURE.COMPLETED", _capture(), "capture", "2.0")

    view = show({**asked.facets, **paid.facets})

    assert show(asked.facets) is None
    assert (asked.refs, paid.refs) == (("session:5O1",), ("charge:8C1", "session:5O1"))
    assert view is not None
    assert (view["status"], view["gross"], view["tax"], view["fee"]) == (
        "completed",
        4500,
        500,
        180,
    )
    assert (view["email"], view["line_items"][0]["sku"]) == ("ada@example.com", "BOX-7")


def test_completed_checkout_brings_its_captures() -> None:
    content = _checkout(payments={"captures": [_capture()]})

    said = order("CHECKOUT.ORDER.COMPLETED", content, "checkout-order", "2.0")

    view = show(said.facets)
    assert said.refs == ("session:5O1", "charge:8C1")
    assert view is not None
    assert view["status"] == "completed"


@pytest.mark.parametrize("word", ["DECLINED", "DENIED"])
def test_refused_capture_is_a_declined_order(word: str) -> None:
    said = order(f"PAYMENT.CAPTURE.{word}", _capture("DECLINED"), "capture", "2.0")

    view = show(said.facets)
    assert view is not None
    assert view["status"] == "declined"


def _dispute(**changed: Any) -> Json:
    return {
        "dispute_id": "PP-D-1",
        "disputed_transactions": [{"seller_transaction_id": "8A1"}],
        "status": "OPEN",
        "dispute_amount": {"currency_code": "USD", "value": "19.00"},
        "create_time": "2026-11-20T11:06:40Z",
        **changed,
    }


def _resolved(outcome: str) -> Json:
    return _dispute(status="RESOLVED", dispute_outcome={"outcome_code": outcome})


@pytest.mark.parametrize(
    ("thing", "withheld"),
    [
        (_dispute(), 1900),
        (_dispute(status="UNDER_REVIEW"), 1900),
        (_resolved("RESOLVED_BUYER_FAVOUR"), 1900),
        (_resolved("RESOLVED_SELLER_FAVOUR"), 0),
        (_resolved("RESOLVED_WITH_PAYOUT"), 0),
        (_resolved("CANCELED_BY_BUYER"), 0),
    ],
)
def test_dispute_withholds_money_until_it_is_won(thing: Json, withheld: int) -> None:
    said = order("CUSTOMER.DISPUTE.CREATED", thing, "dispute")

    view = show({**_sale().facets, **said.facets})
    assert view is not None
    assert (said.refs, view["withheld"]) == (("charge:8A1",), withheld)


def test_dispute_about_several_payments_takes_of_each_what_it_was() -> None:
    several = [
        {
            "seller_transaction_id": own,
            "gross_amount": {"currency_code": "USD", "value": value},
        }
        for own, value in (("8A1", "19.00"), ("8A2", "5.00"))
    ]
    thing = _dispute(disputed_transactions=several)

    parsed = parse(event("CUSTOMER.DISPUTE.CREATED", thing, "dispute"))

    amounts = {said.refs[0]: said.facets["dispute:PP-D-1"]["amount"] for said in parsed.orders}
    assert amounts == {"charge:8A1": 1900, "charge:8A2": 500}


def test_older_risk_event_is_a_dispute_as_well() -> None:
    thing = {
        "dispute_id": "PP-000-1",
        "seller_payment_id": "8A1",
        "dispute_amount": {"currency": "USD", "value": "1001"},
        "dispute_creation_date": 1_430_132_049_000,
    }

    said = order("RISK.DISPUTE.CREATED", thing, "dispute")

    facet = said.facets["dispute:PP-000-1"]
    assert (said.refs, facet["amount"], facet["date"]) == (
        ("charge:8A1",),
        100_100,
        1_430_132_049_000,
    )
