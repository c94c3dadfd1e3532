"""Reports on people who were touched: by a tag, a letter, an automation, or who did something.

One block for all of them. A report says which rows its touches are; here they become people, what
they have brought in all, and what they brought from their first touch on. A row is

    who (of `people`), at (ms), id, kind, connection_id, `touch` (whether it makes its contact one
    of the report's), a column of 0 or 1 for each thing that is counted, and the report's own groups

Whoever was touched several times in a bucket is one contact in it, and one in the whole range.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from functions.query.reports import touched_sql
from functions.query.reports.groups import Grouping, grouping
from functions.query.reports.measures import Group, Measures, Row, Wanted
from functions.query.reports.money import NET, SHOWN, movements
from functions.query.reports.scope import PREVIOUS, Scope, Window, between, run
from functions.query.reports.touched_sql import BEFORE_IT, FIRST, TOTAL, columns, sums
from shared.domain import times
from shared.domain.reports.definition import Definition, Parts
from shared.domain.reports.sql import NULL, TRUE, Sql, compose, every, joined

# A contact's addresses, by any of which an activity is theirs.
PEOPLE = Sql(
    "SELECT c.contact_id, c.email AS address, c.email FROM contacts c UNION ALL"
    " SELECT c.contact_id, unnest(c.aliases) AS address, c.email FROM contacts c"
)
_FIRST_OF_ALL = "WITH {people} SELECT min(t.at) AS first FROM ({rows}) t"
_BASE = """
SELECT 'series' AS axis, {slot} AS slot, NULL AS key, count(*) AS people FROM contacts m
WHERE m.created_date < {end} AND {counts} GROUP BY ALL
"""
_BASE_GROUPS = """
UNION ALL SELECT 'group', 0, key, count(*) FROM (
  SELECT {key} AS key FROM contacts m {joins} WHERE m.created_date < {end} AND {counts}
) GROUP BY ALL
"""
# All that was ever moved, as far as clocks go.
_EVER = (-times.LATEST, times.LATEST)
_SUMS = ("contacts", "customers", "revenue", "revenue_after", "waited", "purchases")


@dataclass(frozen=True)
class Touched:
    """A report over touches: `rows` are they, `counts` the columns of things that are counted.

    `own_groups` are groups that the rows tell themselves, by name. `limited` says that a connection
    asked for limits who is told of; `based` that there are people beside the touched to count.
    """

    definition: Definition
    rows: Callable[[Scope], Sql]
    counts: tuple[str, ...] = ()
    own_groups: Mapping[str, Sql] = field(default_factory=dict)
    limited: bool = True
    based: bool = False

    def first(self, scope: Scope) -> int | None:
        """Return when somebody was touched first, or anything that counts happened first."""
        query = compose(_FIRST_OF_ALL, people=self._people(scope), rows=self.rows(scope))
        first: int | None = run(scope.session, query)[0]["first"]
        return first

    def measure(self, scope: Scope, window: Window) -> Measures:
        """Return the people of each bucket and of the whole range, and what they brought."""
        rows = run(scope.session, self._query(scope, window))
        base = self._base(scope, window)
        cells = self._cells(rows)
        people = base.standing(window.count)
        series = [self._parts(cells[n], people[n + 1]) for n in range(window.count)]
        currencies = {row["key"] for row in rows if row["axis"] == "currency"}
        before = self._parts(cells[BEFORE_IT], people[0])
        return Measures(
            series=series,
            total=self._parts(cells[TOTAL], people[window.count]),
            previous=before if window.compared else None,
            groups=[
                Group(
                    row["key"],
                    row["label"],
                    scope.question.currency,
                    self._parts(cells[row["cell"]], base.groups.get(row["key"], 0)),
                )
                for row in rows
                if row["axis"] == "group"
            ],
            other_currencies=sorted(currencies - {scope.question.currency, None}),
        )

    def ledger(self, scope: Scope, window: Window, wanted: Wanted) -> Sql:
        """Return what a figure is made of: the things counted, people, or what money moved."""
        del window
        found, key = Grouping(Sql(""), NULL), TRUE
        if wanted.key is not None:
            found = self._grouping(scope)
            key = compose("m.key IS NOT DISTINCT FROM {key}", key=wanted.key or None)
        return compose(
            touched_sql.LEDGER,
            people=self._people(scope),
            key=found.key,
            joins=found.joins,
            rows=self.rows(scope),
            wanted=every((between(Sql("m.at"), wanted.start, wanted.end), key)),
            first=FIRST,
            told=self._told(scope, wanted.kpi),
        )

    def _told(self, scope: Scope, kpi: str) -> Sql:
        if kpi in self.counts:
            return compose(touched_sql.TOLD_ROWS, name=Sql(kpi))
        if kpi.startswith("revenue"):
            return compose(
                touched_sql.TOLD_MONEY,
                net=NET,
                movements=movements(scope, *_EVER, columns=SHOWN),
                currency=scope.question.currency,
                which=TRUE if kpi == "revenue" else Sql("m.at >= f.at"),
            )
        which = Sql("f.customer = 1") if kpi == "customers" else TRUE
        return compose(touched_sql.TOLD_PEOPLE, which=which)

    def _people(self, scope: Scope) -> Sql:
        """Return whom the question is about."""
        contact = Sql("c.contact_id")
        return compose(
            touched_sql.PEOPLE,
            customer=every((Sql("c.customer_since IS NOT NULL"), scope.has_records(contact))),
            counts=self._whose(scope, contact),
        )

    def _query(self, scope: Scope, window: Window) -> Sql:
        at = Sql("m.at")
        grouped = scope.question.group_by is not None
        tables = compose(
            touched_sql.TABLES,
            people=self._people(scope),
            slot=window.slot(at),
            names=self._names(),
            own=self.own_groups.get(scope.question.group_by or "", NULL),
            rows=self.rows(scope),
            in_time=window.holds(at),
            grouped=self._grouped(scope, window) if grouped else Sql(""),
            of_groups=Sql(touched_sql.OF_GROUPS if grouped else ""),
            net=NET,
            movements=movements(scope, *_EVER, columns=("contact_id", "currency")),
        )
        currency = scope.question.currency
        asked = [compose(touched_sql.COUNTED, sums=sums(self.counts), currency=currency)]
        if self._tells("revenue_after"):
            asked.append(compose(touched_sql.REVENUE_AFTER, currency=currency))
        if self._tells("days_to_purchase"):
            asked.append(Sql(touched_sql.WAITED))
        if grouped:
            asked.append(compose(touched_sql.KEYS, names=columns("k", self.counts)))
        return joined([tables, *asked], " ")

    def _grouped(self, scope: Scope, window: Window) -> Sql:
        """Return the tables of the range's groups, and of who is in each."""
        found = self._grouping(scope)
        added = sums(self.counts)
        rows = touched_sql.OWN_ROWS
        if scope.question.group_by not in self.own_groups:
            rows = compose(touched_sql.ROWS_BY_PERSON, sums=added)
        else:
            found = Grouping(Sql(""), Sql("m.own"))
        return compose(
            touched_sql.GROUPED,
            names=self._names(),
            sums=added,
            key=found.key,
            label=found.label,
            rows=rows,
            joins=found.joins,
            buckets=window.count,
        )

    def _tells(self, beginning: str) -> bool:
        """Return whether one of the figures needs what takes long to find."""
        return any(each.name.startswith(beginning) for each in self.definition.kpis)

    def _names(self) -> Sql:
        return Sql("".join(f"m.{name}, " for name in self.counts))

    def _cells(self, rows: Iterable[Row]) -> Mapping[int, Counter[str]]:
        """Return the sums of each cell."""
        found: defaultdict[int, Counter[str]] = defaultdict(Counter)
        names = (*_SUMS, *self.counts)
        for row in rows:
            if row["axis"] == "currency":
                continue
            told = {name: row.get(name) or 0 for name in names}
            if row["axis"] == "counts":
                # What is counted adds up; people do not.
                found[TOTAL if row["cell"] >= 0 else BEFORE_IT].update(told)
            if row["axis"] != "counts" or row["cell"] >= 0:
                found[row["cell"]].update(told)
        return found

    def _whose(self, scope: Scope, contact: Sql) -> Sql:
        """Return the condition that a contact is one the question is about."""
        limits = scope.has_records(contact) if self.limited else TRUE
        return every((scope.is_asked_about(contact), limits))

    def _grouping(self, scope: Scope) -> Grouping:
        name = scope.question.group_by or ""
        own = self.own_groups.get(name)
        return Grouping(Sql(""), own) if own is not None else grouping(name, scope)

    def _parts(self, found: Mapping[str, int], people: int) -> Parts:
        return {**{name: found.get(name, 0) for name in (*_SUMS, *self.counts)}, "people": people}

    def _base(self, scope: Scope, window: Window) -> _Base:
        if not self.based:
            return _Base([], {})
        created, contact = Sql("m.created_date"), Sql("m.contact_id")
        counts = self._whose(scope, contact)
        parts = [compose(_BASE, slot=window.slot(created), end=window.end, counts=counts)]
        if scope.question.group_by is not None:
            found = self._grouping(scope)
            parts.append(
                compose(
                    _BASE_GROUPS,
                    key=found.key,
                    joins=found.joins,
                    end=window.end,
                    counts=counts,
                )
            )
        rows = run(scope.session, joined(parts, " "))
        return _Base(
            [row for row in rows if row["axis"] == "series"],
            {row["key"]: row["people"] for row in rows if row["axis"] == "group"},
        )


@dataclass(frozen=True, slots=True)
class _Base:
    """How many contacts there were, whatever touched them: made in which slot, and by group."""

    made: Sequence[Row]
    groups: Mapping[str | None, int]

    def standing(self, buckets: int) -> list[int]:
        """Return how many there were at the end of the previous period and of each bucket."""
        found = []
        for slot in range(PREVIOUS, buckets):
            found.append(sum(row["people"] for row in self.made if row["slot"] <= slot))
        return found
