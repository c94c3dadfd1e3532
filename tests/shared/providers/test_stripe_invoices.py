"""Invoices of both shapes: what they bill, whom they name, and what they link."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.errors import Quarantined
from shared.domain.observations import TERMINAL, OrderSaid
from tests.shared.providers.stripe_bodies import (
    NOW,
    Json,
    invoice,
    line,
    listed,
    old_invoice,
    parse,
    price,
)


def _said(kind: str, thing: Json, previous: Json | None = None) -> OrderSaid:
    (said,) = parse(f"invoice.{kind}", thing, previous).orders
    return said


def _document(kind: str = "paid", **other: object) -> Any:
    return _said(kind, invoice(**other)).facets["document"]


def test_a_paid_invoice_is_an_order_with_its_lines() -> None:
    said = _said("paid", invoice())

    assert said.refs == ("document:in_1",)
    assert said.rank == TERMINAL
    assert said.facets["document"] == {
        "number": "A-0001",
        "state": "paid",
        "gross": 1900,
        "due": 1900,
        "subtotal": 1900,
        "discount": 0,
        "tax": 0,
        "shipping": 0,
        "currency": "USD",
        "created": (NOW - 3600) * 1000,
        "paid_date": (NOW - 60) * 1000,
        "attempted": (NOW - 60) * 1000,
        "next_attempt": None,
        "cycle": "cycle",
        "subscription_id": "sub_1",
        "customer_id": "cus_1",
        "email": "ada@example.com",
        "items": [
            {
                "name": "1 x Tea box",
                "category": None,
                "sku": None,
                "brand": None,
                "tag": None,
                "store_primary_id": "prod_1",
                "price_id": "price_1",
                "quantity": 1,
                "amount": 1900,
            }
        ],
    }


def test_the_old_shape_states_the_same_and_links_the_payment() -> None:
    said = _said("paid", old_invoice())

    assert said.facets["document"] == _document()
    assert said.refs == ("document:in_1", "intent:pi_1", "charge:ch_1")


def test_expanded_payments_of_the_new_shape_link_as_well() -> None:
    payments = listed(
        {"payment": {"type": "payment_intent", "payment_intent": {"id": "pi_1"}}},
        {"payment": {"type": "charge", "charge": "py_2"}},
    )

    assert _said("paid", invoice(payments=payments)).refs == (
        "document:in_1",
        "intent:pi_1",
        "charge:py_2",
    )


def test_paid_and_payment_succeeded_say_the_very_same() -> None:
    assert _said("paid", invoice()) == _said("payment_succeeded", invoice())


def test_an_invoice_paid_out_of_band_counts_as_paid() -> None:
    said = _said("paid", old_invoice(charge=None, payment_intent=None, paid_out_of_band=True))

    assert said.facets["document"]["state"] == "paid"
    assert said.refs == ("document:in_1",)


@pytest.mark.parametrize(
    ("reason", "cycle"),
    [
        ("subscription_create", "create"),
        ("subscription_cycle", "cycle"),
        ("subscription_update", "update"),
        ("subscription_threshold", "update"),
        ("manual", None),
        (None, "cycle"),
    ],
)
def test_the_billing_reason_says_which_cycle_is_billed(reason: str | None, cycle: object) -> None:
    assert _document(billing_reason=reason)["cycle"] == cycle


def test_an_invoice_without_a_subscription_is_no_cycle() -> None:
    quoted = {"type": "quote_details", "subscription_details": {"subscription": "sub_1"}}

    assert _document(parent=None)["cycle"] is None
    assert _document(parent=quoted)["subscription_id"] is None


def test_taxes_discounts_and_shipping_are_summed_in_either_shape() -> None:
    new = invoice(
        subtotal=2000,
        total=2150,
        total_taxes=[{"amount": 100}, {"amount": 50}],
        total_discount_amounts=[{"amount": 200, "discount": "di_1"}],
        shipping_cost={"amount_total": 200},
    )
    old = old_invoice(subtotal=2000, total=2150, tax=150, amount_shipping=200)
    del old["total_tax_amounts"]
    old["total_discount_amounts"] = new["total_discount_amounts"]

    documents = [_said("paid", thing).facets["document"] for thing in (new, old)]

    assert documents[0] == documents[1]
    assert (documents[0]["tax"], documents[0]["discount"], documents[0]["shipping"]) == (
        150,
        200,
        200,
    )


def test_before_discounts_were_summed_the_subtotal_tells_them() -> None:
    thing = old_invoice(subtotal=2000, total=1650, tax=150, discount={"id": "di_1"})
    for name in ("total_discount_amounts", "total_tax_amounts"):
        del thing[name]

    assert _said("paid", thing).facets["document"]["discount"] == 500


def test_a_credit_is_an_invoice_of_nothing() -> None:
    document = _document(total=-700, subtotal=-700, amount_due=0, amount_paid=0)

    assert (document["gross"], document["subtotal"]) == (0, -700)


def test_lines_keep_proration_below_zero_and_ids_of_either_shape() -> None:
    lines = listed(line(amount=-500), {**line(), "pricing": None, "price": price(nickname="Tea")})

    first, second = _document(lines=lines)["items"]

    assert first["amount"] == -500
    assert (second["name"], second["price_id"]) == ("Tea", "price_1")
    assert second["store_primary_id"] == "prod_1"


def test_icelandic_invoices_are_stored_in_whole_kronur() -> None:
    thing = invoice(
        currency="isk",
        total=190_000,
        subtotal=190_000,
        amount_due=190_000,
        amount_paid=190_000,
        lines=listed(line(amount=190_000)),
    )

    document = _said("paid", thing).facets["document"]

    assert (document["gross"], document["due"], document["items"][0]["amount"]) == (
        1900,
        1900,
        1900,
    )


def test_an_invoice_names_its_payer() -> None:
    address = {"line1": "1 Main St", "city": "Chicago", "state": "IL", "postal_code": "60601"}
    shipping = {"name": "Ada K. Lovelace", "phone": "1", "address": {"country": "US"}}

    (person,) = parse(
        "invoice.paid", invoice(customer_address=address, customer_shipping=shipping)
    ).customers

    payer = person.facets["payer"]
    assert (payer["email"], payer["first_name"], payer["last_name"]) == (
        "ada@example.com",
        "Ada",
        "Lovelace",
    )
    assert payer["billing_address"]["city"] == "Chicago"
    assert payer["shipping_address"]["last_name"] == "K. Lovelace"


def test_an_invoice_without_an_email_names_nobody() -> None:
    assert parse("invoice.paid", invoice(customer_email=None)).customers == ()


def test_a_preview_has_no_id_and_says_only_what_comes_next() -> None:
    preview = invoice(next_payment_attempt=None, period_end=NOW + 99, amount_due=2100)
    del preview["id"]

    parsed = parse("invoice.upcoming", preview)

    assert parsed.orders == ()
    assert parsed.subscriptions[0].facets == {
        "upcoming": {"date": (NOW + 99) * 1000, "amount": 2100}
    }


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"id": None}, "bad_field"),
        ({"id": "x" * 256}, "bad_id"),
        ({"status": "lost"}, "bad_field"),
        ({"currency": None}, "unknown_currency"),
        ({"total": None}, "bad_field"),
        ({"total": 19.0}, "bad_amount"),
        ({"total": -1900}, "bad_amount"),
        ({"amount_due": -1}, "bad_amount"),
        ({"amount_paid": "1900"}, "bad_amount"),
        ({"total": 2**53 + 1}, "bad_amount"),
        ({"total_taxes": [{"amount": 1.5}]}, "bad_amount"),
        ({"currency": "isk", "total": 1950}, "bad_amount"),
    ],
)
def test_what_cannot_be_right_is_quarantined_by_its_code(wrong: Json, code: str) -> None:
    with pytest.raises(Quarantined) as caught:
        _said("paid", invoice(**wrong))

    assert caught.value.code == code
