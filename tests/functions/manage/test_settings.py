"""Settings over HTTP: zone, currency, locale, widget and settle, each with its rule."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api_client import ApiClient


def test_settings_are_replaced_whole() -> None:
    client = ApiClient()
    everything = {
        "timezone": "Europe/Paris",
        "currency": "EUR",
        "locale": "fr-FR",
        "widget": ["status", "name"],
        "settle": 0,
        "email": {"from": "hello@example.com", "reply_to": "shop@example.com"},
    }

    first = client.put("/v1/settings", everything)
    second = client.put("/v1/settings", {"currency": "JPY"})

    assert (first.status, first.body) == (200, everything)
    assert second.body["currency"] == "JPY"
    assert (second.body["timezone"], second.body["settle"]) == ("UTC", 20)
    assert client.get("/v1/settings").body == second.body


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": "Europe"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"currency": "usd"}, "currency"),
        ({"currency": "XXX"}, "currency"),
        ({"locale": "english"}, "locale"),
        ({"locale": "en_US"}, "locale"),
        ({"locale": "e"}, "locale"),
        ({"widget": ["status", "status"]}, "widget"),
        ({"widget": ["line_items"]}, "widget.0"),
        ({"settle": -1}, "settle"),
        ({"settle": 901}, "settle"),
        ({"settle": "20"}, "settle"),
        ({"settle": 2.5}, "settle"),
        ({"language": "en"}, "language"),
        ({"email": {"from": "hello"}}, "email.from"),
        ({"email": {"reply_to": "hello@example.com"}}, "email.from"),
        ({"email": {"from": "hello@example.com", "password": "x"}}, "email.password"),
    ],
)
def test_a_value_that_breaks_a_rule_is_named_by_its_path(change: dict[str, Any], path: str) -> None:
    client = ApiClient()

    reply = client.put("/v1/settings", change)

    assert (reply.status, list(reply.faults)) == (422, [path])
    assert client.get("/v1/settings").body["settle"] == 20


@pytest.mark.parametrize("tag", ["de", "en-GB", "zh-Hant-TW", "es-419", "sl-rozaj", "fil"])
def test_language_tags_of_all_kinds_are_known(tag: str) -> None:
    assert ApiClient().put("/v1/settings", {"locale": tag}).body["locale"] == tag


def test_two_who_save_at_once_both_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    client = ApiClient()
    commit, rivals = client.store.commit, [1]

    def rivalled(steps: Any) -> None:
        if rivals:
            rivals.pop()
            client.put("/v1/settings", {"currency": "EUR"})
        commit(steps)

    monkeypatch.setattr(client.store, "commit", rivalled)

    assert client.put("/v1/settings", {"currency": "GBP"}).body["currency"] == "GBP"
