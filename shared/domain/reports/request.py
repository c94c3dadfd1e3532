"""What a report is asked: the parameters of its query, read once, every fault told with its name.

Pure. Nothing is guessed: a parameter that is not known, or is empty, is a mistake worth telling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from shared.domain import money, times
from shared.domain.errors import BadRequest, NotFound, Quarantined
from shared.domain.reports.calendar import Interval, Span, local_day
from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definition import Definition

_COMMON = tuple(
    """from to timezone interval group_by currency segment compare connection provider mode
    as_known_at format""".split()
)
_LEDGER = ("kpi", "date", "key", "limit", "cursor")
PARAMETERS = (*_COMMON, "basis", "normalisation", "tag", "list")
LEDGER_PARAMETERS = (*PARAMETERS, "kpi", "date", "key")
YEARS_MAX = 100
DAYS_MAX = 36_525
# Buckets in one answer: what a page can still draw, and an answer hold.
BUCKETS_MAX = 5_000
_FIRST_YEAR, _LAST_YEAR = 1900, 9998
Found = TypeVar("Found")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Question:
    """A report's question; `first` is None for all there is, `interval` for what fits."""

    definition: Definition
    first: date | None
    last: date
    zone: tzinfo
    timezone: str
    currency: str
    interval: Interval | None
    group_by: str | None = None
    segment: str | None = None
    tag: str | None = None
    list_name: str | None = None
    connection: str | None = None
    provider: str | None = None
    test: bool = False
    compare: bool = True
    basis: str = "cash"
    normalisation: str = "30d"
    # The moment (ms) whose knowledge is wanted, None for now.
    as_known_at: int | None = None
    # A ledger's own: which figure, of which bucket, of which group ("" is the group of nothing).
    kpi: str = ""
    bucket: date | None = None
    key: str | None = None

    def interval_of(self, span: Span) -> Interval:
        """Return how long buckets are: as asked, else days, or what keeps them few enough."""
        if self.interval is not None:
            return self.interval
        fitting = (each for each in Interval if span.count(each) <= BUCKETS_MAX)
        return next(fitting, Interval.MONTH)


def definition_of(name: str) -> Definition:
    """Return the definition of a report. Raise NotFound where there is none."""
    if name not in REPORTS:
        there = ", ".join(REPORTS)
        raise NotFound(f"There is no such report; there are {there}, and custom by POST.")
    return REPORTS[name]


def read(
    name: str,
    query: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    now: int,
    ledger: bool = False,
) -> Question:
    """Return the question a query asks; `settings` has the business's timezone and currency.

    Raise NotFound for an unknown report, BadRequest naming each parameter that is at fault.
    """
    return read_of(definition_of(name), query, settings=settings, now=now, ledger=ledger)


def read_of(
    definition: Definition,
    query: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    now: int,
    ledger: bool = False,
) -> Question:
    """Return the question a query asks of a report. Raise BadRequest as `read` does."""
    reading = _Reading(definition, query, settings)
    question = reading.question(now, ledger)
    if reading.faults:
        raise BadRequest("The query breaks the rules of this report.", tuple(reading.faults))
    return question


