"""Erased people in the change log: left out by every reader at once, and of files by the merger."""

# ruff: noqa: S608  # The texts are made of names and paths of our own.

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shared.adapters import log_erased, log_views
from shared.adapters.change_log import ChangeLog, Snapshot
from shared.adapters.log_chronicle import LogChronicle
from shared.adapters.log_views import Files
from shared.adapters.parquet import Merger
from shared.domain import personal
from shared.domain.change_log.erased import AFFECTED, PERSONAL, PERSONAL_FIELDS
from shared.domain.change_log.schema import DATASETS
from shared.domain.erasure import Erasure
from shared.domain.errors import Retryable
from tests.functions.compact_changes.fake_merger import FakeMerger, Row, file_rows
from tests.support.log_bucket import LogBucket

NOW = 1_790_000_000_000
ADA, BOB = "ada@example.com", "bob@example.com"
CHANGES = json.dumps([["status", None, "active"], ["email", ADA, None], ["note", None, "VIP"]])
ERASED = Erasure.of("c-ada", [ADA], NOW)


@pytest.fixture
def bucket() -> LogBucket:
    return LogBucket()


@pytest.fixture
def log(bucket: LogBucket, tmp_path: Path) -> Iterator[ChangeLog]:
    made = ChangeLog(bucket, tmp_path, memory_mb=500, threads=1)
    yield made
    made.close()


def act(email: str, at: int, **values: Any) -> Row:
    row = {"email": email, "id": f"{at:015d}#e", "version": 2, "recorded_at": at}
    return {**row, "kind": "open", "occurred_date": at, **values}


def entry(identity: str, **values: Any) -> Row:
    row = {"record": "order", "connection_id": "shop", "id": identity, "place": "p", "version": 2}
    told = {"event_id": "e", "kind": "updated", "recorded_at": NOW - 9, "changes": CHANGES}
    return {**row, **told, "occurred_date": NOW - 9, **values}


def person(contact_id: str, email: str, **values: Any) -> Row:
    return {"contact_id": contact_id, "email": email, "version": 2, "recorded_at": NOW, **values}


def order(identity: str, **values: Any) -> Row:
    row = {"connection_id": "shop", "id": identity, "version": 2, "gross": 500}
    return {**row, "recorded_at": NOW - 9, **values}


ROWS: dict[str, list[Row]] = {
    "contacts": [person("c-ada", ADA), person("c-bob", BOB)],
    "activity": [act(ADA, NOW - 5), act(ADA, NOW + 5), act(BOB, NOW - 5)],
    "orders": [
        order("ada", contact_id="c-ada", email=ADA),
        order("late", contact_id="c-ada", email=ADA, recorded_at=NOW + 9),
        order("unmatched", email="Ada@Example.com"),
        order("bob", contact_id="c-bob", email=BOB),
        order("another", contact_id="c-new", email=ADA, recorded_at=NOW + 9),
    ],
    "changes": [
        entry("ada", contact_id="c-ada"),
        entry("unmatched"),
        entry("bob", contact_id="c-bob"),
    ],
}


def put(bucket: LogBucket, where: str) -> None:
    for dataset, rows in ROWS.items():
        if where == "files":
            bucket.put_files(dataset, base=rows, history=rows)
        else:
            bucket.put_tail(NOW, dataset, rows)


def erase(bucket: LogBucket, *erasures: Erasure) -> None:
    for each in erasures or (ERASED,):
        bucket.objects[each.key] = each.to_object()


def people(snapshot: Snapshot, prefix: str = "") -> set[str]:
    return {each for (each,) in snapshot.session.rows(f"SELECT contact_id FROM {prefix}contacts")}


def emails(snapshot: Snapshot, prefix: str = "") -> dict[str, str | None]:
    return dict(snapshot.session.rows(f"SELECT id, email FROM {prefix}orders"))


