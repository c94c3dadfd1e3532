"""What SQS refuses: unknown or missing parameters, bodies and batches beyond its limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import aws_error
from tests.simulation.sqs.message import QueueSpec

MESSAGE_BYTES_MAX = 1024 * 1024
BATCH_ENTRIES_MAX = 10
DELAY_SECONDS_MAX = 900
ID_CHARACTERS_MAX = 128

_MESSAGE = ("MessageBody", "DelaySeconds", "MessageGroupId", "MessageDeduplicationId")
_RECEIPT = ("ReceiptHandle",)
_TAKES = {
    "SendMessage": ("QueueUrl", *_MESSAGE),
    "SendMessageBatch": ("QueueUrl", "Entries"),
    "SendMessageBatch.Entries": ("Id", *_MESSAGE),
    "ReceiveMessage": (
        "QueueUrl",
        "MaxNumberOfMessages",
        "VisibilityTimeout",
        "WaitTimeSeconds",
        "AttributeNames",
        "MessageSystemAttributeNames",
    ),
    "DeleteMessage": ("QueueUrl", *_RECEIPT),
    "DeleteMessageBatch": ("QueueUrl", "Entries"),
    "DeleteMessageBatch.Entries": ("Id", *_RECEIPT),
    "ChangeMessageVisibility": ("QueueUrl", *_RECEIPT, "VisibilityTimeout"),
    "GetQueueAttributes": ("QueueUrl", "AttributeNames"),
}
_NEEDS = ("QueueUrl", "Id", "ReceiptHandle")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,128}")


def check_parameters(operation: str, payload: Mapping[str, Any]) -> None:
    """Raise AwsError for a parameter the operation does not take, or lacks."""
    takes = _TAKES[operation]
    for name in payload:
        if name not in takes:
            raise aws_error("InvalidParameterValue", f"{operation} takes no parameter {name}")
    for name in takes:
        if name in _NEEDS and not payload.get(name):
            raise _missing(name)
    if operation == "ChangeMessageVisibility" and "VisibilityTimeout" not in payload:
        raise _missing("VisibilityTimeout")


def check_entries(operation: str, entries: list[dict[str, Any]]) -> None:
    """Raise AwsError for a batch that SQS refuses as a whole."""
    if not entries:
        raise aws_error("EmptyBatchRequest", f"There should be at least one {operation} entry.")
    if len(entries) > BATCH_ENTRIES_MAX:
        raise aws_error("TooManyEntriesInBatchRequest", "A maximum of 10 messages are allowed.")
    for entry in entries:
        check_parameters(f"{operation}.Entries", entry)
        if not _ENTRY_ID.fullmatch(entry["Id"]):
            raise aws_error("InvalidBatchEntryId", f"A batch entry id is wrong: {entry['Id']}")
    if len({entry["Id"] for entry in entries}) != len(entries):
        raise aws_error("BatchEntryIdsNotDistinct", "Two or more batch entries have the same Id.")
    size = sum(len(entry.get("MessageBody", "").encode()) for entry in entries)
    if size > MESSAGE_BYTES_MAX:
        raise aws_error(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {MESSAGE_BYTES_MAX} bytes. You sent {size}.",
        )


def check_message(spec: QueueSpec, payload: Mapping[str, Any]) -> None:
    """Raise AwsError for a message this queue does not take."""
    body = payload.get("MessageBody")
    if not body:
        raise _missing("MessageBody")
    if _FORBIDDEN.search(body):
        raise aws_error("InvalidMessageContents", "Invalid characters in the message.")
    if len(body.encode()) > MESSAGE_BYTES_MAX:
        raise _wrong("Message must be shorter than 1048576 bytes.")
    _check_ids(payload)
    if spec.fifo:
        _check_fifo(spec, payload)
    elif not 0 <= payload.get("DelaySeconds", 0) <= DELAY_SECONDS_MAX:
        raise _wrong(f"DelaySeconds must be >= 0 and <= {DELAY_SECONDS_MAX}")
    elif "MessageDeduplicationId" in payload:
        raise _wrong("The request includes a parameter that is not valid for this queue type.")


def _check_ids(payload: Mapping[str, Any]) -> None:
    for name in ("MessageGroupId", "MessageDeduplicationId"):
        if name in payload and not _MESSAGE_ID.fullmatch(payload[name]):
            raise _wrong(f"{name} can only be 1 to {ID_CHARACTERS_MAX} printable characters.")


def _check_fifo(spec: QueueSpec, payload: Mapping[str, Any]) -> None:
    if "MessageGroupId" not in payload:
        raise _missing("MessageGroupId")
    if "MessageDeduplicationId" not in payload and not spec.content_deduplication:
        raise _wrong(
            "The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly"
        )
    if payload.get("DelaySeconds"):
        raise _wrong("The request includes a parameter that is not valid for this queue type.")


def _missing(name: str) -> AwsError:
    return aws_error("MissingParameter", f"The request must contain the parameter {name}.")


def _wrong(why: str) -> AwsError:
    return aws_error("InvalidParameterValue", why)
