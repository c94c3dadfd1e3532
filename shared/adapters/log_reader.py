"""The views of the change log that one connection of the database reads, made when they are named.

They stay from one request to the next, until other files, tails, or another moment are looked at.
"""

# ruff: noqa: S608  # The texts are made of names and paths of our own; values are bound.

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.adapters import log_erased, log_public, log_views
from shared.adapters.log_views import GOODS, LATE, VIEWS, Files
from shared.domain.change_log.schema import DATASETS, Dataset
from shared.domain.erasure import Erasure

if TYPE_CHECKING:
    import duckdb

Params = Sequence[Any] | Mapping[str, Any]

_RECORDS = "records of erased people"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Log:
    """What is read: files by dataset, and rows of which epoch on count.

    `known_at` (ms) is the moment whose knowledge is wanted, None for now; `epoch_then` is the epoch
    that counted then. `erased` are the erasures the files do not reflect yet, whose tables are
    filled.
    """

    files: Mapping[str, Files] = field(default_factory=dict)
    epoch: int = 0
    known_at: int | None = None
    epoch_then: int = 0
    erased: tuple[Erasure, ...] = ()


class Reader:
    """One connection, and which views are ready on it."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        fetch: Callable[[Iterable[Path]], None],
    ) -> None:
        """`fetch` is told which files are about to be read, and brings those not there yet."""
        self._connection = connection
        self._fetch = fetch
        self._log = Log()
        self._held: dict[Path, dict[str, str]] = {}
        self._ready: set[str] = set()

    def read(self, log: Log) -> None:
        """Read this from now on."""
        if log != self._log:
            self._log = log
            files = log.files.values()
            named = {p for each in files for p in (*each.history, *each.base, *each.delta)}
            self._held = {path: kinds for path, kinds in self._held.items() if path in named}
            self.forget()

    def forget(self) -> None:
        """Have all views made anew."""
        self._ready.clear()

    def execute(self, sql: str, params: Params = ()) -> duckdb.DuckDBPyConnection:
        """Execute one statement of our own."""
        return self._connection.execute(sql, params or None)

    def run(self, sql: str, params: Params) -> duckdb.DuckDBPyConnection:
        """Execute a reader's query; the views it names are made ready first."""
        words = set(_WORD.findall(sql.lower()))
        for view in VIEWS.keys() & words:
            self._prepare(view, VIEWS[view])
        if self._log.known_at is not None:
            for view in LATE.keys() & words:
                self._prepare(view, LATE[view])
        return self.execute(sql, params)

    def _prepare(self, view: str, parts: Iterable[str]) -> None:
        """Make a view readable, unless it is already."""
        for part in parts:
            if part not in self._ready:
                self._make(part)
                self._ready.add(part)
        if view not in self._ready:
            self.execute(f"CREATE OR REPLACE VIEW {view} AS {log_public.public(view)}")
            self._ready.add(view)

    def _make(self, part: str) -> None:
        """Make the view of a part of a dataset, as files and tails are."""
        kind, _, name = part.partition(" ")
        make = {"newest": self._newest, "all": self._all, "since": self._late}[kind]
        query = make(DATASETS[name], self._log.files.get(name, Files()))
        self.execute(f"CREATE OR REPLACE VIEW {kind}_{name} AS {query}")
        if part == GOODS:
            self.execute("CREATE OR REPLACE TABLE goods AS FROM newest_catalogue")

    def _newest(self, dataset: Dataset, files: Files) -> str:
        """Return a query of the newest rows, of those that were known at the moment if any."""
        log = self._log
        if log.known_at is not None:
            self._fetch(files.history)
            statements = log_views.outdated(dataset, files, log.epoch_then, log.known_at)
            gone = self._gone(dataset, statements)
            held = self._columns(files.history)
            return log_views.known(
                dataset,
                files,
                log.epoch_then,
                log.known_at,
                held=held,
                gone=gone,
                erased=self._erased(dataset),
            )
        current = (*files.base, *files.delta)
        self._fetch(current)
        gone = self._gone(dataset, log_views.superseded(dataset, files, log.epoch))
        held, erased = self._columns(current), self._erased(dataset)
        return log_views.newest(dataset, files, log.epoch, held=held, gone=gone, erased=erased)

    def _all(self, dataset: Dataset, files: Files) -> str:
        self._fetch(files.history)
        held, erased = self._columns(files.history), self._erased(dataset)
        return log_views.history(dataset, files, held=held, erased=erased)

    def _late(self, dataset: Dataset, files: Files) -> str:
        self._fetch(files.history)
        held, erased = self._columns(files.history), self._erased(dataset)
        log = self._log
        known_at = log.known_at or 0
        return log_views.late(dataset, files, log.epoch, known_at, held=held, erased=erased)

    def _erased(self, dataset: Dataset) -> bool:
        """Tell whether there may be erased people in the files, and find whose a change is."""
        if self._log.erased and dataset.name == "changes" and _RECORDS not in self._ready:
            for name in log_erased.RECORDS:
                self._find_records(DATASETS[name], self._log.files.get(name, Files()))
            self._ready.add(_RECORDS)
        return bool(self._log.erased)

    def _find_records(self, dataset: Dataset, files: Files) -> None:
        current = (*files.base, *files.delta)
        self._fetch(current)
        held = self._columns(current)
        for path in current:
            table = log_views.scan(path)
            self.execute(log_erased.having(dataset, table, held[path], log_erased.PENDING))

    def _gone(self, dataset: Dataset, statements: Iterable[str]) -> frozenset[int]:
        """Find what is superseded; return the layers it lies in."""
        for statement in statements:
            self.execute(statement)
        found = self.execute(f"SELECT DISTINCT layer FROM gone_{dataset.name}").fetchall()
        return frozenset(layer for (layer,) in found)

    def _columns(self, paths: Iterable[Path]) -> dict[Path, dict[str, str]]:
        for path in paths:
            if path not in self._held:
                found = self.execute(f"DESCRIBE FROM {log_views.scan(path)}").fetchall()
                self._held[path] = {name: kind for name, kind, *_ in found}
        return self._held
