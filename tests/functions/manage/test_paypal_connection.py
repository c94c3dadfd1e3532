"""PayPal's connections: the webhook's id, and the credentials that have events confirmed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.api_client import ApiClient

PATH = "/v1/connections/pp"
BODY: dict[str, Any] = {"provider": "paypal", "mode": "live", "webhook_id": "5GP028458E2496506"}
APP = {"client_id": "AaBb", "client_secret": "EeFf"}


def _secrets(client: ApiClient) -> dict[str, Any]:
    return dict(client.secrets.held["pp"])


def test_webhook_id_opens_the_door_and_credentials_have_events_confirmed() -> None:
    client = ApiClient()

    made = client.put(PATH, BODY)
    with_app = client.put(PATH, {**BODY, "api": APP})

    assert (made.status, made.body["status"], made.body["has_api"]) == (201, "active", False)
    assert with_app.body["has_api"] is True
    held = _secrets(client)
    assert held["webhook_ids"] == ["5GP028458E2496506"]
    assert held["environment"] == "live"
    assert held["api"] == {**APP, "environment": "live"}
    assert "EeFf" not in json.dumps(with_app.body)


def test_webhook_of_before_goes_on_while_the_new_one_takes_over() -> None:
    client = ApiClient()
    client.put(PATH, BODY)

    for _ in range(2):
        client.put(PATH, {**BODY, "webhook_id": "0EH40505U7160970P"})

    assert _secrets(client)["webhook_ids"] == ["0EH40505U7160970P", "5GP028458E2496506"]


def test_half_of_the_credentials_confirm_nothing() -> None:
    client = ApiClient()

    made = client.put(PATH, {**BODY, "api": {"client_id": "AaBb"}})

    assert made.body["has_api"] is False


def test_test_mode_is_paypals_sandbox() -> None:
    client = ApiClient()

    client.put(PATH, {**BODY, "mode": "test", "webhook_id": "WEBHOOK_ID", "api": APP})

    held = _secrets(client)
    assert (held["environment"], held["api"]["environment"]) == ("sandbox", "sandbox")


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_id": "WEBHOOK_ID"},
        {"webhook_id": ""},
        {"api": {**APP, "environment": "sandbox"}},
        {"api": {**APP, "environment": "production"}},
        {"signing_secrets": ["x"]},
    ],
)
def test_what_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    client = ApiClient()

    assert client.put(PATH, {**BODY, **wrong}).status == 422


def test_connection_without_a_webhook_id_is_incomplete() -> None:
    client = ApiClient()

    made = client.put(PATH, {"provider": "paypal"})

    assert made.body["status"] == "incomplete"


def test_simulators_id_of_a_former_sandbox_opens_no_live_door() -> None:
    client = ApiClient()
    client.put(PATH, {**BODY, "mode": "test", "webhook_id": "WEBHOOK_ID"})

    made = client.put(PATH, {"provider": "paypal", "mode": "live"})

    assert made.body["status"] == "incomplete"
