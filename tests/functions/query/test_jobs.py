"""Reading a long job."""

from __future__ import annotations

from shared.domain import contact_import
from tests.support.api_client import NOW, ApiClient


def put(client: ApiClient, **about: object) -> None:
    job = contact_import.new("j1", "csv", 1000, NOW) | about
    client.store.documents[contact_import.name_of("j1")] = job


def test_a_job_says_how_far_it_is_and_what_came_of_it() -> None:
    client = ApiClient()
    errors = [{"row": 7, "path": "email", "message": "is not an email address"}]
    counts = {"created": 3, "updated": 2, "unchanged": 1, "rejected": 1}
    put(client, state="running", offset=420, counts=counts, errors=errors)

    told = client.get("/v1/jobs/j1")

    assert told.status == 200
    assert told.body["state"] == "running"
    assert told.body["progress"] == {"done": 420, "total": 1000}
    assert told.body["result"] == {**counts, "errors": errors}


def test_a_job_whose_file_has_not_come_has_no_total() -> None:
    client = ApiClient()
    put(client, total=None)

    assert client.get("/v1/jobs/j1").body["progress"] == {"done": 0, "total": None}


def test_a_job_that_failed_says_why_first_even_where_the_list_is_full() -> None:
    client = ApiClient()
    full = [{"row": n, "path": "", "message": "no"} for n in range(contact_import.ERRORS_MAX)]
    job = contact_import.new("j1", "csv", 1000, NOW) | {"errors": full}
    failed = contact_import.failed(job, 300, "", "is longer than 1 MB", NOW)
    client.store.documents[contact_import.name_of("j1")] = failed

    told = client.get("/v1/jobs/j1").body

    assert told["state"] == "failed"
    assert told["result"]["errors"][0]["row"] == 300
    assert len(told["result"]["errors"]) == contact_import.ERRORS_MAX


def test_a_job_needs_its_scope() -> None:
    client = ApiClient()
    put(client)
    key = client.key("contacts:write", "config:read")

    assert client.get("/v1/jobs/j1", authorization=f"Bearer {key}").status == 403
