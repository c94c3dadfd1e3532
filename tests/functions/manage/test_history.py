"""Starting the import of a connection's history, and seeing how far it is."""

from __future__ import annotations

from typing import Any

from shared.domain import history_import
from tests.support.api_client import ApiClient, Reply

CRM = {
    "provider": "activecampaign",
    "webhook_token": "a-token-nobody-guesses",
    "api": {"url": "https://example.api-us1.com/", "token": "secret-api-token"},
}


def crm(**about: Any) -> ApiClient:
    client = ApiClient()
    made = client.call("PUT", "/v1/connections/crm", body={**CRM, **about})
    assert made.status == 201, made.text
    return client


def start(client: ApiClient, name: str = "crm") -> Reply:
    return client.call("POST", f"/v1/connections/{name}/history")


def told(client: ApiClient, name: str = "crm") -> Reply:
    return client.call("GET", f"/v1/connections/{name}/history")


def test_a_history_nobody_asked_for_is_none() -> None:
    reply = told(crm())

    assert reply.status == 200
    assert reply.body == {"status": "none", "imported": 0, "total": None, "job_id": None}


def test_starting_queues_the_job_once_and_tells_where_to_look() -> None:
    client = crm()

    first, second = start(client), start(client)

    assert (first.status, second.status) == (202, 202)
    assert first.body == second.body == {"job_id": first.body["job_id"], "state": "queued"}
    job_id = first.body["job_id"]
    message = {"kind": "job", "job": history_import.KIND, "connection_id": "crm", "job_id": job_id}
    assert client.outbox.imports == [message, message]
    assert told(client).body == {
        "status": "queued", "imported": 0, "total": None, "job_id": job_id,
    }  # fmt: skip
    job = client.call("GET", f"/v1/jobs/{job_id}").body
    assert (job["kind"], job["state"]) == ("import_history", "queued")
    assert job["progress"] == {"done": 0, "total": None}


def test_the_connection_tells_of_its_history_and_keeps_it_when_it_is_put_again() -> None:
    client = crm()
    start(client)

    client.call("PUT", "/v1/connections/crm", body={"provider": "activecampaign"})

    shown = client.call("GET", "/v1/connections/crm").body
    assert shown["history"] == told(client).body


def test_other_providers_and_connections_without_an_api_are_refused_with_what_to_do() -> None:
    client = crm(api=None)
    client.call("PUT", "/v1/connections/shop", body={"provider": "api"})

    bare, other, nobody = start(client), start(client, "shop"), start(client, "nobody")

    assert (bare.status, other.status, nobody.status) == (409, 409, 404)
    assert "PUT its `api` first" in bare.body["detail"]
    assert "activecampaign" in other.body["detail"]
    assert client.outbox.imports == []
    assert told(client, "nobody").status == 404


def test_one_that_failed_goes_on_and_one_that_is_done_begins_anew() -> None:
    client = crm()
    job_id = start(client).body["job_id"]
    job = client.store.documents["job", job_id]
    job.update(state="failed", after="60", offset=60)

    resumed = start(client)
    kept = (told(client).body["imported"], client.store.documents["job", job_id]["after"])
    client.store.documents["job", job_id]["state"] = "done"
    anew = start(client)

    assert resumed.body == {"job_id": job_id, "state": "queued"}
    assert kept == (60, "60")
    assert anew.body["job_id"] != job_id
    assert told(client).body["imported"] == 0


def test_a_crash_before_the_message_is_mended_by_asking_again() -> None:
    client = crm()
    client.outbox.fails = ConnectionError("the queue is away")
    broken = start(client)
    client.outbox.fails = None

    again = start(client)

    assert broken.status == 500
    assert again.body["job_id"] == told(client).body["job_id"]
    assert len(client.outbox.imports) == 1


def test_tokens_are_write_only_and_the_one_before_stays_valid() -> None:
    client = crm()

    for token in (
        "a-token-nobody-guesses",
        "another-token-nobody-guesses",
        "third-token-of-them-all",
    ):
        reply = client.call(
            "PUT",
            "/v1/connections/crm",
            body={"provider": "activecampaign", "webhook_token": token},
        )
        assert "token" not in reply.text

    held = client.secrets.held["crm"]
    assert held["webhook_tokens"] == ["third-token-of-them-all", "another-token-nobody-guesses"]
    assert held["api"] == {"url": "https://example.api-us1.com", "token": "secret-api-token"}


def test_tokens_that_can_be_guessed_or_break_an_address_are_refused() -> None:
    for token in ("short", "x" * 201, "with spaces in it all", "with&ampersand=inside", ""):
        reply = ApiClient().call(
            "PUT",
            "/v1/connections/crm",
            body={"provider": "activecampaign", "webhook_token": token},
        )

        assert (reply.status, list(reply.faults)) == (422, ["webhook_token"])


def test_a_connection_without_a_token_is_incomplete_and_an_address_has_to_be_https() -> None:
    client = ApiClient()

    bare = client.call("PUT", "/v1/connections/crm", body={**CRM, "webhook_token": None})
    plain = client.call(
        "PUT",
        "/v1/connections/other",
        body={**CRM, "api": {"url": "http://example.com", "token": "x"}},
    )

    assert (bare.body["status"], bare.body["has_api"]) == ("incomplete", True)
    assert plain.faults == {"api.url": "has to be an https URL"}
