"""Drives a batch handler from a shard of the table's stream as Lambda's event source does.

A shard is read in order by one worker at a time: whatever failed is read again, from the lowest
record the handler named, until it went well or was tried often enough. Then Lambda gives up on
what is left of the batch, leaves a note of it (numbers alone, no records) and goes on. A batch
that failed as a whole is cut in two, which is not counted as a try. A shard that was split is read
to its end before its children are; a mapping made anew begins with the oldest record there is.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.adapters.aws import AwsError
from tests.simulation.batch_answer import distorted, failed_ids
from tests.simulation.fake_sqs import FakeSQS
from tests.simulation.faults import Crashed
from tests.simulation.function import FAILED, Function, Handle
from tests.simulation.sqs.message import ACCOUNT, REGION
from tests.simulation.steps import Frame, Steps
from tests.simulation.stream import ARN, Shard, Stream, sequence_of, sort_key_of

# Lambda looks into each shard four times a second.
POLL_MS = 250
DAY_MS = 86_400_000
_WAIT_MIN_MS, _WAIT_MAX_MS = 1_000, 60_000


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """The parameters of an event source mapping, as infra/automations.py sets them."""

    prefix: str = "AT#"
    batch_size: int = 100
    retries: int = 10
    age_max_ms: int = 20 * 3_600_000
    destination: str = "stream-dead"
    timeout_ms: int = 60_000


@dataclass(slots=True)
class _Work:
    """Positions of records that are to be handed over together, how often that has failed."""

    places: list[int]
    tries: int = 0
    due_ms: int = 0


class StreamHost(Function):
    """One shard of one mapping."""

    def __init__(
        self,
        name: str,
        stream: Stream,
        shard: Shard,
        build: Callable[[], Handle],
        steps: Steps,
        clock: Callable[[], int],
        sqs: FakeSQS,
        mapping: StreamMapping | None = None,
    ) -> None:
        super().__init__(name, build, steps, clock)
        self.given_up = 0
        self._stream = stream
        self._shard = shard
        self._sqs = sqs
        self._mapping = mapping or StreamMapping()
        self._next = 0
        self._work: list[_Work] = []
        self._busy = False
        self._lease = 0
        # Who reads the shard this one's was split off, and who reads those split off this one's.
        self._parent: StreamHost | None = None
        self._heirs: list[StreamHost] = []

    @property
    def hold_ms(self) -> int:
        """How long a worker may be silent before another one is given its batch."""
        return self._mapping.timeout_ms

    def next_due_ms(self) -> int | None:
        """Return when there is something to invoke the function with, None for never."""
        self._bequeath()
        if self._busy or not (self._parent is None or self._parent.at_end):
            return None
        if self._work:
            return max(self._clock(), self._work[0].due_ms)
        self._skip()
        if self._next == len(self._shard.records):
            return None
        polled_ms = -(-self._shard.written_ms[self._next] // POLL_MS) * POLL_MS
        return max(self._clock(), polled_ms)

    @property
    def at_end(self) -> bool:
        """Whether all that its shard will ever hold has been dealt with."""
        self._skip()
        return not (self._busy or self._work or self._next < len(self._shard.records))

    def waiting(self) -> tuple[str, int]:
        """Return the shard's name, and how many records it has for the function."""
        self._skip()
        held = sum(len(work.places) for work in self._work)
        fresh = range(self._next, len(self._shard.records))
        return self._shard.name, held + sum(map(self._is_wanted, fresh))

    def lapse(self) -> None:
        """Let another worker have the shard; what the silent one reports is not heard any more."""
        self._busy = False
        self._lease += 1

    def invoke_once(self) -> None:
        """Read the shard once and hand over what there is."""
        faults = self._steps.faults_of_next("GetRecords")
        self._busy, lease = True, self._lease
        try:
            self._step("GetRecords")
            self._change_shards(faults)
            self._hand_over(faults, lease)
        except (Crashed, AwsError):
            return
        finally:
            if self._lease == lease:
                self._busy = False

    def _hand_over(self, faults: Mapping[str, int], lease: int) -> None:
        """Invoke the function with the batch whose turn it is, unless the shard went to another."""
        if not self._work:
            self._take()
        self._give_up_old()
        if not self._work or self._lease != lease:
            return
        work = self._work[0]
        records = [self._shard.records[place] for place in work.places]
        answer = self._invoke({"Records": records})
        failed: frozenset[str] | None = None
        if answer is not FAILED:
            sequences = [sequence_of(each) for each in records]
            failed = failed_ids(distorted(answer, sequences, faults, self._steps.took), sequences)
        if self._lease != lease:
            return
        if not failed and "duplicate" in faults:
            # The place reached was not noted: the batch comes again.
            self._steps.took["duplicate"] += 1
            return
        self._settle(work, failed)

    def _change_shards(self, faults: Mapping[str, int]) -> None:
        if "shard_split" in faults and not self._shard.children:
            self._steps.took["shard_split"] += 1
            self._stream.split(self._shard)
        if "mapping_recreated" in faults:
            self._steps.took["mapping_recreated"] += 1
            oldest_ms = self._clock() - DAY_MS
            self._work.clear()
            self._next = bisect_left(self._shard.written_ms, oldest_ms)

    def _bequeath(self) -> None:
        """Have the shards that this one was split into read as well, once it has been read."""
        for shard in self._shard.children[len(self._heirs) :]:
            name = f"{self.name}.{len(self._heirs)}"
            heir = StreamHost(
                name,
                self._stream,
                shard,
                self._build,
                self._steps,
                self._clock,
                self._sqs,
                self._mapping,
            )
            heir._parent = self
            self._heirs.append(heir)
            self._steps.join(heir)

    def _is_wanted(self, place: int) -> bool:
        return sort_key_of(self._shard.records[place]).startswith(self._mapping.prefix)

    def _skip(self) -> None:
        """Pass over what the mapping's filter leaves out."""
        self._stream.refresh()
        while self._next < len(self._shard.records) and not self._is_wanted(self._next):
            self._next += 1

    def _take(self) -> None:
        """Begin with the next batch."""
        self._skip()
        fresh = range(self._next, len(self._shard.records))
        places = [place for place in fresh if self._is_wanted(place)][: self._mapping.batch_size]
        if places:
            self._next = places[-1] + 1
            self._work.append(_Work(places))

    def _give_up_old(self) -> None:
        oldest_ms = self._clock() - self._mapping.age_max_ms
        for work in list(self._work):
            old = [place for place in work.places if self._shard.written_ms[place] < oldest_ms]
            if old:
                self._note(_Work(old, work.tries), "RecordAgeExceeded")
                work.places = work.places[len(old) :]
            if not work.places:
                self._work.remove(work)

    def _step(self, operation: str) -> None:
        self._steps.frames.append(Frame(f"poll {self.name}"))
        try:
            self._steps.perform("lambda", operation, {"shard": self._shard.name}, lambda: None)
        finally:
            self._steps.frames.pop()

    def _settle(self, work: _Work, failed: frozenset[str] | None) -> None:
        """Note how far the shard is read, and what is to be read again.

        `failed` is None where the invocation failed as a whole.
        """
        if failed is not None:
            names = [sequence_of(self._shard.records[place]) for place in work.places]
            done = next((at for at, name in enumerate(names) if name in failed), len(names))
            work.places = work.places[done:]
        elif len(work.places) > 1:
            half = len(work.places) // 2
            self._work[1:1] = [_Work(work.places[half:], work.tries)]
            work.places = work.places[:half]
            work.due_ms = self._clock() + _WAIT_MIN_MS
            return
        if not work.places:
            self._work.remove(work)
            return
        work.tries += 1
        if work.tries > self._mapping.retries:
            self._note(work, "RetryAttemptsExhausted")
            self._work.remove(work)
        work.due_ms = self._clock() + min(_WAIT_MAX_MS, _WAIT_MIN_MS << min(work.tries, 10))

    def _note(self, work: _Work, why: str) -> None:
        """Leave word of what was given up on."""
        self.given_up += len(work.places)
        places = (work.places[0], work.places[-1])
        first, last = (sequence_of(self._shard.records[place]) for place in places)
        arrived = [_iso(self._shard.written_ms[place]) for place in places]
        note = {
            "requestContext": {
                "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name.split()[0]}",
                "condition": why,
                "approximateInvokeCount": work.tries,
            },
            "version": "1.0",
            "timestamp": _iso(self._clock()),
            "DDBStreamBatchInfo": {
                "shardId": self._shard.name,
                "startSequenceNumber": first,
                "endSequenceNumber": last,
                "approximateArrivalOfFirstRecord": arrived[0],
                "approximateArrivalOfLastRecord": arrived[1],
                "batchSize": len(work.places),
                "streamArn": ARN,
            },
        }
        queue = self._sqs.queues[self._mapping.destination].spec
        self._sqs.call("SendMessage", {"QueueUrl": queue.url, "MessageBody": json.dumps(note)})


def _iso(instant_ms: int) -> str:
    return datetime.fromtimestamp(instant_ms / 1000, UTC).isoformat()
