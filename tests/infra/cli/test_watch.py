"""Work watched from the terminal: asked after until it has ended, and given up in time."""

from __future__ import annotations

import io
from typing import Any, cast

import pytest
from rich.console import Console
from rich.progress import BarColumn

from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.watch import Far, watch_job, watch_path


class Asked:
    """The API: one answer after the other, the last for ever."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.paths: list[str] = []

    def get(self, path: str) -> dict[str, Any]:
        self.paths.append(path)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def api(self) -> Api:
        return cast("Api", self)


def job(state: str, done: int = 0) -> dict[str, Any]:
    return {"state": state, "progress": {"done": done, "total": 10}}


@pytest.mark.parametrize("ended", ["done", "failed"])
def test_a_job_is_asked_after_until_it_has_ended(ended: str) -> None:
    asked = Asked(job("queued"), job("running", 4), job(ended, 10))
    slept: list[float] = []

    last = watch_job(asked.api, "j/1", lambda _: "at it", console=None, sleep=slept.append)

    assert last == job(ended, 10)
    assert asked.paths == ["/v1/jobs/j%2F1"] * 3
    assert len(slept) == 2


def test_how_far_it_is_is_drawn() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True)
    asked = Asked({"status": "running"}, {"status": "ready"})

    def far(told: dict[str, Any]) -> Far:
        return Far(f"it is {told['status']}", 1, 2)

    watch_path(asked.api, "/there", far, BarColumn(), console=console, sleep=lambda _: None)

    assert "it is ready" in out.getvalue()


def test_what_takes_too_long_is_given_up_with_an_advice() -> None:
    asked = Asked(job("running"))
    slept: list[float] = []

    with pytest.raises(CliError, match="doctor"):
        watch_job(
            asked.api,
            "j1",
            lambda _: "at it",
            console=None,
            sleep=slept.append,
            seconds_max=10,
        )

    assert sum(slept) == pytest.approx(10, abs=0.5)
