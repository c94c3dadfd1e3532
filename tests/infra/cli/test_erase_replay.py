"""Erasures of the ledger carried out again in a restored table: which, and until they ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from infra.cli import erase_replay, restore
from infra.cli.command import CliError
from infra.cli.running import Running
from shared.domain import erase_job, times
from shared.domain.erasure import Erasure
from tests.support.restoring import AT, deployed, put, restoration


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with deployed(monkeypatch) as found:
        yield found


def test_the_ledger_is_read_from_its_beginning_and_damage_is_said(running: Running) -> None:
    first = Erasure.of("c-1", ["ada@example.com"], AT)
    second = Erasure.of(None, ["grace@example.com"], AT + 1)
    for each in (second, first):
        running.aws.s3.put_object(Bucket="log", Key=each.key, Body=each.to_object())
    running.aws.s3.put_object(Bucket="log", Key="tails/other", Body=b"")

    assert erase_replay.ledger(running) == [first, second]

    running.aws.s3.put_object(Bucket="log", Key=first.key, Body=b"{}")
    with pytest.raises(ValueError, match="update paysignal"):
        erase_replay.ledger(running)


def test_an_erasure_is_done_again_by_a_job_of_this_restore(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table knows the job that erased them first, and takes that for done."""
    sent: list[tuple[str, Any]] = []

    class Sent:
        @classmethod
        def from_environment(cls, environ: Any) -> Sent:
            return cls()

        def send_call(self, url: str, call: Any) -> None:
            sent.append((url, call))

    monkeypatch.setattr(erase_replay, "Queue", Sent)
    outputs = {**running.outputs, "HistoryQueueUrl": "history"}
    running = Running(aws=running.aws, outputs=outputs, name=running.name)
    told = Erasure.of("c-1", ["ada@example.com"], AT)

    (first,) = erase_replay.replay(running, [told], "table--then")
    (again,) = erase_replay.replay(running, [told], "table--then")
    (other,) = erase_replay.replay(running, [told], "table--later")

    assert first == again != other
    assert sent[0] == sent[1] == ("history", erase_job.first_message(first, told))
    assert "ada" not in str(sent)


def test_who_was_erased_long_before_is_not_erased_again_unless_that_had_not_ended(
    running: Running,
) -> None:
    """Each erasure goes through the whole table: hundreds of them take hours."""
    told = [
        Erasure.of(f"c-{number}", [f"{number}@example.com"], AT + since)
        for number, since in enumerate([-9 * times.DAY, -8 * times.DAY, -2 * times.HOUR, -1, 5])
    ]
    late = Erasure.of("c-5", ["late@example.com"], AT - 9 * times.DAY)
    for each in (*told, late):
        running.aws.s3.put_object(Bucket="log", Key=each.key, Body=each.to_object())
        noted_at(each, AT if each is late else each.erased_at)
    for number, state in ((0, "running"), (1, "done"), (4, "queued")):
        job = {**erase_job.new(f"job-{number}", told[number], AT), "state": state}
        put(running, erase_job.name_of(f"job-{number}"), job)
    put(running, ("job", "other"), {"version": 1, "kind": "import", "state": "running"})

    known = erase_replay.since(running, AT)
    of_all_time = erase_replay.since(running, 0)

    assert known == [late, told[3], told[4], told[0]]
    assert sorted(of_all_time, key=str) == sorted([*told, late], key=str)


def noted_at(erasure: Erasure, at: int) -> None:
    """Have the ledger know an erasure since a time (ms)."""
    bucket: Any = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets["log"]
    bucket.keys[erasure.key].last_modified = datetime.fromtimestamp(at / 1000, UTC)


@pytest.mark.parametrize("ends", [True, False])
def test_erasures_are_waited_for_as_long_as_they_go_on(
    running: Running, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    goes_on = [(2, each) for each in range(restore._PATIENCE + 10)]
    looks = iter([*goes_on, (1, 1), (0, 2)] if ends else goes_on)
    monkeypatch.setattr(erase_replay, "since", lambda running, moment: [])
    monkeypatch.setattr(erase_replay, "replay", lambda running, known, run: ["a", "b"])
    monkeypatch.setattr(erase_replay, "under_way", lambda running, jobs: next(looks, goes_on[-1]))
    made, said = restoration(running)
    for step in ("table", "switch"):
        made.carry_out(step)

    if ends:
        made.carry_out("erase")
        assert said[-1] == "2 erasures carried out again"
        assert said.count("2 of 2 erasures under way") == 11
    else:
        with pytest.raises(CliError, match="2 erasures do not go on"):
            made.carry_out("erase")
