"""Stopping a run that waits or works, and having one that waits go on at once.

A run that is stopped takes no further step, and what it did stays done. One that is resumed keeps
its turn, so that whatever would have woken it later finds it taken and does no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from functions.manage.contention import settled
from shared.domain import runs
from shared.domain.errors import Conflict, NotFound
from shared.domain.ports import Document, Name, Reads, Write, Writes

_REASON = "stopped_by_request"


class Store(Reads, Writes, Protocol):
    """Where runs and their firings lie."""


class Runs(Protocol):
    """The way to the worker that takes runs' steps."""

    def deliver(self, messages: Sequence[runs.Message]) -> None:
        """Have messages carried out now. Raise AwsError or Retryable."""


def resume_run(run_id: str, *, store: Store, queue: Runs, now: int) -> Document:
    """Have a run that waits go on now; return it.

    Raise NotFound where there is none, Conflict where it does not wait.
    """
    name = runs.name_of(run_id)

    def write() -> Document:
        run = store.read([name])[name]
        if run is None:
            raise NotFound("There is no such run.")
        if run["state"] != "waiting":
            raise Conflict(f"The run does not wait: it is {run['state']}.")
        woken = {**run, "wake_at": now, "updated": now, "version": run["version"] + 1}
        store.commit([Write(name, woken, run["version"])])
        return woken

    woken = settled(write)
    queue.deliver([runs.message(woken)])
    return woken


def stop_run(run_id: str, *, store: Store, now: int) -> None:
    """Stop a run; one that was stopped before stays so.

    Raise NotFound where there is none, Conflict where it came to its end by itself.
    """
    name = runs.name_of(run_id)

    def write() -> None:
        run = store.read([name])[name]
        if run is None:
            raise NotFound("There is no such run.")
        if run["state"] == "stopped":
            return
        if run["state"] not in runs.UNDER_WAY:
            raise Conflict(f"The run has ended: it is {run['state']}.")
        firing_name: Name = ("firing", run["automation_id"], run_id)
        firing = store.read([firing_name])[firing_name]
        steps = [Write(name, _stopped(run, now), run["version"])]
        if firing is not None:
            told = {**firing, "state": "stopped", "version": firing["version"] + 1}
            steps.append(Write(firing_name, told, firing["version"]))
        store.commit(steps)

    settled(write)


def _stopped(run: Document, now: int) -> dict[str, Any]:
    """Return the run at its end; what its last turn had still to send is sent all the same."""
    stopped: dict[str, Any] = {
        **run,
        "version": run["version"] + 1,
        "updated": now,
    }
    runs.ended(stopped, "stopped", _REASON)
    return stopped
