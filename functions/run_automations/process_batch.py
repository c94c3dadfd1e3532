"""One batch off the automations queue: carried out one by one, posted side by side.

The table and the queues are called from one thread, message after message; only the posts to
endpoints, which may take 15 seconds each, run beside each other, and each is recorded as soon as
it is answered. A message that failed comes again by itself, later each time, and in the end lies
among the dead letters; what it had done by then is found done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, Protocol

from functions.run_automations.deliver import Attempted, Posting, Unsigned
from functions.run_automations.messages import Messages, read
from shared.adapters.aws import AwsError
from shared.domain.errors import PaysignalError

_BACKOFF_SECONDS_MAX = 900

Record = Mapping[str, Any]
Post = Callable[[Posting], Attempted]
# Posts all, and yields each one's number with its answer, or with what it raised.
SideBySide = Callable[[Sequence[Posting], Post], Iterator[tuple[int, Attempted | BaseException]]]


class Sender(Protocol):
    """What the batch asks of the queue."""

    def change_visibility(self, url: str, receipt_handle: str, seconds: int) -> None:
        """Let a message be seen again after `seconds`."""


class Outbound(Protocol):
    """The one door out."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempted:
        """Post once and return what came of it."""


def in_threads(
    postings: Sequence[Posting], post: Post
) -> Iterator[tuple[int, Attempted | BaseException]]:
    """Post all at once, and yield each answer when it comes."""
    if not postings:
        return
    with ThreadPoolExecutor(max_workers=len(postings)) as threads:
        numbers = {threads.submit(post, each): index for index, each in enumerate(postings)}
        for each in as_completed(numbers):
            failed = each.exception()
            yield numbers[each], failed if failed is not None else each.result()


class Batch:
    """The queue's reader; one for all batches of a warm Lambda."""

    def __init__(
        self,
        *,
        messages: Messages,
        outbound: Outbound,
        queue: Sender,
        url: str,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        log: Callable[..., None],
        side_by_side: SideBySide = in_threads,
    ) -> None:
        """`clock` is in ms; `url` is the queue the batches come from."""
        self._messages = messages
        self._outbound = outbound
        self._queue = queue
        self._url = url
        self._clock = clock
        self._monotonic = monotonic
        self._log = log
        self._side_by_side = side_by_side

    def handle(self, records: Sequence[Record]) -> dict[str, list[dict[str, str]]]:
        """Process a batch as SQS hands it over; return the messages to be tried again."""
        failed: dict[str, Record] = {}
        postings: list[Posting] = []
        owners: list[Record] = []
        for record in records:
            try:
                found = self._carry_out(record)
            except Exception as error:  # the edge: one message must not fail its whole batch
                self._fail(record, error, failed)
                continue
            postings += found
            owners += [record] * len(found)
        for index, answer in self._side_by_side(postings, self._post):
            try:
                self._settle(postings[index], answer)
            except Exception as error:  # the edge: what was posted is posted again, if need be
                self._fail(owners[index], error, failed)
        for record in failed.values():
            self._put_off(record)
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    def _carry_out(self, record: Record) -> list[Posting]:
        message = read(record["body"])
        return self._messages.carry_out(message, self._clock(), self._monotonic())

    def _post(self, posting: Posting) -> Attempted:
        if posting.headers is None:
            return Unsigned()
        return self._outbound.post(posting.url, posting.headers, posting.delivery["body"])

    def _settle(self, posting: Posting, answer: Attempted | BaseException) -> None:
        if isinstance(answer, BaseException):
            raise answer
        self._messages.settle(posting, answer, self._clock())

    def _fail(self, record: Record, error: Exception, failed: dict[str, Record]) -> None:
        known = isinstance(error, PaysignalError | AwsError)
        reason = str(error) if known else type(error).__name__
        self._log("message_failed", reason=reason, message_id=record["messageId"])
        failed[record["messageId"]] = record

    def _put_off(self, record: Record) -> None:
        """Let the message rest, twice as long with every receive."""
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        seconds = min(_BACKOFF_SECONDS_MAX, 2**receives)
        try:
            self._queue.change_visibility(self._url, record["receiptHandle"], seconds)
        except AwsError as error:
            self._log("put_off_failed", reason=str(error))
