"""A contact's page over what real Stripe events have become."""

from __future__ import annotations

from typing import Any

import pytest

from infra.samples.stripe_lives import whole_life
from shared.domain.fields import FIELDS
from shared.domain.timeline import Change, Entry
from tests.support.api_client import NOW, ApiClient
from tests.support.shop import Shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    shop = Shop()
    shop.receive_all(event.body for event in whole_life(1).events)
    return shop


@pytest.fixture
def client(shop: Shop) -> ApiClient:
    return ApiClient(shop.memory)


def only_contact(shop: Shop) -> dict[str, Any]:
    (contact,) = shop.contacts().values()
    return contact


def test_a_contact_is_found_by_email_in_any_spelling_and_by_id(
    client: ApiClient, shop: Shop
) -> None:
    contact = only_contact(shop)
    local, _, host = contact["email"].partition("@")

    replies = [
        client.get(f"/v1/contacts/{path}")
        for path in (
            f"{local}@{host}",
            f"{local}%40{host}",
            f"%20{local.upper()}%40{host.upper()}%20",
            contact["contact_id"],
        )
    ]

    assert {each.status for each in replies} == {200}
    assert len({each.text for each in replies}) == 1


def test_a_contact_is_found_by_an_alias(client: ApiClient, shop: Shop) -> None:
    email = only_contact(shop)["email"]
    client.put("/v1/contacts", {"email": email, "add_aliases": ["Other@Example.com"]})

    found = client.get("/v1/contacts/other%40example.com").body

    assert found["email"] == email
    assert found["aliases"] == ["other@example.com"]


@pytest.mark.parametrize("wanted", ["nobody@example.com", "@", "nobody", "a@b@", "%00@x.org"])
def test_a_contact_nobody_has_is_not_found(client: ApiClient, wanted: str) -> None:
    reply = client.get(f"/v1/contacts/{wanted}")

    assert (reply.status, reply.body["detail"]) == (404, "There is no such contact.")


def test_a_contact_shows_what_its_orders_add_up_to(client: ApiClient, shop: Shop) -> None:
    contact = only_contact(shop)
    money = sum(order["gross"] - order["refunded"] - order["withheld"] for order in _brought(shop))

    found = client.get(f"/v1/contacts/{contact['contact_id']}").body

    assert found["customer"] is True
    assert found["orders_count"] == len(_brought(shop))
    assert found["revenue"] == [{"currency": "USD", "amount": f"{money // 100}.{money % 100:02d}"}]
    assert found["customer_since"] is not None


def test_orders_are_shown_the_newest_first_with_money_as_text(
    client: ApiClient, shop: Shop
) -> None:
    found = client.get(f"/v1/contacts/{only_contact(shop)['contact_id']}").body["orders"]

    assert {each["store_order_id"] for each in found} == set(shop.orders())
    assert [each["occurred_date"] for each in found] == sorted(
        (each["occurred_date"] for each in found), reverse=True
    )
    for each in found:
        assert "withheld" not in each
        assert each["order_id"] == each["store_order_id"]
        assert each["gross"].count(".") == 1


def test_a_recurring_payment_is_shown_with_all_its_fields_and_a_widget_of_five(
    client: ApiClient, shop: Shop
) -> None:
    contact = client.get(f"/v1/contacts/{only_contact(shop)['contact_id']}").body
    (payment,) = contact["recurring_payments"]

    assert [each["field"] for each in payment["fields"]] == list(FIELDS)
    assert payment["widget"] == payment["fields"][:5]
    for each in payment["fields"]:
        assert each["value"] == payment[each["field"]]
        assert each["label"]


def test_the_settings_order_the_widget(client: ApiClient, shop: Shop) -> None:
    path = f"/v1/contacts/{only_contact(shop)['contact_id']}"
    client.put("/v1/settings", {"widget": ["note", "currency"]})

    (payment,) = client.get(path).body["recurring_payments"]
    client.put("/v1/settings", {})

    shown = [each["field"] for each in payment["widget"]]
    assert shown == ["note", "currency", "name", "status", "payment_amount"]
    assert len(payment["fields"]) == len(FIELDS)


def test_the_timeline_tells_the_newest_changes_of_all_records_first(
    client: ApiClient, shop: Shop
) -> None:
    expected = []
    for kind, identity in [
        *(("order", each) for each in shop.orders()),
        *(("recurring_payment", each) for each in shop.recurring_payments()),
    ]:
        expected += [(entry.place, kind, identity, entry) for entry in shop.history(kind, identity)]
    expected.sort(key=lambda each: each[:3], reverse=True)

    found = client.get(f"/v1/contacts/{only_contact(shop)['contact_id']}").body["timeline"]

    told = [(each["kind"], each["id"]) for each in found]
    assert told == [(f"{kind}.{entry.kind}", id_) for _, kind, id_, entry in expected[:50]]
    assert any(each["kind"] == "order.created" for each in found)
    changes = [change for each in found for change in each["changes"]]
    assert {"field": "status", "from": "active", "to": "payment_failed"} in changes


def test_the_timeline_opens_no_more_records_than_it_needs() -> None:
    client = ApiClient()
    client.put("/v1/contacts", {"email": "ada@example.com"})
    contact = client.get("/v1/contacts/ada@example.com").body["contact_id"]
    for number in range(100):
        _subscription(client, contact, f"sub_{number:03d}", NOW + number * 1000, entries=10)
    reads = client.store.reads

    found = client.get("/v1/contacts/ada@example.com").body

    assert len(found["recurring_payments"]) == 100
    assert len(found["timeline"]) == 50
    assert {each["id"] for each in found["timeline"]} == {f"sub_{99 - n:03d}" for n in range(5)}
    assert client.store.reads - reads < 15


def test_a_new_contact_has_nothing_around_it() -> None:
    client = ApiClient()
    client.put("/v1/contacts", {"email": "ada@example.com"})

    found = client.get("/v1/contacts/ada@example.com").body

    assert (found["customer"], found["customer_since"], found["orders_count"]) == (False, None, 0)
    assert found["revenue"] == found["orders"] == found["timeline"] == []


def _brought(shop: Shop) -> list[dict[str, Any]]:
    brought = ("completed", "partially_refunded", "refunded", "disputed")
    return [each for each in shop.orders().values() if each["status"] in brought]


def _subscription(client: ApiClient, contact: str, identity: str, at: int, entries: int) -> None:
    name = ("recurring_payment", "shop", identity)
    client.store.documents[name] = {
        "version": 1,
        "facets": {"terms": {"status": "active", "start_date": at, "currency": "USD"}},
        "newest": [at + entries, 1, at, "evt~type"],
        "customer_id": None,
        "contact_id": contact,
        "email": "ada@example.com",
        "shown": True,
        "date": at,
        "modified": at,
    }
    for number in range(entries):
        place = at + number + 1
        entry = Entry(place, 1, f"evt_{number}", "type", place, {}, kind="updated")
        entry.changes = [Change("status", "active", "paused")]
        client.store.documents[("entry", *name, f"{place:020d}")] = {"entry": entry}