@pytest.mark.parametrize("where", ["tails", "files"])
def test_who_is_erased_is_in_no_answer_from_then_on(
    where: str, bucket: LogBucket, log: ChangeLog
) -> None:
    put(bucket, where)
    before = log.snapshot()
    assert people(before) == {"c-ada", "c-bob"}
    assert set(emails(before).values()) == {ADA, "Ada@Example.com", BOB}

    erase(bucket)
    after = log.snapshot()

    assert after.etag != before.etag
    for prefix in ("", "history_"):
        assert people(after, prefix) == {"c-bob"}
        acts = after.session.rows(f"SELECT email, occurred_date FROM {prefix}activity ORDER BY ALL")
        assert acts == [(ADA, NOW + 5), (BOB, NOW - 5)]
        assert emails(after, prefix)["ada"] is None
        assert emails(after, prefix)["late"] is None
        assert emails(after, prefix)["unmatched"] is None
        assert emails(after, prefix)["bob"] == BOB
        assert emails(after, prefix)["another"] == ADA
        money = after.session.rows(f"SELECT sum(gross), count(contact_id) FROM {prefix}orders")
        assert money == [(2500, 4)]
        told = dict(after.session.rows(f"SELECT id, changes FROM {prefix}changes"))
        assert told["ada"] == told["unmatched"] == '[["status",null,"active"]]'
        assert told["bob"] == CHANGES


@pytest.mark.parametrize("where", ["tails", "files"])
def test_what_was_known_and_what_backtests_read_leave_the_erased_out(
    where: str, bucket: LogBucket, log: ChangeLog
) -> None:
    put(bucket, where)
    erase(bucket)

    session = log.snapshot().session
    known = session.as_known(NOW)

    assert known.rows("SELECT contact_id FROM contacts") == [("c-bob",)]
    assert dict(known.rows("SELECT id, email FROM orders"))["ada"] is None
    assert dict(known.rows("SELECT id, email FROM late_orders")) == {"late": None, "another": ADA}
    assert set(LogChronicle(session).contacts(["c-ada", "c-bob"])) == {"c-bob"}
    names = [("entry", "order", "shop", "ada", "p")]
    (versions,) = LogChronicle(session).entries(names).values()
    assert versions[-1].document is not None
    assert [each.field for each in versions[-1].document["entry"].changes] == ["status"]


def test_a_row_of_before_that_comes_later_is_left_out_too(
    bucket: LogBucket, log: ChangeLog
) -> None:
    erase(bucket)
    bucket.put_manifest(erased=frozenset({ERASED.key}))
    assert people(log.snapshot()) == set()

    put(bucket, "tails")

    assert people(log.snapshot()) == {"c-bob"}


def test_files_are_believed_once_the_manifest_calls_an_erasure_done(
    bucket: LogBucket, log: ChangeLog
) -> None:
    put(bucket, "files")
    erase(bucket)
    assert people(log.snapshot()) == {"c-bob"}

    bucket.put_manifest(erased=frozenset({ERASED.key}))

    assert people(log.snapshot()) == {"c-ada", "c-bob"}, "the files were not written anew"


def test_an_erasure_is_fetched_once_and_old_ones_are_not_even_listed(
    bucket: LogBucket, log: ChangeLog
) -> None:
    old = Erasure.of("c-old", ["old@example.com"], NOW - 10**10)
    erase(bucket, old, ERASED)
    bucket.put_manifest(erased_through=old.key)
    log.snapshot()

    log.snapshot()

    assert [key for key in bucket.got if key.startswith("erased/")] == [ERASED.key]


def test_a_ledger_that_cannot_be_read_answers_nothing_rather_than_the_erased(
    bucket: LogBucket, log: ChangeLog
) -> None:
    put(bucket, "files")
    bucket.objects[ERASED.key] = b'{"version": 2}'

    with pytest.raises(Retryable, match="update paysignal"):
        log.snapshot()


def test_the_log_and_the_table_agree_on_what_is_personal() -> None:
    assert set(PERSONAL_FIELDS) == personal.FIELDS
    assert all(set(columns) <= DATASETS[name].columns.keys() for name, columns in PERSONAL.items())


def tail(folder: Path, rows: dict[str, list[Row]]) -> Path:
    lines = [{dataset: row} for dataset, told in rows.items() for row in told]
    path = folder / "tail.ndjson.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(each) + "\n" for each in lines).encode()))
    return path


