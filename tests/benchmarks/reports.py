"""What reports and segments cost over a million orders: time, memory, and bytes at rest.

The log is that of `log_data`, read from a folder instead of a bucket; requests go through the API
of `query`, from the event to the answer. A fresh process pays for everything: the interpreter, the
imports, fetching the files it needs into an empty folder, the report.

    python -m tests.benchmarks.reports
"""

from __future__ import annotations

import io
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from functions.query.adapters import Adapters
from functions.query.routes import ROUTES
from shared.adapters.change_log import ChangeLog
from shared.api.keys import KeyRing, create_key
from shared.api.resolver import Api
from shared.domain.change_log.manifest import KEY, parse
from shared.domain.ports import Write
from tests.benchmarks.log_data import END, FolderBucket, Sizes
from tests.fakes.memory_store import MemoryStore
from tests.support.uploads import MemoryUploads

BYTES_MAX, WARM_SECONDS_MAX, FRESH_SECONDS_MAX, MEMORY_MB_MAX = 60.0, 0.6, 2.0, 1_000.0
GROWTH_MAX, SEGMENT_SECONDS_MAX = 6.0, 1.0
ROUNDS = 7
SIZES = Sizes()
SHRUNK = 10
PEOPLE = Sizes(0, 1_000_000, 750_000, activities=0, firings=0)
_ROOT = Path(__file__).parents[2]
Asked = tuple[str, str, Mapping[str, str], Any]
# Every report of a year by day, by the group that is asked for most.
GROUPS = {
    "orders": "product",
    "subscriptions": "product",
    "customers": "tag",
    "acquisition": "source",
    "nurture": "tag",
    "engagement": "source",
    "campaigns": "campaign",
    "automations": "automation",
    "cohorts": "cohort",
}
_SEGMENT: Asked = (
    "POST",
    "/v1/segments/preview",
    {},
    {
        "match": "all",
        "conditions": [
            {
                "field": "recurring_payment.billing_address.city",
                "operator": "is",
                "value": "Chicago",
            },
            {"field": "contact.tags", "operator": "contains", "value": "PURCHASE:"},
            {
                "field": "recurring_payment.payment_amount",
                "operator": "greater_than",
                "value": "25",
            },
        ],
    },
)
_CONNECTION = {
    "connection_id": "shop",
    "provider": "stripe",
    "name": "Shop",
    "mode": "live",
    "role": "source",
    "history": {"status": "ready"},
    "version": 1,
}


