"""Activity over HTTP: judged item by item, told once, and written in few calls."""

from __future__ import annotations

from typing import Any

import pytest

from functions.manage.activity_bodies import ITEMS_MAX
from shared.adapters.table import Table
from shared.domain.errors import Contended
from shared.domain.ports import Check, Write
from tests.fakes.memory_store import MemoryStore
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.support.activity_items import ADA, BOB, OPENED, acts, faults, post, statuses
from tests.support.api_client import ApiClient


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
