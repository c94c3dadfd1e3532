"""A virtual year of dates: each due one fires once, none early, whatever moves or comes twice.

Subscriptions begin, renew every month, are put off and end; the watch looks every hour into a log
that lags behind, and sometimes does not come; messages come twice. What has to fire is reckoned
anew from the dates each record had and for how long, by the wall clock of the business's zone.
"""

from __future__ import annotations

import copy
import heapq
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.wake_due.drain import AHEAD
from functions.watch_dates.dates_of_log import Dated
from functions.watch_dates.watch import Watch
from shared.domain import recurring_payments, times
from shared.domain.automations.configuration import Configuration
from shared.domain.automations.due_dates import NEAR
from shared.domain.automations.fire_by_date import FireByDate
from shared.domain.automations.happening import Happening
from shared.domain.ports import Check, Name, Write
from tests.support.firing import Desk, automation, created, updated
from tests.support.stream import StreamingStore
from tests.support.workshop_world import head

START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1000
END = START + 365 * times.DAY
SUBSCRIPTIONS = 20
# Days without a change of clocks nearby on which the log tells of a date only after the next look.
SLOW_HOURS = (100 * 24 + 9, 200 * 24 + 15)
# A minute's clock and the time a queue takes; the watch may be a minute late as well.
SLACK = 4 * times.MINUTE
# Each automation by date: its field, its offset, and that offset in days and the rest.
REMINDERS = {
    "reminder": ("next_payment_date", "-P3D", -3, timedelta()),
    "eve": ("next_payment_date", "-P1DT30M", -1, -timedelta(minutes=30)),
    "welcome": ("start_date", None, 0, timedelta()),
    "day-after": ("start_date", "P1DT2H", 1, timedelta(hours=2)),
    "card": ("payment_method_expiration", "-P2W", -14, timedelta()),
    "win-back": ("cancelled_date", "P30D", 30, timedelta()),
}
FIELDS = sorted({field for field, *_ in REMINDERS.values()})


class Watched(StreamingStore):
    """A store that tells when something was put into the due-index."""

    put_due: Callable[[int], None]

    def commit(self, steps: Sequence[Write | Check]) -> None:
        super().commit(steps)
        for step in steps:
            if isinstance(step, Write) and step.name[0] == "due" and step.document is not None:
                self.put_due(step.document["when"])


