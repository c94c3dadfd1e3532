"""What `paysignal up` prints, and what it does after a stack was killed."""

from __future__ import annotations

import argparse
import io
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from infra.cli import rebuild_log, up
from infra.local.emulator import Recovery
from infra.local.stack import Endpoints

ENDPOINTS = Endpoints(api_url="http://127.0.0.1:1", admin_key="", webhooks={})


def printed(
    monkeypatch: pytest.MonkeyPatch, recovery: Recovery | None, ran: list[Any] | None = None
) -> str:
    """Bring a stack up that began like this, note rebuilds of the log, and return what is said."""
    stack: Any = SimpleNamespace(emulator=SimpleNamespace(recovery=recovery), up=lambda: ENDPOINTS)
    rebuilds: list[Any] = [] if ran is None else ran
    monkeypatch.setattr(up, "LocalStack", lambda **_: stack)
    monkeypatch.setattr(rebuild_log, "run", lambda arguments, _: rebuilds.append(arguments))
    output = io.StringIO()
    up.run(argparse.Namespace(port=1, fresh=False), Console(file=output, width=200))
    return output.getvalue()


@pytest.mark.parametrize(
    ("recovery", "rebuilt"),
    [
        (None, 0),
        (Recovery(done=3, failed=0, same_machine=True), 0),
        (Recovery(done=3, failed=0, same_machine=False), 1),
        (Recovery(done=3, failed=1, same_machine=True), 1),
    ],
)
def test_the_change_log_is_written_anew_where_the_table_may_be_older(
    monkeypatch: pytest.MonkeyPatch, recovery: Recovery | None, rebuilt: int
) -> None:
    ran: list[Any] = []

    said = printed(monkeypatch, recovery, ran)

    assert len(ran) == rebuilt
    assert all(each.aws is None and not each.dry_run for each in ran)
    assert ("./paysignal audit" in said) == bool(rebuilt)


@pytest.mark.parametrize(
    ("failed", "same_machine", "writes", "machine"),
    [(2, True, True, False), (0, False, False, True), (2, False, True, True)],
)
def test_what_may_be_lost_is_said_with_its_own_reason(
    monkeypatch: pytest.MonkeyPatch, failed: int, same_machine: bool, writes: bool, machine: bool
) -> None:
    said = printed(monkeypatch, Recovery(done=3, failed=failed, same_machine=same_machine))

    assert ("2 writes could not be made again" in said) == writes
    assert ("the machine may have gone down" in said) == machine


def test_the_address_is_the_one_that_paths_are_put_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    said = printed(monkeypatch, None)

    assert f"API       {ENDPOINTS.api_url}\n" in said
