"""Who is named in a body: found behind every escape, and only where they are meant."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from shared.domain import naming

ADA = "ada@example.com"


def named(body: bytes) -> set[str]:
    return naming.addresses_in(naming.texts_of(body))


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"customer": {"email": " ADA@Example.com"}}).encode(),
        b'{"email":"ada\\u0040example.com"}',
        b'{"ada@example.com":1}',
        urlencode({"buyer_email": ADA, "x": ""}).encode(),
        json.dumps({"note": "Please write to <ada@example.com>, thanks"}).encode(),
        json.dumps({"url": "https://example.com/?email=ada@example.com&a=b@c.d"}).encode(),
        b"write to ada@example.com.",
    ],
)
def test_an_address_is_found_wherever_it_stands(body: bytes) -> None:
    assert ADA in named(body)


def test_a_longer_address_is_not_the_one_it_ends_with() -> None:
    body = json.dumps({"email": "maria/ada@example.com", "other": "o'ada@example.com"}).encode()

    assert ADA not in named(body)


def test_a_body_that_is_nothing_names_nobody() -> None:
    assert named(b"\xff\x00[") == set()
    assert named(b"[" * 100_000) == set()


@pytest.mark.parametrize(
    ("identity", "telling"),
    [("cus_9s6XKzkNRiz8i3", True), ("I-BW452GLLEP1G", True), ("25", False), ("12345678", False)],
)
def test_only_an_id_that_means_no_other_is_looked_for(identity: str, telling: bool) -> None:
    assert naming.is_telling(identity) is telling
