"""Hunt the planted bugs, and print where each was found.

python -m tests.simulation.planted                      all of them, as the README's table has it
python -m tests.simulation.planted --only marker,once   those whose names have one of these words
python -m tests.simulation.planted --write              write the finds and the README's tables
"""

from __future__ import annotations

import argparse
import sys
import time
from statistics import median

from tests.simulation import invariants
from tests.simulation.planted.bug import Bug
from tests.simulation.planted.hunt import (
    LIMIT,
    Find,
    NotFound,
    hunt,
    read_finds,
    write_finds,
)
from tests.simulation.planted.registry import BUGS
from tests.simulation.planted.table import quote, row, table


def main(arguments: list[str]) -> int:
    """Hunt and print; return 1 where a bug was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.planted")
    parser.add_argument("--only", default="", help="words of the names, separated by commas")
    parser.add_argument("--limit", type=int, default=LIMIT, help="schedules for each bug")
    parser.add_argument("--write", action="store_true", help="write the finds down")
    chosen = parser.parse_args(arguments)
    words = [word for word in chosen.only.split(",") if word]
    bugs = [bug for bug in BUGS if not words or any(word in bug.key for word in words)]
    began = time.process_time()
    finds = {bug.key: find for bug in bugs if (find := _hunted(bug, chosen.limit)) is not None}
    numbers = [find.number for find in finds.values()]
    print(
        f"{len(finds)} of {len(bugs)} found; schedules to the find: median "
        f"{median(numbers or [0]):.0f}, most {max(numbers, default=0)}; "
        f"{time.process_time() - began:.0f} s of CPU"
    )
    if chosen.write:
        kept = {**read_finds(), **finds}
        write_finds({bug.key: kept[bug.key] for bug in BUGS if bug.key in kept})
        quote("planted bugs", table())
        quote("invariants", invariants.table())
    return 0 if len(finds) == len(bugs) else 1


def _hunted(bug: Bug, limit: int) -> Find | None:
    """Hunt one bug and print its row of the table, or that it was not found."""
    try:
        find = hunt(bug, limit)
    except NotFound as missing:
        print(f"NOT FOUND {missing}", flush=True)
        return None
    print(row(bug, find), flush=True)
    return find


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
