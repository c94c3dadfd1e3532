"""The laws of the change log: what the table was told is in it, once, and stays until it is erased.

A run is faults as planned, then calm until nothing is left to tidy, redrives included. Readers in
the middle are held to what was written when they began; the end is held to the table itself.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from typing import Any

import pytest

from infra.cli.command import CliError
from shared.adapters.aws import AwsError
from shared.adapters.table import document_of
from shared.domain import times
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.erased import PERSONAL_FIELDS
from shared.domain.change_log.manifest import KEY, TAILS, File
from shared.domain.change_log.rows import gone_row, row_of
from shared.domain.change_log.schema import DATASETS
from tests.functions.compact_changes.fake_merger import (
    Row,
    file_rows,
    identity,
    newest_rows,
    tail_rows,
)
from tests.simulation import log_files
from tests.simulation.judging import LawBroken, hold
from tests.simulation.laws import FAULTY_MS, REDRIVES_MAX, law_of
from tests.simulation.log_deployment import LogDeployment, small
from tests.simulation.log_files import bare
from tests.simulation.log_schedules import LogSchedule
from tests.simulation.log_stories import Record
from tests.simulation.stories import STARTS_AT_MS
from tests.simulation.world import World

BOUND_MS = 30 * times.DAY
# A reader may take so long over the objects a manifest or a list speaks of.
_PATIENCE = times.HOUR - 20 * times.MINUTE
_ADDED = ("epoch", "recorded_at", "position")
Version = tuple[str, tuple[Any, ...], int]


@dataclass
class LogRun:
    """What a schedule has come to; `misread` is what readers were told and should not have been."""

    schedule: LogSchedule
    deployment: LogDeployment
    said: str = ""
    reads: int = 0
    erased: bool = False
    rebuilt: bool = False
    misread: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        """The world it ran in."""
        return self.deployment.world

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Who made each call, and its name, step by step."""
        steps = self.world.steps
        return list(zip(steps.actors, steps.names, strict=True))

    def rows(self, part: str) -> dict[str, list[Row]]:
        """Return the rows of the files of a part, or of `current`, by dataset."""
        parts = ("base", "delta") if part == "current" else (part,)
        held = self.deployment.bucket.manifest.datasets
        return {
            name: [
                row for each in parts for file in getattr(files, each) for row in self._file(file)
            ]
            for name, files in held.items()
        }

    def _file(self, file: File) -> list[Row]:
        content = self.deployment.bucket.objects[file.key][0]
        return log_files.parquet_rows(content) if self.deployment.real else file_rows(content)


def run(schedule: LogSchedule) -> LogRun:
    """Run a schedule to its end. Raise LawBroken where it comes to none."""
    world = World(plan=schedule.plan)
    world.clock.advance_to(STARTS_AT_MS)
    deployment = LogDeployment(world, real=schedule.real)
    done = LogRun(schedule, deployment)
    said = StringIO()
    with redirect_stdout(said), pytest.MonkeyPatch.context() as patch:
        small(patch)
        _begin(done)
        try:
            world.run(schedule.ends_ms + FAULTY_MS)
            _come_to_rest(done)
        except AssertionError as error:
            raise LawBroken(f"{schedule.name}: {law_of(error)}: {error}") from error
        finally:
            deployment.close()
    done.said = said.getvalue()
    return done


def _begin(done: LogRun) -> None:
    """Have everything happen at its time."""
    schedule, deployment, world = done.schedule, done.deployment, done.world
    for after_ms, record in zip(schedule.told_ms, schedule.life.records, strict=True):
        world.schedule(after_ms, partial(deployment.table.tell, record))
    if schedule.erased_ms is not None:
        world.schedule(schedule.erased_ms, partial(_erase, done))
    for after_ms in schedule.reads_ms:
        world.schedule(after_ms, partial(world.request, _read, done))
    for after_ms in schedule.asked_ms:
        world.schedule(after_ms, deployment.compact.ask)
    if schedule.rebuilt_ms is not None:
        world.schedule(schedule.rebuilt_ms, partial(_rebuild, done))


def _erase(done: LogRun) -> None:
    """Put the erasure in the ledger, as is done before anything else."""
    erasure = done.schedule.life.erasure(done.world.clock())
    done.deployment.bucket.put(erasure.key, erasure.to_object())
    done.erased = True


def _rebuild(done: LogRun) -> None:
    done.rebuilt = True
    try:
        done.world.request(done.deployment.rebuild)
    except (AwsError, CliError):
        return  # a person reads it, and begins again


