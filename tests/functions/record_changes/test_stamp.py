"""The epoch of new rows: the manifest's stamp, asked every time and sent only when it changed."""

from __future__ import annotations

from dataclasses import replace

from functions.record_changes.stamp import Stamp
from shared.adapters.objects import Objects
from shared.domain.change_log.manifest import FIRST_EPOCH, KEY, Manifest, announced, dump
from tests.support.loopback_bucket import LoopbackBucket


def test_rows_carry_the_stamp_the_manifest_has_now() -> None:
    bucket = LoopbackBucket()
    with bucket.server:
        stamp = Stamp(Objects.from_environment("log", bucket.environ))

        before = stamp.current()
        bucket.stored[KEY] = dump(replace(Manifest(), stamp=4))
        first = [stamp.current(), stamp.current()]
        raised = announced(replace(Manifest(), stamp=4), 0)
        bucket.stored[KEY] = dump(raised)
        second = stamp.current()

    assert (before, first, second) == (FIRST_EPOCH, [4, 4], 5)
    assert raised.epoch == FIRST_EPOCH, "readers still count the rows of before"
    sent = [request.headers.get("if-none-match") is None for request in bucket.server.received]
    assert sent == [True, True, False, False]
