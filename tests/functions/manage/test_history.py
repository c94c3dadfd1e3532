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


def start(client: ApiClient, name: str = "crm", **body: str) -> Reply:
    return client.call("POST", f"/v1/connections/{name}/history", body=body or None)


def told(client: ApiClient, name: str = "crm") -> Reply:
    return client.call("GET", f"/v1/connections/{name}/history")


def test_a_history_nobody_asked_for_is_none() -> None:
    reply = told(crm())

    assert reply.status == 200
    assert reply.body == {
        "status": "none",
        "imported": 0,
        "rejected": 0,
        "total": None,
        "phase": None,
        "pages": 0,
        "estimate_seconds": None,
        "from": None,
        "job_id": None,
        "started_date": None,
        "updated_date": None,
        "errors": [],
    }


def test_starting_queues_the_job_once_and_tells_where_to_look() -> None:
    client = crm()

    first, second = start(client), start(client)

    assert (first.status, second.status) == (202, 202)
    assert first.body == second.body == {"job_id": first.body["job_id"], "state": "queued"}
    job_id = first.body["job_id"]
    message = {"kind": "job", "job": history_import.KIND, "connection_id": "crm", "job_id": job_id}
    assert client.outbox.imports == [message, message]
    shown = told(client).body
    assert (shown["status"], shown["imported"], shown["total"]) == ("queued", 0, None)
    assert (shown["job_id"], shown["from"], shown["errors"]) == (job_id, None, [])
    job = client.call("GET", f"/v1/jobs/{job_id}").body
    assert (job["kind"], job["state"]) == ("import_history", "queued")
    assert job["progress"] == {"done": 0, "total": None}


def test_the_connection_tells_of_its_history_and_keeps_it_when_it_is_put_again() -> None:
    client = crm()
    start(client)

    client.call("PUT", "/v1/connections/crm", body={"provider": "activecampaign"})

    shown = client.call("GET", "/v1/connections/crm").body["history"]
    assert (shown["status"], shown["job_id"]) == ("queued", told(client).body["job_id"])


def test_other_providers_and_connections_without_an_api_are_refused_with_what_to_do() -> None:
    client = crm(api=None)
    client.call("PUT", "/v1/connections/shop", body={"provider": "api"})

    bare, other, nobody = start(client), start(client, "shop"), start(client, "nobody")

    assert (bare.status, other.status, nobody.status) == (409, 409, 404)
    assert "PUT its `api` first" in bare.body["detail"]
    assert "sync --csv" in other.body["detail"]
    assert client.outbox.imports == []
    assert told(client, "nobody").status == 404


def test_one_that_failed_goes_on_and_one_that_is_done_begins_anew() -> None:
    client = crm()
    job_id = start(client).body["job_id"]
    job = client.store.documents["job", job_id]
    job.update(state="failed", failure="busy", imported=60, next={"phase": "x", "cursor": "60"})

    resumed = start(client)
    kept = (told(client).body["imported"], client.store.documents["job", job_id]["next"]["cursor"])
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


def test_an_import_may_begin_at_a_date_and_one_under_way_keeps_its_own() -> None:
    client = crm()

    begun = start(client, **{"from": "2024-01-01"})
    same, bare = start(client, **{"from": "2024-01-01T00:00:00Z"}), start(client)
    other = start(client, **{"from": "2025-01-01"})
    client.store.documents["job", begun.body["job_id"]]["state"] = "failed"
    anew = start(client, **{"from": "2025-01-01"})

    assert begun.body == same.body == bare.body
    assert (other.status, anew.status) == (409, 202)
    assert "wait until it is ready" in other.body["detail"]
    assert anew.body["job_id"] != begun.body["job_id"]
    assert told(client).body["from"] == "2025-01-01T00:00:00.000Z"


def test_no_import_begins_at_a_date_to_come_or_one_that_is_none() -> None:
    client = crm()

    for text in ("2999-01-01", "1960-01-01", "soon"):
        reply = start(client, **{"from": text})

        assert (reply.status, list(reply.faults)) == (422, ["from"])
    assert client.outbox.imports == []


def test_that_a_history_was_imported_is_known_longer_than_its_job() -> None:
    client = crm()
    job_id = start(client).body["job_id"]
    client.store.documents["connection", "crm"]["history"].update(
        status="ready", imported=60, total=60, ready_date=1
    )
    del client.store.documents["job", job_id]

    shown = told(client).body

    assert (shown["status"], shown["imported"], shown["total"]) == ("ready", 60, 60)
    assert shown["job_id"] == job_id
