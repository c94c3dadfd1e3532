"""Work of the stack watched from the terminal until it ends: how far it is, drawn on one line.

The work goes on without us: whoever stops watching stops nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

from rich.console import Console
from rich.progress import Progress, ProgressColumn, TextColumn

from infra.cli.api import Api
from infra.cli.command import CliError

Json = dict[str, Any]
_POLL_SECONDS = 0.5
_ENDED = ("done", "ready", "failed")


class Far(NamedTuple):
    """How far work is: in words, and how much of how much where that is known."""

    said: str
    done: float
    total: float | None


def watch_job(
    api: Api,
    job_id: str,
    say: Callable[[Json], str],
    *columns: ProgressColumn,
    console: Console | None,
    sleep: Callable[[float], object],
    seconds_max: float = math.inf,
) -> Json:
    """Watch a job; see `watch_path`."""

    def far(job: Json) -> Far:
        return Far(say(job), job["progress"]["done"], job["progress"]["total"])

    path = f"/v1/jobs/{quote(job_id, safe='')}"
    return watch_path(
        api, path, far, *columns, console=console, sleep=sleep, seconds_max=seconds_max
    )


def watch_path(
    api: Api,
    path: str,
    far: Callable[[Json], Far],
    *columns: ProgressColumn,
    console: Console | None,
    sleep: Callable[[float], object],
    seconds_max: float = math.inf,
) -> Json:
    """Ask at a path how work stands until it has ended, and return the last answer.

    `far` tells what is drawn of an answer, `columns` how; without a console nothing is. Raise
    CliError where it cannot be asked, or where the work takes longer than `seconds_max`.
    """
    said = TextColumn("{task.description}")
    with Progress(
        said, *columns, console=console, transient=True, disable=console is None
    ) as progress:
        task = progress.add_task("queued", total=None)
        waited = 0.0
        while waited <= seconds_max:
            told: Json = api.get(path)
            now = far(told)
            progress.update(task, description=now.said, completed=now.done, total=now.total)
            if told.get("state", told.get("status")) in _ENDED:
                return told
            sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS
    raise CliError("It takes longer than it may. See ./paysignal doctor, then ask for less.")
