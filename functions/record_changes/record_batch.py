"""One batch off the table's stream becomes one tail of the change log.

Rows have versions, so a batch that is told again, or in another order, changes no answer. That is
why nothing waits for a record that fails: the rest of the batch is written all the same, Lambda
reads again from the one that failed, and parks it when it has failed for good.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from shared.adapters.aws import AwsError
from shared.adapters.documents import Item
from shared.domain import times
from shared.domain.change_log import manifest
from shared.domain.change_log.rows import Row, gone_row, row_of
from shared.domain.errors import PaysignalError
from shared.domain.ports import Document, Name

Record = Mapping[str, Any]
Read = Callable[[Item], tuple[Name, Document] | None]

# JSON of a thousand rows is alike enough that a higher level saves nothing worth its time.
_LEVEL = 3
_LONG = re.compile(rb"\d{19}")
_LARGEST = 2**63 - 1
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Tails(Protocol):
    """Where tails are written."""

    def put(self, key: str, content: bytes) -> str:
        """Store an object."""


class Stamp(Protocol):
    """What new rows are stamped with."""

    def current(self) -> Callable[[int], int]:
        """Return what tells the epoch of a row by when (ms) its document was written."""


class Recorder:
    """The stream's second reader; one for all batches of a warm Lambda."""

    def __init__(
        self,
        *,
        objects: Tails,
        stamp: Stamp,
        read: Read,
        chance: Callable[[], str],
        log: Callable[..., None],
        count: Callable[..., None],
    ) -> None:
        """`read` tells the document that an image holds, if the log keeps its kind.

        `chance` returns eight random hex digits.
        """
        self._objects = objects
        self._stamp = stamp
        self._read = read
        self._chance = chance
        self._log = log
        self._count = count

    def record_batch(self, records: Sequence[Record], now: int) -> dict[str, list[dict[str, str]]]:
        """Write the tail of a batch as Lambda hands it over; tell from where to read it again."""
        key = manifest.tail_key(now, self._chance())
        lines: list[bytes] = []
        failed: list[Record] = []
        try:
            epoch_of = self._stamp.current()
            for record in records:
                if not self._one(record, key, epoch_of, lines, now):
                    failed.append(record)
            if lines:
                self._objects.put(key, gzip.compress(b"\n".join([*lines, b""]), _LEVEL, mtime=0))
        except AwsError as error:
            self._log("tail_failed", reason=str(error), records=len(records))
            self._count("ChangesFailed")
            failed = list(records[:1])
        # Records come in their order, so the first that failed has the lowest number.
        return {
            "batchItemFailures": [
                {"itemIdentifier": each["dynamodb"]["SequenceNumber"]} for each in failed[:1]
            ]
        }

    def _one(
        self,
        record: Record,
        key: str,
        epoch_of: Callable[[int], int],
        lines: list[bytes],
        now: int,
    ) -> bool:
        """Add the line of one record of the stream, if it has one; False if it must wait."""
        try:
            told = self._told(record["dynamodb"])
            if told is not None:
                dataset, row = told
                row["recorded_at"] = _written_at(record["dynamodb"], now)
                row["epoch"] = epoch_of(row["recorded_at"])
                row["position"] = manifest.position(key, len(lines))
                lines.append(_line(dataset, row))
        except Exception as error:  # the edge: a document nobody can read must not hide the others
            known = isinstance(error, PaysignalError)
            self._log(
                "change_not_recorded",
                reason=str(error) if known else type(error).__name__,
                sequence=record["dynamodb"]["SequenceNumber"],
            )
            self._count("ChangesFailed")
            return False
        return True

    def _told(self, stream: Mapping[str, Any]) -> tuple[str, Row] | None:
        gone = "NewImage" not in stream
        image = stream.get("OldImage") if gone else stream["NewImage"]
        found = None if image is None else self._read(image)
        if found is None:
            return None
        return gone_row(*found) if gone else row_of(*found)


def _written_at(stream: Mapping[str, Any], now: int) -> int:
    written = stream.get("ApproximateCreationDateTime")
    return now if written is None else int(written * times.SECOND)


def _line(dataset: str, row: Row) -> bytes:
    """Return a tail's line. Raise ValueError for a number no column holds: it would stop readers.

    Raise UnicodeEncodeError for a text that is none.
    """
    line = _encode({dataset: row}).encode()
    if _LONG.search(line) and not _fits(row):
        raise ValueError("a number exceeds 64 bits")
    return line


def _fits(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_fits, value.values()))
    if isinstance(value, list):
        return all(map(_fits, value))
    return not isinstance(value, int) or abs(value) <= _LARGEST
