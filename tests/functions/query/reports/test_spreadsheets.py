"""A report as a spreadsheet fetches it: a link, and a key that may read reports, as a password."""

from __future__ import annotations

import csv
import io
from base64 import b64encode

from tests.support.report_gateway import ReportGateway, business

AUGUST = {"from": "2026-08-01", "to": "2026-08-31", "format": "csv"}


def basic(key: str) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(f'sheet:{key}'.encode()).decode()}"}


def test_a_spreadsheet_reads_a_report_as_a_table() -> None:
    gateway = ReportGateway(business())

    reply = gateway.get("/v1/reports/orders", AUGUST, basic(gateway.key))

    assert reply.status == 200
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(reply.text)))
    assert len(rows) == 31
    assert rows[1]["date"] == "2026-08-02"
    assert rows[1]["net"] == "19.00"


def test_a_key_in_the_address_opens_nothing() -> None:
    gateway = ReportGateway(business())
    nobody = {"authorization": ""}

    for name in ("key", "token", "api_key", "authorization"):
        query = {**AUGUST, name: gateway.key}
        assert gateway.get("/v1/reports/orders", query, nobody).status == 401


def test_the_key_of_a_spreadsheet_opens_reports_alone() -> None:
    gateway = ReportGateway(business())

    for path in ("/v1/settings", "/v1/contacts/ada@example.com", "/v1/connections"):
        assert gateway.get(path, {}, basic(gateway.key)).status == 403
