"""The entry of `backtest`: it does the job it is told of, and knows when its time is over."""

from __future__ import annotations

import importlib
import sys

import pytest

MODULE = "functions.backtest.handler"


class Context:
    """What Lambda tells of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def test_a_job_is_done_until_shortly_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("TABLE_NAME", "table"),
        ("LOG_BUCKET", "log"),
        ("AWS_REGION", "eu-west-1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    module = importlib.import_module(MODULE)
    monkeypatch.delitem(sys.modules, MODULE)
    asked: list[tuple[str, int]] = []

    class Work:
        def do(self, job_id: str, deadline: int) -> str:
            asked.append((job_id, deadline))
            return "done"

    monkeypatch.setattr(module, "_work", Work())
    monkeypatch.setattr(module, "_now", lambda: 1_000)

    assert module.handler({"job_id": "job-1"}, Context()) == {"state": "done"}
    assert asked == [("job-1", 31_000)]
