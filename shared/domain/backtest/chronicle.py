"""What the change log remembers, as a backtest asks it: versions of documents, and when they were.

Rows are those of the log (`change_log.rows`), turned back into the documents firing looks at. The
log keeps what shows and not what it was made of, so a head's facets are told anew from the entries
of its record (`past`). Times are ms; the log's are those of the stream, in whole seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from shared.domain import times
from shared.domain.ports import Document, Name
from shared.domain.timeline import Change, Entry

Row = Mapping[str, Any]

_PLACE = re.compile(r"(-?\d+)\.(\d+)(\d)\.(\d+)\.")
_DATES = """created_date first_order_date last_order_date last_visit_date last_sent_date
    last_open_date last_click_date last_reply_date unsubscribed_date""".split()


@dataclass(frozen=True, slots=True)
class Version:
    """A document as it was from `at` (ms) on; None where it was gone or said nothing."""

    at: int
    document: Document | None


Versions = Sequence[Version]  # in the order they were written


@dataclass(frozen=True, slots=True)
class Told:
    """One writing of an entry: its name, when it was, and what it was until then."""

    name: Name
    entry: Entry
    before: Entry | None
    at: int


@dataclass(frozen=True, slots=True)
class Dated:
    """A date that a recurring payment had, and when (ms) it was first recorded."""

    record: Name
    value: int
    at: int


class Chronicle(Protocol):
    """What documents were, as far as the past has to be seen again."""

    def entries(self, names: Iterable[Name]) -> Mapping[Name, Versions]:
        """Return all versions of entries, each `{"entry": …}`."""

    def contacts(self, contact_ids: Iterable[str]) -> Mapping[str, Versions]:
        """Return all versions of contacts."""

    def heads(self, names: Iterable[Name]) -> Mapping[Name, Versions]:
        """Return all versions of records' heads, without facets."""

    def mirrors(self, name: Name) -> Sequence[Name]:
        """Return the records that have ever mirrored one."""


class Log(Chronicle, Protocol):
    """The change log, which also knows what happened."""

    def count(self, kind: str, *, since: int, first: int, last: int) -> int:
        """Return how many writings `told` will come to at most."""

    def told(self, kind: str, *, since: int, first: int, last: int) -> Iterator[Told]:
        """Yield the writings of entries of a kind of record, in the order of recording.

        Those recorded since `since` that occurred from `first` to `last` (ms, both included).
        """

    def dated(self, field: str, low: int, high: int) -> Sequence[Dated]:
        """Return the values of a date that recurring payments have ever had between two (ms)."""


def as_of(versions: Versions, at: int) -> Document | None:
    """Return a document as it was at a time (ms), None where it was not."""
    found: Document | None = None
    for version in versions:
        if version.at > at:
            break
        found = version.document
    return found


def entries_of(rows: Iterable[Row]) -> list[Version]:
    """Return the versions of one entry that its rows tell of, in the order of their versions.

    One that was announced and changes nothing any more is deleted to whoever reads the log, and
    still tells what it says; a row that says no more than that is the entry's end.
    """
    told: list[Version] = []
    last: Entry | None = None
    born = False
    for row in rows:
        if row["event_id"] is not None:
            born = born or (row["kind"] == "created" and not row["joined"])
            last = _told_since(last, _entry(row, born=born))
        else:
            last = None
        told.append(Version(row["recorded_at"], {"entry": last} if last else None))
    return told


def _told_since(before: Entry | None, entry: Entry) -> Entry:
    """Return an entry with the time since when it tells what it does, as `records` counts it."""
    if before is None or (before.kind, before.changes) != (entry.kind, entry.changes):
        return entry
    return replace(entry, recorded_at=before.recorded_at)


def _entry(row: Row, *, born: bool) -> Entry:
    _, rank, turn, received_at = _placed(row["place"])
    return Entry(
        at=row["occurred_date"],
        rank=rank,
        turn=turn,
        event_id=row["event_id"],
        event_type=row["event_type"],
        received_at=received_at,
        said={},
        kind=row["kind"],
        changes=[Change(*each) for each in json.loads(row["changes"] or "[]")],
        historical=bool(row["historical"]),
        late=bool(row["late"]),
        born=born,
        joined=bool(row["joined"]),
        recorded_at=row["recorded_at"],
        contact_id=row["contact_id"],
        contact_version=row["contact_version"] or 0,
        money=row["money"],
        announced=tuple(row["announced"] or ()),
    )


def name_of(row: Row) -> Name:
    """Return the name of the entry a row tells of."""
    return ("entry", row["record"], row["connection_id"], row["id"], row["place"])


def contact_of(row: Row) -> Document:
    """Return the contact a row tells of."""
    return {
        "contact_id": row["contact_id"],
        "email": row["email"],
        **{name: row[name] for name in ("first_name", "last_name", "phone", "company")},
        **{name: row[name] or [] for name in ("aliases", "tags", "lists", "segments")},
        "source": {name: row[name] for name in ("first_source", "campaign", "landing_page")},
        **{name: row[name] for name in _DATES},
        # The earlier of both dates is all the log keeps, and all that is asked of them.
        "first_start_date": row["customer_since"],
        "orders_count": row["orders_count"] or 0,
        "kept_orders": row["kept_orders"] or 0,
        "revenue": {
            each["currency"]: {"orders": each["orders"], "net": each["net"]}
            for each in row["revenue"] or ()
        },
        "version": row["version"] // 2,
    }


def head_of(row: Row) -> Document:
    """Return the head a row tells of, but for its facets and its twins."""
    return {
        "contact_id": row["contact_id"],
        "customer_id": row.get("store_customer_id"),
        "modified": row.get("store_modified_date"),
        "mirror_of": row["mirror_of"],
        "merged_into": row.get("merged_into"),
        "recurring_payment_id": row.get("recurring_payment_id"),
        "version": row["version"] // 2,
    }


def second(at: int) -> int:
    """Return the last ms of a moment's second: what else it held cannot be told apart."""
    return at - at % times.SECOND + times.SECOND - 1


def _placed(place: str) -> tuple[int, int, int, int]:
    """Return time, rank, turn and receipt of an entry's place."""
    found = _PLACE.match(place)
    if found is None:
        return 0, 0, 0, 0
    at, rank, turn, received_at = (int(digits) for digits in found.groups())
    return at, rank, turn, received_at
