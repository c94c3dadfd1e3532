"""What can never be accepted is kept under a code, acknowledged, and stops nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.samples import stripe as story
from tests.functions.process_events.desk import Desk, body_of, message

_INVOICE = story.sample("invoice.paid", "new").event.content


def _invoice(**changed: Any) -> bytes:
    thing = {**_INVOICE["data"]["object"], **changed}
    return json.dumps({**_INVOICE, "data": {"object": thing}}).encode()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (story.sample(story.THIN, "new").event.body, "thin_event"),
        (body_of("evt_1", livemode=False), "wrong_mode"),
        (body_of("evt_1", created="yesterday"), "bad_field"),
        (body_of("evt_1", data=[]), "bad_field"),
        (body_of("evt_1\x00"), "bad_id"),
        (body_of("e" * 2049), "bad_id"),
        (_invoice(currency="zzz"), "unknown_currency"),
        (_invoice(total=19.5), "bad_amount"),
        (_invoice(total=2**53 + 1), "bad_amount"),
    ],
)
def test_what_can_never_be_accepted_is_kept_under_its_code(body: bytes, code: str) -> None:
    """Rows 12, 14, 21 and 22 of the bad-input matrix: acknowledged, kept, nothing touched."""
    desk = Desk()

    failed = desk.handle(message("m", body))

    assert failed == []
    assert desk.quarantined() == [code]
    assert desk.markers() == set()
    assert "Quarantined" in desk.counted


def test_one_id_with_another_body_is_kept_as_a_reuse() -> None:
    """Row 24; powertools-python#3781 accepted the second body in silence."""
    desk = Desk()
    desk.handle(message("m1", body_of("evt_1")))

    desk.handle(message("m2", body_of("evt_1", created=1_790_000_001)))

    assert desk.quarantined() == ["id_reuse"]


def test_a_redelivery_that_only_counts_its_webhooks_anew_is_a_duplicate() -> None:
    desk = Desk()
    desk.handle(message("m1", body_of("evt_1", pending_webhooks=1)))

    desk.handle(message("m2", body_of("evt_1", pending_webhooks=0)))

    assert desk.quarantined() == []
    assert desk.counted == ["EventsApplied", "EventsDuplicate"]


def test_an_unknown_type_is_counted_kept_and_acknowledged() -> None:
    desk = Desk()

    failed = desk.handle(message("m", body_of("evt_1", type="treasury.received_credit.created")))

    assert (failed, desk.counted) == ([], ["EventsIgnored"])
    assert desk.markers() == {"evt_1"}


def test_a_message_that_is_no_envelope_is_kept_and_stops_nobody() -> None:
    desk = Desk()

    failed = desk.handle(message("m1", "not an envelope"), message("m2", body_of("evt_2")))

    assert (failed, desk.quarantined()) == ([], ["bad_envelope"])
    assert desk.markers() == {"evt_2"}


def test_a_retried_event_that_works_now_leaves_the_quarantine() -> None:
    desk = Desk(mode="test")
    desk.handle(message("m1", body_of("evt_1")))
    (row,) = (name[1] for name in desk.store.documents if name[0] == "quarantine")
    desk.store.documents["connection", "shop"]["mode"] = "live"

    desk.handle(message("m2", body_of("evt_1"), quarantine_id=row, source="retry"))

    assert desk.quarantined() == []
    assert desk.markers() == {"evt_1"}
