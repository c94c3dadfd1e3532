"""Tails that cannot be read: readers pass over them, compactors put them aside, both tell."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.compact_changes.compact import Compactor
from shared.adapters.change_log import ChangeLog
from shared.adapters.parquet import Merger
from shared.domain import times
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.manifest import ASIDE, KEY
from tests.fakes.memory_bucket import MemoryBucket
from tests.support.log_bucket import LogBucket

NOW = 1_790_000_000_000


def content(identity: str, **values: Any) -> bytes:
    common = {"epoch": 1, "version": 2, "recorded_at": NOW, "position": f"p-{identity}"}
    row = {"connection_id": "shop", "id": identity, **common, **values}
    return gzip.compress(json.dumps({"orders": row}).encode() + b"\n", mtime=0)


SOUND = content("sound")
DAMAGED = {
    "no gzip at all": b"hello",
    "cut short": SOUND[:-9],
    "with something behind": SOUND + b"xx",
    "empty": b"",
    "no json": gzip.compress(b'{"orders":{"conn\n'),
    "another type": content("a", gross="many"),
    "a number of no column": gzip.compress(b'{"orders":{"id":"a","gross":99999999999999999999}}\n'),
    "a list": gzip.compress(b"[1]\n"),
    "no text": gzip.compress(b'{"orders":{"id":"\xff\xfe"}}\n'),
}
_KEYS = [log_manifest.tail_key(NOW + number, f"{number:08x}") for number in range(3)]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[tuple[LogBucket, ChangeLog]]:
    bucket = LogBucket()
    made = ChangeLog(bucket, tmp_path, memory_mb=300, threads=1)
    yield bucket, made
    made.close()


@pytest.mark.parametrize("damaged", sorted(DAMAGED))
def test_a_damaged_tail_hides_no_other_and_is_told_of(
    damaged: str, log: tuple[LogBucket, ChangeLog]
) -> None:
    bucket, made = log
    for key, told in zip(_KEYS, (content("a"), DAMAGED[damaged], content("b")), strict=True):
        bucket.objects[key] = told

    first = made.snapshot()
    bucket.objects[log_manifest.tail_key(NOW + 9, "00000009")] = content("c")
    second = made.snapshot()

    assert (first.unread, second.unread) == (1, 1)
    assert first.waits_since == NOW
    rows = second.session.rows("SELECT id FROM orders ORDER BY id")
    assert rows == [("a",), ("b",), ("c",)]


def test_a_damaged_tail_that_was_put_aside_is_forgotten(
    log: tuple[LogBucket, ChangeLog],
) -> None:
    bucket, made = log
    bucket.objects[_KEYS[0]] = DAMAGED["cut short"]
    assert made.snapshot().unread == 1

    bucket.put_manifest(folded=frozenset({_KEYS[0]}))
    found = made.snapshot()

    assert (found.unread, found.waits_since) == (0, None)


@pytest.mark.parametrize("damaged", sorted(DAMAGED))
def test_the_compactor_puts_a_damaged_tail_aside_and_folds_the_others(
    damaged: str, tmp_path: Path
) -> None:
    bucket = MemoryBucket(lambda: NOW)
    for key, told in zip(_KEYS, (content("a"), DAMAGED[damaged], content("b")), strict=True):
        bucket.put(key, told)

    done = compacted(bucket, tmp_path)

    assert (done.folded, done.unreadable, done.more) == (3, 1, False)
    aside = _KEYS[1].replace("tails/", ASIDE)
    assert bucket.objects[aside][0] == DAMAGED[damaged]
    held = log_manifest.parse(bucket.objects[KEY][0])
    assert sum(file.rows for file in held.datasets["orders"].base) == 2


def test_where_every_tail_is_damaged_the_log_goes_on_empty(tmp_path: Path) -> None:
    bucket = MemoryBucket(lambda: NOW)
    bucket.put(_KEYS[0], b"")

    done = compacted(bucket, tmp_path)

    assert (done.unreadable, done.more) == (1, False)
    assert log_manifest.parse(bucket.objects[KEY][0]).folded == {_KEYS[0]}


def test_a_machine_that_fails_puts_nothing_aside(tmp_path: Path) -> None:
    bucket = MemoryBucket(lambda: NOW)
    bucket.put(_KEYS[0], SOUND)

    class Failing(Merger):
        """One on a machine that cannot read what it has just written."""

        def load(self, tails: Any) -> dict[str, int]:
            return super().load([*tails, tmp_path / "missing.gz"])

    with pytest.raises(OSError, match="No such file"):
        compacted(bucket, tmp_path, Failing)

    assert not [key for key in bucket.objects if key.startswith(ASIDE)]


def compacted(bucket: MemoryBucket, folder: Path, merger: type[Merger] = Merger) -> Any:
    made = merger(folder, memory_mb=300, threads=1)
    (folder / "files").mkdir()
    compactor = Compactor(
        objects=bucket,
        merger=made,
        folder=folder / "files",
        clock=lambda: NOW,
        chance=lambda: f"{len(bucket.objects):08x}",
    )
    try:
        return compactor.run(NOW + times.MINUTE)
    finally:
        made.close()
