"""One look at the dates: what is put where it waits, what is asked for, and what is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from functions.watch_dates.dates_of_log import DatesOfLog
from functions.watch_dates.watch import Watch
from shared.domain import times
from shared.domain.automations import watching
from shared.domain.automations.configuration import Configuration
from shared.domain.automations.watching import OVERLAP
from shared.domain.errors import Retryable
from shared.domain.ports import Check, Write
from tests.fakes.memory_store import MemoryStore
from tests.support.firing import automation, connection
from tests.support.log_shop import session_of
from tests.support.workshop_world import head

NOW = 1_790_000_000_000
BY_DATE = {"type": "recurring_payment_date", "field": "next_payment_date", "offset": "-P3D"}


class Office:
    """A store, its log, and queues that remember."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.calls: list[dict[str, Any]] = []
        self.jobs: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.opened = 0
        self.connect()
        # What is done once a day has been done just now.
        self.remember(daily_at=NOW)

    def connect(self, connection_id: str = "shop", **fields: Any) -> None:
        made = {"has_api": True, "created_date": NOW - 30 * times.DAY, **connection(**fields)}
        document = {**made, "connection_id": connection_id, "version": 1}
        self.store.documents["connection", connection_id] = document

    def remember(self, **fields: Any) -> None:
        self.store.documents[watching.NAME] = {"version": 1, "automations": {}, **fields}

    def automate(self, trigger: Mapping[str, Any] = BY_DATE, **fields: Any) -> None:
        self.store.documents["automation", "reminder"] = {
            **automation(trigger, "reminder"), **fields,
        }  # fmt: skip

    def subscribe(self, identity: str, connection_id: str = "shop", **terms: Any) -> None:
        known = head(**{"status": "active", "next_payment_date": None, **terms})
        self.store.documents["recurring_payment", connection_id, identity] = {"version": 1, **known}

    def send_calls(self, url: str, calls: Sequence[tuple[Mapping[str, object], int]]) -> None:
        assert url == "calls"
        assert len(calls) <= 10
        self.calls += [dict(call) for call, _ in calls]

    def send_job(self, url: str, job: Mapping[str, object], subject: str, nonce: str = "") -> None:
        assert url == "history"
        self.jobs.append(dict(job))

    def open_dates(self) -> DatesOfLog:
        self.opened += 1
        return DatesOfLog(session_of(self.store.documents))

    def look(self, now: int = NOW) -> dict[str, int]:
        watch = Watch(
            store=self.store,
            open_dates=self.open_dates,
            configuration=Configuration(self.store, 60, local=True, log=self.log),
            queue=self,
            calls_url="calls",
            history_url="history",
            log=self.log,
        )
        return watch.look(now)

    def log(self, event: str, **fields: object) -> None:
        self.lines.append({"event": event, **fields})

    def waiting(self) -> list[tuple[int, str]]:
        found = [each for name, each in self.store.documents.items() if name[0] == "due"]
        return sorted((each["when"] - NOW, each["message"]["record"][2]) for each in found)


@pytest.fixture
def office() -> Office:
    return Office()


def renews(due: int) -> int:
    """Return the date of a renewal that is announced `due` ms from now."""
    return NOW + due + 3 * times.DAY


def test_what_is_due_within_two_hours_is_put_and_nothing_else(office: Office) -> None:
    office.automate()
    office.look(NOW - times.HOUR)
    office.remember(**{**office.store.documents[watching.NAME], "daily_at": NOW})
    for name, due in (
        ("long past", -times.DAY),
        ("looked at", times.HOUR - OVERLAP - 1),
        ("overlap", times.HOUR - OVERLAP),
        ("last", 2 * times.HOUR),
        ("later", 2 * times.HOUR + 1),
    ):
        office.subscribe(name, next_payment_date=renews(due))
    office.subscribe("none")

    told = office.look()

    assert told == {"put": 2}
    assert office.waiting() == [(times.HOUR - OVERLAP, "overlap"), (2 * times.HOUR, "last")]


