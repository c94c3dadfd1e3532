"""Everything held about a person, over what real Stripe events have become."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from functions.query import exports, person
from infra.samples.stripe_lives import whole_life
from shared.domain import activity, deliveries, mails, runs
from shared.domain.automations.happening import Happening
from shared.domain.automations.identity import told_id
from shared.domain.ports import Name
from tests.support.api_client import NOW, ApiClient
from tests.support.shop import Shop

RUN = "000001790000000-abc"


@pytest.fixture(scope="module")
def shop() -> Shop:
    shop = Shop()
    shop.receive_all(event.body for event in whole_life(1).events)
    return shop


@pytest.fixture
def client(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> ApiClient:
    """The API over the shop's documents, which are as they were after each test."""
    monkeypatch.setattr(shop.memory, "documents", dict(shop.memory.documents))
    return ApiClient(shop.memory)


def exported(client: ApiClient, shop: Shop) -> dict[str, Any]:
    (email,) = shop.contacts()
    found: dict[str, Any] = client.get(f"/v1/contacts/{email}/export").body
    return found


def test_a_person_is_given_their_records_with_all_that_happened_to_them(
    client: ApiClient, shop: Shop
) -> None:
    found = exported(client, shop)

    assert found["contact"]["email"] in shop.contacts()
    assert {each["order_id"] for each in found["orders"]} == set(shop.orders())
    (payment,) = found["recurring_payments"]
    path = f"/v1/recurring-payments/shop/{payment['store_recurring_payment_id']}"
    assert payment == client.get(path).body
    assert all(each["history"] for each in found["orders"])
    assert found["left_out"] == []


def test_the_events_behind_the_records_come_as_they_came_and_in_their_order(
    client: ApiClient, shop: Shop
) -> None:
    told = {
        (entry.event_id, entry.event_type)
        for name, document in shop.memory.documents.items()
        if name[0] == "entry" and (entry := document["entry"])
    }
    sent = {json.loads(each.body)["id"]: json.loads(each.body) for each in whole_life(1).events}

    found = exported(client, shop)["events"]

    assert told <= {(each["event_id"], each["event_type"]) for each in found}
    assert all(each["body"] == sent[each["event_id"]] for each in found)
    assert [each["received_date"] for each in found] == sorted(
        each["received_date"] for each in found
    )


def test_a_body_that_was_too_large_for_its_event_is_fetched(client: ApiClient, shop: Shop) -> None:
    name = _events(client)[0]
    event = dict(client.store.documents[name])
    client.bodies.put("shop/abc", zlib.compress(event.pop("body")))
    client.store.documents[name] = {**event, "body_key": "shop/abc"}

    found = {each["event_id"]: each["body"] for each in exported(client, shop)["events"]}

    assert found[name[2]]["id"] == name[2]


def test_a_form_is_told_as_text_and_a_body_that_is_gone_as_nothing(
    client: ApiClient, shop: Shop
) -> None:
    first, second = _events(client)[:2]
    client.store.documents[first] = {**client.store.documents[first], "body": b"a=1&b=2"}
    gone = dict(client.store.documents[second])
    del gone["body"]
    client.store.documents[second] = gone

    found = {each["event_id"]: each["body"] for each in exported(client, shop)["events"]}

    assert (found[first[2]], found[second[2]]) == ("a=1&b=2", None)


def test_what_was_done_at_any_of_their_addresses_is_told(client: ApiClient, shop: Shop) -> None:
    (email,) = shop.contacts()
    client.put("/v1/contacts", {"email": email, "add_aliases": ["other@example.com"]})
    done = {"kind": "visit", "subject": "https://shop.example.com", "campaign": "tea"}
    told = {**done, "source": "ads", "automation_id": None, "connection_id": None}
    name = activity.act_name("other@example.com", NOW, "id-1")
    client.store.documents[name] = {**told, "version": 1, "occurred_date": NOW}
    strange = activity.act_name("stranger@example.com", NOW, "id-2")
    client.store.documents[strange] = {**told, "version": 1, "occurred_date": NOW}

    (found,) = exported(client, shop)["activity"]

    assert {name: found[name] for name in told} == told
    assert (found["email"], found["date"]) == ("other@example.com", "2026-09-21T14:13:20.000Z")


