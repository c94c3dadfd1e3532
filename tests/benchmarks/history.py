"""What importing a big account costs: objects a second, memory, and whether a crash shows.

A hundred thousand objects are imported from a stand-in of Stripe's API twice, each time by a
process of its own: once left alone, once killed five times on the way. Live events come in between.
Both must come to the same records, and to what the account itself is reckoned to be. The records
lie in a file, so that the memory is the import's; the time is the import's CPU, without what the
stand-in takes to answer and without the live events.

    python -m tests.benchmarks.history [OBJECTS]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.big_import import run
from tests.support.stripe_big import BigBusiness

OBJECTS = 100_000
KILLS = 5
MEMORY_MB_MAX = 512
_MODULE = "tests.benchmarks.history"
# Both have to agree on these, whatever was killed.
_SAME = ("status", "imported", "rejected", "live", "orders", "active", "net", "digests")


def worker(objects: int, kills: int) -> dict[str, Any]:
    """Import in this process; return what came of it, and the most memory it took (MB)."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(objects, Path(folder), kills=kills)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kB, macOS in bytes.
    megabytes = peak / 1024 / (1024 if sys.platform == "darwin" else 1)
    return {**json.loads(outcome.as_json()), "memory": megabytes}


def measure(objects: int) -> list[dict[str, Any]]:
    """Return what came of the import left alone and of the one that was killed."""
    processes = [
        subprocess.Popen(  # noqa: S603  # this very module
            [sys.executable, "-m", _MODULE, str(objects), "--kills", str(kills)],
            stdout=subprocess.PIPE,
        )
        for kills in (0, KILLS)
    ]
    answers = [process.communicate()[0] for process in processes]
    return [json.loads(answer) for answer in answers]


def faults(objects: int, whole: dict[str, Any], killed: dict[str, Any]) -> list[str]:
    """Return what is wrong with two imports of one account."""
    expected = BigBusiness(objects).expected()._asdict()
    found = [f"{name} differs once killed" for name in _SAME if whole[name] != killed[name]]
    found += [
        f"{name} is {whole[name]}, not {wanted}"
        for name, wanted in {**expected, "imported": whole["objects"], "status": "ready"}.items()
        if whole[name] != wanted
    ]
    found += [
        f"{each['fires']} imported changes may fire" for each in (whole, killed) if each["fires"]
    ]
    if killed["killed"] != KILLS:
        found.append(f"killed {killed['killed']} times")
    if max(whole["memory"], killed["memory"]) > MEMORY_MB_MAX:
        found.append("over its memory")
    return found


def main(objects: int = OBJECTS) -> int:
    """Print the figures; return 1 where the imports differ or one is over its budget."""
    whole, killed = measure(objects)
    rate = whole["imported"] / whole["seconds"]
    again = killed["imported"] / killed["seconds"]
    live = (whole["live_seconds"] + killed["live_seconds"]) / (whole["live"] + killed["live"])
    memory = max(whole["memory"], killed["memory"])
    print(f"history, {whole['imported']} Stripe objects in {whole['pages']} pages, one worker")
    print(f"  objects a second{rate:8.0f}   killed {killed['killed']} times {again:.0f}")
    print(f"  memory, MB      {memory:8.0f}   budget {MEMORY_MB_MAX}")
    print(f"  live event, ms  {live * 1000:8.1f}   {whole['live']} of them in between")
    wrong = faults(objects, whole, killed)
    for each in wrong:
        print(f"  WRONG: {each}")
    return 1 if wrong else 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    size = int(arguments[0]) if arguments else OBJECTS
    if "--kills" in arguments:
        print(json.dumps(worker(size, int(arguments[-1]))))
    else:
        sys.exit(main(size))
