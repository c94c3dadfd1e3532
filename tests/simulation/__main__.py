"""A sweep of random schedules, for longer than the test suite has time.

python -m tests.simulation --schedules 5000 --seed 1000
python -m tests.simulation --seed 17 --schedules 1 --trace      one schedule, call by call
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.simulation.laws import LawBroken, judge, run
from tests.simulation.schedules import random_schedule

DAY_MS = 86_400_000


def main(arguments: list[str]) -> int:
    """Run the sweep; print what broke and the figures; return 1 where a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--schedules", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0, help="the first schedule's seed")
    parser.add_argument("--trace", action="store_true", help="print every call")
    chosen = parser.parse_args(arguments)
    total: Counter[str] = Counter()
    began = time.process_time()
    for seed in range(chosen.seed, chosen.seed + chosen.schedules):
        total["schedules"] += 1
        total["broken"] += _one(seed, total, trace=chosen.trace)
    minutes = (time.process_time() - began) / 60
    days = total.pop("virtual_ms", 0) / DAY_MS
    figures = ", ".join(f"{count:,} {name}" for name, count in total.items())
    print(f"{figures}, {days / 365:,.1f} virtual years")
    print(f"{minutes:.1f} min of CPU, {total['schedules'] / minutes:,.0f} schedules/min/core")
    return 1 if total["broken"] else 0


def _one(seed: int, total: Counter[str], *, trace: bool) -> int:
    """Run one schedule and add up what happened; return 1 where a law was broken."""
    schedule = random_schedule(seed)
    total["events"] += len(schedule.story.events)
    total["faults"] += len(schedule.plan)
    try:
        done = run(schedule)
        world = done.world
        total["calls"] += world.steps.count
        total["invocations"] += sum(host.invocations for host in world.hosts)
        total["dead letters"] += len(done.dead)
        total["virtual_ms"] += schedule.ends_ms
        if trace:
            print("\n".join(world.steps.trace))
        judge(done)
    except LawBroken as broken:
        print(f"{broken}\n  replay: python -m tests.simulation --schedules 1 --seed {seed} --trace")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
