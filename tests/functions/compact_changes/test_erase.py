"""Erased people and the compactor: which files are written anew, and what a race may not undo."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from functions.compact_changes.compact import Compactor, Done
from shared.domain import times
from shared.domain.change_log import erased
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.manifest import KEY, Manifest
from shared.domain.erasure import Erasure
from tests.fakes.memory_bucket import MemoryBucket
from tests.functions.compact_changes.fake_merger import FakeMerger, Row, file_rows

START = 1_790_000_000_000
ADA, BOB = "ada@example.com", "bob@example.com"
ERASED = Erasure.of("c-ada", [ADA], START)


class Log:
    """A log in memory, one compactor, and a clock that stands unless it is moved."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.bucket = MemoryBucket(lambda: self.now)
        self.folder = folder
        self._numbers = 0

    def chance(self) -> str:
        self._numbers += 1
        return f"{self._numbers:08x}"

    def write(self, **rows: Row) -> str:
        """Put a tail of one row per dataset."""
        key = log_manifest.tail_key(self.now, self.chance())
        lines = [
            {
                dataset: {
                    "epoch": 1,
                    "version": 2,
                    "recorded_at": self.now,
                    "position": log_manifest.position(key, number),
                    **row,
                }
            }
            for number, (dataset, row) in enumerate(rows.items())
        ]
        self.bucket.put(key, gzip.compress("\n".join(map(json.dumps, lines)).encode()))
        return key

    def erase(self, erasure: Erasure = ERASED) -> None:
        self.bucket.put(erasure.key, erasure.to_object())

    def compact(self, objects: Any = None) -> Done:
        folder = self.folder / self.chance()
        folder.mkdir()
        compactor = Compactor(
            objects=objects or self.bucket,
            merger=FakeMerger(),
            folder=folder,
            clock=lambda: self.now,
            chance=self.chance,
        )
        return compactor.run(self.now + times.MINUTE)

    def manifest(self) -> Manifest:
        return log_manifest.parse(self.bucket.objects[KEY][0])

    def told(self, part: str) -> str:
        """Return all that the files of a part say."""
        files = [f for held in self.manifest().datasets.values() for f in getattr(held, part)]
        return json.dumps([file_rows(self.bucket.objects[file.key][0]) for file in files])


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def person(contact_id: str, email: str, **values: Any) -> Row:
    return {"contact_id": contact_id, "email": email, **values}


def order(identity: str, contact_id: str, email: str) -> Row:
    return {"connection_id": "shop", "id": identity, "gross": 1900, **person(contact_id, email)}


def test_only_files_that_speak_of_the_erased_are_written_anew(log: Log) -> None:
    log.write(contacts=person("c-bob", BOB), orders=order("b", "c-bob", BOB))
    log.compact()
    of_bob = log.manifest().keys()
    log.write(contacts=person("c-ada", ADA), orders=order("a", "c-ada", ADA))
    log.compact()
    assert ADA in log.told("history")

    log.erase()
    done = log.compact()

    assert (done.erased, done.folded) == (1, 0)
    assert ADA not in log.told("history") + log.told("base") + log.told("delta")
    assert BOB in log.told("history")
    assert '"gross": 1900' in log.told("base")
    histories = {key for key in of_bob if key.startswith("history/")}
    assert histories <= log.manifest().keys()
    assert log.manifest().erased == {ERASED.key}
    assert log.compact().erased == 0


def test_what_was_replaced_is_deleted_with_the_hour(log: Log) -> None:
    log.write(contacts=person("c-ada", ADA))
    log.compact()
    log.erase()
    log.compact()

    log.now += 2 * times.HOUR
    log.compact()

    left = {key for key in log.bucket.objects if not key.startswith("erased/")}
    assert left == {KEY}


def test_rows_that_come_later_are_folded_without_the_erased(log: Log) -> None:
    log.erase()
    log.compact()

    log.write(contacts=person("c-ada", ADA), orders=order("a", "c-ada", ADA))
    log.compact()

    assert ADA not in log.told("history") + log.told("base")
    assert '"gross": 1900' in log.told("base")


class Meanwhile(MemoryBucket):
    """A bucket in which something happens before the first swap of the manifest."""

    def __init__(self, log: Log) -> None:
        super().__init__(lambda: log.now)
        self.objects = log.bucket.objects
        self._log = log
        self._happened = False

    def put(
        self, key: str, content: bytes, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        if key == KEY and not self._happened:
            self._happened = True
            self._log.erase()
            self._log.compact()
        return super().put(key, content, if_match=if_match, if_none_match=if_none_match)


def test_who_is_erased_while_a_tail_is_folded_is_not_folded_back(log: Log) -> None:
    log.write(contacts=person("c-bob", BOB))
    log.compact()
    log.write(contacts=person("c-ada", ADA))

    done = log.compact(Meanwhile(log))

    assert done.contended == 1
    assert log.manifest().erased == {ERASED.key}
    assert ADA not in log.told("history") + log.told("base") + log.told("delta")


def test_after_a_month_only_the_newest_of_the_old_is_remembered(log: Log) -> None:
    others = [Erasure.of(f"c-{n}", [f"{n}@example.com"], START + n) for n in range(3)]
    for each in others:
        log.erase(each)
    log.compact()
    assert log.manifest().erased == {each.key for each in others}

    log.now += erased.RECENT_MS + times.DAY
    log.erase(late := Erasure.of("c-late", [BOB], log.now))
    log.compact()

    held = log.manifest()
    assert held.erased == {late.key}
    assert held.erased_through == others[-1].key
    assert log.compact().erased == 0


def test_a_damaged_ledger_stops_the_compactor_in_words(log: Log) -> None:
    log.bucket.put(ERASED.key, b'{"version": 2}')

    with pytest.raises(ValueError, match="update paysignal"):
        log.compact()
