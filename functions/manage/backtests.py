"""Beginning a backtest: the job is written, and somebody is called who does it.

The automation and its job are what they are at this moment. A job whose call was lost stays queued
and is of no harm: asking again makes another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from functions.manage.bodies import BacktestBody
from shared.api.bodies import invalid, validated
from shared.domain import preferences, times
from shared.domain.backtest import job as jobs
from shared.domain.backtest.run import Window
from shared.domain.errors import NotFound
from shared.domain.ports import Document, Name, Reads, Write, Writes

_DAY = len("2026-11-22")


class Store(Reads, Writes, Protocol):
    """Where automations and jobs lie."""


class Backtests(Protocol):
    """Who does backtests."""

    def begin(self, job_id: str) -> None:
        """Have a job begun without waiting for it. Raise Retryable or AwsError."""


def start_backtest(
    automation_id: str,
    values: dict[str, Any],
    *,
    store: Store,
    backtests: Backtests,
    now: int,
    new_id: Callable[[], str],
) -> dict[str, Any]:
    """Begin a backtest and return its `{job_id, state}`.

    Raise NotFound where there is no such automation, Invalid for a body that breaks a rule.
    """
    body = validated(BacktestBody, values)
    name: Name = ("automation", automation_id)
    found = store.read([name, preferences.NAME])
    automation = found[name]
    if automation is None:
        raise NotFound("There is no such automation.")
    window = _window(body, _zone(found[preferences.NAME]), now)
    job = jobs.new(new_id(), automation, window, now)
    store.commit([Write(jobs.name_of(job["job_id"]), job, 0)])
    backtests.begin(job["job_id"])
    return {"job_id": job["job_id"], "state": job["state"]}


def _window(body: BacktestBody, zone: tzinfo, now: int) -> Window:
    """Return the moments a body asks for; what has not happened yet is not looked for."""
    first = _moment("from", body.first, zone, whole_day=False)
    last = _moment("to", body.last, zone, whole_day=True) if body.last is not None else now
    if last < first:
        raise invalid(("to", "lies before from"))
    return Window(first, min(last, max(first, now)))


def _moment(path: str, text: str, zone: tzinfo, *, whole_day: bool) -> int:
    """Return a time (ms), of a day its first, or its last if it counts as a whole."""
    try:
        if len(text) > _DAY:
            return times.from_text(text)
        day = date.fromisoformat(text) + timedelta(days=whole_day)
        begins = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        return int(begins.timestamp()) * times.SECOND - whole_day
    except (ValueError, OverflowError):
        fault = "has to be a day such as 2026-10-01, or an ISO 8601 time"
        raise invalid((path, fault)) from None


def _zone(settings: Document | None) -> tzinfo:
    name = preferences.effective(settings, local=False)["timezone"]
    return UTC if name == "UTC" else ZoneInfo(name)
