"""A call to write back, as the Lambda carries it out: the table is read, the account written."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from tests.support.loopback_aws import LoopbackAws
from tests.support.loopback_server import LoopbackServer, Received, Reply, http
from tests.support.stream import image
from tests.support.workshop_world import head

_CRM = {
    "connection_id": "crm",
    "provider": "activecampaign",
    "mode": "live",
    "write_back": {"recurring_payments": True, "tags": False, "legacy_connection_id": 7},
    "version": 1,
}
_SHOP = {"connection_id": "shop", "provider": "stripe", "mode": "live", "version": 1}
_ADA = {"contact_id": "c1", "email": "ada@example.com", "tags": [], "version": 1}
_CALL = {
    "v": 1,
    "connection_id": "crm",
    "provider": "activecampaign",
    "object": "write_back",
    "id": "recurring_payments",
    "payments": [["shop", "sub_1", False]],
}


class _Aws(LoopbackAws):
    """AWS with a table that holds one subscription."""

    def __init__(self) -> None:
        super().__init__("activecampaign", "unused")
        documents: dict[tuple[str, ...], dict[str, Any]] = {
            ("connection", "crm"): _CRM,
            ("connection", "shop"): _SHOP,
            ("contact", "c1"): _ADA,
            ("recurring_payment", "shop", "sub_1"): {**head(), "shown": True, "version": 1},
        }
        self._items = [image(name, each) for name, each in documents.items()]
        self.operations: list[str] = []

    def _respond(self, request: Received) -> Reply:
        if request.operation != "BatchGetItem":
            return super()._respond(request)
        self.operations.append(request.operation)
        keys = request.json()["RequestItems"]["table"]["Keys"]
        found = [each for each in self._items if {"pk": each["pk"], "sk": each["sk"]} in keys]
        return http(200, {"Responses": {"table": found}, "UnprocessedKeys": {}})


def test_a_call_reads_the_record_and_writes_the_account(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sent: list[Received] = []

    def account(request: Received) -> Reply:
        sent.append(request)
        told = {"data": {"bulkUpsertRecurringPayments": {"recordId": "a-guid"}}}
        return http(200, told)

    aws = _Aws()
    with aws.server, LoopbackServer(account) as server:
        api = {"url": "https://crm.example.com", "token": "canary", "base_url": server.url}
        secrets = {"provider": "activecampaign", "webhook_tokens": ["x"], "api": api}
        aws.parameters["/paysignal/connections/crm/secrets"] = json.dumps(secrets)
        queues = {"HISTORY_QUEUE_URL": f"{aws.server.url}/000000000000/history"}
        for name, value in {**aws.environ, **queues, "TABLE_NAME": "table"}.items():
            monkeypatch.setenv(name, value)
        module = importlib.reload(importlib.import_module("functions.call_providers.handler"))

        module.handler({"Records": [{"messageId": "1", "body": json.dumps(_CALL)}]}, None)

        module._api("activecampaign", **api).close()

    (request,) = sent
    (payment,) = request.json()["variables"]["recurringPayments"]
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert request.first_line.startswith("POST /api/3/ecom/graphql ")
    assert request.headers["api-token"] == "canary"
    assert (payment["legacyConnectionId"], payment["storeRecurringPaymentId"]) == (7, "sub_1")
    assert (payment["email"], payment["suppressAutomations"]) == ("ada@example.com", False)
    assert (line["event"], line["outcome"], line["written"]) == ("call_answered", "written", 1)
    assert "ada@" not in json.dumps(line)
