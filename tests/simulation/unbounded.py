"""Faults that never end: nothing comes to rest, yet nothing may be lost, told twice or made up.

Work may wait for ever here, in queues or among the dead letters; so these runs are held to safety
alone. When they stop, it is as if the power went off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from io import StringIO
from random import Random
from typing import Any

from shared.adapters.documents import to_document
from tests.simulation import automation_laws, automation_schedules, laws, schedules
from tests.simulation.automation_oracle import facts_of_firings, facts_of_webhooks, wanted
from tests.simulation.automation_run import AutomationRun
from tests.simulation.automations import AutomatedDeployment
from tests.simulation.faults import KINDS, Plan
from tests.simulation.judging import LawBroken
from tests.simulation.laws import FAULTY_MS, Run
from tests.simulation.oracle import Marker, Outcome, Sums, marker_of, markers
from tests.simulation.processor import Deployment
from tests.simulation.stories import STARTS_AT_MS, Story
from tests.simulation.world import World

# More steps than most runs have.
STEPS = 1_500


def payments(seed: int) -> Counter[str]:
    """Run what is received and kept, to the bitter end. Raise LawBroken."""
    schedule = replace(schedules.random_schedule(seed), plan=_plan(seed))
    world = World(plan=schedule.plan)
    world.clock.advance_to(STARTS_AT_MS)
    deployment = Deployment(world)
    world.watch(Sums(world.dynamodb).check)
    laws.post(schedule, deployment)
    said = _run(world, schedule.name, schedule.ends_ms)
    done = Run(schedule, deployment, [], Outcome(), said)
    _hold(schedule.name, done, _SAFE)
    return world.figures()


def automations(seed: int) -> Counter[str]:
    """Run what fires and is delivered, to the bitter end. Raise LawBroken."""
    schedule = replace(automation_schedules.random_schedule(seed), plan=_plan(seed))
    world = World(plan=schedule.plan)
    world.clock.advance_to(STARTS_AT_MS)
    with redirect_stdout(StringIO()):
        deployment = AutomatedDeployment(world, schedule.setup)
    for number, after_ms in schedule.arrivals_ms:
        deployment.deliver(schedule.tale.story.events[number], after_ms)
    said = _run(world, schedule.name, schedule.ends_ms)
    done = AutomationRun(schedule, deployment, 0, 0, frozenset(), said)
    told = (automation_laws.a_firing_has_one_webhook, automation_laws.delivered_means_accepted)
    _hold(
        schedule.name, done, (_nothing_is_made_up, *told, automation_laws.nobody_is_named_in_a_log)
    )
    return world.figures()


def _plan(seed: int) -> Plan:
    """Return faults of some kinds that go on and on."""
    dice = Random(f"unbounded/{seed}")
    kinds = dice.sample(sorted(KINDS), dice.randint(1, len(KINDS)))
    density = dice.choice((0.05, 0.15, 0.4))
    return [
        (step, dice.choice(kinds), dice.randrange(60))
        for step in range(STEPS)
        if dice.random() < density
    ]


def _run(world: World, name: str, ends_ms: int) -> str:
    """Run until a while after the last event and stop; return what the functions said."""
    said = StringIO()
    try:
        with redirect_stdout(said):
            world.run(ends_ms + FAULTY_MS)
            world.workers.stop()
    except AssertionError as error:
        raise LawBroken(f"{name}: {laws.law_of(error)}: {error}") from error
    return said.getvalue()


def _hold(name: str, done: Any, held_to: tuple[Any, ...]) -> None:
    for law in held_to:
        try:
            law(done)
        except AssertionError as error:
            raise LawBroken(f"{name}: {law.__name__.strip('_')}: {error}") from error


def _nothing_accepted_is_lost(done: Run) -> None:
    """I-02, I-03: what was answered 2xx is recorded once, or kept as refused, or in a queue."""
    recorded = set(markers(done.world.dynamodb))
    rows, _ = done.deployment.table.listed("quarantine", 100, None)
    refused = {(row["event_id"], row["event_type"]) for row in rows}
    queues = done.world.sqs.queues.values()
    waiting = {marker_of(message) for queue in queues for message in queue.messages.values()}
    accepted = {(event.id, event.type) for event in done.deployment.accepted}
    lost = accepted - recorded - refused - waiting
    assert not lost, f"lost: {sorted(lost)}"


def _what_is_recorded_had_its_effect(done: Run) -> None:
    """I-02, I-04: an event that is known for recorded is in the histories of what it tells of."""
    story, noted = done.schedule.story, _noted(done.world)
    known = markers(done.world.dynamodb)
    lacking = [
        event.id
        for number, event in enumerate(story.events)
        if (event.id, event.type) in known and not _noted_alone(story, number) <= noted
    ]
    assert not lacking, f"recorded, and nowhere noted: {lacking}"


@cache
def _noted_alone(story: Story, number: int) -> frozenset[Marker]:
    """Return the event, if it is noted in a history as soon as it is heard, by itself."""
    alone = schedules.in_order(Story(story.name, (story.events[number],)))
    return _noted(laws.run(alone, watched=False).world)


def _noted(world: World) -> frozenset[Marker]:
    """Return the events that are noted in the records' histories."""
    items = (each for each in world.dynamodb.items() if each["sk"]["S"].startswith("AT#"))
    entries = (to_document(each)["entry"] for each in items)
    return frozenset((each.event_id, each.event_type) for each in entries)


def _nothing_is_made_up(done: AutomationRun) -> None:
    """I-10, I-11: no firing, and no webhook, beyond those of the story; `once` at most once."""
    tale, automations = done.schedule.tale, done.schedule.setup.automations
    people = {life.subscription: life.email for life in tale.lives}
    expected = wanted(tale, automations)
    for seen in (facts_of_firings(done.firings()), facts_of_webhooks(done.requests)):
        acted: Counter[tuple[str, str]] = Counter()
        for fact, count in seen.items():
            if _runs_once(automations[fact.automation]):
                acted[fact.automation, people[fact.subscription]] += count
            else:
                limit = expected.multiple[fact]
                assert count <= limit, f"{fact} {count} times, of {limit}"
        assert not acted or max(acted.values()) == 1, f"once, but: {acted}"


def _runs_once(automation: Mapping[str, Any]) -> bool:
    return bool(automation["trigger"].get("runs") == "once")


_SAFE = (
    _nothing_accepted_is_lost,
    _what_is_recorded_had_its_effect,
    laws.nobody_gets_in_unproven,
    laws.nobody_is_named_in_a_log,
)
