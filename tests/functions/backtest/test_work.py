"""A backtest's job: done, failed with a sentence, begun twice, or too long."""

from __future__ import annotations

from typing import Any

import pytest

from functions.backtest.work import Work
from shared.adapters.change_log import Snapshot
from shared.domain import directory, erasure, times
from shared.domain.backtest import job as jobs
from shared.domain.backtest.run import Window
from shared.domain.errors import Retryable
from shared.domain.ports import Write
from tests.laws import words
from tests.support.lived_month import Life
from tests.support.log_shop import duck_of
from tests.support.shop import START

FAILING = {"type": "recurring_payment_updated", "field": "status", "to": "payment_failed"}
FAR = START * 2


@pytest.fixture(scope="module")
def life() -> Life:
    """Return a subscription that begins and fails."""
    life = Life(START)
    life.automate({"rescue": {"name": "Rescue", "trigger": FAILING}})
    for number, event in enumerate(
        (
            words.customer("1", 0, "ada@example.com"),
            words.subscription("1", 1, creation=True),
            words.subscription("1", 50, "payment_failed", was="active"),
        )
    ):
        life.hear("shop", event, START + (number + 1) * times.HOUR)
    return life


class Log:
    """The change log of a life, which may not be there."""

    def __init__(self, life: Life, error: Exception | None = None) -> None:
        self._life = life
        self._error = error

    def snapshot(self) -> Snapshot:
        if self._error is not None:
            raise self._error
        return Snapshot("etag", START, duck_of(self._life.store.lines).open({}))


def asked(life: Life, job_id: str, trigger: dict[str, Any] | None = None) -> Work:
    """Return who does a job that was asked for."""
    automation = dict(life.store.documents["automation", "rescue"])
    if trigger is not None:
        automation["trigger"] = trigger
    job = jobs.new(job_id, automation, Window(START - times.DAY, START + times.DAY), START)
    life.store.commit([Write(jobs.name_of(job_id), job, 0)])
    return Work(store=life.store, log=Log(life), clock=lambda: START + 7, local=True)


def answer(life: Life, job_id: str) -> dict[str, Any]:
    return jobs.answer(life.store.documents[jobs.name_of(job_id)])


def test_a_job_ends_with_the_firings_it_found(life: Life) -> None:
    assert asked(life, "found").do("found", FAR) == "done"

    told = answer(life, "found")
    (firing,) = told["result"]["firings"]
    assert told["progress"] == {"done": 2, "total": 2}
    assert (told["result"]["found"], told["result"]["contacts"]) == (1, 1)
    assert firing["change"]["changes"][0]["to"] == "payment_failed"
    assert firing["recurring_payment"]["connection_id"] == "shop"


def test_nothing_of_a_backtest_is_left_but_its_job(life: Life) -> None:
    before = {name for name in life.store.documents if name[0] != "job"}

    asked(life, "traceless").do("traceless", FAR)

    assert {name for name in life.store.documents if name[0] != "job"} == before


def test_a_job_that_is_begun_again_after_its_end_stays_as_it_is(life: Life) -> None:
    work = asked(life, "twice")
    work.do("twice", FAR)
    ended = answer(life, "twice")

    assert work.do("twice", FAR) is None
    assert answer(life, "twice") == ended
    assert work.do("nobody's", FAR) is None


def test_an_automation_that_makes_no_sense_any_more_fails_with_its_path(life: Life) -> None:
    state = asked(life, "broken", {**FAILING, "segment": {"match": "some"}}).do("broken", FAR)

    (error,) = answer(life, "broken")["result"]["errors"]
    assert state == "failed"
    assert error["path"].startswith("trigger.segment")


def test_what_takes_too_long_says_what_to_do(life: Life) -> None:
    assert asked(life, "long").do("long", START) == "failed"

    (error,) = answer(life, "long")["result"]["errors"]
    assert "fewer days" in error["message"]


def test_while_the_log_cannot_be_read_lambda_is_to_begin_again(life: Life) -> None:
    asked(life, "later")
    log = Log(life, Retryable("the change log has listed a tail that is gone"))
    work = Work(store=life.store, log=log, clock=lambda: START, local=True)

    with pytest.raises(Retryable):
        work.do("later", FAR)

    assert answer(life, "later")["state"] == "queued"


@pytest.mark.parametrize(("erased_at", "found"), [(START + times.DAY, 0), (START - times.DAY, 1)])
def test_who_was_erased_meanwhile_is_not_written_of(life: Life, erased_at: int, found: int) -> None:
    work = asked(life, f"erased-{found}")
    held = life.store.documents.get(directory.NAME)
    mark = {"erased_at": erased_at, "contact_id": None, "version": 1}
    life.store.documents[directory.NAME] = directory.erased(held, erased_at)
    life.store.documents[erasure.name_of(erasure.hash_of("ada@example.com"))] = mark

    work.do(f"erased-{found}", FAR)

    assert answer(life, f"erased-{found}")["result"]["found"] == found
