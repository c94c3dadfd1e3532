"""Spend over HTTP: one amount per day, source, campaign and currency, replaced by a later word."""

from __future__ import annotations

from typing import Any

import pytest

from functions.manage.activity_bodies import ITEMS_MAX
from shared.adapters.table import Table
from shared.domain.errors import Contended
from tests.fakes.memory_store import MemoryStore
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.support.api_client import ApiClient

SPENT = {
    "date": "2026-09-03",
    "source": "ads",
    "campaign": "tea",
    "amount": "25.00",
    "currency": "USD",
}
NAME = ("spend", "2026-09-03", "ads", "tea", "USD")


def put(client: ApiClient, *items: Any) -> list[Any]:
    reply = client.put("/v1/spend", {"items": list(items)})
    assert reply.status == 200
    return list(reply.body["results"])


def statuses(client: ApiClient, *items: Any) -> list[str]:
    return [each["status"] for each in put(client, *items)]


def test_the_same_day_source_campaign_and_currency_is_one_amount() -> None:
    client = ApiClient()
    more = {**SPENT, "amount": "30.5"}

    told = [statuses(client, *items) for items in ([SPENT], [SPENT], [more], [more, SPENT, SPENT])]

    assert told == [["created"], ["unchanged"], ["updated"], ["unchanged", "updated", "unchanged"]]
    assert client.store.documents[NAME] == {"amount": 2500, "version": 3}


def test_whatever_differs_in_one_of_the_four_stands_beside_it() -> None:
    client = ApiClient()
    others = [
        {**SPENT, "date": "2026-09-04"},
        {**SPENT, "source": None},
        {**SPENT, "campaign": "Tea"},
        {**SPENT, "currency": "eur"},
    ]

    assert statuses(client, SPENT, *others) == ["created"] * 5
    assert len([name for name in client.store.documents if name[0] == "spend"]) == 5
    assert ("spend", "2026-09-03", "", "tea", "USD") in client.store.documents


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ("25.00", {"": "is not an object"}),
        ({**SPENT, "date": "2026-02-30"}, {"date": "is not a day"}),
        ({**SPENT, "amount": "1.005"}, {"amount": "is not an amount of USD"}),
        ({**SPENT, "currency": "ABC"}, {"currency": "is not the code of a known currency"}),
        ({**SPENT, "amount": "-1.00"}, "amount"),
        ({**SPENT, "amount": 25}, "amount"),
        ({**SPENT, "date": "20260903"}, "date"),
        (
            {**SPENT, "campaign": "\N{GRINNING FACE}" * 200},
            {"": "its names are longer than can be kept"},
        ),
    ],
)
def test_an_item_that_breaks_a_rule_is_rejected_alone(item: Any, fault: Any) -> None:
    fake = FakeDynamoDB()
    client = ApiClient(Table(fake.schema.name, fake))

    results = put(client, SPENT, item, {**SPENT, "source": "podcast"})

    told = {each["path"]: each["message"] for each in results[1]["errors"]}
    assert [each["status"] for each in results] == ["created", "rejected", "created"]
    assert told == fault if isinstance(fault, dict) else told.keys() == {fault}


def test_more_items_than_the_limit_are_refused_whole() -> None:
    client = ApiClient()

    reply = client.put("/v1/spend", {"items": [SPENT] * (ITEMS_MAX + 1)})

    assert (reply.status, list(reply.faults)) == (422, ["items"])


def test_five_hundred_items_are_written_in_few_transactions() -> None:
    client = ApiClient()
    items = [{**SPENT, "campaign": f"c{number}"} for number in range(ITEMS_MAX)]
    before = client.store.commits

    assert statuses(client, *items) == ["created"] * ITEMS_MAX
    assert client.store.commits - before == 6
    assert statuses(client, *items) == ["unchanged"] * ITEMS_MAX
    assert client.store.commits - before == 6


def test_a_rival_is_read_anew() -> None:
    class Rivalled(MemoryStore):
        def commit(self, steps: Any) -> None:
            if steps[0].name == NAME and NAME not in self.documents:
                self.documents[NAME] = {"amount": 1, "version": 1}
                raise Contended("somebody was faster")
            super().commit(steps)

    client = ApiClient(Rivalled())

    assert statuses(client, SPENT) == ["updated"]
    assert client.store.documents[NAME] == {"amount": 2500, "version": 2}


def test_spend_is_in_the_report_of_what_new_customers_cost_until_it_is_taken_back() -> None:
    client = ApiClient()
    put(client, SPENT, {**SPENT, "source": "podcast"}, {**SPENT, "date": "2026-08-31"})
    put(client, {**SPENT, "source": "podcast", "amount": "0"})
    asked = {"from": "2026-09-01", "to": "2026-09-30", "group_by": "source"}

    found = client.get("/v1/reports/acquisition", query=asked).body

    spent = {each["key"]: each["spend"] for each in found["groups"]}
    assert (found["kpis"]["spend"]["value"], spent["ads"]) == ("25.00", "25.00")
