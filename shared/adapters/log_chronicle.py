"""The change log as a backtest reads it: every version of what it asks for, out of DuckDB.

A row may have been written twice, and a log written anew tells each document once more. Versions
are therefore told apart by (epoch, version), and each counts where it was recorded first.
"""

# ruff: noqa: S608  # The texts are made of names of our own; values are bound.

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from shared.domain.backtest.chronicle import (
    Dated,
    Row,
    Told,
    Version,
    Versions,
    contact_of,
    entries_of,
    head_of,
    name_of,
)
from shared.domain.ports import Document, Name

if TYPE_CHECKING:
    from shared.adapters.duck import Session

_PAGE = 2_000
_ENTRY = ("record", "connection_id", "id", "place")
_RECORD = ("connection_id", "id")
_HEADS = {
    "order": ("orders", "merged_into, recurring_payment_id"),
    "recurring_payment": ("recurring_payments", "store_customer_id, store_modified_date"),
}
# Each version once, where it was recorded first.
_VERSIONS = """
SELECT {columns} FROM (
  SELECT *, row_number() OVER (PARTITION BY {identity}, epoch, version ORDER BY position) AS copy
  FROM history_{dataset} JOIN wanted USING ({identity})
) WHERE copy = 1 ORDER BY {identity}, epoch, version
"""
_WRITINGS = """
FROM history_changes WHERE record = $record AND position > $after AND event_id IS NOT NULL
AND occurred_date BETWEEN $first AND $last
"""


class LogChronicle:
    """One snapshot of the log."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._mirrors: dict[Name, list[Name]] | None = None

    def count(self, kind: str, *, since: int, first: int, last: int) -> int:
        """Return how many writings `told` will come to at most."""
        asked = _asked(kind, since, first, last)
        ((count,),) = self._session.rows(f"SELECT count(*) {_WRITINGS}", asked)
        return int(count)

    def told(self, kind: str, *, since: int, first: int, last: int) -> Iterator[Told]:
        """Yield the writings of entries of a kind of record, in the order of recording."""
        asked = _asked(kind, since, first, last)
        sql = f"SELECT * {_WRITINGS} ORDER BY position LIMIT {_PAGE}"
        while rows := self._session.dicts(sql, asked):
            versions = self._rows("changes", _ENTRY, rows)
            for row in rows:
                yield from _writing(row, versions[tuple(row[each] for each in _ENTRY)])
            asked = {**asked, "after": rows[-1]["position"]}

    def dated(self, field: str, low: int, high: int) -> Sequence[Dated]:
        """Return the values of a date that recurring payments have ever had between two (ms)."""
        rows = self._session.rows(
            f"SELECT connection_id, id, {field}, min(recorded_at) FROM history_recurring_payments"
            f" WHERE deleted IS NOT TRUE AND {field} BETWEEN ? AND ? GROUP BY ALL ORDER BY ALL",
            [low, high],
        )
        return [
            Dated(("recurring_payment", connection_id, identity), value, at)
            for connection_id, identity, value, at in rows
        ]

    def entries(self, names: Iterable[Name]) -> Mapping[Name, Versions]:
        """Return all versions of entries."""
        wanted = [dict(zip(_ENTRY, name[1:], strict=True)) for name in names]
        found = self._rows("changes", _ENTRY, wanted)
        return {("entry", *identity): entries_of(rows) for identity, rows in found.items()}

    def contacts(self, contact_ids: Iterable[str]) -> Mapping[str, Versions]:
        """Return all versions of contacts."""
        wanted = [{"contact_id": each} for each in contact_ids]
        found = self._rows("contacts", ("contact_id",), wanted)
        return {each: _versions(rows, contact_of) for (each,), rows in found.items()}

    def heads(self, names: Iterable[Name]) -> Mapping[Name, Versions]:
        """Return all versions of records' heads, without facets."""
        told: dict[Name, Versions] = {}
        wanted = sorted(names)
        for kind, (dataset, more) in _HEADS.items():
            asked = [
                dict(zip(_RECORD, name[1:], strict=True)) for name in wanted if name[0] == kind
            ]
            found = self._rows(dataset, _RECORD, asked, f"contact_id, mirror_of, {more}")
            told |= {(kind, *each): _versions(rows, head_of) for each, rows in found.items()}
        return told

    def mirrors(self, name: Name) -> Sequence[Name]:
        """Return the records that have ever mirrored one."""
        if self._mirrors is None:
            self._mirrors = {}
            for kind, (dataset, _) in _HEADS.items():
                for connection_id, identity, owner in self._session.rows(
                    f"SELECT DISTINCT connection_id, id, mirror_of FROM history_{dataset}"
                    " WHERE mirror_of IS NOT NULL ORDER BY ALL"
                ):
                    owned: Name = (kind, *owner.split("/", 1))
                    self._mirrors.setdefault(owned, []).append((kind, connection_id, identity))
        return self._mirrors.get(name, ())

    def _rows(
        self,
        dataset: str,
        identity: tuple[str, ...],
        wanted: Sequence[Mapping[str, Any]],
        columns: str = "",
    ) -> dict[tuple[str, ...], list[Row]]:
        """Return the rows of each version of what is wanted, by its identity."""
        if not wanted:
            return {}
        keys = {tuple(str(each[name]) for name in identity) for each in wanted}
        self._session.put(
            "wanted",
            dict.fromkeys(identity, "VARCHAR"),
            [dict(zip(identity, key, strict=True)) for key in sorted(keys)],
        )
        named = ", ".join(identity)
        chosen = f"{named}, epoch, version, deleted, recorded_at, {columns}" if columns else "*"
        sql = _VERSIONS.format(columns=chosen, identity=named, dataset=dataset)
        rows = self._session.dicts(sql)
        return {
            key: list(group)
            for key, group in groupby(rows, lambda row: tuple(row[each] for each in identity))
        }


def _asked(kind: str, since: int, first: int, last: int) -> dict[str, Any]:
    return {"record": kind, "after": f"{max(0, since):013d}", "first": first, "last": last}


def _writing(row: Row, versions: Sequence[Row]) -> Iterator[Told]:
    """Yield the writing a row is, unless it says again what was said."""
    place = next(
        index
        for index, each in enumerate(versions)
        if (each["epoch"], each["version"]) == (row["epoch"], row["version"])
    )
    if versions[place]["position"] != row["position"]:
        return
    told = entries_of(versions[: place + 1])
    now, before = told[-1].document, told[-2].document if place else None
    if now is not None:
        was = before["entry"] if before is not None else None
        yield Told(name_of(row), now["entry"], was, row["recorded_at"])


def _versions(rows: Iterable[Row], read: Callable[[Row], Document]) -> list[Version]:
    """Return a document's versions; a tombstone of an order still says what it went into."""
    return [
        Version(
            row["recorded_at"],
            read(row) if not row["deleted"] or row.get("merged_into") else None,
        )
        for row in rows
    ]
