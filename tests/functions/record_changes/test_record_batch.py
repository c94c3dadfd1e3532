"""A batch of the stream becomes one tail: its rows, their places, and what is read again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.record_changes.record_batch import Recorder
from shared.adapters.aws import AwsError
from shared.adapters.table import document_of
from shared.domain.change_log.rows import gone_row, row_of
from tests.laws import words
from tests.support.firing import NOW, updated
from tests.support.shop import Shop
from tests.support.stream import stream_record

WRITTEN = NOW - 5_000
REBUILT = NOW - 60_000


class Tails:
    """A bucket that may refuse."""

    def __init__(self, error: AwsError | None = None) -> None:
        self.stored: dict[str, bytes] = {}
        self.error = error

    def put(self, key: str, content: bytes) -> str:
        if self.error:
            raise self.error
        self.stored[key] = content
        return '"etag"'

    def current(self) -> Callable[[int], int]:
        """The stamp; a real one reads it out of the same bucket."""
        return lambda written_at: 7 if written_at >= REBUILT else 6

    @property
    def lines(self) -> list[dict[str, Any]]:
        (content,) = self.stored.values()
        return [json.loads(line) for line in gzip.decompress(content).decode().splitlines()]


class Desk:
    """A recorder, and what it said."""

    def __init__(self, tails: Tails | None = None) -> None:
        self.tails = tails or Tails()
        self.said: list[dict[str, Any]] = []
        self.counted: list[str] = []
        self._recorder = Recorder(
            objects=self.tails,
            stamp=self.tails,
            read=document_of,
            chance=lambda: "0badcafe",
            log=lambda event, **fields: self.said.append({"event": event, **fields}),
            count=lambda metric, **_: self.counted.append(metric),
        )

    def record(self, *batch: dict[str, Any]) -> list[str]:
        told = self._recorder.record_batch(batch, NOW)
        return [each["itemIdentifier"] for each in told["batchItemFailures"]]


def shop() -> dict[tuple[str, ...], Any]:
    shop = Shop()
    shop.hear(words.charge("1", 0))
    shop.hear(words.refund("1", 60, 400))
    return dict(shop.memory.documents)


def told(name: tuple[str, ...], new: Any, sequence: int, old: Any = None) -> dict[str, Any]:
    return stream_record(name, old, new, WRITTEN, sequence)


def test_each_document_of_a_batch_is_a_line_of_one_tail() -> None:
    desk, held = Desk(), shop()
    batch = [told(name, document, place) for place, (name, document) in enumerate(held.items(), 1)]

    assert desk.record(*batch) == []

    (key,) = desk.tails.stored
    assert key == f"tails/{NOW}-0badcafe.ndjson.gz"
    expected = [found for name, document in held.items() if (found := row_of(name, document))]
    assert len(expected) >= 3
    assert desk.tails.lines == [
        {
            dataset: {
                **row,
                "epoch": 7,
                "recorded_at": WRITTEN // 1000 * 1000,
                "position": f"{NOW}-0badcafe-{line:06d}",
            }
        }
        for line, (dataset, row) in enumerate(expected)
    ]


def test_what_was_removed_says_so_between_its_last_version_and_the_next() -> None:
    desk = Desk()
    name = ("entry", "recurring_payment", "shop", "sub_1", "place-1")
    last = {"entry": updated(("status", "active", "paused")), "version": 4}

    desk.record(told(name, None, 1, last))

    (line,) = desk.tails.lines
    gone = gone_row(name, last)
    assert gone is not None
    assert line["changes"].items() >= gone[1].items()
    assert (line["changes"]["version"], line["changes"]["deleted"]) == (9, True)


def test_a_batch_without_anything_to_keep_writes_nothing() -> None:
    desk = Desk()

    failed = desk.record(told(("email", "ada@example.com"), {"version": 1}, 1))

    assert (failed, desk.tails.stored) == ([], {})


def test_a_record_nobody_can_read_is_read_again_and_hides_no_other() -> None:
    desk = Desk()
    name = ("entry", "recurring_payment", "shop", "sub_1", "place-1")
    good = {"entry": updated(("status", "active", "paused"))}
    broken = told(name, good, 2)
    broken["dynamodb"]["NewImage"]["d"] = {"B": "!"}

    failed = desk.record(told(name, good, 1), broken, told(name, good, 3), broken)

    assert failed == ["2"]
    assert [each["changes"]["position"][-6:] for each in desk.tails.lines] == ["000000", "000001"]
    assert [each["event"] for each in desk.said] == ["change_not_recorded"] * 2
    assert desk.counted == ["ChangesFailed"] * 2
    assert "example.com" not in repr(desk.said)


@pytest.mark.parametrize("amount", [2**63, -(2**64), 10**40])
def test_a_number_no_column_holds_is_parked_and_not_written(amount: int) -> None:
    desk = Desk()
    good = {"version": 1, "values": {"name": "12345678901234567890"}}
    bad = {"version": amount, "values": {"name": "x"}}

    failed = desk.record(
        told(("catalogue", "shop", "product", "a"), good, 1),
        told(("catalogue", "shop", "product", "b"), bad, 2),
    )

    assert failed == ["2"]
    assert [each["catalogue"]["id"] for each in desk.tails.lines] == ["a"]


def test_a_batch_that_can_not_be_written_is_read_again_from_its_start() -> None:
    desk = Desk(Tails(AwsError("SlowDown", "slow down", 503, {})))
    good = {"version": 1, "values": {"name": "x"}}

    failed = desk.record(
        told(("catalogue", "shop", "product", "a"), good, 11),
        told(("catalogue", "shop", "product", "b"), good, 12),
    )

    assert failed == ["11"]
    assert [each["event"] for each in desk.said] == ["tail_failed"]


def test_a_batch_that_is_told_again_leaves_the_same_rows() -> None:
    first, second = Desk(), Desk()
    batch = [told(name, document, 1) for name, document in shop().items()]

    first.record(*batch)
    second.record(*batch)

    assert first.tails.stored == second.tails.stored


def test_what_is_told_long_after_it_was_written_has_the_stamp_of_its_time() -> None:
    """The change log's simulation, seed 45213: a redrive brought back what had been removed."""
    desk, name = Desk(), ("order", "shop", "ch_1")
    document = next(each for known, each in shop().items() if known[0] == "order")
    late = stream_record(name, None, document, REBUILT - 1_000, 1)

    assert desk.record(late, told(name, document, 2)) == []

    assert [row["epoch"] for line in desk.tails.lines for row in line.values()] == [6, 7]
