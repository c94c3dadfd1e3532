"""A client generated from the OpenAPI document asks the real routes and understands their answers.

Whoever integrates generates one like this; the generator is nobody's but the tests'.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from infra import openapi
from shared.domain.reports.catalogue import REPORTS
from tests.support.report_gateway import ReportGateway, business

PACKAGE = "paysignal_client"
DAYS = {"from_": "2026-08-01", "to": "2026-09-20"}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the name of the generated package, importable as long as the tests run."""
    folder = tmp_path_factory.mktemp("client")
    document, config = folder / "openapi.json", folder / "config.yml"
    openapi.write(document)
    # It would format what it writes with whatever it finds.
    config.write_text("post_hooks: []\n", encoding="utf-8")
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate"]
    options = {"--path": document, "--config": config, "--output-path": folder / PACKAGE}
    told = [str(word) for option in options.items() for word in option]
    subprocess.run(  # noqa: S603  # the generator beside our own interpreter
        [*command, "--meta", "none", *told], capture_output=True, check=True
    )
    sys.path.insert(0, str(folder))
    yield PACKAGE
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def gateway() -> ReportGateway:
    return ReportGateway(business())


@pytest.fixture(scope="module")
def client(generated: str, gateway: ReportGateway) -> Any:
    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0]
        reply = gateway.get(path, dict(request.url.params), dict(request.headers))
        return httpx.Response(reply.status, headers=reply.headers, text=reply.text)

    made = importlib.import_module(generated).AuthenticatedClient(
        base_url="https://api.example.com", token=gateway.key, raise_on_unexpected_status=True
    )
    transport = httpx.MockTransport(answer)
    headers = {"authorization": f"Bearer {gateway.key}"}
    return made.set_httpx_client(
        httpx.Client(base_url="https://api.example.com", transport=transport, headers=headers)
    )


def call(generated: str, name: str) -> ModuleType:
    return importlib.import_module(f"{generated}.api.reports.{name}")


def test_it_lists_the_reports_and_reads_each_with_its_definition(
    generated: str, client: Any
) -> None:
    listed = call(generated, "list_reports").sync(client=client)
    names = [each.report for each in listed.items]
    assert names == [*REPORTS, "custom"]

    for name in REPORTS:
        report = call(generated, "read_one_report").sync(name, client=client, **DAYS)
        meant = call(generated, "read_report_definition").sync(name, client=client)

        assert report.report == name
        figures = {kpi.name for kpi in meant.kpis}
        assert figures == set(report.kpis.additional_properties)
        assert len(report.series) == 51


def test_figures_and_the_rows_behind_them_have_their_types(generated: str, client: Any) -> None:
    report = call(generated, "read_one_report").sync("orders", client=client, **DAYS)
    rows = call(generated, "read_report_ledger").sync("orders", client=client, kpi="net", **DAYS)

    assert report.kpis.additional_properties["net"].value == "34.00"
    assert report.kpis.additional_properties["orders"].value == 2
    assert [row.amount for row in rows.items] == ["19.00", "19.00", "-4.00"]


def test_a_mistake_comes_back_as_a_problem_that_names_it(generated: str, client: Any) -> None:
    found = call(generated, "read_one_report").sync("orders", client=client, timezone="Mars")

    assert found.status == 400
    assert [each.path for each in found.errors] == ["timezone"]


def test_the_key_of_a_dashboard_reads_reports_and_nothing_else(generated: str, client: Any) -> None:
    settings = importlib.import_module(f"{generated}.api.settings.read_settings")

    assert settings.sync(client=client).status == 403
