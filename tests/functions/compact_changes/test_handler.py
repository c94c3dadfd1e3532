"""The Lambda as it runs on AWS: tails in the bucket; files, one manifest and no garbage after."""

from __future__ import annotations

import gzip
import importlib
import json
import sys
from typing import Any

import pytest

from shared.domain import times
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.manifest import KEY, tail_key
from tests.support.loopback_bucket import LoopbackBucket

HANDLER = "functions.compact_changes.handler"
NOW = 1_790_000_000_000


class Context:
    """What Lambda tells a function of its time."""

    def __init__(self, left: int) -> None:
        self._left = left

    def get_remaining_time_in_millis(self) -> int:
        return self._left


def tail(bucket: LoopbackBucket, at: int, *rows: dict[str, Any]) -> str:
    key = tail_key(at, "00000000")
    told = [
        {"catalogue": {"connection_id": "shop", "kind": "product", "recorded_at": at, **row}}
        for row in rows
    ]
    bucket.stored[key] = gzip.compress("".join(json.dumps(each) + "\n" for each in told).encode())
    return key


def row(identity: str, version: int) -> dict[str, Any]:
    return {"id": identity, "version": version, "epoch": 1, "position": f"{identity}{version}"}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> LoopbackBucket:
    bucket = LoopbackBucket()
    for name, value in bucket.environ.items():
        monkeypatch.setenv(name, value)
    return bucket


def run(left: int) -> dict[str, Any]:
    # Imported anew and never reloaded: each import makes a folder that has to be removed again.
    sys.modules.pop(HANDLER, None)
    module = importlib.import_module(HANDLER)
    done: dict[str, Any] = module.handler({}, Context(left))
    module._folder.cleanup()
    del sys.modules[HANDLER]
    return done


def test_tails_become_files_that_a_manifest_names(bucket: LoopbackBucket) -> None:
    keys = [tail(bucket, NOW + n, row("a", n), row(f"b{n}", 2)) for n in range(1, 4)]
    with bucket.server:
        done = run(15 * times.MINUTE)

    held = log_manifest.parse(bucket.stored[KEY])
    files = held.datasets["catalogue"]
    assert (done["folded"], done["more"]) == (3, False)
    assert held.folded == set(keys)
    assert held.as_of == NOW + 3
    assert [file.rows for file in files.history] == [6]
    assert [file.rows for file in files.base] == [4]
    assert set(bucket.stored) == {KEY, *keys, *held.keys()}
    for file in files.all():
        assert len(bucket.stored[file.key]) == file.bytes


def test_a_short_life_does_one_round_and_says_there_is_more(bucket: LoopbackBucket) -> None:
    tail(bucket, NOW, row("a", 2))
    with bucket.server:
        first = run(30_000)
        second = run(30_000)

    assert (first["folded"], first["more"]) == (1, True)
    assert (second["folded"], second["more"]) == (0, False)


def test_a_bucket_without_a_tail_gets_no_manifest(bucket: LoopbackBucket) -> None:
    with bucket.server:
        assert run(15 * times.MINUTE)["folded"] == 0

    assert bucket.stored == {}
