"""A PayKickstart connection: secrets by campaign, write-only, each kept until it is replaced."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api_client import ApiClient

PATH = "/v1/connections/vendor"
_ONE = {"provider": "paykickstart", "campaign_secrets": {"215": ["one"]}}


def test_a_campaigns_secret_opens_the_door_and_is_never_told() -> None:
    client = ApiClient()
    made = client.put(PATH, _ONE)

    assert made.status == 201
    assert made.body["status"] == "active"
    assert "secret" not in made.text
    assert client.secrets.held["vendor"]["campaign_secrets"] == {"215": ["one"]}


def test_without_any_the_connection_is_incomplete() -> None:
    client = ApiClient()
    assert client.put(PATH, {"provider": "paykickstart"}).body["status"] == "incomplete"


def test_a_campaign_left_out_stays_and_null_removes_one() -> None:
    client = ApiClient()
    client.put(PATH, _ONE)

    client.put(PATH, {"provider": "paykickstart", "campaign_secrets": {"216": ["new", "old"]}})
    both = client.secrets.held["vendor"]["campaign_secrets"]
    client.put(PATH, {"provider": "paykickstart", "campaign_secrets": {"215": None}})
    left = client.secrets.held["vendor"]["campaign_secrets"]
    client.put(PATH, {"provider": "paykickstart", "name": "Renamed"})

    assert both == {"215": ["one"], "216": ["new", "old"]}
    assert left == {"216": ["new", "old"]}
    assert client.secrets.held["vendor"]["campaign_secrets"] == left


def test_a_token_lets_the_api_be_asked() -> None:
    client = ApiClient()
    client.put(PATH, {**_ONE, "api": {"auth_token": "token_canary"}})

    assert client.secrets.held["vendor"]["api"] == {"auth_token": "token_canary"}
    found = client.get(PATH).body
    assert found["has_api"] is True
    assert "token_canary" not in str(found)


@pytest.mark.parametrize(
    ("campaigns", "path"),
    [
        ({"215": []}, "campaign_secrets.215"),
        ({"215": ["a", "b", "c"]}, "campaign_secrets.215"),
        ({"215": [""]}, "campaign_secrets.215"),
        ({"2 15": ["a"]}, "campaign_secrets"),
        ({"": ["a"]}, "campaign_secrets"),
        (["a"], "campaign_secrets"),
    ],
)
def test_other_shapes_are_refused_by_their_path(campaigns: Any, path: str) -> None:
    client = ApiClient()

    answer = client.put(PATH, {"provider": "paykickstart", "campaign_secrets": campaigns})

    assert answer.status == 422
    assert answer.body["errors"][0]["path"].startswith(path)
