"""What a connection may be: what is refused is refused with its path."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api_client import ApiClient

PATH = "/v1/connections/shop"
BODY: dict[str, Any] = {"provider": "stripe", "name": "Shop", "signing_secrets": ["whsec_one"]}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"signing_secrets": []}, "signing_secrets"),
        ({"signing_secrets": [""]}, "signing_secrets.0"),
        ({"signing_secrets": ["whsec_x", " \t "]}, "signing_secrets.1"),
        ({"signing_secrets": ["whsec x"]}, "signing_secrets.0"),
        ({"signing_secrets": ["whsec_\u00e4"]}, "signing_secrets.0"),
        ({"signing_secrets": ["x" * 501]}, "signing_secrets.0"),
        ({"signing_secrets": ["1", "2", "3"]}, "signing_secrets"),
        ({"signing_secrets": "whsec_x"}, "signing_secrets"),
        ({"signing_secrets": None}, "signing_secrets"),
        ({"provider": "paypall"}, "provider"),
        ({"provider": None}, "provider"),
        ({"provider": ["stripe"]}, "provider"),
        ({"name": ""}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"mode": "sandbox"}, "mode"),
        ({"authority": "50"}, "authority"),
        ({"authority": True}, "authority"),
        ({"authority": 50.0}, "authority"),
        ({"authority": -1}, "authority"),
        ({"authority": 1001}, "authority"),
        ({"contact_policy": "merge"}, "contact_policy"),
        ({"role": "owner"}, "role"),
        ({"resources": []}, "resources"),
        ({"resources": ["orders", "orders"]}, "resources"),
        ({"resources": ["contacts"]}, "resources.0"),
        ({"late_match": {"policy": "fire", "duration": "PT1H"}}, "late_match"),
        ({"late_match": {"duration": "P1M"}}, "late_match.duration"),
        ({"late_match": {"policy": "never"}}, "late_match.policy"),
        ({"api": {"secret_key": ""}}, "api.secret_key"),
        ({"api": {"token": "x"}}, "api.token"),
        ({"api": {"base_url": "http://api.example.com"}}, "api.base_url"),
        ({"api": {"base_url": "http://127.0.0.1:8080"}}, "api.base_url"),
        ({"api": {"base_url": "ftp://api.example.com"}}, "api.base_url"),
        ({"api": {"base_url": "https://api.stripe.com@evil.example.com"}}, "api.base_url"),
        ({"api": {"base_url": "https://api.example.com/?x=1"}}, "api.base_url"),
        ({"api": {"base_url": "https://"}}, "api.base_url"),
        ({"secret": "x"}, "secret"),
        ({"status": "active"}, "status"),
        ({"has_api": True}, "has_api"),
        ({"last_event_date": None}, "last_event_date"),
    ],
)
def test_a_value_that_breaks_a_rule_is_named_by_its_path(change: dict[str, Any], path: str) -> None:
    client = ApiClient()

    reply = client.put(PATH, {**BODY, **change})

    assert (reply.status, list(reply.faults)) == (422, [path])
    assert "whsec" not in reply.text
    assert client.secrets.held == {}
    assert client.get(PATH).status == 404


def test_the_provider_has_to_be_named() -> None:
    assert list(ApiClient().put(PATH, {}).faults) == ["provider"]


def test_only_the_local_stack_may_speak_plain_http_and_only_to_itself() -> None:
    client = ApiClient(local=True)

    to_itself = client.put(PATH, {**BODY, "api": {"base_url": "http://127.0.0.1:8080"}})
    elsewhere = client.put(PATH, {**BODY, "api": {"base_url": "http://api.example.com"}})

    assert (to_itself.status, elsewhere.status) == (201, 422)


@pytest.mark.parametrize("identity", ["a", "0", "shop-2", "a" * 63, "a-"])
def test_ids_of_small_letters_digits_and_hyphens_are_fine(identity: str) -> None:
    assert ApiClient().put(f"/v1/connections/{identity}", BODY).status == 201


@pytest.mark.parametrize(
    "identity", ["Shop", "-a", "a_b", "a.b", "a" * 64, "%C3%A4", "..", "a%20", "*", "a%0A"]
)
def test_other_ids_are_refused(identity: str) -> None:
    reply = ApiClient().put(f"/v1/connections/{identity}", BODY)

    assert (reply.status, list(reply.faults)) == (422, ["connection_id"])


def test_an_id_of_two_segments_is_no_route() -> None:
    assert ApiClient().put("/v1/connections/a%2Fb", BODY).status == 404
