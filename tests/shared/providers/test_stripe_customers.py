"""Customers and their cards, of today and of the sources API."""

from __future__ import annotations

import pytest

from shared.domain.observations import CREATED, TERMINAL, UPDATED, CustomerSaid
from tests.shared.providers.stripe_bodies import Json, customer, listed, parse


def _said(kind: str, thing: Json, previous: Json | None = None) -> CustomerSaid:
    (said,) = parse(kind, thing, previous).customers
    return said


def test_a_customer_is_who_their_record_says() -> None:
    shipping = {"name": "Ada", "phone": "2", "address": {"line1": "Rear door", "country": "GB"}}

    said = _said("customer.created", customer(shipping=shipping))

    assert (said.customer_id, said.rank) == ("cus_1", CREATED)
    person = said.facets["customer"]
    assert person["email"] == "ada@example.com"
    assert (person["first_name"], person["last_name"]) == ("Ada", "King Lovelace")
    assert person["payment_method"] == "pm_1"
    assert person["deleted"] is False
    assert person["billing_address"] == {
        "first_name": "Ada",
        "last_name": "King Lovelace",
        "address_1": "12 St James's Square",
        "address_2": None,
        "city": "London",
        "province": None,
        "country": "GB",
        "postal": "SW1Y 4JH",
        "phone": "+44 20 7946 0000",
        "email": "ada@example.com",
    }
    assert person["shipping_address"]["address_1"] == "Rear door"


@pytest.mark.parametrize("email", [None, "", "nobody", 7, "a b@example.com"])
def test_what_is_no_address_is_no_email(email: object) -> None:
    assert _said("customer.updated", customer(email=email)).facets["customer"]["email"] is None


def test_an_empty_address_is_none() -> None:
    thing = customer(address={"city": None, "line1": "", "country": None})

    assert _said("customer.updated", thing).facets["customer"]["billing_address"] is None


def test_a_deleted_customer_keeps_what_the_last_snapshot_says() -> None:
    said = _said("customer.deleted", customer())

    assert said.rank == TERMINAL
    assert said.facets["customer"]["email"] == "ada@example.com"
    assert said.facets["customer"]["deleted"] is True


def test_a_customer_shrunk_to_its_id_says_only_that_it_is_gone() -> None:
    said = _said("fetched.customer", {"id": "cus_1", "object": "customer", "deleted": True})

    assert (said.rank, said.facets) == (TERMINAL, {"customer": {"deleted": True}})


def test_cards_an_older_customer_carries_are_known_at_once() -> None:
    card = {"id": "card_1", "object": "card", "exp_month": 6, "exp_year": 2027}

    said = _said("customer.updated", customer(sources=listed(card), default_source="card_1"))

    assert said.facets["method:card_1"] == {"expires": "2027-06"}


def test_a_card_tells_its_last_month() -> None:
    thing = {"id": "pm_1", "customer": "cus_1", "card": {"exp_month": 3, "exp_year": 2030}}

    said = _said("payment_method.automatically_updated", thing)

    assert (said.customer_id, said.rank) == ("cus_1", UPDATED)
    assert said.facets == {"method:pm_1": {"expires": "2030-03"}}


def test_a_legacy_card_that_expires_is_its_own_card() -> None:
    thing = {"id": "card_1", "customer": "cus_1", "exp_month": 12, "exp_year": 2026}

    said = _said("customer.source.expiring", thing)

    assert said.facets == {"method:card_1": {"expires": "2026-12"}}


def test_a_detached_card_is_told_to_whom_it_belonged() -> None:
    thing = {"id": "pm_1", "customer": None, "card": {"exp_month": 3, "exp_year": 2030}}

    said = _said("payment_method.detached", thing, {"customer": "cus_1"})

    assert (said.customer_id, said.rank) == ("cus_1", TERMINAL)
    assert said.facets == {"method:pm_1": {"expires": None}}


@pytest.mark.parametrize(
    "card",
    [
        None,
        {},
        {"exp_month": 13, "exp_year": 2030},
        {"exp_month": 1, "exp_year": 30},
        {"exp_month": "1", "exp_year": "2030"},
        {"exp_month": True, "exp_year": 2030},
    ],
)
def test_what_has_no_last_month_does_not_expire(card: Json | None) -> None:
    said = _said("payment_method.updated", {"id": "pm_1", "customer": "cus_1", "card": card})

    assert said.facets == {"method:pm_1": {"expires": None}}


def test_a_card_of_nobody_says_nothing() -> None:
    assert parse("payment_method.updated", {"id": "pm_1", "customer": None}).customers == ()
