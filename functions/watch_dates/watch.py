"""One look at the dates of all recurring payments: what will be due soon, and what was missed.

The dates that set automations off within the next two hours are put into the due-index, each under
one name, and what has been looked at is remembered only then: a look that died is made again, and
does no harm. Once a day, renewals that should have been heard of by now are asked for at their
provider, each date once, and connections are verified that are due for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from functions.watch_dates.dates_of_log import Dated
from shared.domain import trust
from shared.domain.automations import watching
from shared.domain.automations.configuration import Configuration, Known
from shared.domain.automations.dates import values_due
from shared.domain.automations.due_dates import Due, due_of
from shared.domain.automations.watching import Look
from shared.domain.history_pages import NEWEST_PAYMENT
from shared.domain.ports import Reads, Write, Writes
from shared.providers.catalogue import PROVIDERS

# Of one transaction, which may have a hundred; of one request to a queue.
_AT_ONCE, _CALLS_AT_ONCE = 50, 10
# More than a business has whose webhooks arrive; the rest is asked for tomorrow.
OVERDUE_MAX = 2_000
# More than are ever due at one moment.
_MOMENT_MAX = 1_000_000
# How a subscription stands says that it was paid, and only a payment says how much.
_ASKED = ("subscription", NEWEST_PAYMENT)


class Store(Reads, Writes, Protocol):
    """Where the due-index lies, and what has been looked at."""


class Dates(Protocol):
    """The dates of recurring payments."""

    def between(self, field: str, first: int, last: int) -> list[Dated]:
        """Return those whose field lies between two times."""

    def overdue(self, after: int, until: int, limit: int) -> list[Dated]:
        """Return active ones whose next payment was due after one time, until another."""


class Sender(Protocol):
    """The way to the providers, and to the processor."""

    def send_calls(self, url: str, calls: Sequence[tuple[Mapping[str, object], int]]) -> None:
        """Put up to ten messages on a standard queue, each with its delay in seconds."""

    def send_job(self, url: str, job: Mapping[str, object], subject: str, nonce: str = "") -> None:
        """Put a job on a queue."""


class Watch:
    """Looks at the dates; one for all invocations of a warm Lambda."""

    def __init__(
        self,
        *,
        store: Store,
        open_dates: Callable[[], Dates],
        configuration: Configuration,
        queue: Sender,
        calls_url: str,
        history_url: str,
        log: Callable[..., None],
    ) -> None:
        """`open_dates` reads the change log as it is then; it is not called without need."""
        self._store = store
        self._open = open_dates
        self._configuration = configuration
        self._queue = queue
        self._calls_url = calls_url
        self._history_url = history_url
        self._log = log

    def look(self, now: int) -> dict[str, int]:
        """Look once; return how many dates were put; once a day also what was asked for."""
        known = self._configuration.at(now)
        stored = self._store.read([watching.NAME])[watching.NAME]
        seen = {name: each for name, each in (stored or {}).items() if name != "version"}
        planned = watching.looks(seen, known.by_date, known.zone, now)
        daily = watching.is_new_day(seen, now)
        after, told = watching.looked(seen, planned, known.zone), {"put": 0}
        if planned or daily:
            dates = self._open()
            told["put"] = self._put(_due(planned, dates, known))
            if daily:
                after, asked = self._day(after, dates, known, now)
                told |= asked
        if after != seen:
            version = stored["version"] if stored else 0
            document = {**after, "version": version + 1}
            self._store.commit([Write(watching.NAME, document, version)])
        self._log("watched", automations=len(planned), **told)
        return told

    def _put(self, due: Iterable[Due]) -> int:
        writes = list({each.name: each for each in (one.write() for one in due)}.values())
        for start in range(0, len(writes), _AT_ONCE):
            self._store.commit(writes[start : start + _AT_ONCE])
        return len(writes)

    def _day(
        self, seen: Mapping[str, Any], dates: Dates, known: Known, now: int
    ) -> tuple[dict[str, Any], dict[str, int]]:
        """Do what is done once a day; return what is remembered, and how much was done."""
        after, until = watching.overdue_since(seen, now)
        overdue = dates.overdue(after, until, OVERDUE_MAX)
        if len(overdue) == OVERDUE_MAX and overdue[-1].value > overdue[0].value:
            # Those of the last moment may not all be there: tomorrow begins with them.
            until = overdue[-1].value - 1
            overdue = [each for each in overdue if each.value <= until]
        elif len(overdue) == OVERDUE_MAX:
            # So many of one moment, and perhaps more: it is done whole, or it never would be.
            until = overdue[0].value
            overdue = dates.overdue(until - 1, until, _MOMENT_MAX)
        calls = [call for each in overdue for call in _calls(each, known)]
        for start in range(0, len(calls), _CALLS_AT_ONCE):
            some = calls[start : start + _CALLS_AT_ONCE]
            self._queue.send_calls(self._calls_url, [(each, 0) for each in some])
        verify = watching.to_verify(seen, known.connections.values(), now)
        for each in verify:
            job = {"job": "verify_due", "connection_id": each["connection_id"], "at": now}
            self._queue.send_job(self._history_url, job, each["connection_id"])
        ids = [each["connection_id"] for each in verify]
        remembered = watching.done_today(
            seen, now, overdue_until=until, verified=ids, connection_ids=known.connections
        )
        return remembered, {"overdue": len(calls) // len(_ASKED), "verified": len(ids)}


def _due(planned: Iterable[Look], dates: Dates, known: Known) -> Iterable[Due]:
    """Yield what is due for each automation in the time it is looked at for."""
    for look in planned:
        trigger = look.automation.trigger
        low, high = values_due(trigger, look.first, look.last)
        for found in dates.between(str(trigger.field), low, high):
            due = due_of(look.automation, found.record, found.value, known.zone)
            if due is not None and look.first <= due.when <= look.last:
                yield due


def _calls(overdue: Dated, known: Known) -> list[dict[str, object]]:
    """Return what asks a provider for a recurring payment and for what it was paid last.

    Nothing where it cannot be asked.
    """
    _, connection_id, identity = overdue.record
    connection = known.connections.get(connection_id)
    if connection is None or not connection.get("has_api"):
        return []
    provider = PROVIDERS.get(connection["provider"])
    if provider is None or not provider.fetchable.issuperset(_ASKED):
        return []
    return [
        {
            "provider": connection["provider"],
            "connection_id": connection_id,
            "object": wanted,
            "id": identity,
            "subject": overdue.customer_id or identity,
            # It stands in for what was not sent: late, and not told again should that come after.
            "source": trust.VERIFIED,
        }
        for wanted in _ASKED
    ]
