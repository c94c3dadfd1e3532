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
        json.dumps({"custom_id": '{"email":"ada@example.com"}'}).encode(),
        json.dumps({"custom_id": json.dumps(["x", {"email": "ada@example.com"}])}).encode(),
        json.dumps({"href": "mailto:ada@example.com"}).encode(),
        json.dumps({"from": "Ada<ada@example.com>"}).encode(),
        json.dumps({"url": "https://shop.example.com/?email=ada@example.com"}).encode(),
        json.dumps({"url": "https://shop.example.com/people/ada@example.com/orders"}).encode(),
        json.dumps({"url": "/people/ada%40example.com?page=2"}).encode(),
        json.dumps({"note": "she is 'ada@example.com'"}).encode(),
        json.dumps({"note": "ada@example.com."}).encode(),
        json.dumps({"note": "ada@example.com, b@example.com"}).encode(),
        json.dumps({"query": "email=ada%40example.com"}).encode(),
        json.dumps({"email": "ada%40example.com"}).encode(),
    ],
)
def test_an_address_is_found_wherever_it_stands(body: bytes) -> None:
    assert ADA in named(body)


def test_a_longer_address_is_not_the_one_it_ends_with() -> None:
    body = json.dumps({"email": "maria/ada@example.com", "other": "o'ada@example.com"}).encode()

    assert ADA not in named(body)


def test_an_address_that_holds_what_stands_around_others_is_taken_whole() -> None:
    assert "o'ada=x%40y@example.com" in naming.addresses_in(["O'Ada=x%40y@Example.com"])


def test_a_body_that_is_nothing_names_nobody() -> None:
    assert named(b"\xff\x00[") == set()
    assert named(b"[" * 100_000) == set()


@pytest.mark.parametrize(
    ("identity", "telling"),
    [("cus_9s6XKzkNRiz8i3", True), ("I-BW452GLLEP1G", True), ("25", False), ("12345678", False)],
)
def test_only_an_id_that_means_no_other_is_looked_for(identity: str, telling: bool) -> None:
    assert naming.is_telling(identity) is telling
