"""Suspected duplicates over HTTP: listed, decided, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws import AwsError
from tests.laws import two_stores
from tests.laws.two_stores import KICK, Sale, hear, standings, sums
from tests.support.api_client import ApiClient
from tests.support.shop import Shop

ADA = "ada@example.com"
OWN, THEIRS = ("order", "shop", "pi_1001"), ("order", "kick", "PK-1001")
SALE = Sale("1001", 0, "none")


def two_sales() -> tuple[Shop, ApiClient]:
    shop = hear(Shop(connections={"kick": KICK}), two_stores.people())
    hear(shop, [*two_stores.told_by_shop(SALE), *two_stores.told_by_kick(SALE)])
    return shop, ApiClient(shop.memory)


def listed(client: ApiClient) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get("/v1/duplicates").body["items"]
    return rows


def decide(shop: Shop, client: ApiClient, decision: str) -> Any:
    """Decide on the only suspicion there is, and do the jobs that follow."""
    (row,) = listed(client)
    answer = client.post(f"/v1/duplicates/{row['duplicate_id']}", {"decision": decision})
    shop.outbox.jobs.extend(job for _, job in client.outbox.followed)
    shop.work_off()
    return answer


def test_a_suspicion_tells_both_orders_and_the_reason() -> None:
    _, client = two_sales()

    (row,) = listed(client)

    alike = {"email": ADA, "gross": "19.00", "currency": "USD"}
    assert [{**alike, **each} for each in row["orders"]] == row["orders"]
    assert [(each["connection_id"], each["order_id"]) for each in row["orders"]] == [
        ("kick", "PK-1001"),
        ("shop", "pi_1001"),
    ]
    assert row["reason"] == "The same email, amount and currency, within 15 minutes of each other."


def test_the_same_become_twins_and_count_once() -> None:
    shop, client = two_sales()

    answer = decide(shop, client, "same")

    assert (answer.status, answer.body["decision"]) == (202, "same")
    assert standings(shop)[OWN] == ([["kick", "PK-1001"]], "kick/PK-1001")
    assert standings(shop)[THEIRS] == ([["shop", "pi_1001"]], None)
    assert sums(shop)[ADA] == (1, True, [{"currency": "USD", "amount": 1900}])
    assert listed(client) == []


def test_the_jobs_are_queued_before_and_after_the_commit() -> None:
    shop, client = two_sales()

    decide(shop, client, "same")

    sent = [(when, job["job"], job["id"]) for when, job in client.outbox.followed]
    assert sent == [
        (when, "pair", order) for when in ("later", "now") for order in ("PK-1001", "pi_1001")
    ]


def test_different_ones_stay_as_they_are() -> None:
    shop, client = two_sales()

    answer = decide(shop, client, "different")

    assert (answer.status, answer.body["decision"]) == (202, "different")
    assert (listed(client), client.outbox.followed) == ([], [])
    assert standings(shop)[OWN] == standings(shop)[THEIRS] == ([], None)
    assert sums(shop)[ADA][0] == 2


def test_what_is_decided_or_unknown_is_no_more() -> None:
    shop, client = two_sales()
    (row,) = listed(client)
    decide(shop, client, "different")

    for identity in (row["duplicate_id"], "dup_0"):
        assert client.post(f"/v1/duplicates/{identity}", {"decision": "same"}).status == 404
    assert standings(shop)[OWN] == ([], None)


@pytest.mark.parametrize("body", [{}, {"decision": "perhaps"}, {"decision": "same", "more": 1}])
def test_a_decision_is_one_of_two_words(body: dict[str, Any]) -> None:
    _, client = two_sales()
    (row,) = listed(client)

    answer = client.post(f"/v1/duplicates/{row['duplicate_id']}", body)

    assert answer.status == 422
    assert listed(client) == [row]


def test_while_the_queue_fails_nothing_is_decided() -> None:
    _, client = two_sales()
    (row,) = listed(client)
    client.outbox.fails = AwsError("ServiceUnavailable", "down", 503, {})

    answer = client.post(f"/v1/duplicates/{row['duplicate_id']}", {"decision": "same"})

    assert answer.status == 503
    assert listed(client) == [row]
