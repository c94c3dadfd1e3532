"""What PayPal's lists say of money is what its events say of the same payments."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import times
from shared.domain.errors import Quarantined
from shared.domain.orders import show
from tests.shared.providers.test_paypal import Json, event, parse

_AT = "2026-11-18T11:06:40Z"


def _usd(value: str) -> Json:
    return {"currency_code": "USD", "value": value}


def _transaction(**changed: Any) -> Json:
    amounts = {
        "gross_amount": _usd("19.00"),
        "total_item_amount": _usd("16.00"),
        "tax_amount": _usd("2.00"),
        "shipping_amount": _usd("1.00"),
        "fee_amount": _usd("0.85"),
    }
    return {
        "id": "8A1",
        "status": "COMPLETED",
        "subscription_id": "I-1",
        "amount_with_breakdown": amounts,
        "payer_email": "Ada@Example.com",
        "time": _AT,
        **changed,
    }


def _row(**changed: Any) -> Json:
    return {
        "id": "8R1",
        "transaction_id": "8R1",
        "paypal_reference_id": "8A1",
        "paypal_reference_id_type": "TXN",
        "transaction_amount": _usd("-5.00"),
        "transaction_initiation_date": "2026-11-19T11:06:40+0000",
        "transaction_status": "S",
        **changed,
    }


def _said(kind: str, resource: Json) -> Any:
    return parse(event(f"FETCHED.{kind}", resource, kind.lower(), resource_version="2.0"))


def test_transaction_is_the_order_that_its_sale_is() -> None:
    sale = {
        "id": "8A1",
        "state": "completed",
        "amount": {
            "total": "19.00",
            "currency": "USD",
            "details": {"subtotal": "16.00", "tax": "2.00", "shipping": "1.00"},
        },
        "transaction_fee": {"value": "0.85", "currency": "USD"},
        "billing_agreement_id": "I-1",
        "create_time": _AT,
    }

    (listed,) = _said("TRANSACTION", _transaction()).orders

    (sold,) = parse(event("PAYMENT.SALE.COMPLETED", sale, "sale")).orders
    assert (listed.refs, listed.rank) == (sold.refs, sold.rank)
    assert listed.facets["document"] == sold.facets["document"]
    assert listed.facets["payment:8A1"] == {
        **sold.facets["payment:8A1"],
        "email": "ada@example.com",
    }


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("COMPLETED", "completed"),
        # What went back of it is told by refunds.
        ("PARTIALLY_REFUNDED", "completed"),
        ("REFUNDED", "completed"),
        ("PENDING", "pending"),
        ("DECLINED", "declined"),
        ("FAILED", "declined"),
    ],
)
def test_status_of_a_transaction_is_its_orders(status: str, wanted: str) -> None:
    (said,) = _said("TRANSACTION", _transaction(status=status)).orders

    view = show(said.facets)
    assert view is not None
    assert view["status"] == wanted


@pytest.mark.parametrize(("status", "refunded"), [("S", 500), ("V", 500), ("P", 0), ("D", 0)])
def test_row_of_a_refund_is_taken_off_its_payment_once_it_succeeded(
    status: str, refunded: int
) -> None:
    (paid,) = _said("TRANSACTION", _transaction()).orders

    (back,) = _said("RETURN", _row(transaction_status=status)).orders

    view = show({**paid.facets, **back.facets})
    assert view is not None
    assert (back.refs, view["refunded"]) == (("charge:8A1",), refunded)
    assert view["refunds"][0]["date"] == times.from_text("2026-11-19T11:06:40Z")


def test_refund_that_was_fetched_by_itself_is_read_as_one() -> None:
    refund = {
        "id": "8R1",
        "sale_id": "8A1",
        "state": "completed",
        "amount": {"total": "5.00", "currency": "USD"},
    }

    (said,) = _said("RETURN", refund).orders

    assert said.refs == ("charge:8A1",)
    assert said.facets["refund:8R1"]["amount"] == 500


def _purchase(**changed: Any) -> Json:
    info = {
        "transaction_id": "8C1",
        "transaction_event_code": "T0006",
        "transaction_amount": _usd("45.00"),
        "fee_amount": _usd("-1.80"),
        "sales_tax_amount": _usd("5.00"),
        "transaction_initiation_date": "2026-11-18T11:06:40+0000",
        "transaction_status": "S",
        **changed,
    }
    who = {
        "account_id": "2J6QB8YJQSJRJ",
        "email_address": "Ada@Example.com",
        "payer_name": {"alternate_full_name": "Ada Lovelace"},
    }
    goods = [{"item_name": "Film", "item_quantity": "2", "item_amount": _usd("40.00")}]
    return {"transaction_info": info, "payer_info": who, "cart_info": {"item_details": goods}}


def test_purchase_is_a_one_time_order_of_its_payer() -> None:
    said = _said("PURCHASE", _purchase())

    view = show(said.orders[0].facets)
    assert view is not None
    assert (view["kind"], view["status"], view["email"]) == (
        "one_time",
        "completed",
        "ada@example.com",
    )
    assert (view["gross"], view["tax"], view["fee"]) == (4500, 500, 180)
    assert (view["line_items"][0]["name"], view["line_items"][0]["quantity"]) == ("Film", 2)
    assert view["occurred_date"] == times.from_text(_AT)
    (person,) = said.customers
    assert (person.customer_id, person.facets["payer"]["last_name"]) == (
        "2J6QB8YJQSJRJ",
        "Lovelace",
    )


def test_purchase_that_was_denied_brought_nothing() -> None:
    (said,) = _said("PURCHASE", _purchase(transaction_status="D")).orders

    view = show(said.facets)
    assert view is not None
    assert view["status"] == "declined"


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("TRANSACTION", _transaction(status="NEW")),
        ("TRANSACTION", _transaction(amount_with_breakdown={})),
        ("TRANSACTION", _transaction(id=None)),
        ("RETURN", _row(transaction_amount=_usd("-5.001"))),
        ("RETURN", _row(paypal_reference_id="")),
        ("PURCHASE", _purchase(transaction_id=None)),
        ("PURCHASE", _purchase(transaction_status="X")),
        ("PURCHASE", {}),
    ],
)
def test_row_that_cannot_be_right_is_refused(kind: str, resource: Json) -> None:
    with pytest.raises(Quarantined):
        _said(kind, resource)
