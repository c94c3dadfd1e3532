"""The example dashboard: each of its queries is performed, and finds what its panels show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import infra
from shared.domain.reports.catalogue import REPORTS
from tests.support.report_gateway import ReportGateway, business

DASHBOARD = Path(infra.__file__).parent / "dashboards" / "grafana.json"
# What Grafana puts in for its own variables.
VARIABLES = {
    "${__from:date:YYYY-MM-DD}": "2026-08-01",
    "${__to:date:YYYY-MM-DD}": "2026-09-20",
    "$currency": "USD",
}
Json = dict[str, Any]


def targets() -> Iterator[tuple[str, Json]]:
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target


@pytest.fixture(scope="module")
def gateway() -> ReportGateway:
    return ReportGateway(business())


def found(row: Any, selector: str) -> Any:
    """Return what a column's selector finds in a row."""
    for name in selector.split("."):
        row = row[name]
    return row


@pytest.mark.parametrize(("title", "target"), list(targets()))
def test_a_panel_finds_every_field_it_shows(
    gateway: ReportGateway, title: str, target: Json
) -> None:
    asked = {
        each["key"]: VARIABLES.get(each["value"], each["value"])
        for each in target["url_options"]["params"]
    }
    assert not any("$" in value for value in asked.values()), title

    reply = gateway.get(target["url"], asked, {})

    assert reply.status == 200, reply.text
    root = reply.body[target["root_selector"]]
    rows = root if isinstance(root, list) else [root]
    assert rows
    for column in target["columns"]:
        values = [found(row, column["selector"]) for row in rows]
        assert any(value is not None for value in values), column
        if column["type"] == "number":
            assert all(value is None or float(value) >= -1e9 for value in values)


def test_the_dashboard_holds_no_address_and_no_key() -> None:
    text = DASHBOARD.read_text(encoding="utf-8")

    assert "://" not in text
    assert "ps_" not in text
    assert "authorization" not in text.lower()


def test_the_dashboard_asks_reports_there_are() -> None:
    asked = {target["url"].removeprefix("/v1/reports/") for _, target in targets()}

    assert asked <= set(REPORTS)
