"""A WooCommerce connection: secrets as WordPress writes them, and a shop's API key."""

from __future__ import annotations

from typing import Any

import pytest

from infra.samples.woocommerce import SPECIAL_SECRET
from tests.support.api_client import ApiClient

PATH = "/v1/connections/coffee"
API = {"url": "https://coffee.example.com/shop/", "consumer_key": "ck_1", "consumer_secret": "cs_1"}


def body(**more: Any) -> dict[str, Any]:
    return {"provider": "woocommerce", "signing_secrets": [SPECIAL_SECRET], **more}


def test_a_secret_is_kept_as_it_was_given_blanks_and_all() -> None:
    client = ApiClient()
    odd = [" <begins & ends> with a blank ", "é &#039;"]

    made = client.put(PATH, body(signing_secrets=odd))

    assert made.status == 201
    assert client.secrets.held["coffee"]["signing_secrets"] == odd
    assert "blank" not in str(made.body)


@pytest.mark.parametrize("secret", ["", "   ", "a\nb", "a\x00b", "x" * 501])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    assert ApiClient().put(PATH, body(signing_secrets=[secret])).status == 422


def test_an_api_key_is_used_once_it_is_whole() -> None:
    client = ApiClient()

    part = client.put(PATH, body(api={"url": API["url"], "consumer_key": "ck_1"}))
    whole = client.put(PATH, body(api={"consumer_secret": "cs_1"}))
    none = client.put(PATH, body(api=None))

    assert [reply.body["has_api"] for reply in (part, whole, none)] == [False, True, False]
    assert client.secrets.held["coffee"]["api"] == {}


def test_the_key_goes_to_a_shop_over_https_alone() -> None:
    for url in ("http://coffee.example.com", "http://127.0.0.1:8080"):
        refused = ApiClient().put(PATH, body(api={**API, "url": url}))
        assert refused.faults == {"api.url": "has to be an https URL"}

    made = ApiClient(local=True).put(PATH, body(api={**API, "url": "http://127.0.0.1:8080"}))

    assert made.status == 201


def test_only_namespaces_there_are_can_be_named() -> None:
    assert ApiClient().put(PATH, body(api={**API, "namespace": "../wp/v2"})).status == 422
    client = ApiClient()
    assert client.put(PATH, body(api={**API, "namespace": "wc/v1"})).status == 201
    assert client.secrets.held["coffee"]["api"] == {
        **API,
        "url": "https://coffee.example.com/shop",
        "namespace": "wc/v1",
    }
