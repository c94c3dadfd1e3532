"""What `paysignal up` does after a stack was killed."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from infra.cli import rebuild_log, up
from infra.local.emulator import Recovery
from infra.local.stack import Endpoints

ENDPOINTS = Endpoints(api_url="http://127.0.0.1:1", admin_key="", webhooks={})


@pytest.mark.parametrize(
    ("recovery", "rebuilt"),
    [
        (None, 0),
        (Recovery(done=3, failed=0, whole=True), 0),
        (Recovery(done=3, failed=0, whole=False), 1),
    ],
)
def test_the_change_log_is_written_anew_where_the_table_may_be_older(
    monkeypatch: pytest.MonkeyPatch, recovery: Recovery | None, rebuilt: int
) -> None:
    stack: Any = SimpleNamespace(emulator=SimpleNamespace(recovery=recovery), up=lambda: ENDPOINTS)
    monkeypatch.setattr(up, "LocalStack", lambda **_: stack)
    ran: list[Any] = []
    monkeypatch.setattr(rebuild_log, "run", lambda arguments, _: ran.append(arguments))
    output = io.StringIO()

    up.start(Console(file=output, width=200), port=1)

    assert len(ran) == rebuilt
    assert all(each.aws is None and not each.dry_run for each in ran)
    assert ("./paysignal audit" in output.getvalue()) == bool(rebuilt)
