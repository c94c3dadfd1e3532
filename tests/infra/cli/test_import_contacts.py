"""Importing contacts at the terminal: a file handed in, its job watched, what was left told."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra.cli import import_contacts, watch
from infra.cli.__main__ import main
from infra.cli.api import Api
from infra.cli.command import CliError
from infra.local.stack import Endpoints
from tests.support.loopback_server import LoopbackServer, Received, Reply, http

CSV = b"email\nada@example.com\n"


class Stack:
    """The API and the bucket behind it, on one address; `jobs` are the answers about the job."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.upload_status = 200
        self.calls: list[tuple[str, str, bytes]] = []
        self.server = LoopbackServer(self._respond)

    @property
    def api(self) -> Api:
        return Api(Endpoints(api_url=self.server.url, admin_key="ps_1", webhooks={}))

    def hand_in(self) -> str:
        with self.server, closing(self.api) as api:
            return import_contacts.hand_in(api, CSV, "text/csv")

    def _respond(self, request: Received) -> Reply:
        line = request.first_line.removesuffix(" HTTP/1.1")
        self.calls.append((line, request.headers.get("content-type", ""), request.body))
        if line.startswith("PUT /bodies"):
            return http(self.upload_status, b"")
        if line.startswith("GET"):
            return http(200, self.jobs.pop(0))
        about = {"job_id": "j1"}
        if line.endswith("upload=true"):
            about["upload_url"] = f"{self.server.url}/bodies/imports/j1?X-Amz-Signature=1"
        return http(202, about)


def job(state: str, done: int = 0, **result: Any) -> dict[str, Any]:
    counts = {"created": 0, "updated": 0, "unchanged": 0, "rejected": 0, "errors": []}
    return {
        "job_id": "j1",
        "state": state,
        "progress": {"done": done, "total": 100},
        "result": {**counts, **result},
    }


def paysignal(stack: Stack, monkeypatch: pytest.MonkeyPatch, *argv: str) -> tuple[int, str]:
    monkeypatch.setattr(import_contacts, "outbound", lambda _: stack.api)
    monkeypatch.setattr(watch, "_POLL_SECONDS", 0)
    output = io.StringIO()
    code = main(["import", "contacts", *argv], Console(file=output, width=100, highlight=False))
    return code, output.getvalue()


def test_a_small_file_travels_in_the_request() -> None:
    stack = Stack()

    job_id = stack.hand_in()

    assert job_id == "j1"
    assert stack.calls == [("POST /v1/contacts/import", "text/csv", CSV)]


def test_a_large_file_is_put_to_its_own_address_without_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_contacts, "_INLINE_BYTES", 5)
    stack = Stack()

    stack.hand_in()

    assert [call[0] for call in stack.calls] == [
        "POST /v1/contacts/import?upload=true",
        "PUT /bodies/imports/j1?X-Amz-Signature=1",
        "POST /v1/jobs/j1/start",
    ]
    assert stack.calls[0][1:] == ("text/csv", b"")
    assert stack.calls[1][2] == CSV
    assert "authorization" not in stack.server.received[1].headers


def test_an_upload_that_is_refused_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_contacts, "_INLINE_BYTES", 5)
    stack = Stack()
    stack.upload_status = 403

    with pytest.raises(CliError, match="answered 403"):
        stack.hand_in()

    assert len(stack.calls) == 2


def test_a_job_is_watched_to_its_end_and_its_counts_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "people.csv").write_bytes(CSV)
    stack = Stack()
    stack.jobs = [job("queued"), job("running", 50), job("done", 100, created=1, unchanged=2)]

    with stack.server:
        code, told = paysignal(stack, monkeypatch, str(tmp_path / "people.csv"))

    assert code == 0
    assert "done: 1 created, 2 unchanged" in told
    assert stack.jobs == []


def test_rows_that_were_left_out_are_listed_and_fail_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "people.jsonl").write_bytes(b"{}\n")
    errors = [{"row": 7, "path": "email", "message": "is not an email address"}]
    stack = Stack()
    stack.jobs = [job("done", 100, created=1, rejected=140, errors=errors)]

    with stack.server:
        code, told = paysignal(stack, monkeypatch, str(tmp_path / "people.jsonl"))

    assert code == 1
    assert stack.calls[0][1] == "application/x-ndjson"
    assert "140 rejected" in told
    assert ["7", "email", "is not an email address"] in [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in told.splitlines()
    ]
    assert "these are the first" in told


def test_a_file_that_could_not_be_read_fails_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "people.txt").write_bytes(CSV)
    errors = [{"row": None, "path": "", "message": "the file is no longer there"}]
    stack = Stack()
    stack.jobs = [job("failed", errors=errors)]

    with stack.server:
        code, told = paysignal(stack, monkeypatch, str(tmp_path / "people.txt"), "--format", "csv")

    assert code == 1
    assert "failed" in told
    assert "the file is no longer there" in told


@pytest.mark.parametrize(
    ("name", "said"), [("people.txt", "--format"), ("missing.csv", "cannot be read")]
)
def test_a_file_that_is_none_is_told_before_anything_is_sent(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack()

    with stack.server:
        code, told = paysignal(stack, monkeypatch, str(tmp_path / name))

    assert code == 1
    assert said in told
    assert stack.calls == []
