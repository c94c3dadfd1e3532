"""A sweep of random schedules over all parts, for longer than the test suite has time.

python -m tests.simulation --schedules 20000 --jobs 2         as `make simulate N=20000 JOBS=2`
python -m tests.simulation --part automations --schedules 500  one part alone
python -m tests.simulation --unbounded --schedules 500         faults that never end; safety alone
python -m tests.simulation --pairs                             every two faults close together
python -m tests.simulation --part payments --seed 17 --schedules 1 --trace    one, call by call

What is red is shrunk and kept as a file among the regressions, but for --no-keep and --trace.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation import coverage, directed, parts, regressions, sweep
from tests.simulation.world import World

PROGRESS_SECONDS = 15.0


def main(arguments: list[str]) -> int:
    """Run the sweep; print what broke and the figures; return 1 where a law was broken."""
    chosen = _chosen(arguments)
    seeds = range(chosen.seed, chosen.seed + chosen.schedules)
    asked = sweep.Sweep(seeds, chosen.part, chosen.unbounded)
    if chosen.pairs:
        asked = sweep.Sweep(range(directed.count()), directed.NAME)
    keeps = not (chosen.no_keep or chosen.trace)  # what is traced was red before
    began = told = time.monotonic()
    total = sweep.Sums()
    for sums in sweep.chunks(asked, chosen.jobs):
        for red in sums.reds:
            _tell(red, keep=keeps, unbounded=chosen.unbounded)
        total.add(sums)
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            done = f"{total.schedules.total():,} of {len(asked.seeds):,} schedules"
            print(f"  {done}, {len(total.reds)} red", file=sys.stderr, flush=True)
    if chosen.trace and World.latest is not None:
        print("\n".join(World.latest.steps.trace))
    print("\n".join(coverage.told(total, time.monotonic() - began)))
    return 1 if total.reds else 0


def _chosen(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    names = [part.name for part in (*parts.PARTS, parts.PAIRS)]
    parser.add_argument("--schedules", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0, help="the first schedule's seed")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--part", choices=names, help="one part alone, in place of the mix")
    parser.add_argument("--unbounded", action="store_true", help="faults never end; safety alone")
    parser.add_argument("--pairs", action="store_true", help="every two faults close together")
    parser.add_argument(
        "--no-keep", action="store_true", help="do not shrink what is red to a file"
    )
    parser.add_argument("--trace", action="store_true", help="print every call of the last one")
    chosen = parser.parse_args(arguments)
    if chosen.trace and chosen.jobs != 1:
        parser.error("--trace shows the run of one process: leave --jobs out")
    return chosen


def _tell(red: sweep.Red, *, keep: bool, unbounded: bool) -> None:
    """Print what was found, and how it is seen again."""
    mode = " --unbounded" if unbounded else ""
    again = f"--part {red.part} --seed {red.seed} --schedules 1{mode} --trace"
    print(f"{red.found}\n  replay: python -m tests.simulation {again}", flush=True)
    if keep:
        regression = regressions.shrunk(red.part, red.seed, unbounded)
        if regression is not None:
            print(f"  kept: {regression.keep()} {regression.plan}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
