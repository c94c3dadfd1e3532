"""Parquet files of the change log, made by DuckDB: tails read in, files merged, the newest kept.

Everything is local; whoever uses this fetches and stores the files. Only our own names and paths
become SQL. Loading DuckDB takes 60 ms and 40 MB, so it is imported by those who merge alone.
"""

# ruff: noqa: S608  # The texts are made of names and paths of our own.

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shared.adapters import log_erased
from shared.adapters.log_erased import RECENT, RECORDS
from shared.adapters.log_tails import reading
from shared.adapters.log_views import literal, quoted, scan, select, staging
from shared.domain.change_log.erased import AFFECTED
from shared.domain.change_log.schema import DATASETS, Dataset
from shared.domain.erasure import Erasure

if TYPE_CHECKING:
    import duckdb

# As many rows as DuckDB reads at once: fewer make more metadata, more are read by one thread.
ROW_GROUP_ROWS = 122_880
_STAGED = "lines"


class Merger:
    """Makes files out of tails and files, in one folder; for one thread at a time."""

    def __init__(self, folder: Path, *, memory_mb: int, threads: int = 2) -> None:
        """Make one that spills what exceeds `memory_mb` into `folder`."""
        import duckdb

        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": f"{memory_mb}MB",
            "threads": str(threads),
            "temp_directory": str(folder / "spill"),
        }
        self._connection = duckdb.connect(":memory:", config=config)
        self._erased: tuple[Erasure, ...] = ()
        for statement in log_erased.tables(RECENT):
            self._run(statement)

    def forget(self, erased: Iterable[Erasure]) -> None:
        """Leave out of every file made from now on what tails say of these people."""
        told = tuple(erased)
        if told != self._erased:
            self._erased = told
            self._of_nobody()

    def load(self, tails: Sequence[Path]) -> dict[str, int]:
        """Take in the rows of tails, instead of those before; return how many each dataset has.

        Raise UnreadableTail where one of them is damaged.
        """
        with reading(tails):
            self._run(staging(tails))
        if self._erased:
            self._of_nobody()
            for name in RECORDS:
                dataset = DATASETS[name]
                self._run(log_erased.having(dataset, _staged(dataset), dataset.columns, RECENT))
        counts = ", ".join(f"count({name})" for name in DATASETS)
        (row,) = self._run(f"SELECT {counts} FROM {_STAGED}").fetchall()
        return dict(zip(DATASETS, row, strict=True))

    def as_of(self) -> int:
        """Return when the newest row taken in was recorded, in ms."""
        told = " UNION ALL ".join(
            f"SELECT max({name}.recorded_at) AS newest FROM {_STAGED}" for name in DATASETS
        )
        (row,) = self._run(f"SELECT coalesce(max(newest), 0) FROM ({told})").fetchall()
        return int(row[0])

    def history(self, dataset: str, files: Sequence[Path], out: Path, *, loaded: bool) -> int:
        """Write every version of a dataset; return the number of rows.

        Of a version written twice, the row that was written first is kept. `loaded` takes in the
        tails' rows too.
        """
        kept = DATASETS[dataset]
        one = ", ".join([*_identity(kept), "epoch", "version"])
        rows = self._all(kept, list(kept.columns), files, loaded=loaded)
        turn = f"row_number() OVER (PARTITION BY {one} ORDER BY position)"
        query = f"SELECT * FROM ({rows}) QUALIFY {turn} = 1"
        return self._write(query, (*kept.sorted_by, "epoch", "version"), out)

    def newest(
        self, dataset: str, files: Sequence[Path], out: Path, *, loaded: bool, epoch: int = 0
    ) -> int:
        """Write a dataset's newest rows, those that say "deleted" too; return how many.

        Rows of an epoch before `epoch` are left out. `loaded` takes in the tails' rows too.
        """
        kept = DATASETS[dataset]
        columns, identity = kept.current_columns(), ", ".join(_identity(kept))
        rows = self._all(kept, columns, files, loaded=loaded)
        chosen, order = "*", "epoch DESC, version DESC"
        if "position" in columns:
            # A row told again, by a retry or by a rebuilt log, stays where it was told first.
            first = f"min(position) OVER (PARTITION BY {identity}, version)"
            chosen, order = f"* REPLACE ({first} AS position)", f"{order}, position"
        turn = f"row_number() OVER (PARTITION BY {identity} ORDER BY {order})"
        query = (
            f"SELECT * EXCLUDE (turn) FROM (SELECT {chosen}, {turn} AS turn FROM ({rows}))"
            f" WHERE turn = 1 AND epoch >= {epoch}"
        )
        return self._write(query, (*kept.sorted_by, *kept.identity), out)

    def learn(self, dataset: str, history: Path) -> None:
        """Note what a file of a dataset's history tells of which records were whose.

        Of each file of orders and recurring payments, before any file is made without the erased.
        """
        kept, table = DATASETS[dataset], scan(history)
        self._run(log_erased.having(kept, table, self._held(history), RECENT))
        self._run(log_erased.versions(kept, table, RECENT))

    def speaks_of_erased(self, dataset: str, file: Path) -> bool:
        """Tell whether a file of a dataset speaks of somebody who was erased."""
        query = log_erased.touched(DATASETS[dataset], scan(file), self._held(file), RECENT)
        ((count,),) = self._run(query).fetchall()
        return bool(count)

    def without_erased(self, dataset: str, file: Path, out: Path) -> int:
        """Write a file anew without those who were erased; return how many rows are left."""
        kept, held = DATASETS[dataset], self._held(file)
        query = f"FROM {log_erased.source(kept, scan(file), held, RECENT)}"
        return self._write(query, (*kept.sorted_by, *kept.identity, "epoch", "version"), out)

    def close(self) -> None:
        """Let go of the database and its memory."""
        self._connection.close()

    def _all(
        self, dataset: Dataset, columns: Sequence[str], files: Sequence[Path], *, loaded: bool
    ) -> str:
        """Return a query of all rows of the files, and of the tails taken in if `loaded`."""
        parts = []
        for path in files:
            parts.append(f"SELECT {select(columns, self._held(path), dataset)} FROM {scan(path)}")
        if loaded:
            table = _staged(dataset)
            if self._erased and dataset.name in AFFECTED:
                table = log_erased.source(dataset, table, dataset.columns, RECENT)
            parts.append(f"SELECT {', '.join(map(quoted, columns))} FROM {table}")
        return " UNION ALL ".join(parts)

    def _held(self, path: Path) -> dict[str, str]:
        """Return the columns of a file, with their types."""
        found = self._run(f"DESCRIBE FROM {scan(path)}").fetchall()
        return {name: kind for name, kind, *_ in found}

    def _of_nobody(self) -> None:
        """Begin anew to find out which records were those of the erased."""
        for sql, params in log_erased.filled(RECENT, self._erased):
            self._connection.execute(sql, params or None)

    def _write(self, query: str, order: Iterable[str], out: Path) -> int:
        by = ", ".join(quoted(name) for name in dict.fromkeys(order))
        (row,) = self._run(
            f"COPY ({query} ORDER BY {by}) TO {literal(out)} (FORMAT parquet, COMPRESSION zstd,"
            f" PARQUET_VERSION v2, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
        ).fetchall()
        return int(row[0])

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(sql)


def _staged(dataset: Dataset) -> str:
    """Return the table of a dataset's rows in the tails taken in."""
    return f"(SELECT {dataset.name}.* FROM {_STAGED} WHERE {dataset.name} IS NOT NULL)"


def _identity(dataset: Dataset) -> list[str]:
    return [quoted(name) for name in dataset.identity]
