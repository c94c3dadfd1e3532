"""Activity that was posted: what contacts, their timelines and the reports make of it."""

from __future__ import annotations

import itertools

from shared.domain import directory
from tests.support.activity_items import ADA, BOB, OPENED, ada, post
from tests.support.api_client import ApiClient
from tests.support.shop import Shop
from tests.support.store_items import DAYS


def test_activity_of_nobody_makes_no_contact_and_is_theirs_when_they_appear() -> None:
    shop = Shop()
    client = ApiClient(shop.memory)

    post(
        client,
        OPENED,
        {"email": ADA, "kind": "tag_added", "subject": "VIP", "occurred_date": DAYS[1]},
        {"email": ADA, "kind": "visit", "source": "ads", "occurred_date": DAYS[2]},
    )
    nobody = client.get(f"/v1/contacts/{ADA}").status
    shop.add_contact(ADA)

    found = ada(client)
    assert nobody == 404
    assert (found["last_open_date"], found["last_visit_date"]) == (DAYS[0], DAYS[2])
    assert found["tags"] == [{"tag": "VIP", "applied_date": DAYS[1]}]
    assert found["source"]["first_source"] == "ads"


def test_a_tag_is_added_and_removed_at_its_date_and_what_was_held_is_remembered() -> None:
    client = ApiClient()
    client.put("/v1/contacts", {"email": ADA})
    tag = {"email": ADA, "subject": "VIP"}

    post(client, {**tag, "kind": "tag_added", "occurred_date": DAYS[1]})
    held = ada(client)["tags"]
    post(client, {**tag, "kind": "tag_removed", "occurred_date": DAYS[4]})
    post(client, {**tag, "kind": "tag_added", "occurred_date": DAYS[3]})

    (contact,) = (d for n, d in client.store.documents.items() if n[0] == "contact")
    assert held == [{"tag": "VIP", "applied_date": DAYS[1]}]
    assert ada(client)["tags"] == []
    assert [each["tag"] for each in contact["former_tags"]] == ["VIP"]
    days = contact["former_tags"][0]["removed_date"] - contact["former_tags"][0]["applied_date"]
    assert days == 3 * 86_400_000


def test_tags_that_are_posted_are_noted_for_whoever_takes_tags() -> None:
    client = ApiClient()
    client.store.documents[directory.NAME] = directory.entered(
        None,
        {
            "connection_id": "crm",
            "provider": "activecampaign",
            "mode": "live",
            "write_back": {"tags": True, "recurring_payments": False},
        },
    )
    client.put("/v1/contacts", {"email": ADA})

    post(client, {"email": ADA, "kind": "tag_added", "subject": "VIP"}, {**OPENED})

    notes = [d for n, d in client.store.documents.items() if n[0] == "retagged"]
    assert [each["tags"] for each in notes] == [["VIP"]]


def test_the_first_visit_by_date_tells_where_a_contact_came_from() -> None:
    client = ApiClient()
    client.put("/v1/contacts", {"email": ADA})
    visit = {"email": ADA, "kind": "visit"}

    post(client, {**visit, "source": "google", "occurred_date": DAYS[5]})
    post(
        client,
        {**visit, "source": "ads", "campaign": "tea", "subject": "/a", "occurred_date": DAYS[2]},
    )
    post(client, {**visit, "source": "bing", "occurred_date": DAYS[3]})
    client.put("/v1/contacts", {"email": ADA, "source": {"first_source": "phone"}})

    assert ada(client)["source"] == {
        "first_source": "ads",
        "campaign": "tea",
        "landing_page": "/a",
    }


def test_the_timeline_of_a_contact_shows_what_they_did_by_any_address() -> None:
    client = ApiClient()
    client.put("/v1/contacts", {"email": ADA, "add_aliases": [BOB]})

    post(
        client,
        OPENED,
        {**OPENED, "email": BOB, "kind": "click", "id": "e-1", "occurred_date": DAYS[1]},
    )

    timeline = ada(client)["timeline"]
    assert [each["kind"] for each in timeline] == ["activity.click", "activity.open"]
    assert timeline[0] == {
        "date": DAYS[1],
        "kind": "activity.click",
        "connection_id": None,
        "id": "e-1",
        "subject": None,
        "campaign": None,
        "changes": [],
    }


def test_what_is_posted_is_in_the_reports() -> None:
    client = ApiClient()
    client.put("/v1/contacts", {"email": ADA})
    tea = {"campaign": "tea", "automation_id": "rescue"}
    post(client, {**OPENED, **tea}, {**OPENED, "kind": "click", **tea}, {**OPENED, "email": BOB})
    asked = {"from": "2026-09-01", "to": "2026-09-30"}

    engagement = client.get("/v1/reports/engagement", query=asked).body["kpis"]
    campaigns = client.get("/v1/reports/campaigns", query=asked).body["groups"]

    assert {name: engagement[name]["value"] for name in ("engaged_contacts", "opens")} == {
        "engaged_contacts": 1,
        "opens": 1,
    }
    assert [(each["key"], each["opens"], each["clicks"]) for each in campaigns] == [("tea", 1, 1)]


def test_a_tag_that_came_and_went_is_nurture_whether_they_were_known_or_not() -> None:
    shop = Shop()
    client = ApiClient(shop.memory)
    client.put("/v1/contacts", {"email": BOB, "add_tags": ["VIP"]})
    client.now += 1000
    client.put("/v1/contacts", {"email": BOB, "remove_tags": ["VIP"]})
    tag = {"email": ADA, "subject": "VIP"}

    post(
        client,
        {**tag, "kind": "tag_removed", "occurred_date": DAYS[5]},
        {**tag, "kind": "tag_added", "occurred_date": DAYS[4]},
    )
    shop.add_contact(ADA)
    asked = {"from": "2026-09-01", "to": "2026-09-30", "tag": "vip"}
    found = client.get("/v1/reports/nurture", query=asked).body["kpis"]

    assert ada(client)["tags"] == []
    assert found["contacts"]["value"] == 2


def test_any_order_and_any_time_of_the_contact_comes_to_the_same() -> None:
    tag, visit = {"email": ADA, "subject": "VIP"}, {"email": ADA, "kind": "visit"}
    told = [
        {**tag, "kind": "tag_added", "occurred_date": DAYS[1]},
        {**tag, "kind": "tag_removed", "occurred_date": DAYS[2]},
        {**visit, "source": "google", "occurred_date": DAYS[3]},
        {**visit, "source": "ads", "campaign": "tea", "occurred_date": DAYS[1]},
    ]
    seen = set()

    for appears, order in itertools.product(range(5), itertools.permutations(told)):
        shop = Shop()
        client = ApiClient(shop.memory)
        for place, item in enumerate([*order, None]):
            if place == appears:
                shop.add_contact(ADA)
            if item:
                post(client, item, item)
        (found,) = shop.contacts().values()
        seen.add((len(found["tags"]), str(found["source"]), found["last_visit_date"]))

    assert len(seen) == 1
    assert seen.pop()[1].count("ads") == 1
