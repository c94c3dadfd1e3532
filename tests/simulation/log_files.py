"""The change log's files as they are deployed: Parquet, read by DuckDB and the product's reader."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from shared.adapters.aws import AwsError
from shared.adapters.change_log import ChangeLog
from shared.domain import times
from shared.domain.change_log.erased import WHOLE
from shared.domain.change_log.schema import DATASETS
from shared.domain.errors import Retryable
from tests.functions.compact_changes.fake_merger import Row, identity, newest_rows, tail_rows

if TYPE_CHECKING:
    from tests.simulation.log_deployment import LogDeployment
    from tests.simulation.log_laws import LogRun

_PEOPLE = ("orders", "recurring_payments", "contacts", "changes", "activity")
# A reader may take so long over the objects a manifest or a list speaks of.
_PATIENCE = times.HOUR - 20 * times.MINUTE


def bare(value: Any) -> Any:
    """Return a value without what is absent in it, as tails have it."""
    if isinstance(value, dict):
        left = {key: bare(each) for key, each in value.items()}
        return {key: each for key, each in left.items() if each not in (None, {})}
    return [bare(each) for each in value] if isinstance(value, list | tuple) else value


def parquet_rows(content: bytes) -> list[Row]:
    """Return the rows of a file."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(content)
        file.flush()
        found = duckdb.execute("FROM read_parquet(?)", [file.name])
        names = [column[0] for column in found.description or ()]
        return [bare(dict(zip(names, row, strict=True))) for row in found.fetchall()]


def read(done: LogRun) -> None:
    """Read the log as `query` does, and note what it should have been told otherwise."""
    deployment, world = done.deployment, done.world
    must = [pair for content in deployment.bucket.tails.values() for pair in tail_rows(content)]
    begun, erased = world.clock(), done.erased
    with tempfile.TemporaryDirectory() as folder:
        log = ChangeLog(deployment.objects(), Path(folder), memory_mb=300, threads=1)
        try:
            session = log.snapshot().session
            answer = {name: session.dicts(f"FROM {name}") for name in DATASETS}
            past = [session.rows(f"FROM history_{name}") for name in _PEOPLE]
        except (AwsError, Retryable):
            return
        finally:
            log.close()
    if world.clock() - begun > _PATIENCE:
        return
    done.reads += 1
    if erased and done.schedule.life.email in f"{answer}{past}":
        done.misread.append("somebody was told of who had been erased")
    for dataset, rows in answer.items():
        done.misread += _missing(dataset, rows, must, deployment, erased=done.erased)


def _missing(
    dataset: str,
    rows: list[Row],
    must: list[tuple[str, Row]],
    deployment: LogDeployment,
    *,
    erased: bool,
) -> Iterator[str]:
    """Yield what an answer lacks of what was written, unless it was removed since or erased."""
    if erased and dataset in WHOLE:
        return
    told = {identity(dataset, row): (row["epoch"], row["version"]) for row in rows}
    ever = [pair for content in deployment.bucket.tails.values() for pair in tail_rows(content)]
    removed = {identity(name, row) for name, row in ever if name == dataset and row.get("deleted")}
    epoch = deployment.bucket.manifest.epoch
    least = newest_rows(dataset, [row for name, row in must if name == dataset], epoch)
    for who, row in least.items():
        if who not in removed and told.get(who, (-1, -1)) < (row["epoch"], row["version"]):
            yield f"{dataset} {who} is {told.get(who)}; {row['epoch'], row['version']} was written"
