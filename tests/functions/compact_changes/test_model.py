"""Two compactors, crashes, lost answers, a rebuild and readers in the middle: no answer changes.

Every call of the bucket is a step, and a seed decides whose is next, how much time passes and what
goes wrong. A reader may take many steps over one answer; it has to hold all that was written when
it began and nothing that never was.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.domain import times
from shared.domain.change_log import tidying
from shared.domain.change_log.manifest import KEY, Manifest
from shared.domain.errors import Contended
from tests.functions.compact_changes.fake_merger import (
    Row,
    file_rows,
    newest_rows,
)
from tests.functions.compact_changes.log_world import World

SEEDS = 200
PAUSES = (0, 0, times.SECOND, times.MINUTE, 20 * times.MINUTE)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything happen after a few rows."""
    for name, value in {"FOLD_TAILS": 2, "SMALL_BASE_ROWS": 2, "DELTA_PER_BASE": 2}.items():
        monkeypatch.setattr(tidying, name, value)
    monkeypatch.setattr(tidying, "MERGED_FILES", 3)


@pytest.mark.parametrize("batch", range(10))
def test_no_interleaving_changes_an_answer(batch: int, tmp_path: Path) -> None:
    answers = 0
    for seed in range(batch * SEEDS // 10, (batch + 1) * SEEDS // 10):
        folder = tmp_path / str(seed)
        folder.mkdir()
        world = World(seed, folder)
        for _ in range(240):
            world.now += world.random.choice(PAUSES)
            if world.random.random() < 0.2:
                world.write()
            world.start()
            if world.actors:
                world.step()
        world.end()
        world.compact()

        held, answer = world.manifest(), settled(world)
        if world.phase == "rebuilt":
            assert {who[2]: row["version"] for who, row in answer.items()} == {
                name: 2 * version for name, version in world.table.items()
            }
        answers += world.answers
        tidy_after_days(world, held)
    assert answers > SEEDS // 10


def settled(world: World) -> dict[Any, Row]:
    """Return the answer of a quiet log: that of its files alone, and of everything ever written."""
    held = world.manifest()
    files = held.datasets["catalogue"]
    rows = [
        row
        for file in (*files.base, *files.delta)
        for row in file_rows(world.bucket.objects[file.key][0])
    ]
    answer = newest_rows("catalogue", rows, held.epoch)
    brute = newest_rows("catalogue", world.written, held.epoch)
    assert {who: (r["epoch"], r["version"]) for who, r in answer.items()} == {
        who: (r["epoch"], r["version"]) for who, r in brute.items()
    }
    assert held.as_of == max((row["recorded_at"] for row in world.written), default=0)
    return {who: row for who, row in answer.items() if not row.get("deleted")}


def tidy_after_days(world: World, held: Manifest) -> None:
    """After two days without a change, nothing is left but the manifest and the files it names."""
    for _ in range(3):
        # Midnight: one of the runs that look for files nobody names.
        world.now = (world.now // times.DAY + 2) * times.DAY
        world.compact()
    now = world.manifest()
    assert now.datasets == held.datasets
    assert (now.folded, now.garbage) == (frozenset(), ())
    assert set(world.bucket.objects) == {KEY, *now.keys()}
    assert all(len(each.history) < 3 * 4 for each in now.datasets.values())


def test_a_file_that_stays_missing_stops_the_compactor_in_words(tmp_path: Path) -> None:
    world = World(1, tmp_path)
    for _ in range(4):
        world.write()
    world.compact()
    for file in world.manifest().datasets["catalogue"].base:
        world.bucket.delete(file.key)
    world.write()

    with pytest.raises(Contended, match=r"base-.* is gone"):
        world.compact()
