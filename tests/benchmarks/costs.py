"""What paysignal costs on AWS, from counted calls: per million events, and at rest.

The demo's month goes through the real processor over a DynamoDB that counts its units; deliveries
within a second of each other come as one batch, as they do. What no count tells is assumed here by
name: how long a Lambda is billed, how much is logged. Prices are list prices of us-east-1, without
any free tier.

    python -m tests.benchmarks.costs
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from infra.samples import stripe as story
from shared.adapters.table import change_of
from shared.domain.envelope import EventEnvelope
from tests.benchmarks.processor import BATCH, NOW, Bench
from tests.simulation.dynamodb.values import item_bytes

PRICES_OF = "November 2026"
PER_MILLION_MAX, AT_REST_MAX = 15.0, 2.0

MILLION = 1_000_000
_API_REQUEST = 1.00 / MILLION
_FIFO_REQUEST, _SQS_REQUEST = 0.50 / MILLION, 0.40 / MILLION
_WRITE_UNIT, _READ_UNIT = 0.625 / MILLION, 0.125 / MILLION
_INVOCATION, _GB_SECOND = 0.20 / MILLION, 0.0000133334
_S3_PUT, _S3_GET = 0.005 / 1_000, 0.0004 / 1_000
_BUS_EVENT = 1.00 / MILLION
_LOG_GB, _ALARM, _METRIC = 0.50, 0.10, 0.30
_STORED_GB, _BACKED_UP_GB = 0.25, 0.20

# Assumed: what a Lambda is billed for one invocation (ms), with its memory (GB).
_DOOR, _PROCESSOR, _FIRE, _RECORD = (12, 0.5), (30, 1.0), (15, 0.5), (20, 0.5)
_COMPACT, _WAKE, _WATCH = (1_500, 2.0), (40, 0.25), (400, 1.5)
_LOG_BYTES = 750  # per event: a line of the door, one or two of the processor, their counts
_LOG_BYTES_INVOCATION = 300  # what Lambda itself says of each invocation

_MONTH_SECONDS = 30 * 86_400
_WINDOW_SECONDS = 30  # record_changes gathers so long
_POLLED_QUEUES = {"events.fifo": _FIFO_REQUEST, "three standard queues": 3 * _SQS_REQUEST}
# Lambda polls a queue that is idle with five pollers, each waiting twenty seconds.
_IDLE_POLLS = 5 * _MONTH_SECONDS / 20
_ALARMS = 8
_DUE_SHARDS = 4


@dataclass(frozen=True)
class Line:
    """One line of the sheet: what, how much of it, and dollars."""

    what: str
    counted: str
    dollars: float


@dataclass(frozen=True)
class Counts:
    """What the demo's month takes, per event; `wrote` are the runs that wrote at all."""

    batches: float
    jobs: float
    wrote: float
    write_units: float
    read_units: float
    changes: float
    stored_bytes: float


def counted() -> Counts:
    """Process the demo's month as it is delivered, and count."""
    numbers = itertools.count()
    bench = Bench(new_id=lambda: f"{next(numbers):032d}")
    usage = bench.database.usage
    events = batches = jobs = wrote = 0
    for batch in _bursts():
        bench.run(batch)
        events, batches, wrote = events + len(batch), batches + 1, wrote + 1
        while bench.sent:
            job, bench.sent = bench.sent[0], bench.sent[1:]
            # Every job is sent twice, the second time half a minute later.
            for message in (job, json.dumps({**json.loads(job), "again": True})):
                before = usage.write_units
                bench.run([(message, "jobs")])
                wrote += usage.write_units > before
            jobs += 1
    items = list(bench.database.items())
    told = [found for item in items if (found := change_of(item)) is not None]
    return Counts(
        batches=batches / events,
        jobs=jobs / events,
        wrote=wrote / events,
        write_units=usage.write_units / events,
        read_units=usage.read_units / events,
        changes=sum(bool(entry.kind) for _, entry in told) / events,
        stored_bytes=sum(map(item_bytes, items)) / events,
    )


