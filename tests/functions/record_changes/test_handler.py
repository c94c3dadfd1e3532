"""The Lambda as it runs on AWS: a batch of the stream in, one object of the change log out."""

from __future__ import annotations

import gzip
import importlib
import json

import pytest

from tests.support.firing import NOW
from tests.support.loopback_bucket import LoopbackBucket
from tests.support.stream import stream_record


def test_a_batch_costs_two_calls_and_leaves_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = LoopbackBucket()
    for name, value in bucket.environ.items():
        monkeypatch.setenv(name, value)
    good = {"version": 2, "values": {"name": "Tea box"}}
    batch = [
        stream_record(("catalogue", "shop", "product", str(each)), None, good, NOW, each)
        for each in range(100)
    ]
    with bucket.server:
        module = importlib.reload(importlib.import_module("functions.record_changes.handler"))

        answer = module.handler({"Records": batch}, None)

    assert answer == {"batchItemFailures": []}
    ((key, content),) = bucket.stored.items()
    assert [line.split(" ")[0] for line in bucket.asked] == ["GET", "PUT"]
    assert key.startswith("tails/")
    rows = [json.loads(line)["catalogue"] for line in gzip.decompress(content).splitlines()]
    assert [row["id"] for row in rows] == [str(each) for each in range(100)]
    assert {row["version"] for row in rows} == {4}
