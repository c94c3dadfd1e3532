"""What a change costs in `record_changes`: CPU from the stream's record to the line of its tail.

The demo's month goes through the processor; what its commits would put on the table's stream is
given to the real use case in batches of a hundred.

    python -m tests.benchmarks.recorder
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from functions.record_changes.record_batch import Recorder
from infra.samples import stripe as story
from shared.adapters.table import document_of
from shared.domain.ports import Check, Write
from tests.fakes.memory_store import MemoryStore
from tests.support.shop import Shop
from tests.support.stream import stream_record

NOW = 1_790_000_000_000
BATCH, ROUNDS = 100, 5
CPU_MS_MAX = 0.3


class _Streaming(MemoryStore):
    """A store whose writes come out of a stream, as far as the change log's filter lets them."""

    def __init__(self) -> None:
        super().__init__()
        self.stream: list[dict[str, Any]] = []

    def commit(self, steps: Sequence[Write | Check]) -> None:
        before = {step.name: self.documents.get(step.name) for step in steps}
        super().commit(steps)
        for step in steps:
            if isinstance(step, Write):
                record = stream_record(
                    step.name, before[step.name], step.document, NOW, len(self.stream) + 1
                )
                images = record["dynamodb"]
                if document_of(images.get("NewImage") or images["OldImage"]) is not None:
                    self.stream.append(record)


class _Tails:
    """Where tails end up: nowhere, and all of the first epoch."""

    def __init__(self) -> None:
        self.bytes = 0

    def put(self, key: str, content: bytes) -> str:
        self.bytes += len(content)
        return key

    def current(self) -> Callable[[int], int]:
        return lambda _: 1


def measure() -> dict[str, float]:
    """Return the CPU (ms) and the bytes of one change, and how many changes there were."""
    store = _Streaming()
    shop = Shop(store=store)
    for delivery in story.month(1).deliveries:
        shop.receive(delivery.event.body)
    batches = [store.stream[at : at + BATCH] for at in range(0, len(store.stream), BATCH)][:-1]
    changes = len(batches) * BATCH
    taken = []
    tails = _Tails()
    for _ in range(ROUNDS + 1):  # The first is not counted: it loads what is loaded once.
        tails = _Tails()
        recorder = Recorder(
            objects=tails,
            stamp=tails,
            read=document_of,
            chance=lambda: "0" * 8,
            log=lambda *_, **__: None,
            count=lambda *_, **__: None,
        )
        began = time.process_time()
        for batch in batches:
            assert recorder.record_batch(batch, NOW) == {"batchItemFailures": []}
        taken.append((time.process_time() - began) * 1000 / changes)
    return {"cpu": statistics.median(taken[1:]), "bytes": tails.bytes / changes, "changes": changes}


def main() -> int:
    """Print the figures; return 1 where one is over its budget."""
    figures = measure()
    print(f"record_changes, per change of {figures['changes']:.0f} (batches of {BATCH})")
    print(f"  CPU, ms         {figures['cpu']:8.3f}   budget {CPU_MS_MAX:4.1f}")
    print(f"  bytes in tails  {figures['bytes']:8.0f}")
    return 0 if figures["cpu"] <= CPU_MS_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
