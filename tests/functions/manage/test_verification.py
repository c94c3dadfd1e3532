"""Starting to verify a connection, and seeing what came of it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import history_import, times
from tests.support.api_client import ApiClient

API = {"secret_key": "rk_live_x"}
SHOP = {"provider": "stripe", "signing_secrets": ["whsec_x"], "api": API}


def client(**about: Any) -> ApiClient:
    made = ApiClient()
    assert made.put("/v1/connections/shop", {**SHOP, **about}).status == 201
    return made


def verify(client: ApiClient, body: Any = None) -> Any:
    return client.call("POST", "/v1/connections/shop/verify", body=body)


def test_a_verification_is_a_job_that_tells_what_differs() -> None:
    api = client()

    started = verify(api, {"repair": True})

    assert (started.status, started.body["state"]) == (202, "queued")
    job = api.get(f"/v1/jobs/{started.body['job_id']}").body
    assert (job["kind"], job["state"]) == ("verify", "queued")
    assert job["result"] == {
        "checked": 0,
        "rejected": 0,
        "repair": True,
        "repaired": 0,
        "differences": {"never_sent": 0, "sent_and_failed": 0, "stale": 0, "not_ours": 0},
        "items": [],
        "errors": [],
    }


def test_a_connection_shows_what_its_last_one_found_until_the_next_ends() -> None:
    api = client()
    first = verify(api).body["job_id"]
    begun = api.get("/v1/connections/shop").body["verification"]
    ended = {"state": "done", "ended_date": 5, "checked": 7, "differences": {"stale": 2}}
    held = api.store.documents["connection", "shop"]["verification"]
    api.store.documents["connection", "shop"]["verification"] = {**held, **ended}
    api.store.documents[history_import.name_of(first)]["state"] = "done"

    verify(api)

    assert (begun["job_id"], begun["state"], begun["ended_date"]) == (first, "queued", None)
    shown = api.get("/v1/connections/shop").body["verification"]
    assert (shown["state"], shown["ended_date"]) == ("queued", "1970-01-01T00:00:00.005Z")
    assert (shown["checked"], shown["differences"]["stale"]) == (7, 2)


def test_one_that_is_under_way_goes_on_and_one_that_repairs_is_another() -> None:
    api = client()

    first, again = verify(api), verify(api, {"repair": False})
    repairing = verify(api, {"repair": True})

    assert first.body == again.body
    assert repairing.body["job_id"] != first.body["job_id"]


@pytest.mark.parametrize(("hours", "goes_on"), [(1, True), (3, False)])
def test_one_that_failed_goes_on_while_what_it_compared_is_fresh(hours: int, goes_on: bool) -> None:
    api = client()
    first = verify(api).body["job_id"]
    job = api.store.documents[history_import.name_of(first)]
    job["state"] = "failed"
    job["updated_date"] -= hours * times.HOUR

    second = verify(api).body["job_id"]

    assert (second == first) == goes_on


def test_one_that_is_done_begins_anew() -> None:
    api = client()
    first = verify(api).body["job_id"]
    api.store.documents[history_import.name_of(first)]["state"] = "done"

    second = verify(api).body["job_id"]

    assert second != first


def test_there_has_to_be_an_api_to_ask() -> None:
    without = client(api=None)

    refused, unknown = verify(without), without.call("POST", "/v1/connections/x/verify", body={})

    assert (refused.status, unknown.status) == (409, 404)
    assert "PUT its `api` first" in refused.body["detail"]


def test_a_source_of_people_is_not_verified() -> None:
    api = ApiClient()
    crm = {"provider": "activecampaign", "api": {"url": "https://crm.example.com", "token": "t"}}
    assert api.put("/v1/connections/shop", crm).status == 201

    refused = verify(api)

    assert refused.status == 409
    assert "people and not of payments" in refused.body["detail"]


def test_how_often_a_connection_is_verified_is_its_own_setting() -> None:
    api = client(verify="daily")

    shown = api.get("/v1/connections/shop").body
    wrong = api.put("/v1/connections/shop", {**SHOP, "verify": "hourly"})

    assert shown["verify"] == "daily"
    assert wrong.status == 422
