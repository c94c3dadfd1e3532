"""Small words of a door: names of connections, usable secrets, tolerant reading."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.webhooks import (
    InvalidSignature,
    NoSecret,
    Request,
    is_connection_id,
    text_at,
    usable_secrets,
)


@pytest.mark.parametrize("text", ["shop", "SHOP-2_eu", "0", "a" * 64])
def test_names_of_connections(text: str) -> None:
    assert is_connection_id(text)


@pytest.mark.parametrize(
    "text",
    ["", "a" * 65, "../admin", "a/b", "a.b", "a b", "a\n", "a\0", "é", "\u0661", "a%2Fb", "a#b"],
)
def test_what_could_lead_out_of_its_parameter_is_no_name(text: str) -> None:
    """Matrix row 22: an id is put into the name of an SSM parameter and an S3 key."""
    assert not is_connection_id(text)


@pytest.mark.parametrize(
    "secrets",
    [
        {},
        {"signing_secrets": None},
        {"signing_secrets": []},
        {"signing_secrets": "whsec_not_a_list"},
        {"signing_secrets": [None]},
        {"signing_secrets": [""]},
        {"signing_secrets": [" "]},
        {"signing_secrets": ["\t\n", "whsec_", "whsec_ "]},
        {"signing_secrets": [12, {}, []]},
    ],
)
def test_empty_secret_is_never_a_key(secrets: dict[str, Any]) -> None:
    """Layr-Labs/d-inference#710 and stripe-node#2841: with an empty key anybody can sign."""
    with pytest.raises(NoSecret):
        usable_secrets(secrets, prefix="whsec_")


def test_usable_secrets_are_picked_from_among_empty_ones() -> None:
    found = usable_secrets({"signing_secrets": ["", "whsec_", "whsec_a", None, "é"]}, "whsec_")

    assert found == [b"whsec_a", "é".encode()]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("id",), "evt_1"),
        (("data", "object", "customer"), "cus_1"),
        (("data", "object", "expanded"), "cus_2"),
        (("data", "object", "empty"), None),
        (("data", "object", "number"), None),
        (("data", "object", "list"), None),
        (("data", "missing", "deep", "er"), None),
        (("id", "of", "text"), None),
        (("data", "object", "nested"), None),
    ],
)
def test_text_is_found_or_nothing_but_never_an_error(path: tuple[str, ...], found: str) -> None:
    customer = {
        "customer": "cus_1",
        "expanded": {"id": "cus_2", "object": "customer"},
        "empty": "",
        "number": 7,
        "list": ["cus_3"],
        "nested": {"id": {"id": "no"}},
    }

    assert text_at({"id": "evt_1", "data": {"object": customer}}, *path) == found


def test_header_that_was_not_sent_is_empty() -> None:
    request = Request(method="POST", connection_id="shop", headers={"a": "1"}, query={}, body=b"")

    assert (request.header("a"), request.header("b")) == ("1", "")


def test_a_request_that_is_not_proved_is_counted_as_a_bad_signature() -> None:
    assert InvalidSignature().metric == "bad_signature"
    assert InvalidSignature("replay_window").metric == "replay_window"
