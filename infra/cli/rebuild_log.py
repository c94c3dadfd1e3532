"""`paysignal rebuild-log`: the change log written anew from the table, while everything runs.

For after a restore of the table, or when the log was damaged. Rows get a higher epoch: first new
rows are stamped with it, then the table is read from end to end, and only when all of it is in the
log do rows of before stop to count. Reports answer all the while, from the old rows, then from the
new. Stopping at any moment loses nothing; running it again begins anew.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError
from rich.console import Console

from infra.aws import Aws
from infra.cli.command import CliError, add_place
from infra.cli.running import Running
from shared.adapters.documents import Item
from shared.adapters.table import document_of
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.manifest import Manifest
from shared.domain.change_log.rows import row_of
from shared.domain.errors import Contended
from shared.domain.ports import Document, Name

SUMMARY = "write the change log of the reports anew from the table"
EXAMPLES = """  ./paysignal rebuild-log               the stack on this machine
  ./paysignal rebuild-log --aws         the stack in your AWS account, after a restore
  ./paysignal rebuild-log --dry-run     count what would be written; changes nothing"""
# A tail's rows: what one fold takes in easily.
_TAIL_ROWS = 5_000
_SWAPS_MAX = 50
_POLL_SECONDS = 2.0
# In polls: a minute, and longer than a run of the compactor may take.
_ASK_EVERY = 30
_PATIENCE = 600
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Objects(Protocol):
    """Where the log lies."""

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return an object and its etag, None where there is none."""

    def put(
        self, key: str, content: bytes, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        """Store an object, perhaps on a condition. Raise Contended."""


class Bucket:
    """The log's bucket by boto3, with the operator's own rights."""

    def __init__(self, aws: Aws, name: str) -> None:
        self._s3 = aws.s3
        self._name = name

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return an object and its etag, None where there is none."""
        try:
            answer = self._s3.get_object(Bucket=self._name, Key=key)
        except ClientError as error:
            if error.response["Error"].get("Code") in ("NoSuchKey", "404"):
                return None
            raise
        return answer["Body"].read(), answer["ETag"]

    def clock(self) -> Callable[[], int]:
        """Return S3's clock (ms). The stream dates what it tells by AWS's, not this machine's."""
        began = time.time_ns()
        told = self._s3.head_bucket(Bucket=self._name)["ResponseMetadata"]["HTTPHeaders"]["date"]
        ahead = int(parsedate_to_datetime(told).timestamp() * 1_000) - began // 1_000_000
        return lambda: time.time_ns() // 1_000_000 + ahead

    def put(
        self, key: str, content: bytes, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        """Store an object, perhaps on a condition. Raise Contended."""
        conditions: dict[str, Any] = {"IfMatch": if_match} if if_match is not None else {}
        if if_none_match:
            conditions["IfNoneMatch"] = "*"
        try:
            answer = self._s3.put_object(Bucket=self._name, Key=key, Body=content, **conditions)
        except ClientError as error:
            if error.response["ResponseMetadata"].get("HTTPStatusCode") in (404, 409, 412):
                raise Contended(f"{key} is not what it was") from error
            raise
        return answer["ETag"]


class Rebuild:
    """One rebuilding; `clock` tells ms, `chance` returns eight random hex digits."""

    def __init__(
        self, objects: Objects, clock: Callable[[], int], chance: Callable[[], str]
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._chance = chance
        self._tails: set[str] = set()

    def announce(self) -> int:
        """Have new rows stamped with a higher epoch, and return it."""
        return self._swap(lambda held: log_manifest.announced(held, self._clock())).stamp

    def write(self, documents: Iterable[tuple[Name, Document]], stamp: int) -> Iterator[int]:
        """Write the rows of all documents; yield how many there are so far, tail by tail."""
        lines: list[bytes] = []
        written, key = 0, self._key()
        for name, document in documents:
            told = row_of(name, document)
            if told is None:
                continue
            dataset, row = told
            row |= {
                "epoch": stamp,
                "recorded_at": self._clock(),
                "position": log_manifest.position(key, len(lines)),
            }
            lines.append(_encode({dataset: row}).encode())
            if len(lines) == _TAIL_ROWS:
                written += self._put(key, lines)
                yield written
                lines, key = [], self._key()
        yield written + self._put(key, lines)

    def unfolded(self) -> int:
        """Return how many of the tails written are not in the log's files yet."""
        found = self._objects.get(log_manifest.KEY)
        folded = log_manifest.parse(found[0]).folded if found else frozenset()
        return len(self._tails - folded)

    def finish(self, stamp: int) -> None:
        """Have rows of before count no more. Everything must have been written."""
        self._swap(lambda held: log_manifest.raised(held, stamp, self._clock()))

    def _key(self) -> str:
        return log_manifest.tail_key(self._clock(), self._chance())

    def _put(self, key: str, lines: list[bytes]) -> int:
        if lines:
            self._objects.put(key, gzip.compress(b"\n".join([*lines, b""]), mtime=0))
            self._tails.add(key)
        return len(lines)

    def _swap(self, change: Callable[[Manifest], Manifest]) -> Manifest:
        """Change the manifest, however often others do at the same time."""
        for _ in range(_SWAPS_MAX):
            found = self._objects.get(log_manifest.KEY)
            following = change(log_manifest.parse(found[0]) if found else Manifest())
            content = log_manifest.dump(following)
            try:
                if found is None:
                    self._objects.put(log_manifest.KEY, content, if_none_match=True)
                else:
                    self._objects.put(log_manifest.KEY, content, if_match=found[1])
            except Contended:
                continue
            return following
        raise CliError("The manifest is being changed all the time. Try again in a minute.")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_place(parser)
    parser.add_argument("--dry-run", action="store_true", help="count and write nothing")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Rebuild the log, saying how far it is."""
    running = Running.find(arguments.aws)
    aws, outputs = running.aws, running.outputs
    if "LogBucket" not in outputs:
        raise CliError("This stack has no change log yet. Deploy it anew, then try again.")
    documents = scan(aws, outputs["TableName"])
    if arguments.dry_run:
        rows = sum(row_of(*each) is not None for each in documents)
        console.print(f"{rows} rows would be written")
        return 0
    bucket = Bucket(aws, outputs["LogBucket"])
    rebuild = Rebuild(bucket, bucket.clock(), lambda: secrets.token_hex(4))
    stamp = rebuild.announce()
    console.print(f"new rows have epoch {stamp}; reading the table")
    written = 0
    for written in rebuild.write(documents, stamp):
        console.print(f"{written} rows written")
    console.print("folding them into files")
    function = outputs["CompactFunction"]
    wait_until_folded(
        rebuild,
        lambda: aws.lambda_.invoke(FunctionName=function, InvocationType="Event", Payload=b"{}"),
        time.sleep,
        console.print,
    )
    rebuild.finish(stamp)
    console.print(f"[green]✓[/] the log is whole: {written} rows of epoch {stamp}")
    return 0


def scan(aws: Aws, table: str) -> Iterator[tuple[Name, Document]]:
    """Yield every document of the table that the log keeps, as of now."""
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    for page in pages:
        for item in page["Items"]:
            found = document_of(as_streamed(item))
            if found is not None:
                yield found


def wait_until_folded(
    rebuild: Rebuild,
    compact: Callable[[], object],
    sleep: Callable[[float], object],
    say: Callable[[str], None],
) -> None:
    """Have the compactor fold what was written, and wait for it. Raise CliError if it does not."""
    left, quiet = rebuild.unfolded(), 0
    while left:
        # Asked again when it is silent: one run may end before its work, and two do no harm.
        if quiet % _ASK_EVERY == 0:
            compact()
        if quiet == _PATIENCE:
            raise CliError(
                "compact_changes does not fold what was written. Look at its log, then run this "
                "again. Until then reports answer from the old rows and the new together."
            )
        sleep(_POLL_SECONDS)
        before, left = left, rebuild.unfolded()
        quiet = 0 if left < before else quiet + 1
        if left < before:
            say(f"{left} tails are not folded yet")


def as_streamed(item: Mapping[str, Mapping[str, Any]]) -> Item:
    """Return an item as the stream shows it: bytes in base64."""
    return {
        name: {
            kind: base64.b64encode(value).decode("ascii") if kind == "B" else value
            for kind, value in told.items()
        }
        for name, told in item.items()
    }
