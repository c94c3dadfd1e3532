"""What becomes of single documents when somebody is erased: theirs goes, what is newer stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain import deliveries, due, erasing
from shared.domain.erasing import Keep, Person
from shared.domain.erasure import Erasure
from shared.domain.errors import Quarantined
from shared.domain.fold import quarantine
from shared.domain.folding import Arrival
from shared.domain.observations import Parsed
from shared.domain.ports import Document, Write

NOW = 1_790_000_000_000
ADA = "ada@example.com"
CUSTOMER = "cus_9s6XKzkNRiz8i3"
AGREEMENT = "I-BW452GLLEP1G"
PERSON = Person(Erasure.of("c-ada", [ADA], NOW), frozenset({CUSTOMER, AGREEMENT}))


def delivery(told: Any, created: int, contact_id: str | None = None) -> Document:
    body = json.dumps(told).encode()
    return deliveries.new("m1", "crm", "order.created", body, created, contact_id=contact_id)


def left(document: Document) -> dict[str, Any]:
    """Return what is left of a delivery. Raise Keep."""
    found = erasing.erased(PERSON, ("delivery", "m1"), document)
    assert found is not None
    return found


def call(**about: Any) -> Document:
    """Return what has a provider asked for their subscription once its trial is over."""
    message = {"to": "calls", "object": "subscription", "id": AGREEMENT, **about}
    document = due.due(NOW + 1, "call", f"shop/subscription/{AGREEMENT}", message).document
    assert document is not None
    return document


@pytest.mark.parametrize("created", [NOW - 1, NOW + 1])
def test_a_webhook_of_their_run_goes_whatever_its_body_says(created: int) -> None:
    """A step's own payload may hold a name alone."""
    greeting = {"text": "Hi Ada"}

    found = left(delivery(greeting, created, "c-ada"))

    assert (found["body"], found["state"], found["erased"]) == (b"{}", "gone", True)
    with pytest.raises(Keep):
        left(delivery(greeting, created, "c-byron"))


@pytest.mark.parametrize(
    "told",
    [
        {"contact": {"contact_id": "c-new", "email": ADA}},
        {"contact": {}, "order": {"contact_id": "c-ada", "email": None}},
        {"recurring_payment": {"store_customer_id": CUSTOMER}},
    ],
)
def test_a_webhook_since_the_erasure_stays_as_it_is(told: Any) -> None:
    """They have come again; or it is of a record of before, which keeps their id."""
    left(delivery(told, NOW))

    with pytest.raises(Keep):
        left(delivery(told, NOW + 1))


def test_a_webhook_that_was_being_written_meanwhile_goes() -> None:
    straggler = delivery({"contact": {"contact_id": "c-ada", "email": ADA}}, NOW + 1)

    assert left(straggler)["body"] == b"{}"


@pytest.mark.parametrize(
    ("row", "asked", "stays"),
    [
        ({"contact_id": "c-ada", "email": ADA}, NOW, False),
        ({"contact_id": "c-ada", "email": ADA}, NOW + 1, False),
        ({"contact_id": "c-new", "email": ADA}, NOW + 1, True),
        ({"contact_id": "c-byron", "email": "byron@example.com"}, NOW, True),
    ],
)
def test_a_job_tells_of_whoever_has_come_again_alone(
    row: dict[str, str], asked: int, stays: bool
) -> None:
    job = {"kind": "backtest", "firings": [{"contact": row}], "created_date": asked, "version": 1}

    if stays:
        with pytest.raises(Keep):
            erasing.erased(PERSON, ("job", "j1"), job)
    else:
        found = erasing.erased(PERSON, ("job", "j1"), job)
        assert found == {**job, "firings": [], "version": 2}


@pytest.mark.parametrize(("at", "old"), [(NOW, True), (NOW + 1, False)])
def test_a_refused_event_is_as_old_as_what_it_tells_of(at: int, old: bool) -> None:
    """Received just after the erasure was asked for, and refused before its commit."""
    arrival = Arrival("stripe", "shop", received_at=NOW + 5, body=b"{}")
    parsed = Parsed(event_id="evt_1", event_type="x", digest="", occurred_at=at, live=False)

    (row,) = quarantine(arrival, parsed, Quarantined("wrong_mode", "test"), NOW + 9).steps

    assert isinstance(row, Write)
    assert erasing.is_old(PERSON, row.document or {}) is old


def test_two_sales_that_look_alike_keep_the_address_of_whoever_has_come_again() -> None:
    orders = [["shop", "o-1", NOW - 1], ["mail", "o-2", NOW]]
    pair = {"duplicate_id": "d1", "orders": orders, "email": ADA, "version": 1}
    again = {**pair, "orders": [orders[0], ["mail", "o-3", NOW + 1]]}

    found = erasing.erased(PERSON, ("duplicate", "d1"), pair)

    assert found == {**pair, "email": None, "version": 2}
    with pytest.raises(Keep):
        erasing.erased(PERSON, ("duplicate", "d1"), again)


@pytest.mark.parametrize("subject", [CUSTOMER, None, "byron@example.com"])
def test_what_a_record_of_theirs_waits_for_is_still_asked(subject: str | None) -> None:
    name = ("due", str(NOW + 1), "call", f"shop/subscription/{AGREEMENT}")

    with pytest.raises(Keep):
        erasing.erased(PERSON, name, call(subject=subject))


def test_what_a_record_waits_for_is_asked_by_no_address_of_theirs() -> None:
    name = ("due", str(NOW + 1), "call", f"shop/subscription/{AGREEMENT}")
    document = call(subject=ADA)

    found = erasing.erased(PERSON, name, document)

    message = {**document["message"], "subject": None}
    assert found == {**document, "message": message, "version": 2}


def test_a_bare_event_is_still_followed_by_what_records_wait_for() -> None:
    """Its worker may have ended between the commit and sending them."""
    of_record = [
        {"to": "jobs", "job": "pair", "record": "order", "connection_id": "shop", "id": "o-1"},
        {"to": "calls", "object": "subscription", "id": AGREEMENT},
    ]
    of_person = [
        {"to": "jobs", "job": "attach_contact", "email": ADA},
        {"to": "jobs", "job": "refresh_customer", "customer_id": ADA},
        {"to": "calls", "object": "contact", "id": "17", "tag": "VIP"},
    ]
    told = [{**each, "subject": ADA} for each in (*of_record, *of_person)]
    event = {"provider": "stripe", "received_at": NOW, "headers": {}, "subject": ADA}
    event |= {"body": b"{}", "messages": told, "version": 1}

    found = erasing.bare_event(event, "shop", b"{}")

    assert found["messages"] == [{**each, "subject": None} for each in of_record]
    assert ADA not in json.dumps(found)


def test_a_firing_says_nothing_of_the_address_something_was_linked_by() -> None:
    rows = [["external_id", None, ADA], ["external_id", None, "crm-7"], ["status", "a", "b"]]
    firing = {
        "contact": {"contact_id": "c-ada", "email": ADA},
        "change": {"kind": "updated", "changes": rows},
        "conditions": [],
        "state": "done",
        "version": 1,
    }

    found = erasing.erased(PERSON, ("firing", "a1", "f1"), firing)

    assert found is not None
    assert found["change"]["changes"] == rows[1:]
