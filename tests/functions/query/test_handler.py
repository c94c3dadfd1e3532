"""The entry of `query`: light to load, and only able to read."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from functions.query.routes import ROUTES
from infra import openapi
from shared.settings import BadSettings
from tests.support.api_client import http_event

MODULE = "functions.query.handler"


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("TABLE_NAME", "table")
    monkeypatch.setenv("LOG_BUCKET", "log")
    monkeypatch.setenv("BODIES_BUCKET", "bodies")
    monkeypatch.setenv("CONFIG_CACHE_SECONDS", "60")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    module = importlib.import_module(MODULE)
    monkeypatch.delitem(sys.modules, MODULE)
    return module


def test_the_lambda_serves_its_routes(handler: ModuleType) -> None:
    assert handler.handler.routes == ROUTES
    answer = handler.handler(http_event("GET", "/v1/keys", {}, {}, None), None)
    assert answer["statusCode"] == 401


def test_the_description_is_read_from_beside_the_handler(
    handler: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openapi.write(tmp_path / "openapi.json")
    monkeypatch.setattr(handler, "__file__", str(tmp_path / "handler.py"))

    answer = handler.handler(http_event("GET", "/v1/openapi.json", {}, {}, None), None)

    assert json.loads(answer["body"]) == openapi.document()


def test_a_missing_variable_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, MODULE, raising=False)

    with pytest.raises(BadSettings, match="TABLE_NAME is missing, LOG_BUCKET is missing, BODIES"):
        importlib.import_module(MODULE)
