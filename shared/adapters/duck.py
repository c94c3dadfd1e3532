"""DuckDB over the change log's files: an in-memory database that holds tails and reads Parquet.

Whoever has a question gets a `Session`: read-only SQL over views of the newest rows. Values are
always bound, never written into the text. The database may open files of its own folders alone,
loads no extension and knows no network. For one thread at a time.
"""

# ruff: noqa: S608  # The texts are made of names and paths of our own; values are bound.

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.adapters import log_views
from shared.adapters.log_views import GOODS, VIEWS, Files, literal, quoted
from shared.domain.change_log.schema import DATASETS

if TYPE_CHECKING:
    import duckdb

Params = Sequence[Any] | Mapping[str, Any]

_WORD = re.compile(r"\w+")


class Session:
    """The log as one request sees it.

    Views: `orders`, `order_items`, `recurring_payments`, `recurring_payment_items`, `contacts`,
    `changes` and `catalogue` have the newest rows that are not deleted; `history_<dataset>` have
    every version. Items have an `ordinal` from 1 on, and order items their order's columns too,
    so that nothing needs to be joined to choose among them.
    """

    def __init__(self, duck: Duck) -> None:
        self._duck = duck
        self._put: set[str] = set()

    def rows(self, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        return self._duck.run(sql, params).fetchall()

    def dicts(self, sql: str, params: Params = ()) -> list[dict[str, Any]]:
        """Return a query's rows by the names of their columns."""
        found = self._duck.run(sql, params)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def put(self, name: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        """Make a small table for this request, of rows by column; what a row lacks is NULL.

        `columns` are the types. A table that was put under this name before is replaced.
        """
        if name in VIEWS:
            raise ValueError(f"{name} is a view of the log")
        held = list(rows)
        shape = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        self._duck.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} ({shape})")
        self._put.add(name)
        if held:
            values = ", ".join(f"unnest(?::{kind}[])" for kind in columns.values())
            by_column = [[row.get(column) for row in held] for column in columns]
            self._duck.execute(f"INSERT INTO {quoted(name)} SELECT {values}", by_column)

    def close(self) -> None:
        """Drop the tables that were put."""
        for name in self._put:
            self._duck.execute(f"DROP TABLE {quoted(name)}")
        self._put.clear()


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
        self.execute("SET lock_configuration = true")
        for dataset in DATASETS.values():
            self.execute(log_views.tails_table(dataset))
        self._fetch = fetch
        self._files: Mapping[str, Files] = {}
        self._epoch = 0
        self._held: dict[Path, dict[str, str]] = {}
        self._ready: set[str] = set()
        self._session: Session | None = None

    def execute(self, sql: str, params: Params = ()) -> duckdb.DuckDBPyConnection:
        """Execute one statement of our own."""
        return self._connection.execute(sql, params or None)

    def run(self, sql: str, params: Params) -> duckdb.DuckDBPyConnection:
        """Execute a reader's query; the views it names are made ready first."""
        for view in VIEWS.keys() & set(_WORD.findall(sql.lower())):
            self._prepare(view)
        return self.execute(sql, params)

    def add_tails(self, path: Path) -> None:
        """Take in the rows of a file of tails, one or several one after the other.

        One large file is read much faster than many small ones.
        """
        self._ready.clear()
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
            self._ready.clear()

    def newest_tail_row(self) -> int:
        """Return when the newest row of the tails was recorded (ms), 0 where they have none."""
        newest = " UNION ALL ".join(f"SELECT max(recorded_at) FROM tails_{n}" for n in DATASETS)
        ((found,),) = self.execute(f"SELECT max(m) FROM ({newest}) AS t(m)").fetchall()
        return int(found or 0)

    def open(self, files: Mapping[str, Files], epoch: int = 0) -> Session:
        """Return a session over these files and the tails at hand; it ends the one before.

        Rows of an epoch before `epoch` do not count.
        """
        if self._session is not None:
            self._session.close()
        if (files, epoch) != (self._files, self._epoch):
            self._files, self._epoch = dict(files), epoch
            named = {p for each in files.values() for p in (*each.history, *each.base, *each.delta)}
            self._held = {path: kinds for path, kinds in self._held.items() if path in named}
            self._ready.clear()
        self._session = Session(self)
        return self._session

    def close(self) -> None:
        """Let go of the database and its memory."""
        self._connection.close()

    def _prepare(self, view: str) -> None:
        """Make a view readable, unless it is already."""
        for part in VIEWS[view]:
            if part not in self._ready:
                self._make(part)
                self._ready.add(part)
        if view not in self._ready:
            self.execute(f"CREATE OR REPLACE VIEW {view} AS {log_views.public(view)}")
            self._ready.add(view)

    def _make(self, part: str) -> None:
        """Make the view of a dataset's newest rows, or of its history, as files and tails are."""
        kind, _, name = part.partition(" ")
        dataset, files = DATASETS[name], self._files.get(name, Files())
        self._fetch(files.history if kind == "all" else (*files.base, *files.delta))
        if kind == "all":
            query = log_views.history(dataset, files, self._columns(files.history))
        else:
            for statement in log_views.superseded(dataset, files, self._epoch):
                self.execute(statement)
            layers = self.execute(f"SELECT DISTINCT layer FROM gone_{name}").fetchall()
            query = log_views.newest(
                dataset,
                files,
                self._epoch,
                held=self._columns((*files.base, *files.delta)),
                gone=frozenset(layer for (layer,) in layers),
            )
        self.execute(f"CREATE OR REPLACE VIEW {kind}_{name} AS {query}")
        if part == GOODS:
            self.execute("CREATE OR REPLACE TABLE goods AS FROM newest_catalogue")

    def _columns(self, paths: Iterable[Path]) -> dict[Path, dict[str, str]]:
        for path in paths:
            if path not in self._held:
                found = self.execute(f"DESCRIBE FROM {log_views.scan(path)}").fetchall()
                self._held[path] = {name: kind for name, kind, *_ in found}
        return self._held
