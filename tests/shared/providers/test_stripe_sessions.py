"""Checkout sessions: what was sold at once, what only began, and who bought."""

from __future__ import annotations

import pytest

from shared.domain.observations import TERMINAL, UPDATED
from tests.shared.providers.stripe_bodies import NOW, Json, parse, session


def test_a_guest_is_known_by_the_email_they_typed() -> None:
    parsed = parse("checkout.session.completed", session())

    (said,) = parsed.orders
    assert said.refs == ("intent:pi_1", "session:cs_1")
    assert said.facets["payment:cs_1"]["email"] == "guest@example.com"
    assert said.facets["payment:cs_1"]["date"] == NOW * 1000
    assert parsed.customers == ()


def test_a_customer_at_the_checkout_is_named_with_their_addresses() -> None:
    details = {"email": "ada@example.com", "name": "Ada Lovelace", "address": {"city": "London"}}
    parcel = {"name": "Ada", "address": {"city": "Bath"}}
    thing = session(
        customer="cus_1",
        customer_details=details,
        collected_information={"shipping_details": parcel},
    )

    (person,) = parse("checkout.session.completed", thing).customers

    assert person.customer_id == "cus_1"
    assert person.facets["payer"]["billing_address"]["city"] == "London"
    assert person.facets["payer"]["shipping_address"]["city"] == "Bath"


@pytest.mark.parametrize(
    ("kind", "payment_status", "status", "rank"),
    [
        ("completed", "paid", "completed", TERMINAL),
        ("completed", "unpaid", "pending", UPDATED),
        ("async_payment_succeeded", "paid", "completed", TERMINAL),
        ("async_payment_failed", "unpaid", "declined", TERMINAL),
        ("expired", "unpaid", "cancelled", TERMINAL),
    ],
)
def test_a_checkout_is_told_by_what_became_of_it(
    kind: str, payment_status: str, status: str, rank: int
) -> None:
    (said,) = parse(f"checkout.session.{kind}", session(payment_status=payment_status)).orders

    assert said.facets["payment:cs_1"]["status"] == status
    assert said.rank == rank


def test_a_checkout_without_an_intent_is_a_payment_of_its_own() -> None:
    (said,) = parse("checkout.session.completed", session(payment_intent=None)).orders

    assert said.refs == ("session:cs_1",)
    assert said.facets["payment:cs_1"]["payment"] == "session:cs_1"


def test_what_costs_nothing_is_no_payment() -> None:
    thing = session(payment_status="no_payment_required", payment_intent=None, amount_total=0)

    assert parse("checkout.session.completed", thing).orders == ()


def test_a_subscriptions_checkout_only_links_its_invoice() -> None:
    thing = session(mode="subscription", payment_intent=None, subscription="sub_1", invoice="in_1")

    (said,) = parse("checkout.session.completed", thing).orders

    assert (said.refs, said.facets) == (("document:in_1", "session:cs_1"), {})


@pytest.mark.parametrize("mode", ["subscription", "setup"])
def test_a_checkout_that_sells_nothing_at_once_still_says_who_it_was(mode: str) -> None:
    thing: Json = session(mode=mode, payment_intent=None, customer="cus_1")

    parsed = parse("checkout.session.completed", thing)

    assert parsed.orders == ()
    assert parsed.customers[0].facets["payer"]["email"] == "guest@example.com"
