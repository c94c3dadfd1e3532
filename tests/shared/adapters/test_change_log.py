"""The change log as `query` reads it: what is fetched and kept, and what a moving log does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from shared.adapters.change_log import ChangeLog, Snapshot
from shared.adapters.duck import Duck
from shared.domain.change_log.manifest import KEY, TAILS
from shared.domain.errors import Retryable
from tests.support.log_bucket import LogBucket

NOW = 1_790_000_000_000


def order(identity: str, version: int, **values: Any) -> dict[str, Any]:
    return {"connection_id": "shop", "id": identity, "version": version, **values}


@pytest.fixture
def bucket() -> LogBucket:
    return LogBucket()


@pytest.fixture
def log(bucket: LogBucket, tmp_path: Path) -> Iterator[ChangeLog]:
    with opened(bucket, tmp_path) as made:
        yield made


@contextmanager
def opened(bucket: LogBucket, folder: Path) -> Iterator[ChangeLog]:
    log = ChangeLog(bucket, folder, memory_mb=500, threads=1)
    yield log
    log.close()


def seen(snapshot: Snapshot) -> dict[str, int]:
    return dict(snapshot.session.rows("SELECT id, version FROM orders"))


def cached(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.parquet"))


def test_before_anything_is_recorded_the_log_is_empty(bucket: LogBucket, log: ChangeLog) -> None:
    snapshot = log.snapshot()

    assert snapshot.as_of == 0
    assert seen(snapshot) == {}
    assert snapshot.session.rows("SELECT * FROM history_changes") == []


def test_tails_count_before_any_file_does(bucket: LogBucket, log: ChangeLog) -> None:
    bucket.put_tail(NOW, "orders", [order("a", 1, recorded_at=NOW - 5)])

    snapshot = log.snapshot()

    assert seen(snapshot) == {"a": 1}
    assert snapshot.as_of == NOW - 5


def test_a_warm_call_with_nothing_new_asks_thrice_and_fetches_nothing(
    bucket: LogBucket, log: ChangeLog
) -> None:
    bucket.put_files("orders", base=[order("a", 1)], delta=[order("b", 2)])
    bucket.put_tail(NOW, "orders", [order("c", 3)])
    first = log.snapshot()
    assert seen(first) == {"a": 1, "b": 2, "c": 3}
    bucket.calls.clear()

    second = log.snapshot()

    assert seen(second) == {"a": 1, "b": 2, "c": 3}
    assert second.etag == first.etag
    assert bucket.calls == {"get_unless": 1, "list": 2}


def test_files_nobody_asks_for_are_not_fetched(bucket: LogBucket, log: ChangeLog) -> None:
    bucket.put_files("orders", base=[order("a", 1)], history=[order("a", 1)])
    bucket.put_files("contacts", base=[])

    seen(log.snapshot())

    (base,) = bucket.files("orders").base
    assert bucket.got == [KEY, base.key]


def test_of_new_tails_only_those_are_fetched(bucket: LogBucket, log: ChangeLog) -> None:
    bucket.put_tail(NOW, "orders", [order("a", 1)])
    before = log.snapshot()
    bucket.got.clear()

    keys = [bucket.put_tail(NOW + n, "orders", [order("a", n)]) for n in (2, 3)]
    after = log.snapshot()

    assert seen(after) == {"a": 3}
    assert set(bucket.got) == {*keys, KEY}
    assert after.etag != before.etag


def test_many_tails_are_fetched_several_at_a_time(bucket: LogBucket, tmp_path: Path) -> None:
    keys = [bucket.put_tail(NOW + n, "orders", [order(str(n), 1)]) for n in range(30)]
    opened_again: list[LogBucket] = []

    def another() -> LogBucket:
        opened_again.append(LogBucket())
        opened_again[-1].objects = bucket.objects
        return opened_again[-1]

    log = ChangeLog(bucket, tmp_path, another=another, memory_mb=500, threads=1)
    snapshot = log.snapshot()

    assert seen(snapshot) == {str(n): 1 for n in range(30)}
    assert bucket.got == [KEY]
    assert sorted(key for each in opened_again for key in each.got) == keys
    assert all(each.got for each in opened_again)
    log.close()


def test_folding_tails_changes_no_answer(bucket: LogBucket, log: ChangeLog) -> None:
    tail = bucket.put_tail(NOW, "orders", [order("a", 2), order("b", 1)])
    kept = bucket.put_tail(NOW + 1, "orders", [order("b", 2)])
    bucket.put_files("orders", base=[order("a", 1)])
    before = seen(log.snapshot())

    bucket.put_files("orders", delta=[order("a", 2), order("b", 1)], folded=[tail])
    after = log.snapshot()

    assert seen(after) == before == {"a": 2, "b": 2}
    found = after.session.rows("SELECT id, version FROM history_orders")
    assert found == [("b", 2)], "a folded tail's rows are the files' affair"
    del bucket.objects[tail], bucket.objects[kept]
    assert seen(log.snapshot()) == {"a": 2, "b": 1}


def test_an_answer_of_an_earlier_epoch_does_not_count(bucket: LogBucket, log: ChangeLog) -> None:
    bucket.put_files("orders", base=[order("a", 5), order("b", 1)])
    assert seen(log.snapshot()) == {"a": 5, "b": 1}

    bucket.put_tail(NOW, "orders", [order("a", 2, epoch=2)])
    assert seen(log.snapshot()) == {"a": 2, "b": 1}, "the newer epoch's row is the newer one"
    bucket.put_manifest(epoch=2)
    assert seen(log.snapshot()) == {"a": 2}


def test_the_etag_tells_two_contents_apart(bucket: LogBucket, log: ChangeLog) -> None:
    told = [log.snapshot().etag]
    tail = bucket.put_tail(NOW, "orders", [order("a", 1)])
    told.append(log.snapshot().etag)
    bucket.put_files("orders", delta=[order("a", 1)], folded=[tail])
    told.append(log.snapshot().etag)
    bucket.put_files("orders", base=[order("a", 1)], delta=[])
    told.append(log.snapshot().etag)

    assert len(set(told)) == len(told)


def test_files_that_are_named_no_more_are_removed_here_too(
    bucket: LogBucket, log: ChangeLog, tmp_path: Path
) -> None:
    bucket.put_files("orders", base=[order("a", 1)])
    seen(log.snapshot())
    (old,) = cached(tmp_path)

    bucket.put_files("orders", base=[order("a", 1), order("b", 1)])
    assert seen(log.snapshot()) == {"a": 1, "b": 1}

    (new,) = cached(tmp_path)
    assert new != old


def test_a_tail_that_was_deleted_meanwhile_makes_the_manifest_be_read_again(
    bucket: LogBucket, log: ChangeLog
) -> None:
    tail = bucket.put_tail(NOW, "orders", [order("a", 1)])
    list_of, get_of = bucket.list, bucket.get

    def get_late(key: str) -> tuple[bytes, str] | None:
        if key == tail and tail in bucket.objects:
            bucket.put_files("orders", base=[order("a", 1)], folded=[tail])
            del bucket.objects[tail]
        return get_of(key)

    bucket.get = get_late  # type: ignore[method-assign]

    assert seen(log.snapshot()) == {"a": 1}
    assert list_of("tails/") == []


def test_a_tail_that_is_gone_without_a_word_is_a_passing_fault(
    bucket: LogBucket, log: ChangeLog
) -> None:
    tail = bucket.put_tail(NOW, "orders", [order("a", 1)])
    listed = bucket.list("tails/")
    content = bucket.objects.pop(tail)
    bucket.list = lambda prefix, after="": listed if prefix == TAILS else []  # type: ignore[method-assign]

    with pytest.raises(Retryable):
        log.snapshot()

    bucket.objects[tail] = content
    assert seen(log.snapshot()) == {"a": 1}


def test_a_file_that_is_gone_is_a_passing_fault(bucket: LogBucket, log: ChangeLog) -> None:
    bucket.put_files("orders", base=[order("a", 1)])
    (base,) = bucket.files("orders").base
    content = bucket.objects.pop(base.key)
    session = log.snapshot().session
    with pytest.raises(Retryable):
        session.rows("SELECT * FROM orders")

    bucket.objects[base.key] = content
    assert seen(log.snapshot()) == {"a": 1}


def test_a_manifest_of_a_newer_release_is_a_passing_fault(
    bucket: LogBucket, log: ChangeLog
) -> None:
    bucket.objects[KEY] = b'{"format": 2}'

    with pytest.raises(Retryable):
        log.snapshot()


def test_tails_that_a_failing_machine_could_not_take_in_are_read_again_whole(
    bucket: LogBucket, log: ChangeLog
) -> None:
    good = bucket.put_tail(NOW, "orders", [order("a", 1)])
    bucket.put_tail(NOW + 1, "orders", [order("b", 1)])
    with pytest.MonkeyPatch.context() as patch:
        full = OSError("the disk is full")
        patch.setattr(Duck, "add_tails", Mock(side_effect=full))
        with pytest.raises(OSError, match="full"):
            log.snapshot()

    snapshot = log.snapshot()

    assert seen(snapshot) == {"a": 1, "b": 1}
    assert snapshot.session.rows("SELECT count(*) FROM history_orders") == [(2,)]
    assert bucket.got.count(good) == 2


def test_the_next_process_finds_the_files_of_the_one_before(
    bucket: LogBucket, tmp_path: Path
) -> None:
    bucket.put_files("orders", base=[order("a", 1)])
    with opened(bucket, tmp_path) as first:
        assert seen(first.snapshot()) == {"a": 1}
    (folder,) = tmp_path.iterdir()
    (folder / "cut-short.part").write_bytes(b"PAR1")
    bucket.got.clear()

    with opened(bucket, tmp_path) as second:
        assert seen(second.snapshot()) == {"a": 1}

    assert bucket.got == [KEY]
    assert not list(folder.glob("*.part"))


def test_two_processes_at_once_do_not_share_a_folder(bucket: LogBucket, tmp_path: Path) -> None:
    bucket.put_files("orders", base=[order("a", 1)])
    with opened(bucket, tmp_path) as first, opened(bucket, tmp_path) as second:
        early = first.snapshot()
        assert seen(early) == {"a": 1}
        bucket.put_files("orders", base=[order("a", 2)])

        assert seen(second.snapshot()) == {"a": 2}

        assert seen(early) == {"a": 1}, "its file is still there"
