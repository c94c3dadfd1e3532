"""Retrying quarantined events: the kept body goes back on the queue."""

from __future__ import annotations

from shared.adapters.aws import AwsError
from tests.support.api_client import NOW, ApiClient
from tests.support.shop import Shop


def shop_with_a_quarantined_event() -> tuple[Shop, str]:
    shop = Shop()
    shop.receive(b'{"id": "evt_1", "object": "event", "type": "invoice.paid", "data": {}}', "cus_1")
    (row,) = shop.quarantined()
    return shop, row["id"]


def test_a_retried_event_goes_out_untouched_and_under_a_new_name() -> None:
    shop, row = shop_with_a_quarantined_event()
    client = ApiClient(shop.memory)

    first = client.post(f"/v1/quarantine/{row}/retry")
    client.post(f"/v1/quarantine/{row}/retry")

    assert (first.status, first.body) == (202, {"id": row, "state": "queued"})
    (envelope, nonce), (_, other) = client.outbox.events
    assert nonce != other
    assert envelope.body() == shop.quarantined()[0]["body"]
    assert envelope.source == "retry"
    assert envelope.quarantine_id == row
    assert (envelope.provider, envelope.connection_id) == ("stripe", "shop")
    assert envelope.subject == "cus_1"
    assert envelope.received_at == shop.quarantined()[0]["received_date"]


def test_imported_history_stays_history_when_it_is_retried() -> None:
    shop, row = shop_with_a_quarantined_event()
    shop.memory.documents["quarantine", row]["source"] = "history"
    client = ApiClient(shop.memory)

    client.post(f"/v1/quarantine/{row}/retry")

    ((envelope, _),) = client.outbox.events
    assert envelope.source == "history"


def test_a_row_stays_until_its_event_is_accepted() -> None:
    shop, row = shop_with_a_quarantined_event()
    client = ApiClient(shop.memory)

    client.post(f"/v1/quarantine/{row}/retry")

    assert [each["id"] for each in client.get("/v1/quarantine").body["items"]] == [row]


def test_a_message_no_door_has_sent_cannot_be_sent_again() -> None:
    client = ApiClient()
    client.store.documents["quarantine", "row"] = {
        "version": 1,
        "id": "row",
        "connection_id": "",
        "provider": "",
        "event_id": None,
        "event_type": None,
        "code": "bad_envelope",
        "reason": "the queue message is not an envelope",
        "received_date": NOW,
        "body": b"?",
        "headers": {},
        "subject": None,
    }

    assert client.post("/v1/quarantine/row/retry").status == 409
    assert client.outbox.events == []


def test_while_the_queue_fails_nothing_is_promised() -> None:
    shop, row = shop_with_a_quarantined_event()
    client = ApiClient(shop.memory)
    client.outbox.fails = AwsError("ServiceUnavailable", "down", 503, {})

    assert client.post(f"/v1/quarantine/{row}/retry").status == 503
