"""What was set up, carried over to a restored table as it is now, and what acts anew by that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.cli import carried_configuration
from infra.cli.running import Running
from shared.domain.ports import Name
from tests.support.restoring import AT, delivery, deployed, event, new_table, put
from tests.support.stream import scanned_item

_WELCOME = {"version": 1, "enabled": True, "trigger": {"type": "a"}, "steps": [{"type": "end"}]}
_CRM = {"version": 1, "status": "enabled", "url": "https://crm.example.com/", "events": ["*"]}
_SHOP = {"version": 1, "role": "source", "provider": "stripe"}


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with deployed(monkeypatch) as found:
        yield found


def test_what_is_set_up_becomes_what_it_is_now_also_where_it_is_gone(running: Running) -> None:
    """The newer version is not the truth: what was deleted and made anew begins at 1."""
    other = new_table(running.aws, "new")
    now: list[tuple[Name, dict[str, Any]]] = [
        (("automation", "welcome"), {**_WELCOME, "enabled": False}),
        (("connection", "shop"), _SHOP),
        (("settings",), {"version": 2, "timezone": "Europe/Berlin"}),
        (("revision", "welcome", "2"), {"version": 1}),
    ]
    then: list[tuple[Name, dict[str, Any]]] = [
        (("automation", "welcome"), {**_WELCOME, "version": 7}),
        (("key", "old"), {"version": 1}),
        (("secret", "5f"), {"version": 1}),
        (("health", "gone"), {"version": 3}),
    ]
    for row in (*now, event("evt_1", AT), delivery("sent", 1)):
        put(running, *row)
    for row in (*then, event("evt_0", AT)):
        put(running, *row, table=other)
    source = carried_configuration.rows_of(running.aws, "table")

    there = carried_configuration.rows_of(running.aws, other)
    brought = carried_configuration.bring(running.aws, other, there, source)

    assert (brought, carried_configuration.rows_of(running.aws, other)) == (7, source)
    assert len(source) == len(now)
    assert carried_configuration.connections_of(running.aws, other) == {"shop"}
    kept: Any = running.aws.dynamodb.scan(TableName=other)["Items"]
    assert len(kept) == len(now) + 1


@pytest.mark.parametrize(
    ("name", "then", "now", "acts"),
    [
        (("automation", "welcome"), None, _WELCOME, True),
        (("automation", "welcome"), _WELCOME, {**_WELCOME, "version": 2}, False),
        (("automation", "welcome"), _WELCOME, {**_WELCOME, "trigger": {"type": "b"}}, True),
        (("automation", "welcome"), {**_WELCOME, "enabled": False}, _WELCOME, True),
        (("automation", "welcome"), _WELCOME, {**_WELCOME, "enabled": False}, False),
        (("automation", "welcome"), _WELCOME, None, False),
        (("endpoint", "crm"), None, _CRM, True),
        (("endpoint", "crm"), None, {**_CRM, "events": []}, False),
        (("endpoint", "crm"), _CRM, {**_CRM, "url": "https://new.example.com/"}, False),
        (("endpoint", "crm"), {**_CRM, "status": "disabled"}, _CRM, True),
        (("endpoint", "crm"), _CRM, {**_CRM, "status": "disabled"}, False),
        (("connection", "shop"), None, _SHOP, False),
        (("connection", "shop"), {**_SHOP, "role": "mirror"}, _SHOP, True),
        (("connection", "list"), None, {**_SHOP, "write_back": {"tags": True}}, True),
        (("connection", "list"), None, {**_SHOP, "write_back": {"tags": False}}, False),
        (("segment", "vip"), None, {"version": 1, "conditions": {"all": []}}, False),
        (("segment", "vip"), {"version": 1, "conditions": {}}, {"version": 2, "conditions": 1},
         True),
    ],
)  # fmt: skip
def test_what_acts_on_changes_otherwise_than_it_did_is_told(
    name: Name, then: dict[str, Any] | None, now: dict[str, Any] | None, acts: bool
) -> None:
    def rows(document: dict[str, Any] | None) -> carried_configuration.Rows:
        item = scanned_item(name, document) if document else None
        return {(item["pk"]["S"], item["sk"]["S"]): item} if item else {}

    found = carried_configuration.acting_anew(rows(then), rows(now))

    assert found == (["{}:{}".format(*name)] if acts else [])
