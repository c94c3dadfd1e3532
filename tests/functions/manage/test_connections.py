"""Connections over HTTP: made, replaced, read without secrets, deleted in a safe order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.manage.connection_bodies import CONNECTIONS
from shared.adapters.aws import AwsError
from shared.domain.errors import Contended
from shared.providers.catalogue import PROVIDERS
from tests.support.api_client import ApiClient

PATH = "/v1/connections/shop"
BODY: dict[str, Any] = {
    "provider": "stripe",
    "name": "Shop",
    "mode": "live",
    "signing_secrets": ["whsec_one"],
    "contact_policy": "create",
    "authority": 50,
}
DOWN = AwsError("ThrottlingException", "slow down", 400, {})


def test_every_provider_of_the_catalogue_can_be_connected() -> None:
    assert set(CONNECTIONS) == set(PROVIDERS)


def test_a_new_connection_is_made_and_a_known_one_replaced() -> None:
    client = ApiClient()

    made = client.put(PATH, BODY)
    replaced = client.put(PATH, {**BODY, "name": "Shop 2", "mode": "test"})

    assert (made.status, replaced.status) == (201, 200)
    assert made.body == {
        "connection_id": "shop",
        "provider": "stripe",
        "name": "Shop",
        "mode": "live",
        "resources": ["subscriptions", "orders"],
        "contact_policy": "create",
        "authority": 50,
        "role": "source",
        "late_match": {"policy": "fire_if_newer_than", "duration": "PT24H"},
        "verify": "weekly",
        "has_api": False,
        "status": "active",
        "history": {"status": "none", "imported": 0, "total": None},
        "verification": None,
        "created_date": "2026-09-21T14:13:20.000Z",
        "last_event_date": None,
    }
    assert replaced.body == {**made.body, "name": "Shop 2", "mode": "test"}
    assert client.get(PATH).body == replaced.body


def test_what_a_put_omits_returns_to_its_default() -> None:
    client = ApiClient()
    client.put(
        PATH,
        {
            **BODY,
            "role": "mirror",
            "resources": ["orders"],
            "authority": 7,
            "late_match": {"policy": "silent"},
        },
    )

    found = client.put(PATH, {"provider": "stripe"}).body

    assert (found["role"], found["authority"], found["name"]) == ("source", 50, "shop")
    assert found["resources"] == ["subscriptions", "orders"]
    assert found["late_match"]["policy"] == "fire_if_newer_than"


def test_the_secrets_lie_where_the_door_looks_and_in_no_answer_or_document() -> None:
    client = ApiClient()

    api = {"secret_key": "sk_live_canary", "base_url": "https://stripe.example.com/"}
    made = client.put(PATH, {**BODY, "signing_secrets": ["whsec_canary", "old_canary"], "api": api})

    assert client.secrets.held["shop"] == {
        "provider": "stripe",
        "signing_secrets": ["whsec_canary", "old_canary"],
        "api": {"secret_key": "sk_live_canary", "base_url": "https://stripe.example.com"},
        "disabled": False,
    }
    assert made.body["has_api"] is True
    seen = made.text + client.get(PATH).text + client.get("/v1/connections").text
    assert "canary" not in seen + repr(client.store.documents)


def test_omitted_secrets_stay_and_are_not_even_rewritten() -> None:
    client = ApiClient()
    client.put(PATH, {**BODY, "api": {"secret_key": "sk_live_1"}})
    held = json.dumps(client.secrets.held["shop"])

    found = client.put(PATH, {"provider": "stripe", "name": "Renamed"}).body

    assert json.dumps(client.secrets.held["shop"]) == held
    assert client.secrets.writes == 1
    assert (found["has_api"], found["status"]) == (True, "active")


def test_secrets_are_replaced_by_what_is_sent() -> None:
    client = ApiClient()
    client.put(PATH, {**BODY, "api": {"secret_key": "sk_1", "base_url": "https://a.example.com"}})

    client.put(PATH, {**BODY, "signing_secrets": ["  new  "], "api": {"secret_key": "sk_2"}})

    held = client.secrets.held["shop"]
    assert held["signing_secrets"] == ["new"]
    assert held["api"] == {"secret_key": "sk_2", "base_url": "https://a.example.com"}


@pytest.mark.parametrize("api", [None, {"secret_key": None, "base_url": None}])
def test_null_removes_the_api_key(api: Any) -> None:
    client = ApiClient()
    client.put(PATH, {**BODY, "api": {"secret_key": "sk_1", "base_url": "https://a.example.com"}})

    found = client.put(PATH, {**BODY, "api": api}).body

    assert found["has_api"] is False
    assert client.secrets.held["shop"]["api"] == {}


def test_a_connection_without_a_signing_secret_says_so() -> None:
    client = ApiClient()

    made = client.put(PATH, {"provider": "stripe", "api": {"secret_key": "sk_1"}}).body

    assert made["status"] == "incomplete"
    assert client.secrets.held["shop"]["signing_secrets"] == []


def test_a_connection_keeps_its_provider() -> None:
    client = ApiClient()
    client.put(PATH, BODY)
    client.store.documents["connection", "shop"]["provider"] = "paypal"

    reply = client.put(PATH, BODY)

    assert (reply.status, reply.body["detail"]) == (
        409,
        "A connection cannot change its provider.",
    )


def test_what_the_processor_keeps_on_a_connection_survives_a_put() -> None:
    client = ApiClient()
    client.put(PATH, BODY)
    client.store.documents["connection", "shop"]["last_event_date"] = client.now
    client.now += 5000

    found = client.put(PATH, BODY).body

    assert found["last_event_date"] == found["created_date"] == "2026-09-21T14:13:20.000Z"


def test_a_door_stays_closed_until_its_connection_can_be_read() -> None:
    client = ApiClient()
    client.secrets.fails = DOWN

    failed = client.put(PATH, BODY)
    client.secrets.fails = None
    again = client.put(PATH, BODY)

    assert failed.status == 503
    assert (again.status, client.secrets.held["shop"]["signing_secrets"]) == (200, ["whsec_one"])


def test_a_failed_write_of_the_document_opens_no_door(monkeypatch: pytest.MonkeyPatch) -> None:
    client = ApiClient()

    def fail(*_: Any) -> None:
        raise Contended("somebody else was faster")

    monkeypatch.setattr(client.store, "commit", fail)

    assert client.put(PATH, BODY).status == 503
    assert client.secrets.held == {}


def test_a_write_that_lost_a_race_is_made_on_what_the_other_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = ApiClient()
    client.put(PATH, BODY)
    commit, rivals = client.store.commit, [3]

    def rivalled(steps: Any) -> None:
        if rivals[0]:
            rivals[0] -= 1
            client.store.documents["connection", "shop"]["version"] += 1
            client.store.documents["connection", "shop"]["last_event_date"] = client.now
        commit(steps)

    monkeypatch.setattr(client.store, "commit", rivalled)
    found = client.put(PATH, {**BODY, "name": "Mine"}).body

    assert (found["name"], found["last_event_date"] is not None) == ("Mine", True)


def test_a_removed_connection_is_gone_with_its_secrets() -> None:
    client = ApiClient()
    client.put(PATH, BODY)

    removed = client.delete(PATH)

    assert (removed.status, removed.text) == (204, "")
    assert client.secrets.held == {}
    assert client.get(PATH).status == 404
    assert client.delete(PATH).status == 404


def test_a_door_closes_before_its_connection_goes() -> None:
    client = ApiClient()
    client.put(PATH, BODY)
    client.secrets.fails = DOWN

    assert client.delete(PATH).status == 503
    assert client.get(PATH).status == 200


def _directory(client: ApiClient) -> dict[str, Any]:
    connections: dict[str, Any] = client.store.documents["directory",]["connections"]
    return connections


def test_the_directory_lists_every_connection_as_it_is_now() -> None:
    client = ApiClient()
    client.put(PATH, {**BODY, "authority": 80})

    client.put(PATH, {**BODY, "role": "mirror"})
    client.put("/v1/connections/other", {**BODY, "mode": "test"})

    stripe = {"provider": "stripe", "authority": 50}
    assert _directory(client) == {
        "shop": {**stripe, "role": "mirror", "mode": "live"},
        "other": {**stripe, "role": "source", "mode": "test"},
    }


def test_a_removed_connection_is_marked_as_gone_in_the_directory() -> None:
    client = ApiClient()
    client.put(PATH, BODY)

    client.delete(PATH)

    assert _directory(client)["shop"]["gone"] is True
    client.put(PATH, BODY)
    assert "gone" not in _directory(client)["shop"]


def test_two_connections_made_at_once_are_both_in_the_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = ApiClient()
    commit, rivals = client.store.commit, [1]

    def rivalled(steps: Any) -> None:
        if rivals[0]:
            rivals[0] -= 1
            client.put("/v1/connections/other", BODY)
        commit(steps)

    monkeypatch.setattr(client.store, "commit", rivalled)
    client.put(PATH, BODY)

    assert sorted(_directory(client)) == ["other", "shop"]
