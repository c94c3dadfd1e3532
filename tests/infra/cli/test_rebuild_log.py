"""`paysignal rebuild-log`: the table read into the log, epoch by epoch, with others at work."""

from __future__ import annotations

import argparse
import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

from infra.aws import Aws
from infra.cli import rebuild_log
from infra.cli.command import CliError
from infra.cli.rebuild_log import Bucket, Rebuild, wait_until_folded
from infra.cli.running import Running
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.manifest import KEY, TAILS, Manifest, Step, dump, parse
from shared.domain.errors import Contended
from tests.fakes.memory_bucket import MemoryBucket
from tests.support.stream import image

NOW = 1_790_000_000_000


def goods(count: int) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    for each in range(count):
        name = ("catalogue", "shop", "product", f"p{each}")
        yield name, {"version": 3, "values": {"name": f"Tea {each}"}}


def rows(content: bytes) -> list[dict[str, Any]]:
    lines = gzip.decompress(content).splitlines()
    return [row for line in lines for row in json.loads(line).values()]


class Chance:
    def __init__(self) -> None:
        self.drawn = 0

    def __call__(self) -> str:
        self.drawn += 1
        return f"{self.drawn:08x}"


def test_all_of_the_table_is_written_before_rows_of_before_stop_to_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuild_log, "_TAIL_ROWS", 10)
    bucket = MemoryBucket()
    rebuild = Rebuild(bucket, lambda: NOW, Chance())

    stamp = rebuild.announce()
    announced = parse(bucket.objects[KEY][0])
    progress = list(rebuild.write([*goods(25), (("email", "x@example.com"), {})], stamp))
    before = parse(bucket.objects[KEY][0])
    rebuild.finish(stamp)

    assert (announced.epoch, announced.stamp) == (1, stamp)
    assert before.epoch == 1
    assert parse(bucket.objects[KEY][0]).epoch == stamp
    assert progress == [10, 20, 25]
    written = [row for each in bucket.list(TAILS) for row in rows(bucket.objects[each.key][0])]
    assert [row["id"] for row in written] == [f"p{each}" for each in range(25)]
    assert {(row["epoch"], row["version"], row["recorded_at"]) for row in written} == {
        (stamp, 6, NOW)
    }
    assert len({row["position"] for row in written}) == 25


def test_the_manifest_is_changed_however_often_others_change_it() -> None:
    class Busy(MemoryBucket):
        """Another writer is faster, twice."""

        raced = 0

        def put(self, key: str, content: bytes, **conditions: Any) -> str:
            if key == KEY and self.raced < 2:
                self.raced += 1
                held = self.get(KEY)
                known = parse(held[0]) if held else Manifest()
                super().put(KEY, dump(log_manifest.after(known, Step({}, ["t"]), NOW)))
                raise Contended("it is not what it was")
            return super().put(key, content, **conditions)

    bucket = Busy()

    stamp = Rebuild(bucket, lambda: NOW, Chance()).announce()

    held = parse(bucket.objects[KEY][0])
    assert held.stamp == stamp
    assert held.folded == {"t"}, "what the others did is not undone"


def test_it_waits_for_the_compactor_and_asks_it_again_when_it_is_silent() -> None:
    bucket = MemoryBucket()
    rebuild = Rebuild(bucket, lambda: NOW, Chance())
    list(rebuild.write(goods(1), 5))
    asked: list[int] = []
    polls: list[float] = []

    def compact() -> None:
        asked.append(len(polls))
        if len(asked) == 2:
            tails = [each.key for each in bucket.list(TAILS)]
            bucket.put(KEY, dump(log_manifest.after(Manifest(), Step({}, tails), NOW)))

    wait_until_folded(rebuild, compact, polls.append, lambda _: None)

    assert asked == [0, 30]


def test_a_compactor_that_does_nothing_is_told_in_words() -> None:
    rebuild = Rebuild(MemoryBucket(), lambda: NOW, Chance())
    list(rebuild.write(goods(1), 5))

    with pytest.raises(CliError, match="Look at its log, then run this again"):
        wait_until_folded(rebuild, lambda: None, lambda _: None, lambda _: None)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A table of three items the log keeps and one it does not, and an empty bucket."""
    with mock_aws():
        aws = Aws(region="us-east-1")
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="log")
        aws.dynamodb.create_table(
            TableName="table",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        for name, document in [*goods(3), (("email", "ada@example.com"), {"version": 1})]:
            item: Any = image(name, document)
            item["d"] = {"B": base64.b64decode(item["d"]["B"])}
            aws.dynamodb.put_item(TableName="table", Item=item)
        outputs = {"LogBucket": "log", "TableName": "table", "CompactFunction": "compact"}
        found = Running(aws=aws, outputs=outputs, name="paysignal")
        monkeypatch.setattr(Running, "find", lambda _: found)
        yield found


def test_the_table_is_read_with_the_operators_rights(running: Running) -> None:
    found = dict(rebuild_log.scan(running.aws, "table"))

    assert found == dict(goods(3))


def test_a_dry_run_counts_and_changes_nothing(running: Running) -> None:
    console = Console(record=True)

    code = rebuild_log.run(argparse.Namespace(aws=None, dry_run=True), console)

    assert code == 0
    assert "3 rows would be written" in console.export_text()
    assert "Contents" not in running.aws.s3.list_objects_v2(Bucket="log")


def test_the_bucket_keeps_conditions(running: Running) -> None:
    bucket = Bucket(running.aws, "log")

    assert bucket.get(KEY) is None
    first = bucket.put(KEY, b"1", if_none_match=True)
    assert bucket.get(KEY) == (b"1", first)
    with pytest.raises(Contended):
        bucket.put(KEY, b"2", if_none_match=True)
    bucket.put(KEY, b"2", if_match=first)
    with pytest.raises(Contended):
        bucket.put(KEY, b"3", if_match=first)


def test_a_stack_without_a_log_is_told_what_to_do(running: Running) -> None:
    del running.outputs["LogBucket"]

    with pytest.raises(CliError, match="Deploy it anew"):
        rebuild_log.run(argparse.Namespace(aws=None, dry_run=False), Console())
