"""Activity over HTTP: judged item by item, told once, and what contacts and reports make of it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from functions.manage.activity_bodies import ITEMS_MAX
from shared.adapters.table import Table
from shared.domain import directory
from shared.domain.errors import Contended
from shared.domain.ports import Check, Write
from tests.fakes.memory_store import MemoryStore
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.support.api_client import ApiClient
from tests.support.shop import Shop

ADA, BOB = "ada@example.com", "bob@example.com"
DAYS = [f"2026-09-{day:02d}T10:00:00.000Z" for day in range(1, 31)]
OPENED = {"email": ADA, "kind": "open", "occurred_date": DAYS[0]}


def post(client: ApiClient, *items: Any) -> list[Any]:
    reply = client.post("/v1/activity", {"items": list(items)})
    assert reply.status == 200
    return list(reply.body["results"])


def statuses(client: ApiClient, *items: Any) -> list[str]:
    return [each["status"] for each in post(client, *items)]


def faults(client: ApiClient, item: Any) -> dict[str, str]:
    (result,) = post(client, item)
    assert result["status"] == "rejected"
    return {each["path"]: each["message"] for each in result["errors"]}


def acts(client: ApiClient) -> list[tuple[str, ...]]:
    return sorted(name for name in client.store.documents if name[0] == "act")


def ada(client: ApiClient) -> Any:
    return client.get(f"/v1/contacts/{ADA}").body


def test_an_activity_is_kept_once_however_often_it_is_told() -> None:
    client = ApiClient()
    other = {**OPENED, "subject": "Hello"}

    told = [statuses(client, OPENED, other, OPENED) for _ in range(2)]

    assert told == [["created", "created", "unchanged"], ["unchanged"] * 3]
    assert [name[1] for name in acts(client)] == [ADA, ADA]
    assert len(client.store.documents["activity", ADA]["items"]) == 2


def test_an_id_makes_an_activity_the_same_even_where_no_date_is_stated() -> None:
    client = ApiClient()
    undated = {"email": ADA, "kind": "open", "id": "e-1"}

    first = statuses(client, undated)
    client.now += 60_000
    again = statuses(client, undated, {**undated, "id": "e-2"}, {**undated, "email": BOB})

    assert (first, again) == (["created"], ["unchanged", "created", "created"])
    assert len(acts(client)) == 3
    assert acts(client)[0][2] == f"{client.now - 60_000:015d}#e-1"


def test_an_id_of_another_activity_is_refused() -> None:
    client = ApiClient()
    post(client, {**OPENED, "id": "e-1"})

    assert faults(client, {**OPENED, "kind": "click", "id": "e-1"}) == {
        "id": "was given to another activity of this address"
    }
    assert len(acts(client)) == 1


def test_without_an_id_and_a_date_every_activity_is_another() -> None:
    client = ApiClient()
    undated = {"email": ADA, "kind": "open"}

    assert statuses(client, undated, undated) == ["created", "created"]
    assert len(acts(client)) == 2


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ("open", {"": "is not an object"}),
        ({**OPENED, "email": "nobody"}, {"email": "is not an email address"}),
        ({**OPENED, "kind": "tag_added"}, {"subject": "has to name the tag"}),
        ({**OPENED, "kind": "list_removed"}, {"subject": "has to name the list"}),
        (
            {**OPENED, "kind": "tag_added", "subject": "x" * 201},
            {"subject": "is longer than 200 characters"},
        ),
        ({**OPENED, "source": "ads"}, {"source": "is for visits alone"}),
        (
            {**OPENED, "occurred_date": "2026-09-21T14:20:00Z"},
            {"occurred_date": "lies in the future"},
        ),
        ({**OPENED, "email": "\N{GRINNING FACE}" * 90 + "@example.com"}, "email"),
        ({**OPENED, "contact_id": "c1"}, "contact_id"),
        ({**OPENED, "id": "a b"}, "id"),
        ({**OPENED, "kind": "bounce"}, "kind"),
    ],
)
def test_an_item_that_breaks_a_rule_is_rejected_alone(item: Any, fault: Any) -> None:
    fake = FakeDynamoDB()
    client = ApiClient(Table(fake.schema.name, fake))

    results = post(client, OPENED, item, {**OPENED, "kind": "click"})

    told = {each["path"]: each["message"] for each in results[1]["errors"]}
    assert [each["status"] for each in results] == ["created", "rejected", "created"]
    assert told == fault if isinstance(fault, dict) else told.keys() == {fault}


def test_more_items_than_the_limit_are_refused_whole() -> None:
    client = ApiClient()

    reply = client.post("/v1/activity", {"items": [OPENED] * (ITEMS_MAX + 1)})

    assert (reply.status, list(reply.faults)) == (422, ["items"])
    assert acts(client) == []


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


class Rivalled(MemoryStore):
    """A store where somebody else is faster whenever several people are written at once."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = 0

    def commit(self, steps: Any) -> None:
        people = [each for each in steps if each.name[0] == "activity"]
        if len(people) > 1:
            self.refused += 1
            raise Contended("somebody was faster")
        super().commit(steps)


def test_where_rivals_never_rest_fewer_people_are_written_at_a_time() -> None:
    store = Rivalled()
    client = ApiClient(store)
    items = [{**OPENED, "email": f"p{number}@example.com"} for number in range(4)]

    told = statuses(client, *items)

    assert told == ["created"] * 4
    assert store.refused > 0
    assert len(acts(client)) == 4


def test_five_hundred_items_cost_few_calls_and_no_transaction_is_too_large() -> None:
    fake = FakeDynamoDB()
    sizes: list[int] = []
    calls: list[str] = []

    class Counted:
        def call(self, operation: str, payload: Any) -> dict[str, Any]:
            calls.append(operation)
            sizes.append(len(payload.get("TransactItems", ())))
            return fake.call(operation, payload)

    client = ApiClient(Table(fake.schema.name, Counted()))
    items = [
        {**OPENED, "email": f"p{number % 250}@example.com", "id": f"e-{number}"}
        for number in range(ITEMS_MAX)
    ]
    calls.clear()

    told = statuses(client, *items)

    assert told == ["created"] * ITEMS_MAX
    assert max(sizes) < 100
    assert calls.count("TransactWriteItems") <= 20
    assert len(calls) <= 80


def test_a_contact_that_appears_meanwhile_is_told_all_the_same() -> None:
    class Meanwhile(MemoryStore):
        def commit(self, steps: Any) -> None:
            if any(isinstance(each, Check) and each.name == ("email", ADA) for each in steps):
                contact = {"contact_id": "c1", "version": 1}
                super().commit([Write(("email", ADA), contact, None)])
                self.documents["contact", "c1"] = self.documents.pop(("contact", "c0"))
            super().commit(steps)

    client = ApiClient(Meanwhile())
    client.put("/v1/contacts", {"email": BOB})
    (name,) = (each for each in client.store.documents if each[0] == "contact")
    client.store.documents["contact", "c0"] = client.store.documents[name]

    post(client, OPENED)

    assert client.store.documents["contact", "c1"]["last_open_date"] is not None