def _come_to_rest(done: LogRun) -> None:
    """Let nothing go wrong any more; redrive what was given up, and rebuild what was begun."""
    world, deployment = done.world, done.deployment
    world.drain(BOUND_MS)
    for _ in range(REDRIVES_MAX):
        if deployment.redrive_stream():
            world.drain(BOUND_MS)
    if deployment.unfinished:
        world.schedule(0, deployment.rebuild)
        world.drain(BOUND_MS)


def _read(done: LogRun) -> None:
    """Read the log once, and note what is missing of what was in it when this began."""
    try:
        (log_files.read if done.deployment.real else _read_plainly)(done)
    except AwsError:
        return  # answered 503


def _read_plainly(done: LogRun) -> None:
    door, bucket, begun = done.deployment.objects(), done.deployment.bucket, done.world.clock()
    must = [pair for content in bucket.tails.values() for pair in tail_rows(content)]
    listed = [each.key for each in door.list(TAILS)]
    found = door.get(KEY)
    held = log_manifest.parse(found[0]) if found else log_manifest.Manifest()
    told: dict[str, list[Row]] = {name: [] for name in DATASETS}
    keys = [f.key for files in held.datasets.values() for f in (*files.base, *files.delta)]
    contents = {key: door.get(key) for key in [*log_manifest.unfolded(held, listed), *keys]}
    if done.world.clock() - begun > _PATIENCE:
        return
    done.reads += 1
    gone = [key for key, got in contents.items() if got is None]
    if gone:
        done.misread.append(f"{gone} are gone before their hour")
        return
    for key, got in contents.items():
        assert got is not None
        if key.startswith(TAILS):
            for dataset, row in tail_rows(got[0]):
                told[dataset].append(row)
        else:
            told[key.split("/")[1]] += file_rows(got[0])
    for dataset, rows in told.items():
        least = newest_rows(dataset, [row for name, row in must if name == dataset], held.epoch)
        answer = newest_rows(dataset, rows, held.epoch)
        done.misread += [
            f"{dataset} {who} was {_age(answer.get(who))}, and {_age(row)} was written before"
            for who, row in least.items()
            if _age(answer.get(who)) < _age(row) and not (done.erased and _is_whole(dataset))
        ]


def _is_whole(dataset: str) -> bool:
    return dataset in ("contacts", "activity")


def _age(row: Row | None) -> tuple[int, int]:
    return (row["epoch"], row["version"]) if row else (-1, -1)


def judge(done: LogRun) -> LogRun:
    """Hold a run to the laws; return it. Raise LawBroken."""
    return hold(done, LAWS)


def nothing_needed_is_deleted(done: LogRun) -> None:
    """I-02, I-03: the manifest is swapped on a condition, and what it speaks of stays an hour."""
    assert not done.deployment.bucket.broken, "; ".join(done.deployment.bucket.broken)


def readers_find_what_was_written(done: LogRun) -> None:
    """I-02: a reader in the middle finds all that was in the log when it began."""
    assert not done.misread, "; ".join(done.misread)


def the_log_is_the_table(done: LogRun) -> None:
    """I-02, I-04, I-25: of every dataset, the newest rows are the table's documents."""
    schedule, deployment = done.schedule, done.deployment
    expected = _told(map(_pair, deployment.table.documents()), done)
    happened = _told(map(_pair, _happened(schedule.life.records)), done)
    epoch = deployment.bucket.manifest.epoch
    for part in ("base", "delta"):
        for dataset, rows in done.rows(part).items():
            count = len({identity(dataset, row) for row in rows})
            assert count == len(rows), f"{dataset} has rows twice in {part}"
    for dataset, rows in done.rows("current").items():
        newest = newest_rows(dataset, [{"position": "", **row} for row in rows], epoch)
        found = {_plain(dataset, row) for row in newest.values() if not row.get("deleted")}
        must, may = expected[dataset], expected[dataset] | happened[dataset]
        if not done.rebuilt:
            # What only expired stays in the log, until the log is written anew without it.
            must = may
        assert found >= must, f"{dataset} lacks {sorted(must - found)[:2]}"
        assert found <= may, f"{dataset} has {sorted(found - may)[:2]} instead"


def every_version_is_kept(done: LogRun) -> None:
    """I-02, I-03: history has each version of each document, and tells none in two ways.

    One that the stream told twice may be there twice; whoever reads history knows by its number.
    """
    must = set(_versions(done))
    told: dict[tuple[str, tuple[Any, ...], int], set[str]] = defaultdict(set)
    for dataset, rows in done.rows("history").items():
        for row in rows:
            said = {name: value for name, value in row.items() if name not in _ADDED}
            told[dataset, identity(dataset, row), row["version"]].add(
                json.dumps(bare(said), sort_keys=True)
            )
    assert told.keys() == must, (
        f"lost {sorted(must - told.keys())[:2]}, made up {sorted(told.keys() - must)[:2]}"
    )
    otherwise = [each for each, ways in told.items() if len(ways) > 1]
    assert not otherwise, f"told in two ways: {otherwise[:2]}"


