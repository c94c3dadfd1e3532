"""Compares the fakes with the emulator for as many operations as one likes, outside of any test.

    python -m tests.simulation.conformance_main --operations 100000

It starts an emulator of its own, prints what was compared, and ends with 1 at the first difference,
telling the run's number, which alone brings it about again: `--first 17 --operations 1`.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
from pathlib import Path

from tests.simulation import conformance_suite as suite
from tests.simulation.conformance import Disagreement
from tests.simulation.conformance_sides import emulated, emulator, fakes, other_table


def main() -> int:
    """Compare, print, and return the exit code."""
    parser = argparse.ArgumentParser(description="compare the fakes with the emulator")
    parser.add_argument("--operations", type=int, default=10_000, help="how many at least")
    parser.add_argument("--first", type=int, default=0, help="the number of the first run")
    parser.add_argument("--lives", type=int, default=50, help="schedules of each part of LIVES")
    told = parser.parse_args()
    runs = -(-told.operations // suite.OPERATIONS)
    with tempfile.TemporaryDirectory() as folder, emulator(_port(), Path(folder)) as url:
        left, right = fakes(), emulated(url)
        for seed in range(told.first, told.first + runs):
            try:
                suite.run(left, right, seed)
            except Disagreement as difference:
                print(f"run {seed}: {difference}")
                return 1
            done = (seed - told.first + 1) * suite.OPERATIONS
            if not (seed - told.first + 1) % 50:
                print(f"{done} operations compared", file=sys.stderr)
        items = suite.walk(left, right)
        print(f"{runs * suite.OPERATIONS} operations in {runs} runs, {items} items left: all alike")
        for part in suite.LIVES:
            compared = sum(
                suite.live(part, seed, lambda schema: other_table(url, schema))
                for seed in range(told.lives)
            )
            print(f"{compared} requests of {told.lives} schedules of {part}: all alike")
    return 0


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
