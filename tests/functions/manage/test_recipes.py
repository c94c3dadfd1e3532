"""Installing recipes, and beginning backtests, over the API."""

from __future__ import annotations

import pytest

from shared.domain.errors import Retryable
from shared.domain.recipes.catalogue import RECIPES
from tests.support.api_client import NOW, ApiClient


@pytest.fixture
def client() -> ApiClient:
    return ApiClient()


def test_a_recipe_becomes_an_automation_of_its_name(client: ApiClient) -> None:
    made = client.post("/v1/recipes/failed-payment", {})

    assert made.status == 201
    assert made.body["automation_id"] == "failed-payment"
    assert made.body == client.get("/v1/automations/failed-payment").body


def test_a_recipe_takes_a_name_parameters_and_may_wait(client: ApiClient) -> None:
    client.put("/v1/endpoints/crm", {"url": "https://hooks.example.com/in"})
    body = {
        "automation_id": "gift-5",
        "parameters": {"number": 5, "endpoint_id": "crm"},
        "enabled": False,
    }

    made = client.post("/v1/recipes/milestone-gift", body)

    assert made.body["automation_id"] == "gift-5"
    assert made.body["enabled"] is False
    assert made.body["steps"][-1] == {"type": "webhook", "endpoint_id": "crm"}


def test_an_endpoint_that_does_not_exist_is_refused(client: ApiClient) -> None:
    made = client.post("/v1/recipes/paused", {"parameters": {"endpoint_id": "crm"}})

    assert made.status == 422
    assert made.faults == {"steps[1].webhook.endpoint_id": "there is no such endpoint"}


def test_what_somebody_may_have_edited_is_not_overwritten(client: ApiClient) -> None:
    client.post("/v1/recipes/paused", {})
    held = client.get("/v1/automations/paused").body

    again = client.post("/v1/recipes/paused", {"parameters": {"tag": "OTHER"}})

    assert again.status == 409
    assert "automation_id" in again.body["detail"]
    assert client.get("/v1/automations/paused").body == held


def test_the_recipes_are_listed_with_whether_they_are_installed(client: ApiClient) -> None:
    client.post("/v1/recipes/paused", {})

    items = client.get("/v1/recipes").body["items"]

    assert [each["name"] for each in items] == list(RECIPES)
    assert [each["name"] for each in items if each["installed"]] == ["paused"]


def test_a_backtest_is_a_job_that_somebody_is_called_for(client: ApiClient) -> None:
    client.post("/v1/recipes/paused", {})

    begun = client.post("/v1/automations/paused/backtest", {"from": "2026-09-01"})

    assert begun.status == 202
    job = client.get(f"/v1/jobs/{begun.body['job_id']}").body
    assert client.backtests.begun == [begun.body["job_id"]]
    assert job["state"] == begun.body["state"] == "queued"
    assert job["kind"] == "backtest"
    assert job["result"]["from"] == "2026-09-01T00:00:00.000Z"
    assert job["result"]["firings"] == []


def test_days_are_the_businesss_own_and_the_last_counts_as_a_whole(client: ApiClient) -> None:
    client.put("/v1/settings", {"timezone": "America/New_York"})
    client.post("/v1/recipes/paused", {})

    begun = client.post(
        "/v1/automations/paused/backtest", {"from": "2026-03-07", "to": "2026-03-08"}
    )

    result = client.get(f"/v1/jobs/{begun.body['job_id']}").body["result"]
    assert result["from"] == "2026-03-07T05:00:00.000Z"
    # The day on which clocks went forward: it ends at four in UTC.
    assert result["to"] == "2026-03-09T03:59:59.999Z"


def test_what_has_not_happened_yet_is_not_asked_for(client: ApiClient) -> None:
    client.post("/v1/recipes/paused", {})

    begun = client.post(
        "/v1/automations/paused/backtest", {"from": "2026-09-01T00:00:00Z", "to": "2027-01-01"}
    )

    job = client.store.documents["job", begun.body["job_id"]]
    assert job["last"] == NOW


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "2026-09-02", "to": "soon, I hope"}, "to"),
        ({"from": "2026-09-02", "to": "2026-09-01"}, "to"),
        ({}, "from"),
    ],
)
def test_dates_that_make_no_sense_are_refused_by_name(
    client: ApiClient, body: dict[str, str], path: str
) -> None:
    client.post("/v1/recipes/paused", {})

    refused = client.post("/v1/automations/paused/backtest", body)

    assert refused.status == 422
    assert list(refused.faults) == [path]


def test_where_nobody_can_be_called_it_is_to_be_asked_again(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/v1/recipes/paused", {})

    def fail(job_id: str) -> None:
        raise Retryable("Lambda answered TooManyRequestsException")

    monkeypatch.setattr(client.backtests, "begin", fail)

    assert client.post("/v1/automations/paused/backtest", {"from": "2026-09-01"}).status == 503
