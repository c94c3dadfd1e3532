"""The world of the model: a table, its log, and all who work on it, a step of one at a time."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from functions.compact_changes.compact import Compactor
from infra.cli.rebuild_log import Rebuild
from shared.domain import times
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.manifest import KEY, TAILS, Manifest
from tests.fakes.memory_bucket import MemoryBucket
from tests.functions.compact_changes.fake_merger import (
    FakeMerger,
    Row,
    file_rows,
    newest_rows,
    tail_rows,
)
from tests.functions.compact_changes.turnstile import Actor, Door, Fault

START = 1_790_000_000_000
NAMES = ("a", "b", "c", "d")
# A Lambda's life, and how long a reader may take over one answer.
LIFE = 15 * times.MINUTE
PATIENCE = times.HOUR - times.MINUTE


class World:
    """A table of catalogue items, its log, and all who work on it."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        self.now = START
        self.bucket = MemoryBucket(lambda: self.now)
        self.table: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.written: list[Row] = []
        self.actors: dict[str, Actor] = {}
        self.answers = 0
        self.phase = "as built"
        self.floors = {log_manifest.FIRST_EPOCH}
        self._turn = ("", 0)

    def chance(self) -> str:
        return f"{self.random.getrandbits(32):08x}"

    def manifest(self) -> Manifest:
        found = self.bucket.get(KEY)
        return log_manifest.parse(found[0]) if found else Manifest()

    def write(self) -> None:
        """Change some items, and write their tail; sometimes rows of long ago are told again."""
        changed = self.random.sample(NAMES, self.random.randint(1, 3))
        rows = []
        for name in changed:
            self.last[name] = self.table[name] = self.last.get(name, 0) + 1
            rows.append({"id": name, "version": 2 * self.table[name]})
        if self.random.random() < 0.2:
            gone = self.random.choice(changed)
            rows.append({"id": gone, "version": 2 * self.table.pop(gone) + 1, "deleted": True})
        self.random.shuffle(rows)
        told = [self.row(**row) for row in rows]
        if self.written and self.random.random() < 0.3:
            told.append({**self.random.choice(self.written), "recorded_at": self.now})
        key = log_manifest.tail_key(self.now, self.chance())
        told = [{**r, "position": log_manifest.position(key, n)} for n, r in enumerate(told)]
        self.bucket.put(key, tail(told))
        self.written += told

    def row(self, **values: Any) -> Row:
        stamp = self.manifest().stamp
        fixed = {"connection_id": "shop", "kind": "product", "recorded_at": self.now}
        return {"epoch": stamp, **fixed, **values, "name": str(values)}

    def start(self) -> None:
        """Start whoever is not at work."""
        for name, work in (("one", self._compact), ("two", self._compact), ("read", self._read)):
            if name not in self.actors and self.random.random() < 0.2:
                self.actors[name] = Actor(work, self.bucket, self.now)
        ready = self.phase == "as built" and len(self.written) > 8
        if ready and self.random.random() < 0.05:
            self.phase = "rebuilding"
            for name in [n for n in self.table if self.random.random() < 0.5]:
                # The table was restored as it was a version ago.
                self.last[name] = self.table[name] = max(1, self.table[name] - 1)
            self.actors["rebuild"] = Actor(self._rebuild, self.bucket, self.now)

    def step(self) -> None:
        """Let somebody take a step, several in a row as a rule, or let them die of old age."""
        name, left = self._turn
        if not left or name not in self.actors:
            name = self.random.choice(sorted(self.actors))
            left = 1 if name == "rebuild" else self.random.choice((1, 1, 3, 9))
        self._turn = (name, left - 1)
        actor = self.actors[name]
        aged = self.now - actor.born > (PATIENCE if name == "read" else LIFE)
        faults: list[Fault] = ["before", "after", "lost", *[""] * 27]  # type: ignore[list-item]
        fault = self.random.choice(faults)
        if name == "rebuild":
            actor.step()  # it runs on a person's machine, and is begun again if it ends early
        else:
            actor.step("before" if aged else fault)
        if actor.ended:
            del self.actors[name]
            if actor.failure:
                raise actor.failure

    def end(self) -> None:
        """Let everybody finish."""
        for actor in self.actors.values():
            while not actor.ended:
                actor.step()
            if actor.failure:
                raise actor.failure
        self.actors.clear()

    def compact(self) -> None:
        """Run one compactor undisturbed."""
        self._compactor(self.bucket).run(self.now + LIFE)

    def _compactor(self, objects: Any) -> Compactor:
        folder = self.folder / self.chance()
        folder.mkdir()
        return Compactor(
            objects=objects,
            merger=FakeMerger(),
            folder=folder,
            clock=lambda: self.now,
            chance=self.chance,
        )

    def _compact(self, door: Door) -> None:
        self._compactor(door).run(self.now + LIFE)

    def _rebuild(self, door: Door) -> None:
        rebuild = Rebuild(door, lambda: self.now, self.chance)
        stamp = rebuild.announce()
        copied = [
            (("catalogue", "shop", "product", name), {"version": version, "values": {"name": "x"}})
            for name, version in self.table.items()
        ]
        told = [
            self.row(epoch=stamp, id=name[3], version=2 * int(str(document["version"])))
            for name, document in copied
        ]
        self.written += [{**row, "position": "~"} for row in told]
        for _ in rebuild.write(copied, stamp):
            pass
        self.floors.add(stamp)
        rebuild.finish(stamp)
        self.phase = "rebuilt"

    def _read(self, door: Door) -> None:
        """Answer once, and hold the answer against all that was written."""
        must, begun = list(self.written), self.now
        phase, table, last = self.phase, dict(self.table), dict(self.last)
        first = self.random.random() < 0.5
        listed = door.list(TAILS) if first else []
        found = door.get(KEY)
        held = log_manifest.parse(found[0]) if found else Manifest()
        tails = log_manifest.unfolded(
            held, [each.key for each in (listed if first else door.list(TAILS))]
        )
        files = held.datasets["catalogue"]
        fresh = [row for key in tails for row in read_tail(door, key)]
        base = [row for file in files.base for row in read_file(door, file.key)]
        delta = [row for file in files.delta for row in read_file(door, file.key)]
        history = [row for file in files.history for row in read_file(door, file.key)]
        if self.now - begun > PATIENCE:
            return
        assert len({row["id"] for row in base}) == len(base)
        assert len({row["id"] for row in delta}) == len(delta)
        answer = newest_rows("catalogue", [*base, *delta, *fresh], held.epoch)
        assert held.epoch in self.floors, "rows of before count until all of the table is written"
        self._judge(must, answer, held.epoch)
        if phase == self.phase != "rebuilding":
            self._compare(table, last, answer)
        versions = {(row["id"], row["epoch"], row["version"]) for row in [*history, *fresh]}
        assert versions >= {(r["id"], r["epoch"], r["version"]) for r in must if done(r)}
        assert versions <= {(row["id"], row["epoch"], row["version"]) for row in self.written}
        self.answers += 1

    def _judge(self, must: list[Row], answer: dict[Any, Row], epoch: int) -> None:
        least = newest_rows("catalogue", [row for row in must if done(row)], epoch)
        may = {(row["id"], row["epoch"], row["version"]) for row in self.written}
        for who, row in least.items():
            told = answer[who]
            assert (told["epoch"], told["version"]) >= (row["epoch"], row["version"])
        assert {(row["id"], row["epoch"], row["version"]) for row in answer.values()} <= may

    def _compare(self, table: dict[str, int], last: dict[str, int], answer: dict[Any, Row]) -> None:
        """Hold an answer against the table as it was when its reader began."""
        told = {who[2]: row for who, row in answer.items()}
        for name, version in table.items():
            assert told[name]["version"] >= 2 * version
        for name in last.keys() - table.keys():
            row = told.get(name, {"deleted": True})
            assert row.get("deleted") or row["version"] > 2 * last[name]


def done(row: Row) -> bool:
    """Tell whether a row was in the bucket for certain: a rebuild's are on their way."""
    return bool(row["position"] != "~")


def tail(rows: list[Row]) -> bytes:
    return gzip.compress("\n".join(json.dumps({"catalogue": row}) for row in rows).encode())


def read_tail(door: Door, key: str) -> list[Row]:
    found = door.get(key)
    assert found is not None, "a tail is gone before its hour"
    return [row for _, row in tail_rows(found[0])]


def read_file(door: Door, key: str) -> Iterator[Row]:
    found = door.get(key)
    assert found is not None, "a file is gone before its hour"
    yield from file_rows(found[0])