def test_a_date_the_log_told_late_is_found_by_the_next_look(office: Office) -> None:
    office.automate()
    office.look(NOW - times.HOUR)
    office.remember(**{**office.store.documents[watching.NAME], "daily_at": NOW})
    # It would have been among those of the last look, had the log known of it.
    office.subscribe("late", next_payment_date=renews(times.HOUR - 29 * times.MINUTE))

    office.look()

    assert office.waiting() == [(times.HOUR - 29 * times.MINUTE, "late")]


def test_a_new_automation_begins_a_day_back(office: Office) -> None:
    office.automate()
    office.subscribe("missed", next_payment_date=renews(-times.DAY))
    office.subscribe("too late", next_payment_date=renews(-times.DAY - 1))

    office.look()

    assert office.waiting() == [(-times.DAY, "missed")]


@pytest.mark.parametrize(
    ("fields", "put"),
    [
        ({"offset": "-P3D"}, 0),
        ({"offset": "-P3DT1H"}, 1),
        ({"runs": "once"}, 0),
        ({"field": "renewal_date"}, 1),
    ],
)
def test_an_automation_with_another_date_begins_anew(
    office: Office, fields: dict[str, Any], put: int
) -> None:
    office.automate()
    office.look()
    office.automate({**BY_DATE, **fields}, revision=2)
    office.subscribe("missed", next_payment_date=renews(-times.HOUR))

    assert office.look() == {"put": put}


def test_each_look_takes_up_where_the_last_one_ended_however_long_ago(office: Office) -> None:
    office.automate()
    office.look(NOW - 5 * times.HOUR)
    office.remember(**{**office.store.documents[watching.NAME], "daily_at": NOW})
    office.subscribe("meanwhile", next_payment_date=renews(-2 * times.HOUR))

    office.look()
    office.look(NOW + times.HOUR)

    assert office.waiting() == [(-2 * times.HOUR, "meanwhile")]


def test_mirrors_are_left_out(office: Office) -> None:
    office.automate()
    office.subscribe("mirror", next_payment_date=renews(0))
    office.store.documents["recurring_payment", "shop", "mirror"]["mirror_of"] = "other"

    assert office.look() == {"put": 0}


def test_many_are_put_and_a_look_that_died_is_made_again(office: Office) -> None:
    class Dying(MemoryStore):
        def commit(self, steps: Sequence[Write | Check]) -> None:
            assert len(steps) <= 50
            super().commit(steps)
            if self.commits == 2:
                raise Retryable("the reply was lost")

    office.store, before = Dying(), office.store
    office.store.documents = before.documents
    office.automate()
    for number in range(120):
        office.subscribe(f"sub_{number}", next_payment_date=renews(number))
    with pytest.raises(Retryable):
        office.look()
    assert watching.NAME in office.store.documents
    assert office.store.documents[watching.NAME]["automations"] == {}

    told = office.look()

    assert told == {"put": 120}
    assert len(office.waiting()) == 120


def test_without_automations_by_date_the_log_is_not_even_opened(office: Office) -> None:
    commits = office.store.commits

    assert office.look() == {"put": 0}

    assert (office.opened, office.store.commits) == (0, commits)


def test_a_disabled_automation_is_forgotten(office: Office) -> None:
    office.automate()
    office.look()
    office.automate(enabled=False)

    office.look()

    assert office.store.documents[watching.NAME]["automations"] == {}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [7]),
        ({"verify": "weekly"}, [7]),
        ({"verify": "daily"}, list(range(1, 9))),
        ({"verify": "off"}, []),
        ({"has_api": False}, []),
    ],
)
def test_connections_are_verified_as_often_as_they_say(
    office: Office, fields: dict[str, Any], expected: list[int]
) -> None:
    office.connect(**{"created_date": NOW, **fields})

    for hour in range(1, 9 * 24):
        office.look(NOW + hour * times.HOUR + 17)

    days = [round((each["at"] - NOW) / times.DAY) for each in office.jobs]
    assert days == expected
    assert all(each["job"] == "verify_due" for each in office.jobs)


def test_a_connection_that_is_gone_is_forgotten(office: Office) -> None:
    office.remember(daily_at=0, verified={"gone": NOW, "shop": NOW})

    office.look()

    assert office.store.documents[watching.NAME]["verified"] == {"shop": NOW}


def test_only_dates_are_looked_for(office: Office) -> None:
    with pytest.raises(ValueError, match="no date"):
        office.open_dates().between("status", 0, 1)
