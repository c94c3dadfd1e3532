"""The log as it was known at a moment: whatever has been written since, and wherever it lies."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.change_log import ChangeLog
from shared.adapters.duck import Duck, Session
from shared.adapters.log_reader import Reader
from shared.adapters.log_views import Files
from shared.domain.change_log.manifest import Manifest
from tests.support.log_bucket import LogBucket, write_parquet
from tests.support.log_shop import duck_of, write_tail

RAISED_AT = 5
ROW = {"connection_id": "shop", "epoch": 1}
Rows = list[tuple[str, int, int, int]]


def order(identity: str, version: int, recorded_at: int, **values: Any) -> dict[str, Any]:
    return {**ROW, "id": identity, "version": version, "recorded_at": recorded_at, **values}


def seen(session: Session) -> dict[str, int]:
    found = session.rows("SELECT id, gross FROM orders")
    assert len(dict(found)) == len(found)
    return dict(found)


def told(rows: Iterable[dict[str, Any]], epoch: int) -> dict[str, dict[str, Any]]:
    """Return the newest row of each order."""
    counted = (row for row in rows if row["epoch"] >= epoch)
    return {row["id"]: row for row in sorted(counted, key=lambda e: (e["epoch"], e["version"]))}


def living(rows: Iterable[dict[str, Any]], epoch: int) -> dict[str, int]:
    return {key: row["gross"] for key, row in told(rows, epoch).items() if not row["deleted"]}


writings = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 4), st.integers(1, 9), st.integers(0, 2)),
    max_size=20,
    # One version of a document was written at one time.
    unique_by=lambda each: each[:2],
)


@settings(max_examples=40, deadline=None)
@given(written=writings, at=st.integers(0, 10))
def test_what_was_known_is_what_the_rows_recorded_by_then_said(written: Rows, at: int) -> None:
    """What is recorded from `RAISED_AT` on has the second epoch, and is all that counts since."""
    layers: dict[int, list[dict[str, Any]]] = {0: [], 1: [], 2: []}
    for name, version, recorded_at, layer in written:
        epoch = 1 + (recorded_at >= RAISED_AT)
        gone = version == 3
        gross = None if gone else epoch * 10 + version
        row = order(name, version, recorded_at, deleted=gone, gross=gross, epoch=epoch)
        # A version may have been written twice.
        for each in {layer, (layer + version) % 3}:
            layers[each].append(row)
    everything = [row for layer in layers.values() for row in layer]
    epoch_then = 1 + (at >= RAISED_AT)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [folder / f"{part}.parquet" for part in ("old", "young", "base")]
        for path, rows in zip(paths, (layers[0], layers[1], layers[0] + layers[1]), strict=True):
            write_parquet(path, "orders", rows, history=path.stem != "base")
        duck = Duck([folder], memory_mb=500, threads=1)
        duck.add_tails(write_tail(folder / "t.gz", ({"orders": row} for row in layers[2])))
        files = Files(history=tuple(paths[:2]), base=(paths[2],))

        present = duck.open({"orders": files}, 2, lambda moment: 1 + (moment >= RAISED_AT))
        then = present.as_known(at)

        known = [row for row in everything if row["recorded_at"] <= at]
        assert seen(then) == living(known, epoch_then)
        assert seen(present) == living(everything, 2)
        since = [row for row in everything if row["recorded_at"] > at]
        late = dict(then.rows("SELECT id, version FROM late_orders"))
        assert late == {key: row["version"] for key, row in told(since, 2).items()}


def test_one_moment_after_another_is_looked_at_and_the_present_stays_ready() -> None:
    duck = duck_of({"orders": order("a", at, at, gross=at)} for at in (1, 2, 3))
    present = duck.open({})
    assert seen(present) == {"a": 3}

    assert [seen(present.as_known(at)) for at in (0, 1, 2, 3, 1)] == [
        {},
        {"a": 1},
        {"a": 2},
        {"a": 3},
        {"a": 1},
    ]
    assert seen(present) == {"a": 3}


def test_what_is_made_for_a_moment_is_made_once_and_again_only_for_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    bucket = LogBucket()
    bucket.put_files("orders", history=[order("a", 1, 1, gross=1)])
    log = ChangeLog(bucket, tmp_path, memory_mb=500, threads=1)
    make = Reader._make

    def counted(self: Reader, part: str) -> None:
        asked.append(part)
        make(self, part)

    monkeypatch.setattr(Reader, "_make", counted)

    def ask(at: int) -> list[str]:
        asked.clear()
        session = log.snapshot().session
        seen(session)
        seen(session.as_known(at))
        return list(asked)

    assert ask(5) == ["newest orders", "newest orders"]
    assert ask(5) == []
    assert ask(6) == ["newest orders"], "of the other moment alone"
    bucket.put_tail(7, "orders", [order("b", 1, 7, gross=2)])
    assert ask(6) == ["newest orders", "newest orders"]
    log.close()


def test_compaction_and_a_log_written_anew_change_nothing_of_what_was_known(
    tmp_path: Path,
) -> None:
    bucket = LogBucket()
    first = [order("a", 2, 10, gross=1), order("b", 2, 10, gross=2)]
    second = [order("a", 4, 20, gross=3)]
    tails = [bucket.put_tail(10, "orders", first), bucket.put_tail(20, "orders", second)]
    log = ChangeLog(bucket, tmp_path, memory_mb=500, threads=1)

    def known(*moments: int) -> list[dict[str, int]]:
        return [seen(log.snapshot().session.as_known(at)) for at in moments]

    as_written = known(9, 10, 20)
    bucket.put_files("orders", folded=tails, history=first + second, base=[first[1], second[0]])
    folded = known(9, 10, 20)
    # The table was restored: it has never heard of b, and of a no more than the first.
    bucket.put_tail(30, "orders", [order("a", 2, 30, gross=1, epoch=2)])
    bucket.put_manifest(epoch=2, stamp=2, raised=((2, 31),))

    assert as_written == folded == [{}, {"a": 1, "b": 2}, {"a": 3, "b": 2}]
    assert known(9, 10, 20) == folded
    assert known(30, 31) == [{"a": 1, "b": 2}, {"a": 1}]
    assert seen(log.snapshot().session) == {"a": 1}
    log.close()


def test_tables_put_beside_what_was_known_end_with_the_request() -> None:
    duck = duck_of([{"orders": order("a", 1, 1, gross=1)}])
    present = duck.open({})
    then = present.as_known(1)
    then.put("wanted", {"id": "VARCHAR"}, [{"id": "a"}])

    assert then.rows("SELECT gross FROM orders JOIN wanted USING (id)") == [(1,)]
    with pytest.raises(duckdb.CatalogException):
        present.rows("FROM wanted")
    duck.open({})
    with pytest.raises(duckdb.CatalogException):
        then.rows("FROM wanted")


def test_what_is_late_is_told_of_a_moment_alone() -> None:
    present = duck_of([{"orders": order("a", 1, 1, gross=1)}]).open({})

    with pytest.raises(duckdb.CatalogException):
        present.rows("FROM late_orders")
    assert present.as_known(0).rows("SELECT id FROM late_orders") == [("a",)]
    assert present.as_known(1).rows("SELECT id FROM late_orders") == []


def test_names_of_products_are_those_that_were_known() -> None:
    def named(name: str, version: int) -> dict[str, Any]:
        about = {"kind": "product", "name": name}
        return {"catalogue": order("p", version, version, **about)}

    line = {"store_primary_id": "p", "quantity": 1, "amount": 5}
    sold = {"orders": order("a", 1, 1, gross=5, line_items=[line])}
    present = duck_of([named("Tea", 1), named("Chai", 3), sold]).open({})

    told = "SELECT name FROM order_items"

    assert present.rows(told) == [("Chai",)]
    assert present.as_known(2).rows(told) == [("Tea",)]
    assert present.rows(told) == [("Chai",)]


def test_the_epoch_that_counted_is_known_to_the_ms_or_by_its_announcement() -> None:
    told = Manifest(epoch=30_000_000, raised=((29_000_000, 50), (30_000_000, 90)))
    of_old = Manifest(epoch=2)

    assert [told.epoch_at(at) for at in (49, 50, 89, 90)] == [1, 29_000_000, 29_000_000, 30_000_000]
    assert [of_old.epoch_at(at) for at in (119_999, 120_000)] == [1, 2]