def per_million(counts: Counts) -> list[Line]:
    """Return what a million events cost."""
    fifo = 1 + 2 * counts.batches + counts.jobs * 3
    again = counts.jobs * 3
    woken = counts.batches + 2 * counts.jobs
    windows = min(MILLION * counts.wrote, _MONTH_SECONDS / _WINDOW_SECONDS)
    lambdas = (
        _lambda(1, _DOOR) + _lambda(woken, _PROCESSOR) + _lambda(counts.wrote, _FIRE)
    ) * MILLION + _lambda(windows, _RECORD)
    invocations = 1 + woken + counts.wrote
    logged = _LOG_BYTES + invocations * _LOG_BYTES_INVOCATION
    # When a connection was last heard is told once a minute.
    write_units = counts.write_units + min(counts.batches, _MONTH_SECONDS / 60 / MILLION)
    units = f"{write_units:.1f} write and {counts.read_units:.1f} read units an event"
    return [
        Line("API Gateway", "1 request an event", MILLION * _API_REQUEST),
        Line(
            "SQS",
            f"{fifo:.1f} FIFO and {again:.1f} standard requests an event",
            MILLION * (fifo * _FIFO_REQUEST + again * _SQS_REQUEST),
        ),
        Line(
            "DynamoDB",
            units,
            MILLION * (write_units * _WRITE_UNIT + counts.read_units * _READ_UNIT),
        ),
        Line("Lambda", f"{invocations:.1f} invocations an event", lambdas),
        Line("EventBridge", f"{counts.changes:.2f} changes an event", MILLION * counts.changes
             * _BUS_EVENT),
        Line("S3", f"{windows:,.0f} tails a month", windows * (_S3_PUT + _S3_GET)),
        Line("Logs", f"{logged:,.0f} bytes an event", MILLION * logged / 1e9 * _LOG_GB),
    ]  # fmt: skip


def at_rest() -> list[Line]:
    """Return what a month costs in which nothing happens."""
    polls = sum(price * _IDLE_POLLS for price in _POLLED_QUEUES.values())
    minutes, quarters = _MONTH_SECONDS / 60, _MONTH_SECONDS / 900
    hours = _MONTH_SECONDS / 3_600
    return [
        Line("SQS", f"4 queues polled, {_IDLE_POLLS:,.0f} times each", polls),
        Line("Alarms", f"{_ALARMS}", _ALARMS * _ALARM),
        Line(
            "The clock",
            f"{minutes:,.0f} minutes, {_DUE_SHARDS} reads each",
            _lambda(minutes, _WAKE) + minutes * _DUE_SHARDS * _READ_UNIT,
        ),
        Line(
            "The calendar",
            f"{hours:,.0f} hours, 5 reads each",
            _lambda(hours, _WATCH) + hours * 5 * _READ_UNIT,
        ),
        Line(
            "The log's tidier",
            f"{quarters:,.0f} quarters of an hour, two lists each",
            # A list costs what a put does: tails and erasures each time, files every six hours.
            _lambda(quarters, (200, 2.0))
            + quarters * (2 * _S3_PUT + 2 * _S3_GET)
            + hours / 6 * 2 * _S3_PUT,
        ),
    ]


def sheet() -> str:
    """Return the sheet as the README shows it."""
    counts = counted()
    kept = counts.stored_bytes * MILLION / 1e9
    rows = ["| a million events | counted | $ |", "|---|---|---|"]
    rows += _rows(per_million(counts))
    rows += ["", "| a month at rest | counted | $ |", "|---|---|---|", *_rows(at_rest())]
    monthly = kept * (_STORED_GB + _BACKED_UP_GB)
    rows += [
        "",
        f"Each million events kept, raw bodies for 400 days: {kept:.1f} GB, ${monthly:.2f} a month "
        "with its backup.",
    ]
    return "\n".join(rows)


def main() -> int:
    """Print the sheet; return 1 where it is over a budget."""
    print(sheet())
    millions = sum(line.dollars for line in per_million(counted()))
    resting = sum(line.dollars for line in at_rest())
    print(f"budgets: ${PER_MILLION_MAX:.0f} a million events, ${AT_REST_MAX:.0f} a month at rest")
    return int(millions > PER_MILLION_MAX or resting > AT_REST_MAX)


def _rows(lines: list[Line]) -> list[str]:
    rows = [f"| {line.what} | {line.counted} | {line.dollars:.2f} |" for line in lines]
    return [*rows, f"| **in all** | | **{sum(line.dollars for line in lines):.2f}** |"]


def _lambda(times: float, billed: tuple[int, float]) -> float:
    milliseconds, memory = billed
    return times * (_INVOCATION + milliseconds / 1_000 * memory * _GB_SECOND)


def _bursts() -> Iterator[list[tuple[str, str]]]:
    """Yield the month's messages, those within a second of each other as one batch."""
    burst: list[tuple[str, str]] = []
    last = 0
    for delivery in sorted(story.month(1).deliveries, key=lambda each: each.offset_ms):
        if burst and (delivery.offset_ms - last > 1_000 or len(burst) == BATCH):
            yield burst
            burst = []
        thing = delivery.event.object
        subject = str(thing.get("customer") or thing["id"])
        envelope = EventEnvelope(
            provider="stripe",
            connection_id="shop",
            received_at=NOW + delivery.offset_ms,
            body=delivery.event.body,
            subject=subject,
        )
        burst.append((envelope.to_message(), subject))
        last = delivery.offset_ms
    yield burst


if __name__ == "__main__":
    sys.exit(main())
