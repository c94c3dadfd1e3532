"""The entry of `manage`: settings and clients, built once from the environment."""

from __future__ import annotations

import importlib
import sys

import pytest

from functions.manage.routes import ROUTES
from shared.settings import BadSettings
from tests.support.api_client import http_event

MODULE = "functions.manage.handler"
ENVIRONMENT = {
    "TABLE_NAME": "table",
    "PARAMETER_PREFIX": "/paysignal/connections",
    "EVENTS_QUEUE_URL": "https://q/events.fifo",
    "HISTORY_QUEUE_URL": "https://q/history",
    "AUTOMATIONS_QUEUE_URL": "https://q/automations",
    "ENDPOINT_PREFIX": "/paysignal/endpoints",
    "BACKTEST_FUNCTION": "backtest",
    "BODIES_BUCKET": "bodies",
    "LOG_BUCKET": "log",
    "CONFIG_CACHE_SECONDS": "60",
    "AWS_REGION": "eu-central-1",
}


def test_the_lambda_serves_its_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)

    module = importlib.import_module(MODULE)
    monkeypatch.delitem(sys.modules, MODULE)

    assert module.handler.routes == ROUTES
    answer = module.handler(http_event("PUT", "/v1/contacts", {}, {}, "{}"), None)
    assert answer["statusCode"] == 401


def test_missing_variables_stop_the_start_all_named_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, MODULE, raising=False)

    with pytest.raises(BadSettings) as error:
        importlib.import_module(MODULE)

    for name in ENVIRONMENT:
        assert name == "AWS_REGION" or name in str(error.value)
