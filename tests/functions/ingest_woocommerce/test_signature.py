"""WooCommerce's signature: fixed vectors, and secrets as WordPress decodes them."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from typing import Any

import pytest

from functions.ingest_woocommerce.signature import decoded, event_and_subject, verify
from shared.domain.webhooks import InvalidSignature, Request

_BODY = b'{"id":1311,"status":"active"}'


def request(body: bytes, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method="POST", connection_id="shop", headers=named, query={}, body=body)


def signed(body: bytes, key: str) -> Request:
    mac = hmac.new(key.encode(), body, hashlib.sha256).digest()
    return request(body, x_wc_webhook_signature=b64encode(mac).decode())


def test_fixed_vector_is_accepted() -> None:
    """Made with `openssl dgst -sha256 -hmac wc_secret -binary | base64`."""
    vector = "e9iktdEVAiuhEdFbW+/eUYkGYmIo2tOyVh9LxQo4ItU="

    verify(request(_BODY, x_wc_webhook_signature=vector), {"signing_secrets": ["wc_secret"]}, now=0)

    with pytest.raises(InvalidSignature):
        verify(
            request(_BODY + b" ", x_wc_webhook_signature=vector),
            {"signing_secrets": ["wc_secret"]},
            now=0,
        )


@pytest.mark.parametrize(
    ("stored", "key"),
    [
        ("plain", "plain"),
        ("a&amp;b", "a&b"),
        ("a&b", "a&b"),
        ("&lt;&gt;&quot;&#039;", "<>\"'"),
        ("&#39;&#0039;&#x27;&#X0027;", "''''"),
        ("&#60;&#062;&#38;&#038;&#x26;&#34;&#x022;", '<>&&&""'),
        ("&amp;lt;", "&lt;"),
        ("&LT;&copy;&#x3c;&#65;&lt", "&LT;&copy;&#x3c;&#65;&lt"),
        ("ключ &amp; é", "ключ & é"),
    ],
)
def test_secret_counts_as_wordpress_decodes_it(stored: str, key: str) -> None:
    assert decoded(stored) == key

    verify(signed(_BODY, key), {"signing_secrets": [stored]}, now=0)


def test_secret_counts_as_it_was_given_too() -> None:
    verify(signed(_BODY, "a&amp;b"), {"signing_secrets": ["a&amp;b"]}, now=0)


def test_any_of_several_secrets_proves_a_shop() -> None:
    secrets = {"signing_secrets": ["new", "o&amp;ld"]}

    for key in ("new", "o&ld"):
        verify(signed(_BODY, key), secrets, now=0)
    with pytest.raises(InvalidSignature):
        verify(signed(_BODY, "older"), secrets, now=0)


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        ({"id": 5, "parent_id": 4, "customer_id": 3}, "3"),
        ({"id": 5, "parent_id": 4, "customer_id": 0}, "4"),
        ({"id": 5, "parent_id": 0, "customer_id": 0}, "5"),
        ({"id": "5", "customer_id": "0"}, "5"),
        ({"id": True, "customer_id": "x", "parent_id": []}, None),
        ({}, None),
    ],
)
def test_subject_is_the_customer_else_the_first_order(
    body: dict[str, Any], subject: str | None
) -> None:
    assert event_and_subject(body, request(b"")) == (None, subject)


def test_an_endless_number_in_text_names_nobody() -> None:
    assert event_and_subject({"id": "9" * 10_000}, request(b"")) == (None, None)


@pytest.mark.parametrize(
    ("given", "subject"),
    [
        (1, "1"),
        ("1", "1"),
        (0, "7"),
        ("9" * 20, "9" * 20),
        ("9" * 21, "7"),
        ("\u0661", "7"),
        (True, "7"),
        (None, "7"),
    ],
)
def test_a_subject_is_a_number_above_zero_or_the_next_best(given: object, subject: str) -> None:
    assert event_and_subject({"customer_id": given, "id": 7}, request(b"{}")) == (None, subject)


def test_a_signature_no_text_can_be_is_refused_and_no_fault() -> None:
    given = request(b"{}", x_wc_webhook_signature="\ud800")

    with pytest.raises(InvalidSignature):
        verify(given, {"signing_secrets": ["a"]}, 0)