def who_is_erased_is_in_no_file(done: LogRun) -> None:
    """I-19: nothing of an erased person is in a file the manifest names, and no money is gone."""
    if not done.erased:
        return
    for part in ("history", "current"):
        for dataset, rows in done.rows(part).items():
            said = json.dumps(rows)
            assert done.schedule.life.email not in said, f"{dataset} in {part}"


def nothing_is_left_of_the_log(done: LogRun) -> None:
    """I-20: in the end there are the manifest, the files it names, and the erase ledger."""
    bucket = done.deployment.bucket
    left = {key for key in bucket.objects if not key.startswith("erased/")}
    needed = {KEY, *bucket.manifest.keys()}
    assert left == needed, f"left {sorted(left - needed)}, lacking {sorted(needed - left)}"
    held = bucket.manifest
    assert not held.garbage, f"not forgotten: {held.garbage}"
    assert not held.folded, f"not forgotten: {held.folded}"
    queue = done.world.sqs.queues["stream-dead"]
    assert not queue.messages, "notes of the stream are left"


def _raised_nothing(done: LogRun) -> Iterator[Exception]:
    for host in done.world.hosts:
        for error in host.errors:
            if type(error).__name__ not in ("AwsError", "Contended"):
                yield error


def only_passing_faults_are_raised(done: LogRun) -> None:
    """I-20: a Lambda fails only where S3 does, or where another wins every race."""
    raised = list(_raised_nothing(done))
    assert not raised, f"raised {raised}"


def nobody_is_named_in_a_line(done: LogRun) -> None:
    """I-18: no address of a customer is in what the Lambdas have said."""
    assert "@example.com" not in done.said, "an address was logged"


LAWS: tuple[Callable[[LogRun], None], ...] = (
    nothing_needed_is_deleted,
    readers_find_what_was_written,
    the_log_is_the_table,
    every_version_is_kept,
    who_is_erased_is_in_no_file,
    nothing_is_left_of_the_log,
    only_passing_faults_are_raised,
    nobody_is_named_in_a_line,
)


def _pair(told: tuple[Any, Any]) -> tuple[str, Row] | None:
    return row_of(*told)


def _told(found: Iterable[tuple[str, Row] | None], done: LogRun) -> dict[str, set[str]]:
    """Return rows as they should stand in the log, by dataset."""
    rows: dict[str, set[str]] = {name: set() for name in DATASETS}
    for each in found:
        if each is None or each[1].get("deleted"):
            continue
        left = _without_erased(*each, done)
        if left is not None:
            rows[each[0]].add(_plain(each[0], left))
    return rows


def _without_erased(dataset: str, row: Row, done: LogRun) -> Row | None:
    """Return what is left of a row of the person erased, said apart from the product's SQL."""
    life = done.schedule.life
    theirs = row.get("contact_id") == life.contact_id or row.get("email") == life.email
    if not done.erased or not theirs:
        return row
    if _is_whole(dataset):
        return None
    if dataset == "changes" and "changes" in row:
        told = [each for each in json.loads(row["changes"]) if each[0] not in PERSONAL_FIELDS]
        return {**row, "changes": json.dumps(told, ensure_ascii=False, separators=(",", ":"))}
    personal = ("email", "note", "shipping_address", "billing_address")
    return {name: value for name, value in row.items() if name not in personal}


def _happened(records: Iterable[Record]) -> Iterator[tuple[Any, Any]]:
    """Yield what expired: the last image of what says that something happened."""
    for record in records:
        told = record["dynamodb"]
        if "NewImage" not in told:
            found = document_of(told["OldImage"])
            if found is not None and gone_row(*found) is None:
                yield found


def _versions(done: LogRun) -> Iterator[Version]:
    for record in done.schedule.life.records:
        told = record["dynamodb"]
        gone = "NewImage" not in told
        found = document_of(told["OldImage" if gone else "NewImage"])
        assert found is not None
        row = gone_row(*found) if gone else row_of(*found)
        if row is not None and (not _is_whole(row[0]) or _without_erased(*row, done) is not None):
            yield row[0], identity(*row), row[1]["version"]


def _plain(dataset: str, row: Row) -> str:
    """Return a row in words that compare: without what its writer adds and what no file keeps."""
    columns = [name for name in DATASETS[dataset].current_columns() if name not in _ADDED]
    return json.dumps(bare({name: row.get(name) for name in columns}), sort_keys=True)
