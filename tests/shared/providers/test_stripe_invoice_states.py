"""The state of an invoice: a failed payment, one under way, and what shares their second."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.observations import CREATED, TERMINAL, UPDATED, OrderSaid
from tests.shared.providers.stripe_bodies import NOW, Json, invoice, old_invoice, parse


def _said(kind: str, thing: Json) -> OrderSaid:
    (said,) = parse(f"invoice.{kind}", thing).orders
    return said


def _document(kind: str, **other: object) -> Any:
    return _said(kind, invoice(**other)).facets["document"]


def _open(**other: object) -> Json:
    unpaid = {"status": "open", "amount_paid": 0, "status_transitions": {"paid_at": None}}
    return {**unpaid, **other}


@pytest.mark.parametrize(
    ("status", "rank"),
    [("draft", CREATED), ("open", UPDATED), ("void", TERMINAL), ("uncollectible", TERMINAL)],
)
def test_states_are_stripes_own_and_ranked_by_their_age(status: str, rank: int) -> None:
    said = _said("updated", invoice(status=status, attempted=False))

    assert (said.facets["document"]["state"], said.rank) == (status, rank)
    assert said.facets["document"]["paid_date"] is None


def test_a_failed_payment_tells_when_it_failed_and_when_the_next_try_is() -> None:
    said = _said("payment_failed", invoice(**_open(next_payment_attempt=NOW + 9)))

    document = said.facets["document"]
    assert (document["state"], document["attempted"]) == ("failed", NOW * 1000)
    assert document["next_attempt"] == (NOW + 9) * 1000
    assert said.facets["attempt"] == {"date": NOW * 1000}


def test_a_failure_comes_after_the_update_it_caused() -> None:
    failed = _said("payment_failed", invoice(**_open()))
    update = _said("updated", invoice(**_open(auto_advance=True)))

    assert update.rank < failed.rank < TERMINAL


@pytest.mark.parametrize("sign", [{"next_payment_attempt": NOW + 9}, {"auto_advance": False}])
def test_an_update_shows_a_failure_by_what_stripe_plans_next(sign: dict[str, object]) -> None:
    document = _document("updated", **_open(**{"auto_advance": True, **sign}))

    assert document["state"] == "failed"
    assert document["attempted"] is None


@pytest.mark.parametrize(
    "thing",
    [
        _open(auto_advance=True),  # a bank debit under way: tried, nothing planned
        _open(attempted=False, attempt_count=0, next_payment_attempt=NOW + 9),
        _open(attempted=True, attempt_count=0, auto_advance=False, total=0, amount_due=0),
    ],
)
def test_an_attempt_under_way_or_still_to_come_is_no_failure(thing: Json) -> None:
    assert _document("updated", **thing)["state"] == "open"


def test_a_card_that_asks_its_owner_has_not_failed() -> None:
    assert _document("payment_action_required", **_open())["state"] == "open"


def test_a_deleted_draft_is_void_whatever_its_status_says() -> None:
    assert _document("deleted", status="deleted")["state"] == "void"


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        ({"paid": True}, "paid"),
        ({"paid": False, "closed": True}, "void"),
        ({"paid": False, "forgiven": True, "closed": True}, "uncollectible"),
        ({"paid": False, "attempted": False}, "open"),
    ],
)
def test_before_there_was_a_status_flags_told_it(flags: dict[str, object], state: str) -> None:
    thing = old_invoice(status=None, date=NOW - 99, **flags)
    del thing["created"], thing["status_transitions"]

    document = _said("updated", thing).facets["document"]

    assert (document["state"], document["created"]) == (state, (NOW - 99) * 1000)
