"""An ActiveCampaign connection that is written to: off by default, checked, and shown."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import directory
from tests.support.api_client import ApiClient

PATH = "/v1/connections/crm"
API = {"url": "https://example.api-us1.com", "token": "canary"}
BODY: dict[str, Any] = {
    "provider": "activecampaign",
    "webhook_token": "0123456789abcdef",
    "api": API,
}
WANTED = {"recurring_payments": True, "tags": True, "legacy_connection_id": 7}
OFF = {"recurring_payments": False, "tags": False, "legacy_connection_id": None}


def test_nothing_is_written_back_unless_somebody_wants_it() -> None:
    client = ApiClient()

    made = client.put(PATH, BODY)

    assert made.status == 201
    assert (made.body["write_back"], made.body["write_back_error"]) == (OFF, None)
    assert not directory.takes_tags(client.store.documents[directory.NAME])


def test_what_is_wanted_is_kept_shown_and_ends_when_it_is_left_out() -> None:
    client = ApiClient()

    wanted = client.put(PATH, {**BODY, "write_back": WANTED})
    takes_tags = directory.takes_tags(client.store.documents[directory.NAME])
    shown = client.get(PATH).body["write_back"]
    ended = client.put(PATH, BODY)

    assert wanted.body["write_back"] == shown == WANTED
    assert takes_tags
    assert ended.body["write_back"] == OFF
    assert not directory.takes_tags(client.store.documents[directory.NAME])


def test_a_refusal_is_shown_until_somebody_saves_the_connection() -> None:
    client = ApiClient()
    client.put(PATH, {**BODY, "write_back": WANTED})
    error = {"code": "write_refused", "date": 1_790_000_000_000}
    client.store.documents["connection", "crm"]["write_back_error"] = error

    shown = client.get(PATH).body["write_back_error"]
    saved = client.put(PATH, {**BODY, "write_back": WANTED})

    assert shown == {"code": "write_refused", "date": "2026-09-21T14:13:20.000Z"}
    assert saved.body["write_back_error"] is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"write_back": {"recurring_payments": True}}, "write_back"),
        ({"write_back": {**WANTED, "legacy_connection_id": 0}}, "write_back.legacy_connection_id"),
        (
            {"write_back": {**WANTED, "legacy_connection_id": "7"}},
            "write_back.legacy_connection_id",
        ),
        ({"write_back": {"tags": "yes"}}, "write_back.tags"),
        ({"write_back": {"contacts": True}}, "write_back.contacts"),
        ({"write_back": {"tags": True}, "api": None}, "write_back"),
        ({"write_back": WANTED, "api": {"token": "canary"}}, "write_back"),
        ({"write_back_error": None}, "write_back_error"),
    ],
)
def test_what_cannot_be_is_refused_by_its_path(change: dict[str, Any], path: str) -> None:
    client = ApiClient()

    reply = client.put(PATH, {**BODY, **change})

    assert (reply.status, list(reply.faults)) == (422, [path])
    assert "canary" not in reply.text
    assert client.get(PATH).status == 404


def test_other_stores_are_not_written_to() -> None:
    reply = ApiClient().put(
        "/v1/connections/shop",
        {"provider": "stripe", "signing_secrets": ["whsec_one"], "write_back": WANTED},
    )

    assert (reply.status, list(reply.faults)) == (422, ["write_back"])
