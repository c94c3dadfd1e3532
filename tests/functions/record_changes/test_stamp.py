"""The epoch of new rows: the manifest's stamp, asked every time and sent only when it changed."""

from __future__ import annotations

from dataclasses import replace

from functions.record_changes.stamp import Stamp
from shared.adapters.objects import Objects
from shared.domain import times
from shared.domain.change_log.manifest import FIRST_EPOCH, KEY, Manifest, announced, dump
from tests.support.loopback_bucket import LoopbackBucket

_NOW = 1_790_000_000_000


def test_rows_carry_the_stamp_the_manifest_has_now() -> None:
    bucket = LoopbackBucket()
    with bucket.server:
        stamp = Stamp(Objects.from_environment("log", bucket.environ))

        before = stamp.current()(_NOW)
        bucket.stored[KEY] = dump(replace(Manifest(), stamp=4))
        first = [stamp.current()(_NOW), stamp.current()(_NOW)]
        raised = announced(replace(Manifest(), stamp=4), _NOW)
        bucket.stored[KEY] = dump(raised)
        epoch_of = stamp.current()
    second, old = epoch_of(_NOW), epoch_of(_NOW - 2 * times.MINUTE)

    assert (before, first, second, old) == (FIRST_EPOCH, [4, 4], raised.stamp, 4)
    assert raised.epoch == FIRST_EPOCH, "readers still count the rows of before"
    sent = [request.headers.get("if-none-match") is None for request in bucket.server.received]
    assert sent == [True, True, False, False]
