"""Taking in files of contacts over the API, and watching their jobs."""

from __future__ import annotations

import pytest

from shared.adapters.aws import AwsError
from shared.domain import contact_import
from shared.domain.errors import Retryable
from tests.support.api_client import NOW, ApiClient, Reply

IMPORT = "/v1/contacts/import"
CSV = "email,tags\nada@example.com,VIP\n"


def send(client: ApiClient, raw: str = CSV, kind: str = "text/csv", **options: object) -> Reply:
    return client.call("POST", IMPORT, raw=raw, content_type=kind, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "raw", "encoded"),
    [
        ("text/csv", CSV, False),
        ("text/csv; charset=utf-8", "\ufeff" + CSV, True),
        ("application/x-ndjson", '{"email":"ada@example.com"}\n', True),
    ],
)
def test_a_file_is_stored_and_its_job_queued(kind: str, raw: str, encoded: bool) -> None:
    client = ApiClient()

    reply = send(client, raw, kind, encoded=encoded)

    assert reply.status == 202
    job_id = reply.body["job_id"]
    assert reply.body == {"job_id": job_id}
    assert client.uploads.files == {f"imports/{job_id}": raw.encode()}
    assert client.outbox.imports == [
        {"kind": "job", "job": "import_contacts", "job_id": job_id, "page": 0}
    ]
    told = client.get(f"/v1/jobs/{job_id}").body
    assert told == {
        "job_id": job_id,
        "kind": "import_contacts",
        "state": "queued",
        "progress": {"done": 0, "total": len(raw.encode())},
        "result": {"created": 0, "updated": 0, "unchanged": 0, "rejected": 0, "errors": []},
        "created_date": "2026-09-21T14:13:20.000Z",
        "updated_date": "2026-09-21T14:13:20.000Z",
    }


@pytest.mark.parametrize(
    ("kind", "raw", "said"),
    [
        ("application/json", "{}", "application/x-ndjson or text/csv"),
        ("", CSV, "application/x-ndjson or text/csv"),
        ("text/csv", "", "empty"),
        ("application/x-ndjson", " \n", "empty"),
    ],
)
def test_what_is_no_file_of_contacts_is_a_bad_request(kind: str, raw: str, said: str) -> None:
    client = ApiClient()

    reply = send(client, raw, kind)

    assert reply.status == 400
    assert said in reply.body["detail"]
    assert client.uploads.files == {}


def test_latin_1_is_refused_with_what_to_do() -> None:
    client = ApiClient()
    raw = "email,company\na@example.com,caf\u00e9\n"

    reply = send(client, raw.encode("latin-1").decode("utf-8", "surrogateescape"))

    assert reply.status == 400
    assert "save the file as UTF-8" in reply.body["detail"]


@pytest.mark.parametrize("raw", ["name\nAda\n", "ada@example.com,Ada\n", "tags\nVIP\n"])
def test_a_header_that_breaks_the_rules_is_told_at_once(raw: str) -> None:
    client = ApiClient()

    reply = send(client, raw)

    assert reply.status == 422
    assert "email" in next(iter(reply.faults.values()))
    assert "ada@" not in reply.text
    assert client.outbox.imports == []


def test_a_large_file_is_put_to_an_address_of_its_own_and_started() -> None:
    client = ApiClient()

    expected = send(client, "", query={"upload": "true"})
    job_id = expected.body["job_id"]
    too_early = client.post(f"/v1/jobs/{job_id}/start")
    client.uploads.put(f"imports/{job_id}", CSV.encode())
    started = client.post(f"/v1/jobs/{job_id}/start")

    assert expected.status == 202
    key = contact_import.key_of(job_id)
    assert expected.body["upload_url"] == client.uploads.address(key, NOW)
    assert too_early.status == 409
    assert "upload_url" in too_early.body["detail"]
    assert (started.status, started.body) == (202, {"job_id": job_id, "state": "queued"})
    assert [each["job_id"] for each in client.outbox.imports] == [job_id]
    told = client.get(f"/v1/jobs/{job_id}").body
    assert told["progress"] == {"done": 0, "total": len(CSV)}


def test_a_start_whose_message_was_lost_can_be_repeated_and_one_under_way_cannot() -> None:
    client = ApiClient()
    job_id = send(client, "", query={"upload": "true"}).body["job_id"]
    client.uploads.put(f"imports/{job_id}", CSV.encode())
    client.outbox.fails = AwsError("ServiceUnavailable", "later", 503, {})
    lost = client.post(f"/v1/jobs/{job_id}/start")
    client.outbox.fails = None

    again = client.post(f"/v1/jobs/{job_id}/start")
    client.store.documents["job", job_id]["state"] = "running"
    running = client.post(f"/v1/jobs/{job_id}/start")

    assert [each.status for each in (lost, again, running)] == [503, 202, 409]
    assert len(client.outbox.imports) == 1


def test_a_file_beyond_the_limit_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    client = ApiClient()
    job_id = send(client, "", query={"upload": "true"}).body["job_id"]
    monkeypatch.setattr(client.uploads, "size", lambda key: contact_import.BYTES_MAX + 1)

    reply = client.post(f"/v1/jobs/{job_id}/start")

    assert reply.status == 413
    assert "in parts" in reply.body["detail"]


def test_while_the_queue_is_away_the_caller_is_asked_to_come_again() -> None:
    client = ApiClient()
    client.outbox.fails = Retryable("the queue is away")

    assert send(client).status == 503
