"""A backtest: the code that fires, run over what the change log has told between two dates.

Nothing here decides anything. Each writing of an entry is handed to `Fire` as the stream would
hand it over, at the time it was recorded, over the store as it was then; creations that settle are
looked at again when they have. So it finds what would have fired, and what it finds equals what
fired while the automation was there as it is now.

An automation is taken to have been there since the first day asked for, or since it was made if
that is longer ago: for whom a `once` automation ran before, it does not run again.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain import preferences, times
from shared.domain.automations.bus_events import BusEvent
from shared.domain.automations.configuration import Configuration
from shared.domain.automations.dates import values_due
from shared.domain.automations.definition import ORDER_CREATED, Automation
from shared.domain.automations.due_dates import due_of
from shared.domain.automations.fire import Fire
from shared.domain.automations.fire_by_date import FireByDate
from shared.domain.automations.happening import Happening
from shared.domain.automations.parse import automation_of
from shared.domain.automations.segments import among
from shared.domain.backtest.chronicle import Log, Told, second
from shared.domain.backtest.past import Past, Present
from shared.domain.directory import directory_of
from shared.domain.ports import Document, Name
from shared.domain.records import ORDER, RECURRING_PAYMENT

# Looked at together, so that the log is asked once for all of them.
_AT_ONCE = 2_000
_FOREVER = 10**9
_LATEST = 2**62
_UNDATED = {"created_date": None, "updated_date": None}

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked: changes that occurred from `first` to `last` (ms, both included)."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Scene:
    """The configuration a backtest runs in: connections, segments and settings as they are now."""

    connections: Sequence[Document]
    segments: Sequence[Document]
    settings: Document | None
    local: bool


def run(
    automation: Document,
    window: Window,
    scene: Scene,
    *,
    log: Log,
    present: Present,
    progress: Progress = lambda *_: None,
) -> list[Document]:
    """Return the firings of an automation in a window, in the order of their changes.

    `progress` is told how many changes, or dates, have been looked at, and of how many. Raise
    Invalid where the automation no longer makes sense.
    """
    # In the past that is played nobody has made or edited anything: it was there all along.
    tried = {**automation, **_UNDATED, "enabled": True}
    read = automation_of(tried, among({each["segment_id"]: each for each in scene.segments}))
    asks = read.trigger.by_date or read.trigger.segment is not None
    directory = directory_of(scene.connections)
    doubles = any(directory.doubles(each["connection_id"]) for each in scene.connections)
    past = Past(log, present, looks_inside=asks, looks_around=doubles)
    stage = _Stage(tried, scene, past)
    since = began(automation, window)
    if read.trigger.by_date:
        stage.play_dates(read, log, since if read.trigger.once else window.first, window, progress)
    else:
        _play_changes(stage, past, read, log, since, window, progress)
    found = (each for each in past.firings.values() if window.first <= each["at"] <= window.last)
    return sorted(found, key=lambda each: (each["at"], str(each["firing_id"])))


def began(automation: Document, window: Window) -> int:
    """Return since when (ms) an automation is taken to have been there."""
    return min(window.first, automation.get("created_date") or window.first)


def _play_changes(
    stage: _Stage,
    past: Past,
    automation: Automation,
    log: Log,
    since: int,
    window: Window,
    progress: Progress,
) -> None:
    # What occurred outside of the window may have used up the only run.
    once = automation.trigger.once
    asked = {
        "since": since,
        "first": -_LATEST if once else window.first,
        "last": _LATEST if once else window.last,
    }
    kind = ORDER if automation.trigger.type == ORDER_CREATED else RECURRING_PAYMENT
    total, seen = log.count(kind, **asked), 0
    told = log.told(kind, **asked)
    while page := list(itertools.islice(told, _AT_ONCE)):
        past.expect((each.name for each in page), _people(page))
        for each in page:
            stage.play(each)
        seen += len(page)
        progress(seen, total)
    stage.settle(_LATEST)


class _Stage:
    """The firing code over the past, with the creations that wait for their burst to be over."""

    def __init__(self, automation: Document, scene: Scene, past: Past) -> None:
        self._past = past
        self._waiting: list[tuple[int, int, Mapping[str, Any]]] = []
        self._order = itertools.count()
        self._now = 0
        parts: Any = {
            "store": past,
            "queue": self,
            "bus": _Silence(),
            "configuration": Configuration(
                _Shelf(automation, scene), _FOREVER, local=scene.local, log=lambda *_, **__: None
            ),
            "url": "",
        }
        self._fire = Fire(**parts)
        self._by_date = FireByDate(**parts)
        self._zone = zone_of(scene)

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        """Keep a creation that settles; what would run a firing's steps is dropped."""
        del url
        if call["kind"] == "settled":
            due = self._now + delay_seconds * times.SECOND
            heapq.heappush(self._waiting, (due, next(self._order), call))

    def play(self, told: Told) -> None:
        """Look at the writing of an entry, after what has settled until then."""
        self.settle(told.at)
        self._now, self._past.now = told.at, second(told.at)
        self._fire.change(Happening(told.name, told.entry, told.before, told.at), told.at)

    def settle(self, until: int) -> None:
        """Look at the creations whose burst was over by a time (ms)."""
        while self._waiting and self._waiting[0][0] <= until:
            due, _, message = heapq.heappop(self._waiting)
            self._now, self._past.now = due, second(due)
            self._fire.settled(message, due)

    def play_dates(
        self, automation: Automation, log: Log, first: int, window: Window, progress: Progress
    ) -> None:
        """Let every date come that an automation was set off by, in their order."""
        found = log.dated(
            str(automation.trigger.field), *values_due(automation.trigger, first, window.last)
        )
        dues = []
        for each in found:
            due = due_of(automation, each.record, each.value, self._zone)
            if due is not None and first <= due.when <= window.last:
                dues.append((max(due.when, each.at), due, each.at > due.when))
        dues.sort(key=lambda each: (each[0], each[1].record))
        for seen, (now, due, late) in enumerate(dues, 1):
            self._past.now = now
            if not (late and self._past.imported(due.record)):
                self._by_date.come(due.message(), now)
            if seen % _AT_ONCE == 0 or seen == len(dues):
                progress(seen, len(dues))


class _Shelf:
    """The configuration, with one automation in it and nobody who listens."""

    def __init__(self, automation: Document, scene: Scene) -> None:
        self._settings = scene.settings
        self._listed: dict[str, Sequence[Document]] = {
            "automation": [automation],
            "connection": scene.connections,
            "segment": [{**each, **_UNDATED} for each in scene.segments],
        }

    def read(self, names: Iterable[Name]) -> dict[Name, Document | None]:
        """Return the settings."""
        return {name: self._settings if name == preferences.NAME else None for name in names}

    def listed(
        self, kind: str, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        """Return all documents of one kind."""
        del limit, cursor
        return list(self._listed.get(kind, ())), None


class _Silence:
    """A bus that nobody hears."""

    def put(self, events: Sequence[BusEvent]) -> None:
        """Drop the events."""


def zone_of(scene: Scene) -> tzinfo:
    """Return the business's time zone."""
    name = preferences.effective(scene.settings, local=scene.local)["timezone"]
    return UTC if name == "UTC" else ZoneInfo(name)


def _people(page: Iterable[Told]) -> Iterator[str]:
    for each in page:
        if each.entry.contact_id is not None:
            yield each.entry.contact_id
