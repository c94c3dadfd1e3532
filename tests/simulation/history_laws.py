"""The laws of history: imported amid live notices, it completes the records and fires nothing.

And of verification: what a provider never sent is found, repaired, and told once, whatever comes
when. Both are held against the run of the same story in order in which nobody asks for anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from shared.domain import times
from tests.simulation.history_run import Fired, HistoryRun, expected, fired_of
from tests.simulation.judging import hold
from tests.simulation.oracle import Outcome, differences, without
from tests.simulation.providers_doors import SIGNING_SECRET, WEBHOOK_ID
from tests.simulation.providers_laws import marker_of, nothing_waits
from tests.support.stripe_answers import SECRET_KEY

_CANARIES = ("@example.com", "Ada", "Lovelace", "Zoé", SIGNING_SECRET, WEBHOOK_ID, SECRET_KEY)
# What is told of a record once: a passage, where the others may be told in parts.
_ONCE = ("created", "ended", "sold")


def judge(done: HistoryRun) -> HistoryRun:
    """Hold a run to the laws; return it. Raise LawBroken."""
    return hold(done, LAWS)


def every_notice_counts_once(done: HistoryRun) -> None:
    """I-02, I-03: what was answered 2xx is recorded, whatever was imported meanwhile."""
    accepted = {name for each in done.stack.accepted if (name := marker_of(each)) is not None}
    sent = {n for n, _ in done.schedule.arrivals_ms} | done.schedule.unsent
    wanted = {marker_of(done.schedule.history.notices[n]) for n in sent}
    assert accepted == wanted, f"not accepted: {wanted - accepted}"
    late = {marker_of(done.schedule.history.notices[n]) for n in done.schedule.unsent}
    lost = accepted - late - done.events.keys()
    assert not lost, f"lost: {sorted(lost)}"
    rows = list(done.stack.observer.listed("/v1/quarantine"))
    assert not rows, f"refused: {sorted((row['code'], row['reason']) for row in rows)}"


def the_records_are_those_of_live_notices_alone(done: HistoryRun) -> None:
    """I-04, I-25: by whatever way it was learnt, what holds now is the same."""
    history = done.schedule.history
    wanted = _present(expected(history).found, history.vague)
    found = list(differences(_present(done.found, history.vague), wanted))
    assert not found, "; ".join(found)


def _present(found: Outcome, vague: tuple[str, ...]) -> Outcome:
    """Return what holds now, without how and when it came about and what is told in two ways."""
    return replace(found, records=without(found, "store_modified_date", *vague), histories={})


def history_fires_nothing(done: HistoryRun) -> None:
    """I-10: no firing is caused by what an import has told."""
    told = {name[2] for name, event in done.events.items() if event["source"] == "history"}
    caused = [fired_of(row) for row in done.rows if row["cause"]["event_id"] in told]
    assert not caused, f"fired by history: {sorted(caused)}"
    marked = [fired_of(row) for row in done.rows if row["change"]["historical"]]
    assert not marked, f"fired though historical: {sorted(marked)}"


def nothing_fires_twice(done: HistoryRun) -> None:
    """I-07, I-11: no passage is told more often than it was lived through."""
    wanted = expected(done.schedule.history).fired
    extra = _once(done.fired) - _once(wanted)
    assert not extra, f"fired too often: {dict(extra)}"
    late = _once(done.after) - _once(wanted)
    assert not late, f"fired too often when all had come after all: {dict(late)}"


def what_history_has_not_told_fires(done: HistoryRun) -> None:
    """I-07: an import silences what it tells itself, and nothing that happens after it."""
    rows = expected(done.schedule.history).rows
    ended_ms = _imported_ms(done)
    wanted = Counter(
        fired_of(row)
        for row in rows
        if ended_ms is None or _told_ms(row["cause"]["occurred_date"]) > ended_ms
    )
    missing = _once(wanted) - _once(done.fired)
    assert not missing, f"never fired: {dict(missing)}, imported at {ended_ms}"


def _imported_ms(done: HistoryRun) -> int | None:
    """Return when an import was done, None where there was none."""
    if not any(what == "import" for what, _ in done.schedule.asks):
        return None
    job: Mapping[str, Any] = done.stack.job("import") or {}
    return _told_ms(job["updated_date"])


def _told_ms(text: str) -> int:
    return times.from_text(text) or 0


def _once(fired: Counter[Fired]) -> Counter[Fired]:
    return Counter({key: count for key, count in fired.items() if key[0] in _ONCE})


def a_repair_leaves_nothing_to_be_found(done: HistoryRun) -> None:
    """I-25: what is stored is what the provider holds, once all is told, imported or repaired."""
    assert done.drift == 0, f"{done.drift} differences: {_found(done)}"


def _found(done: HistoryRun) -> list[Any]:
    job = done.stack.job("verify")
    return [] if job is None else list(job["result"]["items"])[:3]


def nothing_is_left(done: HistoryRun) -> None:
    """I-20: no message waits, and none lies among the dead letters after their redrive."""
    nothing_waits(done.world)


def nobody_is_named_in_a_log(done: HistoryRun) -> None:
    """I-18: no email, no name and no secret is in what the Lambdas have said."""
    named = [canary for canary in _CANARIES if canary in done.said]
    assert not named, f"{named} were logged"


LAWS: tuple[Callable[[HistoryRun], None], ...] = (
    every_notice_counts_once,
    the_records_are_those_of_live_notices_alone,
    history_fires_nothing,
    nothing_fires_twice,
    what_history_has_not_told_fires,
    a_repair_leaves_nothing_to_be_found,
    nothing_is_left,
    nobody_is_named_in_a_log,
)
