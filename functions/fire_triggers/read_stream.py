"""One batch off the table's stream: every change looked at, and only what failed read again.

Lambda reads a shard again from the lowest sequence number that failed. So the rest of the batch
is gone through all the same: when the stream gives up on a batch, nothing but what really failed
is missing in it. The later changes of a record whose change has failed wait for that one.

What is to be written back to contact sources is asked for at the end, for the whole batch together;
where that fails, it is read again from the first that had to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from shared.adapters.aws import AwsError
from shared.adapters.documents import Item
from shared.domain import times
from shared.domain.automations.happening import Happening
from shared.domain.errors import PaysignalError
from shared.domain.ports import Document, Name
from shared.domain.timeline import Entry

Record = Mapping[str, Any]
Read = Callable[[Item], tuple[Name, Entry] | None]
ReadNote = Callable[[Item], Document | None]


class Fire(Protocol):
    """What becomes of a change."""

    def change(self, happening: Happening, now: int) -> list[str]:
        """Fire what a change sets off; return the firings' ids."""


class WriteBack(Protocol):
    """What becomes of changes that contact sources are to be told of."""

    @property
    def begins(self) -> str | None:
        """Return the place in the stream of the first that was noticed."""

    def changed(self, happening: Happening, sequence: str) -> None:
        """Notice a change."""

    def retagged(self, note: Document, sequence: str) -> None:
        """Notice a note of changed tags."""

    def ask(self, now: int) -> None:
        """Have all that was noticed written back."""

    def forget(self) -> None:
        """Begin the next batch."""


class Stream:
    """The stream's reader; one for all batches of a warm Lambda."""

    def __init__(
        self,
        *,
        fire: Fire,
        read: Read,
        log: Callable[..., None],
        count: Callable[..., None],
        read_note: ReadNote = lambda image: None,
        write_back: WriteBack | None = None,
    ) -> None:
        """`read` tells the entry that an image holds, if it holds one, `read_note` the note."""
        self._fire = fire
        self._read = read
        self._read_note = read_note
        self._write_back = write_back
        self._log = log
        self._count = count

    def handle(self, records: Sequence[Record], now: int) -> dict[str, list[dict[str, str]]]:
        """Go through a batch as Lambda hands it over; return from where it is to be read again."""
        failed: list[str] = []
        stopped: set[Name] = set()
        for record in records:
            if not self._one(record, stopped, now):
                failed.append(record["dynamodb"]["SequenceNumber"])
        failed = self._asked(records, failed, now)
        # Records come in their order, so the first that failed has the lowest number.
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed[:1]]}

    def _asked(self, records: Sequence[Record], failed: list[str], now: int) -> list[str]:
        """Have written back what was noticed; return what has failed by now, in its order."""
        if self._write_back is None or self._write_back.begins is None:
            return failed
        begins = self._write_back.begins
        try:
            self._write_back.ask(now)
        except Exception as error:  # the edge: whatever failed, it must not be lost
            record = next(r for r in records if r["dynamodb"]["SequenceNumber"] == begins)
            self._failed(record, error, {"write_back": True})
            sequences = [each["dynamodb"]["SequenceNumber"] for each in records]
            return [each for each in sequences if each in {begins, *failed}]
        finally:
            self._write_back.forget()
        return failed

    def _noted(self, record: Record) -> bool:
        """Tell whether this was a note of changed tags; it is noticed then."""
        image = record["dynamodb"].get("NewImage")
        note = self._read_note(image) if image is not None else None
        if note is not None and self._write_back is not None:
            self._write_back.retagged(note, record["dynamodb"]["SequenceNumber"])
        return note is not None

    def _one(self, record: Record, stopped: set[Name], now: int) -> bool:
        """Look at one record of the stream; False if it must be read again."""
        try:
            if self._noted(record):
                return True
            happening = self._happening(record, now)
        except Exception as error:  # the edge: an image nobody can read must not hide the others
            self._failed(record, error, {})
            return False
        if happening is None:
            return True
        about = {"record": list(happening.record), "event_id": happening.entry.event_id}
        if happening.record in stopped:
            return False
        try:
            firings = self._fire.change(happening, now)
        except Exception as error:  # the edge: whatever failed, the change must not be lost
            stopped.add(happening.record)
            self._failed(record, error, about)
            return False
        if self._write_back is not None:
            self._write_back.changed(happening, record["dynamodb"]["SequenceNumber"])
        if firings:
            self._log("fired", firings=firings, **about)
            self._count("Firings", connection_id=happening.record[1], firings=len(firings))
        return True

    def _happening(self, record: Record, now: int) -> Happening | None:
        stream = record["dynamodb"]
        if "NewImage" not in stream:
            return None
        found = self._read(stream["NewImage"])
        if found is None:
            return None
        before = self._read(stream["OldImage"]) if "OldImage" in stream else None
        written = stream.get("ApproximateCreationDateTime")
        return Happening(
            name=found[0],
            entry=found[1],
            before=before[1] if before else None,
            written_at=int(written * times.SECOND) if written is not None else now,
        )

    def _failed(self, record: Record, error: Exception, about: Mapping[str, Any]) -> None:
        known = isinstance(error, PaysignalError | AwsError)
        self._log(
            "change_failed",
            reason=str(error) if known else type(error).__name__,
            sequence=record["dynamodb"]["SequenceNumber"],
            **about,
        )
        self._count("ChangesFailed")
