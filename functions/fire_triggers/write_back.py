"""What a batch of the stream leaves to be written back to contact sources: noticed, then asked for.

One message for many records, sent once the batch has been gone through. Without a connection that
wants anything written back nothing is sent, and nothing is read: the configuration is known here
anyhow. A send that fails is told to the stream, so that the batch is read again from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shared.domain import write_back
from shared.domain.automations.happening import Happening
from shared.domain.ports import Document
from shared.domain.write_back import PAYMENTS, TAGS, Payment

_AT_ONCE = 10


class Known(Protocol):
    """The configuration at one moment."""

    @property
    def connections(self) -> Mapping[str, Document]:
        """All connections by their ids."""


class Configuration(Protocol):
    """The configuration as it is known."""

    def at(self, now: int) -> Known:
        """Return what is known at `now` (ms)."""


class Queue(Protocol):
    """The queue of calls to providers."""

    def send_calls(self, url: str, calls: Sequence[tuple[Mapping[str, object], int]]) -> None:
        """Put up to ten messages on a queue, each with its delay in seconds."""


class WriteBack:
    """Gathers what one batch leaves to be written back."""

    def __init__(self, *, configuration: Configuration, queue: Queue, url: str) -> None:
        """`url` is the queue of calls."""
        self._configuration = configuration
        self._queue = queue
        self._url = url
        self._payments: dict[Payment, bool] = {}
        self._tags: dict[str, list[str]] = {}
        self._from: str | None = None

    def changed(self, happening: Happening, sequence: str) -> None:
        """Notice a change of a record; `sequence` is its place in the stream."""
        if not write_back.concerns(happening.name, happening.entry) or not happening.is_new:
            return
        payment: Payment = (happening.record[1], happening.record[2])
        # One that is to be heard of is, whatever else happened to the record in the batch.
        quiet = write_back.is_silent(happening.entry) and self._payments.get(payment, True)
        self._payments[payment] = quiet
        self._from = self._from or sequence

    def retagged(self, note: Mapping[str, Any], sequence: str) -> None:
        """Notice a contact whose tags were changed by us."""
        self._tags.setdefault(note["contact_id"], []).extend(note["tags"])
        self._from = self._from or sequence

    @property
    def begins(self) -> str | None:
        """Return the place in the stream of the first that was noticed."""
        return self._from

    def ask(self, now: int) -> None:
        """Have all that was noticed written back. Raise AwsError or Retryable if need be."""
        connections = self._configuration.at(now).connections if self._from else {}
        calls: list[Mapping[str, object]] = []
        stores = {each: found for each, found in connections.items() if write_back.may_tell(found)}
        for target in write_back.targets(connections.values(), PAYMENTS):
            told = {each: quiet for each, quiet in self._payments.items() if each[0] in stores}
            calls += write_back.payment_calls(target, told)
        for target in write_back.targets(connections.values(), TAGS):
            calls += write_back.tag_calls(target, self._tags)
        for start in range(0, len(calls), _AT_ONCE):
            self._queue.send_calls(
                self._url, [(call, 0) for call in calls[start : start + _AT_ONCE]]
            )

    def forget(self) -> None:
        """Begin the next batch."""
        self._payments, self._tags, self._from = {}, {}, None
