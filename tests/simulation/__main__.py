"""A sweep of random schedules, for longer than the test suite has time.

python -m tests.simulation --schedules 5000 --seed 1000
python -m tests.simulation --automations --schedules 5000      what fires, and what is delivered
python -m tests.simulation --seed 17 --schedules 1 --trace      one schedule, call by call
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.simulation import automation_laws, automation_run, automation_schedules, laws, schedules
from tests.simulation.laws import LawBroken
from tests.simulation.world import World

DAY_MS = 86_400_000


def main(arguments: list[str]) -> int:
    """Run the sweep; print what broke and the figures; return 1 where a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--schedules", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0, help="the first schedule's seed")
    parser.add_argument("--automations", action="store_true", help="what fires and is delivered")
    parser.add_argument("--trace", action="store_true", help="print every call")
    chosen = parser.parse_args(arguments)
    total: Counter[str] = Counter()
    broken = 0
    began = time.process_time()
    one = _one_of_automations if chosen.automations else _one
    for seed in range(chosen.seed, chosen.seed + chosen.schedules):
        total["schedules"] += 1
        try:
            one(seed, total, trace=chosen.trace)
        except LawBroken as found:
            broken += 1
            which = " --automations" if chosen.automations else ""
            again = f"python -m tests.simulation{which} --schedules 1 --seed {seed} --trace"
            print(f"{found}\n  replay: {again}")
    minutes = (time.process_time() - began) / 60
    days = total.pop("virtual_ms", 0) / DAY_MS
    figures = ", ".join(f"{count:,} {name}" for name, count in total.items())
    print(f"{figures}, {broken:,} broken, {days / 365:,.1f} virtual years")
    print(f"{minutes:.1f} min of CPU, {total['schedules'] / minutes:,.0f} schedules/min/core")
    return 1 if broken else 0


def _one(seed: int, total: Counter[str], *, trace: bool) -> None:
    """Run one schedule and add up what happened. Raise LawBroken."""
    schedule = schedules.random_schedule(seed)
    total["events"] += len(schedule.story.events)
    total["faults"] += len(schedule.plan)
    done = laws.run(schedule)
    total["dead letters"] += len(done.dead)
    _add_up(done.world, schedule.ends_ms, total, trace=trace)
    laws.judge(done)


def _one_of_automations(seed: int, total: Counter[str], *, trace: bool) -> None:
    """Run one schedule of what fires, and add up what happened. Raise LawBroken."""
    schedule = automation_schedules.random_schedule(seed)
    total["events"] += len(schedule.tale.story.events)
    total["faults"] += len(schedule.plan)
    done = automation_run.run(schedule)
    total["firings"] += len(done.firings())
    total["webhooks"] += len(done.requests)
    total["held"] += len(done.held)
    total["dead letters"] += done.dead
    total["given up by the stream"] += done.given_up
    _add_up(done.world, schedule.ends_ms, total, trace=trace)
    automation_laws.judge(done)


def _add_up(world: World, virtual_ms: int, total: Counter[str], *, trace: bool) -> None:
    total["calls"] += world.steps.count
    total["invocations"] += sum(host.invocations for host in world.hosts)
    total["virtual_ms"] += virtual_ms
    if trace:
        print("\n".join(world.steps.trace))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