def test_what_automations_did_and_sent_about_them_is_told(client: ApiClient, shop: Shop) -> None:
    contact_id = next(name[1] for name in client.store.documents if name[0] == "contact")
    sent = _delivery(client, deliveries.id_of(RUN, "step 0"), {"about": "a step"})
    mail = mails.new("mail-1", _contact(client, contact_id), {"from": "us@example.com"}, _run(), 1)
    client.store.documents[mails.name_of("mail-1")] = {**mail, "subject": "Hi", "text": "Hello"}
    taken = [
        {"step": [0], "what": "webhook", "at": NOW, "delivery_id": sent},
        {"step": [1], "what": "email", "at": NOW, "mail_id": "mail-1"},
    ]
    client.store.documents[runs.name_of(RUN)] = _run(contact_id, taken)
    client.store.documents[runs.name_of("of another")] = _run("somebody", taken)

    found = exported(client, shop)

    assert [each["run_id"] for each in found["runs"]] == [RUN]
    assert [each["payload"] for each in found["deliveries"]] == [{"about": "a step"}]
    assert [(each["to"], each["text"]) for each in found["emails"]] == [
        (found["contact"]["email"], "Hello")
    ]


def test_webhooks_of_endpoints_that_hear_of_changes_are_found(
    client: ApiClient, shop: Shop
) -> None:
    client.put("/v1/endpoints/crm", {"url": "https://x.example.com", "events": ["order.created"]})
    name, document = next(
        (name, each)
        for name, each in client.store.documents.items()
        if name[:2] == ("entry", "order") and each["entry"].kind
    )
    cause = told_id(Happening(name, document["entry"], None, 0))
    _delivery(client, deliveries.id_of(cause, "endpoint crm"), {"about": "a change"})
    _delivery(client, deliveries.id_of("chg_of_another", "endpoint crm"), {"about": "another"})

    found = exported(client, shop)["deliveries"]

    assert [each["payload"] for each in found] == [{"about": "a change"}]


def test_what_the_store_says_of_its_customer_is_told(client: ApiClient, shop: Shop) -> None:
    (customer,) = exported(client, shop)["customers"]

    assert customer["connection_id"] == "shop"
    assert customer["known"]["email"] in shop.contacts()


def test_what_is_too_much_for_one_document_is_named(
    client: ApiClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person, "RECORDS_MAX", 1)
    monkeypatch.setattr(person, "ITEMS_MAX", 2)

    found = exported(client, shop)

    assert (len(found["orders"]), len(found["events"])) == (1, 2)
    assert found["left_out"] == ["orders", "records that show nothing", "events"]


def test_a_document_too_large_to_send_is_kept_for_an_hour(
    client: ApiClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "INLINE_BYTES_MAX", 1_000)
    (email,) = shop.contacts()

    reply = client.get(f"/v1/contacts/{email}/export")

    assert (reply.status, reply.headers["location"]) == (303, reply.body["url"])
    ((key, content),) = client.uploads.files.items()
    assert key.startswith("exports/")
    assert json.loads(content)["contact"]["email"] == email


def test_nobody_is_told_of_a_person_who_is_not_there() -> None:
    reply = ApiClient().get("/v1/contacts/nobody@example.com/export")

    assert (reply.status, reply.body["detail"]) == (404, "There is no such contact.")


def _events(client: ApiClient) -> list[Name]:
    """Return the events that records have come of."""
    return sorted(
        {
            ("event", "shop", document["entry"].event_id, document["entry"].event_type)
            for name, document in client.store.documents.items()
            if name[0] == "entry"
        }
    )


def _contact(client: ApiClient, contact_id: str) -> dict[str, Any]:
    return dict(client.store.documents[("contact", contact_id)])


def _delivery(client: ApiClient, delivery_id: str, payload: dict[str, str]) -> str:
    body = json.dumps(payload).encode()
    made = deliveries.new(delivery_id, "crm", "order.created", body, NOW)
    client.store.documents[deliveries.name_of(delivery_id)] = made
    return delivery_id


def _run(contact_id: str = "", taken: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    record = {"kind": "order", "connection_id": "shop", "id": "in_1"}
    return {
        "version": 1,
        "run_id": RUN,
        "automation_id": "rescue",
        "revision": 1,
        "contact_id": contact_id,
        "record": record,
        "state": "done",
        "position": [2],
        "wake_at": None,
        "reason": None,
        "started": NOW,
        "updated": NOW,
        "taken": taken or [],
    }
