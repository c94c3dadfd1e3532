"""`paysignal erase`: asked once more, watched to its end."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from infra.cli import __main__ as command_line
from infra.cli import erase

ADA = "ada@example.com"


def job(state: str, looked_at: int = 0) -> dict[str, Any]:
    return {
        "state": state,
        "progress": {"done": looked_at, "total": None},
        "result": {"erased": 12},
    }


class Answering:
    """The API, with the job's next states."""

    def __init__(self, *states: dict[str, Any]) -> None:
        self.states = list(states)
        self.deleted: list[str] = []

    def delete(self, path: str) -> dict[str, Any]:
        self.deleted.append(path)
        return {"job_id": "job-1", "state": "queued"}

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/v1/jobs/job-1"
        return self.states.pop(0)

    def close(self) -> None:
        pass


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what runs the command against an API, and returns its code and what it printed."""

    def runs(api: Answering, *argv: str, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr(erase, "outbound", lambda url: api)
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        screen = io.StringIO()
        console = Console(file=screen, width=200)
        monkeypatch.setattr(console, "input", lambda prompt: typed)
        code = command_line.main(["erase", *argv], console)
        return code, screen.getvalue()

    return runs


def test_whoever_types_the_address_again_has_it_erased(run: Any) -> None:
    api = Answering(job("running", 10), job("done", 40))

    code, told = run(api, ADA, typed=ADA)

    assert code == 0
    assert api.deleted == ["/v1/contacts/ada%40example.com"]
    assert "12 documents of 40" in told


def test_whoever_types_something_else_erases_nobody(run: Any) -> None:
    api = Answering()

    code, told = run(api, ADA, typed="y")

    assert (code, api.deleted) == (1, [])
    assert "Nothing was erased" in told


def test_a_script_is_not_asked_and_need_not_wait(run: Any) -> None:
    api = Answering()

    code, told = run(api, ADA, "--yes", "--no-wait")

    assert code == 0
    assert "job-1" in told


def test_a_job_that_failed_is_told(run: Any) -> None:
    code, told = run(Answering(job("failed")), ADA, "--yes")

    assert code == 1
    assert "failed" in told
