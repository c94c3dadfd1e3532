"""The change log as SQL: which rows of its files and tails are the newest, and what readers see.

Only texts, made of our own names and of paths; no value of anybody's data ever becomes SQL.

A **layer** is one file of `base` or `delta`, or the table of a dataset's tails. What a newer row of
another layer has superseded is kept as (layer, place in it), so that a query skips a few numbers
instead of comparing the ids of everything there is.

What was **known** at a moment comes from the history instead: of the rows recorded by then, the
newest of each identity. The views readers see are the same ones, made over those rows.
"""

# ruff: noqa: S608  # The texts are made of names and paths of our own; values are bound.

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.adapters import log_erased
from shared.domain.change_log.erased import AFFECTED
from shared.domain.change_log.schema import DATASETS, Dataset

ITEM = "category name sku brand tag store_primary_id price_id quantity amount".split()
# The part of the log that names of products and prices are joined from.
GOODS = "newest catalogue"
# The views readers see, and the parts each is made of: a dataset's newest rows, or all of them.
VIEWS: Mapping[str, tuple[str, ...]] = {
    **{name: (f"newest {name}",) for name in DATASETS},
    **{f"history_{name}": (f"all {name}",) for name in DATASETS},
    "recurring_payments": (GOODS, "newest recurring_payments"),
    "recurring_payment_items": (GOODS, "newest recurring_payments"),
    "order_items": (GOODS, "newest orders"),
}
# What those who look at a moment that is past may ask besides: what was recorded since.
LATE: Mapping[str, tuple[str, ...]] = {f"late_{name}": (f"since {name}",) for name in DATASETS}


@dataclass(frozen=True, slots=True)
class Files:
    """A dataset's files, as they lie on this machine."""

    history: tuple[Path, ...] = ()
    base: tuple[Path, ...] = ()
    delta: tuple[Path, ...] = ()


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """Return a text of our own, such as a path, as SQL has it."""
    return "'" + str(text).replace("'", "''") + "'"


def scan(path: Path) -> str:
    """Return the table a Parquet file is."""
    return f"read_parquet({literal(path)})"


def select(columns: Iterable[str], held: Mapping[str, str], dataset: Dataset) -> str:
    """Return a SELECT list of columns, where `held` are those a layer has, with their types.

    Files of older releases lack columns, or fields inside of one: those are NULL.
    """
    told = []
    for name in columns:
        kind, column = dataset.columns[name], quoted(name)
        if name not in held:
            told.append(f"CAST(NULL AS {kind}) AS {column}")
        elif _plain(held[name]) != _plain(kind):
            told.append(f"CAST({column} AS {kind}) AS {column}")
        else:
            told.append(column)
    return ", ".join(told)


def _plain(kind: str) -> str:
    return kind.replace('"', "").upper()


def tails_table(dataset: Dataset) -> str:
    """Return the statement that makes the table of a dataset's tails, empty."""
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in dataset.columns.items())
    return f"CREATE TABLE tails_{dataset.name} ({columns})"


def staging(paths: Sequence[Path]) -> str:
    """Return the statement that reads tails into the table `lines`, a column per dataset."""
    kinds = {
        name: "STRUCT(" + ", ".join(f"{quoted(c)} {k}" for c, k in each.columns.items()) + ")"
        for name, each in DATASETS.items()
    }
    columns = ", ".join(f"{name}: {literal(kind)}" for name, kind in kinds.items())
    files = ", ".join(literal(path) for path in paths)
    return (
        "CREATE OR REPLACE TEMP TABLE lines AS SELECT * FROM read_json("
        f"[{files}], format='newline_delimited', filename=true, columns={{{columns}}})"
    )


def unstaging(dataset: Dataset) -> str:
    """Return the statement that adds a dataset's rows in `lines` to those of its tails."""
    return (
        f"INSERT INTO tails_{dataset.name} SELECT {dataset.name}.* FROM lines"
        f" WHERE {dataset.name} IS NOT NULL"
    )


def superseded(dataset: Dataset, files: Files, epoch: int) -> list[str]:
    """Return the statements that find the rows newer ones have superseded: `gone_<dataset>`.

    Everything but the base is small and compared by itself; the base, where an identity occurs
    once, is then read once for its ids.
    """
    name, identity = dataset.name, ", ".join(quoted(each) for each in dataset.identity)
    wanted = f"{identity}, epoch, version"
    first = len(files.base)
    layers = [
        f"SELECT {first + index} AS layer, file_row_number AS spot, {wanted} FROM {scan(path)}"
        for index, path in enumerate(files.delta)
    ]
    tails = first + len(files.delta)
    layers.append(f"SELECT {tails} AS layer, rowid AS spot, {wanted} FROM tails_{name}")
    newest = f"PARTITION BY {identity} ORDER BY epoch DESC, version DESC, layer, spot"
    statements = [
        f"CREATE OR REPLACE TEMP TABLE recent AS SELECT *, row_number() OVER ({newest}) AS turn"
        f" FROM ({' UNION ALL '.join(layers)}) WHERE epoch >= {epoch}",
        f"CREATE OR REPLACE TEMP TABLE gone_{name} AS"
        " SELECT layer, spot FROM recent WHERE turn > 1",
    ]
    # Which of the two loses: the base's row, unless it is the newer or the very same.
    loser = "(b.epoch, b.version) < (r.epoch, r.version)"
    for index, path in enumerate(files.base):
        statements.append(
            f"INSERT INTO gone_{name} SELECT CASE WHEN {loser} THEN {index} ELSE r.layer END,"
            f" CASE WHEN {loser} THEN b.file_row_number ELSE r.spot END"
            f" FROM recent r JOIN {scan(path)} b USING ({identity})"
            f" WHERE r.turn = 1 AND b.epoch >= {epoch}"
        )
    return statements


