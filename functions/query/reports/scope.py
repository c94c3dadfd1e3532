"""What one question counts: which records, whose, and when; shared by all reports.

The conditions every report is made of come from here, so that a filter cannot be forgotten in one
of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

from shared.domain.ports import Document
from shared.domain.reports.calendar import Buckets, Span
from shared.domain.reports.request import Question
from shared.domain.reports.sql import TRUE, Sql, among, compose, every

# Buckets have numbers from 0 on; these slots stand for what lies before them.
BEFORE, PREVIOUS = -2, -1


class Session(Protocol):
    """The change log as SQL, read-only: views of the newest rows."""

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return a query's rows."""

    def dicts(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return a query's rows by the names of their columns."""


@dataclass(frozen=True)
class Scope:
    """A question and whose records it is about.

    `segment` is who is asked about, over `contacts c`, None for everybody; `joining_tags` are the
    tags that make somebody a member of it. `segments` are the segments there are by their ids, for
    groups, `names` what these are called.
    """

    question: Question
    session: Session
    connections: Sequence[Document] = ()
    segment: Sql | None = None
    joining_tags: Sequence[str] = ()
    segments: Mapping[str, Sql] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def counts(self, record: Sql) -> Sql:
        """Return the condition that a record, by its alias, is one that counts."""
        return every(
            (
                compose("{record}.mirror_of IS NULL", record=record),
                self.of_connections(record),
                self.is_asked_about(compose("{record}.contact_id", record=record)),
            )
        )

    def is_asked_about(self, contact_id: Sql) -> Sql:
        """Return the condition that a contact is in the segment that is asked about."""
        if self.segment is None:
            return TRUE
        return compose(
            "{contact_id} IN (SELECT c.contact_id FROM contacts c WHERE {segment})",
            contact_id=contact_id,
            segment=self.segment,
        )

    def has_records(self, contact_id: Sql) -> Sql:
        """Return the condition that a contact has records where the question asks for such."""
        if not self._narrow:
            return TRUE
        record = Sql("o")
        return compose(
            "{contact_id} IN (SELECT o.contact_id FROM orders o WHERE {counts}"
            " UNION SELECT o.contact_id FROM recurring_payments o WHERE {counts})",
            contact_id=contact_id,
            counts=every((Sql("o.mirror_of IS NULL"), self.of_connections(record))),
        )

    @cached_property
    def counted(self) -> list[Document]:
        """The connections whose records count, as far as they are still there."""
        asked = self.question
        return [
            each
            for each in self.connections
            if (each.get("mode") == "test") is asked.test
            and each.get("role") != "mirror"
            and asked.connection in (None, each["connection_id"])
            and asked.provider in (None, each["provider"])
        ]

    @property
    def _narrow(self) -> bool:
        asked = self.question
        return asked.test or asked.connection is not None or asked.provider is not None

    def of_connections(self, record: Sql) -> Sql:
        """Return the condition on a row's connection: a deleted one's records still count."""
        column = compose("{record}.connection_id", record=record)
        known = {each["connection_id"] for each in self.counted}
        if self._narrow:
            return among(column, sorted(known))
        others = {each["connection_id"] for each in self.connections} - known
        if not others:
            return TRUE
        return compose("NOT {others}", others=among(column, sorted(others)))


@dataclass(frozen=True)
class Window:
    """The days a question counts, in their buckets, with the same number just before."""

    span: Span
    buckets: Buckets
    compared: bool

    @cached_property
    def start(self) -> int:
        """The first ms of the range."""
        return self.buckets.starts[0]

    @cached_property
    def end(self) -> int:
        """The first ms after the range."""
        return self.buckets.starts[-1]

    @cached_property
    def opening(self) -> int:
        """The first ms of the previous period, or of the range where there is none."""
        return self.span.previous().start if self.compared else self.start

    @property
    def count(self) -> int:
        """How many buckets there are."""
        return len(self.buckets.dates)

    @property
    def days(self) -> list[int]:
        """How many calendar days of the range lie in each bucket."""
        following = self.span.last + timedelta(days=1)
        dates = [self.span.first, *self.buckets.dates[1:], following]
        return [(end - start).days for start, end in pairwise(dates)]

    def slot(self, moment: Sql) -> Sql:
        """Return the number of a moment's bucket, or what it lies in before the first."""
        return compose(
            "CASE WHEN {moment} < {opening} THEN {before} WHEN {moment} < {start} THEN {previous}"
            " ELSE {number} END",
            moment=moment,
            opening=self.opening,
            start=self.start,
            before=BEFORE,
            previous=PREVIOUS,
            number=self.buckets.number_of(moment),
        )

    def period(self, moment: Sql) -> Sql:
        """Return the same with the whole range as one bucket, which has the number 0."""
        return compose(
            "CASE WHEN {moment} < {opening} THEN {before} WHEN {moment} < {start} THEN {previous}"
            " ELSE 0 END",
            moment=moment,
            opening=self.opening,
            start=self.start,
            before=BEFORE,
            previous=PREVIOUS,
        )

    def holds(self, moment: Sql) -> Sql:
        """Return the condition that a moment lies in the range or the previous period."""
        return between(moment, self.opening, self.end)


def between(moment: Sql, start: int, end: int) -> Sql:
    """Return the condition that a moment lies in [start, end)."""
    return compose(
        "({moment} >= {start} AND {moment} < {end})", moment=moment, start=start, end=end
    )


def run(session: Session, query: Sql) -> list[dict[str, Any]]:
    """Return a query's rows by the names of their columns."""
    return session.dicts(query.text, query.params)
