"""Erased people in the change log: left out of every answer, whatever its files still hold."""

# ruff: noqa: S608  # The texts are made of names and paths of our own.

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.adapters import log_erased, log_views
from shared.adapters.change_log import ChangeLog, Snapshot
from shared.adapters.log_chronicle import LogChronicle
from shared.adapters.log_views import Files
from shared.domain import personal
from shared.domain.change_log.erased import LINKS, PERSONAL, PERSONAL_FIELDS
from shared.domain.change_log.schema import DATASETS
from shared.domain.erasure import Erasure
from shared.domain.errors import Retryable
from tests.functions.compact_changes.fake_merger import Row
from tests.support.erased_rows import ADA, BOB, CHANGES, NOW, act
from tests.support.log_bucket import LogBucket

ERASED = Erasure.of("c-ada", [ADA], NOW)


@pytest.fixture
def bucket() -> LogBucket:
    return LogBucket()


@pytest.fixture
def log(bucket: LogBucket, tmp_path: Path) -> Iterator[ChangeLog]:
    made = ChangeLog(bucket, tmp_path, memory_mb=500, threads=1)
    yield made
    made.close()


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
def test_what_something_was_linked_by_goes_where_it_is_an_address(
    where: str, bucket: LogBucket, log: ChangeLog
) -> None:
    links = {"theirs": ADA, "crm": "crm-7"}
    payments = [order(key, contact_id="c-ada", external_id=link) for key, link in links.items()]
    changes = [
        entry(key, contact_id="c-ada", changes=json.dumps([["external_id", None, link]]))
        for key, link in links.items()
    ]
    for dataset, rows in (("recurring_payments", payments), ("changes", changes)):
        if where == "files":
            bucket.put_files(dataset, base=rows, history=rows)
        else:
            bucket.put_tail(NOW, dataset, rows)

    erase(bucket)

    session = log.snapshot().session
    for prefix in ("", "history_"):
        found = session.rows(f"SELECT id, external_id FROM {prefix}recurring_payments")
        assert dict(found) == {"theirs": None, "crm": "crm-7"}
        told = dict(session.rows(f"SELECT id, changes FROM {prefix}changes"))
        assert told == {"theirs": "[]", "crm": '[["external_id",null,"crm-7"]]'}


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
    assert set(LINKS) == personal.LINKS
    assert all(set(columns) <= DATASETS[name].columns.keys() for name, columns in PERSONAL.items())


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
