"""What the table's stream gave up on, read again and handed to the Lambda it was meant for.

Lambda leaves a note of a failed batch, not its records: a shard, two sequence numbers and the
function. The stream keeps its records for 24 hours; until then they are read again and the function
is invoked with them, in the very shape Lambda hands them over. Firings have identities, so records
that had been dealt with do no harm the second time.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from infra.aws import Aws
from shared.domain import times

KEPT_MS = 24 * times.HOUR
_GONE = ("TrimmedDataAccessException", "ExpiredIteratorException", "ResourceNotFoundException")
# A batch as the mapping makes it, and well below the 6 MB an invocation takes.
_BATCH_RECORDS = 100
_BATCH_BYTES = 4_000_000
# A shard may answer empty pages between two records; not without end.
_EMPTY_PAGES_MAX = 50

Json = dict[str, Any]


class Unreadable(Exception):
    """A note whose records can not be handed over; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One note: which records of which shard, and the function they were meant for."""

    function: str
    stream: str
    shard: str
    first: str
    last: str
    size: int
    arrived_at: int
    """When the first of its records was written, in ms."""

    @classmethod
    def read(cls, text: str) -> Failure:
        """Return the failure a note tells of. Raise Unreadable."""
        try:
            note = json.loads(text)
            batch = note["DDBStreamBatchInfo"]
            return cls(
                function=note["requestContext"]["functionArn"],
                stream=batch["streamArn"],
                shard=batch["shardId"],
                first=_number(batch["startSequenceNumber"]),
                last=_number(batch["endSequenceNumber"]),
                size=int(batch["batchSize"]),
                arrived_at=times.from_text(batch["approximateArrivalOfFirstRecord"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable("It is no note of Lambda's about a stream. Look at it by hand.") from (
                error
            )

    @property
    def function_name(self) -> str:
        """The function's name, without account and version."""
        parts = self.function.split(":")
        return parts[6] if len(parts) > 6 else self.function

    def about(self) -> str:
        """Return what a person needs to tell it from others."""
        return (
            f"{self.size} records of {self.shard} from {self.first} to {self.last}, "
            f"for {self.function_name}"
        )

    def is_gone(self, now: int) -> bool:
        """Tell whether the stream has let go of its records by age."""
        return now - self.arrived_at > KEPT_MS


def redrive(failure: Failure, aws: Aws, say: Callable[[str], None]) -> int:
    """Hand a failure's records to their function again; return how many there were.

    Raise Unreadable where they are gone, or where the function refuses or fails some of them.
    """
    done = 0
    for batch in _batches(failure, aws):
        _invoke(failure, aws, batch)
        done += len(batch)
        say(f"{done} records handed to {failure.function_name}")
    return done


def gone(failure: Failure) -> str:
    """Say that a failure's records are gone, and what to do."""
    since = times.to_text(failure.arrived_at)
    return (
        f"The stream keeps records for 24 hours, and those since {since} are gone. What changed is "
        "in the records' own histories; what it should have set off did not happen. Compare "
        "GET /v1/automations/{id}/firings with them and make up for it by hand. The note stays "
        "here until it is 14 days old."
    )


def event_record(record: Mapping[str, Any], failure: Failure) -> Json:
    """Return a record as Lambda hands it over: bytes in base64, times in seconds."""
    shaped: Json = {**_shaped(record), "eventSourceARN": failure.stream}
    identity = shaped.pop("userIdentity", None)
    if identity:
        # Whose deletions expire items: the API capitalises the names, Lambda's event does not.
        shaped["userIdentity"] = {f"{key[:1].lower()}{key[1:]}": identity[key] for key in identity}
    return shaped


def _batches(failure: Failure, aws: Aws) -> Iterator[list[Json]]:
    batch: list[Json] = []
    size = 0
    for record in _records(failure, aws):
        shaped = event_record(record, failure)
        weight = len(json.dumps(shaped))
        if batch and (len(batch) == _BATCH_RECORDS or size + weight > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(shaped)
        size += weight
    if batch:
        yield batch


def _records(failure: Failure, aws: Aws) -> Iterator[Mapping[str, Any]]:
    """Yield the records from the first to the last, in their order. Raise Unreadable."""
    client = aws.dynamodbstreams
    try:
        iterator = client.get_shard_iterator(
            StreamArn=failure.stream,
            ShardId=failure.shard,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=failure.first,
        )["ShardIterator"]
        empty, last = 0, int(failure.last)
        while iterator and empty < _EMPTY_PAGES_MAX:
            page = client.get_records(ShardIterator=iterator)
            empty = 0 if page["Records"] else empty + 1
            for record in page["Records"]:
                place = int(record["dynamodb"]["SequenceNumber"])
                if place <= last:
                    yield record
                if place >= last:
                    return
            iterator = page.get("NextShardIterator")
    except ClientError as error:
        if error.response["Error"].get("Code") in _GONE:
            raise Unreadable(gone(failure)) from error
        raise
    raise Unreadable("The stream ended before the last of its records. Try again.")


def _invoke(failure: Failure, aws: Aws, batch: Sequence[Json]) -> None:
    answer = aws.lambda_.invoke(
        FunctionName=failure.function,
        InvocationType="RequestResponse",
        Payload=json.dumps({"Records": batch}).encode(),
    )
    told = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        kind = told.get("errorType") if isinstance(told, Mapping) else None
        raise Unreadable(
            f"{failure.function_name} failed ({kind or 'no reason given'}). Mend it and try again."
        )
    refused = told.get("batchItemFailures") if isinstance(told, Mapping) else None
    if refused:
        raise Unreadable(
            f"{failure.function_name} could not take the records from "
            f"{refused[0].get('itemIdentifier')} on. Look: ./paysignal tail --once"
        )


def _number(text: str) -> str:
    """Return a sequence number as it is written, zeros before it included. Raise ValueError."""
    int(text)
    return text


def _shaped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _shaped(each) for name, each in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return int(value.timestamp())
    return [_shaped(each) for each in value] if isinstance(value, list) else value
