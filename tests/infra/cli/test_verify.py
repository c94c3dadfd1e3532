"""`paysignal verify`: watched to its end, told kind by kind, and failed while something differs."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from infra.cli import __main__ as command_line
from infra.cli import verify
from infra.cli.command import CliError

NOTHING = {"never_sent": 0, "sent_and_failed": 0, "stale": 0, "not_ours": 0}
ITEM = {
    "record": "recurring_payment/sub_1",
    "kind": "never_sent",
    "fields": [{"field": "status", "ours": "active", "theirs": "cancelled"}],
}


def job(state: str = "done", **result: Any) -> dict[str, Any]:
    told = {"checked": 7, "rejected": 0, "repair": False, "repaired": 0, "errors": []}
    whole = {**told, "differences": NOTHING, "items": [], **result}
    return {"state": state, "progress": {"done": 7, "total": 7}, "result": whole}


class Answering:
    """The API, with the job's next states."""

    def __init__(self, *states: dict[str, Any]) -> None:
        self.states = list(states)
        self.posted: list[tuple[str, Any]] = []
        self.closed = False

    def post(self, path: str, body: bytes) -> dict[str, Any]:
        self.posted.append((path, json.loads(body)))
        return {"job_id": "job-1", "state": "queued"}

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/v1/jobs/job-1"
        return self.states.pop(0)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what runs the command against an API, and returns its code and what it printed."""

    def runs(api: Answering, *argv: str) -> tuple[int, str]:
        monkeypatch.setattr(verify, "outbound", lambda url: api)
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        screen = io.StringIO()
        console = Console(file=screen, width=200)
        code = command_line.main(["verify", *argv], console)
        return code, screen.getvalue()

    return runs


def test_no_difference_is_a_success(run: Any) -> None:
    api = Answering(job("running"), job())

    code, told = run(api, "shop")

    assert code == 0
    assert "✓ 7 objects checked; nothing differs" in told
    assert api.posted == [("/v1/connections/shop/verify", {"repair": False})]
    assert api.closed


def test_what_could_not_be_compared_is_told_with_why(run: Any) -> None:
    fault = {"id": "ch_1", "message": "amount is not an integer"}

    _, told = run(Answering(job(rejected=1, errors=[fault])), "shop")

    assert told.strip().splitlines() == [
        "✗ ch_1: amount is not an integer",
        "✓ 7 objects checked; nothing differs; 1 could not be compared",
    ]


def test_a_difference_is_told_with_both_sides_and_fails(run: Any) -> None:
    api = Answering(job(differences={**NOTHING, "never_sent": 1}, items=[ITEM]))

    code, told = run(api, "shop")

    assert code == 1
    assert told.strip().splitlines() == [
        "recurring_payment/sub_1: never_sent",
        "  status: active here, cancelled there",
        "1 never_sent: the provider holds it and never told us",
        "✗ 1 differ of 7; add --repair",
    ]


def test_what_was_repaired_is_no_failure_and_what_is_not_ours_stays_one(run: Any) -> None:
    counts = {**NOTHING, "never_sent": 2}
    all_of_it = job(repair=True, repaired=2, differences=counts)
    some_of_it = job(repair=True, repaired=2, differences={**counts, "not_ours": 1})

    whole, part = run(Answering(all_of_it), "shop", "--repair"), run(Answering(some_of_it), "shop")

    assert whole[0] == 0
    assert "✓ 2 of 2 repaired" in whole[1]
    assert part[0] == 1
    assert "2 of 3 repaired; 1 are none of ours and stay" in part[1]


def test_a_provider_that_refuses_is_told_and_fails(run: Any) -> None:
    fault = {"id": None, "message": "the API key is refused"}

    code, told = run(Answering(job("failed", errors=[fault])), "shop")

    assert code == 1
    assert "✗ the API key is refused" in told
    assert "Try again to go on" in told


def test_the_report_is_printed_for_a_program(run: Any) -> None:
    report = job(differences={**NOTHING, "stale": 1}, items=[{**ITEM, "kind": "stale"}])

    code, told = run(Answering(report), "shop", "--json")

    assert code == 1
    assert json.loads(told) == report


def test_a_failed_job_has_nothing_left_to_conclude() -> None:
    with pytest.raises(CliError, match="Try again to go on"):
        verify.show(job("failed"), Console(file=io.StringIO()))
