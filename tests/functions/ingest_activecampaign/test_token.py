"""The token in the address: how much of it is read, and what else is turned away."""

from __future__ import annotations

import pytest

from functions.ingest_activecampaign.token import verify
from shared.domain.webhooks import InvalidSignature, Request


def _check(token: str, stored: str, body: bytes = b"type=open") -> None:
    request = Request(
        method="POST", connection_id="shop", headers={}, query={"token": token}, body=body
    )
    verify(request, {"webhook_tokens": [stored]}, 0)


def test_a_token_of_500_characters_proves_and_a_longer_one_does_not() -> None:
    _check("t" * 500, "t" * 500)

    with pytest.raises(InvalidSignature):
        _check("t" * 501, "t" * 501)


def test_a_token_that_no_encoding_can_write_is_refused_like_any_other() -> None:
    with pytest.raises(InvalidSignature) as refused:
        _check("token-of-the-shop-\udc80", "token-of-the-shop-0")

    assert refused.value.metric == "bad_signature"


def test_json_with_the_right_token_is_counted_by_its_own_name() -> None:
    with pytest.raises(InvalidSignature) as refused:
        _check("token-of-the-shop-0", "token-of-the-shop-0", b' {"fetched":"contact"}')

    assert refused.value.metric == "not_a_webhook"
