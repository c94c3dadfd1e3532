"""DuckDB over the change log's files: an in-memory database that holds tails and reads Parquet.

Whoever has a question gets a `Session`: read-only SQL over views of the newest rows. Values are
always bound, never written into the text. The database may open files of its own folders alone,
loads no extension and knows no network. For one thread at a time.
"""

# ruff: noqa: S608  # The texts are made of names and paths of our own; values are bound.

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.adapters import log_erased, log_views
from shared.adapters.log_reader import Log, Params, Reader
from shared.adapters.log_tails import reading
from shared.adapters.log_views import VIEWS, Files, literal, quoted
from shared.domain.change_log.erased import AFFECTED
from shared.domain.change_log.schema import DATASETS
from shared.domain.erasure import Erasure

if TYPE_CHECKING:
    import duckdb

_KNOWN = "known"
_EXPORT = "export"


class Session:
    """The log as one request sees it.

    Views: `orders`, `order_items`, `recurring_payments`, `recurring_payment_items`, `contacts`,
    `changes` and `catalogue` have the newest rows that are not deleted; `history_<dataset>` have
    every version. Items have an `ordinal` from 1 on, and order items their order's columns too,
    so that nothing needs to be joined to choose among them.
    """

    def __init__(self, reader: Reader, at: Callable[[int], Reader]) -> None:
        """`at` returns the reader of what was known at a moment (ms)."""
        self._reader = reader
        self._at = at
        self._put: set[str] = set()
        self._known: Session | None = None

    def rows(self, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        return self._reader.run(sql, params).fetchall()

    def dicts(self, sql: str, params: Params = ()) -> list[dict[str, Any]]:
        """Return a query's rows by the names of their columns."""
        found = self._reader.run(sql, params)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def as_known(self, at: int) -> Session:
        """Return the log as it was known at a moment (ms), until another moment is asked for.

        Its views have the newest of the rows recorded by then; `late_<dataset>` have the newest of
        those recorded since, removals too, and `history_<dataset>` all as ever.
        """
        if self._known is not None:
            self._known.close()
        self._known = Session(self._at(at), self._at)
        return self._known

    def put(self, name: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        """Make a small table for this request, of rows by column; what a row lacks is NULL.

        `columns` are the types. A table that was put under this name before is replaced.
        """
        if name in VIEWS:
            raise ValueError(f"{name} is a view of the log")
        held = list(rows)
        shape = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        self._reader.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} ({shape})")
        self._put.add(name)
        if held:
            values = ", ".join(f"unnest(?::{kind}[])" for kind in columns.values())
            by_column = [[row.get(column) for row in held] for column in columns]
            self._reader.execute(f"INSERT INTO {quoted(name)} SELECT {values}", by_column)

    def parquet(self, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> bytes:
        """Return rows by column as a Parquet file; `columns` are the types."""
        self.put(_EXPORT, columns, rows)
        # The one folder that the database may write to, which is there once it has spilled.
        ((spill,),) = self._reader.execute("SELECT current_setting('temp_directory')").fetchall()
        path = Path(spill) / f"{_EXPORT}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._reader.execute(
                f"COPY {_EXPORT} TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)"
            )
            return path.read_bytes()
        finally:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Drop the tables that were put."""
        for name in self._put:
            self._reader.execute(f"DROP TABLE {quoted(name)}")
        self._put.clear()
        if self._known is not None:
            self._known.close()
            self._known = None


class Duck:
    """The database: give it files and tails, and open sessions on it."""

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        fetch: Callable[[Iterable[Path]], None] = lambda _: None,
        memory_mb: int = 800,
        threads: int = 2,
    ) -> None:
        """Make an empty one that may read these folders, and spill into the first of them.

        `fetch` is told which files are about to be read, and brings those that are not there yet.
        """
        import duckdb  # Loading it takes 60 ms, which only those who ask the log shall pay.

        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": f"{memory_mb}MB",
            "threads": str(threads),
            "temp_directory": str(folders[0] / "spill"),
        }
        self._connection = duckdb.connect(":memory:", config=config)
        self.execute("SET parquet_metadata_cache = true")
        # Whether DuckDB takes a process for a person at a terminal is guesswork.
        self.execute("SET enable_progress_bar = false")
        allowed = ", ".join(literal(f"{folder}/") for folder in folders)
        self.execute(f"SET allowed_directories = [{allowed}]")
        self.execute("SET enable_external_access = false")
        # What was known at a moment has the same names as what is now, in a schema of its own.
        self.execute(f"CREATE SCHEMA {_KNOWN}")
        beside = self._connection.cursor()
        beside.execute(f"SET search_path = '{_KNOWN},main'")
        beside.execute("SET enable_progress_bar = false")
        self.execute("SET lock_configuration = true")
        for statement in _tables():
            self.execute(statement)
        self._pending: tuple[Erasure, ...] = ()
        self._now = Reader(self._connection, fetch)
        self._then = Reader(beside, fetch)
        self._session: Session | None = None

    def execute(self, sql: str, params: Params = ()) -> duckdb.DuckDBPyConnection:
        """Execute one statement of our own."""
        return self._connection.execute(sql, params or None)

    def add_tails(self, path: Path) -> None:
        """Take in the rows of a file of tails, one or several one after the other.

        One large file is read much faster than many small ones. Raise UnreadableTail where one of
        them is damaged; nothing is taken in then.
        """
        self._forget()
        with reading([path]):
            self.execute(log_views.staging([path]))
        # All or none: a caller that is told of a failure tries again.
        self.execute("BEGIN")
        try:
            for dataset in DATASETS.values():
                self.execute(log_views.unstaging(dataset))
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")
        self.execute("DROP TABLE lines")

    def drop_tails(self, stems: Collection[str]) -> None:
        """Forget the rows of tails, which are in files now; `stems` begin their rows' positions."""
        if stems:
            for name in DATASETS:
                gone = "left(position, -7) IN (SELECT unnest(?::VARCHAR[]))"
                self.execute(f"DELETE FROM tails_{name} WHERE {gone}", [list(stems)])
            self._forget()

    def erase_from_tails(self, erasures: Collection[Erasure]) -> None:
        """Take what speaks of erased people out of the tails at hand."""
        if not erasures:
            return
        self._fill(log_erased.RECENT, erasures)
        # Before the rows that tell whose a record is say so no more.
        for name in log_erased.RECORDS:
            dataset, table = DATASETS[name], f"tails_{name}"
            self.execute(log_erased.having(dataset, table, dataset.columns, log_erased.RECENT))
        for name in sorted(AFFECTED):
            self.execute(log_erased.scrubbing(DATASETS[name], f"tails_{name}", log_erased.RECENT))
        self._forget()

    def newest_tail_row(self) -> int:
        """Return when the newest row of the tails was recorded (ms), 0 where they have none."""
        newest = " UNION ALL ".join(f"SELECT max(recorded_at) FROM tails_{n}" for n in DATASETS)
        ((found,),) = self.execute(f"SELECT max(m) FROM ({newest}) AS t(m)").fetchall()
        return int(found or 0)

    def open(
        self,
        files: Mapping[str, Files],
        epoch: int = 0,
        epoch_at: Callable[[int], int] = lambda _: 0,
        erased: tuple[Erasure, ...] = (),
    ) -> Session:
        """Return a session over these files and the tails at hand; it ends the one before.

        Rows of an epoch before `epoch` do not count; at a moment (ms) `epoch_at` was that epoch.
        `erased` are the erasures that the files do not reflect yet.
        """
        if self._session is not None:
            self._session.close()
        if erased != self._pending:
            self._fill(log_erased.PENDING, erased)
            self._pending = erased
            self._forget()
        log = Log(dict(files), epoch, erased=erased)
        self._now.read(log)

        def at(moment: int) -> Reader:
            self._then.read(replace(log, known_at=moment, epoch_then=epoch_at(moment)))
            return self._then

        self._session = Session(self._now, at)
        return self._session

    def close(self) -> None:
        """Let go of the database and its memory."""
        self._connection.close()

    def _fill(self, kind: str, erasures: Iterable[Erasure]) -> None:
        for sql, params in log_erased.filled(kind, erasures):
            self.execute(sql, params)

    def _forget(self) -> None:
        """Have all views made anew: they were of other tails."""
        self._now.forget()
        self._then.forget()


def _tables() -> Iterator[str]:
    """Yield the statements that make what a database holds itself, empty."""
    yield from map(log_views.tails_table, DATASETS.values())
    for kind in (log_erased.PENDING, log_erased.RECENT):
        yield from log_erased.tables(kind)
