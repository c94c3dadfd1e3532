"""Files made by DuckDB, held to plain Python: every version, the newest, and what grew since."""

# ruff: noqa: S608  # The texts are made of names and paths of our own.

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shared.adapters.parquet import Merger
from shared.domain.change_log.schema import DATASETS
from tests.functions.compact_changes.fake_merger import FakeMerger, Row, file_rows

ORDER = {
    "connection_id": "shop",
    "id": "in_1",
    "gross": 1900,
    "line_items": [{"name": 'Tea "box" é', "quantity": 2, "amount": 950}],
    "returned": [{"kind": "refund", "id": "re_1", "date": 5, "amount": 400}],
    "occurred_date": 3,
    "version": 2,
    "epoch": 1,
    "recorded_at": 11,
    "position": "p0",
}


@pytest.fixture
def merger(tmp_path: Path) -> Iterator[Merger]:
    merger = Merger(tmp_path, memory_mb=200)
    yield merger
    merger.close()


def tail(folder: Path, name: str, dataset: str, rows: list[Row]) -> Path:
    path = folder / f"{name}.ndjson.gz"
    path.write_bytes(gzip.compress("".join(json.dumps({dataset: r}) + "\n" for r in rows).encode()))
    return path


def rows_of(path: Path) -> list[Row]:
    """Return a file's rows without what is NULL, as tails have them."""
    found = duckdb.execute(f"FROM read_parquet('{path}')")
    names = [column[0] for column in found.description or ()]
    return [_bare(dict(zip(names, row, strict=True))) for row in found.fetchall()]


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if each is not None}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def test_a_row_survives_with_all_it_holds(merger: Merger, tmp_path: Path) -> None:
    path = tail(tmp_path, "t", "orders", [ORDER])

    assert merger.load([path])["orders"] == 1
    assert merger.as_of() == 11
    assert merger.history("orders", [], tmp_path / "h", loaded=True) == 1
    assert merger.newest("orders", [], tmp_path / "c", loaded=True) == 1

    assert rows_of(tmp_path / "h") == [ORDER]
    left_out = DATASETS["orders"].history
    assert rows_of(tmp_path / "c") == [{k: v for k, v in ORDER.items() if k not in left_out}]


def test_what_a_newer_release_wrote_is_read_as_far_as_it_is_known(
    merger: Merger, tmp_path: Path
) -> None:
    strange = {**ORDER, "of_tomorrow": {"x": [1]}, "line_items": [{"name": "Tea", "new": 1}]}

    assert merger.load([tail(tmp_path, "t", "orders", [strange])])["orders"] == 1
    merger.history("orders", [], tmp_path / "h", loaded=True)

    assert rows_of(tmp_path / "h") == [{**ORDER, "line_items": [{"name": "Tea"}]}]


def test_files_of_an_older_release_lack_columns_and_stay_readable(
    merger: Merger, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    duckdb.execute(
        "COPY (SELECT 'shop' AS connection_id, 'in_0' AS id, 7::BIGINT AS gross, 2::BIGINT AS"
        " version, 1 AS epoch, [{'name': 'Old', 'amount': 7::BIGINT}] AS line_items, 'p' AS"
        f" position) TO '{old}' (FORMAT parquet)"
    )
    merger.load([tail(tmp_path, "t", "orders", [ORDER])])

    assert merger.history("orders", [old], tmp_path / "h", loaded=True) == 2

    by_id = {row["id"]: row for row in rows_of(tmp_path / "h")}
    assert by_id["in_0"]["line_items"] == [{"name": "Old", "amount": 7}]
    assert by_id["in_1"] == ORDER


def test_rows_lie_sorted_and_compressed(merger: Merger, tmp_path: Path) -> None:
    rows = [
        {**ORDER, "id": f"in_{n}", "contact_id": f"c{n % 7}", "occurred_date": 99 - n}
        for n in range(50)
    ]
    merger.load([tail(tmp_path, "t", "orders", rows)])

    merger.newest("orders", [], tmp_path / "c", loaded=True)

    places = [(row["contact_id"], row["occurred_date"]) for row in rows_of(tmp_path / "c")]
    assert places == sorted(places)
    codecs = duckdb.execute(
        f"SELECT DISTINCT compression FROM parquet_metadata('{tmp_path / 'c'}')"
    ).fetchall()
    assert codecs == [("ZSTD",)]


@pytest.mark.parametrize("seed", range(12))
def test_merging_agrees_with_plain_python(merger: Merger, tmp_path: Path, seed: int) -> None:
    dice, plain = random.Random(seed), FakeMerger()
    real_files: list[Path] = []
    plain_files: list[Path] = []
    for step in range(4):
        rows = [some_change(dice, step, line) for line in range(dice.randint(1, 12))]
        path = tail(tmp_path, f"t{step}", "changes", rows)
        epoch = dice.choice((0, 0, 2))
        assert merger.load([path]) == plain.load([path])
        assert merger.as_of() == plain.as_of()
        for part in ("history", "newest"):
            real, told = tmp_path / f"r.{part}.{step}", tmp_path / f"f.{part}.{step}"
            if part == "history":
                counts = (
                    merger.history("changes", real_files, real, loaded=True),
                    plain.history("changes", plain_files, told, loaded=True),
                )
            else:
                counts = (
                    merger.newest("changes", real_files, real, loaded=True, epoch=epoch),
                    plain.newest("changes", plain_files, told, loaded=True, epoch=epoch),
                )
            assert counts[0] == counts[1]
            assert in_order(rows_of(real)) == in_order(file_rows(told.read_bytes()))
        real_files.append(tmp_path / f"r.history.{step}")
        plain_files.append(tmp_path / f"f.history.{step}")


def some_change(dice: random.Random, step: int, line: int) -> Row:
    """One of few entries in one of few versions; what it says follows from these."""
    version, epoch, place = dice.randint(1, 4), dice.randint(1, 3), dice.choice("abc")
    return {
        "record": "order",
        "connection_id": "shop",
        "id": "in_1",
        "place": place,
        "changes": f"{place}{epoch}{version}",
        "version": version,
        "epoch": epoch,
        "recorded_at": 0,
        "position": f"{step}-{line:03d}",
    }


def in_order(rows: list[Row]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_dataset_is_merged_whatever_its_columns_are_called(
    merger: Merger, tmp_path: Path, dataset: str
) -> None:
    kept = DATASETS[dataset]
    row = dict.fromkeys(kept.identity, "x") | {"version": 1, "epoch": 0, "position": "p0"}

    merger.load([tail(tmp_path, "t", dataset, [row])])

    assert merger.newest(dataset, [], tmp_path / "c", loaded=True) == 1
    assert merger.history(dataset, [], tmp_path / "h", loaded=True) == 1
