"""The table's stream in memory: what commits write of entries and notes, as Lambda is given it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.documents import to_attributes
from shared.adapters.table import key_of
from shared.domain.ports import Check, Name, Write
from tests.fakes.memory_store import MemoryStore


class StreamingStore(MemoryStore):
    """A store whose entries and notes come out of a stream, in the order they were written."""

    def __init__(self) -> None:
        super().__init__()
        self.stream: list[dict[str, Any]] = []
        self.now = 1_790_000_000_000

    def commit(self, steps: Sequence[Write | Check]) -> None:
        before = {step.name: self.documents.get(step.name) for step in steps}
        super().commit(steps)
        for step in steps:
            if isinstance(step, Write) and step.name[0] in ("entry", "retagged"):
                self.stream.append(
                    stream_record(
                        step.name, before[step.name], step.document, self.now, len(self.stream) + 1
                    )
                )


def stream_record(
    name: Name,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    now: int = 1_790_000_000_000,
    sequence: int = 1,
) -> dict[str, Any]:
    """Return one record of the stream, with the images of the item before and after."""
    images = {"OldImage": old, "NewImage": new}
    return {
        "eventName": "REMOVE" if new is None else "INSERT" if old is None else "MODIFY",
        "dynamodb": {
            "SequenceNumber": str(sequence),
            "ApproximateCreationDateTime": now // 1000,
            **{name_: image(name, each) for name_, each in images.items() if each is not None},
        },
    }


def image(name: Name, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item of the table as the stream shows it."""
    pk, sk = key_of(name)
    return {"pk": {"S": pk}, "sk": {"S": sk}, **to_attributes(document)}


def scanned_item(name: Name, document: Mapping[str, Any]) -> Any:
    """Return an item of the table as boto3 reads and writes it: bytes as they are."""
    return {
        key: {kind: b64decode(value) if kind == "B" else value for kind, value in told.items()}
        for key, told in image(name, document).items()
    }