class _Reading:
    """Reads the parameters of one query, collecting faults as it goes."""

    def __init__(
        self, definition: Definition, query: Mapping[str, str], settings: Mapping[str, Any]
    ) -> None:
        self.faults: list[tuple[str, str]] = []
        self._definition = definition
        self._query = query
        self._settings = settings

    def question(self, now: int, ledger: bool) -> Question:
        self._refuse_others(ledger)
        timezone = self._query.get("timezone") or str(self._settings["timezone"])
        zone = self._zone(timezone)
        known_at = self._moment("as_known_at", now)
        last = self._date("to") or local_day(now if known_at is None else known_at, zone)
        interval = self._one_of("interval", [each.value for each in Interval])
        question = Question(
            definition=self._definition,
            first=self._date("from"),
            last=last,
            zone=zone,
            timezone=timezone,
            currency=self._currency(),
            interval=Interval(interval) if interval else None,
            group_by=self._one_of("group_by", self._definition.groups)
            or self._definition.grouped_by,
            segment=self._text("segment"),
            tag=self._text("tag"),
            list_name=self._text("list"),
            connection=self._text("connection"),
            provider=self._text("provider"),
            test=self._one_of("mode", ["live", "test"]) == "test",
            compare=self._one_of("compare", ["previous", "none"]) != "none",
            basis=self._one_of("basis", ["cash", "order"]) or "cash",
            normalisation=self._one_of("normalisation", ["30d", "month"]) or "30d",
            as_known_at=known_at,
            kpi=self._kpi() if ledger else "",
            bucket=self._date("date") if ledger else None,
            key=self._query.get("key") if ledger else None,
        )
        self._check(question)
        return question

    def _refuse_others(self, ledger: bool) -> None:
        known = [*_COMMON, *self._definition.parameters, *(_LEDGER if ledger else ())]
        for name, value in self._query.items():
            if name not in known:
                self._fault(name, f"is not known here; there are {', '.join(known)}")
            elif value == "" and name != "key":
                self._fault(name, "is empty; leave it out instead")

    def _check(self, question: Question) -> None:
        if question.key is not None and question.group_by is None:
            self._fault("key", "needs group_by, which says what it is a key of")
        if question.first is None:
            return
        span = Span(question.first, question.last, question.zone)
        if question.first > question.last:
            asked = "from" if "from" in self._query else "to"
            self._fault(asked, f"lies after to, which is {question.last}")
        elif span.days > DAYS_MAX:
            self._fault("from", f"lies more than {YEARS_MAX} years before to")
        elif question.interval and span.count(question.interval) > BUCKETS_MAX:
            self._fault("interval", f"makes more than {BUCKETS_MAX} buckets of this range")

    def _fault(self, name: str, message: str) -> None:
        fault = (name[:_LONGEST], message)
        if all(name != known for known, _ in self.faults):
            self.faults.append(fault)

    def _text(self, name: str) -> str | None:
        return self._read(name, str, "")

    def _date(self, name: str) -> date | None:
        return self._read(name, _a_date, "has to be a date such as 2026-10-31")

    def _moment(self, name: str, now: int) -> int | None:
        found = self._read(name, _a_moment, "has to be a time such as 2026-11-22T08:00:00Z")
        if found is not None and found > now:
            self._fault(name, "lies in the future, of which nothing is known yet")
            return None
        return found

    def _currency(self) -> str:
        found = self._read("currency", money.currency, "is not a currency paysignal knows")
        return found or str(self._settings["currency"])

    def _zone(self, name: str) -> tzinfo:
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            self._fault("timezone", "is not a time zone such as Europe/Paris")
            return ZoneInfo("UTC")

    def _kpi(self) -> str:
        names = [each.name for each in self._definition.kpis]
        if "kpi" not in self._query:
            self._fault("kpi", f"is missing; it is one of {', '.join(names)}")
        return self._one_of("kpi", names) or names[0]

    def _one_of(self, name: str, known: list[str] | tuple[str, ...]) -> str | None:
        value = self._query.get(name)
        if value is None or value in known:
            return value
        self._fault(name, f"is not one of {', '.join(known)}")
        return None

    def _read(self, name: str, read_it: Callable[[str], Found], message: str) -> Found | None:
        value = self._query.get(name)
        if not value:
            return None
        try:
            return read_it(value)
        except (ValueError, Quarantined):
            self._fault(name, message)
            return None


def _a_moment(text: str) -> int:
    if "T" not in text:
        raise ValueError("a day is no moment")
    found = times.from_text(text)
    if found < 0:
        raise ValueError("a time before any log")
    return found


def _a_date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError("not a date")
    found = date.fromisoformat(text)
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueError("a year that no clock of ours shows")
    return found