class Year(Desk):
    """A store and its stream, a log that lags, the queue, the clock, the watch: an hourly world."""

    def __init__(self, seed: int, zone: str) -> None:
        self.watched = Watched()
        super().__init__(self.watched)
        self.watched.put_due = self._put_due
        self.random = Random(seed)
        self.zone = ZoneInfo(zone)
        self.now = START
        self.held: dict[tuple[str, str], list[tuple[int, int | None]]] = {}
        self.fired: dict[tuple[str, str, int], tuple[str, int]] = {}
        self._log_rows: dict[Name, dict[str, Any]] = {}
        self._moments: list[tuple[int, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self.put(("settings",), {"timezone": zone})
        self.befriend()
        for automation_id, (field, offset, *_) in REMINDERS.items():
            trigger = {"type": "recurring_payment_date", "field": field, "offset": offset}
            self.put(("automation", automation_id), automation(trigger, automation_id))
        known = Configuration(self.store, 3 * 3600, local=True, log=self.log)
        common: dict[str, Any] = {"store": self.store, "configuration": known}
        self.by_date = FireByDate(**common, queue=self.queue, bus=self.bus, url="automations")
        self.watch = Watch(
            **common,
            open_dates=lambda: self,
            queue=self,
            calls_url="calls",
            history_url="history",
            log=self.log,
        )
        self.firing = self.fire(queue=self)

    # What the product asks of the world.

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        for _ in range(self.random.choice([1, 1, 2]) if call["kind"] == "date" else 0):
            late = delay_seconds * times.SECOND + self.random.randrange(2_000)
            self.at(self.now + late, lambda: self._come(dict(call)))

    def send_calls(self, url: str, calls: Sequence[tuple[Mapping[str, object], int]]) -> None:
        raise AssertionError("no connection here has an API")

    def send_job(self, url: str, job: Mapping[str, object], subject: str, nonce: str = "") -> None:
        raise AssertionError("no connection here has an API")

    def between(self, field: str, first: int, last: int) -> list[Dated]:
        rows = [(name, view.get(field)) for name, view in self._log_rows.items()]
        return [Dated(name, each) for name, each in rows if each and first <= each <= last]

    def overdue(self, after: int, until: int, limit: int) -> list[Dated]:
        return []

    # Time goes by.

    def at(self, when: int, action: Callable[[], object]) -> None:
        heapq.heappush(self._moments, (when, next(self._order), action))

    def run(self) -> None:
        came = True
        for hour in range(START, END, times.HOUR):
            # The look that a slow log leaves it all to has to come in time.
            needed = (hour - START) // times.HOUR - 2 in SLOW_HOURS
            came = not came or needed or self.random.random() > 0.05
            if came:
                self.at(hour + self.random.randrange(60_000), lambda: self.watch.look(self.now))
        while self._moments:
            self.now, _, action = heapq.heappop(self._moments)
            action()

    def _put_due(self, when: int) -> None:
        minute = -(-max(when - AHEAD, self.now) // times.MINUTE) * times.MINUTE
        self.at(minute, self._wake)

    def _wake(self) -> None:
        documents = self.store.documents
        for name in [each for each in documents if each[0] == "due"]:
            wait = documents[name]["when"] - self.now
            if wait <= AHEAD:
                self.send_call("", documents.pop(name)["message"], max(0, -(-wait // 1000)))

    def _come(self, call: dict[str, Any]) -> None:
        firing_id = self.by_date.come(call, self.now)
        if firing_id is not None:
            key = (call["automation_id"], call["record"][2], call["date"])
            first = self.fired.setdefault(key, (firing_id, self.now))
            assert first[0] == firing_id

    # What happens to a subscription.

    def live(self, identity: str) -> None:
        """Plan a life: it begins at any time of any day, renews, is put off, and may end."""
        begins = START + self.random.randrange(200 * times.DAY)
        terms: dict[str, Any] = {"status": "active", "start_date": begins}
        terms["payment_method_expiration"] = _month(begins + 90 * times.DAY)
        renews, first = begins, True
        while renews < END:
            next_date = renews + self.random.choice([28, 30, 31]) * times.DAY
            told = {**terms, "next_payment_date": next_date}
            self._plan(renews + self.random.randrange(90_000), identity, told, begins=first)
            first = False
            if self.random.random() < 0.4:
                when = renews + self.random.randrange(25 * times.DAY)
                # To within hours of when it is announced, or days away.
                near = self.random.randrange(6 * times.HOUR)
                far = self.random.randrange(20 * times.DAY)
                next_date = when + self.random.choice([3 * times.DAY + near, times.DAY + far])
                self._plan(when, identity, {**told, "next_payment_date": next_date})
            renews = next_date
            if self.random.random() < 0.08:
                gone = {"status": "cancelled", "cancelled_date": renews, "next_payment_date": None}
                self._plan(renews + 1_000, identity, {**terms, **gone})
                return

    def come_slowly(self, identity: str, hour: int) -> None:
        """Plan a reminder that is due too late for a change to put it, in a log that lags too.

        The next look ends after it is due and knows nothing of it; the one after has to look back.
        """
        when = START + hour * times.HOUR + 5 * times.MINUTE
        due = when + NEAR + 10 * times.MINUTE
        terms = {"status": "active", "start_date": None, "next_payment_date": due + 3 * times.DAY}
        self._plan(when, identity, terms, begins=True, lag=57 * times.MINUTE)

    def _plan(
        self,
        when: int,
        identity: str,
        terms: dict[str, Any],
        *,
        begins: bool = False,
        lag: int | None = None,
    ) -> None:
        self.at(when, lambda: self._change(identity, terms, begins=begins, lag=lag))

    def _change(
        self, identity: str, terms: dict[str, Any], *, begins: bool, lag: int | None
    ) -> None:
        record = ("recurring_payment", "shop", identity)
        document = {**head(**{"next_payment_date": None, **terms}), "contact_id": "c-1"}
        view = recurring_payments.show(document["facets"]) or {}
        rows = []
        for field in FIELDS:
            held = self.held.setdefault((identity, field), [])
            before, after = held[-1][1] if held else None, view.get(field)
            if before != after:
                held.append((self.now, after))
                rows.append((field, times.to_text(before), times.to_text(after)))
        self.put(record, document)
        about: dict[str, Any] = {"at": self.now, "recorded_at": self.now}
        entry = created(**about) if begins else updated(*rows, **about)
        happening = Happening(("entry", *record, str(self.now)), entry, None, self.now)
        self.firing.change(happening, self.now)
        lag = self.random.randrange(10 * times.MINUTE) if lag is None else lag
        row = copy.deepcopy(dict(view))
        self.at(self.now + lag, lambda: self._log_rows.__setitem__(record, row))

    # What has to come of it.

    def expected(self) -> dict[tuple[str, str, int], tuple[int, bool]]:
        """Return when each firing is due at the earliest, and whether it has to be."""
        found: dict[tuple[str, str, int], tuple[int, bool]] = {}
        for (identity, field), periods in self.held.items():
            ends = [each for each, _ in [*periods[1:], (END + 400 * times.DAY, None)]]
            for (since, value), gone in zip(periods, ends, strict=False):
                for automation_id, (of, *_) in REMINDERS.items():
                    due = None if of != field or value is None else self.due(automation_id, value)
                    if value is None or due is None or since - due > times.DAY or gone <= due:
                        continue
                    at = max(due, since)
                    key = (automation_id, identity, value)
                    sure = gone > at + SLACK and at + SLACK < END
                    held = found.get(key, (at, False))
                    found[key] = (min(at, held[0]), sure or held[1])
        return found

    def due(self, automation_id: str, value: int) -> int:
        field, _, days, rest = REMINDERS[automation_id]
        civil = field == "payment_method_expiration"
        there = datetime.fromtimestamp(value / 1000, UTC if civil else self.zone)
        wall = there.replace(tzinfo=None) + timedelta(days=days)
        moment = wall.replace(tzinfo=self.zone) if days else there
        return round((moment.astimezone(UTC) + rest).timestamp() * 1000)


@pytest.mark.parametrize(("seed", "zone"), [(1, "Europe/Paris"), (2, "America/Chicago")])
def test_each_due_date_of_a_year_fires_once_and_none_early(seed: int, zone: str) -> None:
    year = Year(seed, zone)
    for number in range(SUBSCRIPTIONS):
        year.live(f"sub_{number}")
    for hour in SLOW_HOURS:
        year.come_slowly(f"slow_{hour}", hour)

    year.run()

    expected = year.expected()
    sure = {key for key, (_, certain) in expected.items() if certain}
    assert sure <= set(year.fired) <= set(expected)
    for key, (_, at) in year.fired.items():
        assert -times.SECOND <= at - expected[key][0] <= SLACK, key
    # Firings are kept under their identity: as many documents, as many messages to run them.
    assert len(year.firings()) == len(year.fired)
    assert {each[0] for each in sure} == set(REMINDERS)
    assert {("reminder", f"slow_{hour}") for hour in SLOW_HOURS} <= {each[:2] for each in sure}
    assert len(sure) > 100


def _month(moment: int) -> int:
    first = datetime.fromtimestamp(moment / 1000, UTC).replace(day=1, hour=0, minute=0, second=0)
    return int(first.timestamp()) * 1000
