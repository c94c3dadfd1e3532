"""The mix of all parts: thousands of random schedules, none of which breaks a law.

A failing test names its schedule; `make simulate` runs more of them than there is time for here.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from shared.adapters.aws import AwsError
from tests.simulation import parts, regressions, sweep, wire
from tests.simulation.coverage import told
from tests.simulation.faults import KINDS, forced
from tests.simulation.judging import LawBroken
from tests.simulation.parts import PARTS, Figures, Part, part_of
from tests.simulation.regressions import FOLDER, Regression
from tests.simulation.shorthand import KEY, TABLE
from tests.simulation.world import World

# With the first ones, which also show that they are worth their time.
RANDOM = 2_000
FIRST = 300
BLOCK = 50
# A seed with a storm long enough; it moves when what seeds mean does.
STORMY = 776
UNBOUNDED = 100
REGRESSIONS = sorted(FOLDER.glob("*.json"))


def _swept(seeds: range) -> sweep.Sums:
    sums = sweep.some((sweep.Sweep(seeds), seeds))
    assert [red.found for red in sums.reds] == []
    return sums


@pytest.mark.parametrize("first", range(FIRST, RANDOM, BLOCK))
def test_no_random_schedule_breaks_a_law(first: int) -> None:
    _swept(range(first, first + BLOCK))


def test_the_first_random_schedules_meet_every_kind_of_fault_and_every_part() -> None:
    sums = _swept(range(FIRST))

    never = [kind for kind in KINDS if not sums.figures[f"met {kind}"]]
    assert never == []
    assert sums.schedules.keys() == {part.name for part in PARTS if part.weight}
    assert sums.figures["faults"] > 10 * FIRST
    for figure in ("dead letters", "held", "erasures", "asked to repair"):
        assert sums.figures[figure] > 0, figure


def test_some_storms_outlast_the_patience_of_the_stream() -> None:
    assert part_of(STORMY).name == "automations"
    assert part_of(STORMY).run(STORMY)["given up by the stream"] > 0


def test_the_same_seed_gives_the_same_run_of_every_part() -> None:
    for part in PARTS:
        for seed in range(2):
            first, second = (_trace(part, seed) for _ in range(2))

            assert first == second, f"{part.name} of seed {seed}"


def _trace(part: Part, seed: int) -> tuple[Figures, str]:
    World.latest = None
    figures = part.run(seed)
    return figures, World.latest.trace_hash() if World.latest else ""


def test_what_once_broke_a_law_breaks_none_any_more() -> None:
    for path in REGRESSIONS:
        regressions.replay(regressions.read(path))


def test_faults_that_never_end_break_no_law_of_safety() -> None:
    seeds = range(UNBOUNDED)
    sums = sweep.some((sweep.Sweep(seeds, unbounded=True), seeds))

    assert [red.found for red in sums.reds] == []
    assert sums.figures["faults"] > 50 * UNBOUNDED


def test_the_mix_follows_the_weights() -> None:
    drawn = Counter(part_of(seed).name for seed in range(2_000))

    total = sum(part.weight for part in PARTS)
    for part in PARTS:
        assert abs(drawn[part.name] / 2_000 - part.weight / total) < 0.05


def _broken_by_two_faults(seed: int) -> Figures:
    plan = [(step, "pause", step) for step in range(40)]
    world = World(seed, plan)
    if {3, 17} <= {step for step, _, _ in world.plan}:
        raise LawBroken(f"seed {seed}: all_is_well: it is not")
    return world.figures()


@pytest.fixture
def fragile(monkeypatch: pytest.MonkeyPatch) -> Part:
    part = Part("fragile", 1, _broken_by_two_faults)
    monkeypatch.setattr(parts, "PARTS", (part,))
    return part


def test_what_is_red_is_shrunk_to_the_faults_that_matter(fragile: Part) -> None:
    found = regressions.shrunk("fragile", 7)

    assert found is not None
    assert found.plan == [(3, "pause", 3), (17, "pause", 17)]
    assert found.found == "seed 7: all_is_well: it is not"


def test_what_is_red_while_faults_never_end_is_kept_as_such(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    part = Part("two words", 1, lambda _: Counter(), _broken_by_two_faults)
    monkeypatch.setattr(parts, "PARTS", (part,))

    found = regressions.shrunk("two words", 7, unbounded=True)

    assert found is not None
    path = found.keep(tmp_path)
    assert path.name == "two-words-unbounded-7.json"
    assert regressions.read(path) == found
    with pytest.raises(LawBroken):
        regressions.replay(found)
    assert regressions.shrunk("two words", 7) is None


def test_a_file_is_replayed_with_its_own_faults(fragile: Part, tmp_path: Path) -> None:
    kept = Regression("fragile", 7, [(3, "pause", 3), (17, "pause", 17)], "as above")

    again = regressions.read(kept.keep(tmp_path))

    assert again == kept
    with pytest.raises(LawBroken):
        regressions.replay(again)
    with forced([(3, "pause", 3)]):
        assert fragile.run(7)["faults"] == 1


def test_a_sweep_tells_what_it_did_and_what_was_broken(fragile: Part) -> None:
    sums = sweep.some((sweep.Sweep(range(2)), range(2)))

    assert [(red.part, red.seed, red.law) for red in sums.reds] == [
        ("fragile", 0, "all_is_well"),
        ("fragile", 1, "all_is_well"),
    ]
    assert "laws broken: 2 all_is_well" in list(told(sums, 1.0))


def test_a_sweep_without_a_red_says_so_and_names_what_was_never_met() -> None:
    sums = sweep.Sums(figures=Counter({"met pause": 3, "planned pause": 4, "faults": 4}))

    lines = list(told(sums, 1.0))

    assert "laws broken: none; 0 lost, 0 duplicate, 0 false" in lines
    assert any(line.startswith("crash_after") and "never met" in line for line in lines)
    assert any(line.split() == ["pause", "4", "3"] for line in lines)


def test_the_products_own_client_tries_again_on_a_wire_of_the_world() -> None:
    with wire.wired(True):
        world = World(plan=[(0, "lost_reply", 0), (1, "throttle", 1)])
    url = world.sqs.url("history")

    answer = world.caller("sqs").call("SendMessage", {"QueueUrl": url, "MessageBody": "x"})

    assert world.steps.names == ["sqs.SendMessage"] * 3
    assert answer["MessageId"]
    assert len(world.sqs.queues["history"].messages) == 2


def test_an_error_on_the_wire_is_the_same_error_to_the_product() -> None:
    found = []
    for lower in (False, True):
        with wire.wired(lower):
            world = World(plan=[(step, "conflict", 1) for step in range(3)])
        members = {"TransactItems": [{"Delete": {"TableName": TABLE, "Key": KEY}}]}
        with pytest.raises(AwsError) as failed:
            world.caller("dynamodb").call("TransactWriteItems", members)
        error = failed.value
        found.append((error.code, error.status, error.cancellation_codes, error.retryable))

    assert found[0] == found[1]
    assert found[0][2] == ["TransactionConflict"]