def newest(
    dataset: Dataset,
    files: Files,
    epoch: int,
    *,
    held: Mapping[Path, Mapping[str, str]],
    gone: frozenset[int],
    erased: bool,
) -> str:
    """Return a query of the newest rows. `gone` are the layers some rows of which are superseded.

    `held` are the columns of each file. `erased` says that there are erased people in them.
    """
    paths = (*files.base, *files.delta)
    counts = f"s.epoch >= {epoch}"
    return _layers(dataset, paths, held=held, gone=gone, counts=counts, erased=erased)


def _layers(
    dataset: Dataset,
    paths: Iterable[Path],
    *,
    held: Mapping[Path, Mapping[str, str]],
    gone: frozenset[int],
    counts: str,
    erased: bool,
) -> str:
    """Return a query of what counts of files and tails, without what is superseded."""
    columns, parts = dataset.current_columns(), []
    place = "file_row_number"
    sources = [
        (_read(dataset, path, held, erased, place), place, select(columns, held[path], dataset))
        for path in paths
    ]
    sources.append((f"tails_{dataset.name}", "rowid", select(columns, dataset.columns, dataset)))
    for layer, (table, place, chosen) in enumerate(sources):
        skipped = (
            f" ANTI JOIN (SELECT spot FROM gone_{dataset.name} WHERE layer = {layer}) g"
            f" ON g.spot = s.{place}"
            if layer in gone
            else ""
        )
        kept = f"s.deleted IS NOT TRUE AND {counts}"
        parts.append(f"SELECT {chosen} FROM {table} s{skipped} WHERE {kept}")
    return " UNION ALL ".join(parts)


def _read(
    dataset: Dataset,
    path: Path,
    held: Mapping[Path, Mapping[str, str]],
    erased: bool,
    place: str = "",
) -> str:
    """Return the table a file is, without erased people if there are any."""
    if not erased or dataset.name not in AFFECTED:
        return scan(path)
    return log_erased.source(dataset, scan(path), held[path], log_erased.PENDING, place=place)


def outdated(dataset: Dataset, files: Files, epoch: int, known_at: int) -> list[str]:
    """Return the statements that find the rows newer ones had superseded by a moment (ms)."""
    name, identity = dataset.name, ", ".join(quoted(each) for each in dataset.identity)
    sources = [(scan(path), "file_row_number") for path in files.history]
    sources.append((f"tails_{name}", "rowid"))
    layers = [
        f"SELECT {layer} AS layer, {spot} AS spot, {identity}, epoch, version FROM {table}"
        f" WHERE {_by_then(epoch, known_at)}"
        for layer, (table, spot) in enumerate(sources)
    ]
    newest = f"PARTITION BY {identity} ORDER BY epoch DESC, version DESC, layer, spot"
    return [
        f"CREATE OR REPLACE TEMP TABLE gone_{name} AS SELECT layer, spot"
        f" FROM ({' UNION ALL '.join(layers)}) QUALIFY row_number() OVER ({newest}) > 1"
    ]


def known(
    dataset: Dataset,
    files: Files,
    epoch: int,
    known_at: int,
    *,
    held: Mapping[Path, Mapping[str, str]],
    gone: frozenset[int],
    erased: bool,
) -> str:
    """Return a query of the rows that were the newest at a moment (ms), as `newest` has them.

    `epoch` is the one that counted then.
    """
    counts = _by_then(epoch, known_at, "s.")
    return _layers(dataset, files.history, held=held, gone=gone, counts=counts, erased=erased)


def late(
    dataset: Dataset,
    files: Files,
    epoch: int,
    known_at: int,
    *,
    held: Mapping[Path, Mapping[str, str]],
    erased: bool,
) -> str:
    """Return a query of the newest rows of all that was recorded after a moment (ms)."""
    identity = ", ".join(quoted(each) for each in dataset.identity)
    return (
        f"SELECT * FROM ({history(dataset, files, held=held, erased=erased)})"
        f" WHERE recorded_at > {known_at} AND epoch >= {epoch} QUALIFY row_number() OVER"
        f" (PARTITION BY {identity} ORDER BY epoch DESC, version DESC, position) = 1"
    )


def _by_then(epoch: int, known_at: int, row: str = "") -> str:
    return f"{row}recorded_at <= {known_at} AND {row}epoch >= {epoch}"


def history(
    dataset: Dataset, files: Files, *, held: Mapping[Path, Mapping[str, str]], erased: bool
) -> str:
    """Return a query of every version, of all epochs; one that was written twice may show twice."""
    parts = [
        f"SELECT {select(dataset.columns, held[path], dataset)}"
        f" FROM {_read(dataset, path, held, erased)}"
        for path in files.history
    ]
    columns = select(dataset.columns, dataset.columns, dataset)
    return " UNION ALL ".join([*parts, f"SELECT {columns} FROM tails_{dataset.name}"])
