"""The change log in a simulated world: its two Lambdas as they are deployed, on fakes.

Cold starts execute the handlers' own modules. In most schedules files are of JSON, merged by plain
Python, which other tests hold to DuckDB row by row; in the others everything is as deployed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from infra.cli.rebuild_log import Rebuild
from shared.adapters import objects as objects_adapter
from shared.adapters import parquet
from shared.adapters.documents import Item
from shared.adapters.table import document_of
from shared.domain import times
from shared.domain.change_log import tidying
from shared.domain.ports import Document, Name
from tests.functions.compact_changes.fake_merger import FakeMerger
from tests.simulation.compact_host import CompactHost
from tests.simulation.function import Handle
from tests.simulation.lambda_modules import execute, handle_of
from tests.simulation.log_bucket import FakeLogBucket, SteppedBucket
from tests.simulation.log_stories import Record
from tests.simulation.stream import Stream
from tests.simulation.stream_host import StreamHost, StreamMapping
from tests.simulation.stream_redrive import redrive_stream
from tests.simulation.world import World

RECORD, COMPACT = "record_changes", "compact_changes"
LIFE_MS = 900_000
_ENVIRON = {"LOG_BUCKET": "log"}
# What the scan of a rebuild reads in one call.
_PAGE = 6
# How long a rebuild waits between two looks at what is folded, and how often it looks.
_POLL_MS, _PATIENCE = 5 * times.MINUTE, 40


class ToldTable:
    """A table as far as its stream shows it, told record by record."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.images: dict[tuple[str, str], Item] = {}
        self._clock = clock
        self._records: list[tuple[int, Record]] = []

    def tell(self, record: Record) -> None:
        """Have a write happen now."""
        now, told = self._clock(), record["dynamodb"]
        image, old = told.get("NewImage"), told.get("OldImage")
        key = (told["Keys"]["pk"]["S"], told["Keys"]["sk"]["S"])
        self.images[key] = image or {**old, "gone": {"BOOL": True}}
        stamped = {**told, "ApproximateCreationDateTime": now // 1000}
        self._records.append((now, {**record, "dynamodb": stamped}))

    def stream_records(self, start: int = 0) -> list[Record]:
        """Return the stream's records from position `start` on."""
        return [record for _, record in self._records[start:]]

    def written_ms(self, position: int) -> int:
        """Return when the record at `position` was written."""
        return self._records[position][0]

    def documents(self) -> list[tuple[Name, Document]]:
        """Return the documents there are."""
        kept = (image for image in self.images.values() if "gone" not in image)
        found = (document_of(image) for image in kept)
        return [each for each in found if each is not None]


class LogDeployment:
    """The change log's own part of the stack. `real` has DuckDB make the files."""

    def __init__(self, world: World, *, real: bool = False) -> None:
        self.world = world
        self.real = real
        self.bucket = FakeLogBucket(world.clock)
        self.table = ToldTable(world.clock)
        self.stream = Stream(self.table)  # type: ignore[arg-type]
        self.redriven = 0
        self.unfinished = False
        self._folders: list[Any] = []
        # Whatever happens to a batch happens to a few records.
        mapping = StreamMapping(prefix="", batch_size=7)
        for number, shard in enumerate(self.stream.shards):
            name = f"{RECORD} {number}"
            world.hosts.append(
                StreamHost(
                    name,
                    self.stream,
                    shard,
                    self._start_record,
                    world.steps,
                    world.clock,
                    world.sqs,
                    mapping,
                )
            )
        self.compact = CompactHost(
            COMPACT, self.bucket, self._start_compact, world.steps, world.clock, LIFE_MS
        )
        world.hosts.append(self.compact)
        world.person.redrive_stream = self.redrive_stream

    def close(self) -> None:
        """Remove the folders of all execution environments there were."""
        for folder in self._folders:
            folder.cleanup()

    def objects(self) -> SteppedBucket:
        """Return the bucket as the product is given it."""
        return SteppedBucket(self.bucket, self.world.steps)

    def chance(self) -> str:
        """Return eight random hex digits."""
        return f"{self.world.random.getrandbits(32):08x}"

    def redrive_stream(self) -> int:
        """Have `paysignal redrive stream` hand over what the mapping gave up on."""
        notes = redrive_stream(self.world, self.stream, self._start_record)
        self.redriven += notes
        return notes

    def rebuild(self) -> None:
        """Have `paysignal rebuild-log` write the log anew; it may end at any step."""
        self.unfinished = True
        rebuild = Rebuild(self.objects(), self.world.clock, self.chance)
        stamp = rebuild.announce()
        for _ in rebuild.write(self._scanned(), stamp):
            pass
        for _ in range(_PATIENCE):
            if not rebuild.unfolded():
                rebuild.finish(stamp)
                self.unfinished = False
                return
            self.compact.ask()
            self.world.pass_until(self.world.clock() + _POLL_MS)

    def _scanned(self) -> Any:
        """Yield the table's documents page by page, each as it is when its page is read."""
        steps, table = self.world.steps, self.table
        keys = sorted(table.images)
        for first in range(0, len(keys), _PAGE):
            page = keys[first : first + _PAGE]
            read = partial(self._read, page)
            yield from steps.perform("dynamodb", "Scan", {"from": page[0]}, read)

    def _read(self, keys: list[tuple[str, str]]) -> list[tuple[Name, Document]]:
        images = (self.table.images[key] for key in keys)
        found = (document_of(image) for image in images if "gone" not in image)
        return [each for each in found if each is not None]

    def _start_record(self) -> Handle:
        module = self._start(RECORD)
        return handle_of(module)

    def _start_compact(self) -> Handle:
        module = self._start(COMPACT)
        self._folders.append(module._folder)
        clock = self.world.clock

        def handle(event: dict[str, Any], started: int) -> Any:
            left = SimpleNamespace(get_remaining_time_in_millis=lambda: started + LIFE_MS - clock())
            return module.handler(event, left)

        return handle

    def _start(self, function: str) -> Any:
        bucket = self.objects()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(objects_adapter.Objects, "from_environment", lambda *_: bucket)
            if not self.real:
                patch.setattr(parquet, "Merger", lambda *_, **__: FakeMerger())
            module = execute(f"functions.{function}.handler", self.world, _ENVIRON)
        module.secrets = SimpleNamespace(token_hex=lambda _: self.chance())
        return module


def small(patch: pytest.MonkeyPatch) -> None:
    """Make everything that happens after many rows happen after few."""
    for name, value in {"FOLD_TAILS": 3, "SMALL_BASE_ROWS": 4, "DELTA_PER_BASE": 2}.items():
        patch.setattr(tidying, name, value)
    patch.setattr(tidying, "MERGED_FILES", 3)
