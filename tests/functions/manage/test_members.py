"""Who is in a static segment: put in, taken out, and refused where it is not a list of people."""

from __future__ import annotations

from typing import Any

import pytest

from functions.manage.members import SEGMENTS_MAX
from tests.support.api_client import ApiClient

ADA = "/v1/segments/vip/contacts/ada%40example.com"


def shop() -> tuple[ApiClient, str]:
    """Return an API with a static segment and a contact, and the contact's id."""
    client = ApiClient()
    client.put("/v1/segments/vip", {"name": "VIP", "kind": "static"})
    client.put("/v1/segments/all", {"name": "All", "match": "all", "conditions": []})
    body = {"email": "ada@example.com", "add_aliases": ["ada@home.example.com"]}
    return client, client.put("/v1/contacts", body).body["contact_id"]


def test_a_contact_is_put_in_once_and_taken_out_once() -> None:
    client, contact_id = shop()

    added, again = client.put(ADA, None), client.put(ADA, None)
    held = client.get("/v1/contacts/ada@example.com").body["segments"]
    removed, absent = client.delete(ADA), client.delete(ADA)

    assert (added.status, again.status) == (201, 200)
    assert added.body == again.body == {"contact_id": contact_id, "email": "ada@example.com"}
    assert held == ["vip"]
    assert (removed.status, absent.status) == (204, 404)
    assert client.get("/v1/contacts/ada@example.com").body["segments"] == []
    assert client.store.documents["contact", contact_id]["version"] == 3


@pytest.mark.parametrize("written", ["ADA%40Example.com", "ada%40home.example.com", "{id}"])
def test_a_contact_goes_by_email_alias_or_id(written: str) -> None:
    client, contact_id = shop()

    reply = client.put(f"/v1/segments/vip/contacts/{written.format(id=contact_id)}", None)

    assert reply.body["contact_id"] == contact_id


@pytest.mark.parametrize("who", ["nobody%40example.com", "@", "nobody", "a%2Fb"])
def test_nobody_is_not_put_anywhere(who: str) -> None:
    client, _ = shop()

    assert client.put(f"/v1/segments/vip/contacts/{who}", None).status == 404
    assert client.delete(f"/v1/segments/vip/contacts/{who}").status == 404


def test_conditions_alone_say_who_is_in_a_dynamic_segment() -> None:
    client, _ = shop()

    for reply in (
        client.put("/v1/segments/all/contacts/ada%40example.com", None),
        client.delete("/v1/segments/all/contacts/ada%40example.com"),
    ):
        assert reply.status == 409
        assert "dynamic" in reply.body["detail"]


def test_a_contact_is_in_so_many_segments_at_most() -> None:
    client, contact_id = shop()
    full = [f"s-{number}" for number in range(SEGMENTS_MAX)]
    client.store.documents["contact", contact_id]["segments"] = full

    assert client.put(ADA, None).status == 409


def test_who_writes_the_contact_meanwhile_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = shop()
    commit = client.store.commit

    def overtaken(steps: Any) -> None:
        monkeypatch.setattr(client.store, "commit", commit)
        client.put("/v1/contacts", {"email": "ada@example.com", "add_tags": ["Tea"]})
        commit(steps)

    monkeypatch.setattr(client.store, "commit", overtaken)
    client.put(ADA, None)

    ada = client.get("/v1/contacts/ada@example.com").body
    assert ([each["tag"] for each in ada["tags"]], ada["segments"]) == (["Tea"], ["vip"])


def test_a_segment_that_goes_meanwhile_gets_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    client, contact_id = shop()
    commit = client.store.commit

    def overtaken(steps: Any) -> None:
        monkeypatch.setattr(client.store, "commit", commit)
        assert client.delete("/v1/segments/vip").status == 204
        commit(steps)

    monkeypatch.setattr(client.store, "commit", overtaken)

    assert client.put(ADA, None).status == 404
    assert client.store.documents["contact", contact_id]["segments"] == []