class Served:
    """The API of `query` over a log in a folder, its files kept in another."""

    def __init__(self, bucket: Path, cache: Path) -> None:
        self._log = ChangeLog(FolderBucket(bucket), cache)
        store = MemoryStore()
        store.commit([Write(("connection", "shop"), _CONNECTION, 0)])
        scopes = ("reports:read", "contacts:read", "config:read")
        self._key = create_key(store, "bench", scopes, None, END, lambda: "0" * 36)["key"]
        self._api = Api(
            ROUTES,
            Adapters(
                store=store,
                log=self._log,
                exports=MemoryUploads(),
                bodies=MemoryUploads(),
                now=lambda: END,
                new_id=lambda: "export",
                openapi=dict,
                local=False,
            ),
            keys=KeyRing(store, cache_seconds=60, now=lambda: END),
        )

    def ask(self, asked: Asked) -> dict[str, Any]:
        """Return the body of an answer."""
        method, path, query, body = asked
        event = {
            "version": "2.0",
            "rawPath": path,
            "headers": {"authorization": f"Bearer {self._key}"},
            "queryStringParameters": dict(query),
            "requestContext": {
                "stage": "$default",
                "domainName": "api.example.com",
                "http": {"method": method, "path": path},
            },
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        with redirect_stdout(io.StringIO()) as logged:
            answer = self._api(event, None)
        assert answer["statusCode"] == 200, logged.getvalue()
        told: dict[str, Any] = json.loads(answer["body"])
        return told

    def close(self) -> None:
        self._log.close()


def seconds(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median time of a call that has been made before."""
    call()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


@dataclass(frozen=True, slots=True)
class Told:
    """What one report takes: warm in wall and processor seconds, and in a fresh process."""

    wall: float
    cpu: float
    fresh: float
    memory: float


def asked_of(name: str) -> Asked:
    """Return the question a report is measured by."""
    days = {"from": "2025-10-01", "to": "2026-09-30", "interval": "day"}
    return "GET", f"/v1/reports/{name}", {**days, "group_by": GROUPS[name]}, None


def every_report(bucket: Path, cache: Path) -> dict[str, Told]:
    """Return what each report takes; the least of several rounds, as others use the machine too."""
    # First: a process is counted what its parent has taken until it starts.
    began = {name: fresh(bucket, name, rounds=1) for name in GROUPS}
    found = {}
    for name in GROUPS:
        served = Served(bucket, cache)
        served.ask(asked_of(name))
        rounds = [_timed(served, asked_of(name)) for _ in range(ROUNDS)]
        served.close()
        wall, cpu = (min(each) for each in zip(*rounds, strict=True))
        found[name] = Told(wall, cpu, *began[name])
    return found


def _timed(served: Served, asked: Asked) -> tuple[float, float]:
    began, worked = time.perf_counter(), time.process_time()
    served.ask(asked)
    return time.perf_counter() - began, time.process_time() - worked


def warm(bucket: Path, cache: Path, asked: Asked) -> float:
    """Return the time of a request to a process that has answered it before."""
    served = Served(bucket, cache)
    taken = seconds(lambda: served.ask(asked))
    served.close()
    return taken


def fresh(bucket: Path, report: str = "orders", rounds: int = 3) -> tuple[float, float]:
    """Return the time of a whole process that answers one report, and its memory (MB)."""
    taken, memory = [], 0.0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            began = time.perf_counter()
            done = subprocess.run(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "tests.benchmarks.reports", str(bucket), cache, report],
                cwd=_ROOT,
                capture_output=True,
                text=True,
                check=True,
            )
            taken.append(time.perf_counter() - began)
            memory = max(memory, float(done.stdout.split()[-1]))
    return statistics.median(taken), memory


def make_log(bucket: Path, sizes: Sizes) -> Path:
    """Write a log in a process of its own, whose memory shall not be counted here."""
    numbers = asdict(sizes).values()
    subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "tests.benchmarks.log_data", str(bucket), *map(str, numbers)],
        cwd=_ROOT,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return bucket


def bytes_per_order(bucket: Path) -> float:
    """Return how many bytes of `current/` an order takes."""
    (file,) = parse((bucket / KEY).read_bytes()).datasets["orders"].base
    return file.bytes / file.rows


def measure() -> tuple[dict[str, float], dict[str, Told]]:
    """Return all figures: seconds, megabytes, bytes and a ratio; and those of each report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = make_log(folder / "whole", SIZES)
        small = make_log(folder / "small", SIZES.shrunk(SHRUNK))
        people = make_log(folder / "people", PEOPLE)
        began_fresh, memory = fresh(whole)
        reports = every_report(whole, folder / "each")
        figures = {
            "bytes": bytes_per_order(whole),
            "warm": warm(whole, folder / "a", asked_of("orders")),
            "small": warm(small, folder / "b", asked_of("orders")),
            "fresh": began_fresh,
            "memory": memory,
            "segment": warm(people, folder / "c", _SEGMENT),
        }
    return {**figures, "growth": figures["warm"] / figures["small"]}, reports


def main() -> int:
    """Print the figures; return 1 where one is over its budget."""
    figures, reports = measure()
    rows = [
        ("bytes per order in current/", "bytes", BYTES_MAX, "B"),
        ("a year by day and product, warm", "warm", WARM_SECONDS_MAX, "s"),
        ("the same in a fresh process", "fresh", FRESH_SECONDS_MAX, "s"),
        ("its memory at most", "memory", MEMORY_MB_MAX, "MB"),
        (f"warm, against {SHRUNK} times fewer orders", "growth", GROWTH_MAX, "x"),
        (f"three conditions, {PEOPLE.contacts:,} contacts", "segment", SEGMENT_SECONDS_MAX, "s"),
    ]
    print(
        f"reports over {SIZES.orders:,} orders, {SIZES.contacts:,} contacts,"
        f" {SIZES.recurring_payments:,} recurring payments (medians of {ROUNDS})"
    )
    for label, name, budget, unit in rows:
        print(f"  {label:<40}{figures[name]:9.2f} {unit:<3} budget {budget:g}")
    print(f"  each report, a year by day and a group; the least of {ROUNDS}, budgets as above")
    print("    report          group         warm s   cpu s   fresh s     MB")
    for name, told in reports.items():
        times = f"{told.wall:9.2f}{told.cpu:8.2f}{told.fresh:10.2f}{told.memory:7.0f}"
        print(f"    {name:<16}{GROUPS[name]:<11}{times}{'' if _affordable(told) else '  over'}")
    held = all(figures[name] <= budget for _, name, budget, _ in rows)
    return 0 if held and all(map(_affordable, reports.values())) else 1


def _affordable(told: Told) -> bool:
    within = told.wall <= WARM_SECONDS_MAX and told.fresh <= FRESH_SECONDS_MAX
    return within and told.memory <= MEMORY_MB_MAX


def _once(bucket: Path, cache: Path, report: str) -> None:
    """Answer one report, as a process that has just started; print the memory it took (MB)."""
    told = Served(bucket, cache).ask(asked_of(report))
    assert len(told["series"]) == 365
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    if sys.argv[1:]:
        _once(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    else:
        sys.exit(main())