def some_rows(dice: random.Random) -> dict[str, list[Row]]:
    """Return rows of all that may be somebody's, by few people, in few records."""

    def common(number: int) -> Row:
        at = NOW + dice.choice((-5, 0, 5))
        return {"epoch": 1, "version": number, "position": f"p{number:03d}", "recorded_at": at}

    def whose() -> Row:
        email = dice.choice((ADA, BOB, "ADA@example.com", None))
        contact_id = dice.choice((None, "c-ada", "c-bob"))
        told = {"email": email, "contact_id": contact_id}
        return {name: value for name, value in told.items() if value is not None}

    found: dict[str, list[Row]] = {name: [] for name in sorted(AFFECTED)}
    for number in range(dice.randrange(1, 12)):
        identity = {"connection_id": "shop", "id": dice.choice("ab")}
        found["orders"].append({**identity, **whose(), **common(number), "gross": 5})
        store = {"store_customer_id": dice.choice((ADA, "cus_1")), "note": "VIP"}
        place = {"billing_address": {"city": "Paris"}}
        money = {"payment_amount": 7, **store, **place}
        found["recurring_payments"].append({**identity, **whose(), **common(number), **money})
        record = dice.choice(("order", "recurring_payment"))
        contact = {name: each for name, each in whose().items() if name == "contact_id"}
        told = {"changes": CHANGES.replace(" ", "")} if dice.random() < 0.8 else {}
        found["changes"].append(
            {"record": record, **identity, "place": "p", **contact, **common(number), **told}
        )
        known = dice.choice(("c-ada", "c-bob"))
        found["contacts"].append({"contact_id": known, "email": ADA, **common(number)})
        at = NOW + dice.choice((-5, 5))
        found["activity"].append({**act(dice.choice((ADA, BOB)), at), **common(number)})
    return found


def rows_of(path: Path) -> list[Row]:
    found = duckdb.execute(f"FROM read_parquet('{path}')")
    names = [column[0] for column in found.description or ()]
    return [_bare(dict(zip(names, row, strict=True))) for row in found.fetchall()]


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if each is not None}
    return value


def in_order(rows: list[Row]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


@pytest.mark.parametrize("seed", range(12))
def test_files_without_the_erased_are_those_of_plain_python(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    told, late = some_rows(dice), some_rows(dice)
    erased = [
        Erasure.of(dice.choice(("c-ada", None)), [ADA], NOW),
        Erasure.of(None, [BOB], NOW - 9),
    ]
    real, fake = Merger(tmp_path, memory_mb=200), FakeMerger()
    folders: dict[Merger | FakeMerger, Path] = {real: tmp_path / "real", fake: tmp_path / "fake"}
    for merger, folder in folders.items():
        folder.mkdir()
        merger.load([tail(tmp_path, told)])
        for name in AFFECTED:
            merger.history(name, [], folder / f"{name}.history", loaded=True)
            merger.newest(name, [], folder / f"{name}.base", loaded=True)

        merger.forget(erased)
        merger.learn("orders", folder / "orders.history")
        merger.learn("recurring_payments", folder / "recurring_payments.history")
        for name in AFFECTED:
            for part in ("history", "base"):
                file = folder / f"{name}.{part}"
                speaks = merger.speaks_of_erased(name, file)
                merger.without_erased(name, file, folder / f"{name}.{part}.left")
                assert not merger.speaks_of_erased(name, folder / f"{name}.{part}.left")
                assert speaks == _differs(merger, file, folder / f"{name}.{part}.left")
        merger.load([tail(tmp_path, late)])
        for name in AFFECTED:
            merger.history(name, [], folder / f"{name}.late.left", loaded=True)

    for file in sorted(folders[fake].glob("*.left")):
        name = file.name.partition(".")[0]
        columns = set(DATASETS[name].columns)
        if ".base." in file.name:
            columns = set(DATASETS[name].current_columns())
        plain = [{k: v for k, v in row.items() if k in columns} for row in _told(fake, file)]
        assert in_order(rows_of(folders[real] / file.name)) == in_order(plain), file.name
    real.close()


def _told(merger: Merger | FakeMerger, path: Path) -> list[Row]:
    return rows_of(path) if isinstance(merger, Merger) else file_rows(path.read_bytes())


def _differs(merger: Merger | FakeMerger, one: Path, other: Path) -> bool:
    return in_order(_told(merger, one)) != in_order(_told(merger, other))


def test_while_nobody_is_erased_questions_are_as_ever() -> None:
    file = Path("x.parquet")
    files, held = Files((file,), (file,)), {file: DATASETS["orders"].columns}

    def asked(erased: bool) -> str:
        told = log_views.history(DATASETS["orders"], files, held=held, erased=erased)
        newest = log_views.newest(
            DATASETS["orders"], files, 0, held=held, gone=frozenset(), erased=erased
        )
        return f"{told} {newest}"

    assert "erased" not in asked(False)
    assert log_erased.PENDING in asked(True)
