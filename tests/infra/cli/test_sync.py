"""Importing a history at the terminal: started, watched until its end, and what to do then."""

from __future__ import annotations

import io
from contextlib import closing
from typing import Any

import pytest
from rich.console import Console

from infra.cli import sync
from infra.cli.__main__ import main
from infra.cli.api import Api
from infra.local.stack import Endpoints
from tests.support.loopback_server import LoopbackServer, Received, Reply, http


def told(status: str, **about: Any) -> dict[str, Any]:
    unknown = {"total": None, "phase": None, "estimate_seconds": None}
    return {"status": status, "imported": 0, "rejected": 0, "errors": [], **unknown, **about}


class Stack:
    """The API: `answers` are what it tells of the import, one after the other."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, bytes]] = []
        self.slept: list[float] = []
        self.server = LoopbackServer(self._respond)

    def watch(self) -> tuple[int, str]:
        out = io.StringIO()
        console = Console(file=out, width=200, force_terminal=False)
        with self.server, closing(self._api()) as api:
            code = sync.show(sync.watch(api, "shop", console, self.slept.append), "shop", console)
        return code, out.getvalue()

    def start(self, since: str | None) -> str:
        with self.server, closing(self._api()) as api:
            return sync.start(api, "shop", since)

    def _api(self) -> Api:
        return Api(Endpoints(api_url=self.server.url, admin_key="ps_1", webhooks={}))

    def _respond(self, request: Received) -> Reply:
        self.calls.append((request.first_line.removesuffix(" HTTP/1.1"), request.body))
        if request.first_line.startswith("POST"):
            return http(202, {"job_id": "j1", "state": "queued"})
        return http(200, self.answers.pop(0))


@pytest.mark.parametrize(
    ("since", "body"), [(None, b""), ("2024-01-01", b'{"from": "2024-01-01"}')]
)
def test_an_import_is_started_from_the_beginning_or_from_a_date(
    since: str | None, body: bytes
) -> None:
    stack = Stack()

    job_id = stack.start(since)

    assert job_id == "j1"
    assert stack.calls == [("POST /v1/connections/shop/history", body)]


def test_it_is_watched_until_it_is_ready() -> None:
    stack = Stack(
        told("queued"),
        told("running", imported=100, total=250, phase="orders", estimate_seconds=75),
        told("ready", imported=248, rejected=2, total=250, errors=[{"id": "e1", "message": "why"}]),
    )

    code, said = stack.watch()

    assert (code, len(stack.slept)) == (0, 2)
    assert "ready: 248 imported, 2 rejected" in said
    assert "e1: why" in said


def test_one_that_failed_says_why_and_how_to_go_on() -> None:
    stack = Stack(told("failed", imported=100, errors=[{"id": None, "message": "busy: 429"}]))

    code, said = stack.watch()

    assert code == 1
    assert "failed: 100 imported" in said
    assert "busy: 429" in said
    assert "./paysignal sync shop" in said


def test_what_is_left_is_told_in_minutes_or_seconds_where_it_is_known() -> None:
    said = [
        sync._said(told("running", phase="orders", estimate_seconds=left))
        for left in (None, 9, 130)
    ]

    assert said == ["orders", "orders, about 9 s left", "orders, about 2 min left"]


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--csv", "x.csv", "--no-wait"], "not with --csv"),
        (["--csv", "x.csv", "--from", "2024-01-01"], "not with --csv"),
        (["--kind", "orders"], "go with --csv"),
        (["--errors", "x.csv"], "go with --csv"),
    ],
)
def test_flags_that_do_not_go_together_are_told(flags: list[str], why: str) -> None:
    out = io.StringIO()

    code = main(["sync", "shop", *flags], Console(file=out, width=200))

    assert code == 1
    assert why in out.getvalue()
